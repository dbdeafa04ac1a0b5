import Foundation
import Testing

/// `validate --estimate` of several runs.
extension CommandTests.CampaignTests {
  /// What `validate --estimate` says: the lines after the resolved scenario.
  private func estimate(_ sandbox: Sandbox, _ arguments: String...) throws -> [String] {
    try estimate(sandbox, arguments)
  }

  private func estimate(_ sandbox: Sandbox, _ arguments: [String]) throws -> [String] {
    let execution = try sandbox.simulate(["validate", "claims.yaml", "-q", "--estimate"] + arguments)
    try #require(execution.code == 0, "\(arguments): \(execution.errors)")
    return execution.output.split(separator: "\n").map(String.init)
  }

  /// Models that runs share count once; models that are trained already do not count.
  @Test func theEstimateIsThatOfAllRuns() throws {
    let sandbox = try Sandbox()
    try sandbox.put(scenario, at: "claims.yaml")
    // 5 replicas x (the scenario, untrained, linear): 10 trainings.
    let before = try estimate(sandbox)
    #expect(before.count == 3, "\(before)")
    #expect(
      before[0].contains("for 15 runs, ") && before[0].contains("(training of 10 models, "), "\(before)")
    // The scenario's runs and the untrained ones are alike but for their epochs.
    #expect(before[0].hasSuffix("from trials of 2 runs"), "\(before)")
    #expect(try sandbox.names == ["claims.yaml"], "nothing is written")
    // Shuffled labels take the scenario's models.
    let compare = "claims.near.compare=[linear, shuffled-labels]"
    #expect(try estimate(sandbox, "--set", compare)[0].contains("for 20 runs, "))
    #expect(try estimate(sandbox, "--set", compare)[0].contains("training of 10 models, "))
    // Early stopping makes the time of training a bound.
    let patient = try estimate(
      sandbox, "--set", "dataset.validation=0.2", "--set", "model.training.patience=1")
    #expect(patient[0].contains(" at most, because it may stop early"), "\(patient)")

    try sandbox.succeed("run", "claims.yaml", "-q")
    let after = try estimate(sandbox)
    #expect(after[0].contains("(training of 0 models, 0.0 s together; "), "\(after)")
    // One seed on: four of the five replicas' two models are there.
    #expect(try estimate(sandbox, "--seed", "8")[0].contains("(training of 2 models, "))

    // Within a factor of two, as the documentation has it; time and memory depend on what else runs.
    let size = try #require(
      before[2].split(separator: " ").compactMap { Double($0) }.first, "\(before[2])")
    let actual = Double(try sandbox.bytes("small.nc").count) / 0x1p20
    // The estimate has one digit after the point.
    #expect(size + 0.05 > actual / 2 && size - 0.05 < actual * 2, "\(before[2]), actually \(actual) MiB")
  }

  @Test func manyPointsAreEstimatedFromTrialsOfAFew() throws {
    let sandbox = try Sandbox()
    try sandbox.put(smallScenario, at: "claims.yaml")
    let cheap = try estimate(
      sandbox, "--set", "sweep.initial.levels=[[0],[0.1],[0.2],[0.3],[0.4],[0.5],[0.6],[0.7],[0.8]]")
    #expect(cheap[0].contains("for 9 runs, ") && cheap[0].contains("(training of 1 model, "), "\(cheap)")
    #expect(cheap[0].hasSuffix("from a trial of one run"), "\(cheap)")
    let costly = try estimate(
      sandbox, "--set", "sweep.model.latent=[1,2,3,4,5,6,7,8,9]", "--set", "attractors={}")
    #expect(costly[0].contains("(training of 9 models, "), "\(costly)")
    #expect(costly[0].hasSuffix("from trials of 6 runs"), "\(costly)")
    #expect(costly[3].contains("not in that time, because it depends on the model"), "\(costly)")
    try sandbox.succeed("run", "claims.yaml", "-q", "--set", "sweep.model.latent=[1,2]")
    let trained = try estimate(
      sandbox, "--set", "sweep.model.latent=[1,2]", "--set", "attractors={max-steps: 1000000000}")
    #expect(trained[0].contains("(training of 0 models, "), "\(trained)")
    #expect(
      trained[3].contains(" of that, one after another, from ")
        && trained[3].contains(" of 640 starts"), "\(trained)")
    // A bound that is far above the estimate is not given: 640 starts never take 10^9 steps each.
    #expect(!trained[3].contains("max-steps"), "\(trained)")
    let short = try estimate(
      sandbox, "--set", "sweep.model.latent=[1,2]", "--set", "attractors={max-steps: 10}")
    #expect(short[3].contains(" of 640 starts; at most "), "\(short)")
  }

  /// Models that are there, models that are not trained, and controls without a search.
  @Test func theEstimateTellsKindsOfRunsApart() throws {
    let sandbox = try Sandbox()
    try sandbox.put(smallScenario, at: "claims.yaml")
    // No epoch trains nothing, and neither does the control at either point.
    let untrained = try estimate(
      sandbox, "--set", "sweep.model.training.epochs=[0,2]", "--set", "controls=[untrained]")
    #expect(untrained[0].contains("for 4 runs, "), "\(untrained)")
    #expect(untrained[0].contains("(training of 1 model, "), "\(untrained)")
    // Two of four models are there.
    try sandbox.succeed("run", "claims.yaml", "-q", "-o", "two.nc", "--set", "sweep.model.latent=[1,2]")
    let half = try estimate(sandbox, "--set", "sweep.model.latent=[1,2,3,4]")
    #expect(half[0].contains("(training of 2 models, "), "\(half)")
    // The scenario has members and attractors, its control has neither attractors nor members.
    let full = ["attractors={}", "output.members=true", "controls=[untrained]", "sweep.model.latent=[1,2]"]
      .flatMap { ["--set", $0] }
    let before = try estimate(sandbox, full)
    // 320 starts of each of the scenario's two runs.
    #expect(before.contains { $0.contains(" of 640 starts") }, "\(before)")
    let line = try #require(before.first { $0.contains("run file") }, "\(before)")
    let size = try #require(line.split(separator: " ").compactMap { Double($0) }.first, "\(line)")
    #expect(try sandbox.simulate(["run", "claims.yaml", "-q", "-o", "full.nc"] + full).code == 0)
    let actual = Double(try sandbox.bytes("full.nc").count) / 0x1p20
    #expect(size + 0.05 > actual / 2 && size - 0.05 < actual * 2, "\(line), actually \(actual) MiB")
  }
}
