import Dynamics
import Numerics
import Recurrence

/// What one lot of starts showed to a search that began with the catalogue of another one.
public struct AttractorFindings: Sendable {
  /// The number of sets that were known before.
  let known: Int
  /// The sets that were found beside them.
  let sets: [InvariantSet]
  /// Where the lot's starts went. Sets from `known` on are those of `sets`.
  public let decisions: [AttractorDecision]
  /// States that did not settle, by the start's place in the lot.
  let unsettled: [(start: Int, state: [Double])]
  let iterations: Int
  let decidedByBall: Int

  /// Writes what `init(from:dimension:)` reads.
  public func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(known)
    try encoder.encode(sets: sets)
    try encoder.encode(decisions: decisions)
    try encoder.encode(unsettled: unsettled)
    try encoder.encode(iterations)
    try encoder.encode(decidedByBall)
  }
}

/// Starts in lots: several searches that begin with the same catalogue, and are united later.
extension AttractorSearch {
  /// A search that knows the first `count` sets of this one, and what else this one has learned.
  public func branch(knowing count: Int) -> AttractorSearch {
    let result = AttractorSearch(map: map, start: start, seed: seed, threads: threads, settings: settings)
    result.sets = Array(sets.prefix(count))
    result.balls = balls.filter { $0.set < count }
    result.refused = refused
    result.samples = samples
    result.fruitlessExaminations = fruitlessExaminations
    return result
  }

  /// What this search has found beside the first `known` sets.
  ///
  /// - Parameters:
  ///   - known: The number of sets that were known before.
  ///   - decisions: What its call of `decide(_:)` returned.
  public func findings(beside known: Int, _ decisions: [Decision]) -> AttractorFindings {
    AttractorFindings(
      known: known, sets: Array(sets[known...]), decisions: decisions, unsettled: unsettled,
      iterations: iterations, decidedByBall: decidedByBall)
  }

  /// Reads what `AttractorFindings.encode` wrote.
  ///
  /// - Throws: `ByteDecodingError`.
  public func findings(from decoder: inout ByteDecoder) throws -> AttractorFindings {
    let known: Int = try decoder.decode()
    let sets = try Self.sets(from: &decoder, dimension: map.dimension)
    let decisions = try decoder.decodeDecisions()
    let unsettled = try decoder.decodeUnsettled(dimension: map.dimension)
    guard (0...self.sets.count).contains(known),
      decisions.allSatisfy({ (-1..<Int32(known + sets.count)).contains($0.set) })
    else { throw ByteDecodingError("a lot's sets are not those of this search") }
    return AttractorFindings(
      known: known, sets: sets, decisions: decisions, unsettled: unsettled,
      iterations: try decoder.decode(), decidedByBall: try decoder.decode())
  }

  /// Unites the findings of a lot with the catalogue.
  ///
  /// A recurrent set that may be one of the catalogue's, or may not, leaves the lot's starts on it ambiguous.
  ///
  /// - Parameters:
  ///   - lot: What the lot's search has found.
  ///   - offset: The number of starts before the lot.
  /// - Returns: The lot's decisions, by the catalogue's sets.
  public func absorb(_ lot: AttractorFindings, after offset: Int) -> [Decision] {
    let first = sets.count
    let places = lot.sets.map(place)
    addBalls(from: first)
    iterations += lot.iterations
    decidedByBall += lot.decidedByBall
    for orbit in lot.unsettled where unsettled.count < Self.keptStates {
      unsettled.append((orbit.start + offset, orbit.state))
    }
    return lot.decisions.map { decision in
      guard Int(decision.set) >= lot.known else { return decision }
      guard let place = places[Int(decision.set) - lot.known] else {
        return Decision(outcome: .ambiguous, set: -1, time: -1)
      }
      return Decision(outcome: decision.outcome, set: place, time: decision.time)
    }
  }

  /// The place of a set in the catalogue, to which it is added if it is new; nil if that is not shown.
  private func place(of set: InvariantSet) -> Int32? {
    if case .recurrent(let motion) = set.motion {
      var isAmbiguous = false
      for (index, known) in sets.enumerated() {
        guard case .recurrent(let other) = known.motion else { continue }
        switch SetComparison(motion.sample, other.sample) {
        case .same: return Int32(index)
        case .undecided: isAmbiguous = true
        case .separate: break
        }
      }
      if isAmbiguous { return nil }
    } else if let known = sets.firstIndex(where: { isSame(set, $0) }) {
      return Int32(known)
    }
    sets.append(set)
    return Int32(sets.count - 1)
  }
}
