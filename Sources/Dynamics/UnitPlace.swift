/// A member's place in its unit: its item, and its number among the item's realizations.
///
/// Members follow each other item by item, and within an item by realization.
struct UnitPlace {
  private let unit: UnitPartition.Unit
  /// The realizations of each item of the plan.
  private let realizations: Int
  private let unevenRealizations: [Int]?
  /// The position of the item in the plan.
  private(set) var position: Int
  /// The member's number among the realizations of its item that are in the unit, and how many of these there are.
  private var number: Int
  private var count = 0

  /// The place of a member by its number in the unit.
  ///
  /// - Complexity: O(items of the unit).
  init(ofMember number: Int, in unit: UnitPartition.Unit, _ plan: EnsemblePlan) {
    self.unit = unit
    realizations = plan.realizations
    unevenRealizations = plan.unevenRealizations
    position = unit.positions.lowerBound
    self.number = number
    count = realizationsInUnit
    while self.number >= count { advanceItem() }
  }

  /// The number of the realization.
  var realization: Int32 { Int32(truncatingIfNeeded: unit.realizations.lowerBound + number) }

  /// Whether the member completes its item. An item that is cut into several units is completed where they are merged.
  var completesItem: Bool { !unit.isPart && number == count - 1 }

  /// Goes on to the next member of the unit. After the last one, the place is not valid.
  mutating func advance() {
    number += 1
    if number == count, position + 1 < unit.positions.upperBound { advanceItem() }
  }

  private var realizationsInUnit: Int {
    unit.isPart ? unit.realizations.count : unevenRealizations?[position] ?? realizations
  }

  private mutating func advanceItem() {
    number -= count
    position += 1
    count = realizationsInUnit
  }
}
