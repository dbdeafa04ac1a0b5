import Foundation
import Output
import Testing

extension CommandTests {
  /// train, validate, inspect, list and the options that all commands have.
  @Suite struct OtherCommandTests {
    /// The rows of `simulate inspect MODEL`.
    private static func rows(_ text: String) -> [String: String] {
      var rows: [String: String] = [:]
      for line in text.split(separator: "\n") {
        let parts = line.split(separator: " ", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        if parts.count == 2 { rows[parts[0]] = parts[1] }
      }
      return rows
    }

    @Test func trainedModelsAreReadAgain() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let training = try sandbox.succeed("train", "small.yaml")
      #expect(training.output.contains("model: 36-16-4, tanh, bernoulli"))
      #expect(training.output.contains("wrote "))
      #expect(try sandbox.names == ["small.safetensors", "small.yaml"])
      // The format by hand: a length, a JSON header, the data.
      let bytes = try sandbox.bytes("small.safetensors")
      let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      let header = try #require(
        try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: Any])
      let metadata = try #require(header["__metadata__"] as? [String: String])
      #expect(metadata["activation"] == "tanh")
      #expect(metadata["likelihood"] == "bernoulli")
      #expect(metadata["format"] == "pt")
      #expect(metadata["epochs"] == "2")
      let shapes = header.compactMapValues { ($0 as? [String: Any])?["shape"] as? [Int] }
      #expect(
        shapes == [
          "encoder.0.weight": [16, 36], "encoder.0.bias": [16], "encoder.mean.weight": [4, 16],
          "encoder.mean.bias": [4], "encoder.log_variance.weight": [4, 16], "encoder.log_variance.bias": [4],
          "decoder.0.weight": [16, 4], "decoder.0.bias": [16], "decoder.output.weight": [36, 16],
          "decoder.output.bias": [36],
        ])
      #expect(bytes.count == 8 + length + 4 * shapes.values.map { $0.reduce(1, *) }.reduce(0, +))
      let rows = Self.rows(try sandbox.succeed("inspect", "small.safetensors").output)
      #expect(rows["widths"] == "36-16-4")
      #expect(rows["epochs"] == "2")
      #expect(rows["sha256"]?.count == 64)

      // The file gives the same run as training within the run.
      try sandbox.succeed("run", "small.yaml", "-o", "trained.nc")
      let read = try sandbox.succeed(
        "run", "small.yaml", "-o", "read.nc", "--set", "model.file=small.safetensors")
      #expect(
        read.errors.contains("beside the values of --set are left out: model.hidden, model.latent"))
      try expectIdentical(sandbox.reader("trained.nc"), sandbox.reader("read.nc"))
      #expect(try sandbox.reader("read.nc").attribute("model_sha256").text == rows["sha256"])
      // Training a model that is given is a contradiction.
      try sandbox.fail(
        65, ["train", "small.yaml", "-o", "b.safetensors", "--set", "model.file=small.safetensors"],
        parts: ["model.file"])
    }

    @Test func whatAModelFileDoesNotTellIsSaid() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try sandbox.succeed("train", "small.yaml", "-o", "whole.safetensors")
      // A key of the same length takes the place, so that the header stays what it is.
      var bytes = try sandbox.bytes("whole.safetensors")
      func put(_ name: String, without key: String) throws {
        let place = try #require(bytes.firstRange(of: Array("\"\(key)\":".utf8)))
        bytes[place.lowerBound + 1] = UInt8(ascii: "_")
        try sandbox.put(bytes, at: name)
      }
      try put("one.safetensors", without: "activation")
      try put("none.safetensors", without: "likelihood")
      func rows(_ name: String) throws -> [String: String] {
        Self.rows(try sandbox.succeed("inspect", name).output)
      }
      #expect(try rows("whole.safetensors")["activation"] == "tanh")
      let one = try rows("one.safetensors")
      #expect(one["activation"] == "tanh (assumed: not in the metadata)")
      #expect(one["likelihood"] == "bernoulli")
      #expect(try rows("none.safetensors")["likelihood"] == "bernoulli (assumed: not in the metadata)")
      func warnings(_ name: String, _ more: String...) throws -> [Substring] {
        let run = try sandbox.simulate(
          ["run", "small.yaml", "--overwrite", "--set", "model.file=\(name)"] + more)
        #expect(run.code == 0, "\(run.errors)")
        return run.errorLines.filter { $0.contains("warning") }
      }
      #expect(try warnings("whole.safetensors").isEmpty)
      let first = try warnings("one.safetensors")
      #expect(first.count == 1)
      #expect(
        first[0].contains("one.safetensors: no activation in the metadata; tanh is assumed (write it with"))
      #expect(first[0].hasSuffix("save_file(tensors, path, {\"activation\": ...}))"))
      // Several runs say it once.
      let both = try warnings("none.safetensors", "--set", "sweep.dynamics.steps=[1, 2]")
      #expect(both.count == 1)
      #expect(
        both[0].contains("no activation, no likelihood in the metadata; tanh and bernoulli are assumed"))
    }

    @Test func aModelFileWithoutADataSetIsMeasuredOnTheDefault() throws {
      let sandbox = try Sandbox()
      let text = "name: bare\ndynamics: {steps: 1}\ninitial: {items: 5}\nmodel:"
      try sandbox.put(text + " {latent: 2, hidden: [], training: {epochs: 0}}\n", at: "training.yaml")
      try sandbox.succeed("train", "training.yaml", "-o", "m.safetensors")
      try sandbox.put(text + " {file: m.safetensors}\n", at: "bare.yaml")
      let line = "warning: no dataset in the scenario: memories and concepts are those of the default"
      func count(_ more: String...) throws -> Int {
        let run = try sandbox.simulate(["run", "bare.yaml", "--overwrite"] + more)
        #expect(run.code == 0, "\(run.errors)")
        return run.errorLines.count { $0.hasPrefix(line) }
      }
      #expect(try count() == 1)
      #expect(try count("--set", "sweep.dynamics.steps=[1, 2]") == 1)
      #expect(try count("--set", "dataset.memories=80") == 0)
      #expect(try count("--set", "sweep.dataset.memories=[40, 80]") == 0)
      try sandbox.put("dataset: {}\n" + text + " {file: m.safetensors}\n", at: "bare.yaml")
      #expect(try count() == 0)
    }

    @Test func picturesFromIDXFilesRun() throws {
      let sandbox = try Sandbox()
      let text = try putPictures(sandbox)
      let tree = "  superclasses: {even: [0, 2], odd: [1, 3]}\nmodel:"
      try sandbox.put(text.replacingOccurrences(of: "model:", with: tree), at: "pictures.yaml")
      try sandbox.succeed("run", "pictures.yaml", "--set", "group-by=[superclass]")
      let reader = try sandbox.reader("pictures.nc")
      #expect(try reader.variable("geometry/concept_parent").readInts() == [0, 1, 0, 1])
      #expect(try reader.variable("superconcept_name").readStrings() == ["even", "odd"])
      #expect(try reader.variable("overlap_concept_by_superclass").shape == [1, 2, 3])
      // Without superclasses the tree has three levels: memory, class, root.
      try sandbox.put(text, at: "flat.yaml")
      try sandbox.succeed("run", "flat.yaml", "-o", "flat.nc")
      #expect(try sandbox.reader("flat.nc").variable("level_fraction").shape == [1, 3, 3])
      try sandbox.fail(
        65, ["run", "flat.yaml", "-o", "b.nc", "--set", "group-by=[superclass]"],
        parts: ["group-by", "superclass"])
    }

    @Test func validatePrintsTheResolvedScenario() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let first = try sandbox.succeed("validate", "small.yaml", "--set", "initial.realizations=3").output
      #expect(first.contains("# valid: 960 members x 3 steps"))
      #expect(first.contains("likelihood: bernoulli"))
      // What it prints is a scenario of the same meaning.
      try sandbox.put(first, at: "again.yaml")
      #expect(try sandbox.succeed("validate", "again.yaml").output == first)
      #expect(try sandbox.succeed("validate", "small.yaml", "--quiet").output == "")
      #expect(try sandbox.names == ["again.yaml", "small.yaml"])
      #expect(sandbox.cachedModels.isEmpty)
    }

    @Test func inspectNamesAllVariables() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml")
      let text = try sandbox.succeed("inspect", "small.nc").output
      for group in ["/", "/geometry", "/members"] {
        #expect(text.contains("\ngroup \(group)\n"))
        for variable in try sandbox.reader("small.nc").group(group).variables {
          #expect(text.contains("  \(variable.name)("), "\(variable.path)")
        }
      }
      #expect(text.contains("distance_concept(level=2, time=4)"))
      #expect(text.contains("format_version"))
      // A run file that some other program wrote has no scenario: the file is wrong, not the usage.
      let writer = try NetCDFWriter(path: sandbox("foreign.nc"))
      try writer.root.setAttribute("scenario", 3)
      try writer.commit()
      try sandbox.fail(65, ["inspect", "--scenario", "foreign.nc"], parts: ["foreign.nc", "scenario"])
      let own = try NetCDFWriter(path: sandbox("own.nc"))
      try own.root.setAttribute("history", "made by hand")
      try own.root.defineDimension("state", length: 2)
      try own.root.defineVariable("start", type: .double, dimensions: ["state"]).write([1.0, 2.0])
      try own.commit()
      let description = try sandbox.succeed("inspect", "own.nc").output
      #expect(
        description == """
          own.nc: a NetCDF file, but not a run file of this program (it has no attribute 'format_version')

          group /
            dimensions: state=2
            start(state=2)

          """)
      #expect(text.hasPrefix("small.nc: a run file\n") && !text.contains("dimensions: "))
      for file in ["small.yaml", "empty"] {
        try sandbox.put(file == "empty" ? "" : smallScenario, at: file)
        try sandbox.fail(65, ["inspect", file], parts: [file, "it is no NetCDF file; give the path of one"])
      }
      // A model of PyTorch's own format is known by its bytes, under whatever name.
      try sandbox.put(Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 60), at: "model.pt")
      try sandbox.fail(
        65, ["inspect", "model.pt"], parts: ["model.pt", "PyTorch", "safetensors.torch.save_file"])
    }

    @Test func listsHoldEveryName() throws {
      let sandbox = try Sandbox()
      let observables = try sandbox.succeed("list", "observables").output
      for name in [
        "overlap-memory", "overlap-concept", "overlap-root", "distance-memory", "distance-concept",
        "distance-superconcept", "distance-root", "distance-nearest-memory", "distance-nearest-concept",
        "concept-accuracy", "abstraction-level", "step-length", "data-overlap", "reconstruction-error",
        "energy",
        "input-entropy", "reconstruction-excess", "kullback-leibler", "nearest-concept",
        "principal-component-1",
      ] {
        #expect(observables.split(separator: "\n").contains { $0.hasPrefix(name) }, "\(name)")
      }
      let corruptions = try sandbox.succeed("list", "corruptions").output
      for name in [
        "uniform-replacement", "flip", "flip-exact", "gaussian", "occlusion", "latent-gaussian", "prior",
        "latent-box", "file",
      ] {
        #expect(corruptions.split(separator: "\n").contains { $0.hasPrefix(name + " ") }, "\(name)")
      }
      let datasets = try sandbox.succeed("list", "datasets").output
      for name in ["hierarchical-patterns", "idx", "fashion-mnist"] { #expect(datasets.contains(name)) }
      let maps = try sandbox.succeed("list", "maps").output
      for name in ["mean", "sample", "clamped"] { #expect(maps.contains(name)) }
      let keys = try sandbox.succeed("list", "keys").output
      for name in ["model.training.learning-rate", "initial.file.path", "overlap-origin", "attractors.until"]
      {
        #expect(keys.contains(name))
      }
      let all = try sandbox.succeed("list").output
      for part in [observables, corruptions, datasets, maps] { #expect(all.contains(part)) }
    }

    @Test func quietMeansSilent() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      for arguments in [
        ["run", "small.yaml", "--quiet"], ["run", "small.yaml", "-q", "--overwrite"],
        ["train", "small.yaml", "--quiet"], ["validate", "small.yaml", "--quiet"],
      ] {
        let execution = try sandbox.simulate(arguments)
        #expect(execution.code == 0)
        #expect(execution.output == "" && execution.errors == "", "\(arguments)")
      }
      // Warnings are no errors; errors are shown.
      #expect(
        try sandbox.simulate(["run", "small.yaml", "-q", "-o", "b.nc"], cache: "/dev/null/x").errors == "")
      try sandbox.fail(73, ["run", "small.yaml", "--quiet"], parts: ["exists"])
    }

    @Test func progressAndResultsGoToDifferentStreams() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let execution = try sandbox.succeed("run", "small.yaml", "-o", "elsewhere.nc")
      #expect(try sandbox.names == ["elsewhere.nc", "small.yaml"])
      #expect(execution.output.contains("small: 320 members, 3 steps"))
      #expect(execution.output.contains("Run file: elsewhere.nc"))
      #expect(!execution.output.contains("epoch"))
      #expect(execution.errors.contains("epoch 1 of 2"))
      // No escape sequences where nobody looks at a terminal.
      #expect(!(execution.output + execution.errors).contains("\u{1B}"))
    }

    @Test func settingsReplaceKeys() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try sandbox.succeed(
        "run", "small.yaml", "--set", "initial.levels=[0.25]", "--set", "dynamics.steps=5", "--set",
        "dynamics.steps=1", "--set", "output.file=set.nc")
      let reader = try sandbox.reader("set.nc")
      #expect(try reader.variable("level").readDoubles() == [0.25])
      #expect(try reader.variable("time").readInts() == [0, 1])
    }

    @Test func versionAndHelpAreComplete() throws {
      let sandbox = try Sandbox()
      let version = try sandbox.succeed("--version").output
      let pattern = /repeated-inference \d+\.\d+\.\d+ \(instructions: (portable|avx2|avx512)\)\n/
      #expect(version.wholeMatch(of: pattern) != nil)
      let options: [String: [String]] = [
        "run": ["--output", "-o", "--set", "--seed", "--threads", "--overwrite", "--quiet"],
        "train": ["--output", "--set", "--seed", "--overwrite", "--quiet"],
        "validate": ["--set", "--seed"], "inspect": ["--scenario"], "list": ["<kind>"],
        "export": ["--variables", "--format", "--output", "--overwrite"],
        "report": [
          "--figure", "--variables", "--at", "--items", "--times", "--saddles", "--common-scale", "--output",
          "--overwrite",
        ],
        "plot": [
          "--figure", "--variables", "--at", "--items", "--times", "--saddles", "--common-scale", "--x-label",
          "--y-label", "--no-title", "--no-caption", "--list", "--narrow", "--output", "--overwrite",
        ],
      ]
      let overview = try sandbox.succeed("--help").output
      for (command, names) in options {
        #expect(overview.contains("  \(command) "), "\(command)")
        let help = try sandbox.succeed(command, "--help").output
        #expect(help.hasPrefix("OVERVIEW: "))
        for name in names { #expect(help.contains(name), "\(command) \(name)") }
      }
      for code in ["64", "65", "66", "73", "74", "130"] { #expect(overview.contains(code)) }
    }
  }
}
