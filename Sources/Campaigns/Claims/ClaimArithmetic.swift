import Expressions
import Foundation
import Numerics
import Scenarios

/// Why an estimate has no number, in a few words, which are the same for many models.
package struct MissingNumber: Error, Hashable, Sendable {
  /// Such as `square root of a negative number`.
  package var reason: String

  /// - Parameter reason: The words.
  package init(_ reason: String) { self.reason = reason }
}

/// A number of a run file that a claim names.
package struct ClaimNumber: Sendable {
  /// NaN where it is missing.
  package var value: Double
  /// Whether it comes from a level's members, unlike the level itself or a number of the model.
  package var isOfMembers: Bool
  /// How many members it is the mean of; nil if it is not a mean, or if the file does not say.
  package var memberCount: Int?

  /// A number, by default one that does not come from members.
  package init(_ value: Double, isOfMembers: Bool = false, memberCount: Int? = nil) {
    self.value = value
    self.isOfMembers = isOfMembers
    self.memberCount = memberCount
  }
}

/// An average over time that a claim names, at one level.
package struct ClaimSeries: Sendable {
  /// At each time; NaN where there is none.
  package var mean: [Double]
  /// How many members each is the mean of; empty if members change by definition, or if the file does not say.
  package var memberCounts: [Int]

  /// A series, by default without counts of members.
  package init(_ mean: [Double], memberCounts: [Int] = []) {
    self.mean = mean
    self.memberCounts = memberCounts
  }

  /// How many members there are at first: at t = 0, or at t = 1 if the observable has no value at t = 0.
  var firstCount: Int? { memberCounts.first { $0 > 0 } }

  /// Whether means at different times are over different members, for example because some diverge.
  var membersChange: Bool {
    memberCounts.drop { $0 == 0 }.contains { $0 != firstCount }
  }
}

extension ClaimExpression {
  /// The value, a finite number.
  ///
  /// Averages at different times are compared only if they are over the same members. If members diverge, the
  /// remaining ones may be nearer on average than all were, although none of them has moved.
  ///
  /// - Parameters:
  ///   - number: The value of a name.
  ///   - series: The averaged series of a name.
  /// - Throws: `MissingNumber` where there is none.
  package func value(
    number: (String) throws(MissingNumber) -> ClaimNumber,
    series: (String) throws(MissingNumber) -> ClaimSeries
  ) throws(MissingNumber) -> Double {
    let names = names
    var numbers: [String: ClaimNumber] = [:]
    for name in names.numbers { numbers[name] = try number(name) }
    var averages: [String: ClaimSeries] = [:]
    for name in names.series { averages[name] = try series(name) }
    try checkMembers(numbers, averages)
    return try value(of: root, numbers, averages)
  }

  /// Throws if averages that are compared are over different members.
  private func checkMembers(
    _ numbers: [String: ClaimNumber], _ averages: [String: ClaimSeries]
  ) throws(MissingNumber) {
    let functions = functions(in: root)
    let isOfOneTime =
      (functions == [.initial] || functions == [.final]) && !numbers.values.contains { $0.isOfMembers }
    for (name, average) in averages.sorted(by: { $0.key < $1.key }) {
      if !isOfOneTime, average.membersChange {
        throw MissingNumber(
          "\(name) is over fewer members at some times than at others, because some diverge or have none")
      }
      for (other, number) in numbers.sorted(by: { $0.key < $1.key }) {
        guard let count = number.memberCount, let first = average.firstCount, count < first else { continue }
        throw MissingNumber("\(other) is over fewer members than \(name), because some diverge or have none")
      }
    }
  }

  private func functions(in node: Node) -> Set<SeriesFunction> {
    switch node {
    case .number, .name: []
    case .series(let function, _): [function]
    case .function(_, let inner), .negative(let inner): functions(in: inner)
    case .operation(_, let first, let second): functions(in: first).union(functions(in: second))
    }
  }

  private func value(
    of node: Node, _ numbers: [String: ClaimNumber], _ averages: [String: ClaimSeries]
  ) throws(MissingNumber) -> Double {
    switch node {
    case .number(let x): return x
    case .name(let name):
      guard let x = numbers[name]?.value, x.isFinite else { throw MissingNumber("\(name) is missing") }
      return x
    case .series(let function, let name): return try function.value(of: averages[name]?.mean ?? [], name)
    case .function(let function, let inner):
      return try function.value(of: value(of: inner, numbers, averages))
    case .negative(let inner): return -(try value(of: inner, numbers, averages))
    case .operation(let sign, let first, let second):
      let a = try value(of: first, numbers, averages)
      let b = try value(of: second, numbers, averages)
      if sign == "/", b == 0 { throw MissingNumber("division by zero") }
      let result =
        switch sign {
        case "+": a + b
        case "-": a - b
        case "*": a * b
        default: a / b
        }
      guard result.isFinite else { throw MissingNumber("a number beyond the range of double precision") }
      return result
    }
  }
}

extension ClaimExpression.SeriesFunction {
  /// The value, if no mean that it needs is missing. The extrema skip missing means.
  fileprivate func value(of series: [Double], _ name: String) throws(MissingNumber) -> Double {
    let known = series.indices.filter { series[$0].isFinite }
    // The first of equal ones.
    let least = known.min { (series[$0], $0) < (series[$1], $1) }
    let most = known.min { (-series[$0], $0) < (-series[$1], $1) }
    guard let least, let most else { throw MissingNumber("\(name) is missing") }
    func mean(at time: Int, _ word: String) throws(MissingNumber) -> Double {
      guard series[time].isFinite else { throw MissingNumber("\(name) is missing at the \(word) time") }
      return series[time]
    }
    switch self {
    case .approach:
      let start = try mean(at: 0, "first")
      if start == 0 { throw MissingNumber("\(name) is 0 at the first time, so that it has no approach") }
      return 1 - series[least] / start
    case .initial: return try mean(at: 0, "first")
    case .final: return try mean(at: series.count - 1, "last")
    case .minimum: return series[least]
    case .maximum: return series[most]
    case .timeOfMinimum: return Double(least)
    case .timeOfMaximum: return Double(most)
    }
  }
}

extension ClaimExpression.NumberFunction {
  fileprivate func value(of x: Double) throws(MissingNumber) -> Double {
    switch self {
    case .ln:
      if x <= 0 { throw MissingNumber("logarithm of a number that is not positive") }
      return logarithm(x)
    case .abs: return Swift.abs(x)
    case .sqrt:
      if x < 0 { throw MissingNumber("square root of a negative number") }
      return x.squareRoot()
    }
  }
}
