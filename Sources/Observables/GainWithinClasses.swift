import Dynamics

/// How one step changes differences within classes, or within clusters in their place.
public struct GainWithinClasses: JacobianObservable {
  public static let name = "gain-within-classes"
  public static let longName =
    "root mean square gain of dF/dz along differences of memories from their concepts"
  public static let formula =
    "(sum_i |J u_i|^2 / sum_i |u_i|^2)^(1/2),  u_i = xi_i - c_k(i) over all training items i"
  public static let missing = "where all memories are at their concepts"
  public static let needs: ObservableNeeds = [.derivative, .classes]

  static let number = JacobianNumbers.Number.gainWithin
  let numbers: JacobianNumbers

  public init?(_ context: ObservableContext) {
    guard let numbers = context.jacobianNumbers else { return nil }
    self.numbers = numbers
  }
}
