import Numerics

/// What is followed of each member of a block from one time to the next.
///
/// Every array has the shape `[capacity]`; the entries of the block's members are valid. Not synchronized, because it
/// belongs to one worker.
final class MemberTracks {
  /// The position of the member's item in the plan.
  let positions: AlignedBuffer<Int32>
  /// Whether the member completes its item: see `UnitPlace.completesItem`.
  let completesItem: AlignedBuffer<Bool>
  /// Whether a state of the member was not finite.
  let isDiverged: AlignedBuffer<Bool>
  /// Whether the member's distances to centres are left out of their sums.
  let isLeftOut: AlignedBuffer<Bool>
  /// The splitting observable at t = 0; NaN if it was missing or is not asked for.
  let initialSplit: AlignedBuffer<Double>
  /// How near the member came to its own concept.
  let concept: AlignedBuffer<ClosestApproach>
  /// How near the member came to its own memory.
  let memory: AlignedBuffer<ClosestApproach>
  /// Which distances to centres the member has, and whether that changed.
  let presence: AlignedBuffer<DistancePresence>
  /// The first time from which every step of the member was below the tolerance; -1 if its last step was not.
  let settledSince: AlignedBuffer<Int32>

  init(capacity: Int) {
    positions = AlignedBuffer(count: capacity)
    completesItem = AlignedBuffer(count: capacity)
    isDiverged = AlignedBuffer(count: capacity)
    isLeftOut = AlignedBuffer(count: capacity)
    initialSplit = AlignedBuffer(count: capacity)
    concept = AlignedBuffer(count: capacity)
    memory = AlignedBuffer(count: capacity)
    presence = AlignedBuffer(count: capacity)
    settledSince = AlignedBuffer(count: capacity)
  }

  /// Begins to follow member `m` of the block.
  func begin(_ m: Int, at place: UnitPlace) {
    positions.pointer[m] = Int32(place.position)
    completesItem.pointer[m] = place.completesItem
    isDiverged.pointer[m] = false
    isLeftOut.pointer[m] = false
    initialSplit.pointer[m] = .nan
    concept.pointer[m] = ClosestApproach()
    memory.pointer[m] = ClosestApproach()
    presence.pointer[m] = DistancePresence()
    settledSince.pointer[m] = -1
  }

  /// Marks the members whose state has a component that is not finite.
  func findDiverged(in block: StateBlock) {
    let n = block.dimension
    for m in 0..<block.count where !isDiverged.pointer[m] {
      let state = block.states.pointer + m * n
      var sum = 0.0
      for i in 0..<n { sum += state[i] * 0 }  // NaN if any component is not finite
      if sum != 0 { isDiverged.pointer[m] = true }
    }
  }

  /// Keeps track of the time since which each member's steps have been below a tolerance.
  ///
  /// - Parameters:
  ///   - previous: The states one time before those of the block, shape `[block.count, N]`.
  ///   - tolerance: A Euclidean length in the state space.
  ///   - time: The time of the block's states, at least 1.
  func followSteps(
    of block: StateBlock, from previous: UnsafePointer<Double>, below tolerance: Double, time: Int
  ) {
    let n = block.dimension
    for m in 0..<block.count {
      var square = 0.0
      for i in m * n..<(m + 1) * n {
        let delta = block.states.pointer[i] - previous[i]
        square += delta * delta
      }
      if square.squareRoot() < tolerance {
        if settledSince.pointer[m] < 0 { settledSince.pointer[m] = Int32(truncatingIfNeeded: time) }
      } else {
        settledSince.pointer[m] = -1
      }
    }
  }

  /// Whether the steps of member `m` were below the tolerance up to the last time, and its states finite.
  func isConverged(_ m: Int) -> Bool { settledSince.pointer[m] >= 0 && !isDiverged.pointer[m] }

  // MARK: Going on later

  /// The block in a form with which another worker or process can continue.
  ///
  /// It contains neither initial states nor regions, because they follow from the members' addresses.
  ///
  /// - Parameter time: The last time that was measured.
  func captured(with block: StateBlock, time: Int) -> UnitProgress.Block {
    UnitProgress.Block(
      size: block.capacity, time: time, states: block.states.prefix(block.count * block.dimension),
      isDiverged: isDiverged.prefix(block.count), initialSplit: initialSplit.prefix(block.count),
      settledSince: settledSince.prefix(block.count), concept: concept.prefix(block.count),
      memory: memory.prefix(block.count), presence: presence.prefix(block.count))
  }

  /// Restores what `captured` returned, including the states of the block.
  func restore(_ captured: UnitProgress.Block, to block: StateBlock) {
    block.states.pointer.update(from: captured.states, count: block.count * block.dimension)
    isDiverged.pointer.update(from: captured.isDiverged, count: block.count)
    initialSplit.pointer.update(from: captured.initialSplit, count: block.count)
    settledSince.pointer.update(from: captured.settledSince, count: block.count)
    concept.pointer.update(from: captured.concept, count: block.count)
    memory.pointer.update(from: captured.memory, count: block.count)
    presence.pointer.update(from: captured.presence, count: block.count)
  }
}
