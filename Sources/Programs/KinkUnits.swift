import Dynamics

/// Units of a step that may be on a kink: their arguments a_j, derivatives of these along the directions, and what a
/// direction becomes on either side.
protocol KinkUnits {
  var count: Int { get }
  var place: StepPlace { get }
  /// a_j.
  func argument(_ unit: Int) -> Double
  /// How large the terms are that add up to a_j.
  func magnitude(_ unit: Int) -> Double
  /// What is at least about as large as the largest of the magnitudes.
  var largestMagnitude: Double { get }
  func derivative(_ direction: Int, _ unit: Int) -> Double
  func right(_ direction: Int, _ unit: Int) -> Double
  func left(_ direction: Int, _ unit: Int) -> Double
  /// Whether a_j can change with the state where its derivatives are 0, because those of an earlier kink's two sides
  /// cancel: |z| = relu(z) + relu(-z) has the derivative 0 if both slopes are taken from the right.
  func mayHideDerivative(_ unit: Int) -> Bool
}

/// The elements of a function with a kink.
struct FunctionKinks: KinkUnits {
  let tangents: Tangents
  let step: FunctionStep<Double>
  let kink: (argument: Double, left: Double, right: Double)

  var count: Int { step.place.count }
  var place: StepPlace { step.place }
  private var input: Operand { step.place.inputs[0] }
  func argument(_ unit: Int) -> Double { tangents.state(input)[unit] - kink.argument }
  func magnitude(_ unit: Int) -> Double {
    tangents.scale.magnitude(input, unit) + kink.argument.magnitude
  }
  var largestMagnitude: Double { tangents.scale.largest(input, count: count) + kink.argument.magnitude }
  func derivative(_ direction: Int, _ unit: Int) -> Double { tangents.row(input, direction)?[unit] ?? 0 }
  func right(_ direction: Int, _ unit: Int) -> Double { kink.right * derivative(direction, unit) }
  func left(_ direction: Int, _ unit: Int) -> Double { kink.left * derivative(direction, unit) }
  func mayHideDerivative(_ unit: Int) -> Bool { true }
}

/// The elements of a maximum or minimum of two, which bends where these are equal, or of a rectifier with slopes.
struct PairKinks: KinkUnits {
  let tangents: Tangents
  let step: PairStep<Double>

  private var isRectifier: Bool { step.function == .parametricRelu }
  private var sign: Double { step.function == .minimum ? -1 : 1 }
  private var first: Operand { step.place.inputs[0] }
  private var second: Operand { step.place.inputs[1] }

  var count: Int { step.place.count }
  var place: StepPlace { step.place }
  func argument(_ unit: Int) -> Double {
    let a = tangents.state(first)[unit]
    return isRectifier ? a : sign * (a - tangents.state(second)[unit])
  }
  func magnitude(_ unit: Int) -> Double {
    tangents.scale.magnitude(first, unit) + (isRectifier ? 0 : tangents.scale.magnitude(second, unit))
  }
  var largestMagnitude: Double {
    tangents.scale.largest(first, count: count)
      + (isRectifier ? 0 : tangents.scale.largest(second, count: count))
  }
  func derivative(_ direction: Int, _ unit: Int) -> Double {
    let v = right(direction, unit)
    return isRectifier ? v : sign * (v - left(direction, unit))
  }
  func right(_ direction: Int, _ unit: Int) -> Double { tangents.row(first, direction)?[unit] ?? 0 }
  func left(_ direction: Int, _ unit: Int) -> Double {
    isRectifier
      ? tangents.state(second)[unit] * right(direction, unit) : tangents.row(second, direction)?[unit] ?? 0
  }
  func mayHideDerivative(_ unit: Int) -> Bool { true }
}

/// The groups of a maximum, which bends where the two largest elements are equal.
struct MaximumKinks: KinkUnits {
  let tangents: Tangents
  let step: MaximumStep<Double>
  /// The largest element of each group, and the next; the same one where a group has one element.
  let largest: UnsafePointer<Int32>
  let next: UnsafePointer<Int32>

  var count: Int { step.groups.count }
  var place: StepPlace { step.place }
  private var input: Operand { step.place.inputs[0] }
  func argument(_ unit: Int) -> Double {
    let x = tangents.state(input)
    return largest[unit] == next[unit] ? .infinity : x[Int(largest[unit])] - x[Int(next[unit])]
  }
  func magnitude(_ unit: Int) -> Double {
    tangents.scale.magnitude(input, Int(largest[unit])) + tangents.scale.magnitude(input, Int(next[unit]))
  }
  var largestMagnitude: Double { 2 * tangents.scale.largest(input, count: tangents.count(input)) }
  func derivative(_ direction: Int, _ unit: Int) -> Double { right(direction, unit) - left(direction, unit) }
  func right(_ direction: Int, _ unit: Int) -> Double {
    tangents.row(input, direction)?[Int(largest[unit])] ?? 0
  }
  func left(_ direction: Int, _ unit: Int) -> Double { tangents.row(input, direction)?[Int(next[unit])] ?? 0 }
  /// Elements that are the same constant, such as zeros of rectifiers, are no tie.
  func mayHideDerivative(_ unit: Int) -> Bool {
    (0..<tangents.directions).contains { right($0, unit) != 0 || left($0, unit) != 0 }
  }
}
