/// The nonlinearity of a layer.
public enum Activation: String, Sendable, Hashable, CaseIterable {
  /// x.
  case identity
  /// tanh x.
  case tanh
  /// max(x, 0).
  case relu
  /// x Phi(x), where Phi is the exact distribution function of the standard normal (computed through erf).
  case gelu
  /// ln(1 + e^x).
  case softplus
  /// 1 / (1 + e^-x).
  case logistic

  /// The functions that hidden layers may have in trained models and in model files.
  public static let ofHiddenLayers: [Activation] = [.tanh, .relu, .gelu, .softplus]

  /// The number by which the kernels know the function.
  @usableFromInline var code: Int32 {
    switch self {
    case .identity: return 0
    case .tanh: return 1
    case .relu: return 2
    case .gelu: return 3
    case .softplus: return 4
    case .logistic: return 5
    }
  }
}
