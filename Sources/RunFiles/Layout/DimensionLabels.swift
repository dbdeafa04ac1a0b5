import Output
import Vocabulary

/// The names of dimensions' entries. They are auxiliary coordinates, which the attribute `coordinates` of each variable
/// with such a dimension lists (CF 1.10, section 6.1).
package struct DimensionLabels: Sendable {
  private static let attribute = "coordinates"
  /// The variable that holds the names of a dimension's entries, by dimension.
  private let names: [String: String]

  /// The labels that every run has: the names of classes and superclasses.
  package static let ofClasses = DimensionLabels(
    names: Dictionary(uniqueKeysWithValues: Grouping.allCases.map { ($0.dimension, $0.nameVariable) }))

  private init(names: [String: String]) { self.names = names }

  /// These labels, and the texts that the numbers of other coordinates stand for.
  package func adding(_ words: [RunVariable]) -> DimensionLabels {
    let others = words.compactMap { variable in variable.role.subject.map { ($0, variable.name) } }
    return DimensionLabels(names: names.merging(others) { _, new in new })
  }

  /// The attributes of a variable of some dimensions, with these labels among its coordinates.
  ///
  /// - Parameter attributes: All other attributes, and the coordinates that are already known.
  package func added(
    to attributes: [(String, NetCDFAttribute)], dimensions: [String]
  ) -> [(String, NetCDFAttribute)] {
    let known = attributes.first { $0.0 == Self.attribute }?.1.text ?? ""
    var all = dimensions.compactMap { names[$0] }
    all += known.split(separator: " ").map(String.init).filter { !all.contains($0) }
    let others = attributes.filter { $0.0 != Self.attribute }
    return all.isEmpty ? others : others + [(Self.attribute, .text(all.joined(separator: " ")))]
  }
}

extension NetCDFReaderGroup {
  /// The texts that the numbers of a coordinate stand for, such as swept words; nil if the numbers have a meaning of
  /// their own.
  ///
  /// In files of version 1 such a coordinate holds the texts itself.
  ///
  /// - Throws: `NetCDFError` if the texts cannot be read.
  package func words(of dimension: NetCDFDimension) throws(NetCDFError) -> [String]? {
    let roles = VariableRoles(self)
    let name = roles.name(of: .words(of: dimension.name)) ?? dimension.name
    guard let found = variables.first(where: { $0.name == name }), found.dimensions == [dimension],
      found.type == .string || found.type == .character
    else { return nil }
    return try found.readStrings()
  }
}
