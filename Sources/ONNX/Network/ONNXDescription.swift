import Foundation
import VAE

/// What an ONNX file says of itself, and what of it is not read.
public struct ONNXDescription: Sendable {
  /// Pairs of a word and its value, for people.
  public let rows: [(word: String, value: String)]
  /// What keeps the file from being a model, in one line each; empty where nothing does.
  public let obstacles: [String]

  /// Describes a file.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - maximum: As `ONNXAutoencoder.init`.
  public init(_ file: ONNXFile, maximum: Int? = nil) {
    let graph = file.graph
    var rows: [(word: String, value: String)] = []
    rows.append(("producer", graph.producer.isEmpty ? "unknown" : graph.producer))
    rows.append(
      (
        "operator set",
        graph.operatorSets.sorted { $0.key < $1.key }
          .map { $0.key.isEmpty ? "\($0.value)" : "\($0.key) \($0.value)" }.joined(separator: ", ")
      ))
    for port in graph.freeInputs.prefix(16) { rows.append(("input", Self.text(port))) }
    for port in graph.outputs.prefix(16) { rows.append(("output", Self.text(port))) }
    let counts = Dictionary(grouping: graph.nodes, by: \.operation).mapValues(\.count)
    rows.append(
      (
        "operators",
        counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(64)
          .map { $0.value == 1 ? $0.key : "\($0.key) x \($0.value)" }.joined(separator: ", ")
      ))
    let weights = graph.tensors.filter { ElementType(rawValue: $0.type)?.isReal ?? false }
    let parameters = weights.reduce(0.0) { $0 + $1.shape.reduce(1.0) { $0 * Double($1) } }
    rows.append(("parameters", String(format: "%.0f", parameters)))
    for name in file.bytes.externalNames { rows.append(("external data", name)) }
    rows.append(("sha256", file.sha256))
    self.rows = rows.map { ($0.word, ModelFileError.line($0.value, limit: 4096)) }
    obstacles = Self.obstacles(
      file, maximum.map { Lowering.Limits(activation: $0, total: $0) } ?? Lowering.Limits()
    ).map { ModelFileError.line($0) }
  }

  private static func text(_ port: GraphFile.Port) -> String {
    let shape = port.shape.map { shape in
      "["
        + shape.map {
          switch $0 {
          case .fixed(let extent): "\(extent)"
          case .free(let name): name.isEmpty ? "?" : name
          }
        }.joined(separator: ", ") + "]"
    }
    return "\(port.name) \(shape ?? "of unknown shape"), \(ElementType.name(port.type))"
  }

  /// Operators that are not read; where there are none, what the first of the outputs is refused for.
  private static func obstacles(_ file: ONNXFile, _ limits: Lowering.Limits) -> [String] {
    let graph = file.graph
    var result: [String] = []
    for node in graph.nodes where OperatorRule.rule(node) == nil && result.count < 8 {
      let domain = node.domain.isEmpty ? "" : " of the domain '\(node.domain)'"
      result.append(
        "\(node.operation)\(domain), node '\(node.name.isEmpty ? node.outputs.first ?? "" : node.name)'")
    }
    guard result.isEmpty else { return Array(Set(result)).sorted() }
    for output in graph.outputs.prefix(8) {
      for input in graph.freeInputs.prefix(8) {
        do {
          let part = try GraphPart(file, input: input.name, key: "", limits: limits)
          part.lowering.define(
            part.input, .activation(try part.lowering.makeActivation(part.inputShape, for: "the input")))
          _ = try part.lower([output.name])
          return []
        } catch let refusal as Refusal {
          result.append("\(refusal.problem); \(refusal.remedy)")
        } catch {}
      }
    }
    return Array(result.prefix(1))
  }
}
