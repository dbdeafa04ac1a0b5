import Dynamics
import Foundation
import Numerics

/// The logistic map on the unit interval.
///
///     x(t + 1) = r x(t) (1 - x(t))
///
/// A map needs two things: how many numbers a state has, and how all members of a block take a step. The
/// engine owns the block, cuts the ensemble into blocks, and keeps all processors busy.
struct LogisticMap: DiscreteMap {
  /// r, in 0...4.
  var growthRate: Double

  var dimension: Int { 1 }

  func step(_ block: StateBlock, at time: Int, noise: NoiseSource, workspace: inout Void) {
    let x = block.states.pointer
    for member in 0..<block.count { x[member] = growthRate * x[member] * (1 - x[member]) }
  }
}

/// Every member starts at a place of its own, uniformly distributed in (0, 1).
///
/// Random numbers are addressed, not drawn: those of a member follow from the seed, the level, the item
/// and the realization alone. So the member starts at the same place in every ensemble that it is in.
struct UniformStart: InitialCondition {
  var space: StateSpace { .latent }

  func prepare(
    _ member: Member, into state: UnsafeMutableBufferPointer<Double>,
    region: UnsafeMutableBufferPointer<UInt8>?, noise: NoiseSource
  ) {
    var random = noise.stream(.user, member, time: 0)
    state[0] = random.uniform()
  }
}

/// x(t) itself.
struct Position: Observable {
  let name = "position"
  let longName = "state of the logistic map"

  func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    for member in 0..<snapshot.count { values[member] = snapshot.states[member] }
  }
}

/// ln |F'(x(t))|, by which two neighbouring states move apart in one step. Its average over the invariant
/// density is the Lyapunov exponent.
struct ExpansionRate: Observable {
  let name = "expansion-rate"
  let longName = "logarithm of the local expansion"
  let units = "nats"
  var growthRate: Double

  func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    for member in 0..<snapshot.count {
      // At x = 1/2 the rate is minus infinity: not finite, and left out of the average.
      values[member] = log(abs(growthRate * (1 - 2 * snapshot.states[member])))
    }
  }
}
