/// Workers handed out by index; each is touched by one thread at a time.
final class WorkerTeam<Worker>: @unchecked Sendable {
  let workers: [Worker]
  init(_ workers: [Worker]) { self.workers = workers }
}
