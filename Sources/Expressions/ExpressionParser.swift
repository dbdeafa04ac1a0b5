/// Reads the text of a claim's estimate.
struct ExpressionParser {
  typealias Refusal = ClaimExpression.Refusal
  typealias Node = ClaimExpression.Node

  private var tokens: [String] = []
  private var next = 0
  private var depth = 0
  /// How many of `with` and `beyond` are open.
  private var places = 0
  /// Each `beyond` doubles what is read.
  private static let mostPlaces = 6

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

  /// The expression, or the parts of `both(...)`, of which it can only be the whole.
  mutating func parts() throws(Refusal) -> [Node] {
    let conjunction = ClaimExpression.conjunction
    guard peek() == conjunction, next + 1 < tokens.count, tokens[next + 1] == "(" else { return [try sum()] }
    next += 2
    var result = [try sum()]
    while take(",") != nil { result.append(try sum()) }
    guard result.count > 1 else { throw Refusal(problem: "\(conjunction)() takes two expressions or more") }
    try close()
    return result
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
    if take("(") != nil {
      let node = try sum()
      try close()
      return node
    }
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
    let node = try function(word)
    try close()
    return node
  }

  /// A function's value, up to its closing parenthesis.
  private mutating func function(_ word: String) throws(Refusal) -> Node {
    if let function = ClaimExpression.SeriesFunction(rawValue: word) {
      return .series(function, try observable(of: word))
    }
    if let function = ClaimExpression.TimeFunction(rawValue: word) {
      guard let text = peek(), let time = Int(text), time >= 0 else {
        throw Refusal(
          problem: "\(word)() takes a time first, a whole number, as in \(word)(2, distance-concept)")
      }
      next += 1
      try comma(in: word)
      let name = try observable(of: word)
      let later = Node.at(time: time, name)
      return function == .at ? later : .operation("-", later, .series(.initial, name))
    }
    if let function = ClaimExpression.PlaceFunction(rawValue: word) {
      places += 1
      defer { places -= 1 }
      guard places <= Self.mostPlaces else {
        throw Refusal(problem: "more than \(Self.mostPlaces) of with() and beyond() within each other")
      }
      let condition = try condition(of: word)
      try comma(in: word)
      let inner = try sum()
      let elsewhere = try Self.read(inner, condition)
      return function == .with ? elsewhere : .operation("-", inner, elsewhere)
    }
    guard let function = ClaimExpression.NumberFunction(rawValue: word) else {
      if word == ClaimExpression.conjunction {
        throw Refusal(problem: "\(word)() can only be the whole estimate")
      }
      throw Refusal(
        problem: "there is no function '\(word)' (there are \(Self.functions.joined(separator: ", ")))")
    }
    return .function(function, try sum())
  }

  private static let functions =
    ClaimExpression.SeriesFunction.allCases.map(\.rawValue)
    + ClaimExpression.TimeFunction.allCases.map(\.rawValue)
    + ClaimExpression.PlaceFunction.allCases.map(\.rawValue) + [ClaimExpression.conjunction]
    + ClaimExpression.NumberFunction.allCases.map(\.rawValue)

  private mutating func observable(of function: String) throws(Refusal) -> String {
    guard let name = peek(), name.first?.isLetter == true else {
      throw Refusal(problem: "\(function)() takes the name of an observable")
    }
    next += 1
    return name
  }

  /// `level = 0.4`, `model.latent = 20`, `linear`.
  private mutating func condition(of function: String) throws(Refusal) -> ClaimExpression.Condition {
    guard let word = peek(), word.first?.isLetter == true else {
      throw Refusal(
        problem:
          "\(function)() takes a condition first: level = NUMBER, KEY = VALUE, or the name of a control")
    }
    next += 1
    guard take("=") != nil else {
      guard let control = Control(rawValue: word) else {
        let all = Control.allCases.map(\.rawValue).joined(separator: ", ")
        throw Refusal(problem: "'\(word)' is neither KEY = VALUE nor a control (controls are \(all))")
      }
      return .control(control)
    }
    let value = takeValue()
    guard !value.isEmpty else { throw Refusal(problem: "\(word) = has no value") }
    guard word == "level" else { return .swept(key: word, value: value) }
    guard let level = Double(value), level.isFinite else {
      throw Refusal(problem: "level = '\(value)' is not a number")
    }
    return .level(level)
  }

  /// All tokens up to a comma outside brackets, such as `-0.5` or `[300,300]`.
  private mutating func takeValue() -> String {
    var result = ""
    var open = 0
    while let token = peek(), open > 0 || (token != "," && token != ")") {
      open += token == "[" ? 1 : token == "]" ? -1 : 0
      result += token
      next += 1
    }
    return result
  }

  /// A node as it is read under a condition. Another reading of the same run has other names.
  private static func read(
    _ node: Node, _ condition: ClaimExpression.Condition
  ) throws(Refusal) -> Node {
    guard case .control(let control) = condition, control.overrides == nil else {
      return .with(condition, node)
    }
    guard let other = control.expression(ClaimExpression(roots: [node], text: "")) else {
      throw Refusal(problem: "\(control.rawValue) finds nothing to replace")
    }
    return other.roots[0]
  }

  private mutating func comma(in function: String) throws(Refusal) {
    guard take(",") != nil else {
      throw Refusal(problem: "\(function)() takes two arguments, with a comma between")
    }
  }

  private mutating func close() throws(Refusal) {
    guard take(")") != nil else { throw Refusal(problem: "a closing parenthesis is missing") }
  }
}
