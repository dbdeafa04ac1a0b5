import Dynamics
import Numerics

/// The memories, concepts, superconcepts and root of a model on a training set.
///
///     xi_i = m(x_i),   c_k = mean of the memories of class k,   root = mean of all memories
///
/// Each centre is the mean of all memories below it in the concept tree.
public struct LatentGeometry: Sendable {
  /// N, the number of latent variables.
  public let dimension: Int
  /// The memories xi_i of the training set, `[items, N]`.
  public let memories: RowTable
  /// The class of each training item.
  public let classes: [Int32]
  /// The concepts c_k, `[classes, N]`.
  public let concepts: RowTable
  /// The superconcepts, `[superclasses, N]`; nil if the data set has no superclasses.
  public let superconcepts: RowTable?
  /// The superclass of each class; empty if the data set has no superclasses.
  public let superclassOfClass: [Int]
  /// Whether concepts are levels of the tree: not of items without labels.
  public let hasConcepts: Bool
  /// The mean of all memories, `[1, N]`.
  public let root: RowTable
  /// The search for the nearest of the memories.
  let search: NearestMemorySearch

  /// Computes the centres of given memories.
  ///
  /// - Parameters:
  ///   - memories: Shape `[items, N]`.
  ///   - classes: The class index of each item.
  ///   - classCount: The number of classes.
  ///   - superclassOfClass: The superclass of each class; empty if the data set has no superclasses.
  ///   - hasConcepts: False if all items are in one class that means nothing.
  /// - Precondition: Every class in `0..<classCount` has an item.
  /// - Complexity: O(items x N).
  public init(
    memories: RowTable, classes: [Int32], classCount: Int, superclassOfClass: [Int], hasConcepts: Bool = true
  ) {
    precondition(memories.rows == classes.count && memories.rows > 0)
    precondition(superclassOfClass.isEmpty || superclassOfClass.count == classCount)
    dimension = memories.columns
    self.memories = memories
    self.classes = classes
    self.superclassOfClass = superclassOfClass
    self.hasConcepts = hasConcepts
    concepts = Self.centres(memories, groups: classes.map(Int.init), count: classCount)
    root = Self.centres(memories, groups: classes.map { _ in 0 }, count: 1)
    superconcepts =
      superclassOfClass.isEmpty
      ? nil
      : Self.centres(
        memories, groups: classes.map { superclassOfClass[Int($0)] },
        count: (superclassOfClass.max() ?? 0) + 1)
    search = NearestMemorySearch(memories)
  }

  /// The number of training items of each class, `[classes]`.
  ///
  /// - Complexity: O(items).
  public var classSizes: [Int] {
    var sizes = Array(repeating: 0, count: concepts.rows)
    for k in classes { sizes[Int(k)] += 1 }
    return sizes
  }

  /// The variance of each latent variable's posterior mean over the training items, `[N]`.
  ///
  ///     v_j = <(m_j(x) - <m_j>)^2>
  ///
  /// The divisor is n. A variable is *active* if its variance exceeds `activityThreshold`; the others have
  /// collapsed to the prior. Source: Burda, Grosse, Salakhutdinov 2015, arXiv:1509.00519, section 5.
  ///
  /// - Complexity: O(items x N).
  public var latentActivity: [Double] {
    var sums = [Double](repeating: 0, count: dimension)
    for i in 0..<memories.rows {
      for j in 0..<dimension {
        let delta = memories.row(i)[j] - root.row(0)[j]
        sums[j] += delta * delta
      }
    }
    return sums.map { $0 / Double(memories.rows) }
  }

  /// The memories' root mean square distance from their mean.
  public var spread: Double { latentActivity.reduce(0, +).squareRoot() }

  /// The variance above which a latent variable counts as active.
  public static let activityThreshold = 0.01

  /// The number of active latent variables.
  public var activeLatentVariables: Int { latentActivity.count { $0 > Self.activityThreshold } }

  /// The number of levels of the concept tree: memory, class and superclass if there are such, and root.
  public var treeLevelCount: Int { hasConcepts ? superconcepts == nil ? 3 : 4 : 2 }

  /// The mean of each group's rows, `[count, N]`. The mean of a group without rows is NaN.
  public static func centres(_ rows: RowTable, groups: [Int], count: Int) -> RowTable {
    let result = RowTable(rows: count, columns: rows.columns)
    var sizes = [Double](repeating: 0, count: count)
    for (i, group) in groups.enumerated() {
      sizes[group] += 1
      for j in 0..<rows.columns { result.row(group)[j] += rows.row(i)[j] }
    }
    for group in 0..<count {
      for j in 0..<rows.columns { result.row(group)[j] /= sizes[group] }
    }
    return result
  }
}

/// The source items of an ensemble's members, with their memories and classes. They are addressed by `Member.item`.
public struct OwnItems: Sendable {
  /// The memories m(x_i) of the clean items, `[items, N]`. The memory of a held-out item is not a training memory.
  public let memories: RowTable
  /// The class index of each item.
  public let classes: [Int32]

  /// - Precondition: There are as many memories as classes.
  public init(memories: RowTable, classes: [Int32]) {
    precondition(memories.rows == classes.count)
    self.memories = memories
    self.classes = classes
  }
}

/// cos(z - o, y - o), where o is `origin`, or 0 if that is nil. NaN if a vector is shorter than 1e-12 or its square
/// overflows.
@inline(__always)
func cosine(
  _ z: UnsafePointer<Double>, _ y: UnsafePointer<Double>, origin: UnsafePointer<Double>?, _ count: Int
) -> Double {
  var product = 0.0
  var squareZ = 0.0
  var squareY = 0.0
  for i in 0..<count {
    let o = origin?[i] ?? 0
    let a = z[i] - o
    let b = y[i] - o
    product += a * b
    squareZ += a * a
    squareY += b * b
  }
  let lengths = squareZ.squareRoot() * squareY.squareRoot()
  guard squareZ.squareRoot() >= 1e-12, squareY.squareRoot() >= 1e-12, lengths.isFinite else { return .nan }
  return min(max(product / lengths, -1), 1)
}
