/// Nearest elements of a larger or smaller grid.
enum Resizing {
  static let rules: [OperatorRule] = [
    OperatorRule("Resize", since: 10, folding: .first) { [.activation(try resize($0))] },
    OperatorRule("Upsample", until: 9, folding: .first) { [.activation(try resize($0))] },
  ]

  private static func resize(_ context: NodeContext) throws -> Activation {
    let activation = try context.activation(0)
    let rank = activation.shape.count
    let isOld = context.version < 11
    guard rank > 0 else { throw context.refusal("has an input without axes", "export the model again") }
    guard context.text("mode", default: "nearest") == "nearest" else {
      throw context.refusal(
        "interpolates ('\(context.text("mode", default: ""))'); nearest elements are read",
        "upsample with mode='nearest', or by a transposed convolution")
    }
    guard context.text("keep_aspect_ratio_policy", default: "stretch") == "stretch" else {
      throw context.refusal("keeps the aspect ratio", "give the sizes of all axes")
    }
    let axes = try context.integers("axes")?.map { try context.axis($0, rank: rank) } ?? Array(0..<rank)
    let scales = try isOld ? context.reals(1)?.numbers : context.reals(2)?.numbers
    let sizes = isOld ? nil : try context.extents(3)
    var (shape, factors) = (activation.shape, [Double](repeating: 1, count: rank))
    if let sizes, !sizes.isEmpty {
      guard sizes.count == axes.count else { throw context.refusal("has too few sizes", "export it again") }
      for (axis, size) in zip(axes, sizes) where axis > 0 || context.lowering.isFolding {
        guard !size.isBatch else { throw context.refusal("resizes by the batch", "export it again") }
        shape[axis] = size.factor
        factors[axis] = Double(size.factor) / Double(activation.shape[axis])
      }
    } else if let scales, scales.count == axes.count {
      for (axis, scale) in zip(axes, scales) {
        let extent = (Double(activation.shape[axis]) * scale).rounded(.down)
        guard scale > 0, extent >= 1, extent < 0x1p30 else {
          throw context.refusal("has the scale \(scale)", "export the model again")
        }
        shape[axis] = Int(extent)
        factors[axis] = scale
      }
      if factors[0] != 1 { try context.refuseBatchAxis() }
    } else {
      throw context.refusal("has neither scales nor sizes of all axes", "export the model again")
    }
    _ = try context.lowering.checkedCount(shape, context.place)
    let tables = try (0..<rank).map { axis in
      try (0..<shape[axis]).map {
        try nearest($0, of: shape[axis], from: activation.shape[axis], factor: factors[axis], context)
      }
    }
    return try context.lowering.rearranged(
      activation, to: shape, order: activation.order, for: context.place
    ) { index in index.indices.map { tables[$0][index[$0]] } }
  }

  /// The element of the input that is nearest to element `i` of the output, as the operator's attributes have it.
  private static func nearest(
    _ i: Int, of count: Int, from extent: Int, factor: Double, _ context: NodeContext
  ) throws -> Int {
    let isOld = context.version < 11
    let transformation = context.text(
      "coordinate_transformation_mode", default: isOld ? "asymmetric" : "half_pixel")
    let x = Double(i)
    let at: Double
    switch transformation {
    case "asymmetric": at = x / factor
    case "half_pixel": at = (x + 0.5) / factor - 0.5
    case "pytorch_half_pixel": at = count > 1 ? (x + 0.5) / factor - 0.5 : 0
    case "align_corners": at = count > 1 ? x * Double(extent - 1) / Double(count - 1) : 0
    case "half_pixel_symmetric":
      let adjustment = Double(count) / (factor * Double(extent))
      let center = Double(extent) / 2
      at = center * (1 - adjustment) + (x + 0.5) / factor - 0.5
    default:
      throw context.refusal(
        "has the coordinate transformation '\(transformation)'", "export nearest upsampling by whole factors")
    }
    let rounded: Double
    switch context.text("nearest_mode", default: isOld ? "floor" : "round_prefer_floor") {
    case "floor": rounded = at.rounded(.down)
    case "ceil": rounded = at.rounded(.up)
    case "round_prefer_ceil": rounded = (at + 0.5).rounded(.down)
    default: rounded = (at - 0.5).rounded(.up)
    }
    return min(max(Int(rounded), 0), extent - 1)
  }
}
