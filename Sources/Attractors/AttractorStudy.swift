import Dynamics
import Numerics

/// The attractors of a model, their basins and their identity: what the run file's group `/attractors` holds.
public struct AttractorStudy: Sendable {
  /// Fixed points and cycles: those that starts reached, by descending number of starts, then the others.
  public var sets: [InvariantSet]
  /// How many of them starts reached.
  public var reachedCount: Int
  /// The corruption levels.
  public var levels: [Double]
  /// The source items.
  public var items: [Int32]
  /// The starts of each item.
  public var realizations: Int
  /// Where each start went, `[level][item, realization]`: an index into `sets`, -1 for none.
  public var labels: [[Int32]]
  /// How each start ended, `[level][item, realization]`.
  public var outcomes: [[Outcome]]
  /// Steps until it had converged (or diverged), -1 where it did not, `[level][item, realization]`.
  public var times: [[Int32]]
  /// The statistics of each level.
  public var basins: [Basins]
  /// What each set is near to, and looks like.
  public var identities: [Identity]
  /// g(z*) of each set's first point, `[sets, D]`.
  public var pictures: RowTable
  /// Lyapunov exponents of starts that did not settle.
  public var unsettled: [Unsettled]
  /// How often the intervals were to be examined (once without `until`), and how often they were.
  public var looks: (planned: Int, taken: Int)
  /// Steps of plain iteration, summed over all starts.
  public var iterations: Int
  /// Starts decided by a trapping ball.
  public var decidedByBall: Int
  /// The wall-clock time that the search took, in seconds.
  public var seconds: Double

  /// Collects what was found.
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
    /// The 95 % confidence intervals of these shares.
    public var intervals: [FractionInterval]
    /// Starts that are slow or undecided, as a share of all.
    public var undecidedFraction: Double
    /// The basin entropy of decided starts, nats.
    public var entropy: Double
    /// How many attractors no start has reached, at least (Chao1).
    public var unseen: UnseenAttractors
    /// The median, the 90 % quantile and the maximum of the times of starts that converged; -1 for none.
    public var convergenceTimes: (median: Int, ninetieth: Int, maximum: Int)
    /// Starts by class and by the class of the nearest concept of the attractor reached, `[class][class]`; nil
    /// without classes.
    public var confusion: [[Int]]?

    /// Collects the statistics.
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
    /// The Euclidean distance of that concept.
    public var conceptDistance: Double
    /// The training item whose memory is nearest.
    public var memory: Int
    /// The Euclidean distance of that memory.
    public var memoryDistance: Double
    /// The training item that the attractor is a recovered memory of, -1 for none.
    public var recoveredItem: Int

    /// Collects what was found.
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

    /// Collects what was found.
    package init(level: Int, initial: Int, exponents: [Double]) {
      self.level = level
      self.initial = initial
      self.exponents = exponents
    }
  }
}
