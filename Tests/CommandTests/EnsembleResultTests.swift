import Foundation
import Observables
import Output
import Statistics
import Testing

/// The values of a variable with its shape, to be read by index.
struct Table {
  var shape: [Int]
  var values: [Double]

  init(_ reader: NetCDFReader, _ path: String) throws {
    let variable = try reader.variable(path)
    shape = variable.shape
    values = try variable.readDoubles()
  }

  subscript(_ indices: Int...) -> Double {
    var offset = 0
    for (index, length) in zip(indices, shape) { offset = offset * length + index }
    return values[offset]
  }

  /// The innermost row at the given leading indices.
  func row(_ indices: Int...) -> [Double] {
    let width = shape.last ?? 1
    var offset = 0
    for (index, length) in zip(indices, shape) { offset = offset * length + index }
    return Array(values[offset * width..<(offset + 1) * width])
  }
}

private let unit = 0x1p-53

private func distance(_ a: [Double], _ b: [Double]) -> Double {
  zip(a, b).map { ($0 - $1) * ($0 - $1) }.reduce(0, +).squareRoot()
}

/// Mean and sample standard deviation by the textbook's two passes.
private func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
  let n = Double(values.count)
  guard n > 0 else { return (.nan, .nan) }
  let mean = values.reduce(0, +) / n
  let square = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
  return (mean, n > 1 ? (square / (n - 1)).squareRoot() : .nan)
}

/// Expects two numbers to be near, or both to be missing.
private func expectNear(
  _ a: Double, _ b: Double, within tolerance: Double, _ comment: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  if a.isNaN && b.isNaN { return }
  #expect(abs(a - b) <= tolerance, "\(comment): \(a), expected \(b)", sourceLocation: sourceLocation)
}

extension CommandTests {
  /// The numbers in the run file, computed again from the members in it.
  @Suite struct EnsembleResultTests {
    /// A run of 2 levels x 160 items x 3 realizations with everything recorded.
    private static func run(_ sandbox: Sandbox, _ settings: String...) throws -> NetCDFReader {
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      let all =
        ["run", "small.yaml", "--set", "initial.realizations=3"] + settings.flatMap { ["--set", $0] }
      let execution = try sandbox.simulate(all)
      try #require(execution.code == 0, "\(execution.errors)")
      return try sandbox.reader("small.nc")
    }

    @Test(arguments: ["single", "double"])
    func averagesAreThoseOfTheMembers(precision: String) throws {
      let sandbox = try Sandbox()
      let reader = try Self.run(sandbox, "dynamics.precision=\(precision)")
      let levels = try reader.variable("members/corruption_level").readDoubles()
      let items = try reader.variable("members/item").readInts()
      let classes = try reader.variable("members/class").readInts()
      let labels = try reader.variable("concept").readInts()
      let parents = try reader.variable("geometry/concept_parent").readInts()
      let concepts = try Table(reader, "geometry/concept_position")
      let states = try Table(reader, "members/latent_state")
      let levelValues = try reader.variable("level").readDoubles()
      #expect(levels.count == 960)
      let classIndex = try classes.map { try #require(labels.firstIndex(of: $0)) }

      // Whether the own concept is the nearest, from positions alone.
      func isRetained(_ member: Int, _ time: Int) -> Bool {
        let all = labels.indices.map { distance(states.row(member, time), concepts.row($0)) }
        return all.indices.min { all[$0] < all[$1] } == classIndex[member]
      }

      for name in ["distance_concept", "abstraction_level", "step_length", "energy", "overlap_memory"] {
        let series = try Table(reader, "members/" + name)
        func check(
          _ path: String, _ chosen: [Int], _ time: Int, _ index: [Int], items inAll: Double
        ) throws {
          let finite = chosen.filter { series[$0, time].isFinite }
          let values = finite.map { series[$0, time] }
          let (mean, deviation) = moments(values)
          var byItem: [Int: [Double]] = [:]
          for member in finite { byItem[items[member], default: []].append(series[member, time]) }
          // The mean is the ratio of sums over items; those of the group without a chosen member are among the n.
          let squares = byItem.values.reduce(0) { sum, own in
            let residual = own.reduce(0, +) - mean * Double(own.count)
            return sum + residual * residual
          }
          let variance = inAll / (inAll - 1) * squares / Double(values.count * values.count)
          let error = byItem.count > 1 ? variance.squareRoot() : .nan

          func stored(_ suffix: String) throws -> Double {
            let variable = try reader.variable(path + suffix)
            return try variable.readDoubles(start: index, count: index.map { _ in 1 })[0]
          }
          // Two orders of summation of n numbers: their means differ by at most 2 n u max|x|; the sums of
          // squared differences by 4 n u max|x|^2 times n, hence the variances by 8 n u max|x|^2; and
          // |sqrt(a) - sqrt(b)| <= sqrt(|a - b|), which also covers variances near 0.
          let n = Double(max(values.count, 1))
          let largest = values.map { abs($0) }.max() ?? 0
          let rounding = (8 * n * unit * largest * largest)
          func root(_ x: Double) -> Double {
            x.isFinite && x * x > rounding ? rounding / x : rounding.squareRoot()
          }
          #expect(try stored("_count") == Double(values.count), "\(path) \(index)")
          expectNear(try stored(""), mean, within: 2 * n * unit * largest, "\(path) \(index)")
          expectNear(
            try stored("_standard_deviation"), deviation, within: root(deviation), "\(path) \(index)")
          expectNear(try stored("_standard_error"), error, within: root(error), "\(path) \(index)")
          let quantile =
            byItem.count > 1 ? StudentInterval.quantile(0.975, degreesOfFreedom: byItem.count - 1) : .nan
          let slack = 2 * n * unit * largest + quantile * root(error)
          expectNear(try stored("_lower"), mean - quantile * error, within: slack, "\(path) \(index)")
          expectNear(try stored("_upper"), mean + quantile * error, within: slack, "\(path) \(index)")
        }
        for (level, value) in levelValues.enumerated() {
          let members = levels.indices.filter { levels[$0] == value }
          #expect(members.count == 480)
          for time in 0..<4 {
            try check(name, members, time, [level, time], items: 160)
            for group in labels.indices {
              try check(
                name + "_by_class", members.filter { classIndex[$0] == group }, time, [level, group, time],
                items: 40)
            }
            for group in 0..<2 {
              try check(
                name + "_by_superclass", members.filter { parents[classIndex[$0]] == group }, time,
                [level, group, time], items: 80)
            }
            for (ending, at) in [("", time), ("initially_", 0)] {
              let place = [level, time]
              try check(
                "\(name)_\(ending)retained", members.filter { isRetained($0, at) }, time, place, items: 160)
              try check(
                "\(name)_\(ending)lost", members.filter { !isRetained($0, at) }, time, place, items: 160)
            }
          }
        }
      }
    }

    /// Members that all agree do not prove that others do: the intervals of fractions have a width, and stay in [0, 1].
    @Test func fractionsHaveWideIntervals() throws {
      let sandbox = try Sandbox()
      let reader = try Self.run(
        sandbox, "initial={levels: [0], items: 3, realizations: 2}",
        "observables=[memory-recovered, concept-accuracy]")
      let names = ["memory_recovered", "concept_accuracy", "level_fraction", "memory_after_concept"]
      for name in names {
        let mean = try reader.variable(name).readDoubles()
        let lower = try reader.variable(name + "_lower").readDoubles()
        let upper = try reader.variable(name + "_upper").readDoubles()
        for k in mean.indices where mean[k].isFinite {
          #expect(0 <= lower[k] && lower[k] <= mean[k] && mean[k] <= upper[k] && upper[k] <= 1, "\(name)")
          #expect(upper[k] - lower[k] > 0.5, "\(name)")
        }
      }
      // At t = 0 all members are their memories. Three of three: 0.025^(1/3).
      #expect(try reader.variable("memory_recovered").readDoubles()[0] == 1)
      let end = try reader.variable("memory_recovered_lower").readDoubles()[0]
      #expect(abs(end - 0.292401773821287) < 1e-9)
      #expect(
        try reader.variable("memory_recovered_lower").attribute("long_name").text
          == "lower end of Korn and Graubard's 95 % interval over items of memory_recovered")
    }

    @Test func observablesAreThoseOfTheLatentStates() throws {
      let sandbox = try Sandbox()
      let reader = try Self.run(sandbox)
      let states = try Table(reader, "members/latent_state")
      let concepts = try Table(reader, "geometry/concept_position")
      let superconcepts = try Table(reader, "geometry/superconcept_position")
      let root = try reader.variable("geometry/root_position").readDoubles()
      let parents = try reader.variable("geometry/concept_parent").readInts()
      let items = try reader.variable("members/item").readInts()
      let classes = try reader.variable("members/class").readInts()
      let levels = try reader.variable("members/corruption_level").readDoubles()
      let distances = try Table(reader, "members/distance_concept")
      let roots = try Table(reader, "members/distance_root")
      let steps = try Table(reader, "members/step_length")
      let overlaps = try Table(reader, "members/overlap_memory")
      let abstraction = try Table(reader, "members/abstraction_level")
      let fractions = try Table(reader, "level_fraction")
      let closestTimes = try reader.variable("members/time_of_closest_concept").readInts()
      let closest = try reader.variable("members/closest_concept_distance").readDoubles()

      // At level 0 the uncorrupted item is encoded: z(0) is its memory.
      var memories: [Int: [Double]] = [:]
      for member in levels.indices where levels[member] == 0 {
        memories[items[member]] = states.row(member, 0)
      }
      #expect(memories.count == 160)

      // Concepts are the means of the memories below them, superconcepts and root as well. At most 160
      // numbers of size at most `scale` are summed, in any order: errors of means below 2 n u scale.
      let scale = states.values.map { abs($0) }.max() ?? 0
      func expectMean(_ centre: [Double], _ chosen: (Int) -> Bool, _ comment: String) {
        let below = memories.filter { chosen($0.key) }.map(\.value)
        for k in 0..<4 {
          let mean = below.map { $0[k] }.reduce(0, +) / Double(below.count)
          expectNear(centre[k], mean, within: 2 * 160 * unit * scale, comment)
        }
      }
      var classOfItem: [Int: Int] = [:]
      for member in items.indices { classOfItem[items[member]] = classes[member] }
      for group in 0..<4 {
        expectMean(concepts.row(group), { classOfItem[$0] == group }, "concept \(group)")
      }
      for group in 0..<2 {
        expectMean(superconcepts.row(group), { parents[classOfItem[$0]!] == group }, "superconcept \(group)")
      }
      expectMean(root, { _ in true }, "root")

      // Four squared differences are summed: errors of a few roundings of numbers of size `scale`; a
      // cosine has the relative errors of three sums.
      let tolerance = 32 * unit * scale
      var counts = Array(repeating: 0.0, count: 2 * 4 * 4)
      for member in levels.indices {
        var (nearest, nearestTime) = (Double.infinity, -1)
        for time in 0..<4 {
          let z = states.row(member, time)
          let own = classes[member]
          let memory = try #require(memories[items[member]])
          let expected = distance(z, concepts.row(own))
          expectNear(distances[member, time], expected, within: tolerance, "distance-concept")
          expectNear(roots[member, time], distance(z, root), within: tolerance, "distance-root")
          let step = time == 0 ? .nan : distance(z, states.row(member, time - 1))
          expectNear(steps[member, time], step, within: tolerance, "step-length")
          #expect(steps[member, time].isNaN == (time == 0))
          let norms = distance(z, [0, 0, 0, 0]) * distance(memory, [0, 0, 0, 0])
          let cosine = zip(z, memory).map { $0 * $1 }.reduce(0, +) / norms
          expectNear(overlaps[member, time], cosine, within: 32 * unit, "overlap-memory")
          let branch = [
            distance(z, memory), expected, distance(z, superconcepts.row(parents[own])), distance(z, root),
          ]
          let level = try #require(branch.indices.min { branch[$0] < branch[$1] })
          #expect(abstraction[member, time] == Double(level))
          counts[((levels[member] == 0 ? 0 : 1) * 4 + time) * 4 + level] += 1
          if distances[member, time] < nearest { (nearest, nearestTime) = (distances[member, time], time) }
        }
        #expect(closestTimes[member] == nearestTime)
        #expect(closest[member] == nearest)
      }
      for (k, count) in counts.enumerated() {
        expectNear(fractions.values[k], count / 480, within: 960 * unit, "level_fraction")
      }
    }

    @Test func approachesAreThoseOfTheAveragedDistances() throws {
      let sandbox = try Sandbox()
      let reader = try Self.run(sandbox)
      let mean = try Table(reader, "distance_concept")
      let approach = try Table(reader, "approach")
      let (lower, upper) = (try Table(reader, "approach_lower"), try Table(reader, "approach_upper"))
      let times = try reader.variable("closest_concept_time").readInts()
      let distances = try reader.variable("closest_concept_distance").readDoubles()
      for level in 0..<2 {
        let series = mean.row(level)
        let smallest = try #require(series.min())
        #expect(times[level] == series.firstIndex(of: smallest))
        // Sums over 480 members by members, or over 160 items of 3.
        expectNear(distances[level], smallest, within: 960 * unit * series[0], "closest_concept_distance")
        expectNear(approach[level, 1], 1 - smallest / series[0], within: 2000 * unit, "approach")
        if [0, series.count - 1].contains(times[level]) {
          #expect(lower[level, 1].isNaN && upper[level, 1].isNaN, "no interval covers at the ends")
        } else {
          #expect(lower[level, 1] <= approach[level, 1] + 2000 * unit)
          #expect(approach[level, 1] <= upper[level, 1] + 2000 * unit)
        }
      }
      // At level 0 the distance to the own memory is 0 at the start, and no approach is defined.
      #expect(approach[0, 0].isNaN)
    }

    @Test func sampleModeAtTemperatureZeroIsMeanMode() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "mean.nc")
      try sandbox.succeed(
        "run", "small.yaml", "-o", "cold.nc", "--set", "dynamics.mode=sample", "--set",
        "dynamics.temperature=0")
      try sandbox.succeed("run", "small.yaml", "-o", "warm.nc", "--set", "dynamics.mode=sample")
      let names = ["mean.nc", "cold.nc", "warm.nc"]
      let states = try names.map { try sandbox.reader($0).variable("members/latent_state").readDoubles() }
      #expect(states[0] == states[1])
      #expect(zip(states[0], states[2]).allSatisfy { $0 != $1 })
    }

    @Test func clampedModeMovesOnlyWhatWasCorrupted() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      let levels = "initial.levels=[0,0.5,1]"
      try sandbox.succeed("run", "small.yaml", "-o", "mean.nc", "--set", levels)
      try sandbox.succeed(
        "run", "small.yaml", "-o", "clamped.nc", "--set", levels, "--set", "dynamics.mode=clamped")
      let mean = try Table(sandbox.reader("mean.nc"), "members/latent_state")
      let clamped = try Table(sandbox.reader("clamped.nc"), "members/latent_state")
      let perLevel = 160 * 4 * 4
      #expect(clamped.values.count == 3 * perLevel)
      // Nothing was corrupted: the picture, and so the state, stays.
      for member in 0..<160 {
        for time in 1..<4 { #expect(clamped.row(member, time) == clamped.row(member, 0)) }
      }
      // Everything was: the map is that of mean mode.
      #expect(clamped.values[(2 * perLevel)...] == mean.values[(2 * perLevel)...])
      #expect(clamped.values[perLevel..<2 * perLevel] != mean.values[perLevel..<2 * perLevel])
    }
  }
}
