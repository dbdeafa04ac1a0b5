import Output

/// A dimension with its length.
package struct RunDimension: Sendable, Hashable {
  /// The name.
  package let name: String
  /// The number of entries.
  package let length: Int

  init(_ name: String, _ length: Int) {
    self.name = name
    self.length = length
  }
}

/// The values of a variable, in the order of the file.
enum VariableValues {
  case reals([Double])
  case singles([Float])
  case integers([Int])
  case smallIntegers([Int32])
  case texts([String])

  /// Whether a whole number needs 64 bits.
  var isWide: Bool {
    if case .integers(let values) = self { values.contains { Int32(exactly: $0) == nil } } else { false }
  }
}

/// A variable, and the function that gives its values.
struct RunColumn<Source> {
  let variable: RunVariable
  let values: (Source) -> VariableValues

  init(_ variable: RunVariable, _ values: @escaping (Source) -> VariableValues) {
    self.variable = variable
    self.values = values
  }

  /// Real numbers.
  static func reals(_ variable: RunVariable, _ values: @escaping (Source) -> [Double]) -> Self {
    Self(variable) { .reals(values($0)) }
  }

  /// Whole numbers.
  static func integers(_ variable: RunVariable, _ values: @escaping (Source) -> [Int]) -> Self {
    Self(variable) { .integers(values($0)) }
  }

  /// Whole numbers of 32 bits.
  static func integers(_ variable: RunVariable, _ values: @escaping (Source) -> [Int32]) -> Self {
    Self(variable) { .smallIntegers(values($0)) }
  }

  /// Texts.
  static func texts(_ variable: RunVariable, _ values: @escaping (Source) -> [String]) -> Self {
    Self(variable) { .texts(values($0)) }
  }
}

/// Variables of a run file that occur together, with the dimensions that they introduce.
struct RunSection<Source> {
  /// The path of the group; empty for the root.
  var group = ""
  var dimensions: [RunDimension] = []
  var columns: [RunColumn<Source>]

  /// The section without values.
  var part: RunPart { RunPart(group: group, dimensions: dimensions, variables: columns.map(\.variable)) }
}

/// Variables of a run file that occur together, without their values.
package struct RunPart: Sendable {
  /// The path of the group; empty for the root.
  package let group: String
  /// The dimensions that the variables introduce.
  package let dimensions: [RunDimension]
  /// The variables, in the order of the file.
  package let variables: [RunVariable]
}

// MARK: Writing

extension NetCDFGroup {
  /// Defines a variable of the table.
  ///
  /// - Parameters:
  ///   - leading: The dimensions before the variable's own.
  ///   - labels: The names of dimensions' entries.
  ///   - isWide: Whether one of its whole numbers needs 64 bits.
  package func define(
    _ variable: RunVariable, leading: [String] = [], labels: DimensionLabels = .ofClasses,
    isWide: Bool = false
  ) throws -> NetCDFVariable {
    try defineVariable(
      variable.name, type: isWide ? .int64 : variable.kind.type, dimensions: leading + variable.dimensions,
      attributes: variable.attributes(leading: leading, labels: labels),
      fillValue: variable.mayBeMissing ? NetCDFWriter.missing : nil, compression: variable.isCompressed)
  }

  /// Defines a section's dimensions and variables, and writes the variables.
  func write<Source>(_ section: RunSection<Source>, of source: Source) throws {
    for dimension in section.dimensions { try defineDimension(dimension.name, length: dimension.length) }
    for column in section.columns {
      let values = column.values(source)
      try define(column.variable, isWide: values.isWide).write(values)
    }
  }
}

extension NetCDFVariable {
  /// Writes all values.
  func write(_ values: VariableValues) throws {
    switch values {
    case .reals(let values): try write(values)
    case .singles(let values): try write(values)
    case .integers(let values): try write(values)
    case .smallIntegers(let values): try write(values)
    case .texts(let values): try write(values)
    }
  }

  /// Writes a part of the values.
  func write(_ values: VariableValues, start: [Int], count: [Int]) throws {
    switch values {
    case .reals(let values): try write(values, start: start, count: count)
    case .singles(let values): try write(values, start: start, count: count)
    case .integers(let values): try write(values, start: start, count: count)
    case .smallIntegers(let values): try write(values, start: start, count: count)
    case .texts(let values): try write(values, start: start, count: count)
    }
  }
}
