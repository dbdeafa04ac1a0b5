import Dynamics

/// How one step changes differences within classes, or within clusters in their place.
public struct GainWithinClasses: NamedObservable, ReproducibleToTolerance {
  public static let name = "gain-within-classes"
  public static let longName =
    "root mean square gain of dF/dz along differences of memories from their concepts"
  public static let formula =
    "(sum_i |J u_i|^2 / sum_i |u_i|^2)^(1/2),  u_i = xi_i - c_k(i) over all training items i"
  public static let missing = "where all memories are at their concepts"
  public static let needs: ObservableNeeds = [.derivative, .classes]

  private let numbers: JacobianNumbers

  public init?(_ context: ObservableContext) {
    guard let numbers = JacobianNumbers(context) else { return nil }
    self.numbers = numbers
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    numbers.measure(.gainWithin, snapshot, into: values)
  }
}
