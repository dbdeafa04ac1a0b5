import Numerics
import Recurrence

/// Sets in checkpoints and shards.
extension InvariantSet {
  /// Writes what `init(from:)` reads.
  func encode(to encoder: inout ByteEncoder) throws {
    if case .recurrent(let motion) = motion {
      try encoder.encode(Int32(1))
      try motion.encode(to: &encoder)
    } else {
      try encoder.encode(Int32(0))
    }
    try encoder.encode(period)
    try encoder.encode(rows: points)
    for value in [residual, spectralRadius, largestSingularValue, uncertainty] { try encoder.encode(value) }
    try encoder.encode(rows: [eigenvalues.map(\.real), eigenvalues.map(\.imaginary)])
    try encoder.encode(stability.rawValue)
    try encoder.encode(Int32(isSmooth ? 1 : 0))
    try encoder.encode(rows: jacobians.map(\.elements))
    try encoder.encode(rows: kinks)
  }

  /// Reads what `encode` wrote.
  ///
  /// - Parameter dimension: N.
  /// - Throws: `ByteDecodingError`.
  init(from decoder: inout ByteDecoder, dimension: Int) throws {
    let isRecurrent = try decoder.decode(Int32.self) == 1
    motion = isRecurrent ? .recurrent(try RecurrentMotion(from: &decoder)) : .periodic
    period = try decoder.decode()
    points = try decoder.decodeRows(width: dimension)
    residual = try decoder.decode()
    spectralRadius = try decoder.decode()
    largestSingularValue = try decoder.decode()
    uncertainty = try decoder.decode()
    let parts: [[Double]] = try decoder.decodeRows(width: dimension)
    guard parts.count == 2, !points.isEmpty, let stability = Stability(rawValue: try decoder.decode()) else {
      throw ByteDecodingError("a set has no points, no eigenvalues or no stability")
    }
    eigenvalues = zip(parts[0], parts[1]).map { ComplexNumber(real: $0, imaginary: $1) }
    self.stability = stability
    isSmooth = try decoder.decode(Int32.self) == 1
    jacobians = try decoder.decodeRows(width: dimension * dimension).map { SmallMatrix($0, n: dimension) }
    kinks = try decoder.decodeRows(width: nil)
  }
}

extension RecurrentMotion {
  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(kind.rawValue)
    try encoder.encode(exponents)
    try encoder.encode(exponentErrors)
    try encoder.encode(rotationNumber)
    try encoder.encode(rotationNumberError)
    try encoder.encode(pieces)
    try encoder.encode(window)
    try sample.encode(to: &encoder)
  }

  init(from decoder: inout ByteDecoder) throws {
    guard let kind = Kind(rawValue: try decoder.decode()) else {
      throw ByteDecodingError("a kind of motion is unknown")
    }
    let exponents: [Double] = try decoder.decode()
    let errors: [Double] = try decoder.decode(count: exponents.count)
    let rotation = BirkhoffAverage(value: try decoder.decode(), error: try decoder.decode())
    self.init(
      kind: kind, exponents: zip(exponents, errors).map { BirkhoffAverage(value: $0, error: $1) },
      rotation: rotation, pieces: try decoder.decode(), window: try decoder.decode(),
      sample: try OrbitSample(from: &decoder))
  }
}

extension ByteEncoder {
  /// Appends a list of arrays.
  mutating func encode<Element: BitwiseCopyable>(rows: [[Element]]) throws {
    try encode(rows.count)
    for row in rows { try encode(row) }
  }
}

extension ByteDecoder {
  /// Reads a list of arrays.
  ///
  /// - Parameter width: The number of elements that each must have; nil if it does not matter.
  mutating func decodeRows<Element: BitwiseCopyable>(width: Int?) throws -> [[Element]] {
    let count: Int = try decode()
    guard count >= 0, count <= remaining / MemoryLayout<Int>.size else {
      throw ByteDecodingError("a list of \(count) arrays at byte \(position) does not fit")
    }
    var rows: [[Element]] = []
    for _ in 0..<count {
      if let width { rows.append(try decode(count: width)) } else { rows.append(try decode()) }
    }
    return rows
  }
}
