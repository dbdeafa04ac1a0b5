import Drawing
import Output

/// Film strips.
enum FilmFigure: Figure {
  static let name = "film"
  static let heading = "Film strips"
  static let summary = "decoded states of a few members: time across, corruption level down"
  static let hasAxes = false

  static func obstacle(in data: RunData) -> FigureObstacle? {
    guard let films = data.runGroup("films") else {
      return data.missingGroup("films")
        ?? FigureObstacle("it holds no group /films", "run the scenario with --set output.films.items=4")
    }
    return films.has("picture")
      ? nil : FigureObstacle("its group /films has no pictures", "run the scenario again")
  }

  static func sheet(of data: RunData, _ options: FigureOptions) throws -> Sheet {
    try data.filmSheet(options)
  }

  /// The height of a page of paper in A4's proportions whose lines are as wide as a figure of the given width.
  static func pageHeight(width: Double) -> Double { max(width * 297 / 210, 640) }
}

extension RunData {
  /// The films of the chosen run, and the part of them that is shown.
  private struct Film {
    var pictures: RunGroup.Slice
    var size: PictureSize
    var items: [Int]
    /// The class labels of the items; nil if they have none.
    var labels: [Int]?
    var times: [Int]
    var shownLevels: [Int]
    var shownTimes: [Int]
    var shownItems: [Int]

    var pixels: Int { size.pixels }

    /// The recorded part that is shown, in words; empty if all is shown.
    func part(of levels: Int) -> String {
      let parts = [
        (shownItems.count, items.count, "items"), (shownTimes.count, times.count, "times"),
        (shownLevels.count, levels, "levels"),
      ].filter { $0.0 < $0.1 }.map { "\($0.0) of \($0.1) recorded \($0.2)" }
      return parts.isEmpty ? "" : " Shown: \(parts.joined(separator: ", "))."
    }
  }

  /// The places of an item's strips: one column of labels, then one cell per time.
  private struct FilmGrid {
    static let left = 30.0
    static let gap = 16.0
    var isPaired: Bool
    var blockWidth: Double
    var cell: Double
    /// The size of a picture.
    var width: Double
    var height: Double
    var blockHeight: Double

    init(_ film: Film, width pageWidth: Double, innerWidth: Double) {
      // Two blocks are side by side if pictures stay half an inch wide.
      isPaired = pageWidth > 400 && film.shownTimes.count <= 6 && film.shownItems.count > 1
      blockWidth = isPaired ? (innerWidth - Self.gap) / 2 : innerWidth
      cell = min((blockWidth - Self.left) / Double(film.shownTimes.count), 56)
      let scale = (cell - 3) / Double(max(film.size.width, film.size.height))
      (width, height) = (scale * Double(film.size.width), scale * Double(film.size.height))
      blockHeight = 28 + (height + 3) * Double(film.shownLevels.count) + 8
    }
  }

  /// Film strips, one block per item: time across, corruption level down.
  fileprivate func filmSheet(_ options: FigureOptions) throws -> Sheet {
    var film = try readFilm(options)
    let names = try classNames()
    var sheet = Sheet(options)
    sheet.addTitle("Decoded states x(t): time across, corruption level down")
    let grid = fit(&film, sheet, options)
    for (k, item) in film.shownItems.enumerated() {
      let x = Sheet.margin + (grid.isPaired && k % 2 == 1 ? grid.blockWidth + FilmGrid.gap : 0)
      let label = film.labels.map { ", " + (names[$0[item]] ?? "class \($0[item])") } ?? ""
      try addStrips(
        film, item, title: "Item \(film.items[item])\(label)", x: x + FilmGrid.left, grid, to: &sheet)
      let isRowEnd = !grid.isPaired || k % 2 == 1 || k == film.shownItems.count - 1
      if isRowEnd { sheet.height += grid.blockHeight }
    }
    sheet.addCaption(
      "\(levelLabel.capitalizedFirst) at the left, time t [1] above. n = 1 member (the first realization) per row."
        + " \(film.size.levels); pale blue: no picture, as at t = 0 of a latent start.\(film.part(of: levels.count))"
        + " \(provenance(isRun: true).capitalizedFirst).")
    return sheet
  }

  /// Keeps as many items as fit on a page or, for a single item, as many levels. Keeps all items that the user
  /// named.
  private func fit(_ film: inout Film, _ sheet: Sheet, _ options: FigureOptions) -> FilmGrid {
    func grid() -> FilmGrid { FilmGrid(film, width: options.width, innerWidth: sheet.innerWidth) }
    guard options.items.isEmpty else { return grid() }
    let page = FilmFigure.pageHeight(width: options.width)
    let limited = Sheet(
      width: sheet.width, height: sheet.height, hasCaption: options.hasCaption,
      room: min(options.room ?? page, page))
    func fits() -> Bool {
      let grid = grid()
      let blocks = grid.isPaired ? (film.shownItems.count + 1) / 2 : film.shownItems.count
      return limited.hasRoom(for: Double(blocks) * grid.blockHeight)
    }
    for count in (1...min(film.items.count, 24)).reversed() {
      film.shownItems = evenly(film.items.count, count)
      if fits() { return grid() }
    }
    for count in (1..<max(film.shownLevels.count, 2)).reversed() {
      film.shownLevels = shownLevels(count)
      if fits() { break }
    }
    return grid()
  }

  private func readFilm(_ options: FigureOptions) throws -> Film {
    guard let films = runGroup("films") else { throw invalid("films/picture", "is missing") }
    let pictures = try films.slice("picture", rank: 4)
    let shape = pictures.shape
    guard shape[0] == levels.count, shape.allSatisfy({ $0 > 0 }) else {
      throw invalid("films/picture", "has the shape \(shape)")
    }
    let size = try imageSize(pictures.variable)
    func integers(_ name: String, count: Int) throws -> [Int] {
      films.has(name) ? try films.slice(name, shape: [count]).integers() : Array(0..<count)
    }
    let times = try integers(pictures.dimensions[2].name, count: shape[2])
    let items = try integers("item", count: shape[1])
    return Film(
      pictures: pictures, size: size, items: items,
      labels: films.has("class") ? try integers("class", count: shape[1]) : nil, times: times,
      shownLevels: shownLevels(8),
      shownTimes: try recorded(options.times, among: times, "--times", "film_time")
        ?? evenly(times.count, options.width > 400 ? 12 : 6),
      shownItems: try recorded(options.items, among: items, "--items", "item") ?? [])
  }

  /// The places of the user's choices among what is recorded; nil if nothing was chosen.
  private func recorded(
    _ chosen: [Int], among all: [Int], _ option: String, _ what: String
  ) throws -> [Int]? {
    guard !chosen.isEmpty else { return nil }
    return try chosen.map { value in
      guard let place = all.firstIndex(of: value) else {
        let shown = all.prefix(20).map(String.init).joined(separator: ", ")
        throw FigureError(
          .invalid, path: path, message: "\(option) \(value): its films have no \(what) \(value)",
          remedy: "there is \(shown)\(all.count > 20 ? " and \(all.count - 20) more" : "")")
      }
      return place
    }
  }

  /// Adds one item's strips below the sheet's contents, with one row per level.
  private func addStrips(
    _ film: Film, _ item: Int, title: String, x: Double, _ grid: FilmGrid, to sheet: inout Sheet
  ) throws {
    let y = sheet.height
    sheet.texts.append(SheetText(text: title, x: x, y: y + 6, size: TextSize.panel, isBold: true))
    for (c, time) in film.shownTimes.enumerated() {
      sheet.texts.append(
        SheetText(
          text: c == 0 ? "t = \(film.times[time])" : "\(film.times[time])",
          x: x + grid.cell * Double(c) + grid.width / 2, y: y + 20, size: TextSize.tick,
          alignment: .center))
    }
    let pixels = film.pixels
    for (r, level) in film.shownLevels.enumerated() {
      let top = y + 28 + (grid.height + 3) * Double(r)
      sheet.texts.append(
        SheetText(
          text: short(levels[level]), x: x - 5, y: top + grid.height / 2, size: TextSize.tick,
          alignment: .right))
      let strip = try film.pictures.doubles(
        start: [level, item, 0, 0], count: [1, 1, film.times.count, pixels])
      // Bytes range from 0 to 255, floating numbers from 0 to 1.
      let values = film.pictures.variable.type.isInteger ? strip.map { $0 / 255 } : strip
      for (c, time) in film.shownTimes.enumerated() {
        let picture = Bitmap(
          levels: values[time * pixels..<(time + 1) * pixels], height: film.size.height,
          width: film.size.width, scale: pixels <= 4096 ? 3 : 1)
        let place = Rectangle(
          x: x + grid.cell * Double(c), y: top, width: grid.width, height: grid.height)
        sheet.layers += [.bitmap(picture, place), outline(place.x, place.y, grid.width, grid.height)]
      }
    }
  }
}

extension RunData {
  /// The image size that a variable of pictures declares. Its last dimension must agree with it. Three channels are red,
  /// green and blue; of other numbers, channels are grey pictures one below the other.
  func imageSize(_ variable: NetCDFReaderVariable) throws -> PictureSize {
    guard let height = (try? variable.attribute("image_height"))?.integer,
      let width = (try? variable.attribute("image_width"))?.integer, (1...4096).contains(height),
      (1...4096).contains(width), let pixels = variable.shape.last,
      case let channels = (try? variable.attribute("image_channels"))?.integer ?? 1,
      (1...4096).contains(channels), height * channels * width == pixels
    else {
      throw invalid(
        variable.path,
        "has no attributes image_height and image_width that fit its \(variable.shape.last ?? 0) pixels")
    }
    return channels == 3
      ? PictureSize(height: height, width: width, channels: 3)
      : PictureSize(height: height * channels, width: width, channels: 1)
  }
}
