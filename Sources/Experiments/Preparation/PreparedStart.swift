import Corruptions
import Dynamics
import Kinds
import Numerics
import Observables
import Scenarios

/// Where members start, and what is theirs.
struct PreparedStart: InitialCondition {
  private let base: any InitialCondition
  /// The items of every level.
  let items: [Int32]
  /// The members' own items; nil for starts without one.
  let own: OwnItems?
  /// The clean source items; nil where there are none.
  let source: (any ItemSource)?

  var space: StateSpace { base.space }
  var hasRegion: Bool { base.hasRegion }

  func prepare(
    _ member: Member, into state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, noise: NoiseSource
  ) {
    base.prepare(member, into: state, region: region, noise: noise)
  }

  /// The start of a scenario: corrupted source items, draws in the latent space, or states of a file.
  init(
    of map: some EncodingMap, _ model: any PreparedModel, _ geometry: PreparedGeometry,
    _ experiment: Experiment
  ) throws {
    if let corruption = experiment.corruption {
      self.init(corruption, items: try experiment.itemIndices(available: nil), map, geometry, experiment)
      return
    }
    guard let file = experiment.scenario.initial.file else {
      preconditionFailure("the loader demands initial.file")
    }
    let given = try GivenStates(
      file, scenario: experiment.scenario, dataset: experiment.dataset, latentDimension: map.dimension,
      dataRange: model.dataRange)
    self.init(
      given, items: try experiment.itemIndices(available: given.rows.rows), map,
      threads: experiment.options.threads)
  }

  private init(
    _ corruption: any Corruption, items: [Int32], _ map: some EncodingMap, _ geometry: PreparedGeometry,
    _ experiment: Experiment
  ) {
    self.items = items
    if experiment.hasSourceItems {
      let split = experiment.split
      let clean = SplitSource(split: split)
      let memories =
        experiment.scenario.initial.split == .train
        ? geometry.memories
        : map.memories(of: clean, count: split.count, threads: experiment.options.threads)
      own = OwnItems(memories: memories, classes: split.classes)
      source = clean
    } else {
      own = nil
      source = nil
    }
    let origin = type(of: corruption).origin
    base = CorruptedStart(
      corruption, source: origin == .memory ? own?.memories : source,
      imageShape: experiment.dataset.imageShape)
  }

  private init(_ given: GivenStates, items: [Int32], _ map: some EncodingMap, threads: Int) {
    self.items = items
    base = GivenStart(given.rows, space: given.space)
    let isData = given.space == .data
    own = given.classes.map { classes in
      OwnItems(
        memories: isData
          ? map.memories(of: given.rows, count: given.rows.rows, threads: threads) : given.rows,
        classes: classes)
    }
    source = given.classes != nil && isData ? given.rows : nil
  }
}
