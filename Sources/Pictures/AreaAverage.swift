extension Picture {
  /// The picture in another size: each pixel is the mean over the area that it covers.
  ///
  ///     y[i, j] = (h' w' / (h w)) * integral of x over [i h/h', (i+1) h/h'] x [j w/w', (j+1) w/w']
  ///
  /// rounded to the nearest byte, halves up.
  ///
  /// - Precondition: Both sizes are positive.
  /// - Complexity: O(old pixels + new pixels) up to the overlap of areas.
  public func resized(height newHeight: Int, width newWidth: Int) -> Picture {
    if newHeight == height, newWidth == width { return self }
    let rows = Self.overlaps(from: height, to: newHeight)
    let columns = Self.overlaps(from: width, to: newWidth)
    var result = [UInt8](repeating: 0, count: newHeight * newWidth * channels)
    // First along the rows, then along the columns: weights are products.
    var line = [Double](repeating: 0, count: width * channels)
    for (i, parts) in rows.enumerated() {
      for k in line.indices { line[k] = 0 }
      for part in parts {
        let base = part.place * width * channels
        for k in line.indices { line[k] += part.weight * Double(pixels[base + k]) }
      }
      for (j, parts) in columns.enumerated() {
        for channel in 0..<channels {
          var sum = 0.0
          for part in parts { sum += part.weight * line[part.place * channels + channel] }
          result[(i * newWidth + j) * channels + channel] = UInt8(min(255, (sum + 0.5).rounded(.down)))
        }
      }
    }
    return Picture(height: newHeight, width: newWidth, channels: channels, pixels: result)
  }

  /// Which old places each new one covers, and with which share of itself; the shares add up to 1.
  private static func overlaps(from old: Int, to new: Int) -> [[(place: Int, weight: Double)]] {
    // In units of 1 / (old new) all ends are whole numbers.
    (0..<new).map { k in
      let (lower, upper) = (k * old, (k + 1) * old)
      return (lower / new...(upper - 1) / new).map { place in
        let overlap = min(upper, (place + 1) * new) - max(lower, place * new)
        return (place, Double(overlap) / Double(old))
      }
    }
  }
}
