import Vocabulary
import Output
import RunFiles

/// How a variable of one file differs from that of the same path in another file.
public struct VariableDifference: Equatable, Sendable {
  /// What is different.
  public enum Kind: Equatable, Sendable {
    /// Only the first file has the variable.
    case additional
    /// Only the second file has the variable.
    case missing
    /// Types, dimensions or texts differ.
    case other(String)
    /// Numbers differ: the largest absolute difference (infinite where a number is missing in one file only) and the place.
    case numbers(largest: Double, at: [Int])
  }

  /// The variable's path.
  public let path: String
  /// What is different.
  public let kind: Kind

  /// Creates a difference.
  public init(path: String, kind: Kind) {
    self.path = path
    self.kind = kind
  }

  /// Compares a variable of two files.
  ///
  /// Numbers are compared part by part: the memory needed is bounded.
  ///
  /// - Returns: nil where all numbers or texts are equal.
  /// - Throws: `NetCDFError` where a file cannot be read.
  public init?(_ path: String, of own: NetCDFReader, from other: NetCDFReader) throws(NetCDFError) {
    switch (try? own.variable(path), try? other.variable(path)) {
    case (let own?, let other?):
      guard let kind = try Self.kind(own, other) else { return nil }
      self.init(path: path, kind: kind)
    case (.some, nil): self.init(path: path, kind: .additional)
    case (nil, .some): self.init(path: path, kind: .missing)
    case (nil, nil): return nil
    }
  }

  private static func kind(
    _ own: NetCDFReaderVariable, _ other: NetCDFReaderVariable
  ) throws(NetCDFError) -> Kind? {
    func dimensions(_ variable: NetCDFReaderVariable) -> String {
      "(" + variable.dimensions.map { "\($0.name) = \($0.length)" }.joined(separator: ", ") + ")"
    }
    guard dimensions(own) == dimensions(other) else {
      return .other("its dimensions are \(dimensions(own)), not \(dimensions(other))")
    }
    guard own.type == other.type else { return .other("its type is \(own.type), not \(other.type)") }
    guard own.type.isFloating || own.type.isInteger else {
      let (mine, theirs) = (try own.readStrings(), try other.readStrings())
      return zip(mine, theirs).first { $0 != $1 }.map { .other("\"\($0)\" is not \"\($1)\"") }
    }
    var found: (largest: Double, at: [Int])?
    for part in VariableParts(own.shape) {
      let mine = try own.readDoubles(start: part.start, count: part.count)
      let theirs = try other.readDoubles(start: part.start, count: part.count)
      for place in mine.indices where !areEqual(mine[place], theirs[place]) {
        let difference = abs(mine[place] - theirs[place])
        let size = difference.isNaN ? .infinity : difference
        if size > found?.largest ?? -1 {
          var indices = RowMajorShape(part.count).indices(of: place)
          if let row = part.start.first { indices[0] += row }
          found = (size, indices)
        }
      }
    }
    return found.map { .numbers(largest: $0.largest, at: $0.at) }
  }

  private static func areEqual(_ a: Double, _ b: Double) -> Bool {
    a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN)
  }
}

extension VariableDifference: CustomStringConvertible {
  /// One line.
  public var description: String {
    switch kind {
    case .additional: "\(path): it is not expected"
    case .missing: "\(path): it is missing"
    case .other(let words): "\(path): \(words)"
    case .numbers(let largest, let place):
      largest.isFinite
        ? "\(path): largest difference \(largest) at [\(Self.text(place))]"
        : "\(path): a number is missing in one file only, at [\(Self.text(place))]"
    }
  }

  private static func text(_ place: [Int]) -> String { place.map(String.init).joined(separator: ", ") }
}

extension VariableDifference {
  /// The variable of the largest difference among those that both files mark as reproducible to a tolerance.
  ///
  /// - Returns: nil where none differs.
  /// - Throws: `NetCDFError` where a file cannot be read.
  public static func largestToTolerance(
    _ own: NetCDFReader, _ other: NetCDFReader
  ) throws(NetCDFError) -> VariableDifference? {
    var largest: (size: Double, difference: VariableDifference)?
    func look(_ group: NetCDFReaderGroup) throws(NetCDFError) {
      for variable in group.variables where Reproducibility(variable.attributes) == .tolerance {
        guard let difference = try VariableDifference(variable.path, of: own, from: other),
          case .numbers(let size, _) = difference.kind, size > largest?.size ?? -1
        else { continue }
        largest = (size, difference)
      }
      for group in group.groups { try look(group) }
    }
    try look(own.root)
    return largest?.difference
  }
}
