/// Reads a NetCDF-4 file.
///
/// The file's structure (groups, dimensions, variables, attributes) is read at once, the variables' values
/// when asked for. The file is closed when the reader and everything that came from it are gone. Safe for
/// several threads; their calls take turns.
///
/// Attributes of types that a file defines itself are left out. `scale_factor` and `add_offset` are not
/// applied. Files in the classic format (NetCDF-3) are refused: the library reads a truncated one without
/// complaint.
public final class NetCDFReader: Sendable {
  /// The file.
  public let path: String
  /// The file's root group.
  public let root: NetCDFReaderGroup

  /// Opens a file and reads its structure.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - maximumElements: The largest number of elements that one reading may have, 2^31 by default. The
  ///     shapes that a file declares are no proof that it holds as much: a hostile one of a few kilobytes may
  ///     declare more than the memory takes.
  /// - Throws: `NetCDFError`; of kind `notFound` where there is no file, of kind `notReadable` where it is no
  ///   NetCDF-4 file, truncated, damaged or not ours to read.
  public init(path: String, maximumElements: Int = 1 << 31) throws(NetCDFError) {
    self.path = path
    let file = try ReadableFile(path: path, maximumElements: maximumElements)
    root = try NetCDFReaderGroup(
      file: file, identifier: file.identifier, name: "/", path: "/", inherited: [:])
  }

  /// The group at a path such as `attractors/0`; the root for `/` or an empty path.
  ///
  /// - Throws: `NetCDFError` of kind `missingName`, which names the nearest and those that exist.
  public func group(_ path: String) throws(NetCDFError) -> NetCDFReaderGroup { try root.group(path) }

  /// The variable at a path such as `position` or `attractors/position`.
  ///
  /// - Throws: `NetCDFError` of kind `missingName`, which names the nearest and those that exist.
  public func variable(_ path: String) throws(NetCDFError) -> NetCDFReaderVariable { try root.variable(path) }

  /// The global attribute of that name.
  ///
  /// - Throws: `NetCDFError` of kind `missingName`, which names the nearest and those that exist.
  public func attribute(_ name: String) throws(NetCDFError) -> NetCDFAttribute { try root.attribute(name) }
}
