import Foundation
import Output
import RunFiles
import Testing

extension CommandTests {
  /// The CF conventions 1.10, on every kind of file.
  @Suite struct ConventionTests {
    /// A scenario whose file has groups or coordinates that others lack.
    struct Kind: CustomTestStringConvertible, Sendable {
      var testDescription: String
      var scenario: String
      var settings: [String] = []
    }

    private static let hopfield = """
      name: small
      seed: 7
      dataset: {kind: hierarchical-patterns, dimension: 36, superclasses: 2, classes: 2, memories: 10}
      model: {kind: hopfield}
      dynamics: {steps: 3}
      initial: {levels: [0.5, 0]}
      output: {members: true}

      """
    private static let unsorted = smallScenario.replacing("levels: [0, 0.5]", with: "levels: [0.8, 0, 0.4]")
    private static let claims = """
      controls: [linear]
      claims:
        near:
          statement: It comes near.
          estimate: approach(distance-concept)
          threshold: 0
          over: each
          levels: [0.8, 0]
          controls: [untrained, sibling]
        noisier:
          statement: More noise, less energy.
          estimate: final(energy)
          threshold: 0
          against: level

      """

    static let kinds = [
      Kind(
        testDescription: "everything",
        scenario: unsorted.replacing("test: 5}", with: "test: 5, validation: 0.2}")
          + fullSettings.replacing("latents: true", with: "latents: true, films: {items: 3}")
          + "attractors: {max-steps: 2000, items: 12}\n"),
      Kind(testDescription: "Hopfield network", scenario: hopfield),
      Kind(
        testDescription: "starts without items",
        scenario: smallScenario.replacing("{levels: [0, 0.5]}", with: "{corruption: prior, items: 30}")
          + "observables: [distance-root]\noutput: {members: true, films: {items: 2}}\n"),
      Kind(
        testDescription: "sweep over numbers",
        scenario: unsorted
          + "sweep: {model.latent: [4, 2], dynamics.steps: [4, 2], model.training.beta: [1, 0.5]}\n"
          + "output: {members: true}\nattractors: {max-steps: 200, items: 4}\n"),
      Kind(
        testDescription: "sweep over words and lists",
        scenario: unsorted
          + "sweep: {model.hidden: [[16], [], [8, 4]], initial.split: [train, test]}\n"
          + "group-by: [class]\noutput: {members: true}\n"),
      Kind(
        testDescription: "sweep over booleans, levels and large seeds",
        scenario: smallScenario
          + "sweep: {seed: [18446744073709551615, 18446744073709551614], initial.levels: [[0.7, 0], [0.4]],"
          + " dataset.shuffle-labels: [true, false]}\n"),
      Kind(
        testDescription: "claims, controls and replicas",
        scenario: unsorted.replacing("  latent: 4\n", with: "  latent: 4\n  replicas: 2\n")
          + "observables: [distance-concept, energy]\noutput: {members: true}\n" + claims),
      Kind(
        testDescription: "claims on a sweep over words",
        scenario: unsorted.replacing("  latent: 4\n", with: "  latent: 4\n  replicas: 2\n")
          + "observables: [distance-concept, energy]\nsweep: {initial.split: [train, test]}\n" + claims),
    ]

    private func run(_ kind: Kind, in sandbox: Sandbox) throws -> NetCDFReader {
      try sandbox.put(kind.scenario, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "run.nc")
      return try sandbox.reader("run.nc")
    }

    // MARK: Without other programs

    /// A group with those above it, from the root on.
    private func visit(
      _ group: NetCDFReaderGroup, above: [NetCDFReaderGroup] = [],
      _ body: (NetCDFReaderGroup, [NetCDFReaderGroup]) throws -> Void
    ) throws {
      try body(group, above)
      for child in group.groups { try visit(child, above: above + [group], body) }
    }

    private func isCoordinate(_ variable: NetCDFReaderVariable) -> Bool {
      variable.dimensions.map(\.name) == [variable.name]
    }

    /// The variable of a name, in a group or the nearest above.
    private func find(
      _ name: Substring, _ group: NetCDFReaderGroup, _ above: [NetCDFReaderGroup]
    ) -> NetCDFReaderVariable? {
      for place in [group] + above.reversed() {
        if let found = place.variables.first(where: { $0.name == name }) { return found }
      }
      return nil
    }

    /// Coordinates ascend strictly, groups hide nothing of those above, units are known to UDUNITS, and names are found.
    @Test(arguments: kinds)
    func coordinatesAscendAndNothingIsHidden(_ kind: Kind) throws {
      let sandbox = try Sandbox()
      var coordinates = 0
      var names = 0
      try visit(try run(kind, in: sandbox).root) { group, above in
        for variable in group.variables {
          let attributes = Dictionary(
            variable.attributes.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
          if let units = attributes["units"]?.text { #expect(units == "1", "\(variable.path)") }
          #expect(attributes["role"] != nil, "\(variable.path)")
          if isCoordinate(variable) {
            coordinates += 1
            try #require(variable.type.isInteger || variable.type.isFloating, "\(variable.path)")
            let values = try variable.readDoubles()
            #expect(zip(values, values.dropFirst()).allSatisfy { $0 < $1 }, "\(variable.path): \(values)")
          } else if group.dimensions.contains(where: { $0.name == variable.name }) {
            Issue.record("\(variable.path) has the name of a dimension")
          }
          for place in above {
            guard let other = place.variables.first(where: { $0.name == variable.name }), isCoordinate(other)
            else { continue }
            // For readers of one group alone: the same coordinate once more.
            #expect(isCoordinate(variable) && variable.shape == other.shape, "\(variable.path)")
            #expect(try variable.readDoubles() == other.readDoubles(), "\(variable.path)")
          }
          for name in (attributes["coordinates"]?.text ?? "").split(separator: " ") {
            names += 1
            let label = find(name, group, above)
            #expect(label?.type == .string, "\(variable.path): \(name)")
            #expect(label?.dimensions.allSatisfy { variable.dimensions.contains($0) } ?? false, "\(name)")
          }
        }
        for dimension in group.dimensions {
          for place in above {
            let other = place.dimensions.first { $0.name == dimension.name }
            #expect(other.map { $0.length == dimension.length } ?? true, "\(group.path): \(dimension.name)")
          }
        }
      }
      #expect(coordinates >= 3)
      #expect(names > 0)
    }

    /// Runs whose levels are in another order are the same run.
    @Test func theOrderOfLevelsMeansNothing() throws {
      let sandbox = try Sandbox()
      try sandbox.put(Self.unsorted + "output: {members: true}\n", at: "small.yaml")
      let sorted = ["--set", "initial.levels=[0,0.4,0.8]"]
      try sandbox.succeed("run", "small.yaml", "-o", "a.nc")
      _ = try sandbox.simulate(["run", "small.yaml", "-o", "b.nc"] + sorted)
      let (a, b) = (try sandbox.reader("a.nc"), try sandbox.reader("b.nc"))
      try expectIdentical(a, b)
      #expect(try a.variable("level").readDoubles() == [0, 0.4, 0.8])
      #expect(try a.attribute("scenario").text?.contains("levels: [0, 0.4, 0.8]") == true)
      let again = try sandbox.simulate(["run", "small.yaml", "-o", "a.nc", "--resume"] + sorted)
      #expect(again.code == 0 && again.output.contains("is complete"), "\(again.output)\(again.errors)")
    }

    // MARK: With checkers

    /// The Python that has the checkers: `make test-deps` makes the environment.
    static let python: String? = {
      let path = Checkout.root + "/.build/checkers/bin/python"
      guard FileManager.default.isExecutableFile(atPath: path) else { return nil }
      let process = Process()
      process.executableURL = URL(fileURLWithPath: path)
      process.arguments = ["-c", "import cfchecker.cfchecks, compliance_checker.runner, xarray"]
      process.standardError = FileHandle.nullDevice
      guard (try? process.run()) != nil else { return nil }
      process.waitUntilExit()
      return process.terminationStatus == 0 ? path : nil
    }()

    private func check(_ sandbox: Sandbox, _ file: String) throws -> Execution {
      try sandbox.start(
        Self.python ?? "python", [Checkout.root + "/Scripts/check_conventions.py", file]
      ).end()
    }

    @Test(
      .enabled(if: python != nil, "needs the CF checkers in .build/checkers (make test-deps)"),
      arguments: kinds)
    func checkersFindNothing(_ kind: Kind) throws {
      let sandbox = try Sandbox()
      _ = try run(kind, in: sandbox)
      let checked = try check(sandbox, "run.nc")
      #expect(checked.code == 0, "\(checked.output)\(checked.errors)")
      #expect(checked.output == "run.nc: nothing found\n")
    }

    /// Merged shards are a file of their own making.
    @Test(.enabled(if: python != nil, "needs the CF checkers in .build/checkers (make test-deps)"))
    func checkersFindNothingInMergedShards() throws {
      let sandbox = try Sandbox()
      try sandbox.put(Self.unsorted + "output: {members: true}\n", at: "small.yaml")
      for shard in ["1/2", "2/2"] {
        try sandbox.succeed("run", "small.yaml", "-o", "run.nc", "--shard", shard)
      }
      try sandbox.succeed("merge", "run.1-of-2.shard", "run.2-of-2.shard", "-o", "run.nc")
      #expect(try check(sandbox, "run.nc").output == "run.nc: nothing found\n")
    }

    /// The checkers do find what version 1 had.
    @Test(.enabled(if: python != nil, "needs the CF checkers in .build/checkers (make test-deps)"))
    func checkersFindWhatVersionOneHad() throws {
      let sandbox = try Sandbox()
      for name in ["run", "sweep"] {
        _ = try sandbox.shell(
          "gunzip -c '\(Checkout.root)/Tests/Fixtures/version-1/\(name).nc.gz' > \(name).nc")
      }
      let run = try check(sandbox, "run.nc")
      #expect(run.code == 1)
      for words in [
        "/level: a coordinate that does not ascend strictly", "/members/level('member',): hides ('level',)",
        "/: cfchecks: energy: (3.1): Invalid units: nats",
        "/members: compliance-checker: units for energy, \"nats\" are not recognized by UDUNITS",
      ] { #expect(run.output.contains(words), "\(words) in \(run.output)") }
      let sweep = try check(sandbox, "sweep.nc")
      #expect(sweep.code == 1 && sweep.output.contains("/initial_split: a coordinate of texts"))
    }
  }
}
