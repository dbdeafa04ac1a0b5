import Dynamics
import Numerics
import Programs
import VAE

/// One output of a graph as a function of its input, row by row. Autoencoders consist of two of them.
package struct ONNXFunction<Scalar: GraphScalar> {
  private let program: Program<Scalar>

  /// Numbers per row of the input.
  package var inputs: Int { program.input.count }
  /// Numbers per row of the output.
  package var outputs: Int { program.outputs[0].count }

  /// Makes the function of a file's only input and first output, or of those named.
  ///
  /// - Throws: `ModelFileError`.
  package init(_ file: ONNXFile, input: String? = nil, output: String? = nil) throws {
    program = Program(try Self.lowered(file, input: input, output: output))
  }

  fileprivate static func lowered(_ file: ONNXFile, input: String?, output: String?) throws -> LoweredGraph {
    do {
      let part = try GraphPart(file, input: input, key: "the input's name", limits: Lowering.Limits())
      let source = try part.lowering.makeActivation(part.inputShape, for: "the input")
      part.lowering.define(part.input, .activation(source))
      guard let name = output ?? file.graph.outputs.first?.name else {
        throw Refusal("has no output", "export the model again")
      }
      let result = try part.lowering.rowMajor(try part.lower([name])[0], for: "the output")
      return LoweredGraph(
        steps: part.lowering.steps, slots: part.lowering.slots, constants: part.lowering.constants,
        input: source.slot, outputs: [result.slot])
    } catch let refusal as Refusal { throw ModelFileError(refusal, path: file.path) }
  }

  /// The outputs, shape `[rows, outputs]`.
  ///
  /// - Parameter input: Shape `[rows, inputs]`, row-major.
  package func callAsFunction(_ input: [Scalar]) -> [Scalar] {
    let rows = input.count / inputs
    let memory = ProgramMemory(program, capacity: max(rows, 1))
    for m in 0..<rows {
      for i in 0..<inputs { memory.rows(program.input.slot, m).pointer[i] = input[m * inputs + i] }
    }
    program.run(memory, members: rows)
    return (0..<rows * outputs).map {
      memory.rows(program.outputs[0].slot, $0 / outputs).pointer[$0 % outputs]
    }
  }
}

/// The derivative of such a function along directions.
package struct ONNXDerivative {
  private let program: Program<Double>

  /// - Throws: `ModelFileError`.
  package init(_ file: ONNXFile, input: String? = nil, output: String? = nil) throws {
    program = Program(
      try ONNXFunction<Double>.lowered(file, input: input, output: output), isFused: false)
  }

  /// The output at a state, and the derivatives along directions, passing kinks by a rule; nil: without one.
  package func callAsFunction(at state: [Double], along directions: [[Double]], kinks: inout KinkPass?)
    -> (output: [Double], derivatives: [[Double]])
  {
    let memory = TangentMemory(program, directions: directions.count)
    for (row, values) in ([state] + directions).enumerated() {
      memory.row(program.input.slot, row).update(from: values, count: values.count)
    }
    Tangents(program: program, memory: memory, directions: directions.count).run(kinks: &kinks)
    let rows = (0...directions.count).map { row in
      let output = memory.row(program.outputs[0].slot, row)
      return (0..<program.outputs[0].count).map { output[$0] }
    }
    return (rows[0], Array(rows.dropFirst()))
  }
}
