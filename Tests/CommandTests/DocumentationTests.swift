import Foundation
import Kinds
import RunFiles
import Testing

extension CommandTests {
  /// What README.md, scenarios/ and examples/ show is valid.
  @Suite struct DocumentationTests {
    static let readme = Checkout.root + "/README.md"

    /// The fenced blocks of a Markdown file in one of the languages.
    private static func blocks(_ path: String, _ languages: Set<String>) throws -> [String] {
      let text = try String(contentsOfFile: path, encoding: .utf8)
      var result: [String] = []
      var block: [Substring]?
      var isWanted = false
      for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
        if line.hasPrefix("```") {
          if let lines = block {
            if isWanted { result.append(lines.joined(separator: "\n") + "\n") }
            block = nil
          } else {
            isWanted = languages.contains(line.dropFirst(3).trimmingCharacters(in: .whitespaces))
            block = []
          }
        } else {
          block?.append(line)
        }
      }
      return result
    }

    /// Whether a scenario asks for files that a checkout does not have.
    private static func needsFiles(_ text: String) -> Bool {
      ["fashion-mnist", "kind: mnist", "kind: idx", ".safetensors", "corruption: file"].contains {
        text.contains($0)
      }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: readme)))
    func scenariosOfTheReadmeAreValid() throws {
      let scenarios = try Self.blocks(Self.readme, ["yaml", "yml"]).filter { text in
        text.split(separator: "\n").contains { $0.hasPrefix("name:") }
      }
      #expect(!scenarios.isEmpty)
      let sandbox = try Sandbox()
      for text in scenarios {
        try sandbox.put(text, at: "readme.yaml")
        let execution = try sandbox.simulate("validate", "readme.yaml")
        let isDone = execution.code == 0 || (execution.code == 66 && Self.needsFiles(text))
        #expect(isDone, "\(execution.errors)\n\(text)")
      }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: readme)))
    func commandsOfTheReadmeExist() throws {
      let sandbox = try Sandbox()
      let text = try String(contentsOfFile: Self.readme, encoding: .utf8)
      var commands = 0
      // In blocks or within a line of text: a command starts a line, or follows a backquote, parenthesis or
      // folder, and ends with the line or before what a shell would take.
      let pattern = /(?:^ *(?:\$ )?|`|\(|\/)simulate ([a-z]+)([^`)|>&#\n]*)/.anchorsMatchLineEndings()
      for match in text.matches(of: pattern) {
        commands += 1
        let help = try sandbox.simulate(String(match.1), "--help")
        #expect(
          help.code == 0 && help.output.contains("USAGE: simulate \(match.1)"),
          "\(match.0): code \(help.code), errors: \(help.errors)")
        let known = help.output.split { " ,\n<>[]".contains($0) }
        for word in match.2.split(separator: " ") {
          if word.hasPrefix("-") { #expect(known.contains(word), "\(word) in: \(match.0)") }
          if word.hasPrefix("scenarios/") {
            #expect(FileManager.default.fileExists(atPath: Checkout.root + "/" + word), "\(match.0)")
          }
        }
      }
      #expect(commands > 0)
    }

    /// README.md has the table of keys, whole; with `REWRITE_README=1` this writes it there.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: readme)))
    func tableOfKeysOfTheReadme() throws {
      let table = Registry.standard.vocabulary.keys.markdownTable
      let lines = try String(contentsOfFile: Self.readme, encoding: .utf8).components(separatedBy: "\n")
      let begin = try #require(lines.firstIndex(of: "| key | value | default | meaning |"))
      let end = try #require(lines[begin...].firstIndex(of: ""))
      if ProcessInfo.processInfo.environment["REWRITE_README"] == "1" {
        let written = lines[..<begin] + table.split(separator: "\n").map(String.init) + lines[end...]
        try written.joined(separator: "\n").write(toFile: Self.readme, atomically: true, encoding: .utf8)
      }
      #expect(
        lines[begin..<end].joined(separator: "\n") + "\n" == table, "REWRITE_README=1 writes the table")
    }

    static let notation = Checkout.root + "/NOTATION.md"

    /// NOTATION.md has the table of the variables, whole; with `REWRITE_NOTATION=1` this writes it there.
    @Test(
      .enabled(if: FileManager.default.fileExists(atPath: notation)),
      arguments: [
        ("variables of a run", VariableTable.markdown),
        ("variables of several runs", VariableTable.campaignMarkdown),
      ])
    func tablesOfNotation(name: String, table: String) throws {
      let text = try String(contentsOfFile: Self.notation, encoding: .utf8)
      let lines = text.components(separatedBy: "\n")
      let begin = try #require(lines.firstIndex { $0.hasPrefix("<!-- \(name): begin") })
      let end = try #require(lines.firstIndex { $0.hasPrefix("<!-- \(name): end") })
      if ProcessInfo.processInfo.environment["REWRITE_NOTATION"] == "1" {
        let written = lines[...begin] + ["", table] + lines[end...]
        try written.joined(separator: "\n").write(toFile: Self.notation, atomically: true, encoding: .utf8)
      }
      #expect(
        lines[(begin + 1)..<end].joined(separator: "\n") == "\n" + table,
        "REWRITE_NOTATION=1 writes the tables")
    }

    static let scenarios: [String] = {
      let folder = Checkout.root + "/scenarios"
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      return names.filter { $0.hasSuffix(".yaml") }.sorted()
    }()

    @Test func thereAreScenarios() { #expect(!Self.scenarios.isEmpty) }

    @Test(arguments: scenarios)
    func scenariosOfTheCheckoutAreValid(name: String) throws {
      let path = Checkout.root + "/scenarios/" + name
      let execution = try Sandbox().simulate("validate", path)
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(execution.code == 0 || (execution.code == 66 && Self.needsFiles(text)), "\(execution.errors)")
    }

    /// Builds and runs examples/custom-map, a package of its own: a minute the first time.
    @Test func aMapFromOutsideThePackageRuns() throws {
      let sandbox = try Sandbox()
      let example = Checkout.root + "/examples/custom-map"
      let execution = try sandbox.start(
        "/usr/bin/env",
        [
          "swift", "run", "-c", "release", "--package-path", example, "--scratch-path",
          Checkout.root + "/.build/examples",
        ]
      ).end()
      try #require(execution.code == 0, "\(execution.errors)")
      // Lines of time, mean, standard error and exact value, for two observables.
      let rows = execution.output.split(separator: "\n")
        .map { $0.split(separator: " ").compactMap { Double($0) } }.filter { $0.count == 7 }
      #expect(rows.map { Int($0[0]) } == Array(0...8))
      for row in rows {
        let time = Int(row[0])
        // The mean of x(t) from uniform starts, by integration: 1/2, 2/3, 8/15, ...; the program prints six
        // decimals, and its errors come from 100,000 members.
        let n = pow(2, Double(time))
        let position = 0.5 - 0.5 * (time == 0 ? 0 : 1 / (1 - n * n))
        #expect(abs(row[3] - position) <= 0.5e-6)
        #expect(abs(row[1] - row[3]) <= 5 * row[2])
        #expect(abs(row[4] - row[6]) <= 5 * row[5])
        #expect(row[2] > 0 && row[2] < 2e-3 && row[5] > 0 && row[5] < 5e-3)
      }
      // <ln|F'|>: ln 4 - 1 for uniform x, ln 2 for the invariant density.
      let (first, last) = (try #require(rows.first), try #require(rows.last))
      #expect(abs(first[6] - (log(4.0) - 1)) <= 0.5e-6)
      #expect(abs(last[6] - log(2.0)) < 1e-4)
    }
  }
}
