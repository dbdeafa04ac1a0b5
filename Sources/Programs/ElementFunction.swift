/// A function of one element, with numbers that the graph gives.
package enum ElementFunction: Sendable, Hashable {
  case relu
  case leakyRelu(Double)
  case elu(Double)
  /// x Phi(x), by erf.
  case gelu
  /// Its approximation by tanh.
  case geluByTanh
  case tanh
  case logistic
  case softplus
  case erf
  case exp
  case log
  case sqrt
  case reciprocal
  case negative
  case absolute
  /// x to a power that is the same for all elements.
  case power(Double)
  case clip(low: Double, high: Double)
  /// 1 where x is 0, else 0.
  case not
  /// a x + b.
  case affine(Double, Double)

  /// The arguments at which the function has a kink, with the slopes on both sides.
  var kinks: [(argument: Double, left: Double, right: Double)] {
    switch self {
    case .relu: [(0, 0, 1)]
    case .leakyRelu(let slope): slope == 1 ? [] : [(0, slope, 1)]
    case .elu(let alpha): alpha == 1 ? [] : [(0, alpha, 1)]
    case .absolute: [(0, -1, 1)]
    case .clip(let low, let high):
      (low.isFinite ? [(low, 0, 1)] : []) + (high.isFinite && high > low ? [(high, 1, 0)] : [])
    default: []
    }
  }
}

/// A function of a pair of elements.
package enum PairFunction: Sendable, Hashable {
  case add
  case subtract
  case multiply
  case divide
  case power
  case maximum
  case minimum
  /// x where x is positive, else slope times x.
  case parametricRelu
  case greater
  case greaterOrEqual
  case less
  case lessOrEqual
  case equal
  case and
  case or

  /// Whether there is a kink where the arguments meet, or where the first one is 0.
  var hasKink: Bool { self == .maximum || self == .minimum || self == .parametricRelu }
}
