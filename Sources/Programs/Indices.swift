/// The distance in memory of neighbours along each axis.
package func memoryStrides(_ shape: [Int], _ order: [Int]) -> [Int] {
  var strides = [Int](repeating: 0, count: shape.count)
  var step = 1
  for axis in order.reversed() {
    strides[axis] = step
    step *= shape[axis]
  }
  return strides
}

/// Calls `body` with each index of a shape, in the order of `order`, the slowest axis first.
package func forEachIndex(_ shape: [Int], order: [Int], _ body: (_ index: [Int]) -> Void) {
  guard !shape.contains(0) else { return }
  var index = [Int](repeating: 0, count: shape.count)
  while true {
    body(index)
    var position = order.count - 1
    while position >= 0 {
      let axis = order[position]
      index[axis] += 1
      if index[axis] < shape[axis] { break }
      index[axis] = 0
      position -= 1
    }
    if position < 0 { return }
  }
}
