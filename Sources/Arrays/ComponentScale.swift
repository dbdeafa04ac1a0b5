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
        let extent = try Extent(of: source)
        // 2^64 is the largest whole number that there can be.
        let (least, most) = (Int(exactly: extent.least) ?? 0, Int(exactly: extent.most) ?? Int.max)
        throw source.invalid(
          "the items are \(source.summary), whose numbers go from \(least) to \(most)",
          expected: "dataset.range, the numbers that become 0 and 1",
          remedy: "write range: [\(least), \(most)], or range: none to keep them for a Gaussian decoder")
      }
    }
  }

  /// How far the numbers of an array go, and how many of them the scale does not take.
  struct Extent {
    var least = Double.infinity
    var most = -Double.infinity
    var outside = 0

    /// Looks at all numbers.
    ///
    /// - Throws: `DatasetError` where they cannot be read.
    init(of source: any ArraySource, for scale: SettledScale? = nil) throws {
      try source.forEachChunk { _, chunk in
        switch chunk {
        case .numbers(let numbers): for number in numbers { add(number, scale) }
        case .bytes(let bytes): for byte in bytes { add(Double(byte), scale) }
        case .texts: break
        }
      }
    }

    private mutating func add(_ number: Double, _ scale: SettledScale?) {
      // Comparisons with NaN are false.
      if number < least { least = number }
      if number > most { most = number }
      if let scale, !scale.takes(number) { outside += 1 }
    }
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
