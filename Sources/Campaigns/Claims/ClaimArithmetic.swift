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

/// The names that an expression reads at one place, and when.
package struct ClaimReading: Sendable {
  /// When averages are read.
  package enum Time: Hashable, Sendable {
    case at(Int)
    case last
    case all
  }

  package var series: Set<String> = []
  package var numbers: Set<String> = []
  package var times: Set<Time> = []
}

extension ClaimExpression {
  /// What one part reads, by the place where it is read, in the order of the text.
  ///
  /// - Parameters:
  ///   - place: Where the claim is judged.
  ///   - moved: The place where a condition holds, beginning at another place.
  /// - Throws: `MissingNumber` where a condition holds nowhere.
  package func readings<Place: Hashable>(
    at place: Place, moved: (Place, Condition) throws(MissingNumber) -> Place
  ) throws(MissingNumber) -> [(place: Place, reading: ClaimReading)] {
    var result: [(place: Place, reading: ClaimReading)] = []
    for root in roots { try collect(root, at: place, moved, into: &result) }
    return result
  }

  private func collect<Place: Hashable>(
    _ node: Node, at place: Place, _ moved: (Place, Condition) throws(MissingNumber) -> Place,
    into result: inout [(place: Place, reading: ClaimReading)]
  ) throws(MissingNumber) {
    func note(_ change: (inout ClaimReading) -> Void) {
      let k = result.firstIndex { $0.place == place } ?? result.endIndex
      if k == result.endIndex { result.append((place, ClaimReading())) }
      change(&result[k].reading)
    }
    func note(_ name: String, _ time: ClaimReading.Time) {
      note {
        $0.series.insert(name)
        $0.times.insert(time)
      }
    }
    switch node {
    case .number: break
    case .name(let name): note { $0.numbers.insert(name) }
    case .series(let function, let name):
      note(name, function == .initial ? .at(0) : function == .final ? .last : .all)
    case .at(let time, let name): note(name, .at(time))
    case .with(let condition, let inner):
      try collect(inner, at: try moved(place, condition), moved, into: &result)
    case .function(_, let inner), .negative(let inner): try collect(inner, at: place, moved, into: &result)
    case .operation(_, let first, let second):
      try collect(first, at: place, moved, into: &result)
      try collect(second, at: place, moved, into: &result)
    }
  }

  /// The value, a finite number, of an expression of one part that names no other place.
  package func value(
    number: (String) throws(MissingNumber) -> ClaimNumber,
    series: (String) throws(MissingNumber) -> ClaimSeries
  ) throws(MissingNumber) -> Double {
    try value(
      at: 0, moved: { _, _ throws(MissingNumber) in throw MissingNumber("there is no other place") },
      number: { name, _ throws(MissingNumber) in try number(name) },
      series: { name, _ throws(MissingNumber) in try series(name) })
  }

  /// The value, a finite number, of an expression of one part.
  ///
  /// Averages at different times, or of different places, are compared only if each is over the same members at all times. If
  /// members diverge, the remaining ones may be nearer on average than all were, although none of them has moved.
  ///
  /// - Parameters:
  ///   - place: Where the claim is judged.
  ///   - moved: The place where a condition holds, beginning at another place.
  ///   - number: The value of a name at a place.
  ///   - series: The averaged series of a name at a place.
  /// - Throws: `MissingNumber` where there is none.
  package func value<Place: Hashable>(
    at place: Place, moved: (Place, Condition) throws(MissingNumber) -> Place,
    number: (String, Place) throws(MissingNumber) -> ClaimNumber,
    series: (String, Place) throws(MissingNumber) -> ClaimSeries
  ) throws(MissingNumber) -> Double {
    let readings = try readings(at: place, moved: moved)
    var known = KnownNumbers<Place>()
    for (place, reading) in readings {
      for name in reading.numbers.sorted() {
        known.numbers[place, default: [:]][name] = try number(name, place)
      }
      for name in reading.series.sorted() {
        known.series[place, default: [:]][name] = try series(name, place)
      }
    }
    for (place, reading) in readings {
      try Self.checkMembers(
        known.numbers[place] ?? [:], known.series[place] ?? [:], reading.times,
        isOnlyPlace: readings.count == 1)
    }
    return try value(of: roots[0], at: place, moved, known)
  }

  /// The numbers of all places.
  private struct KnownNumbers<Place: Hashable> {
    var numbers: [Place: [String: ClaimNumber]] = [:]
    var series: [Place: [String: ClaimSeries]] = [:]
  }

  /// Throws if averages that are compared are over different members.
  private static func checkMembers(
    _ numbers: [String: ClaimNumber], _ averages: [String: ClaimSeries], _ times: Set<ClaimReading.Time>,
    isOnlyPlace: Bool
  ) throws(MissingNumber) {
    let isOfOneTime =
      isOnlyPlace && times.count == 1 && !times.contains(.all)
      && !numbers.values.contains { $0.isOfMembers }
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

  private func value<Place: Hashable>(
    of node: Node, at place: Place, _ moved: (Place, Condition) throws(MissingNumber) -> Place,
    _ known: KnownNumbers<Place>
  ) throws(MissingNumber) -> Double {
    switch node {
    case .number(let x): return x
    case .name(let name):
      guard let x = known.numbers[place]?[name]?.value, x.isFinite else {
        throw MissingNumber("\(name) is missing")
      }
      return x
    case .series(let function, let name):
      return try function.value(of: known.series[place]?[name]?.mean ?? [], name)
    case .at(let time, let name):
      let series = known.series[place]?[name]?.mean ?? []
      guard time < series.count else {
        throw MissingNumber("\(name) ends at time \(series.count - 1), before \(time)")
      }
      guard series[time].isFinite else { throw MissingNumber("\(name) is missing at time \(time)") }
      return series[time]
    case .with(let condition, let inner):
      return try value(of: inner, at: try moved(place, condition), moved, known)
    case .function(let function, let inner):
      return try function.value(of: value(of: inner, at: place, moved, known))
    case .negative(let inner): return -(try value(of: inner, at: place, moved, known))
    case .operation(let sign, let first, let second):
      let a = try value(of: first, at: place, moved, known)
      let b = try value(of: second, at: place, moved, known)
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
