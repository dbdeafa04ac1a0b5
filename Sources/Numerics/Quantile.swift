/// The quantile of sorted numbers, by linear interpolation of order statistics (type 7 of Hyndman and Fan 1996,
/// doi:10.1080/00031305.1996.10473566).
///
/// - Parameters:
///   - numbers: In ascending order.
///   - q: From 0, which gives the smallest, to 1, which gives the largest.
/// - Precondition: There is at least one number.
public func quantile(ofSorted numbers: [Double], _ q: Double) -> Double {
  let h = q * Double(numbers.count - 1)
  let low = Int(h)
  let high = min(low + 1, numbers.count - 1)
  return numbers[low] + (h - Double(low)) * (numbers[high] - numbers[low])
}
