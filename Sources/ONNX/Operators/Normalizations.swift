import Programs

/// Normalizations, and the softmax.
enum Normalizations {
  static let rules: [OperatorRule] = [
    OperatorRule("BatchNormalization", folding: .first) { [.activation(try batch($0))] },
    OperatorRule("InstanceNormalization", folding: .first) { [.activation(try instance($0))] },
    OperatorRule("GroupNormalization", since: 18, folding: .first) { [.activation(try group($0))] },
    OperatorRule("LayerNormalization", since: 17, folding: .first) { [.activation(try layer($0))] },
    OperatorRule("Softmax") { [.activation(try softmax($0))] },
  ]

  // MARK: Batch

  /// Weights of `count` numbers as input k.
  private static func numbers(_ k: Int, count: Int, _ context: NodeContext) throws -> [Double] {
    let numbers = try context.weights(k).numbers
    guard numbers.count == count else {
      throw context.refusal("has \(numbers.count) weights for \(count) channels", "export the model again")
    }
    return numbers
  }

  private static func channels(_ activation: Activation, _ context: NodeContext) throws -> Int {
    guard activation.shape.count >= 2 else {
      throw context.refusal("has an input without channels", "export the model again")
    }
    return activation.shape[1]
  }

  /// (x - mean) / sqrt(variance + epsilon) * scale + bias with the moments of training, which is folded into the
  /// product before it where nothing else uses that.
  private static func batch(_ context: NodeContext) throws -> Activation {
    guard context.integer("training_mode", default: 0) == 0, context.node.outputs.count <= 1 else {
      throw context.refusal(
        "is in training mode, so that members depend on each other", "export with model.eval()")
    }
    let activation = try context.activation(0)
    let count = try channels(activation, context)
    let (scale, bias) = (try numbers(1, count: count, context), try numbers(2, count: count, context))
    let (mean, variance) = (try numbers(3, count: count, context), try numbers(4, count: count, context))
    let epsilon = context.number("epsilon", default: 1e-5)
    let factors = zip(scale, variance).map { $0 / ($1 + epsilon).squareRoot() }
    let shifts = (0..<count).map { bias[$0] - mean[$0] * factors[$0] }
    if fold(factors, shifts, context) { return activation }
    var shape = [Int](repeating: 1, count: activation.shape.count)
    shape[1] = count
    let product = try Elementwise.pair(
      .multiply, .activation(activation), .constant(Constant(shape: shape, values: .reals(factors))), context)
    let sum = try Elementwise.pair(
      .add, product, .constant(Constant(shape: shape, values: .reals(shifts))), context)
    guard case .activation(let result) = sum else { preconditionFailure("a sum of an activation is one") }
    return result
  }

  /// Whether the product before could take it over.
  private static func fold(_ factors: [Double], _ shifts: [Double], _ context: NodeContext) -> Bool {
    let lowering = context.lowering
    guard !lowering.isFolding, let name = context.node.inputs.first, lowering.isUsedOnce(name),
      let step = lowering.products[name]
    else { return false }
    switch lowering.steps[step].kind {
    case .product(var product):
      for c in product.bias.indices {
        for k in 0..<product.inner { product.weights[c * product.inner + k] *= factors[c] }
        product.bias[c] = product.bias[c] * factors[c] + shifts[c]
      }
      lowering.change(step: step, .product(product))
    case .shiftedProduct(var product):
      for g in 0..<product.groups {
        for t in 0..<product.parts {
          for c in 0..<product.channels {
            let row = ((g * product.parts + t) * product.channels + c) * product.inner
            for k in row..<row + product.inner { product.weights[k] *= factors[g * product.channels + c] }
          }
        }
      }
      for c in product.bias.indices { product.bias[c] = product.bias[c] * factors[c] + shifts[c] }
      lowering.change(step: step, .shiftedProduct(product))
    default: return false
    }
    if let output = context.node.outputs.first { lowering.noteProduct(output, step: step) }
    return true
  }

  // MARK: Groups of elements

  /// Elements of memory in groups, in row-major order.
  ///
  /// - Parameter group: The number of the group of an index.
  static func groups(_ activation: Activation, count: Int, _ group: (_ index: [Int]) -> Int) -> Groups {
    var groups = [[Int]](repeating: [], count: count)
    let strides = activation.strides
    forEachIndex(activation.shape, order: Array(activation.shape.indices)) { index in
      var element = 0
      for (i, stride) in zip(index, strides) { element += i * stride }
      groups[group(index)].append(element)
    }
    return Groups(groups)
  }

  private static func normalization(
    _ activation: Activation, count: Int, scale: Constant, bias: Constant, _ context: NodeContext,
    _ group: (_ index: [Int]) -> Int
  ) throws -> Activation {
    let lowering = context.lowering
    try lowering.spend(activation.count)
    func spread(_ constant: Constant) throws -> Operand {
      guard broadcastShape(constant.shape, activation.shape) == activation.shape else {
        throw context.refusal(
          "has weights of shape \(constant.shape) for an input of shape \(activation.shape)",
          "export it again")
      }
      return try lowering.broadcast(
        .constant(constant), to: activation.shape, order: activation.order, for: context.place)
    }
    return try lowering.emit(
      .normalization(
        groups(activation, count: count, group), epsilon: context.number("epsilon", default: 1e-5)),
      [.slot(activation.slot), try spread(scale), try spread(bias)], shape: activation.shape,
      order: activation.order, for: context.place)
  }

  /// A constant along axis 1.
  private static func alongChannels(_ numbers: [Double], rank: Int) -> Constant {
    Constant(
      shape: [1, numbers.count] + Array(repeating: 1, count: rank - 2), values: .reals(numbers))
  }

  private static func instance(_ context: NodeContext) throws -> Activation {
    let activation = try context.activation(0)
    let count = try channels(activation, context)
    let rank = activation.shape.count
    return try normalization(
      activation, count: activation.shape[0] * count,
      scale: alongChannels(try numbers(1, count: count, context), rank: rank),
      bias: alongChannels(try numbers(2, count: count, context), rank: rank), context
    ) { $0[0] * count + $0[1] }
  }

  private static func group(_ context: NodeContext) throws -> Activation {
    let activation = try context.activation(0)
    let count = try channels(activation, context)
    let groups = context.integer("num_groups", default: 0)
    guard (1...count).contains(groups), count.isMultiple(of: groups) else {
      throw context.refusal("has \(count) channels and \(groups) groups", "export the model again")
    }
    let width = count / groups
    // Up to operator set 20, there is one weight per group.
    func weights(_ k: Int) throws -> Constant {
      let numbers = try numbers(k, count: context.version >= 21 ? count : groups, context)
      return alongChannels(
        context.version >= 21 ? numbers : (0..<count).map { numbers[$0 / width] },
        rank: activation.shape.count)
    }
    return try normalization(
      activation, count: activation.shape[0] * groups, scale: try weights(1), bias: try weights(2), context
    ) { $0[0] * groups + $0[1] / width }
  }

  private static func layer(_ context: NodeContext) throws -> Activation {
    let activation = try context.activation(0)
    let axis = try context.dataAxis(context.integer("axis", default: -1), of: activation)
    let scale = try context.weights(1)
    let bias = try context.reals(2) ?? ([], [0])
    let leading = Array(activation.shape[..<axis])
    let strides = memoryStrides(leading, Array(leading.indices))
    return try normalization(
      activation, count: leading.reduce(1, *),
      scale: Constant(shape: scale.shape, values: .reals(scale.numbers)),
      bias: Constant(shape: bias.shape, values: .reals(bias.numbers)), context
    ) { index in
      zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  private static func softmax(_ context: NodeContext) throws -> Activation {
    let activation = try context.activation(0)
    let isOld = context.version < 13
    let axis = try context.dataAxis(context.integer("axis", default: isOld ? 1 : -1), of: activation)
    // Up to operator set 12, all axes from there on are one.
    let inner = isOld ? axis..<activation.shape.count : axis..<axis + 1
    let kept = activation.shape.indices.map { inner.contains($0) ? 1 : activation.shape[$0] }
    let strides = memoryStrides(kept, Array(kept.indices))
    try context.lowering.spend(activation.count)
    let groups = groups(activation, count: kept.reduce(1, *)) { index in
      index.indices.reduce(0) { $0 + (inner.contains($1) ? 0 : index[$1] * strides[$1]) }
    }
    return try context.lowering.emit(
      .softmax(groups), [.slot(activation.slot)], shape: activation.shape, order: activation.order,
      for: context.place)
  }
}
