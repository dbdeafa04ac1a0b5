/// Constants, and what shapes tell.
enum Constants {
  static let rules: [OperatorRule] = [
    OperatorRule("Constant", folding: .byRule) { [.constant(try constant($0))] },
    OperatorRule("ConstantOfShape", folding: .byRule) { [.constant(try constantOfShape($0))] },
    OperatorRule("Shape", folding: .byRule) { [.constant(try shape($0))] },
    OperatorRule("Cast", folding: .byRule) { [try cast($0)] },
  ]

  private static func constant(_ context: NodeContext) throws -> Constant {
    if let tensor = context.tensor("value") {
      return try context.lowering.constant(tensor)
    }
    if context.node.attributes.contains(where: { $0.name == "value_float" }) {
      return Constant(shape: [], values: .reals([context.number("value_float", default: 0)]))
    }
    if let integer = context.integer("value_int") {
      return Constant(shape: [], values: .integers([Extent(integer)]))
    }
    if let numbers = context.numbers("value_floats") {
      return Constant(shape: [numbers.count], values: .reals(numbers))
    }
    if let integers = context.integers("value_ints") {
      return Constant(shape: [integers.count], values: .integers(integers.map { Extent($0) }))
    }
    throw context.refusal("has a value that is no tensor and no number", "export it again")
  }

  private static func constantOfShape(_ context: NodeContext) throws -> Constant {
    guard let extents = try context.extents(0) else {
      throw context.refusal("has no shape", "export it again")
    }
    let shape = extents.map(\.factor)
    guard !extents.dropFirst().contains(where: \.isBatch) else {
      throw context.refusal("has the batch elsewhere than in front", "keep the batch as the first dimension")
    }
    let count = try elementCount(shape, context.place)
    try context.lowering.spend(count)
    var value = Constant(shape: [1], values: .reals([0]))
    if let tensor = context.tensor("value") { value = try context.lowering.constant(tensor) }
    guard value.count == 1 else { throw context.refusal("has \(value.count) values", "export it again") }
    let values: Constant.Values =
      switch value.values {
      case .reals(let reals): .reals(Array(repeating: reals[0], count: count))
      case .integers(let integers): .integers(Array(repeating: integers[0], count: count))
      }
    return Constant(shape: shape, values: values, isPerMember: extents.first?.isBatch ?? false)
  }

  private static func shape(_ context: NodeContext) throws -> Constant {
    let value = try context.input(0)
    let isBatched =
      switch value {
      case .activation: !context.lowering.isFolding
      case .constant(let constant): constant.isPerMember
      }
    let extents = value.shape.enumerated().map { Extent($1, isBatch: $0 == 0 && isBatched) }
    let rank = extents.count
    func place(_ name: String, default value: Int) -> Int {
      let place = context.integer(name, default: value)
      return min(max(place < 0 ? place &+ rank : place, 0), rank)
    }
    let (start, end) = (place("start", default: 0), place("end", default: rank))
    let part = start < end ? Array(extents[start..<end]) : []
    return Constant(shape: [part.count], values: .integers(part))
  }

  private static func cast(_ context: NodeContext) throws -> GraphValue {
    let target = ElementType(rawValue: context.integer("to", default: 0))
    guard let target, target != .text else {
      throw context.refusal("casts to a type that is not read", "export without it")
    }
    switch try context.input(0) {
    case .activation(let activation):
      if target.isReal { return .activation(activation) }
      guard target == .boolean else {
        throw context.refusal(
          "makes whole numbers of data, which has no derivative", "export the model without rounding")
      }
      return .activation(try context.function(.not, of: context.function(.not, of: activation)))
    case .constant(var constant):
      switch constant.values {
      case .integers where target.isReal:
        guard let reals = constant.reals else {
          throw context.refusal("computes with the size of the batch", "export with a free batch dimension")
        }
        constant.values = .reals(reals)
      case .integers(let integers) where target == .boolean:
        constant.values = .integers(integers.map { Extent($0.factor != 0 || $0.isBatch ? 1 : 0) })
      case .reals(let reals) where !target.isReal:
        guard reals.allSatisfy({ abs($0) < 0x1p62 }) else {
          throw context.refusal("makes whole numbers of numbers that are too large", "export it again")
        }
        constant.values = .integers(reals.map { Extent(target == .boolean ? ($0 != 0 ? 1 : 0) : Int($0)) })
      default: break
      }
      return .constant(constant)
    }
  }
}
