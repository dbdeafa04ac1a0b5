import ArgumentParser
import ReferencePages

/// The help of every command, for docs/reference/commands.md.
enum CommandsPage {
  /// The commands that users are shown.
  static var commands: [any ParsableCommand.Type] {
    Simulate.configuration.subcommands.filter { $0.configuration.shouldDisplay }
  }

  static func name(_ command: any ParsableCommand.Type) -> String { command.configuration.commandName ?? "" }

  static func markdown() -> String {
    let program = Program.command
    return Markdown.joined(
      [
        """
        # Commands

        `\(program) COMMAND --help` prints the same.

        """,
        Markdown.table(
          ["command", "what it does"],
          commands.map { command in
            [Markdown.link("\(program) \(name(command))"), command.configuration.abstract]
          }),
        "## `\(program)`", Markdown.block("text", help(Simulate.self)),
      ]
        + commands.flatMap { ["## `\(program) \(name($0))`", Markdown.block("text", help($0))] })
  }

  private static func help(_ command: any ParsableCommand.Type) -> String {
    Simulate.helpMessage(for: command, columns: 100)
  }
}
