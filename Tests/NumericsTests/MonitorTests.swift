import Numerics
import Synchronization
import Testing

@Suite struct MonitorTests {
  /// Threads take turns in a ring. A lost wake-up would leave all of them asleep.
  @Test(arguments: [2, 3, 8]) func noWakeUpIsLost(threads: Int) {
    let rounds = 2000
    let turns = Monitor<[Int]>([])
    Parallel.forEach(pieces: threads, threads: threads) { _, thread in
      // A worker may have to take the turns of several, where there are fewer processors: those that follow.
      for round in 0..<rounds {
        turns.withLock(when: { $0.count >= round }) { if $0.count == round { $0.append(thread) } }
      }
    }
    let seen = turns.withLock { $0 }
    #expect(seen.count == rounds)
    #expect(seen.allSatisfy { (0..<threads).contains($0) })
  }

  /// Two threads answer each other, each asleep until the other has counted. A `WorkTeam` has a thread for each.
  @Test func twoThreadsAlternate() {
    let numbers = Monitor<[Int]>([])
    WorkTeam(threads: 2).forEach(pieces: 2) { _, parity in
      for k in 0..<5000 {
        let number = 2 * k + parity
        numbers.withLock(when: { $0.count == number }) { $0.append(number) }
      }
    }
    #expect(numbers.withLock { $0 } == Array(0..<10_000))
  }

  @Test func whoCannotHaveTheLockGoesOn() {
    let value = Monitor(0)
    let isHeld = Atomic<Bool>(false)
    let isAsked = Atomic<Bool>(false)
    WorkTeam(threads: 2).forEach(pieces: 2) { _, piece in
      if piece == 0 {
        value.withLock {
          isHeld.store(true, ordering: .releasing)
          while !isAsked.load(ordering: .acquiring) {}
          $0 += 1
        }
      } else {
        while !isHeld.load(ordering: .acquiring) {}
        value.withLockIfAvailable { $0 += 100 }
        isAsked.store(true, ordering: .releasing)
      }
    }
    #expect(value.withLock { $0 } == 1)
    value.withLockIfAvailable { $0 += 100 }
    #expect(value.withLock { $0 } == 101)
  }

  private struct Refusal: Error {}

  @Test func errorsReleaseTheLock() throws {
    let value = Monitor(1)
    #expect(throws: Refusal.self) { try value.withLock { _ in throw Refusal() } }
    #expect(throws: Refusal.self) { try value.withLock(when: { $0 == 1 }) { _ in throw Refusal() } }
    #expect(value.withLock { $0 } == 1)
  }
}
