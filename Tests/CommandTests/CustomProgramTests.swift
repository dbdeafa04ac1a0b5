import Foundation
import Output
import Testing

extension CommandTests {
  /// examples/custom-program, a package of its own: the whole program with an observable, a corruption, a kind of data
  /// sets and a kind of models that this package does not have.
  @Suite struct CustomProgramTests {
    private static let example = Checkout.root + "/examples/custom-program"
    private static let scratch = Checkout.root + "/.build/examples"

    /// The built program; a few minutes the first time, then as long as the compiler needs to see that nothing changed.
    private static let program = Result { () throws -> String in
      let sandbox = try Sandbox()
      let execution = try sandbox.start(
        "/usr/bin/env",
        [
          "swift", "build", "-c", "release", "--package-path", example, "--scratch-path", scratch,
          "--product",
          "custom-program",
        ]
      ).end()
      guard execution.code == 0 else { throw BuildFailure(output: execution.output + execution.errors) }
      return scratch + "/release/custom-program"
    }

    private struct BuildFailure: Error {
      var output: String
    }

    @discardableResult
    private func run(_ sandbox: Sandbox, _ arguments: String...) throws -> Execution {
      let execution = try sandbox.start(try Self.program.get(), arguments).end()
      try #require(execution.code == 0, "\(arguments): \(execution.errors)")
      return execution
    }

    private func sandbox() throws -> Sandbox {
      let sandbox = try Sandbox()
      try sandbox.put(
        try String(contentsOfFile: Self.example + "/stripes.yaml", encoding: .utf8), at: "stripes.yaml")
      return sandbox
    }

    @Test func listsAndKeysHaveWhatWasRegistered() throws {
      let sandbox = try sandbox()
      let list = try run(sandbox, "list").output
      for name in ["bright-fraction", "salt-and-pepper", "stripes", "relaxation", "overlap-concept", "vae"] {
        #expect(list.split(separator: "\n").contains { $0.hasPrefix(name + " ") }, "\(name) in \(list)")
      }
      let keys = try run(sandbox, "list", "keys").output
      #expect(keys.contains("dataset.side ") && keys.contains("model.rate "))
      let help = try run(sandbox, "--help").output
      #expect(help.contains("USAGE: custom-program"))
      let resolved = try run(sandbox, "validate", "stripes.yaml").output
      #expect(resolved.contains("  kind: stripes\n  side: 12\n") && resolved.contains("  rate: 0.25\n"))
    }

    @Test func wrongValuesOfItsKeysAreOneLine() throws {
      let sandbox = try sandbox()
      for (override, parts) in [
        ("dataset.side=1", ["dataset.side", "between 2 and 100"]),
        ("model.rat=0.5", ["model.rat", "did you mean 'model.rate'?"]),
        ("dynamics.mode=sample", ["the one mode of model.kind: relaxation"]),
        ("attractors={}", ["model.kind: relaxation, for which no derivative was written"]),
        ("observables=[energy]", ["model.kind: relaxation does not have"]),
        ("observables=[zzzzzzzz]", ["unknown observable; 'custom-program list observables' lists all"]),
      ] {
        let execution = try sandbox.start(
          try Self.program.get(), ["run", "stripes.yaml", "--set", override]
        ).end()
        #expect(execution.code == 65 && execution.errorLines.count == 1, "\(override): \(execution.errors)")
        #expect(execution.errors.hasPrefix("custom-program: "))
        for part in parts { #expect(execution.errors.contains(part), "\(execution.errors)") }
      }
    }

    /// |z(t) - c| = (1 - r)^t |z(0) - c| for every member, hence for the mean: each step rounds once or twice.
    @Test func aRunHasTheKnownDistances() throws {
      let sandbox = try sandbox()
      try run(sandbox, "run", "stripes.yaml")
      let file = try sandbox.reader("stripes.nc")
      #expect(try file.attribute("model_kind").text == "relaxation")
      #expect(try file.attribute("dataset").text == "stripes")
      let distance = try file.variable("distance_root").readDoubles()
      let times = try file.variable("time").shape[0]
      for level in 0..<3 {
        for time in 0..<times {
          let known = pow(0.75, Double(time)) * distance[level * times]
          #expect(abs(distance[level * times + time] - known) <= 1e-13 * distance[level * times])
        }
      }
      // Half of a clean picture's pixels are bright; where z = 1/2 after some steps, none is.
      #expect(try file.variable("bright_fraction").readDoubles()[0] == 0.5)
      let report = try run(sandbox, "inspect", "stripes.nc").output
      #expect(report.contains("bright_fraction(level=3, time=11)"))
    }

    @Test func sweepsShardsAndResumingWork() throws {
      let sandbox = try sandbox()
      try run(sandbox, "run", "stripes.yaml", "-o", "whole.nc")
      for shard in ["1/2", "2/2"] {
        try run(sandbox, "run", "stripes.yaml", "-o", "parts.nc", "--shard", shard)
      }
      try run(sandbox, "merge", "parts.1-of-2.shard", "parts.2-of-2.shard", "-o", "parts.nc")
      try expectIdentical(sandbox.reader("whole.nc"), sandbox.reader("parts.nc"))
      let again = try run(sandbox, "run", "stripes.yaml", "-o", "whole.nc", "--resume")
      #expect(again.output.contains("nothing was left to do"))
      try run(
        sandbox, "run", "stripes.yaml", "-o", "sweep.nc", "--set", "sweep={model.rate: [0.25, 0.5]}", "--set",
        "controls=[shuffled-labels]", "--set",
        "claims={relaxes: {statement: It relaxes., estimate: 1 - final(distance-root) / initial(distance-root),"
          + " threshold: 0.9}}")
      let sweep = try sandbox.reader("sweep.nc")
      #expect(try sweep.variable("model_rate").readDoubles() == [0.25, 0.5])
      let estimates = try sweep.variable("claims/relaxes/estimate").readDoubles()
      #expect(zip(estimates, [1 - pow(0.75, 10), 1 - pow(0.5, 10)]).allSatisfy { abs($0 - $1) < 1e-13 })
    }

    /// Children that read files first are this program again, which makes its registry before anything else.
    @Test func childProcessesAreThisProgram() throws {
      let sandbox = try sandbox()
      try run(
        sandbox, "run", "stripes.yaml", "-o", "states.nc", "--set", "output={members: true, latents: true}",
        "--set", "dynamics.steps=0", "--set", "initial.levels=[0.4]")
      try sandbox.put(
        """
        name: again
        dataset: {kind: stripes, side: 12}
        model: {kind: relaxation, rate: 0.25}
        initial: {corruption: file, file: {path: states.nc, variable: members/latent_state}}
        observables: [bright-fraction, distance-root]

        """, at: "again.yaml")
      try run(sandbox, "run", "again.yaml")
      let distance = try sandbox.reader("again.nc").variable("distance_root").readDoubles()
      let start = try sandbox.reader("states.nc").variable("distance_root").readDoubles()[0]
      #expect(abs(distance[0] - start) <= 1e-13 * start)
      let table = try run(sandbox, "export", "again.nc", "--variables", "bright_fraction").output
      #expect(table.hasPrefix("level,time,bright_fraction,bright_fraction_standard_error\n"))
    }
  }
}
