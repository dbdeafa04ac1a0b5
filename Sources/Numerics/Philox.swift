/// The counter-based generator Philox4x32-10.
///
///     words = philox(key, counter)
///
/// For each 64-bit key this is a bijection of the 128-bit counter. Equal addresses give equal words, and threads
/// share no state. Verified against Random123's known-answer vectors.
///
/// - Complexity: ten rounds, two 32 x 32 bit multiplications each; about 2 ns per word.
///
/// Source: Salmon, Moraes, Dror, Shaw, *Parallel random numbers: as easy as 1, 2, 3* (SC 2011),
/// doi:10.1145/2063384.2063405.
public struct Philox4x32: Sendable, Hashable {
  /// The two key words.
  public var key: SIMD2<UInt32>

  /// Creates the generator with the given key words.
  public init(key: SIMD2<UInt32>) { self.key = key }

  /// The four words at an address.
  @inlinable
  public func words(at counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var c = counter
    var k0 = key.x
    var k1 = key.y
    for _ in 0..<10 {
      let p0 = UInt64(0xD251_1F53) &* UInt64(c.x)
      let p1 = UInt64(0xCD9E_8D57) &* UInt64(c.z)
      c = SIMD4(
        UInt32(truncatingIfNeeded: p1 >> 32) ^ c.y ^ k0, UInt32(truncatingIfNeeded: p1),
        UInt32(truncatingIfNeeded: p0 >> 32) ^ c.w ^ k1, UInt32(truncatingIfNeeded: p0))
      k0 = k0 &+ 0x9E37_79B9
      k1 = k1 &+ 0xBB67_AE85
    }
    return c
  }
}

/// The purpose of a random number. Numbers of different purposes are independent.
///
/// The raw values must never change, because every run's numbers depend on them.
public enum RandomPurpose: UInt32, Sendable, CaseIterable {
  /// The bits of generated patterns.
  case patterns = 1
  /// The corruption of initial states.
  case corruption = 2
  /// Samples of q(z|x) during inference.
  case latentSample = 3
  /// Samples of p(x|z) during inference.
  case decoderSample = 4
  /// The choice of an ensemble's items.
  case itemSelection = 5
  /// A network's initial parameters.
  case parameterInitialization = 6
  /// The order of training items in each epoch.
  case trainingOrder = 7
  /// Samples of q(z|x) in training.
  case trainingSample = 8
  /// Samples of q(z|x) for the evidence lower bound.
  case evidenceSample = 9
  /// The bootstrap's weights.
  case bootstrap = 10
  /// The shuffled labels of the control that every run has.
  case controls = 11
  /// The choice of training items that are held out for validation.
  case validation = 12
  /// The shuffled labels of a whole data set.
  case labelShuffle = 13
  /// The samples of training and held-out memories that are compared.
  case memorySample = 14
  /// Directions in which the stability of fixed points on kinks is examined.
  case kinkDirection = 15
  /// Which items of a file are held out of training.
  case heldOutItems = 16
  /// The first centres of clusters.
  case clusterStart = 17
  /// For maps, observables and corruptions that are defined outside this package.
  case user = 1000
}

/// The random numbers of one purpose under one seed and one 64-bit context, addressed by three 32-bit coordinates.
///
/// In an ensemble the context is the bits of the level's value. Seed, purpose and context pass through Philox to
/// give the key, so that no sum or product of two seeds and contexts can make them collide.
public struct RandomField: Sendable, Hashable {
  @usableFromInline let generator: Philox4x32

  /// - Parameters:
  ///   - seed: The scenario's seed.
  ///   - purpose: What the numbers are for.
  ///   - context: In an ensemble the bits of the level's value, else a number of the caller's choice.
  public init(seed: UInt64, purpose: RandomPurpose, context: UInt64 = 0) {
    let root = Philox4x32(
      key: SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
    let w = root.words(
      at: SIMD4(
        purpose.rawValue, UInt32(truncatingIfNeeded: context),
        UInt32(truncatingIfNeeded: context >> 32), 0))
    generator = Philox4x32(key: SIMD2(w.x, w.y))
  }

  /// The four words at (`a`, `b`, `c`, `draw`).
  @inlinable
  public func words(_ a: UInt32, _ b: UInt32, _ c: UInt32, draw: UInt32) -> SIMD4<UInt32> {
    generator.words(at: SIMD4(a, b, c, draw))
  }

  /// Sequential access to the numbers whose first three coordinates are (`a`, `b`, `c`).
  @inlinable
  public func stream(_ a: UInt32, _ b: UInt32 = 0, _ c: UInt32 = 0) -> RandomStream {
    RandomStream(field: self, a: a, b: b, c: c)
  }
}

/// The numbers at one address of a `RandomField`, in order.
///
/// A stream is a value: a copy gives the same numbers again.
public struct RandomStream: Sendable {
  @usableFromInline let field: RandomField
  @usableFromInline let a: UInt32, b: UInt32, c: UInt32
  @usableFromInline var draw: UInt32 = 0
  @usableFromInline var buffer = SIMD4<UInt32>()
  @usableFromInline var used = 4
  @usableFromInline var spareNormal = Double.nan

  @inlinable
  init(field: RandomField, a: UInt32, b: UInt32, c: UInt32) {
    self.field = field
    self.a = a
    self.b = b
    self.c = c
  }

  /// The next 32 random bits.
  @inlinable
  public mutating func nextWord() -> UInt32 {
    if used == 4 {
      buffer = field.words(a, b, c, draw: draw)
      draw &+= 1
      used = 0
    }
    defer { used += 1 }
    return buffer[used]
  }

  /// A number in the open interval (0, 1): (word + 1/2) / 2^32.
  @inlinable
  public mutating func uniform() -> Double {
    (Double(nextWord()) + 0.5) * 0x1p-32
  }

  /// A standard normal number (Box and Muller, doi:10.1214/aoms/1177706645).
  ///
  /// A uniform number has 32 bits, so magnitudes are at most 6.8.
  @inlinable
  public mutating func normal() -> Double {
    if !spareNormal.isNaN {
      defer { spareNormal = .nan }
      return spareNormal
    }
    let first = uniform()
    let normal = normalNumbers(first, uniform())
    spareNormal = normal.1
    return normal.0
  }

  /// The next standard normal numbers: those that as many calls of `normal` give, in less time.
  public mutating func normals(to target: UnsafeMutablePointer<Double>, count: Int) {
    var done = 0
    if count > 0, !spareNormal.isNaN {
      target[0] = normal()
      done = 1
    }
    let chunk = 64
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * chunk) { uniforms in
      guard let u = uniforms.baseAddress else { return }
      let v = u + chunk
      while count - done >= 2 {
        let pairs = min((count - done) / 2, chunk)
        for k in 0..<pairs {
          u[k] = uniform()
          v[k] = uniform()
        }
        normalNumbers(u, v, count: pairs, to: target + done)
        done += 2 * pairs
      }
    }
    if done < count { target[done] = normal() }
  }

  /// A whole number in `0..<bound`, without bias (Lemire, doi:10.1145/3230636).
  ///
  /// - Precondition: `bound` is above 0 and fits in 32 bits.
  @inlinable
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0 && bound <= Int(UInt32.max))
    let n = UInt32(bound)
    var product = UInt64(nextWord()) &* UInt64(n)
    if UInt32(truncatingIfNeeded: product) < n {
      let threshold = (0 &- n) % n
      while UInt32(truncatingIfNeeded: product) < threshold {
        product = UInt64(nextWord()) &* UInt64(n)
      }
    }
    return Int(product >> 32)
  }

  /// A random permutation of `0..<count` (Fisher and Yates).
  /// - Precondition: `count` fits in 32 bits.
  /// - Complexity: O(count).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    guard count > 1 else { return order }
    for i in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(i, below(i + 1))
    }
    return order
  }
}
