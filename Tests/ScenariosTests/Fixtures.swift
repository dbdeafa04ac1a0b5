import Foundation
import Kinds
import Scenarios
import Testing

/// Observables and corruptions by hand; the kinds of data sets and models that the program has.
let vocabulary = ScenarioVocabulary(
  observables: [
    ObservableWord(name: "overlap-memory", needsOwnItem: true),
    ObservableWord(name: "overlap-concept", needsOwnItem: true),
    ObservableWord(name: "overlap-root"),
    ObservableWord(name: "distance-memory", needsOwnItem: true),
    ObservableWord(name: "distance-concept", needsOwnItem: true),
    ObservableWord(name: "distance-superconcept", needsOwnItem: true, needsSuperclass: true),
    ObservableWord(name: "distance-root"),
    ObservableWord(name: "distance-nearest-memory"),
    ObservableWord(name: "distance-nearest-concept"),
    ObservableWord(name: "nearest-concept"),
    ObservableWord(name: "concept-accuracy", needsOwnItem: true),
    ObservableWord(name: "abstraction-level", needsOwnItem: true),
    ObservableWord(name: "step-length"),
    ObservableWord(name: "memory-recovered", needsOwnItem: true, needsTrainingItem: true),
    ObservableWord(name: "data-overlap", needsOwnItem: true),
    ObservableWord(name: "reconstruction-error"),
    ObservableWord(name: "energy", needsPosterior: true),
    ObservableWord(name: "principal-component", isNumbered: true),
  ],
  corruptions: [
    CorruptionWord(name: "uniform-replacement", levelDomain: .probability, hasRegion: true),
    CorruptionWord(name: "flip", levelDomain: .probability, hasRegion: true),
    CorruptionWord(name: "flip-exact", levelDomain: .probability, hasRegion: true),
    CorruptionWord(name: "gaussian", levelDomain: .nonnegative),
    CorruptionWord(name: "occlusion", levelDomain: .probability, hasRegion: true),
    CorruptionWord(name: "latent-gaussian", levelDomain: .nonnegative),
    CorruptionWord(name: "prior", levelDomain: .none, needsSource: false),
    CorruptionWord(name: "latent-box", levelDomain: .nonnegative, needsSource: false),
  ], datasets: Registry.standard.vocabulary.datasets, models: Registry.standard.vocabulary.models)

/// Parses a text as if it were the file `/scenarios/a.yaml`.
func parse(_ text: String, overrides: [String] = [], seed: UInt64? = nil) throws -> Scenario {
  try ScenarioLoader.parse(
    text: text, path: "/scenarios/a.yaml", overrides: overrides, seed: seed, vocabulary: vocabulary)
}

/// The error that a text gives.
func failure(
  _ text: String, overrides: [String] = [], sourceLocation: Testing.SourceLocation = #_sourceLocation
) -> ScenarioError? {
  let error = #expect(throws: ScenarioError.self, "\(text)", sourceLocation: sourceLocation) {
    try parse(text, overrides: overrides)
  }
  if let error {
    let line = error.description
    #expect(!line.contains { $0.isNewline }, sourceLocation: sourceLocation)
    #expect(line.count < 700, sourceLocation: sourceLocation)
    #expect(!error.expected.isEmpty, sourceLocation: sourceLocation)
    #expect(!error.remedy.isEmpty, "\(line)", sourceLocation: sourceLocation)
  }
  return error
}

/// A text with the place and parts of the error that it must give.
struct BadScenario: Sendable, CustomTestStringConvertible {
  var text: String
  /// `LINE:COLUMN`.
  var place: String
  var key: String
  /// Parts of the message.
  var parts: [String]

  init(_ text: String, _ place: String, _ key: String, _ parts: String...) {
    self.text = text
    self.place = place
    self.key = key
    self.parts = parts
  }

  var testDescription: String { "\(key) at \(place): \(text.prefix(60).debugDescription)" }

  /// Checks the error.
  func check() {
    guard let error = failure(text) else { return }
    let found = "\(error.line.map { "\($0)" } ?? "-"):\(error.column.map { "\($0)" } ?? "-")"
    #expect(found == place, "\(error)")
    #expect(error.key == key, "\(error)")
    #expect(error.kind == .invalid)
    for part in parts { #expect(error.description.contains(part), "\(error)") }
  }
}

/// A scenario with most sections, with its alternatives in comments.
let wholeExample = """
  name: concept-then-memory          # [a-z0-9-]+
  description: one sentence
  seed: 20171204
  dataset:
    kind: hierarchical-patterns      # binary patterns on a tree: root -> superclass -> class -> memory
    dimension: 784                   # 28 x 28, so that states can be looked at as pictures
    superclasses: 4
    classes: 3                       # per superclass
    memories: 80                     # per class
    test: 20                         # held-out items per class
    correlation: [0.6, 0.8]          # superclass -> class, class -> memory: a child flips each bit with
                                     # probability (1-b)/2; superclasses are independent fair coins
  model:
    latent: 100
    hidden: [500, 500]               # encoder widths; the decoder mirrors them
    activation: tanh                 # tanh | relu | gelu (exact, erf) | softplus
    likelihood: bernoulli            # bernoulli (logits) | gaussian (linear mean, unit variance)
    training: {epochs: 150, batch: 50, learning-rate: 0.001, beta: 1.0}  # PyTorch's default initialization
  # model: {file: model.safetensors}
  dynamics: {mode: mean, steps: 20}  # mean | sample | clamped
  initial: {corruption: uniform-replacement, levels: [0, 0.2, 0.4, 0.6, 0.8, 0.9], items: all, split: train,
            realizations: 1}
  observables: [overlap-concept, overlap-memory, distance-concept, distance-nearest-memory, abstraction-level]
  group-by: [class]                  # optional: averages per class as well
  attractors: {items: 900, tolerance: 1.0e-10, max-steps: 100000}   # optional
  output: {file: concept-then-memory.nc, members: false, latents: false}
  sweep: {model.latent: [5, 20, 100]}               # optional: one run per value

  """
