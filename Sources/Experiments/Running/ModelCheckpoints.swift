import Kinds
import Numerics

/// The checkpoint beside an output, as the preparation of a model uses it.
struct ModelCheckpoints: PreparationCheckpoints {
  let checkpoints: Checkpoints
  let identity: RunIdentity
  let shard: Shard?
  /// What an earlier process left; nil where there is none.
  let loaded: Checkpoints.Loaded?

  var path: String { checkpoints.path }

  var former: ByteDecoder? { loaded?.header.stage == .training ? loaded?.body : nil }

  /// While a later stage's checkpoint is there, it must stay.
  private var isLater: Bool { loaded?.header.stage == .ensemble }

  func isDue() -> Bool { !isLater && checkpoints.isDue() }

  func save(_ body: (inout ByteEncoder) throws -> Void) throws {
    if isLater { return }
    try checkpoints.save(
      Checkpoints.Header(stage: .training, identity: identity, shard: shard, data: nil), body)
  }
}
