import Drawing

/// Figures one below the other, and what else the file gives.
public struct FigurePage: Sendable {
  /// The figures.
  public let sheet: Sheet
  /// The names of the figures that stand on the page.
  public let shown: [String]
  /// Those of which the page has a part of the panels.
  public let partial: [(name: String, panels: Int, of: Int)]
  /// The names of the figures that the file gives besides.
  public let others: [String]

  /// The height of a page that `plot` draws by itself: two screens of 900 pixels, 96 to the inch.
  public static let mostHeight = 2 * 900 * 72.0 / 96

  /// What of a page one figure may take as long as others wait.
  private static let share = 0.4

  /// All of the given figures, whole.
  ///
  /// - Parameters:
  ///   - names: At least one.
  ///   - data: The run file.
  ///   - options: How the figures look, and what they show.
  /// - Throws: As `RunData.sheet`.
  public init(_ names: [String], of data: RunData, options: FigureOptions = FigureOptions()) throws {
    sheet = Sheet.stacked(try names.map { try data.sheet($0, options: options) })
    shown = names
    partial = []
    others = data.figures.filter { !names.contains($0) }
  }

  /// The figures that answer the run's question first, as far as they fit in two screens.
  ///
  /// A figure that takes more than its share leaves panels out as long as others wait for the room.
  ///
  /// - Throws: As `RunData.sheet`; `FigureError` of kind `invalid` where there is none.
  public init(of data: RunData, options: FigureOptions = FigureOptions()) throws {
    var limited = options
    var sheets: [(name: String, sheet: Sheet)] = []
    var left = Self.mostHeight
    // Heat maps of a sweep have no room for groups.
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
