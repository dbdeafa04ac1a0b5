/// Whose centres a distance is measured to.
public enum ApproachReference: Int, Sendable, CaseIterable {
  /// Those of the member's own branch of the concept tree.
  case own
  /// A control: those of a sibling at the same level.
  case sibling
  /// A control: those under shuffled labels.
  case shuffled
}

/// Levels of the concept tree that every tree has, as indices of an `ApproachTable` and of files' `tree_level`.
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
  /// All levels of the own branch, of siblings, then of shuffled labels: the order of the bootstrap's sums.
  package let elements: [Element]

  /// An empty table.
  public init() { self.init(own: []) }

  /// A table of the own branch, with both controls or none.
  ///
  /// - Precondition: `sibling` and `shuffled` have the tree's levels as `own` has, or are both empty.
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
  /// - Precondition: The table has it: `0 <= treeLevel < treeLevelCount`.
  public subscript(reference: ApproachReference, treeLevel: Int) -> Element {
    precondition(0 <= treeLevel && treeLevel < treeLevelCount)
    return elements[reference.rawValue * treeLevelCount + treeLevel]
  }

  /// A table of the same shape.
  ///
  /// - Parameter elements: As many as this table has, in the same order.
  func filled<New: Sendable>(with elements: [New]) -> ApproachTable<New> {
    precondition(elements.count == self.elements.count)
    return ApproachTable<New>(treeLevelCount: treeLevelCount, elements: elements)
  }
}
