import Dynamics
import Output

/// The variables of a group of a run file by their roles.
package struct VariableRoles: Sendable {
  private let roles: [String: VariableRole]
  private let names: [VariableRole: String]
  private let families: [String: ObservableFamily]

  /// Reads the attributes of the group and its variables. Variables without a role get one by their names.
  package init(_ group: NetCDFReaderGroup) {
    let former = FormerNames(group)
    let told = group.variables.map { VariableRole($0.attributes) }
    let hasRoles = told.contains { $0 != nil }
    self.init(
      zip(group.variables, told).map { ($0.name, $1 ?? former.role(of: $0)) },
      families: hasRoles ? Self.families(group, former) : former.families)
  }

  /// Reads only the names of the group's variables, as if they had no attributes.
  package init(former group: NetCDFReaderGroup) {
    let former = FormerNames(group)
    self.init(group.variables.map { ($0.name, former.role(of: $0)) }, families: former.families)
  }

  private init(_ roles: [(name: String, role: VariableRole)], families: [String: ObservableFamily]) {
    self.roles = Dictionary(roles.map { ($0.name, $0.role) }) { first, _ in first }
    names = Dictionary(roles.filter { $0.role.subject != nil }.map { ($0.role, $0.name) }) { first, _ in first
    }
    self.families = families
  }

  /// The role of a variable of the group. If nothing is known, it is `value`.
  package subscript(name: String) -> VariableRole { roles[name] ?? .value }

  /// The variable that has a role for another one, such as the standard error of a mean; nil if there is none.
  package func name(of role: VariableRole) -> String? { names[role] }

  /// The family of the observable whose average this variable is.
  package func family(of name: String) -> ObservableFamily { families[name] ?? .other }

  // MARK: Families

  /// The attributes of the root that list the averages of each family.
  static func attributes(_ layout: RunLayout) -> [(name: String, value: NetCDFAttribute)] {
    ObservableFamily.allCases.filter { $0 != .other }.compactMap { family in
      let names = layout.observables.filter { $0.family == family }.flatMap { observable in
        layout.averagedMembers.map { $0.name(of: observable.name) }
      }
      return names.isEmpty
        ? nil : (name: attributeName(family), value: .text(names.joined(separator: " ")))
    }
  }

  private static func attributeName(_ family: ObservableFamily) -> String { "family_" + family.rawValue }

  private static func families(
    _ group: NetCDFReaderGroup, _ former: FormerNames
  ) -> [String: ObservableFamily] {
    // Older files, which list no fractions, name the averages of the other families.
    var result = former.families.filter { $0.value == .fraction }
    for family in ObservableFamily.allCases {
      let text = group.attributes.first { $0.name == attributeName(family) }?.value.text ?? ""
      for name in text.split(separator: " ") { result[String(name)] = family }
    }
    return result
  }
}
