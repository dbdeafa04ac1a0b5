import Datasets
import Dynamics
import Observables
import Preparation
import RunFiles
import Kinds
import Numerics
import Scenarios

/// The sizes of a run that follow from its scenario and data set.
package struct RunSizes: Sendable {
  /// What the run file holds.
  package var contents = RunFileContents()
  /// The checkpoint and its data.
  package var checkpointBytes = 0.0
  /// Memory that a run takes beyond data set, model, memories and a trial with a few members.
  package var growthBytes = 0.0
  /// Seconds of writing.
  package var writingSeconds = 0.0
  /// Multiplications of an epoch of training.
  package var epochWork = 0.0
  /// Multiplications of encoding all items.
  package var preparationWork = 0.0
  /// Multiplications of the ensemble.
  package var ensembleWork = 0.0
}

extension Experiment {
  /// The sizes of a run.
  ///
  /// - Throws: as `checkedSize`.
  package func sizes() throws -> RunSizes {
    let model = try modelOutline()
    let layout = try fileLayout(model)
    var result = RunSizes()
    result.contents = layout.contents
    if let attractors = layout.attractors {
      result.growthBytes += 40 * Double(attractors.starts * layout.levels)
    }
    let items = try itemIndices(available: try givenStateCount).count
    let members = layout.levels * items * scenario.initial.realizations
    addState(layout, members: members, modelBytes: model.storedBytes, to: &result)
    // An activation function, or any other work that is done once per number, costs some tens of multiplications.
    addWork(layout, members: members, perItem: model.parameterCount + 30 * model.width, to: &result)
    return result
  }

  /// The layout of the run's file, as far as scenario and data tell it. The number of attractors is not known
  /// beforehand.
  package func fileLayout(_ model: ModelOutline) throws -> RunLayout {
    let (initial, output) = (scenario.initial, scenario.output)
    let items = try itemIndices(available: try givenStateCount).count
    let hasOwn = hasSourceItems || initial.file?.hasOwnItems == true
    var layout = RunLayout(
      corruption: initial.corruption, levels: initial.levels.count, times: scenario.dynamics.steps + 1,
      observables: scenario.averagedObservables.map { AveragedObservable(named: $0) },
      groupings: hasOwn ? scenario.groupBy : [],
      isSplit: hasOwn && scenario.splitBy.contains(.retention), hasOwnItems: hasOwn,
      hierarchy: dataset.hierarchy, dataDimension: dataset.dimension, imageShape: dataset.imageShape,
      latentDimension: model.latentDimension,
      principalAxes: RunLayout.principalAxes(
        of: scenario.observables, hasLatentStates: output.latents,
        latentDimension: model.latentDimension),
      facts: expectedFacts(model))
    layout.collective = RunLayout.Collective(
      hasClassSpread: scenario.asksForClassSpread, hasCommonMotion: scenario.asksForCommonMotion)
    layout.standardization = dataset.standardization
    layout.clusteredItems = scenario.clusters == nil ? 0 : dataset.train.count
    if scenario.asksForNearestConcept {
      layout.nearestConcepts = RunLayout.NearestConcepts(hasRadii: scenario.conceptRadiusQuantile != nil)
    }
    if output.members || output.latents {
      layout.members = RunLayout.Members(
        count: initial.levels.count * items * initial.realizations, hasSeries: output.members,
        hasLatentStates: output.latents, tolerance: nil)
      if output.initialStates { layout.members?.initialStates = try initialStates(model) }
    }
    if let attractors = scenario.attractors {
      let starts = try attractorItems(attractors, available: try givenStateCount).count
      layout.attractors = RunLayout.Attractors(
        sets: 20, starts: attractors.until.map { max(starts, $0.atMost) } ?? starts * initial.realizations,
        realizations: initial.realizations)
    }
    if let films = output.films {
      layout.films = RunLayout.Films(
        items: min(films.items, try sourceItemCount()),
        times: films.times(steps: scenario.dynamics.steps).count)
    }
    return layout
  }

  /// What members' initial states are.
  private func initialStates(_ model: ModelOutline) throws -> RunLayout.InitialStates {
    let isLatent: Bool
    if let corruption {
      isLatent = type(of: corruption).origin != .item
    } else {
      isLatent = try givenStateWidth != dataset.dimension
    }
    return RunLayout.InitialStates(isLatent: isLatent, isSingle: scenario.dynamics.precision == .single)
  }

  /// What the model will say of itself, without its numbers.
  private func expectedFacts(_ model: ModelOutline) -> [ModelFacts.Fact] {
    options.registry.vocabulary.hasPosterior(scenario)
      ? model.facts + [.activeLatentVariables(0)] : model.facts
  }

  /// Adds what the run's state takes in memory and in checkpoints.
  private func addState(_ layout: RunLayout, members: Int, modelBytes: Double, to result: inout RunSizes) {
    let initial = scenario.initial
    let hierarchy = dataset.hierarchy
    let levels = Double(layout.levels)
    let times = Double(layout.times)
    let treeLevels = Double(layout.hasOwnItems ? hierarchy.treeLevelNames.count : 0)
    let groups = layout.groupings.map {
      Double($0 == .class ? hierarchy.numberOfClasses : hierarchy.numberOfSuperclasses)
    }
    let parts = layout.isSplit ? 4.0 : 0
    let components = scenario.asksForStateMoments ? Double(layout.latentDimension) : 0
    let averaged = Double(layout.observables.count) + treeLevels + components
    let hidden =
      layout.collective.hasClassSpread && !layout.groupings.contains(.class)
      ? Double(hierarchy.numberOfClasses) : 0
    let slots = averaged * (1 + groups.reduce(0, +) + hidden + parts) * times
    let distances = 3 * treeLevels * times
    let classes = Double(hierarchy.numberOfClasses)
    let labels = layout.nearestConcepts == nil ? 0 : 8 * classes * (classes + 1) * times
    let moments = slots * (initial.realizations > 1 ? 56 : 24) + 16 * distances + labels
    let width = 3 * treeLevels * Double(EnsemblePlan.bootstrapTimes(steps: scenario.dynamics.steps).count)
    let bootstrap = Double(EnsemblePlan.standardReplicates) * width * 8
    let averages = 40 * slots * levels
    let unfinishedItem = 16 * (averaged * (1 + parts) * times + distances)
    let perLevel = Double(members) / levels
    let unitMembers = min(Double(EnsemblePlan.membersPerUnit(ofMembers: members)), perLevel)
    let workers = min(Double(options.threads), levels * (perLevel / unitMembers).rounded(.up))
    let records = layout.recordBytes
    let unit =
      moments + unfinishedItem + width * 8 * (unitMembers / Double(initial.realizations)).rounded(.up)
      + records / Double(members) * unitMembers
    result.growthBytes += 2 * moments + bootstrap + 2 * workers * unit
    result.growthBytes += width * 8 * Double(BlockSize.standard) * 3 + 2 * averages
    // With the units at hand. The former checkpoint stays until the next one is whole.
    result.checkpointBytes =
      records + 2 * (bootstrap + 2 * moments + modelBytes + averages + workers * unit)
    result.writingSeconds =
      (2 * records + result.contents.fileBytes) / 5e8
      + RunFileContents.secondsPerVariable * (result.contents.variables + result.contents.groupVariables)
  }

  /// Adds the multiplications of the run's parts.
  ///
  /// - Parameter perItem: Those of encoding and decoding an item.
  private func addWork(_ layout: RunLayout, members: Int, perItem: Double, to result: inout RunSizes) {
    let count = Double(dataset.train.count)
    result.preparationWork =
      perItem * Double(dataset.train.count + dataset.test.count + dataset.validation.count)
    result.epochWork = 3 * perItem * count
    func isAsked(_ need: ObservableNeeds) -> Bool {
      scenario.observables.contains { needs(of: $0).contains(need) }
    }
    let latent = Double(layout.latentDimension)
    result.ensembleWork =
      Double(members) * Double(layout.times) * (looksAhead ? 2 : 1)
      * (perItem * (isAsked(.derivative) ? 1 + latent : 1) + (isAsked(.memorySearch) ? count * latent : 0))
  }
}
