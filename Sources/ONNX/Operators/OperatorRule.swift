/// An operator: its name, the operator sets in which it is read, and how a node becomes steps. Shapes and the order of
/// memory follow from `lower`; derivatives are those of the steps.
///
/// A new operator is a rule in a family's list.
struct OperatorRule: Sendable {
  /// How a node is computed whose inputs are all known when the model is read.
  enum Folding: Sendable {
    /// The rule takes constants itself.
    case byRule
    /// Its steps run on the first input; the others are parameters.
    case first
    /// Its steps run on all inputs.
    case all
    /// As `all`, and whole numbers are computed exactly by this function, which gives nil where they have no result.
    case integers(@Sendable ([Extent]) -> Extent?)
  }

  /// The operator sets that are read.
  static let versions = 9...23

  let name: String
  /// The operator sets in which nodes have the meaning that the rule gives them.
  let versions: ClosedRange<Int>
  let folding: Folding
  /// Appends the steps of a node; returns what its outputs stand for.
  let lower: @Sendable (NodeContext) throws -> [GraphValue]

  init(
    _ name: String, since first: Int = 9, until last: Int = 23, folding: Folding = .all,
    _ lower: @escaping @Sendable (NodeContext) throws -> [GraphValue]
  ) {
    self.name = name
    versions = first...last
    self.folding = folding
    self.lower = lower
  }

  /// The operators whose outputs are elements of their inputs, so that whole numbers stay such.
  static let moving: Set<String> = [
    "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Expand", "Concat", "Split", "Slice", "Gather",
  ]

  /// All operators, family by family.
  static let all: [OperatorRule] =
    Constants.rules + Elementwise.rules + Convolutions.rules + Matrices.rules + Normalizations.rules
    + Pooling.rules + Reductions.rules + Shapes.rules + Selections.rules + Resizing.rules

  private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

  /// The rule of a node; nil where the operator is not read.
  static func rule(_ node: GraphFile.Node) -> OperatorRule? {
    node.domain.isEmpty ? byName[node.operation] : nil
  }
}
