import Foundation
import Kinds
import Output
import Preparation
import Scenarios

extension Experiment {
  /// Trains the scenario's model and writes it to a file of its own.
  ///
  /// - Parameters:
  ///   - path: The model file.
  ///   - overwrite: Whether an existing file may be replaced.
  ///   - resume: Whether an interrupted training is continued.
  /// - Returns: The model; nil where the file was complete already.
  /// - Throws: `RunInterrupted`, `CheckpointError`, `FileError` and as `run`.
  public func train(
    to path: String, overwrite: Bool = false, resume: Bool = false
  ) throws -> (any PreparedModel)? {
    guard let kind = kind as? any TrainableModelKind else {
      throw scenario.error(
        key: "model.kind", value: scenario.model.kind,
        expected: "a kind of models that is trained; this one is made without training",
        remedy: "use 'simulate run', or another model")
    }
    try AtomicFile.checkDistinct(path, from: scenario.inputPaths)
    let checkpoints = Checkpoints(for: path, interval: options.checkpointInterval)
    if resume, try isTrained(path, kind, overwrite: overwrite) {
      checkpoints.remove()
      return nil
    }
    try AtomicFile.checkWritable(path, overwrite: overwrite, ending: Checkpoints.longestEnding)
    let identity = identity()
    let loaded = try checkpoints.takeOver(resume: resume, overwrite: overwrite, logger: events.logger)
    if let loaded {
      let differences = loaded.header.identity.differences(from: identity, training: true)
      if !differences.isEmpty {
        throw CheckpointError.differs(checkpoints.path, "it belongs to another training", differences)
      }
    }
    let model = try prepareModel(
      saving: ModelCheckpoints(checkpoints: checkpoints, identity: identity, shard: nil, loaded: loaded))
    guard let storable = model as? any StorableModel else {
      preconditionFailure("models that are trained have a file: \(scenario.model.kind)")
    }
    try AtomicFile.write(try storable.fileContents(), to: path, overwrite: overwrite)
    checkpoints.remove()
    return model
  }

  /// Whether a model file is there already that this scenario's training leaves.
  private func isTrained(_ path: String, _ kind: any TrainableModelKind, overwrite: Bool) throws -> Bool {
    guard let differences = kind.differences(ofFile: path, modelPreparation) else { return false }
    if !differences.isEmpty, !overwrite {
      throw CheckpointError.differs(path, "it is complete, but of another training", differences)
    }
    return differences.isEmpty
  }

  /// Reads the scenario's model, or makes it.
  ///
  /// - Throws: as `ModelKind.prepare`; `RunInterrupted` where it was stopped and can be continued.
  func prepareModel(saving: ModelCheckpoints) throws -> any PreparedModel {
    var preparation = modelPreparation
    preparation.checkpoints = saving
    do {
      return try kind.prepare(preparation)
    } catch is CancellationError {
      guard saving.checkpoints.isSaved else { throw CancellationError() }
      throw RunInterrupted(checkpoint: saving.checkpoints.path)
    }
  }
}
