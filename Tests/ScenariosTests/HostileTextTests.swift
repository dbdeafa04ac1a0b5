import Scenarios
import Testing

@Suite struct HostileTextTests {
  @Test(arguments: [
    BadScenario("[1, 2]", "1:1", "scenario", "mapping of keys"),
    BadScenario("just words", "1:1", "scenario", "mapping of keys"),
    BadScenario("name: a\nname: b", "2:1", "name", "given twice (first in line 1)"),
    BadScenario(
      "name: a\nmodel:\n  latent: 3\n  hidden: []\n\n  # latent: 1\n  latent: 4", "7:3", "latent", "line 3"),
    BadScenario("name: a\nmodel: {latent: 3, latent: 4}", "2:20", "latent", "given twice"),
    BadScenario("name: a\nname : b", "2:1", "name", "given twice"),
    BadScenario("1: a\n\"1\": b", "2:1", "1", "given twice (first in line 1)"),
    BadScenario("name: a\nseed: !!str 5", "2:7", "seed", "tags are not supported"),
    BadScenario("name: a\nmodel: !x {}", "2:8", "model", "tags are not supported"),
    BadScenario("name: a\nmodel: {latent: !!int \"5\"}", "2:17", "model.latent", "tags are not supported"),
    BadScenario("name: a\n<<: {seed: 1}", "2:1", "<<", "unknown key"),
    BadScenario("name: a\n\"x\\ny\": 1", "2:1", "x\ny", "x\\ny: unknown key"),
  ])
  func wrongStructureIsRefusedWithItsPlace(_ bad: BadScenario) { bad.check() }

  @Test(arguments: [
    ("", "/scenarios/a.yaml:1:1: there is nothing in it"),
    ("# only a comment\n", "there is nothing in it"),
    ("---\nname: a\n---\nname: b\n", ":3:1: more than one document"),
    ("name: a\n...\n---\nname: b\n", "more than one document"),
    ("name: 'a", "not YAML"),
    ("name: a\n\tseed: 3", ":2:"),
    ("name: a: b", ":1:8: not YAML: mapping values are not allowed"),
    ("name: {a\nb", "not YAML"),
    ("name: @a", ":1:7: not YAML"),
    ("name: a\nseed: *undefined", ":2:7: anchors and aliases"),
    ("name: &x a\nseed: 1", ":1:7: anchors and aliases"),
    ("name: a\nmodel: &m {latent: 3}\nx: *m", ":2:8: anchors and aliases"),
    ("? [a, b]\n: 3", ":1:3: a key must be a single word"),
    ("? {a: 1}\n: 3", "a key must be a single word"),
    ("&k name: a", ":1:1: anchors and aliases"),
    ("a: &a [*a]", ":1:8: anchors and aliases"),
    ("&a {a: *a, *a : *a}", "anchors and aliases"),
    ("a: &a [*b]\nb: &b [*a]", "anchors and aliases"),
    ("name: \"\\ud800\"", "not YAML"),
    ("name: \"\\uZZZZ\"", "not YAML"),
    ("%YAML 9.9\n---\nname: a", "not YAML"),
    ("name: a\u{0}b", ":1:8: the character U+0 is not text"),
  ])
  func unreadableTextsAreRefusedWithTheReason(_ text: String, _ message: String) {
    guard let error = failure(text) else { return }
    #expect(error.description.contains(message), "\(error)")
  }

  @Test(arguments: [
    String(repeating: "[", count: 100_000),
    "a: " + String(repeating: "{a: ", count: 50_000),
    String(repeating: "[", count: 500) + String(repeating: "]", count: 500),
    String(repeating: "[ #]\n", count: 100_000),
    String(repeating: "[\"]\",", count: 100_000),
    String(repeating: "- ", count: 100_000) + "a",
    String(repeating: "? ", count: 100_000) + "a",
    (0..<900).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
    (0..<100).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
    String(repeating: "a:\n- ", count: 1000),
    "name: a\nx: " + String(repeating: "[", count: 33) + String(repeating: "]", count: 33),
  ])
  func deepTextsFail(_ text: String) {
    guard let error = failure(text) else { return }
    #expect(error.kind == .invalid)
  }

  @Test func multiplyingAliasesFailAtOnce() {
    for isKey in [false, true] {
      var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
      for level in 1...60 {
        let list = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
        text += isKey ? "? &a\(level) [\(list)]\n: 1\n" : "a\(level): &a\(level) [\(list)]\n"
      }
      let clock = ContinuousClock()
      let duration = clock.measure {
        #expect(failure(text)?.description.contains("anchors and aliases") == true)
      }
      // Expanding sixty levels would take longer than the age of the universe.
      #expect(duration < .seconds(10))
    }
  }

  @Test func aFewAliasesFailWithTheirPlace() {
    let text = "a: &a [x, x]\nb: &b [*a, *a, *a, *a]\n? [*b, *b, *b, *b, *b, *b]\n: [*b]"
    #expect(failure(text)?.description.contains(":1:4: anchors and aliases") == true)
  }

  @Test func starsAndAmpersandsInTextsAreHarmless() throws {
    let text =
      "name: a # *all* & more\ndescription: R&D, this & that, a *b* [c] 'd'\n"
      + String(repeating: "# *x* \n", count: 50)
    #expect(try parse(text).description == "R&D, this & that, a *b* [c] 'd'")
  }

  @Test func manyValuesFail() {
    let text = "name: a\ninitial:\n  levels: [" + String(repeating: "0,", count: 110_000) + "1]"
    #expect(failure(text)?.description.contains("more than 100000 values") == true)
    let levels = (0...1000).map { "\(Double($0) / 2000)" }.joined(separator: ", ")
    #expect(
      failure("name: a\ninitial: {levels: [\(levels)]}")?.description.contains("this has 1001 elements")
        == true)
  }

  @Test func longValuesAreCut() {
    let error = failure("name: a\nseed: " + String(repeating: "x", count: 500_000))
    #expect((error?.description.count ?? 0) < 300)
    let key = failure("name: a\n" + String(repeating: "k", count: 900) + ": 1")
    #expect((key?.description.count ?? 0) < 300)
  }

  /// Changes bytes, lines and pieces of a valid scenario at random; whatever comes out gives a scenario or a
  /// scenario error.
  @Test func mutationsNeverCrash() throws {
    var state: UInt64 = 20_171_204
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    let pieces = [
      "[", "]", "{", "}", ":", ": ", ",", "\n", "  ", "- ", "&a ", "*a", "!!int ", "'", "\"", "#", "|", ">",
      "%",
      "null", "~", ".nan", ".inf", "1e999", "-1", "010", "0x1F", "99999999999999999999", "1_000", "off",
      "true",
      "\t", "\u{0}", "\u{FEFF}", "é", "\u{1F600}", "---\n", "...\n", "? ", "<<: ", "sweep: ", "model.file: x",
      "prior", "sample", "clamped", "idx", "hopfield", "random", "{}", "[]", "\\", "@", "`",
    ]
    let original = Array(wholeExample.unicodeScalars)
    var outcomes = (scenarios: 0, errors: 0)
    for _ in 0..<2000 {
      var text = original
      for _ in 0...next(4) {
        let place = next(text.count)
        switch next(5) {
        case 0: text.remove(at: place)
        case 1: text.insert(contentsOf: pieces[next(pieces.count)].unicodeScalars, at: place)
        case 2: text[place] = text[next(text.count)]
        case 3: text.removeSubrange(place..<min(text.count, place + next(60)))
        default:
          let piece = Array(text[place..<min(text.count, place + next(60))])
          text.insert(contentsOf: piece, at: next(text.count))
        }
        if text.isEmpty { text = original }
      }
      let mutated = String(String.UnicodeScalarView(text))
      do {
        let scenario = try parse(mutated)
        let again = try parse(scenario.resolvedYAML)
        #expect(again.resolvedYAML == scenario.resolvedYAML, "\(mutated)")
        outcomes.scenarios += 1
      } catch let error as ScenarioError {
        #expect(!error.description.contains { $0.isNewline }, "\(mutated)")
        outcomes.errors += 1
      }
    }
    // Both happen often; the generator is fixed, so the counts are too.
    #expect(outcomes.scenarios > 200 && outcomes.errors > 200, "\(outcomes)")
  }
}
