import Dynamics
import Numerics
import Statistics

internal import CGSL

/// An observable that is one of the numbers of the derivative.
protocol JacobianObservable: NamedObservable, ReproducibleToTolerance {
  /// Which number it is.
  static var number: JacobianNumbers.Number { get }
  var numbers: JacobianNumbers { get }
}

extension JacobianObservable {
  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    numbers.measure(Self.number, snapshot, into: values)
  }
}

/// What the derivative J = dF/dz at a state says of the map nearby: how neighbours come closer or go away in one step.
///
/// J is that of mean mode, also if the run samples. At a kink of a piecewise smooth map it is that of one side.
struct JacobianNumbers: Sendable {
  /// The numbers, in the order in which they are kept.
  enum Number: Int, CaseIterable, Sendable {
    case spectralRadius, largestSingularValue, secondSingularValue, asymmetry, gainWithin, gainBetween
  }

  private let derivative: MapDerivative
  /// The sums of squares and products of the memories' deviations from their concepts, and of the concepts' from the
  /// root, one per memory, shape `[N, N]`.
  private let within: [Double]
  private let between: [Double]

  /// - Complexity: O(items N^2).
  init(_ derivative: MapDerivative, _ geometry: LatentGeometry) {
    self.derivative = derivative
    let (memories, classes) = (geometry.memories, geometry.classes)
    (within, between) = (
      Self.scatter(memories.rows, geometry.dimension) { item, i in
        memories.row(item)[i] - geometry.concepts.row(Int(classes[item]))[i]
      },
      Self.scatter(memories.rows, geometry.dimension) { item, i in
        geometry.concepts.row(Int(classes[item]))[i] - geometry.root.row(0)[i]
      }
    )
  }

  private static func scatter(_ items: Int, _ n: Int, _ deviation: (Int, Int) -> Double) -> [Double] {
    var result = [Double](repeating: 0, count: n * n)
    var row = [Double](repeating: 0, count: n)
    for item in 0..<items {
      for i in 0..<n { row[i] = deviation(item, i) }
      for i in 0..<n { for j in 0..<n { result[i * n + j] += row[i] * row[j] } }
    }
    return result
  }

  /// Writes one of the numbers of each state. All of them are computed once per time.
  ///
  /// - Complexity: O(members x (N x parameters + N^3)).
  func measure(_ number: Number, _ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let width = Number.allCases.count
    let found = snapshot.shared(JacobianNumbers.self, width: width) { all in
      let scratch = snapshot.workspace(JacobianScratch.self) { JacobianScratch(derivative) }
      for m in 0..<snapshot.count {
        compute(at: snapshot.states + m * snapshot.dimension, scratch, into: all + m * width)
      }
    }
    for m in 0..<snapshot.count { values[m] = found[m * width + number.rawValue] }
  }

  private func compute(
    at state: UnsafePointer<Double>, _ scratch: JacobianScratch, into numbers: UnsafeMutablePointer<Double>
  ) {
    numbers.update(repeating: .nan, count: Number.allCases.count)
    let n = derivative.dimension
    for i in 0..<n where !state[i].isFinite { return }
    scratch.evaluator.evaluate(at: state, into: scratch.columns.pointer)
    let columns = UnsafePointer(scratch.columns.pointer)
    var (square, difference) = (0.0, 0.0)
    for i in 0..<n {
      for j in 0..<n {
        square += columns[i * n + j] * columns[i * n + j]
        let delta = columns[i * n + j] - columns[j * n + i]
        difference += delta * delta
      }
    }
    guard square.isFinite else { return }
    func put(_ number: Number, _ value: Double) { numbers[number.rawValue] = value }
    put(.asymmetry, (difference / square).squareRoot())
    put(.gainWithin, gain(columns, along: within))
    put(.gainBetween, gain(columns, along: between))
    put(.spectralRadius, scratch.spectralRadius())
    let (largest, second) = scratch.singularValues()
    put(.largestSingularValue, largest)
    put(.secondSingularValue, second)
  }

  /// (sum_k |J u_k|^2 / sum_k |u_k|^2)^(1/2) = (tr(J S J') / tr(S))^(1/2), S = sum_k u_k u_k'.
  private func gain(_ columns: UnsafePointer<Double>, along scatter: [Double]) -> Double {
    let n = derivative.dimension
    var (image, all) = (0.0, 0.0)
    for i in 0..<n {
      all += scatter[i * n + i]
      for j in 0..<n where scatter[i * n + j] != 0 {
        var product = 0.0
        for k in 0..<n { product += columns[i * n + k] * columns[j * n + k] }
        image += scatter[i * n + j] * product
      }
    }
    return (max(image, 0) / all).squareRoot()
  }
}

/// Memory for one Jacobian and its decompositions. Each worker has one.
private final class JacobianScratch {
  let evaluator: any JacobianEvaluator
  /// The columns of J, `[N, N]`.
  let columns: AlignedBuffer<Double>
  private let n: Int
  private let matrix: UnsafeMutablePointer<gsl_matrix>
  private let axes: UnsafeMutablePointer<gsl_matrix>
  private let lengths: UnsafeMutablePointer<gsl_vector>
  private let eigenvalues: UnsafeMutablePointer<gsl_vector_complex>
  private let workspace: UnsafeMutablePointer<gsl_eigen_nonsymm_workspace>

  init(_ derivative: MapDerivative) {
    _ = GSLErrors.areReturned
    n = derivative.dimension
    evaluator = derivative.makeEvaluator()
    columns = AlignedBuffer(count: n * n)
    guard let matrix = gsl_matrix_alloc(n, n), let axes = gsl_matrix_alloc(n, n),
      let lengths = gsl_vector_alloc(n), let eigenvalues = gsl_vector_complex_alloc(n),
      let workspace = gsl_eigen_nonsymm_alloc(n)
    else { preconditionFailure("there is no memory for a matrix of \(n) rows") }
    (self.matrix, self.axes, self.lengths) = (matrix, axes, lengths)
    (self.eigenvalues, self.workspace) = (eigenvalues, workspace)
    // Balanced, so that components of different scales lose no digits.
    gsl_eigen_nonsymm_params(0, 1, workspace)
  }

  deinit {
    gsl_matrix_free(matrix)
    gsl_matrix_free(axes)
    gsl_vector_free(lengths)
    gsl_vector_complex_free(eigenvalues)
    gsl_eigen_nonsymm_free(workspace)
  }

  private func load() {
    for i in 0..<n { for j in 0..<n { gsl_matrix_set(matrix, i, j, columns.pointer[j * n + i]) } }
  }

  /// The largest modulus of an eigenvalue, by Hessenberg form and double-shift QR; NaN if it cannot be computed.
  func spectralRadius() -> Double {
    load()
    guard gsl_eigen_nonsymm(matrix, eigenvalues, workspace) == Int32(GSL_SUCCESS) else { return .nan }
    var largest = 0.0
    let (data, stride) = (eigenvalues.pointee.data, eigenvalues.pointee.stride)
    for k in 0..<n {
      let (real, imaginary) = (data?[2 * k * stride] ?? .nan, data?[2 * k * stride + 1] ?? .nan)
      largest = max(largest, (real * real + imaginary * imaginary).squareRoot())
    }
    return largest
  }

  /// The two largest singular values, by one-sided Jacobi rotations; NaN if they cannot be computed, and the second one
  /// in one dimension.
  func singularValues() -> (Double, Double) {
    load()
    guard gsl_linalg_SV_decomp_jacobi(matrix, axes, lengths) == Int32(GSL_SUCCESS) else {
      return (.nan, .nan)
    }
    return (gsl_vector_get(lengths, 0), n > 1 ? gsl_vector_get(lengths, 1) : .nan)
  }
}
