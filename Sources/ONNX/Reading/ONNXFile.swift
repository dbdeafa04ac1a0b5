import Foundation
import Numerics
import VAE

/// An ONNX file, read and checked as far as its structure goes, with its external data.
public struct ONNXFile: Sendable {
  /// Where it is.
  public let path: String
  let graph: GraphFile
  let bytes: ModelBytes
  /// SHA-256 of the file and, if it has external data, of these.
  public let sha256: String

  /// Reads a file.
  ///
  /// - Throws: `ModelFileError`, in one line, if the file is missing, damaged, or too large.
  /// - Complexity: O(bytes); what is read takes no more memory than the files.
  public init(path: String) throws {
    func error(_ problem: String, isMissing: Bool = false) -> ModelFileError {
      ModelFileError(path: path, isMissing: isMissing, problem: problem)
    }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw error(
        "no such model file; export it with torch.onnx.export, or correct the path", isMissing: true)
    }
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    let attributes = try? FileManager.default.attributesOfItem(atPath: target.path)
    guard !isFolder.boolValue, attributes?[.type] as? FileAttributeType == .typeRegular else {
      throw error("is no regular file; expected an ONNX file; correct the path")
    }
    guard let size = attributes?[.size] as? Int, size <= FileLimit.bytes else {
      throw error("is larger than \(FileLimit.bytes) bytes; export the weights as external data")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw error("cannot be read; check its permissions")
    }
    // External data stand beside the file that the path names, also where that is a link.
    try self.init(data, path: path, folder: URL(fileURLWithPath: path).deletingLastPathComponent().path)
  }

  /// Reads the bytes of a file.
  ///
  /// - Parameters:
  ///   - data: The bytes.
  ///   - path: The file, for messages.
  ///   - folder: Where external data are; empty: there may be none.
  /// - Throws: `ModelFileError`, in one line.
  public init(_ data: Data, path: String, folder: String = "") throws {
    self.path = path
    bytes = ModelBytes(file: data, folder: folder)
    do {
      graph = try data.withUnsafeBytes { try GraphFile($0) }
      try bytes.readExternals(of: graph.tensors + graph.nodes.flatMap { $0.attributes.compactMap(\.tensor) })
    } catch let refusal as Refusal {
      throw ModelFileError(refusal, path: path)
    }
    var hash = ContentHash()
    data.withUnsafeBytes { hash.update($0) }
    for name in bytes.externalNames { bytes.externals[name]?.withUnsafeBytes { hash.update($0) } }
    sha256 = hash.hexadecimal()
  }

  /// Whether a file's first bytes are those of an ONNX model: a version of the format, then another field that comes
  /// early.
  public static func isLikely(_ head: [UInt8]) -> Bool {
    head.count >= 3 && head[0] == 8 && (1..<64).contains(head[1])
      && [0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42].contains(head[2])
  }
}

extension ModelFileError {
  init(_ refusal: Refusal, path: String) {
    self.init(path: path, isMissing: false, problem: "\(refusal.problem); \(refusal.remedy)")
  }
}
