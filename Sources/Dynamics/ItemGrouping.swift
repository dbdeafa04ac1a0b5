import Vocabulary

/// Items sorted into groups over which averages are taken as well.
public struct ItemGrouping: Sendable {
  /// By what items are sorted.
  public let criterion: Grouping
  /// How many groups there are.
  public let count: Int
  /// The group of each position in the plan's `items`.
  public let groupOfPosition: [Int32]

  /// - Precondition: all groups lie in `0..<count`.
  public init(by criterion: Grouping, count: Int, groupOfPosition: [Int32]) {
    precondition(groupOfPosition.allSatisfy { $0 >= 0 && $0 < count })
    self.criterion = criterion
    self.count = count
    self.groupOfPosition = groupOfPosition
  }
}

/// Which members a series averages at each time, where members are split by an observable.
public enum SeriesPart: Int, Sendable, CaseIterable {
  /// All of them.
  case all
  /// Those whose splitting observable is 1.
  case retained
  /// Those whose splitting observable is 0.
  case lost

  /// The parts that there are.
  static func parts(isSplit: Bool) -> ArraySlice<SeriesPart> { isSplit ? allCases[...] : allCases.prefix(1) }

  /// The part beside `all` to which a member belongs by its splitting observable; nil where that is missing.
  @inline(__always)
  init?(splitBy value: Double) {
    guard value.isFinite else { return nil }
    self = value == 1 ? .retained : .lost
  }
}
