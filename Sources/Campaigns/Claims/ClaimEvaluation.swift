import Expressions
import Foundation
import Observables
import RunFiles
import Scenarios
import Statistics
import Summaries
import Vocabulary

/// A claim, what its models gave, and the verdict.
public struct ClaimResult: Sendable {
  /// The estimate of one model: a number, or the reason why there is none.
  typealias Estimate = Result<Double, MissingNumber>

  /// The estimates of some models, and Student's 95 % interval over them.
  public struct Estimates: Sendable {
    /// One per replica; NaN if a model gave none.
    public var values: [Double]
    /// The interval over the models that gave one.
    public var interval: StudentInterval
    /// Why models gave none, with the number of those, in the models' order; empty where each gave one.
    public var whyMissing: String

    init(_ estimates: [Estimate]) {
      values = estimates.map { (try? $0.get()) ?? .nan }
      interval = StudentInterval(of: values)
      var reasons: [(reason: String, count: Int)] = []
      for case .failure(let missing) in estimates {
        if let k = reasons.firstIndex(where: { $0.reason == missing.reason }) {
          reasons[k].count += 1
        } else {
          reasons.append((missing.reason, 1))
        }
      }
      whyMissing = reasons.map { "\($0.reason) in \($0.count)" }.joined(separator: ", ")
    }

    /// The number of models in words: `5 models`, or `5 of 14 models` if some gave no estimate.
    var modelsText: String {
      let (count, all) = (interval.count, values.count)
      return "\(count == all ? "" : "\(count) of ")\(all) \(all == 1 ? "model" : "models")"
    }
  }

  /// One verdict.
  public struct Entry: Sendable {
    /// The point or level, such as `model.latent = 20, level 0.2`; empty if there is only one.
    public var label: String
    /// The estimates.
    public var estimates: Estimates
    /// The estimates of the controls: first those that count, then those that are only shown.
    public var controls: [(control: Control, estimates: Estimates)]
    /// The verdict.
    public var verdict: Verdict
    /// Why there is no other verdict.
    public var reason: String
    /// Sign and size; nil where the claim has a threshold.
    public var answer: FamilyRule.Answer?
  }

  /// The dimension of the parts of an estimate, all of which have to hold.
  package static let part = "part"

  /// The claim.
  public var claim: ClaimSpecification
  /// The remaining dimensions with their values; empty if there is only one verdict.
  public var dimensions: [(name: String, labels: [String])]
  /// The verdicts, the last dimension fastest.
  public var entries: [Entry]
  /// How well the estimates come back in another run.
  package var reproducibility: Reproducibility

  /// Sign and size of each entry; empty where the claim has a threshold.
  public var answers: [FamilyRule.Answer] { entries.compactMap(\.answer) }

  /// One line: verdict, numbers, controls.
  public func line(_ entry: Entry) -> String {
    func text(_ x: Double) -> String { ClaimResult.number(x) }
    func interval(_ estimates: Estimates) -> String {
      "\(text(estimates.interval.mean)) [\(text(estimates.interval.lower)), \(text(estimates.interval.upper))]"
    }
    let place = entry.label.isEmpty ? "" : "\(entry.label): "
    var line =
      "\(place)\(entry.verdict): \(interval(entry.estimates)), \(claim.rule.words) \(text(claim.rule.number)),"
      + " \(entry.estimates.modelsText)"
    if entry.verdict != .supported || entry.answer != nil { line += " (\(entry.reason))" }
    if let answer = entry.answer, answer.exceedingShare.lower.isFinite {
      line +=
        ", \(answer.exceedingCount) above \(text(claim.rule.number)) (share \(text(answer.exceedingShare.lower))"
        + " to \(text(answer.exceedingShare.upper)))"
    }
    if !entry.controls.isEmpty {
      let words = entry.controls.map { control, estimates -> String in
        let isPartial = estimates.interval.count < estimates.values.count
        return "\(control.rawValue) \(interval(estimates))"
          + (isPartial ? " (\(estimates.modelsText): \(estimates.whyMissing))" : "")
          + (claim.compare.contains(control) ? " (shown only)" : "")
      }
      line += "; controls: " + words.joined(separator: ", ")
    }
    return line
  }

  /// A number in four significant digits.
  static func number(_ x: Double) -> String {
    guard x.isFinite else { return "-" }
    return x == 0 ? "0" : abs(x) < 1e-4 || abs(x) >= 1e5 ? format("%.2e", x) : format("%.4g", x)
  }
}

/// Tests claims on the run files of a campaign.
struct ClaimEvaluation {
  private let scenario: Scenario
  private let readers: RunFileReaders
  private let files: (Control?) -> [[String?]]
  private let numbers: ClaimNumbers

  /// - Parameters:
  ///   - readers: What reads the files.
  ///   - files: Of each control (nil: the scenario itself): `[point][replica]`.
  init(
    scenario: Scenario, readers: RunFileReaders, files: @escaping (Control?) -> [[String?]]
  ) {
    self.scenario = scenario
    self.readers = readers
    self.files = files
    numbers = ClaimNumbers(scenario, readers, files: files)
  }

  /// The least-squares slope, where x varies and no number is missing.
  static func slope(_ x: [ClaimResult.Estimate], _ y: [ClaimResult.Estimate]) -> ClaimResult.Estimate {
    Result { () throws(MissingNumber) in try slope(try Self.all(x), try Self.all(y)) }
  }

  private static func slope(_ x: [Double], _ y: [Double]) throws(MissingNumber) -> Double {
    let n = Double(x.count)
    let (mx, my) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
    let sxx = x.reduce(0) { $0 + ($1 - mx) * ($1 - mx) }
    let sxy = zip(x, y).reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) }
    // Equal x may differ from their mean by a rounding.
    let scale = x.reduce(0) { max($0, abs($1)) }
    guard x.count > 1, sxx > n * (1e-12 * scale) * (1e-12 * scale) else {
      throw MissingNumber("no slope, because what it is regressed against does not vary")
    }
    return sxy / sxx
  }

  /// The numbers, where none is missing.
  private static func all(_ estimates: [ClaimResult.Estimate]) throws(MissingNumber) -> [Double] {
    var result: [Double] = []
    for estimate in estimates { result.append(try estimate.get()) }
    return result
  }

  private static func mean(_ estimates: [ClaimResult.Estimate]) -> ClaimResult.Estimate {
    Result { () throws(MissingNumber) in
      let values = try all(estimates)
      guard !values.isEmpty else { throw MissingNumber("no level") }
      return values.reduce(0, +) / Double(values.count)
    }
  }

  /// The result of a claim.
  func result(_ claim: ClaimSpecification) throws -> ClaimResult {
    let main = try estimates(claim, claim.estimate, nil)
    var controls: [(Control, Table)] = []
    for control in claim.controls + claim.compare {
      guard let expression = control.expression(claim.estimate) else { continue }
      let source = control.overrides == nil ? nil : control
      controls.append((control, try estimates(claim, expression, source)))
    }
    let entries = main.values.indices.map { k in
      ClaimResult.Entry(
        label: main.label(k), estimates: ClaimResult.Estimates(main.values[k]),
        controls: controls.map { (control: $0.0, estimates: ClaimResult.Estimates($0.1.values[k])) },
        verdict: .undecided, reason: "", answer: nil)
    }
    return ClaimResult(
      claim: claim, dimensions: main.dimensions, entries: claim.judged(entries),
      reproducibility: try reproducibility(of: claim))
  }

  /// How well a claim's estimates come back: as well as the least reproducible variable that they are made of.
  private func reproducibility(of claim: ClaimSpecification) throws -> Reproducibility {
    guard let file = files(nil).joined().lazy.compactMap({ $0 }).first else { return .bits }
    let data = try ClaimData(
      try readers.reader(of: file), sweep: scenario.sweep, index: 0,
      variables: ClaimNames.variables(scenario))
    return [claim.estimate, claim.against].compactMap { $0 }.contains(where: data.isToTolerance)
      ? .tolerance : .bits
  }

  /// Estimates `[entry][replica]`.
  private struct Table {
    var dimensions: [(name: String, labels: [String])]
    var values: [[ClaimResult.Estimate]]

    func label(_ index: Int) -> String {
      let indices = RowMajorShape(dimensions.map(\.labels.count)).indices(of: index)
      return zip(dimensions, indices).map { dimension, k in
        let value = dimension.labels[k]
        return ["level", ClaimResult.part].contains(dimension.name)
          ? "\(dimension.name) \(value)" : "\(dimension.name) = \(value)"
      }.joined(separator: ", ")
    }
  }

  /// The value of an expression at each of some levels, `[point][replica][level]`.
  private func readings(
    _ expression: ClaimExpression, _ control: Control?, points: [Int], at levels: [Double]
  ) throws -> [[[ClaimResult.Estimate]]] {
    let replicas = files(control).map(\.count).max() ?? 0
    return try points.map { point in
      try (0..<replicas).map { replica in
        try levels.map {
          try numbers.value(
            expression, at: ClaimPlace(control: control, point: point, replica: replica, level: $0))
        }
      }
    }
  }

  /// The estimates of all parts. Where there are several, parts are the last dimension.
  private func estimates(
    _ claim: ClaimSpecification, _ expression: ClaimExpression, _ control: Control?
  ) throws -> Table {
    let tables = try expression.parts.map { try estimates(claim, ofPart: $0, in: expression, control) }
    guard tables.count > 1 else { return tables[0] }
    return Table(
      dimensions: tables[0].dimensions + [(ClaimResult.part, tables.indices.map { "\($0 + 1)" })],
      values: tables[0].values.indices.flatMap { k in tables.map { $0.values[k] } })
  }

  private func estimates(
    _ claim: ClaimSpecification, ofPart part: ClaimExpression, in whole: ClaimExpression, _ control: Control?
  ) throws -> Table {
    let isOfOneLevel = whole.fixesLevel
    let chosen = Array((claim.levels ?? scenario.initial.levels).prefix(isOfOneLevel ? 1 : .max))
    let over = isOfOneLevel ? .mean : claim.over
    let level = (name: "level", labels: chosen.map { ScenarioValue.number($0).yaml })
    guard let against = claim.against else {
      let (points, axes) = points(of: whole)
      let y = try readings(part, control, points: points, at: chosen)
      guard over == .each else {
        return Table(dimensions: axes, values: y.map { $0.map { Self.mean($0) } })
      }
      return Table(
        dimensions: axes + [level],
        values: y.flatMap { models in chosen.indices.map { l in models.map { $0[l] } } })
    }
    let axes = scenario.sweep.map { (name: $0.key, labels: $0.values) }
    let all = Array(files(control).indices)
    let y = try readings(part, control, points: all, at: chosen)
    let x = try readings(against, control, points: all, at: chosen)
    let replicas = (y.first ?? []).indices
    if against.names.numbers.contains("level") {
      return Table(
        dimensions: axes, values: all.map { p in replicas.map { Self.slope(x[p][$0], y[p][$0]) } })
    }
    let levelSets = over == .each ? chosen.indices.map { [$0] } : [Array(chosen.indices)]
    let (kept, groups) = regressed(against, axes.map(\.name), axes.map(\.labels.count), points: all.count)
    return Table(
      dimensions: kept.map { axes[$0] } + (over == .each ? [level] : []),
      values: groups.flatMap { members in
        levelSets.map { set in
          replicas.map { r in
            Self.slope(
              members.map { p in Self.mean(set.map { x[p][r][$0] }) },
              members.map { p in Self.mean(set.map { y[p][r][$0] }) })
          }
        }
      })
  }

  /// The points of the sweep at which an expression is judged, with the dimensions that they have. Keys that the expression
  /// fixes are none.
  private func points(
    of expression: ClaimExpression
  ) -> (points: [Int], axes: [(name: String, labels: [String])]) {
    let shape = RowMajorShape(scenario.sweep.map(\.values.count))
    let left = scenario.sweep.indices.filter { !expression.fixes(key: scenario.sweep[$0].key) }
    let points = (0..<shape.count).filter { point in
      let indices = shape.indices(of: point)
      return indices.indices.allSatisfy { left.contains($0) || indices[$0] == 0 }
    }
    return (points, left.map { (name: scenario.sweep[$0].key, labels: scenario.sweep[$0].values) })
  }

  /// Which swept keys remain where an estimate is regressed over those that an expression names, or over all;
  /// and the points of each regression, in the order of the remaining keys.
  private func regressed(
    _ against: ClaimExpression, _ names: [String], _ lengths: [Int], points: Int
  ) -> (kept: [Int], groups: [[Int]]) {
    let named = names.indices.filter { against.names.numbers.contains(names[$0]) }
    let kept = named.isEmpty ? [] : names.indices.filter { !named.contains($0) }
    let shape = RowMajorShape(lengths)
    var groups: [[Int]: [Int]] = [:]
    for p in 0..<points {
      let place = shape.indices(of: p)
      groups[kept.map { place[$0] }, default: []].append(p)
    }
    let keys = groups.keys.sorted { $0.lexicographicallyPrecedes($1) }
    return (kept, keys.map { groups[$0] ?? [] })
  }
}

extension ClaimExpression {
  /// Whether all of it is read at levels that it names.
  var fixesLevel: Bool { isFixed { if case .level = $0 { true } else { false } } }

  /// Whether all of it is read at values of a swept key that it names.
  func fixes(key: String) -> Bool { isFixed { if case .swept(key, _) = $0 { true } else { false } } }
}

private func format(_ pattern: String, _ x: Double) -> String { String(format: pattern, x) }
