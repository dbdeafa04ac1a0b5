import Dynamics
import Numerics

/// The memory that a member ends at.
public enum EndState: Int, Sendable, CaseIterable {
  /// The member's own.
  case ownMemory
  /// That of another training item of the own class.
  case memoryOfClass
  /// That of a training item of another class.
  case memoryOfOtherClass
  /// None: the last state lies in the ball of no memory.
  case noMemory
}

/// What is known of a member's path once it has ended.
public struct PathSummary: Sendable, BitwiseCopyable {
  /// The training memory in whose ball the last state lies; -1 for none.
  var reachedMemory: Int32 = -1
  /// The raw value of the end state; -1 for a state that is not finite.
  var endState: Int32 = -1
  /// (chord excess to the own centre - mean of those to all other classes' concepts) / d_own(0); NaN where there is none.
  var chordExcessContrast = Double.nan
  /// The first time of the least distance to the own centre; -1 where there is none.
  var timeOfClosestConcept: Int32 = -1
  /// The first time of the least distance to the own memory; -1 where there is none.
  var timeOfClosestMemory: Int32 = -1

  /// Whether the member is nearest to its own centre neither at first nor at the last of so many steps.
  func hasInteriorMinimum(_ steps: Int) -> Bool {
    timeOfClosestConcept > 0 && Int(timeOfClosestConcept) < steps
  }
}

/// The summaries of the members of a block. A map that looks ahead hands them over with each time.
public final class PathSummaries {
  /// The last time.
  public let steps: Int
  /// `[capacity]`.
  let members: AlignedBuffer<PathSummary>

  init(capacity: Int, steps: Int) {
    self.steps = steps
    members = AlignedBuffer(count: capacity)
  }
}

/// An observable that reads how the path will end, so that it has values only with a map that looks ahead.
public protocol PathReading: Observable {}

extension PathReading {
  /// Writes a value for each member from its summary; NaN without summaries.
  func write(
    _ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>,
    _ value: (_ m: Int, _ path: PathSummary, _ steps: Int) -> Double
  ) {
    let paths = snapshot.supplement as? PathSummaries
    for m in 0..<snapshot.count {
      values[m] = paths.map { value(m, $0.members.pointer[m], $0.steps) } ?? .nan
    }
  }
}
