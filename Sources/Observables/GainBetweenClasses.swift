import Dynamics

/// How one step changes differences between classes, or between clusters in their place.
public struct GainBetweenClasses: JacobianObservable {
  public static let name = "gain-between-classes"
  public static let longName = "root mean square gain of dF/dz along differences of concepts from the root"
  public static let formula =
    "(sum_i |J u_i|^2 / sum_i |u_i|^2)^(1/2),  u_i = c_k(i) - root over all training items i"
  public static let missing = "where there is one concept"
  public static let needs: ObservableNeeds = [.derivative, .classes]

  static let number = JacobianNumbers.Number.gainBetween
  let numbers: JacobianNumbers

  public init?(_ context: ObservableContext) {
    guard let numbers = context.jacobianNumbers else { return nil }
    self.numbers = numbers
  }
}
