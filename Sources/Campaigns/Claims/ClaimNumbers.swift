import Expressions
import Output
import RunFiles
import Scenarios
import Summaries
import Vocabulary

/// Where an estimate is read: a level of a run.
struct ClaimPlace: Hashable {
  /// Nil for the scenario itself.
  var control: Control?
  /// The point of the sweep.
  var point: Int
  /// The model.
  var replica: Int
  /// The corruption level.
  var level: Double
}

/// The numbers of a campaign's runs that claims use. Each is read once.
final class ClaimNumbers {
  private struct Key: Hashable {
    var control: Control?
    var point: Int
    var replica: Int
    var name: String

    init(_ place: ClaimPlace, _ name: String) {
      (control, point, replica, self.name) = (place.control, place.point, place.replica, name)
    }
  }

  private let sweep: [SweptKey]
  private let readers: RunFileReaders
  private let variables: [String: String]
  private let files: (Control?) -> [[String?]]
  /// By level, of each run; nil for a run that failed.
  private var series: [Key: [Double: ClaimSeries]?] = [:]
  private var numbers: [Key: [Double: ClaimNumber]?] = [:]

  init(
    _ scenario: Scenario, _ readers: RunFileReaders, files: @escaping (Control?) -> [[String?]]
  ) {
    sweep = scenario.sweep
    variables = ClaimNames.variables(scenario)
    self.readers = readers
    self.files = files
  }

  /// The file of a run; nil if it failed.
  private func file(of place: ClaimPlace) -> String? {
    let runs = files(place.control)
    guard runs.indices.contains(place.point), runs[place.point].indices.contains(place.replica) else {
      return nil
    }
    return runs[place.point][place.replica]
  }

  /// The value of an expression of one part.
  func value(_ expression: ClaimExpression, at place: ClaimPlace) throws -> ClaimResult.Estimate {
    do {
      for (place, reading) in try expression.readings(at: place, moved: moved) {
        try load(reading, at: place)
      }
    } catch let missing as MissingNumber { return .failure(missing) }
    return Result { () throws(MissingNumber) in
      try expression.value(at: place, moved: moved, number: number, series: series)
    }
  }

  /// The place where a condition holds, beginning at another one.
  private func moved(
    _ place: ClaimPlace, _ condition: ClaimExpression.Condition
  ) throws(MissingNumber) -> ClaimPlace {
    var result = place
    switch condition {
    case .level(let level): result.level = level
    case .control(let control): result.control = control
    case .swept(let key, let value):
      let shape = RowMajorShape(sweep.map(\.values.count))
      guard let axis = sweep.firstIndex(where: { $0.key == key }), let k = sweep[axis].index(ofWritten: value)
      else { throw MissingNumber("no run has \(key) = \(value)") }
      var indices = shape.indices(of: place.point)
      indices[axis] = k
      result.point = shape.number(of: indices)
    }
    return result
  }

  /// Reads what is not known yet.
  private func load(_ reading: ClaimReading, at place: ClaimPlace) throws {
    let newSeries = reading.series.filter { series[Key(place, $0)] == nil }
    let newNumbers = reading.numbers.filter { numbers[Key(place, $0)] == nil }
    guard !newSeries.isEmpty || !newNumbers.isEmpty else { return }
    guard let file = file(of: place) else {
      for name in newSeries { series[Key(place, name)] = .some(nil) }
      for name in newNumbers { numbers[Key(place, name)] = .some(nil) }
      return
    }
    let data = try ClaimData(
      try readers.reader(of: file), sweep: sweep, index: place.point, variables: variables)
    func byLevel<Value>(_ values: [Value]) -> [Double: Value] {
      Dictionary(zip(data.levels, values), uniquingKeysWith: { first, _ in first })
    }
    for name in newSeries { series[Key(place, name)] = byLevel(try data.series(name)) }
    for name in newNumbers { numbers[Key(place, name)] = byLevel(try data.numbers(name)) }
  }

  private func number(_ name: String, _ place: ClaimPlace) throws(MissingNumber) -> ClaimNumber {
    guard let known = numbers[Key(place, name)] ?? nil else { throw MissingNumber("a run failed") }
    guard let number = known[place.level] else { throw MissingNumber("no such level") }
    return number
  }

  private func series(_ name: String, _ place: ClaimPlace) throws(MissingNumber) -> ClaimSeries {
    guard let known = series[Key(place, name)] ?? nil else { throw MissingNumber("a run failed") }
    guard let found = known[place.level] else { throw MissingNumber("no such level") }
    return found
  }
}

extension SweptKey {
  /// The place of a value as an estimate writes it; nil if the key has no such value.
  func index(ofWritten value: String) -> Int? {
    func plain(_ text: String) -> String { text.filter { !$0.isWhitespace && $0 != "\"" } }
    return values.firstIndex { plain($0) == plain(value) }
      ?? Double(value).flatMap { number in values.firstIndex { Double($0) == number } }
  }
}

/// The file of one run, of which claims use numbers.
struct ClaimData {
  private let reader: NetCDFReader
  private let roles: VariableRoles
  private let swept: [String: Double]
  /// The variable of each averaged series, by its name in claims.
  private let variables: [String: String]
  /// The run's corruption levels.
  let levels: [Double]

  /// - Parameter variables: The variable of each averaged series, by its name in claims.
  init(
    _ reader: NetCDFReader, sweep: [SweptKey], index: Int, variables: [String: String]
  ) throws {
    self.reader = reader
    self.variables = variables
    roles = VariableRoles(reader.root)
    levels = try reader.variable("level").readDoubles()
    var values: [String: Double] = [:]
    for (key, place) in zip(sweep, RowMajorShape(sweep.map(\.values.count)).indices(of: index)) {
      values[key.key] = Double(key.values[place])
    }
    swept = values
  }

  /// Whether an expression names a variable that comes back to a tolerance only.
  func isToTolerance(_ expression: ClaimExpression) -> Bool {
    let names = expression.names
    let paths =
      names.series.map { variables[$0] ?? AveragedObservable.variableName($0) }
      + names.numbers.map(AveragedObservable.variableName)
    return paths.contains { path in
      (try? reader.variable(path)).map { Reproducibility($0.attributes) == .tolerance } ?? false
    }
  }

  /// An average over time at each level.
  func series(_ name: String) throws -> [ClaimSeries] {
    let variable = variables[name] ?? AveragedObservable.variableName(name)
    let means = try reader.variable(variable).readDoubles()
    let times = means.count / max(levels.count, 1)
    let counts = try counts(of: variable)
    return levels.indices.map { l in
      let range = l * times..<(l + 1) * times
      return ClaimSeries(Array(means[range]), memberCounts: counts.map { Array($0[range]) } ?? [])
    }
  }

  /// A number at each level.
  func numbers(_ name: String) throws -> [ClaimNumber] {
    if name == "level" { return levels.map { ClaimNumber($0) } }
    if let value = swept[name] { return levels.map { _ in ClaimNumber(value) } }
    let path = AveragedObservable.variableName(name)
    guard let variable = try? reader.variable(path) else { return levels.map { _ in ClaimNumber(.nan) } }
    // -1 stands for none in integers.
    let values = try variable.readDoubles().map { variable.type.isInteger && $0 < 0 ? .nan : $0 }
    if variable.dimensions.isEmpty { return levels.map { _ in ClaimNumber(values[0]) } }
    let counts = try counts(of: path)
    return levels.indices.map { ClaimNumber(values[$0], isOfMembers: true, memberCount: counts?[$0]) }
  }

  /// How many members an average is over; nil where the file does not say.
  private func counts(of variable: String) throws -> [Int]? {
    try roles.name(of: .sampleSize(of: variable)).map { try reader.variable($0).readInts() }
  }
}
