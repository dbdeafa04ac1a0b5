import Numerics
import Synchronization
import Testing

@Suite struct ParallelTests {
  @Test(arguments: [1, 2, 3, 7, 16, 100], [0, 1, 2, 5, 100, 1000])
  func everyPieceIsVisitedOnce(threads: Int, pieces: Int) {
    let visits = Mutex<[(worker: Int, piece: Int)]>([])
    Parallel.forEach(pieces: pieces, threads: threads) { worker, piece in
      visits.withLock { $0.append((worker, piece)) }
    }
    let seen = visits.withLock { $0 }
    #expect(seen.map(\.piece).sorted() == Array(0..<pieces))
    #expect(seen.allSatisfy { $0.worker >= 0 && $0.worker < threads })
    // A worker's own pieces ascend.
    for worker in 0..<threads {
      let own = seen.filter { $0.worker == worker }.map(\.piece)
      #expect(own == own.sorted())
    }
  }

  @Test func oneWorkerIsNeverInTwoPiecesAtOnce() {
    let busy = Mutex(Set<Int>())
    let overlaps = Atomic<Int>(0)
    Parallel.forEach(pieces: 500, threads: 4) { worker, _ in
      if !busy.withLock({ $0.insert(worker).inserted }) { overlaps.wrappingAdd(1, ordering: .relaxed) }
      for _ in 0..<100 { overlaps.wrappingAdd(0, ordering: .relaxed) }
      busy.withLock { _ = $0.remove(worker) }
    }
    #expect(overlaps.load(ordering: .relaxed) == 0)
  }

  @Test func thereIsAProcessor() { #expect(Parallel.processorCount >= 1) }
}

@Suite struct WorkTeamTests {
  @Test(arguments: [1, 2, 3, 7])
  func everyPieceOfEveryLoopIsVisitedOnce(threads: Int) {
    let team = WorkTeam(threads: threads)
    for loop in 0..<2000 {
      let pieces = loop % 7 * 5
      let visits = Mutex<[(worker: Int, piece: Int)]>([])
      team.forEach(pieces: pieces) { worker, piece in visits.withLock { $0.append((worker, piece)) } }
      let seen = visits.withLock { $0 }
      #expect(seen.map(\.piece).sorted() == Array(0..<pieces))
      #expect(seen.allSatisfy { $0.worker >= 0 && $0.worker < threads })
    }
  }

  /// What a loop wrote without atomics or locks, the next loop reads on whatever thread.
  @Test func loopsAreOrdered() {
    final class Cells: @unchecked Sendable { var values = [Int](repeating: 0, count: 64) }
    let team = WorkTeam(threads: 4)
    let cells = [Cells(), Cells()]
    for loop in 0..<1000 {
      let (from, to) = (cells[loop % 2], cells[1 - loop % 2])
      to.values.withUnsafeMutableBufferPointer { target in
        nonisolated(unsafe) let target = target
        team.forEach(pieces: 64) { _, piece in target[piece] = from.values[(piece + 1) % 64] + 1 }
      }
    }
    #expect(cells[0].values.allSatisfy { $0 == 1000 })
  }

  /// A helper that has gone to sleep still helps, or the caller does the work alone.
  @Test func loopsAfterAPauseAreComplete() async throws {
    let team = WorkTeam(threads: 3)
    let sum = Atomic<Int>(0)
    team.forEach(pieces: 10) { _, piece in sum.wrappingAdd(piece, ordering: .relaxed) }
    try await Task.sleep(for: .milliseconds(50))
    team.forEach(pieces: 10) { _, piece in sum.wrappingAdd(piece, ordering: .relaxed) }
    #expect(sum.load(ordering: .relaxed) == 90)
  }
}

@Suite struct SmallTypesTests {
  @Test func roundingUpGivesTheNextMultiple() {
    for value in 0...200 {
      for multiple in [1, 2, 16, 32, 42] {
        let rounded = roundedUp(value, toMultipleOf: multiple)
        #expect(rounded % multiple == 0 && rounded >= value && rounded < value + multiple)
      }
    }
  }

  @Test func buffersAreAlignedAndZeroed() {
    for count in [0, 1, 3, 1000] {
      let buffer = AlignedBuffer<Float>(count: count)
      #expect(UInt(bitPattern: UnsafeRawPointer(buffer.pointer)) % 64 == 0)
      #expect(buffer.buffer.count == count)
      #expect(buffer.buffer.allSatisfy { $0 == 0 })
    }
    let copy = AlignedBuffer<Int32>([3, 1, 4, 1, 5])
    #expect(Array(copy.buffer) == [3, 1, 4, 1, 5])
    #expect(Array(copy.slice(from: 1, count: 3)) == [1, 4, 1])
    #expect(AlignedBuffer<Double>([]).count == 0)
  }

  @Test func onlySquareNumbersHaveASquareShape() {
    #expect(ImageShape(squareOf: 784) == ImageShape(rows: 28, columns: 28))
    #expect(ImageShape(squareOf: 1) == ImageShape(rows: 1, columns: 1))
    for dimension in [0, 2, 783, 785] { #expect(ImageShape(squareOf: dimension) == nil) }
  }

  @Test func elementaryFunctionsAreStableFarFromZero() {
    #expect(logistic(0) == 0.5)
    #expect(logistic(800) == 1)
    #expect(logistic(-800) == 0)
    #expect(softplus(800) == 800)
    #expect(softplus(-800) == 0)
    for x in stride(from: -30.0, through: 30, by: 0.37) {
      // softplus(x) - softplus(-x) = x and logistic(x) + logistic(-x) = 1, to a few roundings.
      #expect(abs(softplus(x) - softplus(-x) - x) <= 4 * max(1, abs(x)).ulp)
      #expect(abs(logistic(x) + logistic(-x) - 1) <= 2 * 1.0.ulp)
      // logistic(x) = e^(x - softplus(x)); the exponent's error is at most 4 ulps of |x|.
      #expect(abs(logistic(x) / exponential(x - softplus(x)) - 1) <= 8 * max(1, abs(x)).ulp)
    }
  }
}
