import Dynamics

/// How far the map is from the gradient of a potential: 0 for a symmetric J = dF/dz, 2 at most.
public struct JacobianAsymmetry: JacobianObservable {
  public static let name = "jacobian-asymmetry"
  public static let longName = "asymmetry of dF/dz at the latent state"
  public static let formula = "|J - J'| / |J|,  J = dF/dz at z(t),  |J| Frobenius's norm"
  public static let missing = "where J = 0"
  public static let needs: ObservableNeeds = .derivative

  static let number = JacobianNumbers.Number.asymmetry
  let numbers: JacobianNumbers

  public init?(_ context: ObservableContext) {
    guard let numbers = context.jacobianNumbers else { return nil }
    self.numbers = numbers
  }
}
