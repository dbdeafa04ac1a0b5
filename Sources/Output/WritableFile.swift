internal import CNetCDF

/// The open temporary file behind a writer, its groups and its variables.
final class WritableFile {
  let path: String
  let identifier: Int32
  /// The dimensions that can grow, as the library's identifiers.
  var unlimited: Set<Int32> = []
  private let temporary: TemporaryFile
  private var isOpen = true

  init(path: String, overwrite: Bool) throws(NetCDFError) {
    let temporary: TemporaryFile
    do throws(FileError) {
      temporary = try TemporaryFile(for: path, overwrite: overwrite)
    } catch {
      throw Self.error(error, operation: "create")
    }
    var identifier: Int32 = -1
    do throws(NetCDFLibrary.Status) {
      identifier = try NetCDFLibrary.call { () throws(NetCDFLibrary.Status) in
        var identifier: Int32 = -1
        // The empty file exists already and belongs only to this process, so it may be overwritten.
        try NetCDFLibrary.check(nc_create(temporary.path, Int32(NC_CLOBBER | NC_NETCDF4), &identifier))
        return identifier
      }
    } catch {
      temporary.discard()
      throw NetCDFError(error.code, writing: true, path: path, operation: "create", name: nil)
    }
    self.path = path
    self.temporary = temporary
    self.identifier = identifier
  }

  deinit { abandon() }

  func commit() throws(NetCDFError) {
    precondition(isOpen, "a NetCDF file is committed once, and not after it was abandoned")
    isOpen = false
    do throws(NetCDFLibrary.Status) {
      try NetCDFLibrary.call { () throws(NetCDFLibrary.Status) in
        try NetCDFLibrary.check(nc_close(identifier))
      }
    } catch {
      temporary.discard()
      throw NetCDFError(error.code, writing: true, path: path, operation: "finish", name: nil)
    }
    do throws(FileError) {
      try temporary.publish()
    } catch {
      temporary.discard()
      throw Self.error(error, operation: "finish")
    }
  }

  func abandon() {
    guard isOpen else { return }
    isOpen = false
    temporary.discard()
    // It does not matter whether the removed file could be written.
    let identifier = identifier
    try? NetCDFLibrary.call { () throws(NetCDFLibrary.Status) in try NetCDFLibrary.check(nc_close(identifier))
    }
  }

  /// Calls the library under the lock and turns its status codes into errors.
  func perform<Value: Sendable>(
    _ operation: String, _ name: String?, _ body: () throws(NetCDFLibrary.Status) -> Value
  ) throws(NetCDFError) -> Value {
    precondition(isOpen, "the NetCDF file was committed or abandoned")
    do throws(NetCDFLibrary.Status) {
      let value = try NetCDFLibrary.call(body)
      // The file must not be closed while the lock is held.
      withExtendedLifetime(self) {}
      return value
    } catch {
      throw NetCDFError(error.code, writing: true, path: path, operation: operation, name: name)
    }
  }

  func failure(
    _ kind: NetCDFError.Kind, _ operation: String, _ name: String, _ message: String, remedy: String? = nil
  ) -> NetCDFError {
    NetCDFError(kind, path: path, operation: operation, name: name, message: message, remedy: remedy)
  }

  private static func error(_ error: FileError, operation: String) -> NetCDFError {
    let kind: NetCDFError.Kind = error.kind == .inputOutput ? .inputOutput : .cannotCreate
    return NetCDFError(
      kind, path: error.path, operation: operation, message: error.message, remedy: error.remedy)
  }

  /// Writes an attribute of a variable, or of a group (then `variable` is `NC_GLOBAL`).
  func setAttribute(
    _ name: String, _ value: NetCDFAttribute, group: Int32, variable: Int32
  ) throws(NetCDFError) {
    guard name != "_FillValue" else {
      throw failure(
        .invalidName, "define attribute", name, "it belongs to the variable's definition",
        remedy: "give fillValue to defineVariable")
    }
    let texts: [String] =
      switch value {
      case .text(let text): [text]
      case .texts(let texts): texts
      default: []
      }
    if case .texts = value { try refuseZeroBytes(texts, "define attribute", name) }
    try perform("define attribute", name) { () throws(NetCDFLibrary.Status) in
      let status: Int32 =
        switch value {
        case .text(let text):
          Array(text.utf8).withUnsafeBytes { bytes in
            nc_put_att(group, variable, name, NC_CHAR, bytes.count, bytes.baseAddress)
          }
        case .double(let number):
          withUnsafeBytes(of: number) { nc_put_att(group, variable, name, NC_DOUBLE, 1, $0.baseAddress) }
        case .doubles(let numbers):
          nc_put_att(group, variable, name, NC_DOUBLE, numbers.count, numbers)
        case .int(let number):
          if let number = Int32(exactly: number) {
            withUnsafeBytes(of: number) { nc_put_att(group, variable, name, NC_INT, 1, $0.baseAddress) }
          } else {
            withUnsafeBytes(of: Int64(number)) {
              nc_put_att(group, variable, name, NC_INT64, 1, $0.baseAddress)
            }
          }
        case .ints(let numbers):
          nc_put_att(group, variable, name, NC_INT, numbers.count, numbers)
        case .int64s(let numbers):
          nc_put_att(group, variable, name, NC_INT64, numbers.count, numbers)
        case .texts(let texts):
          withCStrings(texts) { nc_put_att(group, variable, name, NC_STRING, texts.count, $0) }
        }
      try NetCDFLibrary.check(status)
    }
  }

  /// Throws if a text contains a zero byte, because the library's strings end there.
  func refuseZeroBytes(_ texts: [String], _ operation: String, _ name: String) throws(NetCDFError) {
    guard let index = texts.firstIndex(where: { $0.utf8.contains(0) }) else { return }
    throw failure(
      .typeMismatch, operation, name, "text number \(index) holds a zero byte", remedy: "remove the byte")
  }
}

/// Calls `body` with C strings that exist only during the call.
func withCStrings(
  _ texts: [String], _ body: (UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Int32
) -> Int32 {
  // All texts are in one block of memory, each followed by a zero byte.
  var bytes: [CChar] = []
  var offsets: [Int] = []
  for text in texts {
    offsets.append(bytes.count)
    bytes.append(contentsOf: text.utf8.lazy.map { CChar(bitPattern: $0) })
    bytes.append(0)
  }
  return bytes.withUnsafeBufferPointer { buffer in
    var pointers = offsets.map { buffer.baseAddress.map { [offset = $0] base in base + offset } }
    return pointers.withUnsafeMutableBufferPointer { pointers in
      guard let base = pointers.baseAddress else { return body(UnsafeMutablePointer(bitPattern: 8)!) }
      return body(base)
    }
  }
}
