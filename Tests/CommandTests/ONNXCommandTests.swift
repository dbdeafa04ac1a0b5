import Foundation
import Output
import Pictures
import Testing

extension CommandTests {
  /// Models in ONNX files of forms that others make, from the file to the picture.
  @Suite struct ONNXCommandTests {
    private static let models = Checkout.root + "/Tests/Fixtures/onnx/"

    /// Twelve pictures of 8 x 8 in red, green and blue, each of one colour.
    private static let colours: [UInt8] = {
      let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (12, 8, 8, 3), }"
      let length = (header.utf8.count + 11 + 63) / 64 * 64 - 10
      let padded = header + String(repeating: " ", count: length - header.utf8.count - 1) + "\n"
      let pixels = (0..<12).flatMap { item in
        (0..<64).flatMap { _ in (0..<3).map { UInt8($0 == item % 3 ? 255 : 0) } }
      }
      return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length % 256), UInt8(length / 256)]
        + Array(padded.utf8)
        + pixels
    }()

    private func sandbox(_ model: String) throws -> Sandbox {
      let sandbox = try Sandbox()
      try sandbox.put(Self.colours, at: "colours.npy")
      try sandbox.put(
        """
        name: colours
        dataset: {kind: array, train: {items: colours.npy}}
        model: {kind: onnx, \(model)}
        dynamics: {steps: 3, precision: double}
        initial: {levels: [0, 0.3], items: all}
        observables: [step-length]
        output: {films: {times: [0, 1, 3], items: 3}}

        """, at: "colours.yaml")
      return sandbox
    }

    private static func halves(_ encoder: String, _ decoder: String) -> String {
      "encoder: {file: \(models)\(encoder).onnx}, decoder: {file: \(models)\(decoder).onnx}"
    }
    private static let original = halves("residual-legacy-encoder", "residual-legacy-decoder")

    private func variables(_ model: String) throws -> (steps: [Double], pictures: [Double], hash: String) {
      let sandbox = try sandbox(model)
      try sandbox.succeed("run", "colours.yaml", "-o", "run.nc")
      let file = try sandbox.reader("run.nc")
      return (
        try file.variable("step_length").readDoubles(), try file.variable("films/picture").readDoubles(),
        try sandbox.succeed("hash", "run.nc").output
      )
    }

    @Test func formsOfAModelGiveTheSameRun() throws {
      let original = try variables(Self.original)
      let names = "mean: mean, log-variance: log_variance"
      for model in [
        "file: \(Self.models)residual-one.onnx, encoder: {input: x, \(names)}, decoder: {input: z, output: y}",
        "file: \(Self.models)residual-whole.onnx, encoder: {\(names)}, decoder: {input: mean, output: y}",
      ] {
        let found = try variables(model)
        #expect(found.hash == original.hash && found.pictures == original.pictures)
      }
      // Channels last: sums in another order.
      let last = try variables(Self.halves("residual-last-encoder", "residual-last-decoder"))
      #expect(last.steps.count == original.steps.count && last.hash != original.hash)
      for (a, b) in zip(last.steps, original.steps) where b.isFinite { #expect(abs(a - b) < 1e-12) }
      for (a, b) in zip(last.pictures, original.pictures) where b.isFinite { #expect(abs(a - b) < 1e-6) }
    }

    /// At t = 0 without noise, films show the pictures themselves: pure red, green and blue.
    @Test func filmsAndReportsAreInColour() throws {
      for model in [Self.original, Self.halves("residual-last-encoder", "residual-last-decoder")] {
        let sandbox = try sandbox(model)
        try sandbox.succeed("run", "colours.yaml", "-o", "run.nc")
        let film = try sandbox.reader("run.nc").variable("films/picture")
        #expect(film.shape == [2, 3, 3, 192])
        #expect(try film.attribute("image_channels").integer == 3)
        #expect(try film.attribute("image_height").integer == 8)
        let items = try sandbox.reader("run.nc").variable("films/item").readInts()
        let pixels = try film.readDoubles()
        for (k, item) in items.enumerated() {
          // Channels follow each other.
          let first = Array(pixels[k * 3 * 192..<k * 3 * 192 + 192])
          #expect(first == (0..<192).map { $0 / 64 == Int(item) % 3 ? 1 : 0 })
        }
        try sandbox.succeed("plot", "run.nc", "--figure", "film", "-o", "film.png")
        let picture = try Picture(png: sandbox.bytes("film.png"), path: "film.png")
        try #require(picture.channels == 3)
        var areas: [[UInt8]: Int] = [:]
        for p in stride(from: 0, to: picture.pixels.count, by: 3) {
          areas[Array(picture.pixels[p..<p + 3]), default: 0] += 1
        }
        // Each of the colours that the film's items have is drawn as a whole picture.
        for item in items {
          let colour = (0..<3).map { UInt8($0 == Int(item) % 3 ? 255 : 0) }
          #expect(areas[colour, default: 0] >= 64, "\(colour)")
        }
        let report = try sandbox.simulate("report", "run.nc", "-o", "run.html")
        #expect(report.code == 0, "\(report.errors)")
      }
    }

    /// digits-attractors.json, by PyTorch in double precision (make_attractors.py).
    private struct Golden: Decodable {
      struct Attractor: Decodable {
        var period: Int
        var points: [[Double]]
        /// Real and imaginary parts.
        var eigenvalues: [[Double]]
      }
      var labels: [Int]
      var attractors: [Attractor]
    }

    /// Orbits of 100 digits in a small convolutional network with batch normalization and LeakyReLU end where plain
    /// iteration and Newton's method in PyTorch find them.
    @Test func attractorsAreThoseOfPyTorch() throws {
      let data = try #require(FileManager.default.contents(atPath: Self.models + "digits-attractors.json"))
      let golden = try JSONDecoder().decode(Golden.self, from: data)
      let sandbox = try Sandbox()
      try sandbox.put(
        """
        name: digits
        dataset: {kind: array, train: {items: "\(Checkout.root)/scenarios/data/digits.npz:images"}, range: [0, 16]}
        model: {kind: onnx, \(Self.halves("digits-encoder", "digits-decoder"))}
        dynamics: {steps: 1}
        initial: {levels: [0]}
        observables: [step-length]
        attractors: {items: 100, census: 0}

        """, at: "digits.yaml")
      try sandbox.succeed("run", "digits.yaml", "-o", "digits.nc")
      let file = try sandbox.reader("digits.nc")
      let positions = try file.variable("attractors/position").readDoubles()
      let real = try file.variable("attractors/eigenvalue_real").readDoubles()
      let imaginary = try file.variable("attractors/eigenvalue_imaginary").readDoubles()
      let n = 6
      // Newton's method ends at 1e-13 there and at a residual of rounding errors here, which (I - J)^-1 enlarges by at
      // most 1 / (1 - 0.98) = 50. Eigenvalues are known to the root of that where two nearly coincide.
      var places: [Int] = []
      for attractor in golden.attractors {
        #expect(attractor.period == 1)
        let point = attractor.points[0]
        let distances = stride(from: 0, to: positions.count, by: n).map { first in
          (0..<n).map { abs(positions[first + $0] - point[$0]) }.max() ?? .infinity
        }
        let place = try #require(distances.indices.min { distances[$0] < distances[$1] })
        #expect(distances[place] < 1e-11)
        for value in attractor.eigenvalues {
          let nearest = (place * n..<(place + 1) * n).map { k in
            ((real[k] - value[0]) * (real[k] - value[0]) + (imaginary[k] - value[1])
              * (imaginary[k] - value[1]))
              .squareRoot()
          }
          #expect((nearest.min() ?? .infinity) < 1e-9)
        }
        places.append(place)
      }
      #expect(Set(places).count == golden.attractors.count && places.count >= 10)
      let labels = try file.variable("attractors/initial_attractor").readInts()
      #expect(labels.map { Int($0) } == golden.labels.map { places[$0] })
    }
  }
}
