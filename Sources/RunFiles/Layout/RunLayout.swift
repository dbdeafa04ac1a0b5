import Vocabulary
import Datasets
import Dynamics
import Numerics
import Observables
import Output

/// The facts that determine which variables a run file has, and how large they are.
///
/// The layout is the table of a run file's variables. Its sections, each in an extension in a file of its own, serve
/// the writer, the estimate of sizes, the tables of NOTATION.md, and the reading of files that were written before
/// variables had roles.
package struct RunLayout: Sendable {
  /// The name of the corruption that the levels belong to.
  package var corruption: String
  /// The number of levels.
  package var levels: Int
  /// The number of times.
  package var times: Int
  /// The observables that are averaged, without those that only the run itself needs.
  package var observables: [AveragedObservable]
  /// The criteria by which items are grouped for further averages.
  package var groupings: [Grouping]
  /// Whether there are averages over retained and lost members.
  package var isSplit: Bool
  /// Whether each member has an item of its own.
  package var hasOwnItems: Bool
  /// Classes, superclasses and the levels of their tree.
  package var hierarchy: ConceptHierarchy
  /// D, the dimension of the data space.
  package var dataDimension: Int
  /// The rows and columns of items as pictures; nil if items are not pictures.
  package var imageShape: ImageShape?
  /// N, the dimension of the latent space.
  package var latentDimension: Int
  /// The number of principal axes; 0 if none are asked for.
  package var principalAxes: Int
  /// The facts that the model states about itself.
  package var facts: [ModelFacts.Fact]
  /// The counts of members by the concept nearest to them; nil if they are not asked for.
  package var nearestConcepts: NearestConcepts?
  /// The training items whose memories were put into clusters; 0 if classes are those of the data.
  package var clusteredItems = 0
  /// How components were standardized; nil if they were not.
  package var standardization: Standardization?
  /// What all members have together; nothing of it unless it is asked for.
  package var collective = Collective()
  /// The group of members; nil if it is not asked for.
  package var members: Members?
  /// The group of attractors; nil if it is not asked for.
  package var attractors: Attractors?
  /// The group of films; nil if it is not asked for.
  package var films: Films?

  /// The facts that determine the counts of members by the concept nearest to them.
  package struct NearestConcepts: Sendable {
    /// Whether concepts have a radius.
    package var hasRadii: Bool

    /// Creates these facts.
    package init(hasRadii: Bool) { self.hasRadii = hasRadii }
  }

  /// The facts that determine what the file has of all members together.
  package struct Collective: Sendable {
    /// Whether there are spreads between and within classes.
    package var hasClassSpread: Bool
    /// Whether there are averages on the common motion.
    package var hasCommonMotion: Bool

    /// Creates these facts.
    package init(hasClassSpread: Bool = false, hasCommonMotion: Bool = false) {
      self.hasClassSpread = hasClassSpread
      self.hasCommonMotion = hasCommonMotion
    }
  }

  /// The kind of members' initial states.
  package struct InitialStates: Sendable {
    /// Whether they are z(0) rather than x(0).
    package var isLatent: Bool
    /// Whether the networks compute in single precision, which then suffices for all that they see of x(0).
    package var isSingle: Bool

    /// Creates these facts.
    package init(isLatent: Bool, isSingle: Bool) {
      self.isLatent = isLatent
      self.isSingle = isSingle
    }
  }

  /// The facts that determine the group of members.
  package struct Members: Sendable {
    /// The number of members of all levels.
    package var count: Int
    /// Whether each member's observables are written.
    package var hasSeries: Bool
    /// Whether each member's latent states are written.
    package var hasLatentStates: Bool
    /// The step length below which a member has converged; nil if convergence is not asked for.
    package var tolerance: Double?
    /// The initial states that are written; nil for none.
    package var initialStates: InitialStates?
    /// Whether members at level 0 start at their own memories.
    package var startsAtMemories = false
    /// The attribute of latent states that says so.
    package static let memoryStart: (name: String, value: String) = ("start_at_level_0", "own memory")

    /// Creates these facts.
    package init(count: Int, hasSeries: Bool, hasLatentStates: Bool, tolerance: Double?) {
      self.count = count
      self.hasSeries = hasSeries
      self.hasLatentStates = hasLatentStates
      self.tolerance = tolerance
    }
  }

  /// The facts that determine the group of attractors.
  package struct Attractors: Sendable {
    /// The number of fixed points and cycles.
    package var sets: Int
    /// The number of starts of each level.
    package var starts: Int
    /// The number of starts of each item.
    package var realizations: Int
    /// The number of starts that did not settle and have exponents.
    package var unsettled: Int
    /// The number of Lyapunov exponents of each of them.
    package var exponents: Int
    /// The number of looks at the intervals that were planned, and of those that were taken.
    package var looks: (planned: Int, taken: Int)

    /// Creates these facts.
    package init(
      sets: Int, starts: Int, realizations: Int, unsettled: Int = 0, exponents: Int = 0,
      looks: (planned: Int, taken: Int) = (1, 1)
    ) {
      self.sets = sets
      self.starts = starts
      self.realizations = realizations
      self.unsettled = unsettled
      self.exponents = exponents
      self.looks = looks
    }
  }

  /// The facts that determine the group of films.
  package struct Films: Sendable {
    /// The number of filmed items.
    package var items: Int
    /// The number of filmed times.
    package var times: Int

    /// Creates these facts.
    package init(items: Int, times: Int) {
      self.items = items
      self.times = times
    }
  }

  /// The layout of a run without groups of members, attractors and films.
  package init(
    corruption: String, levels: Int, times: Int, observables: [AveragedObservable],
    groupings: [Grouping], isSplit: Bool, hasOwnItems: Bool, hierarchy: ConceptHierarchy,
    dataDimension: Int, imageShape: ImageShape?, latentDimension: Int, principalAxes: Int,
    facts: [ModelFacts.Fact]
  ) {
    self.corruption = corruption
    self.levels = levels
    self.times = times
    self.observables = observables
    self.groupings = groupings
    self.isSplit = isSplit
    self.hasOwnItems = hasOwnItems
    self.hierarchy = hierarchy
    self.dataDimension = dataDimension
    self.imageShape = imageShape
    self.latentDimension = latentDimension
    self.principalAxes = principalAxes
    self.facts = facts
  }
}

/// An observable in the form in which the averages' variables name it.
package struct AveragedObservable: Sendable, Hashable {
  /// The variable's name.
  package var name: String
  /// The `long_name`, which is one line.
  package var longName: String
  /// The unit: "1" for dimensionless quantities, "nats" for information (which files say in the long name).
  package var units: String
  /// The kind of quantity, which tells figures which observables share a scale.
  package var family: ObservableFamily
  /// Whether its mean is a fraction of the members.
  package var isFraction: Bool
  /// How well its values come back in another run.
  package var reproducibility = Reproducibility.bits

  /// Names an observable.
  package init(
    name: String, longName: String, units: String = "1", family: ObservableFamily = .other,
    isFraction: Bool = false
  ) {
    self.name = name
    self.longName = longName
    self.units = units
    self.family = family
    self.isFraction = isFraction
  }

  /// The observable that a scenario names. Of an unknown observable only the name is known.
  package init(named name: String) {
    if let (base, part) = EndStatePart.parts(of: name) {
      self.init(named: base)
      self.name = Self.variableName(name)
      longName = part.longName(of: longName)
      return
    }
    let known = ObservableRegistry.all.first { $0.name == name }
    let component = PrincipalComponent.number(in: name).map(PrincipalComponent.longName)
    self.init(
      name: Self.variableName(name), longName: known?.longName ?? component ?? name,
      units: known?.units ?? "1", family: known?.family ?? .other,
      isFraction: known?.isIndicator ?? false)
    if known is any ReproducibleToTolerance.Type { reproducibility = .tolerance }
  }

  /// The name of the variable for an observable of this name in scenarios.
  package static func variableName(_ name: String) -> String { name.replacing("-", with: "_") }

  /// The observable as it describes itself.
  package init(_ observable: any Observable) {
    self.init(
      name: observable.variableName, longName: observable.longName, units: observable.units,
      family: observable.family, isFraction: observable.isIndicator)
    let measured = (observable as? EndStateSelection)?.base ?? observable
    if measured is any ReproducibleToTolerance { reproducibility = .tolerance }
  }
}

extension RunLayout {
  /// All parts, in the order in which the file has them.
  package var parts: [RunPart] {
    var result = [coordinates.part]
    if let members { result.append(self.members(members).part) }
    result += (averages + collectiveAverages).map(\.part) + [counts.part]
    if let nearestConcepts { result.append(nearestConceptCounts(nearestConcepts).part) }
    if hasOwnItems { result += [fractions.part, approaches.part, changes.part, scalars.part] }
    result += [modelFacts.part] + geometry.map(\.part)
    if let attractors { result += [attractorNumbers.part] + self.attractors(attractors).map(\.part) }
    if let films { result.append(self.films(films).part) }
    return result.filter { !$0.variables.isEmpty || !$0.dimensions.isEmpty }
  }
}
