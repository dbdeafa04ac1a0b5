import Numerics

/// The orbits of a search that are not decided yet. Not synchronized, because workers write different orbits.
final class OrbitPool: @unchecked Sendable {
  /// Why an orbit left a worker's block.
  enum End: UInt8 {
    /// It has not been taken up yet.
    case waiting
    /// It has used up its steps of this round.
    case paused
    /// Its state lies in a trapping ball.
    case trapped
    /// Its step is below the tolerance.
    case settled
    /// A component of its state is not finite.
    case diverged
  }

  /// What is known of one orbit besides its state.
  struct Orbit: BitwiseCopyable {
    /// The number of the orbit's start.
    var start: Int32
    /// The time t of the state.
    var time: Int32 = 0
    /// |z(t) - z(t-1)|.
    var step = Double.infinity
    var end = End.waiting
    /// The set, and the number of its point, whose trapping ball contains the state.
    var set: Int32 = -1
    var phase: Int32 = 0
    /// The period after which the orbit came close to itself, 1 for none, and the distance from itself after that
    /// period.
    var period: Int32 = 1
    var recurrence = Double.infinity
    /// Newton's method is tried when the step, or for cycles the recurrence, is below this. Relative to max(1,
    /// |z|).
    var nextAttempt: Double
    var nextCycleAttempt: Double
    /// The orbit counts as settled when its step is below this.
    var tolerance: Double
    /// The time from which on the orbit is looked at for recurrent motion.
    var nextLook: Int32
    /// The sum of the lengths of this round's steps, and their number.
    var stepSum = 0.0
    var stepCount: Int32 = 0
    /// The average step of a round about half the time before the next look; infinite before that.
    var earlierStep = Double.infinity
    /// Whether the last look left open on which of several known sets the orbit moves.
    var isAmbiguous = false
  }

  /// N, the dimension of the states.
  let dimension: Int
  /// The largest number of orbits that fit.
  let capacity: Int
  /// The number of orbits.
  private(set) var count = 0
  /// The orbits, shape `[capacity]`; the first `count` are valid.
  let orbits: AlignedBuffer<Orbit>
  /// The states z(t), shape `[capacity, N]`.
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

  /// Adds an orbit. The caller writes its state.
  func append(_ orbit: Orbit) {
    orbits.pointer[count] = orbit
    count += 1
  }

  /// Keeps the orbits for which `isKept` is true, in their order.
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
