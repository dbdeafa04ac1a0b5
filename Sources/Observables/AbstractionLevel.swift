import Dynamics
import Numerics

/// The index of the tree level whose centre on the member's own branch is nearest.
///
/// Levels are 0 for the memory, 1 for the class, 2 for the superclass if the data set has superclasses, and last
/// the root. Of levels at equal distances the lower one counts.
public struct AbstractionLevel: NamedObservable {
  public static let name = "abstraction-level"
  public static let longName = "index of the concept-tree level whose centre on the own branch is nearest"
  public static let formula =
    "argmin_l |z(t) - y_l|, y_l the centre of the own branch at tree level l (0: own memory, 1: own "
    + "concept, ..., last: root)"
  public static let needs: ObservableNeeds = [.ownItem, .ownMemory]

  private let tree: TreeDistances

  public init?(_ context: ObservableContext) {
    guard let tree = TreeDistances(context) else { return nil }
    self.tree = tree
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    tree.levels(snapshot, into: values)
  }
}

/// 1 where the nearest tree level is `level`, else 0, so that its average is the fraction of members at this level.
public struct LevelIndicator: Observable {
  public let name: String
  public let longName: String
  public let isIndicator = true
  private let tree: TreeDistances
  private let level: Int

  /// Returns nil if members have no own items.
  public init?(level: Int, _ context: ObservableContext) {
    guard let tree = TreeDistances(context) else { return nil }
    self.tree = tree
    self.level = level
    name = "level-fraction-\(level)"
    longName = "fraction of members nearest to tree level \(level)"
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    tree.levels(snapshot, into: values)
    for m in 0..<snapshot.count where values[m].isFinite { values[m] = values[m] == Double(level) ? 1 : 0 }
  }
}

extension TreeDistances {
  /// Writes the nearest level of each member, shape `[count]`; NaN where no distance is finite.
  func levels(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let all = distances(snapshot)
    let count = geometry.treeLevelCount
    for m in 0..<snapshot.count {
      var best = Double.infinity
      values[m] = .nan
      for level in 0..<count where all[m * count + level] < best {
        best = all[m * count + level]
        values[m] = Double(level)
      }
    }
  }
}
