import RunFiles

extension RunData {
  /// The value that guessing would give for a fraction of members.
  struct Chance {
    var value: Double
    /// The value in words.
    var label: String
  }

  /// The chance level of an average; nil if none is known.
  ///
  /// For `concept_accuracy` it is 1 / number of classes, which drawing a class at random gives whatever the
  /// classes' sizes. For `memory_recovered` it is 1 / number of training items.
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
}
