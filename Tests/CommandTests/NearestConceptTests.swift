import Foundation
import Output
import Testing

extension CommandTests {
  /// Members counted by the concept nearest to them.
  @Suite struct NearestConceptTests {
    static let scenario =
      smallScenario.replacing("levels: [0, 0.5]", with: "levels: [0, 0.5], realizations: 2")
      + "observables: [nearest-concept, distance-nearest-concept]\noutput: {members: true, latents: true}\n"

    /// Counts, members' labels and radii against the states and centres in the file.
    @Test(arguments: ["0.95", "0.5", "none"])
    func countsFollowFromTheStates(quantile: String) throws {
      let sandbox = try Sandbox()
      try sandbox.put(Self.scenario + "concepts: {radius-quantile: \(quantile)}\n", at: "a.yaml")
      try sandbox.succeed("run", "a.yaml", "-o", "a.nc")
      let run = try sandbox.reader("a.nc")
      let counts = try run.variable("nearest_concept_count")
      #expect(counts.dimensions.map(\.name) == ["level", "time", "source_class", "nearest_class"])
      #expect(counts.shape == [2, 4, 4, 5] && counts.type == .int32)
      #expect(try run.variable("source_class").readInts() == [0, 1, 2, 3])
      #expect(try run.variable("nearest_class").readInts() == [-1, 0, 1, 2, 3])
      let states = try Table(run, "members/latent_state")
      let concepts = try Table(run, "geometry/concept_position")
      let radii = quantile == "none" ? nil : try run.variable("geometry/concept_radius").readDoubles()
      #expect(quantile != "none" || (try? run.variable("geometry/concept_radius")) == nil)
      let labels = try Table(run, "members/nearest_concept")
      let classes = try run.variable("members/class").readInts()
      let levels = try run.variable("members/level_index").readInts()
      var expected = [Int](repeating: 0, count: 2 * 4 * 4 * 5)
      for member in 0..<640 {
        for time in 0..<4 {
          let distances = (0..<4).map { k in
            zip(states.row(member, time), concepts.row(k)).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
              .squareRoot()
          }
          let nearest = try #require(distances.indices.min { distances[$0] < distances[$1] })
          let label = radii.map { distances[nearest] > $0[nearest] ? -1 : nearest } ?? nearest
          #expect(labels[member, time] == Double(label))
          expected[((levels[member] * 4 + time) * 4 + classes[member]) * 5 + label + 1] += 1
        }
      }
      let found = try counts.readInts()
      #expect(found == expected)
      var withoutConcept = 0
      for row in stride(from: 0, to: found.count, by: 5) {
        let sum = found[row..<row + 5].reduce(0, +)
        #expect(sum == 80)
        withoutConcept += found[row]
      }
      #expect((withoutConcept == 0) == (quantile == "none"))
      // A label has no mean.
      #expect(throws: NetCDFError.self) { try run.variable("nearest_concept") }
      #expect(throws: NetCDFError.self) { try run.variable("nearest_concept_standard_error") }
    }

    /// Whole numbers are the same for any threads, and for shards; without members they are there as well.
    @Test func countsDoNotDependOnTheWay() throws {
      let sandbox = try Sandbox()
      try sandbox.put(Self.scenario, at: "a.yaml")
      try sandbox.succeed("run", "a.yaml", "-o", "a.nc", "--threads", "1")
      try sandbox.succeed("run", "a.yaml", "-o", "b.nc", "--threads", "3")
      try expectIdentical(sandbox.reader("a.nc"), sandbox.reader("b.nc"))
      for k in 1...3 { try sandbox.succeed("run", "a.yaml", "-o", "c.nc", "--shard", "\(k)/3") }
      try sandbox.succeed("merge", "c.1-of-3.shard", "c.2-of-3.shard", "c.3-of-3.shard", "-o", "c.nc")
      try expectIdentical(sandbox.reader("a.nc"), sandbox.reader("c.nc"))
      try sandbox.succeed(
        "run", "a.yaml", "-o", "d.nc", "--set", "output={}", "--set", "observables=[nearest-concept]")
      let counts = try sandbox.reader("d.nc").variable("nearest_concept_count").readInts()
      #expect(try sandbox.reader("a.nc").variable("nearest_concept_count").readInts() == counts)
    }

    /// Members without an item are of no class; a search beside them has its own counts.
    @Test func membersWithoutItemsAreOfNoClass() throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario.replacing("{levels: [0, 0.5]}", with: "{corruption: prior, items: 300}")
          + "observables: [nearest-concept]\n", at: "a.yaml")
      try sandbox.succeed("run", "a.yaml", "-o", "a.nc")
      let run = try sandbox.reader("a.nc")
      #expect(try run.variable("source_class").readInts() == [-1])
      let counts = try Table(run, "nearest_concept_count")
      #expect(counts.shape == [1, 4, 1, 5])
      for time in 0..<4 { #expect(counts.row(0, time, 0).reduce(0, +) == 300) }
      try sandbox.put(
        smallScenario + "observables: [nearest-concept]\nattractors: {max-steps: 1000, items: 9}\n",
        at: "b.yaml")
      try sandbox.succeed("run", "b.yaml", "-o", "b.nc")
      #expect(try sandbox.reader("b.nc").variable("attractors/confusion").shape == [2, 4, 5])
    }

    /// Of replicas the counts are those of all models; and labels are no numbers that claims could use.
    @Test func countsOfReplicasAreSummed() throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario + "observables: [nearest-concept, distance-concept]\n", at: "a.yaml")
      try sandbox.succeed("run", "a.yaml", "-o", "a.nc", "--set", "model.replicas=3")
      let run = try sandbox.reader("a.nc")
      let sums = try run.variable("nearest_concept_count").readInts()
      let models = try run.variable("replicas/nearest_concept_count").readInts()
      #expect(models.count == 3 * sums.count)
      let expected = sums.indices.map { k -> Int in
        models[k] + models[sums.count + k] + models[2 * sums.count + k]
      }
      #expect(sums == expected)
      let total = sums.reduce(0, +)
      #expect(total == 3840)
      try sandbox.fail(
        65,
        [
          "run", "a.yaml", "-o", "b.nc", "--set",
          "claims={a: {statement: x, estimate: final(nearest-concept), threshold: 0}}",
        ], parts: ["claims.a.estimate", "a label, which has no mean", "concept-accuracy"])
      #expect(try sandbox.succeed("list", "observables").output.contains("nearest-concept "))
    }
  }
}
