import Foundation
import Testing

extension Tag {
  /// Starts programs: `simulate`, gnuplot, Chromium, Python.
  @Tag public static var programs: Self
  /// Trains networks.
  @Tag public static var training: Self
  /// Repeats an experiment so often that its statistics are sharp.
  @Tag public static var manyTrials: Self
}

extension Trait where Self == ConditionTrait {
  /// Leaves a test out where `make test-fast` runs the tests.
  public static var slow: Self {
    .disabled(if: FastTests.isChosen, "'make test-fast' leaves out what is slow; 'make test' runs it")
  }
}

/// The choice between all tests and those of under a minute.
public enum FastTests {
  /// Whether only fast tests run: `make test-fast` sets this variable.
  public static let isChosen = ProcessInfo.processInfo.environment["FAST_TESTS"] == "1"
}
