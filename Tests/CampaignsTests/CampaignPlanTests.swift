import Campaigns
import Kinds
import Scenarios
import Testing

/// The runs that a scenario of several runs stands for.
@Suite struct CampaignPlanTests {
  private static let vocabulary = Registry.standard.vocabulary

  private func plan(_ text: String) throws -> CampaignPlan {
    try CampaignPlan(
      ScenarioLoader.parse(
        text: "name: a\nseed: 40\n" + text, path: "/s/a.yaml", vocabulary: Self.vocabulary),
      Self.vocabulary)
  }

  @Test func aSingleRunIsOnePoint() throws {
    let plan = try plan("")
    #expect(plan.shape == [] && plan.pointCount == 1 && plan.points.count == 1)
    #expect(plan.points[0].label == "" && plan.points[0].scenario.seed == 40)
  }

  /// The last swept key is the fastest; replicas come one after another, so that runs on the same data are neighbours.
  @Test func runsFollowInTheOrderOfWork() throws {
    let plan = try plan("model: {replicas: 2}\nsweep: {model.latent: [2, 3], dynamics.steps: [5, 6, 7]}")
    #expect(plan.shape == [2, 3] && plan.pointCount == 6 && plan.replicas == 2)
    let points = plan.points
    #expect(points.map(\.index) == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5])
    #expect(points.map(\.replica) == [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    #expect(points.map(\.scenario.seed) == points.map { 40 + UInt64($0.replica) })
    #expect(points.map(\.scenario.dynamics.steps) == [5, 6, 7, 5, 6, 7, 5, 6, 7, 5, 6, 7])
    #expect(points.map { $0.scenario.model.integer("latent") } == [2, 2, 2, 3, 3, 3, 2, 2, 2, 3, 3, 3])
    #expect(points[10].label == "model.latent = 3, dynamics.steps = 6, replica 1")
    #expect(points[10].fileName == "point-4-replica-1-claim.nc")
    #expect(Set(points.map(\.fileName)).count == points.count)
  }

  /// A point can be run alone: its text is a scenario of one run that reads the same.
  @Test func pointsAreScenariosOfOneRun() throws {
    let plan = try plan(
      "model: {replicas: 2}\nsweep: {initial.corruption: [flip, gaussian]}\ncontrols: [untrained]")
    #expect(plan.points.count == 8)
    for point in plan.points {
      #expect(!point.scenario.isCampaign)
      let again = try ScenarioLoader.parse(
        text: point.scenario.resolvedYAML, path: "/s/a.yaml", vocabulary: Self.vocabulary)
      #expect(again.assignments.map(\.0) == point.scenario.assignments.map(\.0))
      #expect(again.assignments.map(\.1) == point.scenario.assignments.map(\.1))
      #expect(again.seed == point.scenario.seed)
    }
  }

  @Test func controlsDifferInTheirModelAndKeepAveragesOnly() throws {
    let plan = try plan(
      "controls: [untrained]\noutput: {members: true, latents: true}\nattractors: {}")
    #expect(plan.controls == [.untrained] && plan.points.map(\.control) == [nil, .untrained])
    let (own, control) = (plan.points[0].scenario, plan.points[1].scenario)
    #expect(own.output.members && own.output.latents && own.attractors != nil)
    #expect(!control.output.members && !control.output.latents && control.attractors == nil)
    #expect(own.model.integer("training.epochs") > 0 && control.model.integer("training.epochs") == 0)
    #expect(own.seed == control.seed)
    #expect(plan.points[1].label == "control untrained")
    #expect(plan.points[1].fileName == "point-0-replica-0-untrained.nc")
  }

  @Test func moreRunsThanAProgramCanHoldAreRefused() throws {
    let values = "[" + (1...200).map(String.init).joined(separator: ", ") + "]"
    let error = #expect(throws: ScenarioError.self) {
      try plan("model: {replicas: 1000}\nsweep: {model.latent: \(values)}")
    }
    #expect(error?.key == "model.replicas")
    #expect(error?.description.contains("200 x 1000 x 1 runs") == true, "\(error?.description ?? "")")
  }

  @Test func aRunIsChosenByItsValues() throws {
    let scenario = try ScenarioLoader.parse(
      text: "name: a\nseed: 40\nmodel: {replicas: 3}\nsweep: {model.latent: [2, 3], dynamics.steps: [5, 6]}",
      path: "/s/a.yaml", vocabulary: Self.vocabulary)
    let chosen = try ChosenRun.scenario(
      of: scenario, at: ["dynamics.steps=6", "replica=2"], Self.vocabulary)
    #expect(chosen.dynamics.steps == 6 && chosen.model.integer("latent") == 2 && chosen.seed == 42)
    for choice in ["dynamics.steps=7", "replica=3", "seed=1"] {
      #expect(throws: ScenarioError.self, "\(choice)") {
        try ChosenRun.scenario(of: scenario, at: [choice], Self.vocabulary)
      }
    }
  }
}

/// The progress and the shared things of runs that go side by side.
@Suite struct SideBySideTests {
  private struct Broken: Error {}

  @Test func theShareIsOfWhatWasNotThereBefore() {
    let board = PointBoard(4)
    #expect(board.fraction == 0 && board.doneCount == 0)
    board.finish(0, .done(isNew: false))
    #expect(board.fraction == 0 && board.doneCount == 1)
    board.finish(1, .done(isNew: true))
    board.advance(2, to: 0.5)
    #expect(board.fraction == 0.5)
    board.finish(2, .failed(Broken()))
    board.finish(3, .done(isNew: true))
    #expect(board.fraction == 1 && board.doneCount == 4)
  }

  @Test func whereAllWereThereEverythingIsDone() {
    let board = PointBoard(1)
    board.finish(0, .done(isNew: false))
    #expect(board.fraction == 1)
  }

  @Test func theFirstFatalErrorStays() {
    struct Other: Error {}
    let board = PointBoard(2)
    #expect(board.fatal == nil)
    board.stop(Broken())
    board.stop(Other())
    #expect(board.fatal is Broken)
  }

  /// Data sets of seeds 1, 2 and 3 with room for two.
  @Test func theLeastRecentDataSetGivesWay() throws {
    let scenarios = try (1...3).map { seed in
      try ScenarioLoader.parse(
        text: "name: a\ndataset: {dimension: 4, superclasses: 2, classes: 1, memories: 2, test: 1}",
        path: "/s/a.yaml", seed: UInt64(seed), vocabulary: Registry.standard.vocabulary)
    }
    let cache = DatasetCache(.standard, capacity: 2)
    let first = try cache.dataset(of: scenarios[0])
    #expect(cache.holds(scenarios[0]) && !cache.holds(scenarios[1]))
    _ = try cache.dataset(of: scenarios[1])
    _ = try cache.dataset(of: scenarios[2])
    #expect(!cache.holds(scenarios[0]) && cache.holds(scenarios[1]) && cache.holds(scenarios[2]))
    #expect(try cache.dataset(of: scenarios[0]).contentHash == first.contentHash)
  }
}
