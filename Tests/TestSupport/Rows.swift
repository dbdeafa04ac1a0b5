import Dynamics
import Numerics

extension RowTable {
  /// A table of rows of equal length, of which there is at least one.
  public init(_ rows: [[Double]]) {
    self.init(rows: rows.count, columns: rows[0].count, elements: rows.flatMap { $0 })
  }
}

/// The Euclidean norm, summed in order.
public func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }

/// a - b.
public func difference(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 - $1 } }

/// Rows of uniform numbers that single precision represents exactly.
public func randomRows(_ count: Int, _ width: Int, seed: UInt64 = 5) -> [[Double]] {
  let field = RandomField(seed: seed, purpose: .user)
  return (0..<count).map { r in
    var random = field.stream(UInt32(r))
    return (0..<width).map { _ in Double(Float(random.uniform())) }
  }
}

/// Rows of standard normal numbers that single precision represents exactly.
public func normalRows(_ count: Int, _ width: Int, seed: UInt64 = 6) -> [[Double]] {
  let field = RandomField(seed: seed, purpose: .user)
  return (0..<count).map { r in
    var random = field.stream(UInt32(r), 1)
    return (0..<width).map { _ in Double(Float(random.normal())) }
  }
}
