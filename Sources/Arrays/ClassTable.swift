import Datasets
import Vocabulary

/// The classes of labelled items: the distinct labels of the training items in ascending order.
struct ClassTable {
  /// The label of each class; of texts, their places in alphabetical order.
  let labels: [Int]
  /// The name of each class.
  let names: [String]
  private let indexOfNumber: [Int: Int32]
  private let indexOfText: [String: Int32]

  /// The most classes.
  static let limit = 10_000

  /// The classes of training labels.
  ///
  /// - Parameter names: One for each class in ascending order of the labels, which are numbers; nil: a number is called
  ///   `class NUMBER`. Texts name themselves.
  /// - Throws: `DatasetError`.
  init(of array: LabelArray, names: [String]?) throws(DatasetError) {
    let found: [String]
    switch array.labels {
    case .numbers(let numbers):
      labels = Set(numbers).sorted()
      found = labels.map { "class \($0)" }
      indexOfNumber = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, Int32($0)) })
      indexOfText = [:]
    case .texts(let texts):
      // By code points, as numpy.unique sorts.
      found = Set(texts).sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
      labels = Array(found.indices)
      indexOfNumber = [:]
      indexOfText = Dictionary(uniqueKeysWithValues: found.enumerated().map { ($1, Int32($0)) })
    }
    if case .texts = array.labels, let names, names != found {
      throw DatasetError(
        kind: .invalid, path: "dataset.class-names",
        problem: "the labels of \(array.source.place) are texts, which name their classes",
        expected: "no other names beside them", remedy: "leave it out")
    }
    guard labels.count <= Self.limit else {
      throw array.source.invalid(
        "there are \(labels.count) different labels", expected: "at most \(Self.limit) classes",
        remedy: "choose labels of classes, or leave the labels out")
    }
    if let names, names.count != labels.count {
      throw DatasetError(
        kind: .invalid, path: "dataset.class-names", problem: "there are \(names.count) names",
        expected: "\(labels.count), one for each label of \(array.source.place) in ascending order",
        remedy: "add or remove names")
    }
    self.names = names ?? found.map(\.escapingControls)
  }

  /// The class of each item.
  ///
  /// - Throws: `DatasetError` where a label is none of the classes'.
  func classes(of array: LabelArray) throws(DatasetError) -> [Int32] {
    func unknown(_ item: Int, _ label: String) -> DatasetError {
      array.source.invalid(
        "item \(item) has label \(label), which no training item has",
        expected: "labels that occur in the training set", remedy: "remove the item, or correct its label")
    }
    var result: [Int32] = []
    result.reserveCapacity(array.labels.count)
    switch array.labels {
    case .numbers(let numbers):
      for (item, number) in numbers.enumerated() {
        guard let index = indexOfNumber[number] else { throw unknown(item, "\(number)") }
        result.append(index)
      }
    case .texts(let texts):
      for (item, text) in texts.enumerated() {
        guard let index = indexOfText[text] else { throw unknown(item, "'\(NumpyHeader.excerpt(text))'") }
        result.append(index)
      }
    }
    return result
  }
}
