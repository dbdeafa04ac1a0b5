/// What orbits of a search have taken until they ended, which tells what the others may take.
struct SearchEffort: BitwiseCopyable, Sendable {
  /// The number of orbits that have ended, and their steps.
  private var ended = 0
  private var steps = 0
  /// Likewise of those that ended after they were first looked at for recurrent motion.
  private var lateEnded = 0
  private var lateSteps = 0

  /// The orbits under way, counted for a comparison.
  struct Tally {
    fileprivate var count = 0
    fileprivate var steps = 0
    fileprivate var lateCount = 0
    fileprivate var lateSteps = 0

    /// - Parameter late: The time from which on an orbit has been looked at.
    init(_ pool: OrbitPool, late: Int32) {
      count = pool.count
      for index in 0..<pool.count {
        let time = pool.orbits.pointer[index].time
        steps += Int(time)
        guard time >= late else { continue }
        lateCount += 1
        lateSteps += Int(time)
      }
    }
  }

  /// Counts the orbits that ended between two tallies.
  mutating func count(from before: Tally, to after: Tally) {
    ended += before.count - after.count
    steps += before.steps - after.steps
    lateEnded += before.lateCount - after.lateCount
    lateSteps += before.lateSteps - after.lateSteps
  }

  /// The fraction of all steps that are done, as far as those that have ended tell.
  ///
  /// An orbit is expected to take as many steps as the others like it: those that ended early, or those that ended late.
  /// If it has taken more, it may take as many again. An orbit like none that has ended may go on to the last step.
  ///
  /// - Parameters:
  ///   - waiting: The number of orbits that have not begun.
  ///   - late: The time from which on an orbit has been looked at.
  ///   - maximumSteps: The number of steps after which an orbit is given up.
  func fraction(_ pool: OrbitPool, waiting: Int, late: Int32, maximumSteps: Int) -> Double {
    var done = Double(steps)
    let mean = ended > 0 ? Double(steps) / Double(ended) : nil
    let lateMean = lateEnded > 0 ? Double(lateSteps) / Double(lateEnded) : Double(maximumSteps)
    var left = 0.0
    for index in 0..<pool.count {
      let time = Double(pool.orbits.pointer[index].time)
      done += time
      let expected = pool.orbits.pointer[index].time >= late ? lateMean : mean ?? 2 * time
      left += min(expected > time ? expected - time : time, max(Double(maximumSteps) - time, 0))
    }
    let begun = mean ?? (pool.count > 0 ? (done + left) / Double(pool.count) : 0)
    left += Double(waiting) * begun
    return done + left > 0 ? done / (done + left) : 0
  }
}
