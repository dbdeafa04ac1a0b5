import Foundation
import Output
import Testing

extension CommandTests {
  /// Early stopping and shuffled labels, through the program.
  @Suite struct ControlTests {
    private static func models(_ sandbox: Sandbox) throws -> [String] {
      try FileManager.default.subpathsOfDirectory(atPath: sandbox.cache)
        .filter { $0.hasSuffix(".safetensors") }
    }

    @discardableResult
    private static func succeed(_ sandbox: Sandbox, _ arguments: [String]) throws -> Execution {
      let execution = try sandbox.simulate(arguments)
      #expect(execution.code == 0, "\(arguments): \(execution.errors)")
      return execution
    }

    @Test func shuffledLabelsUseTheSameModel() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "true.nc")
      try sandbox.succeed(
        "run", "small.yaml", "-o", "shuffled.nc", "--set", "dataset.shuffle-labels=true")
      #expect(try Self.models(sandbox).count == 1)
      let (first, second) = (try sandbox.reader("true.nc"), try sandbox.reader("shuffled.nc"))
      #expect(
        try first.attribute("model_sha256").text == second.attribute("model_sha256").text)
      #expect(
        try first.attribute("dataset_sha256").text != second.attribute("dataset_sha256").text)
      for name in ["members/latent_state", "negative_elbo_test"] {
        #expect(try first.variable(name).readDoubles() == second.variable(name).readDoubles())
      }
      #expect(try first.variable("members/class").readInts() != second.variable("members/class").readInts())
      #expect(
        try first.variable("members/class").readInts().sorted()
          == second.variable("members/class").readInts().sorted())
      let concepts = try [first, second].map { try $0.variable("geometry/concept_position").readDoubles() }
      #expect(concepts[0] != concepts[1])
      // A run of the true labels is not the complete run of the shuffled ones.
      let refused = try sandbox.simulate(
        "run", "small.yaml", "-o", "true.nc", "--resume", "--set", "dataset.shuffle-labels=true")
      #expect(refused.code != 0 && refused.errors.contains("dataset.shuffle-labels"))
    }

    @Test func earlyStoppingIsRecorded() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      let settings = [
        "--set", "dataset.validation=0.25", "--set", "model.training={epochs: 100, batch: 10, patience: 2}",
      ]
      let run = try Self.succeed(sandbox, ["run", "small.yaml", "-o", "a.nc"] + settings)
      #expect(run.output.contains("validation (nats per item); best epoch "))
      let reader = try sandbox.reader("a.nc")
      let best = try reader.variable("best_epoch").readInts()[0]
      let epochs = try #require(Int(try reader.attribute("model_epochs").text ?? ""))
      #expect(best > 0 && epochs < 100 && epochs == best + 2)
      #expect(try reader.variable("negative_elbo_validation").readDoubles()[0].isFinite)
      // A quarter of each class's 40 items is gone.
      #expect(try reader.variable("count").readInts() == [120, 120])
      // From the cache, the same; trained to a file, the same parameters.
      try Self.succeed(sandbox, ["run", "small.yaml", "-o", "b.nc"] + settings)
      try expectIdentical(reader, try sandbox.reader("b.nc"))
      let model = try Self.succeed(sandbox, ["train", "small.yaml", "-o", "m.safetensors"] + settings)
      #expect(model.output.contains("best epoch \(best) of \(epochs)"))
      let again = try Self.succeed(
        sandbox, ["train", "small.yaml", "-o", "m.safetensors", "--resume"] + settings)
      #expect(again.output.contains("complete"))
      let other = try sandbox.simulate(
        ["train", "small.yaml", "-o", "m.safetensors", "--resume"] + settings
          + ["--set", "model.training.patience=3"])
      #expect(other.code != 0 && other.errors.contains("patience"))
    }

    /// 160 and 40 items in minibatches of 30 are 6 and 2 updates per epoch.
    @Test(arguments: [(memories: 40, epochs: "3"), (memories: 10, epochs: "9")])
    func updatesAreReachedByWholeEpochs(_ memories: Int, _ epochs: String) throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let settings = [
        "--set", "dataset.memories=\(memories)", "--set", "model.training={updates: 17, batch: 30}",
      ]
      try Self.succeed(sandbox, ["run", "small.yaml", "-o", "a.nc"] + settings)
      #expect(try sandbox.reader("a.nc").attribute("model_epochs").text == epochs)
      // The control without training needs no other key.
      try Self.succeed(
        sandbox, ["run", "small.yaml", "-o", "b.nc"] + settings + ["--set", "model.training.epochs=0"])
      #expect(try sandbox.reader("b.nc").attribute("model_epochs").text == "0")
    }

    @Test func mistakesAreSaidBeforehand() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      for (settings, text) in [
        (["model.training.patience=3"], "dataset.validation"),
        (["model.training.patience=3", "dataset.validation=0.001"], "validation items"),
        (["dataset.test=0", "observables=[distance-held-out]"], "held-out items"),
        (["initial.split=test", "observables=[memory-recovered]"], "initial.split"),
        (
          ["initial.corruption=prior", "initial.levels=[0]", "observables=[data-distance-concept]"],
          "own item"
        ),
      ] {
        let execution = try sandbox.simulate(
          ["validate", "small.yaml"] + settings.flatMap { ["--set", $0] })
        #expect(execution.code == 65, "\(settings)")
        #expect(execution.errors.contains(text), "\(execution.errors)")
      }
    }

    /// Every observable at once, also without own items.
    @Test func allObservablesRun() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let all =
        "observables=[displacement, distance-sibling-concept, memory-recovered, distance-training-sample,"
        + " distance-held-out, data-distance-memory, data-distance-concept, data-distance-sibling-concept]"
      try sandbox.succeed("run", "small.yaml", "-o", "a.nc", "--set", all)
      let reader = try sandbox.reader("a.nc")
      #expect(try reader.variable("memory_recovered").readDoubles()[0] == 1)
      #expect(try reader.variable("data_distance_memory").readDoubles()[0] == 0)
      #expect(try reader.variable("distance_training_sample").readDoubles()[0] > 0)
      try sandbox.succeed(
        "run", "small.yaml", "-o", "b.nc", "--set", "initial.corruption=prior", "--set", "initial.levels=[0]",
        "--set", "observables=[displacement, distance-training-sample, distance-held-out]")
      let held = try sandbox.reader("b.nc").variable("distance_held_out").readDoubles()
      #expect(held.allSatisfy { $0.isFinite && $0 > 0 })
    }
  }
}
