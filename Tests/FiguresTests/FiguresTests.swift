import Drawing
import Figures
import Foundation
import Output
import TestSupport
import Testing

/// What a figure draws, compared with the formulas of the sample.
@Suite struct FigureContentTests {
  private func data(_ run: SampleRun, _ folder: TemporaryFolder) throws -> RunData {
    try run.write(folder("run.nc"))
    return try RunData(path: folder("run.nc"))
  }

  @Test func listFollowsTheFile() throws {
    let folder = try TemporaryFolder()
    try SampleRun().write(folder("plain.nc"))
    #expect(try RunData(path: folder("plain.nc")).figures == ["approach", "series"])
    try SampleRun(latents: [2, 5]).write(folder("sweep.nc"))
    #expect(try RunData(path: folder("sweep.nc")).figures == ["sweep", "approach", "series"])
    try SampleRun(attractors: 2, films: true, members: true).write(folder("all.nc"))
    #expect(
      try RunData(path: folder("all.nc")).figures
        == ["approach", "series", "attractors", "attractor-pictures", "trajectories", "film"])
  }

  @Test func seriesShowMeansAndErrors() throws {
    let folder = try TemporaryFolder()
    let sheet = try data(SampleRun(), folder).sheet("series")
    #expect(sheet.panels.count == 3)
    for (o, panel) in sheet.panels.enumerated() {
      var lines: [[Point]] = []
      var bands: [(lower: [Double], upper: [Double])] = []
      for layer in panel.layers {
        if case .line(let points, _, _, _) = layer { lines.append(points) }
        if case .band(_, let lower, let upper, _) = layer { bands.append((lower, upper)) }
      }
      try #require(lines.count == 3 && bands.count == 3)
      for l in 0..<3 {
        #expect(lines[l] == (0..<5).map { Point(Double($0), SampleRun.mean(o, 0, l, $0)) })
        for t in 0..<5 {
          // One product and one sum on numbers below 16: at most two roundings of 2^-49.
          let width = 1.96 * SampleRun.error(l)
          #expect(abs(bands[l].lower[t] - (SampleRun.mean(o, 0, l, t) - width)) <= 0x1p-48)
          #expect(abs(bands[l].upper[t] - (SampleRun.mean(o, 0, l, t) + width)) <= 0x1p-48)
        }
      }
    }
    #expect(sheet.panels.map(\.y.label) == ["distance [1]", "overlap [1]", "energy [nats]"])
    // Distances are shown from zero.
    #expect(sheet.panels[0].y.range.lowerBound == 0)
    for part in ["n = 40", "1.96 standard errors", "Scenario sample", "model 0123456789ab", "seed 7"] {
      #expect(sheet.caption.contains(part), "\(sheet.caption)")
    }
  }

  /// Files say that information is in nats beside its unit, which is "1"; figures say it on the axis alone.
  @Test func informationIsInNats() throws {
    let folder = try TemporaryFolder()
    let writer = try NetCDFWriter(path: folder("two.nc"))
    let root = writer.root
    try root.setAttribute("format_version", 2)
    for (name, length) in [("level", 2), ("time", 1)] {
      try root.defineDimension(name, length: length)
      try root.defineVariable(name, type: .int32, dimensions: [name]).write(Array(0..<length))
    }
    for (ending, role) in [("", "mean"), ("_standard_error", "standard_error"), ("_count", "count")] {
      let attributes: [(String, NetCDFAttribute)] = [
        ("long_name", "mean surprise, in nats"), ("units", "1"), ("unit_of_information", "nat"),
        ("role", .text(role)),
      ]
      try root.defineVariable(
        "surprise" + ending, type: .double, dimensions: ["level", "time"],
        attributes: attributes + (ending.isEmpty ? [] : [("role_of", "surprise")])
      ).write([1.0, 2])
    }
    try writer.commit()
    let panels = try RunData(path: folder("two.nc")).sheet("series").panels
    #expect(panels.map(\.y.label) == ["surprise [nats]"] && panels.map(\.title) == ["surprise"])
  }

  /// Bands are the file's intervals; only files from before they had them are drawn with 1.96 errors.
  @Test func bandsAreTheIntervalsOfTheFile() throws {
    let folder = try TemporaryFolder()
    let writer = try NetCDFWriter(path: folder("few.nc"))
    let root = writer.root
    try root.setAttribute("format_version", 1)
    try root.defineDimension("level", length: 1)
    try root.defineDimension("time", length: 2)
    try root.defineVariable("level", type: .double, dimensions: ["level"]).write([0.5])
    try root.defineVariable("time", type: .int32, dimensions: ["time"]).write([0, 1])
    func define(_ name: String, _ values: [Double], _ attributes: (String, String)...) throws {
      try root.defineVariable(
        name, type: .double, dimensions: ["level", "time"],
        attributes: attributes.map { ($0.0, .text($0.1)) }, fillValue: .nan
      ).write(values)
    }
    try define("energy", [5, 6], ("role", "mean"))
    for (name, role, values) in [
      ("energy_standard_error", "standard_error", [0.5, 1]), ("energy_count", "count", [3, 3]),
      ("energy_lower", "lower_bound", [1, -2]), ("energy_upper", "upper_bound", [9, 14]),
    ] {
      try define(name, values, ("role", role), ("role_of", "energy"))
    }
    try writer.commit()
    let sheet = try RunData(path: folder("few.nc")).sheet("series")
    let bands = sheet.panels[0].layers.compactMap { layer -> [[Double]]? in
      if case .band(_, let lower, let upper, _) = layer { [lower, upper] } else { nil }
    }
    #expect(bands == [[[1, -2], [9, 14]]])
    #expect(sheet.caption.contains("95 % interval over items (Student's"))
    #expect(!sheet.caption.contains("1.96"))
  }

  @Test func familiesShareTheirScale() throws {
    let folder = try TemporaryFolder()
    let writer = try NetCDFWriter(path: folder("two.nc"))
    let root = writer.root
    try root.setAttribute("format_version", 1)
    try root.defineDimension("level", length: 1)
    try root.defineDimension("time", length: 2)
    try root.defineVariable("level", type: .double, dimensions: ["level"]).write([0.5])
    try root.defineVariable("time", type: .int32, dimensions: ["time"]).write([0, 1])
    for (name, values) in [
      ("energy", [100, 200.0]), ("distance_root", [1, 2.0]), ("distance_concept", [5, 8.0]),
    ] {
      let dimensions = ["level", "time"]
      try root.defineVariable(name, type: .double, dimensions: dimensions).write(values)
      try root.defineVariable(
        name + "_standard_error", type: .double, dimensions: dimensions, fillValue: .nan
      ).write([Double.nan, .nan])
      try root.defineVariable(name + "_count", type: .int32, dimensions: dimensions).write([1, 1])
    }
    try writer.commit()
    let panels = try RunData(path: folder("two.nc")).sheet("series").panels
    try #require(panels.count == 3)
    // Distances come first, on one scale that holds both; errors that are missing leave the curves.
    #expect(panels[0].y.range == panels[1].y.range)
    #expect(panels[0].y.range.contains(8) && panels[0].y.range.upperBound < 9)
    #expect(panels[2].y.range.lowerBound > 50)
  }

  /// Names say nothing where there are roles.
  @Test func rolesDecideWhatIsDrawn() throws {
    let folder = try TemporaryFolder()
    let writer = try NetCDFWriter(path: folder("roles.nc"))
    let root = writer.root
    try root.setAttribute("format_version", 1)
    try root.setAttribute("family_distance", "visit_count")
    try root.defineDimension("level", length: 1)
    try root.defineDimension("time", length: 2)
    try root.defineVariable("level", type: .double, dimensions: ["level"]).write([0.5])
    try root.defineVariable("time", type: .int32, dimensions: ["time"]).write([0, 1])
    func define(_ name: String, _ values: [Double], _ attributes: (String, String)...) throws {
      try root.defineVariable(
        name, type: .double, dimensions: ["level", "time"],
        attributes: attributes.map { ($0.0, .text($0.1)) }, fillValue: .nan
      ).write(values)
    }
    for (k, name) in ["visit_count", "memory_retained", "distance_given_up"].enumerated() {
      try define(
        name, [1, 2], ("role", k == 2 ? "mean_of_lost" : "mean"))
      try define("doubt_\(k)", [0.5, 0.25], ("role", "standard_error"), ("role_of", name))
      try define("sample_\(k)", [3, 3], ("role", "count"), ("role_of", name))
    }
    // An end of an interval, whatever its name looks like.
    try define("distance_root", [1, 2], ("role", "lower_bound"), ("role_of", "visit_count"))
    try writer.commit()
    let data = try RunData(path: folder("roles.nc"))
    #expect(data.averages == ["visit_count", "memory_retained", "distance_given_up"])
    let sheet = try data.sheet("series")
    #expect(sheet.panels.map(\.y.label) == ["distance [1]", "memory retained [1]"])
    #expect(sheet.panels[0].y.range.lowerBound == 0)
    let bands = sheet.panels[1].layers.compactMap { layer -> [Double]? in
      if case .band(_, _, let upper, _) = layer { upper } else { nil }
    }
    #expect(bands == [[1 + 1.96 * 0.5, 2 + 1.96 * 0.25]])
    #expect(sheet.caption.contains("n = 3"))
  }

  @Test func chosenVariablesAreDrawnAndUnknownOnesRefused() throws {
    let folder = try TemporaryFolder()
    let data = try data(SampleRun(), folder)
    let sheet = try data.sheet("series", options: FigureOptions(variables: ["energy"]))
    #expect(sheet.panels.map(\.y.label) == ["energy [nats]"])
    let error = #expect(throws: FigureError.self) {
      try data.sheet("series", options: FigureOptions(variables: ["entropy"]))
    }
    #expect(error?.description.contains("'entropy'") == true)
    #expect(error?.remedy.contains("energy") == true)
  }

  @Test func approachesHaveBarsPerTreeLevel() throws {
    let folder = try TemporaryFolder()
    let sheet = try data(SampleRun(), folder).sheet("approach")
    try #require(sheet.panels.count == 3)
    for (tree, panel) in sheet.panels.enumerated() {
      let bars = panel.layers.compactMap { layer -> (lower: [Double], upper: [Double])? in
        if case .bars(_, let lower, let upper, _) = layer { return (lower, upper) }
        return nil
      }
      // The root has no controls.
      try #require(bars.count == (tree == 2 ? 1 : 3))
      for (k, bar) in bars.enumerated() {
        // Sums of multiples of 1/32: exact.
        let value = (0..<3).map { 0.25 + 0.125 * Double(tree) + 0.03125 * Double($0) - 0.0625 * Double(k) }
        #expect(bar.lower == value.map { $0 - 0.0625 })
        #expect(bar.upper == value.map { $0 + 0.125 })
      }
    }
    #expect(sheet.texts.contains { $0.text == "Tree level 1: own class (concept)" })
  }

  @Test func sweepsGiveHeatMapsAndPoints() throws {
    let folder = try TemporaryFolder()
    var data = try data(SampleRun(latents: [2, 5, 20]), folder)
    let sheet = try data.sheet("sweep")
    // Approaches to class and root, and three observables at the last time.
    try #require(sheet.panels.count == 5)
    guard case .cells(let cells) = sheet.panels[2].layers[0] else {
      Issue.record("no heat map")
      return
    }
    #expect(cells.count == 9)
    #expect(sheet.panels[2].y.ticks.map(\.label) == ["2", "5", "20"])
    // The smallest value is dark, the largest yellow: the ends of cividis.
    func colour(_ latent: Int, _ level: Int) -> String? {
      cells.first { $0.0.x == Double(level) - 0.5 && $0.0.y == Double(latent) - 0.5 }?.1.hex
    }
    #expect(colour(0, 0) == "#00224E")
    #expect(colour(2, 2) == "#FEE838")
    #expect(sheet.panels[2].texts.map(\.text).contains(short(SampleRun.mean(0, 1, 2, 4))))
    // Below the values their standard errors: 1/16, 1/8 and 3/16 at the three levels, in two digits.
    #expect(
      sheet.panels[2].texts.map(\.text).suffix(9) == (0..<9).map { ["± 0.062", "± 0.12", "± 0.19"][$0 % 3] })
    // Approaches have an interval instead.
    #expect(sheet.panels[0].texts.map(\.text).contains("0.31 to 0.5"))
    #expect(sheet.caption.contains("± its standard error over items, or the 95 % bootstrap interval"))
    #expect(sheet.caption.contains("each panel has its own scale"))
    // With a common scale approaches have that from 0 to 1: a number has one colour in all panels.
    var common = FigureOptions()
    common.hasCommonScale = true
    let alike = try data.sheet("sweep", options: common)
    for panel in alike.panels[..<2] {
      guard case .cells(let cells) = panel.layers[0] else { continue }
      for (cell, text) in zip(cells, panel.texts) {
        // Three digits of the number tell the colour but for one step of its 256.
        let expected = Palette.cividis(Double(text.text) ?? .nan)
        for shift: UInt32 in [0, 8, 16] {
          let (a, b) = (Int(cell.1.rgb >> shift & 255), Int(expected.rgb >> shift & 255))
          #expect(abs(a - b) <= 1, "\(text.text)")
        }
      }
    }
    #expect(alike.caption.contains("approaches and fractions share the scale from 0 to 1"))
    // A bar per panel, with what its ends stand for.
    #expect(sheet.colourBars == 5)
    let ends = sheet.texts.map(\.text)
    let values = (0..<3).flatMap { i in (0..<3).map { SampleRun.mean(0, i, $0, 4) } }
    for end in [values.min(), values.max()] {
      #expect(ends.contains(String(format: "%.4g", end ?? .nan)))
    }

    // Other figures show the first point, or the one that is chosen.
    #expect(try data.sheet("series").lines[0][0].points[0].y == SampleRun.mean(0, 0, 0, 0))
    try data.select("model.latent=20")
    let chosen = try data.sheet("series")
    #expect(chosen.lines[0][0].points[0].y == SampleRun.mean(0, 2, 0, 0))
    #expect(chosen.caption.contains("model_latent = 20"))
    #expect(throws: FigureError.self) { try data.select("model_latent=7") }
    #expect(throws: FigureError.self) { try data.select("seed=7") }
    #expect(throws: FigureError.self) { try data.select("nonsense") }
  }

  private func short(_ x: Double) -> String { String(format: "%.3g", x) }

  @Test func twoSweptKeysAreDrawnAgainstEachOther() throws {
    let folder = try TemporaryFolder()
    var data = try data(SampleRun(latents: [2, 5], betas: [0.5, 1, 4]), folder)
    let sheet = try data.sheet("sweep")
    // Approaches to class and root, and three observables at the last time, at each of three levels.
    try #require(sheet.panels.count == 15)
    for (k, panel) in sheet.panels.enumerated() {
      #expect(panel.y.label == "model_latent" && panel.y.ticks.map(\.label) == ["2", "5"])
      #expect(panel.x.label == "model_training_beta" && panel.x.ticks.map(\.label) == ["0.5", "1", "4"])
      #expect(panel.title.hasSuffix(", level \(["0", "0.25", "0.75"][k % 3])"), "\(panel.title)")
      guard k >= 6 else { continue }
      let (o, l) = (k / 3 - 2, k % 3)
      for text in panel.texts.prefix(6) {
        #expect(text.text == short(SampleRun.mean(o, 3 * Int(text.y.rounded()) + Int(text.x), l, 4)))
      }
      #expect(panel.texts.count == 12)
      #expect(panel.texts.suffix(6).allSatisfy { $0.text == "± \(["0.062", "0.12", "0.19"][l])" })
    }
    // Their bar stands once, below the heading.
    #expect(sheet.colourBars == 5)
    // The levels of an observable share their scale: only one cell of the eighteen is brightest.
    func colours(_ panel: Panel) -> [String] {
      panel.layers.flatMap { layer -> [String] in
        if case .cells(let cells) = layer { return cells.map(\.1.hex) }
        return []
      }
    }
    let all = sheet.panels[6..<9].map(colours)
    #expect(all.map { $0.count { $0 == "#FEE838" } } == [0, 0, 1])
    #expect(all.map { $0.count { $0 == "#00224E" } } == [1, 0, 0])
    #expect(all[2][5] == "#FEE838" && all[0][0] == "#00224E")
    #expect(sheet.caption.contains("which its levels share"))

    try data.select("level=0.25")
    let one = try data.sheet("sweep")
    #expect(one.panels.count == 5)
    #expect(one.panels[2].texts.prefix(6).map(\.text) == (0..<6).map { short(SampleRun.mean(0, $0, 1, 4)) })
    #expect(one.title.contains("level 0.25") && one.caption.contains("One of 3 levels"))
    // So has an average against time: one curve.
    let series = try data.sheet("series")
    let lines = series.panels.map { panel in
      panel.layers.count { if case .line = $0 { true } else { false } }
    }
    #expect(!lines.isEmpty && lines.allSatisfy { $0 == 1 })
    #expect(series.caption.contains("One of 3 levels is shown."))
    #expect(throws: FigureError.self) { try data.select("level=0.3") }
    // One swept key leaves no level to choose, and a file without replicas no replica.
    try SampleRun(latents: [2, 5]).write(folder("one-key.nc"))
    var oneKey = try RunData(path: folder("one-key.nc"))
    #expect(throws: FigureError.self) { try oneKey.select("level=0.25") }
    #expect(throws: FigureError.self) { try oneKey.select("replica=0") }
  }

  @Test func moreSweptKeysThanTwoStayAtTheChosenPoint() throws {
    let folder = try TemporaryFolder()
    let writer = try NetCDFWriter(path: folder("three.nc"))
    let root = writer.root
    try root.setAttribute("format_version", 1)
    let axes = ["a", "b", "c", "level", "time"]
    for name in axes {
      try root.defineDimension(name, length: name == "level" || name == "time" ? 1 : 2)
      try root.defineVariable(name, type: .int32, dimensions: [name])
        .write(name == "level" || name == "time" ? [0] : [0, 1])
    }
    for (suffix, type) in [("", NetCDFType.double), ("_standard_error", .double)] {
      try root.defineVariable("energy" + suffix, type: type, dimensions: axes).write((0..<8).map(Double.init))
    }
    try root.defineVariable("energy_count", type: .int32, dimensions: axes).write((0..<8).map { _ in 1 })
    try writer.commit()
    var data = try RunData(path: folder("three.nc"))
    try data.select("c=1")
    let sheet = try data.sheet("sweep")
    // The file's errors are as large as its values.
    #expect(sheet.panels.map { $0.texts.map(\.text) } == [["1", "3", "5", "7", "± 1", "± 3", "± 5", "± 7"]])
    #expect(sheet.caption.contains("Other swept keys: c = 1."))
  }

  /// A label of 28 characters beside two rows, at 8 points more than 4 points each.
  @Test func longKeysHaveRoomBesideFewRows() throws {
    let folder = try TemporaryFolder()
    let writer = try NetCDFWriter(path: folder("long.nc"))
    let root = writer.root
    try root.setAttribute("format_version", 1)
    let key = "model_training_learning_rate"
    let axes = [key, "level", "time"]
    for (name, length) in zip(axes, [2, 1, 1]) {
      try root.defineDimension(name, length: length)
      try root.defineVariable(name, type: .int32, dimensions: [name]).write(Array(0..<length))
    }
    for suffix in ["", "_standard_error", "_count"] {
      try root.defineVariable("energy" + suffix, type: .double, dimensions: axes).write([1.0, 2])
    }
    try writer.commit()
    let panels = try RunData(path: folder("long.nc")).sheet("sweep").panels
    try #require(panels.count == 1 && panels[0].y.label == key)
    // In one line, or in two.
    let lines = panels[0].y.labelLines(along: panels[0].frame.height)
    #expect(lines.allSatisfy { 4 * Double($0.count) <= panels[0].frame.height + 16 }, "\(lines)")
  }

  /// A claim over two swept values and many levels, with one control; estimates are formulas of the place.
  /// - Parameter axis: The last dimension of the entries.
  func writeClaim(
    _ path: String, levels: [Double], controls: String? = nil, axis: String = "claim_level"
  ) throws {
    let writer = try NetCDFWriter(path: path)
    let root = writer.root
    try root.setAttribute("format_version", 1)
    try root.defineDimension("level", length: 1)
    try root.defineVariable("level", type: .double, dimensions: ["level"]).write([0.5])
    try root.defineDimension("time", length: 1)
    try root.defineVariable("time", type: .int32, dimensions: ["time"]).write([0])
    try root.defineDimension("model_latent", length: 2)
    try root.defineVariable("model_latent", type: .int32, dimensions: ["model_latent"]).write([5, 100])
    let claim = try root.defineGroup("claims").defineGroup("comes-near")
    try claim.setAttribute("threshold", 0.5)
    if let controls { try claim.setAttribute("controls", .text(controls)) }
    for (name, length) in [(axis, levels.count), ("replica", 3), ("control", 1)] {
      try claim.defineDimension(name, length: length)
    }
    try claim.defineVariable(axis, type: .double, dimensions: [axis]).write(levels)
    try claim.defineVariable("control", type: .string, dimensions: ["control"]).write(["untrained"])
    let entries = 2 * levels.count
    let axes = ["model_latent", axis]
    for (prefix, leading, shift) in [("", [], 0.0), ("control_", ["control"], -100)] {
      for (name, more) in [("mean", 0.0), ("lower", -0.25), ("upper", 0.25)] {
        try claim.defineVariable(prefix + name, type: .double, dimensions: leading + axes)
          .write((0..<entries).map { Double($0) + more + shift })
      }
    }
    var single: [Double] = []
    for entry in 0..<entries {
      for shift in [-0.125, 0, 0.125] { single.append(Double(entry) + shift) }
    }
    try claim.defineVariable("estimate", type: .double, dimensions: axes + ["replica"]).write(single)
    try claim.defineVariable("verdict", type: .int32, dimensions: axes)
      .write((0..<entries).map { Int32($0 % 3) })
    if axis == "part" {
      try claim.defineVariable("reason", type: .string, dimensions: axes)
        .write((0..<entries).map { "reason \($0)" })
    }
    try writer.commit()
  }

  @Test func claimsHaveAPanelPerSweptValue() throws {
    let folder = try TemporaryFolder()
    try writeClaim(folder("few.nc"), levels: [0, 0.25, 0.5])
    let sheet = try RunData(path: folder("few.nc")).sheet("claims")
    #expect(sheet.panels.map(\.title) == ["comes near, model_latent = 5", "comes near, model_latent = 100"])
    let verdicts = ["supported", "refuted", "undecided"]
    for (p, panel) in sheet.panels.enumerated() {
      #expect(panel.x.ticks.map(\.label) == ["0", "0.25", "0.5"])
      #expect(panel.texts.map(\.text) == verdicts)
      var bars: [(lower: [Double], upper: [Double])] = []
      var marks: [[Double]] = []
      for layer in panel.layers {
        if case .bars(_, let lower, let upper, _) = layer { bars.append((lower, upper)) }
        if case .marks(let points, _, _, _) = layer { marks.append(points.map(\.y)) }
      }
      let own = (0..<3).map { Double(3 * p + $0) }
      try #require(bars.count == 2 && marks.count == 3)
      #expect(bars[0].lower == own.map { $0 - 0.25 } && bars[0].upper == own.map { $0 + 0.25 })
      #expect(bars[1].lower == own.map { $0 - 100.25 })
      // Single models first, then the means of the scenario and of the control.
      #expect(marks[0] == own.flatMap { [$0 - 0.125, $0, $0 + 0.125] })
      #expect(marks[1] == own && marks[2] == own.map { $0 - 100 })
      #expect(panel.y.range == sheet.panels[0].y.range)
    }
    #expect(!sheet.caption.contains("Evenly chosen"))
  }

  /// What a claim only shows is called so, and its symbols are hollow.
  @Test func claimsTellControlsFromWhatIsOnlyShown() throws {
    let folder = try TemporaryFolder()
    for (counted, words) in [("untrained", "control: untrained"), ("linear", "shown only: untrained")] {
      try writeClaim(folder("\(counted).nc"), levels: [0.5], controls: counted)
      let data = try RunData(path: folder("\(counted).nc"))
      let sheet = try data.sheet("claims")
      let isShownOnly = counted == "linear"
      #expect(sheet.texts.map(\.text).contains(words))
      #expect(sheet.caption.contains("Hollow symbols") == isShownOnly)
      var markers: [Marker] = []
      for panel in sheet.panels {
        guard case .marks(_, _, let marker, _)? = panel.layers.last else { continue }
        markers.append(marker)
      }
      #expect(markers == Array(repeating: isShownOnly ? .openSquare : .square, count: 2))
      #expect(try MarkdownReport.text(of: data).contains("| \(words) |"))
    }
  }

  /// Labels of levels in four digits need about 22 points each, of which a panel has some 190.
  @Test func claimsShowAsManyEntriesAsHaveRoom() throws {
    let folder = try TemporaryFolder()
    try writeClaim(folder("many.nc"), levels: (0..<12).map { 0.0625 * Double($0) + 0.01 })
    let sheet = try RunData(path: folder("many.nc")).sheet("claims")
    try #require(sheet.panels.count == 2)
    for panel in sheet.panels {
      // At 7.5 points a digit is under 5 points wide in any font that viewers take.
      let width = panel.x.ticks.map { 5 * Double($0.label.count) }.reduce(0, +)
      #expect(width <= panel.frame.width && panel.x.ticks.count >= 5, "\(panel.x.ticks)")
    }
    let shown = sheet.panels.map(\.x.ticks.count).reduce(0, +)
    #expect(sheet.caption.contains("Evenly chosen: \(shown) of 24 entries"))
  }

  /// No colour stands for two attractors.
  @Test func attractorsBeyondTheColoursAreSummed() throws {
    let folder = try TemporaryFolder()
    let sheet = try data(SampleRun(attractors: 13), folder).sheet("attractors")
    try #require(sheet.panels.count == 1)
    let lines = sheet.lines[0]
    try #require(lines.count == 8)
    #expect(Set(lines.map(\.colour)).count == 8)
    for l in 0..<3 {
      for a in 0..<6 { #expect(lines[a].points[l].y == SampleRun.fraction(a, l, of: 13)) }
      let rest = (6..<13).map { SampleRun.fraction($0, l, of: 13) }.reduce(0, +)
      // The same seven numbers in the same order.
      #expect(lines[6].points[l].y == rest)
      #expect(lines[7].points[l].y == 0.1)
    }
    let labels = sheet.texts.map(\.text)
    for label in ["0", "5", "other (7 more)", "undecided"] { #expect(labels.contains(label)) }
    #expect(!labels.contains("6"))
    #expect(sheet.caption.contains("13 are reached, of 13") && sheet.caption.contains("n = 50 starts"))
  }

  @Test func attractorPicturesCarryFractionAndKind() throws {
    let folder = try TemporaryFolder()
    let sheet = try data(SampleRun(levels: [0.5], attractors: 2), folder).sheet("attractor-pictures")
    try #require(sheet.bitmaps.count == 2)
    let labels = sheet.texts.map(\.text)
    // Weights 1 and 3/4 of 0.9.
    for label in ["0: 51.4 %", "1: 38.6 %", "stable fixed point", "saddle", "no concept", "near concept 0"] {
      #expect(labels.contains(label), "\(label) in \(labels)")
    }
    // 2 x 3 pixels, each enlarged three times; the second attractor's alternate 0 and 1/8 of 255, rounded.
    let bitmap = sheet.bitmaps[1]
    #expect(bitmap.height == 6 && bitmap.width == 9)
    let row = (0..<9).map { bitmap.bytes[3 * $0] }
    #expect(row == [0, 0, 0, 32, 32, 32, 0, 0, 0])
  }

  @Test func attractorRowsSayKindRadiusAndConcept() throws {
    let folder = try TemporaryFolder()
    let table = try data(SampleRun(attractors: 3), folder).attractorRows(limit: 2)
    #expect(
      table.header == ["attractor", "kind", "basin, mean over levels", "spectral radius", "nearest concept"])
    #expect(table.count == 3 && table.rows.count == 2 && table.hidden == 0)
    #expect(table.rows[0][0] == "0" && table.rows[0][1] == "stable fixed point")
    #expect(table.rows[0][3...] == ["0.5", "none"])
    #expect(table.rows[1][3...] == ["0.5625", "concept 0"])
  }

  @Test func filmsShowEachItemAndTime() throws {
    let folder = try TemporaryFolder()
    let sheet = try data(SampleRun(films: true), folder).sheet("film")
    try #require(sheet.bitmaps.count == 2 * 3 * 3)
    // Items are drawn one after another; within each, level by level.
    let grey: [Float: UInt8] = [0: 0, 0.25: 64, 0.5: 128, 0.75: 191]
    for (k, bitmap) in sheet.bitmaps.enumerated() {
      let (i, l, t) = (k / 9, k / 3 % 3, k % 3)
      for p in 0..<6 {
        let place = 3 * ((p / 3 * 3 + 1) * bitmap.width + p % 3 * 3 + 1)
        #expect(bitmap.bytes[place] == grey[SampleRun.pixel(l, i, t, p)])
      }
    }
    let labels = sheet.texts.map(\.text)
    for label in ["Item 11", "Item 22", "t = 0", "4", "0.25"] { #expect(labels.contains(label)) }
  }

  @Test func pathsAreProjectedOnTheAxes() throws {
    let folder = try TemporaryFolder()
    let sheet = try data(SampleRun(members: true), folder).sheet("trajectories")
    try #require(sheet.panels.count == 3)
    for (l, lines) in sheet.lines.enumerated() {
      try #require(lines.count == 2)
      for (k, line) in lines.enumerated() {
        let expected = (0..<5).map { t in
          let z = SampleRun.state(2 * l + k, t)
          // Axes (0, 1, 0, 0) and (1, 0, 0, -1) / 2 about the root (1, 1, 1, 1).
          return Point(z[1] - 1, 0.5 * (z[0] - 1) - 0.5 * (z[3] - 1))
        }
        #expect(line.points == expected)
      }
      // Both concepts and the root are marked.
      let marks = sheet.panels[l].layers.compactMap { layer -> Point? in
        if case .marks(let points, _, let marker, _) = layer, marker == .cross || marker == .plus {
          return points.first
        }
        return nil
      }
      #expect(marks == [Point(1, -1.5), Point(5, -1.5), Point(0, 0)])
    }
    #expect(sheet.texts.map(\.text).contains("cat"))
  }

  @Test func longRunsAndManyLevelsAreThinned() throws {
    let folder = try TemporaryFolder()
    let run = SampleRun(levels: (0..<30).map { Double($0) / 30 }, times: 1000)
    let sheet = try data(run, folder).sheet("series")
    for lines in sheet.lines {
      #expect(lines.count == 8)
      for line in lines {
        #expect(line.points.count == 300)
        #expect(line.points.first?.x == 0 && line.points.last?.x == 999)
      }
      // Eight curves, eight colours.
      #expect(Set(lines.map(\.colour)).count == 8)
    }
    #expect(sheet.caption.contains("8 of 30 levels are shown"))
  }
}

/// Files that are no run files, or broken ones.
@Suite struct HostileFileTests {
  private func expectInvalid(
    _ path: String, _ figure: String, _ part: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let error = #expect(throws: FigureError.self, sourceLocation: sourceLocation) {
      try RunData(path: path).sheet(figure)
    }
    #expect(error?.kind == .invalid, sourceLocation: sourceLocation)
    #expect(
      error?.description.contains(part) == true, "\(String(describing: error))",
      sourceLocation: sourceLocation)
    #expect(error?.description.contains(path) == true, sourceLocation: sourceLocation)
  }

  /// A run file of one level with whatever else `body` adds.
  private func write(_ path: String, version: Int = 1, _ body: (NetCDFGroup) throws -> Void) throws {
    let writer = try NetCDFWriter(path: path)
    try writer.root.setAttribute("format_version", .int(version))
    try writer.root.defineDimension("level", length: 2)
    try writer.root.defineVariable("level", type: .double, dimensions: ["level"]).write([0, 0.5])
    try body(writer.root)
    try writer.commit()
  }

  @Test func otherFilesAreRefused() throws {
    let folder = try TemporaryFolder()
    let writer = try NetCDFWriter(path: folder("foreign.nc"))
    try writer.root.setAttribute("title", "weather")
    try writer.commit()
    try expectInvalid(folder("foreign.nc"), "series", "no run file")
    try write(folder("future.nc"), version: 3) { _ in }
    try expectInvalid(folder("future.nc"), "series", "format_version is 3, expected 1 to 2")
    try Data("not NetCDF".utf8).write(to: URL(fileURLWithPath: folder("text.nc")))
    #expect(throws: NetCDFError.self) { try RunData(path: folder("text.nc")) }
    #expect(throws: NetCDFError.self) { try RunData(path: folder("none.nc")) }
  }

  @Test func anEmptyFileHasNoFigure() throws {
    let folder = try TemporaryFolder()
    try write(folder("empty.nc")) { _ in }
    for figure in FigureRegistry.all {
      try expectInvalid(folder("empty.nc"), figure.name, "no figure '\(figure.name)'")
    }
    try expectInvalid(folder("empty.nc"), "pie", "no figure 'pie'")
    #expect(throws: FigureError.self) { try FigurePage(of: RunData(path: folder("empty.nc"))) }
  }

  @Test func shapesThatDoNotFitAreRefused() throws {
    let folder = try TemporaryFolder()
    func film(_ name: String, height: Int, shape: [(String, Int)], items: Int? = nil) throws {
      try write(folder(name)) { root in
        let group = try root.defineGroup("films")
        for (name, length) in shape { try group.defineDimension(name, length: length) }
        if let items {
          try group.defineDimension("other", length: items)
          try group.defineVariable("item", type: .int32, dimensions: ["other"]).write(Array(0..<items))
        }
        try group.defineVariable(
          "picture", type: .float, dimensions: ["level"] + shape.map(\.0),
          attributes: [("image_height", .int(height)), ("image_width", 3)])
      }
    }
    let shape = [("item", 2), ("film_time", 1), ("pixel", 6)]
    try film("good.nc", height: 2, shape: shape)
    #expect(try RunData(path: folder("good.nc")).sheet("film").bitmaps.count == 4)
    try film("tall.nc", height: 1 << 30, shape: shape)
    try expectInvalid(folder("tall.nc"), "film", "image_height")
    try film("flat.nc", height: 2, shape: [("item", 2), ("pixel", 6)])
    try expectInvalid(folder("flat.nc"), "film", "films/picture")
    try film("items.nc", height: 2, shape: [("a", 2), ("film_time", 1), ("pixel", 6)], items: 3)
    try expectInvalid(folder("items.nc"), "film", "films/item")

    try write(folder("approach.nc")) { root in
      try root.defineVariable("approach", type: .double, dimensions: ["level"]).write([1.0, 1])
    }
    try expectInvalid(folder("approach.nc"), "approach", "tree_level")
    try write(folder("attractors.nc")) { root in
      let group = try root.defineGroup("attractors")
      try group.defineDimension("attractor", length: 2)
      try group.defineVariable("basin_fraction", type: .double, dimensions: ["attractor"]).write([1.0, 1])
    }
    try expectInvalid(folder("attractors.nc"), "attractors", "basin_fraction")
    try write(folder("confusion.nc")) { root in
      try root.defineVariable("nearest_concept_count", type: .int32, dimensions: ["level"]).write([1, 1])
    }
    try expectInvalid(folder("confusion.nc"), "confusion", "nearest_concept_count")
  }

  /// Counts of a formula: colours are shares of a row, numbers the counts, the first class above.
  @Test func confusionShowsCountsAndSharesOfARow() throws {
    let folder = try TemporaryFolder()
    func count(_ level: Int, _ time: Int, _ source: Int, _ nearest: Int) -> Int32 {
      source == 1 && time == 0 ? 0 : Int32(1 + level + 2 * time + 3 * source + 100 * nearest)
    }
    try write(folder("counts.nc")) { root in
      for (name, values) in [("time", [0, 1, 2]), ("source_class", [4, 7]), ("nearest_class", [-1, 4, 7])] {
        try root.defineDimension(name, length: values.count)
        try root.defineVariable(name, type: .int32, dimensions: [name]).write(values)
      }
      var all: [Int32] = []
      for l in 0..<2 {
        for t in 0..<3 { for s in 0..<2 { for n in 0..<3 { all.append(count(l, t, s, n)) } } }
      }
      try root.defineVariable(
        "nearest_concept_count", type: .int32, dimensions: ["level", "time", "source_class", "nearest_class"]
      ).write(all)
    }
    let sheet = try RunData(path: folder("counts.nc")).sheet("confusion")
    // Two levels, each at the first and last time or at all three.
    #expect(sheet.panels.count == 6)
    for (k, panel) in sheet.panels.enumerated() {
      let (level, time) = (k / 3, k % 3)
      let texts = panel.texts.map { "\($0.text)@\($0.x),\($0.y)" }
      for source in 0..<2 {
        for nearest in 0..<3 {
          let text = "\(count(level, time, source, nearest))@\(Double(nearest)),\(Double(1 - source))"
          #expect(texts.contains(text), "\(text) in \(texts)")
        }
      }
      guard case .cells(let cells) = panel.layers[0] else {
        Issue.record("no cells")
        continue
      }
      let row = (0..<3).map { Double(count(level, time, 0, $0)) }
      let share = row[2] / row.reduce(0, +)
      #expect(cells[2].1 == Palette.cividis(share))
      if time == 0 { #expect(cells[3].1 == .white && cells[5].1 == .white) }
      #expect(panel.x.ticks.map(\.label) == ["none", "4", "7"])
    }
    #expect(sheet.caption.contains("Numbers are members"))
  }

  /// A declared shape is no proof of values: what a figure reads is bounded.
  @Test func hugeDeclaredShapesAreNotRead() throws {
    let folder = try TemporaryFolder()
    try write(folder("huge.nc")) { root in
      try root.defineDimension("time", length: 1 << 40)
      try root.defineVariable("time", type: .int32, dimensions: ["time"], chunks: [1 << 20])
      for (suffix, type) in [("", NetCDFType.double), ("_standard_error", .double), ("_count", .int32)] {
        try root.defineVariable(
          "energy" + suffix, type: type, dimensions: ["level", "time"], chunks: [1, 1 << 20])
      }
    }
    let error = #expect(throws: NetCDFError.self) { try RunData(path: folder("huge.nc")).sheet("series") }
    #expect(error?.kind == .tooLarge)
  }
}
