/// The criterion by which items are sorted into groups; averages are kept of each group, too.
public enum Grouping: String, Sendable, Hashable, CaseIterable {
  /// The class of the item.
  case `class`
  /// The superclass of the item's class.
  case superclass
}
