import Dynamics
import Observables

/// The variables of an observable's average over some members.
struct AverageVariables {
  let mean: RunVariable
  let standardDeviation: RunVariable
  let standardError: RunVariable
  let lower: RunVariable
  let upper: RunVariable
  let count: RunVariable
  private let isFraction: Bool

  init(_ observable: AveragedObservable, among: AveragedMembers) {
    let (what, whose) = (observable.longName, among.words)
    var mean = RunVariable(
      among.name(of: observable.name), .real, among.dimensions, .average(among), "mean \(what)\(whose)",
      units: observable.units)
    mean.reproducibility = observable.reproducibility
    standardDeviation = mean.standardDeviation("standard deviation over members of \(what)\(whose)")
    standardError = mean.standardError("standard error over items of the mean \(what)\(whose)")
    isFraction = observable.isFraction
    (lower, upper) = mean.bounds(ofFraction: isFraction)
    count = mean.sampleSize
    self.mean = mean.with([standardDeviation, standardError, lower, upper, count])
  }

  /// The variables with their values.
  func columns<Source>(_ series: @escaping (Source) -> [SeriesStatistics]) -> [RunColumn<Source>] {
    let isFraction = isFraction
    return [
      .reals(mean) { series($0).flatMap(\.mean) },
      .reals(standardDeviation) { series($0).flatMap(\.standardDeviation) },
      .reals(standardError) { series($0).flatMap(\.standardError) },
      .reals(lower) { series($0).flatMap { $0.bounds(ofFraction: isFraction).map { $0.lower } } },
      .reals(upper) { series($0).flatMap { $0.bounds(ofFraction: isFraction).map { $0.upper } } },
      .integers(count) { series($0).flatMap(\.count) },
    ]
  }
}

/// The variables of the average of one number per member.
struct ScalarVariables {
  let mean: RunVariable
  let standardError: RunVariable
  let lower: RunVariable
  let upper: RunVariable
  let count: RunVariable

  init(_ average: MemberScalar.Average) {
    let mean = RunVariable(
      average.name, .real, ["level"], .mean, average.longName)
    standardError = mean.standardError("standard error over items of \(average.name)")
    (lower, upper) = mean.bounds(ofFraction: average.isFraction)
    count = mean.sampleSize
    self.mean = mean.with([standardError, lower, upper, count])
  }
}

extension RunVariable {
  /// The ends of the interval over items of this mean: Korn and Graubard's for a fraction, otherwise Student's.
  fileprivate func bounds(ofFraction isFraction: Bool) -> (lower: RunVariable, upper: RunVariable) {
    let whose = isFraction ? "Korn and Graubard's" : "Student's"
    return bounds(
      "lower end of \(whose) 95 % interval over items of \(name)",
      "upper end of \(whose) 95 % interval over items of \(name)")
  }
}

extension SeriesStatistics {
  /// The intervals over items of the mean at each time.
  fileprivate func bounds(ofFraction isFraction: Bool) -> [(lower: Double, upper: Double)] {
    isFraction
      ? fractionIntervals.map { ($0.lower, $0.upper) } : intervals.map { ($0.lower, $0.upper) }
  }
}

extension ScalarStatistics {
  /// The interval over items of the mean.
  fileprivate func bounds(ofFraction isFraction: Bool) -> (lower: Double, upper: Double) {
    isFraction
      ? (fractionInterval.lower, fractionInterval.upper) : (interval.lower, interval.upper)
  }
}

extension RunLayout {
  /// The sets of members over which observables are averaged, in the order of the file.
  var averagedMembers: [AveragedMembers] {
    [.part(.all)] + groupings.map { .each($0) } + AveragedMembers.parts(isSplit: isSplit).dropFirst()
  }

  /// The averages of each observable.
  var averages: [RunSection<RunResults>] {
    observables.enumerated().map { o, observable in
      RunSection(
        columns: averagedMembers.flatMap { among in
          AverageVariables(observable, among: among).columns { $0.series(of: o, among: among) }
        })
    }
  }

  /// The name of the variable with the number of members.
  package static let memberCountName = "count"
  /// The name of the variable with the number of members that diverged.
  package static let divergedCountName = "diverged_count"

  /// The numbers of members.
  var counts: RunSection<RunResults> {
    RunSection(columns: [
      .integers(RunVariable(Self.memberCountName, .integer, ["level"], .count, "number of members")) {
        $0.levels.map(\.memberCount)
      },
      .integers(
        RunVariable(
          Self.divergedCountName, .integer, ["level"], .count,
          "members whose state stopped being finite; averages leave them out from then on, approaches at all times"
        )
      ) { $0.levels.map(\.divergedCount) },
    ])
  }

  /// The fractions of the members by tree level, from the indicators that follow the user's observables.
  var fractions: RunSection<RunResults> {
    let words = "fraction of members nearest to each tree level"
    let fraction = RunVariable("level_fraction", .real, ["level", "time", "tree_level"], .mean, words)
    let error = fraction.standardError("standard error over items of the \(words)")
    let (lower, upper) = fraction.bounds(ofFraction: true)
    return RunSection(columns: [
      .reals(fraction.with([error, lower, upper])) { $0.fractions(\.mean) },
      .reals(error) { $0.fractions(\.standardError) },
      .reals(lower) { $0.fractions { $0.fractionIntervals.map(\.lower) } },
      .reals(upper) { $0.fractions { $0.fractionIntervals.map(\.upper) } },
    ])
  }

  /// The averages of the members' scalars.
  var scalars: RunSection<RunResults> {
    RunSection(
      columns: MemberScalar.averaged.flatMap { scalar -> [RunColumn<RunResults>] in
        guard isKnown(scalar), let average = scalar.definition.average else { return [] }
        let variables = ScalarVariables(average)
        return [
          .reals(variables.mean) { $0.levels.map { $0.scalars[scalar].mean } },
          .reals(variables.standardError) { $0.levels.map { $0.scalars[scalar].standardError } },
          .reals(variables.lower) {
            $0.levels.map { $0.scalars[scalar].bounds(ofFraction: average.isFraction).lower }
          },
          .reals(variables.upper) {
            $0.levels.map { $0.scalars[scalar].bounds(ofFraction: average.isFraction).upper }
          },
          .integers(variables.count) { $0.levels.map { $0.scalars[scalar].count } },
        ]
      })
  }

  /// Whether members have this scalar: items without labels have no concepts.
  func isKnown(_ scalar: MemberScalar) -> Bool {
    hierarchy.hasClasses || [.timeOfClosestMemory, .closestMemoryDistance, .convergenceTime].contains(scalar)
  }

  /// The facts that the model states about itself.
  var modelFacts: RunSection<RunResults> {
    RunSection(
      columns: facts.flatMap { fact -> [RunColumn<RunResults>] in
        switch fact.value {
        case .integer(let value):
          return [
            .integers(
              RunVariable(fact.name, .integer, [], .value, fact.longName, units: fact.units)
            ) { _ in [value] }
          ]
        case .mean(let mean, let standardError):
          let (value, error) = RunVariable(
            fact.name, .real, [], .mean, fact.longName, units: fact.units
          ).withStandardError("standard error over items of \(fact.name)")
          return [.reals(value) { _ in [mean] }, .reals(error) { _ in [standardError] }]
        }
      })
  }
}

extension RunResults {
  /// The series of an observable, by level and then by group.
  fileprivate func series(of observable: Int, among: AveragedMembers) -> [SeriesStatistics] {
    switch among {
    case .part(let part): return levels.map { $0.series(of: part)[observable] }
    case .each(let criterion):
      guard let g = plan.groupings.firstIndex(where: { $0.criterion == criterion }) else {
        preconditionFailure("the layout has the plan's groupings")
      }
      return levels.flatMap { $0.grouped[g][observable] }
    }
  }

  /// The fractions, `[level, time, tree level]`.
  fileprivate func fractions(_ value: (SeriesStatistics) -> [Double]) -> [Double] {
    levels.flatMap { level in
      let series = level.overall[visibleObservables...].prefix(geometry.treeLevelCount).map(value)
      return (0..<plan.times).flatMap { time in series.map { $0[time] } }
    }
  }
}
