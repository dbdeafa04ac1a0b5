/// A number of a whole trajectory, kept for each member and averaged over the members of a level.
///
/// With the own concept c, the own memory xi, times t = 0...T, and the chord, the straight segment from z(0)
/// to z(T). All that the engine and the run files know of a scalar is in this file: a new scalar is a case with its
/// definition and its value.
public enum MemberScalar: Int, Sendable, CaseIterable {
  /// First time of the smallest |z(t) - c|.
  case timeOfClosestConcept
  /// min_t |z(t) - c|.
  case closestConceptDistance
  /// First time of the smallest |z(t) - xi|.
  case timeOfClosestMemory
  /// min_t |z(t) - xi|.
  case closestMemoryDistance
  /// The distance of c to the chord.
  case chordConceptDistance
  /// That distance minus min_t |z(t) - c|: positive where the path came nearer than the straight line.
  case chordExcess
  /// 1 where the time of the closest memory is later than that of the closest concept, else 0.
  case memoryAfterConcept
  /// First time from which every step is below the tolerance.
  case convergenceTime

  /// What kind of number a scalar is.
  public enum Kind: Sendable, Hashable {
    /// A number of steps: in files an `int32`, -1 where there is none.
    case time
    /// A length, a difference of lengths or a fraction: in files a `double`, missing where there is none.
    case real
  }

  /// A scalar's average over the members of a level, as files know it.
  public struct Average: Sendable, Hashable {
    /// The variable; its standard error and count are `NAME_standard_error` and `NAME_count`.
    public let name: String
    /// Its `long_name`.
    public let longName: String
    /// Whether each value is 0 or 1, so that the average is a fraction of the members.
    public var isFraction = false
  }

  /// What files say of a scalar.
  public struct Definition: Sendable, Hashable {
    /// Its name, that of the variable in the group of members.
    public let name: String
    /// What kind of number it is; all are dimensionless.
    public let kind: Kind
    /// The `long_name` of the variable in the group of members; nil where members' own values are not written.
    public let membersLongName: String?
    /// Its average; nil where it is not averaged.
    public let average: Average?
  }

  /// The names and the kind.
  public var definition: Definition {
    switch self {
    case .timeOfClosestConcept:
      Definition(
        name: "time_of_closest_concept", kind: .time,
        membersLongName: "first time of the smallest distance to the own concept, -1 for none",
        average: Average(
          name: "time_of_closest_concept_mean",
          longName: "mean time of the smallest distance to the own concept"))
    case .closestConceptDistance:
      Definition(
        name: "closest_concept_distance", kind: .real,
        membersLongName: "smallest distance to the own concept",
        average: Average(
          name: "closest_concept_distance_mean", longName: "mean smallest distance to the own concept"))
    case .timeOfClosestMemory:
      Definition(
        name: "time_of_closest_memory", kind: .time,
        membersLongName: "first time of the smallest distance to the own memory, -1 for none",
        average: Average(
          name: "time_of_closest_memory_mean",
          longName: "mean time of the smallest distance to the own memory"))
    case .closestMemoryDistance:
      Definition(
        name: "closest_memory_distance", kind: .real,
        membersLongName: "smallest distance to the own memory",
        average: Average(
          name: "closest_memory_distance_mean", longName: "mean smallest distance to the own memory"))
    case .chordConceptDistance:
      Definition(
        name: "chord_concept_distance", kind: .real,
        membersLongName:
          "distance of the own concept to the straight segment from first to last latent state",
        average: Average(
          name: "chord_concept_distance_mean",
          longName: "mean distance of the own concept to the straight segment from first to last latent state"
        ))
    case .chordExcess:
      Definition(
        name: "chord_excess", kind: .real,
        membersLongName:
          "chord_concept_distance minus closest_concept_distance: positive where the path came nearer",
        average: Average(
          name: "chord_excess_mean",
          longName: "mean of how much nearer the path came to the own concept than that segment"))
    case .memoryAfterConcept:
      Definition(
        name: "memory_after_concept", kind: .real, membersLongName: nil,
        average: Average(
          name: "memory_after_concept",
          longName: "fraction of members that were closest to the own memory later than to the own concept",
          isFraction: true))
    case .convergenceTime:
      Definition(
        name: "convergence_time", kind: .time,
        membersLongName: "first time from which every step is below the tolerance, -1 for none", average: nil)
    }
  }

  /// Those that are written member by member, in their order.
  public static let recorded = allCases.filter { $0.definition.membersLongName != nil }

  /// Those that are averaged, in their order.
  public static let averaged = allCases.filter { $0.definition.average != nil }

  /// The scalar of one member; NaN where there is none.
  func value(of trajectory: TrajectorySummary) -> Double {
    switch self {
    case .timeOfClosestConcept: return trajectory.concept.timeOfSmallest
    case .closestConceptDistance: return trajectory.concept.smallest
    case .timeOfClosestMemory: return trajectory.memory.timeOfSmallest
    case .closestMemoryDistance: return trajectory.memory.smallest
    case .chordConceptDistance: return trajectory.chordDistance
    case .chordExcess: return trajectory.chordDistance - trajectory.concept.smallest
    case .memoryAfterConcept:
      let delay = trajectory.memory.timeOfSmallest - trajectory.concept.timeOfSmallest
      return delay.isNaN ? .nan : delay > 0 ? 1 : 0
    case .convergenceTime: return trajectory.convergenceTime
    }
  }
}

/// What is known of one member at the end of its trajectory: its scalars follow from it.
struct TrajectorySummary {
  /// How near it came to its own concept.
  var concept: ClosestApproach
  /// How near it came to its own memory.
  var memory: ClosestApproach
  /// The distance of the own concept to the chord; NaN where there is none.
  var chordDistance: Double
  /// First time from which every step is below the tolerance; NaN where there is none.
  var convergenceTime: Double
}

/// One entry for each of some scalars.
public struct ScalarColumns<Entry: Sendable>: Sendable {
  /// The scalars that have an entry.
  public let scalars: [MemberScalar]
  /// Their entries, in the same order.
  public internal(set) var entries: [Entry]

  init(_ scalars: [MemberScalar], entries: [Entry]) {
    precondition(scalars.count == entries.count)
    self.scalars = scalars
    self.entries = entries
  }

  /// The entry of one scalar.
  ///
  /// - Precondition: `scalars` contains it.
  /// - Complexity: O(scalars).
  public subscript(scalar: MemberScalar) -> Entry {
    guard let place = scalars.firstIndex(of: scalar) else {
      preconditionFailure("there is no entry of \(scalar)")
    }
    return entries[place]
  }
}

/// The average of one scalar over the members of a level.
public struct ScalarStatistics: Sendable {
  /// Members that have the scalar.
  public var count: Int
  /// Their mean; NaN where there is none.
  public var mean: Double
  /// Standard error over items of the mean, as in `SeriesStatistics`; NaN for fewer than two items that have the scalar.
  public var standardError: Double
  /// Items of which a member has the scalar.
  public var itemCount: Int
}
