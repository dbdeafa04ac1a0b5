import Numerics

/// Quantities along a trajectory, besides the latent state itself, which an observable may ask for.
///
/// The engine asks the map for exactly those fields that the observables need.
public struct StateFields: OptionSet, Sendable, Hashable {
  /// The bits: `1 << field.rawValue` for each `Field` of the set.
  public let rawValue: Int
  /// Creates a set from bits.
  public init(rawValue: Int) { self.rawValue = rawValue }
  private init(_ field: Field) { rawValue = 1 << field.rawValue }

  /// One field of a set. Code for all fields goes through these cases, so that none is forgotten.
  enum Field: Int, CaseIterable {
    case previousState, dataState, nextDataState, encoderMean, encoderLogVariance, crossEntropy, inputEntropy
    case initialState

    /// The numbers that the field has per member.
    func width(dimension: Int, dataDimension: Int) -> Int {
      switch self {
      case .previousState, .initialState, .encoderMean, .encoderLogVariance: dimension
      case .dataState, .nextDataState: dataDimension
      case .crossEntropy, .inputEntropy: 1
      }
    }
  }

  /// z(t-1), `[members, N]`; absent at t = 0. Kept by the engine.
  public static let previousState = StateFields(.previousState)
  /// x(t), `[members, D]`; absent at t = 0 for latent starts.
  public static let dataState = StateFields(.dataState)
  /// x(t+1), `[members, D]`.
  public static let nextDataState = StateFields(.nextDataState)
  /// m(x(t)), `[members, N]`; absent at t = 0 for latent starts.
  public static let encoderMean = StateFields(.encoderMean)
  /// ln s^2(x(t)), `[members, N]`; absent at t = 0 for latent starts.
  public static let encoderLogVariance = StateFields(.encoderLogVariance)
  /// -ln p(x(t) | z = m(x(t))) in nats, `[members]`; absent at t = 0 for latent starts.
  public static let crossEntropy = StateFields(.crossEntropy)
  /// H(x(t)) in nats, `[members]`, only for Bernoulli likelihoods; absent at t = 0 for latent starts.
  public static let inputEntropy = StateFields(.inputEntropy)
  /// z(0), `[members, N]`. Kept by the engine.
  public static let initialState = StateFields(.initialState)

  /// The fields that the engine keeps for every map.
  public static let kept: StateFields = [.previousState, .initialState]

  /// Every field, as a set of its own.
  public static let each: [StateFields] = Field.allCases.map { StateFields($0) }

  /// Whether the set has a field.
  fileprivate func contains(_ field: Field) -> Bool { contains(StateFields(field)) }
}

/// Memory for the fields that a run needs, one row per member. It is allocated once per worker.
public final class FieldStore {
  /// The fields that are allocated.
  public let fields: StateFields
  /// The memory of each `StateFields.Field`, `[capacity, width]`; nil if the field is not needed.
  private let buffers: [AlignedBuffer<Double>?]
  /// What a map hands over, beside the fields, to observables that know it.
  public var supplement: AnyObject?
  /// The fields that hold values at the present time.
  public private(set) var present: StateFields = []

  init(fields: StateFields, capacity: Int, dimension: Int, dataDimension: Int) {
    self.fields = fields
    buffers = StateFields.Field.allCases.map { field in
      guard fields.contains(field) else { return nil }
      return AlignedBuffer(
        count: capacity * field.width(dimension: dimension, dataDimension: dataDimension))
    }
  }

  /// Forgets the values. Must be called before those of another time are written.
  func clear() { present = [] }

  /// The memory for the values of one field, which counts as present from now on; nil if nobody needs the field.
  ///
  /// - Parameter field: One field, not several.
  public func fill(_ field: StateFields) -> UnsafeMutablePointer<Double>? {
    guard let buffer = buffers[field.rawValue.trailingZeroBitCount] else { return nil }
    present.insert(field)
    return buffer.pointer
  }

  /// The values of one field, `[members, width]`; nil if they are absent at this time.
  ///
  /// - Parameter field: One field, not several.
  public func values(_ field: StateFields) -> UnsafePointer<Double>? {
    guard present.contains(field), let buffer = buffers[field.rawValue.trailingZeroBitCount] else {
      return nil
    }
    return UnsafePointer(buffer.pointer)
  }
}
