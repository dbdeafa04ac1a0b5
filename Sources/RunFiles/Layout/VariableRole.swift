import Dynamics
import Output

/// What a variable of a run file is to its reader: which statistic it is, and which other variable it belongs to.
///
/// Every variable has the attribute `role`. A variable that belongs to another one of its group names that one in
/// `role_of`. So in xarray `dataset.filter_by_attrs(role="mean")` finds all averages, and
/// `filter_by_attrs(role_of="distance_concept")` all variables that belong to one of them. These attributes supplement
/// those of the CF conventions, where `ancillary_variables` gives the same relation in the other direction.
package enum VariableRole: Sendable, Hashable {
  /// The values along the variable's own dimension.
  case coordinate
  /// A name for each entry of a dimension.
  case label
  /// The texts that the numbers of a coordinate stand for.
  case words(of: String)
  /// Where an entry comes from or belongs to: the number of an item, a level or a member, or a class.
  case address
  /// A number (or state, or picture) that belongs to no other variable.
  case value
  /// One of the words in `flag_meanings`.
  case flag
  /// A text for people.
  case message
  /// A number of members, items or other things.
  case count
  /// An average over members.
  case average(AveragedMembers)
  /// The number of values that were averaged.
  case sampleSize(of: String)
  /// The number of models that were averaged.
  case models(of: String)
  /// The standard deviation of the numbers that were averaged.
  case standardDeviation(of: String)
  /// The standard error.
  case standardError(of: String)
  /// The lower end of an interval with 95 % confidence.
  case lowerBound(of: String)
  /// The upper end of an interval with 95 % confidence.
  case upperBound(of: String)
  /// The smallest value along `time` of an average, which the file contains only if it was asked for.
  case minimum(of: String)
  /// The time at which a number was found.
  case time(of: String)
  /// 1 if something holds for a number, else 0.
  case indicator(of: String)

  /// The word in the attribute `role`.
  package var word: String {
    switch self {
    case .coordinate: "coordinate"
    case .label, .words: "label"
    case .address: "address"
    case .value: "value"
    case .flag, .indicator: "flag"
    case .message: "message"
    case .count, .sampleSize: "count"
    case .average(.part(.all)): "mean"
    case .average(let members): "mean_of_" + members.word
    case .models: "models"
    case .standardDeviation: "standard_deviation"
    case .standardError: "standard_error"
    case .lowerBound: "lower_bound"
    case .upperBound: "upper_bound"
    case .minimum: "minimum"
    case .time: "time"
    }
  }

  /// The variable that this one belongs to, as in the attribute `role_of`; nil if it belongs to none.
  package var subject: String? {
    switch self {
    case .coordinate, .label, .address, .value, .flag, .message, .count, .average: nil
    case .words(let name), .sampleSize(let name), .models(let name), .standardDeviation(let name),
      .standardError(let name), .lowerBound(let name),
      .upperBound(let name), .minimum(let name), .time(let name), .indicator(let name):
      name
    }
  }

  /// The role that the attributes state; nil if they state none that is known.
  package init?(word: String, subject: String?) {
    switch (word, subject) {
    case ("coordinate", nil): self = .coordinate
    case ("label", nil): self = .label
    case ("address", nil): self = .address
    case ("value", nil): self = .value
    case ("flag", nil): self = .flag
    case ("message", nil): self = .message
    case ("count", nil): self = .count
    case ("mean", nil): self = .mean
    case (let word, nil):
      guard let members = AveragedMembers.allCases.first(where: { "mean_of_" + $0.word == word }) else {
        return nil
      }
      self = .average(members)
    case ("label", let name?): self = .words(of: name)
    case ("count", let name?): self = .sampleSize(of: name)
    case ("models", let name?): self = .models(of: name)
    case ("standard_deviation", let name?): self = .standardDeviation(of: name)
    case ("standard_error", let name?): self = .standardError(of: name)
    case ("lower_bound", let name?): self = .lowerBound(of: name)
    case ("upper_bound", let name?): self = .upperBound(of: name)
    case ("minimum", let name?): self = .minimum(of: name)
    case ("time", let name?): self = .time(of: name)
    case ("flag", let name?): self = .indicator(of: name)
    default: return nil
    }
  }

  /// Whether the variable says what a dimension's entries are, so that each entry has one value.
  package var isOfDimension: Bool {
    switch self {
    case .coordinate, .label, .words: true
    default: false
    }
  }

  /// The same role for a variable that belongs to one of another name.
  ///
  /// - Parameter rename: The new name of each variable.
  func renamed(_ rename: (String) -> String) -> VariableRole {
    guard let subject, let role = VariableRole(word: word, subject: rename(subject)) else { return self }
    return role
  }
}

extension VariableRole {
  /// An average over all members, over the items of a split or over models.
  package static let mean = VariableRole.average(.part(.all))

  /// The names of the attributes.
  package static let attributeNames: Set = ["role", "role_of"]

  /// The role in the attributes; nil if they contain none, as in files that were written before variables had roles.
  init?(_ attributes: [(name: String, value: NetCDFAttribute)]) {
    func text(_ name: String) -> String? { attributes.first { $0.name == name }?.value.text }
    guard let word = text("role") else { return nil }
    // A variable with a word of a later version is taken for a number like any other.
    self = VariableRole(word: word, subject: text("role_of")) ?? .value
  }

  /// The attributes, in the order in which they are written.
  ///
  /// There are at most two. If a variable has more than eight attributes, including four of the library's own, HDF5
  /// keeps them in a structure of several kilobytes.
  var attributes: [(String, NetCDFAttribute)] {
    [("role", .text(word))] + (subject.map { [("role_of", .text($0))] } ?? [])
  }
}
