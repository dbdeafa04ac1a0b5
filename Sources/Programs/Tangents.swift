import Dynamics
import Numerics

/// Directions along a program: row 0 of its memory is the state, and each other row a direction v, which every step
/// replaces by its derivative times v.
///
/// The program must not be fused, so that the arguments of functions stay in memory.
package struct Tangents {
  let program: Program<Double>
  let memory: ProgramMemory<Double>
  /// Directions in the rows from 1 on.
  let directions: Int

  package init(program: Program<Double>, memory: ProgramMemory<Double>, directions: Int) {
    self.program = program
    self.memory = memory
    self.directions = directions
  }

  private var state: RowRange { RowRange(first: 0, count: 1) }
  private var others: RowRange { RowRange(first: 1, count: directions) }

  /// Runs all steps.
  ///
  /// - Parameter kinks: The rule by which kinks are passed; nil: where pieces meet, one of them is used.
  package func run(kinks: inout KinkPass?) {
    for operation in program.operations {
      switch operation {
      case .product(let step):
        step.run(memory, state, isLinear: false)
        step.run(memory, others, isLinear: true)
      case .shiftedProduct(let step):
        step.run(memory, state, isLinear: false)
        step.run(memory, others, isLinear: true)
      case .rearrangement(let step):
        step.run(memory, state, isLinear: false)
        step.run(memory, others, isLinear: true)
      case .sum(let step):
        step.run(memory, state)
        step.run(memory, others)
      default:
        Program.run(operation, memory, state)
        differentiate(operation, &kinks)
      }
    }
  }

  private func differentiate(_ operation: Program<Double>.Operation, _ kinks: inout KinkPass?) {
    switch operation {
    case .function(let step): function(step, &kinks)
    case .pair(let step): pair(step, &kinks)
    case .choice(let step): choice(step)
    case .maximum(let step): maximum(step, &kinks)
    case .normalization(let step): normalization(step)
    case .softmax(let step): softmax(step)
    case .matrices(let step): matrices(step)
    default: preconditionFailure("linear steps are done")
    }
  }

  /// The row of a direction in an operand; zeros for constants.
  private func row(_ operand: Operand, _ direction: Int) -> UnsafePointer<Double>? {
    guard case .slot = operand else { return nil }
    return memory.rows(operand, direction + 1).pointer
  }

  private func target(_ place: StepPlace, _ direction: Int) -> UnsafeMutablePointer<Double> {
    memory.rows(place.output, direction + 1).pointer
  }

  // MARK: Steps

  /// f'(x) v.
  private func function(_ step: FunctionStep<Double>, _ kinks: inout KinkPass?) {
    let x = memory.rows(step.place.inputs[0]).pointer
    let y = memory.rows(step.place.output).pointer
    let count = step.place.count
    let slopes = (0..<count).map { ElementFunctions.slope(step.function, x[$0], y[$0]) }
    for d in 0..<directions {
      guard let v = row(step.place.inputs[0], d) else { continue }
      let target = target(step.place, d)
      for i in 0..<count { target[i] = slopes[i] * v[i] }
    }
    guard kinks != nil else { return }
    for kink in step.function.kinks {
      pass(
        KinkUnits(
          count: count, target: step.place, argument: { x[$0] - kink.argument },
          derivative: { self.row(step.place.inputs[0], $0)?[$1] ?? 0 },
          right: { kink.right * (self.row(step.place.inputs[0], $0)?[$1] ?? 0) },
          left: { kink.left * (self.row(step.place.inputs[0], $0)?[$1] ?? 0) }), &kinks)
    }
  }

  /// df/da v_a + df/db v_b.
  private func pair(_ step: PairStep<Double>, _ kinks: inout KinkPass?) {
    let (p, q) = (step.place.inputs[0], step.place.inputs[1])
    let (a, b) = (memory.rows(p).pointer, memory.rows(q).pointer)
    let y = memory.rows(step.place.output).pointer
    let count = step.place.count
    let slopes = (0..<count).map { Self.slopes(step.function, a[$0], b[$0], UnsafePointer(y)[$0]) }
    for d in 0..<directions {
      let target = target(step.place, d)
      let (v, w) = (row(p, d), row(q, d))
      for i in 0..<count {
        // A constant's side is left out, because its slope may not be finite.
        target[i] = (v.map { slopes[i].0 * $0[i] } ?? 0) + (w.map { slopes[i].1 * $0[i] } ?? 0)
      }
    }
    guard kinks != nil, step.function.hasKink else { return }
    let isRelu = step.function == .parametricRelu
    let sign = step.function == .minimum ? -1.0 : 1.0
    func v(_ d: Int, _ i: Int) -> Double { self.row(p, d)?[i] ?? 0 }
    func w(_ d: Int, _ i: Int) -> Double { self.row(q, d)?[i] ?? 0 }
    pass(
      KinkUnits(
        count: count, target: step.place, argument: { isRelu ? a[$0] : sign * (a[$0] - b[$0]) },
        derivative: { isRelu ? v($0, $1) : sign * (v($0, $1) - w($0, $1)) }, right: { v($0, $1) },
        left: { isRelu ? b[$1] * v($0, $1) : w($0, $1) }), &kinks)
  }

  /// df/da and df/db, where y = f(a, b).
  private static func slopes(_ function: PairFunction, _ a: Double, _ b: Double, _ y: Double) -> (
    Double, Double
  ) {
    switch function {
    case .add: (1, 1)
    case .subtract: (1, -1)
    case .multiply: (b, a)
    case .divide: (1 / b, -y / b)
    case .power: (b == 0 ? 0 : b * power(a, b - 1), y * logarithm(a))
    case .maximum: a > b ? (1, 0) : (0, 1)
    case .minimum: a < b ? (1, 0) : (0, 1)
    case .parametricRelu: a < 0 ? (b, a) : (1, 0)
    default: (0, 0)
    }
  }

  private func choice(_ step: ChoiceStep<Double>) {
    let condition = memory.rows(step.place.inputs[0]).pointer
    for d in 0..<directions {
      let target = target(step.place, d)
      let (a, b) = (row(step.place.inputs[1], d), row(step.place.inputs[2], d))
      for i in 0..<step.place.count { target[i] = (condition[i] != 0 ? a : b)?[i] ?? 0 }
    }
  }

  /// The direction's element where the largest one is.
  private func maximum(_ step: MaximumStep<Double>, _ kinks: inout KinkPass?) {
    let x = memory.rows(step.place.inputs[0]).pointer
    let input = step.place.inputs[0]
    // The first of the largest, and the next; the same where a group has one element.
    var (largest, next) = ([Int](), [Int]())
    for g in 0..<step.groups.count {
      let elements = step.groups.elements[Int(step.groups.starts[g])..<Int(step.groups.starts[g + 1])]
      guard let first = elements.first else {
        largest.append(0)
        next.append(0)
        continue
      }
      let best = elements.dropFirst().reduce(Int(first)) { x[Int($1)] > x[$0] ? Int($1) : $0 }
      var second = best
      for element in elements.map({ Int($0) }) where element != best {
        if second == best || x[element] > x[second] { second = element }
      }
      largest.append(best)
      next.append(second)
    }
    for d in 0..<directions {
      guard let v = row(input, d) else { continue }
      let target = target(step.place, d)
      for g in largest.indices { target[g] = v[largest[g]] }
    }
    guard kinks != nil else { return }
    func v(_ d: Int, _ i: Int) -> Double { self.row(input, d)?[i] ?? 0 }
    pass(
      KinkUnits(
        count: largest.count, target: step.place,
        argument: { largest[$0] == next[$0] ? .infinity : x[largest[$0]] - x[next[$0]] },
        derivative: { v($0, largest[$1]) - v($0, next[$1]) }, right: { v($0, largest[$1]) },
        left: { v($0, next[$1]) }), &kinks)
  }

  /// With u = (x - mean) / s: (v - mean v - u mean(u v)) / s, times the scale.
  private func normalization(_ step: NormalizationStep<Double>) {
    let x = memory.rows(step.place.inputs[0]).pointer
    let scale = memory.rows(step.place.inputs[1]).pointer
    for g in 0..<step.groups.count {
      let (mean, inverse) = step.moments(x, g)
      let elements = step.groups.elements[Int(step.groups.starts[g])..<Int(step.groups.starts[g + 1])]
      let count = Double(elements.count)
      for d in 0..<directions {
        guard let v = row(step.place.inputs[0], d) else { continue }
        let target = target(step.place, d)
        var (sum, product) = (0.0, 0.0)
        for i in elements.lazy.map({ Int($0) }) {
          sum += v[i]
          product += (x[i] - mean) * inverse * v[i]
        }
        for i in elements.lazy.map({ Int($0) }) {
          let u = (x[i] - mean) * inverse
          target[i] = scale[i] * inverse * (v[i] - sum / count - u * product / count)
        }
      }
    }
  }

  /// y (v - sum y v).
  private func softmax(_ step: SoftmaxStep<Double>) {
    let y = memory.rows(step.place.output).pointer
    for g in 0..<step.groups.count {
      let elements = step.groups.elements[Int(step.groups.starts[g])..<Int(step.groups.starts[g + 1])]
      for d in 0..<directions {
        guard let v = row(step.place.inputs[0], d) else { continue }
        let target = target(step.place, d)
        var sum = 0.0
        for i in elements { sum += y[Int(i)] * v[Int(i)] }
        for i in elements { target[Int(i)] = y[Int(i)] * (v[Int(i)] - sum) }
      }
    }
  }

  /// V B + A W.
  private func matrices(_ step: MatricesStep<Double>) {
    let (p, q) = (step.place.inputs[0], step.place.inputs[1])
    let (a, b) = (memory.rows(p).pointer, memory.rows(q).pointer)
    for d in 0..<directions {
      let target = target(step.place, d)
      for i in 0..<step.place.count { target[i] = 0 }
      if let v = row(p, d) { step.add(v, b, to: target) }
      if let w = row(q, d) { step.add(a, w, to: target) }
    }
  }

  // MARK: Kinks

  /// Units of a step that may be on a kink: their arguments a_j, derivatives of these along the directions, and what a
  /// direction becomes on either side.
  private struct KinkUnits {
    var count: Int
    var target: StepPlace
    var argument: (_ unit: Int) -> Double
    var derivative: (_ direction: Int, _ unit: Int) -> Double
    var right: (_ direction: Int, _ unit: Int) -> Double
    var left: (_ direction: Int, _ unit: Int) -> Double
  }

  private func pass(_ units: KinkUnits, _ kinks: inout KinkPass?) {
    guard var pass = kinks else { return }
    defer { kinks = pass }
    let known = pass.enter(units: units.count)
    if case .search(let reach) = pass.rule {
      for j in found(units, reach: reach) {
        pass.note(unit: j, of: units.count)
        for d in 0..<directions { target(units.target, d)[j] = units.right(d, j) }
      }
      return
    }
    for j in known {
      if pass.rule == .firstSide { pass.note(slopes: (0..<directions).map { units.derivative($0, j) }) }
      let leads = directions > 0 && units.derivative(0, j) > 0
      for d in 0..<directions {
        let isRight = pass.rule == .firstSide ? leads : units.derivative(d, j) > 0
        target(units.target, d)[j] = isRight ? units.right(d, j) : units.left(d, j)
      }
    }
  }

  /// The units whose argument is 0 within rounding errors, or becomes 0 within `reach` of the state.
  ///
  /// Arguments are known to about 2^-42 of the largest one of the step. A unit whose argument does not change with the
  /// state has no border.
  private func found(_ units: KinkUnits, reach: Double) -> [Int] {
    let arguments = (0..<units.count).map { units.argument($0) }
    let largest = arguments.lazy.filter(\.isFinite).map { abs($0) }.max() ?? 0
    return arguments.indices.filter { j in
      var square = 0.0
      for d in 0..<directions { square += units.derivative(d, j) * units.derivative(d, j) }
      return square > 0 && abs(arguments[j]) <= reach * square.squareRoot() + 0x1p-42 * largest
    }
  }
}

extension Program where Scalar == Double {
  /// Whether a step is smooth only in pieces.
  var isPiecewiseSmooth: Bool {
    operations.contains { operation in
      switch operation {
      case .function(let step): !step.function.kinks.isEmpty
      case .pair(let step): step.function.hasKink
      case .maximum: true
      default: false
      }
    }
  }
}
