/// Bounds of a finite number.
public struct NumberRange: Sendable, Hashable {
  /// The lower bound.
  public var lower: Double
  /// The upper bound, included.
  public var upper: Double
  /// Whether the lower bound itself is left out.
  public var excludesLower: Bool

  /// Makes bounds.
  public init(_ lower: Double, _ upper: Double, excludesLower: Bool = false) {
    self.lower = lower
    self.upper = upper
    self.excludesLower = excludesLower
  }

  /// Whether a number lies within the bounds.
  package func contains(_ number: Double) -> Bool {
    number <= upper && (excludesLower ? number > lower : number >= lower)
  }

  /// The bounds in words, such as `between 0 and 1`.
  package var description: String {
    excludesLower
      ? "greater than \(lower.shortestText), at most \(upper.shortestText)"
      : "between \(lower.shortestText) and \(upper.shortestText)"
  }
}

extension Double {
  /// A finite number in the fewest digits that read back to the same bits, in a form that every YAML reader takes for a
  /// number.
  package var shortestText: String {
    let shortest = "\(self)"
    if shortest.hasSuffix(".0") { return String(shortest.dropLast(2)) }
    guard let exponent = shortest.firstIndex(of: "e"), !shortest.contains(".") else { return shortest }
    return shortest[..<exponent] + ".0" + shortest[exponent...]
  }
}
