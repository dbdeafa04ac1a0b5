/// By what items are sorted into groups, of which averages are kept as well.
public enum Grouping: String, Sendable, Hashable, CaseIterable {
  /// By the class of the item.
  case `class`
  /// By the superclass of the item's class.
  case superclass
}
