import Foundation
import Output
import Testing

extension CommandTests {
  /// `hash`, and runs that are compared with what is expected of them.
  @Suite struct VerificationTests {
    private static func sandbox() throws -> Sandbox {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario + fullSettings.replacing("energy", with: "energy, principal-component-1"),
        at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "first.nc", "--threads", "1")
      return sandbox
    }

    /// The list that `sha256sum` would print is the file's hash, and it does not depend on threads or blocks.
    @Test func aHashAListAndAFileVerifyTheSameRun() throws {
      let sandbox = try Self.sandbox()
      let hash = try sandbox.succeed("hash", "first.nc").output
      let list = try sandbox.succeed("hash", "first.nc", "--variables").output
      try sandbox.put(list, at: "list.sha256")
      #expect(try sandbox.shell("sha256sum < list.sha256 | cut -c-64").output == hash)
      let names = list.split(separator: "\n").map { $0.dropFirst(66) }
      #expect(names.contains("/distance_concept") && names.contains("/members/latent_state"))
      #expect(names.contains("/principal_component_1") && names.contains("/geometry/principal_axis"))
      // GSL's quantiles are left out.
      #expect(!names.contains("/distance_concept_lower"))
      #expect(names == names.sorted())
      for expected in [hash.trimmingCharacters(in: .newlines), "list.sha256", "first.nc"] {
        let again = try sandbox.succeed(
          "run", "small.yaml", "-o", "again.nc", "--overwrite", "--threads", "2", "--verify", expected)
        #expect(again.output.contains("verified: \(hash.dropLast())  again.nc"), "\(again.output)")
        try sandbox.succeed("hash", "again.nc", "--verify", expected)
      }
    }

    @Test func otherNumbersAreNamedWithTheirLargestDifference() throws {
      let sandbox = try Self.sandbox()
      try sandbox.put(try sandbox.succeed("hash", "first.nc", "--variables").output, at: "list.sha256")
      let hash = try sandbox.succeed("hash", "first.nc").output.trimmingCharacters(in: .newlines)
      let other = ["run", "small.yaml", "-o", "other.nc", "--overwrite", "--seed", "8", "--verify"]
      let hashed = try sandbox.simulate(other + [hash])
      #expect(
        hashed.code == 1 && hashed.errors.contains("other.nc: its hash is ")
          && hashed.errors.contains("not \(hash)"))
      let named = try sandbox.simulate(other + ["list.sha256"])
      #expect(named.code == 1 && named.errors.contains("/distance_concept differs from list.sha256"))
      #expect(!named.errors.contains("/level differs"))
      let compared = try sandbox.simulate(other + ["first.nc"])
      #expect(compared.code == 1 && compared.errors.contains("/distance_concept: largest difference "))
      // The run file is there: a difference is a result, not a failure of the run.
      _ = try sandbox.reader("other.nc")
    }

    @Test func whatCannotBeComparedIsRefusedBeforeTheRun() throws {
      let sandbox = try Self.sandbox()
      try sandbox.put("no list\n", at: "no.list")
      let run = ["run", "small.yaml", "-o", "never.nc", "--verify"]
      try sandbox.fail(64, run + ["absent"], parts: ["absent", "64 hexadecimal digits"])
      try sandbox.fail(65, run + ["no.list"], parts: ["no.list", "hash FILE --variables"])
      try sandbox.fail(64, run + ["first.nc", "--shard", "1/2"], parts: ["--verify", "--shard"])
      #expect(!FileManager.default.fileExists(atPath: sandbox("never.nc")))
      try sandbox.fail(66, ["hash", "absent.nc"], parts: ["absent.nc"])
    }

    /// What several runs give is marked as what it is made of.
    @Test func claimsOnTolerantNumbersAreToTolerance() throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario + """
          observables: [distance-concept]
          attractors: {items: 5, census: 0}
          sweep: {model.latent: [3, 4]}
          claims:
            exact: {statement: "it falls", estimate: "approach(distance-concept)", threshold: 0}
            tolerant: {statement: "it falls", estimate: "basin-fraction-entropy", threshold: 0}

          """, at: "claims.yaml")
      try sandbox.succeed("run", "claims.yaml", "-o", "claims.nc")
      let names = try sandbox.succeed("hash", "claims.nc", "--variables").output.split(separator: "\n")
        .map { $0.dropFirst(66) }
      #expect(names.contains("/claims/exact/estimate") && names.contains("/claims/exact/mean"))
      #expect(!names.contains("/claims/exact/verdict") && !names.contains("/claims/exact/lower"))
      #expect(!names.contains("/claims/tolerant/estimate"))
    }
  }
}
