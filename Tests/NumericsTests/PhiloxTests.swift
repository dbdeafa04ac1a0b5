import Foundation
import Numerics
import Testing

@Suite struct PhiloxTests {
  /// Random123's `kat_vectors`, philox4x32 with 10 rounds.
  @Test(arguments: [
    (
      SIMD4<UInt32>(repeating: 0), SIMD2<UInt32>(repeating: 0),
      SIMD4<UInt32>(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
    ),
    (
      SIMD4<UInt32>(repeating: .max), SIMD2<UInt32>(repeating: .max),
      SIMD4<UInt32>(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
    ),
    (
      SIMD4<UInt32>(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
      SIMD2<UInt32>(0xa409_3822, 0x299f_31d0),
      SIMD4<UInt32>(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
    ),
  ])
  func wordsAreThoseOfRandom123(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, words: SIMD4<UInt32>) {
    #expect(Philox4x32(key: key).words(at: counter) == words)
  }

  @Test func theKeyIsDerivedFromSeedPurposeAndContext() {
    // The address contract: a first application of Philox to (purpose, context, 0) under the seed.
    let seed: UInt64 = 0x0123_4567_89ab_cdef
    let context: UInt64 = 0xfedc_ba98_7654_3210
    let root = Philox4x32(key: SIMD2(0x89ab_cdef, 0x0123_4567))
      .words(at: SIMD4(2, 0x7654_3210, 0xfedc_ba98, 0))
    let field = RandomField(seed: seed, purpose: .corruption, context: context)
    #expect(
      field.words(7, 8, 9, draw: 10)
        == Philox4x32(key: SIMD2(root.x, root.y)).words(at: SIMD4(7, 8, 9, 10)))
  }

  @Test func aStreamReadsItsFieldInOrder() {
    let field = RandomField(seed: 5, purpose: .user)
    var stream = field.stream(1, 2, 3)
    for draw in 0..<5 as Range<UInt32> {
      let words = field.words(1, 2, 3, draw: draw)
      for k in 0..<4 { #expect(stream.nextWord() == words[k]) }
    }
    var uniform = field.stream(1, 2, 3)
    #expect(uniform.uniform() == (Double(field.words(1, 2, 3, draw: 0).x) + 0.5) / 4_294_967_296)
  }

  @Test func streamsAreValues() {
    var stream = RandomField(seed: 1, purpose: .user).stream(4)
    _ = stream.normal()  // leaves a spare normal and half-used words behind
    var copy = stream
    let first = (0..<9).map { _ in (stream.normal(), stream.uniform(), stream.below(1000)) }
    let second = (0..<9).map { _ in (copy.normal(), copy.uniform(), copy.below(1000)) }
    for (a, b) in zip(first, second) { #expect(a == b) }
  }

  @Test func everyCoordinateMatters() {
    let field = RandomField(seed: 1, purpose: .user, context: 2)
    let words = [
      field.words(1, 2, 3, draw: 4), field.words(2, 1, 3, draw: 4), field.words(0, 2, 3, draw: 4),
      field.words(1, 3, 3, draw: 4), field.words(1, 2, 4, draw: 4), field.words(1, 2, 3, draw: 5),
      RandomField(seed: 1 << 32 | 1, purpose: .user, context: 2).words(1, 2, 3, draw: 4),
      RandomField(seed: 2, purpose: .user, context: 1).words(1, 2, 3, draw: 4),
      RandomField(seed: 1, purpose: .user, context: 2 | 1 << 63).words(1, 2, 3, draw: 4),
    ]
    #expect(Set(words).count == words.count)
    let purposes = RandomPurpose.allCases.map {
      RandomField(seed: 1, purpose: $0, context: 2).words(1, 2, 3, draw: 4)
    }
    #expect(Set(purposes).count == RandomPurpose.allCases.count)
    #expect(Set(RandomPurpose.allCases.map(\.rawValue)).count == RandomPurpose.allCases.count)
  }

  /// The correlation of neighbouring seeds', purposes', contexts' and coordinates' numbers.
  @Test func neighbouringStreamsAreUncorrelated() {
    let count = 20_000
    func numbers(_ seed: UInt64, _ purpose: RandomPurpose, _ context: UInt64, _ a: UInt32) -> [Double] {
      var stream = RandomField(seed: seed, purpose: purpose, context: context).stream(a)
      return (0..<count).map { _ in stream.uniform() - 0.5 }
    }
    let base = numbers(1, .corruption, 0, 0)
    let others = [
      numbers(2, .corruption, 0, 0), numbers(1, .latentSample, 0, 0), numbers(1, .corruption, 1, 0),
      numbers(1, .corruption, 0, 1), numbers(0, .corruption, 1, 0),
    ]
    for other in others {
      // sum xy has mean 0 and variance count / 144 for independent centred uniforms.
      let sum = zip(base, other).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(sum) < 5 * (Double(count) / 144).squareRoot())
    }
  }

  @Test func uniformsAreUniform() {
    let count = 200_000
    var stream = RandomField(seed: 3, purpose: .user).stream(0)
    let numbers = (0..<count).map { _ in stream.uniform() }
    #expect(numbers.allSatisfy { $0 > 0 && $0 < 1 })
    // E u^k = 1 / (k + 1), Var u^k = 1 / (2k + 1) - 1 / (k + 1)^2; five standard errors.
    for k in 1...4 {
      let mean = numbers.reduce(0) { $0 + pow($1, Double(k)) } / Double(count)
      let variance = 1 / Double(2 * k + 1) - 1 / Double((k + 1) * (k + 1))
      #expect(abs(mean - 1 / Double(k + 1)) < 5 * (variance / Double(count)).squareRoot())
    }
    // Chi-square over 64 cells: mean 63, variance 126.
    var cells = [Double](repeating: 0, count: 64)
    for u in numbers { cells[Int(u * 64)] += 1 }
    let expected = Double(count) / 64
    let chiSquare = cells.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
    #expect(abs(chiSquare - 63) < 5 * 126.0.squareRoot())
  }

  @Test func normalsAreNormal() {
    let count = 200_000
    var stream = RandomField(seed: 4, purpose: .user).stream(0)
    let numbers = (0..<count).map { _ in stream.normal() }
    // The largest radius is sqrt(-2 ln 2^-33) = 6.7638.
    #expect(numbers.allSatisfy { abs($0) < 6.764 })
    // Moments 0, 1, 0, 3 of orders 1...4 with variances 1, 2, 15, 96; five standard errors.
    for (order, mean, variance) in [(1, 0.0, 1.0), (2, 1, 2), (3, 0, 15), (4, 3, 96)] {
      let sample = numbers.reduce(0) { $0 + pow($1, Double(order)) } / Double(count)
      #expect(abs(sample - mean) < 5 * (variance / Double(count)).squareRoot(), "order \(order)")
    }
    // The distribution function at seven points, against erfc.
    for x in stride(from: -3.0, through: 3, by: 1) {
      let p = 0.5 * erfc(-x / 2.0.squareRoot())
      let fraction = Double(numbers.count { $0 < x }) / Double(count)
      #expect(abs(fraction - p) < 5 * (p * (1 - p) / Double(count)).squareRoot(), "x = \(x)")
    }
    // The two numbers of one pair are uncorrelated: variance of a product is 1.
    let pairs = stride(from: 0, to: count, by: 2).reduce(0) { $0 + numbers[$1] * numbers[$1 + 1] }
    #expect(abs(pairs) < 5 * (Double(count) / 2).squareRoot())
  }

  /// 3 x 2^30 is where a multiply-shift without rejection gives some numbers twice as often.
  @Test func belowIsUnbiased() {
    let count = 60_000
    var stream = RandomField(seed: 5, purpose: .user).stream(0)
    let bound = 3 << 30
    var thirds = [0, 0, 0]
    var remainders = [0, 0, 0]
    for _ in 0..<count {
      let k = stream.below(bound)
      #expect(k >= 0 && k < bound)
      thirds[k >> 30] += 1
      remainders[k % 3] += 1
    }
    let sigma = (Double(count) * 2 / 9).squareRoot()
    for k in 0..<3 {
      #expect(abs(Double(thirds[k]) - Double(count) / 3) < 5 * sigma)
      #expect(abs(Double(remainders[k]) - Double(count) / 3) < 5 * sigma)
    }
    for bound in [1, 2, 7, 784] {
      var counts = [Double](repeating: 0, count: bound)
      for _ in 0..<count { counts[stream.below(bound)] += 1 }
      let p = 1 / Double(bound)
      let sigma = (Double(count) * p * (1 - p)).squareRoot()
      #expect(counts.allSatisfy { abs($0 - Double(count) * p) <= 6 * sigma }, "below \(bound)")
    }
    #expect(stream.below(Int(UInt32.max)) < Int(UInt32.max))
  }

  @Test func permutationsAreUniform() {
    var stream = RandomField(seed: 6, purpose: .user).stream(0)
    #expect(stream.permutation(0) == [])
    #expect(stream.permutation(1) == [0])
    #expect(stream.permutation(1000).sorted() == Array(0..<1000))
    let count = 24_000
    var counts: [[Int]: Int] = [:]
    for _ in 0..<count { counts[stream.permutation(4), default: 0] += 1 }
    #expect(counts.count == 24)
    let sigma = (Double(count) / 24 * 23 / 24).squareRoot()
    for (order, number) in counts { #expect(abs(Double(number) - 1000) < 5 * sigma, "\(order)") }
  }
}
