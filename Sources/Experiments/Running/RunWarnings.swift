import Attractors
import Datasets
import Dynamics
import Kinds
import Numerics
import Observables
import Preparation
import RunFiles
import Scenarios

/// Warnings of numbers that mislead although nothing is wrong with the run.
///
/// Each is a line for the log and for the run file's attribute `warnings`.
extension Experiment {
  /// Warns before anything is computed.
  package func warnOfData() {
    for text in dataWarnings { events.warnOnce(text) }
  }

  /// Of the data.
  var dataWarnings: [String] {
    let hierarchy = dataset.hierarchy
    var result: [String] = []
    let largest = largestNumber
    if dataset.domain == .unitInterval, largest < 1.5 / 255 {
      result.append(
        "dataset: "
          + (largest == 0
            ? "all numbers of the training items are 0"
            : "no number of the training items exceeds 1/255, as where the bytes of an IDX file, which are divided by"
              + " 255, are all 0 or 1") + ": the pictures are black; write 255 for white")
    }
    if !hierarchy.hasClasses { return result }
    if hierarchy.numberOfClasses == 1 {
      result.append(
        "dataset: all items have the label \(hierarchy.classLabels[0]): the only concept is the root"
          + (hasSourceItems
            ? ", every member is nearest to its own, and there is no sibling to compare it with" : ""))
    } else if !hierarchy.hasSuperclasses, hasSourceItems {
      let (first, second) = (hierarchy.classNames[0], hierarchy.classNames[1])
      result.append(
        "dataset: without superclasses a class's sibling is only the next class in the list (\(second) for \(first)),"
          + " which need not resemble it; the controls by siblings are comparisons with some other concept")
    }
    return result
  }

  /// The largest magnitude among the numbers of the training items; if the first items have large ones
  /// already, of these.
  private var largestNumber: Double {
    let row = AlignedBuffer<Double>(count: dataset.dimension)
    var largest = 0.0
    for item in 0..<dataset.train.count {
      dataset.train.copy(item: item, into: row.buffer)
      for x in row.buffer { largest = max(largest, abs(x)) }
      if largest >= 1.5 / 255 { break }
    }
    return largest
  }

  /// Of the model and the starts, before the ensemble runs.
  func warnings<Map: EncodingMap>(of prepared: PreparedEnsemble<Map>) -> [String] {
    var result: [String] = []
    if options.registry.vocabulary.hasPosterior(scenario), prepared.geometry.activeLatentVariables == 0 {
      result.append(
        "model: none of the \(prepared.map.dimension) latent variables is active (variance of the posterior mean over"
          + " the training items above \(LatentGeometry.activityThreshold)): memories and concepts are nearly the same"
          + " point, so that distances to them and approaches say nothing about the data")
    }
    if let file = scenario.initial.file, file.labels != nil {
      let compared = scenario.observables.filter { needs(of: $0).contains(.ownMemory) }
      if !compared.isEmpty {
        result.append(
          "initial.file: without source items each state is its own clean item, so that it is its own memory at t = 0 by"
            + " construction: \(compared.joined(separator: ", ")) and approaches to the memory compare with where members"
            + " start; name the source items with initial.file.items")
      }
    }
    let far = StartSurvey(of: prepared, dataset).levelsFarOutside
    if !far.isEmpty {
      let levels = Self.list(far)
      let (what, than) =
        prepared.start.space == .latent
        ? ("latent states", "three times as far from the memories' mean as any memory")
        : ("numbers", "further outside the training data's range than that is wide")
      result.append(
        "initial: at level \(levels) many starts lie far outside the data (\(what) \(than)): approaches from there show"
          + " how the map contracts where no data have shaped it")
    }
    return result
  }

  /// Of the members that diverged.
  func warnings(of levels: [LevelStatistics]) -> [String] {
    let diverging = levels.filter { $0.divergedCount > 0 }
    guard !diverging.isEmpty else { return [] }
    let diverged = diverging.reduce(0) { $0 + $1.divergedCount }
    let all = levels.reduce(0) { $0 + $1.memberCount }
    return [
      "dynamics: \(diverged) of \(all) members diverged (at level \(Self.list(diverging.map(\.level)))): before their state"
        + " stops being finite they count in the averages, which grow with them; afterwards they are left out, so that averages at"
        + " different times are over different members (NAME_count); approaches leave them out at all times"
    ]
  }

  /// Of the search for attractors.
  func warnings(of study: AttractorStudy) -> [String] {
    let steps = scenario.dynamics.steps
    let unsettled = zip(study.levels, study.basins).filter { $1.undecidedFraction > 0.1 }
    if !unsettled.isEmpty {
      return [
        "dynamics.steps: at level \(Self.list(unsettled.map(\.0))) more than a tenth of the starts have not settled in the"
          + " search for attractors either: averages at the last time are no limits"
      ]
    }
    let late = zip(study.levels, study.basins).filter { $1.convergenceTimes.ninetieth > steps }
    guard let longest = late.map({ $1.convergenceTimes.ninetieth }).max() else { return [] }
    return [
      "dynamics.steps: at level \(Self.list(late.map(\.0))) t90, the time within which nine of ten of the starts that"
        + " converge have done so, lies beyond the run's \(steps) steps (up to \(longest)): averages at the last time are"
        + " no limits"
    ]
  }

  /// Levels as the scenario writes them.
  private static func list(_ levels: [Double]) -> String {
    levels.map { ScenarioValue.number($0).yaml }.joined(separator: ", ")
  }
}

/// Some of the starts, looked at before the run.
private struct StartSurvey {
  /// The levels at which more than a quarter of the starts, or of their numbers, are far outside the data.
  private(set) var levelsFarOutside: [Double] = []

  /// Starts of each level, and items, that are looked at.
  private static let mostStarts = 64
  private static let mostItems = 1000
  private static let leastShare = 0.25

  init<Map: EncodingMap>(of prepared: PreparedEnsemble<Map>, _ dataset: Dataset) {
    let (start, plan) = (prepared.start, prepared.plan)
    let isLatent = start.space == .latent
    let row = AlignedBuffer<Double>(count: isLatent ? prepared.map.dimension : dataset.dimension)
    let region = AlignedBuffer<UInt8>(count: start.hasRegion ? dataset.dimension : 1)
    let noise = NoiseSource(seed: plan.seed)
    let share = isLatent ? Self.latentShare(prepared.geometry) : Self.dataShare(dataset)
    let count = min(plan.items.count, Self.mostStarts)
    for level in plan.levels {
      var sum = 0.0
      for k in 0..<count {
        let member = Member(level: level, item: plan.items[k * plan.items.count / count], realization: 0)
        region.buffer.update(repeating: 0)
        start.prepare(member, into: row.buffer, region: start.hasRegion ? region.buffer : nil, noise: noise)
        sum += share(row.buffer)
      }
      if sum / Double(count) > Self.leastShare { levelsFarOutside.append(level) }
    }
  }

  /// 1 for a latent state that is more than three times as far from the memories' mean as any memory, else 0.
  private static func latentShare(
    _ geometry: LatentGeometry
  ) -> (UnsafeMutableBufferPointer<Double>) -> Double {
    func distance(_ state: (Int) -> Double) -> Double {
      (0..<geometry.dimension).reduce(0.0) { sum, j in
        let delta = state(j) - geometry.root.row(0)[j]
        return sum + delta * delta
      }.squareRoot()
    }
    let radius = (0..<geometry.memories.rows).reduce(0.0) { largest, i in
      max(largest, distance { geometry.memories.row(i)[$0] })
    }
    return { state in distance { state[$0] } > 3 * radius ? 1 : 0 }
  }

  /// The share of numbers whose distance to the range of the data is larger than the range itself.
  private static func dataShare(_ dataset: Dataset) -> (UnsafeMutableBufferPointer<Double>) -> Double {
    let row = AlignedBuffer<Double>(count: dataset.dimension)
    var (low, high) = (Double.infinity, -Double.infinity)
    let count = min(dataset.train.count, mostItems)
    for k in 0..<count {
      dataset.train.copy(item: k * dataset.train.count / count, into: row.buffer)
      for x in row.buffer { (low, high) = (min(low, x), max(high, x)) }
    }
    let width = high - low
    return { state in
      Double(state.count { $0 < low - width || $0 > high + width }) / Double(max(state.count, 1))
    }
  }
}
