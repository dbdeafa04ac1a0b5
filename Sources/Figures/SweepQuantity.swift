import Drawing
import Dynamics
import Foundation
import Vocabulary

/// A quantity that is shown as heat maps.
struct SweepQuantity {
  /// A number with its error as far as the file contains it. Missing numbers are NaN.
  struct Cell {
    var value: Double
    var error: Double
    var lower: Double
    var upper: Double
  }

  /// One heat map.
  struct Map {
    /// The index of the map's level; nil if levels are columns.
    var level: Int?
    /// The cells, shape `[rows, columns]`.
    var cells: [Cell]
  }

  /// The kind of text below the values.
  enum ErrorText {
    case standardError, interval, none
  }

  var title: String
  var units: String
  var family: ObservableFamily
  /// Whether its numbers lie between 0 and 1 by definition.
  var isFraction: Bool
  var maps: [Map]
  /// The smallest number of models that any shown number is the mean of; nil if the files do not contain it.
  var leastModels: Int?
  /// The values that the darkest and the brightest colour stand for.
  private(set) var scale: ClosedRange<Double> = 0...1

  init(
    title: String, units: String, family: ObservableFamily, isFraction: Bool, maps: [Map], leastModels: Int?
  ) {
    self.title = title
    self.units = units
    self.family = family
    self.isFraction = isFraction
    self.maps = maps
    self.leastModels = leastModels
  }

  /// The title with its unit.
  var heading: String { "\(title) [\(units)]" }

  private var cells: [Cell] { maps.flatMap(\.cells) }

  /// The range from the smallest to the largest value that is shown.
  private static func ends(_ quantities: [SweepQuantity]) -> ClosedRange<Double> {
    let values = quantities.flatMap(\.cells).map(\.value).filter { $0.isFinite && abs($0) < 1e100 }
    return (values.min() ?? 0)...(values.max() ?? 1)
  }

  /// Gives each quantity a scale of its own or, if `areCommon`, one scale to all quantities of a family.
  static func setScales(of quantities: inout [SweepQuantity], areCommon: Bool) {
    let all = quantities
    for k in quantities.indices {
      let own = quantities[k]
      guard areCommon else {
        quantities[k].scale = ends([own])
        continue
      }
      quantities[k].scale =
        own.isFraction
        ? 0...1
        : ends(own.family == .other ? [own] : all.filter { !$0.isFraction && $0.family == own.family })
    }
  }

  // MARK: Texts

  private static let valueSize = 6.5
  private static let errorSize = 5.5

  /// The format of numbers: three digits or, if those are too wide for a cell, as many decimals as fit.
  private func format(_ grid: SweepGrid) -> (Double) -> String {
    let values = cells.map(\.value).filter(\.isFinite)
    let formats = ["%.3g", "%.3f", "%.2f", "%.1f", "%.0f", "%.0e"]
    let fitting = formats.first { format in
      let widest = values.map { TextWidth.of(String(format: format, $0), size: Self.valueSize) }.max() ?? 0
      return widest <= grid.cell - 2
    }
    let chosen = fitting ?? "%.0e"
    return { String(format: chosen, $0 == 0 ? 0 : $0) }
  }

  /// The text for a number's error; empty if the file contains none.
  private static func errorText(_ cell: Cell) -> (kind: ErrorText, text: String) {
    if cell.error.isFinite { return (.standardError, "± " + String(format: "%.2g", cell.error)) }
    guard cell.lower.isFinite, cell.upper.isFinite else { return (.none, "") }
    return (.interval, String(format: "%.2g to %.2g", cell.lower, cell.upper))
  }

  /// The kind of text below the values: none if the file has no errors, or if they are wider than a cell.
  func shownErrors(_ grid: SweepGrid) -> ErrorText {
    let texts = cells.filter { $0.value.isFinite }.map { Self.errorText($0) }
    let widest = texts.map { TextWidth.of($0.text, size: Self.errorSize) }.max() ?? 0
    let kinds = Set(texts.map(\.kind)).subtracting([.none])
    guard widest <= grid.cell - 1 else { return .none }
    return kinds.contains(.standardError) ? .standardError : kinds.first ?? .none
  }

  /// The height of a map's cells together.
  func height(_ grid: SweepGrid) -> Double {
    let rows = Double(grid.rows.count)
    let least = shownErrors(grid) == .none ? 14.0 : 19
    // A label that is longer than the map is divided into two lines.
    let words = grid.y.label.split(separator: " ").map { TextWidth.of(String($0), size: TextSize.label) }
    let label = max(min(TextWidth.of(grid.y.label, size: TextSize.label), 110), words.max() ?? 0)
    return max(rows * max(least, min(24, 132 / rows)), label)
  }

  /// The place of a cell.
  private static func place(_ k: Int, columns: Int, count: Int) -> (x: Double, y: Double) {
    let place = RowMajorShape([count / columns, columns]).indices(of: k)
    return (Double(place[1]), Double(place[0]))
  }

  private func colour(_ value: Double) -> Colour {
    guard value.isFinite else { return .white }
    let span = scale.upperBound - scale.lowerBound
    // If all values are equal, they have the middle colour.
    return Palette.cividis(span > 0 ? (value - scale.lowerBound) / span : 0.5)
  }

  /// The cells of a map with their colours.
  func colours(of map: Map, columns: Int) -> [(Rectangle, Colour)] {
    map.cells.enumerated().map { k, cell in
      let (x, y) = Self.place(k, columns: columns, count: map.cells.count)
      return (Rectangle(x: x - 0.5, y: y - 0.5, width: 1, height: 1), colour(cell.value))
    }
  }

  /// The numbers in the cells of a map: first values, then errors.
  func texts(of map: Map, _ grid: SweepGrid) -> [SheetText] {
    let hasErrors = shownErrors(grid) != .none
    let columns = grid.columns.count
    let format = format(grid)
    func text(_ k: Int, _ text: String, _ shift: Double, size: Double) -> SheetText {
      let (x, y) = Self.place(k, columns: columns, count: map.cells.count)
      let ink = colour(map.cells[k].value).luminance > 0.45 ? Colour.black : .white
      return SheetText(text: text, x: x, y: y + shift, size: size, alignment: .center, colour: ink)
    }
    var values: [SheetText] = []
    var errors: [SheetText] = []
    for (k, cell) in map.cells.enumerated() {
      let words = hasErrors && cell.value.isFinite ? Self.errorText(cell).text : ""
      values.append(
        text(
          k, cell.value.isFinite ? format(cell.value) : "-", words.isEmpty ? 0 : 0.2,
          size: Self.valueSize))
      if !words.isEmpty { errors.append(text(k, words, -0.23, size: Self.errorSize)) }
    }
    return values + errors
  }
}
