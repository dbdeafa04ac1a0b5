import Attractors
import Dynamics
import RunFiles
import Scenarios

/// What a search for attractors found, as text.
struct AttractorSummary {
  let study: AttractorStudy
  /// The label of each class.
  let labels: [Int]

  /// The search in numbers, outcomes per level, the ten largest basins, and the motion on sets that are no points.
  var text: String {
    let reached = study.reachedCount
    var lines = [heading, TextTable.numbers(levelRows)]
    lines.append(
      "recalled: starts whose attractor is at their own item; entropy: of the basin fractions of decided starts [all undecided ones in the largest basin, each a set of its"
        + " own]; unseen: sets that no start reached, at least, without those that only undecided starts reach."
    )
    if reached > 0 { lines += [""] + basinTable(shown: min(10, reached)) }
    let motions = study.sets.indices.prefix(reached).compactMap(motionLine)
    if !motions.isEmpty {
      lines += ["", "Sets on which orbits move for ever (+- between two windows):"] + motions
    }
    return lines.joined(separator: "\n")
  }

  private var heading: String {
    func count(_ kind: InvariantSet.Kind) -> Int { study.sets.count { $0.kind == kind } }
    func onKinks(_ stability: InvariantSet.Stability) -> Int {
      study.sets.count { isOnKink($0) && $0.stability == stability }
    }
    let kinked = study.sets.count(where: isOnKink)
    let others =
      kinked == 0
      ? ""
      : "; on kinks of the map: \(kinked) (\(onKinks(.stable)) stable, \(onKinks(.semiStable)) semi-stable,"
        + " \(onKinks(.unstable)) unstable, \(onKinks(.undecided)) undecided)"
    func share(_ fraction: Double, _ words: String) -> String? {
      fraction.isFinite ? "\(Summary.number(100 * fraction, 1)) % of \(words) items" : nil
    }
    let atSets = [
      share(study.itemsAtSets.training, "training"), share(study.itemsAtSets.heldOut, "held-out"),
    ]
    .compactMap { $0 }
    let stable = study.stableSets
    let kinds = [
      (stable.cycles, "cycles"), (stable.curves, "closed curves"),
      (stable.quasiPeriodicSets, "quasi-periodic sets"), (stable.chaoticSets, "chaotic sets"),
    ].filter { $0.0 > 0 || $0.1 == "cycles" }.map { "\($0.0) of them \($0.1)" }
    return
      "Attractors: \(study.reachedCount) reached by \(study.items.count * study.realizations) starts per level (in"
      + " \(Summary.short(study.seconds, 1)) s); all found: \(stable.all) stable"
      + " (\(kinds.joined(separator: ", "))), \(count(.saddle)) saddles, \(count(.repeller)) repellers,"
      + " \(count(.unstableCycle)) unstable cycles\(others)."
      + (atSets.isEmpty ? "" : " At a stable set: \(atSets.joined(separator: ", ")).")
  }

  private func isOnKink(_ set: InvariantSet) -> Bool { !set.isSmooth && set.period > 0 }

  /// Outcomes and statistics per level.
  private var levelRows: [[String]] {
    let outcomes = Outcome.allCases
    var rows = [
      ["level"] + outcomes.map { "\($0)" } + ["recalled", "entropy", "unseen", "t50", "t90", "tmax"]
    ]
    for (l, basins) in study.basins.enumerated() {
      let times = [
        basins.convergenceTimes.median, basins.convergenceTimes.ninetieth, basins.convergenceTimes.maximum,
      ]
      let bounds =
        basins.undecidedFraction > 0
        ? " [\(number(basins.entropy.least, 2)), \(number(basins.entropy.largest, 2))]" : ""
      rows.append(
        [Summary.short(study.levels[l])]
          + outcomes.map { outcome in "\(study.outcomes[l].count { $0 == outcome })" }
          + [
            number(basins.recalled.fraction, 3), number(basins.entropy.ofDecided, 2) + bounds,
            number(basins.unseen.estimate, 1),
          ]
          + times.map { $0 < 0 ? "-" : "\($0)" })
    }
    return rows
  }

  /// The largest basins with what their attractors are near to.
  private func basinTable(shown: Int) -> [String] {
    let heading =
      "The \(shown == 1 ? "largest basin" : "\(shown) largest basins"), by the mean over levels: share of starts"
      + " [95 % interval] by level; d: latent distance to the nearest concept and memory:"
    var table = [
      ["", "kind", "radius", "regime", "concept", "d", "memory d", "recovers"]
        + study.levels.map { "level " + Summary.short($0) }
    ]
    for k in 0..<shown {
      let (set, identity) = (study.sets[k], study.identities[k])
      table.append(
        [
          "\(k)", words(set), number(set.spectralRadius, 4), "\(identity.regime)", concept(identity),
          number(identity.conceptDistance, 2), number(identity.memoryDistance, 2),
          identity.recoveredItem >= 0 ? "item \(identity.recoveredItem)" : "no",
        ]
          + study.basins.map { basins in
            "\(number(basins.fractions[k], 3)) [\(number(basins.intervals[k].lower, 3)),"
              + " \(number(basins.intervals[k].upper, 3))]"
          })
    }
    return [heading, TextTable.numbers(table)]
  }

  /// The nearest concept, in parentheses if the set is farther from it than most of its items.
  private func concept(_ identity: AttractorStudy.Identity) -> String {
    guard identity.concept >= 0 else { return "-" }
    return identity.isOfConcept ? "\(labels[identity.concept])" : "none (\(labels[identity.concept]))"
  }

  private func words(_ set: InvariantSet) -> String {
    switch set.kind {
    case .stableCurve: return "closed curve"
    case .quasiPeriodicSet: return "quasi-periodic"
    case .chaoticSet: return "chaotic"
    case .stableFixedPoint, .saddle, .repeller, .stableCycle, .unstableCycle, .nonSmoothFixedPoint,
      .nonSmoothCycle:
      return (set.period > 1 ? "cycle of \(set.period)" : "fixed point") + (set.isSmooth ? "" : " on a kink")
    }
  }

  /// What is said of the motion on a set; nil for fixed points and cycles.
  private func motionLine(_ k: Int) -> String? {
    guard case .recurrent(let motion) = study.sets[k].motion else { return nil }
    let exponents = zip(motion.exponents, motion.exponentErrors).prefix(4).map {
      "\(Summary.short($0, 4)) +- \(Summary.short($1, 4))"
    }
    let rotation =
      motion.rotationNumber.isFinite
      ? "; rotation number \(Summary.short(motion.rotationNumber, 6)) +- \(Summary.short(motion.rotationNumberError, 6))"
      : motion.kind == .chaoticSet
        ? "; if it is a transient, it lasts \(Summary.short(motion.leastLifetime, 1)) steps on average at least (95 %)"
        : ""
    return
      "\(k): \(words(study.sets[k]))\(motion.pieces > 1 ? " in \(motion.pieces) pieces" : ""); Lyapunov exponents per"
      + " step \(exponents.joined(separator: ", "))\(rotation)"
  }

  /// Whether the intervals became as narrow as was asked for.
  static func sampling(_ study: AttractorStudy, _ until: AttractorSpecification.Until) -> String {
    let widest = study.basins.flatMap(\.intervals).widest ?? 1
    guard widest.isFinite else {
      return
        "Intervals are missing, because the starts of one item say nothing about other items: +-"
        + " \(number(until.halfWidth, 3)) was asked for, and is not reached; take more items."
    }
    return
      "Widest interval: +- \(number(widest, 3)), asked for +- \(number(until.halfWidth, 3))"
      + (widest <= until.halfWidth ? "" : ": not reached with at most \(until.atMost) starts per level")
      + "; look \(study.looks.taken) of at most \(study.looks.planned), which together keep the 95 %."
  }

  private func number(_ x: Double, _ digits: Int) -> String { Summary.number(x, digits) }

  private static func number(_ x: Double, _ digits: Int) -> String { Summary.number(x, digits) }
}
