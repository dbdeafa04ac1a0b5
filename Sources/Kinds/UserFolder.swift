import Foundation

/// The program's folders in the user's home, by the XDG Base Directory Specification.
enum UserFolder {
  /// The program's folder `repeated-inference` below `$variable`, where that is an absolute path, or else below
  /// `~/fallback`.
  static func path(_ variable: String, fallback: String) -> String {
    let environment = ProcessInfo.processInfo.environment
    let base =
      environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil }
      ?? (environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()) + "/" + fallback
    return base + "/repeated-inference"
  }
}
