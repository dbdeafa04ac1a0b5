/// The arithmetic of a claim's estimate. It consists of numbers of a run file, functions of the file's averaged
/// series, and the operations + - * / with parentheses.
///
///     approach(distance-concept) - approach(distance-sibling-concept)
///     1 - final(distance-training-sample) / final(distance-held-out)
///
/// Names may contain hyphens, so a minus sign between names needs spaces around it.
public struct ClaimExpression: Sendable, Hashable {
  /// A function of an averaged series `<x(t)>` at one corruption level.
  public enum SeriesFunction: String, Sendable, CaseIterable {
    /// `1 - min_t <x(t)> / <x(0)>`.
    case approach
    /// `<x(0)>`.
    case initial
    /// `<x(T)>` at the last time.
    case final
    /// `min_t <x(t)>`.
    case minimum
    /// `max_t <x(t)>`.
    case maximum
    /// The first t of the minimum.
    case timeOfMinimum = "time-of-minimum"
    /// The first t of the maximum.
    case timeOfMaximum = "time-of-maximum"

    /// A few words that say what the function is.
    public var meaning: String {
      switch self {
      case .approach: "1 - min_t <x(t)> / <x(0)>"
      case .initial: "<x(0)>"
      case .final: "<x(T)>, at the last time"
      case .minimum: "min_t <x(t)>"
      case .maximum: "max_t <x(t)>"
      case .timeOfMinimum: "the first t of the minimum"
      case .timeOfMaximum: "the first t of the maximum"
      }
    }
  }

  /// A function of a single number.
  public enum NumberFunction: String, Sendable, CaseIterable {
    /// The natural logarithm.
    case ln
    /// The absolute value.
    case abs
    /// The square root.
    case sqrt

    /// A few words that say what the function is.
    public var meaning: String {
      switch self {
      case .ln: "the natural logarithm"
      case .abs: "the absolute value"
      case .sqrt: "the square root"
      }
    }
  }

  package indirect enum Node: Sendable, Hashable {
    case number(Double)
    case name(String)
    case series(SeriesFunction, String)
    case function(NumberFunction, Node)
    case negative(Node)
    case operation(Character, Node, Node)
  }

  package let root: Node
  /// The text of the expression.
  public let text: String

  /// The reason why a text is not an expression.
  package struct Refusal: Error { package var problem: String }

  /// Reads an expression. Throws if the text is not one.
  package init(_ text: String) throws(Refusal) {
    self.text = text
    guard text.utf8.count <= 1000 else { throw Refusal(problem: "longer than 1000 letters") }
    var parser = try Parser(text)
    root = try parser.sum()
    if let rest = parser.peek() { throw Refusal(problem: "'\(rest)' is one too many") }
  }

  private init(root: Node, text: String) {
    self.root = root
    self.text = text
  }

  /// The names of series and of single numbers in the expression.
  package var names: (series: Set<String>, numbers: Set<String>) {
    var series: Set<String> = []
    var numbers: Set<String> = []
    func visit(_ node: Node) {
      switch node {
      case .number: break
      case .name(let name): numbers.insert(name)
      case .series(_, let name): series.insert(name)
      case .function(_, let inner), .negative(let inner): visit(inner)
      case .operation(_, let a, let b):
        visit(a)
        visit(b)
      }
    }
    visit(root)
    return (series, numbers)
  }

  /// The same expression with parts replaced, wherever `replace` returns another node. `note` is appended to the
  /// text.
  package func replacing(_ note: String, _ replace: (Node) -> Node?) -> ClaimExpression {
    func visit(_ node: Node) -> Node {
      if let other = replace(node) { return other }
      switch node {
      case .number, .name, .series: return node
      case .function(let function, let inner): return .function(function, visit(inner))
      case .negative(let inner): return .negative(visit(inner))
      case .operation(let sign, let a, let b): return .operation(sign, visit(a), visit(b))
      }
    }
    return ClaimExpression(root: visit(root), text: "\(text) (\(note))")
  }

  // MARK: - Reading

  private struct Parser {
    private var tokens: [String] = []
    private var next = 0
    private var depth = 0

    init(_ text: String) throws(Refusal) {
      if text.contains("_") {
        throw Refusal(problem: "names have no '_'; write them with hyphens, as distance-concept")
      }
      let letters = Array(text)
      var k = 0
      func isNameLetter(_ c: Character) -> Bool { c.isASCII && (c.isLetter || c.isNumber || c == ".") }
      while k < letters.count {
        let c = letters[k]
        if c.isWhitespace {
          k += 1
        } else if isNameLetter(c) {
          var word = ""
          let isNumber = c.isNumber || c == "."
          while k < letters.count {
            let following = k + 1 < letters.count ? letters[k + 1] : " "
            // These are hyphens within names, and signs of exponents.
            let isHyphen =
              letters[k] == "-" && !isNumber && isNameLetter(following) && following != "."
            let isExponent =
              isNumber && "+-".contains(letters[k]) && (word.last == "e" || word.last == "E")
            guard isNameLetter(letters[k]) || isHyphen || isExponent else { break }
            word.append(letters[k])
            k += 1
          }
          tokens.append(word)
        } else {
          tokens.append(String(c))
          k += 1
        }
      }
    }

    func peek() -> String? { next < tokens.count ? tokens[next] : nil }

    private mutating func take(_ words: String...) -> Character? {
      guard let token = peek(), words.contains(token) else { return nil }
      next += 1
      return Character(token)
    }

    mutating func sum() throws(Refusal) -> Node {
      depth += 1
      guard depth <= 50 else { throw Refusal(problem: "nested deeper than 50 parentheses") }
      defer { depth -= 1 }
      var node = try product()
      while let sign = take("+", "-") { node = .operation(sign, node, try product()) }
      return node
    }

    private mutating func product() throws(Refusal) -> Node {
      var node = try factor()
      while let sign = take("*", "/") { node = .operation(sign, node, try factor()) }
      return node
    }

    private mutating func factor() throws(Refusal) -> Node {
      if take("-") != nil {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 50 else { throw Refusal(problem: "more than 50 signs") }
        return .negative(try factor())
      }
      if take("(") != nil { return try closed(try sum()) }
      guard let word = peek() else { throw Refusal(problem: "it ends too early") }
      next += 1
      guard let first = word.first, first.isLetter || first.isNumber || first == "." else {
        throw Refusal(problem: "'\(word)' is not expected")
      }
      if first.isNumber || first == "." {
        guard let number = Double(word), number.isFinite else {
          throw Refusal(problem: "'\(word)' is not a number")
        }
        return .number(number)
      }
      guard take("(") != nil else { return .name(word) }
      if let function = SeriesFunction(rawValue: word) {
        guard let name = peek(), name.first?.isLetter == true else {
          throw Refusal(problem: "\(word)() takes the name of an observable")
        }
        next += 1
        return try closed(.series(function, name))
      }
      guard let function = NumberFunction(rawValue: word) else {
        let all = SeriesFunction.allCases.map(\.rawValue) + NumberFunction.allCases.map(\.rawValue)
        throw Refusal(problem: "there is no function '\(word)' (there are \(all.joined(separator: ", ")))")
      }
      return .function(function, try closed(try sum()))
    }

    private mutating func closed(_ node: Node) throws(Refusal) -> Node {
      guard take(")") != nil else { throw Refusal(problem: "a closing parenthesis is missing") }
      return node
    }
  }
}
