import Output

/// The run files of a campaign while they are united. Each is opened once, and its structure is read once.
///
/// An open file costs a descriptor, and for 500 variables 20 MB of HDF5's memory. Of many files, only the first ones therefore
/// stay open. The others are opened again for each pass over the files, which takes a tenth of a second each.
package final class RunFileReaders {
  /// The largest number of files that stay open. It is limited because other parts of the process need open files, too.
  private static let capacity = max(1, min(32, (ReadableFiles.limit - 24) / 2))
  private var kept: [String: NetCDFReader] = [:]

  /// No file is open yet.
  package init() {}

  /// The reader of a file.
  ///
  /// - Throws: `NetCDFError` if the file cannot be read.
  package func reader(of path: String) throws -> NetCDFReader {
    if let known = kept[path] { return known }
    let reader = try NetCDFReader(path: path)
    if kept.count < Self.capacity { kept[path] = reader }
    return reader
  }
}
