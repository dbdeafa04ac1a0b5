import Programs

/// A node with what its inputs stand for, and what operators ask of both.
final class NodeContext {
  let node: GraphFile.Node
  let lowering: Lowering
  /// By the node's inputs; nil for one left out.
  var inputs: [GraphValue?] = []

  init(_ node: GraphFile.Node, _ lowering: Lowering) {
    self.node = node
    self.lowering = lowering
  }

  var version: Int { lowering.version }

  /// The node, for messages.
  var place: String {
    node.name.isEmpty ? "a node \(node.operation)" : "node '\(node.name)' (\(node.operation))"
  }

  /// What the node is refused for.
  func refusal(_ problem: String, _ remedy: String) -> Refusal { Refusal("\(place) \(problem)", remedy) }

  /// The refusal of an operator that is not read.
  func missing() -> Refusal {
    if !node.domain.isEmpty {
      let isLocal = lowering.graph.functions.contains(node.operation)
      return refusal(
        isLocal ? "calls a local function" : "is of the foreign domain '\(node.domain)'",
        "replace it with standard operators: onnx.inliner.inline_local_functions(model)")
    }
    return refusal(
      "is an operator that is not read",
      "write that layer with others, and export again")
  }

  // MARK: Inputs

  /// Input k; nil where it is left out.
  func optional(_ k: Int) -> GraphValue? { k < inputs.count ? inputs[k] : nil }

  /// Input k.
  func input(_ k: Int) throws -> GraphValue {
    guard let value = optional(k) else {
      throw refusal("lacks its input \(k + 1)", "export the model again")
    }
    return value
  }

  /// Input k, which depends on the member.
  func activation(_ k: Int) throws -> Activation {
    switch try input(k) {
    case .activation(let activation): return activation
    case .constant:
      throw refusal(
        "has a constant for its input \(k + 1), and one that depends on the data was expected",
        "compute it before the export")
    }
  }

  /// Input k as an activation: a constant becomes one that is the same for each member.
  func spread(_ k: Int) throws -> Activation {
    switch try input(k) {
    case .activation(let activation): return activation
    case .constant(let constant):
      guard let reals = constant.reals else {
        throw refusal("computes with the size of the batch", "export with a free batch dimension")
      }
      return try lowering.emit(
        .rearrangement(Rearrangement(sources: Array(reals.indices))), [try lowering.keep(reals)],
        shape: constant.shape, for: place)
    }
  }

  /// Input k, floating-point numbers that are the same for each member; nil where it is left out.
  func reals(_ k: Int) throws -> (shape: [Int], numbers: [Double])? {
    guard let value = optional(k) else { return nil }
    guard case .constant(let constant) = value, let reals = constant.reals else {
      throw refusal(
        "has an input \(k + 1) that depends on the data; expected weights",
        "write that layer with MatMul, Mul and Add")
    }
    return (constant.shape, reals)
  }

  /// Input k, weights.
  func weights(_ k: Int) throws -> (shape: [Int], numbers: [Double]) {
    guard let weights = try reals(k) else {
      throw refusal("lacks its input \(k + 1)", "export the model again")
    }
    return weights
  }

  /// Input k, whole numbers of shape arithmetic; nil where it is left out.
  func extents(_ k: Int) throws -> [Extent]? {
    guard let value = optional(k) else { return nil }
    guard case .constant(let constant) = value, let integers = constant.integers else {
      throw refusal(
        "has an input \(k + 1) that depends on the data; expected whole numbers that do not",
        "make that shape a constant")
    }
    return integers
  }

  /// Input k, whole numbers without the batch; nil where it is left out.
  func integers(_ k: Int) throws -> [Int]? {
    guard let extents = try extents(k) else { return nil }
    guard !extents.contains(where: \.isBatch) else {
      throw refusal("computes with the size of the batch", "export with a free batch dimension")
    }
    return extents.map(\.factor)
  }

  // MARK: Attributes

  private func attribute(_ name: String) -> GraphFile.Attribute? {
    node.attributes.first { $0.name == name }
  }

  func integer(_ name: String) -> Int? { attribute(name)?.integer }
  func integer(_ name: String, default value: Int) -> Int { attribute(name)?.integer ?? value }
  func number(_ name: String, default value: Double) -> Double {
    // Defaults are in single precision, like the numbers of files.
    Double(attribute(name)?.number ?? Float(value))
  }
  func text(_ name: String, default value: String) -> String { attribute(name)?.text ?? value }
  func integers(_ name: String) -> [Int]? { attribute(name)?.integers }
  func numbers(_ name: String) -> [Double]? { attribute(name)?.numbers.map(Double.init) }
  func tensor(_ name: String) -> GraphFile.Tensor? { attribute(name)?.tensor }

  /// Numbers that are an attribute up to some operator set, and an input later.
  func axes(_ name: String = "axes", input k: Int) throws -> [Int]? {
    try integers(name) ?? integers(k)
  }

  // MARK: Axes

  /// An axis counted from either end.
  func axis(_ axis: Int, rank: Int) throws -> Int {
    guard (-rank..<rank).contains(axis) else {
      throw refusal("names axis \(axis) of \(rank)", "export the model again")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// An axis of an activation that is not the batch.
  func dataAxis(_ axis: Int, of activation: Activation) throws -> Int {
    let result = try self.axis(axis, rank: activation.shape.count)
    if result == 0 { try refuseBatchAxis() }
    return result
  }

  /// - Throws: `Refusal` where axis 0 is the batch, over which members would mix.
  func refuseBatchAxis() throws {
    guard !lowering.isFolding else { return }
    throw refusal(
      "works along the batch dimension, so that members depend on each other",
      lowering.declaredBatch == nil
        ? "keep the batch as the first dimension throughout the model"
        : "export with a free batch dimension: dynamic_axes={'x': {0: 'batch'}} or dynamic_shapes")
  }

  // MARK: Results

  /// A function of each element.
  func function(_ function: ElementFunction, of activation: Activation) throws -> Activation {
    try lowering.emit(
      .function(function), [.slot(activation.slot)], shape: activation.shape, order: activation.order,
      for: place)
  }

  /// Checks that the batch stays axis 0 where two values are broadcast together.
  func broadcastShape(_ values: [GraphValue]) throws -> [Int] {
    var shape: [Int] = []
    for value in values {
      guard let next = ONNX.broadcastShape(shape, value.shape) else {
        throw refusal(
          "has inputs of shapes \(values.map(\.shape)), which do not fit together", "export the model again")
      }
      shape = next
    }
    guard !lowering.isFolding else { return shape }
    for value in values {
      switch value {
      case .activation(let activation):
        if activation.shape.count != shape.count || activation.shape[0] != shape[0] { try refuseBatchAxis() }
      case .constant(let constant):
        if constant.shape.count == shape.count, constant.shape.first != 1, !constant.isPerMember {
          try refuseBatchAxis()
        }
      }
    }
    return shape
  }

  /// The order of memory of a result: that of the first activation of the same shape.
  func commonOrder(_ values: [GraphValue], _ shape: [Int]) -> [Int] {
    for case .activation(let activation) in values where activation.shape == shape { return activation.order }
    return Array(shape.indices)
  }
}
