import Drawing
import Output

/// Numbers of the search for attractors, of which a level has one.
extension RunData {
  /// The variables that tables and heat maps show, with their headings.
  private static let attractorNumbers: [(name: String, words: String)] = [
    ("attracting_sets", "sets reached"), ("attracting_cycles", "cycles"),
    ("attracting_curves", "closed curves"), ("attracting_quasi_periodic_sets", "quasi-periodic sets"),
    ("attracting_chaotic_sets", "chaotic sets"), ("largest_spectral_radius", "largest spectral radius"),
    ("basin_fraction_entropy", "basin-fraction entropy [nats]"),
    ("undecided_fraction", "undecided"),
    ("median_settling_time", "median settling time"), ("memorized_fraction", "memorized"),
    ("prototype_fraction", "prototype"), ("generalizing_fraction", "generalizing"),
    ("spurious_fraction", "spurious"), ("recalled_fraction", "recalled"),
  ]

  /// Those that the file has.
  var attractorNumbers: [(name: String, words: String)] {
    Self.attractorNumbers.filter { find($0.name)?.dimensions.last?.name == "level" }
  }

  /// Those that heat maps show: the numbers per level that the options name, or the most telling ones.
  func mappedAttractorNumbers(_ options: FigureOptions) -> [String] {
    let telling = [
      "attracting_sets", "basin_fraction_entropy", "undecided_fraction", "memorized_fraction",
    ]
    guard options.variables.isEmpty else {
      return options.variables.filter { find($0)?.dimensions.map(\.name) == sweep.map(\.name) + ["level"] }
    }
    return attractorNumbers.map(\.name).filter(telling.contains)
  }

  /// The rows of a table with these numbers, one per level: each number, with its error between models.
  func attractorNumberRows() throws -> [[String]] {
    let columns = try attractorNumbers.map { number -> [String] in
      let values = try values(number.name, ["level"])
      let errors = try name(of: .standardError(of: number.name)).map {
        try self.values($0, ["level"])
      }
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
