import Foundation
import Output
import Testing
import VAE

extension CommandTests {
  /// Work that is interrupted or killed is continued, and leaves the same bits.
  @Suite struct ResumeTests {
    /// A second of work in many units: 8,000 members with all their series.
    static let settings = [
      "--set", "initial.realizations=25", "--set", "dynamics.steps=20", "--set", "model.training.epochs=40",
    ]

    private func interrupt(_ sandbox: Sandbox, _ arguments: [String], after message: String, seconds: Double)
      throws -> Execution
    {
      let program = try sandbox.start(Checkout.program, arguments)
      try program.waitForMessage(message)
      Thread.sleep(forTimeInterval: seconds)
      program.interrupt()
      return try program.end()
    }

    @Test func aRunKilledAtAnyMomentIsContinued() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      let arguments = ["run", "small.yaml"] + Self.settings
      #expect(try sandbox.simulate(arguments + ["-o", "whole.nc"]).code == 0)
      let killed = arguments + ["-o", "killed.nc", "--resume", "--checkpoint-interval", "0.01"]
      var moments = SystemRandomNumberGenerator()  // any moment will do; a failure is a failure
      for round in 0..<3 {
        // Each with a cache of its own: killed in training, too.
        let cache = sandbox("cache-\(round)")
        for _ in 0..<3 {
          let program = try sandbox.start(Checkout.program, killed, cache: cache)
          Thread.sleep(forTimeInterval: Double.random(in: 0.02...0.6, using: &moments))
          program.kill()
          let execution = try program.end()
          #expect(execution.code == -SIGKILL || execution.code == 0, "\(execution.errors)")
        }
        let execution = try sandbox.simulate(killed, cache: cache)
        #expect(execution.code == 0, "\(execution.errors)")
        try expectIdentical(sandbox.reader("whole.nc"), sandbox.reader("killed.nc"))
        let left = try sandbox.names.filter { $0.hasPrefix("killed") }
        #expect(left == ["killed.nc"])
        try FileManager.default.removeItem(atPath: sandbox("killed.nc"))
      }
    }

    /// A minute of work or more in many short units, or few long ones.
    @Test(arguments: [
      ["initial.realizations=10000", "dynamics.steps=100"],
      ["initial.items=120", "dynamics.steps=5000", "model.hidden=[1000,1000]", "model.training.epochs=0"],
    ])
    func anInterruptedRunSaysHowToContinue(settings: [String]) throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let arguments = ["run", "small.yaml"] + settings.flatMap { ["--set", $0] }
      let short = ["--set", "dynamics.steps=1", "--set", "initial.realizations=1", "-o", "first.nc"]
      #expect(try sandbox.simulate(arguments + short).code == 0)
      let start = Date()
      let execution = try interrupt(sandbox, arguments, after: "model trained before", seconds: 0.5)
      #expect(execution.code == 130, "\(execution.errors)")
      #expect(execution.output == "")
      #expect(execution.errors.contains("simulate: interrupted; continue with: "))
      #expect(execution.errors.hasSuffix(" --resume\n"))
      #expect(execution.errors.contains("run small.yaml"))
      #expect(try sandbox.names == ["first.nc", "small.nc.checkpoint", "small.yaml"])
      // A user presses the keys again after a few seconds.
      #expect(Date().timeIntervalSince(start) < 15)
    }

    /// Batch queues, terminals that are closed, and limits of processor time have signals of their own.
    @Test(arguments: [SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU])
    func everySignalThatAsksForTheEndSavesFirst(signal: Int32) throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      let arguments = ["run", "small.yaml"] + Self.settings
      #expect(try sandbox.simulate(arguments + ["-o", "whole.nc"]).code == 0)
      let program = try sandbox.start(Checkout.program, arguments)
      try program.waitForMessage("model trained before")
      Thread.sleep(forTimeInterval: 0.1)
      program.send(signal)
      // Shell and kernel may both send it.
      if signal == SIGHUP { program.send(signal) }
      let execution = try program.end()
      try #require(execution.code == 130, "\(execution)")
      #expect(execution.errors.contains("continue with: "))
      #expect(try sandbox.simulate(arguments + ["--resume"]).code == 0)
      try expectIdentical(sandbox.reader("whole.nc"), sandbox.reader("small.nc"))
    }

    /// A process that is killed while it saves leaves a hidden file, which the next one removes.
    @Test func whatKilledProcessesLeftIsRemoved() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let gone = try sandbox.start("/bin/true", [])
      _ = try gone.end()
      let own = try TemporaryFile(for: sandbox("small.nc.checkpoint"), overwrite: true)
      own.discard()
      let name = try #require(own.path.split(separator: "/").last).split(separator: "-")
      let orphan = (name.dropLast(2) + ["\(gone.number)", "1"]).joined(separator: "-")
      try sandbox.put("half a checkpoint", at: orphan)
      try sandbox.succeed("run", "small.yaml")
      #expect(try sandbox.names == ["small.nc", "small.yaml"])
    }

    @Test func ignoredSignalsStayIgnored() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      let words = (["run", "small.yaml"] + Self.settings).map { "'\($0)'" }.joined(separator: " ")
      let program = try sandbox.start("/bin/sh", ["-c", "trap '' HUP INT; exec \"$SIMULATE\" \(words)"])
      try program.waitForMessage("epoch 1 of")
      for signal in [SIGHUP, SIGINT] { program.send(signal) }
      let execution = try program.end()
      #expect(execution.code == 0, "\(execution)")
      #expect(try sandbox.names == ["small.nc", "small.yaml"])
    }

    /// A few members for many steps are one unit of work: what an interruption leaves is within its trajectories.
    @Test(arguments: [
      ["dynamics.mode=mean"], ["dynamics.mode=sample", "dynamics.sample-decoder=true"],
      ["dynamics.mode=clamped", "initial.corruption=occlusion"],
      ["dynamics.mode=mean", "dynamics.precision=double", "initial.corruption=latent-gaussian"],
    ])
    func aLongRunOfFewMembersGoesOnWithinItsTrajectories(settings: [String]) throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let observables = "[energy, reconstruction-error, data-overlap, step-length, distance-concept]"
      let common = [
        "initial.items=20", "initial.levels=[0.5]", "dynamics.steps=15000", "model.hidden=[200,200]",
        "model.training.epochs=0", "output.members=true", "observables=\(observables)",
      ]
      let arguments = ["run", "small.yaml"] + (common + settings).flatMap { ["--set", $0] }
      let start = Date()
      #expect(try sandbox.simulate(arguments + ["-o", "whole.nc"]).code == 0)
      // A few checkpoints, however fast the machine is.
      let interval = max(Date().timeIntervalSince(start) / 8, 0.05)
      let parts = arguments + ["-o", "parts.nc", "--resume", "--checkpoint-interval", "\(interval)"]
      var percent: [Int] = []
      for round in 0... {
        let former = modificationDate("parts.nc.checkpoint", in: sandbox)
        let program = try sandbox.start(Checkout.program, parts)
        while program.isRunning, modificationDate("parts.nc.checkpoint", in: sandbox) == former {
          Thread.sleep(forTimeInterval: 0.01)
        }
        // Once with a kill: the state is then the one that was saved on the way.
        let isKill = round == 1
        if isKill { program.kill() } else { program.interrupt() }
        let execution = try program.end()
        if let match = execution.errors.firstMatch(of: /continuing at ([0-9]+) %/), let number = Int(match.1)
        {
          percent.append(number)
        }
        if execution.code == 0 { break }
        #expect(execution.code == 130 || isKill, "\(execution.errors)")
        try #require(round < 100, "it comes to no end: \(percent)")
      }
      #expect(percent == percent.sorted() && Set(percent).count > 1, "\(percent)")
      try expectIdentical(sandbox.reader("whole.nc"), sandbox.reader("parts.nc"))
    }

    /// When a file was last replaced; nil where there is none.
    private func modificationDate(_ name: String, in sandbox: Sandbox) -> Date? {
      try? FileManager.default.attributesOfItem(atPath: sandbox(name))[.modificationDate] as? Date
    }

    @Test func theCommandOfTheMessageContinues() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "a small one.yaml")
      let arguments = ["run", "a small one.yaml"] + Self.settings
      #expect(try sandbox.simulate(arguments + ["-o", "whole.nc"]).code == 0)
      let execution = try interrupt(sandbox, arguments, after: "model trained before", seconds: 0.1)
      try #require(execution.code == 130, "\(execution.errors)")
      let names = try sandbox.names
      #expect(names.contains("small.nc.checkpoint") && names.count == 4, "\(names)")  // and its data
      for command in ["inspect", "export", "plot", "report"] {
        try sandbox.fail(
          65, [command, "small.nc.checkpoint"],
          parts: ["small.nc.checkpoint: it is a checkpoint", "--resume"])
      }
      // Without a word about it the work is neither continued nor lost.
      try sandbox.fail(73, arguments, parts: ["small.nc.checkpoint", "--resume", "--overwrite"])
      let command = try #require(execution.errorLines.last?.components(separatedBy: "continue with: ").last)
      let resumed = try sandbox.shell(command)
      #expect(resumed.code == 0, "\(resumed.errors)")
      #expect(resumed.errors.contains("continuing at "))
      try expectIdentical(sandbox.reader("whole.nc"), sandbox.reader("small.nc"))
      #expect(try sandbox.names == ["a small one.yaml", "small.nc", "whole.nc"])
      // Done is done.
      let again = try sandbox.shell(command)
      #expect(again.code == 0)
      #expect(again.output.contains("small.nc is complete"))
      // Another scenario's output is not this one's.
      try sandbox.fail(
        65, arguments + ["--resume", "--set", "dynamics.steps=21"],
        parts: ["small.nc", "dynamics.steps was 20, now 21"])
    }

    /// A search of 9,600 starts in three lots, some seconds long, which ends on points and on closed curves.
    private static let search = """
      name: search
      seed: 7
      dataset: {kind: hierarchical-patterns, dimension: 12, superclasses: 2, classes: 2, memories: 10, test: 5}
      model: {file: curve.safetensors}
      dynamics: {steps: 2}
      initial: {levels: [0, 0.3], realizations: 120}
      observables: [distance-root]
      attractors: {max-steps: 20000, tolerance: 1.0e-13, trapping: false}

      """

    private func putSearch(_ sandbox: Sandbox) throws {
      try sandbox.put([UInt8](try Safetensors.encode(turningModel(seed: 21))), at: "curve.safetensors")
      try sandbox.put(Self.search, at: "search.yaml")
    }

    @Test func aSearchKilledAtAnyMomentIsContinued() throws {
      let sandbox = try Sandbox()
      try putSearch(sandbox)
      try sandbox.succeed("run", "search.yaml", "-o", "whole.nc")
      let arguments = [
        "run", "search.yaml", "-o", "killed.nc", "--resume", "--checkpoint-interval", "0.01",
      ]
      var moments = SystemRandomNumberGenerator()  // any moment will do; a failure is a failure
      var continued = 0
      for _ in 0..<12 {
        let program = try sandbox.start(Checkout.program, arguments)
        Thread.sleep(forTimeInterval: Double.random(in: 0.1...0.7, using: &moments))
        program.kill()
        let execution = try program.end()
        if execution.errors.contains("continuing the search for attractors") { continued += 1 }
        if execution.code == 0 { break }
        #expect(execution.code == -SIGKILL, "\(execution.errors)")
      }
      #expect(continued > 0)
      #expect(try sandbox.simulate(arguments).code == 0)
      try expectIdentical(sandbox.reader("whole.nc"), sandbox.reader("killed.nc"))
      #expect(try !sandbox.names.contains { $0.hasPrefix("killed.nc.") })
    }

    /// Also where a shard is killed, and where one of them ends in single lots.
    @Test func shardsOfASearchMakeTheSameFile() throws {
      let sandbox = try Sandbox()
      try putSearch(sandbox)
      try sandbox.succeed("run", "search.yaml", "-o", "whole.nc", "--threads", "1")
      for count in [2, 3] {
        for number in 1...count {
          let shard = [
            "run", "search.yaml", "-o", "part.nc", "--shard", "\(number)/\(count)", "--resume",
            "--checkpoint-interval", "0.01",
          ]
          let program = try sandbox.start(Checkout.program, shard)
          Thread.sleep(forTimeInterval: 0.5)
          program.kill()
          _ = try program.end()
          #expect(try sandbox.simulate(shard).code == 0)
        }
        let files = (1...count).map { "part.\($0)-of-\(count).shard" }
        #expect(try sandbox.simulate(["merge"] + files + ["-o", "merged\(count).nc"]).code == 0)
        try expectIdentical(sandbox.reader("whole.nc"), sandbox.reader("merged\(count).nc"))
      }
    }

    /// A search that is over within a second, in the midst of its ensemble or its search.
    @Test func anInterruptedSearchKeepsTheEnsemble() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let arguments = ["run", "small.yaml", "--set", "attractors.max-steps=300"]
      let program = try sandbox.start(
        Checkout.program, arguments + ["--set", "attractors.tolerance=1e-12", "-o", "cut.nc"])
      while !FileManager.default.fileExists(atPath: sandbox("cut.nc.checkpoint")), program.isRunning {
        Thread.sleep(forTimeInterval: 0.002)
      }
      program.interrupt()
      let execution = try program.end()
      // It may have been done by then.
      #expect(execution.code == 130 || execution.code == 0, "\(execution.errors)")
      let rest = ["--set", "attractors.tolerance=1e-12", "-o"]
      #expect(try sandbox.simulate(arguments + rest + ["cut.nc", "--resume"]).code == 0)
      #expect(try sandbox.simulate(arguments + rest + ["whole.nc"]).code == 0)
      try expectIdentical(sandbox.reader("cut.nc"), sandbox.reader("whole.nc"))
      for number in 1...2 {
        let shard = ["shard.nc", "--shard", "\(number)/2"]
        #expect(try sandbox.simulate(arguments + rest + shard).code == 0)
      }
      try sandbox.succeed("merge", "shard.1-of-2.shard", "shard.2-of-2.shard", "-o", "merged.nc")
      try expectIdentical(sandbox.reader("merged.nc"), sandbox.reader("whole.nc"))
    }

    @Test func otherWorkIsRefused() throws {
      let sandbox = try Sandbox()
      let text = try putPictures(sandbox)
      try sandbox.put(text, at: "pictures.yaml")
      try sandbox.succeed("train", "pictures.yaml", "-o", "model.safetensors")
      try sandbox.succeed(
        "train", "pictures.yaml", "-o", "other.safetensors", "--set", "model.training.epochs=3")
      let arguments = [
        "run", "pictures.yaml", "--set", "model.file=model.safetensors", "-o", "run.nc", "--set",
        "initial.realizations=1000", "--set", "dynamics.steps=20", "--threads", "1",
      ]
      // There is no message to wait for: as soon as there is a checkpoint.
      let program = try sandbox.start(
        Checkout.program, arguments + ["--checkpoint-interval", "0", "--set", "dynamics.steps=2000"])
      while !FileManager.default.fileExists(atPath: sandbox("run.nc.checkpoint")) {
        Thread.sleep(forTimeInterval: 0.01)
      }
      program.kill()
      _ = try program.end()
      let checkpoint = try sandbox.bytes("run.nc.checkpoint")
      let resume = arguments + ["--resume"] + ["--set", "dynamics.steps=2000"]
      try sandbox.fail(
        65, resume + ["--set", "initial.levels=[0.25]"],
        parts: ["run.nc.checkpoint", "initial.levels was [0], now [0.25]"])
      try sandbox.fail(65, resume + ["--seed", "9"], parts: ["seed was 20171204, now 9"])
      try sandbox.fail(
        65, resume + ["--set", "model.file=other.safetensors"],
        parts: ["a file of the model has other contents"])
      var images = try sandbox.bytes("train-images.idx")
      images[100] ^= 1
      try sandbox.put(images, at: "train-images.idx")
      try sandbox.fail(65, resume, parts: ["the data set has other contents"])
      images[100] ^= 1
      try sandbox.put(images, at: "train-images.idx")
      #expect(try sandbox.bytes("run.nc.checkpoint") == checkpoint)
      // Another program, with a right checksum.
      let older = try sandbox.shell(
        """
        size=$(($(wc -c < run.nc.checkpoint) - 64))
        head -c $size run.nc.checkpoint | LC_ALL=C sed 's/repeated-inference [0-9][.][0-9][.][0-9]/repeated-inference 0.0.9/' > old
        sha256sum < old | head -c 64 >> old && mv old run.nc.checkpoint
        """)
      #expect(older.code == 0, "\(older.errors)")
      try sandbox.fail(65, resume, parts: ["the program was repeated-inference 0.0.9, now "])
      // A damaged one is as good as none.
      try sandbox.put(Array(checkpoint.dropLast(1)), at: "run.nc.checkpoint")
      let short = arguments + ["--resume"]
      let execution = try sandbox.simulate(short)
      #expect(execution.code == 0)
      #expect(execution.errors.contains("warning: run.nc.checkpoint is damaged"))
      #expect(try !sandbox.names.contains { $0.hasPrefix("run.nc.") })
    }

    @Test func trainingIsContinued() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let arguments = ["train", "small.yaml", "--set", "model.training.epochs=400"]
      #expect(try sandbox.simulate(arguments + ["-o", "whole.safetensors"], cache: sandbox("a")).code == 0)
      let cut = arguments + ["-o", "cut.safetensors", "--checkpoint-interval", "0.01"]
      let first = try interrupt(sandbox, cut, after: "epoch 40 of 400", seconds: 0)
      #expect(first.code == 130)
      #expect(first.errors.contains("continue with: "))
      #expect(sandbox.cachedModels.isEmpty)
      try sandbox.fail(
        65, cut + ["--resume", "--set", "model.latent=5"],
        parts: ["cut.safetensors.checkpoint", "model.latent was 4, now 5"])
      // Killed as well.
      let program = try sandbox.start(Checkout.program, cut + ["--resume"])
      try program.waitForMessage("continuing the training after epoch ")
      Thread.sleep(forTimeInterval: 0.05)
      program.kill()
      _ = try program.end()
      let last = try sandbox.simulate(cut + ["--resume"])
      #expect(last.code == 0, "\(last.errors)")
      #expect(!last.errors.contains("epoch 1 of"))
      #expect(try sandbox.bytes("cut.safetensors") == sandbox.bytes("whole.safetensors"))
      #expect(try !sandbox.names.contains("cut.safetensors.checkpoint"))
      let again = try sandbox.simulate(cut + ["--resume"])
      #expect(again.code == 0 && again.output.contains("is complete"))
      try sandbox.fail(
        65, cut + ["--resume", "--seed", "8"], parts: ["cut.safetensors", "seed was 7, now 8"])
    }

    @Test func withoutACheckpointItStartsAfresh() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      // Left over by others, and of no meaning.
      try sandbox.put("junk", at: ".small.nc.partial-1-1")
      try sandbox.put("junk", at: "small.nc.checkpoint-data-00000000")
      try sandbox.succeed("run", "small.yaml", "--resume")
      try sandbox.succeed("run", "small.yaml", "-o", "other.nc")
      try expectIdentical(sandbox.reader("small.nc"), sandbox.reader("other.nc"))
      #expect(try sandbox.names == [".small.nc.partial-1-1", "other.nc", "small.nc", "small.yaml"])
    }

    @Test func aFullDiskCostsNoCheckpoint() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      let arguments = ["run", "small.yaml"] + Self.settings
      #expect(try sandbox.simulate(arguments + ["-o", "whole.nc"]).code == 0)
      let execution = try interrupt(sandbox, arguments, after: "model trained before", seconds: 0.1)
      try #require(execution.code == 130, "\(execution.errors)")
      let checkpoint = try sandbox.bytes("small.nc.checkpoint")
      let line = (["exec \"$SIMULATE\""] + arguments + ["--resume --quiet"]).joined(separator: " ")
      let full = try sandbox.shell("ulimit -f 64; " + line)
      #expect(full.code == 74, "\(full.errors)")
      #expect(full.errorLines.count == 1, "\(full.errors)")
      #expect(try sandbox.bytes("small.nc.checkpoint") == checkpoint)
      #expect(try !sandbox.names.contains("small.nc"))
      #expect(try sandbox.simulate(arguments + ["--resume"]).code == 0)
      try expectIdentical(sandbox.reader("whole.nc"), sandbox.reader("small.nc"))
    }

    @Test func aVanishedFolderExitsWith73() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try FileManager.default.createDirectory(
        atPath: sandbox("results"), withIntermediateDirectories: false)
      let program = try sandbox.start(
        Checkout.program, ["run", "small.yaml", "-o", "results/a.nc"] + Self.settings)
      try program.waitForMessage("epoch 1 of 40")
      try FileManager.default.removeItem(atPath: sandbox("results"))
      let execution = try program.end()
      #expect(execution.code == 73, "\(execution.errors)")
      #expect(execution.errors.contains("results/a.nc"))
    }
  }

  /// Parts that were computed by themselves make the same run.
  @Suite struct ShardTests {
    /// Whole items, and items that are cut into several units.
    @Test(arguments: [3, 300])
    func mergedShardsAreTheSingleRun(realizations: Int) throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      let settings = ["--set", "initial.realizations=\(realizations)", "--set", "initial.items={random: 9}"]
      let run = ["run", "small.yaml", "-q"] + settings
      #expect(try sandbox.simulate(run + ["-o", "single.nc"]).code == 0)
      let count = realizations == 3 ? 2 : 5
      for number in 1...count {
        let execution = try sandbox.simulate(run + ["--shard", "\(number)/\(count)", "-o", "runs.nc"])
        #expect(execution.code == 0, "\(execution.errors)")
      }
      let shards = (1...count).map { "runs.\($0)-of-\(count).shard" }
      let merged = try sandbox.simulate(["merge", "-o", "merged.nc"] + shards.reversed())
      #expect(merged.code == 0, "\(merged.errors)")
      try expectIdentical(sandbox.reader("single.nc"), sandbox.reader("merged.nc"))
      #expect(try sandbox.names == ["merged.nc"] + shards + ["single.nc", "small.yaml"])
      // A shard that is there is left alone, and enough for --resume.
      try sandbox.fail(73, run + ["--shard", "1/\(count)", "-o", "runs.nc"], parts: [shards[0], "exists"])
      let again = try sandbox.simulate(run + ["--shard", "1/\(count)", "-o", "runs.nc", "--resume"])
      #expect(again.code == 0, "\(again.errors)")
    }

    @Test func wrongShardsAreNamed() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      for number in 1...3 {
        try sandbox.succeed("run", "small.yaml", "--shard", "\(number)/3", "-o", "run.nc")
      }
      try sandbox.succeed("run", "small.yaml", "--shard", "2/3", "-o", "foreign.shard", "--seed", "8")
      try sandbox.succeed("run", "small.yaml", "--shard", "2/4", "-o", "quarter.shard")
      let shards = (1...3).map { "run.\($0)-of-3.shard" }
      try sandbox.fail(65, ["merge", shards[0], shards[2]], parts: ["shard 2/3 is missing"])
      try sandbox.fail(
        65, ["merge", shards[0], shards[1], shards[2], shards[1]],
        parts: [shards[1], "the same file is given twice; leave one of them out"])
      try sandbox.put(sandbox.bytes(shards[1]), at: "copy.shard")
      try sandbox.fail(
        65, ["merge", shards[0], shards[1], shards[2], "copy.shard"],
        parts: ["copy.shard", "it is shard 2/3, as is \(shards[1])"])
      // Shards of a sweep are folders of runs, not files.
      try sandbox.succeed(
        "run", "small.yaml", "-o", "sweep.nc", "--set", "sweep.dynamics.steps=[1, 2]", "--shard", "1/2")
      try sandbox.fail(
        65, ["merge", "sweep.nc.points"], parts: ["sweep.nc.points", "finished runs of a sweep", "--resume"])
      try sandbox.fail(65, ["merge", "."], parts: ["a folder, no shard", "name the shards in it"])
      for command in ["inspect", "export", "plot", "report"] {
        try sandbox.fail(65, [command, shards[0]], parts: [shards[0], "it is a shard", "'simulate merge'"])
      }
      try sandbox.fail(
        65, ["merge", shards[0], "foreign.shard", shards[2]], parts: ["foreign.shard", "seed was 8, now 7"])
      try sandbox.fail(
        65, ["merge", shards[0], "quarter.shard", shards[2]], parts: ["quarter.shard", "one of 4 shards"])
      try sandbox.fail(66, ["merge", shards[0], "none.shard"], parts: ["none.shard"])
      try sandbox.fail(65, ["merge", "small.yaml"], parts: ["small.yaml"])
      let good = try sandbox.bytes(shards[1])
      var flipped = good
      flipped[good.count / 2] ^= 1
      for bad in [flipped, Array(good.dropLast(1)), Array(good.prefix(good.count / 2)), []] {
        try sandbox.put(bad, at: shards[1])
        try sandbox.fail(65, ["merge"] + shards, parts: [shards[1]])
      }
      try sandbox.put(good, at: shards[1])
      #expect(try !sandbox.names.contains("small.nc"))
      try sandbox.succeed("merge", shards[2], shards[0], shards[1])
      #expect(try sandbox.reader("small.nc").attribute("seed").integer == 7)
      // 2 levels of 160 items make 12 units of at most 28 members.
      try sandbox.fail(65, ["run", "small.yaml", "-q", "--shard", "1/13"], parts: ["at most 12 shards"])
      for text in ["0/3", "4/3", "1", "a/b", "1/2/3"] {
        #expect(try sandbox.simulate("run", "small.yaml", "--shard", text).code == 64)
      }
    }
  }

  @Suite struct EstimateTests {
    @Test func theRunFilesSizeIsForeseen() throws {
      let sandbox = try Sandbox()
      for (name, text) in [("plain", smallScenario), ("full", smallScenario + fullSettings)] {
        try sandbox.put(text, at: "small.yaml")
        let execution = try sandbox.succeed("validate", "small.yaml", "-q", "--estimate")
        let line = try #require(
          execution.output.split(separator: "\n").first { $0.hasPrefix("# run file: ") })
        let words = line.split(separator: " ")
        #expect(words[4] == "MiB;")
        let estimate = try #require(Double(words[3])) * 0x1p20
        try sandbox.succeed("run", "small.yaml", "-o", name + ".nc")
        let size = Double(try sandbox.bytes(name + ".nc").count)
        // Within a factor of two, and what is left of it when printed with one digit.
        #expect(abs(estimate - size) < size + 0.05 * 0x1p20 && estimate > size / 2 - 0.05 * 0x1p20)
        #expect(execution.output.contains("# time: ") && execution.output.contains("# memory: "))
      }
      #expect(try sandbox.names == ["full.nc", "plain.nc", "small.yaml"])
      // What it asked the network it did not keep.
      #expect(sandbox.cachedModels.count == 1)
    }
  }
}
