import Numerics

/// An associative memory of N units with Hebb's weights, all units updated at once.
///
///     s_i(t + 1) = sgn h_i(t),   h_i = sum_(j != i) J_ij s_j,   J_ij = sum_mu xi_i^mu xi_j^mu
///
/// States are +-1, `[members, N]`; sgn 0 keeps the unit as it is. Fields are whole numbers of at most P N in
/// magnitude, computed without rounding, so that they depend neither on the block nor on how they are computed.
/// Orbits end in fixed points or 2-cycles.
///
/// With a data space of the same dimension: a picture's components above 1/2 are +1, and x = (1 + s) / 2. Latent
/// starts are turned into +-1 likewise, by their sign (+1 for 0).
///
/// - Complexity: per member and step O(min(2 P, N) N): through the overlaps with the patterns where
///   these are few, otherwise through the matrix of weights, which then takes 8 N^2 bytes.
///
/// Sources: Hopfield 1982, doi:10.1073/pnas.79.8.2554; Goles and Olivos 1980 (period at most 2),
/// doi:10.1016/0012-365X(80)90047-5.
public struct HopfieldMap: DiscreteMap {
  public let dimension: Int
  /// P, the number of patterns.
  public let patternCount: Int
  /// xi, `[P, N]`, or J with its diagonal, `[N, N]`.
  private let factors: AlignedBuffer<Double>
  private let usesWeights: Bool

  /// - Parameter patterns: xi, shape `[P, N]`, of +-1.
  /// - Precondition: every component is 1 or -1; P N < 2^53.
  /// - Complexity: O(P N), or O(P N^2) where 2 P >= N.
  public init(patterns: RowTable) {
    let (p, n) = (patterns.rows, patterns.columns)
    precondition(n >= 1 && patterns.storage.buffer.allSatisfy { abs($0) == 1 }, "patterns consist of +-1")
    dimension = n
    patternCount = p
    usesWeights = 2 * p >= n
    guard usesWeights else {
      factors = patterns.storage
      return
    }
    factors = AlignedBuffer(count: n * n)
    let xi = patterns.storage.pointer
    Double.multiply(
      .transposed, .none, m: n, n: n, k: p, alpha: 1, xi, n, xi, n, beta: 0, factors.pointer, n)
  }

  /// Turns rows into patterns: +1 above the threshold, else -1.
  public static func signs(of rows: RowTable, above threshold: Double = 0.5) -> RowTable {
    let result = RowTable(rows: rows.rows, columns: rows.columns)
    for i in 0..<rows.rows * rows.columns {
      result.storage.pointer[i] = rows.storage.pointer[i] > threshold ? 1 : -1
    }
    return result
  }

  public var dataDimension: Int { dimension }
  public var availableFields: StateFields { [.dataState, .nextDataState] }

  /// Scratch memory of one worker.
  public struct Workspace {
    /// Overlaps with the patterns, `[capacity, P]`.
    let overlaps: AlignedBuffer<Double>
    /// The fields, `[capacity, N]`.
    let fields: AlignedBuffer<Double>
  }

  public func makeWorkspace(capacity: Int) -> Workspace {
    Workspace(
      overlaps: AlignedBuffer(count: usesWeights ? 0 : capacity * patternCount),
      fields: AlignedBuffer(count: capacity * dimension))
  }

  public func begin(_ block: StateBlock, noise: NoiseSource, workspace: inout Workspace) {
    let states = block.states.pointer
    switch block.start {
    case .data: for i in 0..<block.count * dimension { states[i] = block.input.pointer[i] > 0.5 ? 1 : -1 }
    case .latent: for i in 0..<block.count * dimension { states[i] = states[i] >= 0 ? 1 : -1 }
    }
  }

  public func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Workspace) {
    computeFields(of: block, workspace)
    let (states, fields) = (block.states.pointer, workspace.fields.pointer)
    for i in 0..<block.count * dimension where fields[i] != 0 { states[i] = fields[i] > 0 ? 1 : -1 }
  }

  public func supply(
    _ store: FieldStore, of block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Workspace
  ) {
    let states = block.states.pointer
    if let out = store.fill(.dataState) {
      for i in 0..<block.count * dimension { out[i] = 0.5 * (1 + states[i]) }
    }
    if let out = store.fill(.nextDataState) {
      computeFields(of: block, workspace)
      let fields = workspace.fields.pointer
      for i in 0..<block.count * dimension {
        out[i] = fields[i] == 0 ? 0.5 * (1 + states[i]) : fields[i] > 0 ? 1 : 0
      }
    }
  }

  /// h, with the diagonal's share P s taken away.
  private func computeFields(of block: StateBlock, _ workspace: Workspace) {
    let (m, n, p) = (block.count, dimension, patternCount)
    let (states, fields) = (block.states.pointer, workspace.fields.pointer)
    if usesWeights {
      Double.multiply(
        .none, .none, m: m, n: n, k: n, alpha: 1, states, n, factors.pointer, n, beta: 0, fields, n)
    } else if p > 0 {
      let overlaps = workspace.overlaps.pointer
      Double.multiply(
        .none, .transposed, m: m, n: p, k: n, alpha: 1, states, n, factors.pointer, n, beta: 0, overlaps, p)
      Double.multiply(
        .none, .none, m: m, n: n, k: p, alpha: 1, overlaps, p, factors.pointer, n, beta: 0, fields, n)
    } else {
      for i in 0..<m * n { fields[i] = 0 }
    }
    let share = Double(p)
    for i in 0..<m * n { fields[i] -= share * states[i] }
  }
}
