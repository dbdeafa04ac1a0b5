import Dynamics
import Output
import RunFiles
import TestSupport
import Testing

private let everyRole: [VariableRole] = [
  .coordinate, .label, .words(of: "a"), .address, .value, .flag, .message, .count, .mean,
  .average(.part(.lost)), .average(.part(.retained)), .average(.each(.class)), .average(.each(.superclass)),
  .sampleSize(of: "a"),
  .standardDeviation(of: "a"), .standardError(of: "a"), .lowerBound(of: "a"), .upperBound(of: "a"),
  .minimum(of: "a"), .time(of: "a"), .indicator(of: "a"),
]

/// Roles as attributes, and as names in files from before.
@Suite struct RoleTests {
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
  private func roles(
    _ variables: [(name: String, attributes: [(String, NetCDFAttribute)])], isFormer: Bool = false
  ) throws -> VariableRoles {
    let folder = try TemporaryFolder()
    let writer = try NetCDFWriter(path: folder("file.nc"))
    try writer.root.setAttribute("family_overlap", "other visit_count")
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
    let roles = try roles([
      ("visit_count", [("role", "mean_of_retained")]),
      ("spread", [("role", "standard_deviation"), ("role_of", "visit_count")]),
      ("doubt", [("role", "standard_error"), ("role_of", "visit_count")]),
      ("how_many", [("role", "count"), ("role_of", "visit_count")]),
      ("memory_retained", [("role", "mean")]),
      ("new", [("role", "kurtosis"), ("role_of", "visit_count")]),
    ])
    #expect(roles["visit_count"] == .average(.part(.retained)))
    #expect(roles["memory_retained"] == .mean)
    #expect(roles.family(of: "visit_count") == .overlap)
    #expect(roles.family(of: "memory_retained") == .other)
    #expect(roles.name(of: .standardDeviation(of: "visit_count")) == "spread")
    #expect(roles.name(of: .standardError(of: "visit_count")) == "doubt")
    #expect(roles.name(of: .sampleSize(of: "visit_count")) == "how_many")
    #expect(roles.name(of: .standardError(of: "memory_retained")) == nil)
    // A word of a later version.
    #expect(roles["new"] == .value)
    #expect(roles["absent"] == .value)
  }

  /// Files from before: what belongs to a variable that is there, and the observables that there were.
  @Test func namesCountWhereThereAreNoAttributes() throws {
    let means = ["distance_concept", "distance_concept_retained", "overlap_root", "energy"]
    let roles = try roles(
      means.flatMap { name in
        ["", "_standard_deviation", "_standard_error", "_count"].map { (name + $0, []) }
      }
        + ["approach", "approach_lower", "approach_standard_error", "diverged_count", "visit_count"].map {
          ($0, [])
        })
    for name in means {
      let members: SeriesPart = name == "distance_concept_retained" ? .retained : .all
      #expect(roles[name] == .average(.part(members)), "\(name)")
      #expect(roles[name + "_count"] == .sampleSize(of: name), "\(name)")
      #expect(roles.name(of: .standardError(of: name)) == name + "_standard_error")
      #expect(roles.name(of: .standardDeviation(of: name)) == name + "_standard_deviation")
    }
    #expect(roles.family(of: "distance_concept") == .distance)
    #expect(roles.family(of: "distance_concept_retained") == .distance)
    #expect(roles.family(of: "overlap_root") == .overlap)
    #expect(roles.family(of: "energy") == .other)
    #expect(roles["approach"] == .value)
    #expect(roles["approach_lower"] == .lowerBound(of: "approach"))
    #expect(roles["approach_standard_error"] == .standardError(of: "approach"))
    #expect(roles["diverged_count"] == .count)
    // No `visit` is there whose count it could be.
    #expect(roles["visit_count"] == .value)
  }
}
