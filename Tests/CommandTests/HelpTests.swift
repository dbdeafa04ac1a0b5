import Foundation
import Testing

extension CommandTests {
  /// What the program says of itself to someone who begins.
  @Suite struct HelpTests {
    /// Without a command: three things to do next, each of which can be done.
    @Test func withoutACommandItSaysWhatToDoNext() throws {
      let sandbox = try Sandbox()
      let text = try sandbox.succeed().output
      let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      #expect(lines.filter { $0.firstMatch(of: #/^[123]\. /#) != nil }.count == 3, "\(text)")
      let commands = lines.filter { $0.hasPrefix("simulate ") || $0.hasPrefix("printf ") }
      #expect(commands.count == 5, "\(commands)")
      try FileManager.default.createSymbolicLink(
        atPath: sandbox("scenarios"), withDestinationPath: Checkout.root + "/scenarios")
      for command in commands {
        // The example in small: its training takes long.
        let line = command.replacing("simulate ", with: "\"$SIMULATE\" ")
          .replacing(
            "-o first.nc", with: "--set model.training.epochs=1 --set initial.items=24 -o first.nc")
        let execution = try sandbox.shell(line)
        #expect(execution.code == 0, "\(command): \(execution.errors)")
      }
      #expect(try sandbox.names.contains("first.svg"))
    }

    private static let commands = [
      "run", "merge", "train", "validate", "inspect", "list", "starts", "export", "plot", "report",
    ]

    /// An example comes first, within 80 columns.
    @Test(arguments: commands)
    func helpBeginsWithAnExample(command: String) throws {
      let help = try Sandbox().succeed(command, "--help").output
      let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
      // After one sentence, which may go on over a second line.
      let blank = try #require(lines.prefix(3).firstIndex(of: ""), "\(help)")
      #expect(lines[blank + 1].hasPrefix("  simulate \(command) "), "\(help)")
      // Examples are not broken: each of their lines is a command.
      for line in lines[(blank + 1)...].prefix(while: { !$0.isEmpty }) {
        #expect(line.hasPrefix("  simulate "), "\(line)")
      }
      for line in lines { #expect(line.count <= 80 || line.hasPrefix("USAGE"), "\(line)") }
    }

    /// Options are in groups, and each that takes a value says what it is by default.
    @Test(arguments: [
      ("run", ["SCENARIO:", "OUTPUT:", "INTERRUPTIONS AND PARTS:", "WORK AND MESSAGES:"]),
      ("train", ["SCENARIO:", "OUTPUT:", "INTERRUPTIONS:", "WORK AND MESSAGES:"]),
      ("plot", ["WHAT IS DRAWN:", "LOOKS:", "OUTPUT:"]), ("report", ["WHAT IS DRAWN:", "OUTPUT:"]),
      ("merge", ["OUTPUT:", "WORK AND MESSAGES:"]),
    ])
    func optionsAreGrouped(command: String, groups: [String]) throws {
      let help = try Sandbox().succeed(command, "--help").output
      for group in groups { #expect(help.contains("\n\(group)\n"), "\(group) in \(help)") }
      // Below the line of usage, which names all options.
      let options = help[(try #require(help.range(of: "\n\(groups[0])\n")).lowerBound)...]
      for option in ["--threads", "--seed", "--output", "--variables", "--at", "--items", "--times"] {
        guard let start = options.range(of: "\(option) <")?.lowerBound else { continue }
        let text = options[start...].prefix(600).replacing("\n", with: " ")
        let entry = text.split(separator: #/ --[a-z]|  -[a-z], /#).first ?? ""
        #expect(entry.contains("(default:"), "\(option): \(entry)")
      }
    }
  }
}
