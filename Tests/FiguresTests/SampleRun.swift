import Drawing
import Figures
import Foundation
import Output

/// A small run file whose numbers are formulas, so that a figure can be compared with them.
struct SampleRun {
  var levels = [0, 0.25, 0.75]
  var times = 5
  /// Values of the leading dimension `model_latent`; none without.
  var latents: [Int] = []
  /// Values of the next leading dimension `model_training_beta`; none without.
  var betas: [Double] = []
  var name = "sample"
  /// Number of attractors; 0 for no group.
  var attractors = 0
  /// How many of them, the last ones, no start reaches.
  var unreached = 0
  var films = false
  var members = false

  static let observables = [
    ("distance_concept", "mean distance to the own concept", "1"),
    ("overlap_concept", "mean overlap with the own concept", "1"), ("energy", "mean energy", "nats"),
  ]

  /// The mean of observable `o` at sweep point `s` (the last leading dimension fastest), level index `l`, time `t`.
  static func mean(_ o: Int, _ s: Int = 0, _ l: Int, _ t: Int) -> Double {
    Double(o + 1) * (1 + Double(l)) + 0.125 * Double(t) + 10 * Double(s)
  }
  /// Its standard error.
  static func error(_ l: Int) -> Double { 0.0625 * Double(l + 1) }
  /// The fraction of attractor `a` at level index `l`, of `count` attractors: they add up to 0.9.
  static func fraction(_ a: Int, _ l: Int, of count: Int) -> Double {
    let weights = (0..<count).map { pow(0.75, Double($0)) + 0.0078125 * Double(l) }
    return 0.9 * weights[a] / weights.reduce(0, +)
  }
  /// Pixel `p` of film item `i` at time index `t`: one of 0, 1/4, 1/2, 3/4.
  static func pixel(_ l: Int, _ i: Int, _ t: Int, _ p: Int) -> Float { Float((l + i + t + p) % 4) / 4 }
  /// A member's latent state.
  static func state(_ member: Int, _ t: Int) -> [Double] {
    [Double(member), Double(t) * 0.5, 7, Double(member * t)]
  }

  func write(_ path: String) throws {
    let writer = try NetCDFWriter(path: path)
    let root = writer.root
    try root.setAttribute("format_version", 1)
    try root.setAttribute("scenario_name", .text(name))
    try root.setAttribute("scenario", .text("name: \(name)\ndynamics:\n  mode: mean\n"))
    try root.setAttribute("seed", 7)
    try root.setAttribute("model_sha256", "0123456789abcdef")
    var leading: [String] = []
    if !latents.isEmpty {
      leading = ["model_latent"]
      try root.defineDimension("model_latent", length: latents.count)
      try root.defineVariable("model_latent", type: .int32, dimensions: ["model_latent"]).write(latents)
    }
    if !betas.isEmpty {
      leading.append("model_training_beta")
      try root.defineDimension("model_training_beta", length: betas.count)
      try root.defineVariable("model_training_beta", type: .double, dimensions: ["model_training_beta"])
        .write(betas)
    }
    let points = max(latents.count, 1) * max(betas.count, 1)
    try root.defineDimension("level", length: levels.count)
    try root.defineDimension("time", length: times)
    try root.defineDimension("tree_level", length: 3)
    try root.defineVariable(
      "level", type: .double, dimensions: ["level"],
      attributes: [("long_name", "corruption level (flip)"), ("units", "1")]
    ).write(levels)
    try root.defineVariable("time", type: .int32, dimensions: ["time"]).write(Array(0..<times))
    try root.defineVariable(
      "tree_level", type: .int32, dimensions: ["tree_level"],
      attributes: [("flag_meanings", "memory class root")]
    ).write([0, 1, 2])
    try root.defineVariable("count", type: .int32, dimensions: leading + ["level"])
      .write([Int](repeating: 40, count: points * levels.count))

    func each(_ value: (Int, Int, Int) -> Double) -> [Double] {
      (0..<points).flatMap { s in levels.indices.flatMap { l in (0..<times).map { value(s, l, $0) } } }
    }
    for (o, (name, longName, units)) in Self.observables.enumerated() {
      let attributes: [(String, NetCDFAttribute)] = [
        ("long_name", .text(longName)), ("units", .text(units)),
      ]
      let dimensions = leading + ["level", "time"]
      try root.defineVariable(
        name, type: .double, dimensions: dimensions, attributes: attributes, fillValue: .nan
      ).write(each { Self.mean(o, $0, $1, $2) })
      try root.defineVariable(name + "_standard_error", type: .double, dimensions: dimensions)
        .write(each { Self.error($1) + 0 * Double($0 + $2) })
      try root.defineVariable(name + "_count", type: .int32, dimensions: dimensions)
        .write([Int](repeating: 40, count: points * levels.count * times))
    }
    for (k, name) in ["approach", "approach_sibling", "approach_shuffled"].enumerated() {
      for (suffix, shift) in [("", 0.0), ("_lower", -0.0625), ("_upper", 0.125)] {
        var values: [Double] = []
        for s in 0..<points {
          for l in levels.indices {
            for tree in 0..<3 {
              let value = 0.25 + 0.125 * Double(tree) + 0.03125 * Double(l + s) - 0.0625 * Double(k)
              values.append(tree == 2 && k > 0 ? .nan : value + shift)
            }
          }
        }
        try root.defineVariable(
          name + suffix, type: .double, dimensions: leading + ["level", "tree_level"], fillValue: .nan
        ).write(values)
      }
    }
    if attractors > 0 { try writeAttractors(root) }
    if films { try writeFilms(root) }
    if members { try writeMembers(root) }
    try writer.commit()
  }

  private func writeAttractors(_ root: NetCDFGroup) throws {
    let group = try root.defineGroup("attractors")
    try group.defineDimension("attractor", length: attractors)
    try group.defineDimension("initial", length: 50)
    try group.defineDimension("pixel", length: 6)
    for (suffix, shift) in [("", 0.0), ("_lower", -0.03125), ("_upper", 0.0625)] {
      try group.defineVariable("basin_fraction" + suffix, type: .double, dimensions: ["level", "attractor"])
        .write(
          levels.indices.flatMap { l in
            (0..<attractors).map {
              $0 < attractors - unreached ? Self.fraction($0, l, of: attractors) + shift : 0
            }
          })
    }
    try group.defineVariable("undecided_fraction", type: .double, dimensions: ["level"])
      .write(levels.map { _ in 0.1 })
    try group.defineVariable(
      "kind", type: .int8, dimensions: ["attractor"],
      attributes: [
        ("flag_values", .ints([0, 1])), ("flag_meanings", "stable_fixed_point saddle"),
      ]
    ).write((0..<attractors).map { $0 % 2 })
    try group.defineVariable("nearest_concept", type: .int32, dimensions: ["attractor"])
      .write((0..<attractors).map { $0 - 1 })
    try group.defineVariable("spectral_radius", type: .double, dimensions: ["attractor"])
      .write((0..<attractors).map { 0.5 + 0.0625 * Double($0) })
    try group.defineVariable(
      "picture", type: .float, dimensions: ["attractor", "pixel"],
      attributes: [("image_height", 2), ("image_width", 3)]
    ).write((0..<attractors).flatMap { a in (0..<6).map { Float($0 % (a + 1)) / 8 } })
  }

  private func writeFilms(_ root: NetCDFGroup) throws {
    let group = try root.defineGroup("films")
    for (name, length) in [("item", 2), ("film_time", 3), ("pixel", 6)] {
      try group.defineDimension(name, length: length)
    }
    try group.defineVariable("item", type: .int32, dimensions: ["item"]).write([11, 22])
    try group.defineVariable("film_time", type: .int32, dimensions: ["film_time"]).write([0, 1, 4])
    try group.defineVariable(
      "picture", type: .float, dimensions: ["level", "item", "film_time", "pixel"],
      attributes: [("image_height", 2), ("image_width", 3)], fillValue: .nan
    ).write(
      levels.indices.flatMap { l in
        (0..<2).flatMap { i in (0..<3).flatMap { t in (0..<6).map { Self.pixel(l, i, t, $0) } } }
      })
  }

  /// Two members per level, of classes 3 and 8, in a latent space of four.
  private func writeMembers(_ root: NetCDFGroup) throws {
    let geometry = try root.defineGroup("geometry")
    for (name, length) in [("latent", 4), ("concept", 2), ("principal_component", 2)] {
      try geometry.defineDimension(name, length: length)
    }
    try geometry.defineVariable("concept", type: .int32, dimensions: ["concept"]).write([3, 8])
    try geometry.defineVariable("concept_name", type: .string, dimensions: ["concept"]).write(["cat", "dog"])
    try geometry.defineVariable("concept_position", type: .double, dimensions: ["concept", "latent"])
      .write([1, 2, 3, 4, 5, 6, 7, 8.0])
    try geometry.defineVariable("root_position", type: .double, dimensions: ["latent"]).write([1, 1, 1, 1.0])
    try geometry.defineVariable(
      "principal_axis", type: .double, dimensions: ["principal_component", "latent"]
    ).write([0, 1, 0, 0, 0.5, 0, 0, -0.5])
    let group = try root.defineGroup("members")
    let count = 2 * levels.count
    try group.defineDimension("member", length: count)
    try group.defineDimension("latent", length: 4)
    try group.defineVariable("level_index", type: .int32, dimensions: ["member"])
      .write((0..<count).map { $0 / 2 })
    try group.defineVariable("class", type: .int32, dimensions: ["member"])
      .write((0..<count).map { $0 % 2 == 0 ? 3 : 8 })
    try group.defineVariable("latent_state", type: .double, dimensions: ["member", "time", "latent"])
      .write((0..<count).flatMap { m in (0..<times).flatMap { Self.state(m, $0) } })
  }
}

extension Sheet {
  /// All lines of all panels.
  var lines: [[(points: [Point], colour: Colour)]] {
    panels.map { panel in
      panel.layers.compactMap { layer in
        if case .line(let points, let colour, _, _) = layer { return (points, colour) }
        return nil
      }
    }
  }

  /// The number of colour bars on the page.
  var colourBars: Int { layers.count { if case .cells = $0 { true } else { false } } }

  /// The pictures on the page.
  var bitmaps: [Bitmap] {
    layers.compactMap { layer in
      if case .bitmap(let bitmap, _) = layer { return bitmap }
      return nil
    }
  }
}
