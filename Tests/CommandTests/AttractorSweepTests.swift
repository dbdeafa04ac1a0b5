import Foundation
import Output
import Testing
import VAE

extension CommandTests {
  /// Numbers of the search for attractors in files of several runs, in claims, heat maps and exported tables.
  @Suite struct AttractorSweepTests {
    private static let scenario =
      smallScenario + """
        attractors: {items: 12, max-steps: 3000, census: 20}
        sweep: {model.latent: [2, 3], model.training.beta: [0.2, 1]}
        claims:
          few:
            statement: Starts reach few sets.
            estimate: 5 - attracting-sets
            threshold: 0
          spread:
            statement: The entropy of basin fractions is positive.
            estimate: basin-fraction-entropy
            threshold: 0

        """

    @Test func sweepsAndReplicasHaveMeansOverModels() throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        Self.scenario.replacing("latent: 4", with: "latent: 4\n  replicas: 3"), at: "small.yaml")
      let run = try sandbox.succeed("run", "small.yaml")
      let reader = try sandbox.reader("small.nc")
      for name in [
        "attracting_sets", "basin_fraction_entropy", "undecided_fraction", "memorized_fraction",
      ] {
        let mean = try reader.variable(name)
        #expect(mean.dimensions.map(\.name) == ["model_latent", "model_training_beta", "level"])
        let values = try mean.readDoubles()
        let single = try reader.variable("replicas/" + name).readDoubles()
        let (lower, upper) = (
          try reader.variable(name + "_lower").readDoubles(),
          try reader.variable(name + "_upper").readDoubles()
        )
        for k in values.indices {
          // [latent, beta, replica, level].
          let own = (0..<3).map { single[k / 2 * 6 + $0 * 2 + k % 2] }.filter(\.isFinite)
          #expect(abs(values[k] - own.reduce(0, +) / Double(own.count)) <= 1e-12, "\(name)")
          #expect(!(lower[k] > values[k]) && !(upper[k] < values[k]))
        }
      }
      #expect(run.output.contains("Starts reach few sets."))
      for claim in ["few", "spread"] {
        #expect(try reader.variable("claims/\(claim)/estimate").shape == [2, 2, 3])
      }
      // The table has the numbers of the file.
      let table = try sandbox.succeed(
        "export", "small.nc", "--variables", "attracting_sets,basin_fraction_entropy"
      ).output.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
      #expect(table[0].prefix(3) == ["model_latent", "model_training_beta", "level"])
      #expect(Set(table[0]).count == table[0].count)
      let column = try #require(table[0].firstIndex(of: "attracting_sets"))
      let sets = try reader.variable("attracting_sets").readDoubles()
      #expect(table.dropFirst().map { Double($0[column]) } == sets.map(Optional.some))
      // One heat map of each, straight from the file.
      try sandbox.succeed(
        "plot", "small.nc", "--figure", "sweep", "--variables",
        "attracting-sets,basin-fraction-entropy", "-o",
        "sweep.svg")
      let page = String(decoding: try sandbox.bytes("sweep.svg"), as: UTF8.self)
      #expect(page.contains("sets that starts reach") && page.contains("entropy"))
      try sandbox.succeed("report", "small.nc", "-o", "report.md")
      let report = String(decoding: try sandbox.bytes("report.md"), as: UTF8.self)
      #expect(report.contains("sets reached") && report.contains("basin-fraction entropy"))
    }

    /// Shares of items, and noise in the place of distances, follow from other variables of the file.
    @Test func itemsAtAttractorsAreThoseWithinTheRadius() throws {
      let sandbox = try Sandbox()
      // An autoencoder that memorizes: few items, no noise, no prior.
      let text =
        smallScenario.replacing("memories: 40, test: 5", with: "memories: 3, test: 3")
        .replacing(
          "training: {epochs: 2, batch: 10}",
          with: "training: {epochs: 3000, batch: 12, beta: 0, learning-rate: 0.003}"
        )
        .replacing("hidden: [16]", with: "hidden: [64]")
        .replacing("levels: [0, 0.5]", with: "levels: [0, 0.1, 0.3], realizations: 4")
        + "attractors: {}\noutput: {members: true, latents: true}\n"
      try sandbox.put(text, at: "small.yaml")
      var shares: [Double] = []
      for (k, radius) in ["0", "0.001", "0.05", "0.5", "10"].enumerated() {
        try sandbox.succeed(
          "run", "small.yaml", "--set", "attractors.item-radius=\(radius)", "-o", "\(k).nc")
        let reader = try sandbox.reader("\(k).nc")
        shares += try reader.variable("training_items_at_attractors").readDoubles()
        let recalled = try reader.variable("recalled_fraction").readDoubles()
        let (lower, upper) = (
          try reader.variable("recalled_fraction_lower").readDoubles(),
          try reader.variable("recalled_fraction_upper").readDoubles()
        )
        for level in 0..<3 {
          #expect(lower[level] <= recalled[level] && recalled[level] <= upper[level])
        }
        try expectRecalled(reader, radius: Double(radius) ?? -1, recalled)
      }
      #expect(shares.count == 5 && shares == shares.sorted())
      #expect(shares[0] == 0 && shares[4] == 1)
      try expectNoise(try sandbox.reader("2.nc"))
    }

    /// By memories, which are the first states of members without noise, positions and labels.
    private func expectRecalled(_ reader: NetCDFReader, radius: Double, _ recalled: [Double]) throws {
      let states = try Table(reader, "members/latent_state")
      let positions = try Table(reader, "attractors/position")
      let labels = try Table(reader, "attractors/initial_attractor")
      let periods = try reader.variable("attractors/period").readInts()
      let (items, n) = (12, positions.shape[1])
      // [level, item, realization] along members, and along starts within a level.
      let memories = (0..<items).map { item in (0..<n).map { states[item * 4, 0, $0] } }
      let root = (0..<n).map { i in memories.reduce(0) { $0 + $1[i] } / Double(items) }
      let spread = (memories.reduce(0) { $0 + squaredDistance($1, root) } / Double(items)).squareRoot()
      for level in 0..<3 {
        let count = (0..<items * 4).count { start in
          let label = Int(labels[level, start])
          guard label >= 0, periods[label] == 1 else { return false }
          let position = (0..<n).map { positions[label, $0] }
          return squaredDistance(position, memories[start / 4]).squareRoot() <= radius * spread
        }
        #expect(abs(recalled[level] - Double(count) / Double(items * 4)) < 1e-12, "radius \(radius)")
      }
    }

    private func squaredDistance(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }

    /// The noise of a distance is where the line through mean displacements of starts reaches it.
    private func expectNoise(_ reader: NetCDFReader) throws {
      let states = try Table(reader, "members/latent_state")
      let n = states.shape[2]
      let displacement = (0..<3).map { level -> Double in
        let sum = (0..<48).reduce(0.0) { sum, start in
          let own = (0..<n).map { states[start / 4 * 4, 0, $0] }
          return sum + squaredDistance((0..<n).map { states[level * 48 + start, 0, $0] }, own).squareRoot()
        }
        return sum / 48
      }
      let written = try reader.variable("attractors/start_displacement").readDoubles()
      for level in 0..<3 { #expect(abs(written[level] - displacement[level]) < 1e-5) }
      #expect(written[0] == 0 && written[1] > 0 && written[2] > written[1])
      let points = zip([0, 0.1, 0.3], written)
      var known = 0
      for (distances, noises) in [
        ("proven_distance", "proven_noise"), ("nearest_leaving_distance", "nearest_leaving_noise"),
      ] {
        let (far, noise) = (
          try reader.variable("attractors/" + distances).readDoubles(),
          try reader.variable("attractors/" + noises).readDoubles()
        )
        for (distance, level) in zip(far, noise) {
          guard distance <= written[2] else {
            #expect(level.isNaN)
            continue
          }
          known += 1
          let (below, above) = distance <= written[1] ? (0, 1) : (1, 2)
          let (a, b) = (Array(points)[below], Array(points)[above])
          #expect(abs(level - (a.0 + (b.0 - a.0) * (distance - a.1) / (b.1 - a.1))) < 1e-12)
        }
      }
      #expect(known > 0)
    }

    @Test func exportedColumnsOfOneNameHaveTheirPaths() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + "attractors: {items: 8, max-steps: 3000}\n", at: "small.yaml")
      try sandbox.succeed("run", "small.yaml")
      let header = try sandbox.succeed(
        "export", "small.nc", "--variables", "undecided_fraction,attractors/undecided_fraction"
      ).output.split(separator: "\n")[0]
      #expect(header == "level,undecided_fraction,attractors/undecided_fraction")
    }

    @Test func withoutASearchClaimsCannotNameItsNumbers() throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario
          + "claims: {a: {statement: A., estimate: basin-fraction-entropy, threshold: 0}}\n",
        at: "small.yaml")
      try sandbox.fail(65, ["run", "small.yaml"], parts: ["basin-fraction-entropy"])
    }

    /// A network whose latent states end on a closed curve, from a file.
    @Test func aClosedCurveHasABasinAnEntropyAndARotationNumber() throws {
      let sandbox = try Sandbox()
      try sandbox.put([UInt8](try Safetensors.encode(turningModel(seed: 21))), at: "curve.safetensors")
      try sandbox.put(
        """
        name: curve
        dataset: {kind: hierarchical-patterns, dimension: 12, superclasses: 2, classes: 2, memories: 10, test: 5}
        model: {file: curve.safetensors}
        dynamics: {steps: 3}
        initial: {corruption: prior, items: 24}
        observables: [distance-root]
        attractors: {}
        """, at: "curve.yaml")
      for threads in ["1", "2"] {
        let run = try sandbox.succeed(
          "run", "curve.yaml", "--threads", threads, "-o", "curve\(threads).nc")
        #expect(
          run.output.contains("closed curve") && run.output.contains("rotation number 0.381367"))
      }
      try expectIdentical(sandbox.reader("curve1.nc"), sandbox.reader("curve2.nc"))
      let reader = try sandbox.reader("curve1.nc")
      #expect(try reader.variable("attractors/kind").readInts()[0] == 7)
      #expect(try reader.variable("attracting_curves").readInts() == [1])
      #expect(try reader.variable("undecided_fraction").readDoubles() == [0])
      #expect(try reader.variable("basin_fraction_entropy").readDoubles() == [0])
      #expect(try reader.variable("attractors/period").readInts()[0] == -1)
      let spectrum = try reader.variable("attractors/lyapunov_spectrum").readDoubles()
      #expect(abs(spectrum[0]) < 1e-9 && abs(spectrum[1] + 0.23352) < 1e-4)
      #expect(try reader.variable("attractors/initial_outcome").readInts().allSatisfy { $0 == 5 })
    }
  }
}
