/// Which numbers a corruption takes as its level.
public enum LevelDomain: Sendable, Hashable {
  /// 0...1.
  case probability
  /// At least 0.
  case nonnegative
  /// The level is only a label. Scenarios write `[0]` or leave it out.
  case none
}
