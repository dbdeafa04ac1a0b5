import Testing
import Vocabulary

@Suite struct SpellingTests {
  @Test(arguments: [
    ("latnet", "latent"), ("dataest", "dataset"), ("INITIAL", "initial"),
    ("overlap-concpet", "overlap-concept"),
  ])
  func slipsAreRecognized(_ slip: String, _ meant: String) {
    let words = ["dataset", "initial", "latent", "overlap-concept", "overlap-memory"]
    #expect(Spelling.nearest(to: slip, among: words) == meant)
  }

  @Test func exchangedNeighboursCountOnce() {
    // Two substitutions, or one exchange; a third of three letters is one.
    #expect(Spelling.nearest(to: "acb", among: ["abc"]) == "abc")
    #expect(Spelling.nearest(to: "axy", among: ["abc"]) == nil)
  }

  @Test func candidatesAreComparedWithoutCase() {
    // Names of variables may have capitals.
    #expect(Spelling.nearest(to: "energi", among: ["Energy"]) == "Energy")
  }

  @Test func theFirstOfEquallyNearIsTaken() {
    #expect(Spelling.nearest(to: "mean", among: ["moan", "lean"]) == "moan")
  }

  @Test func whatIsFarHasNoNearest() {
    #expect(Spelling.nearest(to: "qqqqqqqq", among: ["dataset"]) == nil)
    #expect(Spelling.nearest(to: String(repeating: "a", count: 101), among: ["a"]) == nil)
    #expect(Spelling.nearest(to: "word", among: []) == nil)
  }
}
