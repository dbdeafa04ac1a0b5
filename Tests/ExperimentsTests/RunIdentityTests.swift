import Experiments
import Foundation
import TestSupport
import Testing

/// What tells whether work may be continued: all that changes a number, and nothing else.
@Suite struct RunIdentityTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func identity(_ overrides: String...) throws -> RunIdentity {
    try experiment(overrides: overrides, in: folder).identity()
  }

  @Test func theSameScenarioIsTheSameWork() throws {
    #expect(try identity() == identity())
    #expect(try identity().differences(from: identity()) == [])
  }

  @Test(arguments: ["output.file=other.nc", "description=other"])
  func namesAndPlacesChangeNoNumber(_ override: String) throws {
    #expect(try identity().differences(from: identity(override)) == [])
  }

  @Test(arguments: [
    "dynamics.steps=3", "initial.levels=[0.25]", "observables=[step-length]", "dynamics.precision=double",
    "model.training.epochs=1", "output.members=true",
  ])
  func whatChangesNumbersIsNamedWithBothValues(_ override: String) throws {
    let parts = override.split(separator: "=").map(String.init)
    let differences = try identity().differences(from: identity(override))
    #expect(differences.count == 1 && differences[0].hasPrefix(parts[0] + " was "), "\(differences)")
    #expect(differences[0].hasSuffix("now " + parts[1]), "\(differences)")
  }

  @Test func otherDataAreToldByTheirContents() throws {
    let differences = try identity().differences(from: identity("seed=8"))
    #expect(differences == ["seed was 7, now 8", "the data set has other contents"])
  }

  /// Training does not know how the model is used afterwards.
  @Test func aTrainingGoesOnForAnotherEnsemble() throws {
    let other = try identity("dynamics.steps=3", "initial.levels=[0.25]")
    #expect(try !identity().differences(from: other).isEmpty)
    #expect(try identity().differences(from: other, training: true) == [])
    let longer = try identity("model.training.epochs=1")
    #expect(try identity().differences(from: longer, training: true).count == 1)
  }

  @Test func aFileOfStatesCountsByItsContentsAndNotByItsPlace() throws {
    func identity(states: [UInt8], at name: String) throws -> RunIdentity {
      let path = try folder.put(states, at: name)
      return try experiment(
        overrides: ["initial.corruption=file", "initial.file={path: \(path), variable: latents}"], in: folder
      )
      .identity()
    }
    let first = try identity(states: [1, 2, 3], at: "a.npy")
    #expect(try first.differences(from: identity(states: [1, 2, 3], at: "b.npy")) == [])
    #expect(
      try first.differences(from: identity(states: [1, 2, 4], at: "a.npy"))
        == ["the file of initial states has other contents"])
  }
}

/// The names of shards.
@Suite struct ShardTests {
  @Test func textsTellWhichOfHowMany() {
    #expect(Shard("3/16") == Shard(3, of: 16))
    #expect(Shard(3, of: 16)?.description == "3/16")
    for text in ["", "3", "0/4", "5/4", "3/16/2", "a/b", "-1/4", " 1/4", "1/0"] {
      #expect(Shard(text) == nil, "\(text)")
    }
  }

  @Test func filesAreNamedBesideTheRunFile() throws {
    let shard = try #require(Shard(3, of: 16))
    #expect(shard.path(for: "runs/a.nc") == "runs/a.3-of-16.shard")
    #expect(shard.path(for: "runs/a") == "runs/a.3-of-16.shard")
    #expect(shard.path(for: "mine.shard") == "mine.shard")
  }
}
