import Dynamics
import Numerics

/// cos(x(t), x_i) with the clean source item, in data space; missing at t = 0 for latent starts.
public struct DataOverlap: NamedObservable {
  public static let name = "data-overlap"
  public static let longName = "cosine between data-space state and clean source item"
  public static let needs: ObservableNeeds = [.ownItem, .cleanItem]

  private let source: any ItemSource

  public init?(_ context: ObservableContext) {
    guard let source = context.source else { return nil }
    self.source = source
  }

  public var requiredFields: StateFields { .dataState }

  private final class Workspace {
    let row: AlignedBuffer<Double>
    init(_ dimension: Int) { row = AlignedBuffer(count: dimension) }
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let d = snapshot.dataDimension
    guard let states = snapshot.values(.dataState) else {
      for m in 0..<snapshot.count { values[m] = .nan }
      return
    }
    let clean = snapshot.workspace(Workspace.self) { Workspace(d) }.row
    for m in 0..<snapshot.count {
      source.copy(item: Int(snapshot.members[m].item), into: clean.buffer)
      values[m] = cosine(states + m * d, clean.pointer, origin: nil, d)
    }
  }
}
