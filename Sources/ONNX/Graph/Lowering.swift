import Programs

/// Turns the part of a graph between an input and some outputs into steps: shapes are inferred, what does not depend on
/// the member is computed, and the batch is taken out.
///
/// Every name stands for a constant, or for an activation with a slot of memory. Operators (`OperatorRule`) append
/// steps.
final class Lowering {
  /// How much a model may take, in elements: of one activation, and of all activations, tables and constants.
  struct Limits: Sendable {
    var activation = 1 << 24
    var total = 1 << 27

    init() {}

    init(activation: Int, total: Int) {
      self.activation = activation
      self.total = total
    }
  }

  let graph: GraphFile
  let bytes: ModelBytes
  /// The version of the standard operator set.
  let version: Int
  let limits: Limits
  /// Whether constants are computed, so that axis 0 is no batch.
  let isFolding: Bool
  /// The size of the batch that the file declares; nil where it is free.
  var declaredBatch: Int?

  private(set) var values: [String: GraphValue] = [:]
  private(set) var slots: [Int] = []
  private(set) var steps: [Step] = []
  private(set) var constants: [[Double]] = []
  /// The step of a product whose channels are axis 1 of a value, by the value's name.
  private(set) var products: [String: Int] = [:]
  /// How many nodes and outputs use a name.
  private var uses: [String: Int] = [:]
  private var spent = 0

  init(
    _ graph: GraphFile, _ bytes: ModelBytes, limits: Limits, isFolding: Bool = false
  ) throws {
    self.graph = graph
    self.bytes = bytes
    self.limits = limits
    self.isFolding = isFolding
    guard let version = graph.operatorSets[""] else {
      throw Refusal("does not use ONNX's standard operators", "export with torch.onnx.export")
    }
    guard OperatorRule.versions.contains(version) else {
      throw Refusal(
        "uses operator set \(version); \(OperatorRule.versions.lowerBound) to "
          + "\(OperatorRule.versions.upperBound) are read",
        "export with opset_version=17, or convert it with onnx.version_converter")
    }
    self.version = version
  }

  // MARK: Nodes

  /// Lowers what the outputs need.
  ///
  /// - Parameters:
  ///   - nodes: The needed nodes in the order of computation.
  ///   - outputs: The names that are wanted.
  func lower(_ nodes: [GraphFile.Node], outputs: [String]) throws {
    for name in nodes.flatMap(\.inputs) + outputs { uses[name, default: 0] += 1 }
    for node in nodes { try lower(node) }
  }

  private func lower(_ node: GraphFile.Node) throws {
    let context = NodeContext(node, self)
    guard let rule = OperatorRule.rule(node) else { throw context.missing() }
    guard rule.versions.contains(version) else {
      throw context.refusal(
        "is defined in other operator sets than \(version)", "export with another opset_version")
    }
    for name in node.inputs where !name.isEmpty { context.inputs.append(try value(name)) }
    // Inputs that are left out keep their places.
    if node.inputs.contains("") {
      context.inputs = try node.inputs.map { $0.isEmpty ? nil : try value($0) }
    }
    let results = try Folding.result(of: rule, context) ?? rule.lower(context)
    guard results.count >= node.outputs.prefix(while: { !$0.isEmpty }).count else {
      throw context.refusal("has \(node.outputs.count) outputs, of which one is read", "export for inference")
    }
    for (name, value) in zip(node.outputs, results) where !name.isEmpty {
      guard values[name] == nil else { throw context.refusal("computes '\(name)' again", "export it again") }
      values[name] = value
    }
  }

  /// What a name stands for; tensors of the file are decoded when they are first used.
  func value(_ name: String) throws -> GraphValue {
    if let value = values[name] { return value }
    guard let place = graph.tensorPlaces[name] else {
      throw Refusal.damaged("nothing computes '\(name)'")
    }
    let constant = try constant(graph.tensors[place])
    values[name] = .constant(constant)
    return .constant(constant)
  }

  /// The numbers of a tensor, which are counted before they are decoded.
  func constant(_ tensor: GraphFile.Tensor) throws -> Constant {
    try spend(try elementCount(tensor.shape, "the tensor '\(tensor.name)'"))
    return try bytes.constant(tensor)
  }

  /// Sets what a name stands for.
  func define(_ name: String, _ value: GraphValue) { values[name] = value }

  /// Whether only one node or output uses a name.
  func isUsedOnce(_ name: String) -> Bool { uses[name] == 1 }

  /// Notes that a step is the product whose channels are axis 1 of a value.
  func noteProduct(_ name: String, step: Int) { products[name] = step }

  /// Changes the weights of a product.
  func change(step: Int, _ kind: Step.Kind) { steps[step].kind = kind }

  // MARK: Memory and steps

  /// Counts elements of activations, tables and constants.
  ///
  /// - Throws: `Refusal` where the model takes too much.
  func spend(_ elements: Int) throws {
    guard elements >= 0, elements <= limits.total - spent else {
      throw Refusal(
        "takes more than \(limits.total) numbers per member for its activations and tables",
        "export a smaller model")
    }
    spent += elements
  }

  /// The number of elements of an activation.
  ///
  /// - Throws: `Refusal` where it is too large.
  func checkedCount(_ shape: [Int], _ what: String) throws -> Int {
    guard shape.count <= FileLimit.rank else {
      throw Refusal("has more than \(FileLimit.rank) dimensions at \(what)", "export a smaller model")
    }
    var count = 1
    for dimension in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      guard dimension > 0, !overflow, product <= limits.activation else {
        throw Refusal(
          "has an activation of shape \(shape) at \(what); expected 1 to \(limits.activation) numbers"
            + " per member", "export a smaller model")
      }
      count = product
    }
    return count
  }

  /// A new slot for an activation.
  func makeActivation(_ shape: [Int], order: [Int]? = nil, for what: String) throws -> Activation {
    let count = try checkedCount(shape, what)
    try spend(count)
    slots.append(count)
    return Activation(slot: slots.count - 1, shape: shape, order: order ?? Array(shape.indices))
  }

  /// Appends a step that computes a new activation.
  func emit(
    _ kind: Step.Kind, _ inputs: [Operand], shape: [Int], order: [Int]? = nil, for what: String
  ) throws -> Activation {
    let result = try makeActivation(shape, order: order, for: what)
    steps.append(Step(kind: kind, inputs: inputs, output: result.slot))
    return result
  }

  /// Keeps numbers that are the same for each member.
  func keep(_ numbers: [Double]) throws -> Operand {
    try spend(numbers.count)
    constants.append(numbers)
    return .constant(constants.count - 1)
  }

  // MARK: Orders and broadcasting

  /// The activation in another order of memory, or itself.
  func ordered(_ activation: Activation, _ order: [Int], for what: String) throws -> Activation {
    if activation.hasOrder(order) {
      return Activation(slot: activation.slot, shape: activation.shape, order: order)
    }
    return try rearranged(activation, to: activation.shape, order: order, for: what) { $0 }
  }

  /// The activation in row-major order.
  func rowMajor(_ activation: Activation, for what: String) throws -> Activation {
    try ordered(activation, Array(activation.shape.indices), for: what)
  }

  /// A new activation whose elements are elements of another one.
  ///
  /// - Parameter source: Takes an index of the new one and gives that of the old one; nil: the constant `fill`.
  func rearranged(
    _ activation: Activation, to shape: [Int], order: [Int]? = nil, fill: Double = 0, for what: String,
    _ source: (_ index: [Int]) -> [Int]?
  ) throws -> Activation {
    let count = try checkedCount(shape, what)
    try spend(count)
    let order = order ?? Array(shape.indices)
    let strides = activation.strides
    var sources: [Int] = []
    sources.reserveCapacity(count)
    forEachIndex(shape, order: order) { index in
      guard let index = source(index) else {
        sources.append(-1)
        return
      }
      var element = 0
      for (i, stride) in zip(index, strides) { element += i * stride }
      sources.append(element)
    }
    return try emit(
      .rearrangement(Rearrangement(sources: sources, fill: fill)), [.slot(activation.slot)], shape: shape,
      order: order, for: what)
  }

  /// An operand whose elements are in the order of an activation of `shape`, repeated along axes of one element.
  func broadcast(_ value: GraphValue, to shape: [Int], order: [Int], for what: String) throws -> Operand {
    let missing = shape.count - value.shape.count
    let small = value.shape
    func source(_ index: [Int]) -> [Int] {
      small.indices.map { small[$0] == 1 ? 0 : index[$0 + missing] }
    }
    switch value {
    case .activation(let activation):
      if activation.shape == shape, activation.hasOrder(order) { return .slot(activation.slot) }
      return .slot(
        try rearranged(activation, to: shape, order: order, for: what) { source($0) }.slot)
    case .constant(let constant):
      guard let reals = constant.reals else {
        throw Refusal("computes with the size of the batch at \(what)", "export with a free batch dimension")
      }
      try spend(try checkedCount(shape, what))
      let strides = memoryStrides(small, Array(small.indices))
      var numbers: [Double] = []
      forEachIndex(shape, order: order) { index in
        var element = 0
        for (i, stride) in zip(source(index), strides) { element += i * stride }
        numbers.append(reals[element])
      }
      return try keep(numbers)
    }
  }
}

/// The shape of two broadcast together, as numpy has it; nil where they do not fit.
func broadcastShape(_ a: [Int], _ b: [Int]) -> [Int]? {
  let rank = max(a.count, b.count)
  let padded = { (shape: [Int]) in Array(repeating: 1, count: rank - shape.count) + shape }
  var result: [Int] = []
  for (x, y) in zip(padded(a), padded(b)) {
    guard x == y || x == 1 || y == 1 else { return nil }
    result.append(x == 1 ? y : x)
  }
  return result
}
