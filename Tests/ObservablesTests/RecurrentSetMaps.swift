import Numerics

/// Maps with closed curves and chaotic sets that are known.
extension ToyMap {
  /// r' = r (1 + e - r^2), angle' = angle + w: the circle r = sqrt(e) attracts with the exponent ln(1 - 2 e), and its
  /// rotation number is w / (2 pi).
  static func radial(_ e: Double, turning w: Double) -> ToyMap {
    let (s, c) = sineAndCosine(ofTurns: w / (2 * Double.pi))
    return ToyMap(
      2,
      { z in
        let f = 1 + e - z[0] * z[0] - z[1] * z[1]
        return [f * (c * z[0] - s * z[1]), f * (s * z[0] + c * z[1])]
      },
      jacobian: { z in
        let f = 1 + e - z[0] * z[0] - z[1] * z[1]
        let turned = [c * z[0] - s * z[1], s * z[0] + c * z[1]]
        return [
          [f * c - 2 * z[0] * turned[0], -f * s - 2 * z[1] * turned[0]],
          [f * s - 2 * z[0] * turned[1], f * c - 2 * z[1] * turned[1]],
        ]
      })
  }

  /// x' = a x (1 - y), y' = x: the delayed logistic map, whose fixed point loses its stability at a = 2.
  static func delayedLogistic(_ a: Double) -> ToyMap {
    ToyMap(
      2, hessians: [[[0, -a], [-a, 0]], [[0, 0], [0, 0]]],
      { [a * $0[0] * (1 - $0[1]), $0[0]] }, jacobian: { [[a * (1 - $0[1]), -a * $0[0]], [1, 0]] })
  }

  /// Both maps side by side, on the components of each.
  func beside(_ other: ToyMap) -> ToyMap {
    let (n, m) = (dimension, other.dimension)
    let (image, jacobian) = (image, jacobian)
    return ToyMap(
      n + m, { image(Array($0[..<n])) + other.image(Array($0[n...])) },
      jacobian: { z in
        jacobian(Array(z[..<n])).map { $0 + Array(repeating: 0, count: m) }
          + other.jacobian(Array(z[n...])).map { Array(repeating: 0, count: n) + $0 }
      })
  }
}
