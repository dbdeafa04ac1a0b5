internal import CKernels

/// The eigenvalues and eigenvectors of a symmetric matrix, with the same bits on every processor.
///
///     A v_k = lambda_k v_k,   |v_k| = 1
///
/// Householder's reduction to a tridiagonal matrix, and the QL method with implicit shifts. Errors are a few units of
/// rounding, about n 2^-53, of the largest eigenvalue.
///
/// Source: Martin, Reinsch, Wilkinson, doi:10.1007/BF02162166; Bowdler, Martin, Reinsch, Wilkinson,
/// doi:10.1007/BF02219771.
public struct SymmetricEigensystem: Sendable {
  /// The eigenvalues in descending order, `[n]`.
  public let values: [Double]
  /// The eigenvectors in their order, one per row, `[n, n]`. The component of largest magnitude is positive; of equal
  /// magnitudes, the first.
  public let vectors: [Double]

  /// - Parameters:
  ///   - matrix: Shape `[n, n]`; symmetric.
  ///   - n: The order, at least 1.
  /// - Returns: Nil where numbers are not finite, or 2^1000 and more.
  /// - Complexity: O(n^3).
  public init?(_ matrix: [Double], n: Int) {
    precondition(n > 0 && matrix.count == n * n)
    guard matrix.allSatisfy(\.isFinite) else { return nil }
    var (vectors, values) = (matrix, [Double](repeating: 0, count: n))
    var beside = values
    guard ckernels_symmetric_eigensystem(n, &vectors, &values, &beside) == 1,
      (vectors + values).allSatisfy(\.isFinite)
    else { return nil }
    for k in 0..<n {
      var largest = 0.0
      for i in k * n..<(k + 1) * n where abs(vectors[i]) > abs(largest) { largest = vectors[i] }
      if largest < 0 { for i in k * n..<(k + 1) * n { vectors[i].negate() } }
    }
    self.values = values
    self.vectors = vectors
  }
}
