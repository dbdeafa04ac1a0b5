import Dynamics
import Numerics

/// The own centre of each member: the mean of the class's training memories without the member's own item.
///
///     c' = c + (c - xi) / (n - 1)
///
/// c is the own concept, of n training memories, and xi the own memory. A memory pulls the concept of few items towards
/// itself, so that a state that loses it would seem to leave the concept. For held-out items there is nothing to leave out,
/// and c' = c. A class of one training item, which is the member's own, has no such centre.
struct OwnCentre: Sendable {
  let geometry: LatentGeometry
  private let own: OwnItems
  /// 1 / (n - 1) for each class, or 0 where nothing is left out; infinite for a class of the own item alone.
  private let weights: [Double]

  /// Lengths and distances below this are not told from zero.
  static let smallest = 1e-12

  /// Returns nil if members have no own items.
  init?(_ context: ObservableContext) {
    guard let own = context.own else { return nil }
    geometry = context.geometry
    self.own = own
    weights = geometry.classSizes.map { context.startsFromTraining ? 1 / Double($0 - 1) : 0 }
  }

  /// The class of a member's own item.
  @inline(__always)
  func ownClass(of member: Member) -> Int { Int(own.classes[Int(member.item)]) }

  /// Whether a member has an own centre.
  @inline(__always)
  func isDefined(for member: Member) -> Bool { weights[ownClass(of: member)].isFinite }

  /// Writes a member's own centre, shape `[N]`.
  @inline(__always)
  func copy(for member: Member, into centre: UnsafeMutablePointer<Double>) {
    let k = ownClass(of: member)
    let (concept, memory, weight) = (geometry.concepts.row(k), own.memories.row(Int(member.item)), weights[k])
    for i in 0..<geometry.dimension { centre[i] = concept[i] + weight * (concept[i] - memory[i]) }
  }

  private final class Workspace {
    let centre: AlignedBuffer<Double>
    init(_ dimension: Int) { centre = AlignedBuffer(count: dimension) }
  }

  /// Calls `body` with each member's number, state and own centre, or nil where there is none.
  @inline(__always)
  func forEach(
    _ snapshot: Snapshot,
    _ body: (_ m: Int, _ state: UnsafePointer<Double>, _ centre: UnsafePointer<Double>?) -> Void
  ) {
    let n = snapshot.dimension
    let centre = snapshot.workspace(Workspace.self) { Workspace(n) }.centre.pointer
    for m in 0..<snapshot.count {
      let member = snapshot.members[m]
      let state = snapshot.states + m * n
      guard isDefined(for: member) else {
        body(m, state, nil)
        continue
      }
      copy(for: member, into: centre)
      body(m, state, UnsafePointer(centre))
    }
  }

  /// The distances to the own centre, to all other classes' concepts on average, and to the root, `[count, 3]`; NaN where there
  /// is none. They are computed once per time for all observables.
  ///
  /// - Complexity: O(members x classes x N).
  func distances(_ snapshot: Snapshot) -> UnsafePointer<Double> {
    let n = snapshot.dimension
    return snapshot.shared(OwnCentre.self, width: 3) { out in
      forEach(snapshot) { m, state, centre in
        out[3 * m] = centre.map { distance(state, $0, n) } ?? .nan
        out[3 * m + 1] = distanceToOthers(state, ownClass: ownClass(of: snapshot.members[m]))
        out[3 * m + 2] = distance(state, geometry.root.row(0), n)
      }
    }
  }

  private func distanceToOthers(_ state: UnsafePointer<Double>, ownClass: Int) -> Double {
    let classes = geometry.concepts.rows
    guard classes > 1 else { return .nan }
    var sum = 0.0
    for k in 0..<classes where k != ownClass {
      sum += distance(state, geometry.concepts.row(k), geometry.dimension)
    }
    return sum / Double(classes - 1)
  }

  /// Writes the logarithm of the ratio of two of the `distances`; NaN where one is missing or below `smallest`.
  func logRatio(
    of first: Int, to second: Int, _ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>
  ) {
    let all = distances(snapshot)
    for m in 0..<snapshot.count {
      let (a, b) = (all[3 * m + first], all[3 * m + second])
      values[m] = a >= Self.smallest && b >= Self.smallest ? logarithm(a / b) : .nan
    }
  }
}
