import Foundation
import Numerics
import Output
import Testing

extension CommandTests {
  /// Every instruction set gives the same bits, training included. The networks are tiny, because the portable kernels
  /// are slow on x86-64.
  @Suite struct InstructionSetTests {
    /// What is run, and how many variables it leaves at least.
    struct Case: Sendable, CustomTestStringConvertible {
      var name: String
      var settings: [String]
      var scenario = smallScenario + fullSettings
      var testDescription: String { name }
    }

    static let cases: [Case] = {
      var cases: [Case] = []
      for precision in ["single", "double"] {
        for activation in ["tanh", "relu", "gelu", "softplus"] {
          cases.append(
            Case(
              name: "\(precision) \(activation)",
              settings: ["dynamics.precision=\(precision)", "model.activation=\(activation)"]))
        }
        for mode in [["dynamics.mode=sample", "dynamics.sample-decoder=true"], ["dynamics.mode=clamped"]] {
          for likelihood in ["bernoulli", "gaussian"] {
            cases.append(
              Case(
                name: "\(precision) \(mode[0]) \(likelihood)",
                settings: mode + ["dynamics.precision=\(precision)", "model.likelihood=\(likelihood)"]))
          }
        }
        cases.append(
          Case(
            name: "\(precision) all observables",
            settings: [
              "dynamics.precision=\(precision)", "initial.corruption=gaussian", "initial.items=40",
              "observables=[\(observables)]",
            ]))
      }
      cases += [
        Case(name: "latent start", settings: ["initial.corruption=latent-gaussian"]),
        Case(name: "learned scale", settings: ["model.likelihood={gaussian: learned}"]),
        Case(
          name: "early stopping",
          settings: ["dataset.validation=0.2", "model.training.patience=1", "model.training.epochs=4"]),
        Case(name: "clusters", settings: ["concepts={clusters: 3}"], scenario: smallScenario),
        Case(
          name: "hopfield",
          settings: ["output.members=true", "observables=[overlap-memory, principal-component-1]"],
          scenario: smallScenario.replacing(/model:\n(  .*\n)+/, with: "model: {kind: hopfield}\n")),
        Case(name: "attractors", settings: ["attractors={}"], scenario: smallScenario),
        Case(name: "sweep", settings: [], scenario: smallScenario + "sweep: {model.latent: [2, 4]}\n"),
        Case(
          name: "claim", settings: ["model.replicas=3"],
          scenario: smallScenario + """
            claims:
              approaches:
                statement: Inference approaches the own concept.
                estimate: ln(1 + approach(distance-concept))
                over: each
                threshold: 0.05
                controls: [untrained, shuffled-labels, linear]

            """),
      ]
      return cases
    }()

    static let observables = """
      distance-concept, distance-memory, distance-root, distance-superconcept, distance-sibling-concept, \
      distance-nearest-memory, distance-nearest-concept, overlap-memory, overlap-concept, overlap-root, step-length, \
      energy, kullback-leibler, input-entropy, reconstruction-error, data-overlap, abstraction-level, \
      concept-accuracy, principal-component-1
      """

    @Test(arguments: cases) func bitsAreThoseOfEveryOther(_ item: Case) throws {
      let sandbox = try Sandbox()
      try sandbox.put(item.scenario, at: "small.yaml")
      var first: String?
      for (set, threads) in KernelInstructionSet.available.flatMap({ [($0, 1), ($0, 2)] }) {
        // Each with a cache of its own, because the models must be the same as well.
        let name = "\(set)-\(threads)"
        let execution = try sandbox.simulate(
          ["run", "small.yaml", "--instructions", "\(set)", "--threads", "\(threads)", "-o", name + ".nc"]
            + item.settings.flatMap { ["--set", $0] }, cache: sandbox("cache-" + name))
        try #require(execution.code == 0, "\(execution.errors)")
        if let first {
          try expectIdentical(sandbox.reader(first), sandbox.reader(name + ".nc"))
        } else {
          first = name + ".nc"
        }
      }
    }

    /// Parts of one run on processors of different kinds.
    @Test func shardsOfDifferentInstructionSetsAreOneRun() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "whole.nc")
      let last = try #require(KernelInstructionSet.available.last)
      for (shard, set) in [("1/2", KernelInstructionSet.portable), ("2/2", last)] {
        try sandbox.succeed(
          "run", "small.yaml", "-o", "parts.nc", "--shard", shard, "--instructions", "\(set)")
      }
      let shards = try sandbox.names.filter { $0.hasSuffix(".shard") }.sorted()
      #expect(shards.count == 2)
      let merged = try sandbox.simulate(["merge"] + shards + ["-o", "merged.nc"])
      #expect(merged.code == 0, "\(merged.errors)")
      try expectIdentical(sandbox.reader("whole.nc"), sandbox.reader("merged.nc"))
    }

    /// Killed in training and in the ensemble, and continued on a processor of another kind each time.
    @Test func aRunThatIsKilledGoesOnWithOtherInstructions() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      let arguments = ["run", "small.yaml"] + ResumeTests.settings
      #expect(try sandbox.simulate(arguments + ["-o", "whole.nc"]).code == 0)
      let last = try #require(KernelInstructionSet.available.last)
      for (round, sets) in [[last, .portable, last], [.portable, last, .portable]].enumerated() {
        let cache = sandbox("cache-\(round)")
        func command(_ set: KernelInstructionSet) -> [String] {
          arguments + [
            "-o", "killed.nc", "--resume", "--checkpoint-interval", "0.01", "--instructions", "\(set)",
          ]
        }
        let training = try sandbox.start(Checkout.program, command(sets[0]), cache: cache)
        try wait(for: training) { try sandbox.names.contains("killed.nc.checkpoint") }
        training.kill()
        #expect(try training.end().code == -SIGKILL)
        let ensemble = try sandbox.start(Checkout.program, command(sets[1]), cache: cache)
        // Members' data are begun with the ensemble, and then the next checkpoint is the ensemble's.
        try wait(for: ensemble) { try sandbox.names.contains { $0.hasPrefix("killed.nc.checkpoint-data-") } }
        let former = modificationDate(sandbox("killed.nc.checkpoint"))
        try wait(for: ensemble) { modificationDate(sandbox("killed.nc.checkpoint")) != former }
        ensemble.kill()
        let killed = try ensemble.end()
        #expect(
          killed.code == -SIGKILL && killed.errors.contains("continuing the training after"), "\(killed)")
        let execution = try sandbox.simulate(command(sets[2]), cache: cache)
        #expect(execution.code == 0, "\(execution.errors)")
        #expect(execution.errors.contains("continuing at "), "\(execution.errors)")
        try expectIdentical(sandbox.reader("whole.nc"), sandbox.reader("killed.nc"))
        try FileManager.default.removeItem(atPath: sandbox("killed.nc"))
      }
    }

    private func wait(for program: RunningProgram, until isSo: () throws -> Bool) throws {
      while program.isRunning, try !isSo() { Thread.sleep(forTimeInterval: 0.001) }
    }

    private func modificationDate(_ path: String) -> Date? {
      try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    }

    @Test func trainedModelsAreTheSameFiles() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      var hashes: Set<String> = []
      for set in KernelInstructionSet.available {
        let execution = try sandbox.simulate(
          "train", "small.yaml", "--instructions", "\(set)", "-o", "\(set).safetensors",
          cache: sandbox("cache-\(set)"))
        #expect(execution.code == 0, "\(execution.errors)")
        hashes.insert(String(decoding: try sandbox.bytes("\(set).safetensors"), as: UTF8.self))
      }
      #expect(hashes.count == 1)
    }

    @Test func aSetThatTheProcessorLacksIsRefused() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      for command in ["run", "train"] {
        for set in KernelInstructionSet.allCases where !set.isAvailable {
          try sandbox.fail(
            64, [command, "small.yaml", "--instructions", "\(set)"],
            parts: ["--instructions \(set): this processor lacks them; choose one of portable"])
        }
        let unknown = try sandbox.simulate([command, "small.yaml", "--instructions", "sse"])
        #expect(unknown.code == 64 && unknown.errors.contains("expected portable, avx2 or avx512"))
      }
      #expect(try sandbox.names == ["small.yaml"])
    }
  }
}
