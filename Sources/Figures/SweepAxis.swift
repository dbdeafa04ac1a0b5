import Output

/// A leading dimension that a sweep added.
public struct SweepAxis: Sendable, Equatable {
  /// The dimension's name, such as `model_latent`.
  public let name: String
  /// The scenario's key, such as `model.latent`: what choices, tables and captions say.
  public let key: String
  /// What the key means, such as "number of latent variables, N": what axes say.
  public let words: String
  /// Its values as texts.
  public let labels: [String]

  /// - Parameters:
  ///   - name: The dimension's name.
  ///   - coordinate: The dimension's variable, whose `long_name` has the key and its meaning; nil where there is none.
  init(_ name: String, _ coordinate: NetCDFReaderVariable?, labels: [String]) {
    self.name = name
    self.labels = labels
    (key, words) = coordinate.map { Self.description(of: $0) } ?? (name, name)
  }

  /// The words up to the first comma.
  var briefWords: String { String(words.prefix { $0 != "," }) }

  /// The key whose values a coordinate holds, and what it means.
  ///
  /// The `long_name` is "KEY: meaning". Of the meaning stays what comes before a semicolon or a parenthesis. Of files
  /// without it there is the variable's name for both.
  static func description(of coordinate: NetCDFReaderVariable) -> (key: String, words: String) {
    let text = (try? coordinate.attribute("long_name"))?.text ?? ""
    let key = text.prefix { $0 != ":" }
    guard String(key.map { ".-".contains($0) ? "_" : $0 }) == coordinate.name else {
      return (coordinate.name, text.isEmpty ? coordinate.name : text)
    }
    let meaning = text.dropFirst(key.count + 1).prefix { !";(".contains($0) }
    var words = meaning.split(separator: " ").joined(separator: " ")
    if words.isEmpty { words = String(key) }
    // "of the Adam optimizer" continues the key's last word.
    if words.hasPrefix("of ") {
      let last = key.split(separator: ".").last.map(String.init) ?? ""
      words = last.replacing("-", with: " ") + " " + words
    }
    return (String(key), words)
  }
}
