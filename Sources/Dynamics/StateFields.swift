import Numerics

/// Quantities along a trajectory beside the latent state itself, which an observable may ask for.
///
/// The engine asks the map for the union of what the observables need, and for nothing else.
public struct StateFields: OptionSet, Sendable, Hashable {
  /// The bits.
  public let rawValue: Int
  /// Creates a set from bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// z(t-1), `[members, N]`; absent at t = 0. Kept by the engine.
  public static let previousState = StateFields(rawValue: 1 << 0)
  /// x(t), `[members, D]`; absent at t = 0 for latent starts.
  public static let dataState = StateFields(rawValue: 1 << 1)
  /// x(t+1), `[members, D]`.
  public static let nextDataState = StateFields(rawValue: 1 << 2)
  /// m(x(t)), `[members, N]`; absent at t = 0 for latent starts.
  public static let encoderMean = StateFields(rawValue: 1 << 3)
  /// ln s^2(x(t)), `[members, N]`; absent at t = 0 for latent starts.
  public static let encoderLogVariance = StateFields(rawValue: 1 << 4)
  /// -ln p(x(t) | z = m(x(t))) in nats, `[members]`; absent at t = 0 for latent starts.
  public static let crossEntropy = StateFields(rawValue: 1 << 5)
  /// H(x(t)) in nats, `[members]`, Bernoulli only; absent at t = 0 for latent starts.
  public static let inputEntropy = StateFields(rawValue: 1 << 6)
  /// z(0), `[members, N]`. Kept by the engine.
  public static let initialState = StateFields(rawValue: 1 << 7)

  /// Those that the engine keeps, for every map.
  public static let kept: StateFields = [.previousState, .initialState]

  static let count = 8

  /// The numbers per member of each single field.
  static func width(ofBit bit: Int, dimension: Int, dataDimension: Int) -> Int {
    switch StateFields(rawValue: 1 << bit) {
    case .previousState, .initialState, .encoderMean, .encoderLogVariance: return dimension
    case .dataState, .nextDataState: return dataDimension
    default: return 1
    }
  }
}

/// Memory for the fields that a run needs, one row per member, allocated once per worker.
public final class FieldStore {
  /// The fields that are allocated.
  public let fields: StateFields
  private let buffers: [AlignedBuffer<Double>?]
  /// The fields that hold values at the present time.
  public private(set) var present: StateFields = []

  init(fields: StateFields, capacity: Int, dimension: Int, dataDimension: Int) {
    self.fields = fields
    buffers = (0..<StateFields.count).map { bit in
      fields.contains(StateFields(rawValue: 1 << bit))
        ? AlignedBuffer(
          count: capacity
            * StateFields.width(ofBit: bit, dimension: dimension, dataDimension: dataDimension)) : nil
    }
  }

  func clear() { present = [] }

  /// Where the values of one field belong, marked as present; nil where nobody needs them.
  public func fill(_ field: StateFields) -> UnsafeMutablePointer<Double>? {
    guard let buffer = buffers[field.rawValue.trailingZeroBitCount] else { return nil }
    present.insert(field)
    return buffer.pointer
  }

  /// The values of one field; nil where they are absent at this time.
  public func values(_ field: StateFields) -> UnsafePointer<Double>? {
    guard present.contains(field), let buffer = buffers[field.rawValue.trailingZeroBitCount] else {
      return nil
    }
    return UnsafePointer(buffer.pointer)
  }
}
