import Dynamics
import Kinds
import Observables
import Preparation
import RunFiles
import Scenarios

extension Experiment {
  /// What all members of each level have together: the moments of their states, and the averages on the common motion.
  ///
  /// The moments follow from averages over members. Those on the common motion take an ensemble of the same members with another
  /// map, which needs the encoder once for each member and no step of the model.
  ///
  /// - Parameter results: The averages of all levels.
  /// - Throws: `CancellationError`.
  func collectiveResults<Map>(
    of prepared: PreparedEnsemble<Map>, _ results: [LevelStatistics]
  ) throws -> CollectiveResults? {
    guard scenario.asksForStateMoments, !prepared.components.isEmpty else { return nil }
    let plan = prepared.plan
    let grouping =
      scenario.asksForClassSpread ? plan.groupings.firstIndex { $0.criterion == .class } : nil
    let moments = results.map {
      StateMoments($0, components: prepared.components, classGrouping: grouping)
    }
    var result = CollectiveResults(moments: moments, hasClassSpread: grouping != nil, onCommonMotion: [])
    guard scenario.asksForCommonMotion else { return result }
    var ofNull = EnsemblePlan(
      levels: plan.levels, items: plan.items, realizations: plan.realizations, steps: plan.steps,
      seed: plan.seed, observables: Array(plan.observables.prefix(prepared.visibleObservables)))
    if let counts = plan.unevenRealizations { ofNull.setRealizations(counts) }
    func run(_ map: some DiscreteMap) throws -> [LevelStatistics] {
      try Ensemble(
        map: map, start: prepared.start, plan: ofNull, threads: options.threads,
        blockSize: options.blockSize
      ).run(observer: Stopping(events: events))
    }
    let null = CommonMotion(of: prepared.map, levels: plan.levels, moments: moments)
    result.onCommonMotion = try foresight(in: null, prepared).map { try run($0) } ?? run(null)
    return result
  }

  /// A map that looks ahead; nil if no observable asks how paths end.
  func foresight<Map, Base: DiscreteMap>(
    in base: Base, _ prepared: PreparedEnsemble<Map>
  ) -> Foresight<Base>? {
    guard prepared.looksAhead else { return nil }
    return Foresight(
      in: base, steps: prepared.plan.steps, prepared.context, threads: options.threads)
  }
}
