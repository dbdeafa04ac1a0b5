import Numerics

/// Samples in checkpoints.
extension OrbitSample {
  /// Writes what `init(from:)` reads.
  package func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(moments.mean)
    try encoder.encode(moments.covariance)
    try encoder.encode(error)
    try encoder.encode(points.elements)
  }

  /// Reads what `encode` wrote.
  ///
  /// - Throws: `ByteDecodingError`.
  package init(from decoder: inout ByteDecoder) throws {
    let mean: [Double] = try decoder.decode()
    let covariance: [Double] = try decoder.decode(count: mean.count * mean.count)
    let error: Double = try decoder.decode()
    let elements: [Double] = try decoder.decode()
    guard !mean.isEmpty, elements.count % mean.count == 0 else {
      throw ByteDecodingError("an orbit's points have another dimension than their mean")
    }
    self.init(
      moments: OrbitMoments(mean: mean, covariance: covariance), error: error,
      points: PointSet(dimension: mean.count, elements: elements))
  }
}
