import Numerics

/// How a shifted product is computed. All forms are exact; the cheapest one depends on the geometry alone, so that bits
/// do not depend on the processor.
package enum ShiftedForm {
  /// Each channel is a group of its own: parts are multiplied one after another.
  case channelwise
  /// Output positions with the same parts share a product of gathered rows. Nothing is multiplied by padding, and
  /// outputs are complete when they leave the kernel.
  case gathered([Product])
  /// Products at blocks of neighbouring input positions, added up at the output: good where there are few channels,
  /// which would leave most columns of a panel unused.
  case added(ShiftedProduct)

  /// The cheapest form.
  ///
  /// - Complexity: O(terms).
  package init(_ product: ShiftedProduct) {
    if product.isChannelwise {
      self = .channelwise
      return
    }
    var (best, form) = (product.costOfAdding, ShiftedForm.added(product))
    if product.groups == 1, product.channels <= 16 {
      for size in [2, 4, 8, 16] where product.inputPositions.isMultiple(of: size) {
        guard let blocks = product.inBlocks(of: size) else { break }
        if blocks.costOfAdding < best { (best, form) = (blocks.costOfAdding, .added(blocks)) }
      }
    }
    var cheapest: ShiftedProduct.RowClasses?
    for classes in product.rowClasses() {
      let cost = classes.cost(product)
      if cost < best { (best, cheapest) = (cost, classes) }
    }
    self = cheapest.map { .gathered($0.products(product)) } ?? form
  }
}

/// Costs are in cycles of a core that multiplies and adds 32 numbers in each.
private func panels(_ columns: Int) -> Double { Double((columns + 31) / 32) }

extension ShiftedProduct {
  /// The parts that meet at an output position, in the order of the input's positions.
  fileprivate func termsOf(_ position: Int) -> ArraySlice<Term> {
    terms[Int(starts[position])..<Int(starts[position + 1])]
  }

  fileprivate var outputPositions: Int { starts.count - 1 }

  /// Products are written and read again: 8 per row and panel; each term is a load and an addition per four channels.
  fileprivate var costOfAdding: Double {
    let rows = Double(groups * inputPositions) * panels(parts * channels)
    return rows * Double(inner + 8)
      + Double(groups) * (Double(terms.count) * Double(1 + (channels + 3) / 4) + Double(outputPositions))
  }

  // MARK: Blocks

  /// The same where `size` neighbouring input positions are one: a part of the new W is what such a block adds to an
  /// output position. Nil where that takes too many parts, or too large ones.
  ///
  /// Where the input is infinite, zeros of the new W make outputs that it does not reach undefined.
  fileprivate func inBlocks(of size: Int) -> ShiftedProduct? {
    let limit = min(
      4 * (parts * channels + 32) / channels, max(8 * weights.count, 1 << 20) / (channels * size * inner))
    var numbers: [[Int32]: Int32] = [:]
    var result = ShiftedProduct(
      inner: inner * size, channels: channels, groups: 1, parts: 0, weights: [], bias: bias,
      inputPositions: inputPositions / size)
    for p in 0..<outputPositions {
      var rest = termsOf(p)
      while let first = rest.first {
        let block = first.position / Int32(size)
        let these = rest.prefix { $0.position / Int32(size) == block }
        rest = rest.dropFirst(these.count)
        let key = these.map { ($0.position % Int32(size)) * Int32(parts) + $0.part }
        let number = numbers[key] ?? Int32(numbers.count)
        if numbers[key] == nil {
          guard numbers.count < limit else { return nil }
          numbers[key] = number
          result.weights += blockWeights(key, size)
        }
        result.terms.append(Term(position: block, part: number))
      }
      result.starts.append(Int32(result.terms.count))
    }
    result.parts = numbers.count
    return result
  }

  /// One part of a block's W, shape `[channels, size, inner]`.
  private func blockWeights(_ key: [Int32], _ size: Int) -> [Double] {
    var result = [Double](repeating: 0, count: channels * size * inner)
    for entry in key {
      let (place, part) = Int(entry).quotientAndRemainder(dividingBy: parts)
      for c in 0..<channels {
        for k in 0..<inner {
          result[(c * size + place) * inner + k] += weights[(part * channels + c) * inner + k]
        }
      }
    }
    return result
  }

  // MARK: Gathered rows

  /// Output positions in classes, each with the parts that its rows have room for.
  fileprivate struct RowClasses {
    /// The parts of each class, in the order of a row.
    var parts: [[Int32]]
    /// The class of each output position.
    var number: [Int32]
    /// Whether rows have exactly the parts of their class, so that there is no padding.
    var isExact = false
  }

  /// Three ways: positions with exactly the same parts; those whose parts another class has as well go there, with
  /// zeros for those that they do not have; one class with all parts.
  fileprivate func rowClasses() -> [RowClasses] {
    let all = RowClasses(
      parts: [(0..<Int32(parts)).map { $0 }], number: [Int32](repeating: 0, count: outputPositions))
    guard let exact = exactClasses() else { return [all] }
    var merged = RowClasses(parts: [], number: exact.number, isExact: false)
    var places = [Int32](repeating: 0, count: exact.parts.count)
    for k in exact.parts.indices.sorted(by: { exact.parts[$0].count > exact.parts[$1].count }) {
      let own = Set(exact.parts[k])
      let place = merged.parts.firstIndex { own.isSubset(of: $0) } ?? merged.parts.count
      if place == merged.parts.count { merged.parts.append(exact.parts[k]) }
      places[k] = Int32(place)
    }
    for p in merged.number.indices { merged.number[p] = places[Int(exact.number[p])] }
    return [exact, merged, all].filter { $0.weightCount(self) <= max(4 * weights.count, 1 << 16) }
  }

  /// Nil where there are many.
  private func exactClasses() -> RowClasses? {
    var numbers: [[Int32]: Int32] = [:]
    var result = RowClasses(parts: [], number: [], isExact: true)
    result.number.reserveCapacity(outputPositions)
    for p in 0..<outputPositions {
      let key = termsOf(p).map(\.part)
      let number = numbers[key] ?? Int32(numbers.count)
      if numbers[key] == nil {
        guard numbers.count < 64 else { return nil }
        numbers[key] = number
        result.parts.append(key)
      }
      result.number.append(number)
    }
    return result
  }
}

extension ShiftedProduct.RowClasses {
  func weightCount(_ product: ShiftedProduct) -> Int {
    parts.reduce(0) { $0 + $1.count } * product.groups * product.channels * product.inner
  }

  /// Outputs go to their places; pieces have to be found, 3 per run of neighbours, or where there is padding 1.5 per part.
  /// Short ones with padding are gathered, 6 per run and 8 numbers at once.
  func cost(_ product: ShiftedProduct) -> Double {
    var result = 0.0
    for p in number.indices {
      let inner = Double(parts[Int(number[p])].count * product.inner)
      var runs = 0
      var last: Int32 = -2
      for term in product.termsOf(p) {
        if product.groups > 1 || term.position != last + 1 { runs += 1 }
        last = term.position
      }
      result += (inner + 6) * panels(product.channels)
      if isExact {
        result += 3 * Double(runs)
      } else if product.inner >= 8 {
        result += 1.5 * Double(parts[Int(number[p])].count)
      } else {
        result += 6 * Double(runs) + inner / 8
      }
    }
    return Double(product.groups) * result
  }

  /// A product for each class, whose row r has the outputs at position `targets[r]`.
  func products(_ product: ShiftedProduct) -> [Product] {
    var positions = [[Int32]](repeating: [], count: parts.count)
    for (p, k) in number.enumerated() { positions[Int(k)].append(Int32(p)) }
    return zip(parts, positions).map { parts, positions in
      // Rows without parts have one weight, which is 0. W is [groups, channels, length].
      let inner = product.inner
      let length = max(parts.count * inner, 1)
      var weights = [Double](repeating: 0, count: product.groups * product.channels * length)
      for row in 0..<product.groups * product.channels {
        let (g, c) = row.quotientAndRemainder(dividingBy: product.channels)
        for (place, part) in parts.enumerated() {
          let source = ((g * product.parts + Int(part)) * product.channels + c) * inner
          for k in 0..<inner { weights[row * length + place * inner + k] = product.weights[source + k] }
        }
      }
      var result = Product(
        inner: length, columns: product.channels, weights: weights, bias: product.bias,
        rows: positions.count, groups: product.groups)
      result.patches = patches(product, parts, positions)
      result.targets = positions
      result.function = product.function
      return result
    }
  }

  /// What each row of a class is gathered from.
  private func patches(_ product: ShiftedProduct, _ parts: [Int32], _ positions: [Int32]) -> Patches {
    let inner = Int32(product.inner)
    var places = [Int32](repeating: 0, count: product.parts)
    for (place, part) in parts.enumerated() { places[Int(part)] = Int32(place) }
    var (starts, runs): ([Int32], [Patches.Run]) = ([0], [])
    for position in positions {
      let first = runs.count
      let terms = product.termsOf(Int(position)).sorted { places[Int($0.part)] < places[Int($1.part)] }
      for term in terms {
        let source = term.position * Int32(product.groups) * inner
        let target = places[Int(term.part)] * inner
        if product.groups == 1, runs.count > first, let last = runs.last,
          last.source + last.length == source, last.target + last.length == target
        {
          runs[runs.count - 1].length += inner
        } else {
          runs.append(Patches.Run(source: source, target: target, length: inner))
        }
      }
      starts.append(Int32(runs.count))
    }
    return Patches(starts: starts, runs: runs, groupStride: product.inner)
  }
}
