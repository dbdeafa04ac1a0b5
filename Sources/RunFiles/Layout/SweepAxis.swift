import Output

/// A leading dimension that comes from a sweep.
public struct SweepAxis: Sendable, Equatable {
  /// The dimension's name, such as `model_latent`.
  public let name: String
  /// The scenario's key, such as `model.latent`, which choices, tables and captions show.
  public let key: String
  /// The meaning of the key, such as "number of latent variables, N", which axes show.
  public let words: String
  /// The values of the dimension as texts.
  public let labels: [String]

  /// - Parameters:
  ///   - name: The dimension's name.
  ///   - coordinate: The dimension's variable, whose `long_name` contains the key and its meaning; nil if there is
  ///     none.
  package init(_ name: String, _ coordinate: NetCDFReaderVariable?, labels: [String]) {
    self.name = name
    self.labels = labels
    (key, words) = coordinate.map { Self.description(of: $0) } ?? (name, name)
  }

  /// The meaning up to the first comma.
  package var briefWords: String { String(words.prefix { $0 != "," }) }

  /// The key whose values a coordinate holds, and the key's meaning.
  ///
  /// The `long_name` is "KEY: meaning". The part of the meaning before a semicolon or a parenthesis is kept. In
  /// files without such a name, the variable's name stands for both.
  package static func description(of coordinate: NetCDFReaderVariable) -> (key: String, words: String) {
    let text = (try? coordinate.attribute("long_name"))?.text ?? ""
    let key = text.prefix { $0 != ":" }
    guard String(key.map { ".-".contains($0) ? "_" : $0 }) == coordinate.name else {
      return (coordinate.name, text.isEmpty ? coordinate.name : text)
    }
    let meaning = text.dropFirst(key.count + 1).prefix { !";(".contains($0) }
    var words = meaning.split(separator: " ").joined(separator: " ")
    if words.isEmpty { words = String(key) }
    // A meaning such as "of the Adam optimizer" continues the key's last word.
    if words.hasPrefix("of ") {
      let last = key.split(separator: ".").last.map(String.init) ?? ""
      words = last.replacing("-", with: " ") + " " + words
    }
    return (String(key), words)
  }
}
