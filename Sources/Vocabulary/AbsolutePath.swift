import Foundation

/// Absolute paths.
package enum AbsolutePath {
  /// A path made absolute and normalized; relative ones are taken from a folder, by default the working
  /// directory.
  package static func of(_ path: String, in folder: String? = nil) -> String {
    let base = folder.map { of($0) } ?? FileManager.default.currentDirectoryPath
    let joined = path.hasPrefix("/") ? path : base + "/" + path
    var parts: [Substring] = []
    for part in joined.split(separator: "/") where part != "." {
      if part == ".." {
        _ = parts.popLast()
      } else {
        parts.append(part)
      }
    }
    return "/" + parts.joined(separator: "/")
  }

  /// A path made absolute; relative ones are taken from the folder that holds a file.
  package static func of(_ path: String, inFolderOf file: String) -> String {
    guard let slash = file.lastIndex(of: "/") else { return of(path) }
    return of(path, in: slash == file.startIndex ? "/" : String(file[..<slash]))
  }
}
