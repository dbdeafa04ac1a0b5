/// What a run file says of the run as a whole: where its numbers come from.
package struct RunDescription: Sendable {
  /// One line for readers: the scenario's description, or its name.
  package var title: String
  /// The scenario's name.
  package var scenarioName: String
  /// The resolved scenario as YAML.
  package var scenario: String
  /// The scenario's seed.
  package var seed: UInt64
  /// The name of the corruption whose levels these are.
  package var corruption: String
  /// The command, for the history.
  package var command: String
  /// Program and version.
  package var source: String
  /// The commit that the program was built from.
  package var commit: String
  /// How the initial states can be had again: a command, with RUN.nc for this file.
  package var statesCommand: String
  /// What makes numbers say something else than they seem to; empty where nothing does.
  package var warnings: [String] = []

  /// Collects them.
  package init(
    title: String, scenarioName: String, scenario: String, seed: UInt64, corruption: String, command: String,
    source: String, commit: String, statesCommand: String
  ) {
    self.title = title
    self.scenarioName = scenarioName
    self.scenario = scenario
    self.seed = seed
    self.corruption = corruption
    self.command = command
    self.source = source
    self.commit = commit
    self.statesCommand = statesCommand
  }
}
