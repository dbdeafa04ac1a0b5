import Scenarios

/// How two runs differ, in words.
package enum Differences {
  /// Keys whose values differ, in words, in the order of the keys.
  package static func between(_ then: [String: String], _ now: [String: String]) -> [String] {
    Set(then.keys).union(now.keys).sorted().compactMap { key in
      guard then[key] != now[key] else { return nil }
      func excerpt(_ value: String?) -> String { value.map { ScenarioError.excerpt($0) } ?? "none" }
      return "\(key) was \(excerpt(then[key])), now \(excerpt(now[key]))"
    }
  }
}
