import Foundation
import Output
import Testing

extension CommandTests {
  /// The run file's layout: NOTATION.md, "Run files".
  @Suite struct RunFileLayoutTests {
    /// What the contract says about one variable.
    struct Expected {
      var dimensions: [String]
      var type: NetCDFType
      var units: String?
    }

    /// Mean, standard deviation, standard error, interval and count.
    static func averages(
      _ name: String, _ dimensions: [String], units: String
    ) -> [String: Expected] {
      var result: [String: Expected] = [:]
      for suffix in ["", "_standard_deviation", "_standard_error", "_lower", "_upper"] {
        result[name + suffix] = Expected(dimensions: dimensions, type: .double, units: units)
      }
      result[name + "_count"] = Expected(dimensions: dimensions, type: .int32, units: "1")
      return result
    }

    static let observables = [
      "distance_concept": "1", "abstraction_level": "1", "step_length": "1", "energy": "1",
      "overlap_memory": "1", "distance_root": "1",
    ]

    /// Every variable that section 8 demands of `smallScenario` with `fullSettings`.
    static let demanded: [String: Expected] = {
      var result: [String: Expected] = [:]
      func add(_ name: String, _ dimensions: [String], _ type: NetCDFType, _ units: String? = "1") {
        result[name] = Expected(dimensions: dimensions, type: type, units: units)
      }
      add("/level", ["level"], .double)
      add("/time", ["time"], .int32)
      add("/concept", ["concept"], .int32)
      add("/count", ["level"], .int32)
      for (name, units) in observables {
        for (suffix, dimensions) in [
          ("", ["level", "time"]), ("_by_class", ["level", "concept", "time"]),
          ("_by_superclass", ["level", "superconcept", "time"]), ("_retained", ["level", "time"]),
          ("_lost", ["level", "time"]), ("_initially_retained", ["level", "time"]),
          ("_initially_lost", ["level", "time"]),
        ] {
          for (key, value) in averages("/" + name + suffix, dimensions, units: units) { result[key] = value }
        }
      }
      add("/closest_concept_time", ["level"], .int32)
      add("/closest_concept_distance", ["level"], .double)
      for name in ["approach", "approach_lower", "approach_upper", "approach_sibling", "approach_shuffled"] {
        add("/" + name, ["level", "tree_level"], .double)
      }
      for ending in ["", "_standard_error", "_lower", "_upper"] {
        add("/level_fraction" + ending, ["level", "time", "tree_level"], .double)
      }
      add("/negative_elbo_train", [], .double)
      add("/negative_elbo_test", [], .double)
      add("/geometry/concept_position", ["concept", "latent"], .double)
      add("/geometry/root_position", ["latent"], .double)
      add("/geometry/superconcept_position", ["superconcept", "latent"], .double)
      add("/geometry/concept_parent", ["concept"], .int32)
      for name in observables.keys {
        add("/members/" + name, ["member", "time"], .double, observables[name])
      }
      add("/members/corruption_level", ["member"], .double)
      for name in ["item", "realization", "class", "time_of_closest_concept", "convergence_time"] {
        add("/members/" + name, ["member"], .int32)
      }
      add("/members/outcome", ["member"], .int32, nil)
      add("/members/closest_concept_distance", ["member"], .double)
      add("/members/time_of_closest_memory", ["member"], .int32)
      for name in ["closest_memory_distance", "chord_concept_distance", "chord_excess"] {
        add("/members/" + name, ["member"], .double)
      }
      for name in [
        "time_of_closest_concept_mean", "closest_concept_distance_mean", "time_of_closest_memory_mean",
        "closest_memory_distance_mean", "chord_concept_distance_mean", "chord_excess_mean",
        "memory_after_concept",
      ] {
        add("/" + name, ["level"], .double)
        for ending in ["_standard_error", "_lower", "_upper"] { add("/" + name + ending, ["level"], .double) }
        add("/" + name + "_count", ["level"], .int32)
      }
      add("/active_latent_variables", [], .int32)
      add("/geometry/concept_size", ["concept"], .int32)
      add("/geometry/latent_activity", ["latent"], .double)
      add("/members/latent_state", ["member", "time", "latent"], .double)
      return result
    }()

    private static func variables(_ group: NetCDFReaderGroup) -> [NetCDFReaderVariable] {
      group.variables + group.groups.flatMap { variables($0) }
    }

    @Test func holdsEveryVariableOfTheContract() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml")
      let reader = try sandbox.reader("small.nc")
      #expect(reader.root.groups.map(\.name).sorted() == ["geometry", "members"])

      let lengths = [
        "level": 2, "time": 4, "concept": 4, "superconcept": 2, "tree_level": 4, "latent": 4,
        "member": 320,
      ]
      for (path, expected) in Self.demanded {
        let variable = try reader.variable(path)
        #expect(variable.dimensions.map(\.name) == expected.dimensions, "\(path)")
        #expect(variable.shape == expected.dimensions.map { lengths[$0] ?? -1 }, "\(path)")
        #expect(variable.type == expected.type, "\(path)")
        if let units = expected.units { #expect(try variable.attribute("units").text == units, "\(path)") }
      }
      for variable in Self.variables(reader.root) {
        let names = variable.attributes.map(\.name)
        #expect(names.contains("long_name"), "\(variable.path)")
        #expect(
          names.contains("_FillValue") == variable.type.isFloating
            || !variable.type.isFloating
              && !names.contains("_FillValue")
            || Self.isCoordinateOrAddress(variable), "\(variable.path)")
        if variable.type.isInteger { #expect(!names.contains("_FillValue"), "\(variable.path)") }
        // A variable with the name of a dimension is that dimension's coordinate.
        if lengths[variable.name] != nil {
          #expect(variable.dimensions.map(\.name) == [variable.name], "\(variable.path)")
        }
        for (name, value) in variable.attributes where name == "ancillary_variables" {
          let group = String(variable.path.dropLast(variable.name.count))
          for ancillary in try #require(value.text).split(separator: " ") {
            let found = try reader.variable(group + ancillary)
            #expect(found.dimensions == variable.dimensions, "\(variable.path): \(ancillary)")
          }
        }
      }
      for name in Self.observables.keys {
        let ancillary = try reader.variable(name).attribute("ancillary_variables").text ?? ""
        #expect(ancillary.contains("\(name)_standard_deviation"))
        #expect(ancillary.contains("\(name)_standard_error"))
      }
      #expect(try reader.variable("level").readDoubles() == [0, 0.5])
      #expect(try reader.variable("time").readInts() == [0, 1, 2, 3])
      #expect(try reader.variable("count").readInts() == [160, 160])
      #expect(try reader.variable("geometry/concept_parent").readInts() == [0, 0, 1, 1])
    }

    /// Coordinates and addresses are never missing and need no fill value.
    private static func isCoordinateOrAddress(_ variable: NetCDFReaderVariable) -> Bool {
      ["level", "corruption_level"].contains(variable.name)
    }

    @Test func globalAttributesDescribeTheRun() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "--set", "dynamics.steps=2", "--quiet")
      let reader = try sandbox.reader("small.nc")
      #expect(try reader.attribute("Conventions").text == "CF-1.10")
      #expect(try reader.attribute("title").text == "a small ensemble")
      #expect(try reader.attribute("format_version").integer == 2)
      #expect(try reader.attribute("seed").integer == 7)
      let history = try #require(try reader.attribute("history").text)
      #expect(history.contains("run small.yaml --set dynamics.steps=2"))
      let version = try sandbox.succeed("--version").output.prefix { $0 != "(" }
      #expect(try reader.attribute("source").text == String(version.dropLast()))
      let scenario = try #require(try reader.attribute("scenario").text)
      #expect(scenario.contains("steps: 2"))
      #expect(scenario.contains("temperature") == false || scenario.contains("mode: mean"))
      // The hash of the model file, by a program that is not ours.
      let model = try #require(sandbox.cachedModels.first)
      let sum = try sandbox.shell("(sha256sum '\(model)' || shasum -a 256 '\(model)') 2>/dev/null").output
      #expect(try reader.attribute("model_sha256").text == sum.prefix(64).description)
    }

    @Test func theScenarioOfTheFileReproducesTheRun() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      try sandbox.succeed(
        "run", "small.yaml", "--seed", "99", "--set", "initial.levels=[0.1,0.25,1]", "--set",
        "initial.realizations=2")
      let text = try sandbox.succeed("inspect", "--scenario", "small.nc").output
      #expect(text == (try sandbox.reader("small.nc").attribute("scenario").text))
      try sandbox.put(text, at: "again.yaml")
      try sandbox.succeed("validate", "again.yaml")
      // Elsewhere and with a new cache, so that the model is trained again.
      let elsewhere = sandbox.folder + "/new-cache"
      let again = try sandbox.simulate("run", "again.yaml", "-o", "again.nc", cache: elsewhere)
      #expect(again.code == 0)
      #expect(again.errors.contains("epoch 2 of 2"))
      try expectIdentical(sandbox.reader("small.nc"), sandbox.reader("again.nc"))
      #expect(
        try sandbox.reader("small.nc").attribute("model_sha256")
          == sandbox.reader("again.nc").attribute("model_sha256"))
    }

    @Test func integerVariablesWithoutAValueHoldMinusOne() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      // In sample mode members have no outcome.
      try sandbox.succeed("run", "small.yaml", "--set", "dynamics.mode=sample")
      let reader = try sandbox.reader("small.nc")
      for name in ["outcome", "convergence_time", "time_of_closest_concept"] {
        #expect(Set(try reader.variable("members/" + name).readInts()) == [-1], "\(name)")
      }
      #expect(try reader.variable("members/closest_concept_distance").readDoubles().allSatisfy(\.isNaN))
    }
  }
}
