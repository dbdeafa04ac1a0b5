import Kinds
import Numerics

/// The checkpoint beside an output, for the preparation of a model.
struct ModelCheckpoints: PreparationCheckpoints {
  let checkpoints: Checkpoints
  let identity: RunIdentity
  let shard: Shard?
  /// What an earlier process left; nil if it left nothing.
  let loaded: Checkpoints.Loaded?

  var path: String { checkpoints.path }

  var former: ByteDecoder? { loaded?.header.stage == .training ? loaded?.body : nil }

  /// The checkpoint of a later stage must stay.
  private var isLater: Bool { loaded?.header.stage == .ensemble }

  func isDue() -> Bool { !isLater && checkpoints.isDue() }

  func save(_ body: (inout ByteEncoder) throws -> Void) throws {
    if isLater { return }
    try checkpoints.save(
      Checkpoints.Header(stage: .training, identity: identity, shard: shard, data: nil), body)
  }
}
