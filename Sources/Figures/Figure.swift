import Drawing

/// A figure of a run file.
///
/// To add one, write a file with a conformer and a line in `FigureRegistry.all`. Commands, reports and lists find
/// it there.
public protocol Figure: Sendable {
  /// The name in commands, such as `attractor-pictures`.
  static var name: String { get }
  /// The heading in reports.
  static var heading: String { get }
  /// What the figure shows, in one line.
  static var summary: String { get }
  /// Whether the figure has axes, whose labels the user can choose.
  static var hasAxes: Bool { get }
  /// Why a file cannot give this figure, and the remedy; nil if it can.
  static func obstacle(in data: RunData) -> FigureObstacle?
  /// Composes the figure of a file that can give it.
  ///
  /// - Throws: `FigureError` or `NetCDFError` if the file lacks or contradicts what the figure needs.
  static func sheet(of data: RunData, _ options: FigureOptions) throws -> Sheet
}

extension Figure {
  /// By default, the figure has axes.
  public static var hasAxes: Bool { true }
}

/// The reason why a file cannot give a figure.
public struct FigureObstacle: Sendable, Equatable {
  /// What is missing.
  public let message: String
  /// What the user can do about it.
  public let remedy: String

  init(_ message: String, _ remedy: String) {
    self.message = message
    self.remedy = remedy
  }
}

/// All figures, by name.
public enum FigureRegistry {
  /// One line per figure, in the order of pages. Figures that answer a run's question come first.
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

  /// The figure of that name; nil if there is none.
  public static func named(_ name: String) -> (any Figure.Type)? { all.first { $0.name == name } }
}

/// The user's choices about figures.
public struct FigureOptions: Sendable {
  /// The page's width in points. On 504 points (7 inches) two panels fit side by side, on 252 only one.
  public var width: Double
  /// The averages that `series` and `sweep` show; `series` can also show those of each class or superclass. Empty
  /// for all averages over all members.
  public var variables: [String]
  /// Whether the figure shows its title. The page around it may have the title instead.
  public var hasTitle = true
  /// Whether the figure shows its caption.
  public var hasCaption = true
  /// The label of the horizontal axes; nil for the file's own.
  public var xLabel: String?
  /// The label of the vertical axes; nil for the file's own.
  public var yLabel: String?
  /// Whether heat maps of quantities of one family share a scale of colours.
  public var hasCommonScale = false
  /// Whether saddles and other unstable fixed points and cycles that no start reaches are shown.
  public var showsSaddles = false
  /// The source items of films, in the user's order; empty for as many as fit on a page.
  public var items: [Int] = []
  /// The times of films; empty for as many as fit on a page.
  public var times: [Int] = []
  /// The largest number of points of a curve.
  public var points = 300
  /// The largest height of a figure, in points; nil for no limit.
  public var room: Double?

  /// Shows all observables on a page of 7 inches by default.
  public init(width: Double = 504, variables: [String] = []) {
    self.width = width
    self.variables = variables
  }
}

extension Sheet {
  /// Creates an empty figure.
  init(_ options: FigureOptions) {
    self.init(
      width: options.width, hasTitle: options.hasTitle, hasCaption: options.hasCaption,
      labels: (options.xLabel, options.yLabel), room: options.room)
  }
}

extension RunData {
  /// The names of the figures that the file can give.
  public var figures: [String] {
    FigureRegistry.all.filter { $0.obstacle(in: self) == nil }.map { $0.name }
  }

  /// Composes a figure.
  ///
  /// - Parameters:
  ///   - name: One of `FigureRegistry.all`.
  ///   - options: How the figure looks, and what it shows.
  /// - Throws: `FigureError` or `NetCDFError` if the file lacks what the figure needs.
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
