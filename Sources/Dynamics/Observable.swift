import Numerics

/// A number measured on each member at each time, to be averaged over the ensemble.
///
/// A new observable is one file with a conforming struct, and one line in `ObservableRegistry`.
public protocol Observable: Sendable {
  /// The name in scenarios, e.g. `overlap-concept`; in files `-` becomes `_`.
  var name: String { get }
  /// One line for the file's `long_name`.
  var longName: String { get }
  /// "1" where dimensionless, "nats" for information.
  var units: String { get }
  /// The kind of quantity, which tells figures which observables have a scale in common.
  var family: ObservableFamily { get }
  /// Whether each value is 0 or 1, so that the mean is a fraction of the members.
  var isIndicator: Bool { get }
  /// The fields beside z(t) that `measure` reads.
  var requiredFields: StateFields { get }

  /// Writes one value per member; NaN where the observable is not defined.
  ///
  /// - Parameters:
  ///   - values: Shape `[snapshot.count]`.
  ///   - snapshot: The states and fields of a block of members at one time.
  /// - Complexity: O(members), no allocation.
  func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>)
}

extension Observable {
  /// None: only z(t).
  public var requiredFields: StateFields { [] }
  /// Dimensionless.
  public var units: String { "1" }
  /// No family.
  public var family: ObservableFamily { .other }
  /// False.
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
  /// N.
  public var dimension: Int { block.dimension }
  /// D; 0 where there is no data space.
  public var dataDimension: Int { block.dataDimension }
  /// z(t), shape `[count, N]`, row-major.
  public var states: UnsafePointer<Double> { UnsafePointer(block.states.pointer) }
  /// The members' addresses, shape `[count]`.
  public var members: UnsafePointer<Member> { UnsafePointer(block.members.pointer) }

  /// A field that `requiredFields` names, row-major; nil where it is absent at this time.
  public func values(_ field: StateFields) -> UnsafePointer<Double>? { store.values(field) }

  /// Values that several observables share, computed once per time.
  ///
  /// - Parameters:
  ///   - owner: The type whose values these are.
  ///   - width: Numbers per member; the same in each call.
  ///   - compute: Fills `[count, width]`.
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

  /// Scratch memory of an observable, made once per worker and kept between calls.
  ///
  /// What it holds from earlier calls must not influence results, because which blocks a worker carries is not determined.
  public func workspace<Workspace: AnyObject>(_ type: Workspace.Type, make: () -> Workspace) -> Workspace {
    let key = ObjectIdentifier(type)
    if let known = workspaces[key] as? Workspace { return known }
    let made = make()
    workspaces[key] = made
    return made
  }

  /// Makes shared values be computed anew, because another block begins.
  func forgetShared() {
    for entry in scratch.values { entry.time = -1 }
  }
}

private final class SharedScratch {
  let buffer: AlignedBuffer<Double>
  var time = -1
  init(count: Int) { buffer = AlignedBuffer(count: count) }
}
