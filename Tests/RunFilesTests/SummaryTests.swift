import Foundation
import Output
import RunFiles
import Summaries
import TestSupport
import Testing

/// Averages over models, by roles.
@Suite struct SummaryTests {
  /// A variable of a model's file.
  private struct Variable {
    var name: String
    var type = NetCDFType.double
    var attributes: [(String, NetCDFAttribute)]
    /// At two levels, for each model.
    var values: [[Double]]
  }

  /// Writes one file per model and summarizes them.
  private func summary(_ variables: [Variable], models: Int, in folder: TemporaryFolder) throws
    -> NetCDFReader
  {
    let paths = (0..<models).map { folder("model-\($0).nc") }
    for (model, path) in paths.enumerated() {
      let writer = try NetCDFWriter(path: path)
      try writer.root.defineDimension("level", length: 2)
      try writer.root.defineVariable("level", type: .double, dimensions: ["level"]).write(
        [0, 0.5] as [Double])
      for variable in variables {
        let made = try writer.root.defineVariable(
          variable.name, type: variable.type, dimensions: ["level"], attributes: variable.attributes)
        if variable.type.isInteger {
          try made.write(variable.values[model].map { Int($0) })
        } else {
          try made.write(variable.values[model])
        }
      }
      try writer.commit()
    }
    let readers = RunFileReaders()
    var layout = FileLayout()
    for path in paths { try layout.add(try readers.reader(of: path)) }
    let writer = try NetCDFWriter(path: folder("summary.nc"))
    try FileStack.defineRoot(layout, in: writer.root)
    try ModelSummary(axes: [], shape: [], files: [paths], readers: readers, layout: layout, check: {})
      .write(in: writer.root)
    try writer.commit()
    return try NetCDFReader(path: folder("summary.nc"))
  }

  private static func role(_ word: String, of subject: String? = nil) -> [(String, NetCDFAttribute)] {
    [("role", .text(word))] + (subject.map { [("role_of", .text($0))] } ?? [])
  }

  /// An observable called `visit-count`: its mean is averaged, whatever its name ends with.
  @Test func namesThatLookLikeCountsAreAveraged() throws {
    let folder = try TemporaryFolder()
    let name = "visit_count"
    let reader = try summary(
      [
        Variable(name: name, attributes: Self.role("mean"), values: [[1, 2], [3, 4], [8, 0]]),
        Variable(
          name: name + "_standard_deviation", attributes: Self.role("standard_deviation", of: name),
          values: [[3, 1], [4, 1], [5, 4]]),
        Variable(
          name: name + "_standard_error", attributes: Self.role("standard_error", of: name),
          values: [[9, 9], [9, 9], [9, 9]]),
        Variable(
          name: name + "_count", type: .int32, attributes: Self.role("count", of: name),
          values: [[10, 20], [10, 20], [10, 1]]),
        // Another observable, whose name looks like the lower end of an interval.
        Variable(name: "time_lower", attributes: Self.role("mean"), values: [[1, 1], [1, 1], [4, 4]]),
        Variable(
          name: "members", type: .int32, attributes: Self.role("count"), values: [[5, 6], [5, 6], [5, 6]]),
      ], models: 3, in: folder)
    #expect(try reader.variable(name).readDoubles() == [4, 2])
    #expect(try reader.variable(name + "_count").readInts() == [30, 41])
    #expect(try reader.variable("members").readInts() == [15, 18])
    // Roots of the mean squares 50/3 and 6: one division and one root, half an ulp each.
    let spreads = try reader.variable(name + "_standard_deviation").readDoubles()
    for (spread, square) in zip(spreads, [50.0 / 3, 6]) { #expect(abs(spread - square.squareRoot()) < 1e-15) }
    // Deviations -3, -1, 4 and 0, 2, -2: variances 13 and 4 over 3 models; a few roundings of numbers below 4.
    let errors = try reader.variable(name + "_standard_error").readDoubles()
    for (error, square) in zip(errors, [13.0 / 3, 4.0 / 3]) {
      #expect(abs(error - square.squareRoot()) < 1e-14)
    }
    // The other observable is averaged, too: not dropped as an end of an interval.
    #expect(try reader.variable("time_lower").readDoubles() == [2, 2])
    let roles = VariableRoles(reader.root)
    #expect(roles["members"] == .count)
    #expect(roles.name(of: .sampleSize(of: name)) == name + "_count")
  }

  @Test func statisticsOfSingleModelsAreReplaced() throws {
    let folder = try TemporaryFolder()
    let reader = try summary(
      [
        Variable(name: "a", attributes: Self.role("mean"), values: [[1, 2], [3, 4]]),
        Variable(
          name: "doubt", attributes: Self.role("standard_error", of: "a"), values: [[9, 9], [9, 9]]),
        Variable(name: "least", attributes: Self.role("lower_bound", of: "a"), values: [[9, 9], [9, 9]]),
        Variable(name: "most", attributes: Self.role("upper_bound", of: "a"), values: [[9, 9], [9, 9]]),
        // -1 stands for none.
        Variable(
          name: "when", type: .int32, attributes: Self.role("time", of: "a"), values: [[4, -1], [6, 3]]),
      ], models: 2, in: folder)
    let names = reader.root.variables.map(\.name)
    #expect(!names.contains("doubt") && !names.contains("least") && !names.contains("most"))
    let roles = VariableRoles(reader.root)
    for role in [VariableRole.standardError(of: "a"), .lowerBound(of: "a"), .upperBound(of: "a")] {
      #expect(roles.name(of: role) != nil, "\(role)")
    }
    #expect(try reader.variable("when").readDoubles() == [5, 3])
  }

  /// The closest concept of models is that of their averaged series, unless members diverge in one of them: the series
  /// is over fewer members then, and may fall though nobody moves.
  @Test(arguments: [10, 6]) func theClosestConceptOfModelsNeedsTheSameMembers(lastCount: Int) throws {
    let folder = try TemporaryFolder()
    let paths = (0..<2).map { folder("model-\($0).nc") }
    for (model, path) in paths.enumerated() {
      let writer = try NetCDFWriter(path: path)
      try writer.root.defineDimension("level", length: 1)
      try writer.root.defineDimension("time", length: 3)
      try writer.root.defineVariable("level", type: .double, dimensions: ["level"]).write([0.5])
      try writer.root.defineVariable(
        "d", type: .double, dimensions: ["level", "time"], attributes: Self.role("mean")
      ).write([4, 3, model == 0 ? 3.5 : 1])
      try writer.root.defineVariable(
        "d_count", type: .int32, dimensions: ["level", "time"], attributes: Self.role("count", of: "d")
      ).write([10, 10, model == 0 ? 10 : lastCount])
      try writer.root.defineVariable(
        "closest_concept_distance", type: .double, dimensions: ["level"],
        attributes: Self.role("minimum", of: "d")
      ).write([1.0])
      try writer.commit()
    }
    let readers = RunFileReaders()
    var layout = FileLayout()
    for path in paths { try layout.add(try readers.reader(of: path)) }
    let writer = try NetCDFWriter(path: folder("summary.nc"))
    try FileStack.defineRoot(layout, in: writer.root)
    try ModelSummary(axes: [], shape: [], files: [paths], readers: readers, layout: layout, check: {})
      .write(in: writer.root)
    try writer.commit()
    let reader = try NetCDFReader(path: folder("summary.nc"))
    let distance = try reader.variable("closest_concept_distance").readDoubles()[0]
    let time = try reader.variable("closest_concept_time").readInts()[0]
    if lastCount == 10 {
      #expect(distance == 2.25 && time == 2)
    } else {
      #expect(distance.isNaN && time == -1)
    }
  }

  /// Coordinates that differ are united in ascending order, whichever list is longer; a group takes those of all.
  @Test func coordinatesAreUnitedInOrder() throws {
    let folder = try TemporaryFolder()
    func united(_ lists: [[Int]]) throws -> FileLayout {
      var layout = FileLayout()
      for (k, times) in lists.enumerated() {
        let path = folder("\(lists.count)-\(k).nc")
        let writer = try NetCDFWriter(path: path, overwrite: true)
        try writer.root.defineDimension("change_time", length: times.count)
        try writer.root.defineVariable(
          "change_time", type: .int32, dimensions: ["change_time"], attributes: Self.role("coordinate")
        ).write(times)
        try writer.commit()
        try layout.add(NetCDFReader(path: path))
      }
      return layout
    }
    var layout = try united([[1, 2, 20], [1, 2, 3]])
    func write() throws -> [Int] {
      let writer = try NetCDFWriter(path: folder("united.nc"), overwrite: true)
      try FileStack.defineRoot(layout, in: writer.root)
      try writer.commit()
      return try NetCDFReader(path: folder("united.nc")).variable("change_time").readInts()
    }
    #expect(try write() == [1, 2, 3, 20])
    // Those of another group's files among them.
    var all = layout
    all.uniteCoordinates(with: try united([[1, 2, 7]]))
    layout.adoptCoordinates(of: all)
    #expect(try write() == [1, 2, 3, 7, 20])
  }

  /// A mean over fewer models than there are says so.
  @Test func modelsThatGaveNothingAreCounted() throws {
    let folder = try TemporaryFolder()
    let reader = try summary(
      [
        Variable(
          name: "a", attributes: Self.role("mean"), values: [[1, .nan], [.infinity, .nan], [4, 2]]),
        Variable(
          name: "a_count", type: .int32, attributes: Self.role("count", of: "a"),
          values: [[10, 20], [10, 20], [10, 20]]),
      ], models: 3, in: folder)
    #expect(try reader.variable("a").readDoubles() == [2.5, 2])
    #expect(try reader.variable("a_models").readInts() == [2, 1])
    let roles = VariableRoles(reader.root)
    #expect(roles.name(of: .models(of: "a")) == "a_models")
    #expect(roles.name(of: .sampleSize(of: "a")) == "a_count")
    let others = try reader.variable("a").attribute("ancillary_variables").text?.split(separator: " ")
    #expect(others?.contains("a_models") == true)
  }

  @Test func filesWithoutRolesAreSummarizedByName() throws {
    let folder = try TemporaryFolder()
    let reader = try summary(
      [
        Variable(
          name: "energy", attributes: [("ancillary_variables", "energy_count")], values: [[1, 2], [3, 4]]),
        Variable(name: "energy_standard_deviation", attributes: [], values: [[3, 1], [4, 1]]),
        Variable(name: "energy_standard_error", attributes: [], values: [[9, 9], [9, 9]]),
        Variable(name: "energy_count", type: .int32, attributes: [], values: [[10, 20], [10, 20]]),
        Variable(name: "count", type: .int32, attributes: [], values: [[10, 20], [10, 20]]),
      ], models: 2, in: folder)
    #expect(try reader.variable("energy").readDoubles() == [2, 3])
    #expect(try reader.variable("energy_count").readInts() == [20, 40])
    #expect(try reader.variable("count").readInts() == [20, 40])
    #expect(try reader.variable("energy_standard_error").readDoubles() == [1, 1])
    #expect(try reader.variable("energy_standard_deviation").readDoubles()[1] == 1)
  }
}
