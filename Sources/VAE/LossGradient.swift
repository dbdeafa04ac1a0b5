import Numerics

/// The loss and its gradient at given parameters, items and noise. It serves checks against other programs and
/// against finite differences.
public struct LossGradient: Sendable {
  /// The mean over the items of negative log-likelihood + beta KL, in nats.
  public var loss: Double
  /// The gradient of each parameter tensor, by its name in model files, row-major.
  public var gradient: [String: [Double]]
  /// The derivative of the loss with respect to ln S, the logarithm of a Gaussian decoder's scale.
  public var scaleGradient: Double

  /// Computes both in the given precision.
  ///
  /// - Parameters:
  ///   - model: The parameters.
  ///   - items: Shape `[items, D]`.
  ///   - noise: The eps of the reparametrized samples, shape `[items, N]`.
  ///   - beta: The weight of the Kullback-Leibler term.
  ///   - precision: The type of the numbers.
  ///   - perturbing: A change of one parameter (tensor name, index, amount), which is made first, in that
  ///     precision.
  public init<Scalar: NetworkScalar>(
    of model: Autoencoder, items: [[Double]], noise: [[Double]], beta: Double, precision: Scalar.Type,
    perturbing: (tensor: String, index: Int, by: Double)? = nil
  ) {
    let engine = GradientEngine<Scalar>(model, capacity: items.count, team: WorkTeam(threads: 1))
    let shapes = model.architecture.layers
    if let perturbing {
      for (k, shape) in shapes.enumerated() {
        let weights = shape.inputs * shape.outputs
        if perturbing.tensor == shape.name + ".weight" {
          engine.parameters.perturb(tensor: k, index: perturbing.index, by: perturbing.by)
        } else if perturbing.tensor == shape.name + ".bias" {
          engine.parameters.perturb(tensor: k, index: weights + perturbing.index, by: perturbing.by)
        }
      }
    }
    for (r, item) in items.enumerated() {
      for (i, x) in item.enumerated() { engine.nextItem(r)[i] = Scalar(x) }
      for (i, e) in noise[r].enumerated() { engine.nextNoise(r)[i] = Scalar(e) }
    }
    engine.advance()
    let (sums, values) = engine.gradient(rows: items.count, beta: beta)
    loss = (sums.negativeLogLikelihood + beta * sums.kullbackLeibler) / Double(items.count)
    scaleGradient = sums.scaleGradient / Double(items.count)
    gradient = [:]
    for (shape, tensor) in zip(shapes, engine.parameters.layout.tensors(of: values)) {
      let weights = shape.inputs * shape.outputs
      gradient[shape.name + ".weight"] = tensor[..<weights].map(Double.init)
      gradient[shape.name + ".bias"] = tensor[weights...].map(Double.init)
    }
  }
}
