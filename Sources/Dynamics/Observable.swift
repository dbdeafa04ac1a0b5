import Numerics

/// A number that is measured on each member at each time and averaged over the ensemble.
///
/// A new observable is one file with a conforming struct, and one line in `ObservableRegistry`.
public protocol Observable: Sendable {
  /// The name in scenarios, e.g. `overlap-concept`. In files `-` becomes `_`.
  var name: String { get }
  /// One line for the file's `long_name`.
  var longName: String { get }
  /// The unit: "1" for dimensionless quantities, "nats" for information.
  var units: String { get }
  /// The kind of quantity. It tells figures which observables share a scale.
  var family: ObservableFamily { get }
  /// Whether each value is 0 or 1, so that the mean is a fraction of the members.
  var isIndicator: Bool { get }
  /// The fields that `measure` reads besides z(t).
  var requiredFields: StateFields { get }

  /// Writes one value per member, or NaN where the observable is not defined.
  ///
  /// - Parameters:
  ///   - snapshot: The states and fields of a block of members at one time.
  ///   - values: Shape `[snapshot.count]`.
  /// - Complexity: O(members), without allocation.
  func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>)
}

extension Observable {
  /// By default, only z(t) is read.
  public var requiredFields: StateFields { [] }
  /// By default, the observable is dimensionless.
  public var units: String { "1" }
  /// By default, the observable shares its scale with no other.
  public var family: ObservableFamily { .other }
  /// By default, values are not just 0 and 1.
  public var isIndicator: Bool { false }
  /// The name in NetCDF files.
  public var variableName: String { String(name.map { $0 == "-" ? "_" : $0 }) }
}

/// The kind of quantity that an observable measures. Observables of one family are shown on one scale.
public enum ObservableFamily: String, Sendable, CaseIterable {
  /// A distance in the latent space, shown from 0.
  case distance
  /// A cosine.
  case overlap
  /// A fraction of members, shown from 0 to 1.
  case fraction
  /// Any other quantity, which shares its scale with no observable.
  case other
}

/// What an observable sees of a block at one time.
public final class Snapshot {
  private let block: StateBlock
  private let store: FieldStore
  private var scratch: [ObjectIdentifier: SharedScratch] = [:]
  private var workspaces: [ObjectIdentifier: AnyObject] = [:]
  /// The time t.
  public internal(set) var time = 0

  init(block: StateBlock, store: FieldStore) {
    self.block = block
    self.store = store
  }

  /// The number of members.
  public var count: Int { block.count }
  /// The most members that a block can hold.
  public var capacity: Int { block.capacity }
  /// N, the dimension of the latent states.
  public var dimension: Int { block.dimension }
  /// D, the dimension of the data space; 0 if there is none.
  public var dataDimension: Int { block.dataDimension }
  /// z(t), shape `[count, N]`, row-major.
  public var states: UnsafePointer<Double> { UnsafePointer(block.states.pointer) }
  /// The members' addresses, shape `[count]`.
  public var members: UnsafePointer<Member> { UnsafePointer(block.members.pointer) }

  /// A field that `requiredFields` names, row-major; nil if it is absent at this time.
  public func values(_ field: StateFields) -> UnsafePointer<Double>? { store.values(field) }

  /// What the map hands over beside the fields; nil if it hands over nothing.
  public var supplement: AnyObject? { store.supplement }
  /// Values that several observables share. They are computed once per time.
  ///
  /// - Parameters:
  ///   - owner: The type whose values these are.
  ///   - width: Numbers per member; the same in every call for one owner.
  ///   - compute: Fills the values, `[count, width]`.
  public func shared(
    _ owner: Any.Type, width: Int, _ compute: (UnsafeMutablePointer<Double>) -> Void
  ) -> UnsafePointer<Double> {
    let key = ObjectIdentifier(owner)
    let entry: SharedScratch
    if let known = scratch[key] {
      entry = known
    } else {
      entry = SharedScratch(count: capacity * width)
      scratch[key] = entry
    }
    if entry.time != time {
      compute(entry.buffer.pointer)
      entry.time = time
    }
    return UnsafePointer(entry.buffer.pointer)
  }

  /// Scratch memory of an observable. It is made once per worker and kept between calls.
  ///
  /// What it holds from earlier calls must not influence results, because any worker may carry any block.
  public func workspace<Workspace: AnyObject>(_ type: Workspace.Type, make: () -> Workspace) -> Workspace {
    let key = ObjectIdentifier(type)
    if let known = workspaces[key] as? Workspace { return known }
    let made = make()
    workspaces[key] = made
    return made
  }

  /// Makes shared values be computed again, because another block begins.
  func forgetShared() {
    for entry in scratch.values { entry.time = -1 }
  }
}

private final class SharedScratch {
  let buffer: AlignedBuffer<Double>
  var time = -1
  init(count: Int) { buffer = AlignedBuffer(count: count) }
}
