import Dynamics
import Numerics
import Synchronization

/// One thread's block of orbits in a search for attractors.
///
/// It only iterates plainly. An orbit that has ended leaves the block at once, and the next waiting orbit takes its
/// row. So no step is spent on an orbit that is decided.
final class OrbitWorker<Map: DifferentiableMap> {
  private let map: Map
  private let capacity: Int
  private let block: StateBlock
  private var workspace: Map.Workspace
  /// The states before the last step, `[capacity, N]`.
  private let previous: AlignedBuffer<Double>
  /// The states with which the last steps of a round are compared, `[capacity, N]`.
  private let reference: AlignedBuffer<Double>
  /// Memory for one state.
  private let scratch: AlignedBuffer<Double>
  /// The place of each row's orbit in the pool.
  private let index: AlignedBuffer<Int32>
  /// The steps that each row's orbit has left in this round.
  private let remaining: AlignedBuffer<Int32>
  /// Whether each row's orbit has ended. Used only if rows are not refilled.
  private let hasEnded: AlignedBuffer<Bool>

  init(_ map: Map, capacity: Int) {
    self.map = map
    self.capacity = capacity
    block = StateBlock(
      dimension: map.dimension, dataDimension: map.dataDimension, capacity: capacity, start: .latent,
      hasRegion: false)
    workspace = map.makeWorkspace(capacity: capacity)
    previous = AlignedBuffer(count: capacity * map.dimension)
    reference = AlignedBuffer(count: capacity * map.dimension)
    scratch = AlignedBuffer(count: map.dimension)
    index = AlignedBuffer(count: capacity)
    remaining = AlignedBuffer(count: capacity)
    hasEnded = AlignedBuffer(count: capacity)
  }

  /// What all workers share in a round.
  struct Round: Sendable {
    var pool: OrbitPool
    /// The number of orbits that a worker takes at once. It is limited so that all workers get some.
    var blockSize: Int
    /// The number of steps that an orbit may take in this round.
    var budget: Int
    var maximumSteps: Int
    var maximumPeriod: Int
    /// The tolerance that is restored to an orbit when it has left a slow place.
    var tolerance: Double
    var balls: [(set: Int32, ball: TrappingBall)]
    /// Whether a row is refilled as soon as its orbit has ended. If not, a block runs until all its orbits have
    /// ended.
    var refills: Bool
    var shouldStop: @Sendable () -> Bool
  }

  /// Advances waiting orbits until none is left. Returns false if it was stopped.
  func run(_ round: Round, next: borrowing Atomic<Int>) -> Bool {
    let pool = round.pool
    let n = map.dimension
    let noise = NoiseSource(seed: 0)  // an autonomous map draws nothing
    block.count = 0
    while true {
      if round.refills || block.count == 0 {
        while block.count < min(capacity, round.blockSize) {
          let waiting = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard waiting < pool.count else { break }
          load(waiting, into: block.count, round)
          block.count += 1
        }
      }
      if block.count == 0 { return true }
      if round.shouldStop() { return false }
      previous.pointer.update(from: block.states.pointer, count: block.count * n)
      map.step(block, at: 0, noise: noise, workspace: &workspace)
      var running = 0
      for row in stride(from: block.count - 1, through: 0, by: -1) {
        if hasEnded.pointer[row] { continue }
        guard let end = examine(row, round) else {
          running += 1
          continue
        }
        let orbit = Int(index.pointer[row])
        pool.orbits.pointer[orbit].end = end
        pool.state(orbit).update(from: block.states.pointer + row * n, count: n)
        if round.refills {
          let last = block.count - 1
          if row != last { move(last, to: row) }
          block.count = last
        } else {
          hasEnded.pointer[row] = true
        }
      }
      if !round.refills, running == 0 { block.count = 0 }
    }
  }

  /// Loads an orbit of the pool into a row.
  private func load(_ orbit: Int, into row: Int, _ round: Round) {
    let n = map.dimension
    let pool = round.pool
    index.pointer[row] = Int32(truncatingIfNeeded: orbit)
    hasEnded.pointer[row] = false
    (block.states.pointer + row * n).update(from: pool.state(orbit), count: n)
    let left = round.maximumSteps - Int(pool.orbits.pointer[orbit].time)
    remaining.pointer[row] = Int32(truncatingIfNeeded: min(round.budget, left))
    pool.orbits.pointer[orbit].period = 1
    pool.orbits.pointer[orbit].recurrence = .infinity
    pool.orbits.pointer[orbit].stepSum = 0
    pool.orbits.pointer[orbit].stepCount = 0
    // The reference is NaN until there is a state to compare with. The last round may be too short for one.
    (reference.pointer + row * n).update(repeating: .nan, count: n)
  }

  /// Moves an orbit to another row.
  private func move(_ from: Int, to: Int) {
    let n = map.dimension
    index.pointer[to] = index.pointer[from]
    remaining.pointer[to] = remaining.pointer[from]
    (block.states.pointer + to * n).update(from: block.states.pointer + from * n, count: n)
    (reference.pointer + to * n).update(from: reference.pointer + from * n, count: n)
  }

  /// Examines a row after a step.
  ///
  /// - Returns: Why the row's orbit has ended; nil if it goes on.
  private func examine(_ row: Int, _ round: Round) -> OrbitPool.End? {
    let n = map.dimension
    let state = block.states.pointer + row * n
    let orbit = round.pool.orbits.pointer + Int(index.pointer[row])
    let step = distance(state, previous.pointer + row * n, n)
    orbit.pointee.step = step
    orbit.pointee.stepSum += step
    orbit.pointee.stepCount += 1
    orbit.pointee.time += 1
    remaining.pointer[row] -= 1
    guard step.isFinite else { return .diverged }
    for (set, ball) in round.balls {
      if let phase = ball.phase(of: state, scratch: scratch.pointer) {
        orbit.pointee.set = set
        orbit.pointee.phase = Int32(phase)
        return .trapped
      }
    }
    if step < orbit.pointee.tolerance { return .settled }
    if step >= round.tolerance { orbit.pointee.tolerance = round.tolerance }
    let left = Int(remaining.pointer[row])
    // To recognize cycles, the last steps of a round are compared with one state.
    if left == round.maximumPeriod {
      (reference.pointer + row * n).update(from: state, count: n)
    } else if left < round.maximumPeriod, round.maximumPeriod > 1 {
      let lag = round.maximumPeriod - left
      let away = distance(state, reference.pointer + row * n, n)
      if lag == 1 {
        orbit.pointee.recurrence = away
      } else if away < 0.1 * orbit.pointee.recurrence {
        orbit.pointee.recurrence = away
        orbit.pointee.period = Int32(lag)
      }
    }
    return left <= 0 ? .paused : nil
  }
}
