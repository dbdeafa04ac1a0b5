import Dynamics
import ONNX
import TestSupport
import Testing

/// Every operator agrees with onnx's reference evaluator, in both precisions, and with its own derivative.
@Suite struct OperatorTests {
  private func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
  }

  /// Within 2^-42: sums of at most 2^8 terms, and elementary functions within a few ulps.
  @Test(arguments: OperatorCase.all)
  func agreesInDoublePrecision(_ example: OperatorCase) throws {
    let function = try ONNXFunction<Double>(example.file)
    let output = function(example.input)
    #expect(output.count == example.expected.count, "shape \(example.outputShape)")
    let bound = example.precision == "double" ? 0x1p-42 : 1e-5
    #expect(largestDifference(output, example.expected) <= bound)
  }

  /// Within 2^-15: rounding errors of 2^-24, and what graphs amplify of them.
  @Test(arguments: OperatorCase.all)
  func agreesInSinglePrecision(_ example: OperatorCase) throws {
    let function = try ONNXFunction<Float>(example.file)
    let output = function(example.input.map { Float($0) }).map { Double($0) }
    #expect(output.count == example.expected.count, "shape \(example.outputShape)")
    #expect(largestDifference(output, example.expected) <= 0x1p-15)
  }

  /// A row has the same bits alone and with others.
  @Test(arguments: OperatorCase.all)
  func rowsDoNotDependOnEachOther(_ example: OperatorCase) throws {
    let function = try ONNXFunction<Float>(example.file)
    let input = example.input.map { Float($0) }
    let rows = example.shape[0]
    let together = function(input + input + input)
    let alone = (0..<rows).flatMap { row in
      function(Array(input[row * function.inputs..<(row + 1) * function.inputs]))
    }
    let bits = (alone + alone + alone).map(\.bitPattern)
    #expect(together.map(\.bitPattern) == bits)
  }

  /// Central differences with a step h have an error of h^2 and of 2^-52 / h.
  @Test(arguments: OperatorCase.all)
  func derivativesAreThoseOfDifferences(_ example: OperatorCase) throws {
    let function = try ONNXFunction<Double>(example.file)
    let derivative = try ONNXDerivative(example.file)
    // Off the kinks of the cases, which are at multiples of 1/256 and at 0.
    let state = example.input.prefix(function.inputs).map { $0 + 1.0 / 1024 }
    let directions = (1...2).map { OperatorCase.numbers(function.inputs, seed: $0) }
    var none: KinkPass?
    let result = derivative(at: state, along: directions, kinks: &none)
    #expect(result.output.map(\.bitPattern) == function(state).map(\.bitPattern))
    let h = 0x1p-18
    for (direction, image) in zip(directions, result.derivatives) {
      let ahead = function(zip(state, direction).map { $0 + h * $1 })
      let behind = function(zip(state, direction).map { $0 - h * $1 })
      let difference = zip(ahead, behind).map { ($0 - $1) / (2 * h) }
      #expect(largestDifference(image, difference) <= 1e-8)
    }
  }

  /// At x = 0 relu has the derivative max(v, 0), and leaky relu bends between its slopes.
  @Test func kinksArePassedOnTheSideOfTheDirection() throws {
    for (name, slope) in [("Relu", 0.0), ("LeakyRelu", 0.2)] {
      let example = try #require(OperatorCase.all.first { $0.name == name })
      let slope = slope == 0 ? 0 : Double(Float(slope))
      let derivative = try ONNXDerivative(example.file)
      let state: [Double] = [0, 1, -1, 0, 2, 3, 4]
      let axes = (0..<7).map { k in (0..<7).map { $0 == k ? 1.0 : 0.0 } }
      var search: KinkPass? = KinkPass(.search(reach: 0))
      _ = derivative(at: state, along: axes, kinks: &search)
      #expect(search?.kinks == [0, 3])
      var own: KinkPass? = KinkPass(.ownSide, kinks: [0, 3])
      let v: [Double] = [1, 1, 1, -1, 1, 1, 1]
      let result = derivative(at: state, along: [v, v.map { -$0 }], kinks: &own)
      #expect(result.derivatives[0] == [1, 1, slope, -slope, 1, 1, 1])
      #expect(result.derivatives[1] == [-slope, -1, -slope, 1, -1, -1, -1])
      var first: KinkPass? = KinkPass(.firstSide, kinks: [0, 3])
      let leading = derivative(at: state, along: [v, v.map { -$0 }], kinks: &first)
      #expect(leading.derivatives[1] == [-1, -1, -slope, slope, -1, -1, -1])
      #expect(first?.slopes == [1, -1, -1, 1])
    }
  }

  /// The larger of two that are equal is the one that grows.
  @Test func tiesOfMaxPoolArePassedOnTheSideOfTheDirection() throws {
    let example = try #require(OperatorCase.all.first { $0.name == "MaxPool" })
    let derivative = try ONNXDerivative(example.file)
    var state = [Double](repeating: 0, count: 48)
    for k in state.indices { state[k] = Double(k) }
    // The first window has elements 0, 1, 6, 7.
    state[1] = 7
    let axes = (0..<48).map { k in (0..<48).map { $0 == k ? 1.0 : 0.0 } }
    var search: KinkPass? = KinkPass(.search(reach: 0))
    _ = derivative(at: state, along: axes, kinks: &search)
    #expect(search?.kinks == [0])
    var own: KinkPass? = KinkPass(.ownSide, kinks: [0])
    let v = (0..<48).map { $0 == 1 ? 3.0 : $0 == 7 ? 2.0 : 0.0 }
    let result = derivative(at: state, along: [v, v.map { -$0 }], kinks: &own)
    #expect(result.derivatives[0][0] == 3)
    #expect(result.derivatives[1][0] == -2)
  }

  /// The difference of two large numbers is 0 within their rounding errors, however small all differences of the step
  /// are.
  @Test func kinksAreFoundWithinRoundingErrorsOfTheirTerms() throws {
    func kinks(_ name: String, _ state: [Double]) throws -> [Int] {
      let example = try #require(OperatorCase.all.first { $0.name == name })
      var search: KinkPass? = KinkPass(.search(reach: 0))
      let axes = state.indices.map { k in state.indices.map { $0 == k ? 1.0 : 0.0 } }
      _ = try ONNXDerivative(example.file)(at: state, along: axes, kinks: &search)
      return search?.kinks ?? []
    }
    #expect(try kinks("Difference-Relu", [1e6, 1e6 + 0x1p-32]) == [0])
    #expect(try kinks("Difference-Relu", [1e6, 1e6 + 0x1p-20]) == [])
    #expect(try kinks("Difference-Relu", [1, 1 + 0x1p-32]) == [])
    // Ties of MaxPool, whose first window has elements 0, 1, 6, 7.
    var state = (0..<48).map { 1000 + Double($0) }
    state[1] = state[7] + 0x1p-40
    #expect(try kinks("MaxPool", state) == [0])
    state[1] = state[7] + 0x1p-30
    #expect(try kinks("MaxPool", state) == [])
    for k in 0..<48 { state[k] = 0 }
    #expect(try kinks("MaxPool", state) == Array(0..<12))
  }

  /// Beyond a kink, derivatives of both sides may cancel: |x| = relu(x) + relu(-x).
  @Test func kinksAreFoundWhereDerivativesOfEarlierOnesCancel() throws {
    let example = try #require(OperatorCase.all.first { $0.name == "Absolute-Relu" })
    let derivative = try ONNXDerivative(example.file)
    var search: KinkPass? = KinkPass(.search(reach: 0))
    _ = derivative(at: [0], along: [[1]], kinks: &search)
    #expect(search?.kinks == [0, 1, 2])
    var own: KinkPass? = KinkPass(.ownSide, kinks: [0, 1, 2])
    #expect(derivative(at: [0], along: [[2], [-3]], kinks: &own).derivatives == [[2], [3]])
    // A constant of 0 without a kink before it is no border.
    var elsewhere: KinkPass? = KinkPass(.search(reach: 0))
    _ = derivative(at: [1], along: [[1]], kinks: &elsewhere)
    #expect(elsewhere?.kinks == [])
  }
}
