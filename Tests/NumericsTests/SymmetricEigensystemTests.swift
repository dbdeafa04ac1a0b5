import CGSL
import Numerics
import Testing

/// Eigenvalues and eigenvectors, against closed forms, the definition, and GSL.
@Suite struct SymmetricEigensystemTests {
  /// A symmetric matrix of normal numbers; `decay` makes the later rows and columns smaller.
  private static func matrix(_ n: Int, decay: Double = 1) -> [Double] {
    var random = RandomField(seed: 5, purpose: .user).stream(UInt32(n))
    var result = [Double](repeating: 0, count: n * n)
    var scales = [1.0]
    for _ in 1..<max(n, 2) { scales.append(scales[scales.count - 1] * decay) }
    for i in 0..<n {
      for j in 0...i {
        result[i * n + j] = random.normal() * scales[i] * scales[j]
        result[j * n + i] = result[i * n + j]
      }
    }
    return result
  }

  /// GSL's eigenvalues in descending order.
  private static func libraryValues(_ matrix: [Double], _ n: Int) throws -> [Double] {
    let workspace = try #require(gsl_eigen_symm_alloc(n))
    let values = try #require(gsl_vector_alloc(n))
    let copy = try #require(gsl_matrix_alloc(n, n))
    defer {
      gsl_eigen_symm_free(workspace)
      gsl_vector_free(values)
      gsl_matrix_free(copy)
    }
    for i in 0..<n * n { gsl_matrix_set(copy, i / n, i % n, matrix[i]) }
    #expect(gsl_eigen_symm(copy, values, workspace) == 0)
    return (0..<n).map { gsl_vector_get(values, $0) }.sorted(by: >)
  }

  /// Backward stable: errors of some n units times the largest eigenvalue.
  private static func bound(_ n: Int) -> Double { 20 * Double(n) * 0x1p-53 }

  @Test(arguments: [1, 2, 3, 5, 16, 60, 150], [1.0, 0.7])
  func vectorsAreThoseOfTheDefinition(_ n: Int, _ decay: Double) throws {
    let matrix = Self.matrix(n, decay: decay)
    let system = try #require(SymmetricEigensystem(matrix, n: n))
    let size = system.values.map(abs).max() ?? 0
    for k in 0..<n {
      let v = Array(system.vectors[k * n..<(k + 1) * n])
      for i in 0..<n {
        var image = 0.0
        for j in 0..<n { image += matrix[i * n + j] * v[j] }
        #expect(abs(image - system.values[k] * v[i]) <= Self.bound(n) * size)
      }
      for l in 0...k {
        var product = 0.0
        for j in 0..<n { product += v[j] * system.vectors[l * n + j] }
        #expect(abs(product - (k == l ? 1 : 0)) <= Self.bound(n))
      }
      let largest = try #require(v.max { abs($0) < abs($1) })
      #expect(largest > 0)
    }
    for (ours, theirs) in zip(system.values, try Self.libraryValues(matrix, n)) {
      #expect(abs(ours - theirs) <= Self.bound(n) * size)
    }
    #expect(system.values == system.values.sorted(by: >))
  }

  /// The second differences of n points: 2 - 2 cos(k pi / (n + 1)), with the vectors sin(i k pi / (n + 1)).
  @Test func secondDifferencesHaveSines() throws {
    let n = 30
    var matrix = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      matrix[i * n + i] = 2
      if i > 0 { (matrix[i * n + i - 1], matrix[(i - 1) * n + i]) = (-1, -1) }
    }
    let system = try #require(SymmetricEigensystem(matrix, n: n))
    for k in 0..<n {
      func wave(_ factor: Int) -> (sine: Double, cosine: Double) {
        sineAndCosine(ofTurns: Double(factor * (n - k)) / Double(2 * (n + 1)))
      }
      #expect(abs(system.values[k] - (2 - 2 * wave(1).cosine)) <= 4 * Self.bound(n))
      let length = (Double(n + 1) / 2).squareRoot()
      let v = system.vectors[k * n..<(k + 1) * n]
      let sine = (1...n).map { wave($0).sine / length }
      let product = zip(v, sine).reduce(0) { $0 + $1.0 * $1.1 }
      // Neighbouring eigenvalues are at least 0.01 apart.
      #expect(abs(abs(product) - 1) <= 1e-12)
    }
  }

  /// Equal eigenvalues, rows of zeros, and order and sign of what is diagonal already.
  @Test func degenerateMatricesHaveOrthonormalVectors() throws {
    let ones = try #require(SymmetricEigensystem([Double](repeating: 1, count: 25), n: 5))
    #expect(
      abs(ones.values[0] - 5) <= 5 * Self.bound(5) && ones.values[1...].allSatisfy { abs($0) < 1e-15 * 5 })
    let diagonal = try #require(SymmetricEigensystem([1, 0, 0, 0, 3, 0, 0, 0, 3], n: 3))
    #expect(diagonal.values == [3, 3, 1])
    #expect(diagonal.vectors == [0, 1, 0, 0, 0, 1, 1, 0, 0])
    let zeros = try #require(SymmetricEigensystem([0, 0, 0, 0], n: 2))
    #expect(zeros.values == [0, 0])
    #expect(SymmetricEigensystem([1, .nan, .nan, 1], n: 2) == nil)
    #expect(SymmetricEigensystem([1e308, 1e308, 1e308, 1e308], n: 2) == nil)
  }

  @Test func theSameMatrixHasTheSameBits() throws {
    let matrix = Self.matrix(40)
    let first = try #require(SymmetricEigensystem(matrix, n: 40))
    for shift in 0..<8 {
      // At other places in memory, which other libraries' sums depend on.
      let padding = [Double](repeating: 0, count: shift)
      let again = try #require(SymmetricEigensystem(Array((padding + matrix)[shift...]), n: 40))
      #expect(again.values == first.values && again.vectors == first.vectors)
    }
  }
}
