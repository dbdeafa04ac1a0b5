import Foundation
import ONNX

/// Writes messages of the wire format for tests: sound ones and damaged ones.
struct WireWriter {
  var bytes: [UInt8] = []

  mutating func varint(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(value & 0x7F) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }

  mutating func number(_ field: Int, _ value: Int) {
    varint(UInt64(field << 3))
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func message(_ field: Int, _ body: (inout WireWriter) -> Void) {
    var inner = WireWriter()
    body(&inner)
    varint(UInt64(field << 3 | 2))
    varint(UInt64(inner.bytes.count))
    bytes += inner.bytes
  }

  mutating func text(_ field: Int, _ text: String) { message(field) { $0.bytes += Array(text.utf8) } }

  // MARK: Parts of ONNX files

  mutating func node(
    _ operation: String, _ inputs: [String], _ outputs: [String], domain: String = "",
    _ attributes: (inout WireWriter) -> Void = { _ in }
  ) {
    message(1) { node in
      for input in inputs { node.text(1, input) }
      for output in outputs { node.text(2, output) }
      node.text(4, operation)
      if !domain.isEmpty { node.text(7, domain) }
      attributes(&node)
    }
  }

  mutating func attribute(_ name: String, integers: [Int]) {
    message(5) { attribute in
      attribute.text(1, name)
      for integer in integers { attribute.number(8, integer) }
      attribute.number(20, 7)
    }
  }

  /// Whole numbers.
  mutating func tensor(_ name: String, _ integers: [Int]) {
    message(5) { tensor in
      tensor.number(1, integers.count)
      tensor.number(2, 7)
      for integer in integers { tensor.number(7, integer) }
      tensor.text(8, name)
    }
  }

  /// Zeros.
  mutating func weights(_ name: String, _ shape: [Int]) {
    message(5) { tensor in
      for extent in shape { tensor.number(1, extent) }
      tensor.number(2, 1)
      tensor.text(8, name)
      tensor.message(9) { $0.bytes = [UInt8](repeating: 0, count: 4 * shape.reduce(1, *)) }
    }
  }

  /// An input (11) or output (12); a dimension of 0 is free.
  mutating func port(_ field: Int, _ name: String, _ shape: [Int]) {
    message(field) { port in
      port.text(1, name)
      port.message(2) { type in
        type.message(1) { tensor in
          tensor.number(1, 1)
          tensor.message(2) { dimensions in
            for extent in shape {
              dimensions.message(1) { extent == 0 ? $0.text(2, "batch") : $0.number(1, extent) }
            }
          }
        }
      }
    }
  }

  /// A model with a graph.
  static func model(version: Int = 17, _ graph: (inout WireWriter) -> Void) -> Data {
    var writer = WireWriter()
    writer.number(1, 8)
    writer.message(8) { $0.number(2, version) }
    writer.message(7, graph)
    return Data(writer.bytes)
  }
}
