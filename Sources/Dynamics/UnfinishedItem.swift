import Numerics

/// Sums over those realizations of an item that have been measured so far.
struct UnfinishedItem: Sendable {
  /// `[observables, parts, times]`, see `Accumulator.Layout.itemSlot`; empty where each item has one realization.
  var observables: [CountedSum] = []
  /// `[averaged scalars]`; empty where each item has one realization.
  var scalars: [CountedSum] = []
  /// `[approaches, times]`.
  var distances: [CountedSum] = []

  /// Whether there are no sums, in a plan whose items have several realizations.
  var isEmpty: Bool { scalars.isEmpty }

  /// Creates no sums.
  init() {}

  /// Creates empty sums for an item of the plan.
  init(_ plan: EnsemblePlan, _ layout: Accumulator.Layout) {
    distances = Array(repeating: CountedSum(), count: layout.approaches * layout.times)
    guard plan.realizations > 1 else { return }
    observables = Array(
      repeating: CountedSum(), count: layout.observables * layout.parts.count * layout.times)
    scalars = Array(repeating: CountedSum(), count: MemberScalar.averaged.count)
  }

  /// Adds the sums over other realizations of the same item.
  mutating func merge(_ other: UnfinishedItem) {
    for k in observables.indices { observables[k].merge(other.observables[k]) }
    for k in scalars.indices { scalars[k].merge(other.scalars[k]) }
    for k in distances.indices { distances[k].merge(other.distances[k]) }
  }

  // MARK: Bytes

  /// Writes the sums.
  func encode(to encoder: inout ByteEncoder) throws {
    for sums in [observables, scalars, distances] { try encoder.encode(sums) }
  }

  /// Reads what `encode` wrote: either no sums or those of an item of the plan.
  ///
  /// - Throws: `ByteDecodingError`.
  init(from decoder: inout ByteDecoder, _ plan: EnsemblePlan, _ layout: Accumulator.Layout) throws {
    observables = try decoder.decode()
    scalars = try decoder.decode()
    distances = try decoder.decode()
    if !observables.isEmpty || !scalars.isEmpty || !distances.isEmpty { try checkShape(plan, layout) }
  }

  /// Checks that these are the sums of an item of the plan.
  ///
  /// - Throws: `ByteDecodingError`.
  func checkShape(_ plan: EnsemblePlan, _ layout: Accumulator.Layout) throws {
    let expected = UnfinishedItem(plan, layout)
    guard
      observables.count == expected.observables.count && scalars.count == expected.scalars.count
        && distances.count == expected.distances.count
    else { throw ByteDecodingError("an unfinished item of another shape") }
  }
}
