import Foundation

/// The sources of the package.
enum Checkout {
  /// The root of the package.
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// The rooms: folders of `Sources` with Swift files.
  static let rooms: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root + "/Sources")) ?? []
    return names.filter { !swiftFiles(of: $0).isEmpty }.sorted()
  }()

  /// The Swift files of a room, relative to the root.
  static func swiftFiles(of room: String) -> [String] {
    let folder = "Sources/" + room
    let names =
      FileManager.default.enumerator(atPath: root + "/" + folder)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".swift") }.sorted().map { folder + "/" + $0 }
  }

  /// The lines of a file.
  static func lines(_ path: String) throws -> [Substring] {
    try String(contentsOfFile: root + "/" + path, encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false)
  }
}
