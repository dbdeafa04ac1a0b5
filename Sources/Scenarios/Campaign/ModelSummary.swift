import Numerics
import Observables
import Output

/// What several models say of each variable of the run files' root: mean, standard error and Student's interval
/// between models.
///
/// Members are never pooled over models: each model gives one number, its average.
struct ModelSummary {
  /// How a variable is put together.
  private enum Rule {
    /// Mean over models, with error and interval.
    case mean
    /// The models' standard deviations over members: root of the mean square.
    case spread
    /// Numbers of members: the sum.
    case count
    /// Replaced by the error between models, or computed from averaged series.
    case replaced

    /// What is defined by the averaged series, not as an average.
    static let ofSeries = ["closest_concept_time", "closest_concept_distance"]

    init(_ name: String, among names: Set<String>) {
      func isOf(_ suffix: String) -> Bool {
        name.hasSuffix(suffix) && names.contains(String(name.dropLast(suffix.count)))
      }
      if ["_standard_error", "_lower", "_upper"].contains(where: isOf) || Self.ofSeries.contains(name) {
        self = .replaced
      } else if isOf("_standard_deviation") {
        self = .spread
      } else if name == "count" || name.hasSuffix("_count") {
        self = .count
      } else {
        self = .mean
      }
    }
  }

  /// Names of the leading dimensions.
  let axes: [String]
  let shape: [Int]
  /// For each point of the sweep, the files of its models; nil where a run failed.
  let files: [[String?]]
  /// What reads them.
  let readers: RunFileReaders
  let layout: FileLayout
  let check: () throws -> Void

  /// Defines and writes the summaries.
  func write(in group: NetCDFGroup) throws {
    let names = Set(layout.root.variables.map(\.name))
    let summarized = layout.root.variables.filter { !$0.isLabel }.map { ($0, Rule($0.name, among: names)) }
      .filter { $0.1 != .replaced }
    let lengths = Dictionary(
      uniqueKeysWithValues: layout.root.dimensions.map { ($0.name, $0.entries.count) })
    var targets: [[NetCDFVariable]] = []
    for (variable, rule) in summarized {
      let dimensions = axes + variable.dimensions
      let longName = variable.attributes.first { $0.0 == "long_name" }?.1.text ?? variable.name
      let units = variable.attributes.first { $0.0 == "units" }?.1.text ?? "1"
      func define(_ suffix: String, _ words: String, _ more: [(String, NetCDFAttribute)] = []) throws
        -> NetCDFVariable
      {
        let kept = variable.attributes.filter {
          suffix.isEmpty
            && !["long_name", "units", "ancillary_variables", "flag_values", "flag_meanings"].contains($0.0)
        }
        return try group.defineVariable(
          variable.name + suffix, type: rule == .count ? .int64 : .double, dimensions: dimensions,
          attributes: [("long_name", .text(words)), ("units", .text(units))] + more + kept,
          fillValue: rule == .count ? nil : NetCDFWriter.missing)
      }
      switch rule {
      case .mean:
        var ancillary = ["_standard_error", "_lower", "_upper"].map { variable.name + $0 }
        for suffix in ["_standard_deviation", "_count"] where names.contains(variable.name + suffix) {
          ancillary.append(variable.name + suffix)
        }
        targets.append([
          try define(
            "", "\(longName), mean over models",
            [("ancillary_variables", .text(ancillary.joined(separator: " ")))]),
          try define("_standard_error", "standard error over models of \(variable.name)"),
          try define("_lower", "lower end of Student's 95 % interval over models of \(variable.name)"),
          try define("_upper", "upper end of Student's 95 % interval over models of \(variable.name)"),
        ])
      case .spread:
        targets.append([try define("", "\(longName), root mean square over models")])
      case .count: targets.append([try define("", "\(longName), all models together")])
      case .replaced: break
      }
    }
    let closest = try defineClosest(in: group)
    for (point, models) in files.enumerated() {
      let leading = RowMajorShape(shape).indices(of: point)
      var sums = summarized.map { variable, _ in
        [RunningMoments](
          repeating: RunningMoments(), count: variable.dimensions.reduce(1) { $0 * (lengths[$1] ?? 0) })
      }
      for case let file? in models {
        try check()
        let reader = try readers.reader(of: file)
        let own = try reader.root.dimensions.map { try FileLayout.Dimension($0, in: reader.root) }
        for (k, (variable, rule)) in summarized.enumerated() {
          guard let source = try? reader.variable(variable.name) else { continue }
          let values = try source.readDoubles()
          let isInteger = source.type.isInteger
          let places = source.dimensions.map { dimension in
            layout.root.dimensions.first { $0.name == dimension.name }?.places(
              of: own.first { $0.name == dimension.name }?.entries ?? []) ?? []
          }
          let widths = variable.dimensions.map { lengths[$0] ?? 0 }
          forEachPlace(source.shape, places, widths) { from, to in
            // -1 stands for none in integers.
            var x = isInteger && values[from] < 0 ? .nan : values[from]
            if rule == .spread { x *= x }
            sums[k][to].add(x)
          }
        }
      }
      for (k, (variable, rule)) in summarized.enumerated() {
        let start = leading + variable.dimensions.map { _ in 0 }
        let count = leading.map { _ in 1 } + variable.dimensions.map { lengths[$0] ?? 0 }
        if count.contains(0) { continue }
        func write(_ target: NetCDFVariable, _ value: (RunningMoments) -> Double) throws {
          try target.write(sums[k].map(value), start: start, count: count)
        }
        switch rule {
        case .mean:
          let intervals = sums[k].map { StudentInterval($0) }
          for (target, value) in zip(
            targets[k], [\StudentInterval.mean, \.standardError, \.lower, \.upper])
          {
            try target.write(intervals.map { $0[keyPath: value] }, start: start, count: count)
          }
        case .spread: try write(targets[k][0]) { ($0.mean ?? .nan).squareRoot() }
        case .count:
          try targets[k][0].write(
            sums[k].map { Int((($0.mean ?? 0) * Double($0.count)).rounded()) }, start: start, count: count)
        case .replaced: break
        }
        if variable.name == "distance_concept", let closest {
          try writeClosest(sums[k].map { $0.mean ?? .nan }, to: closest, start: leading)
        }
      }
    }
  }

  /// Time and distance of the closest concept, of the series averaged over models.
  private func defineClosest(in group: NetCDFGroup) throws -> (
    time: NetCDFVariable, distance: NetCDFVariable
  )? {
    let variables = layout.root.variables
    let series = variables.first { $0.name == "distance_concept" }
    guard series?.dimensions == ["level", "time"], variables.contains(where: { $0.name == Rule.ofSeries[0] })
    else { return nil }
    return (
      try group.defineVariable(
        Rule.ofSeries[0], type: .int32, dimensions: axes + ["level"],
        attributes: [
          (
            "long_name",
            "first time of the smallest distance to the own concept, averaged over models; -1 for none"
          ),
          ("units", "1"),
        ]),
      try group.defineVariable(
        Rule.ofSeries[1], type: .double, dimensions: axes + ["level"],
        attributes: [
          ("long_name", "smallest distance to the own concept, averaged over models"), ("units", "1"),
        ], fillValue: NetCDFWriter.missing)
    )
  }

  private func writeClosest(
    _ series: [Double], to closest: (time: NetCDFVariable, distance: NetCDFVariable), start: [Int]
  ) throws {
    let levels = layout.root.dimensions.first { $0.name == "level" }?.entries.count ?? 0
    guard levels > 0 else { return }
    let times = series.count / levels
    let least = (0..<levels).map { level in
      (level * times..<(level + 1) * times).filter { series[$0].isFinite }
        .min { (series[$0], $0) < (series[$1], $1) }
    }
    let count = start.map { _ in 1 } + [levels]
    try closest.time.write(
      least.enumerated().map { level, k in k.map { Int32($0 - level * times) } ?? -1 }, start: start + [0],
      count: count)
    try closest.distance.write(least.map { $0.map { series[$0] } ?? .nan }, start: start + [0], count: count)
  }

  /// Calls `body(from, to)` for each element of a file's array, and its place in the whole one.
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
