import Programs

/// A whole number of shape arithmetic: a number, or a multiple of the batch's size, which is free.
struct Extent: Hashable, Sendable {
  /// The number, or how many times the batch.
  var factor: Int
  /// Whether the batch's size is a factor.
  var isBatch: Bool

  init(_ factor: Int, isBatch: Bool = false) {
    self.factor = factor
    self.isBatch = isBatch
  }
}

/// A value that is known when a model is read: row-major, without a batch.
struct Constant: Sendable {
  /// The elements.
  enum Values: Sendable {
    case reals([Double])
    /// Whole numbers and booleans.
    case integers([Extent])
  }

  var shape: [Int]
  var values: Values
  /// Whether axis 0 is the batch: the elements are those of one member.
  var isPerMember = false

  /// How many elements there are.
  var count: Int {
    switch values {
    case .reals(let reals): reals.count
    case .integers(let integers): integers.count
    }
  }

  /// The elements as floating-point numbers; nil where the batch's size is among them.
  var reals: [Double]? {
    switch values {
    case .reals(let reals): return reals
    case .integers(let integers):
      return integers.contains(where: \.isBatch) ? nil : integers.map { Double($0.factor) }
    }
  }

  /// The elements as whole numbers; nil where they are no whole numbers.
  var integers: [Extent]? { if case .integers(let integers) = values { integers } else { nil } }
}

/// A value that depends on the member.
///
/// Its shape has the batch as axis 0, of which the shape counts one member's part: 1, or k where the graph merges
/// another axis with the batch.
struct Activation: Sendable {
  /// Where its elements are.
  var slot: Int
  /// The shape of one member's part.
  var shape: [Int]
  /// The order in which the axes lie in memory, the slowest first. Axis 0 is always the first.
  var order: [Int]

  /// An activation in row-major order.
  init(slot: Int, shape: [Int]) {
    self.slot = slot
    self.shape = shape
    order = Array(shape.indices)
  }

  init(slot: Int, shape: [Int], order: [Int]) {
    self.slot = slot
    self.shape = shape
    self.order = order
  }

  /// How many elements a member has.
  var count: Int { shape.reduce(1, *) }

  /// Whether the memory is that of another order: axes of one element have no place.
  func hasOrder(_ other: [Int]) -> Bool {
    order.filter { shape[$0] != 1 } == other.filter { shape[$0] != 1 }
  }

  /// The distance in memory of neighbours along each axis.
  var strides: [Int] { memoryStrides(shape, order) }
}

/// What a name of the graph stands for.
enum GraphValue: Sendable {
  case constant(Constant)
  case activation(Activation)

  /// The shape, of an activation the part of one member.
  var shape: [Int] {
    switch self {
    case .constant(let constant): constant.shape
    case .activation(let activation): activation.shape
    }
  }
}
