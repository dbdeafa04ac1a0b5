/// A line of standard input: what to measure.
struct Request: Decodable {
  var command: String
  /// A model file.
  var model: String?
  /// Initial states, `[members, D]`, little-endian single precision.
  var start: String?
  var members: Int?
  var steps: Int?
  var observables: [String]?
  var threads: Int?
  var block: Int?
  var hidden: [Int]?
  var latent: Int?
  var batch: Int?
  var seed: UInt64?
  var output: String?
  /// For attractors: whether settled members leave their block, and balls of proven contraction decide.
  var measures: Bool?
}

/// A line of standard output: the measurement.
struct Reply: Encodable {
  var seconds: Double?
  /// Processor time of all threads: below `threads * seconds` where others had the machine meanwhile.
  var processorSeconds: Double?
  /// Per observable the average over members at each time.
  var mean: [String: [Double]]?
  /// Per observable the standard deviation over members at each time.
  var standardDeviation: [String: [Double]]?
  /// Changes with any bit of the averages.
  var digest: String?
  /// Mean negative ELBO during an epoch, nats per item.
  var loss: Double?
  var gigaflops: Double?
  /// Where each member goes.
  var positions: [[Double]]?
  /// Steps of plain iteration, of all members.
  var iterations: Int?
  var instructionSet: String?
  var failure: String?
}
