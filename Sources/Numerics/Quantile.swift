/// The quantile of ascending numbers, by linear interpolation of order statistics (Hyndman and Fan 1996,
/// doi:10.1080/00031305.1996.10473566, type 7).
///
/// - Parameters:
///   - q: From 0, the smallest, to 1, the largest.
///   - numbers: In ascending order.
/// - Precondition: There are numbers, in order.
public func quantile(ofSorted numbers: [Double], _ q: Double) -> Double {
  let h = q * Double(numbers.count - 1)
  let low = Int(h)
  let high = min(low + 1, numbers.count - 1)
  return numbers[low] + (h - Double(low)) * (numbers[high] - numbers[low])
}
