import Attractors
import Dynamics
import Numerics
import Observables
import Vocabulary

/// The results of a run, except its members' records, which are appended to the file unit by unit.
package struct RunResults: Sendable {
  /// The members that there were, and what was measured of them.
  package var plan: EnsemblePlan
  /// The number of the plan's observables that the user asked for. The indicators of the tree's levels follow them.
  package var visibleObservables: Int
  /// The criteria by which averages are written for groups of items; the plan may have more.
  package var groupings: [Grouping]
  /// What all members of a level have together; nil if nobody asked for it.
  package var collective: CollectiveResults?
  /// The averages, level by level.
  package var levels: [LevelStatistics]
  /// Memories and centres.
  package var geometry: LatentGeometry
  /// The members' own items; nil for starts without items.
  package var own: OwnItems?
  /// The leading principal axes of the memories, `[axes, N]`; nil if the file has none.
  package var principalAxes: RowTable?
  /// The radius of each concept, `[classes]`; nil if there is none, or nobody asked for it.
  package var conceptRadii: [Double]?
  /// The cluster of each training item, if clusters of memories replace classes, with the sum of the memories' squared
  /// distances to their centres and the mean silhouette; nil if there are no clusters.
  package var clusters: (ofItems: [Int32], inertia: Double, silhouette: Double)?
  /// Whether members at level 0 start at their own memories.
  package var startsAtMemories = false
  /// Makes members' initial states again, and says in which precision the networks see them; nil if nobody asked for
  /// them.
  package var initialStates: (source: InitialStateSource, isSingle: Bool)?
  /// The attractors; nil if nobody asked for them.
  package var attractors: AttractorStudy?
  /// The films; nil if nobody asked for them.
  package var films: Films?

  /// Creates results.
  package init(
    plan: EnsemblePlan, visibleObservables: Int, levels: [LevelStatistics], geometry: LatentGeometry,
    own: OwnItems?, principalAxes: RowTable?, attractors: AttractorStudy?, films: Films?
  ) {
    self.plan = plan
    groupings = plan.groupings.map(\.criterion)
    self.visibleObservables = visibleObservables
    self.levels = levels
    self.geometry = geometry
    self.own = own
    self.principalAxes = principalAxes
    self.attractors = attractors
    self.films = films
  }
}

/// What all members of each level have together.
package struct CollectiveResults: Sendable {
  /// Means and spreads of their states.
  package var moments: [StateMoments]
  /// Whether spreads between and within classes are written.
  package var hasClassSpread: Bool
  /// The averages of the observables on the common motion; none if nobody asked for them.
  package var onCommonMotion: [LevelStatistics]

  /// Creates results.
  package init(moments: [StateMoments], hasClassSpread: Bool, onCommonMotion: [LevelStatistics]) {
    self.moments = moments
    self.hasClassSpread = hasClassSpread
    self.onCommonMotion = onCommonMotion
  }
}
