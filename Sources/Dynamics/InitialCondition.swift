import Numerics

/// Where the members of an ensemble start.
public protocol InitialCondition: Sendable {
  /// Whether x(0) or z(0) is given.
  var space: StateSpace { get }
  /// Whether the corrupted pixels form a region that the clamped mode can keep free.
  var hasRegion: Bool { get }

  /// Writes one member's initial state.
  ///
  /// - Parameters:
  ///   - state: Shape `[D]` or `[N]`, by `space`.
  ///   - region: Shape `[D]`, zeroed; set to 1 where a pixel was corrupted. Nil where it is not needed.
  ///   - member: Level, item and realization of the member.
  ///   - noise: Where the member's random numbers come from.
  func prepare(
    _ member: Member, into state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, noise: NoiseSource)
}

extension InitialCondition {
  /// False.
  public var hasRegion: Bool { false }
}

/// Rows of clean items or of memories, by item index.
public protocol ItemSource: Sendable {
  /// Writes the item's row.
  func copy(item: Int, into row: UnsafeMutableBufferPointer<Double>)
  /// Writes the item's row, rounded to single precision, as training needs it.
  func copy(item: Int, into row: UnsafeMutableBufferPointer<Float>)
}

extension ItemSource {
  /// Copies the row in double precision, and rounds it.
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
  /// The numbers.
  public let storage: AlignedBuffer<Double>

  /// - Precondition: `elements.count == rows * columns`.
  public init(rows: Int, columns: Int, elements: [Double]) {
    precondition(elements.count == rows * columns)
    self.rows = rows
    self.columns = columns
    storage = AlignedBuffer(elements)
  }

  /// Zeroed rows.
  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    storage = AlignedBuffer(count: rows * columns)
  }

  /// One row.
  public func row(_ index: Int) -> UnsafeMutablePointer<Double> { storage.pointer + index * columns }

  public func copy(item: Int, into row: UnsafeMutableBufferPointer<Double>) {
    precondition(row.count == columns && item >= 0 && item < rows)
    row.baseAddress?.update(from: self.row(item), count: columns)
  }
}

/// Initial states given as they are: one per item, or any number of each.
public struct GivenStart: InitialCondition {
  /// The space of the rows.
  public let space: StateSpace
  private let rows: RowTable
  /// The rows of each item, where rows and items differ.
  private let rowsOfItem: [Int32: [Int32]]?
  /// How many following realizations of an item start from the same row.
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
  ///   - rowsOfItem: The rows of each item, in the order of its realizations.
  ///   - repetitions: How many following realizations of an item start from the same row.
  ///   - space: Whether rows are data-space or latent states.
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
