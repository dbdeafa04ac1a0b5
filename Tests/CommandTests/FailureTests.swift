import Foundation
import Output
import TestSupport
import Testing

extension CommandTests {
  /// Each error is one line that names file, key, value and remedy, and has its exit code.
  @Suite struct FailureTests {
    /// What is wrong, with which code, and parts of the message.
    struct Case: Sendable, CustomTestStringConvertible {
      var settings: [String]
      var code: Int32 = 65
      var parts: [String]
      var testDescription: String { settings.joined(separator: " ") }
    }

    @Test(arguments: [
      Case(settings: ["initial.levls=[0]"], parts: ["initial.levls", "unknown key", "'initial.levels'"]),
      Case(settings: ["initial.levels=[0,1.5]"], parts: ["initial.levels", "1.5", "between 0 and 1"]),
      Case(settings: ["initial.levels=[]"], parts: ["initial.levels", "at least one"]),
      Case(settings: ["initial.items=161"], parts: ["initial.items", "161", "160"]),
      Case(settings: ["initial.split=test", "initial.items={random: 21}"], parts: ["initial.items", "20"]),
      Case(settings: ["dynamics.steps=-1"], parts: ["dynamics.steps", "-1"]),
      Case(settings: ["dynamics.mode=mena"], parts: ["dynamics.mode", "mena", "mean"]),
      Case(
        settings: ["dynamics.mode=clamped", "initial.corruption=gaussian"],
        parts: ["dynamics.mode", "gaussian", "flip-exact"]),
      Case(settings: ["initial.corruption=flipp"], parts: ["initial.corruption", "flipp", "'flip'"]),
      Case(settings: ["observables=[overlap-concpet]"], parts: ["overlap-concpet", "'overlap-concept'"]),
      Case(settings: ["observables=[principal-component-5]"], parts: ["principal-component-5", "4"]),
      Case(settings: ["output.latents=true"], parts: ["output.latents", "members: true"]),
      Case(
        settings: ["initial.corruption=occlusion", "dataset.dimension=35"],
        parts: ["initial.corruption", "occlusion", "square"]),
      Case(settings: ["dataset.kind=fashion-mnist", "dataset.directory=/none"], code: 66, parts: ["/none"]),
      Case(settings: ["model.file=none.safetensors"], code: 66, parts: ["none.safetensors"]),
    ])
    func wrongSettingsAreRefusedBeforeAnyWork(wrong: Case) throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let settings = wrong.settings.flatMap { ["--set", $0] }
      for command in ["run", "validate"] {
        try sandbox.fail(wrong.code, [command, "small.yaml"] + settings, parts: wrong.parts)
      }
      #expect(try sandbox.names == ["small.yaml"])
      #expect(sandbox.cachedModels.isEmpty)
    }

    /// Limits of a batch queue: one line instead of an endless loop in OpenBLAS, or of a healthy file called damaged.
    @Test func limitsThatAreTooLowAreNamed() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      for kibibytes in [200_000, 300_000, 450_000] {
        let execution = try sandbox.shell(
          "ulimit -v \(kibibytes); exec timeout -s KILL 60 \"$SIMULATE\" run small.yaml --threads 2")
        // Where the system gives more than was thought, a run may also succeed.
        #expect(execution.code == 74 || execution.code == 0, "\(kibibytes): \(execution)")
        if execution.code == 74 {
          #expect(execution.errors.contains("address space is \(kibibytes) KiB"), "\(execution.errors)")
          #expect(execution.errorLines.count == 1, "\(execution.errors)")
          #expect(try sandbox.names == ["small.yaml"])
        }
      }
      try sandbox.succeed("run", "small.yaml", "-o", "run.nc")
      for command in ["inspect run.nc", "report run.nc --overwrite"] {
        let execution = try sandbox.shell(
          "ulimit -v 200000; exec timeout -s KILL 60 \"$SIMULATE\" \(command)")
        #expect(execution.code == 0 || execution.code == 74, "\(command): \(execution)")
        #expect(
          execution.code == 0 || execution.errors.contains("address space is 200000 KiB"),
          "\(execution.errors)")
      }
      let files = try sandbox.shell("ulimit -n 16; exec \"$SIMULATE\" run small.yaml")
      #expect(files.code == 74 && files.errors.contains("limit of open files is 16"), "\(files)")
    }

    /// The soft limit of open files is raised; where it cannot be, files are opened when they are needed.
    @Test(arguments: ["-S -n 40", "-n 40"])
    func manyRunsNeedFewOpenFiles(limit: String) throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let temperatures = (1...60).map { "\(0.01 * Double($0))" }.joined(separator: ",")
      let execution = try sandbox.shell(
        "ulimit \(limit); exec \"$SIMULATE\" run small.yaml --threads 2 --set initial.items=4"
          + " --set dynamics.steps=1 --set initial.levels=[0] --set dynamics.mode=sample"
          + " --set 'sweep={dynamics.temperature: [\(temperatures)]}'")
      #expect(execution.code == 0, "\(execution.errors)")
    }

    @Test func errorsOfTheFileNameLineAndColumn() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + "dynamisc: {steps: 3}\n", at: "small.yaml")
      try sandbox.fail(
        65, ["run", "small.yaml"], parts: ["small.yaml:11:1: dynamisc: unknown key", "'dynamics'"])
      try sandbox.put(
        smallScenario.replacingOccurrences(of: "latent: 4", with: "latent: 0"), at: "small.yaml")
      try sandbox.fail(65, ["run", "small.yaml"], parts: ["small.yaml:6:11: model.latent: 0: expected"])
      try sandbox.put(smallScenario + "seed: 8\n", at: "small.yaml")
      try sandbox.fail(65, ["run", "small.yaml"], parts: ["small.yaml:11:1: seed"])
      try sandbox.put("name: [\n", at: "small.yaml")
      try sandbox.fail(65, ["run", "small.yaml"], parts: ["small.yaml:"])
      try sandbox.put([0x80, 0xFF, 0x00], at: "small.yaml")
      try sandbox.fail(65, ["run", "small.yaml"], parts: ["small.yaml", "UTF-8"])
      try sandbox.put("", at: "small.yaml")
      try sandbox.fail(65, ["run", "small.yaml"], parts: ["small.yaml"])
    }

    @Test(arguments: ["run", "train", "validate", "inspect", "export"])
    func missingFilesExitWith66(command: String) throws {
      let sandbox = try Sandbox()
      try sandbox.fail(66, [command, "none.nc"], parts: ["none.nc"])
      try sandbox.fail(66, [command, "nowhere/none"], parts: ["nowhere/none"])
    }

    @Test(arguments: [
      ["run"], ["rnu"], ["run", "small.yaml", "--stpes", "3"], ["run", "small.yaml", "--threads", "0"],
      ["run", "small.yaml", "--threads", "two"], ["run", "small.yaml", "--seed", "1.5"],
      ["run", "small.yaml", "--set", "dynamics.steps"], ["run", "small.yaml", "other.yaml"],
      ["list", "observabels"], ["export", "small.nc", "--format", "xml"], ["inspect"],
      ["export", "small.nc", "--variables", ""], ["export", "small.nc", "--variables", " ,"],
      ["run", "small.yaml", "--set", "=3"],
    ])
    func wrongUsageExitsWith64(arguments: [String]) throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let execution = try sandbox.simulate(arguments)
      #expect(execution.code == 64)
      #expect(execution.output == "")
      #expect(execution.errorLines.count == 1, "\(execution.errors)")
      #expect(
        execution.errors.hasPrefix("simulate: ") && execution.errors.contains("--help'"),
        "\(execution.errors)")
      #expect(try sandbox.names == ["small.yaml"])
    }

    @Test func longNamesAreRefusedBeforeTheWork() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let sweep = ["--set", "sweep.dynamics.steps=[1, 2]"]
      // A file's name has 255 bytes at most; that of a run's data is 25 longer, that of a sweep's folder 7.
      let commands: [(arguments: [String], most: Int)] = [
        (["run"], 230), (["train"], 230), (["run"] + sweep, 248),
        (["run"] + sweep + ["--shard", "1/2"], 248),
      ]
      for (arguments, most) in commands {
        for length in [most + 1, 256] {
          let name = String(repeating: "n", count: length - 3) + ".nc"
          try sandbox.fail(
            73, arguments + ["small.yaml", "-o", name],
            parts: ["its name has \(length) bytes", "at most \(most), for files beside it", "a shorter name"])
        }
      }
      #expect(try sandbox.names == ["small.yaml"])
      #expect(sandbox.cachedModels.isEmpty)
      let longest = String(repeating: "n", count: 227) + ".nc"
      try sandbox.succeed("run", "small.yaml", "-o", longest, "--set", "output.members=true")
      let table = String(repeating: "t", count: 251) + ".csv"
      try sandbox.succeed("export", longest, "-o", table)
      try sandbox.fail(73, ["export", longest, "-o", "t" + table], parts: ["256 bytes", "at most 255"])
      #expect(try sandbox.names == [longest, "small.yaml", table])
    }

    @Test func damagedDataSetsAreRefused() throws {
      let sandbox = try Sandbox()
      let text = try putPictures(sandbox)
      try sandbox.put(text, at: "pictures.yaml")
      try sandbox.succeed("validate", "pictures.yaml")
      let images = try sandbox.bytes("train-images.idx")
      func refuse(_ name: String, _ bytes: [UInt8], _ parts: [String]) throws {
        let good = try sandbox.bytes(name)
        try sandbox.put(bytes, at: name)
        try sandbox.fail(65, ["run", "pictures.yaml"], parts: [name] + parts)
        try sandbox.put(good, at: name)
      }
      try refuse("train-images.idx", Array(images.dropLast(7)), [])
      try refuse("train-images.idx", Array(images.prefix(10)), [])
      try refuse("train-images.idx", images + [0], [])
      try refuse("train-images.idx", [], [])
      try refuse("train-images.idx", Array("not an IDX file".utf8), [])
      try refuse("train-labels.idx", idx([39], (0..<39).map { UInt8($0 % 4) }), ["39", "40"])
      try refuse("test-images.idx", idx([8, 5, 5], Array(repeating: 9, count: 200)), [])
      try FileManager.default.removeItem(atPath: sandbox("test-labels.idx"))
      try sandbox.fail(66, ["run", "pictures.yaml"], parts: ["test-labels.idx"])
      #expect(sandbox.cachedModels.isEmpty)
    }

    @Test func damagedModelsAreRefused() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try sandbox.succeed("train", "small.yaml", "-o", "good.safetensors")
      let good = try sandbox.bytes("good.safetensors")
      var bad: [String: [UInt8]] = [
        "empty": [], "short": Array(good.prefix(5)), "half": Array(good.prefix(good.count / 2)),
        "longer": good + [0, 0, 0, 0],
        "text": Array("This is no model, although it has more than 8 bytes.".utf8),
      ]
      bad["huge"] = Array(repeating: 0xFF, count: 8) + good.dropFirst(8)
      // Other widths than the header says.
      let header = String(decoding: good, as: Unicode.ASCII.self)
      let place = try #require(header.range(of: "encoder.0.bias"))
      var renamed = good
      renamed[header.distance(from: header.startIndex, to: place.lowerBound)] = UInt8(ascii: "X")
      bad["renamed"] = renamed
      for (name, bytes) in bad.sorted(by: { $0.key < $1.key }) {
        let file = name + ".safetensors"
        try sandbox.put(bytes, at: file)
        try sandbox.fail(65, ["inspect", file], parts: [file])
        try sandbox.fail(65, ["run", "small.yaml", "--set", "model.file=" + file], parts: [file])
        try sandbox.fail(65, ["validate", "small.yaml", "--set", "model.file=" + file], parts: [file])
      }
      try sandbox.fail(
        65, ["run", "small.yaml", "--set", "model.file=good.safetensors", "--set", "dataset.dimension=25"],
        parts: ["model.file", "good.safetensors", "36", "25"])
      #expect(try !sandbox.names.contains("small.nc"))
    }

    @Test func damagedRunFilesAreRefused() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml")
      let good = try sandbox.bytes("small.nc")
      for (name, bytes) in [
        "empty.nc": [], "half.nc": Array(good.prefix(good.count / 2)), "text.nc": [65, 66],
      ] {
        try sandbox.put(bytes, at: name)
        try sandbox.fail(65, ["inspect", name], parts: [name])
        try sandbox.fail(65, ["export", name], parts: [name])
      }
    }

    @Test func anExistingOutputIsLeftAlone() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let precious = Array("precious".utf8)
      for name in ["small.nc", "other.nc", "small.safetensors", "table.csv"] {
        try sandbox.put(precious, at: name)
      }
      try sandbox.fail(73, ["run", "small.yaml"], parts: ["small.nc", "exists"])
      try sandbox.fail(73, ["run", "small.yaml", "-o", "other.nc"], parts: ["other.nc", "exists"])
      try sandbox.fail(73, ["train", "small.yaml"], parts: ["small.safetensors", "exists"])
      // Before training.
      #expect(sandbox.cachedModels.isEmpty)
      for name in ["small.nc", "other.nc", "small.safetensors"] {
        #expect(try sandbox.bytes(name) == precious)
      }
      try sandbox.succeed("run", "small.yaml", "--overwrite")
      #expect(try sandbox.reader("small.nc").attribute("seed").integer == 7)
      try sandbox.fail(73, ["export", "small.nc", "-o", "table.csv"], parts: ["table.csv", "exists"])
      #expect(try sandbox.bytes("table.csv") == precious)
      try sandbox.succeed("export", "small.nc", "-o", "table.csv", "--overwrite")
      #expect(try sandbox.bytes("table.csv") != precious)
      #expect(
        try sandbox.names == ["other.nc", "small.nc", "small.safetensors", "small.yaml", "table.csv"])
    }

    @Test func aFailedRunLeavesTheFileThatItWasToReplace() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let precious = Array("precious".utf8)
      try sandbox.put(precious, at: "small.nc")
      try sandbox.fail(
        66, ["run", "small.yaml", "--overwrite", "--set", "model.file=none.safetensors"],
        parts: ["none.safetensors"])
      #expect(try sandbox.bytes("small.nc") == precious)
      #expect(try sandbox.names == ["small.nc", "small.yaml"])
    }

    @Test func anOutputWithoutAFolderExitsWith73() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try sandbox.fail(73, ["run", "small.yaml", "-o", "none/a.nc"], parts: ["none/a.nc", "folder"])
      try sandbox.fail(
        73, ["train", "small.yaml", "-o", "none/a.safetensors"], parts: ["none/a.safetensors"])
      try sandbox.fail(73, ["run", "small.yaml", "-o", ".", "--overwrite"], parts: ["."])
      try sandbox.fail(73, ["run", "small.yaml", "-o", "small.yaml/a.nc"], parts: ["small.yaml/a.nc"])
      try sandbox.fail(73, ["run", "small.yaml", "-o", "/dev/null", "--overwrite"], parts: ["/dev/null"])
      // Nor is anything written beside it.
      try sandbox.fail(73, ["run", "small.yaml", "-o", "/dev/null", "--shard", "1/2"], parts: ["/dev/null"])
      #expect(sandbox.cachedModels.isEmpty)
      #expect(try sandbox.names == ["small.yaml"])
      try sandbox.succeed("run", "small.yaml", "-q")
      try sandbox.fail(73, ["export", "small.nc", "-o", "none/a.csv"], parts: ["none/a.csv"])
    }

    /// A scenario is not replaced by its own results, whatever the options say.
    @Test func anInputIsNeverTheOutput() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let text = try sandbox.bytes("small.yaml")
      try sandbox.fail(73, ["run", "small.yaml", "-o", "small.yaml", "--overwrite"], parts: ["small.yaml"])
      try sandbox.fail(
        73, ["train", "small.yaml", "-o", "./small.yaml", "--overwrite"], parts: ["small.yaml"])
      #expect(try sandbox.bytes("small.yaml") == text)
    }

    @Test func aFullDiskExitsWith74AndLeavesNothing() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      // Files of at most 32 KiB at 512 bytes per block, or 64 KiB; the run file takes 200 KiB: 320 members
      // x 51 times x (6 observables + 4 latent variables) x 8 bytes are more than a megabyte.
      let execution = try sandbox.shell(
        "ulimit -f 64; exec \"$SIMULATE\" run small.yaml --quiet --set dynamics.steps=50")
      #expect(execution.code == 74, "\(execution.errors)")
      #expect(execution.errorLines.count == 1, "\(execution.errors)")
      #expect(execution.errors.contains("small.nc"))
      #expect(try sandbox.names == ["small.yaml"])
      // A model of 5680 bytes of parameters into files of at most 1 or 2 KiB.
      let training = try sandbox.shell("ulimit -f 2; exec \"$SIMULATE\" train small.yaml --quiet")
      #expect(training.code == 74, "\(training.errors)")
      #expect(training.errorLines.count == 1, "\(training.errors)")
      #expect(try sandbox.names == ["small.yaml"])
    }

    @Test func resultsThatCannotBePrintedAreAnError() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml")
      // Linux has a device that is always full; elsewhere a closed standard output has to do.
      let sink = FileManager.default.fileExists(atPath: "/dev/full") ? "> /dev/full" : ">&-"
      for arguments in ["list", "export small.nc", "inspect small.nc", "validate small.yaml"] {
        let execution = try sandbox.shell("exec \"$SIMULATE\" \(arguments) \(sink)")
        #expect(execution.code == 74, "\(arguments): \(execution.code)")
        #expect(execution.errorLines.count == 1, "\(execution.errors)")
      }
      // Messages that cannot be shown do not matter.
      #expect(try sandbox.shell("exec \"$SIMULATE\" run small.yaml --overwrite 2\(sink)").code == 0)
      // A reader that has seen enough, as in `simulate export run.nc | head -1`, is no error worth a word.
      let head = try sandbox.shell("\"$SIMULATE\" export small.nc | head -1")
      #expect(head.code == 0)
      #expect(head.errors == "")
    }
  }
}
