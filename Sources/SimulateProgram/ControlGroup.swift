import Foundation

/// The control group of this process (Linux; batch queues and containers limit memory by them).
package enum ControlGroup {
  /// The least memory that the group and those above it allow, in bytes; nil where none sets a limit.
  ///
  /// Reads version 2 (`memory.max`) and version 1 (`memory.limit_in_bytes`).
  ///
  /// - Parameter root: What paths are relative to, for tests.
  /// - Complexity: one small file for each group.
  package static func memoryLimit(root: String = "") -> UInt64? {
    guard let groups = try? String(contentsOfFile: root + "/proc/self/cgroup", encoding: .utf8) else {
      return nil
    }
    return groups.split(separator: "\n").compactMap { leastLimit(ofLine: $0, root: root) }.min()
  }

  /// - Parameter line: `NUMBER:CONTROLLERS:PATH`; version 2 names no controllers.
  private static func leastLimit(ofLine line: Substring, root: String) -> UInt64? {
    let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    let isVersion2 = parts[1].isEmpty
    guard isVersion2 || parts[1].split(separator: ",").contains("memory") else { return nil }
    let (mount, name) =
      isVersion2 ? ("/sys/fs/cgroup", "memory.max") : ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
    var folders = parts[2].split(separator: "/")
    var least: UInt64?
    // A container may see its own group alone, as the uppermost one.
    while true {
      let path = ([root + mount] + folders.map(String.init) + [name]).joined(separator: "/")
      if let limit = limit(at: path) { least = min(least ?? limit, limit) }
      if folders.popLast() == nil { return least }
    }
  }

  /// The number in a file; nil for "max", and for what version 1 writes where there is no limit.
  private static func limit(at path: String) -> UInt64? {
    let text = try? String(contentsOfFile: path, encoding: .utf8)
    return text.flatMap { UInt64($0.trimmingCharacters(in: .whitespacesAndNewlines)) }.flatMap {
      $0 < 1 << 60 ? $0 : nil
    }
  }
}
