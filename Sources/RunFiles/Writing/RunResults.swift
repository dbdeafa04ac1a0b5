import Attractors
import Dynamics
import Numerics
import Observables

/// What a run found, but for its members' records, which are appended to the file one by one.
package struct RunResults: Sendable {
  /// Which members there were.
  package var plan: EnsemblePlan
  /// How many of the plan's observables are the user's; indicators of the tree's levels follow.
  package var visibleObservables: Int
  /// The averages, level by level.
  package var levels: [LevelStatistics]
  /// Memories and centres.
  package var geometry: LatentGeometry
  /// The members' own items; nil for starts without one.
  package var own: OwnItems?
  /// The leading principal axes of the memories, `[axes, N]`; nil where the file has none.
  package var principalAxes: RowTable?
  /// How far each concept reaches, `[classes]`; nil where there is no end, or nobody asked.
  package var conceptRadii: [Double]?
  /// The cluster of each training item, where clusters of memories stand in the place of classes, with the sum of the
  /// memories' squared distances to their centres and the mean silhouette.
  package var clusters: (ofItems: [Int32], inertia: Double, silhouette: Double)?
  /// Makes members' initial states, and says in which precision the networks see them; nil where nobody asked.
  package var initialStates: (source: InitialStateSource, isSingle: Bool)?
  /// The attractors; nil where nobody asked.
  package var attractors: AttractorStudy?
  /// The films; nil where nobody asked.
  package var films: Films?

  /// Collects them.
  package init(
    plan: EnsemblePlan, visibleObservables: Int, levels: [LevelStatistics], geometry: LatentGeometry,
    own: OwnItems?, principalAxes: RowTable?, attractors: AttractorStudy?, films: Films?
  ) {
    self.plan = plan
    self.visibleObservables = visibleObservables
    self.levels = levels
    self.geometry = geometry
    self.own = own
    self.principalAxes = principalAxes
    self.attractors = attractors
    self.films = films
  }
}
