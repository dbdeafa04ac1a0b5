import ArgumentParser
import Numerics

/// With which instructions the kernels compute.
struct InstructionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The kernels' instructions: portable, avx2 or avx512. Results do not depend on them; portable is slow."
        + " (default: the fastest that the processor has)",
      valueName: "set"),
    completion: .list(KernelInstructionSet.allCases.map(\.description)),
    transform: { text in
      guard let set = KernelInstructionSet(text) else {
        throw ValidationError("expected portable, avx2 or avx512")
      }
      return set
    })
  var instructions: KernelInstructionSet?

  /// Has the kernels use the set that is asked for, before anything is computed.
  ///
  /// - Throws: `MissingInstructionSet`.
  func select() throws {
    guard let instructions else { return }
    guard instructions.isAvailable else { throw MissingInstructionSet(wanted: instructions) }
    instructions.select()
  }
}

/// The processor lacks an instruction set that is asked for.
struct MissingInstructionSet: Error, CustomStringConvertible {
  var wanted: KernelInstructionSet

  var description: String {
    let others = KernelInstructionSet.available.map(\.description).joined(separator: ", ")
    return "--instructions \(wanted): this processor lacks them; choose one of \(others),"
      + " or leave the option out"
  }
}
