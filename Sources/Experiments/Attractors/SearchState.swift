import Numerics

/// How far a search for attractors has come: its finished lots of starts, and the one under way.
struct SearchState: Sendable {
  /// What each finished lot showed, by its number.
  var lots: [Int: [UInt8]] = [:]
  /// The state of the lot under way; nil between lots.
  var current: (number: Int, bytes: [UInt8])?

  /// Nothing is done.
  init() {}

  /// Writes what `init(from:)` reads.
  func encode(to encoder: inout ByteEncoder) throws {
    try encoder.encode(lots.count)
    for (number, bytes) in lots.sorted(by: { $0.key < $1.key }) {
      try encoder.encode(number)
      try encoder.encode(bytes)
    }
    try encoder.encode(current?.number ?? -1)
    try encoder.encode(current?.bytes ?? [])
  }

  /// Reads what `encode` wrote.
  ///
  /// - Throws: `ByteDecodingError`.
  init(from decoder: inout ByteDecoder) throws {
    let count: Int = try decoder.decode()
    guard count >= 0, count <= decoder.remaining else {
      throw ByteDecodingError("\(count) lots of starts do not fit")
    }
    for _ in 0..<count {
      let number: Int = try decoder.decode()
      lots[number] = try decoder.decode()
    }
    let number: Int = try decoder.decode()
    let bytes: [UInt8] = try decoder.decode()
    if number >= 0 { current = (number, bytes) }
  }
}

/// What keeps the state of a search while it runs.
struct SearchKeeping {
  /// What was done before, by an earlier process or by shards.
  var former = SearchState()
  /// The time between two states that are handed over.
  var spacing = Duration.seconds(1)
  /// Receives the state now and then. It is called by the thread that runs the search.
  var keep: (SearchState) -> Void = { _ in }
}

extension [UInt8] {
  /// The bytes that an encoder is given.
  init(encoding body: (inout ByteEncoder) throws -> Void) throws {
    let gathered = Gathered()
    var encoder = ByteEncoder { gathered.bytes.append(contentsOf: $0) }
    try body(&encoder)
    try encoder.finish()
    self = gathered.bytes
  }
}

private final class Gathered { var bytes: [UInt8] = [] }
