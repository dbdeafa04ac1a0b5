import Drawing

/// A figure of a run file.
///
/// To add one: a file with a conformer, and a line in `FigureRegistry.all`. Commands, reports and lists find it there.
public protocol Figure: Sendable {
  /// The name in commands, such as `attractor-pictures`.
  static var name: String { get }
  /// The heading in reports.
  static var heading: String { get }
  /// What it shows, in one line.
  static var summary: String { get }
  /// Whether it has axes, whose labels can be the user's own.
  static var hasAxes: Bool { get }
  /// Why a file has no such figure, and the remedy; nil where it has.
  static func obstacle(in data: RunData) -> FigureObstacle?
  /// Composes the figure of a file that has it.
  ///
  /// - Throws: `FigureError` or `NetCDFError` where the file lacks or contradicts what the figure needs.
  static func sheet(of data: RunData, _ options: FigureOptions) throws -> Sheet
}

extension Figure {
  /// True.
  public static var hasAxes: Bool { true }
}

/// Why a file has no figure of some kind.
public struct FigureObstacle: Sendable, Equatable {
  /// What is missing.
  public let message: String
  /// What to do about it.
  public let remedy: String

  init(_ message: String, _ remedy: String) {
    self.message = message
    self.remedy = remedy
  }
}

/// All figures by name.
public enum FigureRegistry {
  /// One line each, in the order of pages: what answers a run's question comes first.
  public static let all: [any Figure.Type] = [
    ClaimFigure.self,
    SweepFigure.self,
    ApproachFigure.self,
    SeriesFigure.self,
    ConfusionFigure.self,
    AttractorFigure.self,
    AttractorPictureFigure.self,
    TrajectoryFigure.self,
    FilmFigure.self,
  ]

  /// The figure of a name; nil where there is none.
  public static func named(_ name: String) -> (any Figure.Type)? { all.first { $0.name == name } }
}

/// What the user chooses about figures.
public struct FigureOptions: Sendable {
  /// The page's width in points: 504 (7 inches) has two panels side by side, 252 one.
  public var width: Double
  /// Observables of `series` and `sweep`, for `series` also those of each class or superclass; empty: all averages over
  /// all members.
  public var variables: [String]
  /// Whether the figure has its title, which the page around it may have.
  public var hasTitle = true
  /// Whether the figure has its caption.
  public var hasCaption = true
  /// What the horizontal axes are called; nil: what the file calls them.
  public var xLabel: String?
  /// What the vertical axes are called.
  public var yLabel: String?
  /// Whether heat maps of what is measured alike share a scale of colours.
  public var hasCommonScale = false
  /// Whether saddles and other unstable fixed points and cycles are shown that no start reaches.
  public var showsSaddles = false
  /// Source items of films, in the order of the user; empty: as many as fit a page.
  public var items: [Int] = []
  /// Times of films; empty: as many as fit a page.
  public var times: [Int] = []
  /// The most points of a curve.
  public var points = 300
  /// The most that a figure may be high, in points; nil: as high as it is.
  public var room: Double?

  /// All observables on a page of 7 inches.
  public init(width: Double = 504, variables: [String] = []) {
    self.width = width
    self.variables = variables
  }
}

extension Sheet {
  /// An empty figure.
  init(_ options: FigureOptions) {
    self.init(
      width: options.width, hasTitle: options.hasTitle, hasCaption: options.hasCaption,
      labels: (options.xLabel, options.yLabel), room: options.room)
  }
}

extension RunData {
  /// The names of the figures that the file gives.
  public var figures: [String] {
    FigureRegistry.all.filter { $0.obstacle(in: self) == nil }.map { $0.name }
  }

  /// Composes a figure.
  ///
  /// - Parameters:
  ///   - name: One of `FigureRegistry.all`.
  ///   - options: How it looks, and what it shows.
  /// - Throws: `FigureError` or `NetCDFError` where the file lacks what the figure needs.
  public func sheet(_ name: String, options: FigureOptions = FigureOptions()) throws -> Sheet {
    guard let figure = FigureRegistry.named(name) else {
      throw FigureError(
        .invalid, path: path, message: "there is no figure '\(name)'",
        remedy: "choose one of \(FigureRegistry.all.map { $0.name }.joined(separator: ", "))")
    }
    if let obstacle = figure.obstacle(in: self) {
      let others = figures.joined(separator: ", ")
      throw FigureError(
        .invalid, path: path, message: "no figure '\(name)': \(obstacle.message)",
        remedy: obstacle.remedy + (others.isEmpty ? "" : " (the file gives: \(others))"))
    }
    return try figure.sheet(of: self, options)
  }
}
