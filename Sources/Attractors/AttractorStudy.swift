import Dynamics
import Numerics

/// The attractors of a model, their basins and their identity: what the run file's group `/attractors` holds.
public struct AttractorStudy: Sendable {
  /// Fixed points and cycles: those that starts reached, by descending number of starts, then the others.
  public var sets: [InvariantSet]
  /// How many of them starts reached.
  public var reachedCount: Int
  /// Corruption levels.
  public var levels: [Double]
  /// The source items.
  public var items: [Int32]
  /// Starts of each item.
  public var realizations: Int
  /// Where each start went, `[level][item, realization]`: an index into `sets`, -1 for none.
  public var labels: [[Int32]]
  /// How each start ended, `[level][item, realization]`.
  public var outcomes: [[Outcome]]
  /// Steps until it had converged (or diverged), -1 where it did not, `[level][item, realization]`.
  public var times: [[Int32]]
  /// Statistics of each level.
  public var basins: [Basins]
  /// What each set is near to, and looks like.
  public var identities: [Identity]
  /// g(z*) of each set's first point, `[sets, D]`.
  public var pictures: RowTable
  /// Exponents of starts that did not settle.
  public var unsettled: [Unsettled]
  /// Looks at the intervals that were planned (1 without `until`), and how many were taken.
  public var looks: (planned: Int, taken: Int)
  /// Steps of plain iteration, of all starts.
  public var iterations: Int
  /// Starts decided by a trapping ball.
  public var decidedByBall: Int
  /// Wall-clock seconds.
  public var seconds: Double

  /// Collects them.
  package init(
    sets: [InvariantSet], reachedCount: Int, levels: [Double], items: [Int32], realizations: Int,
    labels: [[Int32]], outcomes: [[Outcome]], times: [[Int32]], basins: [Basins], identities: [Identity],
    pictures: RowTable, unsettled: [Unsettled], looks: (planned: Int, taken: Int), iterations: Int,
    decidedByBall: Int, seconds: Double
  ) {
    self.sets = sets
    self.reachedCount = reachedCount
    self.levels = levels
    self.items = items
    self.realizations = realizations
    self.labels = labels
    self.outcomes = outcomes
    self.times = times
    self.basins = basins
    self.identities = identities
    self.pictures = pictures
    self.unsettled = unsettled
    self.looks = looks
    self.iterations = iterations
    self.decidedByBall = decidedByBall
    self.seconds = seconds
  }

  /// One level's statistics.
  public struct Basins: Sendable {
    /// Starts that reached each set.
    public var counts: [Int]
    /// Their share of all starts.
    public var fractions: [Double]
    /// With 95 % confidence.
    public var intervals: [FractionInterval]
    /// Starts that are slow or undecided, as a share of all.
    public var undecidedFraction: Double
    /// Nats.
    public var entropy: Double
    /// Chao1.
    public var unseen: UnseenAttractors
    /// Of starts that converged: median, 90 % quantile and maximum of the time; -1 for none.
    public var convergenceTimes: (median: Int, ninetieth: Int, maximum: Int)
    /// Starts by class and by the class of the nearest concept of the attractor reached, `[class][class]`; nil
    /// without classes.
    public var confusion: [[Int]]?

    /// Collects them.
    package init(
      counts: [Int], fractions: [Double], intervals: [FractionInterval], undecidedFraction: Double,
      entropy: Double, unseen: UnseenAttractors,
      convergenceTimes: (median: Int, ninetieth: Int, maximum: Int), confusion: [[Int]]?
    ) {
      self.counts = counts
      self.fractions = fractions
      self.intervals = intervals
      self.undecidedFraction = undecidedFraction
      self.entropy = entropy
      self.unseen = unseen
      self.convergenceTimes = convergenceTimes
      self.confusion = confusion
    }
  }

  /// What an attractor is near to.
  public struct Identity: Sendable {
    /// The class whose concept is nearest.
    public var concept: Int
    /// Its distance.
    public var conceptDistance: Double
    /// The training item whose memory is nearest.
    public var memory: Int
    /// Its distance.
    public var memoryDistance: Double
    /// The training item that the attractor is a recovered memory of, -1 for none.
    public var recoveredItem: Int

    /// Collects them.
    package init(
      concept: Int, conceptDistance: Double, memory: Int, memoryDistance: Double, recoveredItem: Int
    ) {
      self.concept = concept
      self.conceptDistance = conceptDistance
      self.memory = memory
      self.memoryDistance = memoryDistance
      self.recoveredItem = recoveredItem
    }
  }

  /// Steps over which Lyapunov exponents are taken.
  package static let lyapunovSteps = 1000

  /// A start that did not settle.
  public struct Unsettled: Sendable {
    /// The index of its level.
    public var level: Int
    /// Its place in `labels`.
    public var initial: Int
    /// Leading Lyapunov exponents, nats per step.
    public var exponents: [Double]

    /// Collects them.
    package init(level: Int, initial: Int, exponents: [Double]) {
      self.level = level
      self.initial = initial
      self.exponents = exponents
    }
  }
}
