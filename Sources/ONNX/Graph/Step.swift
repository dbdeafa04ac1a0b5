import Numerics

/// Where a step reads: elements of an activation, or numbers that are the same for each member.
enum Operand: Sendable {
  case slot(Int)
  case constant(Int)
}

/// A step of a program, without a precision. All indices count the elements of one member.
struct Step: Sendable {
  /// What is done.
  enum Kind: Sendable {
    /// y = W x + b for each row.
    case product(Product)
    /// Sums of products that are shifted against each other, as a transposed convolution has them.
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

  var kind: Kind
  var inputs: [Operand]
  /// The slot that is written, each element of it once.
  var output: Int
}

/// y_rc = b_c + sum_k w_ck x_rk for each row r, where rows are parts of the input or patches gathered from it.
struct Product: Sendable {
  /// The numbers per row that are summed.
  var inner: Int
  /// The numbers per row that are computed, in each group.
  var columns: Int
  /// W, shape `[groups, columns, inner]`.
  var weights: [Double]
  /// b, shape `[groups, columns]`.
  var bias: [Double]
  /// Rows of a member.
  var rows: Int
  /// How rows are gathered; nil: rows are `inner` consecutive elements of the input.
  var patches: Patches?
  var groups = 1
  /// A function of the outputs that is fused with the product.
  var activation = Numerics.Activation.identity
}

/// Which elements of the input each row of a product consists of. What no run covers is 0.
struct Patches: Sendable, Hashable {
  /// Consecutive elements of the input that go to consecutive places of a row.
  struct Run: Sendable, Hashable {
    var source: Int32
    var target: Int32
    var length: Int32
  }

  /// The runs of row r are `starts[r]..<starts[r + 1]`.
  var starts: [Int32]
  var runs: [Run]
  /// How far a group's elements are from those of the group before.
  var groupStride: Int
}

/// y_p = b + sum over (q, t) of part t of W x_q, where each output position p has a list of (q, t).
struct ShiftedProduct: Sendable {
  /// Channels of the input in each group.
  var inner: Int
  /// Channels of the output in each group.
  var channels: Int
  var groups: Int
  /// How many parts W has, such as places of a kernel.
  var parts: Int
  /// W, shape `[groups, parts, channels, inner]`.
  var weights: [Double]
  /// b, shape `[groups, channels]`.
  var bias: [Double]
  /// Positions of the input.
  var inputPositions: Int
  /// The terms of position p are `starts[p]..<starts[p + 1]`.
  var starts: [Int32]
  /// Position of the input and part of W of each term.
  var terms: [Term]

  struct Term: Sendable, Hashable {
    var position: Int32
    var part: Int32
  }

  var outputPositions: Int { starts.count - 1 }
}

/// Copies of runs of elements.
struct Rearrangement: Sendable {
  struct Run: Sendable, Hashable {
    /// The number of the input; -1 for the constant.
    var input: Int32
    var source: Int32
    var target: Int32
    var length: Int32
  }

  var runs: [Run]
  /// What elements without a source are.
  var fill = 0.0

  /// Runs of one input from a table: target element i is source element `sources[i]`, or the constant where that is
  /// negative.
  init(sources: [Int], fill: Double = 0) {
    self.init(sources: sources.map { (input: $0 < 0 ? -1 : 0, element: max($0, 0)) }, fill: fill)
  }

  /// Runs of several inputs from a table.
  init(sources: [(input: Int, element: Int)], fill: Double = 0) {
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
struct Groups: Sendable {
  var starts: [Int32]
  var elements: [Int32]

  init(_ groups: [[Int]]) {
    starts = [0]
    elements = []
    for group in groups {
      elements += group.map { Int32($0) }
      starts.append(Int32(elements.count))
    }
  }

  var count: Int { starts.count - 1 }
}

/// C_b = A_b B_b for each b, with matrices in row-major order.
struct MatrixProducts: Sendable {
  var count: Int
  var rows: Int
  var inner: Int
  var columns: Int
}
