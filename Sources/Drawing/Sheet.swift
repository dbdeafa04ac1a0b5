/// A page with figures on it. Lengths are in points (1/72 inch), from the top left corner.
public struct Sheet: Sendable {
  /// The page's width.
  public package(set) var width: Double
  /// The page's height.
  public package(set) var height: Double
  /// The diagrams with axes.
  package var panels: [Panel] = []
  /// What is drawn on the page itself, in points.
  package var layers: [Layer] = []
  /// The texts on the page, in points.
  package var texts: [SheetText] = []
  /// The figure's title, which is also for readers who do not see the figure.
  public package(set) var title = ""
  /// The figure's caption, in one paragraph.
  public package(set) var caption = ""

  /// Whether the title is drawn. If not, it is left to the page around the figure.
  private(set) var hasTitle: Bool
  /// Whether the caption is drawn.
  private(set) var hasCaption: Bool
  /// The labels that the user gives the axes of all panels; nil for the figure's own labels.
  let labels: (x: String?, y: String?)
  /// The largest height of the figure. Panels that do not fit are left out and counted. nil for no limit.
  package let room: Double?
  /// The number of panels that were left out for lack of room.
  public package(set) var omittedPanels = 0
  /// The number of panels of the figure, including those that were left out.
  package var allPanels: Int { panels.count + omittedPanels }

  package init(
    width: Double, height: Double = 0, hasTitle: Bool = true, hasCaption: Bool = true,
    labels: (x: String?, y: String?) = (nil, nil), room: Double? = nil
  ) {
    self.width = width
    self.height = height
    self.hasTitle = hasTitle
    self.hasCaption = hasCaption
    self.labels = labels
    self.room = room
  }
}

/// A rectangle: on the page in points, with `y` downward; in a panel in the panel's coordinates.
package struct Rectangle: Sendable, Equatable {
  package var x: Double
  package var y: Double
  package var width: Double
  package var height: Double

  package init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }
}

/// A place: in a panel's coordinates, or on the page in points.
package struct Point: Sendable, Equatable {
  package var x: Double
  package var y: Double

  package init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// A line of text. `y` is the middle of its height.
package struct SheetText: Sendable {
  package enum Alignment: String, Sendable { case left, center, right }

  package var text: String
  package var x: Double
  package var y: Double
  package var size = 8.0
  package var alignment = Alignment.left
  package var isBold = false
  package var colour = Colour.black

  package init(
    text: String, x: Double, y: Double, size: Double = 8, alignment: Alignment = .left, isBold: Bool = false,
    colour: Colour = .black
  ) {
    self.text = text
    self.x = x
    self.y = y
    self.size = size
    self.alignment = alignment
    self.isBold = isBold
    self.colour = colour
  }
}

/// Sizes of text, in points.
package enum TextSize {
  package static let title = 10.0
  package static let panel = 8.5
  package static let label = 8.0
  package static let tick = 7.5
  package static let caption = 7.5
  /// The distance from one line to the next, divided by the size of the text.
  package static let leading = 1.3
}

/// A picture in colours.
package struct Bitmap: Sendable {
  package var width: Int
  package var height: Int
  /// Red, green and blue of each pixel, shape `[height, width, 3]`, from the top.
  package var bytes: [UInt8]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    bytes = Array(repeating: 255, count: 3 * width * height)
  }

  /// Creates a picture of levels, where 1 is bright. Missing pixels are pale blue.
  ///
  /// - Parameters:
  ///   - pixels: Shape `[channels, height, width]`: levels of red, green and blue, or of grey alone.
  ///   - scale: The number of pixels along the edge of each given pixel, so that viewers that smooth do not blur it.
  package init(levels pixels: some RandomAccessCollection<Double>, height: Int, width: Int, scale: Int) {
    self.init(width: width * scale, height: height * scale)
    let count = height * width
    let isColoured = pixels.count == 3 * count
    for k in 0..<count {
      let values = (0..<3).map {
        pixels[pixels.index(pixels.startIndex, offsetBy: k + (isColoured ? $0 * count : 0))]
      }
      let colour: [UInt8] =
        values.contains(where: \.isNaN)
        ? [225, 235, 250] : values.map { UInt8(min(max($0, 0), 1) * 255 + 0.5) }
      for dy in 0..<scale {
        for dx in 0..<scale {
          let place = 3 * ((k / width * scale + dy) * self.width + k % width * scale + dx)
          for c in 0..<3 { bytes[place + c] = colour[c] }
        }
      }
    }
  }
}

/// Something drawn in a panel or on the page.
package enum Layer: Sendable {
  /// A line through points. A missing point interrupts it. `dash` 1 is solid.
  case line([Point], Colour, width: Double, dash: Int)
  /// The region between two curves.
  case band(x: [Double], lower: [Double], upper: [Double], Colour)
  /// Vertical error bars.
  case bars(x: [Double], lower: [Double], upper: [Double], Colour)
  /// Symbols.
  case marks([Point], Colour, Marker, size: Double)
  /// Filled rectangles.
  case cells([(Rectangle, Colour)])
  /// A picture.
  case bitmap(Bitmap, Rectangle)
}

/// A diagram with axes.
package struct Panel: Sendable {
  /// The area within the axes, on the page.
  package var frame: Rectangle
  package var x: Axis
  package var y: Axis
  package var layers: [Layer] = []
  /// Texts in the panel's coordinates.
  package var texts: [SheetText] = []
  /// Whether the frame has four sides instead of two axes.
  package var hasBox = false
  /// What the panel shows, for readers who do not see it.
  package var title = ""

  /// The distance from the vertical axis to its label, which leaves room for the ticks' numbers.
  var labelDistance: Double {
    max(32, 12 + (y.ticks.map { TextWidth.of($0.label, size: TextSize.tick) }.max() ?? 0))
  }
}
