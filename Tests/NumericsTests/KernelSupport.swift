import Foundation
import Numerics
import Testing

// The instruction set is one setting of the whole process, and other suites compute at the same time:
// tests that choose it run in a process of their own (`#expect(processExitsWith:)`). There, a read or
// write beyond a buffer's end ends the process, too: see `GuardedBuffer`.

/// Calls `body` under each available instruction set, then restores the one that was in use.
func underEachInstructionSet(_ body: (KernelInstructionSet) -> Void) {
  let former = KernelInstructionSet.current
  defer { former.select() }
  #expect(KernelInstructionSet.available.first == .portable)
  for set in KernelInstructionSet.available {
    set.select()
    body(set)
  }
}

/// Memory whose last element is followed by a page that may not be touched.
final class GuardedBuffer<Element: BitwiseCopyable> {
  let pointer: UnsafeMutablePointer<Element>
  let count: Int
  private let base: UnsafeMutableRawPointer
  private let length: Int

  init(count: Int, filledWith element: Element) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let bytes = count * MemoryLayout<Element>.stride
    let data = roundedUp(max(bytes, 1), toMultipleOf: page)
    length = data + page
    guard
      let mapped = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      mapped != MAP_FAILED, mprotect(mapped + data, page, PROT_NONE) == 0
    else { fatalError("no guarded memory") }
    base = mapped
    pointer = (mapped + (data - bytes)).bindMemory(to: Element.self, capacity: count)
    pointer.initialize(repeating: element, count: count)
    self.count = count
  }

  convenience init(_ elements: [Element], padding: Element, to count: Int) {
    self.init(count: count, filledWith: padding)
    for (i, element) in elements.enumerated() { pointer[i] = element }
  }

  deinit { munmap(base, length) }

  var elements: [Element] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}

/// Uniform numbers in (-1, 1), exactly representable in single precision.
func uniformNumbers(_ count: Int, stream: UInt32) -> [Double] {
  var random = RandomField(seed: 77, purpose: .user).stream(stream)
  return (0..<count).map { _ in Double(Float(2 * random.uniform() - 1)) }
}

/// Activations by the C library in double precision, each by another formula than the kernels'.
func reference(_ activation: Activation, _ x: Double) -> Double {
  switch activation {
  case .identity: return x
  case .tanh: return Foundation.tanh(x)
  case .relu: return x.isNaN ? x : Swift.max(x, 0)
  case .gelu: return 0.5 * x * erfc(-x / 2.0.squareRoot())
  case .softplus: return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))
  case .logistic: return x > 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
  }
}

/// The largest slope of each activation (gelu: 1.12904, at x = sqrt 2).
func lipschitzConstant(_ activation: Activation) -> Double {
  switch activation {
  case .gelu: return 1.1291
  case .logistic: return 0.25
  default: return 1
  }
}

/// The error that an activation may have at x beside its argument's.
///
/// Single precision, u = 2^-24 = 6e-8, from the approximations' errors that functions.h has:
/// tanh 3e-7 and 2 u from the roundings of its quotient, relatively 6e-7 (below normal numbers, its numerator rounds to 2^-149 and is divided by
/// 0.0049); erf 5e-7, to which 1 + erf and two products add 3 u; e^x relatively 2e-7, saturating at
/// e^-87 = 1.7e-38, so logistic has 2e-7 + 3 u and softplus 2e-7 (e^x) + 2e-7 (ln) + 2 u.
/// Double precision: functions.h's functions, good to 2.5 ulp, and up to four roundings.
func activationBound<Scalar: NetworkScalar>(
  _ type: Scalar.Type, _ activation: Activation, _ x: Double
) -> Double {
  let value = abs(reference(activation, x))
  if type == Float.self {
    switch activation {
    case .identity, .relu: return 0
    case .tanh: return Swift.min(4.2e-7, 6e-7 * abs(x)) + 3e-43
    case .gelu: return abs(x) / 2 * 7e-7 + 1.5e-45
    case .softplus: return 5.5e-7 * value + 1.7e-38
    case .logistic: return 4e-7 * value + 1.7e-38
    }
  }
  switch activation {
  case .identity, .relu: return 0
  case .gelu: return 8 * 0x1p-53 * abs(x) + Double.leastNonzeroMagnitude
  default: return 8 * 0x1p-53 * value + Double.leastNonzeroMagnitude
  }
}

/// The unit roundoff.
func unitRoundoff<Scalar: NetworkScalar>(_ type: Scalar.Type) -> Double { Double(Scalar.ulpOfOne) / 2 }

/// k u / (1 - k u), the relative bound of k roundings (Higham 2002, section 3.1).
func gamma(_ k: Int, _ u: Double) -> Double { Double(k) * u / (1 - Double(k) * u) }
