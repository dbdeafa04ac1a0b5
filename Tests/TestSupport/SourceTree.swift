import Foundation

/// Where things are in the checkout whose tests run.
public enum SourceTree {
  /// The root of the package.
  public static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// The folder of checked-in models and numbers.
  public static let fixtures = root + "/Tests/Fixtures"
}
