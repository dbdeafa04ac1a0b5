import Attractors
import Dynamics
import Numerics
import Observables
import Output

extension RunLayout {
  private typealias Column = RunColumn<AttractorPage>
  private typealias Section = RunSection<AttractorPage>

  /// The group of attractors.
  func attractors(_ attractors: Attractors) -> [RunSection<AttractorPage>] {
    var sets = Section(
      group: "attractors",
      dimensions: [
        RunDimension("attractor", attractors.sets),
        RunDimension("latent", attractors.sets > 0 ? latentDimension : 0),
        RunDimension("initial", attractors.starts),
        RunDimension(
          "leading_exponent", attractors.sets > 0 ? RecurrentMotion.exponents(of: latentDimension) : 0),
      ],
      columns: [.reals(levelCoordinate) { $0.levels }] + stability + motions + transients + edges + identities
    )
    if imageShape != nil {
      var picture = RunVariable(
        "picture", .single, ["attractor", "pixel"], .value,
        "decoder's mean g(z) at the position, row by row")
      picture.more = imageSize
      sets.dimensions.append(RunDimension("pixel", dataDimension))
      sets.columns.append(
        Column(picture) { study in
          .singles(
            study.pictures.storage.buffer.prefix(study.sets.count * study.pictures.columns).map { Float($0) })
        })
    }
    var result = [sets, Section(group: "attractors", columns: basins(attractors) + convergenceTimes)]
    if hasOwnItems { result.append(confusion) }
    result.append(Section(group: "attractors", columns: starts))
    if attractors.unsettled > 0 { result.append(unsettled(attractors)) }
    // Newton's method and eigenvalues are GSL's.
    return result.map { $0.toTolerance() }
  }

  /// The attributes with the rows and columns of a picture.
  var imageSize: [(String, NetCDFAttribute)] {
    imageShape.map(Self.imageSize) ?? []
  }

  /// The attributes of pictures: their sizes, and the number of channels of colour pictures, which follow each other.
  package static func imageSize(_ shape: ImageShape) -> [(String, NetCDFAttribute)] {
    [("image_height", .int(shape.rows)), ("image_width", .int(shape.columns))]
      + (shape.channels == 1 ? [] : [("image_channels", .int(shape.channels))])
  }

  private func real(
    _ name: String, _ dimensions: [String], _ longName: String, units: String = "1",
    _ values: @escaping (AttractorPage) -> [Double]
  ) -> Column {
    .reals(RunVariable(name, .real, dimensions, .value, longName, units: units), values)
  }

  private func integer(
    _ name: String, _ dimensions: [String], _ role: VariableRole, _ longName: String,
    _ values: @escaping (AttractorPage) -> [Int32]
  ) -> Column {
    .integers(RunVariable(name, .integer, dimensions, role, longName), values)
  }

  /// Fixed points and cycles with their stability.
  private var stability: [Column] {
    let (perSet, perAxis) = (["attractor"], ["attractor", "latent"])
    let words = [
      "stable_fixed_point", "saddle", "repeller", "stable_cycle", "unstable_cycle", "non_smooth_fixed_point",
      "non_smooth_cycle", "stable_curve", "quasi_periodic_set", "chaotic_set",
    ]
    let stabilities = ["stable", "unstable", "semi_stable", "undecided"]
    return [
      real("position", perAxis, "fixed point, first point of a cycle, or a point of another set") {
        $0.sets.flatMap { $0.points[0] }
      },
      real("residual", perSet, "|F^p(z) - z| at the position, p the period; missing without a period") {
        $0.sets.map(\.residual)
      },
      .integers(
        .flag(
          "kind", perSet, "kind of the invariant set",
          words: zip(words, InvariantSet.Kind.allCases).map { ($0, $1.rawValue) })
      ) { $0.sets.map(\.kind.rawValue) },
      .integers(
        .flag(
          "stability", perSet, "whether the set draws what is near to it",
          words: zip(stabilities, InvariantSet.Stability.allCases).map { ($0, $1.rawValue) })
      ) { $0.sets.map(\.stability.rawValue) },
      integer("period", perSet, .value, "steps that lead back, 1 for a fixed point, -1 where none do") {
        $0.sets.map { $0.period > 0 ? Int32($0.period) : -1 }
      },
      integer(
        "stability_index", perSet, .value,
        "number of eigenvalues outside the unit circle; -1 where there are none"
      ) {
        $0.sets.map { Int32($0.stabilityIndex) }
      },
      real(
        "eigenvalue_real", perAxis,
        "real parts of the eigenvalues of dF^p/dz, by modulus; missing for non-smooth and recurrent sets"
      ) {
        $0.sets.flatMap { $0.eigenvalues.map(\.real) }
      },
      real(
        "eigenvalue_imaginary", perAxis,
        "imaginary parts of the eigenvalues of dF^p/dz; missing for non-smooth and recurrent sets"
      ) {
        $0.sets.flatMap { $0.eigenvalues.map(\.imaginary) }
      },
      real(
        "spectral_radius", perSet,
        "largest modulus of an eigenvalue; missing for non-smooth and recurrent sets"
      ) {
        $0.sets.map(\.spectralRadius)
      },
      real(
        "largest_singular_value", perSet,
        "spectral norm of dF^p/dz; missing for non-smooth and recurrent sets"
      ) {
        $0.sets.map(\.largestSingularValue)
      },
    ]
  }

  /// Where orbits move on the sets, and how.
  private var motions: [Column] {
    let (perSet, perAxis) = (["attractor"], ["attractor", "latent"])
    let perExponent = ["attractor", "leading_exponent"]
    let mean = RunVariable(
      "mean_position", .real, perAxis, .value, "average of the states along an orbit on the set")
    let deviation = mean.standardDeviation("standard deviation of the states along an orbit on the set")
    return [
      .reals(mean.with([deviation])) { $0.sets.flatMap(\.meanPosition) },
      .reals(deviation) { $0.sets.flatMap(\.positionDeviations) },
      real(
        "lyapunov_spectrum", perExponent,
        "leading Lyapunov exponents per step: of fixed points and cycles logarithms of the eigenvalues' moduli",
        units: "nats"
      ) { $0.sets.flatMap { $0.lyapunovSpectrum.map(\.value) } },
      real(
        "lyapunov_spectrum_error", perExponent,
        "difference of lyapunov_spectrum between two consecutive windows of an orbit; 0 for fixed points and cycles",
        units: "nats"
      ) { $0.sets.flatMap { $0.lyapunovSpectrum.map(\.error) } },
      real(
        "rotation_number", perSet,
        "turns per step on a closed curve, from 0 to 1/2 (of k pieces: per k steps); missing where there is none"
      ) { $0.motions { $0.rotationNumber } },
      real(
        "rotation_number_error", perSet, "difference of rotation_number between two consecutive windows"
      ) { $0.motions { $0.rotationNumberError } },
      real(
        "average_error", perSet,
        "difference of mean and covariance of states between two consecutive windows, in units of the set's size"
      ) { $0.motions { $0.averageError } },
      real(
        "least_lifetime", perSet,
        "lower bound, with confidence 0.95, of the mean number of steps on a chaotic set if it is a transient; missing for others"
      ) { $0.motions { $0.leastLifetime } },
      integer(
        "pieces", perSet, .value, "pieces of a recurrent set that orbits visit in turn; -1 for other sets"
      ) { $0.motions { Double($0.pieces) }.map { $0.isFinite ? Int32($0) : -1 } },
    ]
  }

  /// How far sets let neighbours go away before they attract them.
  private var transients: [Column] {
    [
      real(
        "transient_growth", ["attractor"],
        "largest spectral norm of a power of dF^p/dz; missing for unstable and non-smooth sets"
      ) { $0.growth.map { $0.factor.isFinite ? $0.factor : .nan } },
      integer(
        "transient_growth_time", ["attractor"], .time(of: "transient_growth"),
        "the power, in periods; -1 where missing"
      ) { $0.growth.map { Int32(clamping: $0.time) } },
    ]
  }

  /// How far the edges of basins are.
  private var edges: [Column] {
    let leaving = RunVariable(
      "nearest_leaving_distance", .real, ["attractor"], .value,
      "distance of the nearest start that goes elsewhere: the basin's boundary is not farther")
    return [
      real(
        "proven_distance", ["attractor"],
        "radius of balls around the set's points that are proven to belong to its basin: the boundary is not nearer"
      ) { $0.edges.map(\.provenDistance) },
      .reals(leaving) { $0.edges.map(\.leavingDistance) },
      real(
        "proven_noise", ["attractor"],
        "corruption level at which starts are proven_distance away from their memories on average; missing if none is"
      ) { page in page.edges.map { page.noise(reaching: $0.provenDistance) } },
      real(
        "nearest_leaving_noise", ["attractor"],
        "likewise of nearest_leaving_distance"
      ) { page in page.edges.map { page.noise(reaching: $0.leavingDistance) } },
      integer(
        "nearest_leaving_level", ["attractor"], .address, "index of that start's level, -1 for none"
      ) { page in
        page.edges.map { $0.leavingStart < 0 ? -1 : Int32($0.leavingStart / page.startsPerLevel) }
      },
      integer(
        "nearest_leaving_initial", ["attractor"], .address, "index of that start, -1 for none"
      ) { page in
        page.edges.map { $0.leavingStart < 0 ? -1 : Int32($0.leavingStart % page.startsPerLevel) }
      },
    ]
  }

  /// What the sets are near to, and which items they recover.
  private var identities: [Column] {
    let perSet = ["attractor"]
    let (labels, none) = (hierarchy.classLabels, noConcept)
    return [
      integer("nearest_concept", perSet, .address, "class label of the nearest concept") {
        $0.identities.map { $0.concept < 0 ? -1 : Int32(labels[$0.concept]) }
      },
      real("distance_nearest_concept", perSet, "distance to the nearest concept") {
        $0.identities.map(\.conceptDistance)
      },
      integer("nearest_memory", perSet, .address, "training item of the nearest memory") {
        $0.identities.map { Int32($0.memory) }
      },
      real("distance_nearest_memory", perSet, "distance to the nearest training memory") {
        $0.identities.map(\.memoryDistance)
      },
      integer(
        "recovered_item", perSet, .address,
        "training item whose memory is nearest, if it is nearer than half its distance to its nearest other memory;"
          + " else -1"
      ) { $0.identities.map { Int32($0.recoveredItem) } },
      .integers(
        .flag(
          "regime", perSet, "what the set resembles",
          words: AttractorStudy.Regime.allCases.map { ("\($0)", $0.rawValue) })
      ) { $0.identities.map(\.regime.rawValue) },
      integer(
        "attractor_class", perSet, .address,
        "class label of the nearest concept, if the set is as near as the class's items; else \(noConcept)"
      ) { $0.identities.map { $0.isOfConcept ? Int32(labels[$0.concept]) : Int32(clamping: none) } },
      real(
        "distance_excess_over_held_out", perSet,
        "distance to the nearest of some training memories minus that to the nearest of as many held-out ones"
      ) { $0.identities.map(\.excessOverHeldOut) },
    ].filter {
      hierarchy.hasClasses
        || !$0.variable.name.contains("concept") && $0.variable.name != "attractor_class"
    }
  }

  /// The shares of the starts that the sets attract.
  private func basins(_ attractors: Attractors) -> [Column] {
    let fraction = RunVariable(
      "basin_fraction", .real, ["level", "attractor"], .value, "share of the starts that reach the attractor")
    var (lower, upper) = fraction.bounds(
      "lower end of the 95 % interval of basin_fraction",
      "upper end of the 95 % interval of basin_fraction; slow and undecided starts widen it")
    let looks: [(String, NetCDFAttribute)] = [
      ("interval", .text(attractors.realizations > 1 ? "Korn-Graubard" : "Clopper-Pearson")),
      ("confidence", .double(0.95)), ("looks_planned", .int(attractors.looks.planned)),
      ("looks_taken", .int(attractors.looks.taken)),
    ]
    lower.more = looks
    upper.more = looks
    let (unseen, error) = RunVariable(
      "unseen_attractors_estimate", .real, ["level"], .value,
      "expected number of attractors that no start has reached, at least (Chao1), from starts whose set is known;"
        + " sets that only undecided starts reach are left out"
    ).withStandardError("standard error of unseen_attractors_estimate")
    return [
      .reals(fraction.with([lower, upper])) { $0.basins.flatMap(\.fractions) },
      .reals(lower) { $0.basins.flatMap { $0.intervals.map(\.lower) } },
      .reals(upper) { $0.basins.flatMap { $0.intervals.map(\.upper) } },
      real(
        "undecided_fraction", ["level"],
        "share of starts whose set is not known: slow, undecided or ambiguous ones"
      ) {
        $0.basins.map(\.undecidedFraction)
      },
      real(
        "basin_entropy", ["level"],
        "former name of basin_fraction_entropy, which the next version leaves out", units: "nats"
      ) { $0.basins.map(\.entropy.ofDecided) },
      real(
        "start_displacement", ["level"],
        "mean latent distance of starts from their own items' memories; missing without own items"
      ) { $0.basins.map(\.displacement) },
      .reals(unseen) { $0.basins.map(\.unseen.estimate) },
      .reals(error) { $0.basins.map(\.unseen.standardError) },
    ]
  }

  /// Quantiles of the convergence times of starts.
  private var convergenceTimes: [Column] {
    let quantiles: [(name: String, words: String, value: @Sendable (AttractorStudy.Basins) -> Int)] = [
      ("median", "median", { $0.convergenceTimes.median }),
      ("ninetieth_percentile", "90 % quantile", { $0.convergenceTimes.ninetieth }),
      ("maximum", "maximum", { $0.convergenceTimes.maximum }),
    ]
    return quantiles.map { name, words, value in
      integer(
        "convergence_time_" + name, ["level"], .value,
        "\(words) of the convergence time of converged starts, -1 for none"
      ) { $0.basins.map { Int32(clamping: value($0)) } }
    }
  }

  /// The numbers of starts by the class of their source and by the class of what they reach.
  private var confusion: Section {
    let labels = ([noConcept] + hierarchy.classLabels).map { Int32(clamping: $0) }
    // If the root has counts of members, it has the same source classes.
    let isKnown = nearestConcepts != nil
    return Section(
      group: "attractors",
      dimensions: (isKnown ? [] : [sourceClassDimension]) + [RunDimension("reached_class", labels.count)],
      columns: (isKnown ? [] : [sourceClassColumn()]) + [
        integer(
          "reached_class", ["reached_class"], .coordinate,
          "class label of the attractor, \(noConcept) if it is near to no concept"
        ) { _ in labels },
        integer(
          "confusion", ["level", "source_class", "reached_class"], .count,
          "number of starts by class of their source and of the attractor reached"
        ) { $0.basins.flatMap { ($0.confusion ?? []).joined().map { Int32(clamping: $0) } } },
      ])
  }

  /// The attractor that each start reached, and how it ended.
  private var starts: [Column] {
    let outcome = RunVariable.flag(
      "initial_outcome", ["level", "initial"], "how each start ended",
      words: Outcome.allCases.map { ("\($0)", $0.rawValue) })
    return [
      integer("initial_item", ["initial"], .address, "source item of the start, or its number") { study in
        study.items.flatMap { Array(repeating: $0, count: study.realizations) }
      },
      integer(
        "initial_attractor", ["level", "initial"], .address,
        "attractor reached by each start, in the order of items; -1 for slow, diverged, undecided and ambiguous ones"
      ) { $0.labels.flatMap { $0 } },
      .integers(outcome) { $0.outcomes.flatMap { $0.map(\.rawValue) } },
      integer(
        "initial_convergence_time", ["level", "initial"], .value,
        "first time with a step below the tolerance (of a diverged start: that it was not finite), -1 for none;"
          + " continued with the linearized map inside balls of proven contraction; on recurrent sets the time of the"
          + " look that recognized the set"
      ) { $0.times.flatMap { $0 } },
    ]
  }

  /// The Lyapunov exponents of starts that did not settle.
  private func unsettled(_ attractors: Attractors) -> Section {
    Section(
      group: "attractors",
      dimensions: [
        RunDimension("unsettled", attractors.unsettled), RunDimension("exponent", attractors.exponents),
      ],
      columns: [
        real(
          "lyapunov_exponent", ["unsettled", "exponent"],
          "leading Lyapunov exponents of the first starts that did not settle, over \(AttractorStudy.lyapunovSteps) steps",
          units: "nats"
        ) { $0.wholeUnsettled.flatMap(\.exponents) },
        integer("unsettled_level", ["unsettled"], .address, "index of the start's level") {
          $0.wholeUnsettled.map { Int32($0.level) }
        },
        integer("unsettled_initial", ["unsettled"], .address, "index of the start") {
          $0.wholeUnsettled.map { Int32($0.initial) }
        },
      ])
  }
}
