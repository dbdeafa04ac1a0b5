import Campaigns
import Expressions
import RunFiles
import Scenarios

/// What claims consist of, for docs/reference/claims.md.
package enum ClaimsPage {
  package static func markdown() -> String {
    Markdown.joined([
      introduction,
      Markdown.table(["field", "value", "default"], fields.map { ["`\($0.0)`", $0.1, $0.2] }),
      """
      ## Functions of an observable

      Each takes the name of an observable of the scenario, and is a number of one level and one model: `<x(t)>` is the average
      over members, T the last time.

      """,
      Markdown.table(
        ["function", "value"],
        ClaimExpression.SeriesFunction.allCases.map {
          ["`\($0.rawValue)(OBSERVABLE)`", Markdown.code($0.meaning)]
        }),
      "With `split-by: [retention]`, `OBSERVABLE-retained` and `OBSERVABLE-lost` name the averages over members that were retained"
        + " or lost at t = 0.",
      """
      ## Functions of a number

      """,
      Markdown.table(
        ["function", "value"],
        ClaimExpression.NumberFunction.allCases.map { ["`\($0.rawValue)(NUMBER)`", $0.meaning] }),
      """
      ## Numbers

      Beside plain numbers, `+ - * / ( )`, `level`, and swept keys such as `model.latent`:

      """,
      Markdown.list([
        "of a model: " + ClaimVocabulary.ofModel.map(Markdown.code).joined(separator: ", "),
        "of a level: " + ClaimVocabulary.ofLevel.map(Markdown.code).joined(separator: ", "),
        "with `attractors`: " + ClaimVocabulary.ofAttractors.map(Markdown.code).joined(separator: ", "),
      ]),
      """
      ## Controls

      A control shows what the estimate is where there is no effect to be found. `controls` lists those that weigh in the verdict,
      `compare` those that are only shown.

      """,
      Markdown.table(
        ["control", "what it is", "the same as"],
        Control.allCases.map { control in
          [
            "`\(control.rawValue)`", control.meaning,
            control.overrides.map { $0.map { Markdown.code("--set \($0)") }.joined(separator: " ") }
              ?? "another reading of the same run",
          ]
        }),
      verdicts,
    ])
  }

  private static let introduction = """
    # Claims

    A claim is a statement with an estimate that tests it, fixed before the run. The program computes the estimate of each model
    (`model.replicas`) and of each control, and gives a verdict.

    ```yaml
    observables: [distance-concept, distance-sibling-concept]
    claims:
      approaches-concept:
        statement: Inference approaches the own concept more than a sibling's.
        estimate: approach(distance-concept) - approach(distance-sibling-concept)
        over: each
        threshold: 0.05
        controls: [untrained, linear]
    ```

    ## Fields

    """

  private static let fields = [
    ("statement", "a sentence of at most 500 letters", "required"),
    ("estimate", "an expression of the functions and numbers below", "required"),
    ("threshold", "a number that the estimate must exceed", "this or `smallest-effect`"),
    ("smallest-effect", "the smallest effect that matters, a positive number", "this or `threshold`"),
    ("levels", "the corruption levels that count", "all of `initial.levels`"),
    ("over", "`each`: one verdict per level; `mean`: one, of the mean over levels", "`mean`"),
    ("against", "an expression; the estimate is then the slope of the least-squares line against it", "none"),
    ("controls", "the controls that must not show the effect", "those of the scenario's key `controls`"),
    ("compare", "controls that are shown and do not weigh", "none"),
  ]

  private static let verdicts = """
    ## Verdicts

    ### With a threshold

    The interval is Student's, with 95 % confidence, over at least \(ClaimSpecification.leastModels) models.

    | verdict | when |
    | --- | --- |
    | supported | the whole interval lies above the threshold, and that of no control does |
    | refuted | the whole interval lies below the threshold |
    | undecided | otherwise; also where any model, or any model of a control, gave no number. The file says why |

    ### With a smallest effect

    All levels and points of a claim are judged together, so that asking at many levels does not make a false answer likelier.
    Each gets two answers: its *sign* (positive, negative, undetermined) and its *size* (above the smallest effect d, equivalent to
    zero within d, undetermined). A p-value is the larger of Student's and of the exact sign test, both about the same number,
    with Holm's correction over the claim's levels and points. At most 0.05 decides. Intervals have Bonferroni's correction. Fewer
    than \(FamilyRule.leastModels) models give preliminary answers: the sign test of five models cannot reach 0.05.

    | verdict | when |
    | --- | --- |
    | supported | positive, and above d |
    | refuted | negative |
    | undecided | otherwise. The file says what is known: positive but smaller than d, no effect as large as d, or undetermined, and then which effect \(FamilyRule.leastModels) models would show with probability 0.8 |

    A control is compared by a difference in the estimate; `controls` is not accepted here, and the scenario's controls are shown.
    """
}
