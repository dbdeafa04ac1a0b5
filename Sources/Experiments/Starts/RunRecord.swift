import Kinds
import Output
import Scenarios

/// What a run file says of how its numbers were made.
public struct RunRecord: Sendable {
  /// The run file.
  public let path: String
  /// Its scenario.
  public let scenario: Scenario
  /// The vocabulary that the scenario was read with.
  let vocabulary: ScenarioVocabulary
  /// The scenario as it was written.
  private let text: String
  /// SHA-256 of the data set, and of the model.
  let dataset: String
  let model: String
  /// The model's file; nil where it had none.
  let modelFile: String?

  /// Reads the attributes of a run file.
  ///
  /// - Throws: `NetCDFError`; `ScenarioError` where it is no file of one run.
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
    self.text = try text("scenario")
    scenario = try ScenarioLoader.parse(text: self.text, path: path, vocabulary: vocabulary)
    guard !scenario.isCampaign else {
      throw ScenarioError(
        path: path, problem: "it holds several runs (a sweep, replicas, controls or claims)",
        expected: "a file of one run, for its states to be made again",
        remedy:
          "write its scenario with 'simulate inspect --scenario', and run the one that you mean alone with --set"
      )
    }
    dataset = try text("dataset_sha256")
    model = try text("model_sha256")
    modelFile = try? reader.attribute("model_file").text
  }

  /// The scenario with another model in place of its own.
  func scenario(withModel file: String) throws -> Scenario {
    try ScenarioLoader.parse(
      text: text, path: path, overrides: ["model.file=\(ScenarioValue.text(file).yaml)"],
      vocabulary: vocabulary)
  }
}
