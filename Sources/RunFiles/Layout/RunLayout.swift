import Vocabulary
import Datasets
import Dynamics
import Numerics
import Observables
import Output

/// What decides which variables a run file has, and how large they are.
///
/// The layout is the table of a run file's variables: the writer, the estimate of sizes, the tables of NOTATION.md and
/// the names of files from before roles all come from its sections, each in an extension in a file of its own.
package struct RunLayout: Sendable {
  /// The name of the corruption whose levels these are.
  package var corruption: String
  /// The number of levels.
  package var levels: Int
  /// The number of times.
  package var times: Int
  /// The observables that are averaged, without those that only serve the run.
  package var observables: [AveragedObservable]
  /// By what items are sorted for further averages.
  package var groupings: [Grouping]
  /// Whether there are averages over retained and lost members.
  package var isSplit: Bool
  /// Whether each member has an item of its own.
  package var hasOwnItems: Bool
  /// Classes, superclasses and the levels of their tree.
  package var hierarchy: ConceptHierarchy
  /// D.
  package var dataDimension: Int
  /// How items are looked at; nil where they are no pictures.
  package var imageShape: ImageShape?
  /// N.
  package var latentDimension: Int
  /// The number of principal axes; 0 where none are asked for.
  package var principalAxes: Int
  /// What the model says of itself.
  package var facts: [ModelFacts.Fact]
  /// The counts of members by the concept nearest to them; nil where none are asked for.
  package var nearestConcepts: NearestConcepts?
  /// The training items whose memories were put into clusters; 0 where classes are those of the data.
  package var clusteredItems = 0
  /// How components were standardized; nil where they were not.
  package var standardization: Standardization?
  /// The group of members; nil where none are asked for.
  package var members: Members?
  /// The group of attractors; nil where none are asked for.
  package var attractors: Attractors?
  /// The group of films; nil where none are asked for.
  package var films: Films?

  /// What decides about the counts of members by the concept nearest to them.
  package struct NearestConcepts: Sendable {
    /// Whether concepts have a radius.
    package var hasRadii: Bool

    /// Collects it.
    package init(hasRadii: Bool) { self.hasRadii = hasRadii }
  }

  /// What members' initial states are.
  package struct InitialStates: Sendable {
    /// Whether they are z(0); else they are x(0).
    package var isLatent: Bool
    /// Whether the networks compute in single precision, so that it holds all that they see of x(0).
    package var isSingle: Bool

    /// Collects it.
    package init(isLatent: Bool, isSingle: Bool) {
      self.isLatent = isLatent
      self.isSingle = isSingle
    }
  }

  /// What decides about the group of members.
  package struct Members: Sendable {
    /// The members of all levels.
    package var count: Int
    /// Whether each member's observables are written.
    package var hasSeries: Bool
    /// Whether each member's latent states are written.
    package var hasLatentStates: Bool
    /// The step length below which a member has converged; nil where it is not asked.
    package var tolerance: Double?
    /// What initial states are written; nil for none.
    package var initialStates: InitialStates?

    /// Collects it.
    package init(count: Int, hasSeries: Bool, hasLatentStates: Bool, tolerance: Double?) {
      self.count = count
      self.hasSeries = hasSeries
      self.hasLatentStates = hasLatentStates
      self.tolerance = tolerance
    }
  }

  /// What decides about the group of attractors.
  package struct Attractors: Sendable {
    /// Fixed points and cycles.
    package var sets: Int
    /// Starts of each level.
    package var starts: Int
    /// Starts of each item.
    package var realizations: Int
    /// Starts that did not settle and have exponents.
    package var unsettled: Int
    /// Lyapunov exponents of each.
    package var exponents: Int
    /// Looks at the intervals that were planned, and how many were taken.
    package var looks: (planned: Int, taken: Int)

    /// Collects it.
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

  /// What decides about the group of films.
  package struct Films: Sendable {
    /// Filmed items.
    package var items: Int
    /// Filmed times.
    package var times: Int

    /// Collects it.
    package init(items: Int, times: Int) {
      self.items = items
      self.times = times
    }
  }

  /// The layout of a run whose groups of members, attractors and films nobody asked for.
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

/// An observable as the averages' variables name it.
package struct AveragedObservable: Sendable, Hashable {
  /// The variable's name.
  package var name: String
  /// One line.
  package var longName: String
  /// "1" where dimensionless, "nats" for information (files say that in the long name).
  package var units: String
  /// What it is measured like.
  package var family: ObservableFamily
  /// Whether its mean is a fraction of the members.
  package var isFraction: Bool

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

  /// The observable of a scenario's word; of an unknown one nothing but its name is known.
  package init(named name: String) {
    let known = ObservableRegistry.all.first { $0.name == name }
    let component = PrincipalComponent.number(in: name).map(PrincipalComponent.longName)
    self.init(
      name: Self.variableName(name), longName: known?.longName ?? component ?? name,
      units: known?.units ?? "1", family: known?.family ?? .other,
      isFraction: known?.isIndicator ?? false)
  }

  /// The name of the variable of an observable that scenarios know by a name.
  package static func variableName(_ name: String) -> String { name.replacing("-", with: "_") }

  /// What an observable says of itself.
  package init(_ observable: any Observable) {
    self.init(
      name: observable.variableName, longName: observable.longName, units: observable.units,
      family: observable.family, isFraction: observable.isIndicator)
  }
}

extension RunLayout {
  /// All parts, in the order in which the file has them.
  package var parts: [RunPart] {
    var result = [coordinates.part]
    if let members { result.append(self.members(members).part) }
    result += averages.map(\.part) + [counts.part]
    if let nearestConcepts { result.append(nearestConceptCounts(nearestConcepts).part) }
    if hasOwnItems { result += [fractions.part, approaches.part, changes.part, scalars.part] }
    result += [modelFacts.part] + geometry.map(\.part)
    if let attractors { result += self.attractors(attractors).map(\.part) }
    if let films { result.append(self.films(films).part) }
    return result.filter { !$0.variables.isEmpty || !$0.dimensions.isEmpty }
  }
}
