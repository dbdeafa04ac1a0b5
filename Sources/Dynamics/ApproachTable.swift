/// The centres that a distance is measured to.
public enum ApproachReference: Int, Sendable, CaseIterable {
  /// The centres of the member's own branch of the concept tree.
  case own
  /// A control: the centres of a sibling at the same level.
  case sibling
  /// A control: the centres under shuffled labels.
  case shuffled
}

/// The levels that every concept tree has, as indices of an `ApproachTable` and of the `tree_level` in files.
public enum TreeLevel {
  /// The item's memory.
  public static let memory = 0
  /// The concept, which is the mean memory of a class.
  public static let concept = 1
}

/// One element per reference and level of the concept tree.
public struct ApproachTable<Element: Sendable>: Sendable {
  /// How many levels the tree has.
  public let treeLevelCount: Int
  /// All levels of the own branch, then those of siblings and of shuffled labels, as in the bootstrap's sums.
  package let elements: [Element]

  /// An empty table.
  public init() { self.init(own: []) }

  /// A table of the own branch, with both controls or neither.
  ///
  /// - Precondition: `sibling` and `shuffled` have as many levels as `own`, or both are empty.
  public init(own: [Element], sibling: [Element] = [], shuffled: [Element] = []) {
    precondition(sibling.count == shuffled.count && (sibling.isEmpty || sibling.count == own.count))
    treeLevelCount = own.count
    elements = own + sibling + shuffled
  }

  private init(treeLevelCount: Int, elements: [Element]) {
    self.treeLevelCount = treeLevelCount
    self.elements = elements
  }

  /// Whether there are no elements.
  public var isEmpty: Bool { elements.isEmpty }

  /// The element of one level.
  ///
  /// - Precondition: The table has the reference, and `0 <= treeLevel < treeLevelCount`.
  public subscript(reference: ApproachReference, treeLevel: Int) -> Element {
    precondition(0 <= treeLevel && treeLevel < treeLevelCount)
    return elements[reference.rawValue * treeLevelCount + treeLevel]
  }

  /// A table of the same shape.
  ///
  /// - Parameter elements: As many elements as this table has, in the same order.
  func filled<New: Sendable>(with elements: [New]) -> ApproachTable<New> {
    precondition(elements.count == self.elements.count)
    return ApproachTable<New>(treeLevelCount: treeLevelCount, elements: elements)
  }
}
