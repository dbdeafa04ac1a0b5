import Foundation
import Synchronization
import VAE

/// What the names of outputs mean, and what data mean to a model: all that its files do not say.
public struct AutoencoderSource: Sendable, Hashable {
  /// What the encoder's second output is.
  public enum Spread: String, Sendable, Hashable, CaseIterable {
    case logVariance = "log-variance"
    case standardDeviation = "standard-deviation"
    case logStandardDeviation = "log-standard-deviation"
  }

  /// What the decoder's output is.
  public enum Gives: String, Sendable, Hashable, CaseIterable {
    /// g(z), in the data's own units.
    case mean
    /// The logarithm of the odds of a component of 1.
    case logits
    /// g(z) as it was normalized for the encoder.
    case normalizedMean = "normalized-mean"
  }

  /// The encoder's file, and names in it; nil: by default.
  public struct Encoder: Sendable, Hashable {
    public var file: String
    public var input: String?
    public var mean: String?
    /// The output that tells the variance; nil: the second one, if there are two.
    public var spread: String?
    /// What it is.
    public var spreadKind = Spread.logVariance

    public init(file: String) { self.file = file }
  }

  /// The decoder's file, and names in it; nil: by default.
  public struct Decoder: Sendable, Hashable {
    public var file: String
    public var input: String?
    public var output: String?
    public var gives = Gives.mean

    public init(file: String) { self.file = file }
  }

  /// What the network expects of data: (x - mean) / deviation, per channel, or one for all.
  public struct Normalization: Sendable, Hashable {
    public var means: [Double]
    public var deviations: [Double]

    public init(means: [Double], deviations: [Double]) {
      self.means = means
      self.deviations = deviations
    }
  }

  public var encoder: Encoder
  public var decoder: Decoder
  /// Nil: none.
  public var likelihood: Likelihood?
  public var normalization: Normalization?
  /// The standard deviation S of a Gaussian decoder.
  public var likelihoodScale = 1.0

  public init(encoder: Encoder, decoder: Decoder) {
    self.encoder = encoder
    self.decoder = decoder
  }
}

extension AutoencoderSource {
  /// The name of the output that tells the variance: the one that is given, or the second one of a file of its own.
  func spreadName(_ outputs: [String]) -> String? {
    if let given = encoder.spread { return given }
    guard encoder.file != decoder.file, encoder.mean == nil || encoder.mean == outputs.first else {
      return nil
    }
    return outputs.dropFirst().first
  }

  /// Whether the encoder tells a variance; nil where the file cannot be read. Only the file's structure is looked at.
  public var hasVariance: Bool? {
    if encoder.spread != nil { return true }
    guard let outputs = Self.outputs(encoder.file) else { return nil }
    return spreadName(outputs) != nil
  }

  /// The outputs of files that were looked at, by path and date.
  private static let known = Mutex<[String: [String]]>([:])

  private static func outputs(_ path: String) -> [String]? {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
      attributes[.type] as? FileAttributeType == .typeRegular
        || attributes[.type] as? FileAttributeType == .typeSymbolicLink,
      let size = try? URL(fileURLWithPath: path).resolvingSymlinksInPath().resourceValues(forKeys: [
        .fileSizeKey
      ]).fileSize,
      size <= FileLimit.bytes
    else { return nil }
    let date = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    let key = "\(path) \(size) \(date)"
    if let outputs = known.withLock({ $0[key] }) { return outputs }
    guard let data = FileManager.default.contents(atPath: path),
      let graph = try? data.withUnsafeBytes({ try GraphFile($0) })
    else { return nil }
    let outputs = graph.outputs.map(\.name)
    known.withLock { $0[key] = outputs }
    return outputs
  }
}
