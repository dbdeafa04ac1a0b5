/// How inference is repeated.
public enum InferenceMode: Sendable, Hashable {
  /// z(t) = m(x(t)), x(t+1) = g(z(t)).
  case mean
  /// z(t) = m(x(t)) + T s(x(t)) Normal(0, I); x(t+1) = g(z(t)), or drawn from p(x|z(t)).
  case sample(temperature: Double, decoder: Bool)
  /// As `mean`, but pixels outside the corrupted region are reset to the input at each step.
  case clamped
}
