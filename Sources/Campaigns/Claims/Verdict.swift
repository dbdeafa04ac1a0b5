import Expressions
import Scenarios

/// What a claim's numbers say.
public enum Verdict: Int, Sendable, CaseIterable {
  /// Every model gave the estimate, the interval of its mean lies above the threshold, and the interval of no
  /// control does.
  case supported
  /// The interval lies below the threshold.
  case refuted
  /// Anything else.
  case undecided

  /// The rule.
  ///
  /// A model may lack the estimate because it lacks the effect, for example if the estimate is the root of a
  /// negative number. The models that have an estimate then say nothing about all models.
  ///
  /// - Parameters:
  ///   - models: Models in all.
  ///   - count: Models that gave the estimate.
  ///   - lower: Lower end of Student's 95 % interval over them.
  ///   - upper: Its upper end.
  ///   - threshold: What it must exceed.
  ///   - controls: The controls' intervals, with the number of models that gave one, and of all models.
  ///   - whyMissing: Why models lack the estimate.
  /// - Returns: The verdict, and why it is not another.
  public static func of(
    models: Int, count: Int, lower: Double, upper: Double, threshold: Double,
    controls: [(name: String, count: Int, lower: Double)], whyMissing: String = ""
  ) -> (Verdict, reason: String) {
    let least = ClaimSpecification.leastModels
    guard count == models else {
      let why = whyMissing.isEmpty ? "" : ": \(whyMissing)"
      return (
        .undecided,
        "the estimate is missing, or no finite number, in \(models - count) of \(models) models\(why)"
      )
    }
    guard count >= least else { return (.undecided, "\(count) of at least \(least) models") }
    let incomplete = controls.filter { $0.count < models }
    guard incomplete.isEmpty else {
      let names = incomplete.map { "\($0.name) (in \(models - $0.count) of \(models) models)" }
      return (
        .undecided,
        "the estimate is missing, or no finite number, with the control \(names.joined(separator: ", "))"
      )
    }
    guard lower.isFinite, upper.isFinite else {
      return (.undecided, "the interval over models has no finite ends")
    }
    if upper < threshold { return (.refuted, "the interval lies below the threshold") }
    guard lower > threshold else { return (.undecided, "the interval does not clear the threshold") }
    // Few models give wide intervals, which would hide any effect.
    let unknown = controls.filter { !$0.lower.isFinite || $0.count < least }.map(\.name)
    guard unknown.isEmpty else {
      return (
        .undecided, "the interval with the control \(unknown.joined(separator: ", ")) has no finite ends"
      )
    }
    let alike = controls.filter { $0.lower > threshold }.map(\.name)
    guard alike.isEmpty else {
      return (.undecided, "shown by the control \(alike.joined(separator: ", ")) too")
    }
    return (.supported, "above the threshold, and no control's interval is")
  }
}
