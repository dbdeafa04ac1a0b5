import Numerics

/// The functions of elements. Those that the kernels have are theirs; the others are made here of `Numerics`'s functions
/// of one number, which are in double precision. This file is the one place where functions come from.
enum ElementFunctions {
  /// y = f(x). `x` may be the same memory as `y`.
  @inline(__always)
  static func apply<Scalar: GraphScalar>(
    _ function: ElementFunction, _ x: UnsafePointer<Scalar>, to y: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    if let activation = function.activation {
      if UnsafePointer(y) != x { y.update(from: x, count: count) }
      Scalar.activate(y, count: count, activation)
      return
    }
    switch function {
    case .leakyRelu(let slope):
      let slope = Scalar(slope)
      for i in 0..<count { y[i] = x[i] < 0 ? slope * x[i] : x[i] }
    case .clip(let low, let high):
      let (low, high) = (Scalar(low), Scalar(high))
      for i in 0..<count { y[i] = x[i] < low ? low : x[i] > high ? high : x[i] }
    case .sqrt: for i in 0..<count { y[i] = x[i].squareRoot() }
    case .reciprocal: for i in 0..<count { y[i] = 1 / x[i] }
    case .negative: for i in 0..<count { y[i] = -x[i] }
    case .absolute: for i in 0..<count { y[i] = x[i].magnitude }
    case .not: for i in 0..<count { y[i] = x[i] == 0 ? 1 : 0 }
    case .affine(let a, let b):
      let (a, b) = (Scalar(a), Scalar(b))
      for i in 0..<count { y[i] = a * x[i] + b }
    case .power(let exponent): applyPower(exponent, x, to: y, count: count)
    default: for i in 0..<count { y[i] = Scalar(value(function, Double(x[i]))) }
    }
  }

  @inline(__always)
  private static func applyPower<Scalar: GraphScalar>(
    _ exponent: Double, _ x: UnsafePointer<Scalar>, to y: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    switch exponent {
    case 2: for i in 0..<count { y[i] = x[i] * x[i] }
    case 3: for i in 0..<count { y[i] = x[i] * x[i] * x[i] }
    case 0.5: for i in 0..<count { y[i] = x[i].squareRoot() }
    default: for i in 0..<count { y[i] = Scalar(power(Double(x[i]), exponent)) }
    }
  }

  /// A function of one number in double precision, for those without a loop of their own.
  static func value(_ function: ElementFunction, _ x: Double) -> Double {
    switch function {
    case .elu(let alpha): x < 0 ? alpha * exponentialMinusOne(x) : x
    case .geluByTanh: 0.5 * x * (1 + hyperbolicTangent(geluArgument(x)))
    case .erf: errorFunction(x)
    case .exp: exponential(x)
    case .log: logarithm(x)
    default: x
    }
  }

  /// e^x - 1 for x <= 0, from tanh(x / 2) = (e^x - 1) / (e^x + 1), without cancellation.
  static func exponentialMinusOne(_ x: Double) -> Double {
    let t = hyperbolicTangent(0.5 * x)
    return 2 * t / (1 - t)
  }

  /// sqrt(2 / pi) (x + 0.044715 x^3), the argument of gelu's approximation by tanh (Hendrycks and Gimpel 2016,
  /// arXiv:1606.08415).
  static func geluArgument(_ x: Double) -> Double { 0.79788456080286535588 * (x + 0.044715 * x * x * x) }

  /// f'(x), where y = f(x). At a kink it is the slope on the left of relu, and that on the right of the others.
  static func slope(_ function: ElementFunction, _ x: Double, _ y: Double) -> Double {
    switch function {
    case .relu: x > 0 ? 1 : 0
    case .leakyRelu(let slope): x < 0 ? slope : 1
    case .elu(let alpha): x < 0 ? y + alpha : 1
    case .gelu:
      0.5 * (1 + errorFunction(x * 0.70710678118654752440)) + x * 0.39894228040143267794
        * exponential(-0.5 * x * x)
    case .geluByTanh: geluByTanhSlope(x)
    case .tanh: 1 - y * y
    case .logistic: y * (1 - y)
    case .softplus: logistic(x)
    case .erf: 1.1283791670955125739 * exponential(-x * x)
    case .exp: y
    case .log, .reciprocal: function == .log ? 1 / x : -y * y
    case .sqrt: 0.5 / y
    case .negative: -1
    case .absolute: x < 0 ? -1 : 1
    case .power(let exponent): powerSlope(x, exponent)
    case .clip(let low, let high): x < low || x > high ? 0 : 1
    case .not: 0
    case .affine(let a, _): a
    }
  }

  private static func geluByTanhSlope(_ x: Double) -> Double {
    let t = hyperbolicTangent(geluArgument(x))
    let inner = 0.79788456080286535588 * (1 + 3 * 0.044715 * x * x)
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner
  }

  private static func powerSlope(_ x: Double, _ exponent: Double) -> Double {
    exponent == 2 ? 2 * x : exponent == 0 ? 0 : exponent * power(x, exponent - 1)
  }

  /// y = f(a, b).
  @inline(__always)
  static func apply<Scalar: GraphScalar>(
    _ function: PairFunction, _ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>,
    to y: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    switch function {
    case .add: for i in 0..<count { y[i] = a[i] + b[i] }
    case .subtract: for i in 0..<count { y[i] = a[i] - b[i] }
    case .multiply: for i in 0..<count { y[i] = a[i] * b[i] }
    case .divide: for i in 0..<count { y[i] = a[i] / b[i] }
    case .power: for i in 0..<count { y[i] = Scalar(power(Double(a[i]), Double(b[i]))) }
    case .maximum: for i in 0..<count { y[i] = a[i] > b[i] || a[i] != a[i] ? a[i] : b[i] }
    case .minimum: for i in 0..<count { y[i] = a[i] < b[i] || a[i] != a[i] ? a[i] : b[i] }
    case .parametricRelu: for i in 0..<count { y[i] = a[i] < 0 ? b[i] * a[i] : a[i] }
    case .greater: for i in 0..<count { y[i] = a[i] > b[i] ? 1 : 0 }
    case .greaterOrEqual: for i in 0..<count { y[i] = a[i] >= b[i] ? 1 : 0 }
    case .less: for i in 0..<count { y[i] = a[i] < b[i] ? 1 : 0 }
    case .lessOrEqual: for i in 0..<count { y[i] = a[i] <= b[i] ? 1 : 0 }
    case .equal: for i in 0..<count { y[i] = a[i] == b[i] ? 1 : 0 }
    case .and: for i in 0..<count { y[i] = a[i] != 0 && b[i] != 0 ? 1 : 0 }
    case .or: for i in 0..<count { y[i] = a[i] != 0 || b[i] != 0 ? 1 : 0 }
    }
  }
}
