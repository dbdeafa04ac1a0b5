/// A label that each member has at each time, such as the class of the nearest concept.
///
/// A label has no mean. Instead, members are counted by the group of their item and their label. These counts are whole
/// numbers, so the order in which parts of an ensemble are merged does not matter.
public struct Labelling: Sendable {
  /// Gives each member the number of its label, from 0, or -1 for no label; missing if it cannot be determined.
  public let observable: any Observable
  /// How many labels there are.
  public let count: Int
  /// How many groups of items there are.
  public let groupCount: Int
  /// The group of each position in the plan's `items`.
  let groupOfPosition: [Int32]

  /// - Precondition: All groups lie in `0..<groupCount`.
  public init(by observable: any Observable, count: Int, groupCount: Int, groupOfPosition: [Int32]) {
    precondition(groupOfPosition.allSatisfy { $0 >= 0 && $0 < groupCount })
    self.observable = observable
    self.count = count
    self.groupCount = groupCount
    self.groupOfPosition = groupOfPosition
  }
}
