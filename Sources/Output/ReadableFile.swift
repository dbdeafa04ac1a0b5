internal import CNetCDF

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// The open file behind a reader, its groups and its variables.
final class ReadableFile: Sendable {
  let path: String
  let identifier: Int32
  let maximumElements: Int

  init(path: String, maximumElements: Int) throws(NetCDFError) {
    self.path = path
    self.maximumElements = maximumElements
    try Self.checkReadable(path)
    do throws(NetCDFLibrary.Status) {
      identifier = try NetCDFLibrary.call { () throws(NetCDFLibrary.Status) in
        var identifier: Int32 = -1
        // With this prefix the library never takes a path for a network address, and skips no leading space.
        let location = path.hasPrefix("/") ? path : "./\(path)"
        try NetCDFLibrary.check(nc_open(location, NC_NOWRITE, &identifier))
        return identifier
      }
    } catch {
      let failure = NetCDFError(error.code, writing: false, path: path, operation: "open", name: nil)
      guard failure.kind == .notReadable, NetCDFFormat(ofFile: path) == nil else { throw failure }
      throw NetCDFError(
        .notReadable, path: path, operation: "open", message: "it is no NetCDF file",
        remedy: "give the path of one")
    }
  }

  deinit {
    let identifier = identifier
    try? NetCDFLibrary.call { () throws(NetCDFLibrary.Status) in try NetCDFLibrary.check(nc_close(identifier))
    }
  }

  /// Throws for files that the library reports poorly or not at all.
  private static func checkReadable(_ path: String) throws(NetCDFError) {
    func failure(_ kind: NetCDFError.Kind, _ message: String, remedy: String? = nil) -> NetCDFError {
      NetCDFError(kind, path: path, operation: "open", message: message, remedy: remedy)
    }
    // The file is opened without blocking, because the path may name a pipe.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let message = errno
      let kind: NetCDFError.Kind = message == ENOENT || message == ENOTDIR ? .notFound : .notReadable
      if message == EMFILE || message == ENFILE {
        throw failure(
          .inputOutput, String(cString: strerror(message)),
          remedy: "raise the limit of open files (ulimit -n 1024)")
      }
      throw failure(
        kind, String(cString: strerror(message)),
        remedy: kind == .notFound ? "check the path" : "check the permissions")
    }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
      throw failure(.notReadable, "it is no regular file", remedy: "give the path of a NetCDF-4 file")
    }
    if NetCDFFormat(ofFile: path) == .classic {
      throw failure(
        .notReadable, "it is a file of the classic NetCDF format",
        remedy: "convert it: nccopy -k netCDF-4 OLD.nc NEW.nc")
    }
  }

  /// Calls the library under the lock.
  func status(_ body: () -> Int32) -> Int32 {
    let result: Int32? = try? NetCDFLibrary.call { () throws(NetCDFLibrary.Status) in body() }
    // The file must not be closed while the lock is held.
    withExtendedLifetime(self) {}
    return result ?? NC_EINTERNAL
  }

  /// Calls the library under the lock and turns its status codes into errors.
  func perform<Value: Sendable>(
    _ operation: String, _ name: String?, _ body: () throws(NetCDFLibrary.Status) -> Value
  ) throws(NetCDFError) -> Value {
    do throws(NetCDFLibrary.Status) {
      let value = try NetCDFLibrary.call(body)
      withExtendedLifetime(self) {}
      return value
    } catch {
      throw NetCDFError(error.code, writing: false, path: path, operation: operation, name: name)
    }
  }

  /// The attributes of a variable, or of a group (then `variable` is `NC_GLOBAL`).
  func attributes(
    group: Int32, variable: Int32, of name: String
  ) throws(NetCDFError) -> [(name: String, value: NetCDFAttribute)] {
    try perform("read the attributes of", name) { () throws(NetCDFLibrary.Status) in
      var count: Int32 = 0
      try NetCDFLibrary.check(
        variable == NC_GLOBAL ? nc_inq_natts(group, &count) : nc_inq_varnatts(group, variable, &count))
      var attributes: [(name: String, value: NetCDFAttribute)] = []
      for number in 0..<count {
        var status = NC_NOERR
        let name = nameFilled { status = nc_inq_attname(group, variable, number, $0) }
        try NetCDFLibrary.check(status)
        if let value = try attribute(name, group: group, variable: variable) {
          attributes.append((name, value))
        }
      }
      return attributes
    }
  }

  private func attribute(
    _ name: String, group: Int32, variable: Int32
  ) throws(NetCDFLibrary.Status) -> NetCDFAttribute? {
    var code: nc_type = 0
    var length = 0
    try NetCDFLibrary.check(nc_inq_att(group, variable, name, &code, &length))
    guard length >= 0, length <= maximumElements, memoryIsAvailable(for: length, of: 8) else {
      throw NetCDFLibrary.Status(code: NC_ENOMEM)
    }
    let type = NetCDFType(code: code)
    switch type {
    case .character:
      var bytes = [CChar](repeating: 0, count: max(length, 1))
      try NetCDFLibrary.check(nc_get_att_text(group, variable, name, &bytes))
      return .text(String(decoding: bytes.prefix(length).lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    case .string:
      var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: max(length, 1))
      try NetCDFLibrary.check(nc_get_att_string(group, variable, name, &pointers))
      let texts = pointers.prefix(length).map { $0.map { String(cString: $0) } ?? "" }
      try NetCDFLibrary.check(nc_free_string(length, &pointers))
      return .texts(texts)
    case .other:
      return nil
    default:
      if type.isInteger {
        var integers = [CLongLong](repeating: 0, count: max(length, 1))
        let status = nc_get_att_longlong(group, variable, name, &integers)
        // Beyond the range of signed 64-bit integers, a double tells the most.
        if status != NC_ERANGE {
          try NetCDFLibrary.check(status)
          if length == 1, let single = Int(exactly: integers[0]) { return .int(single) }
          if type == .int64 || type == .uint64 || type == .uint32 {
            return .int64s(integers.prefix(length).map { Int64($0) })
          }
          return .ints(integers.prefix(length).map { Int32($0) })
        }
      }
      var doubles = [Double](repeating: 0, count: max(length, 1))
      try NetCDFLibrary.check(nc_get_att_double(group, variable, name, &doubles))
      return length == 1 ? .double(doubles[0]) : .doubles(Array(doubles.prefix(length)))
    }
  }
}

/// Whether the system grants that much memory, which is not touched. The check is needed because an array that
/// cannot be allocated would end the process.
package func memoryIsAvailable(for elements: Int, of size: Int) -> Bool {
  let (bytes, overflow) = elements.multipliedReportingOverflow(by: size)
  if overflow { return false }
  if bytes < 1 << 26 { return true }
  // Systems grant more memory than they have, and end the process when it touches too much.
  let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
  if pages > 0, size > 0, bytes / size > pages { return false }
  guard let region = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
    region != UnsafeMutableRawPointer(bitPattern: -1)
  else { return false }
  munmap(region, bytes)
  return true
}

/// The system's limits on open files.
package enum ReadableFiles {
  /// The largest number of files that this process may have open at once.
  package static var limit: Int {
    let limit = sysconf(Int32(_SC_OPEN_MAX))
    return limit > 0 ? limit : Int(Int32.max)
  }
}
