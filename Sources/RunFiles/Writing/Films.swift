/// Pictures of a few members along their trajectories.
package struct Films: Sendable {
  /// The source items that are filmed.
  package var items: [Int32]
  /// The class index of each item; nil if members have no own items.
  package var classes: [Int32]?
  /// The times that are filmed.
  package var times: [Int]
  /// x(t) of each item's first realization, shape `[levels, items, times, D]`; NaN if there is none.
  package var pictures: [Float]

  /// Creates films.
  package init(items: [Int32], classes: [Int32]?, times: [Int], pictures: [Float]) {
    self.items = items
    self.classes = classes
    self.times = times
    self.pictures = pictures
  }
}
