import Programs

/// Nodes whose inputs are known when the model is read.
enum Folding {
  /// What such a node computes; nil where an input depends on the member, or the rule takes constants itself.
  static func result(of rule: OperatorRule, _ context: NodeContext) throws -> [GraphValue]? {
    if case .byRule = rule.folding { return nil }
    let values = context.inputs.compactMap { $0 }
    let constants = values.compactMap { value -> Constant? in
      if case .constant(let constant) = value { constant } else { nil }
    }
    guard !values.isEmpty, constants.count == values.count else { return nil }
    if case .integers(let function) = rule.folding, constants.allSatisfy({ $0.integers != nil }) {
      return [.constant(try elementwise(function, constants, context))]
    }
    if let list = try list(rule, constants, context) { return [.constant(list)] }
    return try run(rule, context)
  }

  /// Lists of whole numbers that are cut and joined, as shapes are. They may be empty, which activations may not.
  private static func list(
    _ rule: OperatorRule, _ inputs: [Constant], _ context: NodeContext
  ) throws -> Constant? {
    guard let first = inputs.first, first.shape.count == 1, let numbers = first.integers else { return nil }
    var result: [Extent] = []
    switch rule.name {
    case "Concat":
      for input in inputs {
        guard input.shape.count == 1, let more = input.integers else { return nil }
        result += more
      }
    case "Slice":
      result = numbers
      for cut in try Selections.cuts(context, rank: 1) {
        guard !cut.start.isBatch, !cut.end.isBatch else { return nil }
        let (start, count) = cut.places(of: result.count)
        result = (0..<count).map { result[start + $0 * cut.step] }
      }
    default: return nil
    }
    try context.lowering.spend(result.count)
    return Constant(shape: [result.count], values: .integers(result))
  }

  /// A function of whole numbers, broadcast.
  private static func elementwise(
    _ function: ([Extent]) -> Extent?, _ inputs: [Constant], _ context: NodeContext
  ) throws -> Constant {
    var shape: [Int] = []
    for input in inputs {
      guard let next = broadcastShape(shape, input.shape) else {
        throw context.refusal(
          "has inputs of shapes \(inputs.map(\.shape)), which do not fit", "export it again")
      }
      shape = next
    }
    try context.lowering.spend(try elementCount(shape, context.place))
    let numbers = inputs.map { $0.integers ?? [] }
    var result: [Extent] = []
    var isDefined = true
    forEachIndex(shape, order: Array(shape.indices)) { index in
      let arguments = zip(inputs, numbers).map { input, numbers -> Extent in
        let strides = memoryStrides(input.shape, Array(input.shape.indices))
        var element = 0
        for axis in input.shape.indices where input.shape[axis] > 1 {
          element += index[axis + shape.count - input.shape.count] * strides[axis]
        }
        return numbers[element]
      }
      guard let value = function(arguments) else {
        isDefined = false
        return
      }
      result.append(value)
    }
    guard isDefined else {
      throw context.refusal(
        "computes something of the batch's size, or of numbers that are too large, that no shape can be",
        "export with a free batch dimension")
    }
    return Constant(shape: shape, values: .integers(result))
  }

  /// Runs the node's steps on its constants.
  ///
  /// Whole numbers travel as the numbers of their places, so that the batch's size among them stays what it is.
  private static func run(_ rule: OperatorRule, _ context: NodeContext) throws -> [GraphValue] {
    let isFirst = if case .first = rule.folding { true } else { false }
    let outer = context.lowering
    let lowering = try Lowering(outer.graph, outer.bytes, limits: outer.limits, isFolding: true)
    let inner = NodeContext(context.node, lowering)
    var places: [Extent] = []
    var input: [Double] = []
    var parts: [(k: Int, shape: [Int], range: Range<Int>)] = []
    // Whole numbers that are computed with, or stand beside floating-point numbers, are such too.
    let hasReals =
      !OperatorRule.moving.contains(rule.name)
      || context.inputs.enumerated().contains { k, value in
        if case .constant(let constant)? = value {
          constant.integers == nil && (k == 0 || !isFirst)
        } else {
          false
        }
      }
    for (k, value) in context.inputs.enumerated() {
      inner.inputs.append(value)
      guard case .constant(let constant)? = value, k == 0 || !isFirst else { continue }
      let start = input.count
      if hasReals {
        guard let reals = constant.reals else {
          throw context.refusal("computes with the size of the batch", "export with a free batch dimension")
        }
        input += reals
      } else {
        let integers = constant.integers ?? []
        input += integers.indices.map { Double(places.count + $0) }
        places += integers
      }
      parts.append((k, constant.shape, start..<input.count))
    }
    guard !input.isEmpty else { throw context.refusal("has constants without elements", "export it again") }
    let source = try lowering.makeActivation([input.count], for: context.place)
    for part in parts {
      inner.inputs[part.k] = .activation(
        try lowering.rearranged(
          source, to: [part.range.count], for: context.place, { [$0[0] + part.range.lowerBound] }
        ).reshaped(part.shape))
    }
    let results = try rule.lower(inner)
    try outer.spend(input.count)
    let isPerMember = context.inputs.contains {
      if case .constant(let constant)? = $0 { constant.isPerMember } else { false }
    }
    return try results.map { result in
      guard case .activation(let activation) = result else { return result }
      let numbers = evaluate(try lowering.rowMajor(activation, for: context.place), lowering, source, input)
      try outer.spend(numbers.count)
      return .constant(
        Constant(
          shape: activation.shape,
          values: places.isEmpty
            ? .reals(numbers) : .integers(numbers.map { places[min(max(Int($0), 0), places.count - 1)] }),
          isPerMember: isPerMember))
    }
  }

  private static func evaluate(
    _ activation: Activation, _ lowering: Lowering, _ source: Activation, _ input: [Double]
  ) -> [Double] {
    let program = Program<Double>(
      LoweredGraph(
        steps: lowering.steps, slots: lowering.slots, constants: lowering.constants, input: source.slot,
        outputs: [activation.slot]))
    let memory = ProgramMemory(program, capacity: 1)
    memory.rows(source.slot).pointer.update(from: input, count: input.count)
    program.run(memory, members: 1)
    let rows = memory.rows(activation.slot)
    return (0..<activation.count).map { rows.pointer[$0] }
  }
}

extension Activation {
  /// The same memory under another shape; the memory must be in row-major order.
  func reshaped(_ shape: [Int]) -> Activation { Activation(slot: slot, shape: shape) }
}
