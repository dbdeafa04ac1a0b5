import Datasets
import Dynamics
import Numerics
import Observables
import VAE

/// Numbers of variables and sizes of a run file's parts.
struct RunFileContents: Sendable {
  /// Variables of the root.
  var variables = 0.0
  /// Their values, uncompressed.
  var bytes = 0.0
  /// Variables of the groups.
  var groupVariables = 0.0
  /// Their values.
  var groupBytes = 0.0

  /// What a variable takes beside its values: names, attributes, fill value, and where they are.
  static let bytesPerVariable = 900.0

  /// Seconds of processor time to define and write a variable.
  static let secondsPerVariable = 6e-4

  /// Memory of the NetCDF library while a file of so many variables is written: measured, about 12 MiB and
  /// 40 KiB per variable.
  static func writingMemory(variables: Double) -> Double { 12 * 0x1p20 + 40 * 1024 * variables }

  /// The file's size.
  var fileBytes: Double { bytes + groupBytes + Self.bytesPerVariable * (variables + groupVariables) }
}

/// What follows of a run's size from its scenario and data set alone.
struct RunSizes: Sendable {
  /// What the run file holds.
  var contents = RunFileContents()
  /// The checkpoint and its data.
  var checkpointBytes = 0.0
  /// Memory that a run takes beyond data set, model, memories and a trial with a few members.
  var growthBytes = 0.0
  /// Seconds of writing.
  var writingSeconds = 0.0
  /// Multiplications of an epoch of training.
  var epochWork = 0.0
  /// Multiplications of encoding all items.
  var preparationWork = 0.0
  /// Multiplications of the ensemble.
  var ensembleWork = 0.0
}

extension Experiment {
  /// The sizes of a run.
  ///
  /// - Parameter latentDimension: N.
  /// - Throws: as `checkedSize`.
  func sizes(latentDimension: Int) throws -> RunSizes {
    var result = RunSizes()
    let initial = scenario.initial
    let (n, d) = (Double(latentDimension), Double(dataset.dimension))
    let items = try itemIndices(available: try givenStateCount).count
    let levels = Double(initial.levels.count)
    let members = levels * Double(items * initial.realizations)
    let times = Double(scenario.dynamics.steps + 1)
    let hierarchy = dataset.hierarchy
    let hasOwn = hasSourceItems || initial.file?.labels != nil
    let treeLevels = Double(hasOwn ? hierarchy.treeLevelNames.count : 0)
    let classes = Double(hierarchy.numberOfClasses)
    let superclasses = Double(hierarchy.numberOfSuperclasses)

    // The root: four variables per series, 28 bytes per number.
    let groups = scenario.groupBy.map { $0 == .class ? classes : superclasses }
    let parts = Double(scenario.splitBy.count * 2)
    let visible = Double(scenario.observables.count)
    let perTime = visible * (1 + groups.reduce(0, +) + parts)
    result.contents.variables = 4 * visible * (1 + Double(groups.count) + parts) + (hasOwn ? 50 : 8)
    result.contents.bytes =
      levels * (28 * times * perTime + 16 * times * treeLevels + 24 * 7 * treeLevels + 300)
    // Geometry, members, attractors and films.
    let axes =
      scenario.output.latents || scenario.observables.contains { $0.hasPrefix("principal") } ? 2.0 : 0
    result.contents.groupVariables = 8
    result.contents.groupBytes = 8 * n * (classes + superclasses + 2 + axes)
    var perMember = 0.0
    if scenario.output.members {
      result.contents.groupVariables += 13 + visible
      perMember = 84 + 8 * visible * times
    }
    if scenario.output.latents { perMember += 8 * n * times }
    let records = perMember * members
    result.contents.groupBytes += records
    if let films = scenario.output.films {
      result.contents.groupVariables += 4
      let pictures =
        levels * Double(min(films.items, items) * films.times(steps: scenario.dynamics.steps).count)
      result.contents.groupBytes += 4 * d * pictures
    }
    if let attractors = scenario.attractors {
      let starts = try itemIndices(
        available: try givenStateCount, wanted: attractors.items ?? initial.items,
        key: attractors.items == nil ? "initial.items" : "attractors.items"
      ).count
      let all =
        Double(attractors.until.map { max(starts, $0.atMost) } ?? starts * initial.realizations) * levels
      // Per start its attractor, outcome and time; per set its place, eigenvalues and picture.
      result.contents.groupVariables += 35
      result.contents.groupBytes += 12 * all + 20 * (24 * n + 4 * d + 100)
      result.growthBytes += 40 * all
    }

    // The run's state.
    let series = (visible + treeLevels) * (1 + groups.reduce(0, +) + parts)
    let slots = series * times
    let distances = 3 * treeLevels * times
    let moments = slots * (initial.realizations > 1 ? 48 : 24) + 16 * distances
    let width = 3 * treeLevels * Double(EnsemblePlan.bootstrapTimes(steps: scenario.dynamics.steps).count)
    let bootstrap = Double(EnsemblePlan.standardReplicates) * width * 8
    let averages = 28 * slots * levels
    let open = 16 * ((visible + treeLevels) * (1 + parts) * times + distances)
    let perLevel = members / levels
    let unitMembers = min(Double(EnsemblePlan.membersPerUnit(ofMembers: Int(members))), perLevel)
    let workers = min(Double(options.threads), levels * (perLevel / unitMembers).rounded(.up))
    let unit =
      moments + open + width * 8 * (unitMembers / Double(initial.realizations)).rounded(.up)
      + perMember * unitMembers
    result.growthBytes += 2 * moments + bootstrap + 2 * workers * unit
    result.growthBytes += width * 8 * Double(BlockSize.standard) * 3 + 2 * averages
    var parameters = d * d
    var widths = n + d
    if case .trained(let specification) = scenario.model {
      let architecture = specification.architecture(dataDimension: dataset.dimension)
      parameters = Double(architecture.parameterCount)
      widths += 2 * Double(architecture.hidden.reduce(0, +))
    } else if case .file(let path) = scenario.model {
      parameters = Double(try checkedModel(path: path).model.architecture.parameterCount)
    }
    var modelBytes = 4 * parameters
    if case .hopfield = scenario.model { modelBytes = 0 }
    // With the units at hand; the former checkpoint is there until the next is whole.
    result.checkpointBytes =
      records + 2 * (bootstrap + 2 * moments + modelBytes + averages + workers * unit)
    result.writingSeconds =
      (2 * records + result.contents.fileBytes) / 5e8
      + RunFileContents.secondsPerVariable * (result.contents.variables + result.contents.groupVariables)

    // Activation functions and what else is done once per number take some tens of multiplications each.
    let perItem = parameters + 30 * widths
    let count = Double(dataset.train.count)
    result.preparationWork =
      perItem * Double(dataset.train.count + dataset.test.count + dataset.validation.count)
    result.epochWork = 3 * perItem * count
    let searches = scenario.observables.contains {
      $0.contains("nearest-memory") || $0.contains("recovered") || $0.contains("sample")
        || $0.contains("held-out")
    }
    result.ensembleWork = members * times * (perItem + (searches ? count * n : 0))
    return result
  }
}

extension Scenario {
  /// Epochs of training; 0 for a model that is not trained here.
  var epochs: Int {
    if case .trained(let model) = model { model.training.epochs } else { 0 }
  }
}
