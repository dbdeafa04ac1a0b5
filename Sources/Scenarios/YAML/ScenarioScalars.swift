/// Reads single values, wary of what YAML 1.1 and 1.2 readers would take for different things.
enum ScenarioScalars {
  /// Why a text is not a number of the wanted kind; the remedy may be empty.
  struct Refusal: Error {
    var remedy: String
  }

  /// Reads `true` and `false`.
  static func boolean(_ node: ScenarioNode) throws(Refusal) -> Bool {
    guard case .scalar(let text, let isPlain) = node.content else {
      throw Refusal(remedy: "write true or false")
    }
    switch (text.lowercased(), isPlain) {
    case ("true", true): return true
    case ("false", true): return false
    case ("yes", _), ("on", _), ("y", _), ("1", _), ("true", _): throw Refusal(remedy: "write true")
    case ("no", _), ("off", _), ("n", _), ("0", _), ("false", _): throw Refusal(remedy: "write false")
    default: throw Refusal(remedy: "write true or false")
    }
  }

  /// Reads a number without fraction as sign and magnitude; `1e3` is 1000.
  static func integer(_ node: ScenarioNode) throws(Refusal) -> (isNegative: Bool, magnitude: UInt64) {
    let text = try numeral(node)
    let isNegative = text.hasPrefix("-")
    let unsigned = text.drop { $0 == "-" || $0 == "+" }
    if unsigned.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
      guard let magnitude = UInt64(unsigned) else { throw Refusal(remedy: "write a smaller number") }
      return (isNegative && magnitude > 0, magnitude)
    }
    let number = try finite(text)
    guard number.rounded(.towardZero) == number else {
      throw Refusal(remedy: "write a number without fraction")
    }
    // Up to here every integer has its own floating-point number.
    guard abs(number) <= 9_007_199_254_740_992 else {
      throw Refusal(remedy: "write all digits of the number")
    }
    return (number < 0, UInt64(abs(number)))
  }

  /// Reads a finite number; negative zero becomes zero.
  static func number(_ node: ScenarioNode) throws(Refusal) -> Double {
    try finite(try numeral(node)) + 0
  }

  private static func finite(_ text: String) throws(Refusal) -> Double {
    guard let number = Double(text), number.isFinite else { throw Refusal(remedy: "write a smaller number") }
    let mantissa = text.prefix { $0 != "e" && $0 != "E" }
    guard number != 0 || !mantissa.contains(where: { ("1"..."9").contains($0) }) else {
      throw Refusal(remedy: "write 0 or a larger number")
    }
    return number
  }

  /// The text of an unquoted decimal number.
  private static func numeral(_ node: ScenarioNode) throws(Refusal) -> String {
    guard case .scalar(let text, let isPlain) = node.content else {
      let only = node.list?.count == 1 ? node.list?.first : nil
      if let only, isNumeral(only.plainText ?? "") { throw Refusal(remedy: "write \(only.text)") }
      throw Refusal(remedy: "write a single number")
    }
    guard isPlain else {
      throw Refusal(
        remedy: isNumeral(text) ? "write \(text) without quotes" : "write a number without quotes")
    }
    if isNumeral(text) { return text }
    let joined = text.filter { $0 != "_" && $0 != "," }
    if joined != text, isNumeral(joined) { throw Refusal(remedy: "write \(joined)") }
    let stripped = withoutLeadingZeros(text)
    if stripped != text, isNumeral(stripped) {
      throw Refusal(remedy: "write \(stripped), because some readers of YAML read leading zeros as octal")
    }
    let lowercased = text.lowercased()
    if lowercased.hasPrefix("0x") || lowercased.hasPrefix("0o") || lowercased.hasPrefix("0b") {
      throw Refusal(remedy: "write it in decimal")
    }
    let unsigned = lowercased.drop { "+-.".contains($0) }
    if ["nan", "inf", "infinity"].contains(unsigned) { throw Refusal(remedy: "write a finite number") }
    throw Refusal(remedy: "write a number")
  }

  private static func withoutLeadingZeros(_ text: String) -> String {
    let sign = text.prefix { $0 == "-" || $0 == "+" }
    var digits = text.dropFirst(sign.count)
    while digits.count > 1, digits.first == "0",
      digits.dropFirst().first.map({ $0.isASCII && $0.isNumber }) == true
    {
      digits = digits.dropFirst()
    }
    return String(sign + digits)
  }

  /// Whether a text is a decimal number that every YAML reader takes for the same.
  static func isNumeral(_ text: String) -> Bool {
    var rest = Substring(text)
    func takeDigits() -> Substring {
      let digits = rest.prefix { ("0"..."9").contains($0) && $0.isASCII }
      rest = rest.dropFirst(digits.count)
      return digits
    }
    if let sign = rest.first, sign == "-" || sign == "+" { rest = rest.dropFirst() }
    let whole = takeDigits()
    guard whole.count <= 1 || whole.first != "0" else { return false }
    var fraction = Substring()
    if rest.first == "." {
      rest = rest.dropFirst()
      fraction = takeDigits()
    }
    guard !whole.isEmpty || !fraction.isEmpty else { return false }
    if rest.first == "e" || rest.first == "E" {
      rest = rest.dropFirst()
      if let sign = rest.first, sign == "-" || sign == "+" { rest = rest.dropFirst() }
      guard !takeDigits().isEmpty else { return false }
    }
    return rest.isEmpty
  }
}
