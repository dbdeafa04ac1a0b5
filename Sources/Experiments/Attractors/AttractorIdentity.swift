import Attractors
import Datasets
import Dynamics
import Numerics
import Observables
import Preparation
import RunFiles
import Scenarios
import Statistics

/// What attractors are near to.
extension Experiment {
  func identify(_ study: inout AttractorStudy, _ landmarks: IdentityLandmarks, own: OwnItems?) {
    study.identities = study.sets.map(landmarks.identity)
    for level in study.levels.indices { study.countRegimes(level) }
    guard let own else { return }
    for level in study.levels.indices { study.countRecalled(level, own, within: landmarks.itemRadius) }
    countOwnMemories(&study, landmarks, own)
    let classes = dataset.hierarchy.numberOfClasses
    for level in study.levels.indices {
      // The first column is that of attractors near to no concept.
      var confusion = [[Int]](repeating: Array(repeating: 0, count: classes + 1), count: classes)
      for (k, label) in study.labels[level].enumerated() where label >= 0 {
        let item = Int(study.items[k / study.realizations])
        let identity = study.identities[Int(label)]
        confusion[Int(own.classes[item])][identity.isOfConcept ? identity.concept + 1 : 0] += 1
      }
      study.basins[level].confusion = confusion
    }
  }

  /// Counts the starts of each level whose attractor is a fixed point in the ball of their own memory.
  private func countOwnMemories(
    _ study: inout AttractorStudy, _ landmarks: IdentityLandmarks, _ own: OwnItems
  ) {
    let areTraining = hasSourceItems && scenario.initial.split == .train
    let n = own.memories.columns
    var balls: [Int32: IdentityLandmarks.Ball] = [:]
    for level in study.levels.indices {
      study.basins[level].atOwnMemory = study.share(level) { item, set in
        guard set.period == 1 else { return false }
        let memory = own.memories.row(Int(item))
        return landmarks.contains(
          &balls[item, default: landmarks.ball(ofMemory: memory, isTraining: areTraining)],
          distance: distance(set.points[0], memory, n))
      }
    }
  }
}

extension AttractorStudy {
  /// Counts the starts of a level that come back to their own item.
  fileprivate mutating func countRecalled(_ level: Int, _ own: OwnItems, within radius: Double) {
    basins[level].recalled = share(level) { item, set in
      set.farthestDistance(from: IdentityLandmarks.row(own.memories, Int(item))) <= radius
    }
  }

  /// How `FractionInterval.ofBasins` reads a start without a set: decided otherwise, or undecided.
  private func mark(ofStart k: Int, _ level: Int) -> Int32 { outcomes[level][k] == .diverged ? -2 : -1 }

  /// The share of a level's starts that satisfy a condition on their item and the set that they reach.
  fileprivate func share(_ level: Int, where isSo: (_ item: Int32, _ set: InvariantSet) -> Bool)
    -> RegimeShare
  {
    let marks = labels[level].enumerated().map { k, label -> Int32 in
      guard label >= 0 else { return mark(ofStart: k, level) }
      return isSo(items[k / realizations], sets[Int(label)]) ? 0 : -2
    }
    return RegimeShare(
      fraction: Double(marks.count { $0 == 0 }) / Double(max(marks.count, 1)),
      interval: FractionInterval.ofBasins(labels: marks, startsPerItem: realizations, attractors: 1)[0])
  }

  /// Counts the starts of a level by the regime of the attractor that they reach.
  fileprivate mutating func countRegimes(_ level: Int) {
    let regimes = labels[level].enumerated().map { k, label -> Int32 in
      label >= 0 ? identities[Int(label)].regime.rawValue : mark(ofStart: k, level)
    }
    let intervals = FractionInterval.ofBasins(
      labels: regimes, startsPerItem: realizations, attractors: Regime.allCases.count)
    let isToldFully = !identities.contains { $0.regime == .unclassified }
    basins[level].regimes = zip(Regime.allCases, intervals).map { regime, interval in
      // Without held-out items nothing is told of the last two.
      guard isToldFully || regime == .memorized || regime == .prototype else {
        return RegimeShare(fraction: .nan, interval: .missing)
      }
      let count = regimes.count { $0 == regime.rawValue }
      return RegimeShare(
        fraction: Double(count) / Double(max(regimes.count, 1)), interval: interval)
    }
    let excesses = labels[level].filter { $0 >= 0 }.map { identities[Int($0)].excessOverHeldOut }
    basins[level].nearerToTraining =
      excesses.isEmpty || excesses.contains { $0.isNaN }
      ? .nan : Double(excesses.count { $0 < 0 }) / Double(excesses.count)
  }
}
