/// Holm's correction of p-values for the number of hypotheses that are tested together.
///
/// Rejecting the hypotheses whose adjusted p-value is at most alpha rejects a true one with probability alpha at most,
/// whatever the dependence between the tests. Source: Holm 1979, Scand. J. Statist. 6, 65-70 (stable/4615733).
enum HolmCorrection {
  /// The adjusted p-values, in the order of the given ones: p_(i) becomes max over j <= i of (m - j + 1) p_(j), at most 1.
  ///
  /// - Complexity: O(m log m).
  static func adjusted(_ values: [Double]) -> [Double] {
    var result = values
    var largest = 0.0
    for (rank, k) in values.indices.sorted(by: { values[$0] < values[$1] }).enumerated() {
      largest = max(largest, min(1, Double(values.count - rank) * values[k]))
      result[k] = largest
    }
    return result
  }
}
