import Campaigns
import Expressions
import Observables
import RunFiles
import Scenarios

/// What claims consist of, for docs/reference/claims.md.
package enum ClaimsPage {
  package static func markdown() -> String {
    Markdown.joined([
      introduction,
      Markdown.table(["field", "value", "default"], fields.map { ["`\($0.0)`", $0.1, $0.2] }),
      functions,
      places,
      Markdown.table(
        ["function of a condition and an expression E", "value"],
        ClaimExpression.PlaceFunction.allCases.map {
          ["`\($0.rawValue)(CONDITION, E)`", $0.meaning]
        } + [["`\(ClaimExpression.conjunction)(E1, E2)`", "the whole estimate: E1 and E2 have to hold both"]]),
      conditions,
      numbers,
      controls,
      verdicts,
    ])
  }

  private static var functions: String {
    Markdown.joined([
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
      """
      At a time T from 0 on:

      """,
      Markdown.table(
        ["function", "value"],
        ClaimExpression.TimeFunction.allCases.map {
          ["`\($0.rawValue)(T, OBSERVABLE)`", Markdown.code($0.meaning)]
        }),
      "With `split-by: [retention]`, `OBSERVABLE-retained` and `OBSERVABLE-lost` name the averages over members that were retained"
        + " or lost at t = 0. With `split-by: [end-state]`, "
        + EndStatePart.allCases.map { Markdown.code($0.name(of: "OBSERVABLE")) }.joined(separator: ", ")
        + " are those over members that end there. With the observable `class-spread` there are "
        + ClassSpread.series.map(Markdown.code).joined(separator: ", ")
        + "; with `common-motion` `OBSERVABLE-on-common-motion`, which `with(common-motion, E)` reads.",
      """
      ## Functions of a number

      """,
      Markdown.table(
        ["function", "value"],
        ClaimExpression.NumberFunction.allCases.map { ["`\($0.rawValue)(NUMBER)`", $0.meaning] }),
    ])
  }

  private static var numbers: String {
    Markdown.joined([
      """
      ## Numbers

      Beside plain numbers, `+ - * / ( )`, `level`, and swept keys such as `model.latent`:

      """,
      Markdown.list([
        "of a model: " + ClaimVocabulary.ofModel.map(Markdown.code).joined(separator: ", "),
        "of a level: " + ClaimVocabulary.ofLevel.map(Markdown.code).joined(separator: ", "),
        "with the observable `class-spread`: "
          + ClassSpread.numbers.map(Markdown.code).joined(separator: ", "),
        "with `attractors`: " + ClaimVocabulary.ofAttractors.map(Markdown.code).joined(separator: ", "),
      ]),
    ])
  }

  private static var controls: String {
    Markdown.joined([
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
    ])
  }

  private static let places = """
    ## Contrasts

    A part of an estimate may be read at another level, at another point of the sweep, or in the run of a control. The models are
    paired: replica r is compared with replica r.

    """

  private static let conditions = """
    | condition | where E is read |
    | --- | --- |
    | `level = 0.4` | at that level of `initial.levels` |
    | `model.latent = 20` | at the points of the sweep where the key has that value |
    | `linear`, or another control | in the control's run, which is made without being listed in `controls`; or as another reading of the same run |

    ```yaml
    observables: [log-ratio-others-to-own, common-motion]
    initial: {split: test, levels: [0, 0.1, 0.4]}
    sweep: {model.latent: [2, 20]}
    claims:
      more-noise-is-more-global:
        statement: The noisier the start, the less the own class is approached.
        estimate: with(level = 0, change(2, log-ratio-others-to-own)) - with(level = 0.4, change(2, log-ratio-others-to-own))
        smallest-effect: 0.05
      beyond-the-common-motion:
        statement: Members approach their class more than by moving as all do, and more than in a linear model.
        estimate: beyond(linear, beyond(common-motion, change(2, log-ratio-others-to-own)))
        over: each
        smallest-effect: 0.05
    ```

    A swept key, or the level, that is fixed for everything in an estimate is no dimension of the claim: there is one cell. Where
    members diverge, an estimate of several places is missing, because its averages would be over different members.

    """

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
    | refuted | negative; but where `linear` or `untrained` is subtracted, undecided: "not beyond" such a model is no contradiction |
    | undecided | otherwise. The file says what is known: positive but smaller than d, no effect as large as d, or undetermined, and then which effect \(FamilyRule.leastModels) models would show with probability 0.8 |

    `both(E1, E2)` makes a cell of two parts. Its p-value is the larger one; it is negative as soon as one part is (the smaller
    p-value, times two).

    How many models exceed d stands beside, with Clopper and Pearson's interval of the share of all models: an effect may be one that
    only some models show.

    A control is compared by a difference in the estimate (`beyond`); `controls` is not accepted here, and the scenario's controls
    are shown.
    """
}
