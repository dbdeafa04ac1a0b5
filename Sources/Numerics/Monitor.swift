import Foundation

/// A value that one thread at a time changes, while others sleep until it has become what they need.
///
/// A thread that releases the lock wakes all threads that wait, and each of them checks its condition again. So no
/// wake-up is lost, and nobody polls. A condition may also depend on something that changes without the lock,
/// provided that the lock is taken once afterwards.
package final class Monitor<Value: Sendable>: @unchecked Sendable {
  private var value: Value
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  package init(_ value: consuming Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    let failures = (pthread_mutex_init(mutex, nil), pthread_cond_init(condition, nil))
    precondition(failures == (0, 0), "the system has no memory for a lock")
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Calls `body` while no other thread has the lock.
  package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    try withLock(when: { _ in true }, body)
  }

  /// Sleeps until `isReady` holds, then calls `body` with the lock, so that the condition still holds.
  package func withLock<Result>(
    when isReady: (borrowing Value) -> Bool, _ body: (inout Value) throws -> Result
  ) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer { unlock() }
    while !isReady(value) { pthread_cond_wait(condition, mutex) }
    return try body(&value)
  }

  /// Calls `body` with the lock, or does nothing if another thread has the lock now.
  package func withLockIfAvailable(_ body: (inout Value) throws -> Void) rethrows {
    guard pthread_mutex_trylock(mutex) == 0 else { return }
    defer { unlock() }
    try body(&value)
  }

  private func unlock() {
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }
}
