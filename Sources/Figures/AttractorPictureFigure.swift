import Drawing
import Output

/// Attractors as pictures.
enum AttractorPictureFigure: Figure {
  static let name = "attractor-pictures"
  static let heading = "Attractors, decoded"
  static let summary = "the attractors decoded to pictures, with their basin fractions"
  static let hasAxes = false

  static func obstacle(in data: RunData) -> FigureObstacle? {
    guard let attractors = data.runGroup("attractors") else { return AttractorFigure.obstacle(in: data) }
    guard let pictures = try? attractors.slice("picture", rank: 2) else {
      return FigureObstacle("its attractors have no pictures", "use a data set of pictures")
    }
    return pictures.shape[0] > 0
      ? nil
      : FigureObstacle("its search found no attractor", "search on with --set attractors.max-steps=1000000")
  }

  static func sheet(of data: RunData, _ options: FigureOptions) throws -> Sheet {
    try data.attractorPictureSheet(options)
  }
}

extension RunData {
  /// The attractors as pictures, those with the largest basins first.
  fileprivate func attractorPictureSheet(_ options: FigureOptions) throws -> Sheet {
    let attractors = try readAttractors()
    let pictures = try attractors.run.slice("picture", rank: 2)
    let size = try imageSize(pictures.variable)
    let pixels = size.pixels
    guard pictures.shape == [attractors.count, pixels] else {
      throw invalid(pictures.variable.path, "has the shape \(pictures.shape)")
    }
    let reached = try attractors.shown(withSaddles: options.showsSaddles)
    let order = reached.isEmpty ? attractors.order : reached
    let words = try attractorWords(attractors)
    var sheet = Sheet(options)
    sheet.addTitle("Attractors, decoded")
    let columns = max(1, Int(sheet.innerWidth / 76))
    let rows = columns > 4 ? 4 : 6
    let cell = sheet.innerWidth / Double(columns)
    let edge = cell - 16
    let scale = min(edge / Double(size.width), edge / Double(size.height))
    let (w, h) = (scale * Double(size.width), scale * Double(size.height))
    let line = TextSize.tick * 1.3
    let cellHeight = h + Double(words.first?.count ?? 0) * line + 12
    let fitting = (1...rows).last { sheet.hasRoom(for: Double($0) * cellHeight) } ?? 1
    let shown = Array(order.prefix(columns * fitting))
    sheet.height += 2
    for (k, a) in shown.enumerated() {
      let x = Sheet.margin + cell * Double(k % columns)
      let y = sheet.height + cellHeight * Double(k / columns)
      let values = try pictures.doubles(start: [a, 0], count: [1, pixels])
      let place = Rectangle(x: x + (cell - w) / 2, y: y, width: w, height: h)
      let picture = Bitmap(
        levels: values, height: size.height, width: size.width, scale: pixels <= 4096 ? 3 : 1)
      sheet.layers += [.bitmap(picture, place), outline(place.x, place.y, w, h)]
      for (n, text) in words[a].enumerated() {
        sheet.texts.append(
          SheetText(
            text: TextWidth.cut(text, width: cell - 2, size: TextSize.tick), x: x + cell / 2,
            y: y + h + 4 + line * (Double(n) + 0.5), size: TextSize.tick, alignment: .center,
            isBold: n == 0))
      }
    }
    sheet.height += cellHeight * Double((shown.count + columns - 1) / columns)
    let hidden = attractors.count - order.count
    let saddles =
      hidden > 0
      ? " (left out: \(hidden) unstable, such as saddles, that no start reaches)" : ""
    sheet.addCaption(
      "\(shown.count) of \(attractors.count) sets, largest basins first\(saddles); below each its index in the file,"
        + " its basin's fraction (mean over \(levels.count == 1 ? "the one level" : "\(levels.count) levels")),"
        + " its kind, what it resembles and the class that it belongs to. \(size.levels)."
        + " \(provenance(isRun: true).capitalizedFirst).")
    return sheet
  }

  /// The lines of text below the picture of each attractor. All attractors have the same number of lines.
  private func attractorWords(_ attractors: Attractors) throws -> [[String]] {
    let kinds = try kinds(attractors)
    let regimes = try self.kinds(attractors, flag: "regime")
    let concepts =
      try attractors.perAttractor("attractor_class") ?? attractors.perAttractor("nearest_concept")
    let names = try classNames()
    let hasKinds = kinds.contains { !$0.isEmpty }
    return (0..<attractors.count).map { a in
      let share = attractors.share[a]
      var lines = ["\(a): \(share > 0 ? percent(share) : "not reached")"]
      if hasKinds { lines.append(kinds[a].isEmpty ? "kind unknown" : kinds[a]) }
      if regimes.contains(where: { !$0.isEmpty }) { lines.append(regimes[a]) }
      if let concepts { lines.append(concept(concepts[a], names).map { "near \($0)" } ?? "no concept") }
      return lines
    }
  }

  /// A thin frame around a picture.
  func outline(_ x: Double, _ y: Double, _ w: Double, _ h: Double) -> Layer {
    .line(
      [Point(x, y), Point(x + w, y), Point(x + w, y + h), Point(x, y + h), Point(x, y)], .grey, width: 0.4,
      dash: 1)
  }
}
