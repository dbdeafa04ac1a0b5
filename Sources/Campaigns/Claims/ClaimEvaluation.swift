import Expressions
import Foundation
import Observables
import Output
import RunFiles
import Scenarios
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

/// The numbers of one run that claims may use.
struct ClaimData {
  private let reader: NetCDFReader
  private let roles: VariableRoles
  private let swept: [String: Double]
  /// The variable of each averaged series, by its name in claims.
  private let variables: [String: String]
  /// The run's corruption levels.
  let levels: [Double]

  /// - Parameter variables: The variable of each averaged series, by its name in claims.
  init(
    _ reader: NetCDFReader, sweep: [SweptKey], index: Int, variables: [String: String]
  ) throws {
    self.reader = reader
    self.variables = variables
    roles = VariableRoles(reader.root)
    levels = try reader.variable("level").readDoubles()
    var values: [String: Double] = [:]
    for (key, place) in zip(sweep, RowMajorShape(sweep.map(\.values.count)).indices(of: index)) {
      values[key.key] = Double(key.values[place])
    }
    swept = values
  }

  /// The expression's value at each of the run's levels.
  func values(_ expression: ClaimExpression) throws -> [ClaimResult.Estimate] {
    let names = expression.names
    var series: [String: [ClaimSeries]] = [:]
    for name in names.series { series[name] = try self.series(name) }
    var numbers: [String: [ClaimNumber]] = [:]
    for name in names.numbers { numbers[name] = try self.numbers(name) }
    return levels.indices.map { l in
      Result { () throws(MissingNumber) in
        try expression.value(
          number: { name throws(MissingNumber) in numbers[name]?[l] ?? ClaimNumber(.nan) },
          series: { name throws(MissingNumber) in series[name]?[l] ?? ClaimSeries([]) })
      }
    }
  }

  /// Whether an expression names a variable that comes back to a tolerance only.
  func isToTolerance(_ expression: ClaimExpression) -> Bool {
    let names = expression.names
    let paths =
      names.series.map { variables[$0] ?? AveragedObservable.variableName($0) }
      + names.numbers.map(AveragedObservable.variableName)
    return paths.contains { path in
      (try? reader.variable(path)).map { Reproducibility($0.attributes) == .tolerance } ?? false
    }
  }

  /// An average over time at each level.
  private func series(_ name: String) throws -> [ClaimSeries] {
    let variable = variables[name] ?? AveragedObservable.variableName(name)
    let means = try reader.variable(variable).readDoubles()
    let times = means.count / max(levels.count, 1)
    let counts = try counts(of: variable)
    return levels.indices.map { l in
      let range = l * times..<(l + 1) * times
      return ClaimSeries(Array(means[range]), memberCounts: counts.map { Array($0[range]) } ?? [])
    }
  }

  /// A number at each level.
  private func numbers(_ name: String) throws -> [ClaimNumber] {
    if name == "level" { return levels.map { ClaimNumber($0) } }
    if let value = swept[name] { return levels.map { _ in ClaimNumber(value) } }
    let path = AveragedObservable.variableName(name)
    guard let variable = try? reader.variable(path) else { return levels.map { _ in ClaimNumber(.nan) } }
    // -1 stands for none in integers.
    let values = try variable.readDoubles().map { variable.type.isInteger && $0 < 0 ? .nan : $0 }
    if variable.dimensions.isEmpty { return levels.map { _ in ClaimNumber(values[0]) } }
    let counts = try counts(of: path)
    return levels.indices.map { ClaimNumber(values[$0], isOfMembers: true, memberCount: counts?[$0]) }
  }

  /// How many members an average is over; nil where the file does not say.
  private func counts(of variable: String) throws -> [Int]? {
    try roles.name(of: .sampleSize(of: variable)).map { try reader.variable($0).readInts() }
  }
}

/// Tests claims on the run files of a campaign.
struct ClaimEvaluation {
  let scenario: Scenario
  /// What reads the files.
  let readers: RunFileReaders
  /// Of each control (nil: the scenario itself): `[point][replica]`.
  let files: (Control?) -> [[String?]]

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
    let main = try estimates(claim, claim.estimate, files(nil))
    var controls: [(Control, Table)] = []
    for control in claim.controls + claim.compare {
      guard let expression = control.expression(claim.estimate) else { continue }
      let source = control.overrides == nil ? files(nil) : files(control)
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
        return dimension.name == "level" ? "level \(value)" : "\(dimension.name) = \(value)"
      }.joined(separator: ", ")
    }
  }

  /// An estimate, and what it is regressed against, `[point][replica][level]`.
  private struct Readings {
    var y: [[[ClaimResult.Estimate]]]
    /// Empty lists where it is regressed against nothing.
    var x: [[[ClaimResult.Estimate]]]
    var points: Int { y.count }
    var replicas: Int
  }

  private func readings(
    _ claim: ClaimSpecification, _ expression: ClaimExpression, _ files: [[String?]], at levels: [Double]
  ) throws -> Readings {
    let missing = levels.map { _ in ClaimResult.Estimate.failure(MissingNumber("a run failed")) }
    let variables = ClaimNames.variables(scenario)
    var result = Readings(y: [], x: [], replicas: files.map(\.count).max() ?? 0)
    for (p, models) in files.enumerated() {
      let pairs = try models.map { file -> (y: [ClaimResult.Estimate], x: [ClaimResult.Estimate]) in
        guard let file else { return (missing, missing) }
        let data = try ClaimData(
          try readers.reader(of: file), sweep: scenario.sweep, index: p, variables: variables)
        func pick(_ values: [ClaimResult.Estimate]) -> [ClaimResult.Estimate] {
          levels.map { level in
            data.levels.firstIndex(of: level).map { values[$0] } ?? .failure(MissingNumber("no such level"))
          }
        }
        return (
          pick(try data.values(expression)), try claim.against.map { pick(try data.values($0)) } ?? []
        )
      }
      result.y.append(pairs.map(\.y))
      result.x.append(pairs.map(\.x))
    }
    return result
  }

  private func estimates(
    _ claim: ClaimSpecification, _ expression: ClaimExpression, _ files: [[String?]]
  ) throws -> Table {
    let chosen = claim.levels ?? scenario.initial.levels
    let found = try readings(claim, expression, files, at: chosen)
    let axes = scenario.sweep.map { (name: $0.key, labels: $0.values) }
    let level = (name: "level", labels: chosen.map { ScenarioValue.number($0).yaml })
    func table(_ estimate: (_ point: Int, _ replica: Int) -> ClaimResult.Estimate) -> Table {
      Table(
        dimensions: axes,
        values: (0..<found.points).map { p in (0..<found.replicas).map { estimate(p, $0) } })
    }
    guard let against = claim.against else {
      guard claim.over == .each else { return table { Self.mean(found.y[$0][$1]) } }
      return Table(
        dimensions: axes + [level],
        values: (0..<found.points).flatMap { p in
          chosen.indices.map { l in (0..<found.replicas).map { found.y[p][$0][l] } }
        })
    }
    if against.names.numbers.contains("level") {
      return table { Self.slope(found.x[$0][$1], found.y[$0][$1]) }
    }
    let levelSets = claim.over == .each ? chosen.indices.map { [$0] } : [Array(chosen.indices)]
    let (kept, groups) = regressed(against, axes.map(\.name), axes.map(\.labels.count), points: found.points)
    return Table(
      dimensions: kept.map { axes[$0] } + (claim.over == .each ? [level] : []),
      values: groups.flatMap { members in
        levelSets.map { set in
          (0..<found.replicas).map { r in
            Self.slope(
              members.map { p in Self.mean(set.map { found.x[p][r][$0] }) },
              members.map { p in Self.mean(set.map { found.y[p][r][$0] }) })
          }
        }
      })
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

private func format(_ pattern: String, _ x: Double) -> String { String(format: pattern, x) }
