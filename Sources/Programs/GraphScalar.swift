import Numerics

/// A precision in which programs run: `Float` or `Double`.
///
/// The requirement has one witness per precision, so that the compiler makes a copy of the loops for each.
package protocol GraphScalar: NetworkScalar, SIMDScalar, Codable {
  /// Runs the steps of a program on rows of its memory.
  static func run(_ program: Program<Self>, _ memory: ProgramMemory<Self>, members: Int)
}

extension Float: GraphScalar {
  package static func run(_ program: Program<Float>, _ memory: ProgramMemory<Float>, members: Int) {
    program.runSteps(memory, members: members)
  }
}

extension Double: GraphScalar {
  package static func run(_ program: Program<Double>, _ memory: ProgramMemory<Double>, members: Int) {
    program.runSteps(memory, members: members)
  }
}
