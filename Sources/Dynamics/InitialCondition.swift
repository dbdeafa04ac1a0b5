import Numerics

/// Where the members of an ensemble start.
public protocol InitialCondition: Sendable {
  /// The space of the initial states: whether x(0) or z(0) is given.
  var space: StateSpace { get }
  /// Whether the corrupted pixels form a region. The clamped mode lets only that region change.
  var hasRegion: Bool { get }

  /// Writes one member's initial state.
  ///
  /// - Parameters:
  ///   - member: The level, item and realization of the member.
  ///   - state: Shape `[D]` or `[N]`, by `space`.
  ///   - region: Shape `[D]`, zeroed; receives 1 where a pixel was corrupted. nil if it is not needed.
  ///   - noise: The source of the member's random numbers.
  func prepare(
    _ member: Member, into state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, noise: NoiseSource)
}

extension InitialCondition {
  /// By default, there is no region.
  public var hasRegion: Bool { false }
}

/// Rows of clean items or of memories, by item index.
public protocol ItemSource: Sendable {
  /// Writes the item's row, shape `[D]` or `[N]`.
  func copy(item: Int, into row: UnsafeMutableBufferPointer<Double>)
  /// Writes the item's row rounded to single precision, which training needs.
  func copy(item: Int, into row: UnsafeMutableBufferPointer<Float>)
}

extension ItemSource {
  /// By default, copies the row in double precision and rounds it.
  public func copy(item: Int, into row: UnsafeMutableBufferPointer<Float>) {
    guard let target = row.baseAddress else { return }
    withUnsafeTemporaryAllocation(of: Double.self, capacity: row.count) { exact in
      guard let source = exact.baseAddress else { return }
      copy(item: item, into: exact)
      Float.convert(source, to: target, count: row.count)
    }
  }
}

/// Rows held in memory, shape `[rows, columns]`, row-major.
public struct RowTable: ItemSource {
  /// The number of rows.
  public let rows: Int
  /// The numbers per row.
  public let columns: Int
  /// The numbers, row by row.
  public let storage: AlignedBuffer<Double>

  /// - Precondition: `elements.count == rows * columns`.
  public init(rows: Int, columns: Int, elements: [Double]) {
    precondition(elements.count == rows * columns)
    self.rows = rows
    self.columns = columns
    storage = AlignedBuffer(elements)
  }

  /// Creates rows of zeros.
  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    storage = AlignedBuffer(count: rows * columns)
  }

  /// The row of that index.
  public func row(_ index: Int) -> UnsafeMutablePointer<Double> { storage.pointer + index * columns }

  public func copy(item: Int, into row: UnsafeMutableBufferPointer<Double>) {
    precondition(row.count == columns && item >= 0 && item < rows)
    row.baseAddress?.update(from: self.row(item), count: columns)
  }
}

/// Initial states that are given as they are: one per item, or any number per item.
public struct GivenStart: InitialCondition {
  /// The space of the rows.
  public let space: StateSpace
  private let rows: RowTable
  /// The rows of each item; nil if each item has the row of its own number.
  private let rowsOfItem: [Int32: [Int32]]?
  /// How many successive realizations of an item start from the same row.
  private let repetitions: Int

  /// Each item starts from the row of its number: `rows` has the shape `[items, D]` or `[items, N]`, by `space`.
  public init(_ rows: RowTable, space: StateSpace) {
    self.rows = rows
    self.space = space
    rowsOfItem = nil
    repetitions = 1
  }

  /// Each item starts from rows of its own, one after another.
  ///
  /// - Parameters:
  ///   - rows: Shape `[rows, D]` or `[rows, N]`, by `space`.
  ///   - space: Whether rows are data-space or latent states.
  ///   - rowsOfItem: The rows of each item, in the order of its realizations.
  ///   - repetitions: How many successive realizations of an item start from the same row.
  public init(_ rows: RowTable, space: StateSpace, rowsOfItem: [Int32: [Int32]], repetitions: Int) {
    precondition(repetitions >= 1)
    self.rows = rows
    self.space = space
    self.rowsOfItem = rowsOfItem
    self.repetitions = repetitions
  }

  public func prepare(
    _ member: Member, into state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, noise: NoiseSource
  ) {
    guard let rowsOfItem else { return rows.copy(item: Int(member.item), into: state) }
    guard let own = rowsOfItem[member.item] else { preconditionFailure("item \(member.item) has no states") }
    rows.copy(item: Int(own[Int(member.realization) / repetitions]), into: state)
  }
}
