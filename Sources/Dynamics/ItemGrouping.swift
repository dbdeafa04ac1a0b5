import Vocabulary

/// Items sorted into groups. Averages are also taken over each group.
public struct ItemGrouping: Sendable {
  /// The criterion by which items are sorted.
  public let criterion: Grouping
  /// How many groups there are.
  public let count: Int
  /// The group of each position in the plan's `items`.
  public let groupOfPosition: [Int32]
  /// How many positions each group has.
  let sizes: [Int]

  /// - Precondition: All groups lie in `0..<count`.
  public init(by criterion: Grouping, count: Int, groupOfPosition: [Int32]) {
    precondition(groupOfPosition.allSatisfy { $0 >= 0 && $0 < count })
    self.criterion = criterion
    self.count = count
    self.groupOfPosition = groupOfPosition
    var sizes = [Int](repeating: 0, count: count)
    for group in groupOfPosition { sizes[Int(group)] += 1 }
    self.sizes = sizes
  }
}

/// The set of members that a series averages, if an observable splits the members.
public enum SeriesPart: Int, Sendable, CaseIterable {
  /// All members.
  case all
  /// At each time, the members whose splitting observable is 1 at that time.
  case retained
  /// At each time, the members whose splitting observable is 0 at that time.
  case lost
  /// At all times, the members whose splitting observable was 1 at t = 0. The set stays the same.
  case initiallyRetained
  /// At all times, the members whose splitting observable was 0 at t = 0.
  case initiallyLost

  /// All parts, or only `all` if members are not split.
  static func parts(isSplit: Bool) -> ArraySlice<SeriesPart> { isSplit ? allCases[...] : allCases.prefix(1) }

  /// The part other than `all` to which a member belongs by its splitting observable; nil if that is missing.
  @inline(__always)
  init?(splitBy value: Double) {
    guard value.isFinite else { return nil }
    self = value == 1 ? .retained : .lost
  }

  /// The part to which a member belongs at all times by its splitting observable at t = 0; nil if that was missing.
  @inline(__always)
  init?(initiallySplitBy value: Double) {
    guard value.isFinite else { return nil }
    self = value == 1 ? .initiallyRetained : .initiallyLost
  }
}
