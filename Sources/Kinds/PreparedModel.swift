import Dynamics
import Numerics
import Output
import RunFiles
import Vocabulary

/// A model that is ready to be run.
public protocol PreparedModel: Sendable {
  /// SHA-256 of the model's contents: 64 hexadecimal digits.
  var sha256: String { get }
  /// The absolute path of its file; nil where it has none.
  var file: String? { get }
  /// What the run file says of it.
  var facts: ModelFacts { get }
  /// The range of the decoder's means, and of given data-space states.
  var dataRange: ModelOutline.DataRange { get }

  /// The map that is iterated.
  ///
  /// - Precondition: the kind's traits name the mode.
  func map(mode: InferenceMode, precision: Precision) -> any EncodingMap

  /// One line about the model, for people.
  ///
  /// - Parameter seconds: How long it took; nil: not said.
  func summary(seconds: Double?) -> String

  /// Writes what `ModelKind.restore` reads; by default nothing.
  func encode(to encoder: inout ByteEncoder) throws
}

extension PreparedModel {
  /// By default, there is no file.
  public var file: String? { nil }
  /// By default, the means may be any numbers.
  public var dataRange: ModelOutline.DataRange { .unbounded }
  /// By default, nothing is written.
  public func encode(to encoder: inout ByteEncoder) throws {}
}

/// A model whose map has a derivative in mean mode: the search for attractors works on it.
public protocol DifferentiableModel: PreparedModel {
  /// The map of mean mode in double precision, with its derivative.
  var differentiableMap: any DifferentiableMap { get }
  /// The decoder's means g(z), `[rows, D]`, for pictures.
  ///
  /// - Parameter states: Latent states, `[rows, N]`.
  func dataStates(of states: RowTable) -> RowTable
}

/// A model that has a file of its own.
public protocol StorableModel: PreparedModel {
  /// The contents of its file.
  func fileContents() throws -> [UInt8]
}

extension ModelFacts {
  /// What every model's run file says: the kind and the hash.
  public init(kind: String, sha256: String) {
    self.init(
      facts: [], attributes: [("model_kind", .text(kind)), ("model_sha256", .text(sha256))])
  }
}
