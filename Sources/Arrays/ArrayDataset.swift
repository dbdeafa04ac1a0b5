import Datasets
import Vocabulary

/// A data set whose items and labels are arrays in files.
public struct ArrayDataset: Sendable {
  /// Items, and their labels where there are such.
  public struct Part: Sendable, Hashable {
    /// Shape `[items, ...]`.
    public var items: ArrayReference
    /// Shape `[items]`, or a column of `[items, columns]`; nil: the items have no labels.
    public var labels: ArrayReference?

    /// Makes a part.
    public init(items: ArrayReference, labels: ArrayReference?) {
      self.items = items
      self.labels = labels
    }
  }

  /// Where the held-out items come from.
  public enum Test: Sendable, Hashable {
    /// There are none.
    case none
    /// A share of each class's items, drawn by the seed.
    case fraction(Double)
    /// Arrays of their own.
    case part(Part)
  }

  /// The training items, or all of them.
  public var train: Part
  /// The held-out items.
  public var test: Test
  /// How numbers become components.
  public var scale = ComponentScale.byType
  /// Height and width, or height, width and channels; nil: by the array.
  public var shape: [Int]?
  /// Where arrays of colour pictures have the channels.
  public var channels = ItemShape.Channels.last
  /// The names of the classes in ascending order of their labels; nil: by the labels.
  public var classNames: [String]?
  /// The labels of each superclass, together each label exactly once; or nothing.
  public var superclasses: [(name: String, labels: [Int])] = []

  /// Makes a data set of arrays.
  public init(train: Part, test: Test) {
    self.train = train
    self.test = test
  }

  /// Reads the data set.
  ///
  /// - Parameter seed: Decides which items are held out, where a share of them is.
  /// - Throws: `DatasetError`: missing where a file is not there; invalid where an array is not what it has to be.
  /// - Complexity: O(elements) in time; memory for the items once, in bytes where the array has bytes, else in single
  ///   precision, and for labels.
  public func load(seed: UInt64) throws -> Dataset {
    let items = try open(train)
    let labels = try read(train, of: items)
    if labels == nil, case .part(let part) = test, let unexpected = part.labels {
      throw DatasetError(
        kind: .invalid, path: unexpected.description,
        problem: "the test items have labels, the training items none",
        expected: "labels of both, or of none", remedy: "write dataset.train: {items: ..., labels: ...}")
    }
    let table = try labels.map { (array) throws(DatasetError) in try ClassTable(of: array, names: classNames)
    }
    if table == nil { try refuseClasses() }
    let classes =
      try labels.flatMap { array in try table?.classes(of: array) }
      ?? [Int32](repeating: 0, count: items.count)
    let (trainSplit, testSplit) = try splits(items, classes, table, seed: seed)
    return Dataset(
      name: "array", imageShape: scale == .none ? nil : items.shape.picture, train: trainSplit,
      test: testSplit,
      hierarchy: try hierarchy(table), domain: scale == .none ? .unbounded : .unitInterval)
  }

  private func open(_ part: Part) throws -> ItemArray {
    if let column = part.items.column {
      throw DatasetError(
        kind: .invalid, path: part.items.description, problem: "column \(column) of items",
        expected: "FILE or FILE:VARIABLE: all components of each item", remedy: "leave the column out")
    }
    return try ItemArray(ArrayFile.open(part.items), scale: scale, shape: shape, channels: channels)
  }

  private func read(_ part: Part, of items: ItemArray) throws -> LabelArray? {
    try part.labels.map { reference in
      try LabelArray(
        ArrayFile.open(reference), column: ArrayFile.column(reference), itemCount: items.count,
        items: items.source.place)
    }
  }

  /// Refuses names of classes that there are not.
  private func refuseClasses() throws(DatasetError) {
    for (key, isGiven) in [
      ("dataset.class-names", classNames != nil), ("dataset.superclasses", !superclasses.isEmpty),
    ] where isGiven {
      throw DatasetError(
        kind: .invalid, path: key, problem: "the items have no labels", expected: "nothing about classes",
        remedy: "write dataset.train: {items: ..., labels: ...}, or leave this out")
    }
  }

  private func hierarchy(_ table: ClassTable?) throws(DatasetError) -> ConceptHierarchy {
    guard let table else { return .unlabelled }
    return ConceptHierarchy(
      classNames: table.names, classLabels: table.labels, superclassNames: superclasses.map(\.name),
      superclassOfClass: try Dataset.superclassOfClass(superclasses, labels: table.labels))
  }

  private func splits(
    _ items: ItemArray, _ classes: [Int32], _ table: ClassTable?, seed: UInt64
  ) throws -> (train: ItemSplit, test: ItemSplit) {
    switch test {
    case .none:
      let all = try items.read(parts: [Array(0..<items.count)])[0].relabelled(classes)
      return (all, all.selecting([]))
    case .fraction(let fraction):
      let chosen = try HeldOutItems.chooseTest(
        classes: classes, classCount: table?.labels.count ?? 1, fraction: fraction, seed: seed)
      let parts = try items.read(parts: [chosen.train, chosen.test])
      return (
        parts[0].relabelled(chosen.train.map { classes[$0] }),
        parts[1].relabelled(chosen.test.map { classes[$0] })
      )
    case .part(let part):
      return try separateSplits(items, classes, table, part)
    }
  }

  private func separateSplits(
    _ items: ItemArray, _ classes: [Int32], _ table: ClassTable?, _ part: Part
  ) throws -> (train: ItemSplit, test: ItemSplit) {
    let others = try open(part)
    guard others.shape.dimension == items.shape.dimension, others.shape.picture == items.shape.picture else {
      throw others.source.invalid(
        "the test items are \(others.source.summary)",
        expected: "items as the training items, \(items.source.summary) in \(items.source.place)",
        remedy: "check that the two arrays belong together")
    }
    let labels = try read(part, of: others)
    if table != nil, labels == nil {
      throw others.source.invalid(
        "the test items have no labels, the training items have some", expected: "labels of both, or of none",
        remedy: "write dataset.test: {items: ..., labels: ...}")
    }
    let train = try items.read(parts: [Array(0..<items.count)])[0].relabelled(classes)
    let test = try others.read(parts: [Array(0..<others.count)])[0]
    let testClasses = try labels.flatMap { array in try table?.classes(of: array) }
    return (train, testClasses.map { test.relabelled($0) } ?? test)
  }
}

extension ArrayDataset {
  /// The arrays of one file, without held-out items.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - items: The array of items; nil: the file's only one.
  ///   - labels: The array of labels; nil: the items have none.
  public init(file: String, items: String? = nil, labels: String? = nil) {
    self.init(
      train: Part(
        items: ArrayReference(file: file, variable: items),
        labels: labels.map { ArrayReference(file: file, variable: $0) }), test: .none)
  }
}
