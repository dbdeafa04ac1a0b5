import Vocabulary
import Testing

@Suite struct RowMajorShapeTests {
  /// Nested loops are the definition: the innermost is the fastest.
  @Test func numbersFollowNestedLoops() {
    let shape = RowMajorShape([2, 3, 4])
    #expect(shape.count == 24)
    var number = 0
    for i in 0..<2 {
      for j in 0..<3 {
        for k in 0..<4 {
          #expect(shape.indices(of: number) == [i, j, k])
          #expect(shape.number(of: [i, j, k]) == number)
          number += 1
        }
      }
    }
  }

  @Test func noDimensionsMakeOneElement() {
    let shape = RowMajorShape([])
    #expect(shape.count == 1)
    #expect(shape.indices(of: 0) == [])
    #expect(shape.number(of: []) == 0)
  }

  @Test func lengthsOfOneAndNoneAreAllowed() {
    let shape = RowMajorShape([1, 5, 1])
    #expect(shape.indices(of: 3) == [0, 3, 0])
    #expect(shape.number(of: [0, 4, 0]) == 4)
    #expect(RowMajorShape([3, 0]).count == 0)
  }
}
