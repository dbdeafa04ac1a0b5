import Dynamics
import Numerics

/// The overlap with the root, cos(z - o, root - o). It is missing if the origin is the root itself.
public struct OverlapRoot: NamedObservable {
  public static let name = "overlap-root"
  public static let longName = "cosine between latent state and root"
  public static let formula = "cos(z(t) - o, r - o)"
  public static let missing = "where a vector is shorter than 1e-12, so always with overlap-origin: root"
  public static let family = ObservableFamily.overlap

  private let root: RowTable
  private let origin: RowTable?

  public init?(_ context: ObservableContext) {
    root = context.geometry.root
    origin = context.overlapOrigin
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let n = snapshot.dimension
    for m in 0..<snapshot.count {
      values[m] = cosine(snapshot.states + m * n, root.row(0), origin: origin?.row(0), n)
    }
  }
}
