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

  @Test func crossEntropyAgreesWithTheStableFormula() async {
    await #expect(processExitsWith: .success) {
      TrainingKernelTests.checkCrossEntropy(Float.self)
      TrainingKernelTests.checkCrossEntropy(Double.self)
    }
  }

  /// Ten steps of Adam as its paper writes them (algorithm 1), in double precision.
  ///
  /// Gradients lie in 0.5...2, so each corrected moment ratio is at most 4, and its relative error a few
  /// roundings per step taken so far (fewer than 100 u in ten steps): 10 x 4 x rate x 100 u in all, and
  /// one rounding of the parameter per step.
  static func checkAdam<Scalar: NetworkScalar>(_ type: Scalar.Type) {
    let count = 37
    let rate = 0x1p-7
    let (beta1, beta2, epsilon) = (Double(Scalar(0.9)), Double(Scalar(0.999)), Double(Scalar(1e-8)))
    let start = uniformNumbers(count, stream: 40)
    let u = unitRoundoff(type)
    underEachInstructionSet { set in
      let parameters = GuardedBuffer<Scalar>(start.map { Scalar($0) }, padding: 0, to: count)
      let first = GuardedBuffer<Scalar>(count: count, filledWith: 0)
      let second = GuardedBuffer<Scalar>(count: count, filledWith: 0)
      var expected = start
      var m = [Double](repeating: 0, count: count)
      var v = m
      for t in 1...10 {
        let gradient = uniformNumbers(count, stream: UInt32(40 + t)).map {
          $0 < 0 ? $0 * 1.5 - 0.5 : $0 * 1.5 + 0.5
        }
        let buffer = GuardedBuffer<Scalar>(gradient.map { Scalar($0) }, padding: 0, to: count)
        Scalar.adam(
          parameters.pointer, gradient: buffer.pointer, first: first.pointer, second: second.pointer,
          count: count, rate: Scalar(rate / (1 - pow(beta1, Double(t)))),
          secondCorrection: Scalar(1 / (1 - pow(beta2, Double(t))).squareRoot()), beta1: Scalar(beta1),
          beta2: Scalar(beta2), epsilon: Scalar(epsilon))
        for i in 0..<count {
          let g = Double(Scalar(gradient[i]))
          m[i] = beta1 * m[i] + (1 - beta1) * g
          v[i] = beta2 * v[i] + (1 - beta2) * g * g
          let meanHat = m[i] / (1 - pow(beta1, Double(t)))
          let squareHat = v[i] / (1 - pow(beta2, Double(t)))
          expected[i] -= rate * meanHat / (squareHat.squareRoot() + epsilon)
        }
      }
      for i in 0..<count {
        #expect(abs(expected[i] - start[i]) > rate / 100)  // it has moved
        #expect(
          abs(Double(parameters.pointer[i]) - expected[i]) <= 4000 * rate * u + 20 * u, "\(type) \(set)")
        #expect(abs(Double(first.pointer[i]) - m[i]) <= 100 * u * 2, "\(type) \(set)")
        #expect(abs(Double(second.pointer[i]) - v[i]) <= 100 * u * v[i], "\(type) \(set)")
      }
    }
  }

  @Test func adamAgreesWithItsPaper() async {
    await #expect(processExitsWith: .success) {
      TrainingKernelTests.checkAdam(Float.self)
      TrainingKernelTests.checkAdam(Double.self)
    }
  }

  /// norms - 2 products is exact up to one rounding however it is computed (doubling is exact): the
  /// brute force must agree bit for bit, ties with the threshold included.
  static func checkSearch() {
    underEachInstructionSet { set in
      for count in Array(0...70) + [127, 129, 1001] {
        let products = uniformNumbers(count, stream: 60).map { Float($0) }
        let norms = uniformNumbers(count, stream: 61).map { Float($0) }
        let p = GuardedBuffer<Float>(products, padding: 0, to: count)
        let n = GuardedBuffer<Float>(norms, padding: 0, to: count)
        let scores = zip(norms, products).map { $0 - 2 * $1 }
        let smallest = smallestScore(products: p.pointer, norms: n.pointer, count: count)
        #expect(smallest == scores.min() ?? .infinity, "\(set) count \(count)")
        let sorted = scores.sorted()
        for threshold in [-10, sorted.first, sorted.dropFirst(count / 2).first, sorted.last, .infinity] {
          let threshold = threshold ?? 0
          let found = GuardedBuffer<Int32>(count: count, filledWith: -1)
          let number = candidates(
            products: p.pointer, norms: n.pointer, count: count, threshold: threshold, into: found.pointer)
          let expected = scores.indices.filter { scores[$0] <= threshold }.map(Int32.init)
          #expect(Array(found.elements.prefix(number)) == expected, "\(set) count \(count)")
        }
      }
    }
  }

  @Test func searchAgreesWithBruteForce() async {
    await #expect(processExitsWith: .success) { TrainingKernelTests.checkSearch() }
  }
}
