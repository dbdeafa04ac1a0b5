/// A colour.
package struct Colour: Sendable, Hashable {
  /// Red, green and blue, one byte each.
  package let rgb: UInt32

  package init(_ rgb: UInt32) { self.rgb = rgb }

  /// The colour as `#RRGGBB`.
  package var hex: String {
    let digits = String(rgb & 0xFFFFFF, radix: 16, uppercase: true)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }

  package static let black = Colour(0x000000)
  package static let white = Colour(0xFFFFFF)
  package static let grey = Colour(0x707070)
  package static let pale = Colour(0xD8D8D8)

  /// The approximate relative luminance, between 0 and 1.
  package var luminance: Double {
    let (r, g, b) = (Double(rgb >> 16 & 255), Double(rgb >> 8 & 255), Double(rgb & 255))
    return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255
  }
}

/// Colours that people with any colour vision can tell apart.
package enum Palette {
  /// The colours of Okabe and Ito 2008, https://jfly.uni-koeln.de/color/, without yellow, which is too faint for
  /// lines on white.
  package static let distinct: [Colour] = [
    Colour(0x0072B2), Colour(0xE69F00), Colour(0x009E73), Colour(0xD55E00), Colour(0x56B4E9),
    Colour(0xCC79A7),
    Colour(0x000000),
  ]

  private static let cividis: [UInt32] = [
    0x00224E, 0x003170, 0x2A3F6D, 0x434E6C, 0x575D6D, 0x6A6C71, 0x7D7C78, 0x918B78, 0xA59C74, 0xBCAE6C,
    0xD2C060, 0xE9D34E, 0xFEE838,
  ]

  /// The colour of a fraction in cividis: Nunez, Anderton, Renslow 2018, doi:10.1371/journal.pone.0199239.
  package static func cividis(_ fraction: Double) -> Colour {
    guard fraction.isFinite else { return .white }
    let place = min(max(fraction, 0), 1) * Double(cividis.count - 1)
    let k = min(Int(place), cividis.count - 2)
    var rgb: UInt32 = 0
    for shift: UInt32 in [16, 8, 0] {
      let (a, b) = (Double(cividis[k] >> shift & 255), Double(cividis[k + 1] >> shift & 255))
      rgb |= UInt32((a + (b - a) * (place - Double(k))).rounded()) << shift
    }
    return Colour(rgb)
  }

  /// Colours for `count` curves that have an order: distinct colours if there are enough of them, otherwise a
  /// scale.
  package static func ordered(_ count: Int) -> [Colour] {
    count <= distinct.count
      ? Array(distinct.prefix(count)) : (0..<count).map { cividis(0.9 * Double($0) / Double(count - 1)) }
  }
}

/// Point symbols. The numbers are gnuplot's, and all its terminals share them.
package enum Marker: Int, Sendable {
  case plus = 1
  case cross = 2
  case openSquare = 4
  case square = 5
  case openCircle = 6
  case circle = 7
  case openTriangle = 8
  case triangle = 9
  case downTriangle = 11
  case openDownTriangle = 10
  case openDiamond = 12
  case diamond = 13
  case openPentagon = 14
  case pentagon = 15

  /// Symbols that can be told apart in print without colours.
  package static let distinct: [Marker] = [
    .circle, .square, .triangle, .diamond, .downTriangle, .pentagon, .openCircle,
  ]

  package static func number(_ k: Int) -> Marker { distinct[k % distinct.count] }

  /// The same symbol, not filled.
  package var hollow: Marker {
    switch self {
    case .square: .openSquare
    case .circle: .openCircle
    case .triangle: .openTriangle
    case .downTriangle: .openDownTriangle
    case .diamond: .openDiamond
    case .pentagon: .openPentagon
    case .plus, .cross, .openSquare, .openCircle, .openTriangle, .openDownTriangle, .openDiamond,
      .openPentagon:
      self
    }
  }
}
