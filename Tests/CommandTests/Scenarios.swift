import Foundation
import Output
import TestSupport
import Testing
import VAE

/// A scenario that trains and runs within a tenth of a second: 160 items in 2 x 2 classes, more than the
/// engine's unit of 126 members per level.
let smallScenario = """
  name: small
  description: a small ensemble
  seed: 7
  dataset: {kind: hierarchical-patterns, dimension: 36, superclasses: 2, classes: 2, memories: 40, test: 5}
  model:
    latent: 4
    hidden: [16]
    training: {epochs: 2, batch: 10}
  dynamics: {steps: 3}
  initial: {levels: [0, 0.5]}

  """

/// The settings of `smallScenario` that make every kind of variable.
let fullSettings = """
  observables: [distance-concept, abstraction-level, step-length, energy, overlap-memory, distance-root]
  group-by: [class, superclass]
  split-by: [retention]
  output: {members: true, latents: true}

  """

/// A network with large weights, whose latent states may end on closed curves: with the seed 21 all of them do.
func turningModel(seed: UInt64) -> Autoencoder {
  let architecture = Architecture(
    dataDimension: 12, latentDimension: 3, hidden: [10], activation: .tanh, likelihood: .bernoulli)
  let drawn = Autoencoder(initializing: architecture, seed: seed)
  return Autoencoder(
    architecture: architecture,
    layers: drawn.layers.map { layer in
      var layer = layer
      layer.weight = layer.weight.map { 4 * $0 }
      return layer
    })
}

/// All values of a file's variables by path, floating-point numbers as bits.
func contents(_ reader: NetCDFReader) throws -> [String: [String]] {
  var result: [String: [String]] = [:]
  func visit(_ group: NetCDFReaderGroup) throws {
    for variable in group.variables {
      var values = variable.dimensions.map { "\($0.name)=\($0.length)" }
      if variable.type == .string || variable.type == .character {
        values += try variable.readStrings()
      } else if variable.type.isInteger {
        values += try variable.readInts().map(String.init)
      } else {
        values += try variable.readDoubles().map { String($0.bitPattern, radix: 16) }
      }
      result[variable.path] = values
    }
    for child in group.groups { try visit(child) }
  }
  try visit(reader.root)
  return result
}

/// Expects the same bits in all variables of two files.
func expectIdentical(
  _ first: NetCDFReader, _ second: NetCDFReader, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let (a, b) = (try contents(first), try contents(second))
  #expect(!a.isEmpty, sourceLocation: sourceLocation)
  #expect(a.keys.sorted() == b.keys.sorted(), sourceLocation: sourceLocation)
  let differing = a.keys.filter { a[$0] != b[$0] }.sorted()
  #expect(differing.isEmpty, "they differ in \(differing)", sourceLocation: sourceLocation)
}

/// Puts an IDX data set of 6 x 6 pictures in four classes into the sandbox and returns its section.
func putPictures(_ sandbox: Sandbox, train: Int = 40, test: Int = 8) throws -> String {
  for (name, count) in [("train", train), ("test", test)] {
    let labels = (0..<count).map { UInt8($0 % 4) }
    // Bright stripes whose place tells the class, on a dim ground that differs between pictures.
    let pixels = labels.enumerated().flatMap { item, label in
      (0..<36).map { pixel in UInt8(pixel % 4 == Int(label) ? 250 : (item * 7 + pixel * 3) % 60) }
    }
    try sandbox.put(idx([count, 6, 6], pixels), at: "\(name)-images.idx")
    try sandbox.put(idx([count], labels), at: "\(name)-labels.idx")
  }
  return """
    name: pictures
    dataset:
      kind: idx
      train-images: train-images.idx
      train-labels: train-labels.idx
      test-images: test-images.idx
      test-labels: test-labels.idx
    model: {latent: 4, hidden: [16], training: {epochs: 2, batch: 10}}
    dynamics: {steps: 2}

    """
}
