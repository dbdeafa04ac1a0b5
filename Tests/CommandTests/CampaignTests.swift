import Drawing
import Figures
import Foundation
import Observables
import Output
import Statistics
import Testing

extension CommandTests {
  /// Several runs in one file: sweeps, replicas, controls, claims.
  @Suite struct CampaignTests {
    /// Variables of a file's group whose first dimensions are as given, at one place of those, as bits.
    private func part(
      _ group: NetCDFReaderGroup, leading: [(name: String, index: Int)]
    ) throws -> [String: [String]] {
      var result: [String: [String]] = [:]
      for variable in group.variables {
        guard variable.dimensions.prefix(leading.count).map(\.name) == leading.map(\.name) else { continue }
        let rest = Array(variable.shape.dropFirst(leading.count))
        let start = leading.map(\.index) + rest.map { _ in 0 }
        let count = leading.map { _ in 1 } + rest
        if variable.type.isInteger {
          result[variable.name] = try variable.readInts(start: start, count: count).map(String.init)
        } else if variable.type.isFloating {
          result[variable.name] = try variable.readDoubles(start: start, count: count).map {
            String($0.bitPattern, radix: 16)
          }
        }
      }
      return result
    }

    /// What a file of a single run has at its root, as bits, without coordinates.
    private func averages(_ reader: NetCDFReader) throws -> [String: [String]] {
      try part(reader.root, leading: []).filter { name, _ in
        !["level", "time", "tree_level", "change_time"].contains(name)
      }
    }

    @Test func eachPointHasTheBitsOfItsOwnRun() throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario + "sweep: {model.latent: [4, 2], initial.split: [train, test]}\n", at: "sweep.yaml")
      try sandbox.put(smallScenario, at: "one.yaml")
      try sandbox.succeed("run", "sweep.yaml", "-o", "sweep.nc", "--threads", "2")
      let sweep = try sandbox.reader("sweep.nc")
      // Numbers in ascending order, words in the scenario's, numbered.
      #expect(try sweep.variable("model_latent").readInts() == [2, 4])
      #expect(try sweep.variable("initial_split").readInts() == [0, 1])
      #expect(try sweep.variable("initial_split_label").readStrings() == ["train", "test"])
      #expect(try sweep.variable("distance_concept").attribute("coordinates").text == "initial_split_label")
      #expect(try sweep.variable("failure").attribute("coordinates").text == "initial_split_label")
      #expect(
        try sweep.variable("distance_concept").dimensions.map(\.name)
          == ["model_latent", "initial_split", "level", "time"])
      for (i, latent) in [2, 4].enumerated() {
        for (j, split) in ["train", "test"].enumerated() {
          try sandbox.succeed(
            "run", "one.yaml", "-o", "one.nc", "--overwrite", "--set", "model.latent=\(latent)", "--set",
            "initial.split=\(split)")
          let one = try averages(try sandbox.reader("one.nc"))
          let same = try part(sweep.root, leading: [("model_latent", i), ("initial_split", j)])
          #expect(one.count > 20)
          for (name, bits) in one { #expect(same[name] == bits, "\(name) at \(latent), \(split)") }
          // Latent spaces of several sizes: a group each.
          let geometry = try sweep.group("geometry/\(2 * i + j)")
          #expect(geometry.dimensions.first { $0.name == "latent" }?.length == latent)
          #expect(try geometry.attribute("model_latent").integer == latent)
          #expect(try geometry.attribute("initial_split").text == split)
        }
      }
      #expect(try sweep.variable("failed_runs").readInts() == [0, 0, 0, 0])
      #expect(try sandbox.names == ["one.nc", "one.yaml", "sweep.nc", "sweep.yaml"])
    }

    /// The file has the hashes of all data sets as well.
    @Test func wholeNumbersAreCoordinatesWithoutRounding() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      func run(_ sweep: String) throws -> NetCDFReader {
        try sandbox.succeed("run", "small.yaml", "-o", "sweep.nc", "--overwrite", "--set", "sweep={\(sweep)}")
        return try sandbox.reader("sweep.nc")
      }
      func hashes(_ file: NetCDFReader) throws -> [Substring]? {
        try file.attribute("dataset_sha256").text?.split(separator: " ")
      }
      var file = try run("seed: [9007199254740993, 2]")  // 2^53 + 1
      #expect(try file.variable("seed").type == .int64)
      #expect(try file.variable("seed").readInts() == [2, 9_007_199_254_740_993])
      #expect(Set(try hashes(file) ?? []).count == 2)
      // Equal as doubles, and beyond 64 bits with a sign.
      file = try run("seed: [18446744073709551615, 18446744073709551614]")
      #expect(try file.variable("seed").readInts() == [0, 1])
      #expect(
        try file.variable("seed_label").readStrings() == ["18446744073709551614", "18446744073709551615"])
      var figures = try RunData(path: sandbox("sweep.nc"))
      try figures.select("seed=18446744073709551615")
      #expect(figures.point == [1])
      file = try run("dataset.superclasses: [2, 3]")
      #expect(try file.variable("dataset_superclasses").type == .int64)
      #expect(Set(try hashes(file) ?? []).count == 2)
      file = try run("model.training.beta: [0, 1]")
      #expect(try file.variable("model_training_beta").type == .double)
      #expect(try hashes(file)?.count == 1)
      try sandbox.succeed(
        "run", "small.yaml", "-o", "sweep.nc", "--resume", "--set", "sweep={model.training.beta: [0, 1]}")
    }

    /// What a point lacks is missing.
    @Test func coordinatesThatDifferBetweenPointsAreUnited() throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario
          + "sweep: {initial.levels: [[0, 0.5], [0.5, 0.7]], dynamics.steps: [2, 4]}\noutput: {members: true}\n",
        at: "sweep.yaml")
      try sandbox.succeed("run", "sweep.yaml")
      let reader = try sandbox.reader("small.nc")
      #expect(try reader.variable("level").readDoubles() == [0, 0.5, 0.7])
      #expect(try reader.variable("time").readInts() == [0, 1, 2, 3, 4])
      let distance = try reader.variable("distance_concept")
      #expect(distance.shape == [2, 2, 3, 5])
      let values = try distance.readDoubles()
      func at(_ i: Int, _ j: Int, _ level: Int) -> [Double] {
        Array(values[(((i * 2 + j) * 3) + level) * 5..<(((i * 2 + j) * 3) + level + 1) * 5])
      }
      #expect(at(0, 0, 0)[..<3].allSatisfy { $0.isFinite } && at(0, 0, 0)[3...].allSatisfy { $0.isNaN })
      #expect(at(0, 1, 0).allSatisfy { $0.isFinite })
      #expect(at(0, 1, 2).allSatisfy { $0.isNaN })
      #expect(at(1, 1, 0).allSatisfy { $0.isNaN })
      // The level 0.5 does not depend on the others.
      #expect(at(0, 1, 1) == at(1, 1, 1))
      #expect(Array(at(0, 0, 1)[..<3]) == Array(at(0, 1, 1)[..<3]))
      let count = try reader.variable("count").readInts()
      #expect(count == [160, 160, -1, 160, 160, -1, -1, 160, 160, -1, 160, 160])
      let member = try reader.variable("members/distance_concept")
      #expect(member.dimensions.map(\.name) == ["initial_levels", "dynamics_steps", "member", "time"])
    }

    private static let claims = """
      model:
        latent: 4
        hidden: [16]
        training: {epochs: 2, batch: 10}
        replicas: 5
      observables: [distance-concept, distance-root]
      claims:
        near:
          statement: It comes near.
          estimate: approach(distance-concept) - approach(distance-root)
          levels: [0.5]
          threshold: -10
          controls: [untrained]
          compare: [linear]
        far:
          statement: Nothing exceeds 10.
          estimate: final(distance-concept)
          over: each
          threshold: 10
        with-noise:
          statement: The slope.
          estimate: initial(distance-concept)
          against: level
          threshold: 0
      """

    /// A scenario of five models with claims.
    var scenario: String {
      var lines = smallScenario.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      let start = lines.firstIndex(of: "model:") ?? 0
      lines.removeSubrange(start..<start + 4)
      return lines.joined(separator: "\n") + Self.claims + "\n"
    }

    /// A claim with a smallest effect has a sign and a size, whose intervals are corrected for its cells.
    @Test func aSmallestEffectIsJudgedBySignAndSize() throws {
      let sandbox = try Sandbox()
      let text = scenario.replacing("threshold: 10\n", with: "smallest-effect: 0.5\n")
      try sandbox.put(text, at: "claims.yaml")
      let printed = try sandbox.succeed("run", "claims.yaml", "-o", "claims.nc").output
      // Distances are positive, but five models cannot say so by the sign test.
      #expect(printed.contains("smallest effect 0.5"), "\(printed)")
      #expect(printed.contains("preliminary, because 5 models are fewer than 10"))
      let reader = try sandbox.reader("claims.nc")
      func numbers(_ name: String) throws -> [Double] {
        try reader.variable("claims/far/\(name)").readDoubles()
      }
      #expect(try numbers("sign") == [2, 2])
      #expect(try numbers("sign_p_value").allSatisfy { abs($0 - 0.125) < 1e-12 })
      #expect(try reader.group("claims/far").attributes.contains { $0.name == "smallest_effect" })
      // Student's interval of error 0.05 / 2 with four degrees of freedom: scipy.stats.t.ppf(0.9875, 4).
      let estimates = try numbers("estimate")
      for level in 0..<2 {
        let own = Array(estimates[5 * level..<5 * level + 5])
        #expect(try numbers("exceeding_count")[level] == Double(own.count { $0 > 0.5 }))
        let mean = own.reduce(0, +) / 5
        let variance = own.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 4
        let half = 3.4954059325164417 * (variance / 5).squareRoot()
        #expect(abs(try numbers("lower")[level] - (mean - half)) < 1e-9 * abs(mean))
      }
      try sandbox.succeed("report", "claims.nc", "-o", "page.md")
      let page = try String(decoding: sandbox.bytes("page.md"), as: UTF8.self)
      #expect(page.contains("smallest effect 0.5") && page.contains("Bonferroni"))
    }

    /// Functions over time of retained and lost members take those that were so at t = 0.
    @Test func claimsTakeTheSetsOfMembersAtTheStart() throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario.replacing("model:\n", with: "model:\n  replicas: 3\n").replacing(
          "[0, 0.5]}", with: "[0.9]}") + """
            observables: [distance-concept]
            split-by: [retention]
            claims:
              kept: {statement: A., estimate: approach(distance-concept-retained), threshold: 0}
              others: {statement: B., estimate: final(distance-concept-lost), threshold: 0}

            """, at: "split.yaml")
      try sandbox.succeed("run", "split.yaml", "-o", "split.nc")
      let reader = try sandbox.reader("split.nc")
      func models(_ name: String) throws -> [[Double]] {
        let values = try reader.variable("replicas/distance_concept_" + name).readDoubles()
        return (0..<3).map { Array(values[4 * $0..<4 * $0 + 4]) }
      }
      let kept = try reader.variable("claims/kept/estimate").readDoubles()
      let others = try reader.variable("claims/others/estimate").readDoubles()
      for (k, series) in try models("initially_retained").enumerated() {
        #expect(kept[k] == 1 - (series.min() ?? .nan) / series[0])
      }
      #expect(others == (try models("initially_lost").map { $0[3] }))
      // Some members change sides, so that the sets differ.
      #expect(try models("retained") != models("initially_retained"))
      #expect(try models("lost").map { $0[0] } == models("initially_lost").map { $0[0] })
    }

    /// The summary and the claims follow from those runs.
    @Test func replicasAreRunsWithConsecutiveSeeds() throws {
      let sandbox = try Sandbox()
      try sandbox.put(scenario, at: "claims.yaml")
      let run = try sandbox.succeed("run", "claims.yaml")
      let reader = try sandbox.reader("small.nc")
      // Replica 3 alone.
      try sandbox.succeed(
        "run", "claims.yaml", "-o", "one.nc", "--seed", "10", "--set", "model.replicas=1", "--set",
        "claims=null")
      let one = try averages(try sandbox.reader("one.nc"))
      let third = try part(try reader.group("replicas"), leading: [("replica", 3)])
      #expect(one.count > 10)
      for (name, bits) in one { #expect(third[name] == bits, "\(name)") }

      // Student's quantile for 4 degrees of freedom, from tables.
      let quantile = 2.7764451051977987
      func interval(_ x: [Double]) -> (mean: Double, error: Double) {
        let mean = x.reduce(0, +) / 5
        return (mean, (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4 / 5).squareRoot())
      }
      let models = try reader.variable("replicas/distance_concept").readDoubles()
      let series = models.count / 5
      let (mean, error) = (
        try reader.variable("distance_concept").readDoubles(),
        try reader.variable("distance_concept_standard_error").readDoubles()
      )
      let upper = try reader.variable("distance_concept_upper").readDoubles()
      // Sums of five numbers of order 1 in another order, and the quantile's last digits: some ulps, times ten.
      let tolerance = 1e-14
      for k in 0..<series {
        let expected = interval((0..<5).map { models[$0 * series + k] })
        #expect(abs(mean[k] - expected.mean) < tolerance)
        #expect(abs(error[k] - expected.error) < tolerance)
        #expect(abs(upper[k] - expected.mean - quantile * expected.error) < 10 * tolerance)
      }
      #expect(try reader.variable("count").readInts() == [800, 800])
      // Of the averaged series, four times at each of two levels.
      for level in 0..<2 {
        let row = Array(mean[level * 4..<(level + 1) * 4])
        let time = try reader.variable("closest_concept_time").readInts()[level]
        #expect(row[time] == row.min())
        #expect(try reader.variable("closest_concept_distance").readDoubles()[level] == row.min())
      }

      // The claim's estimate from the models' series; level 0.5 is the second of two.
      let roots = try reader.variable("replicas/distance_root").readDoubles()
      func approach(_ all: [Double], _ model: Int) -> Double {
        let row = all[(model * 2 + 1) * 4..<(model * 2 + 2) * 4]
        return 1 - row.min()! / row.first!
      }
      let estimates = try reader.variable("claims/near/estimate").readDoubles()
      for model in 0..<5 {
        #expect(abs(estimates[model] - (approach(models, model) - approach(roots, model))) < tolerance)
      }
      let near = interval(estimates)
      #expect(
        abs(try reader.variable("claims/near/lower").readDoubles()[0] - near.mean + quantile * near.error)
          < 1e-13)
      // Threshold -10: the control shows it as well. Threshold 10: far below.
      #expect(try reader.variable("claims/near/verdict").readInts() == [2])
      #expect(try reader.variable("claims/near/reason").readStrings()[0].contains("untrained"))
      #expect(try reader.variable("claims/near/control").readInts() == [0, 1])
      #expect(try reader.variable("claims/near/control_label").readStrings() == ["untrained", "linear"])
      #expect(
        try reader.variable("claims/near/control_mean").attribute("coordinates").text == "control_label")
      #expect(try reader.variable("claims/near/control_mean").readDoubles().allSatisfy { $0.isFinite })
      #expect(try reader.variable("claims/far/verdict").readInts() == [1, 1])
      #expect(try reader.variable("claims/far/claim_level").readDoubles() == [0, 0.5])
      let slopes = try reader.variable("claims/with-noise/estimate").readDoubles()
      for model in 0..<5 {
        let (first, second) = (models[model * series], models[model * series + 4])
        #expect(abs(slopes[model] - (second - first) / 0.5) < 10 * tolerance)
      }
      #expect(try reader.attribute("verdict_far").text?.contains("refuted") == true)
      #expect(run.output.contains("near: It comes near."))
      #expect(run.output.contains("undecided"))
      // Figure, page and tables of the claims.
      #expect(try sandbox.succeed("plot", "small.nc", "--list").output.contains("claims"))
      try sandbox.succeed("plot", "small.nc", "--figure", "claims", "-o", "claims.svg")
      let figure = String(decoding: try sandbox.bytes("claims.svg"), as: UTF8.self)
      for text in [
        "With noise", "refuted", "control: untrained", "shown only: linear", "Hollow symbols",
        "mean over 5 models", "threshold",
      ] {
        #expect(figure.contains(text), "\(text)")
      }
      try sandbox.succeed("report", "small.nc", "-o", "page.md")
      let page = String(decoding: try sandbox.bytes("page.md"), as: UTF8.self)
      for text in [
        "Claim far: Nothing exceeds 10.", "| refuted (the interval lies below", "5 models",
        "| control: untrained | shown only: linear |",
      ] {
        #expect(page.contains(text), "\(text)")
      }
      #expect(!page.contains("control: linear"))
      // The description is a sentence of its own; the name alone would be none.
      #expect(page.contains("\na small ensemble.\n") && !page.contains("\nsmall.\n"))
      try sandbox.succeed("report", "small.nc", "-o", "page.html")
      #expect(
        String(decoding: try sandbox.bytes("page.html"), as: UTF8.self).contains(
          "Claim with-noise: The slope.")
      )
      // The control is the run with that change, for each replica.
      try sandbox.succeed(
        "run", "claims.yaml", "-o", "untrained.nc", "--seed", "8", "--set", "model.replicas=1", "--set",
        "claims=null", "--set", "model.training.epochs=0")
      let untrained = try averages(try sandbox.reader("untrained.nc"))
      let control = try part(try reader.group("controls/untrained/replicas"), leading: [("replica", 1)])
      for (name, bits) in untrained { #expect(control[name] == bits, "\(name)") }
    }

    @Test func aRunsFiguresAreTheSameInACampaign() throws {
      let sandbox = try Sandbox()
      let scenario =
        smallScenario + """
          attractors: {max-steps: 2000, items: 12}
          output: {members: true, latents: true, films: {items: 3}}

          """
      try sandbox.put(scenario, at: "one.yaml")
      try sandbox.put(
        scenario.replacing("  latent: 4\n", with: "  latent: 4\n  replicas: 2\n")
          + "sweep: {model.latent: [4, 2], model.training.epochs: [2, 3]}\n", at: "many.yaml")
      try sandbox.succeed("run", "many.yaml", "-o", "many.nc")
      var options = FigureOptions()
      options.hasTitle = false
      options.hasCaption = false
      let kinds = ["approach", "series", "attractors", "attractor-pictures", "trajectories", "film"]
      func drawing(_ sheet: Sheet) -> [String] {
        ["\(sheet.panels)", "\(sheet.layers)", "\(sheet.texts)"]
      }
      for (latent, epochs, replica) in [(4, 2, 1), (2, 3, 0), (2, 2, 1)] {
        try sandbox.succeed(
          "run", "one.yaml", "-o", "one.nc", "--overwrite", "--seed", "\(7 + replica)", "--set",
          "model.latent=\(latent)", "--set", "model.training.epochs=\(epochs)")
        let one = try RunData(path: sandbox("one.nc"))
        var many = try RunData(path: sandbox("many.nc"))
        try many.select("model.latent=\(latent)")
        try many.select("model.training.epochs=\(epochs)")
        var others = many
        try many.select("replica=\(replica)")
        try others.select("replica=\(1 - replica)")
        #expect(many.figures == ["sweep"] + kinds)
        for kind in kinds {
          let sheet = try many.sheet(kind, options: options)
          let alone = try one.sheet(kind, options: options)
          // The plane of trajectories is GSL's, whose last bits depend on where its memory lies.
          if kind == "trajectories" {
            #expect("\(sheet.texts)" == "\(alone.texts)" && sheet.panels.count == alone.panels.count)
          } else {
            #expect(drawing(sheet) == drawing(alone), "\(kind)")
          }
          // One attractor takes all starts in either replica, and may resemble the same.
          if kind != "attractors" {
            #expect(drawing(sheet) != drawing(try others.sheet(kind, options: options)), "\(kind)")
          }
          let place =
            "at model.latent = \(latent), model.training.epochs = \(epochs), one of 2 models: replica"
          #expect(sheet.caption.contains("\(place) \(replica) (seed \(7 + replica))"), "\(sheet.caption)")
        }
      }
      // Without a choice: the first run, but averages over models where there are averages.
      let first = try RunData(path: sandbox("many.nc"))
      var chosen = first
      try chosen.select("replica=0")
      for kind in kinds {
        let sheet = try first.sheet(kind, options: options)
        let isAverage = kind == "series" || kind == "approach"
        #expect(
          (drawing(sheet) == drawing(try chosen.sheet(kind, options: options))) == !isAverage, "\(kind)")
        #expect(sheet.caption.contains("interval over 2 models") == isAverage, "\(sheet.caption)")
        #expect(sheet.caption.contains("replica 0 (seed 7)") == !isAverage, "\(sheet.caption)")
      }
      #expect(throws: FigureError.self) { try chosen.select("replica=2") }

      try sandbox.succeed("plot", "many.nc", "--figure", "all", "--at", "replica=1", "--at", "model.latent=2")
      let page = String(decoding: try sandbox.bytes("many.svg"), as: UTF8.self)
      #expect(page.contains("replica 1 (seed 8)"))
      try sandbox.succeed("report", "many.nc", "--at", "replica=1")
      let report = String(decoding: try sandbox.bytes("many.html"), as: UTF8.self)
      for text in ["<dt>Shown</dt><dd>replica 1 (seed 8)</dd>", "Table of attractors", "Film strips"] {
        #expect(report.contains(text), "\(text)")
      }
      try sandbox.fail(
        65, ["plot", "many.nc", "--at", "replica=5", "-o", "a.svg"],
        parts: ["replica has no value 5", "0, 1"])
      for command in ["plot", "report"] {
        try sandbox.fail(
          65, [command, "many.nc", "--at", "model.latnt=2", "-o", command == "plot" ? "a.svg" : "a.html"],
          parts: ["'model.latnt'", "there is model.latent, model.training.epochs, replica, level"])
        for choice in ["model.latent", "model.latent=", "=2"] {
          let execution = try sandbox.simulate(command, "many.nc", "--at", choice)
          #expect(
            execution.code == 64 && execution.errors.contains("expected KEY=VALUE"), "\(execution.errors)")
        }
      }
      // Figures and pages say the scenario's keys, not the dimensions' names.
      try sandbox.succeed("plot", "many.nc", "--figure", "sweep", "-o", "sweep.svg")
      let sweep = String(decoding: try sandbox.bytes("sweep.svg"), as: UTF8.self)
      try sandbox.succeed("report", "many.nc", "-o", "page.md")
      let tables = String(decoding: try sandbox.bytes("page.md"), as: UTF8.self)
      for text in [page, report, sweep, tables] {
        #expect(text.contains("model.latent") && text.contains("model.training.epochs"))
        #expect(!text.contains("model_latent") && !text.contains("model\\_latent"))
      }
    }

    @Test func aWarningOfOneRunSaysWhich() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + "sweep: {model.latent: [4, 2]}\n", at: "sweep.yaml")
      let run = try sandbox.simulate("run", "sweep.yaml", cache: "/dev/null/cache")
      #expect(run.code == 0)
      for latent in [4, 2] {
        let words = "warning: model.latent = \(latent): the trained model cannot be kept in /dev/null/cache: "
        #expect(run.errors.contains(words), "\(run.errors)")
      }
    }

    @Test func aFailedRunIsReportedAndTheOthersKept() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try sandbox.succeed("train", "small.yaml", "-o", "m.safetensors")
      try sandbox.put(
        """
        name: files
        dataset: {kind: hierarchical-patterns, dimension: 36, superclasses: 2, classes: 2, memories: 40, test: 5}
        initial: {levels: [0.5]}
        dynamics: {steps: 2}
        sweep: {model.file: [missing.safetensors, m.safetensors]}

        """, at: "files.yaml")
      let run = try sandbox.simulate("run", "files.yaml")
      #expect(run.code == 66, "\(run.errors)")
      #expect(run.errors.contains("missing.safetensors"))
      let reader = try sandbox.reader("files.nc")
      #expect(try reader.variable("failed_runs").readInts() == [1, 0])
      let failures = try reader.variable("failure").readStrings()
      #expect(failures[0].contains("no such model file") && failures[1] == "")
      let distance = try reader.variable("distance_concept").readDoubles()
      #expect(distance[..<3].allSatisfy { $0.isNaN } && distance[3...].allSatisfy { $0.isFinite })
      // It is completed by its own campaign only; and that claims were changed meanwhile it says, whether or not the
      // runs were kept.
      let before = try sandbox.bytes("files.nc")
      try sandbox.put(before, at: "alone.nc")
      for override in ["dynamics.steps=3", "dataset.test=6"] {
        try sandbox.fail(
          65, ["run", "files.yaml", "-o", "alone.nc", "--resume", "-q", "--set", override],
          parts: ["alone.nc", "it is of another campaign", "--overwrite"])
      }
      #expect(try sandbox.bytes("alone.nc") == before)
      for file in ["alone.nc", "files.nc"] {
        var note = ""
        for threshold in [10, 1, 1] {
          let claim =
            "{approach: {statement: Near., estimate: approach(distance-concept), threshold: \(threshold)}}"
          let completed = try sandbox.simulate(
            "run", "files.yaml", "-o", file, "--resume", "--set", "claims=" + claim)
          #expect(completed.code == 66)
          note = try sandbox.reader(file).attribute("claims_changed_after_start").text ?? ""
        }
        for change in ["estimate was none", "threshold was none, now 10", "threshold was 10, now 1"] {
          let parts = ("; " + note + "; ").components(separatedBy: "; claims.approach." + change)
          #expect(parts.count == 2, "\(file): \(change) in \(note)")
        }
      }
      // Once its cause is mended, the failed run alone is made.
      #expect(try sandbox.names.contains("files.nc.points"))
      try sandbox.put(try sandbox.bytes("m.safetensors"), at: "missing.safetensors")
      #expect(try sandbox.succeed("run", "files.yaml", "--resume").output.contains("(1 done before)"))
      let mended = try sandbox.reader("files.nc").variable("distance_concept").readDoubles()
      #expect(mended[..<3] == mended[3...] && Array(mended[3...]) == Array(distance[3...]))
      #expect(try sandbox.succeed("run", "files.yaml", "--resume").output.contains("nothing was left to do"))
      #expect(try !sandbox.names.contains("files.nc.points"))
      // Where all fail, nothing is written.
      let none = try sandbox.simulate(
        "run", "files.yaml", "-o", "none.nc", "--set", "sweep.model.file=[a.safetensors, b.safetensors]")
      #expect(none.code == 66)
      #expect(try !sandbox.names.contains { $0.hasPrefix("none") })
    }

    /// The shards of a campaign go on likewise.
    @Test func anInterruptedCampaignGoesOnWithTheSameBits() throws {
      let sandbox = try Sandbox()
      try sandbox.put(scenario, at: "claims.yaml")
      try sandbox.succeed("run", "claims.yaml", "-o", "whole.nc", "--threads", "1")
      // Part of the runs, as if killed between two.
      try sandbox.succeed("run", "claims.yaml", "-o", "part.nc", "--shard", "1/3")
      #expect(try sandbox.names.contains("part.nc.points"))
      try sandbox.fail(
        73, ["run", "claims.yaml", "-o", "part.nc", "-q"], parts: ["part.nc.points", "--resume"])
      try sandbox.fail(
        65, ["run", "claims.yaml", "-o", "part.nc", "-q", "--resume", "--seed", "3"],
        parts: ["part.nc.points", "seed was 7, now 3"])
      try sandbox.succeed("run", "claims.yaml", "-o", "part.nc", "--resume")
      try expectIdentical(try sandbox.reader("whole.nc"), try sandbox.reader("part.nc"))
      let again = try sandbox.succeed("run", "claims.yaml", "-o", "part.nc", "--resume")
      #expect(again.output.contains("nothing was left to do"))
      #expect(try !sandbox.names.contains("part.nc.points"))
      try sandbox.fail(73, ["run", "claims.yaml", "-o", "part.nc", "-q"], parts: ["part.nc"])
      // Another claim is another file, though no run is another.
      try sandbox.fail(
        65, ["run", "claims.yaml", "-o", "part.nc", "-q", "--resume", "--set", "claims.far.threshold=9"],
        parts: ["claims.far.threshold was ", ", now 9", "--overwrite"])
      // Claims that change while runs are under way are judged, and the file says so.
      try sandbox.succeed("run", "claims.yaml", "-o", "other.nc", "--shard", "1/3")
      let changed = try sandbox.succeed(
        "run", "claims.yaml", "-o", "other.nc", "--resume", "--set", "claims.far.threshold=9")
      #expect(changed.errors.contains("claims were changed after runs had begun"))
      #expect(changed.output.contains("Changed after runs had begun: claims.far.threshold was "))
      let note = try sandbox.reader("other.nc").attribute("claims_changed_after_start").text
      #expect(note?.hasPrefix("claims.far.threshold was ") == true && note?.hasSuffix(", now 9") == true)
      #expect(throws: (any Error).self) {
        try sandbox.reader("part.nc").attribute("claims_changed_after_start")
      }
    }

    @Test func whatClaimsAskForMustBeInTheRun() throws {
      let sandbox = try Sandbox()
      try sandbox.put(scenario, at: "claims.yaml")
      func fail(_ setting: String, _ parts: String...) throws {
        try sandbox.fail(65, ["run", "claims.yaml", "-q", "--set", setting], parts: parts)
      }
      try fail("claims.far.estimate=final(distance-memory)", "claims.far.estimate", "add distance-memory")
      try fail("claims.far.estimate=distance-root", "claims.far.estimate", "final(distance-root)")
      try fail("claims.far.estimate=model.latent", "claims.far.estimate", "sweep model.latent")
      try fail("claims.near.levels=[0.4]", "claims.near.levels", "0.4", "which are 0, 0.5")
      try fail("claims.far.estimate='5'", "claims.far.estimate", "observables")
      try fail("claims.far.estimate=final(distance_root)", "claims.far.estimate", "hyphens")
      try fail("claims.with-noise.against=ln(level)", "claims.with-noise.against", "none at level 0")
      try fail("claims.near.compare=[untrained]", "claims.near.compare", "leave untrained out of one")
      try fail("model.training.epochs=0", "controls", "untrained", "leave untrained out")
      try fail("claims.with-noise.against=ln(negative-elbo-test)", "claims.with-noise.against", "a sweep")
      try fail("claims.with-noise.over=each", "claims.with-noise.over", "mean")
      try sandbox.succeed("train", "claims.yaml", "-q", "--set", "model.replicas=1", "-o", "m.safetensors")
      try fail("model.file=m.safetensors", "controls", "untrained")
      try sandbox.fail(65, ["train", "claims.yaml", "-q"], parts: ["model.replicas", "--seed"])
      #expect(try sandbox.succeed("validate", "claims.yaml").output.contains("15 runs"))
    }

    @Test func studentsQuantilesAgreeWithTables() {
      // NIST/SEMATECH e-Handbook, table 1.3.6.7.2, three decimals.
      for (freedom, value) in [(1, 12.706), (2, 4.303), (4, 2.776), (9, 2.262), (30, 2.042)] {
        #expect(abs(StudentInterval.quantile(0.975, degreesOfFreedom: freedom) - value) < 0.0005)
      }
      let one = StudentInterval(of: [3])
      #expect(one.mean == 3 && one.lower.isNaN && one.count == 1)
      #expect(StudentInterval(of: []).mean.isNaN)
      #expect(StudentInterval(of: [1, .nan, 3]).count == 2)
    }
  }
}
