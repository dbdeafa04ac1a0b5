internal import CNetCDF
internal import Synchronization

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// The only way to the C library. It makes one call at a time, because NetCDF-C and HDF5 are not thread-safe, even
/// for different files.
enum NetCDFLibrary {
  /// A status code of the library that does not mean success.
  struct Status: Error {
    let code: Int32
  }

  private static let mutex = Mutex<Void>(())

  /// HDF5's function that turns off the printing of its errors. It does so only for the thread that calls it, and
  /// NetCDF-C calls it only for the thread that came first.
  private static let silence: (@convention(c) (Int64, OpaquePointer?, OpaquePointer?) -> Int32)? = {
    // If a file could not be closed (because of a full disk), HDF5's handler at exit crashes the process, and the
    // exit code is lost. Every file is closed by its owner, so there is nothing left for that handler to do. It can
    // only be declined before the first call to the library.
    if let decline = symbol("H5dont_atexit") {
      _ = unsafeBitCast(decline, to: (@convention(c) () -> Int32).self)()
    }
    // HDF5 locks the files that it opens (flock). That is not needed here, because unfinished files have names of
    // their own. Locks would do harm: a process that is started while a file is open inherits the lock and keeps
    // it, so that opening the complete file fails, and some clusters' file systems refuse locks. The user's own
    // setting is respected.
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0)
    return symbol("H5Eset_auto2").map {
      unsafeBitCast($0, to: (@convention(c) (Int64, OpaquePointer?, OpaquePointer?) -> Int32).self)
    }
  }()

  /// Finds a function of HDF5, which libnetcdf loads, so that this library need not be linked against HDF5.
  private static func symbol(_ name: String) -> UnsafeMutableRawPointer? {
    guard let program = dlopen(nil, RTLD_LAZY) else { return nil }
    return dlsym(program, name)
  }

  /// Calls the library under the lock. `body` must not release the last reference to an open file.
  static func call<Value: Sendable>(_ body: () throws(Status) -> Value) throws(Status) -> Value {
    let result: Result<Value, Status> = mutex.withLock { _ in
      _ = silence?(0, nil, nil)
      do throws(Status) {
        return .success(try body())
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Throws unless a status means success.
  static func check(_ code: Int32) throws(Status) {
    if code != NC_NOERR { throw Status(code: code) }
  }

  /// The library's description of a status code.
  static func message(_ code: Int32) -> String {
    mutex.withLock { _ in String(cString: nc_strerror(code)) }
  }
}

// MARK: Under the lock only

/// A dimension's name and length.
func dimensionDescription(
  group: Int32, _ dimension: Int32
) throws(NetCDFLibrary.Status) -> (name: String, length: Int) {
  var length = 0
  var status = NC_NOERR
  let name = nameFilled { status = nc_inq_dim(group, dimension, $0, &length) }
  try NetCDFLibrary.check(status)
  return (name, length)
}

/// The identifiers of a group's dimensions and, if asked, of those of the groups above it.
func dimensionIdentifiers(
  of group: Int32, withParents: Bool
) throws(NetCDFLibrary.Status) -> [Int32] {
  var count: Int32 = 0
  try NetCDFLibrary.check(nc_inq_dimids(group, &count, nil, withParents ? 1 : 0))
  var identifiers = [Int32](repeating: 0, count: Int(count))
  try NetCDFLibrary.check(nc_inq_dimids(group, &count, &identifiers, withParents ? 1 : 0))
  return identifiers
}

/// A name that the library writes into a buffer.
func nameFilled(_ fill: (UnsafeMutablePointer<CChar>) -> Void) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NC_MAX_NAME) + 1) { buffer in
    buffer.initialize(repeating: 0)
    fill(buffer.baseAddress!)
    return String(cString: buffer.baseAddress!)
  }
}

// MARK: -

/// The product of lengths; nil if it overflows or a length is negative.
package func product(_ lengths: [Int]) -> Int? {
  // A length of 0 makes the product 0, whatever the others are.
  if lengths.contains(where: { $0 < 0 }) { return nil }
  if lengths.contains(0) { return 0 }
  var result = 1
  for length in lengths {
    let (product, overflow) = result.multipliedReportingOverflow(by: length)
    if overflow { return nil }
    result = product
  }
  return result
}
