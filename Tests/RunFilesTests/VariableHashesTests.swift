import Output
import Summaries
import TestSupport
import Testing

/// Hashes of run files, and their comparison. The hashes expected here are those of Python's hashlib and struct over the same bytes.
@Suite struct VariableHashesTests {
  private static let list = """
    4e611fc8969cb168d12d30b6d2319153f789d61b89efec6b410fc494e2cc7a9b  /big
    a3713c11b74b6eddb43ebe4e2e93d42b3a607c3317e8ab65bee14137acec2153  /group/words
    7d445200d34888ecdc99421dcdd029f1c99bc1710c81e498afdd95c347d3cd5e  /n
    00d17dffc5318e7b91b88ac729ff816ee909327cc2939d5f9190cd6922c3aba7  /s
    1b4aba962e35512db7aee84eb37aa6cae22f4f27f5b157cfdd9a9e49433bc2a6  /x

    """

  /// 1e-310.
  private static let subnormal = Double(bitPattern: 0x12688b70e62b)

  /// A file with variables of all kinds that run files have.
  private func file(
    _ path: String, x: [Double] = [1.5, -0.0, .nan, Self.subnormal], note: String = "made first"
  ) throws -> NetCDFReader {
    let writer = try NetCDFWriter(path: path)
    let root = writer.root
    try root.setAttribute("history", .text(note))
    try root.defineDimension("level", length: 2)
    try root.defineDimension("time", length: 2)
    try root.defineVariable(
      "x", type: .double, dimensions: ["level", "time"], attributes: [("note", .text(note))]
    ).write(x)
    try root.defineVariable("s", type: .float, dimensions: ["time"]).write([0.1, -Float.nan])
    try root.defineVariable("n", type: .int32, dimensions: ["time"]).write([-1, 7] as [Int32])
    try root.defineVariable("big", type: .int64, dimensions: []).write([1 << 40] as [Int64])
    try root.defineVariable(
      "near", type: .double, dimensions: ["time"],
      attributes: [("reproducible", .text("to tolerance"))]
    ).write([x[0] / 3, 1])
    let group = try root.defineGroup("group")
    try group.defineVariable("words", type: .string, dimensions: ["level"]).write(["α", "β γ"])
    try writer.commit()
    return try NetCDFReader(path: path)
  }

  @Test func hashesAreThoseOfTheDocumentedBytes() throws {
    let folder = try TemporaryFolder()
    let hashes = try VariableHashes(file(folder("a.nc")))
    #expect(hashes.list == Self.list)
    #expect(hashes.ofFile == "942a96c226cb45a8c34dcb6e043a9b1f96fa5bebdccf5c416bb1f33e99cf7510")
    // Attributes are no part of it.
    #expect(try VariableHashes(file(folder("b.nc"), note: "made again")) == hashes)
    #expect(VariableHashes(list: Self.list) == hashes)
    #expect(VariableHashes(list: Self.list.uppercasedHashes) == hashes)
  }

  @Test(arguments: [
    "", "abc  /x\n", "\(String(repeating: "0", count: 64))\n", "\(String(repeating: "g", count: 64))  /x\n",
  ])
  func whatIsNoListIsNotTaken(text: String) {
    #expect(VariableHashes(list: text) == nil)
  }

  @Test func aPathThatOccursTwiceIsNoList() {
    #expect(VariableHashes(list: Self.list + Self.list) == nil)
  }

  @Test func differencesAreFoundWithTheirSizeAndPlace() throws {
    let folder = try TemporaryFolder()
    let own = try file(folder("a.nc"))
    let other = try file(folder("b.nc"), x: [1.5, -0.0, .nan, 0.25])
    let hashes = try VariableHashes(own)
    #expect(hashes.differences(from: try VariableHashes(other)) == ["/x"])
    #expect(
      try VariableDifference("/x", of: own, from: other)
        == VariableDifference(path: "/x", kind: .numbers(largest: 0.25, at: [1, 1])))
    #expect(try VariableDifference("/n", of: own, from: other) == nil)
    let incomplete = try file(folder("c.nc"), x: [1.5, -0.0, 2, 0.25])
    #expect(
      try VariableDifference("/x", of: own, from: incomplete)
        == VariableDifference(path: "/x", kind: .numbers(largest: .infinity, at: [1, 0])))
    // -0 is not 0: the bits differ, and the difference is 0.
    let unsigned = try file(folder("d.nc"), x: [1.5, 0, .nan, Self.subnormal])
    #expect(
      try VariableDifference("/x", of: own, from: unsigned)
        == VariableDifference(path: "/x", kind: .numbers(largest: 0, at: [0, 1])))
  }

  @Test func variablesToToleranceAreComparedApart() throws {
    let folder = try TemporaryFolder()
    let own = try file(folder("a.nc"))
    #expect(try VariableDifference.largestToTolerance(own, file(folder("b.nc"))) == nil)
    let other = try file(folder("c.nc"), x: [4.5, -0.0, .nan, Self.subnormal])
    #expect(
      try VariableDifference.largestToTolerance(own, other)
        == VariableDifference(path: "/near", kind: .numbers(largest: 1, at: [0])))
  }

  /// A file may declare rows of more elements than a number can count; they are cut without an overflow.
  @Test func rowsBeyondAllNumbersAreReadOneByOne() {
    let parts = Array(VariableParts([2, 1 << 40, 1 << 40]))
    #expect(parts.map(\.start) == [[0, 0, 0], [1, 0, 0]])
    #expect(parts.map(\.count) == [[1, 1 << 40, 1 << 40], [1, 1 << 40, 1 << 40]])
    #expect(Array(VariableParts([])).map(\.count) == [[]] && Array(VariableParts([0, 5])).isEmpty)
  }

  /// Parts of a variable that is longer than one part give the hash of the whole.
  @Test func longVariablesAreHashedPartByPart() throws {
    let folder = try TemporaryFolder()
    func hash(rows: Int) throws -> String {
      let path = folder("\(rows).nc")
      let count = (1 << 20) * 2 + 6
      let writer = try NetCDFWriter(path: path)
      try writer.root.defineDimension("row", length: rows)
      try writer.root.defineDimension("column", length: count / rows)
      try writer.root.defineVariable("v", type: .double, dimensions: ["row", "column"]).write(
        (0..<count).map { Double($0) })
      try writer.commit()
      return try VariableHashes(NetCDFReader(path: path)).ofPath["/v"] ?? ""
    }
    // python3: sha256(b"/v\nfloat64\nrow=2,column=1048579\n" + numpy.arange(2097158.).tobytes())
    #expect(try hash(rows: 2) == "6411f6ff4b19b815683e83ed28a599a4d5249f9427b5a384d5372c19234f84dd")
    #expect(try hash(rows: 1_048_579) == "965f736bcaacb36669ac59a3472f29d09a3d492e206b0f5312e698a87afaa5a7")
  }
}

extension String {
  fileprivate var uppercasedHashes: String {
    split(separator: "\n").map { $0.prefix(64).uppercased() + $0.dropFirst(64) }.joined(separator: "\n")
  }
}
