import Foundation
import Output
import Testing

extension CommandTests {
  /// `simulate plot`, and the films that runs record. Needs gnuplot, as `make deps` installs it.
  @Suite struct PlotTests {
    @Test func aRunsFiguresAreListedAndDrawn() throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario + "output: {members: true, latents: true, films: {items: 2}}\n", at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "run.nc")
      let list = try sandbox.succeed("plot", "run.nc", "--list").output.split(separator: "\n")
        .map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
      #expect(
        list == [
          "claims no", "sweep no", "approach yes", "series yes", "confusion no", "attractors no",
          "attractor-pictures no",
          "trajectories yes", "film yes",
        ])
      #expect(try sandbox.names == ["run.nc", "small.yaml"])

      #expect(
        try sandbox.succeed("plot", "run.nc", "--figure", "all").output == "wrote \(sandbox("run.svg"))\n")
      let page = String(decoding: try sandbox.bytes("run.svg"), as: UTF8.self)
      for text in [
        "Averages against time", "n = 160", "Approach A", "Members\u{2019} paths", "Decoded states", "small",
      ] {
        #expect(page.contains(text), "\(text)")
      }
      // A figure again gives the same bytes, and pictures stand in the file itself.
      try sandbox.succeed("plot", "run.nc", "--figure", "all", "-o", "again.svg")
      #expect(try sandbox.bytes("again.svg") == sandbox.bytes("run.svg"))
      #expect(page.contains("data:image/png;base64,") && !page.contains("xlink:href='bitmap"))

      try sandbox.succeed(
        "plot", "run.nc", "--figure", "series", "--variables", "distance-concept,overlap_memory", "-o",
        "two.svg",
        "--narrow")
      // By itself two screens, and what else there is.
      let chosen = try sandbox.succeed("plot", "run.nc", "-o", "page.svg")
      #expect(chosen.errorLines.count == 1)
      #expect(chosen.errors.contains("not on the page: ") && chosen.errors.contains("--figure NAME"))
      let own = try sandbox.succeed(
        "plot", "run.nc", "--figure", "approach", "--x-label", "share of wrong pixels", "--no-title",
        "--no-caption", "-o", "own.svg")
      #expect(own.errors.isEmpty)
      // The caption stays for readers who do not see the figure.
      let labelled = String(decoding: try sandbox.bytes("own.svg"), as: UTF8.self)
      #expect(labelled.contains(">share of wrong pixels<") && !labelled.contains("(uniform-replacement) [1]"))
      let two = String(decoding: try sandbox.bytes("two.svg"), as: UTF8.self)
      #expect(two.contains("own concept") && two.contains("own memory") && !two.contains("Approach A"))
      for (name, start) in [("a.png", [0x89, 0x50, 0x4E, 0x47]), ("a.pdf", [0x25, 0x50, 0x44, 0x46])] {
        try sandbox.succeed("plot", "run.nc", "-o", name)
        #expect(try sandbox.bytes(name).prefix(4) == start.map { UInt8($0) }[...])
      }
      #expect(try sandbox.names.allSatisfy { !$0.contains("partial") })
    }

    /// Counts of the nearest concepts, and averages of each class.
    @Test func countsAndAveragesOfClassesAreDrawn() throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario
          + "observables: [distance-concept, step-length, nearest-concept]\ngroup-by: [class, superclass]\n",
        at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "run.nc")
      try sandbox.succeed("plot", "run.nc", "--figure", "confusion", "-o", "confusion.svg")
      let page = String(decoding: try sandbox.bytes("confusion.svg"), as: UTF8.self)
      for text in ["class of the nearest concept", "class of the item", "none", "t = 0", "t = 3", "n = 160"] {
        #expect(page.contains(text), "\(text)")
      }
      // Each row of a map is 40 members; at level 0 and t = 0 most are near to their own concept.
      let counts = try Table(sandbox.reader("run.nc"), "nearest_concept_count")
      for row in 0..<4 { #expect(page.contains(">\(Int(counts[0, 0, row, row + 1]))<")) }
      try sandbox.succeed(
        "plot", "run.nc", "--figure", "series", "--variables",
        "distance-concept-by-class,step-length,distance-concept-by-superclass", "-o", "groups.svg")
      let groups = String(decoding: try sandbox.bytes("groups.svg"), as: UTF8.self)
      for text in [
        "Averages of each class against time", "Averages of each superclass", "Averages against time",
        "n = 40",
      ] {
        #expect(groups.contains(text), "\(text)")
      }
      // Without --figure the other figures are drawn as well.
      try sandbox.succeed("plot", "run.nc", "--variables", "distance-concept-by-class", "-o", "all.svg")
      try sandbox.fail(
        65, ["plot", "run.nc", "--variables", "energy-by-class", "-o", "a.svg"], parts: ["energy_by_class"])
    }

    @Test func whatCannotBeDrawnIsRefused() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "run.nc")
      try sandbox.put("mine", at: "run.svg")
      // What is there stays, and so does the input.
      try sandbox.fail(73, ["plot", "run.nc"], parts: ["run.svg", "exists", "--overwrite"])
      #expect(try sandbox.bytes("run.svg") == Array("mine".utf8))
      try sandbox.succeed("plot", "run.nc", "--overwrite")
      #expect(try sandbox.bytes("run.svg").starts(with: "<?xml".utf8))
      try FileManager.default.createSymbolicLink(
        atPath: sandbox("link.svg"), withDestinationPath: sandbox("run.nc"))
      try sandbox.fail(73, ["plot", "run.nc", "-o", "link.svg", "--overwrite"], parts: ["input"])
      try sandbox.fail(73, ["plot", "run.nc", "-o", "none/a.svg"], parts: ["none/a.svg"])

      try sandbox.fail(66, ["plot", "none.nc"], parts: ["none.nc"])
      try sandbox.put("no NetCDF", at: "text.nc")
      try sandbox.fail(65, ["plot", "text.nc"], parts: ["text.nc"])
      let whole = try sandbox.bytes("run.nc")
      try sandbox.put(Array(whole.prefix(whole.count / 2)), at: "half.nc")
      try sandbox.fail(65, ["plot", "half.nc"], parts: ["half.nc"])
      let writer = try NetCDFWriter(path: sandbox("foreign.nc"))
      try writer.root.setAttribute("title", "weather")
      try writer.commit()
      try sandbox.fail(65, ["plot", "foreign.nc"], parts: ["foreign.nc", "no run file"])
      try sandbox.fail(
        65, ["plot", "run.nc", "--figure", "film", "-o", "a.svg"],
        parts: ["film", "output.films.items", "approach, series"])
      try sandbox.fail(
        65, ["plot", "run.nc", "--variables", "entropy", "-o", "a.svg"],
        parts: ["'entropy'", "overlap_concept"])
      try sandbox.fail(
        65, ["plot", "run.nc", "--at", "model.latent=5", "-o", "a.svg"], parts: ["'model.latent'", "one run"])
      for arguments in [
        ["-o", "a.gif"], ["-o", "svg"], ["--figure", "pie"], ["--x-label", "x"],
        ["--figure", "all", "--y-label", "y"], ["--figure", "film", "--x-label", "x"], ["--items", "3,x"],
        ["--times", ""],
      ] {
        #expect(try sandbox.simulate(["plot", "run.nc"] + arguments).code == 64, "\(arguments)")
      }
      for name in ["a.pdf", "html", "a.html.gz", "a"] {
        let execution = try sandbox.simulate("report", "run.nc", "-o", name)
        #expect(
          execution.code == 64 && execution.errors.contains(".html, .htm or .md"), "\(execution.errors)")
      }
      #expect(try !sandbox.names.contains("a.svg") && !sandbox.names.contains("a.pdf"))
      try sandbox.put(smallScenario.replacing("description: a small ensemble\n", with: ""), at: "mute.yaml")
      try sandbox.succeed("run", "mute.yaml", "-o", "mute.nc")
      try sandbox.succeed("report", "mute.nc", "-o", "mute.MD")
      let lines = String(decoding: try sandbox.bytes("mute.MD"), as: UTF8.self).split(separator: "\n")
      #expect(lines[0] == "## small" && lines[1].hasPrefix("one model, data set"), "\(lines.prefix(2))")
      try sandbox.succeed("report", "mute.nc", "-o", "mute.htm")
      #expect(try sandbox.bytes("mute.htm").starts(with: "<!DOCTYPE html>".utf8))
    }

    @Test func withoutGnuplotItSaysHowToInstallIt() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "run.nc")
      let execution = try sandbox.shell("PATH=/nowhere \"$SIMULATE\" plot run.nc")
      #expect(execution.code == 69)
      #expect(execution.errorLines.count == 1)
      #expect(execution.errors.contains("apt-get install gnuplot-nox"))
      #expect(try sandbox.names == ["run.nc", "small.yaml"])
      // Asking what there is needs no gnuplot.
      #expect(try sandbox.shell("PATH=/nowhere \"$SIMULATE\" plot run.nc --list").code == 0)
    }

    static let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
      .first { FileManager.default.isExecutableFile(atPath: $0) }

    private func putReport(_ sandbox: Sandbox) throws {
      try sandbox.put(
        smallScenario + "output: {members: true, latents: true, films: {}}\n", at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "run.nc")
    }

    @Test func aReportShowsTheRunAndItsScenario() throws {
      let sandbox = try Sandbox()
      try putReport(sandbox)
      #expect(try sandbox.succeed("report", "run.nc").output == "wrote \(sandbox("run.html"))\n")
      let page = String(decoding: try sandbox.bytes("run.html"), as: UTF8.self)
      for text in ["<h1>small</h1>", "a small ensemble", "Film strips", "320 in all, n = 160 per level"] {
        #expect(page.contains(text), "\(text)")
      }
      // The scenario is the file's, whole.
      let scenario = try sandbox.succeed("inspect", "--scenario", "run.nc").output
      #expect(page.contains(scenario.replacing("\"", with: "&quot;")))
      let before = try sandbox.bytes("run.html")
      try sandbox.fail(73, ["report", "run.nc"], parts: ["run.html", "--overwrite"])
      #expect(try sandbox.bytes("run.html") == before)
      try sandbox.fail(66, ["report", "none.nc", "-o", "a.html"], parts: ["none.nc"])
      let whole = try sandbox.bytes("run.nc")
      try sandbox.put(Array(whole.prefix(whole.count / 3)), at: "part.nc")
      try sandbox.fail(65, ["report", "part.nc", "-o", "a.html"], parts: ["part.nc"])
      #expect(try sandbox.shell("PATH=/nowhere \"$SIMULATE\" report run.nc -o a.html").code == 69)
      #expect(try !sandbox.names.contains("a.html"))
    }

    private func check(_ page: String, _ sandbox: Sandbox) throws -> Execution {
      try sandbox.start("/usr/bin/env", ["python3", Checkout.root + "/Scripts/check_report.py", page]).end()
    }

    /// Console, requests, what is cut between 320 and 1600 pixels, contrast, keyboard and names in a real browser.
    @Test(.enabled(if: chromium != nil, "needs Chromium"))
    func aBrowserFindsNoFaultInAReport() throws {
      let sandbox = try Sandbox()
      try putReport(sandbox)
      try sandbox.succeed("report", "run.nc")
      let check = try check("run.html", sandbox)
      #expect(check.code == 0, "\(check.output)\(check.errors)")
      #expect(check.output.contains("0 problems"))
    }

    /// Claims over each level, of two swept keys and three controls: wide tables, many rows.
    @Test(.enabled(if: chromium != nil, "needs Chromium"))
    func aBrowserFindsNoFaultInAReportOfClaims() throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario.replacing("  latent: 4\n", with: "  latent: 4\n  replicas: 2\n")
          .replacing("[0, 0.5]", with: "[0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]") + """
            sweep: {model.latent: [2, 4], model.training.epochs: [1, 2]}
            observables: [distance-concept, distance-root]
            controls: [untrained, linear, autoencoder]
            claims:
              near:
                statement: It comes near.
                estimate: approach(distance-concept) - approach(distance-root)
                over: each
                threshold: 0
                controls: [untrained, linear]
                compare: [autoencoder]

            """, at: "claims.yaml")
      try sandbox.succeed("run", "claims.yaml", "-o", "run.nc")
      try sandbox.succeed("report", "run.nc")
      let page = String(decoding: try sandbox.bytes("run.html"), as: UTF8.self)
      // Every entry of the claim, and every point of the sweep.
      #expect(page.components(separatedBy: "data-label=\"verdict\"").count - 1 == 36)
      for latent in [2, 4] {
        for epochs in [1, 2] {
          let point = "model.latent = \(latent), model.training.epochs = \(epochs)"
          let folds = page.components(separatedBy: "<summary>\(point)").count - 1
          #expect(folds == 4, "\(point): claim, approach, change, averages")
        }
      }
      let check = try check("run.html", sandbox)
      #expect(check.code == 0, "\(check.output)\(check.errors)")
    }

    /// The check finds what is cut, so that its silence says something.
    @Test(.enabled(if: chromium != nil, "needs Chromium"))
    func cutPagesAreFound() throws {
      let sandbox = try Sandbox()
      try putReport(sandbox)
      try sandbox.succeed("report", "run.nc")
      let page = String(decoding: try sandbox.bytes("run.html"), as: UTF8.self)
      for (name, body, words) in [
        ("wide", "<div style=\"width: 1200px\">wide</div>", "beyond"),
        (
          "scroll",
          "<div style=\"overflow-x: auto\" tabindex=\"0\"><p style=\"width: 1800px\">wide</p></div>",
          "holds more than it shows"
        ),
        ("clip", "<p style=\"height: 8px; overflow: hidden\">cut</p>", "cut below"),
      ] {
        try sandbox.put(page.replacing("</main>", with: body + "</main>"), at: "\(name).html")
        let check = try check("\(name).html", sandbox)
        #expect(
          check.code == 1 && check.output.contains("at 320 pixels: \(words)"), "\(name): \(check.output)")
      }
    }

    /// The recorded pictures are x(t) of the very members of the run.
    @Test func filmsAreTheMembersOfTheRun() throws {
      let sandbox = try Sandbox()
      let text = try putPictures(sandbox)
      try sandbox.put(
        text + """
          initial: {levels: [0, 0.5], realizations: 2}
          observables: [reconstruction-error, data-overlap]
          output: {members: true, films: {items: 3, times: [0, 1, 2]}}

          """, at: "pictures.yaml")
      try sandbox.succeed("run", "pictures.yaml", "-o", "a.nc", "--threads", "1")
      try sandbox.succeed("run", "pictures.yaml", "-o", "b.nc", "--threads", "2")
      let reader = try sandbox.reader("a.nc")
      try expectIdentical(reader, sandbox.reader("b.nc"))

      let film = try reader.variable("films/picture")
      #expect(film.shape == [2, 3, 3, 36])
      #expect(try film.attribute("image_height").integer == 6)
      #expect(try film.attribute("image_width").integer == 6)
      // Evenly chosen from 40 items.
      let items = try reader.variable("films/item").readInts()
      #expect(items == [0, 13, 26])
      #expect(try reader.variable("films/class").readInts() == items.map { $0 % 4 })
      #expect(try reader.variable("films/film_time").readInts() == [0, 1, 2])
      let pixels = try film.readDoubles()
      func picture(_ l: Int, _ i: Int, _ t: Int) -> [Double] {
        Array(pixels[((l * 3 + i) * 3 + t) * 36..<((l * 3 + i) * 3 + t + 1) * 36])
      }
      let bytes = try sandbox.bytes("train-images.idx").dropFirst(16)
      for (i, item) in items.enumerated() {
        // Without noise x(0) is the item itself, in single precision.
        let clean = bytes.dropFirst(36 * item).prefix(36).map { Double(Float($0) / 255) }
        #expect(picture(0, i, 0) == clean)
        for l in 0..<2 {
          // Members are sorted by level, item and realization; the film shows the first realization.
          let member = (l * 40 + item) * 2
          for t in 0..<2 {
            let error = try reader.variable("members/reconstruction_error")
              .readDoubles(start: [member, t], count: [1, 1])[0]
            let squares = zip(picture(l, i, t), picture(l, i, t + 1)).map { ($0 - $1) * ($0 - $1) }
            let expected = squares.reduce(0, +) / 36
            // Pixels at most 1, rounded to single precision: 2^-25 each, of differences of at most 1.
            #expect(abs(error - expected) <= 0x1p-23, "\(error) \(expected)")
          }
        }
      }
    }

    @Test func filmsAreChecked() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      func refuse(_ films: String, _ parts: String..., more: [String] = []) throws {
        try sandbox.fail(65, ["run", "small.yaml", "--set", "output.films=\(films)"] + more, parts: parts)
      }
      try refuse("{times: [0, 4]}", "output.films.times", "dynamics.steps, which is 3")
      try refuse("{times: [0, 2, 1]}", "output.films.times", "ascending")
      try refuse("{times: []}", "output.films.times")
      try refuse("{items: 0}", "output.films.items")
      try refuse("{}", "output.films", "pictures", more: ["--set", "dataset.dimension=37"])

      // A latent start has no x(0): missing.
      try sandbox.succeed(
        "run", "small.yaml", "-o", "prior.nc", "--set", "output.films={items: 500}", "--set",
        "initial={corruption: prior, items: 5}")
      let reader = try sandbox.reader("prior.nc")
      #expect(try reader.variable("films/item").readInts() == [0, 1, 2, 3, 4])
      #expect(try reader.variable("films/film_time").readInts() == [0, 1, 2, 3])
      let values = try reader.variable("films/picture").readDoubles()
      for (k, value) in values.enumerated() { #expect(value.isNaN == (k / 36 % 4 == 0)) }
      try sandbox.succeed("plot", "prior.nc", "--figure", "film", "-o", "prior.svg")
    }
  }
}
