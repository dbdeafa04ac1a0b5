/// Other shapes of the same elements. They take no time unless the order of memory has to change.
enum Shapes {
  static let rules: [OperatorRule] = [
    OperatorRule("Reshape", folding: .first) { context in
      guard let target = try context.extents(1) else {
        throw context.refusal("has no shape", "export it again")
      }
      return [.activation(try reshape(try context.activation(0), target, context))]
    },
    OperatorRule("Flatten", folding: .first) { [.activation(try flatten($0))] },
    OperatorRule("Squeeze", folding: .first) { [.activation(try squeeze($0))] },
    OperatorRule("Unsqueeze", folding: .first) { [.activation(try unsqueeze($0))] },
    OperatorRule("Transpose", folding: .first) { [.activation(try transpose($0))] },
    OperatorRule("Expand", folding: .first) { [.activation(try expand($0))] },
  ]

  /// The activation under another shape of as many elements.
  static func reshaped(_ activation: Activation, _ shape: [Int], _ context: NodeContext) throws -> Activation
  {
    let wide = activation.shape.filter { $0 != 1 }
    if wide == shape.filter({ $0 != 1 }) {
      // Only axes of one element come or go: the order of the others stays.
      let old = activation.shape.indices.filter { activation.shape[$0] != 1 }
      let new = shape.indices.filter { shape[$0] != 1 }
      let places = Dictionary(uniqueKeysWithValues: zip(old, new))
      let narrow = shape.indices.filter { shape[$0] == 1 }
      return Activation(
        slot: activation.slot, shape: shape, order: narrow + activation.order.compactMap { places[$0] })
    }
    return try context.lowering.rowMajor(activation, for: context.place).reshaped(shape)
  }

  private static func reshape(
    _ activation: Activation, _ target: [Extent], _ context: NodeContext
  ) throws -> Activation {
    let lowering = context.lowering
    let keepsZero = context.integer("allowzero", default: 0) != 0
    var shape = target.enumerated().map { k, extent in
      extent.factor == 0 && !keepsZero && k < activation.shape.count ? activation.shape[k] : extent.factor
    }
    let isCopied = target.first.map { $0.isBatch || $0.factor == 0 && !keepsZero } ?? false
    if target.dropFirst().contains(where: \.isBatch) { try context.refuseBatchAxis() }
    // A number in front is the size of the batch that the model was exported with.
    if !lowering.isFolding, !isCopied, let first = shape.first, first > 0 {
      guard let batch = lowering.declaredBatch, first.isMultiple(of: batch) else {
        try context.refuseBatchAxis()
        return activation
      }
      shape[0] = first / batch
    }
    guard shape.count <= FileLimit.rank, shape.allSatisfy({ $0 >= -1 }), shape.count(where: { $0 == -1 }) <= 1
    else { throw context.refusal("has the target \(target.map(\.factor))", "export the model again") }
    let known = try elementCount(shape.filter { $0 != -1 }, context.place)
    if let free = shape.firstIndex(of: -1) {
      shape[free] = known > 0 && activation.count.isMultiple(of: known) ? activation.count / known : 0
    }
    guard !shape.contains(0), try elementCount(shape, context.place) == activation.count,
      !shape.isEmpty || lowering.isFolding
    else {
      throw context.refusal(
        "makes \(target.map(\.factor)) of \(activation.count) numbers per member, shape \(activation.shape)",
        lowering.declaredBatch == nil
          ? "keep the batch as the first dimension throughout the model"
          : "export with a free batch dimension: dynamic_axes={'x': {0: 'batch'}} or dynamic_shapes")
    }
    return try reshaped(activation, shape, context)
  }

  private static func flatten(_ context: NodeContext) throws -> Activation {
    let activation = try context.activation(0)
    let rank = activation.shape.count
    let given = context.integer("axis", default: 1)
    let axis = given == rank ? rank : try context.axis(given, rank: rank)
    if axis == 0 { try context.refuseBatchAxis() }
    let shape = [
      activation.shape[..<axis].reduce(1, *), activation.shape[axis...].reduce(1, *),
    ]
    return try reshaped(activation, shape, context)
  }

  private static func squeeze(_ context: NodeContext) throws -> Activation {
    let activation = try context.activation(0)
    let rank = activation.shape.count
    let axes: Set<Int>
    if let given = try context.version >= 13 ? context.integers(1) : context.integers("axes") {
      axes = Set(try given.map { try context.axis($0, rank: rank) })
      guard axes.allSatisfy({ activation.shape[$0] == 1 }) else {
        throw context.refusal("removes axes of more than one element", "export the model again")
      }
      if axes.contains(0) { try context.refuseBatchAxis() }
    } else {
      axes = Set(
        activation.shape.indices.filter {
          activation.shape[$0] == 1 && (context.lowering.isFolding || $0 > 0)
        })
    }
    return try reshaped(
      activation, activation.shape.indices.filter { !axes.contains($0) }.map { activation.shape[$0] }, context
    )
  }

  private static func unsqueeze(_ context: NodeContext) throws -> Activation {
    let activation = try context.activation(0)
    let given = try context.version >= 13 ? context.integers(1) : context.integers("axes")
    guard let given, given.count + activation.shape.count <= FileLimit.rank else {
      throw context.refusal("has no axes, or too many", "export the model again")
    }
    let rank = activation.shape.count + given.count
    let axes = Set(try given.map { try context.axis($0, rank: rank) })
    guard axes.count == given.count else { throw context.refusal("names an axis twice", "export it again") }
    if axes.contains(0) { try context.refuseBatchAxis() }
    var rest = activation.shape[...]
    return try reshaped(
      activation, (0..<rank).map { axes.contains($0) ? 1 : rest.removeFirst() }, context)
  }

  private static func transpose(_ context: NodeContext) throws -> Activation {
    let activation = try context.activation(0)
    let rank = activation.shape.count
    let axes = context.integers("perm") ?? Array((0..<rank).reversed())
    guard axes.sorted() == Array(0..<rank) else {
      throw context.refusal("has the permutation \(axes) of \(rank) axes", "export the model again")
    }
    if rank > 0, axes[0] != 0 { try context.refuseBatchAxis() }
    var places = [Int](repeating: 0, count: rank)
    for (place, axis) in axes.enumerated() { places[axis] = place }
    return Activation(
      slot: activation.slot, shape: axes.map { activation.shape[$0] },
      order: activation.order.map { places[$0] })
  }

  private static func expand(_ context: NodeContext) throws -> Activation {
    let activation = try context.activation(0)
    guard let target = try context.extents(1) else {
      throw context.refusal("has no shape", "export it again")
    }
    if target.dropFirst().contains(where: \.isBatch) { try context.refuseBatchAxis() }
    var shape = target.map(\.factor)
    if !context.lowering.isFolding {
      guard shape.count <= activation.shape.count else {
        try context.refuseBatchAxis()
        return activation
      }
      if shape.count == activation.shape.count, !target[0].isBatch, shape[0] != 1 {
        guard let batch = context.lowering.declaredBatch, shape[0].isMultiple(of: batch) else {
          try context.refuseBatchAxis()
          return activation
        }
        shape[0] /= batch
      }
    }
    guard let result = broadcastShape(activation.shape, shape), !result.contains(0),
      context.lowering.isFolding || result[0] == activation.shape[0]
    else {
      throw context.refusal("makes \(shape) of the shape \(activation.shape)", "export the model again")
    }
    let order = activation.shape == result ? activation.order : Array(result.indices)
    let operand = try context.lowering.broadcast(
      .activation(activation), to: result, order: order, for: context.place)
    guard case .slot(let slot) = operand else { preconditionFailure("an activation is broadcast to one") }
    return Activation(slot: slot, shape: result, order: order)
  }
}
