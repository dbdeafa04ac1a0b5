import Expressions
import Experiments
import Foundation
import Observables
import Output
import RunFiles
import Scenarios
import Summaries
import Vocabulary

extension Campaign {
  /// Writes the run file of all runs, and tests the claims.
  ///
  /// The root holds the runs of the scenario itself, with a leading dimension for each swept key. With
  /// replicas, the root holds averages over models, and `/replicas` holds what each model gave.
  /// `/controls/NAME` holds the runs of a control in the same way, and `/claims/NAME` the estimates and
  /// verdicts of a claim.
  func write(
    _ files: [String?], outcomes: [Outcome], claimChanges: [String], to path: String, overwrite: Bool
  ) throws -> [ClaimResult] {
    let check: () throws -> Void = { [events] in if events.shouldStop() { throw CancellationError() } }
    var table: [Control?: [[String?]]] = [:]
    for (point, file) in zip(plan.points, files) {
      let empty = Array(repeating: [String?](repeating: nil, count: plan.replicas), count: plan.pointCount)
      table[point.control, default: empty][point.index][point.replica] = file
    }
    let readers = RunFileReaders()
    let evaluation = ClaimEvaluation(scenario: scenario, readers: readers) { table[$0] ?? [] }
    let claims = try scenario.claims.map {
      try check()
      return try evaluation.result($0)
    }
    let writer = try NetCDFWriter(path: path, overwrite: overwrite)
    do {
      let root = writer.root
      let axes = scenario.sweep.map { Self.dimensionName($0.key) }
      for (name, key) in zip(axes, scenario.sweep) {
        try root.defineDimension(name, length: key.values.count)
      }
      try writeAxes(axes, in: root)
      let main = table[nil] ?? []
      var dimensions: [FileLayout.Dimension] = []
      let stacking = Stacking(
        axes: axes, readers: readers, check: check, layouts: try Self.layouts(table, readers, check))
      try writeRuns(main, stacking, in: root, control: nil, common: &dimensions)
      if !plan.controls.isEmpty {
        let group = try root.defineGroup("controls")
        for control in plan.controls {
          guard let files = table[control], files.contains(where: { $0.contains { $0 != nil } }) else {
            continue
          }
          let made = try group.defineGroup(control.rawValue)
          try made.setAttribute("long_name", .text(control.meaning))
          try writeRuns(files, stacking, in: made, control: control, common: &dimensions)
        }
      }
      if !claims.isEmpty { try write(claims, in: root) }
      try writeStatus(outcomes, axes: axes, in: root)
      try writeAttributes(main, readers, claims: claims, in: root)
      if !claimChanges.isEmpty {
        try root.setAttribute(Self.claimChangesAttribute, .text(claimChanges.joined(separator: "; ")))
      }
      try writer.commit()
      return claims
    } catch {
      writer.abandon()
      throw error
    }
  }

  /// Writes the coordinates of leading dimensions: swept values, and the numbers of models.
  ///
  /// Every group whose variables have them gets its own copy, because readers such as `xarray.open_dataset`
  /// see one group at a time. The dimensions themselves are those of an enclosing group.
  private func writeAxes(_ names: [String], in group: NetCDFGroup) throws {
    for key in scenario.sweep {
      let name = Self.dimensionName(key.key)
      guard names.contains(name) else { continue }
      let meaning = meaning(of: key)
      func define(_ kind: RunVariable.Kind) throws -> NetCDFVariable {
        try group.defineVariable(CampaignLayout.sweptKey(name, kind, key: key.key, meaning: meaning))
      }
      switch numbers(of: key) {
      case .integers(let integers): try define(.wide).write(integers)
      case .reals(let numbers): try define(.real).write(numbers)
      case nil:
        let texts = CampaignLayout.sweptTexts(name, key: key.key, meaning: meaning)
        try group.defineVariable(texts.number).write(key.values.indices.map { Int32($0) })
        try group.defineVariable(texts.words).write(key.values.map(key.text))
      }
    }
    guard names.contains("replica") else { return }
    try group.defineVariable(CampaignLayout.replica).write((0..<plan.replicas).map { Int32($0) })
  }

  private func meaning(of key: SweptKey) -> String {
    options.registry.vocabulary.keys.declaration(of: key.key, in: scenario)?.meaning ?? ""
  }

  /// Values of a swept key as a coordinate.
  private enum Numbers {
    case integers([Int64])
    case reals([Double])
  }

  /// The values of a swept key if all are numbers that the file can hold. Seeds from 2^63 on do not fit into
  /// signed 64-bit integers, and would be rounded as real numbers.
  private func numbers(of key: SweptKey) -> Numbers? {
    guard let numbers = key.numbers else { return nil }
    let declaration = options.registry.vocabulary.keys.declaration(of: key.key, in: scenario)
    let isReal = if case .number? = declaration?.type { true } else { false }
    let integers = isReal ? [] : key.values.compactMap { Int64($0) }
    if integers.count == numbers.count { return .integers(integers) }
    return key.key == "seed" ? nil : .reals(numbers)
  }

  /// Which dimensions' entries have names.
  private var labels: DimensionLabels {
    DimensionLabels.ofClasses.adding(
      scenario.sweep.filter { numbers(of: $0) == nil }.map {
        CampaignLayout.sweptTexts(Self.dimensionName($0.key), key: $0.key, meaning: meaning(of: $0)).words
      })
  }

  /// A swept key as a dimension's name.
  static func dimensionName(_ key: String) -> String { String(key.map { ".-".contains($0) ? "_" : $0 }) }

  /// What all groups of runs need when they are written.
  private struct Stacking {
    /// Names of the swept dimensions.
    var axes: [String]
    var readers: RunFileReaders
    /// What to do before each file.
    var check: () throws -> Void
    /// What the files of the scenario itself (nil) and of each control hold, put together.
    var layouts: [Control?: FileLayout]
  }

  /// What files hold, put together; with the coordinates of all, because a control's group inherits the root's.
  private static func layouts(
    _ table: [Control?: [[String?]]], _ readers: RunFileReaders, _ check: () throws -> Void
  ) throws -> [Control?: FileLayout] {
    var result = try table.mapValues { files in
      var layout = FileLayout()
      for case let file? in files.joined() {
        try check()
        try layout.add(try readers.reader(of: file))
      }
      return layout
    }
    // The scenario's own first, and the others in one order.
    let order: [Control?] = [nil] + Control.allCases.map { $0 }
    var all = FileLayout()
    for case let layout? in order.map({ result[$0] }) { all.uniteCoordinates(with: layout) }
    for control in result.keys { result[control]?.adoptCoordinates(of: all) }
    return result
  }

  /// The variables of runs `[point][replica]`.
  ///
  /// - Parameter common: The root's dimensions; the scenario's own runs, which come first, fill it.
  private func writeRuns(
    _ files: [[String?]], _ stacking: Stacking, in group: NetCDFGroup, control: Control?,
    common: inout [FileLayout.Dimension]
  ) throws {
    let (axes, readers, check) = (stacking.axes, stacking.readers, stacking.check)
    let isControl = control != nil
    var layout = stacking.layouts[control] ?? FileLayout()
    // Of a control, averages are enough.
    if isControl { layout.groups = [] }
    // Dimensions that a control shares with the root are not defined again.
    let definesDimensions = !isControl || !layout.root.dimensions.allSatisfy(common.contains)
    if !isControl { common = layout.root.dimensions }
    if isControl {
      try writeAxes(axes, in: group)
      if !definesDimensions { try FileStack.writeCoordinates(layout, in: group) }
    }
    let (points, replicas) = (plan.shape, plan.replicas)
    func values(_ number: Int) -> [(String, NetCDFAttribute)] {
      let indices = RowMajorShape(points + [replicas]).indices(of: number)
      let result = zip(scenario.sweep, indices).map { key, index -> (String, NetCDFAttribute) in
        let value = key.values[index]
        let number = Double(value)
        return (
          Self.dimensionName(key.key),
          Int(value).map { .int($0) } ?? number.map { .double($0) } ?? .text(key.text(of: value))
        )
      }
      return replicas > 1 ? result + [("replica", .int(indices[points.count]))] : result
    }
    guard replicas > 1 else {
      try FileStack(
        axes: axes, labels: labels, shape: points, files: files.map { $0[0] }, readers: readers,
        layout: layout, check: check, writeAxes: { try writeAxes(axes, in: $0) }
      ).write(in: group, definesRootDimensions: definesDimensions, attributes: values)
      return
    }
    if definesDimensions { try FileStack.defineRoot(layout, in: group) }
    try ModelSummary(
      axes: axes, labels: labels, shape: points, files: files, readers: readers, layout: layout,
      check: check
    ).write(in: group)
    let inner = try group.defineGroup("replicas")
    try inner.setAttribute("long_name", "what each model gave: replica r is the run with the seed plus r")
    try inner.defineDimension("replica", length: replicas)
    let innerAxes = axes + ["replica"]
    try writeAxes(innerAxes, in: inner)
    try FileStack.writeCoordinates(layout, in: inner)
    try FileStack(
      axes: innerAxes, labels: labels, shape: points + [replicas], files: Array(files.joined()),
      readers: readers, layout: layout, check: check, writeAxes: { try writeAxes(innerAxes, in: $0) }
    ).write(in: inner, definesRootDimensions: false, attributes: values)
  }

  /// Which runs failed, and why.
  private func writeStatus(_ outcomes: [Outcome], axes: [String], in root: NetCDFGroup) throws {
    var failed = [Int32](repeating: 0, count: plan.pointCount)
    var messages = [String](repeating: "", count: plan.pointCount)
    for (point, outcome) in zip(plan.points, outcomes) {
      guard case .failed(let error) = outcome, point.control == nil else { continue }
      failed[point.index] += 1
      if messages[point.index].isEmpty { messages[point.index] = "\(error)" }
    }
    let all = outcomes.count { if case .failed = $0 { true } else { false } }
    if all > 0 { try root.setAttribute("failed_runs_in_all", .int(all)) }
    guard !axes.isEmpty || failed.contains(where: { $0 > 0 }) else { return }
    try root.defineVariable(CampaignLayout.failedRuns(axes), labels: labels).write(failed)
    try root.defineVariable(CampaignLayout.failure(axes), labels: labels).write(messages)
  }

  /// The groups `/claims/NAME`.
  private func write(_ claims: [ClaimResult], in root: NetCDFGroup) throws {
    let group = try root.defineGroup("claims")
    try group.setAttribute(
      "rule",
      .text(
        "supported: Student's 95 % interval over at least \(ClaimSpecification.leastModels) models, each of which"
          + " gave the estimate, lies above the threshold, and that of no control does; refuted: it lies below; else"
          + " undecided"))
    try group.setAttribute(
      "rule_of_smallest_effects",
      .text(
        "supported: positive, and above smallest_effect; refuted: negative; else undecided; p-values of Student's and of"
          + " the sign test, the larger of the two, with Holm's correction over the claim's levels and points, are at"
          + " most 0.05"))
    for result in claims {
      let claim = result.claim
      let made = try group.defineGroup(claim.name)
      try made.setAttribute("statement", .text(claim.statement))
      try made.setAttribute("estimate", .text(claim.estimate.text))
      if let against = claim.against { try made.setAttribute("against", .text(against.text)) }
      if let levels = claim.levels { try made.setAttribute("levels", .doubles(levels)) }
      try made.setAttribute("over", .text(claim.over.rawValue))
      try made.setAttribute(claim.rule.attribute, .double(claim.rule.number))
      try made.setAttribute("controls", .text(claim.controls.map(\.rawValue).joined(separator: " ")))
      var dimensions: [String] = []
      for (name, labels) in result.dimensions {
        let dimension = name == "level" ? ClaimLayout.levelDimension : Self.dimensionName(name)
        dimensions.append(dimension)
        guard name == "level" || name == ClaimResult.part else { continue }
        try made.defineDimension(dimension, length: labels.count)
        try made.defineVariable(name == "level" ? ClaimLayout.level : ClaimLayout.part).write(
          labels.map { Double($0) ?? .nan })
      }
      try made.defineDimension("replica", length: plan.replicas)
      try writeAxes(dimensions + ["replica"], in: made)
      try write(
        result.entries.map(\.estimates), of: result, isControl: false, dimensions, in: made)
      let verdicts = ClaimLayout.verdict(
        dimensions, words: Verdict.allCases.map { ("\($0)", Int32($0.rawValue)) })
      try made.defineVariable(verdicts, labels: labels).write(
        result.entries.map { Int32($0.verdict.rawValue) })
      try made.defineVariable(ClaimLayout.reason(dimensions), labels: labels).write(
        result.entries.map(\.reason))
      try writeAnswers(result, dimensions, in: made)
      let controls = result.entries.first?.controls.map(\.control) ?? []
      guard !controls.isEmpty else { continue }
      try made.defineDimension(ClaimLayout.controlDimension, length: controls.count)
      try made.defineVariable(ClaimLayout.control).write(controls.indices.map { Int32($0) })
      try made.defineVariable(ClaimLayout.controlWords).write(controls.map(\.rawValue))
      try write(
        controls.indices.flatMap { c in result.entries.map { $0.controls[c].estimates } }, of: result,
        isControl: true, dimensions, in: made)
    }
  }

  /// Sign and size, where the claim has a smallest effect.
  private func writeAnswers(
    _ result: ClaimResult, _ dimensions: [String], in group: NetCDFGroup
  ) throws {
    let answers = result.answers
    guard !answers.isEmpty else { return }
    let variables = ClaimLayout.Answers(
      dimensions, signs: FamilyRule.Sign.allCases.map { ("\($0)", Int32($0.rawValue)) },
      sizes: FamilyRule.Size.allCases.map { ("\($0)", Int32($0.rawValue)) })
    func define(_ variable: RunVariable) throws -> NetCDFVariable {
      try group.defineVariable(variable, labels: labels)
    }
    try define(variables.sign).write(answers.map { Int32($0.sign.rawValue) })
    try define(variables.signProbability).write(answers.map(\.signProbability))
    try define(variables.size).write(answers.map { Int32($0.size.rawValue) })
    try define(variables.sizeProbability).write(answers.map(\.sizeProbability))
    try define(variables.detectableEffect).write(answers.map(\.detectableEffect))
    try define(variables.exceedingCount).write(answers.map { Int32($0.exceedingCount) })
    try define(variables.exceedingShare.lower).write(answers.map(\.exceedingShare.lower))
    try define(variables.exceedingShare.upper).write(answers.map(\.exceedingShare.upper))
  }

  /// The estimates of a claim with their interval, or those of its controls.
  private func write(
    _ estimates: [ClaimResult.Estimates], of result: ClaimResult, isControl: Bool, _ dimensions: [String],
    in group: NetCDFGroup
  ) throws {
    let variables = ClaimLayout.Estimates(
      isControl: isControl, dimensions, isCorrected: !result.answers.isEmpty,
      reproducibility: result.reproducibility)
    let labels = labels.adding(isControl ? [ClaimLayout.controlWords] : [])
    func define(_ variable: RunVariable) throws -> NetCDFVariable {
      try group.defineVariable(variable, labels: labels)
    }
    try define(variables.estimate).write(estimates.flatMap(\.values))
    try define(variables.mean).write(estimates.map(\.interval.mean))
    try define(variables.lower).write(estimates.map(\.interval.lower))
    try define(variables.upper).write(estimates.map(\.interval.upper))
    try define(variables.count).write(estimates.map { Int32($0.interval.count) })
  }

  private func writeAttributes(
    _ files: [[String?]], _ readers: RunFileReaders, claims: [ClaimResult], in root: NetCDFGroup
  ) throws {
    guard let file = files.joined().lazy.compactMap({ $0 }).first else { return }
    let replaced = [
      "scenario", "history", "title", "seed", "scenario_name", "dataset_sha256", "model_sha256", "warnings",
    ]
    for (name, value) in try readers.reader(of: file).root.attributes
    where !replaced.contains(name) && !name.hasPrefix("model_") {
      try root.setAttribute(name, value)
    }
    let date = ISO8601DateFormatter().string(from: Date())
    try root.setAttribute(
      "title", .text(scenario.description.isEmpty ? scenario.name : scenario.description))
    try root.setAttribute("history", .text("\(date) \(options.command)"))
    try root.setAttribute("scenario_name", .text(scenario.name))
    try root.setAttribute("scenario", .text(scenario.resolvedYAML))
    try root.setAttribute("seed", Int(exactly: scenario.seed).map { .int($0) } ?? .text("\(scenario.seed)"))
    if plan.replicas > 1 { try root.setAttribute("models", .int(plan.replicas)) }
    // Those of all runs, each once, in the order of the runs.
    let lists: [(String, Character)] = [
      ("dataset_sha256", " "), ("model_sha256", " "), ("model_file", "\n"), ("warnings", "\n"),
    ]
    for (name, separator) in lists {
      var texts: [String] = []
      for case let file? in files.joined() {
        guard let text = try? readers.reader(of: file).attribute(name).text else { continue }
        for line in text.split(separator: separator).map(String.init) where !texts.contains(line) {
          texts.append(line)
        }
      }
      if separator == " " || !texts.isEmpty {
        try root.setAttribute(name, .text(texts.joined(separator: String(separator))))
      }
    }
    for result in claims {
      let lines = result.entries.map { result.line($0) }
      try root.setAttribute(
        "verdict_" + Self.dimensionName(result.claim.name),
        .text("\(result.claim.statement) " + lines.joined(separator: " | ")))
    }
  }
}
