internal import CKernels

/// The instruction set of the dense kernel, for tests and benchmarks.
public enum KernelInstructionSet: Int32, Sendable, CaseIterable {
  case automatic = 0
  case portable = 1
  case avx2 = 2
  case avx512 = 3

  /// Uses the best available instruction set up to this one, and returns which that is.
  ///
  /// For tests and benchmarks, while no other thread computes.
  @discardableResult
  public static func select(_ wanted: KernelInstructionSet) -> KernelInstructionSet {
    KernelInstructionSet(rawValue: ckernels_select(wanted.rawValue)) ?? .portable
  }
}
