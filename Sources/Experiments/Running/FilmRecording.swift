import Dynamics
import Numerics
import Preparation
import RunFiles
import Scenarios

extension Experiment {
  /// Records the films that the scenario asks for, with an ensemble of those members alone.
  ///
  /// Random numbers are addressed, and a member does not depend on its block. So these are the same members
  /// as in the run, and the run's own loop needs no code for films.
  func recordFilms<Map>(of prepared: PreparedEnsemble<Map>) throws -> Films? {
    guard let specification = scenario.output.films else { return nil }
    let all = prepared.plan.items
    let count = min(specification.items, all.count)
    let items = (0..<count).map { all[$0 * all.count / count] }
    let times = specification.times(steps: scenario.dynamics.steps)
    let recorder = FilmRecorder(
      levels: prepared.plan.levels, items: items, times: times, dataDimension: dataset.dimension)
    let plan = EnsemblePlan(
      levels: prepared.plan.levels, items: items, steps: times.last ?? 0, seed: prepared.plan.seed,
      observables: [recorder])
    _ = try Ensemble(
      map: prepared.map, start: prepared.start, plan: plan, threads: options.threads,
      blockSize: options.blockSize
    ).run(observer: Stopping(events: events))
    return Films(
      items: items, classes: prepared.own.map { own in items.map { own.classes[Int($0)] } }, times: times,
      pictures: recorder.pictures)
  }
}

/// Copies x(t) at some times. As an observable it has no value.
///
/// Each picture is written by one worker, once.
private final class FilmRecorder: Observable, @unchecked Sendable {
  let name = "film"
  let longName = "film"
  let requiredFields: StateFields = .dataState
  private let levels: [Double]
  private let items: [Int32]
  private let times: [Int]
  private let dataDimension: Int
  private let storage: AlignedBuffer<Float>

  init(levels: [Double], items: [Int32], times: [Int], dataDimension: Int) {
    self.levels = levels
    self.items = items
    self.times = times
    self.dataDimension = dataDimension
    storage = AlignedBuffer(count: levels.count * items.count * times.count * dataDimension)
    storage.buffer.update(repeating: .nan)
  }

  var pictures: [Float] { Array(storage.buffer) }

  func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    for m in 0..<snapshot.count { values[m] = .nan }
    guard let time = times.firstIndex(of: snapshot.time), let states = snapshot.values(.dataState) else {
      return
    }
    for m in 0..<snapshot.count {
      let member = snapshot.members[m]
      guard let level = levels.firstIndex(of: member.level), let item = items.firstIndex(of: member.item)
      else { continue }
      let picture = (level * items.count + item) * times.count + time
      for i in 0..<dataDimension {
        storage.pointer[picture * dataDimension + i] = Float(states[m * dataDimension + i])
      }
    }
  }
}
