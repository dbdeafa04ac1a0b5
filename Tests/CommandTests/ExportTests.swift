import Foundation
import Output
import Testing

extension CommandTests {
  /// Tidy tables of run files.
  @Suite struct ExportTests {
    private static func sandbox() throws -> Sandbox {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario + fullSettings.replacingOccurrences(of: "energy", with: "energy, overlap-concept"),
        at: "small.yaml")
      try sandbox.succeed("run", "small.yaml")
      return sandbox
    }

    private static func table(_ text: String) -> (header: [String], rows: [[String]]) {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
      return (lines.first ?? [], Array(lines.dropFirst()))
    }

    @Test func commaSeparatedValuesKeepTheirBits() throws {
      let sandbox = try Self.sandbox()
      let text = try sandbox.succeed("export", "small.nc", "--variables", "step_length,distance-concept")
        .output
      let (header, rows) = Self.table(text)
      #expect(
        header == [
          "level", "time", "step_length", "step_length_standard_error", "distance_concept",
          "distance_concept_standard_error",
        ])
      #expect(rows.count == 2 * 4)
      let reader = try sandbox.reader("small.nc")
      for (column, name) in header.enumerated().dropFirst(2) {
        let values = try reader.variable(name).readDoubles()
        for (row, value) in values.enumerated() {
          // Numbers are written so that reading gives the same bits; missing ones are empty fields.
          #expect(rows[row][column] == "" ? value.isNaN : Double(rows[row][column]) == value)
        }
      }
      #expect(rows.map { Double($0[0]) } == [0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5])
      #expect(rows.map { Int($0[1]) } == [0, 1, 2, 3, 0, 1, 2, 3])
      #expect(rows[0][2] == "" && rows[4][3] == "")
      #expect(rows[1][2] != "")
      // The same to a file.
      let written = try sandbox.succeed(
        "export", "small.nc", "--variables", "step_length,distance-concept", "-o", "table.csv")
      #expect(written.output == "")
      #expect(try String(decoding: sandbox.bytes("table.csv"), as: UTF8.self) == text)
    }

    /// Pipes and devices are written to, not replaced; a run needs a file.
    @Test func whatIsNoFileIsStreamedTo() throws {
      let sandbox = try Self.sandbox()
      let manager = FileManager.default
      let table = try sandbox.succeed("export", "small.nc").output
      try manager.createSymbolicLink(atPath: sandbox("out"), withDestinationPath: "/proc/self/fd/1")
      for line in [
        "\"$SIMULATE\" export small.nc -o out --overwrite | cat",
        "\"$SIMULATE\" export small.nc -o /dev/stdout | cat",
        "\"$SIMULATE\" export small.nc -o -",
        "\"$SIMULATE\" export small.nc -o out > table.csv; cat table.csv",
        "mkfifo pipe; cat pipe & \"$SIMULATE\" export small.nc -o pipe; wait",
      ] {
        let execution = try sandbox.shell(line)
        #expect(execution.code == 0 && execution.errors == "", "\(line): \(execution.errors)")
        #expect(execution.output == table, "\(line)")
      }
      #expect(try manager.destinationOfSymbolicLink(atPath: sandbox("out")) == "/proc/self/fd/1")
      let refused = try sandbox.shell(
        "\"$SIMULATE\" run small.yaml -o out --overwrite | cat; exit ${PIPESTATUS:-0}")
      #expect(refused.errors.contains("standard output"), "\(refused)")
      try sandbox.fail(73, ["run", "small.yaml", "-o", "-"], parts: ["standard output"])
      try sandbox.fail(
        73, ["run", "small.yaml", "-o", "pipe", "--overwrite"], parts: ["pipe", "no regular file"])
      try sandbox.put("old", at: "target.csv")
      try manager.createSymbolicLink(atPath: sandbox("link.csv"), withDestinationPath: "target.csv")
      try sandbox.succeed("export", "small.nc", "-o", "link.csv", "--overwrite")
      #expect(try sandbox.bytes("target.csv") == Array(table.utf8))
      #expect(try manager.destinationOfSymbolicLink(atPath: sandbox("link.csv")) == "target.csv")
    }

    @Test func allAveragesAreExportedByDefault() throws {
      let sandbox = try Self.sandbox()
      let (header, rows) = Self.table(try sandbox.succeed("export", "small.nc").output)
      #expect(rows.count == 8)
      for name in ["distance_concept", "energy", "overlap_concept", "step_length", "abstraction_level"] {
        #expect(header.contains(name))
        #expect(header.contains(name + "_standard_error"))
      }
      #expect(Set(header).count == header.count)
      #expect(rows.allSatisfy { $0.count == header.count })
    }

    @Test func jsonKeepsAttributesAndExactNumbers() throws {
      let sandbox = try Self.sandbox()
      let text = try sandbox.succeed(
        "export", "small.nc", "--format", "json", "--variables", "step_length"
      ).output
      let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      let attributes = try #require(json["attributes"] as? [String: Any])
      #expect(attributes["format_version"] as? Int == 2)
      #expect(attributes["seed"] as? Int == 7)
      let reader = try sandbox.reader("small.nc")
      #expect(attributes["scenario"] as? String == (try reader.attribute("scenario").text))
      let records = try #require(json["records"] as? [[String: Any]])
      #expect(records.count == 8)
      for record in records {
        #expect(Set(record.keys) == ["level", "time", "step_length", "step_length_standard_error"])
      }
      #expect(records[0]["step_length"] is NSNull)
      // JSONSerialization of Linux misses last bits of numbers; JSONDecoder does not.
      struct Export: Decodable { var records: [[String: Double?]] }
      let exact = try JSONDecoder().decode(Export.self, from: Data(text.utf8)).records
      for name in ["step_length", "step_length_standard_error"] {
        for (record, value) in zip(exact, try reader.variable(name).readDoubles()) {
          let number = try #require(record[name])
          #expect(number == (value.isNaN ? nil : value))
        }
      }
    }

    @Test func variablesOfGroupsHaveTheirDimensionsAsColumns() throws {
      let sandbox = try Self.sandbox()
      let reader = try sandbox.reader("small.nc")
      let (header, rows) = Self.table(
        try sandbox.succeed(
          "export", "small.nc", "--variables", "members/item,members/class,members/overlap_concept"
        ).output)
      #expect(header == ["member", "time", "item", "class", "overlap_concept"])
      #expect(rows.count == 320 * 4)
      let items = try reader.variable("members/item").readInts()
      let overlaps = try reader.variable("members/overlap_concept").readDoubles()
      for (row, fields) in rows.enumerated() {
        #expect(Int(fields[0]) == row / 4 && Int(fields[1]) == row % 4)
        #expect(Int(fields[2]) == items[row / 4])
        #expect(Double(fields[4]) == overlaps[row])
      }
      let positions = Self.table(
        try sandbox.succeed("export", "small.nc", "--variables", "geometry/concept_position").output)
      #expect(positions.header == ["concept", "latent", "concept_position"])
      #expect(positions.rows.count == 16)
      let byClass = Self.table(
        try sandbox.succeed("export", "small.nc", "--variables", "distance_concept_by_class").output)
      #expect(
        byClass.header == [
          "level", "concept", "time", "distance_concept_by_class", "distance_concept_by_class_standard_error",
        ])
      #expect(byClass.rows.count == 2 * 4 * 4)
    }

    @Test func hyphensMayStandForUnderscoresInVariablesOnly() throws {
      let sandbox = try Sandbox()
      let writer = try NetCDFWriter(path: sandbox("run.nc"))
      let group = try writer.root.defineGroup("claims").defineGroup("accuracy-kept")
      try group.defineDimension("replica", length: 2)
      try group.defineVariable("control_mean", type: .double, dimensions: ["replica"]).write([0.25, 0.5])
      try group.defineVariable("odd-name", type: .double, dimensions: ["replica"]).write([1.5, 2.5])
      try writer.commit()
      for (name, column, values) in [
        ("control-mean", "control_mean", ["0.25", "0.5"]), ("control_mean", "control_mean", ["0.25", "0.5"]),
        ("odd-name", "odd-name", ["1.5", "2.5"]),
      ] {
        let (header, rows) = Self.table(
          try sandbox.succeed("export", "run.nc", "--variables", " claims/accuracy-kept/\(name)").output)
        #expect(header == ["replica", column])
        #expect(rows.map { $0[1] } == values)
      }
      try sandbox.fail(
        65, ["export", "run.nc", "--variables", "claims/accuracy_kept/odd-name"], parts: ["accuracy_kept"])
    }

    @Test func wrongNamesGetTheNearest() throws {
      let sandbox = try Self.sandbox()
      func refuse(_ variables: String, _ parts: [String]) throws {
        let execution = try sandbox.fail(65, ["export", "small.nc", "--variables", variables], parts: parts)
        // One line that can be read: not a list of two hundred names.
        #expect(execution.errors.count < 700, "\(execution.errors.count) characters")
      }
      try refuse("distance_concpet", ["distance_concpet", "\"distance_concept\""])
      try refuse("members/itme", ["itme", "\"item\""])
      try refuse("member/item", ["member", "\"members\""])
      try refuse("step_length,members/item", ["member"])
      #expect(try sandbox.names == ["small.nc", "small.yaml"])
    }
  }
}
