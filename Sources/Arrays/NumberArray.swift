import Datasets
import Vocabulary

/// An array of numbers in a file, as a whole.
public struct NumberArray {
  private let source: any ArraySource

  /// Whether a file has one of numpy's formats.
  public static func isNumpy(_ path: String) -> Bool {
    guard let format = ArrayFile.Format(ofFile: path) else { return false }
    // Compressed files of other formats begin like compressed arrays.
    return format == .archive || format == .numpy && (try? NumpyFile.open(path)) != nil
  }

  /// Opens an array, and reads its header.
  ///
  /// - Throws: `DatasetError`, also where the elements are no numbers.
  public init(_ reference: ArrayReference) throws {
    source = try ArrayFile.open(reference)
    guard source.elementType != .text else {
      throw source.invalid(
        "the array is \(source.summary)", expected: "numbers", remedy: "choose an array of numbers")
    }
  }

  init(_ source: any ArraySource) { self.source = source }

  /// The sizes.
  public var shape: [Int] { source.shape }

  /// All elements, row-major. Whole numbers beyond 2^53 are rounded.
  ///
  /// - Throws: `DatasetError`.
  /// - Complexity: O(elements) in time and memory.
  public func numbers() throws -> [Double] {
    var result = [Double](repeating: 0, count: source.count)
    let shape = source.shape
    func place(_ index: Int) -> Int {
      source.isColumnMajor ? ArrayShape.rowMajorPlace(ofColumnMajor: index, in: shape) : index
    }
    try source.forEachChunk { first, chunk in
      switch chunk {
      case .bytes(let bytes): for (k, byte) in bytes.enumerated() { result[place(first + k)] = Double(byte) }
      case .numbers(let numbers): for (k, x) in numbers.enumerated() { result[place(first + k)] = x }
      case .texts: break
      }
    }
    return result
  }
}

/// What a file of arrays holds, for people.
public struct ArrayDescription {
  /// The array's name; empty of the only one of an `.npy` file.
  public var name: String
  /// Its type in numpy's words.
  public var type: String
  /// Its shape as numpy writes it.
  public var shape: String
  /// Its least and its largest number, or its first texts; what is wrong with it where it cannot be read.
  public var contents: String

  /// Describes all arrays of a file in one of numpy's formats.
  ///
  /// - Throws: `DatasetError` where the file itself cannot be read.
  /// - Complexity: O(elements).
  public static func all(of path: String) throws -> [ArrayDescription] {
    guard ArrayFile.Format(ofFile: path) == .archive else {
      return [describe("", try NumpyFile.open(path))]
    }
    let archive = try NumpyArchive(path: path)
    return archive.members.map { name, _ in
      do { return describe(name, try archive.array(named: name)) } catch {
        return ArrayDescription(name: name, type: "", shape: "", contents: "cannot be read: \(error)")
      }
    }
  }

  /// Whether a zip archive holds arrays; others do, too, such as PyTorch's models.
  public static func isArchiveOfArrays(_ path: String) -> Bool {
    guard let archive = try? NumpyArchive(path: path) else { return false }
    return !archive.members.isEmpty
  }

  private static func describe(_ name: String, _ source: any ArraySource) -> ArrayDescription {
    var result = ArrayDescription(
      name: name, type: "\(source.elementType)",
      shape: ArrayShape.text(source.shape) + (source.isColumnMajor ? ", Fortran order" : ""), contents: "")
    do { result.contents = try contents(source) } catch { result.contents = "cannot be read: \(error)" }
    return result
  }

  private static func contents(_ source: any ArraySource) throws -> String {
    var (least, most, missing) = (Double.infinity, -Double.infinity, 0)
    var texts: [String] = []
    func add(_ x: Double) {
      if x.isNaN { missing += 1 } else { (least, most) = (min(least, x), max(most, x)) }
    }
    try source.forEachChunk { _, chunk in
      switch chunk {
      case .bytes(let bytes):
        if let low = bytes.min(), let high = bytes.max() {
          add(Double(low))
          add(Double(high))
        }
      case .numbers(let numbers): for x in numbers { add(x) }
      case .texts(let some):
        for text in some where texts.count < 6 && !texts.contains(text) { texts.append(text) }
      }
    }
    if source.elementType == .text {
      return texts.prefix(5).map { NumpyHeader.excerpt($0) }.joined(separator: ", ")
        + (texts.count > 5 ? ", ..." : "")
    }
    let range = least <= most ? "\(least.shortestText) to \(most.shortestText)" : "no numbers"
    return range + (missing > 0 ? ", \(missing) missing" : "")
  }
}
