import Dynamics

/// The largest modulus of an eigenvalue of J = dF/dz at z(t). Where it is below 1, the map contracts in
/// some norm.
public struct SpectralRadius: NamedObservable, ReproducibleToTolerance {
  public static let name = "spectral-radius"
  public static let longName = "largest modulus of an eigenvalue of dF/dz at the latent state"
  public static let formula = "max_k |lambda_k|,  lambda_k the eigenvalues of J(z(t)),  J = dF/dz"
  public static let needs: ObservableNeeds = .derivative

  private let numbers: JacobianNumbers

  public init?(_ context: ObservableContext) {
    guard let numbers = JacobianNumbers(context) else { return nil }
    self.numbers = numbers
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    numbers.measure(.spectralRadius, snapshot, into: values)
  }
}
