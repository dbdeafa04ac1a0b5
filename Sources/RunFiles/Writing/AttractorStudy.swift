import Attractors
import Dynamics
import Numerics
import Observables
import Statistics

/// The attractors of a model, their basins and their identity, as the run file's group `/attractors` has them.
public struct AttractorStudy: Sendable {
  /// Fixed points, cycles and recurrent sets. Those that starts reached come first, by descending number of starts.
  public var sets: [InvariantSet]
  /// The number of sets that starts reached.
  public var reachedCount: Int
  /// The corruption levels.
  public var levels: [Double]
  /// The source items.
  public var items: [Int32]
  /// The number of starts of each item.
  public var realizations: Int
  /// The set that each start reached, `[level][item, realization]`: an index into `sets`, -1 for none.
  public var labels: [[Int32]]
  /// How each start ended, `[level][item, realization]`.
  public var outcomes: [[Outcome]]
  /// The number of steps until each start had converged or diverged, -1 if it did neither, `[level][item,
  /// realization]`.
  public var times: [[Int32]]
  /// The statistics of each level.
  public var basins: [Basins]
  /// What each set is near to, and which item it recovers.
  public var identities: [Identity]
  /// How far the edge of each set's basin is. `leavingStart` is the start's level times the starts of a level plus its
  /// place in `labels`.
  public var edges: [BasinEdge] = []
  /// The shares of training and of held-out items that are themselves at a stable set; NaN without such items.
  public var itemsAtSets: (training: Double, heldOut: Double) = (.nan, .nan)
  /// The decoded first point g(z*) of each set, `[sets, D]`.
  public var pictures: RowTable
  /// The starts that did not settle, with their Lyapunov exponents.
  public var unsettled: [Unsettled]
  /// How often the intervals were to be examined (once without `until`), and how often they were.
  public var looks: (planned: Int, taken: Int)
  /// The number of steps of plain iteration, summed over all starts.
  public var iterations: Int
  /// The number of starts that were decided by a trapping ball.
  public var decidedByBall: Int
  /// The wall-clock time that the search took, in seconds.
  public var seconds: Double

  /// Creates a study from what was found.
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

  /// The statistics of one level.
  public struct Basins: Sendable {
    /// The number of starts that reached each set.
    public var counts: [Int]
    /// The shares of all starts that reached each set.
    public var fractions: [Double]
    /// The 95 % confidence intervals of these shares.
    public var intervals: [FractionInterval]
    /// The share of all starts whose set is not known: slow, undecided and ambiguous ones.
    public var undecidedFraction: Double
    /// The entropy of the basin fractions, in nats.
    public var entropy: BasinFractionEntropy
    /// A lower bound on the number of attractors that no start has reached (Chao1).
    public var unseen: UnseenAttractors
    /// The median, the 90 % quantile and the maximum of the times of starts that converged; -1 for none.
    public var convergenceTimes: (median: Int, ninetieth: Int, maximum: Int)
    /// The number of starts by class and by the class of the concept that the attractor reached belongs to,
    /// `[class][1 + class]`, where the first column is that of attractors near to none; nil without classes.
    public var confusion: [[Int]]?
    /// The shares of starts whose attractor belongs to each regime, in the order of `Regime.allCases`.
    public var regimes: [RegimeShare] = []
    /// The share of starts whose attractor is a fixed point in the ball of their own memory; NaN without own items.
    public var atOwnMemory = RegimeShare(fraction: .nan, interval: .missing)
    /// The share of decided starts whose attractor is nearer to the matched sample of training memories than to the
    /// held-out one; NaN without held-out items.
    public var nearerToTraining = Double.nan
    /// The share of starts whose attractor is at their own item's memory; missing without own items.
    public var recalled = RegimeShare(fraction: .nan, interval: .missing)
    /// The mean distance of z(0) from the memory of the start's own item; NaN without own items.
    public var displacement = Double.nan

    /// Creates the statistics of a level.
    package init(
      counts: [Int], fractions: [Double], intervals: [FractionInterval], undecidedFraction: Double,
      entropy: BasinFractionEntropy, unseen: UnseenAttractors,
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

  /// What a set resembles, adapted from Pham et al. (arXiv:2505.21777) and Radhakrishnan et al. (arXiv:1909.12362). The
  /// raw values are those of `regime` in run files, and the first that holds counts.
  public enum Regime: Int32, Sendable, CaseIterable {
    /// It recovers the memory of a training item.
    case memorized = 0
    /// It lies near a concept or the root.
    case prototype = 1
    /// It is as near to a training memory as held-out items are.
    case generalizing = 2
    /// None of these.
    case spurious = 3
    /// Neither of the first two, and there are no held-out items that would tell the other two apart.
    case unclassified = 4
  }

  /// A share of starts with its 95 % confidence interval.
  public struct RegimeShare: Sendable {
    /// The share of all starts.
    public var fraction: Double
    /// Its interval, which undecided starts widen.
    public var interval: FractionInterval

    /// Creates a share.
    package init(fraction: Double, interval: FractionInterval) {
      self.fraction = fraction
      self.interval = interval
    }
  }

  /// What an attractor is near to.
  public struct Identity: Sendable {
    /// The class whose concept is nearest.
    public var concept: Int
    /// The Euclidean distance from that concept.
    public var conceptDistance: Double
    /// The training item whose memory is nearest.
    public var memory: Int
    /// The Euclidean distance from that memory.
    public var memoryDistance: Double
    /// The training item whose memory the attractor recovers; -1 for none.
    public var recoveredItem: Int
    /// What the attractor resembles.
    public var regime: Regime
    /// Whether it lies as near to the nearest concept as most of that class's items.
    public var isOfConcept: Bool
    /// The distance from the nearest memory of a sample of training items minus that of a held-out sample of the same
    /// size; NaN without held-out items.
    public var excessOverHeldOut: Double

    /// Creates an identity.
    package init(
      concept: Int, conceptDistance: Double, memory: Int, memoryDistance: Double, recoveredItem: Int,
      regime: Regime, isOfConcept: Bool, excessOverHeldOut: Double
    ) {
      self.concept = concept
      self.conceptDistance = conceptDistance
      self.memory = memory
      self.memoryDistance = memoryDistance
      self.recoveredItem = recoveredItem
      self.regime = regime
      self.isOfConcept = isOfConcept
      self.excessOverHeldOut = excessOverHeldOut
    }
  }

  /// The number of steps over which Lyapunov exponents are averaged.
  package static let lyapunovSteps = 1000

  /// A start that did not settle.
  public struct Unsettled: Sendable {
    /// The index of the start's level.
    public var level: Int
    /// The start's place in `labels`.
    public var initial: Int
    /// The leading Lyapunov exponents, in nats per step.
    public var exponents: [Double]

    /// Creates an entry.
    package init(level: Int, initial: Int, exponents: [Double]) {
      self.level = level
      self.initial = initial
      self.exponents = exponents
    }
  }
}
