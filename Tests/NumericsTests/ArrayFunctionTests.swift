import Numerics
import Testing

/// Functions of arrays have the bits of those of single numbers.
@Suite struct ArrayFunctionTests {
  @Test func normalNumbersAreThoseOfSingleDraws() {
    let field = RandomField(seed: 3, purpose: .user)
    for counts in [[1], [2, 1, 4], [7, 0, 3, 129], [128], [300, 1]] {
      var (together, single) = (field.stream(1), field.stream(1))
      for count in counts {
        var numbers = [Double](repeating: 0, count: count + 1)
        numbers.withUnsafeMutableBufferPointer {
          if let target = $0.baseAddress { together.normals(to: target, count: count) }
        }
        #expect(numbers.dropLast().map(\.bitPattern) == (0..<count).map { _ in single.normal().bitPattern })
        #expect(numbers[count] == 0)
      }
      #expect(together.uniform() == single.uniform())
    }
  }

  @Test func exponentialsAndLogarithmsAreThoseOfSingleNumbers() {
    for count in 0..<20 {
      let arguments = (0..<count).map { Double($0) * 0.3 }
      var logarithms = arguments + [5]
      logarithms.withUnsafeMutableBufferPointer {
        if let pointer = $0.baseAddress { replaceByLogarithms(pointer, count: count) }
      }
      #expect(logarithms.map(\.bitPattern) == (arguments.map { logarithm($0) } + [5]).map(\.bitPattern))
      let exponents = (0..<count).map { Double($0 * $0) * 2.7 - 400 }
      var values = exponents + [5]
      values.withUnsafeMutableBufferPointer {
        if let pointer = $0.baseAddress { replaceByExponentials(pointer, count: count) }
      }
      #expect(values.map(\.bitPattern) == (exponents.map { exponential($0) } + [5]).map(\.bitPattern))
    }
  }
}
