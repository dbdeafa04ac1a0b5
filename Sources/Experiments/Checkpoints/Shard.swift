/// One of several equal parts of a run, computed by a process of its own.
public struct Shard: Codable, Sendable, Hashable, CustomStringConvertible {
  /// Which, from 1.
  public let number: Int
  /// How many there are.
  public let count: Int

  /// Part `number` of `count`; nil unless `1 <= number <= count`.
  public init?(_ number: Int, of count: Int) {
    guard number >= 1, number <= count else { return nil }
    self.number = number
    self.count = count
  }

  /// Reads a text such as `3/16`; nil if it is anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let number = parts[0], let count = parts[1] else { return nil }
    self.init(number, of: count)
  }

  /// As in `--shard 3/16`.
  public var description: String { "\(number)/\(count)" }

  /// The shard's file for a run file `RUN.nc`: `RUN.3-of-16.shard`; a name that ends in `.shard` stays.
  public func path(for output: String) -> String {
    if output.hasSuffix(".shard") { return output }
    let stem = output.hasSuffix(".nc") ? String(output.dropLast(3)) : output
    return "\(stem).\(number)-of-\(count).shard"
  }
}
