import Dynamics
import Numerics

/// The distance to a centre that is fixed per item: own centres, or those of controls.
///
/// Used for the approaches; not an observable of scenarios.
public struct CentreDistance: Observable {
  public let name: String
  public let longName: String
  /// `[centres, N]`.
  private let centres: RowTable
  /// Row of `centres` per item; -1 where the item has none.
  private let rowOfItem: [Int32]

  /// - Parameters:
  ///   - centres: Shape `[centres, N]`.
  ///   - rowOfItem: The centre of each item, or -1.
  ///   - name: What the centres are called.
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
