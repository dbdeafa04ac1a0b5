/// The way in which inference is repeated.
public enum InferenceMode: Sendable, Hashable {
  /// z(t) = m(x(t)), x(t+1) = g(z(t)).
  case mean
  /// z(t) = m(x(t)) + T s(x(t)) Normal(0, I); x(t+1) = g(z(t)), or drawn from p(x|z(t)).
  case sample(temperature: Double, decoder: Bool)
  /// As `mean`, but pixels outside the corrupted region are reset to the input at each step.
  case clamped

  /// The modes without their parameters, named by the words that scenarios use.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// `InferenceMode.mean`.
    case mean
    /// `InferenceMode.sample`.
    case sample
    /// `InferenceMode.clamped`.
    case clamped

    /// One line for `simulate list maps`.
    public var summary: String {
      switch self {
      case .mean: "z(t) = m(x(t)), x(t+1) = g(z(t))"
      case .sample:
        "z(t) drawn from q(z|x(t)) with dynamics.temperature; dynamics.sample-decoder draws x as well"
      case .clamped: "as mean, with pixels outside the corrupted region reset to the input"
      }
    }
  }

  /// The mode without its parameters.
  public var kind: Kind {
    switch self {
    case .mean: .mean
    case .sample: .sample
    case .clamped: .clamped
    }
  }
}
