internal import CNetCDF

/// The type of a NetCDF variable's elements.
public enum NetCDFType: Sendable, Equatable, CaseIterable {
  /// Floating point, 64 bits.
  case double
  /// Floating point, 32 bits.
  case float
  /// Signed integer, 8 bits.
  case int8
  /// Unsigned integer, 8 bits.
  case uint8
  /// Signed integer, 16 bits.
  case int16
  /// Unsigned integer, 16 bits.
  case uint16
  /// Signed integer, 32 bits.
  case int32
  /// Unsigned integer, 32 bits.
  case uint32
  /// Signed integer, 64 bits.
  case int64
  /// Unsigned integer, 64 bits.
  case uint64
  /// Text of any length, in UTF-8.
  case string
  /// A single byte of text. The last dimension is the length of the texts. Can only be read.
  case character
  /// A type that the file defines (enumeration, compound, ...). Can neither be read nor written.
  case other

  /// Whether this is a floating type.
  public var isFloating: Bool { self == .double || self == .float }

  /// Whether this is an integer type.
  public var isInteger: Bool { integerRange != nil }

  /// The values that an integer type can hold, as far as `Int64` can hold them; nil for other types.
  var integerRange: ClosedRange<Int64>? {
    switch self {
    case .int8: Int64(Int8.min)...Int64(Int8.max)
    case .uint8: 0...Int64(UInt8.max)
    case .int16: Int64(Int16.min)...Int64(Int16.max)
    case .uint16: 0...Int64(UInt16.max)
    case .int32: Int64(Int32.min)...Int64(Int32.max)
    case .uint32: 0...Int64(UInt32.max)
    case .int64: Int64.min...Int64.max
    case .uint64: 0...Int64.max
    case .double, .float, .string, .character, .other: nil
    }
  }

  /// The number of bytes per element. For a string it is that of the reference.
  var size: Int {
    switch self {
    case .int8, .uint8, .character: 1
    case .int16, .uint16: 2
    case .float, .int32, .uint32: 4
    case .double, .int64, .uint64, .string: 8
    case .other: 1
    }
  }

  /// The library's code; nil for types that cannot be written.
  var code: nc_type? {
    switch self {
    case .double: NC_DOUBLE
    case .float: NC_FLOAT
    case .int8: NC_BYTE
    case .uint8: NC_UBYTE
    case .int16: NC_SHORT
    case .uint16: NC_USHORT
    case .int32: NC_INT
    case .uint32: NC_UINT
    case .int64: NC_INT64
    case .uint64: NC_UINT64
    case .string: NC_STRING
    case .character, .other: nil
    }
  }

  init(code: nc_type) {
    self = code == NC_CHAR ? .character : Self.allCases.first { $0.code == code } ?? .other
  }
}

/// The value of an attribute.
public enum NetCDFAttribute: Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByFloatLiteral,
  ExpressibleByIntegerLiteral
{
  /// A text, stored as characters in UTF-8 (`NC_CHAR`).
  case text(String)
  /// A floating number of 64 bits.
  case double(Double)
  /// Floating numbers of 64 bits.
  case doubles([Double])
  /// An integer. The file has it with 32 bits if it fits, otherwise with 64.
  case int(Int)
  /// Integers of 32 bits.
  case ints([Int32])
  /// Integers of 64 bits.
  case int64s([Int64])
  /// Several texts (`NC_STRING`). A reader also returns this for a single text of that type.
  case texts([String])

  /// Creates a text.
  public init(stringLiteral value: String) { self = .text(value) }
  /// Creates a floating number.
  public init(floatLiteral value: Double) { self = .double(value) }
  /// Creates an integer.
  public init(integerLiteral value: Int) { self = .int(value) }

  /// The text, if this is a single text.
  public var text: String? {
    switch self {
    case .text(let value): value
    case .texts(let values) where values.count == 1: values[0]
    default: nil
    }
  }

  /// The integer, if this is a single integer.
  public var integer: Int? {
    switch self {
    case .int(let value): value
    case .ints(let values) where values.count == 1: Int(values[0])
    case .int64s(let values) where values.count == 1: Int(exactly: values[0])
    default: nil
    }
  }

  /// The numbers as doubles, if these are numbers.
  public var numbers: [Double]? {
    switch self {
    case .double(let value): [value]
    case .doubles(let values): values
    case .int(let value): [Double(value)]
    case .ints(let values): values.map(Double.init)
    case .int64s(let values): values.map(Double.init)
    case .text, .texts: nil
    }
  }
}

/// A dimension of a NetCDF file.
public struct NetCDFDimension: Sendable, Equatable {
  /// The dimension's name.
  public let name: String
  /// The dimension's length; for an unlimited one, its present length.
  public let length: Int
  /// Whether the dimension can grow.
  public let isUnlimited: Bool
}
