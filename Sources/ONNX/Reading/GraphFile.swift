/// What an ONNX file says, as far as inference needs it: a graph of nodes, its tensors, inputs and outputs.
///
/// Tensors are kept as ranges of the file's bytes and decoded when they are used.
struct GraphFile: Sendable {
  /// A tensor as the file has it.
  struct Tensor: Sendable {
    var name = ""
    var shape: [Int] = []
    /// The number of the element type.
    var type = 0
    /// The field of its numbers, and where they are; the last field wins.
    var contents: [(field: Int, range: Range<Int>)] = []
    /// Integers that came one by one rather than packed.
    var looseIntegers: [Int] = []
    /// Floating-point numbers that came one by one.
    var looseNumbers: [Float] = []
    /// Where the numbers are in another file.
    var external: [String: String] = [:]
    var isExternal = false
  }

  /// An attribute of a node.
  struct Attribute: Sendable {
    var name = ""
    var type = 0
    var number: Float = 0
    var integer = 0
    var text = ""
    var tensor: Tensor?
    var numbers: [Float] = []
    var integers: [Int] = []
    /// Whether it refers to an attribute of a function around it.
    var isReference = false
  }

  /// A node: an operator with its inputs and outputs by name. An empty name is an input left out.
  struct Node: Sendable {
    var name = ""
    var operation = ""
    var domain = ""
    var inputs: [String] = []
    var outputs: [String] = []
    var attributes: [Attribute] = []
  }

  /// A dimension of an input or output.
  enum Dimension: Sendable, Hashable {
    case fixed(Int)
    /// Unknown, with its name, or none.
    case free(String)
  }

  /// An input or output of the graph.
  struct Port: Sendable {
    var name = ""
    var type = 0
    /// Nil where the file does not say.
    var shape: [Dimension]?
  }

  var version = 0
  var producer = ""
  /// Versions of operator sets by domain; the standard domain is empty.
  var operatorSets: [String: Int] = [:]
  var nodes: [Node] = []
  var tensors: [Tensor] = []
  var inputs: [Port] = []
  var outputs: [Port] = []
  var functions: [String] = []
  var hasGraph = false
  /// The places of tensors in their list, by name.
  var tensorPlaces: [String: Int] = [:]
  var hasSparseTensors = false

  /// Inputs that are no tensors of the file: the old format lists those among the inputs.
  var freeInputs: [Port] {
    inputs.filter { tensorPlaces[$0.name] == nil }
  }
}

/// Limits of what is read. Files within them are read in bounded memory.
enum FileLimit {
  /// Nodes of a graph.
  static let nodes = 65_536
  /// Tensors of a graph.
  static let tensors = 65_536
  /// Inputs and outputs of a node.
  static let ports = 1024
  /// Attributes of a node.
  static let attributes = 64
  /// Numbers in a list of an attribute.
  static let list = 65_536
  /// Dimensions of a tensor.
  static let rank = 8
  /// Elements of a tensor, and of a member's activation.
  static let elements = 1 << 28
  /// Bytes of a file.
  static let bytes = 2 << 30
}
