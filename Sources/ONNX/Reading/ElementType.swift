/// The type of a tensor's elements, by the numbers of the format.
enum ElementType: Int, Sendable {
  case float = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case text = 8
  case boolean = 9
  case float16 = 10
  case double = 11
  case uint32 = 12
  case uint64 = 13
  case bfloat16 = 16

  /// Bytes per element in raw data; 0 for texts.
  var size: Int {
    switch self {
    case .uint8, .int8, .boolean: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .float, .int32, .uint32: 4
    case .int64, .uint64, .double: 8
    case .text: 0
    }
  }

  /// Whether the elements are floating-point numbers.
  var isReal: Bool {
    switch self {
    case .float, .float16, .double, .bfloat16: true
    default: false
    }
  }

  /// The name, for people.
  static func name(_ number: Int) -> String {
    ElementType(rawValue: number).map { "\($0)" } ?? "type \(number)"
  }
}

/// Half precision as its bits, because `Float16` is not there on every platform.
func halfPrecision(_ bits: UInt16) -> Float {
  let exponent = Int(bits >> 10 & 0x1F)
  let fraction = Float(bits & 0x3FF)
  let magnitude: Float
  switch exponent {
  case 0: magnitude = fraction * 0x1p-24
  case 31: magnitude = fraction == 0 ? .infinity : .nan
  default: magnitude = Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction * 0x1p-10)
  }
  return bits >> 15 == 0 ? magnitude : -magnitude
}
