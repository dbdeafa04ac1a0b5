import Foundation

/// The reading of scenario files.
enum ScenarioFile {
  /// The text of a scenario file; at most one byte more than the limit is read.
  static func text(path: String) throws -> String {
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
