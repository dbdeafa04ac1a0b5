/// A control of a claim. If it shows the same effect, the claim is not supported.
public enum Control: String, Sendable, CaseIterable, Hashable {
  /// The network before training.
  case untrained
  /// Trained without the Kullback-Leibler term (beta = 0).
  case autoencoder
  /// Class labels permuted among the items: concepts without meaning.
  case shuffledLabels = "shuffled-labels"
  /// A linear model with a Gaussian decoder: the null model, which remembers nothing
  /// (probabilistic principal component analysis; Tipping and Bishop 1999, doi:10.1111/1467-9868.00196).
  case linear
  /// The own concept replaced by a sibling's.
  case sibling
  /// The path replaced by the straight line from z(0) to z(T).
  case chord
  /// Distances of pictures instead of latent states.
  case dataSpace = "data-space"

  /// The overrides, as for `--set`, that make the control's scenario from the claim's; nil if it is read from
  /// the same run.
  package var overrides: [String]? {
    switch self {
    case .untrained: ["model.training.epochs=0"]
    case .autoencoder: ["model.training.beta=0"]
    case .shuffledLabels: ["dataset.shuffle-labels=true"]
    case .linear: ["model.hidden=[]", "model.likelihood=gaussian"]
    case .sibling, .chord, .dataSpace: nil
    }
  }

  /// Whether the control has a model of its own, which is trained.
  package var needsTrainedModel: Bool { [.untrained, .autoencoder, .linear].contains(self) }

  /// What it does, in a few words.
  public var meaning: String {
    switch self {
    case .untrained: "the network before training"
    case .autoencoder: "trained without the Kullback-Leibler term (beta = 0)"
    case .shuffledLabels: "class labels permuted among the items"
    case .linear: "a linear model with a Gaussian decoder"
    case .sibling: "a sibling's concept instead of the own one"
    case .chord: "the straight line from z(0) to z(T) instead of the path"
    case .dataSpace: "distances of pictures instead of latent states"
    }
  }

  /// The estimate under this control; nil if the estimate has nothing that the control could replace.
  package func expression(_ expression: ClaimExpression) -> ClaimExpression? {
    var isReplaced = false
    func replaced(_ node: ClaimExpression.Node) -> ClaimExpression.Node {
      isReplaced = true
      return node
    }
    let result: ClaimExpression
    switch self {
    case .untrained, .autoencoder, .shuffledLabels, .linear: return expression
    case .sibling:
      // A sibling is no control of itself, and there are no numbers of a sibling's chord.
      let names = expression.names
      guard !names.series.contains("distance-sibling-concept"),
        !names.series.contains("data-distance-sibling-concept"),
        !names.numbers.contains(where: { $0.hasPrefix("chord-") || $0.contains("closest-concept") })
      else { return nil }
      let siblings = [
        "distance-concept": "distance-sibling-concept",
        "data-distance-concept": "data-distance-sibling-concept",
      ]
      result = expression.replacing(rawValue) { node in
        guard case .series(let function, let name) = node, let other = siblings[name] else { return nil }
        return replaced(.series(function, other))
      }
    case .chord:
      guard !expression.names.series.contains("distance-sibling-concept") else { return nil }
      // The least distance of the line to the concept, averaged over members, against that at the start.
      result = expression.replacing(rawValue) { node in
        guard case .series(.approach, "distance-concept") = node else { return nil }
        return replaced(
          .operation(
            "-", .number(1),
            .operation("/", .name("chord-concept-distance-mean"), .series(.initial, "distance-concept"))))
      }
    case .dataSpace:
      let counterparts = ["distance-concept", "distance-sibling-concept", "distance-memory"]
      result = expression.replacing(rawValue) { node in
        guard case .series(let function, let name) = node, counterparts.contains(name) else { return nil }
        return replaced(.series(function, "data-" + name))
      }
    }
    return isReplaced ? result : nil
  }
}
