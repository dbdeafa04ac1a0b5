import Numerics

/// Shannon's entropy of the fractions of starts that reach each set, in nats.
///
///     H = -sum_k f_k ln f_k,   f_k the share of decided starts that reach set k
///
/// It is not the *basin entropy* of Daza et al. (doi:10.1038/srep31416), which measures how finely basins are mixed in
/// space. This is the plug-in estimate, which is too small by about (sets - 1) / (2 starts).
public struct BasinFractionEntropy: Sendable, Hashable {
  /// The entropy of the decided starts; NaN without any.
  public let ofDecided: Double
  /// The smallest entropy that all starts could have: the undecided ones all belong to the largest basin.
  public let least: Double
  /// The largest entropy that all starts could have: each undecided one reaches a set of its own.
  public let largest: Double

  /// - Parameters:
  ///   - basins: The number of starts that reached each set.
  ///   - undecided: The number of starts whose set is not known.
  public init(basins: [Int], undecided: Int = 0) {
    ofDecided = Self.entropy(basins)
    guard undecided > 0 else {
      (least, largest) = (ofDecided, ofDecided)
      return
    }
    var together = basins
    if let k = basins.indices.max(by: { basins[$0] < basins[$1] }) {
      together[k] += undecided
    } else {
      together = [undecided]
    }
    least = Self.entropy(together)
    let all = Double(basins.reduce(undecided, +))
    // The undecided starts add one term each, and all shares are of all starts.
    largest = basins.reduce(Double(undecided) / all * logarithm(all)) { $0 + Self.term(Double($1) / all) }
  }

  private static func entropy(_ basins: [Int]) -> Double {
    let total = Double(basins.reduce(0, +))
    guard total > 0 else { return .nan }
    return basins.reduce(0) { $0 + term(Double($1) / total) }
  }

  private static func term(_ fraction: Double) -> Double {
    fraction > 0 ? -fraction * logarithm(fraction) : 0
  }
}
