import Datasets

/// A file with one array (`.npy`).
enum NumpyFile {
  /// Opens the array.
  ///
  /// - Throws: `DatasetError`.
  static func open(_ path: String) throws(DatasetError) -> NumpyArray {
    let reader = try ByteReader(path: path)
    let (inflated, overflow) = reader.fileSize.multipliedReportingOverflow(by: ByteReader.largestInflation)
    return try NumpyArray(
      place: path, size: reader.isCompressed ? nil : reader.fileSize,
      sizeLimit: !reader.isCompressed ? reader.fileSize : overflow ? .max : inflated
    ) { () throws(DatasetError) -> any ByteStream in try ByteReader(path: path) }
  }
}
