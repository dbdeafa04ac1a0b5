import Dynamics
import Observables
import Output

/// Looks up what the variables of files from before roles are: by their names, in the same table.
///
/// No other place interprets a name. Version 1 of the format had other units and a few other names: `RunFile.readableVersions`.
struct FormerNames {
  /// What stands for an observable's name in the table.
  static let placeholder = "NAME"
  /// Each member's level, until version 1.
  static let memberLevel = "level"

  /// The group's name in a file of one run; empty for the root.
  private let group: String
  private let names: Set<String>

  /// - Parameter group: A group of a file of one run, or what stands for one in a file of several.
  init(_ group: NetCDFReaderGroup) {
    var path = group.path.split(separator: "/").map(String.init)
    // Each control and the models have groups like the root; runs that differ have one each, by number.
    if path.first == "controls" { path.removeFirst(min(2, path.count)) }
    if path.first == "replicas" { path.removeFirst() }
    if path.count == 2, Int(path[1]) != nil { path.removeLast() }
    if path.count == 2, path[0] == "claims" { path.removeLast() }
    self.group = path.joined(separator: "/")
    names = Set(group.variables.map(\.name))
  }

  /// The role of a variable without the attribute.
  func role(of variable: NetCDFReaderVariable) -> VariableRole {
    let name = variable.name
    if let known = Self.table[group]?[name] { return known }
    if variable.dimensions.map(\.name) == [name] { return .coordinate }
    if variable.type == .string { return .label }
    // What belongs to another variable, of an observable or of any in several models' averages.
    for (ending, role) in Self.endings where name.hasSuffix(ending) {
      let subject = String(name.dropLast(ending.count))
      if names.contains(subject) { return role.renamed { _ in subject } }
    }
    guard group.isEmpty else { return .value }
    let hasOthers = variable.attributes.contains { $0.name == "ancillary_variables" }
    guard hasOthers || Self.marks.allSatisfy({ names.contains(name + $0) }) else { return .value }
    return .average(average(name).members)
  }

  /// Whose average a variable is, and of which observable, if it is one.
  private func average(_ name: String) -> (members: AveragedMembers, observable: String) {
    for members in AveragedMembers.allCases.dropFirst() {
      let ending = members.name(of: "")
      let observable = String(name.dropLast(ending.count))
      if name.hasSuffix(ending), names.contains(observable) { return (members, observable) }
    }
    return (.part(.all), name)
  }

  /// What the observables are measured like whose averages the group has.
  var families: [String: ObservableFamily] {
    Dictionary(
      names.compactMap { name in Self.families[average(name).observable].map { (name, $0) } },
      uniquingKeysWith: { first, _ in first })
  }

  // MARK: The table

  /// Variables with fixed names, by group and name.
  private static let table: [String: [String: VariableRole]] = {
    var result: [String: [String: VariableRole]] = [:]
    for part in RunLayout.specimen.parts + CampaignLayout.specimen {
      for variable in part.variables {
        let isNamed = !variable.name.hasPrefix(placeholder)
        if isNamed { result[part.group, default: [:]][variable.name] = variable.role }
      }
    }
    return result
  }()

  /// The endings of what belongs to an observable's average or to several models' average, longest first.
  private static let endings: [(String, VariableRole)] = {
    let observable = AveragedObservable(name: placeholder, longName: "")
    let average = AverageVariables(observable, among: .part(.all))
    let models = ModelAverage(of: average.mean)
    return [
      average.standardDeviation, average.standardError, average.count, models.models, models.lower,
      models.upper,
    ].map { (String($0.name.dropFirst(placeholder.count)), $0.role) }
  }()

  /// The endings of what every average has beside it.
  private static let marks: [String] = {
    let observable = AveragedObservable(name: placeholder, longName: "")
    let average = AverageVariables(observable, among: .part(.all))
    return [average.standardError, average.count].map { String($0.name.dropFirst(placeholder.count)) }
  }()

  /// The families of the observables that there are, by the names of variables.
  private static let families = Dictionary(
    ObservableRegistry.all.map { (AveragedObservable.variableName($0.name), $0.family) },
    uniquingKeysWith: { first, _ in first })
}
