import Dynamics
import Numerics
import Observables
import Output

extension RunFile {
  /// Writes the group `/attractors`.
  func write(_ study: AttractorStudy, in group: NetCDFGroup) throws {
    let hierarchy = dataset.hierarchy
    let count = study.sets.count
    let initials = study.items.count * study.realizations
    let latent = study.sets.first?.points[0].count ?? 0
    try group.defineDimension("attractor", length: count)
    try group.defineDimension("latent", length: latent)
    try group.defineDimension("initial", length: initials)

    func doubles(
      _ name: String, _ dimensions: [String], _ longName: String, units: String = "1", _ values: [Double],
      more: [(String, NetCDFAttribute)] = []
    ) throws {
      try group.defineVariable(
        name, type: .double, dimensions: dimensions,
        attributes: [("long_name", .text(longName)), ("units", .text(units))] + more,
        fillValue: NetCDFWriter.missing
      ).write(values)
    }
    func integers(
      _ name: String, _ dimensions: [String], _ longName: String, _ values: [Int32],
      more: [(String, NetCDFAttribute)] = [("units", "1")]
    ) throws {
      try group.defineVariable(
        name, type: .int32, dimensions: dimensions, attributes: [("long_name", .text(longName))] + more
      ).write(values)
    }
    func flags(_ names: [String], _ values: [Int32]) -> [(String, NetCDFAttribute)] {
      [("flag_values", .ints(values)), ("flag_meanings", .text(names.joined(separator: " ")))]
    }

    // The sets and their stability.
    let sets = study.sets
    let perSet = ["attractor"]
    try doubles(
      "position", ["attractor", "latent"], "fixed point, or first point of a cycle",
      sets.flatMap { $0.points[0] })
    try doubles("residual", perSet, "|F^p(z) - z| at the position, p the period", sets.map(\.residual))
    try integers(
      "kind", perSet, "kind of the invariant set", sets.map(\.kind.rawValue),
      more: flags(
        ["stable_fixed_point", "saddle", "repeller", "stable_cycle", "unstable_cycle"],
        InvariantSet.Kind.allCases.map(\.rawValue)))
    try integers("period", perSet, "steps that lead back, 1 for a fixed point", sets.map { Int32($0.period) })
    try integers(
      "stability_index", perSet, "number of eigenvalues outside the unit circle",
      sets.map { Int32($0.stabilityIndex) })
    try doubles(
      "eigenvalue_real", ["attractor", "latent"], "real parts of the eigenvalues of dF^p/dz, by modulus",
      sets.flatMap { $0.eigenvalues.map(\.real) })
    try doubles(
      "eigenvalue_imaginary", ["attractor", "latent"], "imaginary parts of the eigenvalues of dF^p/dz",
      sets.flatMap { $0.eigenvalues.map(\.imaginary) })
    try doubles("spectral_radius", perSet, "largest modulus of an eigenvalue", sets.map(\.spectralRadius))
    try doubles(
      "largest_singular_value", perSet, "spectral norm of dF^p/dz", sets.map(\.largestSingularValue))
    let growth = sets.map { $0.transientGrowth() }
    try doubles(
      "transient_growth", perSet, "largest spectral norm of a power of dF^p/dz; missing for unstable sets",
      growth.map { $0.factor.isFinite ? $0.factor : .nan })
    try integers(
      "transient_growth_time", perSet, "the power, in periods; -1 for unstable sets",
      growth.map { Int32(clamping: $0.time) })

    // What they are.
    let labels = hierarchy.classLabels
    try integers(
      "nearest_concept", perSet, "class label of the nearest concept",
      study.identities.map { $0.concept < 0 ? -1 : Int32(labels[$0.concept]) })
    try doubles(
      "distance_nearest_concept", perSet, "distance to the nearest concept",
      study.identities.map(\.conceptDistance))
    try integers(
      "nearest_memory", perSet, "training item of the nearest memory",
      study.identities.map { Int32($0.memory) })
    try doubles(
      "distance_nearest_memory", perSet, "distance to the nearest training memory",
      study.identities.map(\.memoryDistance))
    try integers(
      "recovered_item", perSet,
      "training item whose memory leads here and whose picture is nearest to the decoded one, among training and"
        + " test set; -1 for a spurious attractor", study.identities.map { Int32($0.recoveredItem) })
    if let shape = dataset.imageShape {
      try group.defineDimension("pixel", length: study.pictures.columns)
      try group.defineVariable(
        "picture", type: .float, dimensions: ["attractor", "pixel"],
        attributes: [
          ("long_name", "decoder's mean g(z) at the position, row by row"), ("units", "1"),
          ("image_height", .int(shape.rows)), ("image_width", .int(shape.columns)),
        ], fillValue: NetCDFWriter.missing
      ).write(Array(study.pictures.storage.buffer.prefix(count * study.pictures.columns)).map { Float($0) })
    }

    // Basins.
    let basins = study.basins
    let perLevel = ["level", "attractor"]
    let looks: [(String, NetCDFAttribute)] = [
      ("interval", .text(study.realizations > 1 ? "bootstrap over items" : "Clopper-Pearson")),
      ("confidence", .double(0.95)), ("looks_planned", .int(study.looks.planned)),
      ("looks_taken", .int(study.looks.taken)),
    ]
    try doubles(
      "basin_fraction", perLevel, "share of the starts that reach the attractor", basins.flatMap(\.fractions),
      more: [("ancillary_variables", "basin_fraction_lower basin_fraction_upper")])
    try doubles(
      "basin_fraction_lower", perLevel, "lower end of the 95 % interval of basin_fraction",
      basins.flatMap { $0.intervals.map(\.lower) }, more: looks)
    try doubles(
      "basin_fraction_upper", perLevel,
      "upper end of the 95 % interval of basin_fraction; slow and undecided starts widen it",
      basins.flatMap { $0.intervals.map(\.upper) }, more: looks)
    try doubles(
      "undecided_fraction", ["level"], "share of starts that are slow or undecided",
      basins.map(\.undecidedFraction))
    try doubles(
      "basin_entropy", ["level"], "entropy of the basin fractions of decided starts", units: "nats",
      basins.map(\.entropy))
    try doubles(
      "unseen_attractors_estimate", ["level"],
      "expected number of attractors that no start has reached, at least (Chao1)",
      basins.map(\.unseen.estimate),
      more: [("ancillary_variables", "unseen_attractors_estimate_standard_error")])
    try doubles(
      "unseen_attractors_estimate_standard_error", ["level"], "standard error of unseen_attractors_estimate",
      basins.map(\.unseen.standardError))
    for (name, words, value) in [
      ("median", "median", { $0.convergenceTimes.median }),
      ("ninetieth_percentile", "90 % quantile", { $0.convergenceTimes.ninetieth }),
      ("maximum", "maximum", { $0.convergenceTimes.maximum }),
    ] as [(String, String, (AttractorStudy.Basins) -> Int)] {
      try integers(
        "convergence_time_" + name, ["level"],
        "\(words) of the convergence time of converged starts, -1 for none",
        basins.map { Int32(clamping: value($0)) })
    }
    if basins.allSatisfy({ $0.confusion != nil }) {
      for (name, words) in [
        ("source_class", "source item"), ("reached_class", "concept nearest to the attractor"),
      ] {
        try group.defineDimension(name, length: labels.count)
        try integers(name, [name], "class label of the \(words)", labels.map { Int32($0) })
      }
      try integers(
        "confusion", ["level", "source_class", "reached_class"],
        "number of starts by class of their source and of the concept nearest to the attractor reached",
        basins.flatMap { ($0.confusion ?? []).joined().map { Int32(clamping: $0) } })
    }

    // Starts.
    try integers(
      "initial_item", ["initial"], "source item of the start, or its number",
      study.items.flatMap { Array(repeating: $0, count: study.realizations) })
    try integers(
      "initial_attractor", ["level", "initial"],
      "attractor reached by each start, in the order of items; -1 for slow, diverged and undecided ones",
      study.labels.flatMap { $0 })
    try integers(
      "initial_outcome", ["level", "initial"], "how each start ended",
      study.outcomes.flatMap { $0.map(\.rawValue) },
      more: flags(Outcome.allCases.map { "\($0)" }, Outcome.allCases.map(\.rawValue)))
    try integers(
      "initial_convergence_time", ["level", "initial"],
      "first time with a step below the tolerance (of a diverged start: that it was not finite), -1 for none;"
        + " continued with the linearized map inside balls of proven contraction",
      study.times.flatMap { $0 })
    if let exponents = study.unsettled.first?.exponents.count, exponents > 0 {
      let whole = study.unsettled.filter { $0.exponents.count == exponents }
      try group.defineDimension("unsettled", length: whole.count)
      try group.defineDimension("exponent", length: exponents)
      try doubles(
        "lyapunov_exponent", ["unsettled", "exponent"],
        "leading Lyapunov exponents of the first starts that did not settle, over \(AttractorStudy.lyapunovSteps) steps",
        units: "nats",
        whole.flatMap(\.exponents))
      try integers(
        "unsettled_level", ["unsettled"], "index of the start's level", whole.map { Int32($0.level) })
      try integers("unsettled_initial", ["unsettled"], "index of the start", whole.map { Int32($0.initial) })
    }
    try group.setAttribute("realizations", .int(study.realizations))
    try group.setAttribute("steps_of_plain_iteration", .int(study.iterations))
    try group.setAttribute("starts_decided_by_contraction", .int(study.decidedByBall))
  }
}
