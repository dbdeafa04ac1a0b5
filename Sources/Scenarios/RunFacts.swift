import Output
import RunFiles
import VAE

extension Experiment {
  /// What the run file says of the run as a whole.
  var runDescription: RunDescription {
    RunDescription(
      title: scenario.description.isEmpty ? scenario.name : scenario.description, scenarioName: scenario.name,
      scenario: scenario.resolvedYAML, seed: scenario.seed, corruption: scenario.initial.corruption,
      command: options.command, source: options.source, commit: options.commit)
  }
}

extension PreparedModel {
  /// What the run file says of the model.
  func facts(hasValidation: Bool, activeLatentVariables: Int) -> ModelFacts {
    let metadata = (model?.metadata ?? [:]).filter { ["epochs", "not_finite_in_epoch"].contains($0.key) }
    let attributes: [(name: String, value: NetCDFAttribute)] =
      [("model_kind", .text(model == nil ? "hopfield" : "vae")), ("model_sha256", .text(sha256))]
      + metadata.sorted { $0.key < $1.key }.map { ("model_" + $0.key, .text($0.value)) }
    guard model != nil else { return ModelFacts(facts: [], attributes: attributes) }
    var facts: [ModelFacts.Fact] = bestEpoch.map { [.bestEpoch($0)] } ?? []
    var evidence: [(ModelFacts.Fact.Items, Evidence)] = [(.train, train), (.test, test)]
    if hasValidation { evidence.append((.validation, validation)) }
    facts += evidence.map { items, evidence in
      .negativeELBO(of: items, mean: evidence.negativeELBO, standardError: evidence.standardError)
    }
    return ModelFacts(
      facts: facts + [.activeLatentVariables(activeLatentVariables)], attributes: attributes)
  }
}
