import Foundation
import Testing

extension CommandTests {
  /// The first Python that has all that users of run files are told to install.
  static let python: String? = ["python3", "/usr/bin/python3"].first { program in
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program, "-c", "import xarray, netCDF4, matplotlib, pandas"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  /// What users of Python do with run files and exports. `make test-deps` installs what these tests need.
  @Suite(.enabled(if: python != nil, "needs Python with xarray, netCDF4, matplotlib and pandas"))
  struct PythonTests {
    /// Runs Python in the sandbox; a warning is an error there unless `warnings` says otherwise.
    private func run(_ sandbox: Sandbox, warnings: String = "error", _ arguments: [String]) throws -> String {
      let execution = try sandbox.start(
        "/usr/bin/env", ["MPLBACKEND=agg", CommandTests.python ?? "python3", "-W", warnings] + arguments
      ).end()
      try #require(execution.code == 0, "\(execution.errors)")
      return execution.output
    }

    private func sandbox() throws -> Sandbox {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario.replacing("levels: [0, 0.5]", with: "levels: [0, 0.4]") + """
          observables: [distance-concept, step-length, abstraction-level]
          output: {members: true, latents: true}

          """, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "run.nc")
      return sandbox
    }

    /// The example draws its two figures.
    @Test func theExampleDraws() throws {
      let sandbox = try sandbox()
      // Libraries' own deprecations are not ours.
      let output = try run(
        sandbox, warnings: "default", [Checkout.root + "/examples/read_run.py", "run.nc"])
      for figure in ["run-distance.png", "run-levels.png"] {
        #expect(output.contains("wrote \(figure)"))
        let bytes = try sandbox.bytes(figure)
        #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]), "a PNG")
        // Height and width in the header; a page of 200 dots per inch and about six inches.
        let width = bytes[16..<20].reduce(0) { $0 << 8 | Int($1) }
        #expect((1000...2000).contains(width))
      }
    }

    /// With a sweep the example shows the first point, with replicas the averages over models, and says so.
    @Test func theExampleDrawsCampaigns() throws {
      let sandbox = try campaign()
      let example = Checkout.root + "/examples/read_run.py"
      // Captions as the script writes them, for figures are pictures.
      try sandbox.put(
        """
        import runpy, sys
        import matplotlib.figure
        write = matplotlib.figure.Figure.text
        def text(self, x, y, words, **rest):
            print(" ".join(words.split()))
            return write(self, x, y, words, **rest)
        matplotlib.figure.Figure.text = text
        runpy.run_path("\(example)", run_name="__main__")
        """, at: "captions.py")
      let output = try run(sandbox, warnings: "default", ["captions.py", "many.nc"])
      #expect(output.contains("first point is shown, model.latent = 10, initial.split = train"))
      for figure in ["many-distance.png", "many-levels.png"] {
        #expect(output.contains("wrote \(figure)"))
        #expect(try sandbox.bytes(figure).starts(with: [0x89, 0x50, 0x4E, 0x47]), "a PNG")
      }
      // 160 items in each of three models.
      #expect(output.components(separatedBy: "mean over 3 models (n = 480 members in all)").count == 3)
      #expect(output.components(separatedBy: "Student's 95 % interval over 3 models").count == 3)
      #expect(!output.contains("over items"))
      // A sweep without replicas.
      try sandbox.put(
        smallScenario + "sweep: {initial.levels: [[0, 0.4], [0.7]]}\n", at: "levels.yaml")
      try sandbox.succeed("run", "levels.yaml", "-o", "levels.nc")
      let levels = try run(sandbox, warnings: "default", ["captions.py", "levels.nc"])
      #expect(levels.contains("first point is shown, initial.levels = [0, 0.4]"))
      #expect(levels.contains("mean over n = 160 members") && levels.contains("95 % interval over items"))
    }

    /// The Python of a page of docs/how-to/python-and-pandas.md that begins with some text, from there to its block's end.
    private func code(_ beginning: String) throws -> String {
      let page = try String(
        contentsOfFile: Checkout.root + "/docs/how-to/python-and-pandas.md", encoding: .utf8)
      let parts = page.components(separatedBy: "\n" + beginning)
      try #require(parts.count == 2, "\(beginning)")
      return beginning + (try #require(parts[1].components(separatedBy: "```").first))
    }

    /// The page's observable of one's own, from the run file alone: model, initial states, latent states.
    @Test func thePagesObservableIteratesByItself() throws {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario.replacing("levels: [0, 0.5]", with: "levels: [0.3, 0.8]") + """
          observables: [distance-concept, nearest-concept]
          output: {members: true, latents: true, initial-states: true}

          """, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "run.nc")
      try sandbox.put(try code("import json, numpy, pathlib, xarray\n"), at: "page.py")
      let rows = try run(sandbox, ["page.py"]).split(separator: "\n").map { $0.split(separator: " ") }
      #expect(rows.map { $0[0] } == ["0", "1", "2", "3"])
      // Sums of 36, 16, 4 and 16 products of numbers of order 1 in single precision, in another order: some 70 roundings
      // of 2^-24 per application of a map that contracts, 2e-5 in all. The page asks for 1e-4.
      #expect(rows.allSatisfy { $0[2] == "True" }, "\(rows)")
      let bright = try #require(Double(rows[0][1]))
      // Half of the pixels of a pattern are bright, and noise leaves it so.
      #expect((10...26).contains(bright))
      try sandbox.put(
        """
        import numpy, xarray
        run, members, geometry = (xarray.open_dataset("run.nc", group=g).load() for g in (None, "members", "geometry"))
        z, c, r = members.latent_state.values, geometry.concept_position.values, geometry.concept_radius.values
        d = numpy.linalg.norm(z[:, :, None] - c, axis=-1)
        nearest = d.argmin(-1)
        label = numpy.where(numpy.take_along_axis(d, nearest[..., None], -1)[..., 0] > r[nearest], -1, nearest)
        assert numpy.array_equal(members.nearest_concept, label)
        count = run.nearest_concept_count
        for l in range(2):
            for k in range(4):
                chosen = (members.level_index.values == l) & (members["class"].values == k)
                for n in range(-1, 4):
                    own = (label[chosen] == n).sum(0)
                    assert numpy.array_equal(count.isel(level=l).sel(source_class=k, nearest_class=n), own), (l, k, n)
        assert (r > 0).all() and r.shape == (4,)
        """, at: "check.py")
      _ = try self.run(sandbox, ["check.py"])
    }

    /// xarray opens every group without a warning and decodes missing values, integers and coordinates.
    @Test func xarrayOpensTheFile() throws {
      let sandbox = try sandbox()
      try sandbox.put(
        """
        import netCDF4, numpy, xarray
        run = xarray.open_dataset("run.nc").load()
        assert run.level.values.tolist() == [0, 0.4], run.level
        assert numpy.isnan(run.step_length[:, 0]).all() and not numpy.isnan(run.step_length[:, 1:]).any()
        assert run["count"].dtype.kind == "i" and run.distance_concept_count.dtype.kind == "i"
        members = xarray.open_dataset("run.nc", group="members").load()
        for k, level in enumerate(run.level.values):
            mean = members.distance_concept[members.corruption_level.values == level].mean("member")
            # A double sum of 160 numbers: 160 units in the last place at most.
            assert numpy.allclose(mean, run.distance_concept[k], rtol=160 * 2.0**-52, atol=0)
        for group in netCDF4.Dataset("run.nc").groups:
            xarray.open_dataset("run.nc", group=group).load()
        """, at: "check.py")
      _ = try run(sandbox, ["check.py"])
    }

    /// A sweep over two keys, with three models, a control and a claim.
    private func campaign() throws -> Sandbox {
      let sandbox = try Sandbox()
      try sandbox.put(
        smallScenario.replacing("levels: [0, 0.5]", with: "levels: [0, 0.4]")
          .replacing("  latent: 4\n", with: "  replicas: 3\n") + """
            observables: [distance-concept, step-length, abstraction-level]
            sweep: {model.latent: [20, 10], initial.split: [train, test]}
            claims:
              approaches-concept:
                statement: It comes near.
                estimate: approach(distance-concept)
                over: each
                threshold: 10
                controls: [untrained]

            """, at: "many.yaml")
      try sandbox.succeed("run", "many.yaml", "-o", "many.nc")
      return sandbox
    }

    /// Each group with dimensions of several runs has their coordinates, equal to the root's: `sel` works in each.
    @Test func xarraySelectsInEveryGroup() throws {
      let sandbox = try campaign()
      try sandbox.put(
        """
        import numpy, xarray
        def group(name):
            return xarray.open_dataset("many.nc", group=name).load()
        root = xarray.open_dataset("many.nc").load()
        assert root.model_latent.values.tolist() == [10, 20]
        assert root.initial_split_label.values.tolist() == ["train", "test"]
        assert "initial_split_label" in root.coords
        assert root.model_latent.attrs["long_name"].startswith("model.latent: ")
        names = ["replicas", "controls/untrained", "controls/untrained/replicas", "claims/approaches-concept"]
        for name in names:
            own = group(name)
            assert not set(own.dims) - set(own.coords), (name, set(own.dims) - set(own.coords))
            for key in set(own.dims) & set(root.dims):
                assert own[key].identical(root[key]), (name, key)
        models = group("replicas")
        assert models.replica.identical(group(names[3]).replica) and models.replica.values.tolist() == [0, 1, 2]
        place = dict(model_latent=10, initial_split=1)
        one = models.sel(**place, level=0.4)
        assert numpy.array_equal(one.distance_concept, models.distance_concept[0, 1, :, 1])
        estimate = 1 - one.distance_concept.min("time") / one.distance_concept.sel(time=0)
        claim = group(names[3]).sel(**place, claim_level=0.4)
        assert claim.estimate.dims == ("replica",), claim.estimate.dims
        # The same arithmetic on the same numbers, but for the order of a division and a subtraction.
        assert numpy.allclose(claim.estimate, estimate, rtol=0, atol=4 * 2.0**-52), (claim.estimate, estimate)
        control = group(names[1]).sel(**place, level=0.4)
        assert control.distance_concept.dims == ("time",)
        untrained = group(names[2]).sel(**place, level=0.4, replica=2).distance_concept
        estimate = 1 - untrained.min() / untrained[0]
        control = claim.control_estimate.swap_dims(control="control_label").sel(control_label="untrained")
        assert abs(control.sel(replica=2) - estimate) < 4 * 2.0**-52
        """, at: "check.py")
      _ = try run(sandbox, ["check.py"])
    }

    /// The page's lines on claims, controls and replicas run.
    @Test func thePageReadsACampaign() throws {
      let sandbox = try campaign()
      let code = try self.code("claim = xarray")
      // Its scenario sweeps no split.
      let text = ("import xarray\n" + code).replacing("runs/claims.nc", with: "many.nc")
        .replacing("model_latent=20", with: "model_latent=20, initial_split=1")
      try sandbox.put(text, at: "page.py")
      #expect(try run(sandbox, ["page.py"]).hasPrefix("undecided "))
    }

    /// pandas reads both kinds of table without options, with the same numbers as the file.
    @Test func pandasReadsTheTables() throws {
      let sandbox = try sandbox()
      for format in ["csv", "records"] {
        try sandbox.succeed(
          "export", "run.nc", "--variables", "distance_concept,step_length", "--format", format, "-o",
          "table.\(format)")
      }
      try sandbox.put(
        """
        import pandas, xarray
        csv, records = pandas.read_csv("table.csv"), pandas.read_json("table.records")
        run = xarray.open_dataset("run.nc")
        for table in (csv, records):
            assert list(table.columns) == ["level", "time", "distance_concept", "distance_concept_standard_error",
                                           "step_length", "step_length_standard_error"], table.columns
            assert len(table) == run.sizes["level"] * run.sizes["time"]
            assert all(kind.kind in "if" for kind in table.dtypes), table.dtypes
            assert table.step_length.isna().sum() == run.sizes["level"]
            # The fast parsers of pandas miss last digits of numbers.
            error = abs(table.distance_concept.values - run.distance_concept.values.ravel())
            assert (error <= 1e-9 * table.distance_concept.values).all(), error
        """, at: "check.py")
      _ = try run(sandbox, warnings: "default", ["check.py"])
    }
  }
}
