import Foundation
import Output
import Testing

extension CommandTests {
  /// The same scenario and seed give the same bits.
  @Suite struct ReproducibilityTests {
    @Test(arguments: ["single", "double"])
    func threadsDoNotChangeABit(precision: String) throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      for threads in ["1", "2", "3"] {
        // Each with a cache of its own: training must not depend on threads either.
        let execution = try sandbox.simulate(
          "run", "small.yaml", "--threads", threads, "-o", threads + ".nc", "--set",
          "dynamics.precision=" + precision, "--set", "initial.realizations=3",
          cache: sandbox("cache-" + threads))
        #expect(execution.code == 0, "\(execution.errors)")
      }
      try expectIdentical(sandbox.reader("1.nc"), sandbox.reader("2.nc"))
      try expectIdentical(sandbox.reader("1.nc"), sandbox.reader("3.nc"))
    }

    @Test func precisionsAndModesDifferBetweenThreadsInNothing() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      for threads in ["1", "3"] {
        try sandbox.succeed(
          "run", "small.yaml", "--threads", threads, "-o", threads + ".nc", "--set", "dynamics.mode=sample",
          "--set", "dynamics.sample-decoder=true", "--set", "initial.items={random: 150}")
      }
      try expectIdentical(sandbox.reader("1.nc"), sandbox.reader("3.nc"))
    }

    @Test func seedsOfTheCommandLineAndOfTheFileAreTheSame() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try sandbox.put(smallScenario.replacingOccurrences(of: "seed: 7", with: "seed: 8"), at: "eight.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "seven.nc")
      try sandbox.succeed("run", "small.yaml", "--seed", "8", "-o", "a.nc")
      try sandbox.succeed("run", "eight.yaml", "-o", "b.nc")
      try expectIdentical(sandbox.reader("a.nc"), sandbox.reader("b.nc"))
      #expect(try sandbox.reader("a.nc").attribute("seed").integer == 8)
      let name = "distance_concept"
      #expect(
        try sandbox.reader("a.nc").variable(name).readDoubles()
          != sandbox.reader("seven.nc").variable(name).readDoubles())
    }

    @Test func aMembersNumbersDoNotDependOnTheOtherMembers() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "all.nc")
      // Half of the items, one of the levels.
      try sandbox.succeed(
        "run", "small.yaml", "-o", "part.nc", "--set", "initial.items=80", "--set", "initial.levels=[0.5]")
      let all = try sandbox.reader("all.nc").variable("members/latent_state")
      let part = try sandbox.reader("part.nc").variable("members/latent_state")
      #expect(part.shape == [80, 4, 4])
      // In all.nc the members of the second level start at 160.
      let expected = try all.readDoubles(start: [160, 0, 0], count: [80, 4, 4])
      #expect(try part.readDoubles().map(\.bitPattern) == expected.map(\.bitPattern))
    }
  }

  /// Trained models are kept between runs.
  @Suite struct CacheTests {
    @Test func theSecondRunDoesNotTrainAgain() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let first = try sandbox.succeed("run", "small.yaml", "-o", "first.nc")
      #expect(first.errors.contains("epoch 2 of 2: negative ELBO"))
      #expect(first.output.contains("trained now"))
      #expect(sandbox.cachedModels.count == 1)
      let second = try sandbox.succeed("run", "small.yaml", "-o", "second.nc")
      #expect(second.errors.contains("model trained before: \(try #require(sandbox.cachedModels.first))"))
      #expect(!second.errors.contains("epoch"))
      #expect(!second.output.contains("trained now"))
      try expectIdentical(sandbox.reader("first.nc"), sandbox.reader("second.nc"))
      // What does not concern training leaves the cached model valid, what does not.
      let third = try sandbox.succeed("run", "small.yaml", "-o", "3.nc", "--set", "dynamics.steps=1")
      #expect(third.errors.contains("model trained before"))
      let fourth = try sandbox.succeed("run", "small.yaml", "-o", "4.nc", "--set", "model.training.epochs=1")
      #expect(fourth.errors.contains("epoch 1 of 1"))
      #expect(sandbox.cachedModels.count == 2)
    }

    @Test(arguments: ["empty", "truncated", "junk", "changed header"])
    func damageIsSurvived(kind: String) throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "first.nc")
      let path = try #require(sandbox.cachedModels.first)
      let good = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
      var bad = good
      switch kind {
      case "empty": bad = []
      case "truncated": bad.removeLast(100)
      case "junk": bad = Array(repeating: 0x55, count: good.count)
      default: bad[20] = 0x7D
      }
      try Data(bad).write(to: URL(fileURLWithPath: path))
      let second = try sandbox.succeed("run", "small.yaml", "-o", "second.nc")
      #expect(second.errors.contains("warning: cached model \(path) is damaged; training again"))
      try expectIdentical(sandbox.reader("first.nc"), sandbox.reader("second.nc"))
      #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == good)
    }

    @Test func aCacheThatCannotBeWrittenCostsAWarning() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let execution = try sandbox.simulate("run", "small.yaml", cache: "/dev/null/cache")
      #expect(execution.code == 0)
      #expect(execution.errors.contains("warning: the trained model cannot be kept in /dev/null/cache: "))
      #expect(
        execution.errors.contains("; set REPEATED_INFERENCE_CACHE to a folder that can be written to\n"))
      #expect(try sandbox.names == ["small.nc", "small.yaml"])
    }
  }
}
