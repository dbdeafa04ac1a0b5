import Datasets
import Kinds
import Numerics
import Scenarios

/// Pictures of stripes, some lying and some standing, one per phase: `dataset: {kind: stripes, side: 12}`.
struct StripesKind: DatasetKind {
  static let name = "stripes"
  static let summary = "lying and standing stripes, one picture per phase"
  static let keys = [ScenarioKey("side", .integer(2...100), default: "8", "pixels along a side")]

  private let side: Int

  init(_ values: KindValues) { side = values.integer("side") }

  func load(seed: UInt64) throws -> Dataset {
    let pixels = side * side
    let codes = (0..<2 * side * pixels).map { k -> UInt8 in
      let (picture, pixel) = (k / pixels, k % pixels)
      let place = picture < side ? pixel / side : pixel % side
      return (place + picture) % side < (side + 1) / 2 ? 1 : 0
    }
    let pictures = ItemSplit(
      dimension: pixels, codes: codes, values: ItemSplit.binaryLevels,
      classes: (0..<2 * side).map { $0 < side ? 0 : 1 })
    return Dataset(
      name: Self.name, imageShape: ImageShape(rows: side, columns: side), train: pictures, test: pictures,
      hierarchy: ConceptHierarchy(classNames: ["lying", "standing"], classLabels: [0, 1]))
  }
}
