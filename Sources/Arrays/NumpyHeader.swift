/// The header of a file in numpy's format: the literal of a Python dictionary with exactly the keys `descr`,
/// `fortran_order` and `shape`. One grammar, nothing is evaluated.
///
///     header = "{" pair ("," pair)* [","] "}" blank*
///     pair   = text ":" (text | "True" | "False" | "(" [number ("," number)* [","]] ")")
///
/// Source: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.
struct NumpyHeader: Equatable {
  /// The type of the elements.
  var elementType: ArrayElementType
  /// Bytes per element.
  var width: Int
  /// Whether the most significant byte comes first.
  var isBigEndian: Bool
  /// How texts are stored; nil for numbers.
  var textForm: TextForm?
  /// Whether the first index varies fastest.
  var isColumnMajor: Bool
  /// The sizes.
  var shape: [Int]

  /// How texts are stored: padded with zeros to one length.
  enum TextForm {
    /// Bytes (`S`).
    case bytes
    /// Code points of four bytes (`U`).
    case codePoints
  }

  /// Why a header is refused: what was found, what was expected, what to do.
  struct Refusal: Error {
    var problem: String
    var expected: String
    var remedy: String

    init(_ problem: String, expected: String, remedy: String = "write the file again with numpy.save") {
      self.problem = problem
      self.expected = expected
      self.remedy = remedy
    }
  }

  /// Reads the dictionary's text.
  ///
  /// - Throws: `Refusal`.
  init(_ text: some Collection<UInt8>) throws(Refusal) {
    var parser = NumpyHeaderParser(Array(text))
    let fields = try parser.dictionary()
    (elementType, width, isBigEndian, textForm) = try Self.type(fields.type)
    isColumnMajor = fields.isColumnMajor
    shape = fields.shape
  }

  private typealias ElementForm = (ArrayElementType, Int, Bool, TextForm?)

  /// The type of elements that a `descr` such as `<f8` names.
  private static func type(_ descr: String) throws(Refusal) -> ElementForm {
    let expected = "numbers or texts, such as <f8, |u1, >i4 or <U10"
    let bytes = Array(descr.utf8)
    guard bytes.count >= 2, "<>|=".utf8.contains(bytes[0]) else {
      throw Refusal("the elements' type is '\(excerpt(descr))'", expected: expected)
    }
    let sort = Character(UnicodeScalar(bytes[1]))
    try refuseSort(sort, descr, expected)
    let digits = descr.dropFirst(2)
    guard let size = ArrayNumber.size(digits), size >= 0 else {
      throw Refusal("the elements' type is '\(excerpt(descr))'", expected: expected)
    }
    let isBig = bytes[0] == UInt8(ascii: ">")
    if sort == "S" || sort == "a" { return (.text, size, false, .bytes) }
    if sort == "U" {
      guard size <= 1 << 24, bytes[0] != UInt8(ascii: "|") else {
        throw Refusal("the elements' type is '\(excerpt(descr))'", expected: expected)
      }
      return (.text, 4 * size, isBig, .codePoints)
    }
    guard let type = number(sort, size), bytes[0] != UInt8(ascii: "|") || size == 1 else {
      throw Refusal("the elements' type is '\(excerpt(descr))'", expected: expected)
    }
    return (type, size, isBig, nil)
  }

  /// Refuses types that are read nowhere, each by its name.
  private static func refuseSort(_ sort: Character, _ descr: String, _ expected: String) throws(Refusal) {
    switch sort {
    case "O":
      throw Refusal(
        "the elements are Python objects ('\(excerpt(descr))'), which are pickled; pickles are never read",
        expected: expected, remedy: "convert them: a.astype(float), or a.astype(str) for labels")
    case "c":
      throw Refusal(
        "the elements are complex numbers ('\(excerpt(descr))')", expected: expected,
        remedy: "save real and imaginary parts as further components")
    case "M", "m":
      throw Refusal(
        "the elements are dates or times ('\(excerpt(descr))')", expected: expected,
        remedy: "save them as numbers")
    case "V":
      throw Refusal(
        "the elements are raw bytes ('\(excerpt(descr))')", expected: expected,
        remedy: "save them as a type of numbers")
    default: break
    }
  }

  private static func number(_ sort: Character, _ size: Int) -> ArrayElementType? {
    switch (sort, size) {
    case ("b", 1): .boolean
    case ("u", 1): .byte
    case ("u", 2), ("u", 4), ("u", 8): .integer(bits: 8 * size, isSigned: false)
    case ("i", 1), ("i", 2), ("i", 4), ("i", 8): .integer(bits: 8 * size, isSigned: true)
    case ("f", 2), ("f", 4), ("f", 8): .real(bits: 8 * size)
    default: nil
    }
  }

  /// The beginning of a text of a file, for messages.
  static func excerpt(_ text: String) -> String {
    let shown = String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(40).map { (0x20...0x7E).contains($0.value) ? $0 : "?" }))
    return text.unicodeScalars.count > 40 ? shown + "..." : shown
  }
}

/// Decimal numbers of headers.
enum ArrayNumber {
  /// A number of at most 19 digits without sign or leading zeros; nil where it is too large.
  static func size(_ digits: some StringProtocol) -> Int? {
    let bytes = digits.utf8
    guard (1...19).contains(bytes.count), bytes.allSatisfy({ (0x30...0x39).contains($0) }),
      bytes.count == 1 || bytes.first != 0x30
    else { return nil }
    return Int(digits)
  }
}

/// Walks through the text of a header.
struct NumpyHeaderParser {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// What the three keys say.
  struct Fields {
    var type: String
    var isColumnMajor: Bool
    var shape: [Int]
  }

  private static let expected = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }"

  mutating func dictionary() throws(NumpyHeader.Refusal) -> Fields {
    var type: String?
    var isColumnMajor: Bool?
    var shape: [Int]?
    try take(UInt8(ascii: "{"))
    while !isNext(UInt8(ascii: "}")) {
      let key = try text()
      try take(UInt8(ascii: ":"))
      switch key {
      case "descr" where type == nil:
        if isNext(UInt8(ascii: "[")) {
          throw NumpyHeader.Refusal(
            "the elements are records of several fields", expected: "an array of numbers or texts",
            remedy: "save each field as an array of its own")
        }
        type = try text()
      case "fortran_order" where isColumnMajor == nil: isColumnMajor = try boolean()
      case "shape" where shape == nil: shape = try tuple()
      default: throw refusal("the header has the key '\(NumpyHeader.excerpt(key))' where none belongs")
      }
      if !isNext(UInt8(ascii: "}")) { try take(UInt8(ascii: ",")) }
    }
    try take(UInt8(ascii: "}"))
    skipBlanks()
    guard place == bytes.count else { throw refusal("the header goes on after its dictionary") }
    guard let type, let isColumnMajor, let shape else { throw refusal("the header lacks a key") }
    return Fields(type: type, isColumnMajor: isColumnMajor, shape: shape)
  }

  private func refusal(_ problem: String) -> NumpyHeader.Refusal {
    NumpyHeader.Refusal(problem, expected: Self.expected)
  }

  private mutating func skipBlanks() {
    while place < bytes.count, bytes[place] == 0x20 || bytes[place] == 0x0A { place += 1 }
  }

  private mutating func isNext(_ byte: UInt8) -> Bool {
    skipBlanks()
    return place < bytes.count && bytes[place] == byte
  }

  private mutating func take(_ byte: UInt8) throws(NumpyHeader.Refusal) {
    guard isNext(byte) else {
      let found = place < bytes.count ? "'\(character(bytes[place]))'" : "the end"
      throw refusal("the header has \(found) where '\(character(byte))' belongs (at byte \(place))")
    }
    place += 1
  }

  private func character(_ byte: UInt8) -> String {
    NumpyHeader.excerpt(String(Character(UnicodeScalar(byte))))
  }

  /// A text in single or double quotes, without escapes.
  private mutating func text() throws(NumpyHeader.Refusal) -> String {
    let quote: UInt8 = isNext(UInt8(ascii: "\"")) ? UInt8(ascii: "\"") : UInt8(ascii: "'")
    try take(quote)
    let first = place
    while place < bytes.count, bytes[place] != quote, (0x20...0x7E).contains(bytes[place]),
      bytes[place] != UInt8(ascii: "\\")
    { place += 1 }
    let result = String(decoding: bytes[first..<place], as: UTF8.self)
    try take(quote)
    return result
  }

  private mutating func boolean() throws(NumpyHeader.Refusal) -> Bool {
    skipBlanks()
    for (word, value) in [("True", true), ("False", false)] where bytes[place...].starts(with: word.utf8) {
      place += word.utf8.count
      return value
    }
    throw refusal("the header's fortran_order is neither True nor False")
  }

  private mutating func tuple() throws(NumpyHeader.Refusal) -> [Int] {
    var result: [Int] = []
    try take(UInt8(ascii: "("))
    while !isNext(UInt8(ascii: ")")) {
      skipBlanks()
      let first = place
      while place < bytes.count, (0x30...0x39).contains(bytes[place]) { place += 1 }
      guard let size = ArrayNumber.size(String(decoding: bytes[first..<place], as: UTF8.self)) else {
        throw refusal("the header's shape is no tuple of whole numbers (at byte \(first))")
      }
      result.append(size)
      guard result.count <= 32 else { throw refusal("the header's shape has more than 32 sizes") }
      if !isNext(UInt8(ascii: ")")) {
        try take(UInt8(ascii: ","))
      } else if result.count == 1 {
        // (3) is a number, not a tuple.
        throw refusal("the header's shape is no tuple")
      }
    }
    try take(UInt8(ascii: ")"))
    return result
  }
}
