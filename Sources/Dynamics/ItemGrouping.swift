import Vocabulary

/// Items sorted into groups over which averages are taken as well.
public struct ItemGrouping: Sendable {
  /// The criterion by which items are sorted.
  public let criterion: Grouping
  /// How many groups there are.
  public let count: Int
  /// The group of each position in the plan's `items`.
  public let groupOfPosition: [Int32]
  /// How many positions each group has.
  let sizes: [Int]

  /// - Precondition: all groups lie in `0..<count`.
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

/// Which members a series averages, where members are split by an observable.
public enum SeriesPart: Int, Sendable, CaseIterable {
  /// All of them.
  case all
  /// At each time those whose splitting observable is 1 then.
  case retained
  /// At each time those whose splitting observable is 0 then.
  case lost
  /// At all times those whose splitting observable was 1 at t = 0: members of one set, which can be followed.
  case initiallyRetained
  /// At all times those whose splitting observable was 0 at t = 0.
  case initiallyLost

  /// All parts, or only `all` where members are not split.
  static func parts(isSplit: Bool) -> ArraySlice<SeriesPart> { isSplit ? allCases[...] : allCases.prefix(1) }

  /// The part beside `all` to which a member belongs by its splitting observable; nil where that is missing.
  @inline(__always)
  init?(splitBy value: Double) {
    guard value.isFinite else { return nil }
    self = value == 1 ? .retained : .lost
  }

  /// The part to which a member belongs at all times by its splitting observable at t = 0; nil where that was missing.
  @inline(__always)
  init?(initiallySplitBy value: Double) {
    guard value.isFinite else { return nil }
    self = value == 1 ? .initiallyRetained : .initiallyLost
  }
}
