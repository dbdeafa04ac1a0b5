internal import CKernels

/// Adds a product of matrices to what is there, Y += op(A) B, with the same bits on every processor.
///
///     y_rc += sum_k a_rk b_kc
///
/// Each element is one sum in a fixed order, in chunks of 256 terms that are added one after another.
///
/// - Parameters:
///   - a: Shape `[rows, inner]`, or `[inner, rows]` if it is transposed; row-major.
///   - isTransposed: Whether `a` is transposed.
///   - b: Shape `[inner, columns]`, row-major.
///   - rows: The rows of op(A) and Y.
///   - inner: The columns of op(A), which are the rows of B.
///   - columns: The columns of B and Y.
///   - y: Shape `[rows, columns]`, row-major.
/// - Complexity: O(rows inner columns).
public func addProduct(
  _ a: UnsafePointer<Double>, isTransposed: Bool = false, _ b: UnsafePointer<Double>, rows: Int, inner: Int,
  columns: Int, to y: UnsafeMutablePointer<Double>
) {
  ckernels_accumulate(
    a, rows, isTransposed ? 1 : inner, isTransposed ? rows : 1, b, inner, columns, y, columns, columns)
}
