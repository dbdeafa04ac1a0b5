/// An axis with its label, range and ticks.
package struct Axis: Sendable {
  package var label: String
  package var range: ClosedRange<Double>
  package var ticks: [(value: Double, label: String)]

  /// An axis with ticks at round numbers.
  package init(_ label: String, _ range: ClosedRange<Double>, ticks count: Int = 5, integers: Bool = false) {
    self.label = label
    self.range = range
    let step = Self.step(range, count, integers: integers)
    var ticks: [(Double, String)] = []
    var k = (range.lowerBound / step - 1e-9).rounded(.up)
    while k * step <= range.upperBound + 1e-9 * step, ticks.count <= 2 * count {
      ticks.append((k * step, short(k * step)))
      k += 1
    }
    self.ticks = ticks
  }

  /// An axis with ticks that the caller chooses.
  package init(_ label: String, _ range: ClosedRange<Double>, ticks: [(Double, String)]) {
    self.label = label
    self.range = range
    self.ticks = ticks
  }

  /// The step that gives at most `count` ticks: 1, 2 or 5 times a power of ten.
  private static func step(_ range: ClosedRange<Double>, _ count: Int, integers: Bool) -> Double {
    let rough = (range.upperBound - range.lowerBound) / Double(max(count, 1))
    var power = 1.0
    while power > rough { power /= 10 }
    while power * 10 <= rough { power *= 10 }
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? 10 * power
    return integers ? max(step, 1) : step
  }

  /// A range around all finite values, with a margin; 0...1 if there are none.
  package static func range(_ values: [Double], includesZero: Bool = false, margin: Double = 0.05)
    -> ClosedRange<Double>
  {
    // Values far out count as missing, because gnuplot cannot divide an axis of 1e308.
    let finite = values.filter { $0.isFinite && abs($0) < 1e100 } + (includesZero ? [0] : [])
    guard var low = finite.min(), var high = finite.max() else { return 0...1 }
    if high - low <= 1e-9 * max(abs(high), abs(low), 1e-9) {
      let half = max(0.5 * abs(high), 0.5)
      return low - half...high + half
    }
    let pad = margin * (high - low)
    if !includesZero || low < 0 { low -= pad }
    if !includesZero || high > 0 { high += pad }
    return low...high
  }

  /// The range of fractions: from 0 to 1, with room for curves at its ends.
  package static let fractions = -0.03...1.03

  /// The label in lines that are at most a little longer than the axis. There are two lines at most, and the second
  /// one is cut.
  package func labelLines(along length: Double) -> [String] {
    let length = length + AxisLabel.overhang
    let lines = TextWidth.lines(label, width: length, size: TextSize.label)
    guard lines.count > AxisLabel.mostLines else { return lines }
    let first = lines.prefix(AxisLabel.mostLines - 1)
    let rest = lines.dropFirst(AxisLabel.mostLines - 1).joined(separator: " ")
    return first + [TextWidth.cut(rest, width: length, size: TextSize.label)]
  }
}

/// The measures of axes' labels, in points.
enum AxisLabel {
  static let mostLines = 2
  /// The distance from one line to the next.
  static let leading = 10.0
  /// How much longer than the axis a label may be.
  static let overhang = 16.0
}
