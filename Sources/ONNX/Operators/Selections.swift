import Programs

/// Parts of activations, and activations side by side.
enum Selections {
  static let rules: [OperatorRule] = [
    OperatorRule("Concat") { [.activation(try concatenation($0))] },
    OperatorRule("Split", folding: .first) { try split($0).map { .activation($0) } },
    OperatorRule("Slice", folding: .first) { [.activation(try slice($0))] },
    OperatorRule("Gather", folding: .first) { [.activation(try gather($0))] },
    OperatorRule("Pad", folding: .first) { [.activation(try pad($0))] },
  ]

  private static func concatenation(_ context: NodeContext) throws -> Activation {
    let values = try context.inputs.indices.map { try context.input($0) }
    guard let first = values.first(where: { if case .activation = $0 { true } else { false } }),
      case .activation(let model) = first
    else { throw context.refusal("has no input that depends on the data", "export it again") }
    let rank = model.shape.count
    let axis = try context.axis(context.integer("axis", default: 0), rank: rank)
    if axis == 0 { try context.refuseBatchAxis() }
    for value in values {
      guard value.shape.count == rank,
        value.shape.indices.allSatisfy({ $0 == axis || value.shape[$0] == model.shape[$0] })
      else {
        throw context.refusal(
          "joins shapes \(values.map(\.shape)) along axis \(axis), which do not fit", "export it again")
      }
    }
    var shape = model.shape
    shape[axis] = values.reduce(0) { $0 + $1.shape[axis] }
    let operands = try values.map { value -> Operand in
      switch value {
      case .activation(let activation): return .slot(activation.slot)
      case .constant(let constant):
        guard let reals = constant.reals else {
          throw context.refusal("joins the size of the batch to data", "export it again")
        }
        return try context.lowering.keep(reals)
      }
    }
    let strides = values.map { value in
      if case .activation(let activation) = value {
        activation.strides
      } else {
        memoryStrides(value.shape, Array(value.shape.indices))
      }
    }
    try context.lowering.spend(try context.lowering.checkedCount(shape, context.place))
    // Which input each place along the axis comes from, and where it is there.
    let places = values.enumerated().flatMap { k, value in (0..<value.shape[axis]).map { (k, $0) } }
    var sources: [(input: Int, element: Int)] = []
    forEachIndex(shape, order: model.order) { index in
      let (k, place) = places[index[axis]]
      var element = 0
      for i in index.indices { element += (i == axis ? place : index[i]) * strides[k][i] }
      sources.append((k, element))
    }
    return try context.lowering.emit(
      .rearrangement(Rearrangement(sources: sources)), operands, shape: shape, order: model.order,
      for: context.place)
  }

  /// The part `start + step * i` along an axis.
  private static func part(
    _ activation: Activation, axis: Int, count: Int, start: Int, step: Int = 1, _ context: NodeContext
  ) throws -> Activation {
    if start == 0, step == 1, count == activation.shape[axis] { return activation }
    var shape = activation.shape
    shape[axis] = count
    return try context.lowering.rearranged(
      activation, to: shape, order: activation.order, for: context.place
    ) { index in
      var index = index
      index[axis] = start + step * index[axis]
      return index
    }
  }

  private static func split(_ context: NodeContext) throws -> [Activation] {
    let activation = try context.activation(0)
    let rank = activation.shape.count
    let axis = try context.axis(context.integer("axis", default: 0), rank: rank)
    if axis == 0 { try context.refuseBatchAxis() }
    let extent = activation.shape[axis]
    let parts = context.integer("num_outputs") ?? max(context.node.outputs.count, 1)
    guard (1...FileLimit.ports).contains(parts) else {
      throw context.refusal("has \(parts) outputs", "export the model again")
    }
    let given = try context.version >= 13 ? context.integers(1) : context.integers("split")
    let each = (extent + parts - 1) / parts
    let sizes = given ?? (0..<parts).map { min(each, extent - $0 * each) }
    guard sizes.allSatisfy({ (1...extent).contains($0) }), sizes.count <= FileLimit.ports,
      sizes.reduce(0, +) == extent
    else { throw context.refusal("splits \(extent) elements into \(sizes)", "export the model again") }
    var start = 0
    return try sizes.map { size in
      defer { start += size }
      return try part(activation, axis: axis, count: size, start: start, context)
    }
  }

  /// What is cut out along each axis that a node names.
  struct Cut {
    var axis: Int
    var start: Extent
    var end: Extent
    var step: Int

    /// The first element and the number of elements, of `extent`; 0 where nothing is left.
    ///
    /// - Precondition: The ends do not depend on the batch.
    func places(of extent: Int) -> (start: Int, count: Int) {
      func place(_ given: Int, _ range: ClosedRange<Int>) -> Int {
        min(max(given < 0 ? given &+ extent : given, range.lowerBound), range.upperBound)
      }
      // With a negative step, the end may be in front of the first element.
      let range = step > 0 ? 0...extent : -1...max(extent - 1, -1)
      let first = place(start.factor, range)
      let last = end.factor < -extent && step < 0 ? -1 : place(end.factor, range)
      let count = step > 0 ? (last - first + step - 1) / step : (first - last - step - 1) / -step
      return (first, max(count, 0))
    }
  }

  /// What a node `Slice` cuts out of an input of `rank` axes.
  static func cuts(_ context: NodeContext, rank: Int) throws -> [Cut] {
    let isOld = context.version < 10
    guard let starts = try isOld ? context.integers("starts")?.map({ Extent($0) }) : context.extents(1),
      let ends = try isOld ? context.integers("ends")?.map({ Extent($0) }) : context.extents(2),
      starts.count == ends.count
    else { throw context.refusal("has no starts or ends", "export the model again") }
    let axes = try (isOld ? context.integers("axes") : context.integers(3)) ?? Array(starts.indices)
    let steps = try (isOld ? nil : context.integers(4)) ?? Array(repeating: 1, count: axes.count)
    guard axes.count == starts.count, steps.count == axes.count,
      steps.allSatisfy({ $0 != 0 && $0.magnitude <= 1 << 28 })
    else { throw context.refusal("has lists of different lengths, or steps of 0", "export the model again") }
    return try axes.indices.map {
      Cut(axis: try context.axis(axes[$0], rank: rank), start: starts[$0], end: ends[$0], step: steps[$0])
    }
  }

  private static func slice(_ context: NodeContext) throws -> Activation {
    var activation = try context.activation(0)
    for cut in try cuts(context, rank: activation.shape.count) {
      if cut.axis == 0, !context.lowering.isFolding {
        let whole = context.lowering.declaredBatch.map { $0 * activation.shape[0] } ?? Int(Int32.max)
        if cut.start != Extent(0) || cut.step != 1 || !cut.end.isBatch && cut.end.factor < whole {
          try context.refuseBatchAxis()
        }
        continue
      }
      guard !cut.start.isBatch, !cut.end.isBatch else {
        throw context.refusal("is cut by the size of the batch", "export with a free batch dimension")
      }
      let (start, count) = cut.places(of: activation.shape[cut.axis])
      guard count > 0 else {
        throw context.refusal("cuts nothing out of axis \(cut.axis)", "export it again")
      }
      activation = try part(activation, axis: cut.axis, count: count, start: start, step: cut.step, context)
    }
    return activation
  }

  private static func gather(_ context: NodeContext) throws -> Activation {
    let activation = try context.activation(0)
    let axis = try context.axis(context.integer("axis", default: 0), rank: activation.shape.count)
    if axis == 0 { try context.refuseBatchAxis() }
    guard let given = try context.integers(1), case .constant(let constant) = try context.input(1) else {
      throw context.refusal("has no indices", "export the model again")
    }
    let extent = activation.shape[axis]
    let places = given.map { $0 < 0 ? $0 + extent : $0 }
    guard places.allSatisfy({ (0..<extent).contains($0) }), !places.isEmpty else {
      throw context.refusal("takes elements \(given.prefix(4)) of \(extent)", "export the model again")
    }
    let inner = constant.shape
    let shape = Array(activation.shape[..<axis]) + inner + activation.shape[(axis + 1)...]
    let strides = memoryStrides(inner, Array(inner.indices))
    return try context.lowering.rearranged(activation, to: shape, for: context.place) { index in
      let chosen = zip(index[axis..<axis + inner.count], strides).reduce(0) { $0 + $1.0 * $1.1 }
      return Array(index[..<axis]) + [places[chosen]] + index[(axis + inner.count)...]
    }
  }

  private static func pad(_ context: NodeContext) throws -> Activation {
    let activation = try context.activation(0)
    let rank = activation.shape.count
    let isOld = context.version < 11
    let axes =
      try (context.version >= 18 ? context.integers(3) : nil)?
      .map { try context.axis($0, rank: rank) } ?? Array(0..<rank)
    guard let given = try isOld ? context.integers("pads") : context.integers(1),
      given.count == 2 * axes.count, rank > 0, given.allSatisfy({ $0.magnitude <= 1 << 20 })
    else { throw context.refusal("has pads that do not fit", "export the model again") }
    var (front, shape) = ([Int](repeating: 0, count: rank), activation.shape)
    for (k, axis) in axes.enumerated() {
      front[axis] = given[k]
      shape[axis] += given[k] + given[k + axes.count]
    }
    if front[0] != 0 || shape[0] != activation.shape[0] { try context.refuseBatchAxis() }
    let mode = context.text("mode", default: "constant")
    let fill = try isOld ? context.number("value", default: 0) : context.reals(2)?.numbers.first ?? 0
    guard ["constant", "edge", "reflect", "wrap"].contains(mode) else {
      throw context.refusal("has the mode '\(mode)'", "pad with constants, edges or reflections")
    }
    if mode == "reflect", zip(shape, activation.shape).contains(where: { $0 > 1 && $1 < 2 && $0 != $1 }) {
      throw context.refusal("reflects axes of one element", "pad with constants or edges")
    }
    return try context.lowering.rearranged(
      activation, to: shape, order: activation.order, fill: fill, for: context.place
    ) { index in
      var source: [Int] = []
      for axis in index.indices {
        guard let at = place(index[axis] - front[axis], of: activation.shape[axis], mode) else { return nil }
        source.append(at)
      }
      return source
    }
  }

  /// Where an element in front of an axis or beyond it comes from; nil: the constant.
  private static func place(_ at: Int, of extent: Int, _ mode: String) -> Int? {
    if (0..<extent).contains(at) { return at }
    switch mode {
    case "edge": return min(max(at, 0), extent - 1)
    case "wrap": return (at % extent + extent) % extent
    case "reflect":
      let period = max(2 * (extent - 1), 1)
      let place = (at % period + period) % period
      return place < extent ? place : period - place
    default: return nil
    }
  }
}
