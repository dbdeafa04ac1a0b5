internal import CProgram
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Limits of the program's resources that its parent has set (`ulimit`, a batch queue).
enum ResourceLimits {
  /// Files that a program with all its libraries needs at once, even for a single run.
  private static let fewestOpenFiles: UInt64 = 32
  /// Enough for campaigns, whose runs' files are open at once.
  private static let wantedOpenFiles: UInt64 = 1024
  /// OpenBLAS maps this much for each thread that multiplies, and (before 0.3.30) tries for ever where it
  /// gets none.
  private static let bytesPerThread: UInt64 = 128 << 20
  /// Stacks, the data, and what NetCDF and HDF5 keep.
  private static let otherBytes: UInt64 = 192 << 20
  /// What reading a file takes of that.
  private static let bytesForReading: UInt64 = 40 << 20

  /// The least memory of the smallest run: in a control group of 32 MiB the system kills it, in one of 40 MiB
  /// it succeeds.
  private static let leastMemory: UInt64 = 40 << 20

  /// Raises the limit of open files as far as it is allowed and of use.
  ///
  /// - Throws: `ResourceLimitError` where it stays too low for any work.
  static func raiseOpenFiles() throws {
    let count = raise_open_files(wantedOpenFiles)
    guard count < fewestOpenFiles else { return }
    throw ResourceLimitError(
      "the limit of open files is \(count); expected at least \(fewestOpenFiles); raise it"
        + " (ulimit -n \(wantedOpenFiles))")
  }

  /// Makes sure that work on `threads` threads finds the address space that it cannot do without.
  ///
  /// - Throws: `ResourceLimitError`.
  static func checkAddressSpace(threads: Int) throws {
    try checkAddressSpace(
      UInt64(threads) * bytesPerThread + otherBytes,
      remedy: "for \(threads) threads; raise it (ulimit -v unlimited), or use fewer threads (--threads 1)")
    try checkControlGroup()
  }

  /// Makes sure that the control group leaves the memory that a run cannot do without: beyond the limit the
  /// system kills the program, which then says nothing.
  ///
  /// - Throws: `ResourceLimitError`.
  private static func checkControlGroup() throws {
    guard let limit = ControlGroup.memoryLimit(), limit < leastMemory else { return }
    throw ResourceLimitError(
      "the memory limit of the control group is \(limit >> 10) KiB; expected at least \(leastMemory >> 10) KiB; raise it"
        + " (Slurm: --mem, systemd: MemoryMax, Docker: --memory)")
  }

  /// Makes sure that files can be read and figures drawn.
  ///
  /// - Throws: `ResourceLimitError`.
  static func checkAddressSpaceForReading() throws {
    try checkAddressSpace(bytesForReading, remedy: "; raise it (ulimit -v unlimited)")
  }

  private static func checkAddressSpace(_ needed: UInt64, remedy: String) throws {
    let limit = address_space_limit()
    guard limit != UInt64.max, address_space_is_available(needed) == 0 else { return }
    throw ResourceLimitError(
      "the limit of address space is \(limit >> 10) KiB; expected at least"
        + " \((address_space_in_use() + needed) >> 10) KiB\(remedy.hasPrefix(";") ? "" : " ")\(remedy)")
  }

  /// Replaces a missing folder for temporary files by the system's, with a message.
  static func checkTemporaryFolder() {
    guard let folder = ProcessInfo.processInfo.environment["TMPDIR"], !folder.isEmpty else { return }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue { return }
    printMessage("warning: TMPDIR=\(folder): there is no such folder; /tmp is used instead")
    setenv("TMPDIR", "/tmp", 1)
  }
}

/// A limit is too low.
struct ResourceLimitError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
