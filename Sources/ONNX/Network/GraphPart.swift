import Foundation
import Numerics
import VAE

/// The part of a file's graph between an input and some outputs, while it becomes steps.
struct GraphPart {
  let file: ONNXFile
  let lowering: Lowering
  /// The input's name and the shape of one member's part.
  let input: String
  let inputShape: [Int]

  /// Finds the input.
  ///
  /// - Parameters:
  ///   - name: The input; nil: the only input of the graph.
  ///   - key: The scenario's key that names it, for messages.
  ///   - innerShape: The shape of one member's part where the input may also be a value within the graph, whose shape
  ///     files need not tell; nil: it may not.
  /// - Throws: `Refusal`.
  init(
    _ file: ONNXFile, input name: String?, key: String, innerShape: [Int]? = nil, limits: Lowering.Limits
  ) throws {
    self.file = file
    let ports = file.graph.freeInputs
    if let name {
      input = name
    } else {
      guard ports.count == 1 else {
        let names = ports.prefix(8).map { "'\($0.name)'" }.joined(separator: ", ")
        throw Refusal("has \(ports.count) inputs (\(names)), where one was expected", "name one with \(key)")
      }
      input = ports[0].name
    }
    guard !file.graph.hasSparseTensors else {
      throw Refusal("has sparse tensors", "make them dense before the export")
    }
    lowering = try Lowering(file.graph, file.bytes, limits: limits)
    if let innerShape, file.graph.nodes.contains(where: { [input] in $0.outputs.contains(input) }) {
      inputShape = innerShape
      // Sizes of the batch within the graph are those of its inputs.
      for port in ports where port.shape?.isEmpty == false { _ = try? Self.memberShape(port, lowering) }
      return
    }
    guard let port = ports.first(where: { [input] in $0.name == input }) else {
      throw Refusal(
        "has no input '\(input)'; it has " + ports.prefix(8).map { "'\($0.name)'" }.joined(separator: ", "),
        "correct \(key)")
    }
    guard ElementType(rawValue: port.type)?.isReal ?? (port.type == 0) else {
      throw Refusal(
        "has an input '\(input)' of type \(ElementType.name(port.type)); expected float",
        "export it for floats")
    }
    inputShape = try Self.memberShape(port, lowering)
  }

  /// The input's shape without the batch.
  private static func memberShape(_ port: GraphFile.Port, _ lowering: Lowering) throws -> [Int] {
    guard let shape = port.shape, shape.count >= 2 else {
      throw Refusal(
        "has an input '\(port.name)' of unknown shape, or without a batch dimension",
        "export it with an example input [batch, ...]")
    }
    if case .fixed(let batch) = shape[0] {
      guard (1...1 << 20).contains(batch) else {
        throw Refusal("has an input '\(port.name)' of \(batch) items", "export the model again")
      }
      lowering.declaredBatch = batch
    }
    return try [1]
      + shape.dropFirst().map { dimension in
        guard case .fixed(let extent) = dimension else {
          throw Refusal(
            "has an input '\(port.name)' with free dimensions beside the batch",
            "export it with dynamic_axes={'\(port.name)': {0: 'batch'}}, so that only the batch is free")
        }
        return extent
      }
  }

  /// Lowers the nodes that the outputs need, and gives what these stand for.
  ///
  /// - Throws: `Refusal`.
  func lower(_ outputs: [String]) throws -> [Activation] {
    try lowering.lower(try neededNodes(outputs), outputs: outputs)
    return try outputs.map { name in
      guard case .activation(let activation) = try lowering.value(name) else {
        throw Refusal(
          "has an output '\(name)' that does not depend on the input '\(input)'", "name another output")
      }
      guard activation.shape.first == 1 else {
        throw Refusal(
          "has an output '\(name)' whose first dimension is \(activation.shape.first ?? 0) times the batch",
          "keep the batch as the first dimension throughout the model")
      }
      return activation
    }
  }

  /// The nodes between the input and the outputs, in the order of computation.
  private func neededNodes(_ outputs: [String]) throws -> [GraphFile.Node] {
    let nodes = file.graph.nodes
    var producers: [String: Int] = [:]
    for (k, node) in nodes.enumerated() {
      for name in node.outputs where !name.isEmpty {
        guard producers.updateValue(k, forKey: name) == nil else {
          throw Refusal.damaged("two nodes compute '\(name)'")
        }
      }
    }
    var state = [Int8](repeating: 0, count: nodes.count)  // 1: begun, 2: done
    var order: [GraphFile.Node] = []
    for output in outputs where output != input {
      guard producers[output] != nil || file.graph.tensorPlaces[output] != nil else {
        throw Refusal("has no output '\(output)'", "name one of those that 'simulate inspect' lists")
      }
      var stack = producers[output].map { [$0] } ?? []
      while let k = stack.last {
        if state[k] == 0 {
          state[k] = 1
          for name in nodes[k].inputs where name != input && !name.isEmpty {
            guard let next = producers[name] else { continue }
            if state[next] == 1 { throw Refusal.damaged("its graph is circular at '\(name)'") }
            if state[next] == 0 { stack.append(next) }
          }
        } else {
          stack.removeLast()
          if state[k] == 1 {
            state[k] = 2
            order.append(nodes[k])
          }
        }
      }
    }
    return order
  }
}

/// Where the channels of pictures are in a graph.
enum ChannelPlace {
  /// Whether a port of these extents has the channels last, with data whose components are in the order channel, row,
  /// column.
  ///
  /// The data's shape tells. Where it does not, a transposition at the graph's edge does, as tf2onnx writes it.
  static func isLast(_ extents: [Int], data: ImageShape?, edge: GraphFile.Node?, permutation: [Int]) -> Bool {
    guard extents.count == 3 else { return false }
    if let data {
      let first = [data.channels, data.rows, data.columns]
      let last = [data.rows, data.columns, data.channels]
      if extents == first { return false }
      if extents == last { return true }
    }
    guard let edge, edge.operation == "Transpose" else { return false }
    return edge.attributes.first { $0.name == "perm" }?.integers == permutation
  }
}
