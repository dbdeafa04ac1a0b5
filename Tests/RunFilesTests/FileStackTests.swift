import Output
import RunFiles
import Summaries
import TestSupport
import Testing

/// The variables of several run files as those of one, with leading dimensions.
@Suite struct FileStackTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func role(_ word: String) -> [(String, NetCDFAttribute)] { [("role", .text(word))] }

  /// A run's file: `mean`, `count` over its levels, and a single `shift`; in a group `concepts`, `radius` by class.
  private func write(_ name: String, levels: [Double], offset: Double, classes: [String] = []) throws
    -> String
  {
    let writer = try NetCDFWriter(path: folder(name))
    let root = writer.root
    try root.defineDimension("level", length: levels.count)
    try root.defineVariable(
      "level", type: .double, dimensions: ["level"], attributes: Self.role("coordinate")
    )
    .write(levels)
    try root.defineVariable("mean", type: .double, dimensions: ["level"], attributes: Self.role("mean"))
      .write(levels.map { offset + $0 })
    try root.defineVariable("count", type: .int32, dimensions: ["level"], attributes: Self.role("count"))
      .write(levels.indices.map { Int(offset) + $0 })
    try root.defineVariable("shift", type: .double, dimensions: [], attributes: Self.role("value"))
      .write([offset])
    if !classes.isEmpty {
      let group = try root.defineGroup("concepts")
      try group.defineDimension("class", length: classes.count)
      try group.defineVariable(
        "class", type: .string, dimensions: ["class"], attributes: Self.role("coordinate")
      )
      .write(classes)
      try group.defineVariable("radius", type: .double, dimensions: ["class"], attributes: Self.role("value"))
        .write(classes.indices.map { offset * 10 + Double($0) })
    }
    try writer.commit()
    return folder(name)
  }

  /// Stacks files along (`model`, `replica`) and reads the result.
  private func stack(_ files: [String?], shape: [Int] = []) throws -> NetCDFReader {
    let shape = shape.isEmpty ? [files.count] : shape
    let readers = RunFileReaders()
    var layout = FileLayout()
    for file in files.compactMap({ $0 }) { try layout.add(try readers.reader(of: file)) }
    let axes = Array(["model", "replica"].prefix(shape.count))
    let path = folder("stack.nc")
    let writer = try NetCDFWriter(path: path, overwrite: true)
    for (axis, length) in zip(axes, shape) { try writer.root.defineDimension(axis, length: length) }
    try FileStack(
      axes: axes, shape: shape, files: files, readers: readers, layout: layout, check: {}, writeAxes: { _ in }
    ).write(in: writer.root, definesRootDimensions: true, attributes: { [("number", .int($0))] })
    try writer.commit()
    return try NetCDFReader(path: path)
  }

  private func isSame(_ a: [Double], _ b: [Double]) -> Bool { a.map(\.bitPattern) == b.map(\.bitPattern) }

  @Test func leadingDimensionsComeFirstAndTheLastIsTheFastest() throws {
    let files = try (0..<6).map { try write("\($0).nc", levels: [0, 0.5], offset: Double($0)) }
    let reader = try stack(files, shape: [2, 3])
    let mean = try reader.variable("mean")
    #expect(mean.dimensions.map(\.name) == ["model", "replica", "level"] && mean.shape == [2, 3, 2])
    #expect(try mean.readDoubles() == (0..<6).flatMap { [Double($0), Double($0) + 0.5] })
    #expect(try reader.variable("count").readInts() == (0..<6).flatMap { [$0, $0 + 1] })
    #expect(try reader.variable("shift").readDoubles() == (0..<6).map(Double.init))
    #expect(try reader.variable("level").readDoubles() == [0, 0.5], "coordinates are written once")
  }

  /// Numbers are missing, counts are -1 where a run gave none.
  @Test func aRunThatFailedLeavesItsPlaceEmpty() throws {
    let reader = try stack([
      write("0.nc", levels: [0, 0.5], offset: 3), nil, write("2.nc", levels: [0, 0.5], offset: 5),
    ])
    let values = try reader.variable("mean").readDoubles()
    #expect(values[0..<2] == [3, 3.5] && values[2].isNaN && values[3].isNaN && values[4...] == [5, 5.5])
    #expect(try reader.variable("count").readInts() == [3, 4, -1, -1, 5, 6])
  }

  /// Levels that differ between runs are united in ascending order; each run's numbers go to its own levels.
  @Test func valuesGoWhereTheirCoordinateIs() throws {
    let reader = try stack([
      write("0.nc", levels: [0, 1], offset: 10), write("1.nc", levels: [0.5, 1], offset: 20),
    ])
    #expect(try reader.variable("level").readDoubles() == [0, 0.5, 1])
    let nan = Double.nan
    let values = try reader.variable("mean").readDoubles()
    #expect(values.map { $0.isNaN } == [false, true, false, true, false, false])
    #expect(isSame(values.map { $0.isNaN ? nan : $0 }, [10, nan, 11, nan, 20.5, 21]))
    #expect(try reader.variable("count").readInts() == [10, -1, 11, -1, 20, 21])
  }

  @Test func groupsThatAreAlikeAreStacked() throws {
    let reader = try stack([
      write("0.nc", levels: [0], offset: 1, classes: ["a", "b"]),
      write("1.nc", levels: [0], offset: 2, classes: ["a", "b"]),
    ])
    let radius = try reader.group("concepts").variables.first { $0.name == "radius" }
    #expect(radius?.shape == [2, 2])
    #expect(try radius?.readDoubles() == [10, 11, 20, 21])
  }

  /// Groups that hold other entries are kept beside each other, each under the number of its run.
  @Test func groupsThatDifferAreKeptApart() throws {
    let reader = try stack([
      write("0.nc", levels: [0], offset: 1, classes: ["a", "b"]),
      write("1.nc", levels: [0], offset: 2, classes: ["a", "b", "c"]),
    ])
    let group = try reader.group("concepts")
    #expect(group.groups.map(\.name) == ["0", "1"])
    let lists = try group.groups.map { try $0.variables.first { $0.name == "radius" }?.readDoubles() }
    #expect(lists == [[10, 11], [20, 21, 22]])
    #expect(group.groups[1].attributes.contains { $0.name == "number" })
  }
}
