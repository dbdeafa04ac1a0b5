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
  /// Held-out items in the place of the scenario's.
  case heldOut = "held-out"
  /// Training items in the place of the scenario's.
  case training
  /// The common motion: every state moves as all do.
  case commonMotion = "common-motion"

  /// The overrides, as for `--set`, that make the control's scenario from the claim's; nil if it is read from
  /// the same run.
  package var overrides: [String]? {
    switch self {
    case .untrained: ["model.training.epochs=0"]
    case .autoencoder: ["model.training.beta=0"]
    case .shuffledLabels: ["dataset.shuffle-labels=true"]
    case .linear: ["model.hidden=[]", "model.likelihood=gaussian"]
    case .heldOut: ["initial.split=test"]
    case .training: ["initial.split=train"]
    case .sibling, .chord, .dataSpace, .commonMotion: nil
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
    case .heldOut: "held-out items, with the same model"
    case .training: "training items, with the same model"
    case .commonMotion: "each state moves as all do: their mean and their spread change, and nothing else"
    }
  }

  /// Whether its models can show an effect of the data's geometry alone. That an effect is not larger than theirs does not
  /// contradict it.
  package var isNullModel: Bool { self == .linear || self == .untrained }

  /// The name of an observable's average on the common motion.
  package static func onCommonMotion(_ observable: String) -> String { observable + "-on-common-motion" }

  /// The estimate under this control; nil if the estimate has nothing that the control could replace.
  package func expression(_ expression: ClaimExpression) -> ClaimExpression? {
    var isReplaced = false
    func replaced(_ node: ClaimExpression.Node) -> ClaimExpression.Node {
      isReplaced = true
      return node
    }
    let result: ClaimExpression
    switch self {
    case .untrained, .autoencoder, .shuffledLabels, .linear, .heldOut, .training: return expression
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
        node.renamed { siblings[$0] }.map(replaced)
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
    case .commonMotion:
      result = expression.replacing(rawValue) { node in node.renamed(Self.onCommonMotion).map(replaced) }
    case .dataSpace:
      let counterparts = ["distance-concept", "distance-sibling-concept", "distance-memory"]
      result = expression.replacing(rawValue) { node in
        node.renamed { counterparts.contains($0) ? "data-" + $0 : nil }.map(replaced)
      }
    }
    return isReplaced ? result : nil
  }
}

extension ClaimExpression.Node {
  /// The function of another series; nil if this is no function of a series, or if there is no other one.
  fileprivate func renamed(_ other: (String) -> String?) -> Self? {
    switch self {
    case .series(let function, let name): other(name).map { .series(function, $0) }
    case .at(let time, let name): other(name).map { .at(time: time, $0) }
    default: nil
    }
  }
}
