import Datasets
import Dynamics
import Foundation
import Numerics
import Observables
import TestSupport
import Testing
import VAE

/// The geometry of all 60,000 training images, against PyTorch.
@Suite struct FashionGoldenTests {
  static let isInstalled = FileManager.default.fileExists(
    atPath: Dataset.fashionMNISTDirectory + "/train-images-idx3-ubyte.gz")

  struct SplitSource: ItemSource {
    let split: ItemSplit
    func copy(item: Int, into row: UnsafeMutableBufferPointer<Double>) { split.copy(item: item, into: row) }
  }

  @Test(.enabled(if: isInstalled)) func doublePrecisionAgreesWithPyTorch() throws {
    // Means of 60,000 numbers in another order of summation: about sqrt(60,000) units, 3e-14, at most
    // 60,000 units, 7e-12, of which the former is expected; states err by some 1e-13.
    try compare(Double.self, typical: 1e-12, single: 1e-9, centres: 1e-12)
  }

  @Test(.enabled(if: isInstalled)) func singlePrecisionAgreesWithPyTorch() throws {
    // As for the states (5e-6 relative to |z| of 1 to 3): distances of order 1 err by as much. Concepts are
    // means of single-precision memories, whose errors average out.
    try compare(Float.self, typical: 5e-6, single: 1e-2, centres: 1e-6)
  }

  func compare<Scalar: NetworkScalar>(
    _ precision: Scalar.Type, typical: Double, single: Double, centres: Double
  ) throws {
    let reference = try ReferenceFile(
      model: "fashion-small/model.safetensors", numbers: "fashion-small/expected.nc")
    let dataset = try Dataset.fashionMNIST()
    let map = InferenceMap<DenseNetwork<Scalar>>(reference.model)
    let memories = map.memories(of: SplitSource(split: dataset.train), count: 60_000, threads: 2)
    let geometry = LatentGeometry(
      memories: memories, classes: dataset.train.classes, classCount: 10, superclassOfClass: [])
    let concepts = try reference.rows("concept")
    for k in 0..<10 {
      #expect(plainDistance(values(geometry.concepts, row: k), concepts[k]) <= centres * norm(concepts[k]))
    }
    let root = try reference.numbers("root")
    #expect(plainDistance(values(geometry.root, row: 0), root) <= centres * norm(concepts[0]))

    // The inputs are the first test images.
    let input = try reference.rows("input")
    let labels = try reference.reader.variable("label").readInts()
    for m in 0..<32 {
      #expect(dataset.test.components(ofItem: m).map(Double.init) == input[m])
      #expect(Int(dataset.test.classes[m]) == labels[m])
    }
    let own = OwnItems(
      memories: map.memories(of: RowTable(input), count: 32, threads: 1), classes: labels.map { Int32($0) })
    let context = ObservableContext(geometry: geometry, own: own, source: RowTable(input))
    let names = [
      "distance-concept", "distance-memory", "distance-root", "overlap-concept", "overlap-memory",
      "distance-nearest-memory", "step-length",
    ]
    let observables = try names.map { try #require(ObservableRegistry.observable(named: $0, in: context)) }
    let result = try measure(
      observables, map, from: GivenStart(RowTable(input), space: .data), items: 32, steps: 30)
    for (o, name) in names.enumerated() {
      let expected = try reference.rows(String(name.map { $0 == "-" ? "_" : $0 }))
      var errors: [Double] = []
      for m in 0..<32 {
        for t in 0...30 where !(name == "step-length" && t == 0) {
          // Relative to the value or, for differences of states that nearly meet, to 1 (|z| is 1 to 3).
          errors.append(abs(result.series[o][m][t] - expected[m][t]) / max(1, abs(expected[m][t])))
        }
      }
      #expect(errors.count >= 32 * 30)
      #expect(errors.sorted()[errors.count / 2] < typical, "\(name)")
      #expect(errors.allSatisfy { $0 < single }, "\(name)")
      if name == "distance-memory" { #expect(result.series[o].allSatisfy { $0[0] == 0 }) }
      if name == "step-length" { #expect(result.series[o].allSatisfy { $0[0].isNaN }) }
    }
  }
}
