import Foundation
import Output
import Testing

extension CommandTests {
  /// Data of which little can be said are run like any other; what is undefined is missing.
  @Suite struct DegenerateDataTests {
    private static func run(_ settings: [String]) throws -> (Sandbox, NetCDFReader) {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      let execution = try sandbox.simulate(
        ["run", "small.yaml", "-q"] + settings.flatMap { ["--set", $0] })
      try #require(execution.code == 0, "\(execution.errors)")
      return (sandbox, try sandbox.reader("small.nc"))
    }

    @Test func equalItemsCoincideWithTheirConcept() throws {
      let (sandbox, file) = try Self.run(["dataset.correlation=[1,1]", "dataset.superclasses=1"])
      // Every memory is its concept: the same distance from both, and zero without noise.
      #expect(try file.variable("distance_concept").readDoubles().first == 0)
      #expect(try file.variable("distance_concept_standard_deviation").readDoubles().first == 0)
      #expect(try file.variable("approach").readDoubles()[0].isNaN)  // from a distance of 0
      #expect(try file.variable("diverged_count").readInts() == [0, 0])
      #expect(try sandbox.names == ["small.nc", "small.yaml"])
    }

    @Test func oneItemHasNoErrorsAndNoSibling() throws {
      let (_, file) = try Self.run([
        "dataset.superclasses=1", "dataset.classes=1", "dataset.memories=1", "dataset.test=0",
        "model.latent=1", "dataset.dimension=1",
      ])
      #expect(try file.variable("count").readInts() == [1, 1])
      // No error of one item, no sibling and no other item.
      #expect(try file.variable("distance_concept_standard_error").readDoubles().allSatisfy(\.isNaN))
      #expect(try file.variable("approach_sibling").readDoubles().allSatisfy(\.isNaN))
      #expect(try file.variable("approach_lower").readDoubles().allSatisfy(\.isNaN))
      #expect(try file.variable("negative_elbo_test").readDoubles()[0].isNaN)
      #expect(try file.variable("negative_elbo_train").readDoubles()[0].isFinite)
      #expect(try file.variable("distance_concept").readDoubles().allSatisfy(\.isFinite))
    }

    @Test(arguments: ["model.latent=1", "dataset.dimension=1", "dynamics.steps=0", "model.hidden=[]"])
    func theSmallestSettingsGiveFiniteNumbers(setting: String) throws {
      let (_, file) = try Self.run([setting])
      #expect(try file.variable("count").readInts() == [160, 160])
      #expect(try file.variable("distance_concept").readDoubles().allSatisfy(\.isFinite))
      #expect(try file.variable("energy").readDoubles().allSatisfy(\.isFinite))
    }
  }
}
