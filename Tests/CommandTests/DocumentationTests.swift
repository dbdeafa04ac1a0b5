import Foundation
import Synchronization
import Testing

extension CommandTests {
  /// What README.md, docs/, scenarios/ and examples/ show is valid.
  @Suite struct DocumentationTests {
    /// README.md and every page of docs/, from the root of the checkout.
    static let pages: [String] = {
      let docs = FileManager.default.enumerator(atPath: Checkout.root + "/docs")?.compactMap { $0 as? String }
      let pages = ["README.md"] + (docs ?? []).filter { $0.hasSuffix(".md") }.map { "docs/" + $0 }.sorted()
      return pages.filter { FileManager.default.fileExists(atPath: Checkout.root + "/" + $0) }
    }()

    /// The fenced blocks of a Markdown file in one of the languages.
    static func blocks(_ path: String, _ languages: Set<String>) throws -> [String] {
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
            isWanted = languages.contains(String(line.dropFirst(3).prefix { $0 != " " }))
            block = []
          }
        } else {
          block?.append(line)
        }
      }
      return result
    }

    /// Whether a scenario asks for files that a checkout does not have.
    static func needsFiles(_ text: String) -> Bool {
      [
        "fashion-mnist", "kind: mnist", "kind: idx", "kind: array", "kind: folder", ".safetensors", ".onnx",
        "corruption: file",
      ].contains { text.contains($0) }
    }

    @Test func thereIsAReadme() { #expect(Self.pages.first == "README.md") }

    @Test(arguments: pages)
    func scenariosOfPagesAreValid(page: String) throws {
      let scenarios = try Self.blocks(Checkout.root + "/" + page, ["yaml", "yml"]).filter { text in
        text.split(separator: "\n").contains { $0.hasPrefix("name:") }
      }
      let sandbox = try Sandbox()
      for text in scenarios {
        try sandbox.put(text, at: "page.yaml")
        let execution = try sandbox.simulate("validate", "page.yaml")
        let isDone = execution.code == 0 || (execution.code == 66 && Self.needsFiles(text))
        #expect(isDone, "\(execution.errors)\n\(text)")
      }
    }

    /// The help of each command that was asked for, by its name.
    private static let helps = Mutex<[String: Execution]>([:])

    private static func help(_ command: String, _ sandbox: Sandbox) throws -> Execution {
      if let known = helps.withLock({ $0[command] }) { return known }
      let help = try sandbox.simulate(command, "--help")
      helps.withLock { $0[command] = help }
      return help
    }

    @Test(arguments: pages)
    func commandsOfPagesExist(page: String) throws {
      let sandbox = try Sandbox()
      let text = try String(contentsOfFile: Checkout.root + "/" + page, encoding: .utf8)
      // In blocks or within a line of text: a command starts a line, or follows a backquote, parenthesis or
      // folder, and ends with the line or before what a shell would take.
      let pattern = /(?:^ *(?:\$ )?|`|\(|\/)simulate ([a-z]+)([^`)|>&;#\n]*)/.anchorsMatchLineEndings()
      for match in text.matches(of: pattern) {
        let help = try Self.help(String(match.1), sandbox)
        #expect(
          help.code == 0 && help.output.contains("USAGE: simulate \(match.1)"),
          "\(match.0): code \(help.code), errors: \(help.errors)")
        let known = help.output.split { " ,\n<>[]".contains($0) }
        for word in match.2.split(separator: " ") {
          if word.hasPrefix("-"), word != "-" {
            #expect(known.contains(word), "\(word) in: \(match.0)")
          }
          if word.hasPrefix("scenarios/") {
            #expect(FileManager.default.fileExists(atPath: Checkout.root + "/" + word), "\(match.0)")
          }
        }
      }
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
      // The data of scenarios/own-*.yaml are in scenarios/data.
      let mayLackFiles = !name.hasPrefix("own-") && Self.needsFiles(text)
      #expect(execution.code == 0 || (execution.code == 66 && mayLackFiles), "\(execution.errors)")
    }

    /// Builds and runs examples/custom-map, a package of its own.
    @Test func aMapFromOutsideThePackageRuns() throws {
      let sandbox = try Sandbox()
      let execution = try sandbox.start(ExamplePackage(name: "custom-map").program(), []).end()
      #expect(try sandbox.names.isEmpty, "it writes no file")
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
