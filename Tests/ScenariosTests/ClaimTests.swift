import Expressions
import Campaigns
import Foundation
import Scenarios
import Testing

@Suite struct ClaimTests {
  private static let series: [String: [Double]] = [
    "distance-concept": [4, 3, 1, 2], "distance-root": [2, 3, 5, 1], "flat": [2, 2, 2], "gone": [.nan, 1],
    "partly": [8, .nan, 6, 4],
    "late": [1, .nan], "zero": [0, 1],
  ]
  private static let numbers = ["level": 0.5, "model.latent": 20, "negative-elbo-test": 100]

  private func value(_ text: String) throws -> Double {
    try ClaimExpression(text).value(
      number: { name throws(MissingNumber) in ClaimNumber(Self.numbers[name] ?? .nan) },
      series: { name throws(MissingNumber) in ClaimSeries(Self.series[name] ?? []) })
  }

  // Small integers and halves: exact in binary.
  @Test(
    arguments: [
      ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("8 / 4 / 2", 1), ("10 - 4 - 3", 3), ("-2 * -3", 6), ("--2", 2),
      ("1.5e1 - 5", 10), ("5e-1", 0.5), (".5", 0.5), ("abs(-3)", 3), ("sqrt(16)", 4), ("ln(1)", 0),
      ("approach(distance-concept)", 0.75), ("initial(distance-concept)", 4), ("final(distance-concept)", 2),
      ("minimum(distance-concept)", 1), ("maximum(distance-concept)", 4),
      ("time-of-minimum(distance-concept)", 2),
      ("time-of-maximum(distance-root)", 2), ("time-of-minimum(flat)", 0), ("time-of-maximum(flat)", 0),
      ("minimum(partly)", 4), ("approach(partly)", 0.5), ("minimum(gone)", 1),
      ("approach(distance-concept) - approach(distance-root)", 0.25), ("level * 2", 1),
      ("model.latent - 1", 19),
      ("negative-elbo-test - 1", 99), ("2*(initial(distance-root)+1)/3", 2),
    ] as [(String, Double)])
  func expressionsHaveTheValueOfSchoolArithmetic(_ text: String, _ expected: Double) throws {
    #expect(try value(text) == expected)
  }

  @Test(arguments: [
    ("approach(gone)", "gone is missing at the first time"), ("ln(0)", "logarithm of a number"),
    ("ln(-1)", "logarithm of a number that is not positive"), ("unknown", "unknown is missing"),
    ("initial(none)", "none is missing"), ("final(late)", "late is missing at the last time"),
    ("sqrt(0 - level)", "square root of a negative number"), ("1 / (level - 0.5)", "division by zero"),
    // Not a number by infinity over infinity, and a number by its inverse.
    ("0 * (1 / 0)", "division by zero"), ("1 / (1 / 0)", "division by zero"),
    ("1e300 * 1e300", "beyond the range"), ("1e300 * 1e300 * 0", "beyond the range"),
    ("1 / (1e300 * 1e300)", "beyond the range"),
    ("approach(zero)", "0 at the first time"),
  ])
  func whatIsNotThereIsMissingWithItsReason(_ text: String, _ words: String) throws {
    let missing = #expect(throws: MissingNumber.self) { try value(text) }
    #expect(missing?.reason.contains(words) == true, "\(missing?.reason ?? "")")
  }

  /// The series of a model at two levels, and those of a linear model, where all distances are 1 larger.
  private func valueElsewhere(_ text: String) throws -> Double {
    struct Place: Hashable {
      var level = 0.0
      var latent = "2"
      var isLinear = false
    }
    return try ClaimExpression(text).value(
      at: Place(),
      moved: { place, condition throws(MissingNumber) in
        var result = place
        switch condition {
        case .level(let level): result.level = level
        case .control(.linear): result.isLinear = true
        case .swept("model.latent", let value): result.latent = value
        default: throw MissingNumber("nowhere")
        }
        return result
      },
      number: { name, place throws(MissingNumber) in
        ClaimNumber(name == "model.latent" ? Double(place.latent) ?? .nan : place.level)
      },
      series: { name, place throws(MissingNumber) in
        let all = name == "d-on-common-motion" ? [8.0, 7, 6] : [8, 4, 2]
        return ClaimSeries(all.map { $0 + 10 * place.level + (place.isLinear ? 1 : 0) })
      })
  }

  @Test(
    arguments: [
      ("at(1, d)", 4), ("at(0, d) - initial(d)", 0), ("change(2, d)", -6), ("with(level = 0.5, at(1, d))", 9),
      ("with(level = 0.5, at(1, d)) - with(level = 0, at(1, d))", 5), ("with(linear, change(1, d))", -4),
      ("beyond(linear, at(1, d))", -1), ("beyond(common-motion, change(2, d))", -4),
      ("beyond(linear, beyond(common-motion, change(2, d)))", 0),
      ("with(model.latent = 20, model.latent) - model.latent", 18),
      ("with(level = 0.5, with(linear, at(2, d)))", 8), ("with(level = -0.5, at(2, d))", -3),
    ] as [(String, Double)])
  func partsAreReadElsewhere(_ text: String, _ expected: Double) throws {
    #expect(try valueElsewhere(text) == expected)
  }

  @Test func whatIsFixedDoesNotDependOnTheRest() throws {
    func isFixed(_ text: String) throws -> Bool {
      try ClaimExpression(text).isFixed { if case .level = $0 { true } else { false } }
    }
    #expect(try isFixed("with(level = 0.4, at(2, d)) - with(level = 0, final(d)) / 2"))
    #expect(try !isFixed("with(level = 0.4, at(2, d)) - final(d)"))
    #expect(try !isFixed("with(linear, at(2, d))"))
    #expect(try isFixed("both(with(level = 0, initial(d)), with(linear, with(level = 1, initial(d))))"))
    let two = try ClaimExpression("both(at(3, a), -change(40, b))")
    #expect(two.parts.count == 2 && two.names.series == ["a", "b"] && two.latestTime == 40)
    #expect(try ClaimExpression("beyond(untrained, at(2, d))").controls == [.untrained])
  }

  @Test(arguments: [
    ("at(d)", "a time first"), ("at(-1, d)", "a time first"), ("at(1.5, d)", "a time first"),
    ("at(2, 3)", "name of an observable"), ("with(level, d)", "neither KEY = VALUE nor a control"),
    ("with(3, d)", "a condition first"), ("with(level = x, at(1, d))", "is not a number"),
    ("with(level = 0.1)", "two arguments"), ("with(chord, at(2, d))", "finds nothing to replace"),
    ("1 + both(1, 2)", "can only be the whole"), ("both(1)", "two expressions or more"),
    ("with(level = 0, 1", "closing parenthesis"),
    (
      String(repeating: "beyond(linear, ", count: 7) + "level" + String(repeating: ")", count: 7),
      "within each other"
    ),
  ])
  func whatIsNoExpressionIsRefused(_ text: String, _ words: String) {
    let refusal = #expect(throws: ClaimExpression.Refusal.self) { try ClaimExpression(text) }
    #expect(refusal?.problem.contains(words) == true, "\(refusal?.problem ?? "")")
  }

  /// Averages of two places are compared, so that each has to be over the same members at all times.
  @Test func membersThatDivergeSpoilContrasts() throws {
    let partly = ClaimSeries([4, 4, 2], memberCounts: [10, 10, 6])
    func value(_ text: String) throws -> Double {
      try ClaimExpression(text).value(
        at: 0.0,
        moved: { place, condition throws(MissingNumber) in
          if case .level(let level) = condition { return level }
          return place
        }, number: { _, place throws(MissingNumber) in ClaimNumber(place) },
        series: { _, _ throws(MissingNumber) in partly })
    }
    #expect(try value("at(2, d)") == 2)
    #expect(throws: MissingNumber.self) { try value("at(2, d) - with(level = 1, at(2, d))") }
    #expect(throws: MissingNumber.self) { try value("change(2, d)") }
  }

  /// Four of ten members diverge after the first step: those that are left are nearer, though nobody has moved.
  @Test func averagesAreComparedOverTheSameMembersOnly() throws {
    let series = [
      "partly": ClaimSeries([4, 4, 2], memberCounts: [10, 10, 6]),
      "whole": ClaimSeries([4, 3, 2], memberCounts: [10, 10, 10]),
      "step": ClaimSeries([.nan, 3, 2], memberCounts: [0, 10, 10]),
    ]
    let numbers = [
      "level": ClaimNumber(0.5), "chord": ClaimNumber(2, isOfMembers: true, memberCount: 6),
      "closest": ClaimNumber(2, isOfMembers: true, memberCount: 10),
    ]
    func value(_ text: String) throws -> Double {
      try ClaimExpression(text).value(
        number: { name throws(MissingNumber) in numbers[name] ?? ClaimNumber(.nan) },
        series: { name throws(MissingNumber) in series[name] ?? ClaimSeries([]) })
    }
    for (text, expected) in [
      ("approach(whole)", 0.5), ("final(partly)", 2), ("initial(partly) - level", 3.5),
      ("final(partly) / final(whole)", 1), ("minimum(step)", 2), ("closest / initial(whole)", 0.5),
      ("chord", 2),
    ] {
      #expect(try value(text) == expected, "\(text)")
    }
    for text in [
      "approach(partly)", "minimum(partly)", "time-of-minimum(partly)", "final(partly) / initial(partly)",
      "final(partly) / initial(whole)", "ln(approach(whole)) - maximum(partly)", "1 - chord / initial(whole)",
      "closest / initial(partly)", "closest - final(partly)",
    ] {
      let missing = #expect(throws: MissingNumber.self, "\(text)") { try value(text) }
      #expect(missing?.reason.contains("because some diverge") == true, "\(text)")
    }
  }

  @Test func logarithmsAreNatural() throws {
    #expect(abs(try value("ln(model.latent)") - log(20)) <= log(20.0).ulp)
  }

  @Test(arguments: [
    ("", "too early"), ("1 +", "too early"), ("(1", "parenthesis is missing"), ("1 2", "too many"),
    ("1)", "too many"), ("* 2", "not expected"), ("foo(1)", "no function 'foo'"), ("1..2", "not a number"),
    ("approach(3)", "name of an observable"), ("approach()", "name of an observable"),
    ("2 $ 3", "too many"),
    ("$", "not expected"), ("approach(a + b)", "parenthesis is missing"), ("e5e5e5(", "no function"),
    (String(repeating: "(", count: 60) + "1", "deeper than 50"),
    (String(repeating: "-", count: 60) + "1", "more than 50"),
    (String(repeating: "1+", count: 1100) + "1", "longer than 2000"),
  ])
  func malformedExpressionsAreRefusedInWords(_ text: String, _ words: String) throws {
    let refusal = #expect(throws: ClaimExpression.Refusal.self) { try ClaimExpression(text) }
    #expect(refusal?.problem.contains(words) == true, "\(refusal?.problem ?? "")")
  }

  @Test func aHyphenIsASignOnlyBetweenSpaces() throws {
    let names = try ClaimExpression("overlap-root - level + final(a-b)").names
    #expect(names.numbers == ["overlap-root", "level"])
    #expect(names.series == ["a-b"])
  }

  @Test func intervalsAndControlsDecideTheVerdict() {
    func verdict(
      _ count: Int, _ lower: Double, _ upper: Double, _ controls: [Double] = [], controlCount: Int = 5
    ) -> Verdict {
      Verdict.of(
        models: 5, count: count, lower: lower, upper: upper, threshold: 0.1,
        controls: controls.map { ("c", controlCount, $0) }
      ).0
    }
    #expect(verdict(5, 0.2, 0.4) == .supported)
    #expect(verdict(5, 0.2, 0.4, [0.05, -1]) == .supported)
    // A control shows the effect too.
    #expect(verdict(5, 0.2, 0.4, [0.05, 0.11]) == .undecided)
    // A control of few models has a wide interval, whatever it shows.
    #expect(verdict(5, 0.2, 0.4, [-3], controlCount: 4) == .undecided)
    // A control without an interval shows nothing.
    #expect(verdict(5, 0.2, 0.4, [.nan]) == .undecided)
    #expect(verdict(5, 0.05, 0.4) == .undecided)
    #expect(verdict(5, -0.3, 0.05) == .refuted)
    // What a control shows does not matter then.
    #expect(verdict(5, -0.3, 0.05, [0.5]) == .refuted)
    #expect(verdict(4, 0.2, 0.4) == .undecided)
    #expect(verdict(4, -0.3, 0.05) == .undecided)
    #expect(verdict(5, .nan, .nan) == .undecided)
    let missing = Verdict.of(models: 6, count: 4, lower: .nan, upper: .nan, threshold: 0, controls: [])
    #expect(missing.reason.contains("missing, or no finite number, in 2 of 6 models"))
    // Survivors support nothing, and refute nothing.
    for (lower, upper) in [(0.2, 0.4), (-0.4, -0.2)] {
      let (verdict, reason) = Verdict.of(
        models: 14, count: 5, lower: lower, upper: upper, threshold: 0, controls: [],
        whyMissing: "square root of a negative number in 9")
      #expect(verdict == .undecided)
      #expect(
        reason
          == "the estimate is missing, or no finite number, in 9 of 14 models: square root of a negative number in 9"
      )
    }
    // Nor does a control that some models lack clear a claim.
    let (verdict, reason) = Verdict.of(
      models: 14, count: 14, lower: 0.2, upper: 0.4, threshold: 0, controls: [("linear", 13, -3)])
    #expect(verdict == .undecided && reason.contains("linear (in 1 of 14 models)"))
    let low = Verdict.of(
      models: 14, count: 14, lower: -0.4, upper: -0.2, threshold: 0, controls: [("linear", 13, -3)])
    #expect(low.0 == .undecided)
    let few = Verdict.of(models: 3, count: 3, lower: 1, upper: 2, threshold: 0, controls: [])
    #expect(few.0 == .undecided && few.reason == "3 of at least 5 models")
  }

  private static let start = """
    name: a
    initial: {levels: [0, 0.5]}
    observables: [distance-concept, overlap-root]

    """

  @Test func claimsAndTheirResolvedTextReadTheSame() throws {
    let scenario = try parse(
      Self.start + """
        controls: [untrained, linear]
        claims:
          first: {statement: It comes near., estimate: approach(distance-concept), threshold: 0.05, levels: [0.5]}
          second:
            statement: "It: comes \\"near\\"."
            estimate: final(overlap-root)
            against: level
            threshold: -1
            controls: untrained
            compare: [autoencoder]
        """)
    #expect(scenario.claims.map(\.name) == ["first", "second"])
    #expect(scenario.claims[0].controls == [.untrained, .linear])
    #expect(scenario.claims[0].levels == [0.5])
    #expect(scenario.claims[1].statement == "It: comes \"near\".")
    #expect(scenario.claims[1].against?.text == "level")
    #expect(scenario.claims[1].controls == [.untrained])
    #expect(scenario.claims[1].compare == [.autoencoder])
    #expect(scenario.isCampaign)
    let again = try parse(scenario.resolvedYAML)
    #expect(again.claims == scenario.claims)
    #expect(again.controls == scenario.controls)
    #expect(again.resolvedYAML == scenario.resolvedYAML)
    let changed = try parse(
      scenario.resolvedYAML, overrides: ["claims.first.threshold=0.2", "claims.second=null"])
    #expect(changed.claims.map(\.rule) == [.threshold(0.2)])
    #expect(!(try parse(Self.start).isCampaign))
  }

  private static let good = "statement: s, estimate: final(overlap-root), threshold: 0"

  @Test(arguments: [
    BadScenario("name: a\nclaims: 3", "2:9", "claims", "a mapping from names"),
    BadScenario("name: a\nclaims: {A b: {\(good)}}", "2:10", "claims.A b", "letters a-z"),
    BadScenario("name: a\nclaims: {b: 3}", "2:13", "claims.b", "a mapping of statement"),
    BadScenario("name: a\nclaims: {b: {\(good), treshold: 0}}", "2:73", "claims.b.treshold", "'threshold'"),
    BadScenario(
      "name: a\nclaims: {b: {statement: s, threshold: 0}}", "2:10", "claims.b.estimate", "missing"),
    BadScenario(
      "name: a\nclaims: {b: {statement: s, estimate: 1}}", "2:10", "claims.b.threshold", "missing"),
    BadScenario(
      "name: a\nclaims: {b: {estimate: 1, threshold: 0}}", "2:10", "claims.b.statement", "missing"),
    BadScenario(
      "name: a\nclaims: {b: {statement: s, estimate: 1 +, threshold: 0}}", "2:38", "claims.b.estimate",
      "too early"),
    BadScenario(
      "name: a\nclaims: {b: {\(good), controls: [untrain]}}", "2:84", "claims.b.controls",
      "did you mean 'untrained'?"),
    BadScenario(
      "name: a\nclaims: {b: {\(good), controls: [chord]}}", "2:83", "claims.b.controls",
      "chord finds nothing to replace"),
    BadScenario("name: a\nclaims: {b: {\(good), over: some}}", "2:79", "claims.b.over", "mean or each"),
    BadScenario(
      "name: a\nclaims: {b: {\(good), levels: []}}", "2:81", "claims.b.levels", "a list of levels"),
    BadScenario(
      "name: a\nclaims: {b: {\(good), levels: [0.5, 0, 0.50]}}", "2:90", "claims.b.levels", "given twice"),
    BadScenario(
      "name: a\nclaims: {b: {\(good), smallest-effect: 0.1}}", "2:10", "claims.b.threshold",
      "keep threshold or smallest-effect"),
    BadScenario(
      "name: a\nclaims: {b: {statement: s, estimate: final(overlap-root), smallest-effect: 0}}", "2:76",
      "claims.b.smallest-effect", "a positive number"),
    BadScenario("name: a\ncontrols: [none]", "2:12", "controls", "untrained"),
    BadScenario("name: a\nsweep: {controls: [[linear]]}", "2:9", "sweep.controls", "cannot be swept"),
    BadScenario(
      "name: a\nsweep: {model.replicas: [1, 2]}", "2:9", "sweep.model.replicas", "cannot be swept"),
  ])
  func wrongClaimsAreRefused(_ bad: BadScenario) { bad.check() }
}
