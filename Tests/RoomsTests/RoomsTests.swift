import Foundation
import Testing

/// What ARCHITECTURE.md says of the rooms is how they are.
@Suite struct RoomsTests {
  /// The table of ARCHITECTURE.md: `| room | imports | lives here | may not |`.
  static let arrows: [String: Set<String>] = {
    var result: [String: Set<String>] = [:]
    for line in (try? Checkout.lines("ARCHITECTURE.md")) ?? [] {
      let cells = line.split(separator: "|", omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 6, cells[1].hasPrefix("`"), cells[1].hasSuffix("`") else { continue }
      let room = cells[1].trimmingCharacters(in: ["`"])
      guard Checkout.rooms.contains(room) else { continue }
      result[room] = Set(
        cells[2].split(separator: ",").map { $0.trimmingCharacters(in: [" ", "`"]) }.filter {
          !$0.isEmpty && $0 != "-"
        })
    }
    return result
  }()

  /// The modules that a room's files import, as far as they are this package's.
  private static func imports(of room: String) throws -> Set<String> {
    let known = Set(try FileManager.default.contentsOfDirectory(atPath: Checkout.root + "/Sources"))
    var result: Set<String> = []
    for file in Checkout.swiftFiles(of: room) {
      for line in try Checkout.lines(file) {
        let words = line.split(separator: " ")
        guard let k = words.firstIndex(of: "import"), k + 1 < words.count,
          words[..<k].allSatisfy({
            ["internal", "package", "public", "private"].contains($0) || $0.hasPrefix("@")
          })
        else { continue }
        let module = String(words.last?.split(separator: ".").first ?? "")
        if known.contains(module) { result.insert(module) }
      }
    }
    return result
  }

  @Test func everyRoomIsInTheTable() {
    #expect(Set(Self.arrows.keys) == Set(Checkout.rooms))
  }

  @Test(arguments: Checkout.rooms)
  func importsAreThoseOfTheTable(_ room: String) throws {
    #expect(
      try Self.imports(of: room) == Self.arrows[room], "Sources/\(room), and its row in ARCHITECTURE.md")
  }

  @Test func arrowsGoOneWay() throws {
    // A room is laid when all that it imports is laid; in a circle none could be.
    var left = Dictionary(
      uniqueKeysWithValues: try Checkout.rooms.map { ($0, try Self.imports(of: $0)) })
    while let next = left.first(where: { $0.value.allSatisfy { left[$0] == nil } })?.key { left[next] = nil }
    #expect(left.isEmpty, "they import each other: \(left.keys.sorted())")
  }

  /// Scenarios are values: reading them needs no network, no data and no file format but YAML.
  @Test func scenariosKnowWordsAndExpressionsAlone() throws {
    #expect(try Self.imports(of: "Scenarios") == ["Expressions", "Vocabulary"])
  }

  @Test(arguments: Checkout.rooms)
  func roomsAreSmall(_ room: String) throws {
    let lines = try Checkout.swiftFiles(of: room).reduce(0) { try $0 + Checkout.lines($1).count }
    #expect(lines <= 4000, "cut it into two rooms")
  }

  @Test(arguments: Checkout.rooms)
  func functionsNeedNoScroll(_ room: String) throws {
    for file in Checkout.swiftFiles(of: room) {
      for function in Self.functions(try Checkout.lines(file)) where function.length > 60 {
        Issue.record("\(file):\(function.line): \(function.length) lines; at most 60")
      }
    }
  }

  /// A kind of models is one file and one line in the registry; nothing else asks for it by name.
  @Test func onlyItsOwnFilesNameTheHopfieldNetwork() throws {
    let files = try Checkout.rooms.flatMap(Checkout.swiftFiles).filter { file in
      try Checkout.lines(file).contains { $0.lowercased().contains("hopfield") }
    }
    #expect(files.count <= 4, "\(files)")
  }

  /// Packages with such flags cannot be depended on by version.
  @Test func thePackageHasNoUnsafeFlags() throws {
    #expect(try !Checkout.lines("Package.swift").contains { $0.contains("unsafeFlags") })
  }

  // MARK: - Functions

  /// Functions and initializers with a body: from the line that begins them to that of the closing brace, which the
  /// formatter puts at the same indentation.
  static func functions(_ lines: [Substring]) -> [(line: Int, length: Int)] {
    let beginning =
      /^ *(?:@\w+(?:\([^)]*\))? )*(?:(?:public|package|internal|private|fileprivate|static|class|mutating|override|final|nonisolated|convenience|required|borrowing|consuming) )*(?:func |init[?<(]|deinit|subscript)/
    return lines.indices.compactMap { first in
      guard lines[first].prefixMatch(of: beginning) != nil else { return nil }
      let indentation = lines[first].prefix { $0 == " " }
      // The brace that opens the body ends a line of the signature; a body of one line ends with the signature.
      let isLast = { (line: Substring) in
        line.hasSuffix("{") || (line.hasSuffix("}") && line.prefix { $0 == " " } == indentation)
      }
      // A requirement of a protocol has no body: its signature ends with the protocol.
      let signature = lines[first...].prefix(20).prefix { $0.isEmpty || $0.hasPrefix(indentation) }
      guard let open = signature.firstIndex(where: isLast), lines[open].hasSuffix("{"),
        let close = lines[(open + 1)...].firstIndex(where: { $0.hasPrefix(indentation + "}") })
      else { return nil }
      return (first + 1, close - first + 1)
    }
  }

  @Test func functionsAreMeasured() {
    let text = """
      struct A {
        func short() { 1 }
        public static func long(
          a: Int
        ) throws -> Int {
          if a > 0 {
            return 1
          }
          return 2
        }
        init(
          b: () -> Bool = { false }
        ) {
        }
      }
      """
    let found = Self.functions(text.split(separator: "\n", omittingEmptySubsequences: false))
    #expect(found.map(\.line) == [3, 11] && found.map(\.length) == [8, 4])
  }
}
