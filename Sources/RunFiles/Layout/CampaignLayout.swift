import Output

/// The variables that files of several runs have besides those of a run.
package enum CampaignLayout {
  /// The coordinate of a swept key.
  ///
  /// - Parameters:
  ///   - dimension: The dimension's name.
  ///   - kind: The type of the values.
  ///   - key: The scenario's key.
  ///   - meaning: What the key means.
  package static func sweptKey(
    _ dimension: String, _ kind: RunVariable.Kind, key: String, meaning: String
  ) -> RunVariable {
    RunVariable(dimension, kind, [dimension], .coordinate, "\(key): \(meaning)")
  }

  /// The coordinate of a swept key whose values are texts, and the variable of these texts.
  ///
  /// - Parameters:
  ///   - dimension: The dimension's name.
  ///   - key: The scenario's key.
  ///   - meaning: What the key means.
  package static func sweptTexts(
    _ dimension: String, key: String, meaning: String
  ) -> (number: RunVariable, words: RunVariable) {
    let words = wordsVariable(of: dimension, "\(key): \(meaning)")
    return (
      RunVariable(
        dimension, .integer, [dimension], .coordinate, "\(key): number of the value in \(words.name)"), words
    )
  }

  /// The texts that the numbers of a coordinate stand for.
  static func wordsVariable(of dimension: String, _ longName: String) -> RunVariable {
    RunVariable(dimension + "_label", .text, [dimension], .words(of: dimension), longName)
  }

  /// The coordinate of the models.
  package static let replica = RunVariable(
    "replica", .integer, ["replica"], .coordinate, "number of the model")

  /// The number of runs that failed at each point.
  ///
  /// - Parameter dimensions: The swept dimensions.
  package static func failedRuns(_ dimensions: [String]) -> RunVariable {
    RunVariable(
      "failed_runs", .integer, dimensions, .count, "runs that failed, and are missing in all else")
  }

  /// Why the first of the failed runs did so.
  package static func failure(_ dimensions: [String]) -> RunVariable {
    RunVariable(
      "failure", .text, dimensions, .message, "why the first of them failed; empty where none did")
  }

  /// All of these variables, for one swept key and one dimension that is left.
  static let specimen: [RunPart] = {
    let left = ["KEY"]
    return [
      RunPart(
        group: "", dimensions: [],
        variables: [
          sweptKey("KEY", .real, key: "KEY", meaning: "its meaning"),
          sweptTexts("KEY", key: "KEY", meaning: "its meaning").words, failedRuns(left), failure(left),
        ]),
      RunPart(group: "replicas", dimensions: [], variables: [replica]),
      RunPart(group: "claims", dimensions: [], variables: ClaimLayout.specimen(left)),
    ]
  }()
}

/// The variables of a claim's group.
package enum ClaimLayout {
  /// The dimension of the levels that each have a verdict.
  package static let levelDimension = "claim_level"

  /// The coordinate of these levels.
  package static let level = RunVariable(
    levelDimension, .real, [levelDimension], .coordinate, "corruption level")

  /// The coordinate of the parts of an estimate that all have to hold.
  package static let part = RunVariable(
    "part", .real, ["part"], .coordinate, "part of the estimate; all have to hold")

  /// The dimension of the controls.
  package static let controlDimension = "control"

  /// The coordinate of the controls, and their names.
  package static let control = RunVariable(
    controlDimension, .integer, [controlDimension], .coordinate, "number of the control")
  package static let controlWords = CampaignLayout.wordsVariable(of: controlDimension, "control")

  /// The variables of the estimates of the scenario's own models, or of its controls' models.
  package struct Estimates: Sendable {
    /// Each model's estimate.
    package let estimate: RunVariable
    /// The mean over models.
    package let mean: RunVariable
    /// The lower end of its interval.
    package let lower: RunVariable
    /// The upper end of its interval.
    package let upper: RunVariable
    /// The number of models that gave an estimate.
    package let count: RunVariable

    /// - Parameters:
    ///   - isControl: Whether these are the controls' estimates.
    ///   - dimensions: The dimensions that are left.
    ///   - isCorrected: Whether intervals have Bonferroni's correction for the number of a claim's cells.
    ///   - reproducibility: How well the estimates come back in another run.
    package init(
      isControl: Bool, _ dimensions: [String], isCorrected: Bool = false,
      reproducibility: Reproducibility = .bits
    ) {
      let (prefix, whose) = isControl ? ("control_", " under the control") : ("", "")
      let leading = (isControl ? [controlDimension] : []) + dimensions
      let mean = prefix + "mean"
      estimate = RunVariable(
        prefix + "estimate", .real, leading + ["replica"], .value, "estimate of each model\(whose)"
      ).noBetter(than: reproducibility)
      self.mean = RunVariable(mean, .real, leading, .mean, "mean over models of the estimate\(whose)")
        .noBetter(than: reproducibility)
      func end(_ word: String, _ role: VariableRole) -> RunVariable {
        RunVariable(
          prefix + word, .real, leading, role,
          "\(word) end of Student's 95 % interval over models\(whose)"
            + (isCorrected ? ", with Bonferroni's correction for the claim's levels and points" : ""))
      }
      lower = end("lower", .lowerBound(of: mean))
      upper = end("upper", .upperBound(of: mean))
      count = RunVariable(
        prefix + "count", .integer, leading, .sampleSize(of: mean), "models that gave an estimate\(whose)")
    }

    /// All variables, in the order of the file.
    package var all: [RunVariable] { [estimate, mean, lower, upper, count] }
  }

  /// The verdicts.
  ///
  /// - Parameter words: Each verdict and its number.
  package static func verdict(
    _ dimensions: [String], words: [(word: String, number: Int32)]
  ) -> RunVariable {
    .flag("verdict", dimensions, "verdict", words: words).toTolerance()
  }

  /// Why the verdict is not a different one.
  package static func reason(_ dimensions: [String]) -> RunVariable {
    RunVariable("reason", .text, dimensions, .message, "why it is not another")
  }

  /// The variables of a claim with a smallest effect: sign and size.
  package struct Answers: Sendable {
    /// The direction of the effect.
    package let sign: RunVariable
    /// The p-value of the sign.
    package let signProbability: RunVariable
    /// The size of the effect.
    package let size: RunVariable
    /// The p-value of the size.
    package let sizeProbability: RunVariable
    /// The effect that ten models would show.
    package let detectableEffect: RunVariable
    /// The number of models beyond the smallest effect.
    package let exceedingCount: RunVariable
    /// The interval of the share of all models that are.
    package let exceedingShare: (lower: RunVariable, upper: RunVariable)

    /// - Parameters:
    ///   - dimensions: The dimensions that are left.
    ///   - signs: Each direction and its number.
    ///   - sizes: Each size and its number.
    package init(
      _ dimensions: [String], signs: [(word: String, number: Int32)],
      sizes: [(word: String, number: Int32)]
    ) {
      func number(_ name: String, _ longName: String) -> RunVariable {
        RunVariable(name, .real, dimensions, .value, longName).toTolerance()
      }
      sign = .flag("sign", dimensions, "direction of the effect", words: signs).toTolerance()
      signProbability = number(
        "sign_p_value", "p-value of the direction, with Holm's correction: Student's and the sign test agree")
      size = .flag("size", dimensions, "size of the effect against smallest_effect", words: sizes)
        .toTolerance()
      sizeProbability = number(
        "size_p_value", "p-value of the size, above or equivalent, with Holm's correction")
      detectableEffect = number(
        "detectable_effect", "effect that ten models with this scatter show with probability 0.8")
      exceedingCount = RunVariable(
        "exceeding_count", .integer, dimensions, .value, "models whose estimate exceeds smallest_effect")
      let words = "end of Clopper and Pearson's 95 % interval of the share of all models that exceed it"
      exceedingShare = (
        number("exceeding_share_lower", "lower " + words), number("exceeding_share_upper", "upper " + words)
      )
    }

    /// All variables, in the order of the file.
    package var all: [RunVariable] {
      [
        sign, signProbability, size, sizeProbability, detectableEffect, exceedingCount, exceedingShare.lower,
        exceedingShare.upper,
      ]
    }
  }

  /// The number of variables of a claim.
  package static func count(hasLevels: Bool, hasControls: Bool, hasAnswers: Bool) -> Int {
    Estimates(isControl: false, []).all.count + 2 + (hasLevels ? 1 : 0)
      + (hasAnswers ? Answers([], signs: [], sizes: []).all.count : 0)
      + (hasControls ? 2 + Estimates(isControl: true, []).all.count : 0)
  }

  static func specimen(_ dimensions: [String]) -> [RunVariable] {
    let left = dimensions + [levelDimension]
    return [level] + Estimates(isControl: false, left).all
      + [
        verdict(left, words: [("supported", 0), ("refuted", 1), ("undecided", 2)]), reason(left), control,
        controlWords,
      ]
      + Estimates(isControl: true, left).all
      + Answers(
        left, signs: [("positive", 0), ("negative", 1), ("undetermined", 2)],
        sizes: [("above", 0), ("equivalent", 1), ("undetermined", 2)]
      ).all
  }
}

extension NetCDFGroup {
  /// Defines a variable of a file of several runs.
  ///
  /// - Parameter labels: The names of dimensions' entries.
  package func defineVariable(
    _ variable: RunVariable, labels: DimensionLabels = .ofClasses
  ) throws -> NetCDFVariable {
    try define(variable, labels: labels)
  }
}
