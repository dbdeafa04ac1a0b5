import Output

/// The figures that a run file can give.
public enum FigureKind: String, Sendable, CaseIterable {
  case claims
  case series
  case approach
  case confusion
  case sweep
  case attractors
  case attractorPictures = "attractor-pictures"
  case trajectories
  case film

  /// What it shows, in one line.
  public var summary: String {
    switch self {
    case .claims: "the claims' estimates with intervals, controls and thresholds"
    case .series: "averages of the observables against time, one curve per corruption level"
    case .approach: "approaches to own, sibling's and shuffled centres against the corruption level"
    case .confusion: "members by the class of their item and of the nearest concept, at some times"
    case .sweep: "heat maps: a swept key against the corruption level, or two swept keys at each level"
    case .attractors: "basin fractions against the corruption level"
    case .attractorPictures: "the attractors decoded to pictures, with their basin fractions"
    case .trajectories: "members' paths in the plane of the first two principal components"
    case .film: "decoded states of a few members: time across, corruption level down"
    }
  }
}

/// What the user chooses about figures.
public struct FigureOptions: Sendable {
  /// The page's width in points: 504 (7 inches) has two panels side by side, 252 one.
  public var width: Double
  /// Observables of `series` and `sweep`, for `series` also those of each class or superclass; empty: all averages over
  /// all members.
  public var variables: [String]
  /// Whether the figure goes without title and caption, which the page around it has.
  public var isBare = false
  /// The most points of a curve.
  public var points = 300

  /// All observables on a page of 7 inches.
  public init(width: Double = 504, variables: [String] = []) {
    self.width = width
    self.variables = variables
  }
}

extension RunData {
  /// Why the file has no such figure, and the remedy; nil where it has.
  public func obstacle(_ kind: FigureKind) -> (message: String, remedy: String)? {
    switch kind {
    case .claims:
      return claims.isEmpty
        ? ("it holds no claims", "run a scenario with the key claims, or choose another figure") : nil
    case .series:
      return averages.isEmpty ? ("it holds no averages over time", "choose another figure") : nil
    case .approach:
      return find(Self.approachName) == nil
        ? ("it holds no approaches, for its members have no own items", "choose another figure") : nil
    case .confusion:
      return find(Self.confusionName) == nil
        ? (
          "it holds no counts of nearest concepts",
          "add nearest-concept to the scenario's observables, or choose another figure"
        ) : nil
    case .sweep:
      return sweep.isEmpty
        ? ("it holds no sweep", "run a scenario with the key sweep, or choose another figure") : nil
    case .attractors:
      return runGroup("attractors") == nil
        ? missingGroup("attractors")
          ?? ("it holds no group /attractors", "run the scenario with --set attractors={}") : nil
    case .attractorPictures:
      guard let attractors = runGroup("attractors") else { return obstacle(.attractors) }
      return attractors.has("picture")
        ? nil : ("its attractors have no pictures", "use a data set of pictures")
    case .trajectories:
      let members = runGroup("members")
      let hasComponents = members?.hasComponents ?? false
      let hasStates =
        members?.has("latent_state") == true && runGroup("geometry")?.has("principal_axis") == true
      return hasComponents || hasStates
        ? nil
        : (members == nil ? missingGroup("members") : nil)
          ?? (
            "it holds no members with principal components",
            "run the scenario with --set output.members=true and the observables principal-component-1 and -2,"
              + " or with --set output.latents=true as well"
          )
    case .film:
      guard let films = runGroup("films") else {
        return missingGroup("films")
          ?? ("it holds no group /films", "run the scenario with --set output.films.items=4")
      }
      return films.has("picture") ? nil : ("its group /films has no pictures", "run the scenario again")
    }
  }

  /// The figures that the file gives.
  public var figures: [FigureKind] { FigureKind.allCases.filter { obstacle($0) == nil } }

  /// Composes a figure.
  ///
  /// - Throws: `FigureError` or `NetCDFError` where the file lacks what the figure needs.
  public func sheet(_ kind: FigureKind, options: FigureOptions = FigureOptions()) throws -> Sheet {
    if let obstacle = obstacle(kind) {
      let others = figures.map(\.rawValue).joined(separator: ", ")
      throw FigureError(
        .invalid, path: path, message: "no figure '\(kind.rawValue)': \(obstacle.message)",
        remedy: obstacle.remedy + (others.isEmpty ? "" : " (the file gives: \(others))"))
    }
    switch kind {
    case .claims: return try claimSheet(options)
    case .series: return try allSeriesSheet(options)
    case .approach: return try approachSheet(options)
    case .confusion: return try confusionSheet(options)
    case .sweep: return try sweepSheet(options)
    case .attractors: return try attractorSheet(options)
    case .attractorPictures: return try attractorPictureSheet(options)
    case .trajectories: return try trajectorySheet(options)
    case .film: return try filmSheet(options)
    }
  }

  /// All figures that the file gives, one below the other.
  ///
  /// - Throws: As `sheet`; `FigureError` of kind `invalid` where there is none.
  public func overview(options: FigureOptions = FigureOptions()) throws -> Sheet {
    // Heat maps of a sweep have no room for groups.
    let isGrouped =
      !options.variables.isEmpty && options.variables.allSatisfy { groupDimension(of: $0) != nil }
    let sheets = try figures.filter { !(isGrouped && $0 == .sweep) }.map { try sheet($0, options: options) }
    guard !sheets.isEmpty else {
      throw FigureError(
        .invalid, path: path, message: "it holds nothing to draw",
        remedy: "give a whole file that 'simulate run' wrote")
    }
    return Sheet.stacked(sheets)
  }
}
