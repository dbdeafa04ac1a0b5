import Dynamics
import Numerics

/// An associative memory of N units with Hebb's weights, all units updated at once.
///
///     s_i(t + 1) = sgn h_i(t),   h_i = sum_(j != i) J_ij s_j,   J_ij = sum_mu xi_i^mu xi_j^mu
///
/// States are +-1, `[members, N]`; sgn 0 keeps the unit as it is. Fields are whole numbers of at most P N in
/// magnitude, computed without rounding, so that they depend neither on the block nor on the precision nor on
/// how they are computed. Orbits end in fixed points or 2-cycles.
///
/// The data space has the same dimension: z(0) is x(0) with components above 1/2 as +1 and the others as -1 (no
/// step of the dynamics), and x(t) = (1 + z(t)) / 2 for t > 0. Latent starts are turned into +-1 by their sign (+1
/// for 0), and have x(0) = (1 + z(0)) / 2.
///
/// - Complexity: per member and step O(min(2 P, N) N): through the overlaps with the patterns where
///   these are few, otherwise through the matrix of weights.
///
/// Sources: Hopfield 1982, doi:10.1073/pnas.79.8.2554; Goles and Olivos 1980 (period at most 2),
/// doi:10.1016/0012-365X(80)90047-5.
public struct HopfieldMap<Scalar: NetworkScalar>: EncodingMap {
  public let dimension: Int
  /// P, the number of patterns.
  public let patternCount: Int
  /// J without its diagonal; or xi and its transpose, where that is less work; nothing without patterns.
  private let layers: [Layer]
  /// How often each field holds the unit's own state, which is to be subtracted: 0 with J, P with the patterns.
  private let ownShare: Double

  /// - Parameter patterns: xi, shape `[P, N]`, of +-1.
  /// - Precondition: every component is 1 or -1; `Self.isExact`.
  /// - Complexity: O(P N), or O(P N^2) where 2 P >= N.
  public init(patterns: RowTable) {
    let (p, n) = (patterns.rows, patterns.columns)
    precondition(n >= 1 && patterns.storage.buffer.allSatisfy { abs($0) == 1 }, "patterns consist of +-1")
    precondition(Self.isExact(patterns: p, units: n), "fields must be exact")
    dimension = n
    patternCount = p
    let xi = patterns.storage.pointer
    if p == 0 {
      layers = []
      ownShare = 0
    } else if 2 * p >= n {
      let weights = AlignedBuffer<Double>(count: n * n)
      Double.multiply(
        .transposed, .none, m: n, n: n, k: p, alpha: 1, xi, n, xi, n, beta: 0, weights.pointer, n)
      for i in 0..<n { weights.pointer[i * n + i] = 0 }
      layers = [Layer(weights, inputs: n, outputs: n)]
      ownShare = 0
    } else {
      let transposed = AlignedBuffer<Double>(count: p * n)
      for row in 0..<p { for i in 0..<n { transposed.pointer[i * p + row] = xi[row * n + i] } }
      layers = [
        Layer(patterns.storage, inputs: n, outputs: p), Layer(transposed, inputs: p, outputs: n),
      ]
      ownShare = Double(p)
    }
  }

  /// Whether fields of so many patterns and units are exact in this precision: P N up to 2^24 in single, 2^53 in
  /// double precision.
  public static func isExact(patterns: Int, units: Int) -> Bool {
    let (product, overflows) = patterns.multipliedReportingOverflow(by: units)
    return !overflows && product <= 1 << (Scalar.significandBitCount + 1)
  }

  public var dataDimension: Int { dimension }
  public var availableFields: StateFields { [.dataState, .nextDataState] }

  /// Weights as the dense kernel reads them.
  private struct Layer: Sendable {
    let inputs: Int
    let outputs: Int
    let weights: AlignedBuffer<Scalar>
    let zeros: AlignedBuffer<Scalar>

    /// - Parameter plain: Shape `[outputs, inputs]`.
    init(_ plain: AlignedBuffer<Double>, inputs: Int, outputs: Int) {
      self.inputs = inputs
      self.outputs = outputs
      let width = roundedUp(outputs, toMultipleOf: Scalar.panelWidth)
      weights = AlignedBuffer(count: width * inputs)
      zeros = AlignedBuffer(count: width)
      let converted = AlignedBuffer<Scalar>(count: outputs * inputs)
      Scalar.convert(plain.pointer, to: converted.pointer, count: outputs * inputs)
      Scalar.pack(weights: converted.pointer, columns: outputs, inner: inputs, into: weights.pointer)
    }

    /// y = x W' for `rows` rows.
    func apply(_ x: Rows<Scalar>, to y: Rows<Scalar>, rows: Int) {
      Scalar.dense(
        x.pointer, rows: rows, inner: inputs, stride: x.stride, packed: weights.pointer, bias: zeros.pointer,
        columns: outputs, into: y.pointer, stride: y.stride, activation: .identity)
    }
  }

  /// Scratch memory of one worker.
  public final class Workspace {
    fileprivate let states: Rows<Scalar>
    /// Overlaps with the patterns, `[capacity, P]`; empty where the weights are used.
    fileprivate let overlaps: Rows<Scalar>
    fileprivate let fields: Rows<Scalar>
    /// One member's fields.
    fileprivate let row: AlignedBuffer<Double>

    fileprivate init(capacity: Int, units: Int, patterns: Int) {
      states = Rows(capacity: capacity, width: units)
      overlaps = Rows(capacity: patterns > 0 ? capacity : 0, width: patterns)
      fields = Rows(capacity: capacity, width: units)
      row = AlignedBuffer(count: units)
    }
  }

  public func makeWorkspace(capacity: Int) -> Workspace {
    Workspace(capacity: capacity, units: dimension, patterns: layers.count == 2 ? patternCount : 0)
  }

  public func begin(_ block: StateBlock, noise: NoiseSource, workspace: inout Workspace) {
    let states = block.states.pointer
    switch block.start {
    case .data:
      states.update(from: block.input.pointer, count: block.count * dimension)
      HopfieldPatterns.setSigns(states, count: block.count * dimension)
    case .latent:
      for i in 0..<block.count * dimension { states[i] = states[i] >= 0 ? 1 : -1 }
    }
  }

  public func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Workspace) {
    computeFields(of: block, workspace)
    for m in 0..<block.count {
      let states = block.states.pointer + m * dimension
      let fields = field(m, workspace)
      for i in 0..<dimension {
        let h = fields[i] - ownShare * states[i]
        states[i] = h == 0 ? states[i] : h > 0 ? 1 : -1
      }
    }
  }

  public func supply(
    _ store: FieldStore, of block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Workspace
  ) {
    let states = block.states.pointer
    if let out = store.fill(.dataState) {
      if time == 0, block.start == .data {
        out.update(from: block.input.pointer, count: block.count * dimension)
      } else {
        for i in 0..<block.count * dimension { out[i] = 0.5 * (1 + states[i]) }
      }
    }
    if let out = store.fill(.nextDataState) {
      computeFields(of: block, workspace)
      for m in 0..<block.count {
        let fields = field(m, workspace)
        for i in 0..<dimension {
          let state = states[m * dimension + i]
          let h = fields[i] - ownShare * state
          out[m * dimension + i] = h == 0 ? 0.5 * (1 + state) : h > 0 ? 1 : 0
        }
      }
    }
  }

  /// Writes h, with the unit's own share, to `fields`.
  private func computeFields(of block: StateBlock, _ w: Workspace) {
    guard let first = layers.first, let last = layers.last else { return }
    w.states.load(block.states.pointer, rows: block.count)
    if layers.count == 2 {
      first.apply(w.states, to: w.overlaps, rows: block.count)
      last.apply(w.overlaps, to: w.fields, rows: block.count)
    } else {
      first.apply(w.states, to: w.fields, rows: block.count)
    }
  }

  /// One member's fields in double precision; 0 without patterns.
  private func field(_ member: Int, _ w: Workspace) -> UnsafePointer<Double> {
    Scalar.convert(UnsafePointer(w.fields.row(member)), to: w.row.pointer, count: dimension)
    return UnsafePointer(w.row.pointer)
  }

  public func memories(of source: some ItemSource, count: Int, threads: Int) -> RowTable {
    HopfieldPatterns.signs(of: source, count: count, dimension: dimension, threads: threads)
  }
}

/// Data items as patterns of +-1.
public enum HopfieldPatterns {
  /// The component above which a unit is +1; at or below it is -1.
  public static let threshold = 0.5

  /// Turns items into patterns, exactly for binary ones.
  ///
  /// - Parameters:
  ///   - source: Rows of length `dimension`; items `0..<count` are read.
  ///   - count: The number of items that are read.
  ///   - dimension: D, the number of components of an item.
  ///   - threads: The number of threads; the result does not depend on it.
  /// - Returns: Shape `[count, dimension]`.
  public static func signs(
    of source: some ItemSource, count: Int, dimension: Int, threads: Int = 1
  ) -> RowTable {
    let table = RowTable(rows: count, columns: dimension)
    let grain = BlockSize.standard
    Parallel.forEach(pieces: (count + grain - 1) / grain, threads: threads) { _, piece in
      for item in piece * grain..<min(count, (piece + 1) * grain) {
        let row = UnsafeMutableBufferPointer(start: table.row(item), count: dimension)
        source.copy(item: item, into: row)
        setSigns(table.row(item), count: dimension)
      }
    }
    return table
  }

  /// +1 above the threshold, else -1, in place.
  static func setSigns(_ values: UnsafeMutablePointer<Double>, count: Int) {
    for i in 0..<count { values[i] = values[i] > threshold ? 1 : -1 }
  }
}
