import ArgumentParser
import Output
import Summaries

struct HashCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "hash",
      abstract: "Prints the SHA-256 of what a run file says, which is the same on every processor.",
      discussion: """
          \(Program.command) hash my.nc
          \(Program.command) hash my.nc --variables > my.sha256
          \(Program.command) run my.yaml -o again.nc --verify my.sha256

        The hash is that of the variables: their paths, types, dimensions and values. Attributes, dates, places and the \
        program's version are no part of it. Variables with the attribute reproducible = "to tolerance" depend on the \
        versions of other libraries, and are left out. Two files with one hash hold the same numbers, bit for bit.
        """)
  }

  @Argument(help: "The run file.", completion: .file(extensions: ["nc"]))
  var file: String

  @Flag(
    help: "Prints the hash of each variable, as sha256sum does; the hash of these lines is that of the file.")
  var variables = false

  @Option(help: Expectation.help)
  var verify: String?

  func run() throws {
    try Isolation.run(reading: file) {
      try reportingFailures {
        let expectation = try verify.map { try Expectation($0) }
        let reader = try Isolation.openForValues { try NetCDFReader(path: file) }
        if let expectation { return try expectation.check(reader, path: file, quiet: false) }
        let hashes = try VariableHashes(reader)
        printResult(variables ? hashes.list : hashes.ofFile, terminator: variables ? "" : "\n")
      }
    }
  }
}
