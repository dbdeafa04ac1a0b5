import Expressions
import Scenarios

extension ClaimSpecification.Rule {
  /// The attribute of a claim's group that holds the rule's number.
  var attribute: String { key.replacing("-", with: "_") }

  /// What the rule's number is called.
  var words: String { key.replacing("-", with: " ") }
}

extension ClaimSpecification {
  /// The entries of this claim with their verdicts.
  func judged(_ entries: [ClaimResult.Entry]) -> [ClaimResult.Entry] {
    switch rule {
    case .threshold(let threshold): entries.map { judged($0, above: threshold) }
    case .smallestEffect(let smallest): judged(entries, by: FamilyRule(smallestEffect: smallest))
    }
  }

  private func judged(_ entry: ClaimResult.Entry, above threshold: Double) -> ClaimResult.Entry {
    let own = entry.estimates
    var result = entry
    (result.verdict, result.reason) = Verdict.of(
      models: own.values.count, count: own.interval.count, lower: own.interval.lower,
      upper: own.interval.upper, threshold: threshold,
      controls: entry.controls.filter { controls.contains($0.control) }.map {
        ($0.control.rawValue, $0.estimates.interval.count, $0.estimates.interval.lower)
      }, whyMissing: own.whyMissing)
    return result
  }

  private func judged(_ entries: [ClaimResult.Entry], by rule: FamilyRule) -> [ClaimResult.Entry] {
    let parts = estimate.parts.count
    let null = estimate.controls.filter(\.isNullModel).map(\.rawValue).min()
    return zip(entries, rule.answers(entries.map(\.estimates.values), parts: parts)).map { entry, answer in
      var result = entry
      result.answer = answer
      result.estimates.interval = answer.interval
      for k in result.controls.indices {
        result.controls[k].estimates.interval = rule.interval(
          result.controls[k].estimates.values, among: entries.count / parts)
      }
      (result.verdict, result.reason) = answer.verdict(
        rule.smallestEffect, beyond: null, ClaimResult.number)
      return result
    }
  }
}
