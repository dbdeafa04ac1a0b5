import Expressions
import Scenarios

extension Scenario {
  /// The controls of the scenario and of its claims, each once.
  package var allControls: [Control] {
    let asked = Set(controls + claims.flatMap { $0.controls + $0.compare + $0.estimate.controls })
    return Control.allCases.filter(asked.contains)
  }

  /// Whether the scenario stands for several runs, or for claims about them.
  public var isCampaign: Bool {
    !sweep.isEmpty || replicas > 1 || !claims.isEmpty || allControls.contains { $0.overrides != nil }
  }
}
