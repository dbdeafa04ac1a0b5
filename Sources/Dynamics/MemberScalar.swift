/// A number that describes a whole trajectory. It is kept for each member and averaged over the members of a level.
///
/// In the definitions, c is the own concept, xi the own memory, t = 0...T the times, and the chord is the straight
/// segment from z(0) to z(T). This file contains all that the engine and the run files know of scalars, so a new scalar
/// is a case with its definition and its value.
public enum MemberScalar: Int, Sendable, CaseIterable {
  /// The first time of the smallest |z(t) - c|.
  case timeOfClosestConcept
  /// min_t |z(t) - c|.
  case closestConceptDistance
  /// The first time of the smallest |z(t) - xi|.
  case timeOfClosestMemory
  /// min_t |z(t) - xi|.
  case closestMemoryDistance
  /// The distance of c from the chord.
  case chordConceptDistance
  /// That distance minus min_t |z(t) - c|. It is positive if the path came nearer than the straight line.
  case chordExcess
  /// 1 if the time of the closest memory is later than that of the closest concept, else 0.
  case memoryAfterConcept
  /// The first time from which every step is below the tolerance.
  case convergenceTime

  /// What kind of number a scalar is.
  public enum Kind: Sendable, Hashable {
    /// A number of steps. In files it is an `int32`, -1 if there is none.
    case time
    /// A length, a difference of lengths or a fraction. In files it is a `double`, missing if there is none.
    case real
  }

  /// A scalar's average over the members of a level, as files know it.
  public struct Average: Sendable, Hashable {
    /// The variable's name. Its standard error and count are `NAME_standard_error` and `NAME_count`.
    public let name: String
    /// Its `long_name`.
    public let longName: String
    /// Whether each value is 0 or 1, so that the average is a fraction of the members.
    public var isFraction = false
  }

  /// How files describe a scalar.
  public struct Definition: Sendable, Hashable {
    /// The scalar's name, which is that of the variable in the group of members.
    public let name: String
    /// What kind of number it is. All scalars are dimensionless.
    public let kind: Kind
    /// The `long_name` of the variable in the group of members; nil if members' own values are not written.
    public let membersLongName: String?
    /// The scalar's average; nil if it is not averaged.
    public let average: Average?
  }

  /// How files describe this scalar.
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

  /// The scalars that are written member by member, in their order.
  public static let recorded = allCases.filter { $0.definition.membersLongName != nil }

  /// The scalars that are averaged, in their order.
  public static let averaged = allCases.filter { $0.definition.average != nil }

  /// The scalar of one member; NaN if there is none.
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

/// What is known of one member at the end of its trajectory. Its scalars follow from this.
struct TrajectorySummary {
  /// How near the member came to its own concept.
  var concept: ClosestApproach
  /// How near the member came to its own memory.
  var memory: ClosestApproach
  /// The distance of the own concept from the chord; NaN if there is none.
  var chordDistance: Double
  /// The first time from which every step is below the tolerance; NaN if there is none.
  var convergenceTime: Double
}

/// One entry for each of several scalars.
public struct ScalarColumns<Entry: Sendable>: Sendable {
  /// The scalars that have an entry.
  public let scalars: [MemberScalar]
  /// The entries of the scalars, in the same order.
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
  /// The number of members that have the scalar.
  public var count: Int
  /// The mean over these members; NaN if there is none.
  public var mean: Double
  /// The standard error of the mean over items, as in `SeriesStatistics`; NaN for fewer than two items with it.
  public var standardError: Double
  /// The number of items that have a member with the scalar.
  public var itemCount: Int
}
