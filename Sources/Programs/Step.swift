/// Where a step reads: elements of an activation, or numbers that are the same for each member.
package enum Operand: Sendable {
  case slot(Int)
  case constant(Int)
}

/// A step of a program, without a precision. All indices count the elements of one member.
package struct Step: Sendable {
  /// What is done.
  package enum Kind: Sendable {
    /// y = W x + b for each row.
    case product(Product)
    /// Sums of products that are shifted against each other, as convolutions have them.
    case shiftedProduct(ShiftedProduct)
    /// Elements in another order, and constants.
    case rearrangement(Rearrangement)
    /// A function of each element.
    case function(ElementFunction)
    /// A function of each pair of elements.
    case pair(PairFunction)
    /// Elements of the second or third input, by the first.
    case choice
    /// Weighted sums over groups of elements.
    case sum(Groups, weights: [Double])
    /// The largest element of each group.
    case maximum(Groups)
    /// Groups of elements, shifted and scaled to mean 0 and variance 1.
    case normalization(Groups, epsilon: Double)
    /// e^x divided by its sum over each group.
    case softmax(Groups)
    /// Products of two activations' matrices.
    case matrices(MatrixProducts)
  }

  package var kind: Kind
  package var inputs: [Operand]
  /// The slot that is written, each element of it once.
  package var output: Int

  package init(kind: Kind, inputs: [Operand], output: Int) {
    self.kind = kind
    self.inputs = inputs
    self.output = output
  }
}

/// y_rc = b_c + sum_k w_ck x_rk for each row r, where rows are parts of the input or patches gathered from it.
package struct Product: Sendable {
  /// The numbers per row that are summed.
  package var inner: Int
  /// The numbers per row that are computed, in each group.
  package var columns: Int
  /// W, shape `[groups, columns, inner]`.
  package var weights: [Double]
  /// b, shape `[groups, columns]`.
  package var bias: [Double]
  /// Rows of a member.
  package var rows: Int
  /// How rows are gathered; nil: rows are `inner` consecutive elements of the input.
  package var patches: Patches?
  package var groups = 1
  /// Where the outputs of each row go, of a member's rows; nil: in the order of the rows.
  package var targets: [Int32]?
  /// A function of the outputs that is fused with the product.
  package var function: ElementFunction?

  package init(
    inner: Int, columns: Int, weights: [Double], bias: [Double], rows: Int, groups: Int = 1
  ) {
    self.inner = inner
    self.columns = columns
    self.weights = weights
    self.bias = bias
    self.rows = rows
    self.groups = groups
  }
}

/// Which elements of the input each row of a product consists of. What no run covers is 0.
package struct Patches: Sendable, Hashable {
  /// Consecutive elements of the input that go to consecutive places of a row.
  package struct Run: Sendable, Hashable {
    package var source: Int32
    package var target: Int32
    package var length: Int32

    package init(source: Int32, target: Int32, length: Int32) {
      self.source = source
      self.target = target
      self.length = length
    }
  }

  /// The runs of row r are `starts[r]..<starts[r + 1]`.
  package var starts: [Int32]
  package var runs: [Run]
  /// How far a group's elements are from those of the group before.
  package var groupStride: Int

  package init(starts: [Int32], runs: [Run], groupStride: Int) {
    self.starts = starts
    self.runs = runs
    self.groupStride = groupStride
  }
}

/// y_p = b + sum over (q, t) of part t of W x_q, where each output position p has a list of (q, t).
package struct ShiftedProduct: Sendable {
  /// Channels of the input in each group.
  package var inner: Int
  /// Channels of the output in each group.
  package var channels: Int
  package var groups: Int
  /// How many parts W has, such as places of a kernel.
  package var parts: Int
  /// W, shape `[groups, parts, channels, inner]`.
  package var weights: [Double]
  /// b, shape `[groups, channels]`.
  package var bias: [Double]
  /// Positions of the input.
  package var inputPositions: Int
  /// The terms of position p are `starts[p]..<starts[p + 1]`.
  package var starts: [Int32]
  /// Position of the input and part of W of each term, in the order of positions.
  package var terms: [Term]
  /// A function of the outputs that is fused with the product.
  package var function: ElementFunction?

  package struct Term: Sendable, Hashable {
    package var position: Int32
    package var part: Int32

    package init(position: Int32, part: Int32) {
      self.position = position
      self.part = part
    }
  }

  package init(
    inner: Int, channels: Int, groups: Int, parts: Int, weights: [Double], bias: [Double], inputPositions: Int
  ) {
    self.inner = inner
    self.channels = channels
    self.groups = groups
    self.parts = parts
    self.weights = weights
    self.bias = bias
    self.inputPositions = inputPositions
    starts = [0]
    terms = []
  }

  /// Whether each channel is a group of its own.
  var isChannelwise: Bool { groups > 1 && inner == 1 && channels == 1 }
}

/// Copies of runs of elements.
package struct Rearrangement: Sendable {
  package struct Run: Sendable, Hashable {
    /// The number of the input; -1 for the constant.
    package var input: Int32
    package var source: Int32
    package var target: Int32
    package var length: Int32
  }

  package var runs: [Run]
  /// What elements without a source are.
  package var fill = 0.0

  /// Runs of one input from a table: target element i is source element `sources[i]`, or the constant where that is
  /// negative.
  package init(sources: [Int], fill: Double = 0) {
    self.init(sources: sources.map { (input: $0 < 0 ? -1 : 0, element: max($0, 0)) }, fill: fill)
  }

  /// Runs of several inputs from a table.
  package init(sources: [(input: Int, element: Int)], fill: Double = 0) {
    self.fill = fill
    runs = []
    for (target, source) in sources.enumerated() {
      if let last = runs.last, Int(last.input) == source.input,
        source.input < 0 || Int(last.source + last.length) == source.element
      {
        runs[runs.count - 1].length += 1
      } else {
        runs.append(
          Run(input: Int32(source.input), source: Int32(source.element), target: Int32(target), length: 1))
      }
    }
  }
}

/// Groups of elements of the input: group g has the elements `starts[g]..<starts[g + 1]` of `elements`.
package struct Groups: Sendable {
  package var starts: [Int32]
  package var elements: [Int32]

  package init(_ groups: [[Int]]) {
    starts = [0]
    elements = []
    for group in groups {
      elements += group.map { Int32($0) }
      starts.append(Int32(elements.count))
    }
  }

  package var count: Int { starts.count - 1 }
}

/// C_b = A_b B_b for each b, with matrices in row-major order.
package struct MatrixProducts: Sendable {
  package var count: Int
  package var rows: Int
  package var inner: Int
  package var columns: Int

  package init(count: Int, rows: Int, inner: Int, columns: Int) {
    self.count = count
    self.rows = rows
    self.inner = inner
    self.columns = columns
  }
}

extension Step {
  /// Whether it is smooth only in pieces.
  var hasKink: Bool {
    switch kind {
    case .function(let function): !function.kinks.isEmpty
    case .pair(let function): function.hasKink
    case .maximum: true
    default: false
    }
  }

  /// Weights and biases.
  package var parameterCount: Int {
    switch kind {
    case .product(let product): product.weights.count + product.bias.count
    case .shiftedProduct(let product): product.weights.count + product.bias.count
    default: 0
    }
  }

  /// Multiplications of one member.
  package var products: Double {
    switch kind {
    case .product(let product): Double(product.rows) * Double(product.weights.count)
    case .shiftedProduct(let product):
      Double(product.terms.count) * Double(product.groups * product.channels * product.inner)
    case .matrices(let matrices):
      Double(matrices.count) * Double(matrices.rows) * Double(matrices.inner) * Double(matrices.columns)
    default: 0
    }
  }
}
