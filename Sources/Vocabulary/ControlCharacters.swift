/// Texts from files are shown on terminals, which obey the control characters in them.
extension String {
  /// This text with everything made visible that a terminal obeys or that changes the direction of writing. Control
  /// characters, line and paragraph separators, and bidirectional controls become `\u{1b}` and the like.
  ///
  /// Line feeds and tabs stay. So does a carriage return before a line feed.
  ///
  /// - Complexity: O(length).
  public var escapingControls: String {
    // Most texts are plain.
    if utf8.allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 0x0A || $0 == 0x09 }) { return self }
    var result = ""
    let scalars = Array(unicodeScalars)
    for (k, scalar) in scalars.enumerated() {
      switch scalar {
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case "\r" where k + 1 < scalars.count && scalars[k + 1] == "\n": result.unicodeScalars.append(scalar)
      default:
        if scalar.isTerminalControl {
          result += scalar.escapeSequence
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result
  }
}

extension Unicode.Scalar {
  /// Whether a terminal does something other than show this character. That is so for control characters, line and
  /// paragraph separators, and bidirectional controls, all of which have at most four hexadecimal digits.
  public var isTerminalControl: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: properties.isBidiControl
    }
  }

  /// What a text shows in place of this character.
  public var escapeSequence: String {
    switch self {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: "\\u{\(String(value, radix: 16))}"
    }
  }
}
