/// A page with figures on it: what is to be drawn, in points (1/72 inch) from the top left corner.
public struct Sheet: Sendable {
  /// The page's width.
  public package(set) var width: Double
  /// The page's height.
  public package(set) var height: Double
  /// Diagrams with axes.
  package var panels: [Panel] = []
  /// What lies on the page itself, in points.
  package var layers: [Layer] = []
  /// Texts on the page, in points.
  package var texts: [SheetText] = []
  /// The figure's title, and its caption in one paragraph, for readers who do not see it.
  public package(set) var title = ""
  /// The caption.
  public package(set) var caption = ""

  /// Whether title and caption are left to the page around the figure.
  private let isBare: Bool

  package init(width: Double, height: Double = 0, isBare: Bool = false) {
    self.width = width
    self.height = height
    self.isBare = isBare
  }
}

/// A rectangle: on the page in points, with `y` downward; in a panel in its coordinates.
package struct Rectangle: Sendable, Equatable {
  package var x: Double
  package var y: Double
  package var width: Double
  package var height: Double
}

/// A place in a panel's coordinates, or on the page.
package struct Point: Sendable, Equatable {
  package var x: Double
  package var y: Double

  package init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// A line of text; `y` is its middle.
package struct SheetText: Sendable {
  package enum Alignment: String, Sendable { case left, center, right }

  package var text: String
  package var x: Double
  package var y: Double
  package var size = 8.0
  package var alignment = Alignment.left
  package var isBold = false
  package var colour = Colour.black
}

/// Sizes of text, in points.
enum TextSize {
  static let title = 10.0
  static let panel = 8.5
  static let label = 8.0
  static let tick = 7.5
  static let caption = 7.5
  /// From one line to the next.
  static let leading = 1.3
}

/// A picture in colours.
package struct Bitmap: Sendable {
  package var width: Int
  package var height: Int
  /// Shape `[height, width, 3]`, from the top.
  package var bytes: [UInt8]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    bytes = Array(repeating: 255, count: 3 * width * height)
  }

  /// A picture of grey levels, 1 bright; missing pixels are pale blue, which is no grey.
  ///
  /// - Parameter scale: Edge of a pixel, so that viewers that smooth do not blur it.
  init(grey pixels: some Collection<Double>, height: Int, width: Int, scale: Int) {
    self.init(width: width * scale, height: height * scale)
    for (k, value) in pixels.enumerated() {
      let level = UInt8(min(max(value.isNaN ? 0 : value, 0), 1) * 255 + 0.5)
      let colour = value.isNaN ? [225, 235, 250] : [level, level, level]
      for dy in 0..<scale {
        for dx in 0..<scale {
          let place = 3 * ((k / width * scale + dy) * self.width + k % width * scale + dx)
          for c in 0..<3 { bytes[place + c] = colour[c] }
        }
      }
    }
  }
}

/// Something drawn in a panel or on the page.
package enum Layer: Sendable {
  /// A line through points; a missing one interrupts it. `dash` 1 is solid.
  case line([Point], Colour, width: Double, dash: Int)
  /// The region between two curves.
  case band(x: [Double], lower: [Double], upper: [Double], Colour)
  /// Vertical error bars.
  case bars(x: [Double], lower: [Double], upper: [Double], Colour)
  /// Symbols.
  case marks([Point], Colour, Marker, size: Double)
  /// Filled rectangles.
  case cells([(Rectangle, Colour)])
  /// A picture.
  case bitmap(Bitmap, Rectangle)
}

/// An axis with its labels.
package struct Axis: Sendable {
  package var label: String
  package var range: ClosedRange<Double>
  package var ticks: [(value: Double, label: String)]

  /// An axis with ticks at round numbers.
  init(_ label: String, _ range: ClosedRange<Double>, ticks count: Int = 5, integers: Bool = false) {
    self.label = label
    self.range = range
    let step = Self.step(range, count, integers: integers)
    var ticks: [(Double, String)] = []
    var k = (range.lowerBound / step - 1e-9).rounded(.up)
    while k * step <= range.upperBound + 1e-9 * step, ticks.count <= 2 * count {
      ticks.append((k * step, short(k * step)))
      k += 1
    }
    self.ticks = ticks
  }

  init(_ label: String, _ range: ClosedRange<Double>, ticks: [(Double, String)]) {
    self.label = label
    self.range = range
    self.ticks = ticks
  }

  /// The step 1, 2 or 5 times a power of ten with at most `count` ticks.
  private static func step(_ range: ClosedRange<Double>, _ count: Int, integers: Bool) -> Double {
    let rough = (range.upperBound - range.lowerBound) / Double(max(count, 1))
    var power = 1.0
    while power > rough { power /= 10 }
    while power * 10 <= rough { power *= 10 }
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? 10 * power
    return integers ? max(step, 1) : step
  }

  /// A range around all finite values, with a margin; around 0...1 where there are none.
  static func range(_ values: [Double], includesZero: Bool = false, margin: Double = 0.05)
    -> ClosedRange<Double>
  {
    // Far beyond is as good as missing: gnuplot cannot divide an axis of 1e308.
    let finite = values.filter { $0.isFinite && abs($0) < 1e100 } + (includesZero ? [0] : [])
    guard var low = finite.min(), var high = finite.max() else { return 0...1 }
    if high - low <= 1e-9 * max(abs(high), abs(low), 1e-9) {
      let half = max(0.5 * abs(high), 0.5)
      return low - half...high + half
    }
    let pad = margin * (high - low)
    if !includesZero || low < 0 { low -= pad }
    if !includesZero || high > 0 { high += pad }
    return low...high
  }
}

/// A diagram.
package struct Panel: Sendable {
  /// The area within the axes, on the page.
  package var frame: Rectangle
  package var x: Axis
  package var y: Axis
  package var layers: [Layer] = []
  /// In the panel's coordinates.
  package var texts: [SheetText] = []
  /// Whether the frame has four sides instead of two axes.
  package var hasBox = false
  /// What it shows.
  package var title = ""
}

// MARK: - Layout

/// Text widths, estimated for DejaVu Sans, which is wider than what most viewers take.
enum TextWidth {
  static func of(_ text: String, size: Double, isBold: Bool = false) -> Double {
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

  /// The text in lines of at most `width`; a word that is longer is cut.
  static func lines(_ text: String, width: Double, size: Double, isBold: Bool = false) -> [String] {
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

  /// The text, shortened with an ellipsis where it is wider.
  static func cut(_ text: String, width: Double, size: Double, isBold: Bool = false) -> String {
    guard of(text, size: size, isBold: isBold) > width else { return text }
    // A text that a hostile file makes long is not measured letter by letter from the end.
    var kept = String(text.prefix(Int(width / size * 4) + 4))
    while !kept.isEmpty, of(kept + "...", size: size, isBold: isBold) > width { kept.removeLast() }
    return kept + "..."
  }
}

/// An entry of a legend.
struct LegendEntry {
  var label: String
  var colour: Colour
  var marker: Marker?
  var size = 1.0
  var dash = 1
  var hasLine = true
}

extension Sheet {
  /// Space around everything.
  static let margin = 8.0

  /// The width between the margins.
  var innerWidth: Double { width - 2 * Self.margin }

  /// Starts a figure below what is there: its title.
  mutating func addTitle(_ text: String) {
    title = text
    height += Self.margin
    if isBare { return }
    for line in TextWidth.lines(text, width: innerWidth, size: TextSize.title, isBold: true) {
      height += TextSize.title * TextSize.leading
      texts.append(
        SheetText(
          text: line, x: Self.margin, y: height - 0.5 * TextSize.title, size: TextSize.title, isBold: true))
    }
    height += 4
  }

  /// A heading of the panels that follow.
  mutating func addHeading(_ text: String) {
    let line = TextSize.panel * TextSize.leading
    height += 4
    for part in TextWidth.lines(text, width: innerWidth - 2, size: TextSize.panel, isBold: true) {
      height += line
      texts.append(
        SheetText(text: part, x: Self.margin + 2, y: height - 0.5 * line, size: TextSize.panel, isBold: true))
    }
    height += 2
  }

  /// A colour bar of its own line, below a heading.
  mutating func addScale(_ range: ClosedRange<Double>) {
    height += Self.scaleHeight
    addScale(range, x: Self.margin + 2, y: height - 0.5 * Self.scaleHeight)
  }

  /// Height of the line of a colour bar.
  private static let scaleHeight = 12.0

  /// A colour bar between the numbers that its ends stand for.
  private mutating func addScale(_ range: ClosedRange<Double>, x: Double, y: Double) {
    let (low, high) = (short(range.lowerBound), short(range.upperBound))
    let (cells, width, height) = (32, 72.0, 6.0)
    let left = x + TextWidth.of(low, size: TextSize.tick) + 3
    texts.append(SheetText(text: low, x: x, y: y, size: TextSize.tick))
    layers.append(
      .cells(
        (0..<cells).map { k in
          let step = width / Double(cells)
          return (
            Rectangle(x: left + step * Double(k), y: y - height / 2, width: step, height: height),
            Palette.cividis(Double(k) / Double(cells - 1))
          )
        }))
    texts.append(SheetText(text: high, x: left + width + 4, y: y, size: TextSize.tick))
  }

  /// The caption, as the end of a figure.
  mutating func addCaption(_ text: String) {
    caption = text
    if isBare { return }
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

  /// A legend in as many lines as it takes, with a heading.
  mutating func addLegend(_ heading: String, _ entries: [LegendEntry]) {
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

  /// A panel before it has its place.
  struct Draft {
    var title: String
    /// What it shows, for readers who do not see it, where the title alone does not tell; nil: the title.
    var meaning: String?
    var x: Axis
    var y: Axis
    var layers: [Layer]
    var texts: [SheetText] = []
    /// Height of the area within the axes; nil: the usual.
    var height: Double?
    /// Space for labels on the left.
    var left = 38.0
    var hasBox = false
    /// What the colours of its cells stand for, drawn as a bar below the title; nil: no bar.
    var scale: ClosedRange<Double>?
  }

  /// Panels side by side, in as many rows as they take.
  mutating func addPanels(_ drafts: [Draft], minimumWidth: Double = 215) {
    let columns = max(1, min(drafts.count, Int(innerWidth / minimumWidth)))
    let gap = 12.0
    // A lone panel on a wide page is not stretched over it.
    let width = min((innerWidth - gap * Double(columns - 1)) / Double(columns), 330)
    for first in stride(from: 0, to: drafts.count, by: columns) {
      let row = drafts[first..<min(first + columns, drafts.count)]
      let titles = row.map {
        Array(
          TextWidth.lines($0.title.capitalizedFirst, width: width - 4, size: TextSize.panel, isBold: true)
            .prefix(3))
      }
      let line = TextSize.panel * TextSize.leading
      let titleLines = titles.map(\.count).max() ?? 0
      let scales = row.contains { $0.scale != nil } ? Self.scaleHeight : 0
      let top = height + line * Double(titleLines) + scales + 5
      let body = row.map { $0.height ?? 128 }.max() ?? 0
      for (k, draft) in row.enumerated() {
        let x = Self.margin + (width + gap) * Double(k)
        for (n, text) in titles[k].enumerated() {
          texts.append(
            SheetText(
              text: text, x: x + 2, y: top - 5 - scales - line * (Double(titles[k].count - n) - 0.5),
              size: TextSize.panel, isBold: true))
        }
        if let scale = draft.scale { addScale(scale, x: x + 2, y: top - 4 - 0.5 * scales) }
        panels.append(
          Panel(
            frame: Rectangle(
              x: x + draft.left, y: top, width: width - draft.left - 6, height: draft.height ?? body),
            x: draft.x, y: draft.y, layers: draft.layers, texts: draft.texts, hasBox: draft.hasBox,
            title: draft.meaning ?? draft.title))
      }
      height = top + body + 37
    }
  }

  /// Figures one below the other.
  ///
  /// - Precondition: At least one, all of the same width.
  public static func stacked(_ sheets: [Sheet]) -> Sheet {
    var page = Sheet(width: sheets[0].width)
    for sheet in sheets {
      page.append(sheet, at: page.height)
      page.height += sheet.height
    }
    page.title = sheets.map(\.title).joined(separator: "; ")
    page.caption = sheets.map(\.caption).joined(separator: " ")
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
