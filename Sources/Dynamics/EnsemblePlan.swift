import Numerics

/// Which members an ensemble has, for how long they run, and what is kept of them.
public struct EnsemblePlan: Sendable {
  /// The corruption levels.
  public var levels: [Double]
  /// The items of every level, as indices that the initial condition understands.
  public var items: [Int32]
  /// The number of noisy copies of each item, or the most of them where items differ (`setRealizations`).
  public var realizations: Int
  /// The number of noisy copies at each position of `items`, if items differ in it; nil if each has `realizations`.
  public private(set) var unevenRealizations: [Int]?
  /// The number of members of a level if items differ; otherwise not used.
  private var unevenCount = 0
  /// The last time: times are 0...steps.
  public var steps: Int
  /// The scenario's seed.
  public var seed: UInt64
  /// The observables that are averaged over the members of each level.
  public var observables: [any Observable]
  /// How many of the observables, counted from the first, are recorded member by member; nil for all.
  public var recordedObservables: Int?
  /// A label that every member has at each time. Members are counted by it. nil if no label is asked for.
  public var labelling: Labelling?
  /// The groupings of items. All averages are also taken per group.
  public var groupings: [ItemGrouping] = []
  /// An observable with values 0 and 1 by which every average is split (see `SeriesPart`); nil for no split.
  public var splitting: (any Observable)?
  /// The distances whose approach `1 - min_t <d(t)> / <d(0)>` is computed, with a bootstrap over items.
  public var approaches = ApproachTable<any Observable>()
  /// The distance to the own concept. Its minimum over time is a scalar of each member. nil for no such scalars.
  public var conceptDistance: (any Observable)?
  /// The distance to the own memory. Its minimum over time is a scalar of each member. nil for no such scalars.
  public var memoryDistance: (any Observable)?
  /// The rule by which a member counts as converged.
  public var convergence = ConvergenceRule.notAsked
  /// Whether the observer receives each member's time series.
  public var recordsMembers = false
  /// Whether the observer receives each member's latent states.
  public var recordsLatentStates = false
  /// The number of the bootstrap's replicates for the approaches; 0 for no intervals.
  public var bootstrapReplicates = EnsemblePlan.standardReplicates

  /// The number of replicates of a plan by default.
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

  /// The fields that the observables and the engine itself read, besides z(t).
  var requiredFields: StateFields {
    var fields: StateFields = convergence.tolerance != nil ? .previousState : []
    if conceptDistance != nil { fields.insert(.initialState) }
    let beside = [splitting, labelling?.observable, conceptDistance, memoryDistance].compactMap { $0 }
    for observable in observables + approaches.elements + beside {
      fields.formUnion(observable.requiredFields)
    }
    return fields
  }

  /// Whether the observer receives each member's labels.
  public var recordsLabels: Bool { labelling != nil && recordsMembers }
  /// How many observables are recorded member by member.
  var recordedCount: Int { min(recordedObservables ?? observables.count, observables.count) }
  /// Gives each item a number of noisy copies of its own.
  ///
  /// - Precondition: There are as many numbers as `items`, all at least 1.
  /// - Complexity: O(items).
  public mutating func setRealizations(_ counts: [Int]) {
    precondition(counts.count == items.count && counts.allSatisfy { $0 >= 1 })
    let most = counts.max() ?? 1
    realizations = most
    unevenCount = counts.reduce(0, +)
    unevenRealizations = counts.allSatisfy { $0 == most } ? nil : counts
  }

  /// The number of members of one level.
  public var membersPerLevel: Int {
    unevenRealizations == nil ? items.count * realizations : unevenCount
  }
  /// The number of members of all levels.
  public var memberCount: Int { levels.count * membersPerLevel }
  /// The number of times, steps + 1.
  public var times: Int { steps + 1 }
  /// The times at which the bootstrap's replicates search for an approach's minimum: all times of a run of up to 63
  /// steps; in a longer run 64 of them, dense at first and then evenly spaced in ln t.
  public static func bootstrapTimes(steps: Int) -> [Int] { ApproachBootstrap.searchedTimes(steps + 1) }
  /// Whether there are approaches with intervals.
  var hasBootstrap: Bool { !approaches.isEmpty && bootstrapReplicates > 0 }

  /// Roughly how many members a unit of parallel work has.
  var membersPerUnit: Int { Self.membersPerUnit(ofMembers: memberCount) }

  /// The number of units that a small plan is cut into, so that a few threads share its work evenly.
  private static let unitsOfSmallPlans = 64
  /// The fewest members of a unit.
  private static let smallestUnit = 2 * BlockSize.tileHeight

  /// Roughly how many members a unit has in a plan of `count` members: at most those of a block, and a multiple of the
  /// register tile's height.
  public static func membersPerUnit(ofMembers count: Int) -> Int {
    let share = count / unitsOfSmallPlans / BlockSize.tileHeight * BlockSize.tileHeight
    return min(max(share, smallestUnit), BlockSize.standard)
  }
}
