import Dynamics

/// The largest modulus of an eigenvalue of J = dF/dz at z(t). Where it is below 1, the map contracts in
/// some norm.
public struct SpectralRadius: JacobianObservable {
  public static let name = "spectral-radius"
  public static let longName = "largest modulus of an eigenvalue of dF/dz at the latent state"
  public static let formula = "max_k |lambda_k|,  lambda_k the eigenvalues of J(z(t)),  J = dF/dz"
  public static let needs: ObservableNeeds = .derivative

  static let number = JacobianNumbers.Number.spectralRadius
  let numbers: JacobianNumbers

  public init?(_ context: ObservableContext) {
    guard let numbers = context.jacobianNumbers else { return nil }
    self.numbers = numbers
  }
}
