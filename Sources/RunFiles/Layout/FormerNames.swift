import Dynamics
import Observables
import Output

/// Finds the roles of variables in files from before variables had roles, by their names in the same table.
///
/// No other place interprets a name. Version 1 had other units and a few other names: `RunFile.readableVersions`.
struct FormerNames {
  /// The text that stands for an observable's name in the table.
  static let placeholder = "NAME"
  /// The name of the variable with each member's level in version 1.
  static let memberLevel = "level"

  /// The group's name in a file of one run; empty for the root.
  private let group: String
  private let names: Set<String>

  /// - Parameter group: A group of a file of one run, or the group that stands for one in a file of several runs.
  init(_ group: NetCDFReaderGroup) {
    var path = group.path.split(separator: "/").map(String.init)
    // Each control and the models have groups like the root. Runs that differ have one group each, named by a number.
    if path.first == "controls" { path.removeFirst(min(2, path.count)) }
    if path.first == "replicas" { path.removeFirst() }
    if path.count == 2, Int(path[1]) != nil { path.removeLast() }
    if path.count == 2, path[0] == "claims" { path.removeLast() }
    self.group = path.joined(separator: "/")
    names = Set(group.variables.map(\.name))
  }

  /// The role of a variable that has no attribute for it.
  func role(of variable: NetCDFReaderVariable) -> VariableRole {
    let name = variable.name
    if let known = Self.table[group]?[name] { return known }
    if variable.dimensions.map(\.name) == [name] { return .coordinate }
    if variable.type == .string { return .label }
    // The variable may belong to another one: to an observable's average, or to any average over several models.
    for (ending, role) in Self.endings where name.hasSuffix(ending) {
      let subject = String(name.dropLast(ending.count))
      if names.contains(subject) { return role.renamed { _ in subject } }
    }
    guard group.isEmpty else { return .value }
    let hasOthers = variable.attributes.contains { $0.name == "ancillary_variables" }
    guard hasOthers || Self.marks.allSatisfy({ names.contains(name + $0) }) else { return .value }
    return .average(average(name).members)
  }

  /// If a variable is an average: the members it is over, and the observable.
  private func average(_ name: String) -> (members: AveragedMembers, observable: String) {
    for members in AveragedMembers.allCases.dropFirst() {
      let ending = members.name(of: "")
      let observable = String(name.dropLast(ending.count))
      if name.hasSuffix(ending), names.contains(observable) { return (members, observable) }
    }
    return (.part(.all), name)
  }

  /// The families of the observables whose averages the group has.
  var families: [String: ObservableFamily] {
    Dictionary(
      names.compactMap { name in Self.families[average(name).observable].map { (name, $0) } },
      uniquingKeysWith: { first, _ in first })
  }

  // MARK: The table

  /// The roles of variables with fixed names, by group and name.
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

  /// The endings of variables that belong to an observable's average or to an average over models, longest first.
  private static let endings: [(String, VariableRole)] = {
    let observable = AveragedObservable(name: placeholder, longName: "")
    let average = AverageVariables(observable, among: .part(.all))
    let models = ModelAverage(of: average.mean)
    return [
      average.standardDeviation, average.standardError, average.count, models.models, models.lower,
      models.upper,
    ].map { (String($0.name.dropFirst(placeholder.count)), $0.role) }
  }()

  /// The endings of the variables that every average has beside it.
  private static let marks: [String] = {
    let observable = AveragedObservable(name: placeholder, longName: "")
    let average = AverageVariables(observable, among: .part(.all))
    return [average.standardError, average.count].map { String($0.name.dropFirst(placeholder.count)) }
  }()

  /// The families of all observables, by the names of their variables.
  private static let families = Dictionary(
    ObservableRegistry.all.map { (AveragedObservable.variableName($0.name), $0.family) },
    uniquingKeysWith: { first, _ in first })
}
