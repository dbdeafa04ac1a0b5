import Datasets
import Numerics
import Testing

@Suite struct ItemSplitTests {
  let split = ItemSplit(
    dimension: 4, codes: (0..<12).map { UInt8(23 * $0) }, values: ItemSplit.greyLevels, classes: [1, 0, 1])

  @Test func greyLevelsAreTheNearestFloats() {
    // In double precision the quotient is within 2^-54 of the true one, far less than the distance of
    // any code / 255 (a periodic binary fraction of period 8) from a Float's rounding boundary.
    for code in 0..<256 {
      #expect(ItemSplit.greyLevels[code] == Float(Double(code) / 255))
    }
    #expect(ItemSplit.greyLevels[0] == 0 && ItemSplit.greyLevels[255] == 1)
    #expect(ItemSplit.binaryLevels[0] == 0 && ItemSplit.binaryLevels[1] == 1)
  }

  @Test func bothPrecisionsHoldTheSameNumbers() {
    for item in 0..<3 {
      var double = [Double](repeating: -1, count: 5)
      var single = [Float](repeating: -1, count: 5)
      double.withUnsafeMutableBufferPointer { split.copy(item: item, into: $0) }
      single.withUnsafeMutableBufferPointer { split.copy(item: item, into: $0) }
      let expected = (0..<4).map { Float(23 * (4 * item + $0)) / 255 }
      #expect(single == expected + [-1])
      #expect(double == expected.map { Double($0) } + [-1])
      #expect(split.components(ofItem: item) == expected)
      #expect((0..<4).map { split[item, $0] } == expected)
    }
  }

  @Test func copiesSeveralItemsIntoRows() {
    let expected = [2, 0, 2].flatMap { split.components(ofItem: $0) }
    var single = [Float](repeating: -1, count: 13)
    var double = [Double](repeating: -1, count: 13)
    single.withUnsafeMutableBufferPointer { split.copy(items: [9, 2, 0, 2][1...], into: $0) }
    double.withUnsafeMutableBufferPointer { split.copy(items: [9, 2, 0, 2][1...], into: $0) }
    #expect(single == expected + [-1])
    #expect(double == expected.map { Double($0) } + [-1])
  }

  @Test func findsTheItemsOfAClass() {
    #expect(split.count == 3)
    #expect(split.items(ofClass: 1) == [0, 2])
    #expect(split.items(ofClass: 2) == [])
  }

  @Test func picturesAreSquaresWherePossible() {
    #expect(ImageShape(squareOf: 784) == ImageShape(rows: 28, columns: 28))
    #expect(ImageShape(squareOf: 1) == ImageShape(rows: 1, columns: 1))
    #expect(ImageShape(squareOf: 783) == nil)
    #expect(ImageShape(squareOf: 0) == nil)
  }
}
