import Numerics
import Programs
import Testing

/// Convolutions of all forms against sums over their terms.
@Suite struct ShiftedFormTests {
  /// A convolution, or a transposed one, whose input and output are squares with channels last.
  struct Geometry: Sendable, CustomTestStringConvertible {
    var name: String
    var channels: (inputs: Int, outputs: Int)
    var groups = 1
    /// Extents of the sampled side and of the other one.
    var (coarse, fine): (Int, Int)
    var (kernel, stride, padding): (Int, Int, Int)
    var dilation = 1
    var isTransposed = false
    var form: String

    var testDescription: String { name }

    /// The plan, with weights that are multiples of 1/64.
    var product: ShiftedProduct {
      let positions = isTransposed ? coarse * coarse : fine * fine
      let (inner, columns) = (channels.inputs / groups, channels.outputs / groups)
      let parts = kernel * kernel
      var plan = ShiftedProduct(
        inner: inner, channels: columns, groups: groups, parts: parts,
        weights: (0..<groups * parts * columns * inner).map { Double($0 * 37 % 127 - 63) / 64 },
        bias: (0..<channels.outputs).map { Double($0 % 5) - 1.5 }, inputPositions: positions)
      let outputs = isTransposed ? fine * fine : coarse * coarse
      var terms = [[ShiftedProduct.Term]](repeating: [], count: outputs)
      for c in 0..<coarse * coarse {
        for part in 0..<parts {
          let (row, column) = (
            c / coarse * stride + part / kernel * dilation - padding,
            c % coarse * stride + part % kernel * dilation - padding
          )
          guard (0..<fine).contains(row), (0..<fine).contains(column) else { continue }
          let f = row * fine + column
          terms[isTransposed ? f : c].append(
            ShiftedProduct.Term(position: Int32(isTransposed ? c : f), part: Int32(part)))
        }
      }
      for list in terms {
        plan.terms += list
        plan.starts.append(Int32(plan.terms.count))
      }
      return plan
    }

    static let all = [
      Geometry(
        name: "strided", channels: (32, 32), coarse: 8, fine: 16, kernel: 4, stride: 2, padding: 1,
        form: "gathered"),
      Geometry(
        name: "one channel in", channels: (1, 32), coarse: 16, fine: 32, kernel: 4, stride: 2, padding: 1,
        form: "gathered"),
      Geometry(
        name: "transposed", channels: (32, 32), coarse: 8, fine: 16, kernel: 4, stride: 2, padding: 1,
        isTransposed: true, form: "gathered"),
      Geometry(
        name: "transposed with gaps", channels: (64, 32), coarse: 4, fine: 11, kernel: 2, stride: 3,
        padding: 0,
        isTransposed: true, form: "gathered"),
      Geometry(
        name: "transposed to one channel", channels: (32, 1), coarse: 16, fine: 32, kernel: 4, stride: 2,
        padding: 1, isTransposed: true, form: "added in blocks"),
      Geometry(
        name: "to one channel", channels: (16, 1), coarse: 32, fine: 32, kernel: 3, stride: 1, padding: 1,
        form: "added in blocks"),
      Geometry(
        name: "transposed to 16 channels", channels: (16, 16), coarse: 16, fine: 32, kernel: 3, stride: 2,
        padding: 1, isTransposed: true, form: "added"),
      Geometry(
        name: "to 20 channels of two groups", channels: (8, 40), groups: 2, coarse: 5, fine: 5, kernel: 3,
        stride: 1, padding: 1, form: "gathered"),
      Geometry(
        name: "dilated", channels: (24, 64), coarse: 5, fine: 7, kernel: 3, stride: 1, padding: 1,
        dilation: 2,
        form: "gathered"),
      Geometry(
        name: "kernel larger than the input", channels: (8, 32), coarse: 9, fine: 9, kernel: 9, stride: 1,
        padding: 4, form: "gathered"),
      Geometry(
        name: "channelwise", channels: (24, 24), groups: 24, coarse: 6, fine: 6, kernel: 3, stride: 1,
        padding: 1, form: "channelwise"),
    ]
  }

  private func name(_ form: ShiftedForm, _ plan: ShiftedProduct) -> String {
    switch form {
    case .channelwise: "channelwise"
    case .gathered: "gathered"
    case .added(let blocks): blocks.inner == plan.inner ? "added" : "added in blocks"
    }
  }

  private func graph(_ plan: ShiftedProduct, _ function: ElementFunction?) -> LoweredGraph {
    let outputs = (plan.starts.count - 1) * plan.groups * plan.channels
    var graph = LoweredGraph(
      steps: [Step(kind: .shiftedProduct(plan), inputs: [.slot(0)], output: 1)],
      slots: [plan.inputPositions * plan.groups * plan.inner, outputs], constants: [], input: 0, outputs: [1])
    if let function {
      graph.steps.append(Step(kind: .function(function), inputs: [.slot(1)], output: 2))
      graph.slots.append(outputs)
      graph.outputs = [2]
    }
    return graph
  }

  private func run<Scalar: GraphScalar>(
    _ graph: LoweredGraph, _ x: [Scalar], isFused: Bool = true, block: Int
  ) -> [Scalar] {
    let program = Program<Scalar>(graph, isFused: isFused)
    let memory = ProgramMemory(program, capacity: block)
    let (inputs, outputs) = (program.input.count, program.outputs[0])
    var result: [Scalar] = []
    let rows = x.count / inputs
    for first in stride(from: 0, to: rows, by: block) {
      let count = min(block, rows - first)
      for m in 0..<count {
        for i in 0..<inputs { memory.rows(program.input.slot, m).pointer[i] = x[(first + m) * inputs + i] }
      }
      program.run(memory, members: count)
      for m in 0..<count {
        for i in 0..<outputs.count { result.append(memory.rows(outputs.slot, m).pointer[i]) }
      }
    }
    return result
  }

  /// y, and the sum of the absolute values of its terms.
  private func expected(_ plan: ShiftedProduct, _ x: ArraySlice<Double>) -> [(
    value: Double, magnitude: Double
  )] {
    (0..<plan.starts.count - 1).flatMap { p in
      (0..<plan.groups * plan.channels).map { column in
        let g = column / plan.channels
        var (sum, magnitude) = (plan.bias[column], abs(plan.bias[column]))
        for term in plan.terms[Int(plan.starts[p])..<Int(plan.starts[p + 1])] {
          let row = (g * plan.parts + Int(term.part)) * plan.channels + column % plan.channels
          for k in 0..<plan.inner {
            let source = x.startIndex + (Int(term.position) * plan.groups + g) * plan.inner + k
            let product = plan.weights[row * plan.inner + k] * x[source]
            sum += product
            magnitude += abs(product)
          }
        }
        return (sum, magnitude)
      }
    }
  }

  /// Weights and inputs have few bits, so that sums are exact in double precision.
  @Test(arguments: Geometry.all)
  func formsAgreeWithSumsOverTerms(_ geometry: Geometry) {
    let plan = geometry.product
    #expect(name(ShiftedForm(plan), plan) == geometry.form)
    let inputs = plan.inputPositions * plan.groups * plan.inner
    let x = (0..<3 * inputs).map { Double($0 * 61 % 257 - 128) / 128 }
    let expected = (0..<3).flatMap { self.expected(plan, x[$0 * inputs..<($0 + 1) * inputs]) }
    let plain = graph(plan, nil)
    #expect(run(plain, x, block: 3) == expected.map(\.value))
    let single = run(plain, x.map { Float($0) }, block: 3)
    #expect(single.count == expected.count)
    // At most 2^11 terms, each rounded to 2^-24.
    let wrong = zip(single, expected).first { abs(Double($0) - $1.value) > 0x1p-13 * $1.magnitude }
    #expect(wrong == nil)
  }

  /// In any block, and with functions of the kernels or others within the product.
  @Test(arguments: Geometry.all)
  func blocksAndFusedFunctionsHaveTheSameBits(_ geometry: Geometry) {
    let plan = geometry.product
    let inputs = plan.inputPositions * plan.groups * plan.inner
    let x = (0..<5 * inputs).map { Float($0 * 61 % 257 - 128) / 97 }
    for function in [ElementFunction.relu, .leakyRelu(0.1), .logistic] {
      let graph = graph(plan, function)
      let apart = run(graph, x, isFused: false, block: 5).map(\.bitPattern)
      for block in [1, 2, 5] { #expect(run(graph, x, block: block).map(\.bitPattern) == apart) }
    }
  }
}
