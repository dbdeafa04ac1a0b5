import Dynamics
import Numerics

/// A plan of training: descent on the negative ELBO in minibatches, with Adam.
public struct Training: Sendable, Hashable {
  /// The number of passes over the training set. With 0 the model keeps its initial parameters.
  public var epochs: Int
  /// The number of items in a minibatch. The last one of an epoch has those that remain.
  public var batch: Int
  /// Adam's learning rate.
  public var learningRate: Double
  /// beta, the weight of the Kullback-Leibler term.
  public var beta: Double
  /// For early stopping: training ends after this number of epochs without a lower negative ELBO of the validation
  /// items (with the weight beta of the Kullback-Leibler term), and the model is that of the best epoch. With 0 all
  /// epochs are run, and the model is that of the last one.
  public var patience: Int
  /// The test set is evaluated for the report of the first, the last and every epoch whose number is a multiple of
  /// this one, so that a large test set does not take the time of a short training.
  public var testInterval = 1
  /// Whether the test set is evaluated after an epoch, numbered from 1.
  public func evaluatesTest(after epoch: Int) -> Bool {
    epoch == 1 || epoch == epochs || epoch % testInterval == 0
  }

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
    /// The mean negative ELBO (beta = 1) over the epoch's minibatches while training, in nats per item.
    public var negativeELBOTrain: Double
    /// The mean negative ELBO on the test set after the epoch, in nats per item; NaN if that set is empty, or
    /// was not evaluated after this epoch (`testInterval`).
    public var negativeELBOTest: Double
    /// The mean negative ELBO on the validation set after the epoch, in nats per item; NaN without patience.
    public var negativeELBOValidation = Double.nan
  }

  /// An error that broke training off.
  public enum EarlyEnd: Sendable, Hashable {
    /// The loss or a parameter was not finite in this epoch. The model is that of the epoch before or, with
    /// patience, of the best one.
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
    /// The evidence on the validation set, with the final parameters; NaN if that set is empty.
    public var validation: Evidence
    /// Why training was broken off; nil if it was not, even if patience ended it.
    public var earlyEnd: EarlyEnd?
  }

  /// Trains a model from random initial parameters.
  ///
  /// The result has the same bits for one seed and any number of threads. A loss or parameter that is not finite
  /// ends training with the parameters of the last good epoch.
  ///
  /// - Parameters:
  ///   - architecture: The widths and functions of the model.
  ///   - train: Rows of length D; items `0..<trainCount` are used.
  ///   - trainCount: The number of training items.
  ///   - test: Rows of length D; items `0..<testCount` are used. The set may be empty.
  ///   - testCount: The number of test items.
  ///   - validation: Rows of length D; items `0..<validationCount` are used. Needed for `patience`.
  ///   - validationCount: The number of validation items.
  ///   - seed: The scenario's seed.
  ///   - replica: Each number gives independent initialization, order and noise.
  ///   - threads: The number of threads; the result does not depend on it.
  ///   - state: The state to continue from; nil for a new training.
  ///   - checkpoints: When and how the state is saved; nil for never.
  ///   - progress: Called after each epoch. Returning false cancels the training.
  /// - Throws: `CancellationError` if it is cancelled, and what saving throws.
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
