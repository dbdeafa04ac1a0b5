/// The criterion by which items are sorted into groups. Each group has averages of its own.
public enum Grouping: String, Sendable, Hashable, CaseIterable {
  /// The class of the item.
  case `class`
  /// The superclass of the item's class.
  case superclass
}
