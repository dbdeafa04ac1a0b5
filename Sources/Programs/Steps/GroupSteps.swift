import Numerics

/// Weighted sums over groups, in double precision.
struct SumStep<Scalar: GraphScalar> {
  let groups: Groups
  let weights: [Double]
  let place: StepPlace

  init(_ groups: Groups, _ weights: [Double], _ place: StepPlace) {
    self.groups = groups
    self.weights = weights
    self.place = place
  }

  func run(_ memory: ProgramMemory<Scalar>, _ range: RowRange) {
    let x = memory.rows(place.inputs[0], range.first)
    let y = memory.rows(place.output, range.first)
    groups.elements.withUnsafeBufferPointer { elements in
      for m in 0..<range.count {
        let (source, target) = (x.pointer + m * x.stride, y.pointer + m * y.stride)
        for g in 0..<groups.count {
          var sum = 0.0
          for k in Int(groups.starts[g])..<Int(groups.starts[g + 1]) {
            sum += Double(source[Int(elements[k])])
          }
          target[g] = Scalar(weights[g] * sum)
        }
      }
    }
  }
}

/// The largest element of each group; the first of those that are equal.
struct MaximumStep<Scalar: GraphScalar> {
  let groups: Groups
  let place: StepPlace

  func run(_ memory: ProgramMemory<Scalar>, _ range: RowRange) {
    let x = memory.rows(place.inputs[0], range.first)
    let y = memory.rows(place.output, range.first)
    groups.elements.withUnsafeBufferPointer { elements in
      for m in 0..<range.count {
        let (source, target) = (x.pointer + m * x.stride, y.pointer + m * y.stride)
        for g in 0..<groups.count {
          var best = -Scalar.infinity
          for k in Int(groups.starts[g])..<Int(groups.starts[g + 1]) {
            let value = source[Int(elements[k])]
            if value > best || value != value { best = value }
          }
          target[g] = best
        }
      }
    }
  }
}

/// (x - mean) / sqrt(variance + epsilon) over each group, then times the second input, plus the third one.
struct NormalizationStep<Scalar: GraphScalar> {
  let groups: Groups
  let epsilon: Double
  let place: StepPlace

  func run(_ memory: ProgramMemory<Scalar>, _ range: RowRange) {
    let x = memory.rows(place.inputs[0], range.first)
    let (scale, shift) = (memory.rows(place.inputs[1]).pointer, memory.rows(place.inputs[2]).pointer)
    let y = memory.rows(place.output, range.first)
    for m in 0..<range.count {
      let (source, target) = (x.pointer + m * x.stride, y.pointer + m * y.stride)
      for g in 0..<groups.count {
        let (mean, inverse) = moments(source, g)
        for k in Int(groups.starts[g])..<Int(groups.starts[g + 1]) {
          let i = Int(groups.elements[k])
          let value = (Double(source[i]) - mean) * inverse
          target[i] = Scalar(value * Double(scale[i]) + Double(shift[i]))
        }
      }
    }
  }

  /// The mean of a group, and 1 / sqrt(variance + epsilon).
  @inline(__always)
  func moments(_ x: UnsafePointer<Scalar>, _ g: Int) -> (mean: Double, inverse: Double) {
    let range = Int(groups.starts[g])..<Int(groups.starts[g + 1])
    var sum = 0.0
    for k in range { sum += Double(x[Int(groups.elements[k])]) }
    let mean = sum / Double(range.count)
    var squares = 0.0
    for k in range {
      let difference = Double(x[Int(groups.elements[k])]) - mean
      squares += difference * difference
    }
    return (mean, 1 / (squares / Double(range.count) + epsilon).squareRoot())
  }
}

/// e^x / sum e^x over each group.
struct SoftmaxStep<Scalar: GraphScalar> {
  let groups: Groups
  let place: StepPlace

  func run(_ memory: ProgramMemory<Scalar>, _ range: RowRange) {
    let x = memory.rows(place.inputs[0], range.first)
    let y = memory.rows(place.output, range.first)
    for m in 0..<range.count {
      let (source, target) = (x.pointer + m * x.stride, y.pointer + m * y.stride)
      for g in 0..<groups.count {
        let range = Int(groups.starts[g])..<Int(groups.starts[g + 1])
        var largest = -Double.infinity
        for k in range { largest = max(largest, Double(source[Int(groups.elements[k])])) }
        var sum = 0.0
        for k in range { sum += exponential(Double(source[Int(groups.elements[k])]) - largest) }
        for k in range {
          let i = Int(groups.elements[k])
          target[i] = Scalar(exponential(Double(source[i]) - largest) / sum)
        }
      }
    }
  }
}

/// Products of matrices that both depend on the member. Sums are in the order of the inner index.
struct MatricesStep<Scalar: GraphScalar> {
  let products: MatrixProducts
  let place: StepPlace

  func run(_ memory: ProgramMemory<Scalar>, _ range: RowRange) {
    let a = memory.rows(place.inputs[0], range.first)
    let b = memory.rows(place.inputs[1], range.first)
    let y = memory.rows(place.output, range.first)
    for m in 0..<range.count {
      let target = y.pointer + m * y.stride
      for i in 0..<place.count { target[i] = 0 }
      add(a.pointer + m * a.stride, b.pointer + m * b.stride, to: target)
    }
  }

  /// C += A B for each pair of matrices of a member.
  @inline(__always)
  func add(_ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>, to c: UnsafeMutablePointer<Scalar>) {
    let (rows, inner, columns) = (products.rows, products.inner, products.columns)
    for k in 0..<products.count {
      for i in 0..<rows {
        let target = c + (k * rows + i) * columns
        for l in 0..<inner {
          let factor = a[(k * rows + i) * inner + l]
          let row = b + (k * inner + l) * columns
          for j in 0..<columns { target[j] += factor * row[j] }
        }
      }
    }
  }
}
