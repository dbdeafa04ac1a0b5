import Foundation
import Synchronization

/// Threads that stay awake between loops. They serve sequences of many short loops, where waking threads for each
/// loop would cost more than the work.
///
/// Piece p belongs to worker p mod `threads`. A worker takes its own pieces first, in ascending order, so that what
/// a piece writes in one loop and reads in the next can stay in one core's caches. Then workers take what is left
/// of each other's pieces. So the calling thread finishes the work by itself if helpers get no processor. A helper
/// without work polls, and after a while it sleeps between polls. Only one thread at a time may call `forEach`.
public final class WorkTeam: Sendable {
  private let board: Board
  /// The number of workers, the calling thread included.
  public let threads: Int

  /// Starts `threads - 1` helpers.
  public init(threads: Int) {
    precondition(threads >= 1)
    self.threads = threads
    board = Board(threads: threads)
    for worker in 1..<max(threads, 1) {
      let helper = Thread { [board] in board.help(worker) }
      helper.stackSize = 1 << 20
      helper.start()
    }
  }

  deinit { board.ended.store(true, ordering: .relaxed) }

  /// Calls `body(worker, piece)` for each piece in `0..<pieces`, and returns when all are done.
  public func forEach(pieces: Int, _ body: @escaping @Sendable (_ worker: Int, _ piece: Int) -> Void) {
    guard threads > 1, pieces > 1 else {
      for piece in 0..<max(pieces, 0) { body(0, piece) }
      return
    }
    precondition(pieces < Share.unclaimed)
    board.pieces = pieces
    board.body = body
    board.finished.store(0, ordering: .relaxed)
    // The calling thread's share comes last, because that thread looks for work only afterwards.
    for worker in board.shares.indices.reversed() {
      board.shares[worker].publish(board.count(ofShare: worker))
    }
    _ = board.work(worker: 0)
    var waits = 0
    while board.finished.load(ordering: .acquiring) < pieces { Board.pause(&waits) }
    board.body = nil
  }

  /// The pieces of one worker.
  private final class Share: Sendable {
    /// The low half of a ticket counts the pieces that nobody has taken yet. The high half numbers the loop.
    static var unclaimed: Int { 0xFFFF_FFFF }
    private let ticket = Atomic<Int>(0)
    /// Keeps the tickets of two workers in different cache lines.
    private let spare = SIMD16<Int64>()

    /// Gives the worker its pieces of the next loop.
    func publish(_ count: Int) {
      let loop = ticket.load(ordering: .relaxed) & ~Self.unclaimed &+ (Self.unclaimed + 1)
      ticket.store(loop | count, ordering: .releasing)
    }

    /// Takes a piece.
    ///
    /// - Returns: How many pieces were left before this one was taken; 0 if there was none to take.
    func claim() -> Int {
      var seen = ticket.load(ordering: .relaxed)
      while seen & Self.unclaimed > 0 {
        let (isMine, now) = ticket.compareExchange(
          expected: seen, desired: seen - 1, successOrdering: .acquiring, failureOrdering: .relaxed)
        if isMine { return seen & Self.unclaimed }
        seen = now
      }
      return 0
    }
  }

  /// What the calling thread and its helpers share.
  private final class Board: @unchecked Sendable {
    let shares: [Share]
    let finished = Atomic<Int>(0)
    let ended = Atomic<Bool>(false)
    /// Written before a loop's shares are published. Read only by threads that have taken one of its pieces, and a
    /// loop does not end before all its pieces are counted as finished.
    var pieces = 0
    var body: (@Sendable (Int, Int) -> Void)?

    init(threads: Int) { shares = (0..<threads).map { _ in Share() } }

    /// The pieces that belong to a worker.
    func count(ofShare worker: Int) -> Int { (pieces - worker + shares.count - 1) / shares.count }

    /// Does pieces as long as there are any. Returns false if there was none.
    ///
    /// Finished pieces are counted once, at the end. The loop cannot end before they are counted, so `body` stays
    /// valid, and workers do not contend for the counter in between.
    func work(worker: Int) -> Bool {
      guard var piece = claim(worker), let body else { return false }
      var done = 0
      while true {
        body(worker, piece)
        done += 1
        guard let next = claim(worker) else { break }
        piece = next
      }
      finished.wrappingAdd(done, ordering: .acquiringAndReleasing)
      return true
    }

    /// Takes a piece: one of the worker's own or, where none is left, another worker's.
    private func claim(_ worker: Int) -> Int? {
      for offset in shares.indices {
        let owner = (worker + offset) % shares.count
        let left = shares[owner].claim()
        if left > 0 { return owner + (count(ofShare: owner) - left) * shares.count }
      }
      return nil
    }

    /// What a helper does until the team ends.
    func help(_ worker: Int) {
      var waits = 0
      while !ended.load(ordering: .relaxed) {
        if work(worker: worker) { waits = 0 } else { Self.pause(&waits) }
      }
    }

    /// How often a thread polls in vain before it lets others run; that takes some microseconds.
    private static var waitsBeforeYield: Int { 10_000 }
    /// How often a thread polls in vain before it sleeps between polls.
    private static var waitsBeforeSleep: Int { 20_000 }
    private static var microsecondsOfSleep: UInt32 { 50 }

    /// What a thread does after it has polled in vain `waits` times in a row.
    static func pause(_ waits: inout Int) {
      waits += 1
      if waits > waitsBeforeSleep {
        usleep(microsecondsOfSleep)
      } else if waits > waitsBeforeYield {
        sched_yield()
      }
    }
  }
}
