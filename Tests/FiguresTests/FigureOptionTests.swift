import Drawing
import Figures
import Foundation
import Output
import TestSupport
import Testing

/// What the user chooses about figures, and what figures choose by themselves.
@Suite struct FigureOptionTests {
  private func data(_ run: SampleRun, _ folder: TemporaryFolder) throws -> RunData {
    try run.write(folder("run.nc"))
    return try RunData(path: folder("run.nc"))
  }

  /// A run file of one level, two times and averages that are constant.
  private func write(
    _ path: String, averages: [String], leading: [(name: String, longName: String)] = [],
    _ body: (NetCDFGroup) throws -> Void = { _ in }
  ) throws {
    let writer = try NetCDFWriter(path: path)
    let root = writer.root
    try root.setAttribute("format_version", 1)
    for (name, longName) in leading {
      try root.defineDimension(name, length: 2)
      try root.defineVariable(
        name, type: .double, dimensions: [name], attributes: [("long_name", .text(longName))]
      ).write([0.5, 2])
    }
    try root.defineDimension("level", length: 1)
    try root.defineDimension("time", length: 2)
    try root.defineVariable("level", type: .double, dimensions: ["level"]).write([0.5])
    try root.defineVariable("time", type: .int32, dimensions: ["time"]).write([0, 1])
    let dimensions = leading.map(\.name) + ["level", "time"]
    let count = 2 << leading.count
    func define(_ name: String, _ value: Double, _ attributes: [(String, NetCDFAttribute)]) throws {
      try root.defineVariable(name, type: .double, dimensions: dimensions, attributes: attributes)
        .write(Array(repeating: value, count: count))
    }
    for name in averages {
      try define(name, 0.5, [("role", "mean")])
      for (role, value) in [("standard_error", 0.125), ("count", 3)] {
        try define("\(name)_\(role)", value, [("role", .text(role)), ("role_of", .text(name))])
      }
    }
    try body(root)
    try writer.commit()
  }

  @Test func fractionsHaveTheirChanceLevel() throws {
    let folder = try TemporaryFolder()
    let names = ["concept_accuracy", "memory_recovered", "ratio", "energy"]
    try write(folder("run.nc"), averages: names) { root in
      try root.setAttribute("family_fraction", "concept_accuracy memory_recovered ratio")
      let geometry = try root.defineGroup("geometry")
      try geometry.defineDimension("concept", length: 3)
      try geometry.defineDimension("latent", length: 2)
      try geometry.defineVariable("concept_position", type: .double, dimensions: ["concept", "latent"])
        .write([1, 2, 3, 4, 5, 6.0])
      try geometry.defineVariable("concept_size", type: .int32, dimensions: ["concept"]).write([2, 3, 5])
    }
    let sheet = try RunData(path: folder("run.nc")).sheet("series")
    try #require(sheet.panels.count == 4)
    let expected: [(value: Double, words: String)?] = [
      (1.0 / 3, "chance: 1 of 3 classes"), (0.1, "chance: 1 of 10 memories"), nil, nil,
    ]
    for (k, panel) in sheet.panels.enumerated() {
      #expect(panel.texts.map(\.text) == (expected[k].map { [$0.words] } ?? []))
      let dashed = panel.layers.compactMap { layer -> [Double]? in
        if case .line(let points, _, _, let dash) = layer, dash != 1 { points.map(\.y) } else { nil }
      }
      #expect(dashed == (expected[k].map { [[$0.value, $0.value]] } ?? []))
      // Fractions are shown from 0 to 1, whatever they are.
      let (low, high) = (panel.y.range.lowerBound, panel.y.range.upperBound)
      let isWhole = low <= 0 && low > -0.1 && high >= 1 && high < 1.1
      #expect(isWhole == (k < 3), "\(panel.y.range)")
    }
    #expect(
      sheet.caption.contains("fractions are shown from 0 to 1, the dashed line is what a guess gives"))
  }

  @Test func axesSayWhatKeysMean() throws {
    let folder = try TemporaryFolder()
    try write(
      folder("run.nc"), averages: ["energy"],
      leading: [
        ("model_latent", "model.latent: number of latent variables, N; more of it"),
        ("model_training_learning_rate", "model.training.learning-rate: of the Adam optimizer (a factor)"),
      ])
    var data = try RunData(path: folder("run.nc"))
    let sheet = try data.sheet("sweep")
    #expect(sheet.panels.map(\.y.label) == ["number of latent variables, N"])
    #expect(sheet.panels.map(\.x.label) == ["learning rate of the Adam optimizer"])
    #expect(
      sheet.title.hasPrefix("Number of latent variables against learning rate of the Adam optimizer"))
    #expect(sheet.caption.contains("number of latent variables is model.latent"))
    // Keys choose, as in scenarios.
    try data.select("model.training.learning-rate=2")
    #expect(try data.sheet("series").caption.contains("model.training.learning-rate = 2"))

    var options = FigureOptions()
    (options.xLabel, options.yLabel) = ("rate", "N of the network")
    let own = try data.sheet("sweep", options: options)
    #expect(own.panels.map(\.x.label) == ["rate"] && own.panels.map(\.y.label) == ["N of the network"])
    // A long label takes two lines, within the page.
    options.xLabel = Array(repeating: "word", count: 40).joined(separator: " ")
    let long = try data.sheet("sweep", options: options)
    let panel = long.panels[0]
    let lines = panel.x.labelLines(along: panel.frame.width)
    #expect(lines.count == 2 && lines[1].hasSuffix("..."))
    #expect(long.height == own.height + 10)
  }

  @Test func titlesAndCaptionsCanBeLeftOut() throws {
    let folder = try TemporaryFolder()
    let data = try data(SampleRun(attractors: 3, films: true, members: true), folder)
    for name in data.figures {
      let whole = try data.sheet(name)
      var options = FigureOptions()
      options.hasTitle = false
      let untitled = try data.sheet(name, options: options)
      #expect(untitled.height < whole.height && untitled.title == whole.title)
      #expect(whole.texts.contains { $0.isBold && $0.size == TextSize.title })
      #expect(!untitled.texts.contains { $0.size == TextSize.title })
      options.hasCaption = false
      let bare = try data.sheet(name, options: options)
      #expect(bare.height < untitled.height && !bare.caption.isEmpty)
    }
  }

  @Test func saddlesAreShownWhenAskedFor() throws {
    let folder = try TemporaryFolder()
    // Numbers 1 and 3 are saddles; no start reaches 2 and 3.
    let data = try data(SampleRun(levels: [0.5], attractors: 4, unreached: 2), folder)
    let sheet = try data.sheet("attractor-pictures")
    #expect(sheet.bitmaps.count == 3)
    #expect(sheet.texts.map(\.text).contains("2: not reached"))
    #expect(sheet.caption.hasPrefix("3 of 4 sets") && sheet.caption.contains("left out: 1 unstable"))
    var options = FigureOptions()
    options.showsSaddles = true
    let all = try data.sheet("attractor-pictures", options: options)
    #expect(all.bitmaps.count == 4 && all.texts.map(\.text).contains("3: not reached"))
    #expect(!all.caption.contains("left out"))
    for (shows, rows) in [(false, 3), (true, 4)] {
      let table = try data.attractorRows(limit: 9, withSaddles: shows)
      #expect(table.rows.count == rows && table.hidden == 4 - rows)
    }
  }

  /// Films of nine levels, of items 0, 10, ... and times 0, 2, ...
  private func writeFilms(_ path: String, items: Int, times: Int) throws {
    let writer = try NetCDFWriter(path: path)
    let root = writer.root
    try root.setAttribute("format_version", 1)
    try root.defineDimension("level", length: 9)
    try root.defineVariable("level", type: .double, dimensions: ["level"])
      .write((0..<9).map { 0.125 * Double($0) })
    let group = try root.defineGroup("films")
    for (name, length) in [("item", items), ("film_time", times), ("pixel", 4)] {
      try group.defineDimension(name, length: length)
    }
    try group.defineVariable("item", type: .int32, dimensions: ["item"]).write((0..<items).map { 10 * $0 })
    try group.defineVariable("film_time", type: .int32, dimensions: ["film_time"])
      .write((0..<times).map { 2 * $0 })
    // A picture's brightness is its item's number over that of all.
    var pixels: [Float] = []
    for _ in 0..<9 {
      for i in 0..<items { pixels += Array(repeating: Float(i) / Float(items), count: 4 * times) }
    }
    try group.defineVariable(
      "picture", type: .float, dimensions: ["level", "item", "film_time", "pixel"],
      attributes: [("image_height", 2), ("image_width", 2)]
    ).write(pixels)
    try writer.commit()
  }

  @Test func filmsFitAPage() throws {
    let folder = try TemporaryFolder()
    for (items, times) in [(12, 30), (12, 4), (2, 3), (40, 1)] {
      let name = folder("\(items)-\(times).nc")
      try writeFilms(name, items: items, times: times)
      let data = try RunData(path: name)
      for width in [504.0, 252] {
        let sheet = try data.sheet("film", options: FigureOptions(width: width))
        // A4: 297 to 210; narrow ones go down a page's column.
        #expect(sheet.height <= max(width * 297 / 210, 640), "\(items) \(times) \(width): \(sheet.height)")
        #expect(!sheet.bitmaps.isEmpty)
        let shown = sheet.texts.count { $0.text.hasPrefix("Item ") }
        #expect(shown == items || sheet.caption.contains("\(shown) of \(items) recorded items"))
      }
    }
  }

  @Test func filmsShowTheChosenItemsAndTimes() throws {
    let folder = try TemporaryFolder()
    try writeFilms(folder("films.nc"), items: 12, times: 30)
    let data = try RunData(path: folder("films.nc"))
    var options = FigureOptions()
    options.items = [70, 30]
    options.times = [0, 2, 58]
    let sheet = try data.sheet("film", options: options)
    let labels = sheet.texts.map(\.text)
    #expect(labels.filter { $0.hasPrefix("Item ") } == ["Item 70", "Item 30"])
    for label in ["t = 0", "2", "58"] { #expect(labels.filter { $0 == label }.count == 2) }
    // Eight of nine levels, three times, two items; the item tells the grey.
    try #require(sheet.bitmaps.count == 2 * 8 * 3)
    #expect(Set(sheet.bitmaps.prefix(24).map { $0.bytes[0] }) == [UInt8(7.0 / 12 * 255 + 0.5)])
    #expect(
      sheet.caption.contains("2 of 12 recorded items, 3 of 30 recorded times, 8 of 9 recorded levels"))
    options.items = [71]
    let error = #expect(throws: FigureError.self) { try data.sheet("film", options: options) }
    #expect(error?.description.contains("--items 71") == true && error?.remedy.contains("0, 10, 20") == true)
    (options.items, options.times) = ([], [3])
    #expect(throws: FigureError.self) { try data.sheet("film", options: options) }
  }

  @Test func aPageIsTwoScreensHigh() throws {
    let folder = try TemporaryFolder()
    try write(folder("many.nc"), averages: (0..<30).map { "quantity_\($0)" })
    let many = try FigurePage(of: RunData(path: folder("many.nc")))
    #expect(many.sheet.height <= FigurePage.mostHeight)
    try #require(many.partial.count == 1)
    let shown = many.partial[0].panels
    #expect(many.partial[0].of == 30 && shown >= 8 && shown == many.sheet.panels.count)
    #expect(many.sheet.caption.contains("\(shown) of 30 panels are shown"))

    // Everything that a run can have, and figures that need more than their share.
    let sweep = SampleRun(latents: [1, 2, 3, 4, 5], betas: [0.5, 1, 2])
    for (name, run) in [("all", SampleRun(attractors: 12, films: true, members: true)), ("sweep", sweep)] {
      try run.write(folder(name))
      let data = try RunData(path: folder(name))
      for width in [504.0, 252] {
        let page = try FigurePage(of: data, options: FigureOptions(width: width))
        #expect(page.sheet.height <= FigurePage.mostHeight, "\(name)")
        #expect((page.shown + page.others).sorted() == data.figures.sorted())
        #expect(page.shown.first == data.figures.first)
      }
    }
    let data = try RunData(path: folder("all"))
    let whole = try FigurePage(data.figures, of: data)
    #expect(whole.others.isEmpty && whole.partial.isEmpty && whole.shown == data.figures)
  }

  /// Twelve classes have twelve entries in the legend, and no two look alike.
  @Test func allClassesAreInTheLegend() throws {
    let folder = try TemporaryFolder()
    try write(folder("run.nc"), averages: []) { root in
      let group = try root.defineGroup("members")
      try group.defineDimension("member", length: 24)
      try group.defineVariable("level_index", type: .int32, dimensions: ["member"])
        .write(Array(repeating: 0, count: 24))
      try group.defineVariable("class", type: .int32, dimensions: ["member"]).write((0..<24).map { $0 % 12 })
      for k in 1...2 {
        try group.defineVariable(
          "principal_component_\(k)", type: .double, dimensions: ["member", "time"]
        ).write((0..<48).map { Double(k * $0) })
      }
    }
    let sheet = try RunData(path: folder("run.nc")).sheet("trajectories")
    let labels = sheet.texts.map(\.text)
    for k in 0..<12 { #expect(labels.contains("\(k)")) }
    var styles: Set<String> = []
    for case .marks(_, let colour, let marker, _) in sheet.panels[0].layers where marker.hollow != marker {
      styles.insert("\(colour.hex) \(marker)")
    }
    #expect(styles.count == 12, "\(styles)")
  }
}

/// All entries of claims are in reports, or a line says how many are not.
@Suite struct ReportTableTests {
  private func entries(_ html: String) -> Int {
    html.components(separatedBy: "data-label=\"verdict\">").count - 1
  }

  @Test func allVerdictsAreCountedAndShown() throws {
    let folder = try TemporaryFolder()
    try FigureContentTests().writeClaim(folder("run.nc"), levels: (0..<300).map { Double($0) / 300 })
    let data = try RunData(path: folder("run.nc"))
    let html = try Report.html(of: data)
    #expect(entries(html) == 600)
    for text in [
      "<summary>model_latent = 5: 100 supported, 100 refuted, 100 undecided, of 300</summary>",
      "data-label=\"supported\"><span>200</span>", "data-label=\"verdicts\"><span>600</span>",
    ] {
      #expect(html.contains(text), "\(text)")
    }
    #expect(!html.contains("entries are shown"))
    let text = try MarkdownReport.text(of: data)
    #expect(text.split(separator: "\n").count { $0.hasPrefix("| 5, ") || $0.hasPrefix("| 100, ") } == 600)
    #expect(text.contains("200 supported, 200 refuted, 200 undecided, of 600."))
  }

  @Test func partsOfAnEstimateShareOneVerdict() throws {
    let folder = try TemporaryFolder()
    try FigureContentTests().writeClaim(folder("run.nc"), levels: [1, 2], axis: "part")
    let data = try RunData(path: folder("run.nc"))
    // The verdicts of entries 0 and 2.
    let text = try MarkdownReport.text(of: data)
    #expect(text.contains("1 supported, 0 refuted, 1 undecided, of 2."))
    #expect(text.contains("| 100, 1 | undecided (all parts together: reason 2) |"))
    #expect(try Report.html(of: data).contains("data-label=\"verdicts\"><span>2</span>"))
  }

  @Test func whatIsLeftOutIsSaid() throws {
    let folder = try TemporaryFolder()
    try FigureContentTests().writeClaim(folder("run.nc"), levels: (0..<1500).map { Double($0) / 1500 })
    let data = try RunData(path: folder("run.nc"))
    let html = try Report.html(of: data)
    #expect(entries(html) == 2000)
    #expect(html.contains("data-label=\"verdicts\"><span>3000</span>"))
    let command = "simulate export run.nc --variables claims/comes-near/verdict,claims/comes-near/mean"
    #expect(html.contains("2000 of 3000 entries are shown, evenly chosen; all: \(command)"))
    let text = try MarkdownReport.text(of: data)
    #expect(text.contains("1000 of 3000 entries are shown, evenly chosen; all: `\(command)"))
  }
}
