import Dynamics
import Numerics

/// How a model is trained: minibatch descent on the negative ELBO with Adam.
public struct Training: Sendable, Hashable {
  /// Passes over the training set; 0 leaves the initial parameters.
  public var epochs: Int
  /// Items per minibatch; the last one of an epoch holds what is left.
  public var batch: Int
  /// Adam's learning rate.
  public var learningRate: Double
  /// Weight of the Kullback-Leibler term.
  public var beta: Double
  /// Early stopping: training ends after so many epochs without a lower negative ELBO (whose Kullback-Leibler term has the
  /// weight beta) of the validation items, and the model is that of the best epoch. With 0 all epochs are run, and the
  /// model is that of the last one.
  public var patience: Int
  /// The standard deviation of a Gaussian decoder.
  public var likelihoodScale = LikelihoodScale.fixed(1)

  /// Creates a training plan.
  public init(epochs: Int, batch: Int, learningRate: Double, beta: Double = 1, patience: Int = 0) {
    precondition(epochs >= 0 && batch >= 1 && patience >= 0)
    self.patience = patience
    self.epochs = epochs
    self.batch = batch
    self.learningRate = learningRate
    self.beta = beta
  }

  /// What is reported after each epoch.
  public struct Epoch: Sendable {
    /// The epoch's number, from 1.
    public var number: Int
    /// Mean negative ELBO (beta = 1) over the epoch's minibatches, nats per item, while training.
    public var negativeELBOTrain: Double
    /// Mean negative ELBO on the test set after the epoch, nats per item.
    public var negativeELBOTest: Double
    /// Mean negative ELBO on the validation set after the epoch, nats per item; NaN without patience.
    public var negativeELBOValidation = Double.nan
  }

  /// Why training ended before its last epoch.
  public enum EarlyEnd: Sendable, Hashable {
    /// The loss or a parameter was not finite in this epoch; the model is that of the epoch before.
    case notFinite(epoch: Int)
  }

  /// A trained model.
  public struct Result: Sendable {
    /// The model with its metadata: epochs, training settings, negative ELBO.
    public var model: Autoencoder
    /// The evidence on the whole training set, with the final parameters.
    public var train: Evidence
    /// The evidence on the test set, with the final parameters.
    public var test: Evidence
    /// The evidence on the validation set, with the final parameters; NaN where that set is empty.
    public var validation: Evidence
    /// Nil where all epochs were run.
    public var earlyEnd: EarlyEnd?
  }

  /// Trains a model from random initial parameters.
  ///
  /// Bit-identical for a seed and any number of threads. A loss or parameter that is not finite ends
  /// the training with the parameters of the last good epoch.
  ///
  /// - Parameters:
  ///   - train, test: Rows of length D, items `0..<trainCount`, `0..<testCount`; the test set may be empty.
  ///   - validation: Items `0..<validationCount`; needed for `patience`.
  ///   - replica: Independent initialization, order and noise for each.
  ///   - state: Where to go on; nil starts anew.
  ///   - checkpoints: When the state is saved; nil: never.
  ///   - progress: Called after each epoch; returning false cancels.
  /// - Throws: `CancellationError`, and what saving throws.
  /// - Complexity: O(epochs x items x parameters).
  public func run(
    _ architecture: Architecture, train: some ItemSource, trainCount: Int, test: some ItemSource,
    testCount: Int, validation: (any ItemSource)? = nil, validationCount: Int = 0, seed: UInt64,
    replica: Int = 0, threads: Int = Parallel.processorCount,
    resuming state: TrainingState? = nil, checkpoints: TrainingCheckpoints? = nil,
    progress: ((Epoch) -> Bool)? = nil
  ) throws -> Result {
    precondition(trainCount > 0 && (patience == 0 || validationCount > 0))
    var work = TrainingRun(
      self, architecture, train: (train, trainCount), test: (test, testCount),
      validation: validation.map { ($0, validationCount) }, seed: seed, replica: replica, threads: threads,
      resuming: state)
    try work.run(checkpoints, progress)
    return work.result()
  }
}
