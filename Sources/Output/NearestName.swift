/// The name among `candidates` with the fewest edits (insertion, deletion, substitution) to `name`, the first
/// on ties; none if every one differs in more than half of its characters.
///
/// - Complexity: O(characters of `name` times characters of all candidates).
func nearestName(to name: String, among candidates: [String]) -> String? {
  var best: (distance: Int, name: String)?
  for candidate in candidates {
    let distance = editDistance(Array(name.lowercased()), Array(candidate.lowercased()))
    if 2 * distance <= max(name.count, candidate.count), distance < best?.distance ?? .max {
      best = (distance, candidate)
    }
  }
  return best?.name
}

private func editDistance(_ first: [Character], _ second: [Character]) -> Int {
  var row = Array(0...second.count)
  for (i, character) in first.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in second.enumerated() {
      let substituted = diagonal + (character == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
    }
  }
  return row[second.count]
}
