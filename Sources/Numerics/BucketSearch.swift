internal import CKernels

/// The smallest of many affine functions `b_c + w_c . x`, found at the speed of matrix products.
///
/// Columns come in chunks of 256 and each chunk in 16 buckets: column c belongs to bucket c mod 16 of chunk
/// c / 256. Of each bucket the minimum alone is kept.
public enum BucketSearch {
  /// The columns of a chunk.
  public static var chunk: Int { ckernels_bucket_chunk }
  /// The buckets of a chunk.
  public static var buckets: Int { ckernels_buckets }
  /// Buffers of rows hold a multiple of so many.
  public static var rowMultiple: Int { ckernels_bucket_rows }

  /// The minimum of each bucket for each row, NaN left out.
  ///
  /// - Parameters:
  ///   - packed: As by `Float.pack`, `[columns, inner]`.
  ///   - minima: Shape `[rows, columns / 16]`, rows `minimaStride` apart.
  ///   - x: Shape `[rows, inner]`, rows `stride` apart.
  ///   - rows: How many rows of `x` there are.
  ///   - inner: How many components a row has.
  ///   - stride: The distance of two rows of `x`, in numbers.
  ///   - bias: Is added to each column, `[columns]`.
  ///   - columns: How many columns there are.
  ///   - minimaStride: The distance of two rows of `minima`, in numbers.
  /// - Precondition: `columns` is a multiple of `chunk`; `x` and `minima` hold `rows` rounded up to a
  ///   multiple of `rowMultiple`.
  public static func minima(
    _ x: UnsafePointer<Float>, rows: Int, inner: Int, stride: Int, packed: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, columns: Int, into minima: UnsafeMutablePointer<Float>,
    stride minimaStride: Int
  ) {
    ckernels_bucket_minima(x, rows, inner, stride, packed, bias, columns, minima, minimaStride)
  }

  /// The smallest value, NaN left out; infinity where there is none.
  public static func smallest(_ values: UnsafePointer<Float>, count: Int) -> Float {
    ckernels_smallest(values, count)
  }

  /// Writes the indices of the values up to `threshold`, ascending, and returns how many there are.
  ///
  /// - Precondition: `found` holds `count` elements.
  public static func indices(
    of values: UnsafePointer<Float>, count: Int, atMost threshold: Float,
    into found: UnsafeMutablePointer<Int32>
  ) -> Int {
    ckernels_at_most(values, count, threshold, found)
  }
}
