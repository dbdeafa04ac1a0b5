/// A sheet as a gnuplot script, with the pictures that the script reads from files beside it.
///
/// All lengths of sheets are in points. Screen coordinates place the panels. What lies on the page itself is one
/// more plot, which has no axes and whose coordinates are points.
package struct GnuplotScript: Sendable {
  /// The script.
  package private(set) var text = ""
  /// The files that the script reads: names and contents.
  package private(set) var files: [(name: String, bytes: [UInt8])] = []
  private var blocks = 0
  private let face: String
  private let capWidth: Double

  /// The name of the file that the script writes beside itself.
  package static func output(_ format: FigureFormat) -> String { "figure.\(format.rawValue)" }

  package init(_ sheet: Sheet, format: FigureFormat) {
    let (w, h) = (sheet.width, max(sheet.height, 1))
    capWidth = 2 / w
    // In SVG the viewer chooses the font. The other terminals count 96 points to the inch.
    face = format == .svg ? "sans-serif" : "Sans"
    add("set encoding utf8")
    switch format {
    case .svg:
      add(
        "set terminal svg size \(number(w)),\(number(h)) fixed noenhanced font 'sans-serif,8'"
          + " background rgb 'white' linewidth 1 dashlength 0.5")
    case .png:
      // The terminal draws at most 32,767 pixels in each direction.
      let scale = min(Self.pixels, 30_000 / h)
      add(
        "set terminal pngcairo size \(Int((w * scale).rounded())),\(Int((h * scale).rounded()))"
          + " noenhanced font 'Sans,8' fontscale \(0.75 * scale) linewidth \(scale)"
          + " pointscale \(scale) dashlength 0.5 background rgb 'white'")
    case .pdf:
      add(
        "set terminal pdfcairo size \(number(w / 72))in,\(number(h / 72))in noenhanced font 'Sans,8'"
          + " fontscale 0.75 linewidth 2 pointscale 1.3 dashlength 0.5 background rgb 'white'")
    }
    add("set output '\(Self.output(format))'")
    add("set multiplot")
    add("unset key")
    add("set tics front")
    for panel in sheet.panels { add(panel, page: (w, h)) }
    addPage(sheet, page: (w, h))
    add("unset multiplot")
    add("unset output")
  }

  /// The pixels per point in a PNG file, which are 216 per inch.
  package static let pixels = 3.0

  private mutating func add(_ line: String) {
    text += line
    text += "\n"
  }

  private func number(_ x: Double) -> String { x.isFinite ? "\(x)" : "NaN" }

  /// A string constant. Within single quotes gnuplot expands nothing, whereas backquotes in other strings would run
  /// a command.
  private func quoted(_ text: String) -> String {
    var result = "'"
    for scalar in text.unicodeScalars.prefix(500) {
      switch scalar {
      case "'", "`": result += "\u{2019}"
      case "\\": result += "\\\\"
      // Control characters, and characters that change the direction of a line, become spaces.
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}",
        "\u{FFFE}", "\u{FFFF}":
        result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "'"
  }

  // MARK: Panels

  private mutating func place(_ frame: Rectangle, page: (w: Double, h: Double)) {
    add("set lmargin at screen \(number(frame.x / page.w))")
    add("set rmargin at screen \(number((frame.x + frame.width) / page.w))")
    add("set tmargin at screen \(number(1 - frame.y / page.h))")
    add("set bmargin at screen \(number(1 - (frame.y + frame.height) / page.h))")
  }

  private mutating func add(_ panel: Panel, page: (w: Double, h: Double)) {
    place(panel.frame, page: page)
    add("set border \(panel.hasBox ? 15 : 3) linewidth 0.6 linecolor rgb '#404040'")
    let tick = "font '\(face),\(number(TextSize.tick))' textcolor rgb '#000000' offset 0,0"
    add("set xtics out nomirror scale 0.4 \(ticks(panel.x)) \(tick)")
    add("set ytics out nomirror scale 0.4 \(ticks(panel.y)) \(tick)")
    add("set xrange [\(number(panel.x.range.lowerBound)):\(number(panel.x.range.upperBound))]")
    add("set yrange [\(number(panel.y.range.lowerBound)):\(number(panel.y.range.upperBound))]")
    add("unset label")
    for text in panel.texts { addLabel(text) }
    plot(panel.layers)
    add("unset label")
  }

  private func ticks(_ axis: Axis) -> String {
    let list = axis.ticks.map { "\(quoted($0.label)) \(number($0.value))" }.joined(separator: ", ")
    return "(\(list))"
  }

  private mutating func addLabel(_ text: SheetText, rotated: Bool = false) {
    let face = face + (text.isBold ? ":Bold" : "")
    add(
      "set label \(quoted(text.text)) at first \(number(text.x)),\(number(text.y)) \(text.alignment.rawValue)"
        + "\(rotated ? " rotate by 90" : "") font '\(face),\(number(text.size))'"
        + " textcolor rgb '\(text.colour.hex)' front")
  }

  /// Draws what lies on the page itself: axis labels, texts, and the sheet's own layers.
  private mutating func addPage(_ sheet: Sheet, page: (w: Double, h: Double)) {
    place(Rectangle(x: 0, y: 0, width: page.w, height: page.h), page: page)
    add("unset border")
    add("unset xtics")
    add("unset ytics")
    add("set xrange [0:\(number(page.w))]")
    add("set yrange [\(number(page.h)):0]")
    for panel in sheet.panels {
      let frame = panel.frame
      for (n, line) in panel.x.labelLines(along: frame.width).enumerated() {
        addLabel(
          SheetText(
            text: line, x: frame.x + frame.width / 2,
            y: frame.y + frame.height + 25 + AxisLabel.leading * Double(n), alignment: .center))
      }
      let lines = panel.y.labelLines(along: frame.height)
      // The last line is the one nearest to the axis.
      for (n, line) in lines.enumerated() {
        addLabel(
          SheetText(
            text: line, x: frame.x - panel.labelDistance - AxisLabel.leading * Double(lines.count - 1 - n),
            y: frame.y + frame.height / 2, alignment: .center),
          rotated: true)
      }
    }
    for text in sheet.texts { addLabel(text) }
    plot(sheet.layers, isPage: true)
  }

  // MARK: Layers

  private mutating func plot(_ layers: [Layer], isPage: Bool = false) {
    var items: [String] = []
    for layer in layers {
      switch layer {
      case .line(let points, let colour, let width, let dash):
        let block = addBlock(points.map { "\(number($0.x)) \(number($0.y))" })
        items.append(
          "\(block) using 1:2 with lines linewidth \(number(width)) dashtype \(dash)"
            + " linecolor rgb '\(colour.hex)'")
      case .band(let x, let lower, let upper, let colour):
        // An empty line ends one region and begins the next.
        let rows = zip(x, zip(lower, upper)).map { x, y in
          x.isFinite && y.0.isFinite && y.1.isFinite ? "\(x) \(y.0) \(y.1)" : ""
        }
        guard rows.contains(where: { !$0.isEmpty }) else { continue }
        items.append(
          "\(addBlock(rows)) using 1:2:3 with filledcurves fillstyle transparent solid 0.25 noborder"
            + " fillcolor rgb '\(colour.hex)'")
      case .bars(let x, let lower, let upper, let colour):
        // Bars are arrows whose heads are at right angles. Bars of no length are left out, because they would be
        // heads without an arrow.
        let rows = zip(x, zip(lower, upper)).filter { $0.isFinite && $1.0.isFinite && $1.1 > $1.0 }
          .map { "\($0) \($1.0) 0 \($1.1 - $1.0)" }
        guard !rows.isEmpty else { continue }
        items.append(
          "\(addBlock(rows)) using 1:2:3:4 with vectors heads nofilled size screen \(number(capWidth)),90"
            + " linewidth 1 linecolor rgb '\(colour.hex)'")
      case .marks(let points, let colour, let marker, let size):
        let rows = points.filter { $0.x.isFinite && $0.y.isFinite }.map { "\($0.x) \($0.y)" }
        guard !rows.isEmpty else { continue }
        items.append(
          "\(addBlock(rows)) using 1:2 with points pointtype \(marker.rawValue)"
            + " pointsize \(number(0.5 * size)) linewidth 1 linecolor rgb '\(colour.hex)'")
      case .cells(let cells):
        guard !cells.isEmpty else { continue }
        let rows = cells.map { r, colour in
          "\(r.x + r.width / 2) \(r.y + r.height / 2) \(r.x) \(r.x + r.width) \(r.y) \(r.y + r.height)"
            + " \(colour.rgb)"
        }
        items.append(
          "\(addBlock(rows)) using 1:2:3:4:5:6:7 with boxxyerror fillstyle solid 1 noborder"
            + " linecolor rgb variable")
      case .bitmap(let bitmap, let place):
        let name = "bitmap\(files.count).rgb"
        files.append((name, bitmap.bytes))
        let (dx, dy) = (place.width / Double(bitmap.width), place.height / Double(bitmap.height))
        // On the page y runs downward, like the rows of a picture.
        items.append(
          "'\(name)' binary array=(\(bitmap.width),\(bitmap.height)) format='%uchar'"
            + "\(isPage ? "" : " flipy") dx=\(number(dx)) dy=\(number(dy))"
            + " origin=(\(number(place.x + dx / 2)),\(number(place.y + dy / 2))) using 1:2:3 with rgbimage")
      }
    }
    add(items.isEmpty ? "plot NaN" : "plot " + items.map { $0 + " notitle" }.joined(separator: ", \\\n  "))
  }

  private mutating func addBlock(_ rows: [String]) -> String {
    let name = "$table\(blocks)"
    blocks += 1
    add("\(name) << EOD")
    for row in rows { add(row) }
    add("EOD")
    return name
  }
}

/// The format of a figure's file.
public enum FigureFormat: String, Sendable, CaseIterable {
  case svg
  case png
  case pdf
}
