import Foundation
import Kinds
import Output
import Scenarios

/// What a run file says about the making of its numbers.
public struct RunRecord: Sendable {
  /// The run file.
  public let path: String
  /// Its scenario. Of a file of several runs it becomes the scenario of the run that is chosen.
  public var scenario: Scenario
  /// The vocabulary that the scenario was read with.
  let vocabulary: ScenarioVocabulary
  /// SHA-256 of the data sets, and of the models: one of each in the file of one run.
  let datasets: [String]
  let models: [String]
  /// The models' files; none where they had none.
  let modelFiles: [String]

  /// Reads the attributes of a run file.
  ///
  /// - Throws: `NetCDFError`; `ScenarioError` where it is no run file.
  public init(path: String, _ vocabulary: ScenarioVocabulary) throws {
    self.path = path
    self.vocabulary = vocabulary
    let reader = try NetCDFReader(path: path)
    func text(_ name: String) throws -> String {
      guard let text = try reader.attribute(name).text else {
        throw ScenarioError(
          path: path, problem: "its attribute '\(name)' is no text", expected: "a run file",
          remedy: "is this the right file?")
      }
      return text
    }
    func list(_ name: String) throws -> [String] { try text(name).split(separator: " ").map(String.init) }
    scenario = try ScenarioLoader.parse(text: try text("scenario"), path: path, vocabulary: vocabulary)
    datasets = try list("dataset_sha256")
    models = try list("model_sha256")
    let files = (try? reader.attribute("model_file").text) ?? ""
    modelFiles = files.split(separator: "\n").map(String.init)
  }

  /// The scenario with another model in place of its own.
  func scenario(withModel file: String) throws -> Scenario {
    try ScenarioLoader.parse(
      text: scenario.resolvedYAML, path: path, overrides: ["model.file=\(ScenarioValue.text(file).yaml)"],
      vocabulary: vocabulary)
  }

  /// Hashes in short, for messages.
  static func short(_ hashes: [String]) -> String {
    hashes.prefix(3).map { $0.prefix(12) + "..." }.joined(separator: ", ") + (hashes.count > 3 ? ", ..." : "")
  }
}
