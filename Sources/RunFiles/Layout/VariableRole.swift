import Dynamics
import Output

/// What a variable of a run file is to its reader: which statistic it is, and of which other variable.
///
/// Every variable says it in the attribute `role`; what belongs to another variable of its group names that one in
/// `role_of`. So `dataset.filter_by_attrs(role="mean")` of xarray finds all averages, and
/// `filter_by_attrs(role_of="distance_concept")` all that belongs to one of them. The attributes are beside those of
/// the CF conventions, of which `ancillary_variables` says the same in the other direction.
package enum VariableRole: Sendable, Hashable {
  /// The values along the variable's own dimension.
  case coordinate
  /// A name for each entry of a dimension.
  case label
  /// The texts that the numbers of a coordinate stand for.
  case words(of: String)
  /// Where an entry comes from or belongs: the number of an item, a level or a member, a class.
  case address
  /// A number (or state, or picture) in itself.
  case value
  /// One of the words in `flag_meanings`.
  case flag
  /// A text for people.
  case message
  /// How many there are.
  case count
  /// An average over members.
  case average(AveragedMembers)
  /// How many numbers were averaged.
  case sampleSize(of: String)
  /// How many models gave a number, of which there is the mean.
  case models(of: String)
  /// The standard deviation of the numbers that were averaged.
  case standardDeviation(of: String)
  /// The standard error.
  case standardError(of: String)
  /// The lower end of an interval with 95 % confidence.
  case lowerBound(of: String)
  /// The upper end of an interval with 95 % confidence.
  case upperBound(of: String)
  /// The smallest value along `time` of an average, which the file has where it was asked for.
  case minimum(of: String)
  /// The time at which a number was found.
  case time(of: String)
  /// 1 where something holds of a number, else 0.
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

  /// The variable that it belongs to, in the attribute `role_of`; nil for one that stands for itself.
  package var subject: String? {
    switch self {
    case .coordinate, .label, .address, .value, .flag, .message, .count, .average: nil
    case .words(let name), .sampleSize(let name), .models(let name), .standardDeviation(let name),
      .standardError(let name), .lowerBound(let name),
      .upperBound(let name), .minimum(let name), .time(let name), .indicator(let name):
      name
    }
  }

  /// The role that the attributes tell; nil where they tell none that is known.
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

  /// Whether it tells of a dimension what its entries are, so that each of them has one value.
  var isOfDimension: Bool {
    switch self {
    case .coordinate, .label, .words: true
    default: false
    }
  }

  /// The same role beside a variable of another name.
  ///
  /// - Parameter rename: The name of each variable now.
  func renamed(_ rename: (String) -> String) -> VariableRole {
    guard let subject, let role = VariableRole(word: word, subject: rename(subject)) else { return self }
    return role
  }
}

extension VariableRole {
  /// An average over all members, over the items of a split or over models.
  package static let mean = VariableRole.average(.part(.all))

  /// The names of the attributes.
  static let attributeNames: Set = ["role", "role_of"]

  /// The role in the attributes; nil where they have none, as those of files from before.
  init?(_ attributes: [(name: String, value: NetCDFAttribute)]) {
    func text(_ name: String) -> String? { attributes.first { $0.name == name }?.value.text }
    guard let word = text("role") else { return nil }
    // A word of a later version stands for a number like any other.
    self = VariableRole(word: word, subject: text("role_of")) ?? .value
  }

  /// The attributes, in the order in which they are written.
  ///
  /// Not more than two: HDF5 keeps more than eight attributes of a variable, the library's own four among them, in a
  /// structure of some kilobytes.
  var attributes: [(String, NetCDFAttribute)] {
    [("role", .text(word))] + (subject.map { [("role_of", .text($0))] } ?? [])
  }
}
