import Output

/// How a variable of the root is summarized over several models, by its role.
///
/// Members of different models are never pooled. Each model gives one number, its average.
package enum SummaryRule: Sendable {
  /// The mean over models, with its error and interval.
  case mean
  /// The root mean square of the models' standard deviations over members.
  case spread
  /// The sum of counts.
  case count
  /// The smallest value along time of a series averaged over models.
  case minimum(of: String)
  /// The time of that smallest value.
  case timeOfMinimum(of: String)
  /// None, because the values are the same in all models, or are words.
  case none
  /// None, because the error between models replaces it.
  case replaced

  /// - Parameters:
  ///   - role: The variable's role.
  ///   - others: The roles of the other variables of the root.
  package init(_ role: VariableRole, among others: (String) -> VariableRole) {
    switch role {
    case .average, .value, .address, .flag, .indicator: self = .mean
    case .standardDeviation: self = .spread
    case .count, .sampleSize: self = .count
    case .models, .standardError, .lowerBound, .upperBound: self = .replaced
    case .minimum(let series): self = .minimum(of: series)
    case .time(let subject):
      if case .minimum(let series) = others(subject) {
        self = .timeOfMinimum(of: series)
      } else {
        self = .mean
      }
    case .coordinate, .label, .words, .message: self = .none
    }
  }

  /// The series from which it is computed, which files contain only if it was asked for; nil if it is not computed from
  /// one.
  package var series: String? {
    switch self {
    case .minimum(let series), .timeOfMinimum(let series): series
    case .mean, .spread, .count, .none, .replaced: nil
    }
  }

  /// The variables that summarize it.
  ///
  /// - Parameters:
  ///   - variable: The variable of single runs.
  ///   - others: The names of further variables that belong to it.
  package func variables(of variable: RunVariable, beside others: [String] = []) -> [RunVariable] {
    func summary(_ kind: RunVariable.Kind, _ words: String) -> RunVariable {
      var result = RunVariable(
        variable.name, kind, variable.dimensions, variable.role, "\(variable.quantity), \(words)",
        units: variable.quantityUnits ?? "1", more: variable.more)
      result.reproducibility = variable.reproducibility
      return result
    }
    switch self {
    case .mean: return ModelAverage(of: variable, beside: others).all
    case .spread: return [summary(.real, "root mean square over models")]
    case .count: return [summary(.wide, "all models together")]
    case .minimum: return [ClosestConceptVariables.ofModels.distance]
    case .timeOfMinimum: return [ClosestConceptVariables.ofModels.time]
    case .none, .replaced: return []
    }
  }
}

/// The variables of the average of a number over models.
struct ModelAverage {
  let mean: RunVariable
  let standardError: RunVariable
  let lower: RunVariable
  let upper: RunVariable
  /// The number of models that gave the number.
  let models: RunVariable

  /// - Parameters:
  ///   - variable: The variable of single runs.
  ///   - others: The names of further variables that belong to it.
  init(of variable: RunVariable, beside others: [String] = []) {
    let name = variable.name
    // An average over members keeps its role, which says over which members it is.
    let role = if case .average = variable.role { variable.role } else { VariableRole.mean }
    var mean = RunVariable(
      name, .real, variable.dimensions, role, "\(variable.quantity), mean over models",
      units: variable.quantityUnits ?? "1")
    mean.reproducibility = variable.reproducibility
    standardError = mean.standardError("standard error over models of \(name)")
    (lower, upper) = mean.bounds(
      "lower end of Student's 95 % interval over models of \(name)",
      "upper end of Student's 95 % interval over models of \(name)")
    models = mean.modelCount
    let names = [standardError, lower, upper, models].map(\.name) + others
    mean.more = [("ancillary_variables", .text(names.joined(separator: " ")))] + variable.more
    self.mean = mean
  }

  /// All variables, in the order of the file.
  var all: [RunVariable] { [mean, standardError, lower, upper, models] }
}
