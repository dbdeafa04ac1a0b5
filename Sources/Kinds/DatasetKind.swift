import Datasets
import Scenarios

/// A kind of data sets that scenarios name in `dataset.kind`.
///
/// A new kind is one file with a conforming struct, and one line in `Registry`.
public protocol DatasetKind: Sendable {
  /// The name in scenarios: `[a-z0-9-]+`.
  static var name: String { get }
  /// One line for `simulate list datasets`.
  static var summary: String { get }
  /// The keys of the section `dataset` that it declares, without `dataset.`, in the order in which scenarios are
  /// written. `dataset.kind`, `dataset.validation` and `dataset.shuffle-labels` are there for every kind.
  static var keys: [ScenarioKey] { get }

  /// The section `dataset` of a scenario as an example, in YAML, for the reference; empty: the name alone.
  static var example: String { get }

  /// Takes the values of these keys, each of which has been checked by its type.
  init(_ values: KindValues)

  /// What is known of the data before they are read. By default only that there are no superclasses.
  ///
  /// - Parameter validation: The share of each class's training items that is set apart.
  func traits(validation: Double) -> DatasetTraits

  /// Checks rules between keys; by default there are none.
  ///
  /// - Throws: `KindRefusal`.
  func check(_ scenario: Scenario) throws

  /// Whether each component is standardized over the training items; by default not.
  var standardizes: Bool { get }

  /// Reads or makes the data.
  ///
  /// - Parameter seed: The scenario's.
  /// - Throws: `DatasetError`.
  func load(seed: UInt64) throws -> Dataset
}

extension DatasetKind {
  /// By default, there are no keys.
  public static var keys: [ScenarioKey] { [] }
  /// By default, the example is the name alone.
  public static var example: String { "" }
  /// By default, nothing is known beforehand.
  public func traits(validation: Double) -> DatasetTraits { DatasetTraits() }
  /// By default, components are not standardized.
  public var standardizes: Bool { false }
  /// By default, there are no rules.
  public func check(_ scenario: Scenario) throws {}

  /// What the loader of scenarios needs to know.
  static var word: DatasetWord {
    DatasetWord(
      name: name, summary: summary, keys: keys,
      traits: { values, validation in Self(values).traits(validation: validation) },
      check: { try Self($0.dataset).check($0) })
  }
}

extension Registry {
  /// Generates or reads a scenario's data set, and sets validation items apart.
  ///
  /// The latter are drawn by the true labels, so that models do not depend on `dataset.shuffle-labels`.
  ///
  /// - Throws: `DatasetError`.
  package func loadDataset(of scenario: Scenario) throws -> Dataset {
    let kind = dataset(of: scenario)
    var result = try kind.load(seed: scenario.seed)
    if scenario.validation > 0 {
      result = result.holdingOut(validation: scenario.validation, seed: scenario.seed)
    }
    if kind.standardizes { result = result.standardized() }
    return scenario.shufflesLabels ? result.shufflingLabels(seed: scenario.seed) : result
  }
}
