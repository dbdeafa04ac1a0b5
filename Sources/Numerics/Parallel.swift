import Dispatch
import Foundation
import Synchronization

/// Loops on several cores. Their pieces are fixed beforehand, so that results cannot depend on the number of
/// threads.
public enum Parallel {
  /// The number of processors that this process may use.
  public static var processorCount: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

  /// Calls `body(worker, piece)` for each piece in `0..<pieces`, on at most `threads` threads.
  ///
  /// Pieces are handed out in ascending order. `worker`, in `0..<threads`, tells the body which scratch memory to
  /// use. The call returns when all pieces are done.
  public static func forEach(
    pieces: Int, threads: Int, _ body: @Sendable (_ worker: Int, _ piece: Int) -> Void
  ) {
    precondition(threads >= 1)
    let workers = min(threads, pieces)
    guard workers > 1 else {
      for piece in 0..<max(pieces, 0) { body(0, piece) }
      return
    }
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      while true {
        let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard piece < pieces else { return }
        body(worker, piece)
      }
    }
  }
}

/// The scratch memory of each worker, addressed by the index that `Parallel.forEach` or `WorkTeam.forEach` hands
/// out.
///
/// Each element is made once and touched by one thread at a time.
package struct WorkerScratch<Element>: @unchecked Sendable {
  private let elements: [Element]

  /// One element per worker.
  package init(_ elements: [Element]) { self.elements = elements }

  /// How many workers there are.
  package var count: Int { elements.count }

  /// The scratch memory of one worker.
  package subscript(worker: Int) -> Element { elements[worker] }
}
