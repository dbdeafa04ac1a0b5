import Dynamics

/// The largest factor by which one step moves a neighbour away, to first order.
public struct LargestSingularValue: NamedObservable, ReproducibleToTolerance {
  public static let name = "largest-singular-value"
  public static let longName = "largest singular value of dF/dz at the latent state"
  public static let formula = "max_u |J(z(t)) u| / |u|,  J = dF/dz"
  public static let needs: ObservableNeeds = .derivative

  private let numbers: JacobianNumbers

  public init?(_ context: ObservableContext) {
    guard let numbers = JacobianNumbers(context) else { return nil }
    self.numbers = numbers
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    numbers.measure(.largestSingularValue, snapshot, into: values)
  }
}
