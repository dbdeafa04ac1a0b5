import Scenarios
import Vocabulary

/// One of the runs of a scenario.
public enum ChosenRun {
  /// The scenario of a run alone, such as that of replica 2 at `model.latent: 20`.
  ///
  /// - Parameters:
  ///   - scenario: Of one run, or of several.
  ///   - choices: `KEY=VALUE` each: a swept key with one of its values, or `replica` with a number from 0.
  ///     What is not chosen is the first.
  ///   - vocabulary: The words of the program.
  /// - Throws: `ScenarioError` where there is no such run.
  public static func scenario(
    of scenario: Scenario, at choices: [String], _ vocabulary: ScenarioVocabulary
  ) throws -> Scenario {
    guard scenario.isCampaign || !choices.isEmpty else { return scenario }
    let plan = try CampaignPlan(scenario, vocabulary)
    var indices = scenario.sweep.map { _ in 0 }
    var replica = 0
    for choice in choices {
      let parts = choice.split(separator: "=", maxSplits: 1).map(String.init)
      let (name, value) = (Campaign.dimensionName(parts[0]), parts.count > 1 ? parts[1] : "")
      if let axis = scenario.sweep.firstIndex(where: { Campaign.dimensionName($0.key) == name }) {
        let values = scenario.sweep[axis].values.map(scenario.sweep[axis].text)
        let number = Double(value)
        guard let index = values.firstIndex(where: { $0 == value || number != nil && Double($0) == number })
        else { throw refusal(scenario, choice, "one of " + values.prefix(10).joined(separator: ", ")) }
        indices[axis] = index
      } else if name == "replica", plan.replicas > 1 {
        guard let number = Int(value), (0..<plan.replicas).contains(number) else {
          throw refusal(scenario, choice, "a replica from 0 to \(plan.replicas - 1)")
        }
        replica = number
      } else {
        let keys = scenario.sweep.map(\.key) + (plan.replicas > 1 ? ["replica"] : [])
        throw refusal(
          scenario, choice,
          keys.isEmpty
            ? "nothing to choose, because the file holds one run" : "one of " + keys.joined(separator: ", "))
      }
    }
    let index = RowMajorShape(plan.shape).number(of: indices)
    guard
      let point = plan.points.first(where: { $0.control == nil && $0.index == index && $0.replica == replica }
      )
    else { preconditionFailure("the plan has every point") }
    return point.scenario
  }

  private static func refusal(_ scenario: Scenario, _ choice: String, _ expected: String) -> ScenarioError {
    ScenarioError(
      path: scenario.path, key: "--at", value: choice, expected: expected,
      remedy: "correct it, or leave it out")
  }
}
