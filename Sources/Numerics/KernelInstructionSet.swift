internal import CKernels

/// An instruction set of the kernels. All of them give the same bits.
public enum KernelInstructionSet: Int32, Sendable, CaseIterable, CustomStringConvertible {
  /// Any processor's; slow on x86-64, where it has no fused multiply-add.
  case portable = 1
  /// AVX2 with FMA.
  case avx2 = 2
  /// AVX-512 (F, VL, DQ and BW).
  case avx512 = 3

  /// The name on the command line.
  public var description: String {
    switch self {
    case .portable: "portable"
    case .avx2: "avx2"
    case .avx512: "avx512"
    }
  }

  /// The instruction set with that name; nil for other names.
  public init?(_ name: String) {
    guard let set = Self.allCases.first(where: { $0.description == name }) else { return nil }
    self = set
  }

  /// Whether the processor has it.
  public var isAvailable: Bool { ckernels_has(rawValue) != 0 }

  /// Those that the processor has, the fastest last.
  public static var available: [KernelInstructionSet] { allCases.filter(\.isAvailable) }

  /// The one in use: at the start, the fastest that the processor has.
  public static var current: KernelInstructionSet {
    KernelInstructionSet(rawValue: ckernels_selected()) ?? .portable
  }

  /// Uses this one from now on.
  ///
  /// - Precondition: The processor has it, and no other thread computes meanwhile.
  public func select() {
    precondition(isAvailable, "the processor lacks \(self)")
    ckernels_select(rawValue)
  }
}
