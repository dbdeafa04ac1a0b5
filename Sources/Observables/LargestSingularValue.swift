import Dynamics

/// The largest factor by which one step moves a neighbour away, to first order.
public struct LargestSingularValue: JacobianObservable {
  public static let name = "largest-singular-value"
  public static let longName = "largest singular value of dF/dz at the latent state"
  public static let formula = "max_u |J(z(t)) u| / |u|,  J = dF/dz"
  public static let needs: ObservableNeeds = .derivative

  static let number = JacobianNumbers.Number.largestSingularValue
  let numbers: JacobianNumbers

  public init?(_ context: ObservableContext) {
    guard let numbers = context.jacobianNumbers else { return nil }
    self.numbers = numbers
  }
}
