import Drawing

/// Figures one below the other, and the names of the other figures that the file can give.
public struct FigurePage: Sendable {
  /// The figures.
  public let sheet: Sheet
  /// The names of the figures on the page.
  public let shown: [String]
  /// The figures of which the page shows only some of the panels.
  public let partial: [(name: String, panels: Int, of: Int)]
  /// The names of the other figures that the file can give.
  public let others: [String]

  /// The height of the page that `plot` draws by default, which is two screens of 900 pixels at 96 pixels per inch.
  public static let mostHeight = 2 * 900 * 72.0 / 96

  /// The share of a page that one figure may take while others are still to be placed.
  private static let share = 0.4

  /// Puts all of the given figures on the page, completely.
  ///
  /// - Parameters:
  ///   - names: At least one name.
  ///   - data: The run file.
  ///   - options: How the figures look, and what they show.
  /// - Throws: What `RunData.sheet` throws.
  public init(_ names: [String], of data: RunData, options: FigureOptions = FigureOptions()) throws {
    sheet = Sheet.stacked(try names.map { try data.sheet($0, options: options) })
    shown = names
    partial = []
    others = data.figures.filter { !names.contains($0) }
  }

  /// Puts as many figures on the page as fit in two screens. Those that answer the run's question come first.
  ///
  /// A figure that would take more than its share leaves panels out while others are still to be placed.
  ///
  /// - Throws: What `RunData.sheet` throws, and `FigureError` of kind `invalid` if there is no figure.
  public init(of data: RunData, options: FigureOptions = FigureOptions()) throws {
    var limited = options
    var sheets: [(name: String, sheet: Sheet)] = []
    var left = Self.mostHeight
    // Heat maps of a sweep cannot show groups.
    let isGrouped =
      !options.variables.isEmpty && options.variables.allSatisfy { data.groupDimension(of: $0) != nil }
    for name in data.figures where !(isGrouped && name == SweepFigure.name) {
      limited.room = min(Self.share * Self.mostHeight, left)
      let sheet = try data.sheet(name, options: limited)
      if sheet.height <= left {
        sheets.append((name, sheet))
        left -= sheet.height
      }
    }
    for k in sheets.indices where sheets[k].sheet.omittedPanels > 0 {
      limited.room = sheets[k].sheet.height + left
      let sheet = try data.sheet(sheets[k].name, options: limited)
      let more = sheet.height - sheets[k].sheet.height
      guard more <= left else { continue }
      left -= more
      sheets[k].sheet = sheet
    }
    guard !sheets.isEmpty else {
      throw FigureError(
        .invalid, path: data.path, message: "it holds nothing to draw",
        remedy: "give a whole file that 'simulate run' wrote")
    }
    sheet = Sheet.stacked(sheets.map(\.sheet))
    shown = sheets.map(\.name)
    partial = sheets.filter { $0.sheet.omittedPanels > 0 }
      .map { (name: $0.name, panels: $0.sheet.allPanels - $0.sheet.omittedPanels, of: $0.sheet.allPanels) }
    others = data.figures.filter { name in !sheets.contains { $0.name == name } }
  }
}
