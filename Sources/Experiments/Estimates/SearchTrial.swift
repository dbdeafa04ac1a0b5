import Attractors
import Preparation
import Vocabulary
import Dynamics
import Kinds
import Numerics
import Observables
import Scenarios

/// A trial of a search for attractors: a few starts fill the catalogue, and the time of as many further ones
/// tells the time of the rest.
struct SearchTrial {
  private let experiment: Experiment
  private let model: any DifferentiableModel
  private let specification: AttractorSpecification
  private let isTrained: Bool

  /// - Parameter isTrained: Whether the model is the run's own.
  init(
    _ experiment: Experiment, _ model: any DifferentiableModel, _ specification: AttractorSpecification,
    isTrained: Bool
  ) {
    self.experiment = experiment
    self.model = model
    self.specification = specification
    self.isTrained = isTrained
  }

  /// Steps of an orbit.
  private static var mostSteps: Int { 2000 }

  /// - Throws: as `Experiment.estimate`.
  func estimate() throws -> RunEstimate.Search { try estimate(model.differentiableMap) }

  private func estimate<Map: DifferentiableMap>(_ map: Map) throws -> RunEstimate.Search {
    let (scenario, options) = (experiment.scenario, experiment.options)
    let begin = ContinuousClock.now
    let encoder = model.map(mode: scenario.dynamics.mode, precision: .double)
    let (geometry, start) = try experiment.attractorGround(of: encoder, model)
    let preparation = (ContinuousClock.now - begin).inSeconds
    var settings = AttractorSearch<Map, PreparedStart>.Settings(specification, spread: geometry.spread)
    settings.maximumSteps = min(specification.maxSteps, isTrained ? Self.mostSteps : 20)
    settings.usesTrappingBalls = specification.trapping && isTrained
    let search = AttractorSearch(
      map: map, start: start, seed: scenario.seed, threads: options.threads, settings: settings)
    let (first, second, total) = try starts()
    let filling = try decide(first, search)
    let others = second.isEmpty ? filling : try decide(second, search)
    let count = Double(second.isEmpty ? first.count : second.count)
    // Steps are cheapest if many orbits take them together and nothing else is done in between.
    let perStep = min(
      filling.seconds / Double(max(filling.steps, 1)), others.seconds / Double(max(others.steps, 1)))
    var estimate = RunEstimate.Search()
    estimate.starts = total
    estimate.triedStarts = first.count + second.count
    let most = specification.until.map { max(total, $0.atMost * scenario.initial.levels.count) } ?? total
    estimate.atMostSeconds = Double(most) * Double(specification.maxSteps) * perStep
    guard isTrained else { return estimate }
    // Orbits that the trial gave up may go on to the last step.
    let left = Double(others.unsettled) / count * Double(total)
    let beyond = left * Double(specification.maxSteps - settings.maximumSteps) * perStep
    let tried = min(specification.census, 16)
    let census = try ContinuousClock().measure {
      try search.census(
        from: geometry.censusStates, budget: tried, shouldStop: experiment.events.shouldStop)
    }
    estimate.seconds =
      preparation + filling.seconds + max(0, Double(total - first.count)) * others.seconds / count + beyond
      + census.inSeconds * Double(specification.census) / Double(max(tried, 1))
    return estimate
  }

  /// Two sets of starts, evenly chosen from realizations, items and levels, and how many there are in all.
  private func starts() throws -> (first: [Member], second: [Member], total: Int) {
    let initial = experiment.scenario.initial
    let items = try experiment.attractorItems(specification, available: try experiment.givenStateCount)
    let levels = initial.levels
    let total = items.count * levels.count * initial.realizations
    func members(_ numbers: StrideTo<Int>) -> [Member] {
      numbers.map { number in
        Member(
          level: levels[number % levels.count], item: items[number / levels.count % items.count],
          realization: Int32(number / levels.count / items.count))
      }
    }
    let step = max(1, total / (2 * BlockSize.standard * experiment.options.threads))
    let first = members(stride(from: 0, to: total, by: 2 * step))
    let second = members(stride(from: step, to: total, by: 2 * step))
    return (first, second, total)
  }

  private func decide(
    _ members: [Member], _ search: AttractorSearch<some DifferentiableMap, PreparedStart>
  ) throws -> (seconds: Double, steps: Int, unsettled: Int) {
    let before = search.iterations
    let begin = ContinuousClock.now
    let decisions = try search.decide(members, shouldStop: experiment.events.shouldStop)
    let seconds = (ContinuousClock.now - begin).inSeconds
    return (
      seconds, search.iterations - before,
      decisions.count { $0.outcome == .undecided || $0.outcome == .slow }
    )
  }
}
