import Output

/// The run files of a campaign while they are put together: each is opened, and its structure read, once.
///
/// An open file costs a descriptor and what HDF5 keeps of it. Of very many files only the first stay open, and
/// the others are opened whenever they are asked for.
package final class RunFileReaders {
  /// The most files that stay open: of those that the process may have open, others need some.
  private static let capacity = max(1, min(128, (ReadableFiles.limit - 24) / 2))
  private var kept: [String: NetCDFReader] = [:]

  /// None is open yet.
  package init() {}

  /// The reader of a file.
  ///
  /// - Throws: `NetCDFError` where the file cannot be read.
  package func reader(of path: String) throws -> NetCDFReader {
    if let known = kept[path] { return known }
    let reader = try NetCDFReader(path: path)
    if kept.count < Self.capacity { kept[path] = reader }
    return reader
  }
}
