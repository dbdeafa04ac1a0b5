import Corruptions
import Dynamics
import Kinds
import Numerics
import Observables
import Scenarios

/// Where members start, and their own items.
package struct PreparedStart: InitialCondition {
  /// What a member's `item` means if states of a file have source items.
  package enum Address {
    /// The source item: its states are its realizations.
    case sourceItem
    /// The state's place in the file.
    case state
  }

  private let base: any InitialCondition
  /// The items of every level, ascending.
  package let items: [Int32]
  /// How many realizations each of them has; nil: the scenario's number.
  package private(set) var realizations: [Int]?
  /// The source item of each state, where members are addressed by states; else nil.
  package private(set) var itemOfState: [Int32]?
  /// The members' own items; nil for starts without one.
  package let own: OwnItems?
  /// The clean source items; nil where there are none.
  package let source: (any ItemSource)?

  package var space: StateSpace { base.space }
  package var hasRegion: Bool { base.hasRegion }

  package func prepare(
    _ member: Member, into state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, noise: NoiseSource
  ) {
    base.prepare(member, into: state, region: region, noise: noise)
  }

  /// The start of a scenario: corrupted source items, draws in the latent space, or states of a file.
  package init(
    of map: some EncodingMap, _ model: any PreparedModel, _ geometry: PreparedGeometry,
    _ experiment: Experiment, by address: Address = .sourceItem
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
    let states = try experiment.itemIndices(available: given.rows.rows)
    if let items = given.items {
      self.init(given, states: states, of: items, by: address, map, geometry, experiment)
    } else {
      self.init(given, states: states, map, threads: experiment.options.threads)
    }
  }

  private init(
    _ corruption: any Corruption, items: [Int32], _ map: some EncodingMap, _ geometry: PreparedGeometry,
    _ experiment: Experiment
  ) {
    self.items = items
    own = experiment.hasSourceItems ? experiment.sourceItems(map, geometry) : nil
    source = experiment.hasSourceItems ? SplitSource(split: experiment.split) : nil
    let origin = type(of: corruption).origin
    base = CorruptedStart(
      corruption.fitted(to: experiment.corruptionData), source: origin == .memory ? own?.memories : source,
      imageShape: experiment.dataset.imageShape)
  }

  /// Chosen states of a file that have source items. A member's own memory and concept are those of its
  /// source item.
  private init(
    _ given: GivenStates, states: [Int32], of sourceItems: [Int32], by address: Address,
    _ map: some EncodingMap, _ geometry: PreparedGeometry, _ experiment: Experiment
  ) {
    let all = experiment.sourceItems(map, geometry)
    switch address {
    case .sourceItem:
      let assigned = GivenStart.assigning(
        given, states: states, to: sourceItems, repetitions: experiment.scenario.initial.realizations)
      (base, items, realizations) = (assigned.start, assigned.items, assigned.realizations)
      own = all
      source = SplitSource(split: experiment.split)
    case .state:
      items = states
      itemOfState = sourceItems
      base = GivenStart(given.rows, space: given.space)
      let memories = RowTable(rows: sourceItems.count, columns: map.dimension)
      for (state, item) in sourceItems.enumerated() {
        memories.row(state).update(from: all.memories.row(Int(item)), count: map.dimension)
      }
      own = OwnItems(memories: memories, classes: sourceItems.map { all.classes[Int($0)] })
      source = nil
    }
  }

  /// Chosen states of a file without source items. If they have labels, each is its own clean item.
  private init(_ given: GivenStates, states: [Int32], _ map: some EncodingMap, threads: Int) {
    items = states
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

extension Experiment {
  /// The memories and classes of the items of the scenario's split.
  fileprivate func sourceItems(_ map: some EncodingMap, _ geometry: PreparedGeometry) -> OwnItems {
    OwnItems(
      memories: scenario.initial.split == .train
        ? geometry.memories
        : map.memories(of: SplitSource(split: split), count: split.count, threads: options.threads),
      classes: split.classes)
  }
}

extension GivenStart {
  /// Chosen states of a file as realizations of their source items.
  ///
  /// - Parameters:
  ///   - sourceItems: The source item of each state of the file.
  ///   - repetitions: Realizations of each state.
  /// - Returns: The start, the items, ascending, and how many realizations each has.
  package static func assigning(
    _ given: GivenStates, states: [Int32], to sourceItems: [Int32], repetitions: Int
  ) -> (start: GivenStart, items: [Int32], realizations: [Int]) {
    let rows = Dictionary(grouping: states) { sourceItems[Int($0)] }
    let items = rows.keys.sorted()
    return (
      GivenStart(given.rows, space: given.space, rowsOfItem: rows, repetitions: repetitions), items,
      items.map { (rows[$0]?.count ?? 0) * repetitions }
    )
  }
}
