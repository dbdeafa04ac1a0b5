import Dynamics
import Numerics

/// Makes members' initial states again from their addresses, so that they need not be kept.
package struct InitialStateSource: Sendable {
  private let start: any InitialCondition
  private let noise: NoiseSource
  /// The number of components of a state: D or N.
  package let width: Int
  private let regionWidth: Int

  /// - Parameters:
  ///   - start: What makes the initial states.
  ///   - width: D, or N if the start is latent.
  ///   - seed: The scenario's seed.
  package init(_ start: any InitialCondition, width: Int, seed: UInt64) {
    self.start = start
    self.width = width
    noise = NoiseSource(seed: seed)
    regionWidth = start.hasRegion ? width : 0
  }

  /// Whether the states are z(0) rather than x(0).
  package var isLatent: Bool { start.space == .latent }

  /// The states, `[members, width]`, row by row.
  ///
  /// - Complexity: O(members x width).
  package func states(of members: [Member]) -> [Double] {
    var region = [UInt8](repeating: 0, count: regionWidth)
    return [Double](unsafeUninitializedCapacity: members.count * width) { buffer, count in
      buffer.initialize(repeating: 0)
      for (m, member) in members.enumerated() {
        let row = UnsafeMutableBufferPointer(rebasing: buffer[m * width..<(m + 1) * width])
        region.withUnsafeMutableBufferPointer { region in
          region.update(repeating: 0)
          start.prepare(
            member, into: row, region: start.hasRegion ? region : nil, noise: noise)
        }
      }
      count = members.count * width
    }
  }
}
