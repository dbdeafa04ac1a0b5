/// Writes one NetCDF-4 file, which appears under its name only when it is complete.
///
/// The data go to a temporary file in the same folder (`.NAME.partial-WHERE-PID-N`); `commit()` brings it to the
/// disk and renames it. Without a commit nothing is left, and what was at the path before stays as it was.
/// Unwritten elements are the variable's fill value where it declares one, else the library's default for the
/// type.
///
/// Not for several threads at once; writers of different files may run in parallel (their calls take turns).
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
  /// The fill value of this project's floating variables: any reader gets NaN.
  public static let missing = Double.nan

  /// Where the file goes.
  public let path: String

  /// The file's root group.
  public var root: NetCDFGroup { NetCDFGroup(file: file, identifier: file.identifier, path: "/") }

  private let file: WritableFile

  /// Creates the temporary file.
  ///
  /// - Parameters:
  ///   - path: Where the file goes. A symbolic link to a file is followed.
  ///   - overwrite: Whether an existing file may be replaced, at the commit.
  /// - Throws: `NetCDFError`; of kind `cannotCreate` where the folder is missing or not writable, or where
  ///   there is a file and `overwrite` is false.
  public init(path: String, overwrite: Bool = false) throws(NetCDFError) {
    self.path = path
    file = try WritableFile(path: path, overwrite: overwrite)
  }

  /// Closes the file, waits until the disk has it and gives it its name. To be called once.
  ///
  /// - Throws: `NetCDFError`; of kind `cannotCreate` where a file has come to the path meanwhile and
  ///   `overwrite` is false, of kind `inputOutput` where the disk failed. Nothing is left then but what was
  ///   at the path before.
  public func commit() throws(NetCDFError) { try file.commit() }

  /// Closes and removes the temporary file. Does nothing after a commit. The same happens by itself once the
  /// writer, its groups and its variables are gone.
  public func abandon() { file.abandon() }
}
