import Foundation

/// Absolute paths, and the reading of small text files.
enum FilePaths {
  /// A path made absolute and normalized; relative ones are taken from a folder, by default the working
  /// directory.
  static func absolute(_ path: String, in folder: String? = nil) -> String {
    let base = folder.map { absolute($0) } ?? FileManager.default.currentDirectoryPath
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
  static func absolute(_ path: String, inFolderOf file: String) -> String {
    guard let slash = file.lastIndex(of: "/") else { return absolute(path) }
    return absolute(path, in: slash == file.startIndex ? "/" : String(file[..<slash]))
  }

  /// The text of a scenario file; at most one byte more than the limit is read.
  static func scenarioText(path: String) throws -> String {
    func failure(_ kind: ScenarioError.Kind, _ problem: String, _ remedy: String) -> ScenarioError {
      ScenarioError(
        kind: kind, path: path, problem: problem, expected: "a readable scenario file", remedy: remedy)
    }
    var isFolder: ObjCBool = false
    guard !path.isEmpty, FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw failure(.missing, "no such file", "check the path")
    }
    guard !isFolder.boolValue else {
      throw failure(.invalid, "a folder", "give the path of a scenario file in it")
    }
    let limit = ScenarioText.maximumBytes + 1
    var data = Data()
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? handle.close() }
      while data.count < limit, let part = try handle.read(upToCount: limit - data.count), !part.isEmpty {
        data.append(part)
      }
    } catch {
      throw failure(.invalid, "cannot be read", "check its permissions")
    }
    guard data.count < limit else {
      throw failure(.invalid, "longer than 1 MiB", "a scenario is a short text; is this the right file?")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw failure(.invalid, "not UTF-8 text", "save it as UTF-8; is this the right file?")
    }
    return text
  }
}
