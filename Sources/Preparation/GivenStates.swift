import Arrays
import Datasets
import Dynamics
import Kinds
import Output
import Scenarios
import Vocabulary

/// Initial states read from a file (`initial.corruption: file`).
package struct GivenStates {
  /// `[states, D]` or `[states, N]`.
  package var rows: RowTable
  package var space: StateSpace
  /// Class index of each state; nil where the file has no labels.
  package var classes: [Int32]?
  /// The number of each state's source item in the scenario's split; nil where the file does not say.
  package var items: [Int32]?

  /// Reads the states.
  ///
  /// A NetCDF variable or an array of numpy `[states, ...]`, or an IDX file of pictures (value / 255). States of D numbers are
  /// data-space states, states of N numbers latent ones; where D = N they are taken as data.
  ///
  /// - Parameter dataRange: Where the components of data-space states lie.
  /// - Throws: `ScenarioError`, `DatasetError`, `NetCDFError`.
  package init(
    _ file: InitialSpecification.File, scenario: Scenario, dataset: Dataset, latentDimension: Int,
    dataRange: ModelOutline.DataRange
  ) throws {
    try Self.checkFormat(file, scenario)
    let (count, width) = try Self.checkedShape(file, scenario, [dataset.dimension, latentDimension])
    let values = try Self.values(file)
    if let bad = values.firstIndex(where: { !$0.isFinite }) {
      throw scenario.error(
        key: "initial.file", value: file.place,
        expected: "finite numbers; state \(bad / width) holds \(values[bad])", remedy: "remove such states")
    }
    space = width == dataset.dimension ? .data : .latent
    if space == .data, dataRange == .unitInterval, let least = values.min(), let most = values.max(),
      least < 0 || most > 1
    {
      throw scenario.error(
        key: "initial.file", value: file.place,
        expected:
          "numbers from 0 to 1, as the model's likelihood is bernoulli; they go from \(least) to \(most)",
        remedy: "divide bytes by 255, or store them as an IDX file")
    }
    rows = RowTable(rows: count, columns: width, elements: values)
    classes = try Self.classes(file, scenario, dataset, count: count)
    items = try Self.items(file, scenario, dataset, count: count)
  }

  private static func checkFormat(_ file: InitialSpecification.File, _ scenario: Scenario) throws {
    guard file.variable == nil, let format = NetCDFFormat(ofFile: file.path) else { return }
    throw scenario.error(
      key: "initial.file.variable",
      expected: "a variable of \(file.path), which is a NetCDF file (\(format.rawValue))",
      remedy: "write initial.file.variable: NAME (ncdump -h lists the names)")
  }

  /// The number of states, and of their components: D or N.
  private static func checkedShape(
    _ file: InitialSpecification.File, _ scenario: Scenario, _ widths: [Int]
  ) throws -> (count: Int, width: Int) {
    let shape = try shape(file)
    let width = shape.dropFirst().reduce(1) { product, length in
      let (next, overflow) = product.multipliedReportingOverflow(by: length)
      return overflow ? .max : next
    }
    let count = shape.first ?? 0
    guard shape.count >= 2, count > 0, widths.contains(width) else {
      throw scenario.error(
        key: "initial.file", value: file.place,
        expected: "an array [states, \(widths[0])] of data or [states, \(widths[1])] of latent"
          + " states; its shape is \(shape)",
        remedy: "choose another variable, data set or model")
    }
    // Checked before values are read: a variable of another shape may declare more than can be read.
    guard count <= Int(Int32.max) else {
      throw scenario.error(
        key: "initial.file", value: file.place,
        expected: "at most \(Int32.max) states; there are \(count)", remedy: "choose fewer")
    }
    return (count, width)
  }

  /// The classes of the states' labels; nil where the file has none.
  private static func classes(
    _ file: InitialSpecification.File, _ scenario: Scenario, _ dataset: Dataset, count: Int
  ) throws -> [Int32]? {
    guard let labels = file.labels else { return nil }
    let numbers = try readLabels(labels, file)
    guard numbers.count == count else {
      throw scenario.error(
        key: "initial.file.labels", value: labels,
        expected: "\(count) labels, one for each state; it has \(numbers.count)",
        remedy: "choose the labels that belong to the states")
    }
    return try numbers.map { label in
      guard let index = dataset.hierarchy.classLabels.firstIndex(of: label) else {
        throw scenario.error(
          key: "initial.file.labels", value: "\(label)",
          expected: "labels of the data set: \(dataset.hierarchy.classLabels)",
          remedy: "correct the labels, or leave the key out for states without classes")
      }
      return Int32(index)
    }
  }

  /// The numbers of the states' source items; nil where the file does not say.
  private static func items(
    _ file: InitialSpecification.File, _ scenario: Scenario, _ dataset: Dataset, count: Int
  ) throws -> [Int32]? {
    guard let name = file.items else { return nil }
    let place = file.place(of: name)
    func refusal(_ expected: String, _ remedy: String) -> ScenarioError {
      scenario.error(key: "initial.file.items", value: place, expected: expected, remedy: remedy)
    }
    let (numbers, shape) = try readNumbers(name, file, count: count)
    guard let numbers else {
      throw refusal(
        "\(count) numbers of source items, one for each state; its shape is \(shape)",
        "choose the numbers that belong to the states")
    }
    let split = scenario.initial.split
    let available = (split == .train ? dataset.train : dataset.test).count
    return try numbers.enumerated().map { state, number in
      guard number == number.rounded(), (0..<Double(available)).contains(number) else {
        let text = number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
        throw refusal(
          "whole numbers from 0 to \(available - 1), as the \(split.rawValue) split has \(available) items;"
            + " that of state \(state) is \(text)",
          split == .train
            ? "correct it, or write initial.split: test where held-out items are meant"
            : "correct it, or write initial.split: train where training items are meant")
      }
      return Int32(number)
    }
  }

  /// A given number of values of a variable of the file, or of an IDX file, NaN if they are missing; nil if
  /// its shape differs, because it may declare more values than can be read.
  private static func readNumbers(
    _ name: String, _ file: InitialSpecification.File, count: Int
  ) throws -> (numbers: [Double]?, shape: [Int]) {
    if let array = try file.array(named: name) {
      return (array.shape == [count] ? try array.numbers() : nil, array.shape)
    }
    guard file.variable != nil else {
      let array = try IDXReader.read(path: name, types: Set(IDXElementType.allCases))
      let numbers = (0..<array.count).map { Double(array.integer(at: $0)) }
      return (array.shape == [count] ? numbers : nil, array.shape)
    }
    let variable = try NetCDFReader(path: file.path).variable(name)
    return (variable.shape == [count] ? try variable.readDoubles() : nil, variable.shape)
  }

  /// The numbers of the states' source items, without the states; nil where the file does not say.
  ///
  /// - Throws: as `init`.
  static func items(
    _ file: InitialSpecification.File, scenario: Scenario, dataset: Dataset
  ) throws -> [Int32]? {
    file.items == nil ? nil : try items(file, scenario, dataset, count: count(file))
  }

  /// The number of states in a file.
  static func count(_ file: InitialSpecification.File) throws -> Int { try shape(file).first ?? 0 }

  /// The numbers of each state in a file.
  static func width(_ file: InitialSpecification.File) throws -> Int {
    try shape(file).dropFirst().reduce(1, *)
  }

  private static func shape(_ file: InitialSpecification.File) throws -> [Int] {
    if let array = try file.array { return array.shape }
    guard let name = file.variable else { return try IDXReader.read(path: file.path).shape }
    return try NetCDFReader(path: file.path).variable(name).shape
  }

  private static func values(_ file: InitialSpecification.File) throws -> [Double] {
    if let array = try file.array { return try array.numbers() }
    guard let name = file.variable else {
      return try IDXReader.read(path: file.path).elements.map { Double(ItemSplit.greyLevels[Int($0)]) }
    }
    return try NetCDFReader(path: file.path).variable(name).readDoubles()
  }

  private static func readLabels(_ labels: String, _ file: InitialSpecification.File) throws -> [Int] {
    if let array = try file.array(named: labels) {
      // -1 where it is no whole number, which no label of a data set is either.
      return try array.numbers().map { Int(exactly: $0) ?? -1 }
    }
    guard file.variable != nil else {
      let array = try IDXReader.read(path: labels, types: Set(IDXElementType.allCases))
      return (0..<array.count).map { array.integer(at: $0) }
    }
    return try NetCDFReader(path: file.path).variable(labels).readInts()
  }
}

extension InitialSpecification.File {
  /// The states' array, where the file has one of numpy's formats.
  fileprivate var array: NumberArray? {
    get throws {
      NumberArray.isNumpy(path)
        ? try NumberArray(ArrayReference(file: path, variable: variable)) : nil
    }
  }

  /// Labels or items, where they are in a file of one of numpy's formats: an array of the states' archive, or another
  /// file.
  fileprivate func array(named name: String) throws -> NumberArray? {
    if variable != nil {
      return NumberArray.isNumpy(path) ? try NumberArray(ArrayReference(file: path, variable: name)) : nil
    }
    let reference = ArrayReference(name)
    return NumberArray.isNumpy(reference.file) ? try NumberArray(reference) : nil
  }

  /// The file, and the variable in it, for messages.
  var place: String { variable.map { place(of: $0) } ?? path }

  /// The file, and another variable in it, or another file, for messages.
  func place(of name: String) -> String {
    variable == nil ? name : "\(path.split(separator: "/").last.map(String.init) ?? path): \(name)"
  }
}
