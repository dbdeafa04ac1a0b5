import Numerics

/// Copies of runs of elements, and constants.
struct RearrangementStep<Scalar: GraphScalar> {
  private let runs: [Rearrangement.Run]
  private let fill: Scalar
  let place: StepPlace

  init(_ plan: Rearrangement, _ place: StepPlace) {
    runs = plan.runs
    fill = Scalar(plan.fill)
    self.place = place
  }

  /// - Parameter isLinear: Whether constants count as 0, as they do for directions.
  func run(_ memory: ProgramMemory<Scalar>, _ range: RowRange, isLinear: Bool) {
    let y = memory.rows(place.output, range.first)
    runs.withUnsafeBufferPointer { runs in
      for run in runs {
        let length = Int(run.length)
        var source: (pointer: UnsafePointer<Scalar>, stride: Int)?
        if run.input >= 0 {
          let operand = place.inputs[Int(run.input)]
          if case .constant = operand, isLinear {} else { source = memory.rows(operand, range.first) }
        }
        for m in 0..<range.count {
          let target = y.pointer + m * y.stride + Int(run.target)
          if let source {
            let from = source.pointer + m * source.stride + Int(run.source)
            for i in 0..<length { target[i] = from[i] }
          } else {
            for i in 0..<length { target[i] = isLinear ? 0 : fill }
          }
        }
      }
    }
  }
}

/// A function of each element.
struct FunctionStep<Scalar: GraphScalar> {
  let function: ElementFunction
  let place: StepPlace

  func run(_ memory: ProgramMemory<Scalar>, _ range: RowRange) {
    let x = memory.rows(place.inputs[0], range.first)
    let y = memory.rows(place.output, range.first)
    for m in 0..<range.count {
      ElementFunctions.apply(
        function, x.pointer + m * x.stride, to: y.pointer + m * y.stride, count: place.count)
    }
  }
}

/// A function of each pair of elements.
struct PairStep<Scalar: GraphScalar> {
  let function: PairFunction
  let place: StepPlace

  func run(_ memory: ProgramMemory<Scalar>, _ range: RowRange) {
    let a = memory.rows(place.inputs[0], range.first)
    let b = memory.rows(place.inputs[1], range.first)
    let y = memory.rows(place.output, range.first)
    for m in 0..<range.count {
      ElementFunctions.apply(
        function, a.pointer + m * a.stride, b.pointer + m * b.stride, to: y.pointer + m * y.stride,
        count: place.count)
    }
  }
}

/// Elements of the second input where the first is not 0, else of the third.
struct ChoiceStep<Scalar: GraphScalar> {
  let place: StepPlace

  func run(_ memory: ProgramMemory<Scalar>, _ range: RowRange) {
    let condition = memory.rows(place.inputs[0], range.first)
    let a = memory.rows(place.inputs[1], range.first)
    let b = memory.rows(place.inputs[2], range.first)
    let y = memory.rows(place.output, range.first)
    for m in 0..<range.count {
      let (c, p, q) = (
        condition.pointer + m * condition.stride, a.pointer + m * a.stride, b.pointer + m * b.stride
      )
      let target = y.pointer + m * y.stride
      for i in 0..<place.count { target[i] = c[i] != 0 ? p[i] : q[i] }
    }
  }
}
