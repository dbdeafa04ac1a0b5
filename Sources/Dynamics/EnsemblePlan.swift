/// Items sorted into groups over which averages are taken as well, e.g. classes.
public struct ItemGrouping: Sendable {
  /// The suffix of variable names: `NAME_by_class`.
  public let name: String
  /// How many groups there are.
  public let count: Int
  /// The group of each position in the plan's `items`.
  public let groupOfPosition: [Int32]

  /// - Precondition: all groups lie in `0..<count`.
  public init(name: String, count: Int, groupOfPosition: [Int32]) {
    precondition(groupOfPosition.allSatisfy { $0 >= 0 && $0 < count })
    self.name = name
    self.count = count
    self.groupOfPosition = groupOfPosition
  }
}

/// Which members an ensemble has, for how long they run, and what is kept of them.
public struct EnsemblePlan: Sendable {
  /// Corruption levels.
  public var levels: [Double]
  /// The items of every level, as indices that the initial condition understands.
  public var items: [Int32]
  /// Noisy copies of each item.
  public var realizations: Int
  /// Times run 0...steps.
  public var steps: Int
  /// The scenario's seed.
  public var seed: UInt64
  /// Averaged over the members of each level.
  public var observables: [any Observable]
  /// How many of the observables, from the first, are recorded member by member; nil: all.
  public var recordedObservables: Int?
  /// Averages per group as well.
  public var groupings: [ItemGrouping] = []
  /// A 0-or-1 observable by which every average is split in two as well (`retained`, `lost`).
  public var splitting: (any Observable)?
  /// Distances of which the approach `1 - min_t <d(t)> / <d(0)>` is computed, with a bootstrap over
  /// items.
  public var approaches: [any Observable] = []
  /// The distance (to the own concept) whose minimum over time is a scalar of each member.
  public var closest: (any Observable)?
  /// The same for a second distance (to the own memory).
  public var closestMemory: (any Observable)?
  /// A member whose step length stays below this to the end has converged; nil: not asked.
  public var tolerance: Double?
  /// Confirms recorded members whose steps stayed below the tolerance; nil: that alone counts as converged.
  public var classifier: (any SettledStateClassifier)?
  /// Whether members' own time series are handed to the sink.
  public var recordsMembers = false
  /// Whether members' latent states are handed to the sink.
  public var recordsLatentStates = false
  /// Bootstrap replicates of the approaches; 0: no intervals.
  public var bootstrapReplicates = EnsemblePlan.standardReplicates

  /// Replicates where nothing else is asked for.
  public static let standardReplicates = 1000

  /// Creates a plan that averages `observables`.
  public init(
    levels: [Double], items: [Int32], realizations: Int = 1, steps: Int, seed: UInt64,
    observables: [any Observable]
  ) {
    precondition(!levels.isEmpty && !items.isEmpty && realizations >= 1 && steps >= 0)
    self.levels = levels
    self.items = items
    self.realizations = realizations
    self.steps = steps
    self.seed = seed
    self.observables = observables
  }

  var recordedCount: Int { min(recordedObservables ?? observables.count, observables.count) }
  /// Members of one level.
  public var membersPerLevel: Int { items.count * realizations }
  /// Members in all.
  public var memberCount: Int { levels.count * membersPerLevel }
  /// steps + 1.
  public var times: Int { steps + 1 }
  /// The times at which the bootstrap's replicates look for an approach's minimum: all of a run of up to 63 steps; of
  /// a longer one 64 of them, dense at first, then evenly spaced in ln t.
  public static func bootstrapTimes(steps: Int) -> [Int] { ApproachBootstrap.searchedTimes(steps + 1) }
  /// Whether there are approaches with intervals.
  var hasBootstrap: Bool { !approaches.isEmpty && bootstrapReplicates > 0 }

  /// The members of a unit of parallel work, about: 64 units for an even share of a small plan's work
  /// among a few threads, at most a block. Multiples of the register tile's height, at least two of them.
  var membersPerUnit: Int { Self.membersPerUnit(ofMembers: memberCount) }

  /// The members of a unit, about, of a plan of so many.
  public static func membersPerUnit(ofMembers count: Int) -> Int { min(max(count / 64 / 14 * 14, 28), 126) }
}

/// Decides what a member is whose steps have stayed small to the end: a small step may be a slow passage.
public protocol SettledStateClassifier: Sendable {
  /// `converged` or `slow`, by the last state, shape `[N]`. Any thread may ask.
  func outcome(ofSettled state: UnsafePointer<Double>) -> Outcome
}

/// How a member ended.
public enum Outcome: Int32, Sendable, CaseIterable {
  /// The step length fell below the tolerance for good.
  case converged = 0
  /// The orbit repeats with a period of at least 2.
  case cycle = 1
  /// Small steps without a fixed point near by.
  case slow = 2
  /// A state was not finite.
  case diverged = 3
  /// None of these could be shown.
  case undecided = 4
}

/// What one unit of members leaves for the file, in the order of the plan.
public struct MemberRecords: Sendable {
  /// The index of the first member among all members (level-major, then item, then realization).
  public var firstMember: Int
  /// Addresses.
  public var members: [Member]
  /// Position of each member's item in the plan.
  public var positions: [Int32]
  /// Per recorded observable `[members, times]`, row-major.
  public var series: [[Double]]
  /// `[members, times, N]`; empty unless asked.
  public var latentStates: [Double]
  /// First time of the smallest `closest` distance; -1 where there is none.
  public var closestTime: [Int32]
  /// The smallest `closest` distance; NaN where there is none.
  public var closestDistance: [Double]
  /// First time of the smallest `closestMemory` distance; -1 where there is none.
  public var closestMemoryTime: [Int32]
  /// The smallest `closestMemory` distance; NaN where there is none.
  public var closestMemoryDistance: [Double]
  /// `MemberScalar.chordConceptDistance`; NaN where there is none.
  public var chordDistance: [Double]
  /// `MemberScalar.chordExcess`; NaN where there is none.
  public var chordExcess: [Double]
  /// First time from which every step is below the tolerance; -1 where there is none.
  public var convergenceTime: [Int32]
  /// How each member ended.
  public var outcomes: [Outcome]
}
