import Dynamics
import Numerics

/// Compares x(t) with the clean source item, for several observables.
struct SourceComparison: Sendable {
  private let source: any ItemSource

  /// Returns nil if members have no source items.
  init?(_ context: ObservableContext) {
    guard let source = context.source else { return nil }
    self.source = source
  }

  private final class Workspace {
    let row: AlignedBuffer<Double>
    init(_ dimension: Int) { row = AlignedBuffer(count: dimension) }
  }

  /// Writes one value per member. It is missing if there is no data-space state, as at t = 0 of latent starts.
  ///
  /// - Parameters:
  ///   - values: Shape `[snapshot.count]`.
  ///   - compare: Returns the value for a state and its clean item, each of shape `[D]`.
  /// - Complexity: O(members x D).
  func measure(
    _ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>,
    _ compare: (_ state: UnsafePointer<Double>, _ clean: UnsafePointer<Double>, _ dimension: Int) -> Double
  ) {
    let d = snapshot.dataDimension
    guard let states = snapshot.values(.dataState) else {
      for m in 0..<snapshot.count { values[m] = .nan }
      return
    }
    let clean = snapshot.workspace(Workspace.self) { Workspace(d) }.row
    for m in 0..<snapshot.count {
      source.copy(item: Int(snapshot.members[m].item), into: clean.buffer)
      values[m] = compare(states + m * d, clean.pointer, d)
    }
  }
}
