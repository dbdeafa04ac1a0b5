import Drawing
import Output

/// Numbers of the search for attractors, of which a level has one.
extension RunData {
  /// The variables that tables and heat maps show, with their headings.
  private static let attractorNumbers: [(name: String, words: String)] = [
    ("attracting_sets", "sets reached"), ("attracting_cycles", "cycles"),
    ("attracting_curves", "closed curves"), ("attracting_quasi_periodic_sets", "quasi-periodic sets"),
    ("attracting_chaotic_sets", "chaotic sets"), ("largest_spectral_radius", "largest spectral radius"),
    ("basin_fraction_entropy", "basin-fraction entropy [nats]"), ("undecided_fraction", "undecided"),
    ("median_settling_time", "median settling time"), ("memorized_fraction", "memorized"),
    ("prototype_fraction", "prototype"), ("generalizing_fraction", "generalizing"),
    ("spurious_fraction", "spurious"),
  ]

  /// What heat maps show without being asked.
  private static let mappedNumbers: Set = [
    "attracting_sets", "basin_fraction_entropy", "undecided_fraction", "memorized_fraction",
    "spurious_fraction",
  ]

  /// The variables of `attractorNumbers` that the file has.
  private var foundNumbers: [(name: String, words: String)] {
    Self.attractorNumbers.filter { number in
      find(number.name)?.dimensions.last?.name == "level"
    }
  }

  /// The numbers that heat maps show: those that the options name, or the most telling ones.
  func mappedAttractorNumbers(_ options: FigureOptions) -> [String] {
    let found = foundNumbers.map(\.name)
    let wanted = options.variables.isEmpty ? Self.mappedNumbers : Set(options.variables)
    return found.filter(wanted.contains)
  }

  /// The options without the names of these numbers.
  ///
  /// - Parameter options: Options that name variables.
  func withoutAttractorNumbers(_ options: FigureOptions) -> FigureOptions {
    var result = options
    let found = Set(foundNumbers.map(\.name))
    result.variables.removeAll(where: found.contains)
    return result
  }

  /// Whether a number lies between 0 and 1 by definition.
  static func isFractionOfStarts(_ name: String) -> Bool { name.hasSuffix("_fraction") }

  /// The headings of a table with these numbers; empty if the file has none.
  var attractorNumberHeader: [String] { foundNumbers.map(\.words) }

  /// The rows of that table, one per level: each number, with its error between models.
  func attractorNumberRows() throws -> [[String]] {
    let columns = try foundNumbers.map { number -> [String] in
      let values = try values(number.name, ["level"])
      let errors = try name(of: .standardError(of: number.name)).map { try self.values($0, ["level"]) }
      // -1 stands for none in integers.
      let isInteger = find(number.name)?.type.isInteger ?? false
      return values.indices.map {
        isInteger && values[$0] < 0 ? "-" : meanText(values[$0], errors?[$0] ?? .nan)
      }
    }
    return levels.indices.map { level in [short(levels[level])] + columns.map { $0[level] } }
  }

  /// What a caption says of these numbers.
  var attractorNumberCaption: String {
    "Sets that starts reach, by kind; shares of starts, by whether their set is known and by what it resembles"
      + (models == nil ? "." : "; means over models ± standard error between models.")
  }
}
