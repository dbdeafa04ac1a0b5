import Dynamics

/// The largest such factor across the direction of the first one.
public struct SecondSingularValue: JacobianObservable {
  public static let name = "second-singular-value"
  public static let longName = "second largest singular value of dF/dz at the latent state"
  public static let formula = "the second largest s with J'J u = s^2 u,  J = dF/dz at z(t)"
  public static let missing = "with a single latent variable"
  public static let needs: ObservableNeeds = .derivative

  static let number = JacobianNumbers.Number.secondSingularValue
  let numbers: JacobianNumbers

  public init?(_ context: ObservableContext) {
    guard let numbers = context.jacobianNumbers else { return nil }
    self.numbers = numbers
  }
}
