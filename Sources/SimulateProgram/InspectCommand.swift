import ArgumentParser
import Arrays
import Foundation
import ONNX
import Output
import Experiments
import Scenarios
import VAE
import Vocabulary

struct InspectCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "inspect",
      abstract:
        "Says what a run file (NetCDF), a model file (safetensors, ONNX) or a file of arrays (.npz, .npy) holds.",
      discussion: """
          \(Program.command) inspect my.nc
          \(Program.command) inspect --scenario my.nc > again.yaml
          \(Program.command) inspect digits.npz
          \(Program.command) inspect encoder.onnx

        Of a run file: attributes, groups, and each variable with dimensions, unit and meaning. Of a model file: widths, \
        activation, likelihood, hash, and what its training recorded; of an ONNX file: inputs, outputs, operators, parameters, \
        and what of it is not read. Of a file of arrays: names, types, shapes and ranges.
        """)
  }

  @Argument(help: "The file.", completion: .file(extensions: ["nc", "safetensors", "npz", "npy", "onnx"]))
  var file: String

  @Flag(help: "Prints only the scenario of a run file.")
  var scenario = false

  func run() throws {
    if holdsGraph || holdsArrays || isModel() {
      try perform()
    } else {
      try Isolation.run(reading: file) { try perform() }
    }
  }

  private func perform() throws {
    try reportingFailures {
      if holdsGraph {
        printResult(try graph())
      } else if holdsArrays {
        printResult(try arrays())
      } else if isModel() {
        printResult(try model())
      } else {
        let reader = try NetCDFReader(path: file)
        Isolation.structureIsRead()
        if scenario {
          guard let text = try reader.attribute("scenario").text else {
            throw ScenarioError(
              path: file, problem: "its attribute 'scenario' is no text", expected: "a run file",
              remedy: "is this the right file?")
          }
          printResult(text, terminator: "")
        } else {
          printResult(describe(reader))
        }
      }
    }
  }

  /// Whether the file has one of numpy's formats; a zip archive without arrays may be a model of PyTorch.
  private var holdsArrays: Bool {
    NumberArray.isNumpy(file) && (!isModel() || ArrayDescription.isArchiveOfArrays(file))
  }

  /// Whether the file is, or should be, an ONNX file.
  private var holdsGraph: Bool {
    if file.hasSuffix(".onnx") { return true }
    guard let handle = FileHandle(forReadingAtPath: file), let head = try? handle.read(upToCount: 9),
      head.count == 9, head[8] != UInt8(ascii: "{")
    else { return false }
    return ONNXFile.isLikely([UInt8](head))
  }

  private func graph() throws -> String {
    let description = ONNXDescription(try ONNXFile(path: file))
    let rows = description.rows.map { [$0.word, $0.value.escapingControls] }
    let verdict =
      description.obstacles.isEmpty
      ? "It can be a model's encoder or decoder, or both: model: {kind: onnx, ...}."
      : "It cannot be a model here:\n"
        + description.obstacles.map { "  \($0.escapingControls)" }.joined(separator: "\n")
    return "\(file): an ONNX file\n" + TextTable.rows(rows) + "\n" + verdict
  }

  private func arrays() throws -> String {
    let rows = try ArrayDescription.all(of: file).map {
      ["  \($0.name.escapingControls)", $0.type, $0.shape, $0.contents]
    }
    return "\(file): \(rows.count == 1 ? "an array" : "\(rows.count) arrays")\n" + TextTable.rows(rows)
  }

  /// A safetensors file starts with the length of a JSON header, one of PyTorch's (which the reader of models
  /// explains) with that of zip; a NetCDF file does not.
  private func isModel() -> Bool {
    guard let handle = FileHandle(forReadingAtPath: file), let head = try? handle.read(upToCount: 9) else {
      return file.hasSuffix(".safetensors")
    }
    return file.hasSuffix(".safetensors") || (head.count == 9 && head[8] == UInt8(ascii: "{"))
      || head.starts(with: Safetensors.zipSignature)
  }

  private func model() throws -> String {
    let (model, sha256) = try Safetensors.read(path: file)
    let a = model.architecture
    let assumed = model.assumptions.map(\.key)
    func function(_ key: String, _ value: String) -> [String] {
      [key, assumed.contains(key) ? "\(value) (assumed: not in the metadata)" : value]
    }
    var rows = [
      [
        "widths",
        ([a.dataDimension] + a.hidden + [a.latentDimension]).map(String.init).joined(separator: "-"),
      ],
      function("activation", a.activation.rawValue), function("likelihood", a.likelihood.rawValue),
      ["parameters", "\(a.parameterCount)"], ["sha256", sha256],
    ]
    rows += model.metadata.filter { $0.key != "activation" && $0.key != "likelihood" }
      .sorted { $0.key < $1.key }.map { [$0.key, $0.value] }
    return "\(file): a variational autoencoder\n" + TextTable.rows(rows)
  }

  private func describe(_ reader: NetCDFReader) -> String {
    guard reader.root.attributes.contains(where: { $0.name == "format_version" }) else {
      var lines = [
        "\(file): a NetCDF file, but not a run file of this program (it has no attribute 'format_version')"
      ]
      append(reader.root, to: &lines, withDimensions: true)
      return lines.joined(separator: "\n")
    }
    var lines = ["\(file): a run file"]
    var rows: [[String]] = []
    for (name, value) in reader.root.attributes where name != "scenario" {
      rows.append([name, Self.text(value)])
    }
    lines.append(TextTable.rows(rows))
    append(reader.root, to: &lines)
    lines.append("\n(the scenario: simulate inspect --scenario \(file))")
    return lines.joined(separator: "\n")
  }

  private func append(
    _ group: NetCDFReaderGroup, to lines: inout [String], withDimensions: Bool = false
  ) {
    lines.append("\ngroup \(group.path.isEmpty ? "/" : group.path)")
    if withDimensions, !group.dimensions.isEmpty {
      lines.append(
        "  dimensions: " + group.dimensions.map { "\($0.name)=\($0.length)" }.joined(separator: ", "))
    }
    var rows: [[String]] = []
    for variable in group.variables {
      func attribute(_ name: String) -> String {
        variable.attributes.first { $0.name == name }.map { Self.text($0.value) } ?? ""
      }
      let shape = variable.dimensions.map { "\($0.name)=\($0.length)" }.joined(separator: ", ")
      rows.append(["  \(variable.name)(\(shape))", attribute("units"), attribute("long_name")])
    }
    lines.append(TextTable.rows(rows))
    for child in group.groups { append(child, to: &lines, withDimensions: withDimensions) }
  }

  private static func text(_ value: NetCDFAttribute) -> String {
    if let text = value.text { return text }
    if let integer = value.integer { return "\(integer)" }
    if let numbers = value.numbers { return numbers.map { "\($0)" }.joined(separator: " ") }
    if case .texts(let texts) = value { return texts.joined(separator: ", ") }
    return ""
  }
}
