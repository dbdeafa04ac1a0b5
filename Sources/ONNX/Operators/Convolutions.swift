import Programs

/// Convolutions and transposed convolutions, as shifted products. Both keep channels last in memory.
enum Convolutions {
  static let rules: [OperatorRule] = [
    OperatorRule("Conv", folding: .first) { [.activation(try convolution($0))] },
    OperatorRule("ConvTranspose", folding: .first) { [.activation(try transposed($0))] },
  ]

  /// Channels last: batch, rows, columns, channels.
  private static func order(rank: Int) -> [Int] { [0] + Array(2..<rank) + [1] }

  /// What both have: the input with channels last, and the weights.
  private struct Operands {
    var input: Activation
    var weights: [Double]
    var shape: [Int]
    var bias: [Double]
    var groups: Int
    /// Images of a member: axis 0 of its part.
    var images: Int
    var channels: Int
    var extents: [Int]
  }

  private static func operands(_ context: NodeContext, isTransposed: Bool) throws -> Operands {
    let activation = try context.activation(0)
    let (shape, weights) = try context.weights(1)
    let rank = activation.shape.count
    guard rank >= 3, shape.count == rank, !shape.contains(0) else {
      throw context.refusal(
        "has an input of shape \(activation.shape) and weights of shape \(shape)", "export the model again")
    }
    let groups = context.integer("group", default: 1)
    let channels = activation.shape[1]
    let inputs = isTransposed ? shape[0] : shape[1]
    guard groups >= 1, groups <= channels, channels.isMultiple(of: groups),
      shape[0].isMultiple(of: groups),
      isTransposed ? inputs == channels : inputs == channels / groups
    else {
      throw context.refusal(
        "has \(channels) channels, \(groups) groups and weights of shape \(shape)", "export the model again")
    }
    let outputs = isTransposed ? shape[1] * groups : shape[0]
    let bias = try context.reals(2)?.numbers ?? Array(repeating: 0, count: outputs)
    guard bias.count == outputs else {
      throw context.refusal("has \(bias.count) biases for \(outputs) channels", "export the model again")
    }
    return Operands(
      input: try context.lowering.ordered(activation, order(rank: rank), for: context.place),
      weights: weights, shape: shape, bias: bias, groups: groups, images: activation.shape[0],
      channels: channels, extents: Array(activation.shape[2...]))
  }

  // MARK: Convolution

  private static func convolution(_ context: NodeContext) throws -> Activation {
    let operands = try operands(context, isTransposed: false)
    let window = try context.window(
      kernel: Array(operands.shape[2...]), rank: operands.extents.count)
    let geometry = try context.geometry(window, input: operands.extents)
    let table = geometry.table()
    let outputs = operands.shape[0]
    let isDirect =
      geometry.places == 1 && (operands.groups == 1 || operands.groups < operands.channels)
      && table.enumerated().allSatisfy { $1 == [$0] }
    let kind: Step.Kind =
      isDirect
      ? .product(product(operands, rows: table.count))
      : .shiftedProduct(shiftedProduct(operands, geometry, table))
    return try emit(kind, operands, [operands.images, outputs] + geometry.coarse, context)
  }

  private static func emit(
    _ kind: Step.Kind, _ operands: Operands, _ shape: [Int], _ context: NodeContext
  ) throws -> Activation {
    let result = try context.lowering.emit(
      kind, [.slot(operands.input.slot)], shape: shape, order: order(rank: shape.count), for: context.place)
    if let name = context.node.outputs.first {
      context.lowering.noteProduct(name, step: context.lowering.steps.count - 1)
    }
    return result
  }

  /// A convolution with a kernel of one place, as a product of rows of channels.
  private static func product(_ operands: Operands, rows: Int) -> Product {
    Product(
      inner: operands.shape[1], columns: operands.shape[0] / operands.groups, weights: operands.weights,
      bias: operands.bias, rows: operands.images * rows, groups: operands.groups)
  }

  private static func shiftedProduct(
    _ operands: Operands, _ geometry: ConvolutionGeometry, _ table: [[Int]]
  ) -> ShiftedProduct {
    let (places, perGroup) = (geometry.places, operands.shape[1])
    let columns = operands.shape[0] / operands.groups
    var weights = [Double](repeating: 0, count: operands.weights.count)
    for o in 0..<operands.shape[0] {
      let (g, c) = o.quotientAndRemainder(dividingBy: columns)
      for k in 0..<perGroup {
        for t in 0..<places {
          weights[((g * places + t) * columns + c) * perGroup + k] =
            operands.weights[(o * perGroup + k) * places + t]
        }
      }
    }
    let terms = table.map { row in row.enumerated().filter { $1 >= 0 }.map { (position: $1, part: $0) } }
    return shifted(operands, weights, channels: columns, places, inputs: geometry.fineCount, terms)
  }

  /// Repeats the terms for each image.
  private static func shifted(
    _ operands: Operands, _ weights: [Double], channels: Int, _ places: Int, inputs: Int,
    _ terms: [[(position: Int, part: Int)]]
  ) -> ShiftedProduct {
    var result = ShiftedProduct(
      inner: operands.channels / operands.groups, channels: channels, groups: operands.groups, parts: places,
      weights: weights, bias: operands.bias, inputPositions: operands.images * inputs)
    for image in 0..<operands.images {
      for row in terms {
        for term in row {
          result.terms.append(
            ShiftedProduct.Term(position: Int32(image * inputs + term.position), part: Int32(term.part)))
        }
        result.starts.append(Int32(result.terms.count))
      }
    }
    return result
  }

  // MARK: Transposed convolution

  private static func transposed(_ context: NodeContext) throws -> Activation {
    let operands = try operands(context, isTransposed: true)
    let geometry = try transposedGeometry(operands, context)
    let (places, outputs) = (geometry.places, operands.shape[1])
    let inputs = operands.channels / operands.groups
    // W is [inputs, outputs per group, places].
    var weights = [Double](repeating: 0, count: operands.weights.count)
    for i in 0..<operands.channels {
      let (g, k) = i.quotientAndRemainder(dividingBy: inputs)
      for c in 0..<outputs {
        for t in 0..<places {
          weights[((g * places + t) * outputs + c) * inputs + k] =
            operands.weights[(i * outputs + c) * places + t]
        }
      }
    }
    var terms = [[(position: Int, part: Int)]](repeating: [], count: geometry.fineCount)
    for (position, row) in geometry.table().enumerated() {
      for (part, target) in row.enumerated() where target >= 0 { terms[target].append((position, part)) }
    }
    let product = shifted(
      operands, weights, channels: outputs, places, inputs: geometry.coarseCount, terms)
    return try emit(
      .shiftedProduct(product), operands, [operands.images, outputs * operands.groups] + geometry.fine,
      context)
  }

  private static func transposedGeometry(
    _ operands: Operands, _ context: NodeContext
  ) throws -> ConvolutionGeometry {
    let rank = operands.extents.count
    let window = try context.window(kernel: Array(operands.shape[2...]), rank: rank)
    let extra = context.integers("output_padding") ?? Array(repeating: 0, count: rank)
    let wanted = context.integers("output_shape")?.suffix(rank).map { $0 }
    guard extra.count == rank, extra.allSatisfy({ (0...1 << 20).contains($0) }),
      wanted == nil || wanted?.count == rank && wanted?.allSatisfy({ (1...1 << 20).contains($0) }) == true
    else { throw context.refusal("has an output padding or shape that does not fit", "export it again") }
    var (output, padding): ([Int], [Int]) = ([], [])
    for axis in 0..<rank {
      let reach = window.dilations[axis] * (window.kernel[axis] - 1) + 1
      let whole = window.strides[axis] * (operands.extents[axis] - 1) + extra[axis] + reach
      let isSame = window.automatic.hasPrefix("SAME")
      if wanted != nil || isSame {
        let count = wanted?[axis] ?? operands.extents[axis] * window.strides[axis]
        let total = max(whole - count, 0)
        output.append(count)
        padding.append(window.automatic == "SAME_UPPER" ? total / 2 : total - total / 2)
      } else {
        let isValid = window.automatic == "VALID"
        let front = isValid ? 0 : window.pads[axis]
        output.append(whole - front - (isValid ? 0 : window.pads[axis + rank]))
        padding.append(front)
      }
    }
    return try context.checked(
      ConvolutionGeometry(
        coarse: operands.extents, fine: output, kernel: window.kernel, strides: window.strides,
        dilations: window.dilations, padding: padding))
  }
}
