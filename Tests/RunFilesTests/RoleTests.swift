import Dynamics
import Output
import RunFiles
import Testing

/// Roles as attributes, and as names in files from before.
@Suite struct RoleTests {
  static let everyRole: [VariableRole] = [
    .coordinate, .label, .address, .value, .flag, .message, .count, .mean, .sampleSize(of: "a"),
    .standardDeviation(of: "a"), .standardError(of: "a"), .lowerBound(of: "a"), .upperBound(of: "a"),
    .minimum(of: "a"), .time(of: "a"), .indicator(of: "a"),
  ]

  @Test(arguments: everyRole)
  func wordAndSubjectTellTheRole(_ role: VariableRole) {
    #expect(VariableRole(word: role.word, subject: role.subject) == role)
  }

  @Test func wordsWithoutTheirSubjectTellNothing() {
    #expect(VariableRole(word: "standard_error", subject: nil) == nil)
    #expect(VariableRole(word: "mean", subject: "a") == nil)
    #expect(VariableRole(word: "median", subject: nil) == nil)
  }

  /// A group with variables over (level, time) that have no values.
  private func written(
    _ variables: [(name: String, attributes: [(String, NetCDFAttribute)])], isFormer: Bool = false
  ) throws -> VariableRoles {
    let folder = try TemporaryFolder()
    let writer = try NetCDFWriter(path: folder("file.nc"))
    try writer.root.defineDimension("level", length: 1)
    try writer.root.defineDimension("time", length: 1)
    for (name, attributes) in variables {
      try writer.root.defineVariable(
        name, type: .double, dimensions: ["level", "time"], attributes: attributes)
    }
    try writer.commit()
    let root = try NetCDFReader(path: folder("file.nc")).root
    return isFormer ? VariableRoles(former: root) : VariableRoles(root)
  }

  /// Names that look like something else mean nothing where there are attributes.
  @Test func attributesCountAndNotNames() throws {
    let roles = try written([
      ("visit_count", [("role", "mean"), ("among", "all"), ("family", "overlap")]),
      ("spread", [("role", "standard_deviation"), ("role_of", "visit_count")]),
      ("doubt", [("role", "standard_error"), ("role_of", "visit_count")]),
      ("how_many", [("role", "count"), ("role_of", "visit_count")]),
      ("memory_retained", [("role", "mean"), ("among", "all")]),
      ("new", [("role", "kurtosis"), ("role_of", "visit_count")]),
    ])
    #expect(roles["visit_count"].role == .mean)
    #expect(roles["visit_count"].family == .overlap)
    #expect(roles["memory_retained"].among == .part(.all))
    #expect(roles.name(of: .standardDeviation(of: "visit_count")) == "spread")
    #expect(roles.name(of: .standardError(of: "visit_count")) == "doubt")
    #expect(roles.name(of: .sampleSize(of: "visit_count")) == "how_many")
    #expect(roles.name(of: .standardError(of: "memory_retained")) == nil)
    // A word of a later version.
    #expect(roles["new"].role == .value)
    #expect(roles["absent"].role == .value)
  }

  /// Files from before: what belongs to a variable that is there, and the observables that there were.
  @Test func namesCountWhereThereAreNoAttributes() throws {
    let means = ["distance_concept", "distance_concept_retained", "overlap_root", "energy"]
    let roles = try written(
      means.flatMap { name in ["", "_standard_deviation", "_standard_error", "_count"].map { (name + $0, []) } }
        + ["approach", "approach_lower", "approach_standard_error", "diverged_count", "visit_count"].map {
          ($0, [])
        })
    for name in means {
      #expect(roles[name].role == .mean, "\(name)")
      #expect(roles[name + "_count"].role == .sampleSize(of: name), "\(name)")
      #expect(roles.name(of: .standardError(of: name)) == name + "_standard_error")
      #expect(roles.name(of: .standardDeviation(of: name)) == name + "_standard_deviation")
    }
    #expect(roles["distance_concept"].family == .distance)
    #expect(roles["distance_concept_retained"].family == .distance)
    #expect(roles["distance_concept_retained"].among == .part(.retained))
    #expect(roles["overlap_root"].family == .overlap)
    #expect(roles["energy"].family == .other)
    #expect(roles["approach"].role == .value)
    #expect(roles["approach_lower"].role == .lowerBound(of: "approach"))
    #expect(roles["approach_standard_error"].role == .standardError(of: "approach"))
    #expect(roles["diverged_count"].role == .count)
    // No `visit` is there whose count it could be.
    #expect(roles["visit_count"].role == .value)
  }
}
