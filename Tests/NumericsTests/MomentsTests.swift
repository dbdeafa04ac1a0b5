import Numerics
import Testing

@Suite struct RunningMomentsTests {
  private static func moments(_ numbers: some Sequence<Double>) -> RunningMoments {
    var moments = RunningMoments()
    for x in numbers { moments.add(x) }
    return moments
  }

  /// Two passes: the mean first (with a correction), then the squared deviations.
  private static func twoPass(_ numbers: [Double]) -> (mean: Double, deviation: Double) {
    let n = Double(numbers.count)
    let shift = numbers[0]
    let mean = shift + numbers.reduce(0) { $0 + ($1 - shift) } / n
    let squares = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let residue = numbers.reduce(0) { $0 + ($1 - mean) }
    return (mean, ((squares - residue * residue / n) / (n - 1)).squareRoot())
  }

  private static func illConditioned(_ count: Int) -> [Double] {
    var stream = RandomField(seed: 9, purpose: .user).stream(0)
    return (0..<count).map { _ in 1e9 + stream.normal() }
  }

  @Test func illConditionedDataAgreeWithTwoPasses() throws {
    let numbers = Self.illConditioned(10_000)
    let (mean, deviation) = Self.twoPass(numbers)
    let moments = Self.moments(numbers)
    #expect(moments.count == 10_000)
    // Each update of the mean rounds to half an ulp of 1e9 (2^-23 = 1.2e-7), and such errors decay
    // as 1/n when later numbers pull the mean back: a random walk of less than sqrt(n) half ulps, over
    // which later updates average. 16 ulps hold it.
    let ulp = 1e9.ulp
    #expect(abs(try #require(moments.mean) - mean) <= 16 * ulp)
    // The sum of squares then errs by (error of the mean) x |deviations|: 16 ulp / sd, relatively.
    #expect(abs(try #require(moments.standardDeviation) - deviation) <= 16 * ulp * deviation)
    #expect(
      abs(try #require(moments.standardError) - deviation / 100) <= 16 * ulp * deviation / 100)
    // The textbook formula E x^2 - (E x)^2 is off by far more: the test can tell.
    let naive = numbers.reduce(0) { $0 + $1 * $1 } / 10_000 - mean * mean
    #expect(abs(naive - deviation * deviation) > 1)
  }

  @Test func mergingAnySplitIsAddingAll() throws {
    let numbers = Self.illConditioned(1000)
    let (mean, deviation) = Self.twoPass(numbers)
    let ulp = 1e9.ulp
    for split in [0, 1, 2, 3, 500, 997, 999, 1000] {
      var merged = Self.moments(numbers[..<split])
      merged.merge(Self.moments(numbers[split...]))
      #expect(merged.count == 1000)
      #expect(abs(try #require(merged.mean) - mean) <= 16 * ulp, "split at \(split)")
      #expect(
        abs(try #require(merged.standardDeviation) - deviation) <= 16 * ulp * deviation, "split at \(split)")
    }
    var pieces = RunningMoments()
    for first in stride(from: 0, to: 1000, by: 7) {
      pieces.merge(Self.moments(numbers[first..<min(first + 7, 1000)]))
    }
    #expect(pieces.count == 1000)
    #expect(abs(try #require(pieces.mean) - mean) <= 16 * ulp)
    #expect(abs(try #require(pieces.standardDeviation) - deviation) <= 16 * ulp * deviation)
  }

  @Test func mergingWithNothingChangesNoBit() {
    let moments = Self.moments([0.1, 0.7, -3])
    var left = moments
    left.merge(RunningMoments())
    var right = RunningMoments()
    right.merge(moments)
    #expect(left == moments)
    #expect(right == moments)
  }

  @Test func smallCasesAreExact() {
    let four = Self.moments([2, 4, 4, 6])
    #expect(four.mean == 4)
    #expect(four.standardDeviation == (8.0 / 3).squareRoot())
    #expect(four.standardError == (8.0 / 3 / 4).squareRoot())
  }

  @Test func whatIsUndefinedIsNil() {
    #expect(RunningMoments().mean == nil)
    #expect(RunningMoments().standardDeviation == nil)
    #expect(RunningMoments().standardError == nil)
    let one = Self.moments([3])
    #expect(one.mean == 3)
    #expect(one.standardDeviation == nil)
    #expect(one.standardError == nil)
    #expect(Self.moments([3, 3]).standardDeviation == 0)
  }

  @Test func numbersThatAreNotFiniteAreLeftOut() {
    let with = Self.moments([.nan, 1, .infinity, 2, -.infinity, 5, .signalingNaN])
    #expect(with == Self.moments([1, 2, 5]))
    #expect(with.count == 3)
    #expect(Self.moments([.nan, .infinity]).mean == nil)
  }
}

@Suite struct ContentHashTests {
  @Test func hashesAreThoseOfTheFederalStandard() {
    #expect(
      ContentHash.hexadecimal(of: "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    #expect(
      ContentHash.hexadecimal(of: "") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      ContentHash.hexadecimal(of: "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    #expect(
      ContentHash.hexadecimal(of: String(repeating: "a", count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func piecesHashAsTheWhole() {
    var pieces = ContentHash()
    pieces.update("a")
    pieces.update([UInt8]())
    pieces.update("")
    pieces.update([UInt8(ascii: "b"), UInt8(ascii: "c")])
    #expect(pieces.hexadecimal() == ContentHash.hexadecimal(of: "abc"))
    var words = ContentHash()
    words.update([UInt32(0x6463_6261).littleEndian])
    #expect(words.hexadecimal() == ContentHash.hexadecimal(of: "abcd"))
  }
}
