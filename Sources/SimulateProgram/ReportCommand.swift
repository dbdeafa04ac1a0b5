import ArgumentParser
import Figures
import Foundation
import Output

struct ReportCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "report",
      abstract: "Writes a run file as one HTML page: tables, figures, scenario, provenance.",
      discussion: """
          \(Program.command) report my.nc

        The page needs no network and no other file, and follows the reader's light or dark setting. The program gnuplot draws \
        the figures (Debian: apt-get install gnuplot-nox). With -o PAGE.md the tables of verdicts, models and approaches are \
        written as Markdown, without figures.
        """)
  }

  @Argument(help: "The run file.", completion: .file(extensions: ["nc"]))
  var file: String

  @OptionGroup(title: "What is drawn")
  var figures: FigureArguments

  /// Where the page goes.
  struct Place: ParsableArguments {
    @Option(
      name: .shortAndLong,
      help:
        "The page (.html, .htm or .md), a pipe, or - for standard output. (default: the run file's name with .html)",
      completion: .file(extensions: ["html", "htm", "md"]))
    var output: String?

    @Flag(help: "Replaces an existing file.")
    var overwrite = false
  }

  @OptionGroup(title: "Output")
  private var place: Place

  /// The endings of a page's name, without the dot.
  private enum Format: String {
    case html, htm
    case markdown = "md"

    init?(path: String) { self.init(rawValue: URL(fileURLWithPath: path).pathExtension.lowercased()) }
  }

  func validate() throws {
    if let output = place.output, case .file = ResultDestination(output), Format(path: output) == nil {
      throw ValidationError("-o \(output): expected a name that ends in .html, .htm or .md")
    }
  }

  func run() throws {
    try Isolation.run(reading: file) { try perform() }
  }

  private func perform() throws {
    try reportingFailures {
      ResourceLimits.checkTemporaryFolder()
      var data = try Isolation.openForValues { try RunData(path: file) }
      try figures.select(in: &data)
      let options = try figures.options()
      let names = figures.figures(all: data.figures)
      let path = place.output ?? URL(fileURLWithPath: file).deletingPathExtension().path + ".html"
      let destination = ResultDestination(path)
      try destination.check(overwrite: place.overwrite, inputs: [file])
      do {
        let text =
          Format(path: path) == .markdown
          ? try MarkdownReport.text(of: data) : try Report.html(of: data, options: options, figures: names)
        try destination.write(overwrite: place.overwrite, inputs: [file]) { try $0(text) }
      } catch  where isInterrupted.load(ordering: .relaxed) {
        throw CancellationError()
      }
      if case .file = destination { printResult("wrote \(path)") }
    }
  }
}
