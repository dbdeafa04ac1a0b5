import Drawing
import Figures
import Foundation
import TestSupport
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What gnuplot makes of a sheet. Needs gnuplot, as `make deps` installs it.
@Suite(.tags(.programs), .slow) struct GnuplotTests {
  /// The texts and plots of an SVG file.
  private final class Reading: NSObject, XMLParserDelegate {
    var texts: [String] = []
    var plots = 0
    var images: [String] = []
    var root: [String: String] = [:]
    var titles: [String] = []
    private var text: String?

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      switch name {
      case "svg": root = attributes
      case "text", "title": text = ""
      case "g": if attributes["id"]?.hasPrefix("gnuplot_plot_") == true { plots += 1 }
      case "image": images.append(attributes["xlink:href"] ?? "")
      default: break
      }
    }
    func parser(_ parser: XMLParser, foundCharacters characters: String) { text?.append(characters) }
    func parser(
      _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
    ) {
      let content = text?.trimmingCharacters(in: .whitespacesAndNewlines)
      if name == "text", let content { texts.append(content) }
      if name == "title", let content { titles.append(content) }
      if name == "text" || name == "title" { text = nil }
    }
  }

  private func read(_ bytes: [UInt8]) throws -> Reading {
    let reading = Reading()
    let parser = XMLParser(data: Data(bytes))
    parser.delegate = reading
    try #require(parser.parse(), "\(String(describing: parser.parserError))")
    return reading
  }

  private func sheet(_ run: SampleRun, _ figure: String, _ folder: TemporaryFolder) throws -> Sheet {
    try run.write(folder("run.nc"))
    return try RunData(path: folder("run.nc")).sheet(figure)
  }

  @Test func vectorGraphicsHoldLabelsAndCurves() throws {
    let folder = try TemporaryFolder()
    let sheet = try sheet(SampleRun(), "series", folder)
    let reading = try read(Gnuplot.draw(sheet, format: .svg))
    for text in [
      "Averages against time", "Distance to the own concept", "distance [1]", "energy [nats]", "time t [1]",
      "corruption level (flip) [1]:", "0.25", "0.75",
    ] {
      #expect(reading.texts.contains(text), "\(text) in \(reading.texts)")
    }
    // In each of three panels a band, a line and symbols per level; in the legend line and symbol per level.
    #expect(reading.plots == 3 * 3 * 3 + 3 * 2)
    #expect(reading.titles == [sheet.title])
    #expect(reading.root["width"] == "504.0pt")
    #expect(reading.root["viewBox"]?.hasPrefix("0 0 504 ") == true)
  }

  @Test func picturesAreEmbedded() throws {
    let folder = try TemporaryFolder()
    let sheet = try sheet(SampleRun(films: true), "film", folder)
    let reading = try read(Gnuplot.draw(sheet, format: .svg))
    #expect(reading.images.count == 18)
    #expect(reading.images.allSatisfy { $0.hasPrefix("data:image/png;base64,") })
  }

  @Test func everyFigureIsDrawn() throws {
    let folder = try TemporaryFolder()
    try SampleRun(attractors: 12, films: true, members: true).write(folder("all.nc"))
    try SampleRun(latents: [2, 5]).write(folder("sweep.nc"))
    for width in [504.0, 252] {
      let options = FigureOptions(width: width)
      for name in ["all.nc", "sweep.nc"] {
        let data = try RunData(path: folder(name))
        let sheet = try FigurePage(data.figures, of: data, options: options).sheet
        let texts = try read(Gnuplot.draw(sheet, format: .svg)).texts
        // Nothing that the sheet says is lost.
        for text in sheet.texts where !text.text.isEmpty {
          // An apostrophe is drawn as the printer's.
          let drawn = text.text.replacing("'", with: "\u{2019}")
          let isThere = texts.contains(drawn.trimmingCharacters(in: .whitespaces))
          #expect(isThere, "\(text.text)")
        }
      }
    }
  }

  @Test func picturesAndPagesHaveTheSheetsSize() throws {
    let folder = try TemporaryFolder()
    let sheet = try sheet(SampleRun(), "approach", folder)
    let png = try Gnuplot.draw(sheet, format: .png)
    #expect(Array(png.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    func integer(_ start: Int) -> Int { png[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
    // The header chunk: width and height, 216 to the inch of 72 points.
    #expect(integer(16) == 1512)
    #expect(integer(20) == Int((3 * sheet.height).rounded()))
    let pdf = try Gnuplot.draw(sheet, format: .pdf)
    #expect(pdf.starts(with: "%PDF-".utf8))
    #expect(String(decoding: pdf, as: UTF8.self).contains("/MediaBox [ 0 0 504 "))
  }

  /// Texts of a file are data: no command is run, no markup is made.
  @Test func hostileTextsAreTexts() throws {
    let folder = try TemporaryFolder()
    let marker = folder("executed")
    var run = SampleRun()
    run.name =
      "a`touch \(marker)`b'\\nEOD\nset output 'x'\n\u{202E}<script>alert(1)</script>&\"$table0 @x {/:Bold y}"
    let sheet = try sheet(run, "series", folder)
    let script = GnuplotScript(sheet, format: .svg).text
    #expect(!script.contains("`"))
    #expect(!script.split(separator: "\n").contains("set output 'x'"))
    for format in FigureFormat.allCases {
      let bytes = try Gnuplot.draw(sheet, format: format)
      if format == .svg {
        #expect(!String(decoding: bytes, as: UTF8.self).contains("<script>"))
        let texts = try read(bytes).texts.joined(separator: " ")
        #expect(texts.contains("<script>alert(1)</script>&\"$table0"), "\(texts)")
      }
    }
    #expect(!FileManager.default.fileExists(atPath: marker))
  }

  @Test(arguments: [Double.nan, .infinity, 1e308, -.leastNonzeroMagnitude, 0])
  func numbersThatNoAxisCanShowLeaveAFigure(_ value: Double) throws {
    let folder = try TemporaryFolder()
    let levels = [0, value.isFinite ? value : 1]
    try SampleRun(levels: levels).write(folder("run.nc"))
    let sheet = try FigurePage(of: RunData(path: folder("run.nc"))).sheet
    #expect(try read(Gnuplot.draw(sheet, format: .svg)).texts.contains("Averages against time"))
  }
}

/// The page of a run.
@Suite(.tags(.programs), .slow) struct ReportTests {
  /// What a page holds.
  private final class Reading: NSObject, XMLParserDelegate {
    var elements: [(name: String, attributes: [String: String])] = []
    var text = ""

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) { elements.append((name, attributes)) }
    func parser(_ parser: XMLParser, foundCharacters characters: String) { text += characters }

    func all(_ name: String) -> [[String: String]] { elements.filter { $0.name == name }.map(\.attributes) }
  }

  /// The page is XML as well, so a parser finds what is not closed or not escaped.
  private func read(_ html: String) throws -> Reading {
    let reading = Reading()
    let parser = XMLParser(data: Data(html.utf8))
    parser.delegate = reading
    try #require(parser.parse(), "\(String(describing: parser.parserError)), line \(parser.lineNumber)")
    return reading
  }

  @Test func pageHoldsTablesFiguresAndProvenance() throws {
    let folder = try TemporaryFolder()
    try SampleRun(attractors: 12, films: true, members: true).write(folder("run.nc"))
    let data = try RunData(path: folder("run.nc"))
    let html = try Report.html(of: data)
    #expect(html.utf8.count < 5_000_000)
    let page = try read(html)
    let images = page.all("img")
    #expect(images.count == data.figures.count)
    for image in images {
      #expect(image["src"]?.hasPrefix("data:image/") == true)
      #expect((image["alt"] ?? "").count > 10)
    }
    #expect(page.all("source").count == images.count)
    for (k, name) in data.figures.enumerated() {
      #expect(page.all("section").contains { $0["id"] == "figure-\(name)" })
      // The caption is text of the page.
      let caption = try data.sheet(name).caption
      #expect(page.text.contains(caption), "\(k): \(caption)")
    }
    // Means with two digits of their errors: 1 and 1.5 +- 0.0625, a tie that goes to the even digit.
    for text in [
      "120 in all, n = 40 per level", "1.000 ± 0.062", "1.500 ± 0.062", "0.375", "0.312 to 0.500",
      "model sha256",
      "0123456789abcdef", "mode: mean", "stable fixed point", "0.5625",
    ] {
      #expect(page.text.lowercased().contains(text), "\(text)")
    }
    // Every link leads somewhere.
    let identifiers = Set(page.elements.compactMap { $0.attributes["id"] })
    for link in page.all("a") { #expect(identifiers.contains(String((link["href"] ?? "").dropFirst()))) }
    #expect(page.all("script").isEmpty)
  }

  @Test func tablesHaveAllPointsOfASweep() throws {
    let folder = try TemporaryFolder()
    try SampleRun(latents: [2, 5]).write(folder("run.nc"))
    var data = try RunData(path: folder("run.nc"))
    // Tables have all points; the chosen one decides on figures alone.
    for choice in [nil, "model_latent=5"] {
      if let choice { try data.select(choice) }
      let page = try read(Report.html(of: data))
      for text in ["1.000 ± 0.062", "11.000 ± 0.062"] { #expect(page.text.contains(text), "\(text)") }
      #expect(!page.text.contains("points are shown"))
      let point = choice == nil ? "2" : "5"
      #expect(page.text.contains("Figures of one point showmodel_latent = \(point)"))
      // Approach, averages: a fold per point each.
      #expect(page.all("details").count == 4)
    }
    let page = try read(Report.html(of: data))
    #expect(page.all("section").contains { $0["id"] == "figure-sweep" })
  }

  @Test func hostileTextsAreTexts() throws {
    let folder = try TemporaryFolder()
    var run = SampleRun()
    run.name = "</title><script>alert(1)</script>\" onload=\"x & y"
    try run.write(folder("run.nc"))
    let page = try read(Report.html(of: RunData(path: folder("run.nc"))))
    #expect(page.all("script").isEmpty)
    #expect(page.text.contains(run.name))
    #expect(page.elements.allSatisfy { $0.attributes["onload"] == nil })
  }
}

/// What needs no file.
@Suite struct LayoutTests {
  @Test func scaleOfColoursIsMonotonic() {
    // Cividis is made so that it reads the same in grey: luminance rises throughout.
    let luminances = (0...100).map { step -> Double in
      let rgb = Palette.cividis(Double(step) / 100).rgb
      let parts = [rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255].map(Double.init)
      return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }
    for (a, b) in zip(luminances, luminances.dropFirst()) { #expect(b > a - 0.5) }
    #expect(luminances[100] - luminances[0] > 150)
  }
}
