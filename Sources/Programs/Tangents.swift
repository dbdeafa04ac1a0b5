import Dynamics
import Numerics

/// Memory for a state and its directions on their way through a program, made once.
package final class TangentMemory {
  let values: ProgramMemory<Double>
  /// Slopes of a step, by its one or two inputs.
  let slopes: AlignedBuffer<Double>
  /// The largest element of each group, and the next ones.
  let places: AlignedBuffer<Int32>

  package init(_ program: Program<Double>, directions: Int) {
    values = ProgramMemory(program, capacity: directions + 1)
    var (slopes, places) = (0, 0)
    for operation in program.operations {
      switch operation {
      case .function(let step): slopes = max(slopes, step.place.count)
      case .pair(let step): slopes = max(slopes, 2 * step.place.count)
      case .maximum(let step): places = max(places, 2 * step.groups.count)
      default: break
      }
    }
    self.slopes = AlignedBuffer(count: slopes)
    self.places = AlignedBuffer(count: places)
  }

  /// The elements of a slot: those of the state in row 0, then those of directions.
  package func row(_ slot: Int, _ row: Int) -> UnsafeMutablePointer<Double> { values.rows(slot, row).pointer }
}

/// Directions along a program: row 0 of its memory is the state, and each other row a direction v, which every step
/// replaces by its derivative times v.
///
/// The program must not be fused, so that the arguments of functions stay in memory.
package struct Tangents {
  let program: Program<Double>
  private let own: TangentMemory
  /// Directions in the rows from 1 on.
  let directions: Int

  package init(program: Program<Double>, memory: TangentMemory, directions: Int) {
    self.program = program
    own = memory
    self.directions = directions
  }

  private var memory: ProgramMemory<Double> { own.values }
  private var state: RowRange { RowRange(first: 0, count: 1) }
  private var others: RowRange { RowRange(first: 1, count: directions) }
  /// What rounding errors of the state are measured by.
  var scale: RoundingScale { RoundingScale(program: program, memory: memory) }

  /// Runs all steps. Nothing is allocated where there are no kinks.
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

  /// The state's elements of an operand.
  func state(_ operand: Operand) -> UnsafePointer<Double> { memory.rows(operand).pointer }

  /// How many elements an operand has.
  func count(_ operand: Operand) -> Int {
    switch operand {
    case .slot(let slot): memory.layout.counts[slot]
    case .constant(let k): program.constants[k].count
    }
  }

  /// The row of a direction in an operand; nil for constants, whose directions are 0.
  func row(_ operand: Operand, _ direction: Int) -> UnsafePointer<Double>? {
    guard case .slot = operand else { return nil }
    return memory.rows(operand, direction + 1).pointer
  }

  private func target(_ place: StepPlace, _ direction: Int) -> UnsafeMutablePointer<Double> {
    memory.rows(place.output, direction + 1).pointer
  }

  // MARK: Steps

  /// f'(x) v.
  private func function(_ step: FunctionStep<Double>, _ kinks: inout KinkPass?) {
    let x = state(step.place.inputs[0])
    let y = memory.rows(step.place.output).pointer
    let count = step.place.count
    let slopes = own.slopes.pointer
    for i in 0..<count { slopes[i] = ElementFunctions.slope(step.function, x[i], y[i]) }
    for d in 0..<directions {
      guard let v = row(step.place.inputs[0], d) else { continue }
      let target = target(step.place, d)
      for i in 0..<count { target[i] = slopes[i] * v[i] }
    }
    guard kinks != nil else { return }
    for kink in step.function.kinks { pass(FunctionKinks(tangents: self, step: step, kink: kink), &kinks) }
  }

  /// df/da v_a + df/db v_b. A constant's side is left out, because its slope may not be finite.
  private func pair(_ step: PairStep<Double>, _ kinks: inout KinkPass?) {
    let (p, q) = (step.place.inputs[0], step.place.inputs[1])
    let (a, b) = (state(p), state(q))
    let y = memory.rows(step.place.output).pointer
    let count = step.place.count
    let (first, second) = (own.slopes.pointer, own.slopes.pointer + count)
    for i in 0..<count { (first[i], second[i]) = Self.slopes(step.function, a[i], b[i], y[i]) }
    for d in 0..<directions {
      let target = target(step.place, d)
      let (v, w) = (row(p, d), row(q, d))
      for i in 0..<count { target[i] = 0 }
      if let v { for i in 0..<count { target[i] += first[i] * v[i] } }
      if let w { for i in 0..<count { target[i] += second[i] * w[i] } }
    }
    guard kinks != nil, step.function.hasKink else { return }
    pass(PairKinks(tangents: self, step: step), &kinks)
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
    let x = state(step.place.inputs[0])
    let groups = step.groups.count
    let (largest, next) = (own.places.pointer, own.places.pointer + groups)
    for g in 0..<groups { (largest[g], next[g]) = Self.two(step.groups, g, of: x) }
    for d in 0..<directions {
      guard let v = row(step.place.inputs[0], d) else { continue }
      let target = target(step.place, d)
      for g in 0..<groups { target[g] = v[Int(largest[g])] }
    }
    guard kinks != nil else { return }
    pass(
      MaximumKinks(
        tangents: self, step: step, largest: UnsafePointer(largest), next: UnsafePointer(next)), &kinks)
  }

  /// The first of a group's largest elements, and the next; the same where it has one element.
  private static func two(_ groups: Groups, _ g: Int, of x: UnsafePointer<Double>) -> (Int32, Int32) {
    let range = Int(groups.starts[g])..<Int(groups.starts[g + 1])
    guard let first = range.first else { return (0, 0) }
    var best = groups.elements[first]
    for k in range.dropFirst() where x[Int(groups.elements[k])] > x[Int(best)] { best = groups.elements[k] }
    var second = best
    for k in range where groups.elements[k] != best {
      if second == best || x[Int(groups.elements[k])] > x[Int(second)] { second = groups.elements[k] }
    }
    return (best, second)
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

  private func pass<Units: KinkUnits>(_ units: Units, _ kinks: inout KinkPass?) {
    guard let rule = kinks?.rule, let known = kinks?.enter(units: units.count) else { return }
    if case .search(let reach) = rule {
      search(units, reach: reach, &kinks)
      return
    }
    for j in known {
      if rule == .firstSide { kinks?.note(slopes: (0..<directions).map { units.derivative($0, j) }) }
      let leads = directions > 0 && units.derivative(0, j) > 0
      for d in 0..<directions {
        let isRight = rule == .firstSide ? leads : units.derivative(d, j) > 0
        target(units.place, d)[j] = isRight ? units.right(d, j) : units.left(d, j)
      }
    }
  }

  /// Notes the units whose argument is 0 within rounding errors, or becomes 0 within `reach` of the state.
  ///
  /// A sum is known to about 2^-46 of the sum of its terms' absolute values. A unit whose argument does not change
  /// with the state has no border.
  private func search<Units: KinkUnits>(_ units: Units, reach: Double, _ kinks: inout KinkPass?) {
    let isBeyondKink = kinks?.kinks.isEmpty == false
    let suspicion = 1e-9 * units.largestMagnitude
    for j in 0..<units.count {
      let argument = abs(units.argument(j))
      var square = 0.0
      for d in 0..<directions { square += units.derivative(d, j) * units.derivative(d, j) }
      let tolerance = reach * square.squareRoot()
      guard argument <= tolerance + suspicion, square > 0 || isBeyondKink && units.mayHideDerivative(j),
        argument <= tolerance + 0x1p-46 * units.magnitude(j)
      else { continue }
      kinks?.note(unit: j, of: units.count)
      for d in 0..<directions { target(units.place, d)[j] = units.right(d, j) }
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
