import Numerics
import Statistics

internal import CGSL

/// A complex number, used for eigenvalues.
public struct ComplexNumber: Sendable, Hashable {
  /// The real part.
  public var real: Double
  /// The imaginary part.
  public var imaginary: Double

  /// Creates a number from its parts.
  public init(real: Double, imaginary: Double) {
    self.real = real
    self.imaginary = imaginary
  }

  /// The distance of the number from 0.
  public var modulus: Double { (real * real + imaginary * imaginary).squareRoot() }
}

/// A square matrix `[n, n]`, row-major, of the size of a latent space. GSL computes its decompositions.
///
/// Every status that GSL returns is checked, and what cannot be computed is nil.
struct SmallMatrix: Sendable {
  let n: Int
  var elements: [Double]

  init(_ elements: [Double], n: Int) {
    precondition(elements.count == n * n)
    self.n = n
    self.elements = elements
  }

  static func identity(_ n: Int) -> SmallMatrix {
    var matrix = SmallMatrix(Array(repeating: 0, count: n * n), n: n)
    for i in 0..<n { matrix[i, i] = 1 }
    return matrix
  }

  subscript(row: Int, column: Int) -> Double {
    get { elements[row * n + column] }
    set { elements[row * n + column] = newValue }
  }

  var isFinite: Bool { elements.allSatisfy(\.isFinite) }

  /// `self` times `other`, where either of them may be transposed.
  func times(_ other: SmallMatrix, transposed: Bool = false, otherTransposed: Bool = false) -> SmallMatrix {
    var result = SmallMatrix(Array(repeating: 0, count: n * n), n: n)
    Double.multiply(
      transposed ? .transposed : .none, otherTransposed ? .transposed : .none, m: n, n: n, k: n, alpha: 1,
      elements, n, other.elements, n, beta: 0, &result.elements, n)
    return result
  }

  func times(_ vector: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: n)
    multiply(vector, into: &result)
    return result
  }

  /// `self` times a vector, written to memory that already exists.
  func multiply(_ vector: [Double], into result: inout [Double]) {
    for i in 0..<n {
      var sum = 0.0
      for j in 0..<n { sum += elements[i * n + j] * vector[j] }
      result[i] = sum
    }
  }

  /// All eigenvalues, by descending modulus, then real part, then imaginary part; nil if they cannot be computed.
  ///
  /// - Complexity: O(n^3), by balancing, Hessenberg form and double-shift QR (`gsl_eigen_nonsymm`).
  func eigenvalues() -> [ComplexNumber]? {
    _ = GSLErrors.areReturned
    guard isFinite, let workspace = gsl_eigen_nonsymm_alloc(n), let matrix = gsl_matrix_alloc(n, n),
      let values = gsl_vector_complex_alloc(n)
    else { return nil }
    defer {
      gsl_eigen_nonsymm_free(workspace)
      gsl_matrix_free(matrix)
      gsl_vector_complex_free(values)
    }
    fill(matrix)
    gsl_eigen_nonsymm_params(0, 1, workspace)
    guard gsl_eigen_nonsymm(matrix, values, workspace) == Int32(GSL_SUCCESS) else { return nil }
    let data = values.pointee.data
    let stride = values.pointee.stride
    let result = (0..<n).map { i in
      ComplexNumber(real: data?[2 * i * stride] ?? .nan, imaginary: data?[2 * i * stride + 1] ?? .nan)
    }
    return result.sorted {
      ($0.modulus, $0.real, $0.imaginary) > ($1.modulus, $1.real, $1.imaginary)
    }
  }

  /// The largest eigenvalue of a symmetric matrix; nil if it cannot be computed.
  func largestSymmetricEigenvalue() -> Double? {
    _ = GSLErrors.areReturned
    guard isFinite, let workspace = gsl_eigen_symm_alloc(n), let matrix = gsl_matrix_alloc(n, n),
      let values = gsl_vector_alloc(n)
    else { return nil }
    defer {
      gsl_eigen_symm_free(workspace)
      gsl_matrix_free(matrix)
      gsl_vector_free(values)
    }
    fill(matrix)
    guard gsl_eigen_symm(matrix, values, workspace) == Int32(GSL_SUCCESS) else { return nil }
    return gsl_vector_max(values)
  }

  /// The largest eigenvalue of a symmetric matrix and its eigenvector of length 1; nil if they cannot be computed.
  func largestSymmetricEigenpair() -> (value: Double, vector: [Double])? {
    _ = GSLErrors.areReturned
    guard isFinite, let workspace = gsl_eigen_symmv_alloc(n), let matrix = gsl_matrix_alloc(n, n),
      let values = gsl_vector_alloc(n), let vectors = gsl_matrix_alloc(n, n)
    else { return nil }
    defer {
      gsl_eigen_symmv_free(workspace)
      gsl_matrix_free(matrix)
      gsl_vector_free(values)
      gsl_matrix_free(vectors)
    }
    fill(matrix)
    guard gsl_eigen_symmv(matrix, values, vectors, workspace) == Int32(GSL_SUCCESS) else { return nil }
    let largest = gsl_vector_max_index(values)
    return (gsl_vector_get(values, largest), (0..<n).map { gsl_matrix_get(vectors, $0, largest) })
  }

  /// v v'.
  static func outer(_ v: [Double]) -> SmallMatrix {
    SmallMatrix(v.flatMap { a in v.map { a * $0 } }, n: v.count)
  }

  /// The rows of the matrix.
  var rows: [[Double]] { (0..<n).map { Array(elements[$0 * n..<($0 + 1) * n]) } }

  /// |A|_2, computed from the eigenvalues of A'A.
  func largestSingularValue() -> Double? {
    times(self, transposed: true).largestSymmetricEigenvalue().map { max($0, 0).squareRoot() }
  }

  /// The upper triangular factor L of a positive definite matrix P = L'L; nil if P is not positive definite.
  func upperCholeskyFactor() -> SmallMatrix? {
    _ = GSLErrors.areReturned
    guard isFinite, let matrix = gsl_matrix_alloc(n, n) else { return nil }
    defer { gsl_matrix_free(matrix) }
    fill(matrix)
    guard gsl_linalg_cholesky_decomp1(matrix) == Int32(GSL_SUCCESS) else { return nil }
    var result = SmallMatrix(Array(repeating: 0, count: n * n), n: n)
    for i in 0..<n {
      for j in 0...i { result[j, i] = gsl_matrix_get(matrix, i, j) }
    }
    return result
  }

  /// The inverse; nil if the matrix is singular.
  func inverse() -> SmallMatrix? {
    guard let factors = LUFactors(self) else { return nil }
    var result = SmallMatrix(Array(repeating: 0, count: n * n), n: n)
    for column in 0..<n {
      var unit = [Double](repeating: 0, count: n)
      unit[column] = 1
      guard let solution = factors.solve(unit) else { return nil }
      for i in 0..<n { result[i, column] = solution[i] }
    }
    return result
  }

  fileprivate func fill(_ matrix: UnsafeMutablePointer<gsl_matrix>) {
    for i in 0..<n {
      for j in 0..<n { gsl_matrix_set(matrix, i, j, elements[i * n + j]) }
    }
  }
}

/// The LU decomposition of a matrix, with which linear systems are solved.
final class LUFactors {
  private let n: Int
  private let matrix: UnsafeMutablePointer<gsl_matrix>
  private let permutation: UnsafeMutablePointer<gsl_permutation>
  private let right: UnsafeMutablePointer<gsl_vector>
  private let solution: UnsafeMutablePointer<gsl_vector>

  /// Decomposes a matrix; nil if it is singular or not finite.
  init?(_ source: SmallMatrix) {
    _ = GSLErrors.areReturned
    n = source.n
    guard let matrix = gsl_matrix_alloc(n, n), let permutation = gsl_permutation_alloc(n),
      let right = gsl_vector_alloc(n), let solution = gsl_vector_alloc(n)
    else { return nil }
    self.matrix = matrix
    self.permutation = permutation
    self.right = right
    self.solution = solution
    guard source.isFinite else { return nil }
    source.fill(matrix)
    var sign: Int32 = 0
    guard gsl_linalg_LU_decomp(matrix, permutation, &sign) == Int32(GSL_SUCCESS) else { return nil }
    for i in 0..<n where gsl_matrix_get(matrix, i, i) == 0 { return nil }
  }

  deinit {
    gsl_matrix_free(matrix)
    gsl_permutation_free(permutation)
    gsl_vector_free(right)
    gsl_vector_free(solution)
  }

  func solve(_ b: [Double]) -> [Double]? {
    for i in 0..<n { gsl_vector_set(right, i, b[i]) }
    guard gsl_linalg_LU_solve(matrix, permutation, right, solution) == Int32(GSL_SUCCESS) else { return nil }
    let result = (0..<n).map { gsl_vector_get(solution, $0) }
    return result.allSatisfy(\.isFinite) ? result : nil
  }
}
