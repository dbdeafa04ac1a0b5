import Dynamics
import Numerics

/// The Euclidean latent distance to a centre that is fixed per item: the own centre, or that of a control.
///
/// The approaches use it. Scenarios cannot name it.
public struct CentreDistance: Observable {
  public let name: String
  public let longName: String
  /// The centres, `[centres, N]`.
  private let centres: RowTable
  /// The row of `centres` for each item; -1 for an item without a centre.
  private let rowOfItem: [Int32]

  /// - Parameters:
  ///   - name: What the centres are called.
  ///   - centres: Shape `[centres, N]`.
  ///   - rowOfItem: The row of `centres` for each item; -1 for an item without a centre.
  public init(name: String, centres: RowTable, rowOfItem: [Int32]) {
    self.name = name
    longName = "Euclidean distance to the \(name) centre"
    self.centres = centres
    self.rowOfItem = rowOfItem
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let n = snapshot.dimension
    for m in 0..<snapshot.count {
      let row = Int(rowOfItem[Int(snapshot.members[m].item)])
      values[m] = row < 0 ? .nan : distance(snapshot.states + m * n, centres.row(row), n)
    }
  }
}
