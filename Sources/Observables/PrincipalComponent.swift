import Dynamics
import Numerics

/// The projection of z(t) - root on a principal axis of the training memories.
///
/// The axes are the eigenvectors of the memories' covariance matrix, in descending order of variance. Their signs
/// are chosen so that the component of largest magnitude is positive.
public struct PrincipalComponent: Observable {
  public let name: String
  public let longName: String
  private let axis: RowTable
  private let root: RowTable

  /// The common name of all principal components, to which a number is appended.
  public static let familyName = "principal-component"
  /// The K-th one in the symbols of NOTATION.md.
  public static let formula =
    "v_K . (z(t) - r), v_K the K-th eigenvector of the covariance of the training memories"

  /// The number K in `principal-component-K`, from 1; nil for other names.
  public static func number(in name: String) -> Int? {
    let prefix = familyName + "-"
    guard name.hasPrefix(prefix), let number = Int(name.dropFirst(prefix.count)), number >= 1 else {
      return nil
    }
    return "\(prefix)\(number)" == name ? number : nil
  }

  /// The `long_name` in files of the principal component with that number.
  public static func longName(_ number: Int) -> String {
    "projection of the latent state on principal axis \(number) of the memories"
  }

  /// Creates the component; nil if the latent space has fewer dimensions than `number`.
  public init?(number: Int, _ context: ObservableContext) {
    guard number <= context.geometry.dimension else { return nil }
    name = "\(Self.familyName)-\(number)"
    longName = Self.longName(number)
    root = context.geometry.root
    let axes = context.principalAxes ?? context.geometry.principalAxes().axes
    let n = context.geometry.dimension
    axis = RowTable(
      rows: 1, columns: n, elements: (0..<n).map { axes.row(number - 1)[$0] })
  }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    let n = snapshot.dimension
    let direction = axis.row(0)
    let origin = root.row(0)
    for m in 0..<snapshot.count {
      let z = snapshot.states + m * n
      var sum = 0.0
      for i in 0..<n { sum += (z[i] - origin[i]) * direction[i] }
      values[m] = sum
    }
  }
}

extension LatentGeometry {
  /// The principal axes of the memories, `[N, N]` (one per row), and their variances (divisor n - 1), in descending
  /// order. All are NaN if they cannot be computed.
  ///
  /// - Complexity: O(items N^2 + N^3).
  public func principalAxes() -> (axes: RowTable, variances: [Double]) {
    let n = dimension
    var covariance = [Double](repeating: 0, count: n * n)
    let centred = RowTable(rows: memories.rows, columns: n)
    for i in 0..<memories.rows {
      for j in 0..<n { centred.row(i)[j] = memories.row(i)[j] - root.row(0)[j] }
    }
    let deviations = UnsafePointer(centred.storage.pointer)
    addProduct(
      deviations, isTransposed: true, deviations, rows: n, inner: memories.rows, columns: n, to: &covariance)
    for i in covariance.indices { covariance[i] /= Double(max(memories.rows - 1, 1)) }
    guard let system = SymmetricEigensystem(covariance, n: n) else { return undefinedAxes }
    return (RowTable(rows: n, columns: n, elements: system.vectors), system.values)
  }

  /// Axes of NaN, which stand for axes that cannot be computed. Every projection on them is missing.
  private var undefinedAxes: (axes: RowTable, variances: [Double]) {
    let axes = RowTable(
      rows: dimension, columns: dimension, elements: Array(repeating: .nan, count: dimension * dimension))
    return (axes, Array(repeating: .nan, count: dimension))
  }
}
