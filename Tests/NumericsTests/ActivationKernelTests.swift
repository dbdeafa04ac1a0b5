import Foundation
import Numerics
import Testing

@Suite(.serialized) struct ActivationKernelTests {
  /// A dense grid over [-20, 20], wider ones, and the ends of the range.
  static let grid: [Double] = {
    var grid = Array(stride(from: -20.0, through: 20, by: 1.0 / 512))
    grid += stride(from: -120.0, through: 120, by: 0.625)
    for exponent in -148 ... -10 { grid += [Double(sign: .plus, exponent: exponent, significand: 1.5)] }
    grid += [0, 100, 1000, 1e6, 3e38].flatMap { [$0, -$0] } + grid.suffix(139).map { -$0 }
    return grid.map { Double(Float($0)) }
  }()

  static func applied<Scalar: NetworkScalar>(_ activation: Activation, _ x: [Double], _ type: Scalar.Type)
    -> [Scalar]
  {
    let buffer = GuardedBuffer<Scalar>(x.map { Scalar($0) }, padding: 0, to: x.count)
    Scalar.activate(buffer.pointer, count: x.count, activation)
    return buffer.elements
  }

  static func checkValues<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    underEachInstructionSet { set in
      for activation in Activation.allCases {
        let y = applied(activation, grid, type)
        let wrong = grid.indices.filter {
          !(abs(Double(y[$0]) - reference(activation, grid[$0]))
            <= activationBound(type, activation, grid[$0]))
        }
        #expect(
          wrong.isEmpty,
          "\(type) \(set) \(activation): \(wrong.count) wrong, e.g. at \(wrong.prefix(3).map { (grid[$0], y[$0]) })"
        )
        // Ranges hold strictly where the function's do.
        if activation == .tanh { #expect(y.allSatisfy { abs($0) <= 1 }, "\(set)") }
        if activation == .logistic { #expect(y.allSatisfy { $0 >= 0 && $0 <= 1 }, "\(set)") }
        if activation == .softplus || activation == .relu { #expect(y.allSatisfy { $0 >= 0 }, "\(set)") }
      }
    }
  }

  @Test func valuesAgreeWithTheLibrary() async {
    await #expect(processExitsWith: .success) {
      ActivationKernelTests.checkValues(Float.self)
      ActivationKernelTests.checkValues(Double.self)
    }
  }

  static func checkExtremes<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    underEachInstructionSet { set in
      for activation in Activation.allCases {
        // Not a number passes through, at each place of a vector, and touches no neighbour.
        for place in 0..<35 {
          var x = [Double](repeating: 0.25, count: 35)
          x[place] = .nan
          let y = applied(activation, x, type)
          #expect(y.indices.allSatisfy { y[$0].isNaN == ($0 == place) }, "\(type) \(set) \(activation)")
        }
        let up = applied(activation, [.infinity], type)[0]
        switch activation {
        case .tanh: #expect(abs(Double(up) - 1) <= activationBound(type, .tanh, 100), "\(type) \(set)")
        case .logistic: #expect(up == 1, "\(type) \(set)")
        default: #expect(up == .infinity, "\(type) \(set) \(activation)")
        }
        let down = applied(activation, [-.infinity], type)[0]
        switch activation {
        case .identity: #expect(down == -.infinity)
        case .tanh: #expect(down == -up)
        case .relu: #expect(down == 0)
        case .softplus, .logistic: #expect(down >= 0 && down <= 1.7e-38)  // e^-87 in single precision
        case .gelu: break  // -inf times 0 has no value
        }
      }
    }
  }

  @Test func extremesAreKept() async {
    await #expect(processExitsWith: .success) {
      ActivationKernelTests.checkExtremes(Float.self)
      ActivationKernelTests.checkExtremes(Double.self)
    }
  }

  /// An element's result has the same bits at each place of an array of any length.
  static func checkPlaces<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    let x = uniformNumbers(70, stream: 20).map { 8 * $0 }
    underEachInstructionSet { set in
      for activation in Activation.allCases {
        let alone = x.map { applied(activation, [$0], type)[0] }
        for count in [2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 70] {
          #expect(
            applied(activation, Array(x[..<count]), type) == Array(alone[..<count]), "\(set) \(activation)")
          #expect(applied(activation, x.suffix(count), type) == alone.suffix(count), "\(set) \(activation)")
        }
        #expect(applied(activation, [], type) == [])
      }
    }
  }

  @Test func placesDoNotMatter() async {
    await #expect(processExitsWith: .success) {
      ActivationKernelTests.checkPlaces(Float.self)
      ActivationKernelTests.checkPlaces(Double.self)
    }
  }

  /// Slopes against central differences of the C library's functions.
  ///
  /// With h = 1e-5 a central difference errs by h^2 / 6 max |f'''| (|f'''| <= 2: 3.4e-11) plus the rounding 2 x 2^-53 (|f| + |x|) / h.
  /// The kernels' slopes, single precision: 1 - y^2 loses 2 u to y's rounding and 2 u more; gelu's adds the errors of
  /// erf / 2 (3.5e-7) and of x phi(x), whose exponent x^2 / 2 is rounded (x^3 phi(x) u <= 0.47 u).
  static func checkSlopes<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    let h = 1e-5
    let points = stride(from: -12.0, through: 12, by: 0.0371).map { Double(Float($0)) }
    let factors = uniformNumbers(points.count, stream: 21).map { 3 * $0 }
    underEachInstructionSet { set in
      for activation in Activation.allCases {
        let x = GuardedBuffer<Scalar>(points.map { Scalar($0) }, padding: 0, to: points.count)
        let y = GuardedBuffer<Scalar>(
          points.map { Scalar(reference(activation, $0)) }, padding: 0, to: points.count)
        let gradient = GuardedBuffer<Scalar>(factors.map { Scalar($0) }, padding: 0, to: points.count)
        Scalar.multiplyByActivationGradient(
          gradient.pointer, input: x.pointer, output: y.pointer, count: points.count, activation)
        for (i, p) in points.enumerated() {
          let slope = (reference(activation, p + h) - reference(activation, p - h)) / (2 * h)
          let difference = 3.4e-11 + 0x1p-52 * (abs(reference(activation, p)) + abs(p)) / h
          let kernel = type == Float.self ? 8e-7 : 16 * 0x1p-53
          #expect(
            abs(Double(gradient.pointer[i]) - slope * factors[i]) <= (difference + kernel) * abs(factors[i]),
            "\(type) \(set) \(activation) at \(p)")
        }
      }
    }
  }

  @Test func slopesAgreeWithDifferences() async {
    await #expect(processExitsWith: .success) {
      ActivationKernelTests.checkSlopes(Float.self)
      ActivationKernelTests.checkSlopes(Double.self)
    }
  }

  /// What lies between rows stays alone.
  static func checkRows<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    let (rows, count, stride) = (5, 19, 23)
    let total = (rows - 1) * stride + count
    let numbers = uniformNumbers(total, stream: 24).map { 3 * $0 }
    let x = numbers.map { Scalar($0) }
    underEachInstructionSet { set in
      for activation in Activation.allCases {
        let whole = applied(activation, numbers, type)
        let input = GuardedBuffer<Scalar>(x, padding: 0, to: total)
        let y = GuardedBuffer<Scalar>(x, padding: 0, to: total)
        let gradient = GuardedBuffer<Scalar>(count: total, filledWith: 1)
        Scalar.activate(y.pointer, rows: rows, count: count, stride: stride, activation)
        let output = GuardedBuffer<Scalar>(whole, padding: 0, to: total)
        Scalar.multiplyByActivationGradient(
          gradient.pointer, input: input.pointer, output: output.pointer, rows: rows, count: count,
          stride: stride, activation)
        let slopes = GuardedBuffer<Scalar>(count: total, filledWith: 1)
        Scalar.multiplyByActivationGradient(
          slopes.pointer, input: input.pointer, output: output.pointer, rows: 1, count: total,
          stride: total, activation)
        for i in 0..<total {
          let isInRow = i % stride < count
          #expect(y.pointer[i] == (isInRow ? whole[i] : x[i]), "\(type) \(set) \(activation)")
          #expect(gradient.pointer[i] == (isInRow ? slopes.pointer[i] : 1), "\(type) \(set) \(activation)")
        }
      }
    }
  }

  @Test func rowsHaveStrides() async {
    await #expect(processExitsWith: .success) {
      ActivationKernelTests.checkRows(Float.self)
      ActivationKernelTests.checkRows(Double.self)
    }
  }

  @Test func theRectifierHasSlopeZeroAtZero() {
    var gradient: [Double] = [1, 1, 1]
    Double.multiplyByActivationGradient(
      &gradient, input: [0, -1e-300, 1e-300], output: [0, 0, 0], count: 3, .relu)
    #expect(gradient == [0, 0, 1])
  }
}
