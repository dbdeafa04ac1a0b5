import Yams

/// Reads YAML text into a tree of places and values, within limits that keep hostile texts harmless.
///
/// Texts are at most 1 MiB long, nested at most 32 deep, hold at most 100 000 values, and may use neither
/// anchors, aliases, tags nor a second document. Brackets hidden from the scan of the raw text can nest up to
/// libyaml's own limit of 1000, for which the parser's recursion takes less than 2 MiB of stack.
struct ScenarioText {
  static let maximumBytes = 1 << 20
  static let maximumDepth = 32
  static let maximumNodes = 100_000

  private let text: String
  private let path: String
  /// Set for values of the command line, whose places in the text would say nothing.
  private let override: String?
  private var nodes = 0

  /// The tree of a scenario file's text.
  static func tree(text: String, path: String) throws -> ScenarioNode {
    var reader = ScenarioText(text: text, path: path, override: nil)
    return try reader.read()
  }

  /// The tree of a value given as `--set KEY=VALUE`.
  static func tree(value: String, override: String) throws -> ScenarioNode {
    var reader = ScenarioText(text: value, path: override, override: override)
    return try reader.read()
  }

  /// The tree of a text that is right by construction.
  static func tree(builtIn text: String) -> ScenarioNode {
    guard let node = try? tree(text: text, path: "") else { preconditionFailure("bad YAML: \(text)") }
    return node
  }

  private init(text: String, path: String, override: String?) {
    // A byte order mark is no character of the text.
    let first = text.unicodeScalars.first
    self.text = first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    self.path = path
    self.override = override
  }

  private mutating func read() throws -> ScenarioNode {
    try checkLimits()
    let node: Node?
    let result: ScenarioNode
    do {
      let parser = try Parser(yaml: text, encoding: .utf8)
      node = try parser.singleRoot()
      guard let node else { throw empty() }
      // Nodes refer to their anchors weakly; the parser keeps these alive.
      result = try withExtendedLifetime(parser) { try convert(node, key: "", depth: 0) }
    } catch let error as YamlError {
      throw translated(error)
    }
    return result
  }

  private func empty() -> ScenarioError {
    let remedy = override == nil ? "write at least name: SOME-NAME" : "write null to take the default"
    return error(SourceLocation(line: 1, column: 1), problem: "there is nothing in it", remedy: remedy)
  }

  private func error(
    _ location: SourceLocation?, key: String? = nil, value: String? = nil, problem: String, remedy: String
  ) -> ScenarioError {
    let shown = override == nil ? location : nil
    return ScenarioError(
      path: path, line: shown?.line, column: shown?.column, key: key, value: value, problem: problem,
      expected: "readable YAML", remedy: remedy)
  }

  // MARK: - Limits on the raw text

  /// Rejects what could exhaust the stack or the memory before the parser sees it.
  private func checkLimits() throws {
    guard text.utf8.count <= Self.maximumBytes else {
      throw error(
        nil, problem: "longer than 1 MiB", remedy: "a scenario is a short text; is this the right file?")
    }
    var location = SourceLocation(line: 1, column: 1)
    var depth = 0
    var aliases = 0
    var anchor: SourceLocation?
    var isIndentation = true
    var previous: Unicode.Scalar = "\n"
    var beforePrevious = previous
    for scalar in text.unicodeScalars {
      switch scalar {
      case "[", "{": depth += 1
      case "]", "}": depth = max(0, depth - 1)
      case "\n", "\r", "\t", "\u{85}": break
      case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}", "\u{FEFF}":
        throw error(
          location,
          problem: "the character U+\(String(scalar.value, radix: 16, uppercase: true)) is not text",
          remedy: "a scenario is plain UTF-8 text; is this the right file?")
      default: break
      }
      // What follows a letter or digit is part of a word, as in R&D.
      if Self.isWord(scalar), !Self.isWord(beforePrevious) {
        if previous == "*" { aliases += 1 }
        if previous == "&", anchor == nil {
          anchor = SourceLocation(line: location.line, column: location.column - 1)
        }
      }
      // Every level of block nesting takes a column of indentation, hyphens or question marks.
      isIndentation = isIndentation && [" ", "\t", "-", "?", ":"].contains(scalar)
      if depth > 2 * Self.maximumDepth || (isIndentation && location.column > 4 * Self.maximumDepth) {
        throw error(
          location, problem: "nested too deeply",
          remedy: "a scenario needs no more than \(Self.maximumDepth) levels")
      }
      location.column += 1
      if scalar == "\n" || (previous == "\r" && scalar != "\n") {
        location = SourceLocation(line: location.line + 1, column: scalar == "\n" ? 1 : 2)
        isIndentation = true
      }
      (beforePrevious, previous) = (previous, scalar)
    }
    // A few aliases do no harm and are rejected with their place later; many could multiply without end.
    if let anchor, aliases > 20 { throw anchorError(anchor) }
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
    case "\u{85}", "\u{2028}", "\u{2029}": false  // line breaks of YAML 1.1
    default: scalar.value >= 0x80
    }
  }

  private func anchorError(_ location: SourceLocation?) -> ScenarioError {
    error(
      location, problem: "anchors and aliases (&name, *name) are not supported",
      remedy: "write the value out in each place")
  }

  // MARK: - The tree

  private mutating func convert(_ node: Node, key: String, depth: Int) throws -> ScenarioNode {
    let location = Self.location(node.mark)
    let origin = override.map { ScenarioNode.Origin.override($0) } ?? location.map { .file($0) } ?? .table
    let name = key.isEmpty ? nil : key
    nodes += 1
    guard nodes <= Self.maximumNodes else {
      throw error(
        location, key: name, problem: "more than \(Self.maximumNodes) values", remedy: "shorten the scenario")
    }
    guard depth <= Self.maximumDepth else {
      throw error(
        location, key: name, problem: "nested too deeply",
        remedy: "a scenario needs no more than \(Self.maximumDepth) levels")
    }
    guard node.anchor == nil else { throw anchorError(location) }
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain || scalar.style == .any
      let tag = scalar.tag.rawValue
      guard tag.isEmpty || (!isPlain && (tag == Tag.Name.str.rawValue)) else {
        throw tagError(location, name, tag)
      }
      return ScenarioNode(content: .scalar(scalar.string, isPlain: isPlain), origin: origin)
    case .sequence(let sequence):
      guard sequence.tag.rawValue.isEmpty else { throw tagError(location, name, sequence.tag.rawValue) }
      let list = try sequence.map { try convert($0, key: key, depth: depth + 1) }
      return ScenarioNode(content: .list(list), origin: origin)
    case .mapping(let mapping):
      guard mapping.tag.rawValue.isEmpty else { throw tagError(location, name, mapping.tag.rawValue) }
      return ScenarioNode(
        content: .mapping(try entries(mapping, key: key, depth: depth)), origin: origin)
    case .alias: throw anchorError(location)
    }
  }

  private mutating func entries(
    _ mapping: Node.Mapping, key: String, depth: Int
  ) throws -> [ScenarioNode.Entry] {
    var entries: [ScenarioNode.Entry] = []
    var known: [String: SourceLocation?] = [:]
    for (keyNode, valueNode) in mapping {
      let location = Self.location(keyNode.mark)
      guard case .scalar(let scalar) = keyNode else {
        throw error(
          location, key: key.isEmpty ? nil : key, problem: "a key must be a single word",
          remedy: "write KEY: VALUE")
      }
      guard keyNode.anchor == nil else { throw anchorError(location) }
      let full = key.isEmpty ? scalar.string : "\(key).\(scalar.string)"
      if let first = known[scalar.string] { throw duplicate(full, at: location, first: first) }
      known[scalar.string] = location
      let origin = override.map { ScenarioNode.Origin.override($0) } ?? location.map { .file($0) } ?? .table
      let value = try convert(valueNode, key: full, depth: depth + 1)
      entries.append(ScenarioNode.Entry(key: scalar.string, keyOrigin: origin, value: value))
    }
    return entries
  }

  private static func location(_ mark: Mark?) -> SourceLocation? {
    mark.map { SourceLocation(line: $0.line, column: $0.column) }
  }

  private func tagError(_ location: SourceLocation?, _ key: String?, _ tag: String) -> ScenarioError {
    error(location, key: key, value: tag, problem: "tags are not supported", remedy: "leave the tag out")
  }

  // MARK: - The parser's own errors

  private func duplicate(_ key: String, at location: SourceLocation?, first: SourceLocation?) -> ScenarioError
  {
    let place = override == nil ? first.map { " (first in line \($0.line))" } ?? "" : ""
    return error(location, key: key, problem: "given twice" + place, remedy: "keep one of them")
  }

  private func translated(_ failure: YamlError) -> ScenarioError {
    switch failure {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
      var statement = "not YAML: " + problem
      if let context { statement += " (\(context.text)\(place(context.mark)))" }
      return error(Self.location(mark), problem: statement, remedy: Self.remedy(problem))
    case .composer(_, let problem, let mark, _):
      if problem.contains("alias") { return anchorError(Self.location(mark)) }
      return error(
        Self.location(mark), problem: "more than one document", remedy: "keep one, without lines of ---")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let key = duplicates.first ?? ""
      let first = SourceLocation(line: context.mark.line, column: context.mark.column)
      return duplicate(key, at: secondPlace(of: key, first: first) ?? first, first: first)
    case .memory: return error(nil, problem: "nested too deeply", remedy: "use fewer levels")
    case .reader(let problem, _, _, _):
      return error(nil, problem: "not text: " + problem, remedy: "is this the right file?")
    default: return error(nil, problem: "not YAML", remedy: "check the file")
    }
  }

  private func place(_ mark: Mark) -> String { override == nil ? " in line \(mark.line)" : "" }

  private static func remedy(_ problem: String) -> String {
    if problem.contains("cannot start any token") {
      return "indent with spaces, and quote texts that begin so"
    }
    if problem.contains("mapping values are not allowed") { return "quote texts that contain ': '" }
    return "check brackets, quotes and indentation near here"
  }

  /// The place of a repeated key, which the parser does not tell: the next line of the same mapping (the
  /// same column, no line of less indentation between) or the next mention on the line of the first.
  private func secondPlace(of key: String, first: SourceLocation) -> SourceLocation? {
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    guard first.line <= lines.count else { return nil }
    let forms = [key, "\"\(key)\"", "'\(key)'"].flatMap { [$0 + ":", $0 + " :"] }.map {
      Array($0.unicodeScalars)
    }
    func isKey(_ line: [Unicode.Scalar], _ column: Int) -> Bool {
      forms.contains { line.dropFirst(column).starts(with: $0) }
    }
    let line = Array(lines[first.line - 1].unicodeScalars)
    if let column = line.indices.dropFirst(first.column).first(where: {
      [" ", ",", "{"].contains(line[$0 - 1]) && isKey(line, $0)
    }) {
      return SourceLocation(line: first.line, column: column + 1)
    }
    for number in first.line..<lines.count {
      let line = Array(lines[number].unicodeScalars)
      guard let indentation = line.firstIndex(where: { $0 != " " }), line[indentation] != "#" else {
        continue
      }
      if indentation < first.column - 1 { return nil }
      if indentation == first.column - 1, isKey(line, indentation) {
        return SourceLocation(line: number + 1, column: first.column)
      }
    }
    return nil
  }
}
