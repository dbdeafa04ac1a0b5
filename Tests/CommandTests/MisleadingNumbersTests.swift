import Foundation
import Output
import RunFiles
import TestSupport
import Testing

extension CommandTests {
  /// Numbers that would say something else than they seem to.
  @Suite struct MisleadingNumbersTests {
    /// A hidden unit s relu(g (x - c)) of a network with one pixel and one latent variable.
    typealias Unit = (s: Float, g: Float, c: Float)

    /// Puts a Gaussian model with F(z) = sum s relu(g (z + o - c)) and its data into the sandbox, and the scenario
    /// `m.yaml`.
    private static func put(
      _ sandbox: Sandbox, _ units: [Unit], offset: Float = 0, pictures: [UInt8], labels: [UInt8],
      _ more: String
    ) throws {
      func bytes(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
      }
      let width = units.count
      let zeros = [Float](repeating: 0, count: width)
      let tensors: [(name: String, shape: [Int], values: [Float])] = [
        ("decoder.0.bias", [width], zeros), ("decoder.0.weight", [width, 1], [1, -1] + zeros.dropFirst(2)),
        ("decoder.output.bias", [1], [offset]),
        ("decoder.output.weight", [1, width], [1, -1] + zeros.dropFirst(2)),
        ("encoder.0.bias", [width], units.map { -$0.g * $0.c }),
        ("encoder.0.weight", [width, 1], units.map(\.g)),
        ("encoder.log_variance.bias", [1], [0]), ("encoder.log_variance.weight", [1, width], zeros),
        ("encoder.mean.bias", [1], [0]), ("encoder.mean.weight", [1, width], units.map(\.s)),
      ]
      var (entries, data) = ([String](), [UInt8]())
      for tensor in tensors {
        let start = data.count
        data += bytes(tensor.values)
        entries.append(
          "\"\(tensor.name)\":{\"dtype\":\"F32\",\"shape\":\(tensor.shape),\"data_offsets\":[\(start),\(data.count)]}"
        )
      }
      let metadata =
        "\"__metadata__\":{\"activation\":\"relu\",\"likelihood\":\"gaussian\",\"format\":\"pt\"}"
      var header = [UInt8]("{\(([metadata] + entries).joined(separator: ","))}".utf8)
      while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
      let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
      try sandbox.put(length + header + data, at: "m.safetensors")
      try sandbox.put(idx([pictures.count, 1, 1], pictures), at: "i")
      try sandbox.put(idx([labels.count], labels), at: "l")
      try sandbox.put(
        """
        name: m
        dataset: {kind: idx, train-images: i, train-labels: l, test-images: i, test-labels: l}
        model: {file: m.safetensors}
        dynamics: {mode: mean, steps: 12, precision: double}
        observables: [distance-concept]
        output: {members: true}
        \(more)

        """, at: "m.yaml")
    }

    private static let ramp = stride(from: 0, to: 3000, by: 10).map { UInt8($0 % 256) }
    private static let halves = ramp.map { UInt8($0 < 128 ? 3 : 200) }

    /// z stays where it is for |z| < 1 and explodes beyond: what is left after that is nearer to its concept, and has
    /// not moved.
    @Test func divergenceMakesNoApproach() throws {
      let sandbox = try Sandbox()
      try Self.put(
        sandbox, [(1, 1, 0.5), (-1, -1, 0.5), (1e38, 1, 1.5), (-1e38, -1, -0.5)], offset: 0.5,
        pictures: Self.ramp,
        labels: Self.halves, "initial: {corruption: latent-gaussian, levels: [0.8], items: all}")
      let run = try sandbox.succeed("run", "m.yaml", "-o", "m.nc")
      let file = try sandbox.reader("m.nc")
      let outcomes = try file.variable("members/outcome").readInts()
      let diverged = try file.variable("diverged_count").readInts()[0]
      #expect(diverged > 20 && diverged < 150)
      let left = outcomes.count - diverged
      for name in ["approach", "approach_sibling", "approach_shuffled"] {
        // The concept, after the memory. In the first step the states are rounded, and no more.
        #expect(abs(try file.variable(name).readDoubles()[1]) < 1e-14, "\(name)")
        #expect(try file.variable(name + "_count").readInts()[1] == left, "\(name)")
        let changes = try file.variable(name + "_change").readDoubles()[3..<6]
        #expect(changes.allSatisfy { abs($0) < 1e-14 }, "\(name)")
      }
      #expect(try file.variable("approach_censored").readInts()[1] == 1)
      #expect(try file.variable("approach_lower").readDoubles()[1].isNaN)
      #expect(try file.variable("change_time").readInts() == [1, 2, 12])
      // The smallest distance is that of the members that stay, from the members' own series.
      let series = try file.variable("members/distance_concept").readDoubles()
      let staying = (0..<outcomes.count).filter { series[$0 * 13 + 12].isFinite }
      #expect(staying.count == left)
      let mean = staying.map { series[$0 * 13] }.reduce(0, +) / Double(left)
      #expect(abs(try file.variable("closest_concept_distance").readDoubles()[0] - mean) < 1e-13)
      #expect(try file.variable("distance_concept_count").readInts().first == outcomes.count)
      #expect(try file.variable("distance_concept_count").readInts().last == left)
      for text in [
        "\(left) of \(outcomes.count)  ", "(\(left) of \(outcomes.count))",
        "left out of the averages from then on, and of the approaches at all times",
      ] {
        #expect(run.output.contains(text), "\(text)")
      }
      // The reports say it as well.
      let page = try sandbox.succeed("report", "m.nc", "-o", "m.html")
      #expect(page.code == 0)
      let html = String(decoding: try sandbox.bytes("m.html"), as: UTF8.self)
      #expect(html.contains("(\(left) of \(outcomes.count) members)"))
      #expect(html.contains("approaches at all times"))
      // Shards, other threads and blocks: the same bits.
      for k in 1...2 { try sandbox.succeed("run", "m.yaml", "-q", "-o", "n.nc", "--shard", "\(k)/2") }
      try sandbox.succeed("merge", "n.1-of-2.shard", "n.2-of-2.shard", "-o", "n.nc")
      try expectIdentical(file, try sandbox.reader("n.nc"))
      try sandbox.succeed("run", "m.yaml", "-q", "-o", "t.nc", "--threads", "1")
      try expectIdentical(file, try sandbox.reader("t.nc"))
    }

    /// Fourteen models, of which those that lack the effect have the root of a negative number.
    @Test func survivorsSupportNoClaim() throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        """
        name: c
        seed: 3
        dataset: {kind: hierarchical-patterns, dimension: 30, superclasses: 2, classes: 2, memories: 20, test: 5}
        model:
          latent: 3
          hidden: [12]
          training: {epochs: 3, batch: 10}
          replicas: 14
        dynamics: {steps: 6}
        initial: {levels: [0.5]}
        observables: [distance-concept]
        claims:
          plain: {statement: It comes near., estimate: approach(distance-concept) - 0.02, threshold: 0}
          root: {statement: It comes near., estimate: sqrt(approach(distance-concept) - 0.02), threshold: 0}

        """, at: "c.yaml")
      let run = try sandbox.succeed("run", "c.yaml", "-o", "c.nc")
      let file = try sandbox.reader("c.nc")
      let series = try file.variable("replicas/distance_concept").readDoubles()
      let estimates = (0..<14).map { model -> Double in
        let row = series[model * 7..<(model + 1) * 7]
        return 1 - row.min()! / row.first! - 0.02
      }
      let missing = estimates.count { $0 < 0 }
      try #require(missing > 0 && missing <= 9, "at least five models are left, and do not support it")
      #expect(try file.variable("claims/plain/count").readInts() == [14])
      #expect(try file.variable("claims/root/count").readInts() == [14 - missing])
      #expect(try file.variable("claims/root/verdict").readInts() == [2])
      let reason =
        "the estimate is missing, or no finite number, in \(missing) of 14 models: square root of a negative number in"
        + " \(missing)"
      #expect(try file.variable("claims/root/reason").readStrings() == [reason])
      #expect(
        try file.variable("claims/root/lower").readDoubles()[0] > 0, "the interval of those that are left")
      #expect(run.output.contains("threshold 0, \(14 - missing) of 14 models (\(reason))"))
      try sandbox.succeed("report", "c.nc", "-o", "c.html")
      let html = String(decoding: try sandbox.bytes("c.html"), as: UTF8.self)
      #expect(html.contains(", \(14 - missing) of 14 models)"))
      // How many models each average is over.
      #expect(try file.variable("distance_concept_models").readInts() == [Int](repeating: 14, count: 7))
      #expect(
        VariableRoles(file.root).name(of: .models(of: "distance_concept")) == "distance_concept_models")
    }

    /// Expects a warning at the terminal and in the file.
    private static func expectWarning(
      _ sandbox: Sandbox, _ parts: [String], _ settings: String...,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let arguments = ["run", "m.yaml", "-o", "m.nc", "--overwrite"] + settings.flatMap { ["--set", $0] }
      let run = try sandbox.simulate(arguments)
      try #require(run.code == 0, "\(run.errors)", sourceLocation: sourceLocation)
      let text = try sandbox.reader("m.nc").attribute("warnings").text ?? ""
      for part in parts {
        #expect(run.errors.contains(part), "\(run.errors)", sourceLocation: sourceLocation)
        #expect(text.contains(part), "\(text)", sourceLocation: sourceLocation)
      }
    }

    private static let gaussian = "initial: {corruption: latent-gaussian, levels: [0.1], items: all}"
    /// F(z) = 0.9 z + 0.45.
    private static let slow: [Unit] = [(0.9, 1, 0), (-0.9, -1, 0)]

    @Test func darkPicturesAndSingleClassesAreWarnedOf() throws {
      let sandbox = try Sandbox()
      try Self.put(
        sandbox, Self.slow, offset: 0.5, pictures: (0..<40).map { UInt8($0 % 2) },
        labels: [UInt8](repeating: 7, count: 40), Self.gaussian)
      try Self.expectWarning(
        sandbox,
        [
          "no number of the training items exceeds 1/255", "bytes of an IDX file",
          "all items have the label 7",
        ])
      try sandbox.put(idx([40, 1, 1], [UInt8](repeating: 0, count: 40)), at: "i")
      try Self.expectWarning(sandbox, ["all numbers of the training items are 0"])
    }

    @Test func inactiveVariablesAndStartsOutsideAreWarnedOf() throws {
      let sandbox = try Sandbox()
      // Every picture is encoded at 0.
      try Self.put(sandbox, [(0, 1, 0), (0, -1, 0)], pictures: Self.ramp, labels: Self.halves, Self.gaussian)
      try Self.expectWarning(
        sandbox,
        [
          "none of the 1 latent variables is active",
          "at level 0.1 many starts lie far outside the data (latent states",
        ])
      // A healthy model, whose memories lie in [0, 0.9]: starts 0.1 beside them are among them, those 30 beside are not.
      try Self.put(
        sandbox, Self.slow, offset: 0.5, pictures: Self.ramp, labels: Self.halves,
        "initial: {corruption: latent-gaussian, levels: [0.1, 30], items: all}")
      try Self.expectWarning(
        sandbox, ["initial: at level 30 many starts", "only the next class in the list"])
      #expect(try sandbox.reader("m.nc").attribute("warnings").text?.contains("active") == false)
      // Pictures from -3 to 3 for data from 0 to 1.
      let given = try NetCDFWriter(path: sandbox("given.nc"))
      try given.root.defineDimension("member", length: 10)
      try given.root.defineDimension("pixel", length: 1)
      try given.root.defineVariable("x", type: .double, dimensions: ["member", "pixel"])
        .write([-3, 3, -2.5, 2.75, -2.25, 2.5, -3, 3, -2.75, 2.25] as [Double])
      try given.commit()
      try Self.expectWarning(
        sandbox, ["many starts lie far outside the data (numbers further outside"],
        "initial={corruption: file, file: {path: given.nc, variable: x}, levels: [0]}",
        "observables=[displacement]")
    }

    @Test func limitsBeyondTheRunAreWarnedOf() throws {
      let sandbox = try Sandbox()
      try Self.put(
        sandbox, Self.slow, offset: 0.5, pictures: Self.ramp, labels: Self.halves,
        Self.gaussian + "\nattractors: {}")
      try Self.expectWarning(sandbox, ["dynamics.steps: at level 0.1 t90", "beyond the run's 12 steps"])
      let run = try sandbox.succeed("run", "m.yaml", "-o", "long.nc", "--set", "dynamics.steps=400")
      #expect(!run.errors.contains("t90"))
    }

    @Test func timesOfChangesAreUnitedOverSweptSteps() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + "sweep: {dynamics.steps: [1, 4]}\n", at: "sweep.yaml")
      try sandbox.succeed("run", "sweep.yaml", "-q")
      let file = try sandbox.reader("small.nc")
      let times = try file.variable("change_time").readInts()
      #expect(Set(times) == [1, 2, 4])
      let change = try file.variable("approach_change")
      #expect(change.dimensions.map(\.name) == ["dynamics_steps", "level", "tree_level", "change_time"])
      let values = try change.readDoubles()
      let width = values.count / 2
      for (k, time) in times.enumerated() {
        // The shorter run has t = 1 alone, with the same members; the root's distance is never 0.
        let (short, long) = (values[width - 3 + k], values[2 * width - 3 + k])
        #expect(long.isFinite)
        #expect(time == 1 ? short == long : short.isNaN)
      }
    }
  }
}
