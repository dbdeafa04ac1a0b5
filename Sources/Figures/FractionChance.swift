import Dynamics
import Drawing
import Output
import RunFiles

extension RunData {
  /// What a guess gives of a fraction of members.
  struct Chance {
    var value: Double
    /// In words.
    var label: String
  }

  /// The chance level of an average; nil where none is known.
  ///
  /// Of `concept_accuracy` one in as many as there are classes, as a class drawn at random is, whatever the sizes of the
  /// classes; of `memory_recovered` one in as many as there are training items.
  func chance(of name: String) throws -> Chance? {
    guard case .average(let members) = role(of: name), family(of: name) == .fraction,
      let geometry = runGroup("geometry"), geometry.has("concept_position")
    else { return nil }
    if name == members.name(of: "concept_accuracy") {
      let count = try geometry.slice("concept_position", rank: 2).shape[0]
      return count > 0 ? Chance(value: 1 / Double(count), label: "chance: 1 of \(count) classes") : nil
    }
    guard name == members.name(of: "memory_recovered"), geometry.has("concept_size") else { return nil }
    let items = try geometry.slice("concept_size", ["concept"]).integers().reduce(0, +)
    return items > 0 ? Chance(value: 1 / Double(items), label: "chance: 1 of \(items) memories") : nil
  }

  /// The line of a chance level in a panel, with its words.
  func marks(of chance: Chance, _ x: ClosedRange<Double>, _ y: ClosedRange<Double>) -> (
    line: Layer, words: SheetText
  ) {
    let line = Layer.line(
      [Point(x.lowerBound, chance.value), Point(x.upperBound, chance.value)], .black, width: 0.7, dash: 2)
    // Above the line; of a line near the top, below.
    let shift = 0.045 * (y.upperBound - y.lowerBound)
    let isHigh = chance.value + 2 * shift > y.upperBound
    return (
      line,
      SheetText(
        text: chance.label, x: x.upperBound, y: chance.value + (isHigh ? -shift : shift), size: 6.5,
        alignment: .right, colour: Colour(0x404040))
    )
  }
}
