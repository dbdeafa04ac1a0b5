import Datasets
import Output

/// Items that come from an array in a file.
struct ItemArray {
  let source: any ArraySource
  let shape: ItemShape
  let scale: SettledScale

  /// The number of items.
  var count: Int { source.shape[0] }

  /// Checks an array's type and shape.
  ///
  /// - Throws: `DatasetError`.
  init(
    _ source: any ArraySource, scale: ComponentScale, shape: [Int]?, channels: ItemShape.Channels
  ) throws {
    guard source.elementType != .text else {
      throw source.invalid(
        "the items are \(source.summary)", expected: "numbers", remedy: "choose an array of numbers")
    }
    self.source = source
    self.shape = try ItemShape(of: source, given: shape, channels: channels)
    self.scale = try SettledScale(scale, of: source)
    try checkMemory()
  }

  /// Whether components stay bytes in memory.
  private var staysBytes: Bool { source.elementType.isOneByte }

  private func checkMemory() throws {
    let width = staysBytes ? 1 : 4
    guard memoryIsAvailable(for: source.count, of: width) else {
      let gibibytes = Double(source.count) * Double(width) / 0x1p30
      throw source.invalid(
        "the items (\(source.summary)) take \(gibibytes.rounded()) GiB",
        expected: "items that fit into memory",
        remedy: staysBytes ? "save fewer of them" : "save fewer of them, or pictures as bytes (uint8)")
    }
  }

  /// Reads the items of each part.
  ///
  /// - Parameter parts: The items of each part, ascending; together each item at most once.
  /// - Returns: The items without classes: all of class 0.
  /// - Throws: `DatasetError`, which names the item and the component of a number that does not fit.
  /// - Complexity: O(elements) in time; memory for the items of the parts, once.
  func read(parts: [[Int]]) throws -> [ItemSplit] {
    var rowOfItem = [Int](repeating: -1, count: count)
    var partOfItem = [UInt8](repeating: 0, count: count)
    for (number, items) in parts.enumerated() {
      for (row, item) in items.enumerated() {
        rowOfItem[item] = row
        partOfItem[item] = UInt8(number)
      }
    }
    let places = ItemPlaces(
      count: count, dimension: shape.dimension, isColumnMajor: source.isColumnMajor,
      destinations: shape.destinations(isColumnMajor: source.isColumnMajor), rowOfItem: rowOfItem,
      partOfItem: partOfItem)
    return staysBytes ? try readBytes(parts, places) : try readNumbers(parts, places)
  }

  private func readBytes(_ parts: [[Int]], _ places: ItemPlaces) throws -> [ItemSplit] {
    let isTaken = (0..<256).map { scale.takes(Double($0)) }
    let takesAll = isTaken.allSatisfy { $0 }
    var codes = parts.map { [UInt8](repeating: 0, count: $0.count * shape.dimension) }
    try source.forEachChunk { first, chunk in
      guard case .bytes(let bytes) = chunk else { return }
      if !takesAll, let bad = bytes.firstIndex(where: { !isTaken[Int($0)] }) {
        throw try refusal(of: Double(bytes[bad]), at: first + bad, places)
      }
      places.scatter(bytes, first: first, into: &codes) { $0 }
    }
    // The division in single precision, as of IDX files: the same bits.
    let table = scale.bounds == 0...255 ? ItemSplit.greyLevels : scale.table
    return zip(parts, codes).map {
      ItemSplit(
        dimension: shape.dimension, codes: $1, values: table, classes: [Int32](repeating: 0, count: $0.count))
    }
  }

  private func readNumbers(_ parts: [[Int]], _ places: ItemPlaces) throws -> [ItemSplit] {
    var components = parts.map { [Float](repeating: 0, count: $0.count * shape.dimension) }
    try source.forEachChunk { first, chunk in
      guard case .numbers(let numbers) = chunk else { return }
      if let bad = numbers.firstIndex(where: { !scale.takes($0) }) {
        throw try refusal(of: numbers[bad], at: first + bad, places)
      }
      places.scatter(numbers, first: first, into: &components) { scale.component($0) }
    }
    return zip(parts, components).map {
      ItemSplit(dimension: shape.dimension, numbers: $1, classes: [Int32](repeating: 0, count: $0.count))
    }
  }

  private func refusal(
    of number: Double, at place: Int, _ places: ItemPlaces
  ) throws -> DatasetError {
    let (item, component) = places.itemAndComponent(place)
    let text = number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
    let isMissing = number.isNaN
    return source.invalid(
      "item \(item), component \(component) is \(isMissing ? "missing or not a number" : text)",
      expected: scale.expectation,
      remedy: isMissing
        ? "remove such items, or fill them in"
        : scale.bounds == nil ? "rescale the numbers" : try remedyForRange())
  }

  /// What to do where numbers leave the range: what it would have to be, and what serves numbers that are no grey levels.
  private func remedyForRange() throws -> String {
    let extent = try SettledScale.Extent(of: source, for: scale)
    let range = "[\(extent.least.shortestText), \(extent.most.shortestText)]"
    return
      "\(extent.outside) of \(source.count) numbers are outside; correct them, or write range: \(range), or for"
      + " numbers that are no grey levels range: none with standardize: true and model.likelihood: gaussian"
  }
}

/// Where the elements of an array go: which part, row and column.
struct ItemPlaces {
  let count: Int
  let dimension: Int
  let isColumnMajor: Bool
  /// The component of each place in a row of the array; nil: the same.
  let destinations: [Int]?
  /// The row of each item in its part; -1 where it is in none.
  let rowOfItem: [Int]
  let partOfItem: [UInt8]

  /// The item and the component of an element.
  func itemAndComponent(_ place: Int) -> (item: Int, component: Int) {
    let (item, column) =
      isColumnMajor ? (place % count, place / count) : (place / dimension, place % dimension)
    return (item, destinations?[column] ?? column)
  }

  /// Writes consecutive elements of the array, from the one of number `first`, to their places.
  func scatter<Element, Component>(
    _ elements: [Element], first: Int, into parts: inout [[Component]], _ convert: (Element) -> Component
  ) {
    var done = 0
    while done < elements.count {
      let place = first + done
      if isColumnMajor {
        let run = min(count - place % count, elements.count - done)
        scatterColumn(
          elements[done..<done + run], item: place % count, column: place / count, &parts, convert)
        done += run
      } else {
        let run = min(dimension - place % dimension, elements.count - done)
        scatterRow(
          elements[done..<done + run], item: place / dimension, column: place % dimension, &parts, convert)
        done += run
      }
    }
  }

  private func scatterRow<Element, Component>(
    _ elements: ArraySlice<Element>, item: Int, column: Int, _ parts: inout [[Component]],
    _ convert: (Element) -> Component
  ) {
    let row = rowOfItem[item]
    guard row >= 0 else { return }
    let base = row * dimension
    parts[Int(partOfItem[item])].withUnsafeMutableBufferPointer { target in
      if let destinations {
        for (k, element) in elements.enumerated() {
          target[base + destinations[column + k]] = convert(element)
        }
      } else {
        for (k, element) in elements.enumerated() { target[base + column + k] = convert(element) }
      }
    }
  }

  private func scatterColumn<Element, Component>(
    _ elements: ArraySlice<Element>, item: Int, column: Int, _ parts: inout [[Component]],
    _ convert: (Element) -> Component
  ) {
    let component = destinations?[column] ?? column
    for (k, element) in elements.enumerated() where rowOfItem[item + k] >= 0 {
      parts[Int(partOfItem[item + k])][rowOfItem[item + k] * dimension + component] = convert(element)
    }
  }
}
