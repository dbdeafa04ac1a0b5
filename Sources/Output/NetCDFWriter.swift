/// Writes one NetCDF-4 file, which appears under its name only when it is complete.
///
/// The data go to a temporary file in the same folder (`.NAME.partial-WHERE-PID-N`). `commit()` brings it to the
/// disk and renames it. Without a commit nothing is left, and what was at the path before stays as it was. Elements
/// that are not written are the variable's fill value if it declares one, otherwise the library's default for the
/// type.
///
/// A writer must not be used by several threads at once. Writers of different files may run in parallel; their
/// calls take turns.
///
///     let writer = try NetCDFWriter(path: "run.nc")
///     try writer.root.defineDimension("time", length: 21)
///     let overlap = try writer.root.defineVariable(
///       "overlap_concept", type: .double, dimensions: ["time"],
///       attributes: [("units", "1"), ("long_name", "overlap with the own concept")],
///       fillValue: NetCDFWriter.missing)
///     try overlap.write(values)
///     try writer.commit()
public final class NetCDFWriter {
  /// The fill value of this project's floating variables. Any reader gets NaN.
  public static let missing = Double.nan

  /// The file's path.
  public let path: String

  /// The file's root group.
  public var root: NetCDFGroup { NetCDFGroup(file: file, identifier: file.identifier, path: "/") }

  private let file: WritableFile

  /// Creates the temporary file.
  ///
  /// - Parameters:
  ///   - path: The file's path. If it is a symbolic link to a file, the link is followed.
  ///   - overwrite: Whether the commit may replace an existing file.
  /// - Throws: `NetCDFError`; of kind `cannotCreate` if the folder is missing or not writable, or if there is a
  ///   file and `overwrite` is false.
  public init(path: String, overwrite: Bool = false) throws(NetCDFError) {
    self.path = path
    file = try WritableFile(path: path, overwrite: overwrite)
  }

  /// Closes the file, waits until the disk has it, and gives it its name. Must be called only once.
  ///
  /// - Throws: `NetCDFError`; of kind `cannotCreate` if another file has meanwhile taken the path and `overwrite`
  ///   is false, of kind `inputOutput` if the disk failed. Then only what was at the path before is left.
  public func commit() throws(NetCDFError) { try file.commit() }

  /// Closes and removes the temporary file. Does nothing after a commit. The same happens without a call once the
  /// writer, its groups and its variables are gone.
  public func abandon() { file.abandon() }
}
