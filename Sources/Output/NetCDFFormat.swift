#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// The formats of NetCDF files, recognized by the files' first bytes.
public enum NetCDFFormat: String, Sendable {
  /// NetCDF-4. Other HDF5 files begin with the same bytes.
  case hdf5 = "HDF5"
  /// The classic format, NetCDF-3, and its successors with larger numbers.
  case classic

  /// The format of a file that begins with these bytes; nil if it is neither.
  public init?(_ bytes: some Collection<UInt8>) {
    if bytes.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .hdf5
    } else if bytes.count >= 4, bytes.starts(with: "CDF".utf8), bytes.dropFirst(3).first! < 32 {
      self = .classic
    } else {
      return nil
    }
  }

  /// The format of a file; nil for other files, and if the path is not a regular file that can be read.
  public init?(ofFile path: String) {
    self.init(Self.beginning(of: path, count: 8))
  }

  /// The first `count` bytes of a regular file, or fewer if it is shorter; empty if there is no such file or it
  /// cannot be read.
  package static func beginning(of path: String, count: Int) -> [UInt8] {
    // The file is opened without blocking, because the path may name a pipe.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return [] }
    var bytes = [UInt8](repeating: 0, count: count)
    let length = read(descriptor, &bytes, count)
    return Array(bytes.prefix(max(length, 0)))
  }
}
