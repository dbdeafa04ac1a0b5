import Datasets
import Vocabulary

/// How the numbers of an array become components.
///
///     component = (number - lower) / (upper - lower)
///
/// Components are in single precision. Numbers outside [lower, upper] are refused.
public enum ComponentScale: Sendable, Hashable {
  /// By the type: bytes from [0, 255], floating-point numbers and booleans from [0, 1]; other whole numbers are refused.
  case byType
  /// From these bounds.
  case from(lower: Double, upper: Double)
  /// The numbers themselves, whatever they are.
  case none
}

/// A scale that is settled for one array.
struct SettledScale: Equatable {
  /// The bounds; nil: the numbers themselves.
  var bounds: ClosedRange<Double>?

  /// Settles the scale of an array.
  ///
  /// - Throws: `DatasetError` where its type does not tell the bounds.
  init(_ scale: ComponentScale, of source: any ArraySource) throws {
    switch scale {
    case .none: bounds = nil
    case .from(let lower, let upper): bounds = lower...upper
    case .byType:
      switch source.elementType {
      case .byte, .integer(8, false): bounds = 0...255
      case .real, .boolean: bounds = 0...1
      case .integer, .text:
        let (least, most) = try Self.extremes(of: source)
        throw source.invalid(
          "the items are \(source.summary), whose numbers go from \(least) to \(most)",
          expected: "dataset.range, the numbers that become 0 and 1",
          remedy: "write range: [\(least), \(most)], or range: none to keep them for a Gaussian decoder")
      }
    }
  }

  private static func extremes(of source: any ArraySource) throws -> (least: Int, most: Int) {
    var (least, most) = (Double.infinity, -Double.infinity)
    try source.forEachChunk { _, chunk in
      guard case .numbers(let numbers) = chunk else { return }
      for number in numbers {
        least = min(least, number)
        most = max(most, number)
      }
    }
    // 2^64 is the largest whole number that there can be.
    return (Int(exactly: least) ?? 0, Int(exactly: most) ?? Int.max)
  }

  /// Whether a number may stand there.
  @inline(__always)
  func takes(_ number: Double) -> Bool {
    guard let bounds else { return number.isFinite && abs(number) <= Double(Float.greatestFiniteMagnitude) }
    return number >= bounds.lowerBound && number <= bounds.upperBound
  }

  /// The component that a number becomes.
  @inline(__always)
  func component(_ number: Double) -> Float {
    guard let bounds else { return Float(number) }
    return Float((number - bounds.lowerBound) / (bounds.upperBound - bounds.lowerBound))
  }

  /// The components that bytes stand for.
  var table: [Float] { (0..<256).map { component(Double($0)) } }

  /// What numbers have to be, in words.
  var expectation: String {
    guard let bounds else { return "finite numbers in single precision" }
    return "finite numbers from \(bounds.lowerBound.shortestText) to \(bounds.upperBound.shortestText)"
  }
}
