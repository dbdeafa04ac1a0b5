internal import CKernels

/// The smallest of many affine functions `b_c + w_c . x`, found at the speed of matrix products.
///
/// Columns are divided into chunks of 256, and each chunk into 16 buckets: column c belongs to bucket c mod 16 of
/// chunk c / 256. Only the minimum of each bucket is kept.
public enum BucketSearch {
  /// The columns of a chunk.
  public static var chunk: Int { ckernels_bucket_chunk }
  /// The buckets of a chunk.
  public static var buckets: Int { ckernels_buckets }
  /// The number of rows in a buffer must be a multiple of this.
  public static var rowMultiple: Int { ckernels_bucket_rows }

  /// The minimum of each bucket for each row; NaN is left out.
  ///
  /// - Parameters:
  ///   - x: Shape `[rows, inner]`, rows `stride` apart.
  ///   - rows: The number of rows of `x`.
  ///   - inner: The number of components of a row.
  ///   - stride: The distance between successive rows of `x`, in numbers.
  ///   - packed: The vectors w_c as `Float.pack` packs them, `[columns, inner]`.
  ///   - bias: The numbers b_c, `[columns]`.
  ///   - columns: The number of columns.
  ///   - minima: Shape `[rows, columns / 16]`, rows `minimaStride` apart.
  ///   - minimaStride: The distance between successive rows of `minima`, in numbers.
  /// - Precondition: `columns` is a multiple of `chunk`. `x` and `minima` have room for `rows` rounded up to a
  ///   multiple of `rowMultiple`.
  /// - Complexity: O(rows columns inner).
  public static func minima(
    _ x: UnsafePointer<Float>, rows: Int, inner: Int, stride: Int, packed: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, columns: Int, into minima: UnsafeMutablePointer<Float>,
    stride minimaStride: Int
  ) {
    ckernels_bucket_minima(x, rows, inner, stride, packed, bias, columns, minima, minimaStride)
  }

  /// The smallest value, with NaN left out; infinity if nothing remains.
  public static func smallest(_ values: UnsafePointer<Float>, count: Int) -> Float {
    ckernels_smallest(values, count)
  }

  /// Writes the indices of the values that are at most `threshold`, ascending, and returns how many there are.
  ///
  /// - Precondition: `found` has room for `count` elements.
  public static func indices(
    of values: UnsafePointer<Float>, count: Int, atMost threshold: Float,
    into found: UnsafeMutablePointer<Int32>
  ) -> Int {
    ckernels_at_most(values, count, threshold, found)
  }
}
