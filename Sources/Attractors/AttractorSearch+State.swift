import Dynamics
import Numerics

/// The state of a search between two rounds, for checkpoints.
extension AttractorSearch {
  /// Writes all that later rounds depend on. During `decide(_:)` it may be called from `progress`.
  public func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(sets: sets)
    try encoder.encode(sets: refused)
    try encoder.encode(rows: samples)
    try encoder.encode(unsettled: unsettled)
    try encoder.encode(iterations)
    try encoder.encode(decidedByBall)
    try encoder.encode(fruitlessExaminations)
    try encoder.encode(Int32(queue == nil ? 0 : 1))
    try queue?.encode(to: &encoder)
  }

  /// Takes over the state that a search of the same map, starts and settings has written. If that was in a call of
  /// `decide(_:)`, the next call, with the same members, goes on there.
  ///
  /// - Throws: `ByteDecodingError`. Then the search is not to be used.
  public func restore(from decoder: inout ByteDecoder) throws {
    sets = try Self.sets(from: &decoder, dimension: map.dimension)
    refused = try Self.sets(from: &decoder, dimension: map.dimension)
    samples = try decoder.decodeRows(width: map.dimension)
    unsettled = try decoder.decodeUnsettled(dimension: map.dimension)
    iterations = try decoder.decode()
    decidedByBall = try decoder.decode()
    fruitlessExaminations = try decoder.decode()
    queue = nil
    if try decoder.decode(Int32.self) == 1 {
      queue = try OrbitQueue(from: &decoder, dimension: map.dimension, capacity: poolCapacity)
    }
    (balls, continuations) = ([], [:])
    addBalls(from: 0)
  }

  static func sets(from decoder: inout ByteDecoder, dimension: Int) throws -> [InvariantSet] {
    let count: Int = try decoder.decode()
    guard count >= 0, count <= decoder.remaining else { throw ByteDecodingError("\(count) sets do not fit") }
    var result: [InvariantSet] = []
    for _ in 0..<count { result.append(try InvariantSet(from: &decoder, dimension: dimension)) }
    return result
  }
}

/// A call of `AttractorSearch.decide(_:)` under way: the decisions, and the orbits that have none.
final class OrbitQueue {
  /// The decisions so far, in the order of the members.
  var decisions: [AttractorDecision]
  /// The orbits under way.
  let pool: OrbitPool
  /// The number of members whose orbits have begun.
  var taken = 0
  /// The number of rounds.
  var round = 0
  /// What the orbits that have ended took.
  var effort = SearchEffort()

  init(count: Int, dimension: Int, capacity: Int) {
    decisions = Array(repeating: AttractorDecision(), count: count)
    pool = OrbitPool(dimension: dimension, capacity: capacity)
  }

  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(decisions: decisions)
    try encoder.encode(taken)
    try encoder.encode(round)
    try encoder.encode(effort)
    try encoder.encode(Array(pool.orbits.slice(from: 0, count: pool.count)))
    try encoder.encode(Array(pool.states.slice(from: 0, count: pool.count * pool.dimension)))
  }

  /// - Parameter capacity: The pool's capacity for a number of members.
  convenience init(from decoder: inout ByteDecoder, dimension: Int, capacity: (Int) -> Int) throws {
    let decisions = try decoder.decodeDecisions()
    self.init(count: decisions.count, dimension: dimension, capacity: capacity(decisions.count))
    self.decisions = decisions
    taken = try decoder.decode()
    round = try decoder.decode()
    effort = try decoder.decode()
    let orbits: [OrbitPool.Orbit] = try decoder.decode()
    let states: [Double] = try decoder.decode(count: orbits.count * dimension)
    guard orbits.count <= pool.capacity, (0...decisions.count).contains(taken),
      orbits.allSatisfy({ decisions.indices.contains(Int($0.start)) })
    else { throw ByteDecodingError("orbits do not fit their starts") }
    for (index, orbit) in orbits.enumerated() {
      pool.append(orbit)
      for i in 0..<dimension { pool.state(index)[i] = states[index * dimension + i] }
    }
  }
}

extension ByteEncoder {
  /// Appends sets, after their number.
  mutating func encode(sets: [InvariantSet]) throws {
    try encode(sets.count)
    for set in sets { try set.encode(to: &self) }
  }

  /// Appends starts that have not settled, and their last states.
  mutating func encode(unsettled: [(start: Int, state: [Double])]) throws {
    try encode(unsettled.map(\.start))
    try encode(rows: unsettled.map(\.state))
  }

  /// Appends decisions.
  mutating func encode(decisions: [AttractorDecision]) throws {
    try encode(decisions.map(\.outcome.rawValue))
    try encode(decisions.map(\.set))
    try encode(decisions.map(\.time))
  }
}

extension ByteDecoder {
  /// Reads starts that have not settled, and their last states.
  mutating func decodeUnsettled(dimension: Int) throws -> [(start: Int, state: [Double])] {
    let starts: [Int] = try decode()
    let states: [[Double]] = try decodeRows(width: dimension)
    return zip(starts, states).map { ($0, $1) }
  }

  /// Reads decisions.
  mutating func decodeDecisions() throws -> [AttractorDecision] {
    let outcomes: [Int32] = try decode()
    let sets: [Int32] = try decode(count: outcomes.count)
    let times: [Int32] = try decode(count: outcomes.count)
    return try outcomes.indices.map { k in
      guard let outcome = Outcome(rawValue: outcomes[k]) else {
        throw ByteDecodingError("an outcome is unknown")
      }
      return AttractorDecision(outcome: outcome, set: sets[k], time: times[k])
    }
  }
}
