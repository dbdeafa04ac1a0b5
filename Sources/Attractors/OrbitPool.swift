import Numerics

/// The orbits of a search that are not decided yet. Not synchronized: workers write different orbits.
final class OrbitPool: @unchecked Sendable {
  /// Why an orbit left a worker's block.
  enum End: UInt8 {
    /// It has not been taken up.
    case waiting
    /// It has used up its steps of this round.
    case paused
    /// It lies in a trapping ball.
    case trapped
    /// Its step is below the tolerance.
    case settled
    /// A component is not finite.
    case diverged
  }

  /// What is known of one orbit beside its state.
  struct Orbit: BitwiseCopyable {
    /// The number of its start.
    var start: Int32
    /// The time t of the state.
    var time: Int32 = 0
    /// |z(t) - z(t-1)|.
    var step = Double.infinity
    var end = End.waiting
    /// The set and the point whose ball holds the state.
    var set: Int32 = -1
    var phase: Int32 = 0
    /// A period after which the orbit came close to itself, and how close; 1 for none.
    var period: Int32 = 1
    var recurrence = Double.infinity
    /// Newton's method is tried when the step (the recurrence) is below this.
    var nextAttempt: Double
    var nextCycleAttempt: Double
    /// The orbit counts as settled when its step is below this.
    var tolerance: Double
  }

  /// N.
  let dimension: Int
  /// The most orbits that fit.
  let capacity: Int
  /// How many orbits there are.
  private(set) var count = 0
  /// Shape `[capacity]`; the first `count` are valid.
  let orbits: AlignedBuffer<Orbit>
  /// z(t), shape `[capacity, N]`.
  let states: AlignedBuffer<Double>

  init(dimension: Int, capacity: Int) {
    self.dimension = dimension
    self.capacity = capacity
    orbits = AlignedBuffer(count: capacity)
    states = AlignedBuffer(count: capacity * dimension)
  }

  /// The state of one orbit, shape `[N]`.
  func state(_ index: Int) -> UnsafeMutablePointer<Double> { states.pointer + index * dimension }

  /// A copy of the state of one orbit.
  func stateArray(_ index: Int) -> [Double] {
    Array(states.slice(from: index * dimension, count: dimension))
  }

  /// Adds an orbit, whose state the caller writes.
  func append(_ orbit: Orbit) {
    orbits.pointer[count] = orbit
    count += 1
  }

  /// Keeps the orbits of which `isKept` is true, in their order.
  func keep(_ isKept: (Int) -> Bool) {
    var kept = 0
    for index in 0..<count where isKept(index) {
      if kept != index {
        orbits.pointer[kept] = orbits.pointer[index]
        state(kept).update(from: state(index), count: dimension)
      }
      kept += 1
    }
    count = kept
  }
}
