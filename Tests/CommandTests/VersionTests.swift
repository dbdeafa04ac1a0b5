import Foundation
import Testing

extension CommandTests {
  /// The program, CHANGELOG.md and CITATION.cff name the same version and date.
  @Suite struct VersionTests {
    private static func text(_ name: String) throws -> String {
      try String(contentsOfFile: Checkout.root + "/" + name, encoding: .utf8)
    }

    /// The releases of CHANGELOG.md, the newest first.
    private static func releases() throws -> [(version: String, date: String)] {
      try text("CHANGELOG.md")
        .matches(of: /^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$/.anchorsMatchLineEndings())
        .map { (String($0.1), String($0.2)) }
    }

    @Test func programChangelogAndCitationAgree() throws {
      let release = try #require(try Self.releases().first)
      let program = try Sandbox().succeed("--version").output
      #expect(program.hasPrefix("repeated-inference \(release.version) (instructions: "))
      let citation = try Self.text("CITATION.cff").split(separator: "\n")
      #expect(citation.contains("version: \(release.version)"))
      #expect(citation.contains("date-released: \(release.date)"))
    }

    @Test func releasesDescend() throws {
      let releases = try Self.releases()
      #expect(releases.count >= 2)
      let numbers = releases.map { $0.version.split(separator: ".").compactMap { Int($0) } }
      for (newer, older) in zip(numbers, numbers.dropFirst()) {
        #expect(older.lexicographicallyPrecedes(newer), "\(older) before \(newer)")
      }
      for (newer, older) in zip(releases, releases.dropFirst()) { #expect(newer.date >= older.date) }
    }
  }
}
