import Dynamics
import Numerics

/// How much more the path bends towards the own class than towards others.
public struct ChordExcessContrast: NamedObservable, PathReading {
  public static let name = "chord-excess-contrast"
  public static let longName =
    "chord excess to the own concept without the own item minus the mean of those to other classes', over the first distance"
  public static let formula =
    "(e' - sum_k e_k / (K - 1)) / d_own(0), e = distance of a centre from the segment z(0) to z(T), minus min_t |z(t) - c|; "
    + "the same at all t"
  public static let missing =
    "for a training item that is the only one of its class; with one class; where d_own(0) is below 1e-12"
  public static let needs: ObservableNeeds = [.ownItem, .classes]

  public init?(_ context: ObservableContext) { if context.own == nil { return nil } }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    write(snapshot, into: values) { _, path, _ in path.chordExcessContrast }
  }
}

/// The distance to the memory that the member will end at.
public struct DistanceReachedMemory: NamedObservable, PathReading {
  public static let name = "distance-reached-memory"
  public static let longName =
    "Euclidean distance between latent state and the memory that the member ends at"
  public static let formula =
    "|z(t) - xi_j|, j the training memory nearest to z(T), within half the distance to its nearest other one"
  public static let missing = "for members that end at no memory"
  public static let family = ObservableFamily.distance
  public static let needs: ObservableNeeds = [.ownItem, .memorySearch]

  private let memories: RowTable

  public init?(_ context: ObservableContext) {
    if context.own == nil { return nil }
    memories = context.geometry.memories
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let n = snapshot.dimension
    write(snapshot, into: values) { m, path, _ in
      path.reachedMemory < 0
        ? .nan : distance(snapshot.states + m * n, memories.row(Int(path.reachedMemory)), n)
    }
  }
}

/// An indicator of one end state, the same at all times.
protocol EndStateIndicator: NamedObservable, PathReading {
  static var state: EndState { get }
}

extension EndStateIndicator {
  public static var isIndicator: Bool { true }
  public static var needs: ObservableNeeds { [.ownItem, .memorySearch] }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    write(snapshot, into: values) { _, path, _ in
      path.endState < 0 ? .nan : path.endState == Int32(Self.state.rawValue) ? 1 : 0
    }
  }
}

/// 1 for members that end at their own memory.
public struct EndsAtOwnMemory: EndStateIndicator {
  public static let name = "ends-at-own-memory"
  public static let longName =
    "fraction of members whose last state lies in the ball of their own training memory"
  public static let formula =
    "1 if z(T) is within half the distance of xi to its nearest other memory; the same at all t"
  static let state = EndState.ownMemory
  public init?(_ context: ObservableContext) { if context.own == nil { return nil } }
}

/// 1 for members that end at another memory of their class.
public struct EndsAtMemoryOfClass: EndStateIndicator {
  public static let name = "ends-at-memory-of-class"
  public static let longName =
    "fraction of members whose last state lies in the ball of another training memory of their class"
  public static let formula =
    "1 if z(T) is in the ball of a memory of the own class other than the own one; the same at all t"
  static let state = EndState.memoryOfClass
  public init?(_ context: ObservableContext) { if context.own == nil { return nil } }
}

/// 1 for members that end at a memory of another class.
public struct EndsAtMemoryOfOtherClass: EndStateIndicator {
  public static let name = "ends-at-memory-of-other-class"
  public static let longName =
    "fraction of members whose last state lies in the ball of a training memory of another class"
  public static let formula = "1 if z(T) is in the ball of a memory of another class; the same at all t"
  static let state = EndState.memoryOfOtherClass
  public init?(_ context: ObservableContext) { if context.own == nil { return nil } }
}

/// 1 for members that end at no memory.
public struct EndsAtNoMemory: EndStateIndicator {
  public static let name = "ends-at-no-memory"
  public static let longName = "fraction of members whose last state lies in the ball of no training memory"
  public static let formula = "1 if z(T) is in no memory's ball; the same at all t"
  static let state = EndState.noMemory
  public init?(_ context: ObservableContext) { if context.own == nil { return nil } }
}

/// 1 for members that are nearest to their own centre at an inner time.
public struct InteriorConceptMinimum: NamedObservable, PathReading {
  public static let name = "interior-concept-minimum"
  public static let longName =
    "fraction of members that come nearest to the own concept without the own item after the start and before the end"
  public static let formula =
    "1 if the first t of min_t d_own(t) is neither 0 nor T, else 0; the same at all t"
  public static let missing = "for a training item that is the only one of its class"
  public static let isIndicator = true
  public static let needs: ObservableNeeds = [.ownItem, .classes]

  public init?(_ context: ObservableContext) { if context.own == nil { return nil } }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    write(snapshot, into: values) { _, path, steps in
      path.timeOfClosestConcept < 0 ? .nan : path.hasInteriorMinimum(steps) ? 1 : 0
    }
  }
}

/// An indicator of the order in which a member comes nearest to its own centre and to its own memory.
protocol OrderIndicator: NamedObservable, PathReading {
  /// Whether the memory's time minus the centre's is such.
  static func contains(_ delay: Int32) -> Bool
}

extension OrderIndicator {
  public static var missing: String { "for members without an interior-concept-minimum" }
  public static var isIndicator: Bool { true }
  public static var needs: ObservableNeeds { [.ownItem, .classes, .ownMemory] }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    write(snapshot, into: values) { _, path, steps in
      guard path.hasInteriorMinimum(steps), path.timeOfClosestMemory >= 0 else {
        return .nan
      }
      return Self.contains(path.timeOfClosestMemory - path.timeOfClosestConcept) ? 1 : 0
    }
  }
}

/// 1 for members that come nearest to the own memory later than to the own centre.
public struct ClosestMemoryLater: OrderIndicator {
  public static let name = "closest-memory-later"
  public static let longName =
    "fraction of members with an interior minimum that come nearest to their memory later than to their concept"
  public static let formula =
    "1 if the first t of min_t |z(t) - xi| is later than that of min_t d_own(t); the same at all t"
  static func contains(_ delay: Int32) -> Bool { delay > 0 }
  public init?(_ context: ObservableContext) { if context.own == nil { return nil } }
}

/// 1 for members that come nearest to the own memory earlier than to the own centre.
public struct ClosestMemoryEarlier: OrderIndicator {
  public static let name = "closest-memory-earlier"
  public static let longName =
    "fraction of members with an interior minimum that come nearest to their memory earlier than to their concept"
  public static let formula =
    "1 if the first t of min_t |z(t) - xi| is earlier than that of min_t d_own(t); the same at all t"
  static func contains(_ delay: Int32) -> Bool { delay < 0 }
  public init?(_ context: ObservableContext) { if context.own == nil { return nil } }
}

/// 1 for members that come nearest to the own memory and to the own centre at the same time.
public struct ClosestMemoryTied: OrderIndicator {
  public static let name = "closest-memory-tied"
  public static let longName =
    "fraction of members with an interior minimum that come nearest to their memory and their concept at the same time"
  public static let formula =
    "1 if the first t of min_t |z(t) - xi| is that of min_t d_own(t); the same at all t"
  static func contains(_ delay: Int32) -> Bool { delay == 0 }
  public init?(_ context: ObservableContext) { if context.own == nil { return nil } }
}
