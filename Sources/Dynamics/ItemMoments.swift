import Numerics

/// The moments of items' means, from which the error of a mean over their members follows.
///
/// Item i has m_i members with a value, and y_i is the sum of these values. The mean over members is the ratio R = sum
/// y_i / sum m_i of two sums over items. Its linearized variance, with n items in all, is
///
///     v = n / (n - 1) sum (y_i - R m_i)^2 / (sum m_i)^2
///
/// An item without a value (m_i = 0) adds nothing to the sum, but it is one of the n items. Where all items are
/// complete, v is the variance of the items' means divided by their number.
///
/// With w_i = (m_i / M)^2, M the realizations of an item, and x_i = y_i / m_i, the sum is M^2 sum w_i (x_i - R)^2. The
/// mean and squared deviations of the x_i under these weights can be merged, and they lose no digits where the items'
/// means are nearly equal. The weights of complete items are exactly 1.
///
/// Sources: Cochran, *Sampling Techniques*, 3rd edition (1977), section 6.3; for domains Korn and Graubard, *Analysis
/// of Health Surveys* (1999), section 2.4.
struct ItemMoments: Sendable, Hashable, BitwiseCopyable {
  /// The number of items with a value.
  private(set) var count = 0
  /// The sum of w_i.
  private var weight = 0.0
  /// sum w_i x_i / sum w_i.
  private var mean = 0.0
  /// sum w_i (x_i - mean)^2.
  private var sumOfSquares = 0.0

  /// No items.
  init() {}

  /// The moments of items that have one realization each, whose values are therefore the items' means.
  init(_ members: RunningMoments) {
    count = members.count
    weight = Double(members.count)
    mean = members.mean ?? 0
    sumOfSquares = members.sumOfSquares
  }

  /// Adds an item by the sum over its members that have a value. An item without a value is left out.
  mutating func add(_ item: CountedSum, realizations: Int) {
    guard let x = item.mean, x.isFinite else { return }
    let share = Double(item.count) / Double(realizations)
    let w = share * share
    count += 1
    weight += w
    let delta = x - mean
    mean += delta * w / weight
    sumOfSquares += w * delta * (x - mean)
  }

  /// Adds all of `other`'s items.
  mutating func merge(_ other: ItemMoments) {
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    let (n, m) = (weight, other.weight)
    let delta = other.mean - mean
    mean += delta * (m / (n + m))
    sumOfSquares += other.sumOfSquares + delta * delta * (n * m / (n + m))
    weight += m
    count += other.count
  }

  /// The standard error of the mean over members; nil for fewer than two items with a value, and where squares exceed
  /// the range of double precision.
  ///
  /// - Parameters:
  ///   - members: The moments of the members, which give the mean R and the number sum m_i.
  ///   - items: n, including items without a value.
  ///   - realizations: M.
  func standardError(of members: RunningMoments, items: Int, realizations: Int) -> Double? {
    guard count > 1, sumOfSquares.isFinite, let ratio = members.mean else { return nil }
    if count == items, members.count == items * realizations {
      return (sumOfSquares / Double(items - 1) / Double(items)).squareRoot()
    }
    let shift = mean - ratio
    let squares = sumOfSquares + weight * shift * shift
    let complete = Double(members.count) / Double(realizations)
    let error = (squares / complete / complete * (Double(items) / Double(items - 1))).squareRoot()
    return error.isFinite ? error : nil
  }
}
