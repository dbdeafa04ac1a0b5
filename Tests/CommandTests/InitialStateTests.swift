import Foundation
import Output
import TestSupport
import Testing

extension CommandTests {
  /// Corruptions and initial states from files.
  @Suite struct InitialStateTests {
    private static func run(
      _ sandbox: Sandbox, _ initial: String, _ observables: String, steps: Int = 2
    ) throws -> NetCDFReader {
      var text = smallScenario.components(separatedBy: "dynamics:")[0]
      text += "dynamics: {steps: \(steps)}\ninitial: \(initial)\n"
      text += observables.isEmpty ? "" : "observables: \(observables)\n"
      text += "output: {members: true, latents: true}\n"
      try sandbox.put(text, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "--overwrite")
      return try sandbox.reader("small.nc")
    }

    @Test(arguments: [
      "uniform-replacement", "flip", "flip-exact", "gaussian", "occlusion", "latent-gaussian",
    ])
    func corruptionsOfItemsGrowFromNothing(name: String) throws {
      let sandbox = try Sandbox()
      let reader = try Self.run(
        sandbox, "{corruption: \(name), levels: [0, 0.1, 1]}", "[distance-memory, reconstruction-error]")
      let distances = try Table(reader, "members/distance_memory")
      let mean = try Table(reader, "distance_memory")
      #expect(distances.shape == [480, 3])
      for member in 0..<160 { #expect(distances[member, 0] == 0) }
      #expect(mean[0, 0] < mean[1, 0] && mean[1, 0] < mean[2, 0])
      #expect(try reader.variable("diverged_count").readInts() == [0, 0, 0])
    }

    @Test func flippingAllPixelsLeavesNoOverlapWithBinaryPatterns() throws {
      let sandbox = try Sandbox()
      for name in ["flip", "flip-exact"] {
        let reader = try Self.run(sandbox, "{corruption: \(name), levels: [0, 1]}", "[data-overlap]")
        let overlaps = try Table(reader, "members/data_overlap")
        for member in 0..<160 {
          // A cosine of a vector with itself: three sums of 36 ones and a root.
          #expect(abs(overlaps[member, 0] - 1) <= 4 * 0x1p-53)
          // x and 1 - x share no pixel; a pattern of zeros alone would have no cosine.
          #expect(overlaps[160 + member, 0] == 0)
        }
      }
    }

    @Test func priorStatesAreStandardNormal() throws {
      let sandbox = try Sandbox()
      let reader = try Self.run(sandbox, "{corruption: prior, items: 2500}", "", steps: 0)
      let states = try reader.variable("members/latent_state").readDoubles()
      #expect(states.count == 10_000)
      // Five standard errors: of the mean 1 / sqrt(n), of the variance sqrt(2 / n).
      let mean = states.reduce(0, +) / 10_000
      let variance = states.map { $0 * $0 }.reduce(0, +) / 10_000
      #expect(abs(mean) < 5 / 100.0)
      let error = (2.0 / 10_000).squareRoot()
      #expect(abs(variance - 1) < 5 * error)
      // Members without own items: the default observables are those that need none, no tree levels.
      #expect(try reader.variable("distance_nearest_memory").shape == [1, 1])
      #expect(throws: NetCDFError.self) { try reader.variable("level_fraction") }
      #expect(throws: NetCDFError.self) { try reader.variable("members/class") }
    }

    @Test func boxStatesFillTheBox() throws {
      let sandbox = try Sandbox()
      let reader = try Self.run(sandbox, "{corruption: latent-box, levels: [3], items: 2500}", "", steps: 0)
      let states = try reader.variable("members/latent_state").readDoubles()
      #expect(states.allSatisfy { abs($0) <= 3 })
      // Five standard errors of the mean of n numbers of variance 3, and P(max < 2.9) = (29/30)^10000.
      let mean = states.reduce(0, +) / 10_000
      let error = (3.0 / 10_000).squareRoot()
      #expect(abs(mean) < 5 * error)
      #expect(try #require(states.max()) > 2.9)
      #expect(try #require(states.min()) < -2.9)
    }

    /// Five states of 36 pixels and of 4 latent variables, all exact in single precision.
    @discardableResult
    private static func putStates(_ sandbox: Sandbox) throws -> (data: [Double], latent: [Double]) {
      let data = (0..<5 * 36).map { Double($0 % 7) / 8 }
      let latent = (0..<5 * 4).map { Double($0) / 8 - 1 }
      let writer = try NetCDFWriter(path: sandbox("states.nc"))
      try writer.root.defineDimension("state", length: 5)
      try writer.root.defineDimension("pixel", length: 36)
      try writer.root.defineDimension("latent", length: 4)
      try writer.root.defineVariable("data", type: .double, dimensions: ["state", "pixel"]).write(data)
      try writer.root.defineVariable("latents", type: .double, dimensions: ["state", "latent"]).write(latent)
      try writer.root.defineVariable("labels", type: .int32, dimensions: ["state"]).write([3, 0, 1, 1, 2])
      try writer.root.defineVariable("wrong", type: .int32, dimensions: ["state"]).write([3, 0, 1, 1, 4])
      try writer.commit()
      return (data, latent)
    }

    @Test func latentStatesOfAFileStartThere() throws {
      let sandbox = try Sandbox()
      let (_, latent) = try Self.putStates(sandbox)
      let file = "{corruption: file, file: {path: states.nc, variable: latents}}"
      let reader = try Self.run(sandbox, file, "")
      let states = try Table(reader, "members/latent_state")
      #expect(states.shape == [5, 3, 4])
      for member in 0..<5 { #expect(states.row(member, 0) == Array(latent[member * 4..<member * 4 + 4])) }
      #expect(try reader.variable("members/item").readInts() == [0, 1, 2, 3, 4])
      // Where F leads does not depend on what the file calls the states: run on from t = 1. In single
      // precision the states are exact floats, so that nothing is lost on the way.
      let after = (0..<5).flatMap { states.row($0, 1) }
      let writer = try NetCDFWriter(path: sandbox("states.nc"), overwrite: true)
      try writer.root.defineDimension("state", length: 5)
      try writer.root.defineDimension("latent", length: 4)
      try writer.root.defineVariable("latents", type: .double, dimensions: ["state", "latent"]).write(after)
      try writer.commit()
      let next = try Table(Self.run(sandbox, file, ""), "members/latent_state")
      for member in 0..<5 {
        #expect(next.row(member, 0) == states.row(member, 1))
        #expect(next.row(member, 1) == states.row(member, 2))
      }
    }

    @Test func labelledStatesHaveConceptsOfTheirOwn() throws {
      let sandbox = try Sandbox()
      try Self.putStates(sandbox)
      for variable in ["data", "latents"] {
        let reader = try Self.run(
          sandbox, "{corruption: file, file: {path: states.nc, variable: \(variable), labels: labels}}",
          "[distance-concept]")
        #expect(try reader.variable("members/class").readInts() == [3, 0, 1, 1, 2])
        let states = try Table(reader, "members/latent_state")
        let concepts = try Table(reader, "geometry/concept_position")
        let distances = try Table(reader, "members/distance_concept")
        for (member, label) in [3, 0, 1, 1, 2].enumerated() {
          let squares = zip(states.row(member, 0), concepts.row(label)).map { ($0 - $1) * ($0 - $1) }
          let expected = squares.reduce(0, +).squareRoot()
          // Four squared differences of numbers below 4.
          #expect(abs(distances[member, 0] - expected) <= 32 * 4 * 0x1p-53)
        }
      }
    }

    @Test func dataStatesOfAnIDXFileAreGreyLevels() throws {
      let sandbox = try Sandbox()
      // The same pictures as IDX bytes and as NetCDF numbers b / 255.
      let bytes = (0..<5 * 36).map { UInt8($0 % 256) }
      try sandbox.put(idx([5, 6, 6], bytes), at: "states.idx")
      let writer = try NetCDFWriter(path: sandbox("states.nc"))
      for (name, length) in [("state", 5), ("row", 6), ("column", 6)] {
        try writer.root.defineDimension(name, length: length)
      }
      try writer.root.defineVariable("data", type: .double, dimensions: ["state", "row", "column"])
        .write(bytes.map { Double($0) / 255 })
      try writer.commit()
      let first = try Table(
        Self.run(sandbox, "{corruption: file, file: {path: states.idx}}", ""), "members/latent_state")
      let second = try Table(
        Self.run(sandbox, "{corruption: file, file: {path: states.nc, variable: data}}", ""),
        "members/latent_state")
      #expect(first.shape == [5, 3, 4])
      #expect(first.values == second.values)
    }

    @Test func dataStatesOutsideOfTheUnitIntervalNeedAGaussianDecoder() throws {
      let sandbox = try Sandbox()
      let writer = try NetCDFWriter(path: sandbox("states.nc"))
      for (name, length) in [("state", 5), ("pixel", 36), ("latent", 4)] {
        try writer.root.defineDimension(name, length: length)
      }
      let bytes = (0..<5 * 36).map { Double($0 * 255 / 179) }
      try writer.root.defineVariable("bytes", type: .double, dimensions: ["state", "pixel"]).write(bytes)
      try writer.root.defineVariable("below", type: .double, dimensions: ["state", "pixel"])
        .write(bytes.map { $0 / 255 - 0.25 })
      try writer.root.defineVariable("latents", type: .double, dimensions: ["state", "latent"])
        .write(Array(bytes.prefix(20)))
      try writer.commit()
      let start =
        smallScenario.components(separatedBy: "initial:")[0] + "output: {members: true, latents: true}\n"
      func put(_ file: String) throws {
        try sandbox.put(start + "initial: {corruption: file, file: \(file)}\n", at: "small.yaml")
      }
      try put("{path: states.nc, variable: bytes}")
      for command in ["validate", "run"] {
        try sandbox.fail(
          65, [command, "small.yaml"],
          parts: ["initial.file: states.nc: bytes", "from 0 to 1", "from 0.0 to 255.0", "255, or", "IDX"])
      }
      // The likelihood is that of the model's file, where there is one.
      let gaussian = ["--set", "model.likelihood=gaussian"]
      #expect(
        try sandbox.simulate(["train", "small.yaml", "-o", "gaussian.safetensors"] + gaussian).code == 0)
      try sandbox.succeed("train", "small.yaml", "-o", "bernoulli.safetensors")
      try sandbox.fail(
        65, ["run", "small.yaml", "--set", "model.file=bernoulli.safetensors"], parts: ["from 0.0 to 255.0"])
      try sandbox.succeed("run", "small.yaml", "-o", "a.nc", "--set", "model.file=gaussian.safetensors")
      #expect(try sandbox.simulate(["run", "small.yaml", "-o", "b.nc"] + gaussian).code == 0)
      try expectIdentical(sandbox.reader("a.nc"), sandbox.reader("b.nc"))
      try put("{path: states.nc, variable: below}")
      try sandbox.fail(65, ["run", "small.yaml"], parts: ["from -0.25 to 0.75"])
      // Latent states are any numbers.
      try put("{path: states.nc, variable: latents}")
      try sandbox.succeed("run", "small.yaml")
    }

    @Test func unfitStatesAreRefused() throws {
      let sandbox = try Sandbox()
      try Self.putStates(sandbox)
      let start = smallScenario.components(separatedBy: "initial:")[0]
      func refuse(_ file: String, _ code: Int32, _ parts: [String], more: String = "") throws {
        try sandbox.put(start + "initial: {corruption: file, file: \(file)}\n\(more)", at: "small.yaml")
        try sandbox.fail(code, ["run", "small.yaml"], parts: parts)
        #expect(try sandbox.names == ["small.yaml", "states.nc"])
      }
      try refuse("{path: none.nc, variable: data}", 66, ["none.nc"])
      try refuse(
        "{path: states.nc}", 65, ["initial.file.variable", "states.nc", "NetCDF file (HDF5)", "ncdump"])
      try refuse("{path: states.nc, variable: dat}", 65, ["\"dat\"", "did you mean \"data\""])
      try refuse("{path: states.nc, variable: labels}", 65, ["labels", "[states, 36]", "[states, 4]"])
      try refuse(
        "{path: states.nc, variable: data, labels: wrong}", 65,
        ["initial.file.labels", ": 4:", "[0, 1, 2, 3]"])
      try refuse(
        "{path: states.nc, variable: data}", 65, ["observables", "overlap-concept"],
        more: "observables: [overlap-concept]\n")
      try sandbox.put(
        start + "initial: {corruption: file, items: 6, file: {path: states.nc, variable: data}}",
        at: "small.yaml")
      try sandbox.fail(65, ["run", "small.yaml"], parts: ["initial.items: 6", "at most 5"])
    }
  }
}
