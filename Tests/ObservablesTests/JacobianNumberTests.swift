import Dynamics
import Foundation
import Numerics
import Observables
import TestSupport
import Testing
import VAE

/// Numbers of dF/dz at states, against numpy's by complex steps (`make_jacobians.py`) and against closed forms.
@Suite struct JacobianNumberTests {
  struct Golden: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let states: [[Double]]
    let numbers: [[String: Double]]
    var testDescription: String { name }
  }

  static let goldens: [Golden] =
    FileManager.default.contents(atPath: SourceTree.fixtures + "/jacobians/goldens.json").flatMap {
      try? JSONDecoder().decode([Golden].self, from: $0)
    } ?? []

  static let names = [
    "spectral-radius", "largest-singular-value", "second-singular-value", "jacobian-asymmetry",
    "gain-within-classes", "gain-between-classes",
  ]

  private func numbers(
    _ names: [String] = names, of map: some DifferentiableMap, at states: [[Double]], classes: Int
  ) throws -> [[Double]] {
    let geometry = LatentGeometry(
      memories: RowTable(states), classes: states.indices.map { Int32($0 % classes) }, classCount: classes,
      superclassOfClass: [])
    var context = ObservableContext(geometry: geometry, own: nil, source: nil)
    context.derivative = MapDerivative(map)
    return try measure(
      try names.map { try #require(ObservableRegistry.observable(named: $0, in: context)) }, at: states)
  }

  @Test func thereAreSixNetworks() { #expect(Self.goldens.count == 6) }

  @Test(arguments: goldens) func theyAreThoseOfNumpy(_ golden: Golden) throws {
    let (model, _) = try Safetensors.read(path: SourceTree.fixtures + "/" + golden.name + ".safetensors")
    let map = DifferentiableInferenceMap(DenseNetwork<Double>(model))
    let found = try numbers(of: map, at: golden.states, classes: 3)
    for (name, values) in zip(Self.names, found) {
      for (m, value) in values.enumerated() {
        let expected = try #require(golden.numbers[m][name])
        #expect(abs(value - expected) <= 1e-10 * max(expected, 1), "\(name) at state \(m)")
      }
    }
  }

  /// A map with a known matrix: a rotation by 90 degrees that stretches one axis, and a contraction beside it.
  @Test func aLinearMapHasTheNumbersOfItsMatrix() throws {
    let map = ToyMap.affine([[0, -3, 0], [0.5, 0, 0], [0, 0, 0.25]], [1, 2, 3])
    // The two concepts lie along the third axis, and memories spread along the first one.
    let states = [[1.0, 0, 2], [3, 0, -2], [-1, 0, 2], [-3, 0, -2]]
    let found = try numbers(of: map, at: states, classes: 2)
    let asymmetry = (2 * 3.5 * 3.5 / (9 + 0.25 + 0.0625)).squareRoot()
    for (values, expected) in zip(found, [Double(1.5).squareRoot(), 3, 0.5, asymmetry, 0.5, 0.25]) {
      for value in values { #expect(abs(value - expected) <= 1e-14) }
    }
  }

  @Test func whatIsNotDefinedIsMissing() throws {
    // One latent variable has no second singular value, one class no difference between classes, 0 no asymmetry.
    let line = try numbers(of: ToyMap.affine([[-0.5]], [0]), at: [[1], [2]], classes: 1)
    #expect(line.map { $0[0].isNaN } == [false, false, true, false, false, true])
    #expect(line[0] == [0.5, 0.5] && line[3] == [0, 0] && line[4] == [0.5, 0.5])
    let constant = try numbers(
      of: ToyMap.affine([[0, 0], [0, 0]], [1, 1]), at: [[1, 1], [2, 2]], classes: 2)
    #expect(constant.map { $0[0].isNaN } == [false, false, false, true, true, false])
    // Without a derivative there is no such observable.
    let geometry = LatentGeometry(
      memories: RowTable([[1.0]]), classes: [0], classCount: 1, superclassOfClass: [])
    let context = ObservableContext(geometry: geometry, own: nil, source: nil)
    for name in Self.names { #expect(ObservableRegistry.observable(named: name, in: context) == nil) }
  }
}
