import Foundation
import Experiments
import Kinds
import Output
import Preparation
import RunFiles
import Scenarios
import Testing

extension CommandTests {
  /// The table of the run file's variables against real files.
  @Suite struct VariableTableTests {
    /// A scenario that brings variables which others lack.
    struct Kind: CustomTestStringConvertible {
      var testDescription: String
      var scenario: String
    }

    private static let attractors = "attractors: {max-steps: 2000, items: 12}\n"
    private static let rest = "observables: [distance-concept, principal-component-3, energy]\n"

    static let kinds = [
      Kind(testDescription: "plain", scenario: smallScenario),
      Kind(
        testDescription: "everything",
        scenario: smallScenario.replacing("test: 5}", with: "test: 5, validation: 0.2}")
          .replacing("batch: 10}", with: "batch: 10, patience: 1}")
          + fullSettings.replacing(
            "latents: true", with: "latents: true, initial-states: true, films: {items: 3}"
          )
          .replacing("[distance-concept,", with: "[nearest-concept, distance-concept,") + attractors),
      Kind(
        testDescription: "several realizations in sample mode",
        scenario: smallScenario.replacing("{steps: 3}", with: "{steps: 3, mode: sample}")
          .replacing("[0, 0.5]}", with: "[0, 0.5, 0.7], realizations: 2, items: 20}") + rest
          + "group-by: [superclass]\noutput: {members: true, latents: true}\n"),
      Kind(
        testDescription: "starts without items",
        scenario: smallScenario.replacing("{levels: [0, 0.5]}", with: "{corruption: prior, items: 30}")
          + "observables: [distance-root, nearest-concept]\nconcepts: {radius-quantile: none}\n"
          + "output: {members: true, initial-states: true, films: {items: 2}}\n" + attractors),
      Kind(
        testDescription: "all members together, and whole paths",
        scenario: smallScenario
          + "observables: [distance-concept, distance-reached-memory, closest-memory-tied, class-spread, common-motion]\n"
          + "output: {members: true}\n"),
      Kind(
        testDescription: "Hopfield network",
        scenario: smallScenario.split(separator: "\n").filter {
          !["latent", "hidden", "training"].contains(
            $0.prefix { $0 != ":" }.trimmingCharacters(in: .whitespaces))
        }.joined(separator: "\n").replacing("model:", with: "model: {kind: hopfield}")
          + "\nobservables: [distance-concept, overlap-memory]\nsplit-by: [retention]\noutput: {members: true}\n"
      ),
    ]

    /// Variables by path, in words: everything but values.
    private static func words(_ reader: NetCDFReaderGroup) -> [String: String] {
      var result: [String: String] = [:]
      for variable in reader.variables {
        func text(_ name: String) -> String {
          variable.attributes.first { $0.name == name }?.value.text ?? ""
        }
        let attributes = ["long_name", "units", "ancillary_variables", "role", "role_of"]
        result[variable.path] =
          "\(variable.type) \(variable.dimensions.map(\.name)) "
          + attributes.map(text).joined(separator: "; ")
      }
      return reader.groups.map { words($0) }.reduce(result) { $0.merging($1) { first, _ in first } }
    }

    private static func words(_ part: RunPart) -> [(String, String)] {
      part.variables.map { variable in
        let ancillary = variable.more.first { $0.0 == "ancillary_variables" }?.1.text ?? ""
        let description = [
          variable.longName, variable.units ?? "", ancillary, variable.role.word, variable.role.subject ?? "",
        ]
        return (
          (part.group.isEmpty ? "" : "/" + part.group) + "/" + variable.name,
          "\(variable.kind.rawValue) \(variable.dimensions) " + description.joined(separator: "; ")
        )
      }
    }

    private static func layout(_ kind: Kind, _ sandbox: Sandbox) throws -> RunLayout {
      let scenario = try ScenarioLoader.load(
        path: sandbox("small.yaml"), vocabulary: Registry.standard.vocabulary)
      let experiment = try Experiment(scenario)
      return try experiment.fileLayout(try experiment.modelOutline())
    }

    /// What the estimate expects from the scenario alone is what the file has.
    @Test(arguments: kinds)
    func filesHaveWhatTheTableSays(_ kind: Kind) throws {
      let sandbox = try Sandbox()
      try sandbox.put(kind.scenario, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "small.nc")
      let file = try sandbox.reader("small.nc")
      let layout = try Self.layout(kind, sandbox)
      let found = Self.words(file.root)
      var expected: [String: String] = [:]
      for part in layout.parts {
        for (path, words) in Self.words(part) {
          #expect(expected.updateValue(words, forKey: path) == nil, "\(path) is there twice")
        }
        // How many attractors there are, nobody knows before.
        let group = try part.group.isEmpty ? file.root : file.group(part.group)
        for dimension in part.dimensions where dimension.name != "attractor" {
          #expect(
            group.dimensions.first { $0.name == dimension.name }?.length == dimension.length,
            "\(part.group)/\(dimension.name)")
        }
      }
      #expect(found.keys.sorted() == expected.keys.sorted())
      for (path, words) in expected { #expect(found[path] == words, "\(path)") }

      let contents = layout.contents
      #expect(contents.variables == Double(file.root.variables.count))
      #expect(
        contents.groupVariables == Double(file.root.groups.map(\.variables.count).reduce(0, +)))
    }

    /// Every role is one that the table knows, is of a variable that is there, and follows from the name as well: so
    /// files from before the attributes mean the same.
    private func expectRoles(
      _ group: NetCDFReaderGroup, isOfModels: Bool = false,
      sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) {
      let (roles, former) = (VariableRoles(group), VariableRoles(former: group))
      for variable in group.variables {
        let word = variable.attributes.first { $0.name == "role" }?.value.text
        let role = roles[variable.name]
        #expect(word == role.word, "\(variable.path)", sourceLocation: sourceLocation)
        if let subject = role.subject {
          let hasSubject = group.variables.contains { $0.name == subject }
          if case .minimum = role {
          } else {
            #expect(hasSubject, "\(variable.path) of \(subject)", sourceLocation: sourceLocation)
          }
        }
        // Of several models, every number is a mean; names do not tell that of all. Numbered words came after roles.
        let isMean = isOfModels && role == .mean
        if case .words = role { continue }
        #expect(
          former[variable.name] == role || isMean, "\(variable.path): \(former[variable.name])",
          sourceLocation: sourceLocation)
        if case .average = role, variable.dimensions.last?.name == "time", group.name == "/" {
          #expect(
            former.family(of: variable.name) == roles.family(of: variable.name), "\(variable.path)",
            sourceLocation: sourceLocation)
        }
      }
      for child in group.groups {
        // Controls are averaged over models, too.
        let isControl = child.name == "controls" || group.name == "controls"
        expectRoles(child, isOfModels: isOfModels && isControl, sourceLocation: sourceLocation)
      }
    }

    @Test(arguments: kinds)
    func namesFromBeforeMeanTheSame(_ kind: Kind) throws {
      let sandbox = try Sandbox()
      try sandbox.put(kind.scenario, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "small.nc")
      expectRoles(try sandbox.reader("small.nc").root)
    }

    @Test func filesOfSeveralRunsHaveKnownRoles() throws {
      let sandbox = try Sandbox()
      let scenario =
        smallScenario.replacing("  latent: 4\n", with: "  latent: 4\n  replicas: 2\n")
        + "sweep: {model.training.epochs: [1, 2], initial.split: [train, test]}\n"
        + "observables: [distance-concept, distance-root]\nsplit-by: [retention]\n"
        + "output: {members: true, films: {items: 2}}\ncontrols: [linear]\n" + Self.attractors
          + """
          claims:
            near:
              statement: It comes near.
              estimate: approach(distance-concept)
              threshold: 0
              over: each
              controls: [linear, sibling]

          """
      try sandbox.put(scenario, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "small.nc")
      let file = try sandbox.reader("small.nc")
      expectRoles(file.root, isOfModels: true)
      let names = file.root.groups.map(\.name)
      #expect(Set(names) == ["controls", "claims", "replicas"])
      let claim = try file.group("claims/near")
      #expect(
        ClaimLayout.count(hasLevels: true, hasControls: true, hasAnswers: false) == claim.variables.count - 4)

      // Without replicas: the groups of runs are alike, and stacked.
      try sandbox.succeed(
        "run", "small.yaml", "-o", "sweep.nc", "--set", "model.replicas=1", "--set", "claims=null")
      expectRoles(try sandbox.reader("sweep.nc").root)
    }

    /// The averages over models of a file are as many as the estimate counts.
    @Test func averagesOverModelsAreCounted() throws {
      let sandbox = try Sandbox()
      for observable in ["distance-concept", "distance-root"] {
        let scenario =
          smallScenario + "observables: [\(observable)]\ngroup-by: [class]\nsplit-by: [retention]\n"
        try sandbox.put(scenario, at: "small.yaml")
        let layout = try Self.layout(Kind(testDescription: "", scenario: scenario), sandbox)
        try sandbox.succeed("run", "small.yaml", "-o", "m.nc", "--overwrite", "--set", "model.replicas=2")
        // What is the same in all models is no average: coordinates and names.
        let names = ["level", "time", "tree_level", "change_time", "concept", "concept_name"]
        let root = try sandbox.reader("m.nc").root
        let averages = root.variables.filter { !names.contains($0.name) }
        #expect(layout.contents.summaryVariables == Double(averages.count), "\(observable)")
      }
    }
  }
}
