import Attractors
import Dynamics
import Numerics
import Observables
import TestSupport
import Testing
import VAE

private let unit = 0x1p-53

/// Random networks, PyTorch's initialization times `gain`.
func randomNetwork(
  data: Int, latent: Int, hidden: [Int], _ activation: Activation, _ likelihood: Likelihood, gain: Double,
  seed: UInt64
) -> Autoencoder {
  let architecture = Architecture(
    dataDimension: data, latentDimension: latent, hidden: hidden, activation: activation,
    likelihood: likelihood)
  let drawn = Autoencoder(initializing: architecture, seed: seed)
  return Autoencoder(
    architecture: architecture,
    layers: drawn.layers.map { layer in
      var layer = layer
      layer.weight = layer.weight.map { Float(gain) * $0 }
      return layer
    })
}

/// F(z) and J(z) as the search sees them.
struct Linearization {
  let map: DifferentiableInferenceMap<DenseNetwork<Double>>

  func callAsFunction(_ z: [Double]) -> (image: [Double], jacobian: [[Double]]) {
    let n = map.dimension
    var directions = [Double](repeating: 0, count: n * n)
    for i in 0..<n { directions[i * n + i] = 1 }
    var image = z
    var workspace = map.makeTangentWorkspace(directions: n)
    map.linearize(at: z, image: &image, directions: &directions, count: n, workspace: &workspace)
    return (image, (0..<n).map { i in (0..<n).map { directions[$0 * n + i] } })
  }

  func image(_ z: [Double]) -> [Double] {
    var image = z
    var none = [0.0]
    var workspace = map.makeTangentWorkspace(directions: 0)
    map.linearize(at: z, image: &image, directions: &none, count: 0, workspace: &workspace)
    return image
  }
}

func product(_ a: [[Double]], _ v: [Double]) -> [Double] {
  a.map { row in zip(row, v).reduce(0) { $0 + $1.0 * $1.1 } }
}

func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
  a.map { row in
    b[0].indices.map { j in row.indices.reduce(0) { $0 + row[$1] * b[$1][j] } }
  }
}

/// tr A, tr A^2, ..., tr A^count: the power sums of the eigenvalues, which determine them.
func traces(_ a: [[Double]], _ count: Int) -> [Double] {
  var power = a
  return (0..<count).map { k in
    if k > 0 { power = product(power, a) }
    return a.indices.reduce(0) { $0 + power[$1][$1] }
  }
}

/// The power sums of given eigenvalues (real parts).
func powerSums(_ eigenvalues: [ComplexNumber], _ count: Int) -> [Double] {
  (1...count).map { k in
    eigenvalues.reduce(0) { sum, value in
      var (real, imaginary) = (1.0, 0.0)
      for _ in 0..<k {
        (real, imaginary) = (
          real * value.real - imaginary * value.imaginary, real * value.imaginary + imaginary * value.real
        )
      }
      return sum + real
    }
  }
}

/// Solves A x = b by Gauss's elimination with pivoting.
func solution(_ a: [[Double]], _ b: [Double]) -> [Double] {
  var rows = zip(a, b).map { $0 + [$1] }
  let n = b.count
  for k in 0..<n {
    let pivot = (k..<n).max { abs(rows[$0][k]) < abs(rows[$1][k]) } ?? k
    rows.swapAt(k, pivot)
    for i in 0..<n where i != k {
      let factor = rows[i][k] / rows[k][k]
      for j in k...n { rows[i][j] -= factor * rows[k][j] }
    }
  }
  return (0..<n).map { rows[$0][n] / rows[$0][$0] }
}

@Suite struct AttractorsNetworkTests {
  static let kinds: [(Activation, Likelihood)] = [.tanh, .relu, .gelu, .softplus].flatMap { activation in
    [Likelihood.bernoulli, .gaussian].map { (activation, $0) }
  }

  // MARK: The derivative

  @Test(arguments: kinds) func linearizationIsTheDerivativeOfAStep(
    activation: Activation, likelihood: Likelihood
  )
    throws
  {
    for (k, hidden) in [[], [9], [12, 7], [5, 11, 6]].enumerated() {
      let model = randomNetwork(
        data: 13, latent: 1 + 2 * k, hidden: hidden, activation, likelihood, gain: 2, seed: UInt64(60 + k))
      let map = DifferentiableInferenceMap(model)
      let linearization = Linearization(map: map)
      let n = map.dimension
      let points = normalRows(6, n, seed: 61)
      func images(_ states: [[Double]]) throws -> [[Double]] {
        try measure(
          [], map, from: GivenStart(RowTable(states), space: .latent), items: states.count, steps: 1
        )
        .states.map { $0[1] }
      }
      let steps = try images(points)
      // Central differences of fourth order: (8 (F(h) - F(-h)) - (F(2h) - F(-2h))) / (12 h). For relu, linear but for
      // kinks, a small h meets no kink (a chance of about 1e-5 per point) and rounding is some 40 u / h.
      let h =
        activation == .relu && likelihood == .gaussian ? 0x1p-20 : activation == .relu ? 0x1p-14 : 0x1p-10
      for (p, z) in points.enumerated() {
        let (image, jacobian) = linearization(z)
        let scale = max(1, norm(image))
        // Both sum the same products in another order: at most 30 terms a layer, and gains of up to 2^8.
        #expect(norm(difference(image, steps[p])) <= 1e3 * unit * scale)
        #expect(linearization.image(z) == image)
        var size = 0.0
        for row in jacobian { size += row.reduce(0) { $0 + $1 * $1 } }
        size = max(1, size.squareRoot())
        for j in 0..<n {
          let shifted = try images(
            [-2, -1, 1, 2].map { s in z.indices.map { z[$0] + ($0 == j ? s * h : 0) } })
          for i in 0..<n {
            let slope =
              (8 * (shifted[2][i] - shifted[1][i]) - (shifted[3][i] - shifted[0][i])) / (12 * h)
            // h^4 times a fifth derivative (of the order of gain^5 = 30 to some hundreds) is 1e-10; rounding as above.
            let tolerance = 3e-10 * size + 1e3 * unit * scale / h
            #expect(abs(slope - jacobian[i][j]) <= tolerance, "\(hidden), \(i), \(j)")
          }
        }
      }
    }
  }

  @Test func anyNumberOfDirectionsIsLinearized() {
    let map = DifferentiableInferenceMap(
      randomNetwork(data: 40, latent: 3, hidden: [50], .tanh, .bernoulli, gain: 2, seed: 4))
    let z = [0.3, -0.2, 0.9]
    let (image, jacobian) = Linearization(map: map)(z)
    for count in [1, 2, 41, 42, 43, 100] {
      let vectors = normalRows(count, 3, seed: 9)
      var flat = vectors.flatMap { $0 }
      var workspace = map.makeTangentWorkspace(directions: count)
      // In place: the image may overwrite the state.
      var state = z
      state.withUnsafeMutableBufferPointer { buffer in
        let pointer = buffer.baseAddress!
        map.linearize(
          at: pointer, image: pointer, directions: &flat, count: count, workspace: &workspace)
      }
      #expect(state == image)
      for (k, v) in vectors.enumerated() {
        let expected = product(jacobian, v)
        // 50 terms of size up to |J| |v|.
        #expect(norm(difference(Array(flat[k * 3..<k * 3 + 3]), expected)) <= 1e3 * unit * max(1, norm(v)))
      }
    }
  }

  // MARK: Bounds

  @Test(arguments: [(1, 1), (1, 9), (9, 1), (7, 7), (30, 4), (4, 30), (100, 60)])
  func spectralNormBoundIsAboveTheNorm(rows: Int, columns: Int) {
    for scale in [1, 1e-120, 1e120] {
      for seed in [1, 2, 3] as [UInt64] {
        var a = normalRows(rows, columns, seed: seed).map { $0.map { scale * $0 } }
        if seed == 3 { for i in a.indices { a[i] = a[0].map { $0 * Double(i + 1) } } }  // rank one
        // Power iteration of A'A from several starts: never above the norm.
        var largest = 0.0
        for start in 0..<3 {
          var v = normalRows(start + 1, columns, seed: 77)[start]
          for _ in 0..<300 {
            let length = norm(v)
            v = v.map { $0 / length }
            let w = product(a, v)
            largest = max(largest, norm(w.map { $0 / scale }) * scale)
            v =
              columns == 1
              ? w.isEmpty ? v : [1]
              : (0..<columns).map { j in
                (0..<rows).reduce(0) { $0 + a[$1][j] / scale * (w[$1] / scale) }
              }
          }
        }
        let bound = spectralNormBound(a.flatMap { $0 }, rows: rows, columns: columns)
        // The iteration's value may exceed the norm by rounding only.
        #expect(bound >= largest * (1 - 1e-12), "\(bound), \(largest)")
        // rank^(1/64) <= 60^(1/64) = 1.066, and what the iteration has not reached in 300 steps.
        #expect(bound <= 1.12 * largest, "\(bound), \(largest)")
      }
    }
    #expect(
      spectralNormBound([Double](repeating: 0, count: rows * columns), rows: rows, columns: columns) == 0)
    let bad = spectralNormBound(
      [Double](repeating: .nan, count: rows * columns), rows: rows, columns: columns)
    #expect(!(bad <= 1e300))
  }

  /// T R(S u) for the map's own F and J.
  private func remainder(
    _ linearization: Linearization, _ z: [Double], image: [Double], jacobian: [[Double]], source: [[Double]],
    target: [[Double]], _ u: [Double]
  ) -> Double {
    let v = product(source, u)
    let moved = linearization.image(zip(z, v).map { $0 + $1 })
    return norm(product(target, difference(difference(moved, image), product(jacobian, v))))
  }

  @Test(arguments: kinds) func noDisplacementExceedsTheRemainderBound(
    activation: Activation, likelihood: Likelihood
  ) throws {
    for (k, hidden) in [[], [8], [9, 6]].enumerated() {
      for gain in [1.0, 3] {
        let n = 1 + k
        let model = randomNetwork(
          data: 10, latent: n, hidden: hidden, activation, likelihood, gain: gain, seed: UInt64(80 + k))
        let map = DifferentiableInferenceMap(model)
        let linearization = Linearization(map: map)
        for trial in 0..<3 {
          let z = normalRows(3, n, seed: UInt64(90 + k))[trial]
          // Ellipsoids of any shape: the first trial round, the others with axes of ratio up to some tens.
          func matrix(_ seed: UInt64) -> [[Double]] {
            var m =
              trial == 0
              ? (0..<n).map { _ in [Double](repeating: 0, count: n) } : normalRows(n, n, seed: seed)
            for i in 0..<n { m[i][i] += 1 }
            return m
          }
          let (source, target) = (matrix(3), matrix(4))
          let bound = try #require(
            map.remainderBound(at: z, source: source.flatMap { $0 }, target: target.flatMap { $0 }))
          let (image, jacobian) = linearization(z)
          let spread = max(1, norm(target.flatMap { $0 })) * max(1, norm(image))
          var random = RandomField(seed: 5, purpose: .user).stream(UInt32(trial), UInt32(k))
          var previous = 0.0
          for radius in [1e-4, 1e-3, 0.01, 0.1, 0.3, 1, 3, 10, 100] {
            let limit = bound(radius)
            #expect(limit.isFinite && limit >= 0)
            // bound(r) / r nondecreasing, up to its own roundings.
            #expect(limit / radius >= previous * (1 - 1e-9))
            previous = limit / radius
            // Roundings of F of about 1e3 units (as above).
            let allowance = 1e4 * unit * spread * max(1, radius)
            func value(_ u: [Double]) -> Double {
              remainder(
                linearization, z, image: image, jacobian: jacobian, source: source, target: target, u)
            }
            var worst: (value: Double, u: [Double]) = (0, Array(repeating: radius, count: n))
            for _ in 0..<40 {
              let direction = (0..<n).map { _ in random.normal() }
              let u = direction.map { radius * $0 / norm(direction) }
              let size = value(u)
              if size >= worst.value { worst = (size, u) }
              // Inside the ball, too.
              let inside = u.map { 0.5 * $0 }
              #expect(value(inside) <= limit + allowance)
            }
            // Uphill on the sphere from the worst.
            var reach = 0.5
            for _ in 0..<40 {
              let trial = worst.u.map { $0 + reach * radius * random.normal() }
              let u = trial.map { radius * $0 / norm(trial) }
              let size = value(u)
              if size > worst.value { worst = (size, u) } else { reach *= 0.9 }
            }
            #expect(worst.value <= limit + allowance, "\(hidden), gain \(gain), r = \(radius)")
          }
          // Quadratic for small radii where there are second derivatives (relu: 0 up to the next kink).
          if !(activation == .relu && likelihood == .gaussian), !(hidden == [] && likelihood == .gaussian) {
            if activation != .relu || hidden == [] {
              let ratio = bound(1e-6) / bound(0.5e-6)
              #expect(abs(ratio - 4) < 1e-3, "\(ratio)")
            }
          }
          if hidden == [], likelihood == .gaussian { #expect(bound(100) == 0) }
        }
      }
    }
  }

  @Test func remainderBoundIsNotIdle() throws {
    // Not larger than needed by more than two orders of magnitude, at radii where it is quadratic.
    let map = DifferentiableInferenceMap(
      randomNetwork(data: 20, latent: 2, hidden: [12], .tanh, .bernoulli, gain: 2, seed: 7))
    let z = [0.4, -0.3]
    let linearization = Linearization(map: map)
    let (image, jacobian) = linearization(z)
    let one = [[1.0, 0], [0, 1]]
    let bound = try #require(map.remainderBound(at: z, source: [1, 0, 0, 1], target: [1, 0, 0, 1]))
    let worst =
      (0..<60).map { k -> Double in
        let direction = sineAndCosine(ofTurns: Double(k) / 60)
        return remainder(
          linearization, z, image: image, jacobian: jacobian, source: one, target: one,
          [0.01 * direction.cosine, 0.01 * direction.sine])
      }.max() ?? 0
    #expect(bound(0.01) < 100 * worst)
  }

  // MARK: The linear Gaussian autoencoder

  /// A linear model with a known contraction: z -> A W z + A b_g + b_m.
  private static func linear(n: Int, d: Int, gain: Double, seed: UInt64) -> (
    model: Autoencoder, j: [[Double]], c: [Double]
  ) {
    let model = randomNetwork(data: d, latent: n, hidden: [], .tanh, .gaussian, gain: gain, seed: seed)
    func matrix(_ layer: LayerParameters, _ columns: Int) -> [[Double]] {
      stride(from: 0, to: layer.weight.count, by: columns).map { start in
        layer.weight[start..<start + columns].map(Double.init)
      }
    }
    let a = matrix(model.layers[0], d)
    let w = matrix(model.layers[2], n)
    let offset = product(a, model.layers[2].bias.map(Double.init))
    return (model, product(a, w), zip(offset, model.layers[0].bias).map { $0 + Double($1) })
  }

  @Test(arguments: [1, 2, 3, 6]) func aLinearGaussianAutoencoderHasItsClosedForm(n: Int) throws {
    for gain in [0.5, 1, 1.2] {
      let (model, j, c) = Self.linear(n: n, d: 9, gain: gain, seed: UInt64(20 + n))
      let map = DifferentiableInferenceMap(model)
      var system = j.map { $0.map { -$0 } }
      for i in 0..<n { system[i][i] += 1 }
      let expected = solution(system, c)
      let starts = normalRows(30, n, seed: 17)
      for usesTrappingBalls in [true, false] {
        var settings = AttractorSearch<DifferentiableInferenceMap<DenseNetwork<Double>>, GivenStart>
          .Settings()
        settings.usesTrappingBalls = usesTrappingBalls
        let search = AttractorSearch(
          map: map, start: GivenStart(RowTable(starts), space: .latent), seed: 1, threads: 1,
          settings: settings)
        let decisions = try search.decide(
          starts.indices.map { Member(level: 0, item: Int32($0), realization: 0) })
        #expect(search.sets.count == 1)
        let set = try #require(search.sets.first)
        // Contraction (the random weights' J has a norm below 0.9): errors of 1e2 units grow tenfold at most.
        #expect(norm(difference(set.points[0], expected)) <= 1e4 * unit * max(1, norm(expected)))
        #expect(set.residual <= 1e2 * unit * max(1, norm(expected)))
        let sums = powerSums(set.eigenvalues, 2 * n)
        for (sum, trace) in zip(sums, traces(j, 2 * n)) { #expect(abs(sum - trace) <= 1e3 * unit) }
        #expect(abs(set.eigenvalues.map(\.imaginary).reduce(0, +)) <= 8 * unit)
        let images = try measure(
          [], map, from: GivenStart(RowTable(starts), space: .latent), items: starts.count, steps: 300
        ).states
        for (m, decision) in decisions.enumerated() {
          #expect(decision.outcome == .converged && decision.set == 0)
          let time = try #require(
            (1...300).first { norm(difference(images[m][$0], images[m][$0 - 1])) < 1e-10 })
          // Linear: the continuation in the ball is exact, but for a step that falls on the tolerance.
          #expect(abs(Int(decision.time) - time) <= (usesTrappingBalls ? 1 : 0))
        }
        // Where the contraction is strong they arrive within the first round, before there is a ball.
        if usesTrappingBalls, set.spectralRadius > 0.4 { #expect(search.decidedByBall > 0) }
        // The rate of the approach is the spectral radius, where the leading eigenvalue is alone.
        if n == 1 {
          let ratio = (images[0][6][0] - expected[0]) / (images[0][5][0] - expected[0])
          // Differences of numbers that are known to some units.
          let error = 16 * unit * max(1, abs(expected[0])) / abs(images[0][5][0] - expected[0])
          #expect(abs(ratio - set.eigenvalues[0].real) <= error)
        }
        #expect(set.transientGrowth().factor >= 1)
      }
    }
  }

  @Test func anExpandingLinearModelDiverges() throws {
    let (model, _, _) = Self.linear(n: 3, d: 9, gain: 12, seed: 3)
    let starts = normalRows(10, 3, seed: 17)
    let search = AttractorSearch(
      map: DifferentiableInferenceMap(model), start: GivenStart(RowTable(starts), space: .latent), seed: 1,
      threads: 1)
    let decisions = try search.decide((0..<10).map { Member(level: 0, item: $0, realization: 0) })
    #expect(decisions.allSatisfy { $0.outcome == .diverged && $0.set == -1 })
    try search.census(from: starts, budget: 8)
    #expect(search.sets.count == 1)
    #expect(search.sets.first?.isStable == false)
  }

  // MARK: The pixel map

  /// At x* = g(z*) the Jacobians of g . m and of m . g have the same nonzero eigenvalues: equal power sums.
  @Test(arguments: ["tiny-tanh", "tiny-gelu", "tiny-softplus", "tiny-gaussian", "tiny-linear"])
  func pixelMapSharesTheEigenvalues(name: String) throws {
    let model = try ReferenceFile(tiny: name).model
    let map = DifferentiableInferenceMap(model)
    let starts = normalRows(20, map.dimension, seed: 19)
    let search = AttractorSearch(
      map: map, start: GivenStart(RowTable(starts), space: .latent), seed: 1, threads: 1)
    _ = try search.decide((0..<20).map { Member(level: 0, item: $0, realization: 0) })
    try search.census(from: normalRows(40, map.dimension, seed: 23), budget: 60)
    #expect(!search.sets.isEmpty)
    for set in search.sets.filter({ $0.period == 1 }).prefix(4) {
      let d = map.dataDimension
      let picture = values(map.dataStates(of: RowTable([set.points[0]])), row: 0)
      func pixelMap(_ pictures: [[Double]]) throws -> [[Double]] {
        let memories = try measure(
          [], map, from: GivenStart(RowTable(pictures), space: .data), items: pictures.count
        ).states.map { $0[0] }
        let table = map.dataStates(of: RowTable(memories))
        return pictures.indices.map { values(table, row: $0) }
      }
      // x* is a fixed point of the pixel map.
      #expect(norm(difference(try pixelMap([picture])[0], picture)) <= 1e-12 * max(1, norm(picture)))
      let h = 0x1p-10
      var jacobian = Array(repeating: Array(repeating: 0.0, count: d), count: d)
      for j in 0..<d {
        let moved = try pixelMap(
          [-2, -1, 1, 2].map { s in picture.indices.map { picture[$0] + ($0 == j ? s * h : 0) } })
        for i in 0..<d {
          jacobian[i][j] = (8 * (moved[2][i] - moved[1][i]) - (moved[3][i] - moved[0][i])) / (12 * h)
        }
      }
      // Entries err by 1e-12 (rounding / h) to 1e-10 (h^4), d of them add up, and the k-th power sum has k times
      // |J|^(k-1) of it.
      var size = 0.0
      for row in jacobian { size += row.reduce(0) { $0 + $1 * $1 } }
      size = max(1, size.squareRoot())
      let count = map.dimension + 3
      for (k, (sum, trace)) in zip(powerSums(set.eigenvalues, count), traces(jacobian, count)).enumerated() {
        let tolerance = 1e-9 * Double(k + 1) * power(size, Double(k))
        #expect(abs(sum - trace) <= tolerance, "power \(k + 1): \(sum), \(trace)")
      }
      #expect(set.spectralRadius > 1e-3)
    }
  }

  // MARK: All networks

  @Test(arguments: kinds) func networksAgreeWithPlainIteration(activation: Activation, likelihood: Likelihood)
    throws
  {
    let model = randomNetwork(
      data: 24, latent: 3, hidden: [16], activation, likelihood,
      gain: likelihood == .bernoulli ? 4 : activation == .tanh ? 2.5 : 1.5, seed: 44)
    let map = DifferentiableInferenceMap(model)
    let starts = normalRows(60, 3, seed: 45).map { $0.map { 2 * $0 } }
    var results: [[String]] = []
    for (threads, usesTrappingBalls, refillsBlocks) in [
      (1, true, true), (2, true, true), (3, true, true), (2, false, true), (2, false, false),
    ] {
      var settings = AttractorSearch<DifferentiableInferenceMap<DenseNetwork<Double>>, GivenStart>.Settings()
      settings.usesTrappingBalls = usesTrappingBalls
      settings.refillsBlocks = refillsBlocks
      settings.maximumSteps = 20_000
      let search = AttractorSearch(
        map: map, start: GivenStart(RowTable(starts), space: .latent), seed: 1, threads: threads,
        settings: settings)
      let decisions = try search.decide((0..<60).map { Member(level: 0, item: $0, realization: 0) })
      results.append(
        decisions.map { decision in
          let place = search.set(decision)?.points.map { $0.map { ($0 * 1e7).rounded() } } ?? []
          return "\(decision.outcome) \(place)"
        })
      for set in search.sets {
        #expect(set.residual < 1e-12 * max(1, norm(set.points[0])))
      }
    }
    for other in results.dropFirst() { #expect(other == results[0]) }
    // Where plain iteration really is after 20,000 steps.
    let last = try measure(
      [], InferenceMap<DenseNetwork<Double>>(model), from: GivenStart(RowTable(starts), space: .latent),
      items: 60,
      steps: 3000
    ).states.map { $0[3000] }
    for (m, text) in results[0].enumerated() where text.hasPrefix("converged") {
      let rounded = last[m].map { ($0 * 1e7).rounded() }
      let place = text.dropFirst("converged [[".count).dropLast(2).split(separator: ", ").map {
        Double($0) ?? .nan
      }
      // One unit of the rounding on either side.
      #expect(zip(rounded, place).allSatisfy { abs($0 - $1) <= 1 })
    }
    #expect(results[0].contains { $0.hasPrefix("converged") || $0.hasPrefix("cycle") })
  }
}
