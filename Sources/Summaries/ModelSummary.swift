import RunFiles
import Statistics
import Vocabulary
import Numerics
import Output

/// Summarizes each variable of the run files' root over several models: see `SummaryRule`.
package struct ModelSummary {
  /// The names of the leading dimensions.
  let axes: [String]
  /// The names of dimensions' entries.
  let labels: DimensionLabels
  let shape: [Int]
  /// For each point of the sweep, the files of its models; nil where a run failed.
  let files: [[String?]]
  /// The readers of the files.
  let readers: RunFileReaders
  let layout: FileLayout
  let check: () throws -> Void

  /// Creates a summary.
  package init(
    axes: [String], labels: DimensionLabels = .ofClasses, shape: [Int], files: [[String?]],
    readers: RunFileReaders,
    layout: FileLayout, check: @escaping () throws -> Void
  ) {
    self.axes = axes
    self.labels = labels
    self.shape = shape
    self.files = files
    self.readers = readers
    self.layout = layout
    self.check = check
  }

  /// A variable of the files, and the variables that summarize it.
  private struct Summary {
    let variable: FileLayout.Variable
    let rule: SummaryRule
    let targets: [NetCDFVariable]
  }

  /// The time and distance of the closest concept, in a series averaged over models.
  private struct Closest {
    /// The name of the series.
    let series: String
    let time: NetCDFVariable
    let distance: NetCDFVariable
  }

  /// Defines and writes the summaries.
  package func write(in group: NetCDFGroup) throws {
    let summaries = try define(in: group)
    let closest = try defineClosest(in: group)
    for (point, models) in files.enumerated() {
      let leading = RowMajorShape(shape).indices(of: point)
      let all = try moments(of: models, summaries)
      for (summary, moments) in zip(summaries, all) {
        let counts = lengths(of: summary.variable)
        if counts.contains(0) { continue }
        try write(
          moments, to: summary, start: leading + counts.map { _ in 0 },
          count: leading.map { _ in 1 } + counts)
        if let closest, summary.variable.name == closest.series {
          let count = summaries.firstIndex { $0.variable.role == .sampleSize(of: closest.series) }
          try write(
            moments.map { $0.mean ?? .nan }, counts: count.map { all[$0].map(Self.total) }, to: closest,
            start: leading)
        }
      }
    }
  }

  private func lengths(of variable: FileLayout.Variable) -> [Int] {
    variable.dimensions.map { name in
      layout.root.dimensions.first { $0.name == name }?.entries.count ?? 0
    }
  }

  private func define(in group: NetCDFGroup) throws -> [Summary] {
    let all = layout.root.variables
    let roles = Dictionary(
      all.map { ($0.name, $0.role) }, uniquingKeysWith: { first, _ in first })
    return try all.compactMap { variable in
      let rule = SummaryRule(variable.role) { roles[$0] ?? .value }
      switch rule {
      case .mean, .spread, .count: break
      case .minimum, .timeOfMinimum, .none, .replaced: return nil
      }
      // Spreads and counts belong to the mean over models as well.
      let others = all.filter {
        switch $0.role {
        case .standardDeviation(variable.name), .sampleSize(variable.name): true
        default: false
        }
      }
      return Summary(
        variable: variable, rule: rule,
        targets: try rule.variables(of: variable.runVariable, beside: others.map(\.name)).map {
          try group.define($0, leading: axes, labels: labels)
        })
    }
  }

  /// The moments of the models' numbers at a point of the sweep: for each variable one entry per element.
  private func moments(of models: [String?], _ summaries: [Summary]) throws -> [[RunningMoments]] {
    var result = summaries.map { summary in
      [RunningMoments](repeating: RunningMoments(), count: lengths(of: summary.variable).reduce(1, *))
    }
    for case let file? in models {
      try check()
      let reader = try readers.reader(of: file)
      let own = try reader.root.dimensions.map { try FileLayout.Dimension($0, in: reader.root) }
      for (k, summary) in summaries.enumerated() {
        guard let source = try? reader.variable(summary.variable.name) else { continue }
        let values = try source.readDoubles()
        let isInteger = source.type.isInteger
        let isSpread = if case .spread = summary.rule { true } else { false }
        let places = source.dimensions.map { dimension in
          layout.root.dimensions.first { $0.name == dimension.name }?.places(
            of: own.first { $0.name == dimension.name }?.entries ?? []) ?? []
        }
        forEachPlace(source.shape, places, lengths(of: summary.variable)) { from, to in
          // In variables of whole numbers, -1 stands for none.
          let x = isInteger && values[from] < 0 ? .nan : values[from]
          result[k][to].add(isSpread ? x * x : x)
        }
      }
    }
    return result
  }

  /// Writes one point of the sweep.
  private func write(_ moments: [RunningMoments], to summary: Summary, start: [Int], count: [Int]) throws {
    let targets = summary.targets
    switch summary.rule {
    case .mean:
      let intervals = moments.map { StudentInterval($0) }
      let numbers: [KeyPath<StudentInterval, Double>] = [\.mean, \.standardError, \.lower, \.upper]
      for (target, number) in zip(targets, numbers) {
        try target.write(intervals.map { $0[keyPath: number] }, start: start, count: count)
      }
      try targets[numbers.count].write(moments.map(\.count), start: start, count: count)
    case .spread:
      try targets[0].write(moments.map { ($0.mean ?? .nan).squareRoot() }, start: start, count: count)
    case .count:
      try targets[0].write(moments.map(Self.total), start: start, count: count)
    case .minimum, .timeOfMinimum, .none, .replaced: break
    }
  }

  /// The sum of counts.
  private static func total(_ counts: RunningMoments) -> Int {
    Int(((counts.mean ?? 0) * Double(counts.count)).rounded())
  }

  /// Defines the variables of the closest concept, if the files have them and the series that they come from.
  private func defineClosest(in group: NetCDFGroup) throws -> Closest? {
    for variable in layout.root.variables {
      guard case .minimum(let series) = variable.role,
        layout.root.variables.first(where: { $0.name == series })?.dimensions == ["level", "time"]
      else { continue }
      let variables = ClosestConceptVariables.ofModels
      return Closest(
        series: series, time: try group.define(variables.time, leading: axes, labels: labels),
        distance: try group.define(variables.distance, leading: axes, labels: labels))
    }
    return nil
  }

  /// Writes where a series is smallest. It is missing if the series is over fewer members at some times than at others,
  /// for example because some diverge.
  ///
  /// - Parameter counts: The number of members that each of the series' means is over; nil if the files do not contain
  ///   it.
  private func write(_ series: [Double], counts: [Int]?, to closest: Closest, start: [Int]) throws {
    let levels = layout.root.dimensions.first { $0.name == "level" }?.entries.count ?? 0
    guard levels > 0 else { return }
    let times = series.count / levels
    let least = (0..<levels).map { level -> Int? in
      let row = level * times..<(level + 1) * times
      // If steps are swept, the times that a run lacks have no members.
      let known = counts?[row].filter { $0 > 0 } ?? []
      guard known.allSatisfy({ $0 == known[0] }) else { return nil }
      return (level * times..<(level + 1) * times).filter { series[$0].isFinite }
        .min { (series[$0], $0) < (series[$1], $1) }
    }
    let count = start.map { _ in 1 } + [levels]
    try closest.time.write(
      least.enumerated().map { level, k in k.map { Int32($0 - level * times) } ?? -1 }, start: start + [0],
      count: count)
    try closest.distance.write(least.map { $0.map { series[$0] } ?? .nan }, start: start + [0], count: count)
  }

  /// Calls `body(from, to)` with the index of each element in a file's array and its index in the whole array.
  private func forEachPlace(
    _ shape: [Int], _ places: [[Int]], _ widths: [Int], _ body: (_ from: Int, _ to: Int) -> Void
  ) {
    var index = shape.map { _ in 0 }
    for from in 0..<shape.reduce(1, *) {
      var to = 0
      for (k, i) in index.enumerated() { to = to * widths[k] + places[k][i] }
      body(from, to)
      for k in shape.indices.reversed() {
        index[k] += 1
        if index[k] < shape[k] { break }
        index[k] = 0
      }
    }
  }
}

extension FileLayout.Variable {
  /// The variable as the table would describe it.
  fileprivate var runVariable: RunVariable {
    func text(_ name: String) -> String? { attributes.first { $0.0 == name }?.1.text }
    let replaced = [
      "long_name", "units", Information.attribute.0, "ancillary_variables", "coordinates", "flag_values",
      "flag_meanings", Reproducibility.attributeName,
    ]
    let isInNats = text(Information.attribute.0) != nil
    var result = RunVariable(
      name, .real, dimensions, role, Information.quantity(text("long_name") ?? name),
      units: isInNats ? Information.units : text("units") ?? "1",
      more: attributes.filter {
        !replaced.contains($0.0) && !VariableRole.attributeNames.contains($0.0)
      })
    result.reproducibility = Reproducibility(attributes)
    return result
  }
}
