import Foundation
import Output
import TestSupport
import Testing

extension CommandTests {
  /// Data of users: arrays, folders of pictures, without labels, with numbers that are no pictures.
  @Suite struct OwnDataTests {
    static let data = Checkout.root + "/scenarios/data"
    static let short = [
      "model.hidden=[8]", "model.latent=3", "model.training.epochs=2", "dynamics.steps=2", "initial.items=20",
    ]

    /// A scenario of scenarios/, run for a short time.
    private static func run(
      _ name: String, _ settings: [String] = [], expecting code: Int32 = 0
    ) throws -> (sandbox: Sandbox, execution: Execution) {
      let sandbox = try Sandbox()
      let path = Checkout.root + "/scenarios/\(name).yaml"
      let execution = try sandbox.simulate(
        ["run", path, "-o", "run.nc", "-q"] + (short + settings).flatMap { ["--set", $0] })
      try #require(execution.code == code, "\(execution.errors)")
      return (sandbox, execution)
    }

    @Test func anArrayWithLabelsIsTrainedRunAndReported() throws {
      let (sandbox, _) = try Self.run("own-array")
      let file = try sandbox.reader("run.nc")
      #expect(try file.variable("geometry/concept_name").readStrings().first == "zero")
      #expect(try file.variable("geometry/superconcept_name").readStrings() == ["round", "straight"])
      #expect(try file.variable("distance_concept").readDoubles().allSatisfy(\.isFinite))
      #expect(try sandbox.simulate("report", "run.nc", "-o", "run.html").code == 0)
    }

    @Test func aFolderInColourHasFilmsWithThreeChannels() throws {
      let (sandbox, _) = try Self.run("own-pictures", ["output.films.items=2", "initial.realizations=1"])
      let film = try sandbox.reader("run.nc").variable("films/picture")
      #expect(try film.attribute("image_channels").integer == 3)
      #expect(try film.attribute("image_height").integer == 10 && film.shape.last == 300)
      #expect(try sandbox.simulate("report", "run.nc", "-o", "run.html").code == 0)
    }

    @Test func itemsWithoutLabelsHaveAMemoryAndARoot() throws {
      let (sandbox, _) = try Self.run("own-unlabelled", ["concepts=null"])
      let file = try sandbox.reader("run.nc")
      #expect(try file.variable("tree_level").attribute("flag_meanings").text == "memory root")
      #expect(try file.variable("approach").shape == [4, 2])
      #expect(!file.root.variables.contains { $0.name.contains("concept") })
      #expect(try sandbox.simulate("report", "run.nc", "-o", "run.html").code == 0)
      let (_, refused) = try Self.run(
        "own-unlabelled", ["concepts=null", "observables=[distance-concept]"], expecting: 65)
      #expect(refused.errors.contains("write concepts: {clusters: 10}"))
    }

    @Test func clustersTakeThePlaceOfClasses() throws {
      let (sandbox, _) = try Self.run("own-unlabelled", ["concepts.clusters=4"])
      let file = try sandbox.reader("run.nc")
      #expect(try file.variable("tree_level").attribute("flag_meanings").text == "memory class root")
      let clusters = try file.variable("geometry/cluster").readInts()
      let sizes = try file.variable("geometry/concept_size").readInts()
      #expect(clusters.count == 1438 && sizes == (0..<4).map { k in clusters.count { $0 == k } })
      let inertia = try file.variable("geometry/cluster_inertia").readDoubles()
      let silhouette = try file.variable("geometry/cluster_silhouette").readDoubles()
      #expect(inertia[0] > 0 && (-1...1).contains(silhouette[0]))
      let summary = "centres of 4 clusters of the training memories"
      try sandbox.succeed("report", "run.nc", "-o", "run.md")
      #expect(try String(decoding: sandbox.bytes("run.md"), as: UTF8.self).contains(summary))
      // The same bits with other threads.
      let again = try sandbox.simulate(
        [
          "run", Checkout.root + "/scenarios/own-unlabelled.yaml", "-o", "again.nc", "--threads", "1",
          "--set", "concepts.clusters=4",
        ] + Self.short.flatMap { ["--set", $0] })
      #expect(again.code == 0)
      #expect(again.output.contains(summary))
      let other = try sandbox.reader("again.nc")
      #expect(try other.variable("geometry/cluster").readInts() == clusters)
      #expect(try other.variable("geometry/cluster_inertia").readDoubles() == inertia)
      #expect(
        try other.variable("distance_concept").readDoubles()
          == file.variable("distance_concept").readDoubles())
    }

    @Test func measurementsAreStandardizedAndHaveAGaussianDecoder() throws {
      let (sandbox, _) = try Self.run("own-measurements", ["initial.realizations=1"])
      let file = try sandbox.reader("run.nc")
      #expect(try file.variable("geometry/component_mean").shape == [12])
      #expect(try file.variable("geometry/component_deviation").readDoubles().allSatisfy { $0 > 0 })
      let scale = try file.attribute("model_likelihood_scale").text.flatMap { Double($0) }
      #expect(scale.map { $0 > 0 && $0 != 1 } ?? false)
      for corruption in ["gaussian", "item-replacement", "latent-gaussian"] {
        _ = try Self.run(
          "own-measurements", ["initial.corruption=\(corruption)", "initial.realizations=1"])
      }
    }

    static let refusals: [(settings: [String], parts: [String])] = [
      (
        ["initial.corruption=uniform-replacement"], ["not kept to [0, 1]", "gaussian, or missing-components"]
      ),
      (["initial.corruption=occlusion"], ["not kept to [0, 1]", "item-replacement"]),
      (["model.likelihood=bernoulli"], ["model.likelihood", "expected gaussian", "{gaussian: learned}"]),
      (["output.films.items=2"], ["output.films", "a data set of pictures", "leave it out"]),
      (["dataset.range=[0, 100]"], ["dataset.range", "none beside standardize: true"]),
      (["model.likelihood={bernoulli: 1}"], ["model.likelihood", "{gaussian: 1}"]),
      (["model.likelihood={gaussian: 0}"], ["model.likelihood", "greater than 0"]),
    ]

    @Test(arguments: refusals.indices) func whatMakesNoSenseForMeasurementsIsRefused(_ index: Int) throws {
      let (settings, parts) = Self.refusals[index]
      let (_, execution) = try Self.run("own-measurements", settings, expecting: 65)
      #expect(execution.errorLines.count == 1)
      for part in parts { #expect(execution.errors.contains(part), "\(execution.errors)") }
    }

    static let wrongArrays: [(settings: [String], code: Int32, parts: [String])] = [
      (["dataset.train.items=absent.npz:images"], 66, ["absent.npz", "check the path"]),
      (["dataset.train={labels: x.npz:labels}"], 65, ["dataset.train.items", "missing"]),
      (["dataset.train={items: x.npz, label: y}"], 65, ["dataset.train.label", "unknown key"]),
      (
        ["dataset.test={fraction: 0.2, items: x.npz:a}"], 65, ["dataset.test", "either a fraction, or items"]
      ),
      (["dataset.test={fraction: 1.5}"], 65, ["dataset.test.fraction", "at most 0.9"]),
      (["dataset.range=[16, 0]"], 65, ["dataset.range", "two ascending numbers"]),
      (["dataset.range=null"], 0, []),
      (["dataset.shape=[8, 9]"], 65, ["dataset.shape [8, 9]", "items of 72 components"]),
      (["dataset.class-names=[a, b]"], 65, ["dataset.class-names", "there are 2 names; expected 10"]),
      (["concepts.clusters=5000"], 65, ["concepts.clusters", "at most 1438"]),
      (["concepts.restarts=3"], 65, ["concepts.restarts", "concepts.clusters beside it"]),
      (["dataset.superclasses={a: [0, 77]}"], 65, ["label 77, which no training item has"]),
    ]

    @Test(arguments: wrongArrays.indices) func wrongArraysAreOneLine(_ index: Int) throws {
      let (settings, code, parts) = Self.wrongArrays[index]
      let (_, execution) = try Self.run("own-array", settings, expecting: code)
      if code != 0 { #expect(execution.errorLines.count == 1, "\(execution.errors)") }
      for part in parts { #expect(execution.errors.contains(part), "\(execution.errors)") }
    }

    @Test func foreignFilesAreReadInAChildFirst() throws {
      let fixtures = SourceTree.fixtures + "/arrays"
      for (items, part) in [
        ("link.h5:own", "is a link to another file, which is not followed"),
        ("external.h5:outside", "its values are in another file"),
        ("foreign.h5:booleans", "is an enumeration (h5py writes booleans so)"),
        ("foreign.h5:lzf", "a filter that is not installed"),
      ] {
        let (_, execution) = try Self.run(
          "own-array",
          [
            "dataset.train={items: \(fixtures)/\(items)}", "dataset.class-names=null",
            "dataset.superclasses=null",
          ], expecting: 65)
        #expect(execution.errorLines.count == 1 && execution.errors.contains(part), "\(execution.errors)")
      }
    }

    @Test func aModelNamesTheDataThatItNeeds() throws {
      let sandbox = try Sandbox()
      try sandbox.put("name: m\nmodel: {file: \(SourceTree.fixtures)/tiny-tanh.safetensors}\n", at: "m.yaml")
      let execution = try sandbox.simulate("run", "m.yaml")
      #expect(execution.code == 65 && execution.errors.contains("model.file"))
      #expect(
        execution.errors.contains("784 inputs") && execution.errors.contains("the scenario names no data set")
      )
    }

    @Test func initialStatesComeFromAnArchive() throws {
      let (sandbox, _) = try Self.run(
        "own-array",
        [
          "initial={corruption: file, file: {path: \(Self.data)/digits.npz, variable: labels}}",
          "observables=[step-length]",
        ], expecting: 65)
      withExtendedLifetime(sandbox) {}
      let other = try Self.run(
        "own-measurements",
        [
          "initial={corruption: file, file: {path: \(Self.data)/wine.npz, variable: measurements}}",
          "observables=[step-length]",
        ]
      ).sandbox
      #expect(try other.reader("run.nc").variable("count").readInts() == [178])
    }

    @Test func inspectListsArrays() throws {
      let sandbox = try Sandbox()
      let execution = try sandbox.simulate("inspect", Self.data + "/digits.npz")
      #expect(execution.code == 0)
      #expect(execution.output.contains("2 arrays"))
      #expect(execution.output.contains("images") && execution.output.contains("(1797, 8, 8)"))
      #expect(execution.output.contains("0 to 16") && execution.output.contains("int64"))
    }

    @Test func arraysAreExportedAsATable() throws {
      let sandbox = try Sandbox()
      let execution = try sandbox.simulate("export", Self.data + "/wine.npz", "--variables", "cultivar")
      #expect(execution.code == 0, "\(execution.errors)")
      let lines = execution.output.split(separator: "\n")
      #expect(lines.count == 179 && lines[0] == "index_0,cultivar" && lines[1] == "0,first cultivar")
      let different = try sandbox.simulate(
        "export", Self.data + "/wine.npz", "--variables", "cultivar,measurements")
      #expect(
        different.code == 65 && different.errors.contains("export arrays of different shapes one by one"))
    }

    @Test func mnistIsReadFromItsFolder() throws {
      let sandbox = try Sandbox()
      let pictures = idx([20, 2, 2], (0..<80).map { UInt8($0 * 3) })
      let labels = idx([20], (0..<20).map { UInt8($0 % 10) })
      try FileManager.default.createDirectory(atPath: sandbox("digits"), withIntermediateDirectories: false)
      // Both habits of names; a plain file called .gz.
      try sandbox.put(pictures, at: "digits/train-images.idx3-ubyte")
      try sandbox.put(labels, at: "digits/train-labels-idx1-ubyte")
      try sandbox.put(pictures, at: "digits/t10k-images-idx3-ubyte.gz")
      try sandbox.put(labels, at: "digits/t10k-labels.idx1-ubyte")
      let text = "name: m\ndataset: {kind: mnist, directory: digits}\nmodel: {latent: 2, hidden: [4]}\n"
      try sandbox.put(text, at: "m.yaml")
      let execution = try sandbox.simulate("validate", "m.yaml")
      #expect(
        execution.code == 0 && execution.output.contains("data set mnist, 20 + 20 items"),
        "\(execution.errors)")
      try sandbox.put(pictures + [0], at: "digits/train-images.idx3-ubyte")
      #expect(try sandbox.simulate("validate", "m.yaml").errors.contains("the file has 97 bytes"))
      try FileManager.default.removeItem(atPath: sandbox("digits/t10k-labels.idx1-ubyte"))
      try sandbox.put(pictures, at: "digits/train-images.idx3-ubyte")
      let missing = try sandbox.simulate("validate", "m.yaml")
      #expect(missing.code == 66 && missing.errors.contains("run `make mnist`"))
    }
  }
}
