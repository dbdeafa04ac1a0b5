import Foundation

/// The bytes that an ONNX model consists of: its file, and the external files that it names.
final class ModelBytes: @unchecked Sendable {
  /// The folder of the file, in which external data must lie; empty where there is none.
  let folder: String
  /// The file itself.
  let file: Data
  /// External files by their names. They are read before anything is computed, and never change after that.
  private(set) var externals: [String: Data] = [:]

  init(file: Data, folder: String) {
    self.file = file
    self.folder = folder
  }

  /// Reads the external files that tensors name, each once.
  ///
  /// - Throws: `Refusal`.
  func readExternals(of tensors: [GraphFile.Tensor]) throws {
    for tensor in tensors where tensor.isExternal {
      guard let name = tensor.external["location"] else {
        throw Refusal.damaged("the tensor '\(tensor.name)' is external and has no location")
      }
      if externals[name] == nil { externals[name] = try readExternal(name) }
    }
  }

  /// Names of the external files, in order.
  var externalNames: [String] { externals.keys.sorted() }

  private func readExternal(_ name: String) throws -> Data {
    let remedy = "put it into the folder of the model, or export with external_data=False"
    guard !folder.isEmpty, !name.isEmpty, !name.hasPrefix("/"), !name.contains("\0"),
      !name.split(separator: "/").contains("..")
    else {
      throw Refusal("keeps weights in '\(name)', outside of its own folder", remedy)
    }
    let path = folder + "/" + name
    let base = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    guard target.hasPrefix(base == "/" ? base : base + "/") else {
      throw Refusal("keeps weights in '\(name)', outside of its own folder", remedy)
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: target)
    guard let attributes else { throw Refusal("keeps weights in '\(name)', which is not there", remedy) }
    let size = attributes[.size] as? Int ?? 0
    guard attributes[.type] as? FileAttributeType == .typeRegular, size <= FileLimit.bytes,
      let data = FileManager.default.contents(atPath: target)
    else { throw Refusal("keeps weights in '\(name)', which cannot be read or is too large", remedy) }
    return data
  }

  /// The numbers of a tensor.
  ///
  /// - Throws: `Refusal`.
  func constant(_ tensor: GraphFile.Tensor) throws -> Constant {
    guard let type = ElementType(rawValue: tensor.type), type != .text else {
      throw Refusal(
        "has a tensor '\(tensor.name)' of the element type \(ElementType.name(tensor.type))",
        "convert it to float")
    }
    let count = try elementCount(tensor.shape, "the tensor '\(tensor.name)'")
    return Constant(shape: tensor.shape, values: try values(tensor, type, count))
  }

  private func values(_ tensor: GraphFile.Tensor, _ type: ElementType, _ count: Int) throws -> Constant.Values
  {
    func check(_ found: Int) throws {
      guard found == count else {
        throw Refusal.damaged("the tensor '\(tensor.name)' of shape \(tensor.shape) has \(found) numbers")
      }
    }
    if tensor.isExternal {
      return try external(tensor, type, count)
    }
    if let raw = tensor.contents.last(where: { $0.field == 9 }) {
      guard raw.range.count == count * type.size else {
        throw Refusal.damaged(
          "the tensor '\(tensor.name)' of shape \(tensor.shape) has \(raw.range.count) bytes")
      }
      return file.withUnsafeBytes { Self.decode($0, raw.range.lowerBound, type, count) }
    }
    return try file.withUnsafeBytes { bytes in
      switch type {
      case .float:
        var numbers = tensor.looseNumbers
        for part in tensor.contents where part.field == 4 {
          try WireReader.Value.bytes(part.range).append(to: &numbers, bytes, limit: count)
        }
        try check(numbers.count)
        return .reals(numbers.map(Double.init))
      case .double:
        guard let part = tensor.contents.last(where: { $0.field == 10 }), part.range.count == count * 8 else {
          try check(0)
          return .reals([])
        }
        return Self.decode(bytes, part.range.lowerBound, type, count)
      default:
        var integers = tensor.looseIntegers
        for part in tensor.contents where [5, 7, 11].contains(part.field) {
          try WireReader.Value.bytes(part.range).append(to: &integers, bytes, limit: count)
        }
        try check(integers.count)
        return Self.convert(integers, type)
      }
    }
  }

  private func external(
    _ tensor: GraphFile.Tensor, _ type: ElementType, _ count: Int
  ) throws -> Constant.Values {
    let name = tensor.external["location"] ?? ""
    guard let data = externals[name] else {
      throw Refusal("keeps weights in '\(name)', which was not read", "export with external_data=False")
    }
    let offset = tensor.external["offset"].map { Int($0) } ?? 0
    let length = tensor.external["length"].map { Int($0) } ?? count * type.size
    guard let offset, let length, length == count * type.size, offset >= 0, offset <= data.count,
      length <= data.count - offset
    else {
      throw Refusal(
        "has a tensor '\(tensor.name)' of shape \(tensor.shape) that exceeds its file '\(name)', \(data.count) bytes",
        "copy both files again")
    }
    return data.withUnsafeBytes { Self.decode($0, offset, type, count) }
  }

  /// Integers that stand for other types: half precision has its bits in them.
  private static func convert(_ integers: [Int], _ type: ElementType) -> Constant.Values {
    switch type {
    case .float16:
      .reals(integers.map { Double(halfPrecision(UInt16(truncatingIfNeeded: $0))) })
    case .bfloat16:
      .reals(integers.map { Double(Float(bitPattern: UInt32(UInt16(truncatingIfNeeded: $0)) << 16)) })
    default: .integers(integers.map { Extent($0) })
    }
  }

  private static func decode(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ type: ElementType, _ count: Int
  ) -> Constant.Values {
    func element<Number>(_ i: Int, _ type: Number.Type) -> Number {
      bytes.loadUnaligned(fromByteOffset: start + i * MemoryLayout<Number>.size, as: type)
    }
    func integers<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) -> Constant.Values {
      .integers(
        (0..<count).map { Extent(Int(truncatingIfNeeded: Number(littleEndian: element($0, type)))) })
    }
    switch type {
    case .float:
      return .reals(
        (0..<count).map { Double(Float(bitPattern: UInt32(littleEndian: element($0, UInt32.self)))) })
    case .double:
      return .reals((0..<count).map { Double(bitPattern: UInt64(littleEndian: element($0, UInt64.self))) })
    case .float16, .bfloat16:
      return convert((0..<count).map { Int(UInt16(littleEndian: element($0, UInt16.self))) }, type)
    case .uint8, .boolean: return integers(UInt8.self)
    case .int8: return integers(Int8.self)
    case .uint16: return integers(UInt16.self)
    case .int16: return integers(Int16.self)
    case .int32: return integers(Int32.self)
    case .uint32: return integers(UInt32.self)
    case .int64: return integers(Int64.self)
    case .uint64: return integers(UInt64.self)
    case .text: return .integers([])
    }
  }
}

/// The product of a shape's dimensions.
///
/// - Throws: `Refusal` where a dimension is negative, or the product exceeds the limit.
func elementCount(_ shape: [Int], _ what: @autoclosure () -> String) throws -> Int {
  var count = 1
  for dimension in shape {
    guard dimension >= 0 else { throw Refusal.damaged("\(what()) has the shape \(shape)") }
    let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
    guard !overflow, product <= FileLimit.elements else {
      throw Refusal(
        "has too large a shape \(shape): \(what()); at most \(FileLimit.elements) elements are read",
        "export a smaller model")
    }
    count = product
  }
  return count
}
