/// An upper bound on the largest singular value of a matrix, too large by 11 % at most up to rank 1000.
///
///     |A|_2^2 = lambda_max(G) <= |G^m|_F^(1/m),   G = A'A or AA' (the smaller), m = 16
///
/// The bound exceeds the norm by at most the factor rank^(1/(4 m)), up to rounding.
///
/// - Parameters:
///   - elements: Shape `[rows, columns]`, row-major.
///   - rows: The number of rows.
///   - columns: The number of columns.
/// - Returns: The bound; infinity where an element is not finite.
/// - Complexity: O(rows columns s + 4 s^3) with s = min(rows, columns), in matrix products.
public func spectralNormBound(_ elements: UnsafePointer<Double>, rows: Int, columns: Int) -> Double {
  guard rows > 0, columns > 0 else { return 0 }
  let n = min(rows, columns)
  // Elements are scaled by a power of two, so that squares neither overflow nor vanish.
  var largest = 0.0
  for i in 0..<rows * columns {
    guard elements[i].isFinite else { return .infinity }
    largest = max(largest, abs(elements[i]))
  }
  guard largest > 0 else { return 0 }
  let unit = power(2, Double(largest.exponent))
  let scaled = (0..<rows * columns).map { elements[$0] / unit }
  var gram = [Double](repeating: 0, count: n * n)
  if rows < columns {
    Double.multiply(
      .none, .transposed, m: n, n: n, k: columns, alpha: 1, scaled, columns, scaled, columns, beta: 0,
      &gram, n)
  } else {
    Double.multiply(
      .transposed, .none, m: n, n: n, k: rows, alpha: 1, scaled, columns, scaled, columns, beta: 0,
      &gram, n)
  }
  var logarithmOfScale = 0.0  // `gram` is G^m divided by this scale
  var exponent = 1.0
  var square = gram
  for _ in 0..<4 {
    let norm = frobeniusNorm(gram)
    for i in gram.indices { gram[i] /= norm }
    logarithmOfScale += logarithm(norm)
    Double.multiply(.none, .none, m: n, n: n, k: n, alpha: 1, gram, n, gram, n, beta: 0, &square, n)
    swap(&gram, &square)
    logarithmOfScale *= 2
    exponent *= 2
  }
  return unit * exponential((logarithm(frobeniusNorm(gram)) + logarithmOfScale) / (2 * exponent))
}

/// The Frobenius norm: the square root of the sum of squares.
public func frobeniusNorm(_ elements: [Double]) -> Double {
  elements.reduce(0) { $0 + $1 * $1 }.squareRoot()
}
