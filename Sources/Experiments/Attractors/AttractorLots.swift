import Attractors
import Dynamics
import Foundation
import Kinds
import Numerics
import Preparation

/// Decides the starts of a search in lots, so that it can be continued, and shared out among shards.
///
/// The first lot of a call is decided by the search itself. All others begin with the catalogue that it leaves, and know
/// nothing of each other; in the end their catalogues are united in order. So the result depends neither on where a
/// search was interrupted nor on which process decided which lot.
final class AttractorLots<Map: DifferentiableMap> {
  /// The search, whose catalogue is that of all lots.
  let search: AttractorSearch<Map, PreparedStart>
  private var state: SearchState
  private let keeping: SearchKeeping
  private let events: RunEvents
  private var lastKept = ContinuousClock.now
  private var next = 0

  /// The largest number of starts that are one lot.
  private static var lotSize: Int { 4096 }
  /// The number of starts of the first of several lots.
  private static var scoutSize: Int { 1024 }

  init(_ search: AttractorSearch<Map, PreparedStart>, _ keeping: SearchKeeping, _ events: RunEvents) {
    self.search = search
    self.keeping = keeping
    self.events = events
    state = keeping.former
  }

  /// The lots of a number of starts: one or, of more starts than one lot holds, a small one and equally large ones.
  static func ranges(_ count: Int) -> [Range<Int>] {
    guard count > lotSize else { return [0..<count] }
    let rest = count - scoutSize
    let lots = (rest + lotSize - 1) / lotSize
    return [0..<scoutSize]
      + (0..<lots).map { scoutSize + $0 * rest / lots..<scoutSize + ($0 + 1) * rest / lots }
  }

  /// Finds out where all members go.
  ///
  /// - Parameter report: Receives the fraction that is done, the numbers of members that are decided, and of those that
  ///   do not settle. False cancels the search.
  /// - Throws: `CancellationError`; `ByteDecodingError` where the former state does not fit.
  func decide(
    _ members: [Member], report: @escaping (Double, Int, Int) -> Bool
  ) throws -> [AttractorDecision] {
    let ranges = Self.ranges(members.count)
    let progress = LotProgress(ranges.map(\.count), report)
    var decisions = try scout(Array(members[ranges[0]]), progress)
    let known = search.sets.count
    for range in ranges.dropFirst() {
      let bytes = try lot(Array(members[range]), knowing: known, progress)
      var decoder = ByteDecoder(Data(bytes))
      decisions += search.absorb(try search.findings(from: &decoder), after: range.lowerBound)
    }
    return decisions
  }

  /// Decides the members of those lots that belong to a shard, and of the first one.
  ///
  /// - Returns: What the lots showed, by number. Only the first shard has the first lot.
  /// - Throws: as `decide`.
  func decide(
    _ members: [Member], shard: Shard, report: @escaping (Double, Int, Int) -> Bool
  ) throws -> SearchState {
    let ranges = Self.ranges(members.count)
    let others = ranges.count - 1
    let own = 1 + others * (shard.number - 1) / shard.count..<1 + others * shard.number / shard.count
    guard shard.number == 1 || !own.isEmpty else { return SearchState() }
    let progress = LotProgress([ranges[0].count] + own.map { ranges[$0].count }, report)
    _ = try scout(Array(members[ranges[0]]), progress)
    let known = search.sets.count
    for number in own {
      next = number
      _ = try lot(Array(members[ranges[number]]), knowing: known, progress)
    }
    var result = SearchState()
    result.lots = state.lots.filter { own.contains($0.key) || (shard.number == 1 && $0.key == 0) }
    return result
  }

  /// Decides the first lot, with the search itself.
  private func scout(_ members: [Member], _ progress: LotProgress) throws -> [AttractorDecision] {
    defer { progress.finishLot() }
    let number = takeNumber()
    if let bytes = state.lots[number] {
      var decoder = ByteDecoder(Data(bytes))
      try search.restore(from: &decoder)
      return try search.findings(from: &decoder).decisions
    }
    let decisions = try run(search, members, number, progress)
    state.lots[number] = try [UInt8](encoding: { encoder in
      try search.encode(to: &encoder)
      try search.findings(beside: search.sets.count, decisions).encode(to: &encoder)
    })
    return decisions
  }

  /// Decides another lot, with a search that begins with the first `known` sets.
  private func lot(_ members: [Member], knowing known: Int, _ progress: LotProgress) throws -> [UInt8] {
    defer { progress.finishLot() }
    let number = takeNumber()
    if let bytes = state.lots[number] { return bytes }
    let branch = search.branch(knowing: known)
    let findings = branch.findings(beside: known, try run(branch, members, number, progress))
    let bytes = try [UInt8](encoding: { try findings.encode(to: &$0) })
    state.lots[number] = bytes
    return bytes
  }

  private func takeNumber() -> Int {
    defer { next += 1 }
    return next
  }

  /// Runs the lot under way, from where an earlier process left it.
  private func run(
    _ search: AttractorSearch<Map, PreparedStart>, _ members: [Member], _ number: Int, _ progress: LotProgress
  ) throws -> [AttractorDecision] {
    if let current = state.current, current.number == number {
      var decoder = ByteDecoder(Data(current.bytes))
      try search.restore(from: &decoder)
      events.logger.info("continuing the search for attractors")
    }
    let decisions = try search.decide(
      members,
      progress: { found in
        self.keep(search, number)
        return progress.report(found.fraction, decided: found.decided, unsettled: found.unsettled)
      }, shouldStop: events.shouldStop)
    state.current = nil
    return decisions
  }

  /// Hands the state over, if it is time.
  private func keep(_ search: AttractorSearch<Map, PreparedStart>, _ number: Int) {
    guard ContinuousClock.now - lastKept >= keeping.spacing,
      let bytes = try? [UInt8](encoding: { try search.encode(to: &$0) })
    else { return }
    state.current = (number, bytes)
    keeping.keep(state)
    lastKept = .now
  }
}

/// The progress of all lots, of that of one.
private final class LotProgress {
  private let sizes: [Int]
  private let receive: (Double, Int, Int) -> Bool
  private var finished = 0

  init(_ sizes: [Int], _ receive: @escaping (Double, Int, Int) -> Bool) {
    self.sizes = sizes
    self.receive = receive
  }

  func finishLot() { finished += 1 }

  func report(_ fraction: Double, decided: Int, unsettled: Int) -> Bool {
    let before = sizes.prefix(finished).reduce(0, +)
    let all = Double(max(sizes.reduce(0, +), 1))
    return receive((Double(before) + fraction * Double(sizes[finished])) / all, before + decided, unsettled)
  }
}
