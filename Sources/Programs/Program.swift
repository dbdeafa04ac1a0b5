import Numerics

/// A graph's steps in one precision, with packed weights, made once. Immutable.
package final class Program<Scalar: GraphScalar>: @unchecked Sendable {
  /// A step that is ready to run.
  enum Operation {
    case product(ProductStep<Scalar>)
    case shiftedProduct(ShiftedProductStep<Scalar>)
    case rearrangement(RearrangementStep<Scalar>)
    case function(FunctionStep<Scalar>)
    case pair(PairStep<Scalar>)
    case choice(ChoiceStep<Scalar>)
    case sum(SumStep<Scalar>)
    case maximum(MaximumStep<Scalar>)
    case normalization(NormalizationStep<Scalar>)
    case softmax(SoftmaxStep<Scalar>)
    case matrices(MatricesStep<Scalar>)

    /// Where it reads and writes.
    var place: StepPlace {
      switch self {
      case .product(let step): step.place
      case .shiftedProduct(let step): step.place
      case .rearrangement(let step): step.place
      case .function(let step): step.place
      case .pair(let step): step.place
      case .choice(let step): step.place
      case .sum(let step): step.place
      case .maximum(let step): step.place
      case .normalization(let step): step.place
      case .softmax(let step): step.place
      case .matrices(let step): step.place
      }
    }
  }

  let operations: [Operation]
  /// The operation that writes each slot; -1 for the input.
  let producers: [Int]
  let layout: MemoryLayoutPlan
  /// The numbers that are the same for each member.
  let constants: [AlignedBuffer<Scalar>]
  /// The slot of the input, and how many numbers a member has there.
  package let input: (slot: Int, count: Int)
  /// The slots of the outputs.
  package let outputs: [(slot: Int, count: Int)]
  /// Elements of scratch memory beside the slots.
  let scratchCount: Int
  /// Numbers of scratch memory for places of rows.
  let placeCount: Int

  /// Packs the weights.
  ///
  /// - Parameters:
  ///   - plan: The steps.
  ///   - isFused: Whether functions are computed within the products before them, and in place. Tangents need the
  ///     arguments of functions and, at kinks, what these were added up from, so that their programs are not fused.
  package init(_ plan: LoweredGraph, isFused: Bool = true) {
    let steps = isFused ? Fusion.fused(plan) : plan.steps
    layout = MemoryLayoutPlan(plan, steps, isInPlace: isFused)
    constants = plan.constants.map { numbers in
      let buffer = AlignedBuffer<Scalar>(count: numbers.count)
      Scalar.convert(numbers, to: buffer.pointer, count: numbers.count)
      return buffer
    }
    operations = steps.map { Self.operation($0, plan) }
    producers = MemoryLayoutPlan.producers(plan, steps)
    input = (plan.input, plan.slots[plan.input])
    outputs = plan.outputs.map { ($0, plan.slots[$0]) }
    scratchCount = operations.reduce(0) { max($0, Self.scratch($1).elements) }
    placeCount = operations.reduce(0) { max($0, Self.scratch($1).places) }
  }

  private static func operation(_ step: Step, _ plan: LoweredGraph) -> Operation {
    let place = StepPlace(inputs: step.inputs, output: step.output, count: plan.slots[step.output])
    switch step.kind {
    case .product(let product): return .product(ProductStep(product, place))
    case .shiftedProduct(let product): return .shiftedProduct(ShiftedProductStep(product, place))
    case .rearrangement(let runs): return .rearrangement(RearrangementStep(runs, place))
    case .function(let function): return .function(FunctionStep(function: function, place: place))
    case .pair(let function): return .pair(PairStep(function: function, place: place))
    case .choice: return .choice(ChoiceStep(place: place))
    case .sum(let groups, let weights): return .sum(SumStep(groups, weights, place))
    case .maximum(let groups): return .maximum(MaximumStep(groups: groups, place: place))
    case .normalization(let groups, let epsilon):
      return .normalization(NormalizationStep(groups: groups, epsilon: epsilon, place: place))
    case .softmax(let groups): return .softmax(SoftmaxStep(groups: groups, place: place))
    case .matrices(let products): return .matrices(MatricesStep(products: products, place: place))
    }
  }

  private static func scratch(_ operation: Operation) -> (elements: Int, places: Int) {
    switch operation {
    case .product(let step): (step.scratchCount, step.placeCount)
    case .shiftedProduct(let step): (step.scratchCount, step.placeCount)
    default: (0, 0)
    }
  }

  /// Runs all steps on the first rows of the memory.
  package func run(_ memory: ProgramMemory<Scalar>, members: Int) {
    Scalar.run(self, memory, members: members)
  }

  /// What `run` does, for the witnesses of `GraphScalar`.
  @inline(__always)
  func runSteps(_ memory: ProgramMemory<Scalar>, members: Int) {
    for operation in operations { Self.run(operation, memory, RowRange(first: 0, count: members)) }
  }

  /// Runs one step on some rows.
  @inline(__always)
  static func run(_ operation: Operation, _ memory: ProgramMemory<Scalar>, _ rows: RowRange) {
    switch operation {
    case .product(let step): step.run(memory, rows, isLinear: false)
    case .shiftedProduct(let step): step.run(memory, rows, isLinear: false)
    case .rearrangement(let step): step.run(memory, rows, isLinear: false)
    case .function(let step): step.run(memory, rows)
    case .pair(let step): step.run(memory, rows)
    case .choice(let step): step.run(memory, rows)
    case .sum(let step): step.run(memory, rows)
    case .maximum(let step): step.run(memory, rows)
    case .normalization(let step): step.run(memory, rows)
    case .softmax(let step): step.run(memory, rows)
    case .matrices(let step): step.run(memory, rows)
    }
  }
}

/// Rows of a block on which a step works.
struct RowRange {
  var first: Int
  var count: Int
}

/// Where a step reads and writes, and how many elements a member has in the output.
struct StepPlace: Sendable {
  var inputs: [Operand]
  var output: Int
  var count: Int
}

/// The steps between an input and some outputs, in no precision.
package struct LoweredGraph: Sendable {
  package var steps: [Step]
  /// Elements of each slot, per member.
  package var slots: [Int]
  package var constants: [[Double]]
  /// The slot of the input.
  package var input: Int
  /// The slots of the outputs.
  package var outputs: [Int]

  package init(steps: [Step], slots: [Int], constants: [[Double]], input: Int, outputs: [Int]) {
    self.steps = steps
    self.slots = slots
    self.constants = constants
    self.input = input
    self.outputs = outputs
  }
}

/// Which slots share memory: one whose last reader has run makes room for others.
struct MemoryLayoutPlan: Sendable {
  /// The number of each slot's buffer.
  private(set) var buffers: [Int]
  /// The distance of neighbouring members, in elements, by slot.
  private(set) var strides: [Int]
  /// The elements per member of each buffer.
  private(set) var sizes: [Int] = []
  /// The elements per member of each slot.
  let counts: [Int]

  init(_ plan: LoweredGraph, _ steps: [Step], isInPlace: Bool) {
    // Whole panels of both precisions, so that products can write their last columns.
    strides = plan.slots.map { roundedUp(max($0, 1), toMultipleOf: 32) }
    buffers = plan.slots.map { _ in -1 }
    counts = plan.slots
    var lastUse = Self.lastUses(plan, steps, keepsTerms: !isInPlace)
    var ending = [[Int]](repeating: [], count: steps.count + 1)
    for (slot, k) in lastUse.enumerated() where k >= 0 { ending[k].append(slot) }
    var free: [Int] = []
    take(plan.input, from: &free)
    for (k, step) in steps.enumerated() {
      if isInPlace, Self.worksInPlace(step), case .slot(let source)? = step.inputs.first,
        lastUse[source] == k, strides[source] == strides[step.output]
      {
        buffers[step.output] = buffers[source]
        lastUse[source] = -2
      } else {
        take(step.output, from: &free)
      }
      var released: Set<Int> = []
      for slot in ending[k] where lastUse[slot] == k { released.insert(buffers[slot]) }
      free += released.sorted()
    }
  }

  private static func worksInPlace(_ step: Step) -> Bool {
    if case .function = step.kind { true } else { false }
  }

  /// The step that writes each slot; -1 for the input.
  static func producers(_ plan: LoweredGraph, _ steps: [Step]) -> [Int] {
    var producers = plan.slots.map { _ in -1 }
    for (k, step) in steps.enumerated() { producers[step.output] = k }
    return producers
  }

  /// The last step that reads each slot.
  ///
  /// - Parameter keepsTerms: Whether a step with kinks may also look at what the steps before it read.
  private static func lastUses(_ plan: LoweredGraph, _ steps: [Step], keepsTerms: Bool) -> [Int] {
    let producers = producers(plan, steps)
    var lastUse = plan.slots.map { _ in -1 }
    for (k, step) in steps.enumerated() {
      lastUse[step.output] = max(lastUse[step.output], k)
      for case .slot(let slot) in step.inputs {
        lastUse[slot] = k
        guard keepsTerms, step.hasKink, producers[slot] >= 0 else { continue }
        for case .slot(let earlier) in steps[producers[slot]].inputs {
          lastUse[earlier] = max(lastUse[earlier], k)
        }
      }
    }
    for slot in plan.outputs + [plan.input] { lastUse[slot] = steps.count }
    return lastUse
  }

  private mutating func take(_ slot: Int, from free: inout [Int]) {
    let size = strides[slot]
    // The buffer that has to grow least, or is the smallest that suffices.
    func cost(_ buffer: Int) -> Int { abs(sizes[buffer] - size) }
    if let best = free.min(by: { (cost($0), $0) < (cost($1), $1) }) {
      free.removeAll { $0 == best }
      sizes[best] = max(sizes[best], size)
      buffers[slot] = best
    } else {
      sizes.append(size)
      buffers[slot] = sizes.count - 1
    }
  }

  /// Elements per member in all buffers.
  var elementsPerMember: Int { sizes.reduce(0, +) }
}

/// Memory for a block of rows. One thread uses it at a time.
package final class ProgramMemory<Scalar: GraphScalar> {
  let layout: MemoryLayoutPlan
  private let buffers: [AlignedBuffer<Scalar>]
  private let constants: [AlignedBuffer<Scalar>]
  let scratch: AlignedBuffer<Scalar>
  let places: AlignedBuffer<Int>

  package init(_ program: Program<Scalar>, capacity: Int) {
    layout = program.layout
    constants = program.constants
    buffers = layout.sizes.map { AlignedBuffer(count: $0 * capacity + RowGathering<Scalar>.slack) }
    scratch = AlignedBuffer(count: program.scratchCount)
    places = AlignedBuffer(count: program.placeCount)
  }

  /// The rows of a slot from `first` on.
  @inline(__always)
  package func rows(_ slot: Int, _ first: Int = 0) -> (pointer: UnsafeMutablePointer<Scalar>, stride: Int) {
    let stride = layout.strides[slot]
    return (buffers[layout.buffers[slot]].pointer + first * stride, stride)
  }

  /// The rows of an operand; constants are the same in all rows.
  @inline(__always)
  func rows(_ operand: Operand, _ first: Int = 0) -> (pointer: UnsafePointer<Scalar>, stride: Int) {
    switch operand {
    case .slot(let slot):
      let rows = rows(slot, first)
      return (UnsafePointer(rows.pointer), rows.stride)
    case .constant(let k): return (UnsafePointer(constants[k].pointer), 0)
    }
  }
}

/// Functions that are computed within the product before them.
enum Fusion {
  static func fused(_ plan: LoweredGraph) -> [Step] {
    var uses = [Int](repeating: 0, count: plan.slots.count)
    for step in plan.steps { for case .slot(let slot) in step.inputs { uses[slot] += 1 } }
    for slot in plan.outputs { uses[slot] += 1 }
    var steps: [Step] = []
    for step in plan.steps {
      if case .function(let function) = step.kind, case .slot(let source)? = step.inputs.first,
        uses[source] == 1, let last = steps.last, last.output == source,
        let kind = fused(last.kind, with: function)
      {
        steps[steps.count - 1] = Step(kind: kind, inputs: last.inputs, output: step.output)
      } else {
        steps.append(step)
      }
    }
    return steps
  }

  private static func fused(_ kind: Step.Kind, with function: ElementFunction) -> Step.Kind? {
    switch kind {
    case .product(var product) where product.function == nil:
      product.function = function
      return .product(product)
    case .shiftedProduct(var product) where product.function == nil:
      product.function = function
      return .shiftedProduct(product)
    default: return nil
    }
  }
}

extension ElementFunction {
  /// The kernels' function of the same name; nil where they have none.
  var activation: Numerics.Activation? {
    switch self {
    case .relu: .relu
    case .tanh: .tanh
    case .logistic: .logistic
    case .softplus: .softplus
    case .gelu: .gelu
    default: nil
    }
  }
}
