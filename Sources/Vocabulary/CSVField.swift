extension String {
  /// The text as a field of comma-separated values (RFC 4180), with control characters escaped.
  package var csvField: String {
    let text = escapingControls
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
