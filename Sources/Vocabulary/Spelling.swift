/// Guesses which word was meant.
public enum Spelling {
  /// The candidate with the smallest edit distance from the word, regardless of case, or nil if none is near enough
  /// to be meant. Of several candidates the first wins.
  ///
  /// A candidate is near enough if its distance is at most 4 and at most a third of the word's letters; a distance
  /// of 1 always is. Words of more than 100 letters have no nearest candidate.
  ///
  /// - Complexity: O(letters of the word times letters of all candidates).
  public static func nearest(to word: String, among candidates: [String]) -> String? {
    guard word.unicodeScalars.count <= 100 else { return nil }
    let limit = max(1, min(4, word.count / 3))
    let ranked = candidates.map { (candidate: $0, distance: distance(word.lowercased(), $0.lowercased())) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= limit else { return nil }
    return best.candidate
  }

  /// The optimal string alignment distance of two words: the number of insertions, deletions, substitutions and
  /// exchanges of neighbours that turn one into the other.
  static func distance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first.unicodeScalars), Array(second.unicodeScalars))
    var before = [Int]()
    var last = Array(0...b.count)
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, before[j - 1] + 1) }
        row.append(best)
      }
      (before, last) = (last, row)
    }
    return last[b.count]
  }
}
