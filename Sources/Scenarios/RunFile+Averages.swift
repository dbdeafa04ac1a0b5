import Dynamics
import Observables
import Output

extension RunFile {
  /// Mean, standard deviation, standard error and count of one observable; `series[level][group]`.
  func writeSeries(
    _ name: String, _ observable: any Observable, among: String? = nil, dimensions: [String],
    _ series: [[SeriesStatistics]]
  ) throws {
    let whose = among.map { " of \($0)" } ?? ""
    let all = series.flatMap { $0 }
    func write(_ suffix: String, _ words: String, _ values: [Double], more: [(String, NetCDFAttribute)] = [])
      throws
    {
      try writer.root.defineVariable(
        name + suffix, type: .double, dimensions: dimensions,
        attributes: [
          ("long_name", .text("\(words)\(observable.longName)\(whose)")), ("units", .text(observable.units)),
        ] + more, fillValue: NetCDFWriter.missing
      ).write(values)
    }
    try write(
      "", "mean ", all.flatMap(\.mean),
      more: [
        ("ancillary_variables", .text("\(name)_standard_deviation \(name)_standard_error \(name)_count"))
      ])
    try write("_standard_deviation", "standard deviation over members of ", all.flatMap(\.standardDeviation))
    try write("_standard_error", "standard error over items of the mean ", all.flatMap(\.standardError))
    try writeIntegers(name + "_count", dimensions, "members averaged in \(name)", all.flatMap(\.count))
  }

  /// `level_fraction(level, time, tree_level)` from the indicators that follow the user's observables.
  func writeLevelFractions(_ results: [LevelStatistics], plan: EnsemblePlan, first: Int) throws {
    let levels = plan.observables.count - first
    func gather(_ value: (SeriesStatistics, Int) -> Double) -> [Double] {
      results.flatMap { result in
        (0..<plan.times).flatMap { time in (0..<levels).map { value(result.overall[first + $0], time) } }
      }
    }
    try writeDoubles(
      "level_fraction", ["level", "time", "tree_level"], "fraction of members nearest to each tree level",
      gather { $0.mean[$1] }, more: [("ancillary_variables", "level_fraction_standard_error")])
    try writeDoubles(
      "level_fraction_standard_error", ["level", "time", "tree_level"],
      "standard error over items of the fraction of members nearest to each tree level",
      gather { $0.standardError[$1] })
  }

  /// The approaches to the own branch's centres, to siblings' and to shuffled centres.
  func writeApproaches(_ results: [LevelStatistics], levels: Int) throws {
    let dimensions = ["level", "tree_level"]
    func gather<T>(_ reference: ApproachReference, _ value: (Approach) -> T) -> [T] {
      results.flatMap { result in (0..<levels).map { value(result.approaches[reference, $0]) } }
    }
    for reference in ApproachReference.allCases {
      let (name, words) =
        switch reference {
        case .own: ("approach", "own centre")
        case .sibling: ("approach_sibling", "sibling's centre")
        case .shuffled: ("approach_shuffled", "centre under shuffled labels")
        }
      try writeDoubles(
        name, dimensions, "approach 1 - min_t <d(t)> / <d(0)> to the \(words)",
        gather(reference) { $0.value },
        more: [("ancillary_variables", .text("\(name)_lower \(name)_upper"))])
      for (suffix, quantile) in [("lower", "2.5"), ("upper", "97.5")] {
        try writeDoubles(
          "\(name)_\(suffix)", dimensions,
          "\(quantile) % quantile of the approach to the \(words), bootstrap over items",
          gather(reference) { suffix == "lower" ? $0.lower : $0.upper })
      }
      try writeIntegers(
        name + "_time", dimensions,
        "first time of the smallest mean distance to the \(words), -1 for none",
        gather(reference) { $0.time ?? -1 })
      try writeIntegers(
        name + "_censored", dimensions,
        "1 where that time is the first or the last of the run, else 0",
        gather(reference) { $0.isCensored ? 1 : 0 })
    }
    let concept = results.map { $0.approaches[.own, TreeLevel.concept] }
    try writeIntegers(
      "closest_concept_time", ["level"],
      "first time of the smallest mean distance to the own concept, -1 for none",
      concept.map { $0.time ?? -1 })
    try writeDoubles(
      "closest_concept_distance", ["level"], "smallest mean distance to the own concept",
      concept.map { approach in approach.time.map { approach.meanDistance[$0] } ?? .nan })
  }

  /// Averages of the members' scalars.
  func writeScalars(_ results: [LevelStatistics]) throws {
    for scalar in MemberScalar.averaged {
      guard let average = scalar.definition.average else { continue }
      let name = average.name
      let all = results.map { $0.scalars[scalar] }
      try writeDoubles(
        name, ["level"], average.longName, all.map(\.mean),
        more: [("ancillary_variables", .text("\(name)_standard_error \(name)_count"))])
      try writeDoubles(
        name + "_standard_error", ["level"], "standard error over items of \(name)", all.map(\.standardError))
      try writeIntegers(name + "_count", ["level"], "members averaged in \(name)", all.map(\.count))
    }
  }
}
