internal import CHDF5

/// What foreign HDF5 files have that the NetCDF library follows, hides, or cannot read.
///
/// NetCDF-C follows links to other files and reads values that are stored in other files; it hides variables of types
/// that it does not know; and it reads variables compressed by a filter that is not installed without values.
package enum HDF5Inspection {
  /// Refuses a file that refers to other files: a link, or a variable whose values are elsewhere.
  ///
  /// A file that HDF5 cannot open is left to whoever reads it next, and says why.
  ///
  /// - Throws: `NetCDFError` of kind `notReadable`.
  package static func refuseDepartures(from path: String) throws(NetCDFError) {
    guard NetCDFFormat(ofFile: path) == .hdf5 else { return }
    let (finding, name) = search(path)
    let what: String
    let remedy: String
    switch finding {
    case CHDF5_EXTERNAL_LINK:
      what = "it is a link to another file, which is not followed"
      remedy = "copy what it points to into the file (h5repack, or h5py's copy with expand_external)"
    case CHDF5_EXTERNAL_STORAGE:
      what = "its values are in another file, which is not read"
      remedy = "write the values into the file (h5repack)"
    case CHDF5_VIRTUAL:
      what = "it is a virtual dataset, whose values may be in other files, which are not read"
      remedy = "write the values into the file"
    default: return
    }
    throw NetCDFError(
      .notReadable, path: path, operation: "read", name: name, message: what, remedy: remedy)
  }

  /// Says why the NetCDF library does not show a variable, or its values, as they are in the file.
  ///
  /// - Throws: `NetCDFError` of kind `typeMismatch` or `notReadable`; returns where there is nothing to say.
  package static func refuseHidden(_ variable: String, of path: String) throws(NetCDFError) {
    guard NetCDFFormat(ofFile: path) == .hdf5 else { return }
    let (finding, filter) = describe(variable, path)
    func failure(_ kind: NetCDFError.Kind, _ message: String, _ remedy: String) -> NetCDFError {
      NetCDFError(
        kind, path: path, operation: "read variable", name: variable, message: message, remedy: remedy)
    }
    switch finding {
    case CHDF5_ENUMERATION:
      throw failure(
        .typeMismatch, "its type is an enumeration (h5py writes booleans so), which NetCDF does not show",
        "write it as bytes: a.astype('u1')")
    case CHDF5_COMPOUND:
      throw failure(
        .typeMismatch, "its elements are records (h5py writes complex numbers so), which are not read",
        "write each part as a variable of its own")
    case CHDF5_OTHER_TYPE:
      throw failure(
        .typeMismatch, "its type is neither a number nor a text", "write it as numbers or texts")
    case CHDF5_MISSING_FILTER:
      throw failure(
        .notReadable,
        "it is compressed by a filter that is not installed (number \(filter)\(filter == 32000 ? ", lzf" : ""))",
        "write it with compression='gzip', or without")
    default: return
    }
  }

  private static func search(_ path: String) -> (chdf5_finding, name: String) {
    let result: (chdf5_finding, [CChar])? = try? NetCDFLibrary.call { () throws(NetCDFLibrary.Status) in
      var name = [CChar](repeating: 0, count: 512)
      let finding = chdf5_departure(path, &name, name.count)
      return (finding, name)
    }
    guard let result else { return (CHDF5_UNREADABLE, "") }
    let bytes = result.1.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return (result.0, String(decoding: bytes, as: UTF8.self))
  }

  private static func describe(_ variable: String, _ path: String) -> (chdf5_finding, filter: Int32) {
    let result: (chdf5_finding, Int32)? = try? NetCDFLibrary.call { () throws(NetCDFLibrary.Status) in
      var filter: Int32 = 0
      let finding = chdf5_variable(path, variable, &filter)
      return (finding, filter)
    }
    return result ?? (CHDF5_UNREADABLE, 0)
  }
}
