import Numerics

/// How large the terms are that add up to an element of a state: rounding errors are a small part of these, and may be a
/// large part of a sum in which terms cancel.
///
/// The steps must be those of a program that keeps the inputs of steps before kinks, and row 0 of the memory the state.
struct RoundingScale {
  let program: Program<Double>
  let memory: ProgramMemory<Double>

  /// The sum of the terms' absolute values in the step that computed an element; its own where there is one term.
  func magnitude(_ operand: Operand, _ element: Int) -> Double {
    let value = memory.rows(operand).pointer[element].magnitude
    guard let operation = producer(operand) else { return value }
    switch operation {
    case .product(let step): return step.magnitude(memory, element)
    case .shiftedProduct(let step): return step.magnitude(memory, element)
    case .sum(let step): return step.magnitude(memory, element)
    case .pair(let step) where step.function == .add || step.function == .subtract:
      return step.place.inputs[..<2].reduce(0) { $0 + memory.rows($1).pointer[element].magnitude }
    case .function(let step):
      guard case .affine(let factor, let term) = step.function else { return value }
      let x = memory.rows(step.place.inputs[0]).pointer[element]
      return (factor * x).magnitude + term.magnitude
    default: return value
    }
  }

  /// The largest absolute value among some elements of an operand and what the step before it read. Much smaller
  /// elements need a look at their terms.
  func largest(_ operand: Operand, count: Int) -> Double {
    var result = largestValue(operand, count: count)
    for input in producer(operand)?.place.inputs ?? [] {
      guard case .slot(let slot) = input else { continue }
      result = max(result, largestValue(input, count: memory.layout.counts[slot]))
    }
    return result
  }

  private func largestValue(_ operand: Operand, count: Int) -> Double {
    let x = memory.rows(operand).pointer
    var result = 0.0
    for i in 0..<count where x[i].isFinite { result = max(result, x[i].magnitude) }
    return result
  }

  private func producer(_ operand: Operand) -> Program<Double>.Operation? {
    guard case .slot(let slot) = operand, program.producers[slot] >= 0 else { return nil }
    return program.operations[program.producers[slot]]
  }
}

extension ProductStep where Scalar == Double {
  /// |b| + sum |w x| of an element of the output.
  func magnitude(_ memory: ProgramMemory<Double>, _ element: Int) -> Double {
    let x = memory.rows(place.inputs[0]).pointer
    let (rest, column) = element.quotientAndRemainder(dividingBy: columns)
    let (row, group) = rest.quotientAndRemainder(dividingBy: groups)
    let weights = PackedWeights.column(column, of: packed[group], inner: inner)
    var sum = bias[group].pointer[column].magnitude
    guard let patches else {
      let source = x + (row * groups + group) * inner
      for k in 0..<inner { sum += (weights[k * Double.panelWidth] * source[k]).magnitude }
      return sum
    }
    let source = x + group * patches.groupStride
    for run in patches.runs[Int(patches.starts[row])..<Int(patches.starts[row + 1])] {
      for i in 0..<Int(run.length) {
        let weight = weights[(Int(run.target) + i) * Double.panelWidth]
        sum += (weight * source[Int(run.source) + i]).magnitude
      }
    }
    return sum
  }
}

extension ShiftedProductStep where Scalar == Double {
  /// |b| + sum |w x| of an element of the output.
  func magnitude(_ memory: ProgramMemory<Double>, _ element: Int) -> Double {
    let x = memory.rows(place.inputs[0]).pointer
    let (rest, channel) = element.quotientAndRemainder(dividingBy: plan.channels)
    let (position, group) = rest.quotientAndRemainder(dividingBy: plan.groups)
    var sum = bias.pointer[group * plan.channels + channel].magnitude
    for term in plan.terms[Int(plan.starts[position])..<Int(plan.starts[position + 1])] {
      let row = (group * plan.parts + Int(term.part)) * plan.channels + channel
      let source = x + (Int(term.position) * plan.groups + group) * plan.inner
      for k in 0..<plan.inner { sum += (plan.weights[row * plan.inner + k] * source[k]).magnitude }
    }
    return sum
  }
}

extension SumStep where Scalar == Double {
  /// |w| sum |x| of a group.
  func magnitude(_ memory: ProgramMemory<Double>, _ group: Int) -> Double {
    let x = memory.rows(place.inputs[0]).pointer
    var sum = 0.0
    for k in Int(groups.starts[group])..<Int(groups.starts[group + 1]) {
      sum += x[Int(groups.elements[k])].magnitude
    }
    return weights[group].magnitude * sum
  }
}

extension PackedWeights {
  /// The weights of a column, at distances of a panel's width.
  static func column<Scalar: NetworkScalar>(
    _ column: Int, of packed: AlignedBuffer<Scalar>, inner: Int
  ) -> UnsafePointer<Scalar> {
    let width = Scalar.panelWidth
    return UnsafePointer(packed.pointer + column / width * width * inner + column % width)
  }
}
