/// The Euclidean distance of two vectors `[count]`, accurate even where squares underflow or overflow.
@inlinable
@inline(__always)
public func distance(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
  var sum = 0.0
  for i in 0..<count {
    let delta = a[i] - b[i]
    sum += delta * delta
  }
  return isExact(square: sum) ? sum.squareRoot() : scaledDistance(a, b, count)
}

/// Whether a sum of squares is free of noticeable errors from underflow and overflow.
@inlinable
@inline(__always)
public func isExact(square: Double) -> Bool { square > 0x1p-900 && square < .infinity }

/// The distance of vectors that nearly agree or lie very far apart: differences are divided by the largest before
/// they are squared.
@usableFromInline
@inline(never)
func scaledDistance(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
  var largest = 0.0
  for i in 0..<count {
    let delta = abs(a[i] - b[i])
    guard delta <= .greatestFiniteMagnitude else { return delta }
    largest = max(largest, delta)
  }
  guard largest > 0 else { return 0 }
  var sum = 0.0
  for i in 0..<count {
    let delta = (a[i] - b[i]) / largest
    sum += delta * delta
  }
  return largest * sum.squareRoot()
}
