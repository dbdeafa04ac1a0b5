import Output
import TestSupport
import Testing

@Suite struct NetCDFRoundTripTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes a file by `define`, and opens it.
  private func written(
    _ name: String = "file.nc", _ define: (NetCDFGroup) throws -> Void
  ) throws -> NetCDFReader {
    let writer = try NetCDFWriter(path: folder(name))
    try define(writer.root)
    try writer.commit()
    return try NetCDFReader(path: folder(name))
  }

  // Every value must come back with the same bits: nothing is computed on the way.

  @Test func floatingTypesComeBackBitForBit() throws {
    let doubles: [Double] = [0.1, -0.0, .pi, .infinity, -.infinity, .leastNonzeroMagnitude]
    let floats: [Float] = [0.1, -0.0, .pi, .infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude]
    let reader = try written { root in
      try root.defineDimension("row", length: 2)
      try root.defineDimension("column", length: 3)
      try root.defineVariable("d", type: .double, dimensions: ["row", "column"]).write(doubles)
      try root.defineVariable("f", type: .float, dimensions: ["row", "column"]).write(floats)
      try root.defineVariable("scalar", type: .double).write([2.5])
      try root.defineVariable("narrowed", type: .float, dimensions: ["row"]).write([1e300, 0.1] as [Double])
      try root.defineVariable("widened", type: .double, dimensions: ["row"]).write([0.1, 0.5] as [Float])
    }
    #expect(try reader.variable("d").readDoubles().map(\.bitPattern) == doubles.map(\.bitPattern))
    #expect(try reader.variable("f").readDoubles().map(\.bitPattern) == floats.map { Double($0).bitPattern })
    #expect(try reader.variable("scalar").readDoubles() == [2.5])
    #expect(try reader.variable("scalar").shape == [])
    #expect(try reader.variable("narrowed").readDoubles() == [.infinity, Double(Float(0.1))])
    #expect(try reader.variable("widened").readDoubles() == [Double(Float(0.1)), 0.5])
    #expect(try reader.variable("d").type == .double)
    #expect(try reader.variable("f").type == .float)
    #expect(try reader.variable("d").dimensions.map(\.name) == ["row", "column"])
    #expect(try reader.variable("d").shape == [2, 3])
  }

  @Test(arguments: [
    (NetCDFType.int8, [-128, 0, 127]), (.uint8, [0, 1, 255]), (.int16, [-32768, 0, 32767]),
    (.uint16, [0, 1, 65535]),
    (.int32, [-2_147_483_648, 0, 2_147_483_647]), (.uint32, [0, 1, 4_294_967_295]),
    (.int64, [Int.min, -1, Int.max]), (.uint64, [0, 1, Int.max]),
  ])
  func integerTypesComeBackExactlyAndWithoutFillValue(type: NetCDFType, values: [Int]) throws {
    let reader = try written { root in
      try root.defineDimension("x", length: 3)
      try root.defineVariable("v", type: type, dimensions: ["x"], attributes: [("units", "1")]).write(values)
      try root.defineVariable("unwritten", type: type, dimensions: ["x"])
    }
    let variable = try reader.variable("v")
    #expect(variable.type == type)
    #expect(try variable.readInts() == values)
    // A `_FillValue` would make xarray turn the integers into floats.
    #expect(variable.attributes.map(\.name) == ["units"])
    #expect(try reader.variable("unwritten").attributes.isEmpty)
    // What was never written is one defined value, so that files do not depend on old memory.
    #expect(Set(try reader.variable("unwritten").readDoubles()).count == 1)
  }

  @Test func everySwiftIntegerTypeIsAccepted() throws {
    let reader = try written { root in
      try root.defineDimension("x", length: 2)
      try root.defineVariable("a", type: .int32, dimensions: ["x"]).write([-1, 7] as [Int32])
      try root.defineVariable("b", type: .int64, dimensions: ["x"]).write([-1, 7] as [Int32])
      try root.defineVariable("c", type: .int32, dimensions: ["x"]).write([-1, 7] as [Int64])
      try root.defineVariable("d", type: .uint8, dimensions: ["x"]).write([1, 255] as [UInt8])
    }
    for name in ["a", "b", "c"] { #expect(try reader.variable(name).readInts() == [-1, 7]) }
    #expect(try reader.variable("d").readInts() == [1, 255])
    #expect(try reader.variable("d").readDoubles() == [1, 255])
  }

  @Test func textsKeepTheirCharacters() throws {
    let texts = ["", "overlap", "ζ(t+1) = F(ζ)", "é — 言葉 🧠", "a\nb\t\"c\""]
    let reader = try written { root in
      try root.defineDimension("größe", length: 5)
      try root.defineVariable("texts", type: .string, dimensions: ["größe"]).write(texts)
      try root.defineVariable("text", type: .string).write(["Δ"])
      try root.defineVariable("parts", type: .string, dimensions: ["größe"]).write(
        ["x", "y"], start: [3], count: [2])
      try root.setAttribute("title", .text("Begriff — 概念"))
      try root.setAttribute("empty", "")
      // Beyond HDF5's limit of 64 KiB for compact attributes: a scenario's text may be long.
      try root.setAttribute("long", .text(String(repeating: "ü", count: 100_000)))
    }
    #expect(try reader.variable("texts").readStrings() == texts)
    #expect(try reader.variable("texts").dimensions.map(\.name) == ["größe"])
    #expect(try reader.variable("text").readStrings() == ["Δ"])
    #expect(try reader.variable("parts").readStrings() == ["", "", "", "x", "y"])
    #expect(try reader.attribute("title") == "Begriff — 概念")
    #expect(try reader.attribute("empty") == "")
    #expect(try reader.attribute("long").text?.count == 100_000)
  }

  @Test func attributesComeBackInOrder() throws {
    let attributes: [(String, NetCDFAttribute)] = [
      ("units", "1"), ("step", 0.25), ("levels", .doubles([0, 0.5])), ("seed", 20_171_204),
      ("large", .int(1 << 40)), ("flag_values", .ints([0, 1, 2])), ("many", .int64s([1 << 40, -1])),
      ("names", .texts(["ä", "b"])), ("one", .texts(["ä"])), ("a", .double(.nan)),
    ]
    let reader = try written { root in
      try root.defineVariable("v", type: .int32, attributes: attributes).write([1])
      for (name, value) in attributes { try root.setAttribute(name, value) }
    }
    for found in [try reader.variable("v").attributes, reader.root.attributes] {
      #expect(found.map(\.name) == attributes.map(\.0))
      #expect(found.dropLast().map(\.value) == attributes.dropLast().map(\.1))
      #expect(found.last?.value.numbers?.first?.isNaN == true)
    }
    #expect(try reader.attribute("seed").integer == 20_171_204)
    #expect(try reader.attribute("one").text == "ä")
    #expect(try reader.attribute("flag_values").numbers == [0, 1, 2])
  }

  @Test func groupsSeeTheDimensionsAboveThem() throws {
    let reader = try written { root in
      try root.defineDimension("time", length: 2)
      let members = try root.defineGroup("members")
      try members.defineDimension("member", length: 3)
      let inner = try members.defineGroup("0")
      #expect(inner.path == "/members/0")
      try inner.setAttribute("model_latent", 5)
      try inner.defineVariable("overlap", type: .double, dimensions: ["member", "time"])
        .write([1, 2, 3, 4, 5, 6] as [Double])
      // The nearer dimension of a name counts.
      let other = try root.defineGroup("other")
      try other.defineDimension("time", length: 1)
      try other.defineVariable("v", type: .int32, dimensions: ["time"]).write([9])
    }
    let inner = try reader.group("members/0")
    #expect(inner.path == "/members/0")
    #expect(try inner.attribute("model_latent").integer == 5)
    #expect(try inner.variable("overlap").shape == [3, 2])
    #expect(try reader.variable("members/0/overlap").readDoubles() == [1, 2, 3, 4, 5, 6])
    #expect(try reader.variable("/members/0/overlap").path == "/members/0/overlap")
    #expect(try reader.variable("other/v").readInts() == [9])
    #expect(reader.root.groups.map(\.name) == ["members", "other"])
    #expect(
      reader.root.groups[0].dimensions == [try reader.variable("members/0/overlap").dimensions[0]])
    #expect(reader.root.dimensions.map(\.length) == [2])
  }

  // MARK: Missing values

  @Test func missingElementsAreNaN() throws {
    let reader = try written { root in
      try root.defineDimension("x", length: 3)
      let fill = NetCDFWriter.missing
      try root.defineVariable("optional", type: .double, dimensions: ["x"], fillValue: fill)
        .write([1.5, nil, 3.5])
      try root.defineVariable("float", type: .float, dimensions: ["x"], fillValue: fill).write([
        1.5, nil, 3.5,
      ])
      try root.defineVariable("unwritten", type: .double, dimensions: ["x"], fillValue: fill)
      try root.defineVariable("part", type: .double, dimensions: ["x"], fillValue: fill)
        .write([nil, 2], start: [1], count: [2])
      try root.defineVariable("plain", type: .double, dimensions: ["x"]).write([1, Double.nan, 3])
    }
    for (name, expected) in [
      ("optional", [1.5, .nan, 3.5]), ("float", [1.5, .nan, 3.5]), ("unwritten", [.nan, .nan, .nan]),
      ("part", [.nan, .nan, 2]), ("plain", [1, .nan, 3]),
    ] as [(String, [Double])] {
      let values = try reader.variable(name).readDoubles()
      #expect(values.map { $0.isNaN } == expected.map { $0.isNaN }, "\(name)")
      #expect(values.filter { !$0.isNaN } == expected.filter { !$0.isNaN }, "\(name)")
    }
    #expect(try reader.variable("optional").attribute("_FillValue").numbers?[0].isNaN == true)
    #expect(try reader.variable("float").attribute("_FillValue").numbers?[0].isNaN == true)
    #expect(try reader.variable("plain").attributes.isEmpty)
  }

  @Test func aNumberAsFillValueStandsInTheFileForNaN() throws {
    let reader = try written { root in
      try root.defineDimension("x", length: 3)
      try root.defineVariable("v", type: .double, dimensions: ["x"], fillValue: -999)
        .write([1, Double.nan, 3])
      try root.defineVariable("f", type: .float, dimensions: ["x"], fillValue: -0.1)
        .write([1, .nan, 3] as [Float])
    }
    // The bytes of an array that small are neither compressed nor cut: they must be in the file as they are.
    let bytes = try folder.bytes("file.nc")
    let sought = [1.0, -999, 3].flatMap { (value: Double) in
      withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
    }
    #expect((0...bytes.count - 24).contains { bytes[$0..<$0 + 24].elementsEqual(sought) })
    #expect(try reader.variable("v").attribute("_FillValue") == .double(-999))
    #expect(try reader.variable("v").readDoubles().map { $0.isNaN } == [false, true, false])
    #expect(try reader.variable("f").readDoubles().map { $0.isNaN } == [false, true, false])
  }

  @Test func onlyFloatingVariablesHaveFillValues() throws {
    let writer = try NetCDFWriter(path: folder("file.nc"))
    for type in [NetCDFType.int32, .uint8, .string] {
      let error = #expect(throws: NetCDFError.self) {
        try writer.root.defineVariable("v", type: type, fillValue: .nan)
      }
      #expect(error?.kind == .typeMismatch)
    }
    try writer.root.defineDimension("x", length: 2)
    let plain = try writer.root.defineVariable("plain", type: .double, dimensions: ["x"])
    let error = #expect(throws: NetCDFError.self) { try plain.write([1.5, nil]) }
    #expect(error?.kind == .typeMismatch)
  }

  // MARK: Parts

  /// Rows, columns and blocks, each order of which must give the same array.
  @Test(arguments: [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]], [false, true])
  func partsMayComeInAnyOrder(order: [Int], chunked: Bool) throws {
    // 4 blocks of 3 x 5 in an array of 6 x 10, its values their own places.
    let reader = try written { root in
      try root.defineDimension("i", length: 6)
      try root.defineDimension("j", length: 10)
      let chunks = chunked ? [4, 4] : nil  // which do not divide the array, nor match the blocks
      let d = try root.defineVariable("d", type: .double, dimensions: ["i", "j"], chunks: chunks)
      let f = try root.defineVariable("f", type: .float, dimensions: ["i", "j"], chunks: chunks)
      let n = try root.defineVariable("n", type: .int32, dimensions: ["i", "j"], chunks: chunks)
      for block in order {
        let start = [block / 2 * 3, block % 2 * 5]
        let places = (0..<15).map { (start[0] + $0 / 5) * 10 + start[1] + $0 % 5 }
        try d.write(places.map(Double.init), start: start, count: [3, 5])
        try f.write(places.map(Float.init), start: start, count: [3, 5])
        try n.write(places.map(Int32.init), start: start, count: [3, 5])
      }
    }
    #expect(try reader.variable("d").readDoubles() == (0..<60).map(Double.init))
    #expect(try reader.variable("f").readDoubles() == (0..<60).map(Double.init))
    #expect(try reader.variable("n").readInts() == Array(0..<60))
    #expect(
      try reader.variable("d").readDoubles(start: [2, 4], count: [2, 3]) == [24, 25, 26, 34, 35, 36])
    #expect(try reader.variable("n").readInts(start: [5, 0], count: [1, 2]) == [50, 51])
    #expect(try reader.variable("n").readInts(start: [6, 0], count: [0, 2]) == [])
  }

  @Test func aDimensionMayGrow() throws {
    let reader = try written { root in
      try root.defineUnlimitedDimension("record")
      try root.defineDimension("x", length: 2)
      let v = try root.defineVariable("v", type: .double, dimensions: ["record", "x"], fillValue: .nan)
      try v.write([5, 6] as [Double], start: [2, 0], count: [1, 2])
      try v.write([1, 2, 3, 4] as [Double])
    }
    #expect(try reader.variable("v").shape == [3, 2])
    #expect(try reader.variable("v").readDoubles() == [1, 2, 3, 4, 5, 6])
    #expect(reader.root.dimensions.map(\.isUnlimited) == [true, false])
  }

  @Test func aDimensionMayBeEmpty() throws {
    let reader = try written { root in
      try root.defineDimension("attractor", length: 0)
      try root.defineDimension("latent", length: 4)
      try root.defineVariable(
        "position", type: .double, dimensions: ["attractor", "latent"], fillValue: .nan
      )
      .write([] as [Double])
      try root.defineVariable("kind", type: .string, dimensions: ["attractor"]).write([] as [String])
    }
    #expect(try reader.variable("position").shape == [0, 4])
    #expect(try reader.variable("position").readDoubles() == [])
    #expect(try reader.variable("kind").readStrings() == [])
  }

  @Test func compressionChangesTheSizeAndNotTheValues() throws {
    let values = (0..<40_000).map { Double($0 / 100) }
    for compression in [false, true] {
      let reader = try written("\(compression).nc") { root in
        try root.defineDimension("x", length: values.count)
        try root.defineVariable("v", type: .double, dimensions: ["x"], compression: compression).write(values)
      }
      #expect(try reader.variable("v").readDoubles() == values)
    }
    // 320,000 bytes of slowly rising numbers; uncompressed they cannot take less.
    #expect(try folder.bytes("false.nc").count > 320_000)
    #expect(try folder.bytes("true.nc").count < 100_000)
  }

  @Test func theSameContentGivesTheSameBytes() throws {
    for name in ["a.nc", "b.nc"] {
      _ = try written(name) { root in
        try root.defineDimension("x", length: 10_000)
        try root.defineVariable("v", type: .double, dimensions: ["x"], fillValue: .nan)
        try root.defineVariable("n", type: .int64, dimensions: ["x"])
        try root.defineVariable("small", type: .int32, dimensions: ["x"], compression: false)
          .write([1, 2], start: [7], count: [2])
      }
    }
    #expect(try folder.bytes("a.nc") == folder.bytes("b.nc"))
  }
}
