import Experiments
import Foundation
import Kinds
import Output
import Preparation
import Scenarios
import TestSupport
import Testing
import VAE

/// Models in ONNX files, as scenarios ask for them.
@Suite(.tags(.training)) struct ONNXModelTests {
  private let folder: TemporaryFolder
  private static let models = SourceTree.fixtures + "/onnx/"

  init() throws { folder = try TemporaryFolder() }

  private func scenario(_ model: String, _ rest: String = "", dimension: Int = 16) throws -> Scenario {
    let text = """
      name: a
      seed: 3
      dataset: {kind: hierarchical-patterns, dimension: \(dimension), superclasses: 2, classes: 2, memories: 6, test: 3}
      model: {kind: onnx, \(model)}
      observables: [step-length]
      \(rest.isEmpty ? "dynamics: {steps: 2}" : rest)
      """
    return try ScenarioLoader.parse(
      text: text, path: folder("a.yaml"), vocabulary: Registry.standard.vocabulary)
  }

  private func run(_ scenario: Scenario) throws -> NetCDFReader {
    let path = folder(UUID().uuidString + ".nc")
    let options = RunOptions(threads: 2, cache: ModelCache(folder: folder("cache")))
    _ = try Experiment(scenario, options: options).run(to: path)
    return try NetCDFReader(path: path)
  }

  private static let dense =
    "encoder: {file: \(models)dense-dynamo-encoder.onnx}, decoder: {file: \(models)dense-dynamo-decoder.onnx}"
  /// The first output alone is a deterministic encoder.
  private static let deterministic =
    "encoder: {file: \(models)dense-dynamo-encoder.onnx, mean: log_variance}, "
    + "decoder: {file: \(models)dense-dynamo-decoder.onnx}"

  @Test func runsTellTheEvidenceAndTheHash() throws {
    let file = try run(try scenario(Self.dense))
    #expect(try file.variable("negative_elbo_train").readDoubles().allSatisfy { $0.isFinite && $0 > 0 })
    #expect(try file.attribute("model_kind").text == "onnx")
    #expect(try file.attribute("model_sha256").text?.count == 64)
  }

  @Test func samplesAreDrawnFromThePosterior() throws {
    let file = try run(
      try scenario(Self.dense, "dynamics: {mode: sample, sample-decoder: true, steps: 3}"))
    #expect(try file.variable("step_length").readDoubles().contains { $0 > 0 })
  }

  @Test func bothPrecisionsAgree() throws {
    let single = try run(try scenario(Self.dense)).variable("step_length").readDoubles()
    let double = try run(try scenario(Self.dense, "dynamics: {precision: double, steps: 2}"))
      .variable("step_length").readDoubles()
    #expect(single.count == double.count && single != double)
    for (a, b) in zip(single, double) where a.isFinite { #expect(abs(a - b) < 1e-5) }
  }

  @Test func attractorsAreFound() throws {
    let file = try run(try scenario(Self.dense, "attractors: {items: 6}\ndynamics: {steps: 2}"))
    // The map of two latent variables contracts to one fixed point.
    let radii = try file.variable("attractors/spectral_radius").readDoubles()
    #expect(!radii.isEmpty && radii.allSatisfy { $0 > 0 && $0 < 1 })
  }

  @Test func withoutAVarianceThereAreNoSamplesAndNoEvidence() throws {
    let error = #expect(throws: ScenarioError.self) {
      try scenario(Self.deterministic, "dynamics: {mode: sample, steps: 2}")
    }
    #expect(error?.description.contains("dynamics.mode") == true, "\(error.map { "\($0)" } ?? "")")
    let file = try run(try scenario(Self.deterministic))
    #expect(!file.root.variables.contains { $0.name.hasPrefix("negative_elbo") })
  }

  @Test func withoutALikelihoodThereIsNoEvidence() throws {
    let file = try run(try scenario(Self.dense + ", likelihood: none"))
    #expect(!file.root.variables.contains { $0.name.hasPrefix("negative_elbo") })
    #expect(throws: ScenarioError.self) {
      try scenario(
        Self.dense + ", likelihood: none", "dynamics: {mode: sample, sample-decoder: true, steps: 2}")
    }
  }

  @Test func filesThatDoNotFitAreRefused() throws {
    #expect(throws: ScenarioError.self) { try run(try scenario(Self.dense, dimension: 25)) }
    #expect(throws: ScenarioError.self) {
      try run(try scenario("encoder: {file: \(Self.models)dense-dynamo-encoder.onnx}"))
    }
    #expect(throws: ScenarioError.self) {
      try run(try scenario("encoder: {mean: m}, decoder: {gives: normalized-mean}"))
    }
    let missing = #expect(throws: ModelFileError.self) {
      try run(try scenario("encoder: {file: nowhere.onnx}, decoder: {file: nowhere.onnx}"))
    }
    #expect(missing?.isMissing == true)
    try folder.put(Array("no model".utf8), at: "bad.onnx")
    let bad = #expect(throws: ModelFileError.self) {
      try run(try scenario("encoder: {file: bad.onnx}, decoder: {file: bad.onnx}"))
    }
    #expect(bad?.isMissing == false)
  }
}
