import Dynamics
import Numerics

/// Follows the members of a block along their whole path, and summarizes it.
///
/// Scratch memory: one distance per member and class.
struct PathMeasurement: Sendable {
  private let centre: OwnCentre
  private let own: OwnItems
  private let radii: MemoryRadii
  /// Whether members' own items are the training items, in their order.
  private let areTraining: Bool

  /// Returns nil if members have no own items.
  init?(_ context: ObservableContext, threads: Int) {
    guard let centre = OwnCentre(context), let own = context.own else { return nil }
    self.centre = centre
    self.own = own
    areTraining = context.startsFromTraining
    radii = MemoryRadii(context.geometry, threads: threads)
  }

  private var geometry: LatentGeometry { centre.geometry }
  private var classes: Int { geometry.concepts.rows }

  /// What is kept of a block along its path.
  final class Track {
    /// |z(0) - c|, of each member and class, `[capacity, classes]`; for the own class, from the own centre.
    let first: AlignedBuffer<Double>
    /// min_t |z(t) - c|, likewise.
    let least: AlignedBuffer<Double>
    /// min_t |z(t) - xi|, `[capacity]`.
    let leastMemory: AlignedBuffer<Double>
    /// z(0), `[capacity, N]`.
    let initial: AlignedBuffer<Double>
    /// One centre, `[N]`.
    let own: AlignedBuffer<Double>
    /// The nearest memory of each last state, `[capacity, 2]`.
    let nearest: AlignedBuffer<Double>
    let search: NearestMemorySearch.Workspace

    init(capacity: Int, dimension: Int, classes: Int, search: NearestMemorySearch.Workspace) {
      first = AlignedBuffer(count: capacity * classes)
      least = AlignedBuffer(count: capacity * classes)
      leastMemory = AlignedBuffer(count: capacity)
      initial = AlignedBuffer(count: capacity * dimension)
      own = AlignedBuffer(count: dimension)
      nearest = AlignedBuffer(count: 2 * capacity)
      self.search = search
    }
  }

  func makeTrack(capacity: Int) -> Track {
    Track(
      capacity: capacity, dimension: geometry.dimension, classes: classes,
      search: geometry.search.makeWorkspace(capacity: capacity))
  }

  /// Calls `body` with the distance of a member's state to the centre of each class.
  @inline(__always)
  private func forEachCentre(
    _ member: Member, _ state: UnsafePointer<Double>, _ track: Track, _ body: (_ k: Int, Double) -> Void
  ) {
    let n = geometry.dimension
    let ownClass = centre.ownClass(of: member)
    for k in 0..<classes {
      if k != ownClass {
        body(k, distance(state, geometry.concepts.row(k), n))
      } else if centre.isDefined(for: member) {
        centre.copy(for: member, into: track.own.pointer)
        body(k, distance(state, track.own.pointer, n))
      } else {
        body(k, .nan)
      }
    }
  }

  /// Takes the states of one time. Times follow each other from 0.
  func follow(_ block: StateBlock, at time: Int, _ track: Track, into paths: PathSummaries) {
    let n = geometry.dimension
    if time == 0 { track.initial.pointer.update(from: block.states.pointer, count: block.count * n) }
    for m in 0..<block.count {
      let member = block.members.pointer[m]
      let state = UnsafePointer(block.states.pointer + m * n)
      let ownClass = centre.ownClass(of: member)
      let summary = paths.members.pointer + m
      let toMemory = distance(state, own.memories.row(Int(member.item)), n)
      if time == 0 {
        summary.pointee = PathSummary()
        track.leastMemory.pointer[m] = .infinity
      }
      if toMemory < track.leastMemory.pointer[m] {
        track.leastMemory.pointer[m] = toMemory
        summary.pointee.timeOfClosestMemory = Int32(truncatingIfNeeded: time)
      }
      forEachCentre(member, state, track) { k, distance in
        let place = m * classes + k
        if time == 0 {
          track.first.pointer[place] = distance
          track.least.pointer[place] = .infinity
        }
        guard distance < track.least.pointer[place] else { return }
        track.least.pointer[place] = distance
        if k == ownClass { summary.pointee.timeOfClosestConcept = Int32(truncatingIfNeeded: time) }
      }
    }
  }

  /// Completes the summaries when the block's states are the last ones.
  func finish(_ block: StateBlock, _ track: Track, into paths: PathSummaries) {
    let n = geometry.dimension
    geometry.search.search(
      block.states.pointer, count: block.count, track.search, excluding: { _ in -1 },
      into: track.nearest.pointer)
    for m in 0..<block.count {
      let member = block.members.pointer[m]
      let summary = paths.members.pointer + m
      let (toNearest, index) = (track.nearest.pointer[2 * m], track.nearest.pointer[2 * m + 1])
      // A member whose state is not finite has no nearest memory.
      guard index.isFinite else {
        summary.pointee = PathSummary()
        continue
      }
      let nearest = Int(index)
      let isReached = toNearest <= radii.radii[nearest]
      summary.pointee.reachedMemory = isReached ? Int32(nearest) : -1
      summary.pointee.endState = Int32(
        (isReached ? endState(of: member, at: nearest) : .noMemory).rawValue)
      summary.pointee.chordExcessContrast = contrast(
        member, UnsafePointer(block.states.pointer + m * n), m, track)
    }
  }

  private func endState(of member: Member, at memory: Int) -> EndState {
    let item = Int(member.item)
    // Of memories at the same place, the search finds the first.
    if areTraining,
      item == memory
        || distance(geometry.memories.row(item), geometry.memories.row(memory), geometry.dimension) == 0
    {
      return .ownMemory
    }
    return Int(geometry.classes[memory]) == centre.ownClass(of: member) ? .memoryOfClass : .memoryOfOtherClass
  }

  /// The chord excess to the own centre minus the mean of those to other classes' concepts, over d_own(0).
  private func contrast(
    _ member: Member, _ last: UnsafePointer<Double>, _ m: Int, _ track: Track
  ) -> Double {
    let n = geometry.dimension
    let ownClass = centre.ownClass(of: member)
    let length = distance(last, track.initial.pointer + m * n, n)
    var (toOwn, toOthers) = (Double.nan, 0.0)
    forEachCentre(member, last, track) { k, end in
      let place = m * classes + k
      let chord = Chord.distance(fromStart: track.first.pointer[place], fromEnd: end, length: length)
      let excess = chord - track.least.pointer[place]
      if k == ownClass { toOwn = excess } else { toOthers += excess }
    }
    let start = track.first.pointer[m * classes + ownClass]
    guard classes > 1, start >= OwnCentre.smallest else { return .nan }
    let contrast = (toOwn - toOthers / Double(classes - 1)) / start
    return contrast.isFinite ? contrast : .nan
  }
}
