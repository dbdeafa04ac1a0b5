import Output

extension RunData {
  /// Film strips: one block per item, time across, corruption level down.
  func filmSheet(_ options: FigureOptions) throws -> Sheet {
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
    let labels: [Int]? = films.has("class") ? try integers("class", count: shape[1]) : nil
    let shownLevels = shownLevels(8)
    let shownTimes = evenly(times.count, options.width > 400 ? 12 : 6)
    let shownItems = Array(0..<min(items.count, 8))

    let names = try classNames()
    var sheet = Sheet(width: options.width, isBare: options.isBare)
    sheet.addTitle("Decoded states x(t): time across, corruption level down")
    let left = 30.0
    let gap = 16.0
    // Two blocks side by side where pictures stay half an inch wide.
    let isPaired = options.width > 400 && shownTimes.count <= 6 && shownItems.count > 1
    let blockWidth = isPaired ? (sheet.innerWidth - gap) / 2 : sheet.innerWidth
    let cell = min((blockWidth - left) / Double(shownTimes.count), 56)
    let scale = (cell - 3) / Double(max(size.width, size.height))
    let (w, h) = (scale * Double(size.width), scale * Double(size.height))
    let pixels = size.height * size.width
    let blockHeight = 28 + (h + 3) * Double(shownLevels.count) + 8
    for (k, item) in shownItems.enumerated() {
      let x = Sheet.margin + (isPaired && k % 2 == 1 ? blockWidth + gap : 0)
      let y = sheet.height
      let label = labels.map { ", " + (names[$0[item]] ?? "class \($0[item])") } ?? ""
      sheet.texts.append(
        SheetText(
          text: "Item \(items[item])\(label)", x: x + left, y: y + 6, size: TextSize.panel, isBold: true))
      for (c, time) in shownTimes.enumerated() {
        sheet.texts.append(
          SheetText(
            text: c == 0 ? "t = \(times[time])" : "\(times[time])", x: x + left + cell * Double(c) + w / 2,
            y: y + 20, size: TextSize.tick, alignment: .center))
      }
      for (r, level) in shownLevels.enumerated() {
        let top = y + 28 + (h + 3) * Double(r)
        sheet.texts.append(
          SheetText(
            text: short(levels[level]), x: x + left - 5, y: top + h / 2, size: TextSize.tick,
            alignment: .right))
        let strip = try pictures.doubles(start: [level, item, 0, 0], count: [1, 1, shape[2], pixels])
        // Bytes count 0...255, floating numbers 0...1.
        let values = pictures.variable.type.isInteger ? strip.map { $0 / 255 } : strip
        for (c, time) in shownTimes.enumerated() {
          let picture = Bitmap(
            grey: values[time * pixels..<(time + 1) * pixels], height: size.height, width: size.width,
            scale: pixels <= 4096 ? 3 : 1)
          let place = Rectangle(x: x + left + cell * Double(c), y: top, width: w, height: h)
          sheet.layers += [.bitmap(picture, place), outline(place.x, place.y, w, h)]
        }
      }
      if !isPaired || k % 2 == 1 || k == shownItems.count - 1 { sheet.height += blockHeight }
    }
    let part =
      shownItems.count < items.count || shownTimes.count < times.count || shownLevels.count < levels.count
      ? " A part of the recorded items, times and levels is shown." : ""
    sheet.addCaption(
      "\(levelLabel.capitalizedFirst) at the left, time t [1] above. n = 1 member (the first realization) per row. Grey levels from 0"
        + " (black) to 1 (white); pale blue: no picture, as at t = 0 of a latent start.\(part)"
        + " \(provenance(isRun: true).capitalizedFirst).")
    return sheet
  }
}
