import Attractors
import Foundation
import Observables
import Output
import Statistics
import Testing

extension CommandTests {
  /// `simulate run` with `attractors:`; NOTATION.md, "Attractors".
  @Suite struct AttractorCommandTests {
    /// 6 x 6 binary patterns, a network that is trained in a tenth of a second.
    static func scenario(_ attractors: String, initial: String = "{levels: [0, 0.5]}") -> String {
      smallScenario.components(separatedBy: "initial:")[0] + "initial: \(initial)\n"
        + "attractors: \(attractors)\n"
    }

    private static func run(
      _ sandbox: Sandbox, _ text: String, _ arguments: String...,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> (reader: NetCDFReader, output: String) {
      try sandbox.put(text, at: "small.yaml")
      let execution = try sandbox.simulate(["run", "small.yaml", "--overwrite"] + arguments)
      try #require(execution.code == 0, "\(execution.errors)", sourceLocation: sourceLocation)
      return (try sandbox.reader("small.nc"), execution.output)
    }

    private static func group(_ reader: NetCDFReader) throws -> NetCDFReaderGroup {
      try #require(reader.root.groups.first { $0.name == "attractors" })
    }

    @Test func holdsEveryVariableOfTheContract() throws {
      let sandbox = try Sandbox()
      let (reader, _) = try Self.run(sandbox, Self.scenario("{items: 40}"))
      let group = try Self.group(reader)
      let attractors = try reader.variable("attractors/kind").shape[0]
      #expect(attractors >= 1)
      let demanded: [(String, [String], NetCDFType)] = [
        ("position", ["attractor", "latent"], .double), ("residual", ["attractor"], .double),
        ("kind", ["attractor"], .int32), ("period", ["attractor"], .int32),
        ("stability_index", ["attractor"], .int32), ("eigenvalue_real", ["attractor", "latent"], .double),
        ("eigenvalue_imaginary", ["attractor", "latent"], .double),
        ("spectral_radius", ["attractor"], .double),
        ("nearest_concept", ["attractor"], .int32), ("distance_nearest_concept", ["attractor"], .double),
        ("distance_nearest_memory", ["attractor"], .double),
        ("basin_fraction", ["level", "attractor"], .double),
        ("basin_fraction_lower", ["level", "attractor"], .double),
        ("basin_fraction_upper", ["level", "attractor"], .double),
        ("initial_attractor", ["level", "initial"], .int32),
        ("initial_outcome", ["level", "initial"], .int32),
        ("unseen_attractors_estimate", ["level"], .double),
        ("unseen_attractors_estimate_standard_error", ["level"], .double),
        ("confusion", ["level", "source_class", "reached_class"], .int32),
      ]
      let lengths = [
        "level": 2, "attractor": attractors, "latent": 4, "initial": 40, "source_class": 4,
        "reached_class": 5,
      ]
      for (name, dimensions, type) in demanded {
        let variable = try reader.variable("attractors/" + name)
        #expect(variable.dimensions.map(\.name) == dimensions, "\(name)")
        #expect(variable.shape == dimensions.map { lengths[$0] ?? -1 }, "\(name)")
        #expect(variable.type == type, "\(name)")
      }
      let dimensions = Set(group.variables.flatMap { $0.dimensions.map(\.name) })
      for variable in group.variables {
        let names = variable.attributes.map(\.name)
        #expect(names.contains("long_name"), "\(variable.path)")
        let mayBeMissing = variable.type.isFloating && variable.name != "level"
        #expect(names.contains("_FillValue") == mayBeMissing, "\(variable.path)")
        #expect(names.contains("units") != names.contains("flag_values"), "\(variable.path)")
        #expect(names.contains("flag_values") == names.contains("flag_meanings"), "\(variable.path)")
        if dimensions.contains(variable.name) {
          #expect(variable.dimensions.map(\.name) == [variable.name], "\(variable.path)")
        }
        for (name, value) in variable.attributes where name == "ancillary_variables" {
          for ancillary in try #require(value.text).split(separator: " ") {
            #expect(try reader.variable("attractors/" + ancillary).dimensions == variable.dimensions)
          }
        }
      }
      let kind = try reader.variable("attractors/kind")
      #expect(
        try kind.attribute("flag_meanings").text
          == "stable_fixed_point saddle repeller stable_cycle unstable_cycle non_smooth_fixed_point"
          + " non_smooth_cycle stable_curve quasi_periodic_set chaotic_set")
      let outcome = try reader.variable("attractors/initial_outcome")
      #expect(
        try outcome.attribute("flag_meanings").text
          == "converged cycle slow diverged undecided recurrent ambiguous")

      // Reached ones first, largest basin first (over all levels), fractions as the labels say.
      let labels = try reader.variable("attractors/initial_attractor").readInts()
      let outcomes = try outcome.readInts()
      let stability = try reader.variable("attractors/stability_index").readInts()
      let kinds = try kind.readInts()
      let periods = try reader.variable("attractors/period").readInts()
      #expect(labels.allSatisfy { $0 >= -1 && $0 < attractors })
      for (label, outcome) in zip(labels, outcomes) {
        #expect((label >= 0) == (outcome <= 1))
        if label >= 0 { #expect(stability[label] == 0 && outcome == (periods[label] > 1 ? 1 : 0)) }
      }
      let counts = (0..<attractors).map { k in labels.count { $0 == k } }
      #expect(counts == counts.sorted(by: >))
      let fractions = try Table(reader, "attractors/basin_fraction")
      let lower = try Table(reader, "attractors/basin_fraction_lower")
      let upper = try Table(reader, "attractors/basin_fraction_upper")
      for level in 0..<2 {
        for k in 0..<attractors {
          let own = labels[level * 40..<(level + 1) * 40].count { $0 == k }
          #expect(fractions[level, k] == Double(own) / 40)
          #expect(lower[level, k] <= fractions[level, k] && fractions[level, k] <= upper[level, k])
        }
      }
      let real = try Table(reader, "attractors/eigenvalue_real")
      let imaginary = try Table(reader, "attractors/eigenvalue_imaginary")
      let radius = try Table(reader, "attractors/spectral_radius")
      let residual = try Table(reader, "attractors/residual")
      for k in 0..<attractors {
        let moduli = (0..<4).map {
          (real[k, $0] * real[k, $0] + imaginary[k, $0] * imaginary[k, $0]).squareRoot()
        }
        #expect(abs((moduli.max() ?? 0) - radius[k]) <= 4 * radius[k].ulp)
        #expect(stability[k] == moduli.count { !($0 < 1) })
        #expect(residual[k] < 1e-9)
        let expected =
          periods[k] > 1 ? (stability[k] == 0 ? 3 : 4) : stability[k] == 0 ? 0 : stability[k] == 4 ? 2 : 1
        #expect(kinds[k] == expected)
      }
      // The items of the split, the first 40.
      #expect(try reader.variable("attractors/initial_item").readInts() == Array(0..<40))
      // Every start of a class is somewhere in its row.
      let confusion = try Table(reader, "attractors/confusion")
      #expect(confusion.values.reduce(0, +) == Double(labels.count { $0 >= 0 }))
      // Numbers per level in the root agree with the labels.
      let reached = try reader.variable("attracting_sets").readInts()
      let entropy = try reader.variable("basin_fraction_entropy").readDoubles()
      let undecided = try reader.variable("undecided_fraction").readDoubles()
      let regimes = try reader.variable("attractors/regime").readInts()
      let memorized = try reader.variable("memorized_fraction").readDoubles()
      for level in 0..<2 {
        let own = labels[level * 40..<(level + 1) * 40].filter { $0 >= 0 }
        #expect(reached[level] == Set(own).count)
        let shares = Set(own).map { set in Double(own.count { $0 == set }) / Double(own.count) }
        let expected = -shares.reduce(0) { $0 + $1 * Foundation.log($1) }
        #expect(abs(entropy[level] - expected) < 1e-12)
        #expect(abs(undecided[level] - Double(40 - own.count) / 40) < 1e-12)
        #expect(abs(memorized[level] - Double(own.count { regimes[$0] == 0 }) / 40) < 1e-12)
      }
      #expect(
        try reader.variable("attractors/basin_entropy").readDoubles() == entropy,
        "the former name stays for one version")
      #expect(try reader.variable("attractors/level").readDoubles() == [0, 0.5])
    }

    @Test func withoutTheKeyThereIsNoGroup() throws {
      let sandbox = try Sandbox()
      let (reader, output) = try Self.run(sandbox, smallScenario)
      #expect(!reader.root.groups.contains { $0.name == "attractors" })
      #expect(!output.contains("ttractors"))
    }

    @Test func theSummaryTellsTheBasins() throws {
      let sandbox = try Sandbox()
      let (reader, output) = try Self.run(sandbox, Self.scenario("{items: 30}"))
      let lines = output.split(separator: "\n").map(String.init)
      let head = try #require(lines.firstIndex { $0.hasPrefix("Attractors: ") })
      let labels = try reader.variable("attractors/initial_attractor").readInts()
      let reached = Set(labels.filter { $0 >= 0 }).count
      #expect(lines[head].hasPrefix("Attractors: \(reached) reached by 30 starts per level"))
      #expect(output.contains("largest basin"))
      #expect(
        lines.contains { $0.contains("converged") && $0.contains("undecided") && $0.contains("unseen") })
      // Nothing of it with --quiet.
      #expect(try sandbox.simulate(["run", "small.yaml", "--overwrite", "--quiet"]).output == "")
    }

    @Test func oneStepDecidesNothing() throws {
      let sandbox = try Sandbox()
      for census in [0, 40] {
        for items in [1, 3, 25] {
          let (reader, output) = try Self.run(
            sandbox, Self.scenario("{items: \(items), max-steps: 1, census: \(census), tolerance: 1.0e-300}"))
          let labels = try reader.variable("attractors/initial_attractor").readInts()
          #expect(labels == Array(repeating: -1, count: 2 * items))
          let outcomes = Set(try reader.variable("attractors/initial_outcome").readInts())
          #expect(outcomes.isSubset(of: [2, 4]))
          #expect(try reader.variable("attractors/undecided_fraction").readDoubles() == [1, 1])
          #expect(
            try reader.variable("attractors/initial_convergence_time").readInts().allSatisfy { $0 == -1 })
          #expect(try reader.variable("attractors/position").shape[1] == 4)
          #expect(output.contains("Attractors: 0 reached by \(items) starts per level"))
          // Every dimension has a fixed length: an unlimited one would make readers think it grows.
          let header = try sandbox.succeed("inspect", "small.nc").output
          #expect(!header.contains("UNLIMITED"))
        }
      }
    }

    /// The memories that are tried for the attractors' identity must not be taken for starts.
    @Test func unsettledMemoriesAreNoStarts() throws {
      let sandbox = try Sandbox()
      // Trained well enough for some attractors (a second).
      let text = Self.scenario("{items: 1, max-steps: 1, trapping: false, census: 400}").replacingOccurrences(
        of: "epochs: 2, batch: 10", with: "epochs: 300, batch: 10, learning-rate: 0.01")
      let (reader, _) = try Self.run(sandbox, text)
      let stable = try reader.variable("attractors/stability_index").readInts().count { $0 == 0 }
      #expect(stable > 1)
      let levels = try reader.variable("attractors/unsettled_level").readInts()
      #expect(levels == [0, 1])
      #expect(try reader.variable("attractors/unsettled_initial").readInts() == [0, 0])
    }

    @Test func unsettledStartsAreAttributedToStarts() throws {
      let sandbox = try Sandbox()
      let (reader, _) = try Self.run(sandbox, Self.scenario("{items: 3, max-steps: 2, tolerance: 1.0e-300}"))
      let levels = try reader.variable("attractors/unsettled_level").readInts()
      let initials = try reader.variable("attractors/unsettled_initial").readInts()
      // Six starts, none settled: each once.
      let pairs = zip(levels, initials).map { "\($0) \($1)" }
      #expect(Set(pairs).count == pairs.count && pairs.count == 6)
      #expect(levels.allSatisfy { (0..<2).contains($0) } && initials.allSatisfy { (0..<3).contains($0) })
      let exponents = try Table(reader, "attractors/lyapunov_exponent")
      #expect(exponents.shape == [6, 3])
      for k in 0..<6 {
        #expect(exponents[k, 0].isFinite)
        // Orbits that only were stopped early end in attractors: no positive exponent.
        #expect(exponents[k, 0] < 0.01)
      }
    }

    @Test func untilTakesMoreStarts() throws {
      let sandbox = try Sandbox()
      let (reader, _) = try Self.run(
        sandbox, Self.scenario("{items: 10, until: {half-width: 0.001, at-most: 400}}"))
      // 10, 20, 40, 80, 160, 320, 400: the items of the split (160), then realizations.
      let initials = try reader.variable("attractors/initial_attractor").shape[1]
      #expect(initials > 160 && initials <= 400)
      let lower = try reader.variable("attractors/basin_fraction_lower")
      #expect(try lower.attribute("looks_planned").integer == 7)
      #expect(try lower.attribute("looks_taken").integer == 7)
      // Wide enough at once: one look.
      let (wide, _) = try Self.run(
        sandbox, Self.scenario("{items: 10, until: {half-width: 1, at-most: 400}}"))
      #expect(try wide.variable("attractors/initial_attractor").shape[1] == 10)
      #expect(try wide.variable("attractors/basin_fraction_lower").attribute("looks_taken").integer == 1)
      // Planned looks widen the intervals: 10 of 10 at 95 % and at 1 - 0.05 / 7.
      let (plain, _) = try Self.run(sandbox, Self.scenario("{items: 10}"))
      let a = try Table(plain, "attractors/basin_fraction_lower")
      let b = try Table(wide, "attractors/basin_fraction_lower")
      #expect(b[0, 0] < a[0, 0])
    }

    @Test func realizationsOfAnItemAreOneCluster() throws {
      let sandbox = try Sandbox()
      let (reader, _) = try Self.run(
        sandbox, Self.scenario("{items: 12}", initial: "{levels: [0.5], realizations: 3}"))
      #expect(try reader.variable("attractors/initial_attractor").shape == [1, 36])
      let items = try reader.variable("attractors/initial_item").readInts()
      #expect(items == (0..<12).flatMap { [$0, $0, $0] })
      let lower = try reader.variable("attractors/basin_fraction_lower")
      #expect(try lower.attribute("interval").text == "Korn-Graubard")
      // By the labels in the file.
      let labels = try reader.variable("attractors/initial_attractor").readInts().map { Int32($0) }
      let outcomes = try reader.variable("attractors/initial_outcome").readInts()
      let known = zip(labels, outcomes).map { $0 < 0 && $1 == 3 ? -2 : $0 }
      let sets = try reader.variable("attractors/kind").shape[0]
      let expected = FractionInterval.ofBasins(labels: known, startsPerItem: 3, attractors: sets)
      #expect(try lower.readDoubles() == expected.map(\.lower))
      #expect(try reader.variable("attractors/basin_fraction_upper").readDoubles() == expected.map(\.upper))
    }

    @Test func oneItemHasNoInterval() throws {
      let sandbox = try Sandbox()
      let (reader, output) = try Self.run(
        sandbox, Self.scenario("{items: 1}", initial: "{levels: [0.5], realizations: 20}"))
      #expect(try reader.variable("attractors/initial_attractor").shape == [1, 20])
      #expect(try reader.variable("attractors/basin_fraction").readDoubles().allSatisfy(\.isFinite))
      for end in ["lower", "upper"] {
        let values = try reader.variable("attractors/basin_fraction_\(end)").readDoubles()
        #expect(!values.isEmpty && values.allSatisfy { $0.isNaN })
      }
      #expect(output.contains("[-, -]"))
    }

    /// An interval that is missing is not narrow: further items are taken.
    @Test func untilIsNotSatisfiedByOneItem() throws {
      let sandbox = try Sandbox()
      let (reader, _) = try Self.run(
        sandbox,
        Self.scenario(
          "{items: 1, until: {half-width: 0.9, at-most: 80}}", initial: "{levels: [0.5], realizations: 20}"))
      #expect(try reader.variable("attractors/basin_fraction_lower").attribute("looks_taken").integer == 2)
      #expect(Set(try reader.variable("attractors/initial_item").readInts()) == [0, 1])
      let upper = try reader.variable("attractors/basin_fraction_upper").readDoubles()
      #expect(upper.allSatisfy { $0.isFinite })
      // A split of a single item has no other: the search ends, and says so.
      let one = Self.scenario(
        "{items: 1, until: {half-width: 0.9, at-most: 80}}",
        initial: "{levels: [0.5], realizations: 20, split: test}"
      ).replacing(
        "superclasses: 2, classes: 2, memories: 40, test: 5",
        with: "superclasses: 1, classes: 1, memories: 40, test: 1")
      let (alone, output) = try Self.run(sandbox, one)
      #expect(try alone.variable("attractors/initial_attractor").shape == [1, 80])
      #expect(output.contains("Intervals are missing"))
    }

    @Test(arguments: ["{corruption: prior}", "{corruption: latent-box, levels: [3]}"])
    func startsWithoutItemsHaveNoConfusionMatrix(initial: String) throws {
      let sandbox = try Sandbox()
      let (reader, _) = try Self.run(sandbox, Self.scenario("{items: 500}", initial: initial))
      #expect(try reader.variable("attractors/initial_attractor").shape == [1, 500])
      #expect(throws: NetCDFError.self) { try reader.variable("attractors/confusion") }
      #expect(try reader.variable("attractors/kind").shape[0] >= 1)
    }

    /// Puts latent states into `states.nc` and a scenario that starts from them.
    private func putStates(_ states: [Double], in sandbox: Sandbox) throws {
      let writer = try NetCDFWriter(path: sandbox("states.nc"))
      try writer.root.defineDimension("state", length: states.count / 4)
      try writer.root.defineDimension("latent", length: 4)
      try writer.root.defineVariable("latents", type: .double, dimensions: ["state", "latent"]).write(states)
      try writer.commit()
      let file = "{corruption: file, file: {path: states.nc, variable: latents}}"
      try sandbox.put(Self.scenario("{}", initial: file), at: "small.yaml")
    }

    @Test func startsOfAFileAreDecided() throws {
      let sandbox = try Sandbox()
      try putStates((0..<16).map { Double($0) / 8 - 1 }, in: sandbox)
      try sandbox.succeed("run", "small.yaml")
      let outcomes = try sandbox.reader("small.nc").variable("attractors/initial_outcome").readInts()
      #expect(outcomes.count == 4 && outcomes.allSatisfy { $0 <= 1 }, "\(outcomes)")
    }

    @Test func anInfiniteStartIsRefusedByItsPlace() throws {
      let sandbox = try Sandbox()
      try putStates((0..<16).map { Double($0) / 8 - 1 } + [1, .infinity, 0, 0], in: sandbox)
      try sandbox.fail(65, ["run", "small.yaml"], parts: ["states.nc", "latents", "inf"])
      #expect(try !sandbox.names.contains("small.nc"))
    }

    @Test func onlySquareDataHaveAttractorPictures() throws {
      let sandbox = try Sandbox()
      let text = Self.scenario("{items: 20}").replacingOccurrences(of: "dimension: 36", with: "dimension: 35")
      let (reader, _) = try Self.run(sandbox, text)
      #expect(throws: NetCDFError.self) { try reader.variable("attractors/picture") }
      #expect(try reader.variable("attractors/kind").shape[0] >= 1)
      let (square, _) = try Self.run(sandbox, Self.scenario("{items: 20}"))
      let picture = try square.variable("attractors/picture")
      #expect(picture.shape[1] == 36)
      #expect(try picture.readDoubles().allSatisfy { $0 >= 0 && $0 <= 1 })
      #expect(try picture.attribute("image_height").integer == 6)
    }

    @Test func aContractingLinearModelHasOneAttractor() throws {
      // One attractor for all, if it contracts, as a trained linear model does.
      let sandbox = try Sandbox()
      let text = Self.scenario("{items: 30}").replacingOccurrences(
        of: "hidden: [16]", with: "hidden: []\n  likelihood: gaussian")
      let (reader, _) = try Self.run(sandbox, text)
      #expect(try reader.variable("attractors/kind").readInts() == [0])
      #expect(try reader.variable("attractors/basin_fraction").readDoubles() == [1, 1])
      #expect(try reader.variable("attractors/basin_entropy").readDoubles() == [0, 0])
      #expect(try reader.variable("attractors/unseen_attractors_estimate").readDoubles() == [0, 0])
    }

    @Test func whereNothingIsFoundDimensionsAreEmpty() throws {
      // A training rate that makes a linear map expand: every start diverges, and without a census no set is known.
      let sandbox = try Sandbox()
      let text = Self.scenario("{items: 5, census: 0}").replacingOccurrences(
        of: "hidden: [16]", with: "hidden: []\n  likelihood: gaussian"
      ).replacingOccurrences(of: "epochs: 2, batch: 10", with: "epochs: 1, batch: 40, learning-rate: 5")
      let (reader, output) = try Self.run(sandbox, text)
      #expect(try reader.variable("attractors/kind").shape == [0])
      #expect(try reader.variable("attractors/basin_fraction").shape == [2, 0])
      #expect(Set(try reader.variable("attractors/initial_outcome").readInts()) == [3])
      #expect(try reader.variable("attractors/initial_attractor").readInts().allSatisfy { $0 == -1 })
      #expect(try reader.variable("attractors/basin_entropy").readDoubles().allSatisfy(\.isNaN))
      #expect(output.contains("Attractors: 0 reached by 5 starts per level"))
    }

    @Test func threadsDoNotMatter() throws {
      let sandbox = try Sandbox()
      let text = Self.scenario("{items: 60}")
      try sandbox.put(text, at: "small.yaml")
      for threads in ["1", "2", "3"] {
        try sandbox.succeed("run", "small.yaml", "--threads", threads, "-o", "t\(threads).nc")
      }
      try expectIdentical(sandbox.reader("t1.nc"), sandbox.reader("t2.nc"))
      try expectIdentical(sandbox.reader("t1.nc"), sandbox.reader("t3.nc"))
    }

    @Test func trappingChangesNoLabel() throws {
      let sandbox = try Sandbox()
      let (with, _) = try Self.run(sandbox, Self.scenario("{items: 60, census: 0}"))
      let labels = try with.variable("attractors/initial_attractor").readInts()
      let (without, _) = try Self.run(sandbox, Self.scenario("{items: 60, census: 0, trapping: false}"))
      #expect(try without.variable("attractors/initial_attractor").readInts() == labels)
    }
  }
}
