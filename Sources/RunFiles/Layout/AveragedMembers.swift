import Vocabulary
import Dynamics

/// The members of a level over which an average is taken.
package enum AveragedMembers: Sendable, Hashable {
  /// All members, or those that a splitting observable chooses, at each time or at t = 0.
  case part(SeriesPart)
  /// The members of each group of items.
  case each(Grouping)

  /// All sets of members.
  static let allCases: [AveragedMembers] =
    [.part(.all)] + Grouping.allCases.map { .each($0) } + parts(isSplit: true).dropFirst()

  /// All members and, if they are split, the parts.
  static func parts(isSplit: Bool) -> [AveragedMembers] {
    isSplit ? SeriesPart.allCases.map { .part($0) } : [.part(.all)]
  }

  /// Whether these are a part of the members that a splitting observable chooses.
  package var isPartOfSplit: Bool {
    if case .part(let part) = self { part != .all } else { false }
  }

  /// The members whose average can be followed in time. The set of members that are chosen at each time changes, so it
  /// is replaced by those that were chosen at t = 0.
  var followed: AveragedMembers {
    switch self {
    case .part(.retained): .part(.initiallyRetained)
    case .part(.lost): .part(.initiallyLost)
    case .part(.all), .part(.initiallyRetained), .part(.initiallyLost), .each: self
    }
  }

  /// The word for these members in the role.
  package var word: String {
    switch self {
    case .part(.all): "all"
    case .part(.retained): "retained"
    case .part(.lost): "lost"
    case .part(.initiallyRetained): "initially_retained"
    case .part(.initiallyLost): "initially_lost"
    case .each(let criterion): criterion.rawValue
    }
  }

  /// The name of an observable's average over these members.
  package func name(of observable: String) -> String {
    switch self {
    case .part(.all): observable
    case .part: "\(observable)_\(word)"
    case .each: "\(observable)_by_\(word)"
    }
  }

  /// The members as `long_name` describes them: empty, or beginning with a space.
  var words: String {
    switch self {
    case .part(.all): ""
    case .part(.retained): " of members nearest to their own concept"
    case .part(.lost): " of members nearest to another concept"
    case .part(.initiallyRetained): " of members nearest to their own concept at t = 0"
    case .part(.initiallyLost): " of members nearest to another concept at t = 0"
    case .each(let criterion): " of members of one \(criterion.rawValue)"
    }
  }

  /// The dimensions of the average.
  var dimensions: [String] {
    switch self {
    case .part: ["level", "time"]
    case .each(let criterion): ["level", criterion.dimension, "time"]
    }
  }
}

extension Grouping {
  /// The dimension of the groups.
  var dimension: String {
    switch self {
    case .class: "concept"
    case .superclass: "superconcept"
    }
  }

  /// The variable with the groups' names.
  var nameVariable: String { dimension + "_name" }
}
