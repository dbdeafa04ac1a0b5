/// What a run file says about the run as a whole, and about where its numbers come from.
package struct RunDescription: Sendable {
  /// One line for readers: the scenario's description, or its name.
  package var title: String
  /// The scenario's name.
  package var scenarioName: String
  /// The resolved scenario as YAML.
  package var scenario: String
  /// The scenario's seed.
  package var seed: UInt64
  /// The name of the corruption that the levels belong to.
  package var corruption: String
  /// The command, which the file's history contains.
  package var command: String
  /// The program and its version.
  package var source: String
  /// The commit that the program was built from.
  package var commit: String
  /// A command that makes the initial states again, in which RUN.nc stands for this file.
  package var statesCommand: String
  /// Warnings of anything that makes numbers mean something else than they seem to; empty if there is nothing.
  package var warnings: [String] = []

  /// Creates a description.
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
