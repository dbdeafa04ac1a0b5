/// The precision of a map's floating-point numbers.
public enum Precision: String, Sendable, Hashable, CaseIterable {
  /// 32 bits.
  case single
  /// 64 bits.
  case double
}
