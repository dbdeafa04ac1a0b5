import Drawing
import Figures
import Foundation
import Output
import RunFiles
import Testing

extension CommandTests {
  /// Files of version 1 of the format, as the program of that time wrote them.
  @Suite struct FormerVersionTests {
    /// The fixtures as `run.nc` and `sweep.nc`.
    private func sandbox() throws -> Sandbox {
      let sandbox = try Sandbox()
      for name in ["run", "sweep"] {
        let unpacked = try sandbox.shell(
          "gunzip -c '\(Checkout.root)/Tests/Fixtures/version-1/\(name).nc.gz' > \(name).nc")
        try #require(unpacked.code == 0, "\(unpacked.errors)")
        try #require(try sandbox.reader(name + ".nc").attribute("format_version").integer == 1)
      }
      return sandbox
    }

    @Test func formerFilesAreInspected() throws {
      let sandbox = try sandbox()
      let run = try sandbox.succeed("inspect", "run.nc").output
      #expect(run.contains("run.nc: a run file") && run.contains("level(member=12)") && run.contains("nats"))
      #expect(try sandbox.succeed("inspect", "sweep.nc").output.contains("initial_split(initial_split=2)"))
      let scenario = try sandbox.succeed("inspect", "--scenario", "run.nc").output
      try sandbox.put(scenario, at: "again.yaml")
      try sandbox.succeed("validate", "again.yaml")
    }

    @Test func formerFilesAreExported() throws {
      let sandbox = try sandbox()
      let lines = try sandbox.succeed("export", "sweep.nc", "--variables", "distance-concept").output
        .split(separator: "\n")
      #expect(lines[0] == "initial_split,level,time,distance_concept,distance_concept_standard_error")
      #expect(lines[1].hasPrefix("train,0.5,0,") && lines[7].hasPrefix("test,0.5,0,"))
      let members = try sandbox.succeed("export", "run.nc", "--variables", "members/level,members/energy")
        .output
      // Twelve members at three times, and a line of names.
      #expect(members.split(separator: "\n").count == 1 + 12 * 3)
    }

    @Test func formerFilesAreDrawn() throws {
      let sandbox = try sandbox()
      let run = try RunData(path: sandbox("run.nc"))
      #expect(run.levels == [0.5, 0])
      #expect(try run.sheet("series").panels.map(\.y.label) == ["distance [1]", "energy [nats]"])
      var sweep = try RunData(path: sandbox("sweep.nc"))
      #expect(sweep.sweep.map(\.labels) == [["train", "test"]])
      try sweep.select("initial.split=test")
      #expect(try sweep.sheet("series").caption.contains("at initial.split = test"))
      try sandbox.succeed("report", "sweep.nc", "-o", "sweep.md")
      #expect(String(decoding: try sandbox.bytes("sweep.md"), as: UTF8.self).contains("| train |"))
      try sandbox.succeed("plot", "run.nc", "-o", "run.svg")
      try sandbox.succeed("report", "sweep.nc", "-o", "sweep.html")
    }

    /// Each member's path is drawn at its level, which version 1 called otherwise.
    @Test func trajectoriesKnowTheirLevels() throws {
      let sandbox = try sandbox()
      for (file, name) in [("run.nc", "level"), ("new.nc", "corruption_level")] {
        if file == "new.nc" {
          try sandbox.put(try sandbox.succeed("inspect", "--scenario", "run.nc").output, at: "again.yaml")
          try sandbox.succeed("run", "again.yaml", "-o", file, "--set", "output.latents=true")
        }
        let group = try sandbox.reader(file).group("members")
        #expect(RunLayout.memberLevel(in: group.variables.map(\.name)) == name)
      }
      let new = try RunData(path: sandbox("new.nc"))
      #expect(new.levels == [0, 0.5])
      let sheet = try new.sheet("trajectories")
      #expect(sheet.panels.map(\.title) == ["corruption level 0 [1]", "corruption level 0.5 [1]"])
    }

    /// The numbers of version 1 are those of the run today, at the same level; levels are in another order.
    @Test func theNumbersAreTheSame() throws {
      let sandbox = try sandbox()
      let former = try sandbox.reader("run.nc")
      try sandbox.put(try sandbox.succeed("inspect", "--scenario", "run.nc").output, at: "again.yaml")
      try sandbox.succeed("run", "again.yaml", "-o", "new.nc")
      let new = try sandbox.reader("new.nc")
      #expect(try new.attribute("format_version").integer == 2)
      #expect(try new.variable("level").readDoubles() == [0, 0.5])
      for name in ["distance_concept", "energy"] {
        let values = try former.variable(name).readDoubles()
        let now = try new.variable(name).readDoubles()
        #expect(values.count == now.count && values.count >= 6)
        // The file was made on another machine, whose single precision rounds otherwise: 2^-24 per operation, over a
        // thousand of them at random.
        for (a, b) in zip(values[3...] + values[..<3], now) { #expect(abs(a - b) < 1e-6 * max(1, abs(a))) }
      }
    }

    /// What was complete stays complete: the same scenario, in whatever order its levels are.
    @Test func completeRunsAreNotRunAgain() throws {
      let sandbox = try sandbox()
      try sandbox.put(try sandbox.succeed("inspect", "--scenario", "run.nc").output, at: "again.yaml")
      let before = try sandbox.bytes("run.nc")
      let resumed = try sandbox.simulate("run", "again.yaml", "-o", "run.nc", "--resume")
      // Another executable made it, so that it is refused or complete, but never touched.
      #expect([0, 65, 73].contains(resumed.code), "\(resumed.errors)")
      #expect(try sandbox.bytes("run.nc") == before)
    }
  }
}
