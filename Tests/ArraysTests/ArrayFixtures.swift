import Arrays
import Datasets
import Foundation
import Vocabulary

/// The files that `make_arrays.py` made.
enum ArrayFixtures {
  static let folder =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/arrays").path

  /// An array of the folder, as `FILE:VARIABLE`.
  static func reference(_ text: String) -> ArrayReference { ArrayReference(folder + "/" + text) }

  /// One case of `goldens.json`.
  struct Golden: Decodable, CustomStringConvertible, Sendable {
    let file: String
    let hash: String
    let shape: [Int]
    let range: [Double]?
    let keeps: Bool?
    let channels: String?

    var description: String { file }
  }

  static let goldens: [Golden] = {
    guard let data = FileManager.default.contents(atPath: folder + "/goldens.json"),
      let result = try? JSONDecoder().decode([Golden].self, from: data)
    else { return [] }
    return result
  }()

  /// The message about a data set of these arrays; empty where there is none.
  static func message(_ dataset: ArrayDataset, seed: UInt64 = 1) -> String {
    do {
      _ = try dataset.load(seed: seed)
      return ""
    } catch {
      return "\(error)"
    }
  }

  static func dataset(_ items: String, labels: String? = nil, test: ArrayDataset.Test = .none) -> ArrayDataset
  {
    ArrayDataset(
      train: ArrayDataset.Part(items: reference(items), labels: labels.map { reference($0) }), test: test)
  }
}
