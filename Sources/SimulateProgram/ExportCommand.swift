import ArgumentParser
import Arrays
import Foundation
import Output
import RunFiles
import Summaries

struct ExportCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "export",
      abstract: "Writes variables of a run file as a tidy table (CSV or JSON).",
      discussion: """
          \(Program.command) export my.nc --variables distance-concept -o distance.csv

        The table has one row for each combination of coordinates (level, time, ...) and one column for each variable, with its \
        standard error beside it. A variable of a group is named with its group: members/overlap_concept, claims/NAME/mean. \
        In a variable's name, - may stand for _. Of a file of arrays (.npz, .npy), --variables names arrays of one shape, and \
        the format is csv.
        """)
  }

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case csv, json, records
  }

  @Argument(help: "The run file.", completion: .file(extensions: ["nc"]))
  var file: String

  @Option(help: "Variables, separated by commas. (default: all averages over level and time)")
  var variables: String?

  @Option(
    help: "csv; json: attributes and records; records: only the array of records, for pandas.read_json.")
  var format: Format = .csv

  @Option(name: .shortAndLong, help: "A file, a pipe, or - for standard output. (default: -)")
  var output: String?

  @Flag(help: "Replaces an existing file.")
  var overwrite = false

  func validate() throws {
    if let variables, variables.allSatisfy({ $0 == "," || $0.isWhitespace }) {
      throw ValidationError(
        "--variables '\(variables)': expected names, separated by commas; leave it out for all averages")
    }
  }

  func run() throws {
    if NumberArray.isNumpy(file) { return try performOfArrays() }
    try Isolation.run(reading: file) { try perform() }
  }

  private func performOfArrays() throws {
    guard format == .csv else {
      throw ValidationError("--format \(format.rawValue): expected csv, the format of arrays; leave it out")
    }
    try reportingFailures {
      let names = (variables ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      let table = try ArrayTable(path: file, names: names)
      try ResultDestination(output).write(overwrite: overwrite, inputs: [file]) { try table.writeCSV($0) }
    }
  }

  private func perform() throws {
    try reportingFailures {
      let reader = try Isolation.openForValues { try NetCDFReader(path: file) }
      let names = (variables ?? "").split(separator: ",").map {
        variableName($0.trimmingCharacters(in: .whitespaces), in: reader)
      }
      let table = try TidyTable(reader, variables: names)
      let destination = ResultDestination(output)
      try destination.write(overwrite: overwrite, inputs: [file]) { receive in
        var pending = ""
        try write(table) { piece in
          pending += piece
          if pending.utf8.count > 1 << 16 {
            try receive(pending)
            pending = ""
          }
        }
        try receive(pending)
      }
    }
  }

  /// A variable's name in the file: as it was given, or else with `_` for the hyphens of its last part, as scenarios
  /// write observables. Groups, such as `claims/accuracy-kept`, keep their hyphens.
  private func variableName(_ name: String, in reader: NetCDFReader) -> String {
    if (try? reader.variable(name)) != nil { return name }
    var parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if let last = parts.popLast() { parts.append(last.replacing("-", with: "_")) }
    return parts.joined(separator: "/")
  }

  private func write(_ table: TidyTable, _ body: (String) throws -> Void) throws {
    switch format {
    case .csv: try table.writeCSV(body)
    case .json: try table.writeJSON(body)
    case .records: try table.writeRecords(body)
    }
  }
}
