import Dynamics

/// The members that are averaged together because of where they end.
public enum EndStatePart: String, Sendable, CaseIterable {
  case ownMemory = "own-memory"
  case memoryOfClass = "memory-of-class"
  case memoryOfOtherClass = "memory-of-other-class"
  case noMemory = "no-memory"
  /// Any of the first three.
  case memory

  /// The long name of an observable's average over these members.
  public func longName(of longName: String) -> String { "\(longName), \(words)" }

  /// The words of long names.
  private var words: String {
    switch self {
    case .ownMemory: "of members that end at their own memory"
    case .memoryOfClass: "of members that end at another memory of their class"
    case .memoryOfOtherClass: "of members that end at a memory of another class"
    case .noMemory: "of members that end at no memory"
    case .memory: "of members that end at a memory"
    }
  }

  /// Whether a member belongs to it.
  func contains(_ state: EndState) -> Bool {
    switch self {
    case .ownMemory: state == .ownMemory
    case .memoryOfClass: state == .memoryOfClass
    case .memoryOfOtherClass: state == .memoryOfOtherClass
    case .noMemory: state == .noMemory
    case .memory: state != .noMemory
    }
  }

  /// The name of an observable's average over these members.
  public func name(of observable: String) -> String { "\(observable)-ending-at-\(rawValue)" }

  /// The observable and the part that a name stands for; nil for a name without a part.
  public static func parts(of name: String) -> (observable: String, part: EndStatePart)? {
    for part in allCases {
      let ending = part.name(of: "")
      if name.hasSuffix(ending), name.count > ending.count {
        return (String(name.dropLast(ending.count)), part)
      }
    }
    return nil
  }
}

/// An observable of those members that end at some memories; missing for the others.
public struct EndStateSelection: PathReading {
  public let name: String
  public let longName: String
  /// The observable whose members are selected.
  public let base: any Observable
  private let part: EndStatePart

  /// Selects members of an observable.
  public init(_ base: any Observable, _ part: EndStatePart) {
    self.base = base
    self.part = part
    name = part.name(of: base.name)
    longName = part.longName(of: base.longName)
  }

  public var units: String { base.units }
  public var family: ObservableFamily { base.family }
  public var isIndicator: Bool { base.isIndicator }
  public var requiredFields: StateFields { base.requiredFields }

  public func measure(_ snapshot: Snapshot, into values: UnsafeMutablePointer<Double>) {
    base.measure(snapshot, into: values)
    let paths = snapshot.supplement as? PathSummaries
    for m in 0..<snapshot.count {
      let state = paths.flatMap { EndState(rawValue: Int($0.members.pointer[m].endState)) }
      if state.map(part.contains) != true { values[m] = .nan }
    }
  }
}
