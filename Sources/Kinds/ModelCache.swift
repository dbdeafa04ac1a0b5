import Datasets
import Foundation
import Numerics
import VAE

/// Where trained models are kept between runs.
public struct ModelCache: Sendable {
  /// The folder.
  public var folder: String

  /// A cache in the given folder.
  public init(folder: String) { self.folder = folder }

  /// `$REPEATED_INFERENCE_CACHE`, or `repeated-inference` under `$XDG_CACHE_HOME` or `~/.cache`.
  public static var standard: ModelCache {
    let environment = ProcessInfo.processInfo.environment
    if let folder = environment["REPEATED_INFERENCE_CACHE"], !folder.isEmpty {
      return ModelCache(folder: folder)
    }
    return ModelCache(folder: UserFolder.path("XDG_CACHE_HOME", fallback: ".cache"))
  }

  /// The file of the model that these settings produce.
  ///
  /// The key holds everything that the trained parameters depend on: data, architecture, training, seed
  /// and the version of the training procedure.
  func path(
    dataset: Dataset, architecture: Architecture, training: Training, seed: UInt64, replica: Int
  ) -> String {
    let key = [
      "training procedure 3", dataset.trainingHash, "\(architecture.dataDimension)",
      "\(architecture.latentDimension)", "\(architecture.hidden)", architecture.activation.rawValue,
      architecture.likelihood.rawValue, "\(training.epochs)", "\(training.batch)",
      "\(training.learningRate)", "\(training.beta)", "\(seed)", "\(replica)",
    ]
    // Models without early stopping or a scale keep the keys that they had before there were such.
    let more =
      (training.patience > 0 ? ["patience \(training.patience)"] : [])
      + (training.likelihoodScale == .fixed(1) ? [] : ["likelihood scale \(training.likelihoodScale)"])
    let whole = (key + more).joined(separator: "\n")
    return folder + "/" + ContentHash.hexadecimal(of: whole).prefix(32) + ".safetensors"
  }
}
