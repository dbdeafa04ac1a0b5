/// Reads a NetCDF-4 file.
///
/// The file's structure (groups, dimensions, variables, attributes) is read at once, and the variables' values when
/// they are asked for. The file is closed when the reader and everything that came from it are gone. Several
/// threads may use a reader; their calls take turns.
///
/// Attributes of types that a file itself defines are left out. `scale_factor` and `add_offset` are not applied.
/// Files in the classic format (NetCDF-3) are refused, because the library reads a truncated one without complaint.
public final class NetCDFReader: Sendable {
  /// The path of the file.
  public let path: String
  /// The file's root group.
  public let root: NetCDFReaderGroup

  /// Opens a file and reads its structure.
  ///
  /// - Parameters:
  ///   - path: The path of the file.
  ///   - maximumElements: The largest number of elements that one reading may have, 2^31 by default. The shapes
  ///     that a file declares do not prove that it holds as much. A hostile file of a few kilobytes may declare
  ///     more than the memory can hold.
  /// - Throws: `NetCDFError`; of kind `notFound` if there is no file, of kind `notReadable` if it is not a NetCDF-4
  ///   file, is truncated or damaged, or may not be read.
  public init(path: String, maximumElements: Int = 1 << 31) throws(NetCDFError) {
    self.path = path
    let file = try ReadableFile(path: path, maximumElements: maximumElements)
    root = try NetCDFReaderGroup(
      file: file, identifier: file.identifier, name: "/", path: "/", inherited: [:])
  }

  /// The group at a path such as `attractors/0`; the root for `/` or an empty path.
  ///
  /// - Throws: `NetCDFError` of kind `missingName`, which lists the nearest name and those that exist.
  public func group(_ path: String) throws(NetCDFError) -> NetCDFReaderGroup { try root.group(path) }

  /// The variable at a path such as `position` or `attractors/position`.
  ///
  /// - Throws: `NetCDFError` of kind `missingName`, which lists the nearest name and those that exist.
  public func variable(_ path: String) throws(NetCDFError) -> NetCDFReaderVariable { try root.variable(path) }

  /// The global attribute of that name.
  ///
  /// - Throws: `NetCDFError` of kind `missingName`, which lists the nearest name and those that exist.
  public func attribute(_ name: String) throws(NetCDFError) -> NetCDFAttribute { try root.attribute(name) }
}
