import Foundation
import Output
import Testing

/// Everything about centres, common motion and ends of paths. `common-motion` doubles the variables.
private let pathSettings = """
  observables: [distance-concept, distance-root, distance-own-centre, distance-other-centres, log-ratio-others-to-own,
    log-ratio-own-to-root, log-distance-own-centre, overlap-about-root-own-centre, overlap-about-root-siblings,
    chord-excess-contrast, distance-reached-memory, ends-at-own-memory, ends-at-memory-of-class,
    ends-at-memory-of-other-class, ends-at-no-memory, interior-concept-minimum, closest-memory-later,
    closest-memory-earlier, closest-memory-tied, class-spread, common-motion]
  split-by: [end-state]

  """

extension CommandTests {
  /// Observables of whole paths and of all members together, through the program.
  @Suite struct PathTests {
    /// The independent computation in numpy, on the latent states in the file.
    @Test(
      .enabled(if: CommandTests.python != nil, "needs Python with netCDF4 and numpy"),
      arguments: ["train", "test"])
    func numpyFindsTheSameNumbers(_ split: String) throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario + pathSettings + "output: {members: true, latents: true}\n", at: "paths.yaml")
      try sandbox.succeed(
        "run", "paths.yaml", "-o", "run.nc", "--set", "initial.split=\(split)", "--set", "dynamics.steps=6",
        "--set", "model.training.epochs=20")
      let check = try sandbox.start(
        "/usr/bin/env",
        [CommandTests.python ?? "python3", Checkout.root + "/Scripts/check_paths.py", "run.nc"]
      ).end()
      #expect(check.code == 0, "\(check.output)\(check.errors)")
      #expect(check.output.contains(split == "train" ? "(with memories)" : "(without memories)"))
    }

    /// Averages on the common motion need all members of a level; shards have some.
    @Test func shardsThreadsAndBlocksLeaveTheSameBits() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + pathSettings, at: "paths.yaml")
      try sandbox.succeed("run", "paths.yaml", "-o", "one.nc", "--threads", "1")
      try sandbox.succeed("run", "paths.yaml", "-o", "two.nc", "--threads", "2")
      for shard in 1...3 {
        try sandbox.succeed("run", "paths.yaml", "-o", "part.nc", "--shard", "\(shard)/3")
      }
      let parts = try sandbox.names.filter { $0.hasPrefix("part") }
      #expect(try sandbox.simulate(["merge"] + parts + ["-o", "merged.nc"]).code == 0)
      let one = try contents(try sandbox.reader("one.nc"))
      #expect(one["/log_ratio_others_to_own_on_common_motion"] != nil && one["/class_separation"] != nil)
      for other in ["two.nc", "merged.nc"] {
        let found = try contents(try sandbox.reader(other))
        #expect(Set(found.keys) == Set(one.keys))
        for (name, values) in one { #expect(found[name] == values, "\(name) in \(other)") }
      }
    }

    /// Contrasts are differences of what the runs' own files say, model by model.
    @Test func contrastsAreDifferencesOfModels() throws {
      let sandbox = try Sandbox()
      let change = "change(2, log-ratio-others-to-own)"
      try sandbox.put(
        smallScenario
          + """
          observables: [log-ratio-others-to-own, common-motion]
          sweep: {dynamics.steps: [3, 4]}
          attractors: {}
          claims:
            levels-differ: {statement: a, estimate: 'with(level = 0.5, \(change)) - with(level = 0, \(change))', smallest-effect: 0.1}
            null-differs: {statement: b, estimate: 'beyond(common-motion, \(change))', over: each, smallest-effect: 0.1}
            points-agree: {statement: c, estimate: 'with(dynamics.steps = 4, \(change)) - with(dynamics.steps = 3, \(change))', smallest-effect: 0.1}
            held-out: {statement: d, estimate: 'beyond(held-out, \(change))', smallest-effect: 0.1}
            memories: {statement: e, estimate: 'beyond(held-out, own-memory-fraction)', levels: [0], smallest-effect: 0.1}
            linear: {statement: f, estimate: 'both(beyond(linear, \(change)), -1 + 0 * level)', levels: [0.5], smallest-effect: 0.1}

          """, at: "claims.yaml")
      try sandbox.succeed("run", "claims.yaml", "-o", "run.nc", "--set", "model.replicas=3")
      let file = try sandbox.reader("run.nc")
      // [steps, replica, level, time]
      func changes(_ group: String, _ name: String = "log_ratio_others_to_own") throws -> [[[Double]]] {
        let variable = try file.variable("\(group)replicas/\(name)")
        let (shape, all) = (variable.shape, try variable.readDoubles())
        return (0..<2).map { s in
          (0..<3).map { r in
            (0..<2).map { l in
              let first = ((s * 3 + r) * 2 + l) * shape[3]
              return all[first + 2] - all[first]
            }
          }
        }
      }
      func estimate(_ claim: String) throws -> (values: [Double], dimensions: [String]) {
        let variable = try file.variable("claims/\(claim)/estimate")
        return (try variable.readDoubles(), variable.dimensions.map(\.name))
      }
      let (own, null) = (try changes(""), try changes("", "log_ratio_others_to_own_on_common_motion"))
      let levels = try estimate("levels-differ")
      #expect(levels.dimensions == ["dynamics_steps", "replica"])
      var (ofLevels, ofNull, ofSplits): ([Double], [Double], [Double]) = ([], [], [])
      let held = try changes("controls/held-out/")
      for s in 0..<2 {
        for r in 0..<3 {
          ofLevels.append(own[s][r][1] - own[s][r][0])
          let first = own[s][r][0] - held[s][r][0]
          ofSplits.append((first + (own[s][r][1] - held[s][r][1])) / 2)
        }
        for l in 0..<2 {
          for r in 0..<3 { ofNull.append(own[s][r][l] - null[s][r][l]) }
        }
      }
      #expect(levels.values == ofLevels)
      let beyond = try estimate("null-differs")
      #expect(beyond.dimensions == ["dynamics_steps", "claim_level", "replica"])
      #expect(beyond.values == ofNull)
      // The states at t = 2 do not depend on how many steps follow; the swept key is fixed, and there is one cell.
      let points = try estimate("points-agree")
      #expect(points.dimensions == ["replica"] && points.values == [0, 0, 0])
      #expect(try estimate("held-out").values == ofSplits)
      let memories = try estimate("memories").values
      #expect(memories.count == 6 && memories.allSatisfy { (-1...1).contains($0) })
      // One part is -1 in all models, so that the whole is negative; three models cannot show it.
      let linear = try estimate("linear")
      #expect(linear.dimensions == ["dynamics_steps", "part", "replica"])
      #expect(linear.values[3..<6].allSatisfy { $0 == -1 } && linear.values[9..<12].allSatisfy { $0 == -1 })
      #expect(try file.group("controls").groups.map(\.name).sorted() == ["held-out", "linear"])
    }

    /// Before anything is trained.
    @Test(arguments: [
      ("distance-sibling-concept", "final(distance-sibling-concept)", "no class has a sibling"),
      ("overlap-about-root-siblings", "change(1, overlap-about-root-siblings)", "no class has a sibling"),
      (
        "log-ratio-others-to-own", "at(4, log-ratio-others-to-own)",
        "times from 0 to dynamics.steps, which is 3"
      ),
      (
        "distance-root", "with(level = 0.3, final(distance-root))",
        "levels of initial.levels, which are 0, 0.5"
      ),
      ("distance-root", "with(model.latent = 3, final(distance-root))", "a key of the sweep; there is none"),
      ("distance-root", "beyond(common-motion, final(distance-root))", "add common-motion to observables"),
      ("distance-root", "final(between-class-spread)", "has no averages of 'between-class-spread'"),
    ])
    func estimatesThatCannotExistAreRefused(_ observable: String, _ estimate: String, _ words: String) throws
    {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario.replacing("superclasses: 2, classes: 2", with: "superclasses: 2, classes: 1") + """
          observables: [\(observable)]
          claims: {a: {statement: b, estimate: '\(estimate)', threshold: 0}}

          """, at: "claims.yaml")
      try sandbox.fail(65, ["validate", "claims.yaml"], parts: [words, "claims.a.estimate"])
    }
  }
}
