import Expressions
import Experiments
import Observables
import Preparation
import RunFiles
import Scenarios
import Vocabulary

extension Scenario {
  /// Checks that claims use only numbers that the run file will hold, and controls only models that are made.
  ///
  /// - Throws: `ScenarioError`.
  func checkClaims(_ vocabulary: ScenarioVocabulary) throws {
    let isTrained = vocabulary.holdsTrainedModel(self)
    for control in allControls
    where control.needsTrainedModel && !(isTrained && vocabulary.keys.allows(control, in: self)) {
      throw error(
        key: "controls", value: control.rawValue,
        expected: "controls that need no model trained here: "
          + Control.allCases.filter { !$0.needsTrainedModel }.map(\.rawValue).joined(separator: ", "),
        remedy: "leave \(control.rawValue) out")
    }
    for claim in claims {
      let key = "claims.\(claim.name)"
      try check(claim.estimate, key + ".estimate", vocabulary.keys)
      if let against = claim.against { try check(against, key + ".against", vocabulary.keys) }
      for control in claim.controls + claim.compare {
        if let expression = control.expression(claim.estimate) {
          try check(expression, key + ".controls", vocabulary.keys)
        }
      }
      if claim.estimate.parts.count > 1, !claim.rule.answersSignAndSize {
        throw error(
          key: key + ".threshold",
          expected: "smallest-effect, by which the parts of both() are judged together",
          remedy: "write smallest-effect in its place, or a claim for each part")
      }
      for level in claim.levels ?? [] where !initial.levels.contains(level) {
        throw error(
          key: key + ".levels", value: ScenarioValue.number(level).yaml,
          expected: "levels of initial.levels, which are "
            + initial.levels.map { ScenarioValue.number($0).yaml }.joined(separator: ", "),
          remedy: "add it there, or leave it out")
      }
      guard let against = claim.against else { continue }
      let isOfLevel = against.names.numbers.contains("level")
      if !isOfLevel, sweep.isEmpty {
        throw error(
          key: key + ".against", value: against.text,
          expected: "the name level, or a sweep to regress over", remedy: "write against: level")
      }
      if against.names.series.isEmpty, against.names.numbers == ["level"] {
        for level in claim.levels ?? initial.levels
        where (try? against.value(atLevel: level)) == nil {
          throw error(
            key: key + ".against", value: against.text,
            expected:
              "a finite number at each level, and it is none at level \(ScenarioValue.number(level).yaml)",
            remedy: "leave that level out of \(key).levels")
        }
      }
      if isOfLevel, claim.over == .each {
        throw error(
          key: key + ".over", value: "each", expected: "mean, because the slope is over the levels",
          remedy: "leave it out")
      }
    }
  }

  /// Checks that the conditions of an expression hold somewhere.
  private func checkConditions(of expression: ClaimExpression, _ key: String) throws {
    if let time = expression.latestTime, time > dynamics.steps {
      throw error(
        key: key, value: expression.text,
        expected: "times from 0 to dynamics.steps, which is \(dynamics.steps)",
        remedy: "raise dynamics.steps to \(time), or ask for an earlier time")
    }
    for condition in expression.conditions {
      switch condition {
      case .control: break
      case .level(let level):
        guard !initial.levels.contains(level) else { continue }
        throw error(
          key: key, value: "level = \(ScenarioValue.number(level).yaml)",
          expected: "levels of initial.levels, which are "
            + initial.levels.map { ScenarioValue.number($0).yaml }.joined(separator: ", "),
          remedy: "add it there, or choose one of these")
      case .swept(let swept, let value):
        guard let axis = sweep.first(where: { $0.key == swept }) else {
          throw error(
            key: key, value: "\(swept) = \(value)",
            expected: "level, or a key of the sweep"
              + (sweep.isEmpty ? "; there is none" : ": " + sweep.map(\.key).joined(separator: ", ")),
            remedy: "sweep \(swept)")
        }
        guard axis.index(ofWritten: value) == nil else { continue }
        throw error(
          key: key, value: "\(swept) = \(value)",
          expected: "a value of the sweep: " + axis.values.joined(separator: ", "),
          remedy: "add it to sweep.\(swept), or choose one of these")
      }
    }
  }

  private static func isOnCommonMotion(_ name: String) -> Bool { name.hasSuffix(Control.onCommonMotion("")) }

  private func check(_ expression: ClaimExpression, _ key: String, _ keys: ScenarioKeys) throws {
    try checkConditions(of: expression, key)
    let names = expression.names
    let series = ClaimNames.series(self)
    for name in names.series.sorted() where !series.contains(name) {
      if name == ConceptLabel.name {
        throw error(
          key: key, value: expression.text, expected: "averages; '\(name)' is a label, which has no mean",
          remedy: "write concept-accuracy or distance-nearest-concept")
      }
      if Self.isOnCommonMotion(name), !asksForCommonMotion {
        throw error(
          key: key, value: expression.text,
          expected: "\(CommonMotionAverages.name) in the list 'observables', because the estimate reads it",
          remedy: "add \(CommonMotionAverages.name) to observables")
      }
      let near = Spelling.nearest(to: name, among: series)
      throw error(
        key: key, value: expression.text,
        expected: "observables of the list 'observables'; the run has no averages of '\(name)'",
        remedy: near.map { "did you mean '\($0)'?" } ?? "add \(name) to observables")
    }
    let numbers = ClaimNames.numbers(self)
    for name in names.numbers.sorted() where !numbers.contains(name) {
      if series.contains(name) {
        throw error(
          key: key, value: expression.text, expected: "numbers; '\(name)' is a series over time",
          remedy: "write final(\(name)), initial(...), minimum(...) or approach(...)")
      }
      let near = Spelling.nearest(to: name, among: numbers)
      throw error(
        key: key, value: expression.text,
        expected: "level, a swept key with numbers, or a number of the run file; '\(name)' is none of these",
        remedy: near.map { "did you mean '\($0)'?" }
          ?? (!keys.declarations(of: name).isEmpty
            ? "sweep \(name)" : "numbers are \(ClaimNames.fixed.joined(separator: ", "))"))
    }
  }
}

extension ClaimExpression {
  /// The value of an expression that names nothing but the level.
  fileprivate func value(atLevel level: Double) throws(MissingNumber) -> Double {
    try value(
      number: { _ throws(MissingNumber) in ClaimNumber(level) },
      series: { name throws(MissingNumber) in throw MissingNumber("\(name) is no level") })
  }
}

extension ScenarioKeys {
  /// Whether the scenario's kinds have the keys that a control changes.
  fileprivate func allows(_ control: Control, in scenario: Scenario) -> Bool {
    (control.overrides ?? []).allSatisfy { override in
      let name = String(override.prefix { $0 != "=" })
      guard let condition = declaration(of: name, in: scenario)?.condition else { return true }
      return condition.values.contains(condition.key == "model.kind" ? scenario.model.kind : "")
    }
  }
}

/// The names that claims may use.
enum ClaimNames {
  static let fixed = ClaimVocabulary.ofModel + ClaimVocabulary.ofLevel

  /// Averages over time.
  static func series(_ scenario: Scenario) -> [String] {
    scenario.averagedObservables.flatMap {
      ClaimVocabulary.series(of: $0, isSplit: scenario.splitBy.contains(.retention))
    } + (scenario.asksForClassSpread ? ClassSpread.series : [])
      + (scenario.asksForCommonMotion ? scenario.averagedObservables.map(Control.onCommonMotion) : [])
  }

  /// The run file's variable of each average over time.
  static func variables(_ scenario: Scenario) -> [String: String] {
    let all = scenario.averagedObservables.flatMap {
      ClaimVocabulary.followedSeries(of: $0, isSplit: scenario.splitBy.contains(.retention))
    }
    return Dictionary(all.map { ($0.name, $0.variable) }, uniquingKeysWith: { first, _ in first })
  }

  /// The observable whose average a series is, over whichever members and on whichever motion.
  static func observable(ofSeries name: String) -> String {
    var result = name
    for ending in [Control.onCommonMotion(""), "-retained", "-lost"] where result.hasSuffix(ending) {
      result.removeLast(ending.count)
    }
    return EndStatePart.parts(of: result)?.observable ?? result
  }

  /// Single numbers, of a model or a level.
  static func numbers(_ scenario: Scenario) -> [String] {
    fixed + (scenario.attractors == nil ? [] : ClaimVocabulary.ofAttractors)
      + (scenario.asksForClassSpread ? ClassSpread.numbers : []) + ["level"]
      + scenario.sweep.filter { $0.numbers != nil }.map(\.key)
  }
}
