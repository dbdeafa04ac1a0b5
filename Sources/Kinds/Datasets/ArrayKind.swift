import Arrays
import Datasets
import Scenarios
import Vocabulary

/// Arrays of items and labels in files of numpy, NetCDF or HDF5.
struct ArrayKind: DatasetKind {
  static let name = "array"
  static let summary = "arrays in .npy, .npz, NetCDF or HDF5 files"
  static let example = """
    dataset:
      kind: array
      train: {items: digits.npz:images, labels: digits.npz:labels}
      test: {fraction: 0.2}
      range: [0, 16]
    """
  static let keys =
    [
      ScenarioKey(
        "train", .fields([ScenarioField("items", .array, required: true), ScenarioField("labels", .array)]),
        "training items [items, ...] and their labels, by FILE, FILE:VARIABLE or FILE:VARIABLE:COLUMN",
        required: true, influence: .fileContents),
      ScenarioKey(
        "test",
        .fields([
          ScenarioField("fraction", .number(.init(0, 0.9, excludesLower: true))),
          ScenarioField("items", .array),
          ScenarioField("labels", .array),
        ]),
        "held-out items: a share of each class's, drawn by the seed, or arrays of their own; by default none",
        influence: .fileContents),
      ScenarioKey(
        "range", .numbersOrNone(.init(-1e300, 1e300), count: 2...2),
        "the numbers that become 0 and 1; by default [0, 255] for bytes and [0, 1] for floating-point numbers; "
          + "none: numbers are kept", influence: .numbers),
      ScenarioKey(
        "standardize", .boolean, default: "false",
        "subtract each component's mean over the training items and divide by its deviation, for a Gaussian decoder",
        influence: .numbers),
      ScenarioKey(
        "shape", .integers(1...100_000, count: 2...3),
        "height, width, or height, width, channels of pictures; by default from the array",
        influence: .numbers),
      ScenarioKey(
        "channels", .word(ItemShape.Channels.allCases.map(\.rawValue)), default: "last",
        "where arrays of colour pictures have the channels", influence: .numbers),
      ScenarioKey(
        "class-names", .texts(count: 1...10_000),
        "names of the classes in ascending order of their labels", influence: .nothing),
      LabelledFiles.superclassKey(labels: Int(Int32.min)...Int(Int32.max)),
    ] + LabelledFiles.itemKeys

  private let values: KindValues

  init(_ values: KindValues) { self.values = values }

  func traits(validation: Double) -> DatasetTraits {
    var traits = LabelledFiles.traits(values)
    traits.hasClasses = values.field("labels", of: "train") != nil
    return traits
  }

  func check(_ scenario: Scenario) throws {
    if case .numbers(let bounds)? = values["range"], bounds[0] >= bounds[1] {
      throw KindRefusal(
        key: "dataset.range", expected: "two ascending numbers", remedy: "write range: [0, 16]")
    }
    if standardizes, case .numbers? = values["range"] {
      throw KindRefusal(
        key: "dataset.range", expected: "none beside standardize: true, which has a scale of its own",
        remedy: "leave one of them out")
    }
    guard values.contains("test") else { return }
    let hasFraction = values.field("fraction", of: "test") != nil
    let hasItems = values.field("items", of: "test") != nil
    let hasLabels = values.field("labels", of: "test") != nil
    guard hasFraction != hasItems, !(hasFraction && hasLabels) else {
      throw KindRefusal(
        key: "dataset.test", expected: "either a fraction, or items (and labels)",
        remedy: "write test: {fraction: 0.2} or test: {items: FILE:VARIABLE, labels: FILE:VARIABLE}")
    }
  }

  var standardizes: Bool { values.boolean("standardize") }

  private func part(_ key: String) -> ArrayDataset.Part? {
    func reference(_ field: String) -> ArrayReference? {
      guard case .path(let text)? = values.field(field, of: key) else { return nil }
      return ArrayReference(text)
    }
    return reference("items").map { ArrayDataset.Part(items: $0, labels: reference("labels")) }
  }

  func load(seed: UInt64) throws -> Dataset {
    guard let train = part("train") else { preconditionFailure("the loader demands dataset.train.items") }
    var test = ArrayDataset.Test.none
    if case .number(let fraction)? = values.field("fraction", of: "test") { test = .fraction(fraction) }
    if let part = part("test") { test = .part(part) }
    var arrays = ArrayDataset(train: train, test: test)
    switch values["range"] {
    case .numbers(let bounds): arrays.scale = .from(lower: bounds[0], upper: bounds[1])
    case .noNumbers: arrays.scale = .none
    default: arrays.scale = standardizes ? .none : .byType
    }
    arrays.shape = values.optionalIntegers("shape")
    arrays.channels = values.word("channels", as: ItemShape.Channels.self)
    arrays.classNames = values.optionalTexts("class-names")
    arrays.superclasses = LabelledFiles.superclasses(values)
    return try LabelledFiles.chosen(arrays.load(seed: seed), values)
  }
}
