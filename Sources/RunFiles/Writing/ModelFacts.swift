import Observables
import Output

/// What a run file says about the model: numbers and attributes.
///
/// Each kind of model has facts of its own. Those of several models are averaged like all numbers of the root.
public struct ModelFacts: Sendable {
  /// A number with its name.
  public struct Fact: Sendable {
    /// The value of a fact.
    public enum Value: Sendable {
      /// A whole number.
      case integer(Int)
      /// A mean with its standard error; NaN where it is missing.
      case mean(Double, standardError: Double)
    }

    /// The variable's name.
    public var name: String
    /// The `long_name`, which is one line.
    public var longName: String
    /// The unit: "1" for dimensionless quantities, "nats" for information.
    public var units: String
    /// The value.
    public var value: Value

    /// Creates a fact.
    public init(name: String, longName: String, units: String = "1", value: Value) {
      self.name = name
      self.longName = longName
      self.units = units
      self.value = value
    }
  }

  /// The numbers, in the order of the file.
  public var facts: [Fact]
  /// Global attributes such as `model_kind` and `model_sha256`, in the order of the file.
  public var attributes: [(name: String, value: NetCDFAttribute)]

  /// Creates facts.
  public init(facts: [Fact], attributes: [(name: String, value: NetCDFAttribute)]) {
    self.facts = facts
    self.attributes = attributes
  }
}

extension ModelFacts.Fact {
  /// A part of the data set.
  public enum Items: String, Sendable, CaseIterable {
    case train, test, validation

    fileprivate var words: String { self == .train ? "training" : rawValue }
  }

  /// The negative evidence lower bound of the items of a split, in nats per item.
  public static func negativeELBO(of items: Items, mean: Double, standardError: Double) -> Self {
    Self(
      name: "negative_elbo_\(items.rawValue)",
      longName: "mean negative evidence lower bound of the \(items.words) set, per item", units: "nats",
      value: .mean(mean, standardError: standardError))
  }

  /// The epoch whose parameters the model has, if training chose one.
  public static func bestEpoch(_ epoch: Int) -> Self {
    Self(
      name: "best_epoch",
      longName: "epoch of training with the lowest negative evidence lower bound of the validation set",
      value: .integer(epoch))
  }

  /// The number of active latent variables: see `LatentGeometry.activeLatentVariables`.
  public static func activeLatentVariables(_ count: Int) -> Self {
    Self(
      name: "active_latent_variables",
      longName: "latent variables whose posterior mean varies by more than"
        + " \(LatentGeometry.activityThreshold) over the training items", value: .integer(count))
  }
}
