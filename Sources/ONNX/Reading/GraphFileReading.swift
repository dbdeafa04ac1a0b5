extension GraphFile {
  /// Reads the messages of an ONNX file.
  ///
  /// - Throws: `Refusal`.
  /// - Complexity: O(bytes); tensors are not copied.
  init(_ file: UnsafeRawBufferPointer) throws {
    var reader = WireReader(file, 0..<file.count)
    while let (field, value) = try reader.next() {
      switch field {
      case 1: version = try value.integer()
      case 2: producer = try value.text(file)
      case 7:
        guard !hasGraph else { throw Refusal.damaged("it has two graphs") }
        hasGraph = true
        try readGraph(file, value.range())
      case 8: try readOperatorSet(file, value.range())
      case 25: functions.append(try Self.functionName(file, value.range()))
      default: break
      }
      guard functions.count <= FileLimit.nodes, operatorSets.count <= FileLimit.attributes else {
        throw Refusal.damaged("it has too many functions or operator sets")
      }
    }
    guard hasGraph else { throw Refusal.damaged("there is no graph in it") }
    guard !operatorSets.isEmpty else { throw Refusal.damaged("it names no operator set") }
    for (place, tensor) in tensors.enumerated() { tensorPlaces[tensor.name] = place }
  }

  private mutating func readOperatorSet(_ file: UnsafeRawBufferPointer, _ range: Range<Int>) throws {
    var reader = WireReader(file, range)
    var (domain, version) = ("", 0)
    while let (field, value) = try reader.next() {
      if field == 1 { domain = try value.text(file) }
      if field == 2 { version = try value.integer() }
    }
    operatorSets[domain == "ai.onnx" ? "" : domain] = version
  }

  private static func functionName(_ file: UnsafeRawBufferPointer, _ range: Range<Int>) throws -> String {
    var reader = WireReader(file, range)
    var name = ""
    while let (field, value) = try reader.next() { if field == 1 { name = try value.text(file) } }
    return name
  }

  private mutating func readGraph(_ file: UnsafeRawBufferPointer, _ range: Range<Int>) throws {
    var reader = WireReader(file, range)
    while let (field, value) = try reader.next() {
      switch field {
      case 1: nodes.append(try Self.node(file, value.range()))
      case 5: tensors.append(try Self.tensor(file, value.range()))
      case 11: inputs.append(try Self.port(file, value.range()))
      case 12: outputs.append(try Self.port(file, value.range()))
      case 15: hasSparseTensors = true
      default: break
      }
      guard nodes.count <= FileLimit.nodes, tensors.count <= FileLimit.tensors,
        inputs.count + outputs.count <= FileLimit.tensors
      else {
        throw Refusal(
          "has more than \(FileLimit.nodes) nodes or tensors", "export a smaller model")
      }
    }
  }

  private static func node(_ file: UnsafeRawBufferPointer, _ range: Range<Int>) throws -> Node {
    var reader = WireReader(file, range)
    var node = Node()
    while let (field, value) = try reader.next() {
      switch field {
      case 1: node.inputs.append(try value.text(file))
      case 2: node.outputs.append(try value.text(file))
      case 3: node.name = try value.text(file)
      case 4: node.operation = try value.text(file)
      case 5: node.attributes.append(try attribute(file, value.range()))
      case 7: node.domain = try value.text(file)
      default: break
      }
      guard node.inputs.count + node.outputs.count <= FileLimit.ports,
        node.attributes.count <= FileLimit.attributes
      else { throw Refusal.damaged("a node has too many inputs, outputs or attributes") }
    }
    if node.domain == "ai.onnx" { node.domain = "" }
    return node
  }

  private static func attribute(_ file: UnsafeRawBufferPointer, _ range: Range<Int>) throws -> Attribute {
    var reader = WireReader(file, range)
    var result = Attribute()
    while let (field, value) = try reader.next() {
      switch field {
      case 1: result.name = try value.text(file)
      case 2:
        guard case .fixed32(let bits) = value else { throw Refusal.damaged("an attribute is no number") }
        result.number = Float(bitPattern: bits)
      case 3: result.integer = try value.integer()
      case 4: result.text = try value.text(file, limit: 1 << 20)
      case 5: result.tensor = try tensor(file, value.range())
      case 7: try value.append(to: &result.numbers, file, limit: FileLimit.list)
      case 8: try value.append(to: &result.integers, file, limit: FileLimit.list)
      case 20: result.type = try value.integer()
      case 21: result.isReference = true
      default: break
      }
    }
    return result
  }

  private static func tensor(_ file: UnsafeRawBufferPointer, _ range: Range<Int>) throws -> Tensor {
    var reader = WireReader(file, range)
    var result = Tensor()
    while let (field, value) = try reader.next() {
      switch field {
      case 1: try value.append(to: &result.shape, file, limit: FileLimit.rank)
      case 2: result.type = try value.integer()
      case 8: result.name = try value.text(file)
      case 9: result.contents = [(9, try value.range())]
      case 4, 5, 7, 10, 11: try readNumbers(file, field, value, into: &result)
      case 13:
        let entry = try Self.entry(file, value.range())
        guard result.external.count < 16 else { throw Refusal.damaged("a tensor has too many entries") }
        result.external[entry.key] = entry.value
      case 14: result.isExternal = try value.integer() == 1
      default: break
      }
    }
    return result
  }

  /// Notes a field of a tensor's numbers, packed or not.
  private static func readNumbers(
    _ file: UnsafeRawBufferPointer, _ field: Int, _ value: WireReader.Value, into result: inout Tensor
  ) throws {
    switch value {
    case .bytes(let range):
      guard result.contents.count < 1024 else { throw Refusal.damaged("a tensor is in too many parts") }
      result.contents.append((field, range))
    case .number: result.looseIntegers.append(try value.integer())
    case .fixed32(let bits): result.looseNumbers.append(Float(bitPattern: bits))
    case .fixed64: throw Refusal.damaged("a tensor's numbers of 64 bits are not packed")
    }
  }

  private static func entry(_ file: UnsafeRawBufferPointer, _ range: Range<Int>) throws -> (
    key: String, value: String
  ) {
    var reader = WireReader(file, range)
    var (key, text) = ("", "")
    while let (field, value) = try reader.next() {
      if field == 1 { key = try value.text(file) }
      if field == 2 { text = try value.text(file) }
    }
    return (key, text)
  }

  private static func port(_ file: UnsafeRawBufferPointer, _ range: Range<Int>) throws -> Port {
    var reader = WireReader(file, range)
    var port = Port()
    while let (field, value) = try reader.next() {
      if field == 1 { port.name = try value.text(file) }
      guard field == 2 else { continue }
      var type = WireReader(file, try value.range())
      while let (kind, value) = try type.next() {
        guard kind == 1 else { continue }
        var tensor = WireReader(file, try value.range())
        while let (field, value) = try tensor.next() {
          if field == 1 { port.type = try value.integer() }
          if field == 2 { port.shape = try dimensions(file, value.range()) }
        }
      }
    }
    return port
  }

  private static func dimensions(_ file: UnsafeRawBufferPointer, _ range: Range<Int>) throws -> [Dimension] {
    var reader = WireReader(file, range)
    var result: [Dimension] = []
    while let (field, value) = try reader.next() {
      guard field == 1 else { continue }
      var dimension = Dimension.free("")
      var inner = WireReader(file, try value.range())
      while let (field, value) = try inner.next() {
        if field == 1 { dimension = .fixed(try value.integer()) }
        if field == 2 { dimension = .free(try value.text(file)) }
      }
      guard result.count < FileLimit.rank else {
        throw Refusal.damaged("an input or output has more than \(FileLimit.rank) dimensions")
      }
      result.append(dimension)
    }
    return result
  }
}
