import Foundation
import Output
import TestSupport
import Testing

extension CommandTests {
  /// Initial states that name their source items, and those of a finished run.
  @Suite struct SourceItemTests {
    static let base = smallScenario.components(separatedBy: "initial:")[0]
    static let rest = """
      observables: [distance-concept, distance-memory, data-overlap, data-distance-memory, abstraction-level, nearest-concept]
      group-by: [class, superclass]
      split-by: [retention]
      output: {members: true, latents: true, initial-states: true}

      """

    /// A run, and the states that `starts` makes of it again.
    private static func source(
      _ sandbox: Sandbox, _ initial: String, more: String = ""
    ) throws -> [String: [String]] {
      try sandbox.put(base + "initial: \(initial)\n" + rest + more, at: "source.yaml")
      try sandbox.succeed("run", "source.yaml", "-o", "source.nc")
      try sandbox.succeed("starts", "source.nc", "-o", "states.nc")
      return try contents(sandbox.reader("source.nc"))
    }

    /// A run from these states is the run that made them: all numbers but the level, bit for bit, as patterns are 0 or 1
    /// and the plan is the same.
    @Test(arguments: [
      ("{corruption: flip, levels: [0.3], realizations: 3}", "initial_state"),
      ("{corruption: flip, levels: [0.3], split: test}", "initial_state"),
      ("{corruption: flip-exact, levels: [0.5], items: {random: 30}, realizations: 130}", "initial_state"),
      ("{corruption: latent-gaussian, levels: [0.5], realizations: 2}", "initial_latent_state"),
    ])
    func aRunFromItsOwnStatesIsTheRun(initial: String, variable: String) throws {
      let sandbox = try Sandbox()
      var source = try Self.source(sandbox, initial)
      let split = initial.contains("split: test") ? "test" : "train"
      try sandbox.put(
        Self.base
          + "initial: {corruption: file, split: \(split), file: {path: states.nc, variable: \(variable),"
          + " items: item}}\n" + Self.rest, at: "again.yaml")
      let execution = try sandbox.succeed("run", "again.yaml", "-o", "again.nc")
      #expect(!execution.errors.contains("initial.file.items"))
      var again = try contents(sandbox.reader("again.nc"))
      for path in ["/level", "/members/corruption_level"] {
        #expect(again.removeValue(forKey: path) != source.removeValue(forKey: path))
      }
      #expect(again.keys.sorted() == source.keys.sorted())
      let differing = source.keys.filter { source[$0] != again[$0] }.sorted()
      #expect(differing.isEmpty, "\(differing)")
      let distances = try Table(sandbox.reader("again.nc"), "members/distance_memory")
      let isAwayFromItsMemory = (0..<distances.shape[0]).contains { distances[$0, 0] > 0 }
      #expect(isAwayFromItsMemory)
    }

    /// `starts` makes the states that the run has, with their addresses; so it does of a run from a file.
    @Test func startsAreThoseOfTheRun() throws {
      let sandbox = try Sandbox()
      let source = try Self.source(
        sandbox, "{corruption: uniform-replacement, levels: [0.2, 0.7], items: 30, realizations: 2}")
      func values(_ text: [String]?, dimensions: Int) -> [String] {
        Array((text ?? []).dropFirst(dimensions))
      }
      let states = try contents(sandbox.reader("states.nc"))
      for (name, own, rank) in [
        ("initial_state", "initial_state", 2), ("corruption_level", "corruption_level", 1),
        ("item", "item", 1),
        ("realization", "realization", 1), ("class", "class", 1),
      ] {
        let expected = values(source["/members/\(name)"], dimensions: rank)
        #expect(expected.count == 120 * (rank == 2 ? 36 : 1), "\(name)")
        #expect(values(states["/\(own)"], dimensions: rank) == expected, "\(name)")
      }
      // Grey levels are what single precision leaves of them.
      #expect(try sandbox.reader("states.nc").variable("initial_state").type == .float)
      try sandbox.put(
        Self.base.replacing("{steps: 3}", with: "{steps: 3, precision: double}")
          + "initial: {corruption: file, items: {random: 50}, file: {path: states.nc, variable: initial_state, items:"
          + " item}}\noutput: {members: true, initial-states: true}\n", at: "again.yaml")
      try sandbox.succeed("run", "again.yaml", "-o", "again.nc")
      try sandbox.succeed("starts", "again.nc", "-o", "twice.nc")
      let (again, twice) = (
        try contents(sandbox.reader("again.nc")), try contents(sandbox.reader("twice.nc"))
      )
      #expect(
        values(again["/members/initial_state"], dimensions: 2)
          == values(twice["/initial_state"], dimensions: 2))
      #expect(values(again["/members/item"], dimensions: 1) == values(twice["/item"], dimensions: 1))
      #expect(try sandbox.reader("twice.nc").variable("initial_state").type == .double)
    }

    /// Draws without an item, and what the file of states says of itself.
    @Test func theRecordedCommandWritesStartsWithoutItems() throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        Self.base
          + "initial: {corruption: prior, items: 700}\noutput: {members: true, initial-states: true}\n",
        at: "source.yaml")
      try sandbox.succeed("run", "source.yaml", "-o", "source.nc")
      let command = try #require(try sandbox.reader("source.nc").attribute("initial_states_command").text)
      #expect(command == "simulate starts RUN.nc -o STATES.nc")
      let words = command.replacing("RUN.nc", with: "source.nc").replacing("STATES.nc", with: "states.nc")
        .split(separator: " ").dropFirst().map(String.init)
      #expect(try sandbox.simulate(words).output == "wrote 700 states to states.nc\n")
      let states = try sandbox.reader("states.nc")
      let run = try sandbox.reader("source.nc")
      #expect(
        try states.variable("initial_latent_state").readDoubles()
          == run.variable("members/initial_latent_state").readDoubles())
      #expect(throws: NetCDFError.self) { try states.variable("class") }
      try sandbox.fail(73, ["starts", "source.nc", "-o", "states.nc"], parts: ["states.nc", "--overwrite"])
      try sandbox.fail(73, ["starts", "source.nc", "-o", "source.nc", "--overwrite"], parts: ["input"])
    }

    /// States that name items any number of times: they are the items' realizations, in the file's order.
    @Test func statesOfOneItemAreItsRealizations() throws {
      let sandbox = try Sandbox()
      let items: [Int32] = [9, 3, 3, 150, 3, 9, 20]
      try Self.put(sandbox, items: items)
      try sandbox.put(
        Self.base + "initial: {corruption: file, file: {path: states.nc, variable: data, items: items}}\n"
          + Self.rest,
        at: "a.yaml")
      try sandbox.succeed("run", "a.yaml", "-o", "a.nc")
      let run = try sandbox.reader("a.nc")
      #expect(try run.variable("members/item").readInts() == [3, 3, 3, 9, 9, 20, 150])
      #expect(try run.variable("members/realization").readInts() == [0, 1, 2, 0, 1, 0, 0])
      #expect(try run.variable("count").readInts() == [7])
      let order = [1, 2, 4, 0, 5, 6, 3]
      let states = try Table(run, "members/initial_state")
      for (member, state) in order.enumerated() {
        let expected = (0..<36).map { pixel -> Double in Double((36 * state + pixel) % 7) / 8 }
        #expect(states.row(member) == expected)
      }
      // The error of a ratio over four items, of which seven members are.
      let distances = try Table(run, "members/distance_concept")
      let values = (0..<7).map { distances[$0, 2] }
      let mean = values.reduce(0, +) / 7
      let groups = [values[0..<3], values[3..<5], values[5..<6], values[6..<7]]
      let squares = groups.map { part in
        let residual = part.reduce(0, +) - mean * Double(part.count)
        return residual * residual
      }
      let square: Double = squares.reduce(0, +)
      let error = (4.0 / 3 * square).squareRoot() / 7
      let found = try Table(run, "distance_concept")[0, 2]
      let foundError = try Table(run, "distance_concept_standard_error")[0, 2]
      #expect(abs(found - mean) <= 1e-14 * mean)
      #expect(abs(foundError - error) <= 1e-12 * error)
      // Chosen states are those of the file's order.
      try sandbox.succeed("run", "a.yaml", "-o", "b.nc", "--set", "initial.items=2")
      #expect(try sandbox.reader("b.nc").variable("members/item").readInts() == [3, 9])
      // A search takes one state of each item.
      try sandbox.fail(
        65, ["run", "a.yaml", "-o", "c.nc", "--set", "attractors={}"],
        parts: ["initial.items", "states 1 and 2 are both of item 3", "one state of each"])
      try sandbox.succeed(
        "run", "a.yaml", "-o", "c.nc", "--set", "attractors={}", "--set", "attractors.items=2")
      #expect(try sandbox.reader("c.nc").variable("attractors/initial_item").readInts() == [9, 3])
      // Shards of it are the run; seven members are one unit, and so 60 of each state are taken.
      let many = ["--set", "initial.realizations=60"]
      #expect(try sandbox.simulate(["run", "a.yaml", "-o", "e.nc"] + many).code == 0)
      for k in 1...2 {
        #expect(try sandbox.simulate(["run", "a.yaml", "-o", "d.nc", "--shard", "\(k)/2"] + many).code == 0)
      }
      try sandbox.succeed("merge", "d.1-of-2.shard", "d.2-of-2.shard", "-o", "d.nc")
      try expectIdentical(sandbox.reader("e.nc"), sandbox.reader("d.nc"))
    }

    private static func put(_ sandbox: Sandbox, items: [Int32]) throws {
      let writer = try NetCDFWriter(path: sandbox("states.nc"))
      for (name, length) in [("state", items.count), ("pixel", 36), ("few", 2)] {
        try writer.root.defineDimension(name, length: length)
      }
      try writer.root.defineVariable("data", type: .double, dimensions: ["state", "pixel"])
        .write((0..<items.count * 36).map { Double($0 % 7) / 8 })
      func define(_ name: String, _ type: NetCDFType, _ dimension: String) throws -> NetCDFVariable {
        try writer.root.defineVariable(name, type: type, dimensions: [dimension])
      }
      try define("items", .int32, "state").write(items)
      try define("reals", .double, "state").write(items.map(Double.init))
      try define("halves", .double, "state").write(items.enumerated().map { $0 == 5 ? 2.5 : Double($1) })
      try define("beyond", .int32, "state").write(items.enumerated().map { $0 == 3 ? 160 : $1 })
      try define("below", .int32, "state").write(items.enumerated().map { $0 == 1 ? -1 : $1 })
      try define("short", .int32, "few").write([1, 2] as [Int32])
      try define("labels", .int32, "state").write(items.map { _ in 0 as Int32 })
      try writer.commit()
    }

    @Test func unfitItemsAreRefused() throws {
      let sandbox = try Sandbox()
      try Self.put(sandbox, items: [9, 3, 3, 150, 3, 9, 20])
      func refuse(
        _ file: String, _ parts: [String], split: String = "train", isOfTheScenario: Bool = true
      ) throws {
        try sandbox.put(
          Self.base + "initial: {corruption: file, split: \(split), file: \(file)}\n" + Self.rest,
          at: "a.yaml")
        for command in ["run", "validate"] {
          try sandbox.fail(
            65, [command, "a.yaml"], parts: (isOfTheScenario ? ["a.yaml"] : []) + parts)
        }
        #expect(try sandbox.names.filter { $0.hasSuffix(".nc") } == ["states.nc"])
      }
      func variable(_ name: String) -> String { "{path: states.nc, variable: data, items: \(name)}" }
      try refuse(
        variable("beyond"),
        ["initial.file.items", "states.nc: beyond", "from 0 to 159", "160 items", "state 3 is 160"])
      try refuse(variable("below"), ["states.nc: below", "from 0 to 159", "state 1 is -1"])
      try refuse(variable("halves"), ["states.nc: halves", "whole numbers", "state 5 is 2.5"])
      try refuse(variable("short"), ["states.nc: short", "7 numbers", "its shape is [2]"])
      try refuse(variable("data"), ["states.nc: data", "its shape is [7, 36]"])
      try refuse(
        variable("items"), ["from 0 to 19", "test split has 20 items", "state 3 is 150", "split: train"],
        split: "test")
      try refuse(variable("itms"), ["\"itms\"", "did you mean \"items\""], isOfTheScenario: false)
      try refuse(
        "{path: states.nc, variable: data, items: items, labels: labels}",
        ["initial.file.labels", "not allowed beside initial.file.items"])
      // Whole numbers of a floating type are numbers of items, too.
      try sandbox.put(
        Self.base + "initial: {corruption: file, file: \(variable("reals"))}\n" + Self.rest, at: "a.yaml")
      try sandbox.succeed("run", "a.yaml", "-o", "a.nc")
      try sandbox.succeed("run", "a.yaml", "-o", "b.nc", "--set", "initial.file.items=items")
      try expectIdentical(sandbox.reader("a.nc"), sandbox.reader("b.nc"))
    }

    /// IDX files; and labels without items, of which a run warns.
    @Test func labelsWithoutItemsAreWarnedOf() throws {
      let sandbox = try Sandbox()
      try sandbox.put(idx([3, 6, 6], (0..<108).map { UInt8($0 % 2 * 255) }), at: "states.idx")
      try sandbox.put(idx([3], [5, 0, 5]), at: "items.idx")
      try sandbox.put(idx([3], [1, 0, 1]), at: "labels.idx")
      try sandbox.put(
        Self.base + "initial: {corruption: file, file: {path: states.idx, items: items.idx}}\n" + Self.rest,
        at: "a.yaml")
      try sandbox.succeed("run", "a.yaml", "-o", "a.nc")
      #expect(try sandbox.reader("a.nc").variable("members/item").readInts() == [0, 5, 5])
      let warning = "initial.file: without source items each state is its own clean item"
      #expect((try? sandbox.reader("a.nc").attribute("warnings"))?.text?.contains(warning) != true)
      let labels = ["--set", "initial.file.items=null", "--set", "initial.file.labels=labels.idx"]
      let execution = try sandbox.simulate(["run", "a.yaml", "-o", "b.nc"] + labels)
      #expect(
        execution.code == 0 && execution.errors.contains(warning)
          && execution.errors.contains("distance-memory"))
      let run = try sandbox.reader("b.nc")
      #expect(try run.attribute("warnings").text?.contains(warning) == true)
      #expect(try Table(run, "distance_memory")[0, 0] == 0)
      // Nothing is compared with the memory: no warning.
      let silent = try sandbox.simulate(
        ["run", "a.yaml", "-o", "c.nc", "--set", "observables=[distance-concept]"] + labels)
      #expect(silent.code == 0 && !silent.errors.contains(warning))
    }

    /// Data or model that are others than the run's, or gone.
    @Test func startsNeedTheRunsOwnDataAndModel() throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        putPictures(sandbox)
          + "initial: {corruption: latent-gaussian, levels: [0.5]}\noutput: {members: true}\n",
        at: "a.yaml")
      try sandbox.succeed("run", "a.yaml", "-o", "a.nc")
      let model = try #require(try sandbox.reader("a.nc").attribute("model_file").text)
      #expect(sandbox.cachedModels == [model])
      try sandbox.succeed("starts", "a.nc", "-o", "s.nc")
      // Not in the cache, but where the run found it.
      let elsewhere = try sandbox.simulate(["starts", "a.nc", "-o", "t.nc"], cache: sandbox("other-cache"))
      #expect(elsewhere.code == 0, "\(elsewhere.errors)")
      try expectIdentical(sandbox.reader("s.nc"), sandbox.reader("t.nc"))
      try sandbox.put(Array(Data(contentsOf: URL(fileURLWithPath: model))), at: "kept.safetensors")
      try FileManager.default.removeItem(atPath: model)
      try sandbox.fail(
        66, ["starts", "a.nc", "-o", "u.nc"], parts: ["a.nc", "model_file", "gone", "simulate train"])
      // Another model in its place.
      try sandbox.succeed("train", "a.yaml", "-o", "other.safetensors", "--seed", "99")
      try FileManager.default.copyItem(atPath: sandbox("other.safetensors"), toPath: model)
      try sandbox.fail(
        65, ["starts", "a.nc", "-o", "u.nc"], parts: ["a.nc", "model_file", "another", "model_sha256"])
      try FileManager.default.removeItem(atPath: model)
      let bytes = try sandbox.bytes("train-images.idx")
      try sandbox.put(bytes.dropLast() + [bytes[bytes.count - 1] ^ 1], at: "train-images.idx")
      try sandbox.fail(
        65, ["starts", "a.nc", "-o", "u.nc"], parts: ["a.nc", "dataset", "another", "dataset_sha256"])
      try FileManager.default.removeItem(atPath: sandbox("train-images.idx"))
      try sandbox.fail(66, ["starts", "a.nc", "-o", "u.nc"], parts: ["train-images.idx"])
      #expect(!FileManager.default.fileExists(atPath: sandbox("u.nc")))
    }

    /// A file of several runs, and other files.
    @Test func aChosenRunOfSeveralGivesItsStarts() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + "sweep: {initial.levels: [[0], [0.5]]}\n", at: "a.yaml")
      try sandbox.succeed("run", "a.yaml", "-o", "a.nc")
      let several = try sandbox.reader("a.nc")
      #expect(try several.attribute("initial_states_command").text == "simulate starts RUN.nc -o STATES.nc")
      #expect(try several.attribute("model_file").text == sandbox.cachedModels.first)
      // Runs of it, by the swept key and the replica, are those of the scenario alone.
      try sandbox.put(
        Self.base.replacing("  latent: 4\n", with: "  latent: 4\n  replicas: 2\n") + """
          initial: {corruption: latent-gaussian, levels: [0.5], items: 20}
          sweep: {initial.split: [train, test]}
          output: {members: true, initial-states: true}

          """, at: "many.yaml")
      try sandbox.succeed("run", "many.yaml", "-o", "many.nc")
      func states(_ name: String) throws -> [Double] {
        try sandbox.reader(name).variable("initial_latent_state").readDoubles()
      }
      try sandbox.succeed(
        "starts", "many.nc", "-o", "s.nc", "--at", "initial.split=test", "--at", "replica=1")
      try sandbox.succeed(
        "run", "many.yaml", "-o", "one.nc", "--set", "sweep=null", "--set", "model.replicas=1", "--set",
        "initial.split=test", "--seed", "8")
      #expect(
        try states("s.nc") == sandbox.reader("one.nc").variable("members/initial_latent_state").readDoubles())
      try sandbox.succeed("starts", "many.nc", "-o", "first.nc")
      #expect(try states("first.nc") != states("s.nc"))
      // Without the cache the file names the models.
      let elsewhere = try sandbox.simulate(
        ["starts", "many.nc", "-o", "t.nc", "--at", "initial_split=test", "--at", "replica=1"],
        cache: sandbox("other-cache"))
      #expect(elsewhere.code == 0, "\(elsewhere.errors)")
      #expect(try states("s.nc") == states("t.nc"))
      try sandbox.fail(
        65, ["starts", "many.nc", "-o", "u.nc", "--at", "replica=2"], parts: ["replica=2", "from 0 to 1"])
      try sandbox.fail(
        65, ["starts", "many.nc", "-o", "u.nc", "--at", "model.latent=2"], parts: ["initial.split, replica"])
      try sandbox.put("no NetCDF", at: "text.nc")
      try sandbox.fail(65, ["starts", "text.nc", "-o", "u.nc"], parts: ["text.nc"])
      try sandbox.fail(66, ["starts", "none.nc", "-o", "u.nc"], parts: ["none.nc"])
    }

    /// The model's path is said, and `train` copies what was trained before.
    @Test func modelsAreFound() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "a.yaml")
      let run = try sandbox.succeed("run", "a.yaml", "-o", "a.nc")
      let model = try #require(sandbox.cachedModels.first)
      #expect(run.output.contains("\nModel file: \(model)\n"))
      #expect(try sandbox.reader("a.nc").attribute("model_file").text == model)
      let quiet = try sandbox.succeed("run", "a.yaml", "-o", "b.nc", "--quiet")
      #expect(quiet.output == "")
      let copied = try sandbox.succeed("train", "a.yaml", "-o", "m.safetensors")
      #expect(copied.output.hasSuffix("wrote m.safetensors (a copy of \(model))\n"))
      #expect(copied.errors.contains("model trained before: \(model)") && !copied.errors.contains("epoch"))
      #expect(try sandbox.bytes("m.safetensors") == Array(Data(contentsOf: URL(fileURLWithPath: model))))
      // What is trained by `train` is in the cache for `run`.
      try sandbox.succeed("train", "a.yaml", "-o", "n.safetensors", "--seed", "9")
      let second = try sandbox.succeed("run", "a.yaml", "-o", "c.nc", "--seed", "9")
      #expect(second.errors.contains("model trained before"))
      // A file of the scenario's own is named as well; a Hopfield network has none.
      let own = try sandbox.succeed("run", "a.yaml", "-o", "d.nc", "--set", "model.file=m.safetensors")
      #expect(own.output.contains("Model file: \(sandbox("m.safetensors"))\n"))
      try sandbox.put(
        smallScenario.components(separatedBy: "model:")[0] + "model: {kind: hopfield}\n", at: "h.yaml")
      #expect(try !sandbox.succeed("run", "h.yaml", "-o", "h.nc").output.contains("Model file"))
      let several = try sandbox.succeed("run", "a.yaml", "-o", "e.nc", "--set", "sweep={seed: [7, 9]}")
      #expect(several.output.contains("Model files: \(sandbox.cache)\n"))
    }
  }
}
