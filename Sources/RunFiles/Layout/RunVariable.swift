import Output

/// A variable of a run file as the table describes it: everything except its values.
package struct RunVariable: Sendable {
  /// The type of a variable's values.
  package enum Kind: String, Sendable {
    /// Double-precision numbers.
    case real = "double"
    /// Single-precision numbers.
    case single = "float"
    /// Whole numbers of 32 bits, or of 64 bits if one of them is too large.
    case integer = "int32"
    /// Whole numbers of 64 bits.
    case wide = "int64"
    /// Texts.
    case text = "string"

    /// The type in the file.
    var type: NetCDFType {
      switch self {
      case .real: .double
      case .single: .float
      case .integer: .int32
      case .wide: .int64
      case .text: .string
      }
    }
  }

  /// The variable's name.
  package let name: String
  /// The type of the values.
  package let kind: Kind
  /// The names of its dimensions, slowest first.
  package let dimensions: [String]
  /// What the variable is to a reader.
  package let role: VariableRole
  /// The `long_name`, which is one line. It ends with the unit if UDUNITS does not know the unit.
  package var longName: String { quantity + (isInNats ? Information.words : "") }
  /// The `units`, which UDUNITS knows: "1" for dimensionless quantities; nil if values are not numbers.
  package let units: String?
  /// The long name without a unit.
  let quantity: String
  /// Whether the values are information in nats.
  package let isInNats: Bool
  /// Further attributes.
  package var more: [(String, NetCDFAttribute)] = []
  /// Whether a value may be missing, so that there is a `_FillValue`. Whole numbers have -1 instead.
  package var mayBeMissing: Bool
  /// Whether values are compressed. Values that are appended piece by piece are not.
  package var isCompressed = true
  /// How well the values come back in another run.
  package var reproducibility: Reproducibility

  /// Creates a variable. Its numbers may be missing if they are real and it is not a coordinate.
  ///
  /// - Parameter units: "1" for dimensionless quantities, "nats" for information; nil if values are not numbers.
  package init(
    _ name: String, _ kind: Kind, _ dimensions: [String], _ role: VariableRole, _ longName: String,
    units: String? = "1", more: [(String, NetCDFAttribute)] = []
  ) {
    self.name = name
    self.kind = kind
    self.dimensions = dimensions
    self.role = role
    quantity = longName
    isInNats = units == Information.units && kind != .text
    self.units = kind == .text ? nil : isInNats ? "1" : units
    self.more = more
    mayBeMissing = (kind == .real || kind == .single) && role != .coordinate
    reproducibility = Reproducibility(ofRole: role)
  }

  /// The `units` that the initializer was given.
  var quantityUnits: String? { isInNats ? Information.units : units }

  /// The attributes, in the order in which they are written.
  ///
  /// - Parameters:
  ///   - leading: The dimensions before the variable's own.
  ///   - labels: The names of dimensions' entries.
  func attributes(
    leading: [String] = [], labels: DimensionLabels = .ofClasses
  ) -> [(String, NetCDFAttribute)] {
    let own =
      [("long_name", .text(longName))] + (units.map { [("units", .text($0))] } ?? [])
      + (isInNats ? [Information.attribute] : []) + more + reproducibility.attributes + role.attributes
    return role.isOfDimension ? own : labels.added(to: own, dimensions: leading + dimensions)
  }
}

/// How information is written. UDUNITS does not know nats, so units are "1", and the long name names the unit.
package enum Information {
  /// The unit as observables and figures name it.
  package static let units = "nats"
  /// What a long name ends with.
  static let words = ", in nats"
  /// The attribute that tells programs the unit.
  package static let attribute: (String, NetCDFAttribute) = ("unit_of_information", "nat")

  /// The unit of a variable of a file, for people: "nats" for information, in files of any version.
  package static func units(of variable: NetCDFReaderVariable) -> String? {
    let isInNats = variable.attributes.contains { $0.name == attribute.0 && $0.value == attribute.1 }
    return isInNats ? units : variable.attributes.first { $0.name == "units" }?.value.text
  }

  /// A long name without the unit.
  package static func quantity(_ longName: String) -> String {
    longName.hasSuffix(words) ? String(longName.dropLast(words.count)) : longName
  }
}

extension RunVariable {
  /// A variable whose values are words, which numbers stand for.
  static func flag(
    _ name: String, _ dimensions: [String], _ longName: String, words: [(word: String, number: Int32)]
  ) -> RunVariable {
    RunVariable(
      name, .integer, dimensions, .flag, longName, units: nil,
      more: [
        ("flag_values", .ints(words.map(\.number))),
        ("flag_meanings", .text(words.map(\.word).joined(separator: " "))),
      ])
  }

  /// This variable, with others that belong to it and that `ancillary_variables` lists.
  func with(_ others: [RunVariable]) -> RunVariable {
    var result = self
    result.more.append(("ancillary_variables", .text(others.map(\.name).joined(separator: " "))))
    return result
  }

  /// This variable and its standard error.
  func withStandardError(_ longName: String) -> (value: RunVariable, error: RunVariable) {
    let error = standardError(longName)
    return (with([error]), error)
  }

  /// The standard error of this variable.
  func standardError(_ longName: String) -> RunVariable {
    beside("_standard_error", .standardError(of: name), longName)
  }

  /// The standard deviation of the numbers whose mean this variable is.
  func standardDeviation(_ longName: String) -> RunVariable {
    beside("_standard_deviation", .standardDeviation(of: name), longName)
  }

  /// The lower and the upper end of the interval of this variable.
  func bounds(_ lower: String, _ upper: String) -> (lower: RunVariable, upper: RunVariable) {
    (
      beside("_lower", .lowerBound(of: name), lower), beside("_upper", .upperBound(of: name), upper)
    )
  }

  /// The number of members that this variable is an average of.
  var sampleSize: RunVariable {
    RunVariable(name + "_count", .integer, dimensions, .sampleSize(of: name), "members averaged in \(name)")
      .noBetter(than: reproducibility)
  }

  /// The number of models that this variable, a mean over models, is an average of.
  var modelCount: RunVariable {
    RunVariable(name + "_models", .integer, dimensions, .models(of: name), "models averaged in \(name)")
      .noBetter(than: reproducibility)
  }

  private func beside(_ ending: String, _ role: VariableRole, _ longName: String) -> RunVariable {
    RunVariable(name + ending, .real, dimensions, role, longName, units: quantityUnits)
      .noBetter(than: reproducibility)
  }
}
