internal import CKernels

/// The instruction set that the kernels use. Tests and benchmarks choose it.
public enum KernelInstructionSet: Int32, Sendable, CaseIterable {
  /// The best that the processor has.
  case automatic = 0
  /// Vectors of 128 bits, on any processor.
  case portable = 1
  /// AVX2 with FMA.
  case avx2 = 2
  /// AVX-512 (F, VL, DQ and BW).
  case avx512 = 3

  /// Selects the best available instruction set that is not above this one, and returns the one selected.
  ///
  /// - Precondition: No other thread computes meanwhile.
  @discardableResult
  public static func select(_ wanted: KernelInstructionSet) -> KernelInstructionSet {
    KernelInstructionSet(rawValue: ckernels_select(wanted.rawValue)) ?? .portable
  }
}
