import Vocabulary
import Dynamics

/// Over which members of a level an average is taken.
package enum AveragedMembers: Sendable, Hashable {
  /// All of them, or those that a splitting observable chooses at each time.
  case part(SeriesPart)
  /// Those of each group of items.
  case each(Grouping)

  /// All that there are.
  static let allCases: [AveragedMembers] =
    [.part(.all)] + Grouping.allCases.map { .each($0) } + [.part(.retained), .part(.lost)]

  /// The word in the role.
  package var word: String {
    switch self {
    case .part(.all): "all"
    case .part(.retained): "retained"
    case .part(.lost): "lost"
    case .each(let criterion): criterion.rawValue
    }
  }

  /// The name of an observable's average over these members.
  func name(of observable: String) -> String {
    switch self {
    case .part(.all): observable
    case .part(.retained), .part(.lost): "\(observable)_\(word)"
    case .each: "\(observable)_by_\(word)"
    }
  }

  /// Whose average it is, for `long_name`: empty, or beginning with a space.
  var words: String {
    switch self {
    case .part(.all): ""
    case .part(.retained): " of members nearest to their own concept"
    case .part(.lost): " of members nearest to another concept"
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
}
