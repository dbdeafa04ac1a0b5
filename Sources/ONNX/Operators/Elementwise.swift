import Programs

/// Functions of elements and of pairs of elements.
enum Elementwise {
  static let rules: [OperatorRule] =
    functions + pairs + [
      OperatorRule("Identity", folding: .byRule) { [try $0.input(0)] },
      OperatorRule("Dropout", folding: .byRule) { [try dropout($0)] },
      OperatorRule("Clip", folding: .first) { [.activation(try clip($0))] },
      OperatorRule("PRelu", folding: .first) { [try pair(.parametricRelu, $0)] },
      OperatorRule(
        "Where",
        folding: .integers { $0.count == 3 && !$0[0].isBatch ? ($0[0].factor != 0 ? $0[1] : $0[2]) : nil }
      ) { [try choice($0)] },
    ]

  private static let functions: [OperatorRule] = [
    function("Relu") { _ in .relu },
    function("LeakyRelu") { .leakyRelu($0.number("alpha", default: 0.01)) },
    function("Elu") { .elu($0.number("alpha", default: 1)) },
    function("Gelu", since: 20) { $0.text("approximate", default: "none") == "tanh" ? .geluByTanh : .gelu },
    function("Tanh") { _ in .tanh },
    function("Sigmoid") { _ in .logistic },
    function("Softplus") { _ in .softplus },
    function("Erf") { _ in .erf },
    function("Exp") { _ in .exp },
    function("Log") { _ in .log },
    function("Sqrt") { _ in .sqrt },
    function("Reciprocal") { _ in .reciprocal },
    function("Abs") { _ in .absolute },
    OperatorRule("Neg", folding: .integers { Extent(0 &- $0[0].factor, isBatch: $0[0].isBatch) }) {
      [.activation(try $0.function(.negative, of: try $0.activation(0)))]
    },
    OperatorRule("Not", folding: .integers { Extent($0[0].factor == 0 ? 1 : 0) }) {
      [.activation(try $0.function(.not, of: try $0.activation(0)))]
    },
  ]

  private static let pairs: [OperatorRule] = [
    pairRule("Add", .add) { a, b in
      if a.isBatch || b.isBatch {
        return a.factor == 0 ? b : b.factor == 0 ? a : a.isBatch && b.isBatch ? sum(a, b) : nil
      }
      return sum(a, b)
    },
    pairRule("Sub", .subtract) { a, b in
      if b.factor == 0 { return a }
      guard a.isBatch == b.isBatch else { return nil }
      let (value, overflow) = a.factor.subtractingReportingOverflow(b.factor)
      return overflow ? nil : Extent(value, isBatch: a.isBatch && value != 0)
    },
    pairRule("Mul", .multiply) { a, b in
      let (value, overflow) = a.factor.multipliedReportingOverflow(by: b.factor)
      return overflow || (a.isBatch && b.isBatch) ? nil : Extent(value, isBatch: a.isBatch || b.isBatch)
    },
    pairRule("Div", .divide) { a, b in
      guard b.factor != 0, b.factor != -1, a.isBatch || !b.isBatch else { return nil }
      if a.isBatch, !a.factor.isMultiple(of: b.factor) { return nil }
      return Extent(a.factor / b.factor, isBatch: a.isBatch && !b.isBatch)
    },
    pairRule("Max", .maximum) { a, b in a.isBatch || b.isBatch ? nil : a.factor > b.factor ? a : b },
    pairRule("Min", .minimum) { a, b in a.isBatch || b.isBatch ? nil : a.factor < b.factor ? a : b },
    pairRule("Equal", .equal) { a, b in Extent(a == b ? 1 : 0) },
    pairRule("Greater", .greater) { a, b in a.isBatch || b.isBatch ? nil : Extent(a.factor > b.factor ? 1 : 0)
    },
    pairRule("Less", .less) { a, b in a.isBatch || b.isBatch ? nil : Extent(a.factor < b.factor ? 1 : 0) },
    pairRule("GreaterOrEqual", .greaterOrEqual, since: 12) { a, b in
      a.isBatch || b.isBatch ? nil : Extent(a.factor >= b.factor ? 1 : 0)
    },
    pairRule("LessOrEqual", .lessOrEqual, since: 12) { a, b in
      a.isBatch || b.isBatch ? nil : Extent(a.factor <= b.factor ? 1 : 0)
    },
    pairRule("And", .and) { a, b in Extent(a.factor != 0 && b.factor != 0 ? 1 : 0) },
    pairRule("Or", .or) { a, b in Extent(a.factor != 0 || b.factor != 0 ? 1 : 0) },
    // Only in shape arithmetic.
    OperatorRule(
      "Mod",
      folding: .integers { $0.count == 2 && !$0[0].isBatch && !$0[1].isBatch ? remainder($0[0], $0[1]) : nil }
    ) {
      throw $0.refusal("takes remainders of data", "write that layer without them")
    },
    OperatorRule("Pow", folding: .all) { [try power($0)] },
    OperatorRule("Sum", folding: .all) { context in
      guard var sum = context.optional(0) else { throw context.refusal("has no input", "export it again") }
      for k in 1..<max(context.inputs.count, 1) { sum = try pair(.add, sum, try context.input(k), context) }
      return [sum]
    },
  ]

  /// With the sign of the divisor, as in Python.
  private static func remainder(_ a: Extent, _ b: Extent) -> Extent? {
    guard b.factor != 0, b.factor != -1 else { return nil }
    let remainder = a.factor % b.factor
    return Extent(remainder != 0 && (remainder < 0) != (b.factor < 0) ? remainder + b.factor : remainder)
  }

  private static func sum(_ a: Extent, _ b: Extent) -> Extent? {
    let (value, overflow) = a.factor.addingReportingOverflow(b.factor)
    return overflow ? nil : Extent(value, isBatch: a.isBatch)
  }

  private static func function(
    _ name: String, since first: Int = 9, _ function: @escaping @Sendable (NodeContext) -> ElementFunction
  ) -> OperatorRule {
    OperatorRule(name, since: first) { context in
      [.activation(try context.function(function(context), of: try context.activation(0)))]
    }
  }

  private static func pairRule(
    _ name: String, _ function: PairFunction, since first: Int = 9,
    _ integers: @escaping @Sendable (Extent, Extent) -> Extent?
  ) -> OperatorRule {
    OperatorRule(name, since: first, folding: .integers { $0.count == 2 ? integers($0[0], $0[1]) : nil }) {
      context in
      if context.inputs.count == 1 { return [try context.input(0)] }
      var result = try pair(function, try context.input(0), try context.input(1), context)
      for k in 2..<max(context.inputs.count, 2) {
        result = try pair(function, result, try context.input(k), context)
      }
      return [result]
    }
  }

  private static func pair(_ function: PairFunction, _ context: NodeContext) throws -> GraphValue {
    try pair(function, try context.input(0), try context.input(1), context)
  }

  /// A function of two values, broadcast together.
  static func pair(
    _ function: PairFunction, _ a: GraphValue, _ b: GraphValue, _ context: NodeContext
  ) throws -> GraphValue {
    let lowering = context.lowering
    let shape = try context.broadcastShape([a, b])
    let order = context.commonOrder([a, b], shape)
    let operands = try [a, b].map {
      try lowering.broadcast($0, to: shape, order: order, for: context.place)
    }
    return .activation(
      try lowering.emit(.pair(function), operands, shape: shape, order: order, for: context.place))
  }

  private static func power(_ context: NodeContext) throws -> GraphValue {
    let base = try context.input(0)
    if case .activation(let activation) = base, case .constant(let constant) = try context.input(1),
      constant.count == 1, constant.shape.count <= activation.shape.count,
      let exponent = constant.reals?.first
    {
      return .activation(try context.function(.power(exponent), of: activation))
    }
    return try pair(.power, base, try context.input(1), context)
  }

  private static func choice(_ context: NodeContext) throws -> GraphValue {
    let values = try (0..<3).map { try context.input($0) }
    let shape = try context.broadcastShape(values)
    let order = context.commonOrder(values, shape)
    let operands = try values.map {
      try context.lowering.broadcast($0, to: shape, order: order, for: context.place)
    }
    return .activation(
      try context.lowering.emit(.choice, operands, shape: shape, order: order, for: context.place))
  }

  private static func clip(_ context: NodeContext) throws -> Activation {
    func bound(_ name: String, _ k: Int, default value: Double) throws -> Double {
      guard context.version >= 11 else { return context.number(name, default: value) }
      return try context.reals(k)?.numbers.first ?? value
    }
    let low = try bound("min", 1, default: -.infinity)
    let high = try bound("max", 2, default: .infinity)
    return try context.function(.clip(low: low, high: high), of: try context.activation(0))
  }

  private static func dropout(_ context: NodeContext) throws -> GraphValue {
    if let training = try context.reals(2), training.numbers.first != 0 {
      throw context.refusal("drops units at random", "export with model.eval()")
    }
    return try context.input(0)
  }
}
