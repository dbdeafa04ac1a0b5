import Foundation
import SimulateProgram
import Testing

extension CommandTests {
  /// Limits of memory that batch queues and containers set.
  @Suite struct ControlGroupTests {
    /// A tree of files as Linux shows it.
    private func limit(_ groups: String, _ files: [String: String]) throws -> UInt64? {
      let sandbox = try Sandbox()
      var all = files
      all["proc/self/cgroup"] = groups
      for (path, text) in all {
        let folder = URL(fileURLWithPath: sandbox(path)).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try sandbox.put(text, at: path)
      }
      return ControlGroup.memoryLimit(root: sandbox.folder)
    }

    /// The limits of a group and of those above it, in both versions of control groups.
    @Test func theLeastLimitOnTheWayUpCounts() throws {
      let version2 = "0::/job/step\n"
      #expect(try limit(version2, ["sys/fs/cgroup/job/step/memory.max": "max\n"]) == nil)
      #expect(
        try limit(
          version2,
          ["sys/fs/cgroup/job/step/memory.max": "4096000\n", "sys/fs/cgroup/job/memory.max": "1024000\n"])
          == 1_024_000)
      // A container sees its own group as the uppermost.
      #expect(try limit("0::/\n", ["sys/fs/cgroup/memory.max": "33554432\n"]) == 33_554_432)
      let version1 = "9:pids:/a\n4:cpu,memory:/a\n0::/\n"
      #expect(
        try limit(version1, ["sys/fs/cgroup/memory/a/memory.limit_in_bytes": "50000000\n"]) == 50_000_000)
      #expect(
        try limit(version1, ["sys/fs/cgroup/memory/a/memory.limit_in_bytes": "9223372036854771712\n"]) == nil)
      #expect(try limit("nonsense\n", [:]) == nil)
      #expect(ControlGroup.memoryLimit(root: "/nowhere") == nil)
    }
  }
}
