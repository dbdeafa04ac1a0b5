import ArgumentParser
import Figures
import Foundation
import Output

struct PlotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot",
    abstract: "Draws figures of a run file (SVG, PNG or PDF).",
    discussion: """
      Without --figure: all figures that the file gives, on one page. gnuplot draws them \
      (Debian: apt-get install gnuplot-nox).

        simulate plot run.nc -o run.pdf
        simulate plot run.nc --figure series --variables distance-concept -o distance.svg
        simulate plot sweep.nc --at model.latent=20 --at replica=2
      """)

  @Argument(help: "The run file.", completion: .file(extensions: ["nc"]))
  var file: String

  @Option(
    name: .shortAndLong,
    help: "The figure's file: .svg, .png or .pdf. (default: the run file's name with .svg)",
    completion: .file(extensions: ["svg", "png", "pdf"]))
  var output: String?

  @Option(
    name: .customLong("figure"), parsing: .singleValue,
    help: ArgumentHelp(
      "A figure; may be repeated: \(FigureKind.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "name"))
  var kinds: [FigureKind] = []

  @Option(
    help: ArgumentHelp(
      "Observables of the figures series and sweep, separated by commas; for series also NAME-by-class and"
        + " NAME-by-superclass. (default: all averages over all members)"))
  var variables: String?

  @Option(
    name: .customLong("at"), parsing: .singleValue,
    help: ArgumentHelp(
      "Of several runs, the one that figures of one run show: a swept key, or replica (which all figures then show in"
        + " place of averages over models); of two swept keys also the level of their heat maps. May be repeated."
        + " (default: the first run)",
      valueName: "key=value"))
  var points: [String] = []

  @Flag(help: "Lists which figures the file gives, and draws nothing.")
  var list = false

  @Flag(help: "One panel per row, as wide as a column of a journal (3.5 inches).")
  var narrow = false

  @Flag(help: "Replaces an existing file.")
  var overwrite = false

  func validate() throws {
    if let output, FigureFormat(path: output) == nil {
      throw ValidationError("-o \(output): expected a name that ends in .svg, .png or .pdf")
    }
    try checkChoices(points)
  }

  func run() throws {
    try Isolation.run(reading: file) { try perform() }
  }

  private func perform() throws {
    try reportingFailures {
      ResourceLimits.checkTemporaryFolder()
      var data = try Isolation.open { try RunData(path: file) }
      for point in points { try data.select(point) }
      if list {
        printResult(TextTable.rows(FigureKind.allCases.map { row($0, data) }))
        return
      }
      let path = output ?? URL(fileURLWithPath: file).deletingPathExtension().path + ".svg"
      try AtomicFile.checkDistinct(path, from: [file])
      try AtomicFile.checkWritable(path, overwrite: overwrite)
      let names = (variables ?? "").split(separator: ",").map { $0.replacing("-", with: "_") }
        .map { $0.trimmingCharacters(in: .whitespaces) }
      let options = FigureOptions(width: narrow ? 252 : 504, variables: names)
      let sheet =
        kinds.isEmpty
        ? try data.overview(options: options)
        : Sheet.stacked(try kinds.map { try data.sheet($0, options: options) })
      do {
        let bytes = try Gnuplot.draw(sheet, format: FigureFormat(path: path) ?? .svg)
        try AtomicFile.write(bytes, to: path, overwrite: overwrite)
      } catch  where isInterrupted.load(ordering: .relaxed) {
        throw CancellationError()
      }
      printResult("wrote \(path)")
    }
  }

  private func row(_ kind: FigureKind, _ data: RunData) -> [String] {
    let obstacle = data.obstacle(kind)
    return [kind.rawValue, obstacle == nil ? "yes" : "no", obstacle?.message ?? kind.summary]
  }
}

extension FigureKind: ExpressibleByArgument {}

/// Checks that values of `--at` have the form KEY=VALUE.
///
/// - Throws: `ValidationError`, which ends the program with 64.
func checkChoices(_ choices: [String]) throws {
  for choice in choices {
    let parts = choice.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count < 2 || parts.contains(where: { $0.allSatisfy(\.isWhitespace) }) {
      throw ValidationError("--at \(choice): expected KEY=VALUE, such as model.latent=20 or replica=2")
    }
  }
}

extension FigureFormat {
  /// The format that a file's name asks for.
  init?(path: String) {
    self.init(rawValue: URL(fileURLWithPath: path).pathExtension.lowercased())
  }
}
