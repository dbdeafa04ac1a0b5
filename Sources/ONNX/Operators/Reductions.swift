import Programs

/// Means and sums over axes.
enum Reductions {
  static let rules: [OperatorRule] = [
    OperatorRule("ReduceMean", folding: .first) { [try reduction($0, isMean: true, axesSince: 18)] },
    OperatorRule("ReduceSum", folding: .first) { [try reduction($0, isMean: false, axesSince: 13)] },
  ]

  private static func reduction(
    _ context: NodeContext, isMean: Bool, axesSince first: Int
  ) throws -> GraphValue {
    let activation = try context.activation(0)
    let rank = activation.shape.count
    var axes = try context.version >= first ? context.integers(1) : context.integers("axes")
    if axes?.isEmpty ?? true {
      if context.integer("noop_with_empty_axes", default: 0) != 0 { return .activation(activation) }
      axes = Array(0..<rank)
    }
    let reduced = Set(try (axes ?? []).map { try context.axis($0, rank: rank) })
    if reduced.contains(0) { try context.refuseBatchAxis() }
    let kept = activation.shape.indices.map { reduced.contains($0) ? 1 : activation.shape[$0] }
    let strides = memoryStrides(kept, Array(kept.indices))
    try context.lowering.spend(activation.count)
    let groups = Normalizations.groups(activation, count: kept.reduce(1, *)) { index in
      index.indices.reduce(0) { $0 + (reduced.contains($1) ? 0 : index[$1] * strides[$1]) }
    }
    let weight = isMean ? Double(groups.count) / Double(activation.count) : 1
    let keepsAxes = context.integer("keepdims", default: 1) != 0
    let shape = keepsAxes ? kept : kept.indices.filter { !reduced.contains($0) }.map { kept[$0] }
    return .activation(
      try context.lowering.emit(
        .sum(groups, weights: Array(repeating: weight, count: groups.count)), [.slot(activation.slot)],
        shape: shape, for: context.place))
  }
}
