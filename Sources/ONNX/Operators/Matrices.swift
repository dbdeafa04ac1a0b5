import Programs

/// Matrix products.
enum Matrices {
  static let rules: [OperatorRule] = [
    OperatorRule("Gemm", folding: .first) { [try gemm($0)] },
    OperatorRule("MatMul", folding: .all) { [try multiply($0)] },
  ]

  /// alpha A B + beta C.
  private static func gemm(_ context: NodeContext) throws -> GraphValue {
    let a = try context.activation(0)
    guard a.shape.count == 2 else {
      throw context.refusal("has an input of shape \(a.shape); expected a matrix", "export it again")
    }
    var input = a
    if context.integer("transA", default: 0) != 0 {
      try context.refuseBatchAxis()
      input = Activation(slot: a.slot, shape: [a.shape[1], a.shape[0]], order: a.order.map { 1 - $0 })
    }
    let (shape, numbers) = try context.weights(1)
    guard shape.count == 2 else {
      throw context.refusal("has weights of shape \(shape); expected a matrix", "export it again")
    }
    let isTransposed = context.integer("transB", default: 0) != 0
    let (columns, inner) = isTransposed ? (shape[0], shape[1]) : (shape[1], shape[0])
    let alpha = context.number("alpha", default: 1)
    var weights = isTransposed ? numbers : transposed(numbers, rows: shape[0], columns: shape[1])
    if alpha != 1 { weights = weights.map { alpha * $0 } }
    let beta = context.number("beta", default: 1)
    var bias = [Double](repeating: 0, count: max(columns, 1))
    var later: GraphValue?
    if let c = context.optional(2) {
      if case .constant(let constant) = c, let reals = constant.reals,
        constant.count == 1 || constant.count == columns && constant.shape.last == columns
      {
        bias = (0..<columns).map { beta * (reals.count == 1 ? reals[0] : reals[$0]) }
      } else {
        later = c
      }
    }
    let result = try product(input, weights, bias, inner: inner, columns: columns, context)
    guard let later else { return .activation(result) }
    guard beta == 1 else {
      throw context.refusal("scales a matrix that it adds", "write that layer with Mul and Add")
    }
    return try Elementwise.pair(.add, .activation(result), later, context)
  }

  private static func transposed(_ numbers: [Double], rows: Int, columns: Int) -> [Double] {
    var result = [Double](repeating: 0, count: numbers.count)
    for i in 0..<rows { for j in 0..<columns { result[j * rows + i] = numbers[i * columns + j] } }
    return result
  }

  /// x W' + b over the last axis.
  ///
  /// - Parameter weights: W, shape `[columns, inner]`.
  private static func product(
    _ activation: Activation, _ weights: [Double], _ bias: [Double], inner: Int, columns: Int,
    _ context: NodeContext
  ) throws -> Activation {
    guard activation.shape.last == inner, inner > 0, columns > 0 else {
      throw context.refusal(
        "has an input of shape \(activation.shape) and weights of shape [\(inner), \(columns)]",
        "export the model again")
    }
    let input = try context.lowering.rowMajor(activation, for: context.place)
    let kind = Step.Kind.product(
      Product(
        inner: inner, columns: columns, weights: weights, bias: bias, rows: activation.count / inner))
    let result = try context.lowering.emit(
      kind, [.slot(input.slot)], shape: activation.shape.dropLast() + [columns], for: context.place)
    if activation.shape.count == 2, let name = context.node.outputs.first {
      context.lowering.noteProduct(name, step: context.lowering.steps.count - 1)
    }
    return result
  }

  /// A B, where either may be a constant.
  private static func multiply(_ context: NodeContext) throws -> GraphValue {
    switch (try context.input(0), try context.input(1)) {
    case (.activation(let a), .constant(let b)) where b.shape.count == 2 && a.shape.count >= 2:
      let (_, numbers) = try context.weights(1)
      return .activation(
        try product(
          a, transposed(numbers, rows: b.shape[0], columns: b.shape[1]),
          Array(repeating: 0, count: max(b.shape[1], 1)), inner: b.shape[0], columns: b.shape[1], context))
    case (.activation(let a), .activation(let b)): return .activation(try products(a, b, context))
    default: return .activation(try products(try context.spread(0), try context.spread(1), context))
    }
  }

  /// Products of matrices along the last two axes; the other axes are broadcast.
  private static func products(_ a: Activation, _ b: Activation, _ context: NodeContext) throws -> Activation
  {
    let left = a.shape.count == 1 ? [1] + a.shape : a.shape
    let right = b.shape.count == 1 ? b.shape + [1] : b.shape
    guard !a.shape.isEmpty, !b.shape.isEmpty, let inner = left.last, right[right.count - 2] == inner,
      let columns = right.last,
      let leading = broadcastShape(left.dropLast(2), right.dropLast(2))
    else {
      throw context.refusal("has inputs of shapes \(a.shape) and \(b.shape)", "export it again")
    }
    let rows = left[left.count - 2]
    if !context.lowering.isFolding {
      // The batch must be the first leading axis of whatever depends on the member.
      for (k, shape) in [a.shape, b.shape].enumerated() {
        guard case .activation = try context.input(k) else { continue }
        if shape.count != leading.count + 2 || leading.isEmpty || shape[0] != leading[0] {
          try context.refuseBatchAxis()
        }
      }
    }
    func operand(_ activation: Activation, _ shape: [Int], _ matrix: [Int]) throws -> Operand {
      let value = Activation(
        slot: try context.lowering.rowMajor(activation, for: context.place).slot, shape: shape)
      return try context.lowering.broadcast(
        .activation(value), to: leading + matrix, order: Array((leading + matrix).indices), for: context.place
      )
    }
    var shape = leading
    if a.shape.count > 1 { shape.append(rows) }
    if b.shape.count > 1 { shape.append(columns) }
    let plan = MatrixProducts(
      count: leading.reduce(1, *), rows: rows, inner: inner, columns: columns)
    return try context.lowering.emit(
      .matrices(plan), [try operand(a, left, [rows, inner]), try operand(b, right, [inner, columns])],
      shape: shape, for: context.place)
  }
}
