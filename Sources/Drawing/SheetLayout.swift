/// Widths of texts, estimated for DejaVu Sans, which is wider than the fonts that most viewers use.
package enum TextWidth {
  package static func of(_ text: String, size: Double, isBold: Bool = false) -> Double {
    var em = 0.0
    for character in text.unicodeScalars {
      switch character {
      case "i", "l", "j", "I", "t", "f", "r", ".", ",", ":", ";", "'", "|", "!", "(", ")", "[", "]", " ":
        em += 0.37
      case "m", "w", "M", "W", "%": em += 0.95
      case "A"..."Z": em += 0.7
      default: em += 0.62
      }
    }
    return em * size * (isBold ? 1.12 : 1)
  }

  /// The text in lines of at most `width`. A word that is longer is cut.
  package static func lines(_ text: String, width: Double, size: Double, isBold: Bool = false) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      let longer = line.isEmpty ? String(word) : line + " " + word
      if of(longer, size: size, isBold: isBold) <= width {
        line = longer
      } else {
        if !line.isEmpty { lines.append(line) }
        line = cut(String(word), width: width, size: size, isBold: isBold)
      }
    }
    return lines + (line.isEmpty ? [] : [line])
  }

  /// The text, shortened with an ellipsis if it is wider than `width`.
  package static func cut(_ text: String, width: Double, size: Double, isBold: Bool = false) -> String {
    guard of(text, size: size, isBold: isBold) > width else { return text }
    // A text that a hostile file makes long must not be measured letter by letter from its end.
    var kept = String(text.prefix(Int(width / size * 4) + 4))
    while !kept.isEmpty, of(kept + "...", size: size, isBold: isBold) > width { kept.removeLast() }
    return kept + "..."
  }
}

/// An entry of a legend.
package struct LegendEntry {
  var label: String
  var colour: Colour
  var marker: Marker?
  var size: Double
  var dash: Int
  var hasLine: Bool

  package init(
    label: String, colour: Colour, marker: Marker?, size: Double = 1, dash: Int = 1, hasLine: Bool = true
  ) {
    self.label = label
    self.colour = colour
    self.marker = marker
    self.size = size
    self.dash = dash
    self.hasLine = hasLine
  }
}

extension Sheet {
  /// The space around everything.
  package static let margin = 8.0

  /// The width between the margins.
  package var innerWidth: Double { width - 2 * Self.margin }

  /// Starts a figure with its title, below what is already there.
  package mutating func addTitle(_ text: String) {
    title = text
    height += Self.margin
    guard hasTitle else { return }
    for line in TextWidth.lines(text, width: innerWidth, size: TextSize.title, isBold: true) {
      height += TextSize.title * TextSize.leading
      texts.append(
        SheetText(
          text: line, x: Self.margin, y: height - 0.5 * TextSize.title, size: TextSize.title, isBold: true))
    }
    height += 4
  }

  /// Adds a heading for the panels that follow.
  package mutating func addHeading(_ text: String) {
    let line = TextSize.panel * TextSize.leading
    height += 4
    for part in TextWidth.lines(text, width: innerWidth - 2, size: TextSize.panel, isBold: true) {
      height += line
      texts.append(
        SheetText(text: part, x: Self.margin + 2, y: height - 0.5 * line, size: TextSize.panel, isBold: true))
    }
    height += 2
  }

  /// Adds a colour bar in a line of its own, below a heading.
  package mutating func addScale(_ range: ClosedRange<Double>) {
    height += Self.scaleHeight
    addScale(range, x: Self.margin + 2, y: height - 0.5 * Self.scaleHeight)
  }

  /// The height of a colour bar's line.
  package static let scaleHeight = 12.0

  /// Adds a colour bar between the numbers that its ends stand for.
  private mutating func addScale(_ range: ClosedRange<Double>, x: Double, y: Double) {
    let (low, high) = (short(range.lowerBound), short(range.upperBound))
    // If there is only one value, there is only one colour.
    let isFlat = !(range.lowerBound < range.upperBound)
    let (cells, width, height) = (isFlat ? 1 : 32, isFlat ? 12 : 72.0, 6.0)
    let left = x + TextWidth.of(low, size: TextSize.tick) + 3
    texts.append(SheetText(text: low, x: x, y: y, size: TextSize.tick))
    layers.append(
      .cells(
        (0..<cells).map { k in
          let step = width / Double(cells)
          return (
            Rectangle(x: left + step * Double(k), y: y - height / 2, width: step, height: height),
            Palette.cividis(isFlat ? 0.5 : Double(k) / Double(cells - 1))
          )
        }))
    if !isFlat { texts.append(SheetText(text: high, x: left + width + 4, y: y, size: TextSize.tick)) }
  }

  /// Adds the caption, which ends a figure. If panels are left out, it begins with the number of panels that are
  /// shown.
  package mutating func addCaption(_ text: String) {
    let text = omittedPanels > 0 ? "\(panels.count) of \(allPanels) panels are shown. \(text)" : text
    caption = text
    guard hasCaption else { return }
    height += 2
    for line in TextWidth.lines(text, width: innerWidth, size: TextSize.caption) {
      height += TextSize.caption * TextSize.leading
      texts.append(
        SheetText(
          text: line, x: Self.margin, y: height - 0.5 * TextSize.caption, size: TextSize.caption,
          colour: Colour(0x404040)))
    }
    height += Self.margin
  }

  /// Adds a legend with a heading, in as many lines as it needs.
  package mutating func addLegend(_ heading: String, _ entries: [LegendEntry]) {
    let line = TextSize.label * 1.5
    var x = Self.margin
    height += line
    if !heading.isEmpty {
      let text = TextWidth.cut(heading + ":", width: innerWidth, size: TextSize.label)
      texts.append(SheetText(text: text, x: x, y: height - 0.5 * line))
      x += TextWidth.of(text, size: TextSize.label) + 8
    }
    for entry in entries {
      let text = TextWidth.cut(entry.label, width: innerWidth - 32, size: TextSize.label)
      let sample = entry.hasLine ? 24.0 : 8
      let width = sample + 5 + TextWidth.of(text, size: TextSize.label)
      if x + width > Self.margin + innerWidth, x > Self.margin {
        x = Self.margin
        height += line
      }
      let y = height - 0.5 * line
      if entry.hasLine {
        layers.append(.line([Point(x, y), Point(x + sample, y)], entry.colour, width: 1.5, dash: entry.dash))
      }
      if let marker = entry.marker {
        layers.append(.marks([Point(x + sample / 2, y)], entry.colour, marker, size: entry.size))
      }
      texts.append(SheetText(text: text, x: x + sample + 4, y: y))
      x += width + 10
    }
    height += 4
  }

  /// A panel that has no place yet.
  package struct Draft {
    var title: String
    /// What the panel shows, for readers who do not see it, if the title alone does not say it; nil for the title.
    var meaning: String?
    var x: Axis
    var y: Axis
    var layers: [Layer]
    package var texts: [SheetText]
    /// The height of the area within the axes; nil for the usual height.
    var height: Double?
    /// The space for labels on the left.
    var left: Double
    var hasBox: Bool
    /// The range that the colours of the cells stand for, drawn as a bar below the title; nil for no bar.
    var scale: ClosedRange<Double>?

    package init(
      title: String, meaning: String? = nil, x: Axis, y: Axis, layers: [Layer], texts: [SheetText] = [],
      height: Double? = nil, left: Double = 38, hasBox: Bool = false, scale: ClosedRange<Double>? = nil
    ) {
      self.title = title
      self.meaning = meaning
      self.x = x
      self.y = y
      self.layers = layers
      self.texts = texts
      self.height = height
      self.left = left
      self.hasBox = hasBox
      self.scale = scale
    }
  }

  /// Whether something of a given height fits in the room that is left, together with the caption below it.
  package func hasRoom(for more: Double) -> Bool {
    guard let room else { return true }
    return height + more + (hasCaption ? captionRoom : 0) <= room
  }

  /// The room that a caption takes: about eight lines on a page of seven inches.
  private var captionRoom: Double { 8 * TextSize.caption * TextSize.leading * 504 / width }

  /// Adds panels side by side, in as many rows as they need. Panels that do not fit in the room are counted but not
  /// drawn. The first row of a figure is always drawn.
  package mutating func addPanels(_ drafts: [Draft], minimumWidth: Double = 215) {
    let (columns, width) = panelGrid(drafts.count, minimumWidth: minimumWidth)
    for first in stride(from: 0, to: drafts.count, by: columns) {
      let row = PanelRow(
        drafts[first..<min(first + columns, drafts.count)].map { labelled($0) }, width: width)
      guard panels.isEmpty || hasRoom(for: row.height) else {
        omittedPanels += drafts.count - first
        return
      }
      for k in row.drafts.indices {
        add(row, k, left: Self.margin + (width + Self.gap) * Double(k), top: height + row.head)
      }
      height += row.height
    }
  }

  /// The distance between panels that are side by side.
  private static let gap = 12.0

  /// The number of panels that are side by side, and the width of each, including its labels.
  package func panelGrid(_ count: Int, minimumWidth: Double = 215) -> (columns: Int, width: Double) {
    let columns = max(1, min(count, Int((innerWidth + Self.gap) / (minimumWidth + Self.gap))))
    // A single panel on a wide page is not stretched over the whole page.
    let width = (innerWidth - Self.gap * Double(columns - 1)) / Double(columns)
    return (columns, min(width, max(330, minimumWidth)))
  }

  /// A draft with the labels that the user gives its axes.
  private func labelled(_ draft: Draft) -> Draft {
    var draft = draft
    if let x = labels.x { draft.x.label = x }
    if let y = labels.y { draft.y.label = y }
    return draft
  }

  /// A row of panels that are side by side.
  private struct PanelRow {
    var drafts: [Draft]
    /// Each panel's title, divided into lines.
    var titles: [[String]]
    var width: Double
    /// The height of the colour bars; 0 if there are none.
    var scales: Double
    /// The distance from the top of the titles to the top of the axes.
    var head: Double
    /// The height of the area within the axes.
    var body: Double
    var height: Double

    init(_ drafts: [Draft], width: Double) {
      self.drafts = drafts
      self.width = width
      titles = drafts.map {
        Array(
          TextWidth.lines($0.title.capitalizedFirst, width: width - 4, size: TextSize.panel, isBold: true)
            .prefix(3))
      }
      scales = drafts.contains { $0.scale != nil } ? Sheet.scaleHeight : 0
      head = Self.line * Double(titles.map(\.count).max() ?? 0) + scales + 5
      body = drafts.map { $0.height ?? 128 }.max() ?? 0
      let labels = drafts.map { $0.x.labelLines(along: width - $0.left).count }.max() ?? 1
      height = head + body + 27 + AxisLabel.leading * Double(max(labels, 1))
    }

    static let line = TextSize.panel * TextSize.leading
  }

  /// Adds one panel of a row at its place.
  private mutating func add(_ row: PanelRow, _ k: Int, left x: Double, top: Double) {
    let draft = row.drafts[k]
    let bottom = top - 5 - row.scales
    for (n, text) in row.titles[k].enumerated() {
      let y = bottom - PanelRow.line * (Double(row.titles[k].count - n) - 0.5)
      texts.append(SheetText(text: text, x: x + 2, y: y, size: TextSize.panel, isBold: true))
    }
    if let scale = draft.scale { addScale(scale, x: x + 2, y: top - 4 - 0.5 * row.scales) }
    let body = draft.height ?? row.body
    // A label in two lines extends further out.
    let left = draft.left + AxisLabel.leading * Double(max(draft.y.labelLines(along: body).count - 1, 0))
    panels.append(
      Panel(
        frame: Rectangle(x: x + left, y: top, width: row.width - left - 6, height: body), x: draft.x,
        y: draft.y,
        layers: draft.layers, texts: draft.texts, hasBox: draft.hasBox, title: draft.meaning ?? draft.title))
  }

  /// Puts figures one below the other.
  ///
  /// - Precondition: There is at least one figure, and all have the same width.
  public static func stacked(_ sheets: [Sheet]) -> Sheet {
    var page = Sheet(width: sheets[0].width)
    for sheet in sheets {
      page.append(sheet, at: page.height)
      page.height += sheet.height
    }
    page.title = sheets.map(\.title).joined(separator: "; ")
    page.caption = sheets.map(\.caption).joined(separator: " ")
    page.omittedPanels = sheets.map(\.omittedPanels).reduce(0, +)
    return page
  }

  private mutating func append(_ sheet: Sheet, at dy: Double) {
    for var panel in sheet.panels {
      panel.frame.y += dy
      panels.append(panel)
    }
    for var text in sheet.texts {
      text.y += dy
      texts.append(text)
    }
    layers += sheet.layers.map { layer in
      func moved(_ r: Rectangle) -> Rectangle {
        Rectangle(x: r.x, y: r.y + dy, width: r.width, height: r.height)
      }
      switch layer {
      case .line(let points, let colour, let width, let dash):
        return .line(points.map { Point($0.x, $0.y + dy) }, colour, width: width, dash: dash)
      case .band(let x, let lower, let upper, let colour):
        return .band(x: x, lower: lower.map { $0 + dy }, upper: upper.map { $0 + dy }, colour)
      case .bars(let x, let lower, let upper, let colour):
        return .bars(x: x, lower: lower.map { $0 + dy }, upper: upper.map { $0 + dy }, colour)
      case .marks(let points, let colour, let marker, let size):
        return .marks(points.map { Point($0.x, $0.y + dy) }, colour, marker, size: size)
      case .cells(let cells): return .cells(cells.map { (moved($0.0), $0.1) })
      case .bitmap(let bitmap, let place): return .bitmap(bitmap, moved(place))
      }
    }
  }
}
