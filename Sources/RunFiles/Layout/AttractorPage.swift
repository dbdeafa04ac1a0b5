import Attractors
import Dynamics
import Numerics
import Observables

/// What the group of attractors is written from.
@dynamicMemberLookup
struct AttractorPage {
  private let study: AttractorStudy
  /// The largest norm of a power of each set's Jacobian, and the number of that power.
  let growth: [(factor: Double, time: Int)]

  init(_ study: AttractorStudy) {
    self.study = study
    growth = study.sets.map { $0.transientGrowth() }
  }

  /// The number of starts of each level, at least 1.
  var startsPerLevel: Int { max(study.items.count * study.realizations, 1) }

  /// A number of each recurrent set; NaN for other sets.
  func motions(_ number: (RecurrentMotion) -> Double) -> [Double] {
    study.sets.map { set in
      if case .recurrent(let motion) = set.motion { number(motion) } else { .nan }
    }
  }

  /// The corruption level that displaces starts so far on average.
  func noise(reaching distance: Double) -> Double { study.noise(reaching: distance) }

  subscript<Value>(dynamicMember path: KeyPath<AttractorStudy, Value>) -> Value { study[keyPath: path] }
}

extension RunLayout.Attractors {
  /// The sizes that follow from a finished search.
  init(_ study: AttractorStudy) {
    let unsettled = study.wholeUnsettled
    self.init(
      sets: study.sets.count, starts: study.items.count * study.realizations,
      realizations: study.realizations, unsettled: unsettled.count,
      exponents: unsettled.first?.exponents.count ?? 0, looks: study.looks)
  }
}

extension AttractorStudy {
  /// The starts that did not settle and have as many exponents as the first of them.
  var wholeUnsettled: [Unsettled] {
    guard let count = unsettled.first?.exponents.count, count > 0 else { return [] }
    return unsettled.filter { $0.exponents.count == count }
  }
}
