import Output

/// The variables of a group of a run file by their roles.
package struct VariableRoles: Sendable {
  private let descriptions: [String: VariableDescription]
  private let names: [VariableRole: String]

  /// Reads the attributes of the group's variables; the names of those that have none.
  package init(_ group: NetCDFReaderGroup) {
    let former = FormerNames(group)
    self.init(group) { VariableDescription($0.attributes) ?? former.description(of: $0) }
  }

  /// Reads the names of the group's variables alone, as if they were without attributes.
  package init(former group: NetCDFReaderGroup) {
    let former = FormerNames(group)
    self.init(group) { former.description(of: $0) }
  }

  private init(_ group: NetCDFReaderGroup, _ describe: (NetCDFReaderVariable) -> VariableDescription) {
    var descriptions: [String: VariableDescription] = [:]
    var names: [VariableRole: String] = [:]
    for variable in group.variables {
      let description = describe(variable)
      descriptions[variable.name] = description
      if description.role.subject != nil, names[description.role] == nil {
        names[description.role] = variable.name
      }
    }
    self.descriptions = descriptions
    self.names = names
  }

  /// What a variable of the group is; a number in itself where nothing is known.
  package subscript(name: String) -> VariableDescription { descriptions[name] ?? VariableDescription(.value) }

  /// The variable that has a role beside another one, such as the standard error of a mean; nil where there is none.
  package func name(of role: VariableRole) -> String? { names[role] }
}
