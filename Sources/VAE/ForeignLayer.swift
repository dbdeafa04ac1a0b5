/// Layers that a model file may contain but a dense autoencoder cannot have. They are recognized by their tensors'
/// names and shapes.
///
/// Such a file is refused with the name of the layer. It would be misleading to complain about a tensor's name or
/// type, because correcting those would not make the model readable.
enum ForeignLayer {
  /// A layer with weights of more than two dimensions.
  case convolution(tensor: String, shape: [Int])
  /// A layer that normalizes by means and variances of batches.
  case batchNormalization(tensor: String)
  /// A decoder whose hidden widths are not the encoder's in reverse order.
  case otherDecoder(encoder: [Int], decoder: [Int])

  /// What is wrong, and what was expected.
  var problem: String {
    switch self {
    case .convolution(let tensor, let shape):
      "tensor '\(tensor)' of shape \(shape) belongs to a convolution; expected fully connected layers,"
        + " whose weights are [outputs, inputs]"
    case .batchNormalization(let tensor):
      "tensor '\(tensor)' belongs to a batch normalization; expected fully connected layers alone"
    case .otherDecoder(let encoder, let decoder):
      "the decoder's hidden widths are \(decoder), the encoder's \(encoder);"
        + " expected a decoder that mirrors the encoder: \(Array(encoder.reversed()))"
    }
  }

  /// What the user can do about it.
  var remedy: String {
    switch self {
    case .convolution: "train a model of fully connected layers"
    case .batchNormalization:
      "fold it into the weights and the bias of the layer before it"
        + " (torch.nn.utils.fusion.fuse_linear_bn_weights)"
    case .otherDecoder: "train a model with such a decoder"
    }
  }

  /// The first foreign layer among a file's tensors, in the order of their names; nil if there is none.
  ///
  /// - Parameter shapes: The shape of each tensor by its name.
  /// - Complexity: O(n log n) for n tensors.
  static func first(in shapes: [String: [Int]]) -> ForeignLayer? {
    let names = shapes.keys.sorted()
    for name in names {
      if ["running_mean", "running_var", "num_batches_tracked"].contains(where: { name.hasSuffix("." + $0) })
      {
        return .batchNormalization(tensor: name)
      }
    }
    for name in names where name.hasSuffix("weight") {
      if let shape = shapes[name], (3...5).contains(shape.count) {
        return .convolution(tensor: name, shape: shape)
      }
    }
    return otherDecoder(shapes)
  }

  /// Finds a decoder whose tensors have this format's names, but whose widths are not the encoder's in reverse
  /// order.
  private static func otherDecoder(_ shapes: [String: [Int]]) -> ForeignLayer? {
    guard shapes["encoder.mean.weight"] != nil, shapes["decoder.output.weight"] != nil else { return nil }
    let encoder = hiddenWidths(of: "encoder", shapes)
    let decoder = hiddenWidths(of: "decoder", shapes)
    guard let encoder, let decoder, decoder != encoder.reversed() else { return nil }
    return .otherDecoder(encoder: encoder, decoder: decoder)
  }

  /// The output widths of a part's hidden layers; nil if the layers do not fit together, because then something
  /// else is wrong.
  private static func hiddenWidths(of part: String, _ shapes: [String: [Int]]) -> [Int]? {
    var widths: [Int] = []
    while let weight = shapes["\(part).\(widths.count).weight"] {
      guard weight.count == 2, shapes["\(part).\(widths.count).bias"] == [weight[0]] else { return nil }
      if let previous = widths.last, weight[1] != previous { return nil }
      widths.append(weight[0])
    }
    let numbered = shapes.keys.filter { name in
      let parts = name.split(separator: ".")
      return parts.count == 3 && parts[0] == part && Int(parts[1]) != nil && parts[2] == "weight"
    }
    return numbered.count == widths.count ? widths : nil
  }
}
