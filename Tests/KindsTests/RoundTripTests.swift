import Corruptions
import Datasets
import Dynamics
import Experiments
import Foundation
import Kinds
import Observables
import Output
import Preparation
import Scenarios
import TestSupport
import Testing
import Vocabulary

/// Everything that is registered goes the whole way: key, value, YAML, run, file, and back from the file's scenario.
@Suite(.tags(.training), .slow) struct RoundTripTests {
  private static let registry = Registry.standard
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Sections of scenarios that run within a few milliseconds, by the kinds of data sets. Who registers a kind adds a
  /// row.
  private func datasetSections() throws -> [String: String] {
    [
      "hierarchical-patterns":
        "kind: hierarchical-patterns, dimension: 16, superclasses: 2, classes: 2, memories: 6, test: 3",
      "idx": """
      kind: idx, train-images: \(try pictures("images", 16)), train-labels: \(try labels("labels", 16)), \
      test-images: \(try pictures("test", 8)), test-labels: \(try labels("test-labels", 8)), \
      superclasses: {low: [0, 1], high: [2, 3]}
      """,
      "fashion-mnist":
        "kind: fashion-mnist, directory: \(try clothes()), superclasses: {low: [0, 1], high: [2, 3]}",
      "mnist": "kind: mnist, directory: \(try clothes()), superclasses: {low: [0, 1], high: [2, 3]}",
      "array": """
      kind: array, train: {items: \(try array("items.npy", [16, 4, 4])), labels: \(try array("labels.npy", [16]))}, \
      test: {fraction: 0.25}, class-names: [a, 'b: c', d, e], superclasses: {low: [0, 1], high: [2, 3]}
      """,
      // 12 training pictures and 4 others, in colour.
      "folder": "kind: folder, directory: \(SourceTree.fixtures)/pictures/folder",
    ]
  }

  /// Sections of models, by the kinds.
  private static let modelSections = [
    "vae": "kind: vae, latent: 2, hidden: [5], training: {epochs: 1, batch: 5}", "hopfield": "kind: hopfield",
    "onnx": """
    kind: onnx, encoder: {file: \(SourceTree.fixtures)/onnx/dense-legacy-encoder.onnx}, \
    decoder: {file: \(SourceTree.fixtures)/onnx/dense-legacy-decoder.onnx}
    """,
  ]

  private func text(dataset: String = "hierarchical-patterns", model: String = "vae", _ rest: String = "")
    throws
    -> String
  {
    let section = try #require(
      datasetSections()[dataset], "add a row for the kind \(dataset) to datasetSections")
    let modelSection = try #require(
      Self.modelSections[model], "add a row for the kind \(model) to modelSections")
    return "name: a\nseed: 3\ndataset: {\(section)}\nmodel: {\(modelSection)}\ndynamics: {steps: 2}\n" + rest
  }

  private func scenario(_ text: String) throws -> Scenario {
    try ScenarioLoader.parse(text: text, path: folder("a.yaml"), vocabulary: Self.registry.vocabulary)
  }

  private func expectSame(
    _ a: Scenario, _ b: Scenario, sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) {
    #expect(a.assignments.map(\.0) == b.assignments.map(\.0), sourceLocation: sourceLocation)
    #expect(a.assignments.map(\.1) == b.assignments.map(\.1), sourceLocation: sourceLocation)
  }

  /// Reads, writes and reads again; runs; compares what the file says of its scenario; runs that, and compares the
  /// numbers.
  private func roundTrip(
    _ text: String, sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) throws -> NetCDFReader {
    let scenario = try scenario(text)
    expectSame(try self.scenario(scenario.resolvedYAML), scenario, sourceLocation: sourceLocation)
    func run(_ scenario: Scenario, to name: String) throws -> NetCDFReader {
      let options = RunOptions(threads: 1, cache: ModelCache(folder: folder("cache")))
      _ = try Experiment(scenario, options: options).run(to: folder(name))
      return try NetCDFReader(path: folder(name))
    }
    let file = try run(scenario, to: "first.nc")
    let kept = try self.scenario(try #require(file.attribute("scenario").text))
    expectSame(kept, scenario, sourceLocation: sourceLocation)
    let again = try run(kept, to: "second.nc")
    #expect(!file.root.variables.isEmpty, sourceLocation: sourceLocation)
    for variable in file.root.variables where variable.type.isFloating {
      let (a, b) = (try variable.readDoubles(), try again.variable(variable.name).readDoubles())
      #expect(a.map(\.bitPattern) == b.map(\.bitPattern), "\(variable.name)", sourceLocation: sourceLocation)
    }
    return file
  }

  // MARK: Keys of kinds

  private func number(_ range: ScenarioValueType.NumberRange) -> Double {
    range.lower + (min(range.upper, range.lower + 1) - range.lower) * 0.375
  }

  /// A value of a key that is allowed and not the default, as YAML and as the kind reads it.
  private func sample(
    _ type: ScenarioValueType, insteadOf defaultValue: String? = nil
  ) throws -> (yaml: String, value: ScenarioValue) {
    switch type {
    case .boolean: return ("true", .boolean(true))
    case .integer(let range):
      let value = min(range.lowerBound + 1, range.upperBound)
      return ("\(value)", .integer(value))
    case .number(let range): return ("\(number(range))", .number(number(range)))
    case .integers(let range, let count):
      let values = (0..<min(2, count.upperBound)).map { range.lowerBound + $0 }
      return ("\(values)", .integers(values))
    case .numbers(let range, let count):
      let values = [Double](repeating: number(range), count: max(1, count.lowerBound))
      return ("\(values)", .numbers(values))
    case .word(let words):
      let word = try #require(words.last { $0 != defaultValue })
      return (word, .word(word))
    case .text: return ("'a: b # c'", .text("a: b # c"))
    case .path: return ("'b c: #.bin'", .path(folder("b c: #.bin")))
    case .labelGroups(let range):
      let labels = [range.lowerBound, range.upperBound]
      return (
        "{a: [\(labels[0])], 'b: c': [\(labels[1])]}",
        .labelGroups([
          LabelGroup(name: "a", labels: [labels[0]]), LabelGroup(name: "b: c", labels: [labels[1]]),
        ])
      )
    case .texts: return ("[a, 'b: c']", .texts(["a", "b: c"]))
    case .numbersOrNone(_, let count):
      let values = (0..<max(1, count.lowerBound)).map { 0.125 + Double($0) }
      return ("\(values)", .numbers(values))
    case .numberOrNumbers(let range, _): return ("\(number(range))", .numbers([number(range)]))
    case .fields(let fields): return sample(fields)
    case .choice(let choices):
      let choice = try #require(choices.last)
      guard let range = choice.number else { return (choice.name, .choice(choice.name, .none)) }
      return ("{\(choice.name): \(number(range))}", .choice(choice.name, .number(number(range))))
    default:
      struct Unknown: Error {}
      Issue.record("\(type): add a sample of keys of this type")
      throw Unknown()
    }
  }

  /// The fields that must be there, or else the first one: those that need not may exclude each other.
  private func sample(_ fields: [ScenarioField]) -> (yaml: String, value: ScenarioValue) {
    let required = fields.filter(\.isRequired)
    let samples = (required.isEmpty ? Array(fields.prefix(1)) : required).map {
      field -> (name: String, yaml: String, value: ScenarioValue) in
      switch field.value {
      case .array:
        return (field.name, "'b c: #.npz:d e'", .path(folder("b c: #.npz:d e")))
      case .number(let range): return (field.name, "\(number(range))", .number(number(range)))
      }
    }
    return (
      "{" + samples.map { "\($0.name): \($0.yaml)" }.joined(separator: ", ") + "}",
      .fields(samples.map { ScenarioFieldValue(name: $0.name, value: $0.value) })
    )
  }

  /// The mapping of a section whose dotted key has a value: `training: {epochs: 2}`.
  private func mapping(_ name: String, _ yaml: String) -> String {
    name.split(separator: ".").reversed().reduce(yaml) { inner, part in
      inner == yaml ? "\(part): \(inner)" : "\(part): {\(inner)}"
    }
  }

  private func checkKeys(
    section: String, kind: String, keys: [ScenarioKey], values: (Scenario) -> KindValues
  ) throws {
    for key in keys where key.type != .section {
      let sample = try sample(key.type, insteadOf: key.defaultValue)
      let beside = keys.filter { $0.isRequired && $0.name != key.name && !$0.name.contains(".") }
      // A key that stands alone tells the kind.
      let others = try key.isExclusive ? [] : beside.map { ($0.name, try self.sample($0.type).yaml) }
      let given = [(key.name, sample.yaml)] + others
      let content =
        (key.isExclusive ? "" : "kind: \(kind), ") + given.map { mapping($0.0, $0.1) }.joined(separator: ", ")
      let dataset = section == "dataset" ? content : "validation: 0.25"
      let model = section == "model" ? "\nmodel: {\(content)}" : ""
      let scenario = try scenario("name: a\ndataset: {\(dataset)}" + model)
      #expect(values(scenario)[key.name] == sample.value, "\(section).\(key.name)")
      let again = try self.scenario(scenario.resolvedYAML)
      #expect(values(again)[key.name] == sample.value, "\(section).\(key.name)")
      let key = section + "." + key.name
      #expect(scenario.assignments.contains { $0.0 == key }, "\(key) is not echoed")
    }
  }

  @Test(arguments: registry.datasets.map { $0.name }) func keysOfDataSetsKeepTheirValues(_ name: String)
    throws
  {
    let kind = try #require(Self.registry.datasets.first { $0.name == name })
    try checkKeys(section: "dataset", kind: name, keys: kind.keys) { $0.dataset }
  }

  @Test(arguments: registry.models.map { $0.name }) func keysOfModelsKeepTheirValues(_ name: String) throws {
    let kind = try #require(Self.registry.models.first { $0.name == name })
    try checkKeys(section: "model", kind: name, keys: kind.keys) { $0.model }
  }

  // MARK: Runs

  @Test(arguments: registry.datasets.map { $0.name }) func dataSetsMakeTheRoundTrip(_ name: String) throws {
    let file = try roundTrip(text(dataset: name, "observables: [distance-concept]"))
    let distances = try file.variable("distance_concept").readDoubles()
    #expect(distances.count % 3 == 0 && distances.allSatisfy { $0.isFinite && $0 >= 0 })
    #expect(try file.attribute("dataset_sha256").text?.count == 64)
  }

  @Test(arguments: registry.models.map { $0.name }) func modelsMakeTheRoundTrip(_ name: String) throws {
    let file = try roundTrip(text(model: name, "observables: [step-length]"))
    let lengths = try file.variable("step_length").readDoubles()
    #expect(lengths.contains { $0 > 0 }, "nothing moves: \(lengths)")
  }

  /// Those that are averaged, and one of the numbered family.
  private static let averagedObservables =
    registry.observables.filter { !($0 is any CollectiveObservable.Type) }.map { $0.name }
    .filter { $0 != ConceptLabel.name } + ["principal-component-2"]

  @Test(arguments: averagedObservables) func observablesMakeTheRoundTrip(_ name: String) throws {
    let file = try roundTrip(text("observables: [\(name)]"))
    let variable = try file.variable(name.replacing("-", with: "_"))
    #expect(variable.dimensions.map(\.name).suffix(2) == ["level", "time"])
    let known = try variable.readDoubles().filter { !$0.isNaN }
    // An untrained network's paths need not end at memories.
    #expect(name == DistanceReachedMemory.name || !known.isEmpty)
    #expect(known.allSatisfy { $0.isFinite }, "\(known)")
    #expect(try variable.attribute("units").text != nil && variable.attribute("long_name").text != nil)
  }

  /// The variables that each observable of all members together leaves; who registers one adds a row.
  private static let collectiveVariables = [
    ClassSpread.name: ["between_class_spread", "within_class_spread", "class_separation"],
    CommonMotionAverages.name: ["distance_root_on_common_motion"],
  ]

  @Test(
    arguments: registry.observables.filter { $0 is any CollectiveObservable.Type }.map { $0.name }
  ) func collectiveObservablesMakeTheRoundTrip(_ observable: String) throws {
    let names = try #require(Self.collectiveVariables[observable], "add a row for \(observable)")
    let file = try roundTrip(text("observables: [distance-root, \(observable)]"))
    for name in names {
      let variable = try file.variable(name)
      #expect(variable.dimensions.map(\.name) == ["level", "time"])
      #expect(try variable.readDoubles().contains { $0.isFinite })
    }
  }

  /// A label is counted, not averaged.
  @Test func labelsMakeTheRoundTrip() throws {
    let file = try roundTrip(text("observables: [\(ConceptLabel.name)]"))
    let counts = try file.variable("nearest_concept_count")
    #expect(counts.dimensions.map(\.name) == ["level", "time", "source_class", "nearest_class"])
    // Each of the 24 members (4 classes x 6 memories) is near to one concept, or to none, at each time.
    let cells = counts.shape[2] * counts.shape[3]
    let values = try counts.readInts()
    for first in stride(from: 0, to: values.count, by: cells) {
      #expect(values[first..<first + cells].reduce(0, +) == 24)
    }
  }

  @Test(arguments: registry.corruptions.map { $0.name }) func corruptionsMakeTheRoundTrip(_ name: String)
    throws
  {
    let type = try #require(Self.registry.corruptions.first { $0.name == name })
    let levels = type.levelDomain == .none ? "" : ", levels: [0, 0.5]"
    let file = try roundTrip(
      text(
        """
        initial: {corruption: \(name)\(levels)}
        observables: [distance-root]
        output: {members: true, initial-states: true}
        """))
    let level = try file.variable("level")
    #expect(try level.attribute("long_name").text?.contains(name) == true)
    #expect(try level.readDoubles() == (levels.isEmpty ? [0] : [0, 0.5]))
    let states = type.origin == .item ? "members/initial_state" : "members/initial_latent_state"
    let values = try file.variable(states).readDoubles()
    #expect(values.allSatisfy { $0.isFinite })
    // Members of the two levels start at different places.
    if !levels.isEmpty { #expect(values[..<(values.count / 2)] != values[(values.count / 2)...]) }
  }

  // MARK: Files of data

  /// A file in numpy's format: bytes with the header of `numpy.save`, padded to 64 bytes. Items are pictures, each with a
  /// bright column of its own; an array of one size has labels.
  private func array(_ name: String, _ shape: [Int]) throws -> String {
    let sizes = shape.map { "\($0)," }.joined(separator: " ")
    let text = "{'descr': '|u1', 'fortran_order': False, 'shape': (\(sizes)), }"
    let header = text + String(repeating: " ", count: 117 - text.utf8.count) + "\n"
    let bytes = shape.count == 1 ? fourLabels(shape[0]) : fourColumns(shape[0])
    return try folder.put(
      [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8) + bytes, at: name)
  }

  private func put(_ bytes: [UInt8], shape: [Int], at name: String) throws -> String {
    try folder.put(idx(shape, bytes), at: name)
  }

  /// Pictures of 4 x 4 in four classes, each with a bright column of its own.
  private func fourColumns(_ count: Int) -> [UInt8] {
    (0..<count * 16).map { place in
      let (picture, column) = (place / 16, place % 4)
      return column == picture % 4 ? 250 : UInt8(place * 7 % 60)
    }
  }

  private func fourLabels(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 % 4) } }

  private func pictures(_ name: String, _ count: Int) throws -> String {
    try put(fourColumns(count), shape: [count, 4, 4], at: name)
  }

  private func labels(_ name: String, _ count: Int) throws -> String {
    try put(fourLabels(count), shape: [count], at: name)
  }

  /// A folder with files of the names of MNIST and Fashion-MNIST.
  private func clothes() throws -> String {
    for (part, count) in [("train", 16), ("t10k", 8)] {
      _ = try pictures(part + "-images-idx3-ubyte", count)
      _ = try labels(part + "-labels-idx1-ubyte", count)
    }
    return folder.path
  }
}
