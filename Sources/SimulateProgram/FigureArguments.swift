import ArgumentParser
import Figures

/// The options that `plot` and `report` share: which figures, and of what.
struct FigureArguments: ParsableArguments {
  @Option(
    name: .customLong("figure"), parsing: .singleValue,
    help: ArgumentHelp(
      "Draws a figure whole; may be repeated. (default: those that answer the run's question)",
      valueName: "name"))
  private var names: [FigureName] = []

  @Option(help: "Observables of the figures series and sweep, separated by commas. (default: all)")
  private var variables: String?

  @Option(
    name: .customLong("at"), parsing: .singleValue,
    help: ArgumentHelp(
      "Chooses one of several runs by a swept key, or by replica; may be repeated. (default: the first run)",
      discussion:
        "With replica, all figures show that model instead of averages over models. With two swept keys, level chooses"
        + " the level of heat maps and of averages against time.",
      valueName: "key=value"))
  private var points: [String] = []

  @Option(help: "Source items of films, separated by commas. (default: as many as fit a page)")
  private var items: String?

  @Option(help: "Times of films, separated by commas. (default: evenly chosen)")
  private var times: String?

  @Flag(help: "Also draws saddles and other unstable fixed points and cycles that no start reaches.")
  private var saddles = false

  @Flag(
    help:
      "Gives heat maps of like quantities the same scale of colours; that of approaches and fractions goes from 0 to 1."
  )
  private var commonScale = false

  func validate() throws {
    try checkChoices(points)
    _ = try Self.integers(items, "--items")
    _ = try Self.integers(times, "--times")
  }

  /// The names that were given; empty if the command is to choose.
  ///
  /// - Parameter all: What `all` stands for.
  func figures(all: [String]) -> [String] {
    names.contains { $0.name == FigureName.all } ? all : names.map(\.name)
  }

  /// Whether exactly one figure was named.
  var isSingle: Bool { names.count == 1 && names[0].name != FigureName.all }

  /// The one figure that was named.
  var single: (any Figure.Type)? { isSingle ? FigureRegistry.named(names[0].name) : nil }

  /// Chooses the run in the file.
  ///
  /// - Throws: `FigureError`.
  func select(in data: inout RunData) throws {
    for point in points { try data.select(point) }
  }

  /// The options of figures.
  ///
  /// - Throws: `ValidationError`.
  func options(width: Double = 504) throws -> FigureOptions {
    let observables = (variables ?? "").split(separator: ",").map {
      String($0.drop { $0 == " " }).replacing("-", with: "_").replacing(" ", with: "")
    }
    var options = FigureOptions(width: width, variables: observables)
    options.items = try Self.integers(items, "--items")
    options.times = try Self.integers(times, "--times")
    options.showsSaddles = saddles
    options.hasCommonScale = commonScale
    return options
  }

  /// Whole numbers separated by commas; without a text there are none.
  private static func integers(_ text: String?, _ option: String) throws -> [Int] {
    guard let text else { return [] }
    return try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      let word = part.drop { $0 == " " }
      guard let number = Int(word), number >= 0 else {
        throw ValidationError("\(option) \(text): expected whole numbers separated by commas, such as 0,1,5")
      }
      return number
    }
  }
}

/// The name of a figure, or of all.
struct FigureName: ExpressibleByArgument {
  static let all = "all"
  let name: String

  init?(argument: String) {
    guard argument == Self.all || FigureRegistry.named(argument) != nil else { return nil }
    name = argument
  }

  static var allValueStrings: [String] { FigureRegistry.all.map { $0.name } + [all] }
}

/// Throws if a choice of a run (`--at`) is not `KEY=VALUE`.
///
/// - Throws: `ValidationError`.
func checkChoices(_ choices: [String]) throws {
  for choice in choices {
    let parts = choice.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count < 2 || parts.contains(where: { $0.allSatisfy(\.isWhitespace) }) {
      throw ValidationError("--at \(choice): expected KEY=VALUE, such as model.latent=20 or replica=2")
    }
  }
}
