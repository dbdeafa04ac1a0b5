import Scenarios

/// The rules for the keys of kinds. Without them, scenarios could not be read, or their resolved text could
/// not be read again.
enum KeyRules {
  private static let reserved = [
    "dataset": ["kind", "validation", "shuffle-labels"], "model": ["kind", "replicas"],
  ]

  /// Traps with the names of kind and key if a kind declares keys that the loader cannot handle.
  ///
  /// A name differs from those that every kind has. A section is declared before its keys, which follow each
  /// other. Types are those that `KindValues` returns. Only models have a key that stands alone. A name that
  /// kinds share is a section in all of them or in none.
  static func check(_ vocabulary: ScenarioVocabulary) {
    for kind in vocabulary.datasets {
      check(kind.keys, of: kind.name, in: "dataset")
      precondition(!kind.keys.contains(where: \.isExclusive), "\(kind.name): no key of data stands alone")
    }
    for kind in vocabulary.models { check(kind.keys, of: kind.name, in: "model") }
    for key in vocabulary.keys.all {
      let areSections = Set(vocabulary.keys.declarations(of: key.name).map { $0.type == .section })
      precondition(areSections.count == 1, "\(key.name) is a section of some kinds only")
    }
  }

  private static func check(_ keys: [ScenarioKey], of kind: String, in section: String) {
    precondition(isWord(kind), "\(kind): a kind's name consists of a-z, digits and hyphens")
    var seen: Set<String> = []
    var former = ""
    for key in keys {
      let place = "\(kind), key \(key.name)"
      precondition(key.name.split(separator: ".").map(String.init).allSatisfy(isWord), "\(place): its name")
      precondition(
        !(reserved[section] ?? []).contains(key.name), "\(place): every kind has a key of this name")
      precondition(seen.insert(key.name).inserted, "\(place): declared twice")
      precondition(
        key.section.isEmpty || seen.contains(key.section), "\(place): declare its section before it")
      precondition(
        key.section.isEmpty || former == key.section || former.hasPrefix(key.section + "."),
        "\(place): the keys of a section follow each other")
      precondition(isServed(key.type), "\(place): kinds declare no keys of this type")
      former = key.name
    }
  }

  private static func isServed(_ type: ScenarioValueType) -> Bool {
    switch type {
    case .section, .boolean, .integer, .number, .integers, .numbers, .word, .text, .path, .labelGroups,
      .texts, .numbersOrNone, .numberOrNumbers, .fields, .choice:
      true
    case .name, .seed, .numberOrNone, .words, .corruption, .observables, .items, .sweep, .claims: false
    }
  }

  private static func isWord(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }
}
