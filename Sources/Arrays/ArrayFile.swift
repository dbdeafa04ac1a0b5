import Datasets
import Output
import Vocabulary

/// Files with arrays, told apart by their first bytes.
enum ArrayFile {
  /// The formats.
  enum Format {
    case numpy
    case archive
    case netCDF

    /// The format of a file; nil for other files.
    init?(ofFile path: String) {
      let beginning = NetCDFFormat.beginning(of: path, count: 8)
      if NumpyArray.isBeginning(beginning) || beginning.starts(with: [0x1F, 0x8B]) {
        self = .numpy
      } else if beginning.starts(with: [0x50, 0x4B, 3, 4]) || beginning.starts(with: [0x50, 0x4B, 5, 6]) {
        self = .archive
      } else if NetCDFFormat(beginning) != nil {
        self = .netCDF
      } else {
        return nil
      }
    }
  }

  /// Opens an array, and reads its header.
  ///
  /// - Throws: `DatasetError`.
  static func open(_ reference: ArrayReference) throws(DatasetError) -> any ArraySource {
    guard let format = Format(ofFile: reference.file) else { throw unknown(reference.file) }
    switch format {
    case .archive: return try NumpyArchive(path: reference.file).array(named: reference.variable)
    case .netCDF: return try NetCDFArray(file: reference.file, variable: reference.variable)
    case .numpy:
      guard reference.variable.map({ ArrayReference.column($0) != nil }) ?? true else {
        throw DatasetError(
          kind: .invalid, path: reference.description, problem: "an .npy file has no variables",
          expected: "FILE, or FILE:COLUMN for a column of a table", remedy: "leave the variable out")
      }
      return try NumpyFile.open(reference.file)
    }
  }

  /// The column that a reference names; `FILE.npy:1` names one, too, because such a file has no variables.
  static func column(_ reference: ArrayReference) -> Int? {
    if let column = reference.column { return column }
    return Format(ofFile: reference.file) == .numpy
      ? reference.variable.flatMap { ArrayReference.column($0) } : nil
  }

  private static func unknown(_ path: String) -> DatasetError {
    // Says so where it is not there, or no regular file.
    do { _ = try ByteReader(path: path) } catch { return error }
    return DatasetError(
      kind: .invalid, path: path, problem: "neither numpy's .npy or .npz nor NetCDF-4 or HDF5",
      expected: "a file of one of these formats", remedy: "convert it, for instance with numpy.savez")
  }
}
