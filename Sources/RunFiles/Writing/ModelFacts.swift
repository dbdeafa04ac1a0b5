import Observables
import Output

/// What a run file says of the model: numbers, and attributes.
///
/// Each kind of model has its own; several models' facts are averaged as all numbers of the root are.
public struct ModelFacts: Sendable {
  /// A number with its name.
  public struct Fact: Sendable {
    /// What is known of it.
    public enum Value: Sendable {
      /// A whole number.
      case integer(Int)
      /// A mean with its standard error; NaN where it is missing.
      case mean(Double, standardError: Double)
    }

    /// The variable's name.
    public var name: String
    /// One line.
    public var longName: String
    /// "1" where dimensionless, "nats" for information.
    public var units: String
    /// The number.
    public var value: Value

    /// Names a number.
    public init(name: String, longName: String, units: String = "1", value: Value) {
      self.name = name
      self.longName = longName
      self.units = units
      self.value = value
    }
  }

  /// In the order of the file.
  public var facts: [Fact]
  /// Global attributes such as `model_kind` and `model_sha256`, in the order of the file.
  public var attributes: [(name: String, value: NetCDFAttribute)]

  /// Collects them.
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

  /// The negative evidence lower bound of the items of a split, nats per item.
  public static func negativeELBO(of items: Items, mean: Double, standardError: Double) -> Self {
    Self(
      name: "negative_elbo_\(items.rawValue)",
      longName: "mean negative evidence lower bound of the \(items.words) set, per item", units: "nats",
      value: .mean(mean, standardError: standardError))
  }

  /// The epoch whose parameters the model has, where training chose one.
  public static func bestEpoch(_ epoch: Int) -> Self {
    Self(
      name: "best_epoch",
      longName: "epoch of training with the lowest negative evidence lower bound of the validation set",
      value: .integer(epoch))
  }

  /// How many latent variables are active: see `LatentGeometry.activeLatentVariables`.
  public static func activeLatentVariables(_ count: Int) -> Self {
    Self(
      name: "active_latent_variables",
      longName: "latent variables whose posterior mean varies by more than"
        + " \(LatentGeometry.activityThreshold) over the training items", value: .integer(count))
  }
}
