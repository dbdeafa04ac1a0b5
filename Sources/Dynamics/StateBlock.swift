import Numerics

/// The space in which initial states are given.
public enum StateSpace: Sendable, Hashable {
  /// x(0), shape `[members, D]`.
  case data
  /// z(0), shape `[members, N]`.
  case latent
}

/// The states of a block of members, owned by the engine and advanced in place by a map.
///
/// Latent states have double precision in every run. A single-precision map keeps them to numbers that `Float`
/// represents, so that conversions are exact both ways.
public final class StateBlock {
  /// N, the dimension of the state space, which is the latent one if there is a data space.
  public let dimension: Int
  /// D, the dimension of the data space; 0 if there is none.
  public let dataDimension: Int
  /// The most members that fit.
  public let capacity: Int
  /// How many members the block holds.
  public package(set) var count: Int = 0
  /// The members' addresses; the first `count` are valid.
  public let members: AlignedBuffer<Member>
  /// z(t), shape `[capacity, N]`, row-major, dimensionless.
  public let states: AlignedBuffer<Double>
  /// The space in which the initial states are given.
  public let start: StateSpace
  /// x(0), shape `[capacity, D]`; empty for latent starts.
  public let input: AlignedBuffer<Double>
  /// 1 where a pixel belongs to the corrupted region, shape `[capacity, D]`; empty without a region.
  public let region: AlignedBuffer<UInt8>
  private let hasRegion: Bool

  package init(dimension: Int, dataDimension: Int, capacity: Int, start: StateSpace, hasRegion: Bool) {
    self.dimension = dimension
    self.dataDimension = dataDimension
    self.capacity = capacity
    self.start = start
    self.hasRegion = hasRegion
    members = AlignedBuffer(count: capacity)
    states = AlignedBuffer(count: capacity * dimension)
    input = AlignedBuffer(count: start == .data ? capacity * dataDimension : 0)
    region = AlignedBuffer(count: hasRegion ? capacity * dataDimension : 0)
  }

  /// The memory for the initial state of member `m`: shape `[D]` or `[N]`, by `start`.
  package func initialState(of m: Int) -> UnsafeMutableBufferPointer<Double> {
    start == .data
      ? input.slice(from: m * dataDimension, count: dataDimension)
      : states.slice(from: m * dimension, count: dimension)
  }

  /// The memory for the corrupted region of member `m`, shape `[D]`, zeroed; nil without a region.
  package func clearedRegion(of m: Int) -> UnsafeMutableBufferPointer<UInt8>? {
    guard hasRegion else { return nil }
    let row = region.slice(from: m * dataDimension, count: dataDimension)
    row.update(repeating: 0)
    return row
  }
}
