import Expressions
import RunFiles
import Scenarios
import Vocabulary

/// The runs of a scenario with a sweep, replicas or controls.
///
/// Each run is a scenario of its own, which could be run alone. Replica r is the run with the seed `seed + r`
/// (patterns, training, corruption and choice of items). A control is the run with another model or other
/// labels.
package struct CampaignPlan: Sendable {
  /// One run.
  package struct Point: Sendable {
    /// The run as a scenario: without sweep and claims, and with one replica.
    package var scenario: Scenario
    /// Nil for the scenario itself.
    package var control: Control?
    /// The position in the sweep, the last swept key fastest.
    package var index: Int
    /// The replica, from 0.
    package var replica: Int
    /// In words, for messages, such as `model.latent = 20, replica 2`; empty for a single run.
    package var label: String
    /// Its file's name in the campaign's folder.
    package var fileName: String
  }

  package let scenario: Scenario
  /// Lengths of the swept dimensions.
  package let shape: [Int]
  package let replicas: Int
  /// Controls that are runs of their own.
  package let controls: [Control]
  /// All runs, in the order of work.
  package let points: [Point]

  /// The number of combinations of swept values.
  package var pointCount: Int { RowMajorShape(shape).count }

  /// - Parameter vocabulary: The words of the program.
  package init(_ scenario: Scenario, _ vocabulary: ScenarioVocabulary) throws {
    self.scenario = scenario
    shape = scenario.sweep.map(\.values.count)
    replicas = scenario.replicas
    controls = scenario.allControls.filter { $0.overrides != nil }
    let bases = try ScenarioLoader.points(of: scenario, vocabulary: vocabulary)
    var points: [Point] = []
    let variants: [Control?] = [nil] + controls.map { $0 }
    guard bases.count * replicas * variants.count <= Scenario.maximumRuns else {
      throw scenario.error(
        key: replicas > 1 ? "model.replicas" : "sweep",
        value: "\(bases.count) x \(replicas) x \(variants.count) runs",
        expected: "at most \(Scenario.maximumRuns) runs (points, replicas and controls multiplied)",
        remedy: "sweep fewer values, or lower model.replicas")
    }
    // Replica by replica, so that runs on the same data follow each other.
    for replica in 0..<replicas {
      for control in variants {
        for (index, base) in bases.enumerated() {
          points.append(
            try Self.point(
              base, sweep: scenario.sweep, index: index, replica: replica, control: control,
              isReplicated: replicas > 1, vocabulary))
        }
      }
    }
    self.points = points
  }

  private static func point(
    _ base: Scenario, sweep: [SweptKey], index: Int, replica: Int, control: Control?, isReplicated: Bool,
    _ vocabulary: ScenarioVocabulary
  ) throws -> Point {
    var scenario = base
    scenario.seed = base.seed &+ UInt64(replica)
    scenario.replicas = 1
    scenario.controls = []
    scenario.claims = []
    scenario.sweep = []
    if let control {
      // Of a control, averages are enough, unless an estimate reads what its attractors are.
      if !base.readsAttractors(of: control) { scenario.attractors = nil }
      scenario.output.members = false
      scenario.output.latents = false
      scenario.output.initialStates = false
      scenario.output.films = nil
    }
    scenario.resolve()
    if let overrides = control?.overrides {
      let (locations, overridden) = (scenario.locations, scenario.overriddenKeys)
      scenario = try ScenarioLoader.parse(
        text: scenario.resolvedYAML, path: scenario.path, overrides: overrides, vocabulary: vocabulary)
      scenario.locations = locations
      scenario.overriddenKeys = overridden
    }
    let indices = RowMajorShape(sweep.map(\.values.count)).indices(of: index)
    var words = zip(sweep, indices).map { "\($0.key) = \($0.text(of: $0.values[$1]))" }
    if isReplicated { words.append("replica \(replica)") }
    if let control { words.append("control \(control.rawValue)") }
    let name = "point-\(index)-replica-\(replica)-\(control?.rawValue ?? "claim").nc"
    return Point(
      scenario: scenario, control: control, index: index, replica: replica,
      label: words.joined(separator: ", "), fileName: name)
  }
}

extension Scenario {
  /// Whether the estimate of a claim reads numbers of the search for attractors in the run of a control.
  fileprivate func readsAttractors(of control: Control) -> Bool {
    claims.contains { claim in
      claim.estimate.controls.contains(control)
        && !claim.estimate.names.numbers.isDisjoint(with: ClaimVocabulary.ofAttractors)
    }
  }

  /// The scenario without claims and controls, for commands that make one model.
  ///
  /// - Throws: `ScenarioError` where it stands for several models.
  public func singleRun(for command: String) throws -> Scenario {
    if let key = sweep.first {
      throw error(
        key: "sweep", value: key.key, expected: "one run, for simulate \(command)",
        remedy: "add --set sweep=null, and --set \(key.key)=VALUE to choose one")
    }
    if replicas > 1 {
      throw error(
        key: "model.replicas", value: "\(replicas)", expected: "one model, for simulate \(command)",
        remedy: "add --set model.replicas=1, and --seed \(seed) + r for replica r")
    }
    var result = self
    result.claims = []
    result.controls = []
    result.resolve()
    return result
  }
}
