import Dynamics

/// An observable of all members of a level together, which no single member has. Files have it by other variables than an
/// average over members.
public protocol CollectiveObservable: NamedObservable {
  /// What the run file has of it, in a sentence without a period at its end.
  static var contents: String { get }
}

extension CollectiveObservable {
  /// Writes NaN: no member has a value.
  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    for m in 0..<snapshot.count { values[m] = .nan }
  }
}

/// How far the states of all members are spread between and within classes.
public struct ClassSpread: CollectiveObservable {
  public static let name = "class-spread"
  public static let longName = "spread of latent states between and within the classes of their items"
  public static let formula =
    "TrB = sum_k n_k |m_k - m|^2 / n, TrW = sum_k sum_i |z_i(t) - m_k|^2 / n, m_k the mean state of class k, m that of all"
  public static let missing = "where members have diverged; where no class has two members"
  public static let needs: ObservableNeeds = [.ownItem, .classes]
  public static let contents =
    "the file has `between_class_spread` (TrB), `within_class_spread` (TrW) and `class_separation`, ln(TrB/TrW)/2; and the "
    + "memories' `participation_ratio`"

  /// The series that claims name.
  public static let series = ["between-class-spread", "within-class-spread", "class-separation"]

  /// The number of a model that claims name.
  public static let numbers = ["participation-ratio"]

  public init?(_ context: ObservableContext) { if context.own == nil { return nil } }
}

/// The averages of all other observables if each state moved as all do: see `CommonMotion`.
public struct CommonMotionAverages: CollectiveObservable {
  public static let name = "common-motion"
  public static let longName = "averages of all observables if each state moved as all do together"
  public static let formula =
    "of m(t) + b(t) (z(0) - m(0)), m(t) the mean of all states, b(t) the ratio of their root mean square spread to that at t = 0"
  public static let missing = "where members have diverged; where x(t) is needed"
  public static let contents =
    "the file has `NAME_on_common_motion` of each observable, and `common_motion_scale`, b(t)"

  public init?(_ context: ObservableContext) {}
}
