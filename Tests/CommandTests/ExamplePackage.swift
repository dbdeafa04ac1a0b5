import Foundation
import Synchronization
import Testing

/// A package of examples/, built in the folder in which this package was: what both compile alike is not compiled again.
struct ExamplePackage: Sendable {
  /// The package's name, which is that of its folder and of its program.
  let name: String

  /// SwiftPM builds one package at a time in a folder.
  private static let turn = Mutex(())

  private struct BuildFailure: Error {
    var output: String
  }

  /// Builds the package's program and gives its path.
  ///
  /// - Throws: an error with what the compiler printed.
  func program() throws -> String {
    try Self.turn.withLock { _ in
      // FOLDER/TRIPLE/release/simulate
      let products = URL(fileURLWithPath: Checkout.program).deletingLastPathComponent()
      let folder = products.deletingLastPathComponent().deletingLastPathComponent().path
      // `swift test`, which waits for this, holds the folder's lock.
      let sandbox = try Sandbox()
      let execution = try sandbox.start(
        "/usr/bin/env",
        [
          "swift", "build", "-c", "release", "--package-path", Checkout.root + "/examples/" + name,
          "--scratch-path", folder, "--product", name, "--ignore-lock",
        ]
      ).end()
      guard try sandbox.names.isEmpty, execution.code == 0 else {
        throw BuildFailure(output: execution.output + execution.errors)
      }
      return products.appendingPathComponent(name).path
    }
  }
}
