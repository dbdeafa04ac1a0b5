import Corruptions
import Dynamics
import Numerics
import Testing

/// A member's corrupted state and region.
struct Corrupted: Equatable {
  var state: [Double]
  var region: [UInt8]

  init(
    _ corruption: any Corruption, level: Double, from state: [Double], item: Int32, realization: Int32 = 0,
    seed: UInt64 = 8, shape: ImageShape? = nil
  ) {
    self.state = state
    region = [UInt8](repeating: 0, count: state.count)
    let member = Member(level: level, item: item, realization: realization)
    var random = NoiseSource(seed: seed).stream(.corruption, member, time: 0)
    self.state.withUnsafeMutableBufferPointer { s in
      region.withUnsafeMutableBufferPointer { r in
        corruption.apply(level: level, to: s, region: r, imageShape: shape, random: &random)
      }
    }
  }
}

@Suite struct CorruptionConformanceTests {
  static let shape = ImageShape(rows: 12, columns: 11)
  static let dimension = 132
  static let names = CorruptionRegistry.all.map { $0.name }

  /// A source of each kind: pixels strictly within (0, 1) away from 0, 1/2 and 1, a memory, or zeros.
  static func source(_ type: any Corruption.Type) -> [Double] {
    switch type.origin {
    case .item: return (0..<dimension).map { 0.1 + 0.3 * Double($0) / Double(dimension) }
    case .memory: return (0..<dimension).map { 0.1 * Double($0) - 5 }
    case .nothing: return [Double](repeating: 0, count: dimension)
    }
  }

  static func corruption(_ name: String) throws -> any Corruption {
    // Items of another range than the sources', so that what comes from them can be told.
    let items = RowTable(
      rows: 9, columns: dimension, elements: (0..<9 * dimension).map { 0.5 + 0.4 * Double($0 % 83) / 83 })
    return try #require(CorruptionRegistry.corruption(named: name)).fitted(
      to: CorruptionData(items: items, count: 9, dimension: dimension, isUnitInterval: true))
  }

  @Test func theRegistryHoldsTheDocumentedCorruptions() {
    #expect(
      Set(Self.names) == [
        "uniform-replacement", "flip", "flip-exact", "gaussian", "occlusion", "missing-components",
        "item-replacement", "latent-gaussian", "prior", "latent-box",
      ])
    #expect(Set(Self.names).count == CorruptionRegistry.all.count)
    #expect(CorruptionRegistry.corruption(named: "no-such") == nil)
    for type in CorruptionRegistry.all { #expect(!type.summary.isEmpty) }
  }

  @Test(arguments: names) func levelZeroChangesNothing(name: String) throws {
    let corruption = try Self.corruption(name)
    let type = type(of: corruption)
    guard type.origin != .nothing else {
      // From nothing: the box of half-width 0 is the origin; the prior's level is only a label.
      let drawn = Corrupted(corruption, level: 0, from: Self.source(type), item: 1).state
      #expect(drawn.allSatisfy { $0 == 0 } == (name == "latent-box"))
      return
    }
    for item in 0..<50 as Range<Int32> {
      let corrupted = Corrupted(corruption, level: 0, from: Self.source(type), item: item, shape: Self.shape)
      #expect(corrupted.state == Self.source(type))
      #expect(corrupted.region.allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: names) func stateIsAFunctionOfTheAddress(name: String) throws {
    let corruption = try Self.corruption(name)
    let source = Self.source(type(of: corruption))
    func corrupted(item: Int32, realization: Int32 = 0, seed: UInt64 = 8, level: Double = 0.4) -> Corrupted {
      Corrupted(
        corruption, level: level, from: source, item: item, realization: realization, seed: seed,
        shape: Self.shape)
    }
    let first = corrupted(item: 5)
    _ = corrupted(item: 6)
    #expect(corrupted(item: 5) == first)
    // Ten neighbouring addresses in each direction: a place of the square may repeat, not all of them.
    for others in [
      (1...10).map { corrupted(item: 5 + $0) }, (1...10).map { corrupted(item: 5, realization: $0) },
      (1...10).map { corrupted(item: 5, seed: 8 + UInt64($0)) },
      (1...10).map { corrupted(item: 5, level: 0.4 + Double($0) * 1e-9) },
    ] {
      #expect(others.contains { $0.state != first.state })
    }
  }

  /// Through `CorruptedStart`, alone or after other members, with or without a region.
  @Test(arguments: names) func membersAreIndependent(name: String) throws {
    let corruption = try Self.corruption(name)
    let type = type(of: corruption)
    let items = 9
    let table = RowTable(
      rows: items, columns: Self.dimension, elements: (0..<items).flatMap { _ in Self.source(type) })
    let start = CorruptedStart(
      corruption, source: type.origin == .nothing ? nil : table, imageShape: Self.shape)
    #expect(start.space == (type.origin == .item ? .data : .latent))
    #expect(start.hasRegion == type.hasRegion)
    let noise = NoiseSource(seed: 8)
    func prepared(_ item: Int32, dirt: Double, withRegion: Bool) -> [Double] {
      let state = AlignedBuffer([Double](repeating: dirt, count: Self.dimension))
      let region = AlignedBuffer<UInt8>(count: Self.dimension)
      start.prepare(
        Member(level: 0.4, item: item, realization: 0), into: state.buffer,
        region: withRegion ? region.buffer : nil, noise: noise)
      return Array(state.buffer)
    }
    for item in 0..<Int32(items) {
      let expected = Corrupted(corruption, level: 0.4, from: Self.source(type), item: item, shape: Self.shape)
        .state
      #expect(prepared(item, dirt: 0, withRegion: true) == expected)
      #expect(prepared(item, dirt: 77, withRegion: false) == expected)
    }
    #expect(
      Array(table.storage.buffer) == (0..<items).flatMap { _ in Self.source(type) }, "the source is kept")
  }

  @Test(arguments: names) func theRegionHoldsWhatMayChange(name: String) throws {
    let corruption = try Self.corruption(name)
    let type = type(of: corruption)
    let source = Self.source(type)
    var marked = 0
    for item in 0..<100 as Range<Int32> {
      for level in [0.1, 0.5, 1] {
        let corrupted = Corrupted(corruption, level: level, from: source, item: item, shape: Self.shape)
        #expect(corrupted.region.allSatisfy { $0 <= 1 })
        marked += corrupted.region.count { $0 == 1 }
        guard type.hasRegion else { continue }
        for i in source.indices {
          // A replaced pixel equals its source with probability 2^-32; other corruptions always differ.
          #expect((corrupted.state[i] != source[i]) == (corrupted.region[i] == 1), "\(name) pixel \(i)")
        }
      }
    }
    #expect((marked > 0) == type.hasRegion)
  }

  @Test(arguments: names) func pixelsStayInTheUnitInterval(name: String) throws {
    let corruption = try Self.corruption(name)
    guard type(of: corruption).origin == .item else {
      // Latent states have no bounds: they leave the interval.
      let state = Corrupted(corruption, level: 3, from: Self.source(type(of: corruption)), item: 0).state
      #expect(state.contains { $0 < 0 || $0 > 1 })
      return
    }
    let levels: [Double] = type(of: corruption).levelDomain == .probability ? [0.3, 1] : [0.3, 1, 100]
    for level in levels {
      for item in 0..<20 as Range<Int32> {
        let source = (0..<Self.dimension).map { [0, 1, 0.5, 0x1p-60][$0 % 4] }
        let corrupted = Corrupted(corruption, level: level, from: source, item: item, shape: Self.shape)
        #expect(corrupted.state.allSatisfy { $0 >= 0 && $0 <= 1 })
      }
    }
  }
}

/// Frequencies and moments within five standard errors, at a fixed seed.
@Suite struct CorruptionStatisticsTests {
  static let dimension = 1000
  static let items: Range<Int32> = 0..<100
  static var count: Double { Double(dimension * items.count) }

  static func states(_ corruption: any Corruption, level: Double, value: Double) -> [Corrupted] {
    items.map {
      Corrupted(corruption, level: level, from: [Double](repeating: value, count: dimension), item: $0)
    }
  }

  @Test(arguments: [0.05, 0.5, 0.9]) func flipsAreBinomial(p: Double) {
    let states = Self.states(Flip(), level: p, value: 0.25)
    let flipped = states.reduce(0) { $0 + $1.state.count { $0 == 0.75 } }
    let kept = states.reduce(0) { $0 + $1.state.count { $0 == 0.25 } }
    #expect(flipped + kept == Int(Self.count))
    #expect(abs(Double(flipped) - p * Self.count) < 5 * (Self.count * p * (1 - p)).squareRoot())
    // Between items the number has the binomial's variance n p (1 - p); a sample variance of k normal
    // numbers has relative standard error sqrt(2 / (k - 1)).
    var moments = RunningMoments()
    for state in states { moments.add(Double(state.state.count { $0 == 0.75 })) }
    let variance = Double(Self.dimension) * p * (1 - p)
    let deviation = moments.standardDeviation ?? .nan
    #expect(abs(deviation * deviation / variance - 1) < 5 * (2.0 / 99).squareRoot())
  }

  @Test(arguments: [0.0005, 0.0015, 0.1, 0.3335, 0.9996, 1]) func exactFlipsAreExact(p: Double) {
    let number = Int((p * Double(Self.dimension)).rounded())
    var perPixel = [Int](repeating: 0, count: Self.dimension)
    for state in Self.states(ExactFlip(), level: p, value: 0.25) {
      #expect(state.state.count { $0 == 0.75 } == number)
      #expect(state.state.count { $0 == 0.25 } == Self.dimension - number)
      for i in perPixel.indices where state.region[i] == 1 { perPixel[i] += 1 }
    }
    // Every pixel is flipped as often: a mean position like a uniform number's.
    let positions = perPixel.indices.reduce(0.0) { $0 + Double($1 * perPixel[$1]) }
    let flips = Double(number * Self.items.count)
    let sigma = (Double(Self.dimension * Self.dimension) / 12 / flips).squareRoot()
    #expect(abs(positions / flips - Double(Self.dimension - 1) / 2) < 5 * sigma)
  }

  @Test(arguments: [0.2, 0.7, 1]) func replacementsAreUniform(p: Double) {
    let states = Self.states(UniformReplacement(), level: p, value: 0.25)
    let replaced = states.flatMap { s in s.state.indices.filter { s.region[$0] == 1 }.map { s.state[$0] } }
    let n = Double(replaced.count)
    #expect(abs(n - p * Self.count) <= 5 * (Self.count * p * (1 - p)).squareRoot())
    let mean = replaced.reduce(0, +) / n
    #expect(abs(mean - 0.5) < 5 * (1 / 12 / n).squareRoot())
    // E (u - 1/2)^2 = 1/12, its variance 1/80 - 1/144 = 1/180.
    let variance = replaced.reduce(0) { $0 + ($1 - 0.5) * ($1 - 0.5) } / n
    #expect(abs(variance - 1.0 / 12) < 5 * (1 / 180 / n).squareRoot())
  }

  @Test(arguments: [0.25, 0.9]) func clippingHasTheNormalsProbability(p: Double) {
    let states = Self.states(GaussianNoise(), level: p, value: 0.25).flatMap(\.state)
    for (fraction, probability) in [
      (
        Double(states.count { $0 == 0 }) / Self.count, 0.5 * (1 + errorFunction(-0.25 / p / 2.0.squareRoot()))
      ),
      (Double(states.count { $0 == 1 }) / Self.count, 0.5 * (1 - errorFunction(0.75 / p / 2.0.squareRoot()))),
      // Between the source and 1, not clipped.
      (
        Double(states.count { $0 > 0.25 && $0 < 1 }) / Self.count,
        0.5 * errorFunction(0.75 / p / 2.0.squareRoot())
      ),
    ] {
      #expect(abs(fraction - probability) < 5 * (probability * (1 - probability) / Self.count).squareRoot())
    }
  }

  /// The square's side and place, on square and oblong pictures.
  @Test(arguments: [
    (ImageShape(rows: 10, columns: 10), 0.09, 3), (ImageShape(rows: 10, columns: 10), 1, 10),
    (ImageShape(rows: 10, columns: 10), 0.0024, 0), (ImageShape(rows: 10, columns: 10), 0.0026, 1),
    (ImageShape(rows: 10, columns: 10), 0.3, 5), (ImageShape(rows: 4, columns: 25), 0.09, 3),
    (ImageShape(rows: 4, columns: 25), 0.9, 4), (ImageShape(rows: 25, columns: 4), 0.9, 4),
  ]) func squaresAreInsideAndUniform(shape: ImageShape, p: Double, side: Int) {
    let pixels = shape.rows * shape.columns
    var corners: [Int: Int] = [:]
    let count = 6000
    for item in 0..<Int32(count) {
      let corrupted = Corrupted(
        Occlusion(), level: p, from: [Double](repeating: 0.5, count: pixels), item: item, shape: shape)
      let hidden = (0..<pixels).filter { corrupted.state[$0] == 0 }
      #expect(hidden.count == side * side)
      #expect(hidden == (0..<pixels).filter { corrupted.region[$0] == 1 })
      guard let corner = hidden.first else { continue }
      let (top, left) = (corner / shape.columns, corner % shape.columns)
      let square = (0..<side).flatMap { r in (0..<side).map { (top + r) * shape.columns + left + $0 } }
      #expect(hidden == square)
      corners[corner, default: 0] += 1
    }
    guard side > 0 else {
      #expect(corners.isEmpty)
      return
    }
    let places = (shape.rows - side + 1) * (shape.columns - side + 1)
    #expect(corners.count == places)
    let q = 1 / Double(places)
    let sigma = (Double(count) * q * (1 - q)).squareRoot()
    #expect(corners.values.allSatisfy { abs(Double($0) - Double(count) * q) <= 5 * sigma })
  }

  @Test(arguments: [0.01, 1, 3]) func latentNoiseHasItsVariance(p: Double) {
    let deviations = Self.states(LatentGaussian(), level: p, value: 2).flatMap(\.state).map { ($0 - 2) / p }
    checkStandardNormal(deviations)
  }

  @Test func thePriorIsStandardNormalWhateverTheLevel() {
    for level in [0, 7.5] {
      checkStandardNormal(Self.states(PriorDraw(), level: level, value: 0).flatMap(\.state))
    }
  }

  private func checkStandardNormal(_ numbers: [Double]) {
    let n = Double(numbers.count)
    // Moments 0, 1, 0, 3 with variances 1, 2, 15, 96.
    #expect(abs(numbers.reduce(0, +) / n) < 5 * (1 / n).squareRoot())
    #expect(abs(numbers.reduce(0) { $0 + $1 * $1 } / n - 1) < 5 * (2 / n).squareRoot())
    #expect(abs(numbers.reduce(0) { $0 + $1 * $1 * $1 } / n) < 5 * (15 / n).squareRoot())
    #expect(abs(numbers.reduce(0) { $0 + $1 * $1 * $1 * $1 } / n - 3) < 5 * (96 / n).squareRoot())
  }

  @Test(arguments: [0.5, 4]) func theBoxIsFilledUniformly(a: Double) {
    let numbers = Self.states(LatentBox(), level: a, value: 0).flatMap(\.state).map { $0 / a }
    let n = Double(numbers.count)
    #expect(numbers.allSatisfy { abs($0) < 1 })
    // Uniform on (-1, 1): E x = 0, E x^2 = 1/3, variances 1/3 and 1/5 - 1/9 = 4/45.
    #expect(abs(numbers.reduce(0, +) / n) < 5 * (1 / 3 / n).squareRoot())
    #expect(abs(numbers.reduce(0) { $0 + $1 * $1 } / n - 1.0 / 3) < 5 * (4 / 45 / n).squareRoot())
    // 20 cells.
    var cells = [Double](repeating: 0, count: 20)
    for x in numbers { cells[Int((x + 1) * 10)] += 1 }
    #expect(cells.allSatisfy { abs($0 - n / 20) < 5 * (n * 0.05 * 0.95).squareRoot() })
  }
}
