/// Pictures of a few members along their paths.
package struct Films: Sendable {
  /// The source items.
  package var items: [Int32]
  /// Class indices of the items; nil where members have no own item.
  package var classes: [Int32]?
  /// The times.
  package var times: [Int]
  /// x(t) of the first realization, shape `[levels, items, times, D]`; NaN where there is none.
  package var pictures: [Float]

  /// Collects them.
  package init(items: [Int32], classes: [Int32]?, times: [Int], pictures: [Float]) {
    self.items = items
    self.classes = classes
    self.times = times
    self.pictures = pictures
  }
}
