import Programs

/// Poolings.
enum Pooling {
  static let rules: [OperatorRule] = [
    OperatorRule("AveragePool", folding: .first) { [.activation(try average($0))] },
    OperatorRule("MaxPool", folding: .first) { [.activation(try maximum($0))] },
    OperatorRule("GlobalAveragePool", folding: .first) { [.activation(try overall($0, isMaximum: false))] },
    OperatorRule("GlobalMaxPool", folding: .first) { [.activation(try overall($0, isMaximum: true))] },
  ]

  /// The elements of each window in memory, channels last, and the window's geometry.
  private static func windows(_ context: NodeContext) throws -> (
    activation: Activation, geometry: ConvolutionGeometry, window: NodeContext.Window, groups: [[Int]]
  ) {
    let source = try context.activation(0)
    guard source.shape.count >= 3 else {
      throw context.refusal("has an input of shape \(source.shape)", "export the model again")
    }
    let rank = source.shape.count - 2
    let activation = try context.lowering.ordered(
      source, [0] + Array(2..<rank + 2) + [1], for: context.place)
    let window = try context.window(kernel: nil, rank: rank)
    let geometry = try context.geometry(
      window, input: Array(source.shape[2...]), roundsUp: context.integer("ceil_mode", default: 0) != 0)
    let (images, channels) = (source.shape[0], source.shape[1])
    let (entries, overflow) = (images * channels).multipliedReportingOverflow(
      by: geometry.coarseCount * geometry.places)
    try context.lowering.spend(overflow ? Int.max : entries)
    var groups: [[Int]] = []
    let table = geometry.table()
    for image in 0..<images {
      for row in table {
        for channel in 0..<channels {
          groups.append(
            row.filter { $0 >= 0 }.map { (image * geometry.fineCount + $0) * channels + channel })
        }
      }
    }
    return (activation, geometry, window, groups)
  }

  private static func emit(
    _ kind: Step.Kind, _ activation: Activation, _ geometry: ConvolutionGeometry, _ context: NodeContext
  ) throws -> Activation {
    try context.lowering.emit(
      kind, [.slot(activation.slot)], shape: Array(activation.shape[..<2]) + geometry.coarse,
      order: activation.order, for: context.place)
  }

  private static func average(_ context: NodeContext) throws -> Activation {
    let (activation, geometry, window, groups) = try windows(context)
    var weights = groups.map { $0.isEmpty ? 0 : 1 / Double($0.count) }
    if context.integer("count_include_pad", default: 0) != 0 {
      // The padding counts, and what lies beyond it does not.
      var counts: [Int] = []
      forEachIndex(geometry.coarse, order: Array(geometry.coarse.indices)) { position in
        var count = 0
        forEachIndex(geometry.kernel, order: Array(geometry.kernel.indices)) { place in
          let isInside = geometry.kernel.indices.allSatisfy { axis in
            let at = position[axis] * geometry.strides[axis] + place[axis] * geometry.dilations[axis]
            let isSame = window.automatic.hasPrefix("SAME")
            let end = isSame ? Int.max : window.pads[axis + geometry.kernel.count] + geometry.fine[axis]
            return at - geometry.padding[axis] < end
          }
          if isInside { count += 1 }
        }
        counts.append(count)
      }
      let channels = activation.shape[1]
      weights = weights.indices.map { 1 / Double(max(counts[$0 / channels % counts.count], 1)) }
    }
    return try emit(.sum(Groups(groups), weights: weights), activation, geometry, context)
  }

  private static func maximum(_ context: NodeContext) throws -> Activation {
    guard context.node.outputs.count == 1 else {
      throw context.refusal("gives indices beside the largest elements", "pool without return_indices")
    }
    let (activation, geometry, _, groups) = try windows(context)
    return try emit(.maximum(Groups(groups)), activation, geometry, context)
  }

  private static func overall(_ context: NodeContext, isMaximum: Bool) throws -> Activation {
    let activation = try context.activation(0)
    guard activation.shape.count >= 3 else {
      throw context.refusal("has an input of shape \(activation.shape)", "export the model again")
    }
    let channels = activation.shape[1]
    try context.lowering.spend(activation.count)
    let groups = Normalizations.groups(activation, count: activation.shape[0] * channels) {
      $0[0] * channels + $0[1]
    }
    let weight = Double(groups.count) / Double(activation.count)
    return try context.lowering.emit(
      isMaximum ? .maximum(groups) : .sum(groups, weights: Array(repeating: weight, count: groups.count)),
      [.slot(activation.slot)],
      shape: Array(activation.shape[..<2]) + Array(repeating: 1, count: activation.shape.count - 2),
      for: context.place)
  }
}
