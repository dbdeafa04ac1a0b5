import Output
import RunFiles
import Summaries
import TestSupport
import Testing

/// Tables of variables by their roles.
@Suite struct TidyTableTests {
  private func reader(
    _ folder: TemporaryFolder, _ variables: [(name: String, attributes: [(String, NetCDFAttribute)])]
  ) throws -> NetCDFReader {
    let writer = try NetCDFWriter(path: folder("file.nc"))
    try writer.root.defineDimension("level", length: 1)
    try writer.root.defineDimension("time", length: 2)
    for (name, attributes) in variables {
      try writer.root.defineVariable(
        name, type: .double, dimensions: ["level", "time"], attributes: attributes
      ).write([1, 2] as [Double])
    }
    try writer.commit()
    return try NetCDFReader(path: folder("file.nc"))
  }

  @Test func standardErrorsAreFoundByTheirRole() throws {
    let folder = try TemporaryFolder()
    let reader = try reader(
      folder,
      [
        ("visits", [("role", "mean")]), ("visits_standard_error", [("role", "mean")]),
        ("doubt", [("role", "standard_error"), ("role_of", "visits")]),
        ("number", [("role", "count"), ("role_of", "visits")]),
      ])
    #expect(
      try TidyTable(reader, variables: []).columns
        == ["level", "time", "visits", "doubt", "visits_standard_error"])
    #expect(try TidyTable(reader, variables: ["visits"]).columns == ["level", "time", "visits", "doubt"])
    // Asked for, it is there once.
    #expect(
      try TidyTable(reader, variables: ["visits", "doubt"]).columns == ["level", "time", "visits", "doubt"])
  }

  @Test func errorsWithoutRolesAreFoundByName() throws {
    let folder = try TemporaryFolder()
    let reader = try reader(
      folder,
      [
        ("energy", [("ancillary_variables", "energy_standard_error")]), ("energy_standard_error", []),
        ("energy_count", []), ("alone", []),
      ])
    #expect(
      try TidyTable(reader, variables: []).columns == ["level", "time", "energy", "energy_standard_error"])
    #expect(try TidyTable(reader, variables: ["alone"]).columns == ["level", "time", "alone"])
  }
}
