import Numerics
import Statistics

/// The rule for a claim with a smallest effect d of interest: two answers per cell, corrected for the number of cells.
///
/// The cells of a claim, its levels and points of a sweep, are a family. In each, *sign* asks whether the effect is
/// positive or negative, and *size* whether it is above d, or equivalent to zero within d (two one-sided tests;
/// Schuirmann 1987, doi:10.1007/BF01068419). p-values are those of `LocationTest` with Holm's correction: of the two-sided
/// tests of sign over the cells, and of the two questions of size over twice as many. So the probability of any false answer
/// of one kind in the whole family is at most alpha where models' estimates are normal; for other distributions that of the
/// sign test bounds it for medians.
///
/// A cell may have several *parts* that all have to hold. Each of its p-values is then the largest of the parts' (an
/// intersection-union test; Berger 1982, doi:10.1080/00401706.1982.10487790). It is negative as soon as one part is: the p-value
/// of that is the smallest of the negative parts', times the number of parts.
public struct FamilyRule: Sendable {
  /// The direction of an effect.
  public enum Sign: Int, Sendable, CaseIterable {
    case positive, negative, undetermined
  }

  /// The size of an effect against d.
  public enum Size: Int, Sendable, CaseIterable {
    /// Above d.
    case above
    /// Equivalent to zero within d.
    case equivalent
    case undetermined
  }

  /// The answers in one cell.
  public struct Answer: Sendable, Hashable {
    /// The direction.
    public var sign: Sign
    /// Its p-value, corrected; 1 where models lack the estimate.
    public var signProbability: Double
    /// The size.
    public var size: Size
    /// The p-value of the likelier of its two answers, corrected.
    public var sizeProbability: Double
    /// Student's interval with Bonferroni's correction.
    public var interval: StudentInterval
    /// The effect that `FamilyRule.leastModels` models with this scatter show with probability 0.8; NaN if unknown.
    public var detectableEffect: Double
    /// How many models' estimates exceed d.
    public var exceedingCount: Int
    /// The Clopper-Pearson interval of the share of all models that exceed d, with 95 % confidence; missing where any model lacks
    /// the estimate. It says how common an effect is that only some models show.
    public var exceedingShare: FractionInterval
    /// How many models gave the estimate.
    public var count: Int
    /// How many models there are.
    public var models: Int
  }

  /// With fewer models, answers are preliminary: the sign test of five models cannot reach 0.05.
  public static let leastModels = 10
  /// The probability with which an effect of the detectable size is found.
  private static let power = 0.8

  /// d, a positive number.
  public let smallestEffect: Double
  /// alpha, the probability of any false answer of one kind.
  public let error: Double

  /// Creates the rule.
  public init(smallestEffect: Double, error: Double = 0.05) {
    precondition(smallestEffect > 0 && error > 0 && error < 1)
    self.smallestEffect = smallestEffect
    self.error = error
  }

  /// The answers.
  ///
  /// - Parameters:
  ///   - cells: The estimates of each model, by cell and part, the part fastest; not finite where a model gave none. A cell in
  ///     which any model lacks an estimate stays undetermined, because what is missing may be missing for lack of the effect.
  ///   - parts: The number of parts of each cell.
  /// - Returns: One answer per cell and part. The parts of a cell have the same sign and size.
  /// - Complexity: O(cells log cells + estimates).
  public func answers(_ cells: [[Double]], parts: Int = 1) -> [Answer] {
    precondition(parts >= 1 && cells.count % parts == 0)
    let tests = stride(from: 0, to: cells.count, by: parts).map { first in
      let own = cells[first..<first + parts]
      let isComplete = own.allSatisfy { $0.allSatisfy(\.isFinite) }
      return JointTest(own.map { LocationTest(isComplete ? $0 : []) })
    }
    let signs = HolmCorrection.adjusted(tests.map(\.sign.probability))
    let sizes = HolmCorrection.adjusted(
      tests.flatMap { [$0.above(smallestEffect), $0.within(smallestEffect)] })
    return cells.indices.map { cell in
      let k = cell / parts
      let (above, equivalent) = (sizes[2 * k], sizes[2 * k + 1])
      let exceeding = cells[cell].count { $0 > smallestEffect }
      let count = cells[cell].count(where: \.isFinite)
      return Answer(
        sign: signs[k] > error ? .undetermined : tests[k].sign.isPositive ? .positive : .negative,
        signProbability: signs[k],
        size: above <= error ? .above : equivalent <= error ? .equivalent : .undetermined,
        sizeProbability: min(above, equivalent),
        interval: interval(cells[cell], among: tests.count),
        detectableEffect: detectableEffect(cells[cell], among: tests.count), exceedingCount: exceeding,
        exceedingShare: count == cells[cell].count
          ? .clopperPearson(successes: exceeding, trials: count) : .missing,
        count: count, models: cells[cell].count)
    }
  }

  /// Student's interval with Bonferroni's correction for the number of cells.
  func interval(_ cell: [Double], among cells: Int) -> StudentInterval {
    StudentInterval(of: cell, error: error / Double(cells))
  }

  /// (t(1 - alpha / 2m) + t(power)) s / sqrt(n) with n the least number of models and m the number of cells.
  private func detectableEffect(_ cell: [Double], among cells: Int) -> Double {
    var moments = RunningMoments()
    for number in cell where number.isFinite { moments.add(number) }
    guard moments.count > 1, let error = moments.standardError else { return .nan }
    let degrees = Self.leastModels - 1
    let deviation = error * Double(moments.count).squareRoot()
    return deviation / Double(Self.leastModels).squareRoot()
      * (StudentInterval.quantile(1 - self.error / (2 * Double(cells)), degreesOfFreedom: degrees)
        + StudentInterval.quantile(Self.power, degreesOfFreedom: degrees))
  }
}

extension FamilyRule.Answer {
  /// What the answers say of the claim that the effect is positive, and why they say no more.
  ///
  /// - Parameters:
  ///   - smallestEffect: d.
  ///   - null: The null model that the estimate goes beyond, such as `linear`; nil if it goes beyond none. That an effect is
  ///     not larger than the null model's does not contradict it.
  ///   - text: Writes a number.
  func verdict(
    _ smallestEffect: Double, beyond null: String?, _ text: (Double) -> String
  ) -> (Verdict, reason: String) {
    let d = text(smallestEffect)
    guard count == models else {
      return (
        .undecided, "the estimate is missing, or no finite number, in \(models - count) of \(models) models"
      )
    }
    let few =
      models < FamilyRule.leastModels
      ? "; preliminary, because \(models) models are fewer than \(FamilyRule.leastModels)" : ""
    if let null, sign == .negative {
      return (.undecided, "not beyond \(null): smaller than there, which does not contradict the claim" + few)
    }
    switch (sign, size) {
    case (.positive, .above): return (.supported, "positive, and above \(d)" + few)
    case (.positive, .equivalent): return (.undecided, "positive, but smaller than \(d)" + few)
    case (.positive, .undetermined):
      return (.undecided, "positive; whether it is above \(d) is undetermined" + few)
    case (.negative, .equivalent): return (.refuted, "negative, but smaller than \(d)" + few)
    case (.negative, _): return (.refuted, "negative" + few)
    case (.undetermined, .equivalent):
      return (.undecided, "no effect as large as \(d): equivalent to zero within it" + few)
    case (.undetermined, _):
      let found =
        detectableEffect.isFinite
        ? "; \(FamilyRule.leastModels) models would show an effect of \(text(detectableEffect)) with probability 0.8"
        : ""
      return (.undecided, "undetermined" + found + few)
    }
  }
}
