import ArgumentParser
import Drawing
import Figures
import Foundation
import Output

struct PlotCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "plot",
      abstract: "Draws figures of a run file (SVG, PNG or PDF).",
      discussion: """
          \(Program.command) plot my.nc
          \(Program.command) plot my.nc --figure series --narrow -o series.pdf
          \(Program.command) plot sweep.nc --at model.latent=20 --at replica=2

        Without --figure, the command draws the figures that answer the run's question on a page of at most two screens, and \
        says which others there are. The program gnuplot draws (Debian: apt-get install gnuplot-nox).
        """)
  }

  @Argument(help: "The run file.", completion: .file(extensions: ["nc"]))
  var file: String

  @Flag(help: "Lists which figures the file gives, and draws nothing.")
  var list = false

  @OptionGroup(title: "What is drawn")
  var figures: FigureArguments

  /// How a figure looks.
  struct Looks: ParsableArguments {
    @Option(help: "Names the horizontal axes of the one --figure. (default: the file's words)")
    var xLabel: String?

    @Option(help: "Names the vertical axes of the one --figure. (default: the file's words)")
    var yLabel: String?

    @Flag(help: "Leaves the title out.")
    var noTitle = false

    @Flag(help: "Leaves the caption out.")
    var noCaption = false

    @Flag(help: "Draws one panel per row, as wide as a column of a journal (3.5 inches).")
    var narrow = false
  }

  @OptionGroup(title: "Looks")
  private var looks: Looks

  /// Where the figure goes.
  struct Place: ParsableArguments {
    @Option(
      name: .shortAndLong,
      help: "The figure's file: .svg, .png or .pdf. (default: the run file's name with .svg)",
      completion: .file(extensions: ["svg", "png", "pdf"]))
    var output: String?

    @Flag(help: "Replaces an existing file.")
    var overwrite = false
  }

  @OptionGroup(title: "Output")
  private var place: Place

  func validate() throws {
    if let output = place.output, FigureFormat(path: output) == nil {
      throw ValidationError("-o \(output): expected a name that ends in .svg, .png or .pdf")
    }
    if looks.xLabel != nil || looks.yLabel != nil {
      let option = looks.xLabel == nil ? "--y-label" : "--x-label"
      guard let figure = figures.single else {
        throw ValidationError("\(option): expected one --figure NAME, whose axes it names")
      }
      if !figure.hasAxes { throw ValidationError("\(option): the figure '\(figure.name)' has no axes") }
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
      if list {
        printResult(TextTable.rows(FigureRegistry.all.map { row($0, data) }))
        return
      }
      let path = place.output ?? URL(fileURLWithPath: file).deletingPathExtension().path + ".svg"
      try AtomicFile.checkDistinct(path, from: [file])
      try AtomicFile.checkWritable(path, overwrite: place.overwrite)
      var options = try figures.options(width: looks.narrow ? 252 : 504)
      options.hasTitle = !looks.noTitle
      options.hasCaption = !looks.noCaption
      (options.xLabel, options.yLabel) = (looks.xLabel, looks.yLabel)
      let names = figures.figures(all: data.figures)
      let page =
        names.isEmpty
        ? try FigurePage(of: data, options: options) : try FigurePage(names, of: data, options: options)
      do {
        let bytes = try Gnuplot.draw(page.sheet, format: FigureFormat(path: path) ?? .svg)
        try AtomicFile.write(bytes, to: path, overwrite: place.overwrite)
      } catch  where isInterrupted.load(ordering: .relaxed) {
        throw CancellationError()
      }
      printResult("wrote \(path)")
      if names.isEmpty, let left = Self.left(page) { printMessage(left) }
    }
  }

  /// The figures of the file that are not on the page, in one line; nil if there are none.
  private static func left(_ page: FigurePage) -> String? {
    var parts = page.partial.map { "\($0.of - $0.panels) of \($0.of) panels of \($0.name)" }
    parts += page.others
    return parts.isEmpty
      ? nil
      : "not on the page: \(parts.joined(separator: ", ")); --figure NAME draws one whole, --figure all draws all"
  }

  private func row(_ figure: any Figure.Type, _ data: RunData) -> [String] {
    let obstacle = figure.obstacle(in: data)
    return [figure.name, obstacle == nil ? "yes" : "no", obstacle?.message ?? figure.summary]
  }
}

extension FigureFormat {
  /// The format that a file's name asks for.
  init?(path: String) {
    self.init(rawValue: URL(fileURLWithPath: path).pathExtension.lowercased())
  }
}
