#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif
internal import Synchronization

/// The names of temporary files, `.NAME.partial-WHERE-PID-N`. They tell which process writes a file, so that the
/// files of a killed process can be removed.
///
/// WHERE stands for the machine since its last start and for its space of process numbers. Only there can it be
/// told whether process PID is alive, because a disk may be shared between machines and containers. Files from
/// elsewhere or from before a restart stay.
enum TemporaryName {
  private static let counter = Atomic<Int>(0)
  private static let sweptFolders = Mutex<Set<String>>([])

  /// A name that this process has not used before. The stem is shortened by whole characters, so that the name has
  /// at most 255 bytes.
  static func make(for name: String) -> String {
    let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
    let suffix = ".partial-\(place ?? "unknown")-\(getpid())-\(number)"
    var stem = name
    while stem.utf8.count + suffix.utf8.count > 254 { stem.removeLast() }
    return ".\(stem)\(suffix)"
  }

  /// Removes what killed processes left in a folder, if this process has not done so before.
  static func removeOrphansOnce(in folder: String) {
    if sweptFolders.withLock({ $0.insert(folder).inserted }) { removeOrphans(in: folder) }
  }

  /// Removes what killed processes left in a folder. Failures are not errors, because another process may do the
  /// same.
  static func removeOrphans(in folder: String) {
    guard let directory = opendir(folder) else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if isOrphan(name) { unlink("\(folder)/\(name)") }
    }
  }

  /// Whether a file of this name was begun on this machine by a process that is gone.
  static func isOrphan(_ name: String) -> Bool {
    guard let place, name.hasPrefix(".") else { return false }
    let parts = name.split(separator: "-", omittingEmptySubsequences: false).suffix(4)
    guard parts.count == 4, let head = parts.first, let process = pid_t(parts[parts.startIndex + 2]) else {
      return false
    }
    guard head.hasSuffix(".partial"), parts[parts.startIndex + 1] == place,
      Int(parts[parts.startIndex + 3]) != nil
    else { return false }
    return process > 0 && kill(process, 0) != 0 && errno == ESRCH
  }

  /// The text that stands for this machine since its last start and for its space of process numbers; nil if the
  /// system does not provide them.
  private static let place: String? = {
    #if canImport(Darwin)
      var bytes = [CChar](repeating: 0, count: 64)
      var size = bytes.count
      guard sysctlbyname("kern.bootsessionuuid", &bytes, &size, nil, 0) == 0 else { return nil }
      let start = String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      return start.lowercased().filter(\.isHexDigit).prefix(12).description
    #else
      var bytes = [UInt8](repeating: 0, count: 64)
      let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return nil }
      let count = read(descriptor, &bytes, bytes.count)
      close(descriptor)
      var numbers = stat()
      guard count > 0, stat("/proc/self/ns/pid", &numbers) == 0 else { return nil }
      let start = String(decoding: bytes.prefix(count), as: UTF8.self).filter(\.isHexDigit)
      guard start.count == 32 else { return nil }
      return start.prefix(12) + String(numbers.st_ino, radix: 16)
    #endif
  }()
}
