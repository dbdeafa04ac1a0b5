/// The arithmetic of a claim's estimate. It consists of numbers of a run file, functions of the file's averaged
/// series, and the operations + - * / with parentheses.
///
///     approach(distance-concept) - approach(distance-sibling-concept)
///     1 - final(distance-training-sample) / final(distance-held-out)
///     beyond(linear, with(level = 0.4, at(2, distance-root)) - with(level = 0, at(2, distance-root)))
///
/// Names may contain hyphens, so a minus sign between names needs spaces around it.
public struct ClaimExpression: Sendable, Hashable {
  /// A function of an averaged series `<x(t)>` at one corruption level.
  public enum SeriesFunction: String, Sendable, CaseIterable {
    /// `1 - min_t <x(t)> / <x(0)>`.
    case approach
    /// `<x(0)>`.
    case initial
    /// `<x(T)>` at the last time.
    case final
    /// `min_t <x(t)>`.
    case minimum
    /// `max_t <x(t)>`.
    case maximum
    /// The first t of the minimum.
    case timeOfMinimum = "time-of-minimum"
    /// The first t of the maximum.
    case timeOfMaximum = "time-of-maximum"

    /// A few words that say what the function is.
    public var meaning: String {
      switch self {
      case .approach: "1 - min_t <x(t)> / <x(0)>"
      case .initial: "<x(0)>"
      case .final: "<x(T)>, at the last time"
      case .minimum: "min_t <x(t)>"
      case .maximum: "max_t <x(t)>"
      case .timeOfMinimum: "the first t of the minimum"
      case .timeOfMaximum: "the first t of the maximum"
      }
    }
  }

  /// A function of a single number.
  public enum NumberFunction: String, Sendable, CaseIterable {
    /// The natural logarithm.
    case ln
    /// The absolute value.
    case abs
    /// The square root.
    case sqrt

    /// A few words that say what the function is.
    public var meaning: String {
      switch self {
      case .ln: "the natural logarithm"
      case .abs: "the absolute value"
      case .sqrt: "the square root"
      }
    }
  }

  /// A function of an averaged series and a time.
  public enum TimeFunction: String, Sendable, CaseIterable {
    /// `<x(T)>`.
    case at
    /// `<x(T)> - <x(0)>`.
    case change

    /// A few words that say what the function is.
    public var meaning: String {
      switch self {
      case .at: "<x(T)>"
      case .change: "<x(T)> - <x(0)>"
      }
    }
  }

  /// A function of a condition and an expression, which reads the expression where the condition holds.
  public enum PlaceFunction: String, Sendable, CaseIterable {
    /// The expression where the condition holds.
    case with
    /// The expression minus the same where the condition holds.
    case beyond

    /// A few words that say what the function is.
    public var meaning: String {
      switch self {
      case .with: "E where the condition holds"
      case .beyond: "E - with(CONDITION, E)"
      }
    }
  }

  /// Where a part of an expression is read, in the place of where the claim is judged.
  public enum Condition: Sendable, Hashable {
    /// At that corruption level.
    case level(Double)
    /// At the points of a sweep where the key has that value, as it is written.
    case swept(key: String, value: String)
    /// In the run of a control with the same replica.
    case control(Control)
  }

  /// The word for estimates of several parts, all of which have to hold.
  public static let conjunction = "both"

  package indirect enum Node: Sendable, Hashable {
    case number(Double)
    case name(String)
    case series(SeriesFunction, String)
    case at(time: Int, String)
    case with(Condition, Node)
    case function(NumberFunction, Node)
    case negative(Node)
    case operation(Character, Node, Node)
  }

  /// One part, or those of `both(...)`.
  package let roots: [Node]
  /// The text of the expression.
  public let text: String

  /// The reason why a text is not an expression.
  package struct Refusal: Error { package var problem: String }

  /// Reads an expression. Throws if the text is not one.
  package init(_ text: String) throws(Refusal) {
    self.text = text
    guard text.utf8.count <= 2000 else { throw Refusal(problem: "longer than 2000 letters") }
    var parser = try ExpressionParser(text)
    roots = try parser.parts()
    if let rest = parser.peek() { throw Refusal(problem: "'\(rest)' is one too many") }
  }

  init(roots: [Node], text: String) {
    self.roots = roots
    self.text = text
  }

  /// The parts that all have to hold; the expression itself where there is one.
  package var parts: [ClaimExpression] {
    roots.count == 1 ? [self] : roots.map { ClaimExpression(roots: [$0], text: text) }
  }

  /// The names of series and of single numbers in the expression.
  package var names: (series: Set<String>, numbers: Set<String>) {
    var series: Set<String> = []
    var numbers: Set<String> = []
    func visit(_ node: Node) {
      switch node {
      case .number: break
      case .name(let name): numbers.insert(name)
      case .series(_, let name), .at(_, let name): series.insert(name)
      case .function(_, let inner), .negative(let inner), .with(_, let inner): visit(inner)
      case .operation(_, let a, let b):
        visit(a)
        visit(b)
      }
    }
    for root in roots { visit(root) }
    return (series, numbers)
  }

  /// The conditions under which parts of the expression are read.
  package var conditions: Set<Condition> {
    var result: Set<Condition> = []
    func visit(_ node: Node) {
      switch node {
      case .number, .name, .series, .at: break
      case .function(_, let inner), .negative(let inner): visit(inner)
      case .with(let condition, let inner):
        result.insert(condition)
        visit(inner)
      case .operation(_, let a, let b):
        visit(a)
        visit(b)
      }
    }
    for root in roots { visit(root) }
    return result
  }

  /// The controls whose runs the expression reads.
  package var controls: Set<Control> {
    Set(
      conditions.compactMap { condition in
        if case .control(let control) = condition { control } else { nil }
      })
  }

  /// The last time that the expression asks for by its number; nil if it asks for none.
  package var latestTime: Int? {
    func latest(_ node: Node) -> Int? {
      switch node {
      case .number, .name, .series: nil
      case .at(let time, _): time
      case .function(_, let inner), .negative(let inner), .with(_, let inner): latest(inner)
      case .operation(_, let a, let b): [latest(a), latest(b)].compactMap { $0 }.max()
      }
    }
    return roots.compactMap(latest).max()
  }

  /// Whether everything that the expression reads is read under a condition of that kind, so that its value is the same
  /// wherever else the claim is judged.
  package func isFixed(_ isOfKind: (Condition) -> Bool) -> Bool {
    func isFixed(_ node: Node) -> Bool {
      switch node {
      case .number: true
      case .name, .series, .at: false
      case .with(let condition, let inner): isOfKind(condition) || isFixed(inner)
      case .function(_, let inner), .negative(let inner): isFixed(inner)
      case .operation(_, let a, let b): isFixed(a) && isFixed(b)
      }
    }
    return roots.allSatisfy(isFixed)
  }

  /// The same expression with parts replaced, wherever `replace` returns another node. `note` is appended to the
  /// text.
  package func replacing(_ note: String, _ replace: (Node) -> Node?) -> ClaimExpression {
    func visit(_ node: Node) -> Node {
      if let other = replace(node) { return other }
      switch node {
      case .number, .name, .series, .at: return node
      case .with(let condition, let inner): return .with(condition, visit(inner))
      case .function(let function, let inner): return .function(function, visit(inner))
      case .negative(let inner): return .negative(visit(inner))
      case .operation(let sign, let a, let b): return .operation(sign, visit(a), visit(b))
      }
    }
    return ClaimExpression(roots: roots.map(visit), text: "\(text) (\(note))")
  }
}
