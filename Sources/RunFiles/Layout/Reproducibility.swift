import Output

/// How well a variable's values come back when the same scenario runs again, on any processor.
package enum Reproducibility: String, Sendable {
  /// The same bits: the values come from the program's own arithmetic.
  case bits
  /// Nearly the same numbers: the values depend on GSL, OpenBLAS or the C library, whose versions round differently.
  case tolerance = "to tolerance"

  /// The attribute of variables that are reproducible to a tolerance.
  package static let attributeName = "reproducible"

  /// The reproducibility of a variable by its role: the ends of intervals come from quantiles of GSL, and messages
  /// contain places and numbers of all kinds.
  init(ofRole role: VariableRole) {
    switch role {
    case .lowerBound, .upperBound, .message: self = .tolerance
    default: self = .bits
    }
  }

  /// The reproducibility that a file's variable states.
  package init(_ attributes: [(String, NetCDFAttribute)]) {
    let text = attributes.first { $0.0 == Self.attributeName }?.1.text
    self = text == Self.tolerance.rawValue ? .tolerance : .bits
  }

  /// What is written in the file.
  var attributes: [(String, NetCDFAttribute)] {
    self == .bits ? [] : [(Self.attributeName, .text(rawValue))]
  }
}

extension RunVariable {
  /// This variable, marked as one whose values come back to a tolerance only.
  package func toTolerance() -> RunVariable {
    var result = self
    result.reproducibility = .tolerance
    return result
  }

  /// This variable, marked as one whose values come back no better than those that they are made of.
  func noBetter(than other: Reproducibility) -> RunVariable { other == .tolerance ? toTolerance() : self }
}

extension RunColumn {
  /// This column, marked as one whose values come back to a tolerance only.
  func toTolerance() -> RunColumn { RunColumn(variable.toTolerance(), values) }
}

extension RunSection {
  /// This section, with all columns but those of dimensions marked as ones whose values come back to a tolerance only.
  func toTolerance() -> RunSection {
    var result = self
    result.columns = columns.map { $0.variable.role.isOfDimension ? $0 : $0.toTolerance() }
    return result
  }
}
