/// A dashed horizontal line through a panel, with words at its right end.
package struct LabelledLine: Sendable {
  package let line: Layer
  /// Above the line or, if the line is near the top, below it.
  package let words: SheetText

  /// - Parameters:
  ///   - value: Where the line is.
  ///   - x, y: What the panel shows.
  package init(at value: Double, _ text: String, _ x: ClosedRange<Double>, _ y: ClosedRange<Double>) {
    line = .line([Point(x.lowerBound, value), Point(x.upperBound, value)], .black, width: 0.7, dash: 2)
    let shift = 0.045 * (y.upperBound - y.lowerBound)
    let isHigh = value + 2 * shift > y.upperBound
    words = SheetText(
      text: text, x: x.upperBound, y: value + (isHigh ? -shift : shift), size: 6.5, alignment: .right,
      colour: Colour(0x404040))
  }
}
