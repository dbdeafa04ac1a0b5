import Programs

/// Which position of the input meets which position of the output under each place of a kernel.
///
///     input position = output position * stride + place * dilation - padding
///
/// A transposed convolution has the same relation with input and output exchanged.
struct ConvolutionGeometry {
  /// Extents of the side that is sampled at every `stride`-th position: the output of a convolution or pooling, the
  /// input of a transposed convolution.
  var coarse: [Int]
  /// Extents of the other side.
  var fine: [Int]
  var kernel: [Int]
  var strides: [Int]
  var dilations: [Int]
  /// Padding in front.
  var padding: [Int]

  var coarseCount: Int { coarse.reduce(1, *) }
  var fineCount: Int { fine.reduce(1, *) }
  /// Places of the kernel.
  var places: Int { kernel.reduce(1, *) }

  /// For each coarse position, in row-major order, the fine position under each place; -1 in the padding.
  func table() -> [[Int]] {
    var result: [[Int]] = []
    result.reserveCapacity(coarseCount)
    let steps = memoryStrides(fine, Array(fine.indices))
    forEachIndex(coarse, order: Array(coarse.indices)) { position in
      var row: [Int] = []
      row.reserveCapacity(places)
      forEachIndex(kernel, order: Array(kernel.indices)) { place in
        var element = 0
        for axis in kernel.indices {
          let at = position[axis] * strides[axis] + place[axis] * dilations[axis] - padding[axis]
          guard (0..<fine[axis]).contains(at) else {
            row.append(-1)
            return
          }
          element += at * steps[axis]
        }
        row.append(element)
      }
      result.append(row)
    }
    return result
  }
}

extension NodeContext {
  /// The attributes that convolutions and poolings share.
  struct Window {
    var kernel: [Int]
    var strides: [Int]
    var dilations: [Int]
    /// In front, then at the end of each axis.
    var pads: [Int]
    var automatic: String
  }

  /// Reads the attributes, and checks them.
  ///
  /// - Parameters:
  ///   - kernel: The extents of the weights; nil: the attribute tells.
  ///   - rank: The number of axes beside batch and channels.
  func window(kernel: [Int]?, rank: Int) throws -> Window {
    let window = Window(
      kernel: kernel ?? integers("kernel_shape") ?? [],
      strides: integers("strides") ?? Array(repeating: 1, count: rank),
      dilations: integers("dilations") ?? Array(repeating: 1, count: rank),
      pads: integers("pads") ?? Array(repeating: 0, count: 2 * rank),
      automatic: text("auto_pad", default: "NOTSET"))
    let limit = 1 << 20
    guard (1...3).contains(rank), window.kernel.count == rank, window.strides.count == rank,
      window.dilations.count == rank, window.pads.count == 2 * rank,
      window.kernel.allSatisfy({ (1...limit).contains($0) }),
      window.strides.allSatisfy({ (1...limit).contains($0) }),
      window.dilations.allSatisfy({ (1...limit).contains($0) }),
      window.pads.allSatisfy({ (-limit...limit).contains($0) }),
      integers("kernel_shape") == nil || integers("kernel_shape") == window.kernel
    else {
      throw refusal(
        "has a kernel, strides, dilations or pads that do not fit one to three axes", "export the model again"
      )
    }
    guard ["NOTSET", "", "VALID", "SAME_UPPER", "SAME_LOWER"].contains(window.automatic) else {
      throw refusal("has auto_pad '\(window.automatic)'", "export the model again")
    }
    return window
  }

  /// The geometry of a convolution or pooling.
  ///
  /// - Parameters:
  ///   - input: The extents of the input.
  ///   - roundsUp: Whether windows may end beyond the padding.
  func geometry(_ window: Window, input: [Int], roundsUp: Bool = false) throws -> ConvolutionGeometry {
    var (output, padding): ([Int], [Int]) = ([], [])
    for axis in input.indices {
      let (stride, extent) = (window.strides[axis], input[axis])
      let reach = window.dilations[axis] * (window.kernel[axis] - 1) + 1
      switch window.automatic {
      case "SAME_UPPER", "SAME_LOWER":
        let count = (extent + stride - 1) / stride
        let total = max((count - 1) * stride + reach - extent, 0)
        output.append(count)
        padding.append(window.automatic == "SAME_UPPER" ? total / 2 : total - total / 2)
      default:
        let isValid = window.automatic == "VALID"
        let front = isValid ? 0 : window.pads[axis]
        let whole = extent + front + (isValid ? 0 : window.pads[axis + input.count]) - reach
        guard whole >= 0 else {
          throw refusal(
            "has a kernel that is larger than its input \(input)", "export it for larger pictures")
        }
        var count = (roundsUp ? whole + stride - 1 : whole) / stride + 1
        // A window must begin within the input or the padding in front of it.
        if roundsUp, (count - 1) * stride >= extent + front { count -= 1 }
        output.append(count)
        padding.append(front)
      }
    }
    return try checked(
      ConvolutionGeometry(
        coarse: output, fine: input, kernel: window.kernel, strides: window.strides,
        dilations: window.dilations, padding: padding))
  }

  /// Counts the table of a geometry before it is made.
  func checked(_ geometry: ConvolutionGeometry) throws -> ConvolutionGeometry {
    let positions = try lowering.checkedCount(geometry.coarse, place)
    _ = try lowering.checkedCount(geometry.fine, place)
    let places = try lowering.checkedCount(geometry.kernel, place)
    let (entries, overflow) = positions.multipliedReportingOverflow(by: places)
    try lowering.spend(overflow ? Int.max : entries)
    return geometry
  }
}
