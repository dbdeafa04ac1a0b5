import Attractors
import Output

extension RunLayout {
  /// Single numbers of the search for attractors, per level and of the model.
  ///
  /// They are in the root, so that files of several models have their averages, and claims can name them.
  var attractorNumbers: RunSection<AttractorStudy> {
    RunSection(columns: attractingSets + radii + undecided + settlingTimes + regimes + items)
      .toTolerance()
  }

  private typealias Column = RunColumn<AttractorStudy>

  private var attractingSets: [Column] {
    let kinds: [(String, String, @Sendable (AttractorStudy.SetCounts) -> Int)] = [
      ("attracting_sets", "attracting sets", { $0.all }),
      ("attracting_fixed_points", "attracting fixed points", { $0.fixedPoints }),
      ("attracting_cycles", "attracting cycles", { $0.cycles }),
      ("attracting_curves", "attracting closed curves", { $0.curves }),
      (
        "attracting_quasi_periodic_sets", "attracting quasi-periodic sets of several frequencies",
        {
          $0.quasiPeriodicSets
        }
      ),
      ("attracting_chaotic_sets", "attracting chaotic sets", { $0.chaoticSets }),
    ]
    let perLevel = kinds.map { name, words, count in
      Column.integers(
        RunVariable(name, .integer, ["level"], .value, "number of \(words) that starts reach")
      ) { study in study.levels.indices.map { count(study.reachedSets(atLevel: $0)) } }
    }
    let all = RunVariable(
      "attracting_sets_of_model", .integer, [], .value,
      "number of stable sets that were found, whether starts reach them or not")
    return perLevel + [.integers(all) { [$0.stableSets.all] }]
  }

  private var radii: [Column] {
    [
      .reals(
        RunVariable(
          "largest_spectral_radius", .real, ["level"], .value,
          "largest spectral radius of the fixed points and cycles that starts reach")
      ) { study in study.levels.indices.map { study.largestSpectralRadius(atLevel: $0) } },
      .reals(
        RunVariable(
          "largest_spectral_radius_of_model", .real, [], .value,
          "largest spectral radius of all stable fixed points and cycles that were found")
      ) { [$0.largestSpectralRadius] },
    ]
  }

  private var undecided: [Column] {
    func entropy(
      _ name: String, _ words: String, _ value: @escaping @Sendable (BasinFractionEntropy) -> Double
    ) -> Column {
      .reals(RunVariable(name, .real, ["level"], .value, words, units: "nats")) { study in
        study.basins.map { value($0.entropy) }
      }
    }
    return [
      entropy("basin_fraction_entropy", "Shannon's entropy of the basin fractions of decided starts") {
        $0.ofDecided
      },
      entropy(
        "least_basin_fraction_entropy",
        "the same of all starts, if undecided ones belong to the largest basin"
      ) { $0.least },
      entropy(
        "largest_basin_fraction_entropy",
        "the same of all starts, if each undecided one reaches a set of its own"
      ) { $0.largest },
      .reals(
        RunVariable(
          "undecided_fraction", .real, ["level"], .value,
          "share of starts whose set is not known: slow, undecided or ambiguous ones")
      ) { $0.basins.map(\.undecidedFraction) },
    ]
  }

  private var settlingTimes: [Column] {
    let quantiles: [(String, String, @Sendable (AttractorStudy.Basins) -> Int)] = [
      ("median_settling_time", "median", { $0.convergenceTimes.median }),
      ("ninetieth_percentile_settling_time", "90 % quantile", { $0.convergenceTimes.ninetieth }),
    ]
    return quantiles.map { name, words, value in
      .integers(
        RunVariable(
          name, .integer, ["level"], .value,
          "\(words) of the convergence time of starts that come to rest, -1 for none")
      ) { $0.basins.map(value) }
    }
  }

  /// The shares of starts by what their attractors resemble.
  private var regimes: [Column] {
    let words: [(AttractorStudy.Regime, String)] = [
      (.memorized, "recovers a training item's memory"), (.prototype, "lies near a concept or the root"),
      (.generalizing, "is as near to a training memory as held-out items are"),
      (.spurious, "is near to none of these"),
    ]
    let shares = words.flatMap { regime, words -> [Column] in
      let fraction = RunVariable(
        "\(regime)_fraction", .real, ["level"], .value, "share of starts whose attractor \(words)")
      let (lower, upper) = fraction.bounds(
        "lower end of the 95 % interval of \(fraction.name)",
        "upper end of the 95 % interval of \(fraction.name); undecided starts widen it")
      let place = Int(regime.rawValue)
      return [
        .reals(fraction.with([lower, upper])) { $0.basins.map { $0.regimes[place].fraction } },
        .reals(lower) { $0.basins.map { $0.regimes[place].interval.lower } },
        .reals(upper) { $0.basins.map { $0.regimes[place].interval.upper } },
      ]
    }
    let nearer = RunVariable(
      "nearer_to_training_fraction", .real, ["level"], .value,
      "share of decided starts whose attractor is nearer to a sample of training memories than to as many held-out ones"
    )
    return shares + [.reals(nearer) { $0.basins.map(\.nearerToTraining) }] + ownMemories
  }

  /// The share of starts that end at their own memory.
  private var ownMemories: [Column] {
    let fraction = RunVariable(
      "own_memory_fraction", .real, ["level"], .value,
      "share of starts whose attractor is a fixed point within half the distance of their own memory to its nearest other one"
    )
    let (lower, upper) = fraction.bounds(
      "lower end of the 95 % interval of \(fraction.name)",
      "upper end of the 95 % interval of \(fraction.name); undecided starts widen it")
    return [
      .reals(fraction.with([lower, upper])) { $0.basins.map(\.atOwnMemory.fraction) },
      .reals(lower) { $0.basins.map(\.atOwnMemory.interval.lower) },
      .reals(upper) { $0.basins.map(\.atOwnMemory.interval.upper) },
    ]
  }

  /// The shares of items that are at attractors, and of starts that come back to their own item.
  private var items: [Column] {
    let recalled = RunVariable(
      "recalled_fraction", .real, ["level"], .value,
      "share of starts whose attractor is within attractors.item-radius of their own item's memory")
    let (lower, upper) = recalled.bounds(
      "lower end of the 95 % interval of recalled_fraction",
      "upper end of the 95 % interval of recalled_fraction; undecided starts widen it")
    func share(_ name: String, _ words: String, _ value: @escaping @Sendable (AttractorStudy) -> Double)
      -> Column
    {
      let text = "share of \(words) items whose memory is within attractors.item-radius of a stable set"
      return .reals(RunVariable(name, .real, [], .value, text)) { [value($0)] }
    }
    return [
      .reals(recalled.with([lower, upper])) { $0.basins.map(\.recalled.fraction) },
      .reals(lower) { $0.basins.map(\.recalled.interval.lower) },
      .reals(upper) { $0.basins.map(\.recalled.interval.upper) },
      share("training_items_at_attractors", "training") { $0.itemsAtSets.training },
      share("held_out_items_at_attractors", "held-out") { $0.itemsAtSets.heldOut },
    ]
  }
}
