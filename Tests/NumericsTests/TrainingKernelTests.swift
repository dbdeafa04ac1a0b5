import Foundation
import Numerics
import Testing

@Suite(.serialized) struct TrainingKernelTests {
  /// Logits of all magnitudes up to 200, with targets 0, 1 and between.
  static func checkCrossEntropy<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    let u = unitRoundoff(type)
    // softplus and logistic have relative errors of 5.5e-7 and 4e-7 (see `activationBound`), or of a few
    // roundings; the product with the target and the difference add two roundings each.
    let (lossError, gradientError) = type == Float.self ? (5.5e-7 + 3 * u, 4e-7 + 3 * u) : (8 * u, 8 * u)
    underEachInstructionSet { set in
      for count in [0, 1, 2, 7, 8, 15, 16, 17, 33, 67, 784] {
        var logits = uniformNumbers(count, stream: 30).map { 200 * $0 * $0 * $0 }
        var targets = uniformNumbers(count, stream: 31).map { $0 < -0.3 ? 0 : $0 > 0.3 ? 1 : abs($0) }
        for (i, extreme) in [(200.0, 1.0), (-200, 0), (200, 0), (-200, 1), (0, 0.5)].enumerated()
        where i < count {
          logits[i] = extreme.0
          targets[i] = extreme.1
        }
        logits = logits.map { Double(Float($0)) }
        targets = targets.map { Double(Float($0)) }
        let scale = 0.75
        let l = GuardedBuffer<Scalar>(logits.map { Scalar($0) }, padding: 0, to: count)
        let x = GuardedBuffer<Scalar>(targets.map { Scalar($0) }, padding: 0, to: count)
        let gradient = GuardedBuffer<Scalar>(count: count, filledWith: .nan)
        let loss = Scalar.bernoulliCrossEntropy(
          logits: l.pointer, targets: x.pointer, count: count, scale: Scalar(scale),
          gradient: gradient.pointer)
        var expected = 0.0
        var bound = 0.0
        for i in 0..<count {
          // -x ln s(l) - (1 - x) ln s(-l) with ln s(l) = -softplus(-l): no cancellation.
          let positive = reference(.softplus, -logits[i])
          let negative = reference(.softplus, logits[i])
          expected += targets[i] * positive + (1 - targets[i]) * negative
          bound += (lossError + Double(count) * 0x1p-53) * (negative + abs(logits[i])) + 1.7e-38
          let slope = scale * (reference(.logistic, logits[i]) - targets[i])
          #expect(
            abs(Double(gradient.pointer[i]) - slope) <= gradientError * scale, "\(type) \(set) \(logits[i])")
        }
        #expect(abs(loss - expected) <= bound, "\(type) \(set) count \(count)")
        #expect(loss.isFinite)
        let without = Scalar.bernoulliCrossEntropy(
          logits: l.pointer, targets: x.pointer, count: count, scale: 1, gradient: nil)
        #expect(without == loss)
      }
    }
  }

  /// Rows with strides, the gradient in the logits' place: the gradients of single rows, and nothing
  /// between rows is touched. Losses are sums of the same terms, none negative, in double precision in another
  /// order.
  static func checkCrossEntropyOfRows<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    let (rows, count, stride, targetStride) = (5, 19, 23, 21)
    let logits = uniformNumbers((rows - 1) * stride + count, stream: 34).map { Scalar(9 * $0) }
    let targets = uniformNumbers((rows - 1) * targetStride + count, stream: 35).map { Scalar(abs($0)) }
    underEachInstructionSet { set in
      let both = GuardedBuffer<Scalar>(logits, padding: 0, to: logits.count)
      let x = GuardedBuffer<Scalar>(targets, padding: 0, to: targets.count)
      let loss = Scalar.bernoulliCrossEntropy(
        logits: both.pointer, stride: stride, targets: x.pointer, targetStride: targetStride, rows: rows,
        count: count, scale: 0.5, gradient: both.pointer)
      var expected = logits
      var sum = 0.0
      for r in 0..<rows {
        let row = GuardedBuffer<Scalar>(
          Array(logits[r * stride..<r * stride + count]), padding: 0, to: count)
        let gradient = GuardedBuffer<Scalar>(count: count, filledWith: .nan)
        sum += Scalar.bernoulliCrossEntropy(
          logits: row.pointer, targets: x.pointer + r * targetStride, count: count, scale: 0.5,
          gradient: gradient.pointer)
        expected.replaceSubrange(r * stride..<r * stride + count, with: gradient.elements)
      }
      #expect(both.elements == expected, "\(type) \(set)")
      #expect(abs(loss - sum) <= 2 * gamma(rows * count, 0x1p-53) * sum, "\(type) \(set)")
    }
  }

  @Test func crossEntropyOfRowsIsThatOfEachRow() async {
    await #expect(processExitsWith: .success) {
      TrainingKernelTests.checkCrossEntropyOfRows(Float.self)
      TrainingKernelTests.checkCrossEntropyOfRows(Double.self)
    }
  }

  @Test func crossEntropyAgreesWithTheStableFormula() async {
    await #expect(processExitsWith: .success) {
      TrainingKernelTests.checkCrossEntropy(Float.self)
      TrainingKernelTests.checkCrossEntropy(Double.self)
    }
  }

  /// A panel's gradient against OpenBLAS in double precision, in guarded buffers of exactly the documented
  /// sizes; parameters and moments stay alone.
  ///
  /// A sum of `rows` products errs by at most gamma_rows sum |x||delta| in any order of summation (Higham
  /// 2002, section 3.1), with one more addition per chunk; the reference errs likewise, in double precision.
  static func checkGradient<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    let width = Scalar.panelWidth
    let u = unitRoundoff(type)
    for rows in [1, 2, 7, 100, 255, 256, 257, 600] {
      for inputs in [1, 2, 5, 6, 13, 14, 15, 29, 43, 500] {
        let (xStride, deltaStride) = (inputs + rows % 3, width + rows % 5)
        let x = uniformNumbers(rows * xStride, stream: 70)
        let delta = uniformNumbers(rows * deltaStride, stream: 71)
        func product(_ x: [Double], _ delta: [Double]) -> [Double] {
          var g = [Double](repeating: 0, count: (inputs + 1) * width)
          Double.multiply(
            .transposed, .none, m: inputs, n: width, k: rows, alpha: 1, x, xStride, delta, deltaStride,
            beta: 0, &g, width)
          for r in 0..<rows { for c in 0..<width { g[inputs * width + c] += delta[r * deltaStride + c] } }
          return g
        }
        let expected = product(x, delta)
        let magnitude = product(x.map(abs), delta.map(abs))
        let relative = gamma(rows + 3, u) + gamma(rows + 3, 0x1p-53)
        // The last row ends where its last element that counts ends.
        let xCount = (rows - 1) * xStride + inputs
        let deltaCount = (rows - 1) * deltaStride + width
        let xBuffer = GuardedBuffer<Scalar>(x[..<xCount].map { Scalar($0) }, padding: 0, to: xCount)
        let deltaBuffer = GuardedBuffer<Scalar>(
          delta[..<deltaCount].map { Scalar($0) }, padding: 0, to: deltaCount)
        underEachInstructionSet { set in
          let count = (inputs + 1) * width
          let gradient = GuardedBuffer<Scalar>(count: count, filledWith: .nan)
          let others = (0..<3).map { _ in GuardedBuffer<Scalar>(count: count, filledWith: 99) }
          Scalar.update(
            xBuffer.pointer, rows: rows, inputs: inputs, stride: xStride, delta: deltaBuffer.pointer,
            stride: deltaStride, gradient: gradient.pointer, parameters: others[0].pointer,
            first: others[1].pointer, second: others[2].pointer, AdamStep(number: 1, learningRate: 1),
            columns: width, transposed: nil, targetPanel: 0)
          let wrong = (0..<count).first {
            !(abs(Double(gradient.pointer[$0]) - expected[$0]) <= relative * magnitude[$0])
          }
          #expect(wrong == nil, "\(type) \(set) [\(rows), \(inputs)]")
          #expect(others.allSatisfy { $0.elements.allSatisfy { $0 == 99 } })
        }
      }
    }
  }

  @Test func singlePrecisionGradientsAgreeWithOpenBLAS() async {
    await #expect(processExitsWith: .success) { TrainingKernelTests.checkGradient(Float.self) }
  }

  @Test func doublePrecisionGradientsAgreeWithOpenBLAS() async {
    await #expect(processExitsWith: .success) { TrainingKernelTests.checkGradient(Double.self) }
  }

  /// Ten steps of Adam as its paper writes them (algorithm 1), in double precision.
  ///
  /// One row with inputs +-1: the gradient is +-delta, exactly. It lies in 0.5...2, so each corrected moment
  /// ratio is at most 4, and its relative error a few roundings per step taken so far (fewer than 100 u in
  /// ten steps): 10 x 4 x rate x 100 u in all, and one rounding of the parameter per step.
  static func checkAdam<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    let rate = 0x1p-7
    let width = Scalar.panelWidth
    let (beta1, beta2, epsilon) = (AdamStep.beta1, AdamStep.beta2, AdamStep.epsilon)
    let u = unitRoundoff(type)
    for inputs in [1, 3, 14, 37] {
      let count = (inputs + 1) * width
      let start = uniformNumbers(count, stream: 40)
      let signs = (0..<inputs).map { $0 % 3 == 1 ? -1.0 : 1 } + [1]  // the bias's input is 1
      let x = GuardedBuffer<Scalar>(signs.dropLast().map { Scalar($0) }, padding: 0, to: inputs)
      underEachInstructionSet { set in
        let parameters = GuardedBuffer<Scalar>(start.map { Scalar($0) }, padding: 0, to: count)
        let first = GuardedBuffer<Scalar>(count: count, filledWith: 0)
        let second = GuardedBuffer<Scalar>(count: count, filledWith: 0)
        let columns = width - inputs % 3
        let targetPanel = columns * width
        let targetCount = roundedUp(inputs, toMultipleOf: width) * columns
        let transposed = GuardedBuffer<Scalar>(count: targetCount, filledWith: .nan)
        let again = GuardedBuffer<Scalar>(count: targetCount, filledWith: .nan)
        var expected = start
        var m = [Double](repeating: 0, count: count)
        var v = m
        for t in 1...10 {
          let delta = uniformNumbers(width, stream: UInt32(40 + t)).map {
            $0 < 0 ? $0 * 1.5 - 0.5 : $0 * 1.5 + 0.5
          }
          let buffer = GuardedBuffer<Scalar>(delta.map { Scalar($0) }, padding: 0, to: width)
          Scalar.update(
            x.pointer, rows: 1, inputs: inputs, stride: inputs, delta: buffer.pointer, stride: width,
            gradient: nil, parameters: parameters.pointer, first: first.pointer, second: second.pointer,
            AdamStep(number: t, learningRate: rate), columns: columns, transposed: transposed.pointer,
            targetPanel: targetPanel)
          for i in 0..<count {
            let g = signs[i / width] * Double(Scalar(delta[i % width]))
            m[i] = beta1 * m[i] + (1 - beta1) * g
            v[i] = beta2 * v[i] + (1 - beta2) * g * g
            let meanHat = m[i] / (1 - pow(beta1, Double(t)))
            let squareHat = v[i] / (1 - pow(beta2, Double(t)))
            expected[i] -= rate * meanHat / (squareHat.squareRoot() + epsilon)
          }
        }
        Scalar.transpose(
          panel: parameters.pointer, inputs: inputs, columns: columns, into: again.pointer,
          targetPanel: targetPanel)
        #expect(transposed.elements == again.elements, "\(type) \(set)")
        for i in 0..<count {
          #expect(abs(expected[i] - start[i]) > rate / 100)  // it has moved
          #expect(
            abs(Double(parameters.pointer[i]) - expected[i]) <= 4000 * rate * u + 20 * u, "\(type) \(set)")
          #expect(abs(Double(first.pointer[i]) - m[i]) <= 100 * u * 2, "\(type) \(set)")
          // 1 - b2 is computed in this precision from b2's rounding: an error of u / 0.001 relatively.
          #expect(abs(Double(second.pointer[i]) - v[i]) <= 1100 * u * v[i], "\(type) \(set)")
        }
      }
    }
  }

  @Test func adamAgreesWithItsPaper() async {
    await #expect(processExitsWith: .success) {
      TrainingKernelTests.checkAdam(Float.self)
      TrainingKernelTests.checkAdam(Double.self)
    }
  }

  /// The step with a gradient that is not kept is the step with the same gradient written down, element by element:
  /// the tiles' steps are done beside the next tiles' products, fully or partly, as the rows allow.
  ///
  /// From moments of zero, they are (1 - b1) g and (1 - b2) g^2: two roundings and those of 1 - b1, 1 - b2
  /// (u / 0.1 and u / 0.001 relatively).
  static func checkAdamBesideProducts<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    let width = Scalar.panelWidth
    let u = unitRoundoff(type)
    let step = AdamStep(number: 1, learningRate: 0x1p-7)
    for rows in [1, 5, 27, 100, 300] {
      for inputs in [1, 14, 43] {
        let count = (inputs + 1) * width
        let x = GuardedBuffer<Scalar>(
          uniformNumbers(rows * inputs, stream: 80).map { Scalar($0) }, padding: 0, to: rows * inputs)
        let delta = GuardedBuffer<Scalar>(
          uniformNumbers(rows * width, stream: 81).map { Scalar($0) }, padding: 0, to: rows * width)
        underEachInstructionSet { set in
          let gradient = GuardedBuffer<Scalar>(count: count, filledWith: .nan)
          let parameters = GuardedBuffer<Scalar>(count: count, filledWith: 0)
          let first = GuardedBuffer<Scalar>(count: count, filledWith: 0)
          let second = GuardedBuffer<Scalar>(count: count, filledWith: 0)
          for target in [gradient.pointer, nil] {
            Scalar.update(
              x.pointer, rows: rows, inputs: inputs, stride: inputs, delta: delta.pointer, stride: width,
              gradient: target, parameters: parameters.pointer, first: first.pointer,
              second: second.pointer, step, columns: width, transposed: nil, targetPanel: 0)
          }
          let wrong = (0..<count).first { i in
            let g = Double(gradient.pointer[i])
            let m = (1 - AdamStep.beta1) * g
            let v = (1 - AdamStep.beta2) * g * g
            // Both corrections are the fractions above: the step is the rate times g's sign, but for epsilon.
            let moved = -0x1p-7 * g / (abs(g) + AdamStep.epsilon)
            return
              !(abs(Double(first.pointer[i]) - m) <= 20 * u * abs(m)
              && abs(Double(second.pointer[i]) - v) <= 1100 * u * v
              && abs(Double(parameters.pointer[i]) - moved) <= 600 * u * abs(moved))
          }
          #expect(wrong == nil, "\(type) \(set) [\(rows), \(inputs)]")
        }
      }
    }
  }

  @Test func adamBesideProductsUsesTheGradientOfItsPlace() async {
    await #expect(processExitsWith: .success) {
      TrainingKernelTests.checkAdamBesideProducts(Float.self)
      TrainingKernelTests.checkAdamBesideProducts(Double.self)
    }
  }

  /// Every element goes to its place, and nothing else is touched.
  static func checkTranspose<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    let width = Scalar.panelWidth
    for inputs in [1, 2, 15, 16, 17, 31, 32, 33, 100] {
      for columns in [1, 2, 7, 15, 16, 17, 31, 32] where columns <= width {
        let panel = GuardedBuffer<Scalar>(
          (0..<inputs * width).map { Scalar($0 + 1) }, padding: 0, to: inputs * width)
        let targetPanel = (columns + 3) * width
        let panels = (inputs + width - 1) / width
        let count = (panels - 1) * targetPanel + columns * width
        underEachInstructionSet { set in
          let target = GuardedBuffer<Scalar>(count: count, filledWith: -1)
          Scalar.transpose(
            panel: panel.pointer, inputs: inputs, columns: columns, into: target.pointer,
            targetPanel: targetPanel)
          var expected = [Scalar](repeating: -1, count: count)
          for i in 0..<panels * width {
            for c in 0..<columns {
              expected[i / width * targetPanel + c * width + i % width] =
                i < inputs ? Scalar(i * width + c + 1) : 0
            }
          }
          #expect(target.elements == expected, "\(type) \(set) [\(inputs), \(columns)]")
        }
      }
    }
  }

  @Test func transpositionMovesEveryElement() async {
    await #expect(processExitsWith: .success) {
      TrainingKernelTests.checkTranspose(Float.self)
      TrainingKernelTests.checkTranspose(Double.self)
    }
  }
}
