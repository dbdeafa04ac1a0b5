import Foundation
import Numerics
import TestSupport
import Testing

/// The package's own functions against values of mpmath with 60 digits (make_functions.py).
@Suite(.serialized) struct FunctionTests {
  private struct Point {
    var function: String
    var arguments: [Double]
    /// The value is high + low.
    var high: Double
    var low: Double

    /// The error of `y` in units of the last place of the value.
    func error(of y: Double) -> Double { abs((y - high) - low) / high.ulp }
  }

  private static func points() throws -> [Point] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "functions.txt")
    return try String(contentsOf: path, encoding: .utf8).split(separator: "\n").map { line in
      let words = line.split(separator: " ").map(String.init)
      let numbers = try words.dropFirst().map { try #require(Double($0), "\(line)") }
      return Point(
        function: words[0], arguments: Array(numbers.dropLast(2)), high: numbers[numbers.count - 2],
        low: numbers[numbers.count - 1])
    }
  }

  private static func value(_ name: String, _ x: [Double]) -> Double {
    switch name {
    case "exp": exponential(x[0])
    case "log": logarithm(x[0])
    case "log1p": logarithm(ofOnePlus: x[0])
    case "sin": sineAndCosine(ofTurns: x[0]).sine
    case "cos": sineAndCosine(ofTurns: x[0]).cosine
    case "tanh": hyperbolicTangent(x[0])
    case "erf": errorFunction(x[0])
    case "logistic": logistic(x[0])
    case "softplus": softplus(x[0])
    case "pow": power(x[0], x[1])
    default: .nan
    }
  }

  /// The bounds that docs/explanation/determinism.md states, in units of the last place.
  static let bounds = [
    "exp": 0.65, "log": 0.85, "log1p": 0.9, "sin": 0.8, "cos": 0.8, "tanh": 2.5, "erf": 1.3, "logistic": 2.3,
    "softplus": 1.7, "pow": 1.3,
  ]

  static func checkErrors() throws {
    let points = try points()
    #expect(points.count > 1000)
    underEachInstructionSet { set in
      var worst: [String: (error: Double, at: [Double])] = [:]
      for point in points {
        let error = point.error(of: value(point.function, point.arguments))
        if !(error <= worst[point.function]?.error ?? -1) { worst[point.function] = (error, point.arguments) }
      }
      #expect(Set(worst.keys) == Set(bounds.keys))
      for (function, bound) in bounds {
        let largest = worst[function]?.error ?? .nan
        #expect(largest <= bound, "\(set) \(function): \(largest) ulp at \(worst[function]?.at ?? [])")
        // A bound far above the largest error would be none.
        #expect(largest >= bound / 2, "\(set) \(function): \(largest) ulp")
      }
    }
  }

  @Test func errorsAreWithinTheirBounds() async {
    await #expect(processExitsWith: .success) { try FunctionTests.checkErrors() }
  }

  @Test func theEndsOfTheRangesAreThoseOfTheLibrary() {
    let ends = [0, -0.0, 1, -1, .infinity, -.infinity, .nan, 5e-324, 710, -746, -2]
    for x in ends {
      let pairs: [(String, Double, Double)] = [
        ("exp", exponential(x), Foundation.exp(x)), ("log", logarithm(x), Foundation.log(x)),
        ("log1p", logarithm(ofOnePlus: x), Foundation.log1p(x)),
        ("tanh", hyperbolicTangent(x), Foundation.tanh(x)), ("erf", errorFunction(x), Foundation.erf(x)),
        ("x^0", power(x, 0), 1), ("1^x", power(1, x), 1), ("x^2", power(x, 2), x * x),
        ("x^-1", power(x, -1), 1 / x), ("x^3", power(x, 3), x * x * x),
      ]
      for (name, value, expected) in pairs {
        #expect(
          value == expected || value.isNaN && expected.isNaN || abs(value - expected) <= 2 * expected.ulp,
          "\(name) of \(x): \(value), not \(expected)")
      }
    }
    #expect(power(2, 0.5) == 2.0.squareRoot())
    #expect(power(-8, 1 / 3.0).isNaN)
    #expect(power(0.9, 1) == 0.9 && power(0.999, 1) == 0.999)  // Adam's first step
  }

  /// sin^2 + cos^2 = 1, and quarter turns are exact.
  @Test func turnsCloseTheCircle() {
    for k in -8...8 {
      let point = sineAndCosine(ofTurns: Double(k) / 4)
      #expect(abs(point.sine) == Double(abs(k) % 2) && abs(point.cosine) == Double((abs(k) + 1) % 2), "\(k)")
    }
    for t in uniformNumbers(1000, stream: 60) {
      let (sine, cosine) = sineAndCosine(ofTurns: t)
      #expect(abs(sine * sine + cosine * cosine - 1) <= 4 * 0x1p-53)
      #expect(abs(sine - Foundation.sin(2 * .pi * t)) <= 4e-16 + 0x1p-52 * abs(t) * 7)
    }
  }

  /// The kernels' hashes are those in the repository, on this processor and on AArch64 under qemu-user.
  @Test(.tags(.programs), .slow) func kernelsHaveTheBitsOfTheRepository() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["bash", root + "/Scripts/check_kernel_bits.sh"]
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    print(text, terminator: "")
    #expect([0, 77].contains(process.terminationStatus), "\(text)")
    for set in KernelInstructionSet.available {
      #expect(text.contains("-\(set): ") && !text.contains("differs"), "\(text)")
    }
  }
}
