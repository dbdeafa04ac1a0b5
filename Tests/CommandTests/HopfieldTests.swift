import Foundation
import Output
import Testing

/// 160 items in 2 x 2 classes, as `smallScenario`, for a Hopfield network of 36 units.
private let hopfieldScenario = """
  name: memory
  seed: 7
  dataset: {kind: hierarchical-patterns, dimension: 36, superclasses: 2, classes: 2, memories: 40, test: 5}
  model: {kind: hopfield}
  dynamics: {steps: 3}
  initial: {levels: [0, 0.5]}
  observables: [overlap-memory, overlap-concept, distance-superconcept, distance-nearest-memory, \
    abstraction-level, concept-accuracy, step-length, data-overlap, reconstruction-error, \
    principal-component-1]
  group-by: [class, superclass]
  split-by: [retention]
  output: {members: true, latents: true, films: {items: 2}}

  """

extension CommandTests {
  /// Runs with `model.kind: hopfield`.
  @Suite struct HopfieldTests {
    /// One cluster of p memories that each have the overlap b with a hidden pattern.
    private static func cluster(_ p: Int, _ b: Double, units: Int) -> String {
      """
      name: cluster
      seed: 41
      dataset:
        kind: hierarchical-patterns
        dimension: \(units)
        superclasses: 1
        classes: 1
        memories: \(p)
        test: 0
        correlation: [1, \(b)]
      model: {kind: hopfield}
      dynamics: {steps: 12}
      observables: [overlap-memory, overlap-concept, step-length]

      """
    }

    /// Amari 1977, doi:10.1007/BF00365229 : the first step from a memory in a cluster.
    @Test(arguments: [(31, 0.3), (81, 0.3)])
    func theFirstStepInAClusterFollowsAmari(p: Int, b: Double) throws {
      let n = 4000
      let sandbox = try Sandbox()
      try sandbox.put(Self.cluster(p, b, units: n), at: "cluster.yaml")
      try sandbox.succeed("run", "cluster.yaml", "--set", "dynamics.steps=1")
      let reader = try sandbox.reader("cluster.nc")
      let mean = try Table(reader, "overlap_memory")[0, 1]
      let standardError = try Table(reader, "overlap_memory_standard_error")[0, 1]
      // k of the p - 1 others agree with the hidden pattern at a unit, each with probability 1 - q. Given them, the
      // own sign is right where 1 + (+-1) b^2 (2 k - p + 1) + noise > 0; the overlaps' noise has variance
      // (p - 1)(1 - b^4) / N.
      let q = 0.5 * (1 - b)
      let others = Double(p - 1)
      let variance: Double = others * (1 - pow(b, 4)) / Double(n)
      let width: Double = (2 * variance).squareRoot()
      var exact = 0.0
      var weight: Double = pow(q, others)
      for k in 0..<p {
        let sum: Double = b * b * Double(2 * k - p + 1)
        let right: Double = (1 - q) * erf((1 + sum) / width)
        let wrong: Double = q * erf((1 - sum) / width)
        exact += weight * (right + wrong)
        weight *= Double(p - 1 - k) / Double(k + 1) * (1 - q) / q
      }
      // Members share the memories: the N counts k fluctuate in common, by 1 / sqrt(N) at most.
      let tolerance = 4 * standardError + 1 / Double(n).squareRoot()
      #expect(abs(mean - exact) <= tolerance, "\(mean), exactly \(exact)")
      // The oracle's formula takes the sum over k for normal: off by half the largest weight in the distribution
      // function, so by the weight in erf.
      let bigB: Double = pow(b, 3) * others
      let s: Double = b * b * (2 * others * (1 - b * b)).squareRoot()
      let formula: Double = (1 - q) * erf((1 + bigB) / s) + q * erf((1 - bigB) / s)
      let largest: Double = 1 / (2 * Double.pi * others * q * (1 - q)).squareRoot()
      #expect(abs(mean - formula) <= tolerance + largest, "\(mean), formula \(formula)")
    }

    /// B = b^3 (p - 1) is 0.05 and 2.2: memories are kept, or lost for the concept.
    @Test(arguments: [(3, false), (81, true)])
    func conceptsReplaceMemories(p: Int, isLost: Bool) throws {
      let n = 2000
      let sandbox = try Sandbox()
      try sandbox.put(Self.cluster(p, 0.3, units: n), at: "cluster.yaml")
      try sandbox.succeed("run", "cluster.yaml")
      let reader = try sandbox.reader("cluster.nc")
      let own = try Table(reader, "overlap_memory").row(0)
      // The cosine of equal vectors: two roots, their product, a quotient; averaged, which rounds once more.
      #expect(abs(own[0] - 1) <= 5 * 0x1p-53)
      // A state of +-1 is nearest to the concept c where it has the signs of c: cos = sum |c| / (sqrt(N) |c|).
      let c = try Table(reader, "geometry/concept_position").row(0)
      let square: Double = c.map { $0 * $0 }.reduce(0, +)
      let sum: Double = c.map { abs($0) }.reduce(0, +)
      let most = sum / (Double(n) * square).squareRoot()
      let concept = try Table(reader, "overlap_concept").row(0)
      if isLost {
        // The criterion of retrieval, 0.95, for the concept; memories are at b from it, and its share in the mean
        // and 5 standard deviations 1 / sqrt(N) more.
        #expect(concept[12] > 0.95 * most)
        #expect(own[12] < 0.3 + 5 / Double(n).squareRoot() + 0.02)
        #expect(concept[12] <= most * (1 + 1e-12))  // rounding: 2000 products of 2^-53 each
      } else {
        #expect(own[12] > 0.95)
      }
    }

    /// Independent patterns: m(1) = erf(m(0) / sqrt(2 a)), and retrieval up to the load a = 0.138.
    @Test(arguments: [(50, true), (100, true), (500, false)])
    func independentPatternsAreRetrievedUpToTheCriticalLoad(p: Int, isRetrieved: Bool) throws {
      let n = 1000
      let sandbox = try Sandbox()
      try sandbox.put(
        """
        name: independent
        seed: 5
        dataset:
          kind: hierarchical-patterns
          dimension: \(n)
          superclasses: \(p)
          classes: 1
          memories: 1
          test: 0
          correlation: [0, 0]
        model: {kind: hopfield}
        dynamics: {steps: 20}
        initial: {corruption: flip, levels: [0.1], items: 40}
        observables: [overlap-memory]
        output: {members: true}

        """, at: "independent.yaml")
      try sandbox.succeed("run", "independent.yaml")
      let reader = try sandbox.reader("independent.nc")
      let members = try Table(reader, "members/overlap_memory")
      let load = Double(p) / Double(n)
      // The law holds for each member's own m(0); finite N shifts it by order 2 / N (as in HopfieldMapTests).
      let scale = (2 * load).squareRoot()
      let differences: [Double] = (0..<40).map { members[$0, 1] - erf(members[$0, 0] / scale) }
      let mean = differences.reduce(0, +) / 40
      let squares: [Double] = differences.map { ($0 - mean) * ($0 - mean) }
      let variance = squares.reduce(0, +) / 39
      let standardError = (variance / 40).squareRoot()
      #expect(abs(mean) <= 4 * standardError + 2 / Double(n), "\(mean) +- \(standardError)")
      #expect(standardError < 0.01)
      let last = try Table(reader, "overlap_memory")[0, 20]
      let error = try Table(reader, "overlap_memory_standard_error")[0, 20]
      if isRetrieved {
        #expect(last - 3 * error > 0.95, "\(last) +- \(error)")
      } else {
        #expect(last + 3 * error < 0.5, "\(last) +- \(error)")
      }
    }

    @Test func statesFollowHebbsRule() throws {
      let sandbox = try Sandbox()
      try sandbox.put(hopfieldScenario, at: "memory.yaml")
      let execution = try sandbox.succeed("run", "memory.yaml")
      #expect(execution.output.contains("model: a Hopfield network of the training items"))
      #expect(!execution.errors.contains("not binary"))
      let reader = try sandbox.reader("memory.nc")
      let states = try Table(reader, "members/latent_state")
      #expect(states.shape == [320, 4, 36])
      #expect(states.values.allSatisfy { abs($0) == 1 })
      // At level 0 the members are the memories.
      let patterns = (0..<160).map { states.row($0, 0) }
      var wrong = 0
      for m in 0..<320 {
        for t in 0..<3 {
          let before = states.row(m, t)
          let after = states.row(m, t + 1)
          for i in 0..<36 {
            var h = 0.0
            for xi in patterns {
              for j in 0..<36 where j != i { h += xi[i] * xi[j] * before[j] }
            }
            if after[i] != (h == 0 ? before[i] : h > 0 ? 1 : -1) { wrong += 1 }
          }
        }
      }
      #expect(wrong == 0)
      // x(0) is the corrupted item itself, x(1) has the signs of z(1); z(0) those of x(0).
      let films = try Table(reader, "films/picture")
      let items = try reader.variable("films/item").readInts()
      for level in 0..<2 {
        for (k, item) in items.enumerated() {
          let member = level * 160 + item
          let signs: [Double] = films.row(level, k, 0).map { $0 > 0.5 ? 1 : -1 }
          #expect(signs == states.row(member, 0))
          let picture: [Double] = states.row(member, 1).map { 0.5 * (1 + $0) }
          #expect(films.row(level, k, 1) == picture)
        }
      }
      #expect(films.row(1, 0, 0).contains { $0 != 0 && $0 != 1 })
      #expect(try reader.attribute("model_kind").text == "hopfield")
      #expect(!reader.root.variables.contains { $0.name.hasPrefix("negative_elbo") })
      // A step of length 0 is a fixed point.
      let steps = try Table(reader, "members/step_length")
      let outcomes = try reader.variable("members/outcome").readInts()
      for m in 0..<320 { #expect((outcomes[m] == 0) == (steps[m, 3] == 0)) }
    }

    @Test func threadsPrecisionShardsAndInterruptionsChangeNoBit() throws {
      let sandbox = try Sandbox()
      try sandbox.put(hopfieldScenario, at: "memory.yaml")
      let arguments = [
        "run", "memory.yaml", "--set", "initial.realizations=8", "--set", "dynamics.steps=10", "--set",
        "output={members: true, films: {items: 2}}",
      ]
      func run(_ more: String...) throws {
        let execution = try sandbox.simulate(arguments + more)
        try #require(execution.code == 0, "\(execution.errors)")
      }
      try run("-o", "one.nc", "--threads", "1")
      let one = try sandbox.reader("one.nc")
      try run("-o", "two.nc", "--threads", "2")
      try expectIdentical(one, sandbox.reader("two.nc"))
      // Fields are whole numbers, and all else is computed in double precision.
      try run("-o", "double.nc", "--set", "dynamics.precision=double")
      try expectIdentical(one, sandbox.reader("double.nc"))
      for number in 1...3 { try run("-o", "part.nc", "--shard", "\(number)/3") }
      try sandbox.succeed(
        "merge", "part.2-of-3.shard", "part.1-of-3.shard", "part.3-of-3.shard", "-o", "merged.nc")
      try expectIdentical(one, sandbox.reader("merged.nc"))

      let program = try sandbox.start(
        Checkout.program, arguments + ["-o", "cut.nc", "--checkpoint-interval", "0"])
      while !FileManager.default.fileExists(atPath: sandbox("cut.nc.checkpoint")), program.isRunning {
        Thread.sleep(forTimeInterval: 0.002)
      }
      program.kill()
      _ = try program.end()
      try run("-o", "cut.nc", "--resume")
      try expectIdentical(one, sandbox.reader("cut.nc"))
    }

    /// The commands that read run files, and the estimate.
    @Test func theOtherCommandsKnowHopfieldNetworks() throws {
      let sandbox = try Sandbox()
      try sandbox.put(hopfieldScenario, at: "memory.yaml")
      let estimate = try sandbox.succeed("validate", "memory.yaml", "--estimate")
      #expect(estimate.output.contains("kind: hopfield"))
      #expect(estimate.output.contains("training 0.0 s"))
      try sandbox.succeed("run", "memory.yaml")
      #expect(try sandbox.succeed("inspect", "memory.nc").output.contains("hopfield"))
      #expect(try sandbox.succeed("export", "memory.nc").output.contains("overlap_memory"))
      try sandbox.succeed("plot", "memory.nc")
      #expect(String(decoding: try sandbox.bytes("memory.svg"), as: UTF8.self).contains("Averages"))
      try sandbox.succeed("report", "memory.nc")
      let page = String(decoding: try sandbox.bytes("memory.html"), as: UTF8.self)
      #expect(page.contains("kind: hopfield") && !page.contains("ELBO"))
      #expect(try sandbox.succeed("list", "maps").output.contains("hopfield"))
    }

    @Test func greyPicturesAreReadAtOneHalf() throws {
      let sandbox = try Sandbox()
      try sandbox.put(try putPictures(sandbox), at: "pictures.yaml")
      let arguments = [
        "run", "pictures.yaml", "--set", "model.kind=hopfield", "--set",
        "output={members: true, latents: true}", "-o",
      ]
      let execution = try sandbox.simulate(arguments + ["grey.nc"])
      #expect(execution.code == 0, "\(execution.errors)")
      #expect(execution.errors.contains("components above 0.5 are +1"))
      let images = try sandbox.bytes("train-images.idx")
      let pixels = images.suffix(40 * 36)
      let reader = try sandbox.reader("grey.nc")
      let states = try Table(reader, "members/latent_state")
      let starts: [Double] = (0..<40).flatMap { states.row($0, 0) }
      let signs: [Double] = pixels.map { $0 > 127 ? 1 : -1 }
      #expect(starts == signs)
      // Other greys with the same signs: other data, the same model.
      try sandbox.put(
        Array(images.prefix(images.count - 40 * 36))
          + pixels.map { (code: UInt8) in code > 127 ? 200 : 9 as UInt8 },
        at: "train-images.idx")
      #expect(try sandbox.simulate(arguments + ["other.nc"]).code == 0)
      let other = try sandbox.reader("other.nc")
      func text(_ reader: NetCDFReader, _ name: String) throws -> String? { try reader.attribute(name).text }
      #expect(try text(reader, "model_sha256") == text(other, "model_sha256"))
      #expect(try text(reader, "model_sha256")?.count == 64)
      #expect(try text(reader, "dataset_sha256") != text(other, "dataset_sha256"))
    }

    @Test func latentStartsBecomeSigns() throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        hopfieldScenario.split(separator: "\n").filter { line in
          !["observables", "group", "split", "initial"].contains { line.hasPrefix($0) }
        }.joined(separator: "\n"), at: "memory.yaml")
      for (corruption, level) in [("prior", 0), ("latent-box", 3)] {
        try sandbox.succeed(
          "run", "memory.yaml", "-o", "run.nc", "--overwrite", "--set",
          "initial={corruption: \(corruption), items: 200, levels: [\(level)]}")
        let states = try Table(sandbox.reader("run.nc"), "members/latent_state")
        #expect(states.shape == [200, 4, 36] && states.values.allSatisfy { abs($0) == 1 })
        // Signs of 7200 independent numbers, symmetric about 0; 5 standard deviations of their sum.
        let signs: [Double] = (0..<200).flatMap { states.row($0, 0) }
        let sum = signs.reduce(0, +)
        #expect(abs(sum) < 5 * 7200.0.squareRoot() && sum != 7200)
      }
      // Normal noise turns a unit with probability Phi(-1): the overlap is erf(1 / sqrt 2).
      try sandbox.succeed(
        "run", "memory.yaml", "-o", "gaussian.nc", "--set",
        "initial={corruption: latent-gaussian, levels: [1]}",
        "--set", "observables=[overlap-memory]")
      let overlap = try Table(sandbox.reader("gaussian.nc"), "overlap_memory")[0, 0]
      #expect(abs(overlap - erf(1 / 2.0.squareRoot())) < 5 / 5760.0.squareRoot())
    }

    @Test func whatItCannotDoIsRefused() throws {
      let sandbox = try Sandbox()
      try sandbox.put(hopfieldScenario, at: "memory.yaml")
      for name in ["energy", "kullback-leibler", "input-entropy", "reconstruction-excess"] {
        try sandbox.fail(
          65, ["run", "memory.yaml", "--set", "observables=[step-length, \(name)]"],
          parts: ["observables", name, "model.kind: hopfield does not have", "model.kind: vae"])
      }
      for (setting, parts) in [
        ("dynamics.mode=sample", ["dynamics.mode", "sample", "the one mode of model.kind: hopfield"]),
        ("dynamics.mode=clamped", ["dynamics.mode", "clamped", "the one mode of model.kind: hopfield"]),
        ("attractors={}", ["attractors", "units of +-1 have no Jacobian"]),
        ("observables=[spectral-radius]", ["spectral-radius", "units of +-1 have no Jacobian"]),
        ("model.latent=3", ["model.latent", "only with model.kind: vae"]),
        ("model.training.epochs=3", ["model.training", "only with model.kind: vae"]),
        (
          "observables=[principal-component-37]",
          ["principal-component-37", "at most principal-component-36"]
        ),
      ] {
        try sandbox.fail(65, ["run", "memory.yaml", "--set", setting], parts: parts)
      }
      try sandbox.fail(65, ["train", "memory.yaml"], parts: ["model.kind", "hopfield", "without training"])
      #expect(try sandbox.names == ["memory.yaml"])
    }
  }
}
