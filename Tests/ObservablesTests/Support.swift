import Dynamics
import Numerics
import TestSupport

/// The Euclidean distance, summed in order.
func plainDistance(_ a: [Double], _ b: [Double]) -> Double { norm(difference(a, b)) }

/// The mean of rows.
func plainMean(_ rows: [[Double]]) -> [Double] {
  rows[0].indices.map { j in rows.reduce(0) { $0 + $1[j] } / Double(rows.count) }
}

/// cos(a - o, b - o).
func plainCosine(_ a: [Double], _ b: [Double], origin: [Double]) -> Double {
  let u = difference(a, origin)
  let v = difference(b, origin)
  return zip(u, v).reduce(0) { $0 + $1.0 * $1.1 } / norm(u) / norm(v)
}

func values(_ table: RowTable, row: Int) -> [Double] {
  Array(UnsafeBufferPointer(start: table.row(row), count: table.columns))
}
