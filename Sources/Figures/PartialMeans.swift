import Drawing
import RunFiles

extension RunData {
  /// What a mean is over at each level, if that is fewer than all: ` (222 of 300 members)`, ` (3 of 5 models)`;
  /// otherwise an empty text.
  ///
  /// - Parameters:
  ///   - name: A variable over levels and `dimensions`.
  ///   - place: The indices along `dimensions`.
  func partialTexts(_ name: String, _ dimensions: [String], at place: [Int]) throws -> [String] {
    func counts(_ name: String, _ dimensions: [String], at place: [Int]) throws -> [Int?] {
      try column(name, dimensions, at: place).map { $0.isFinite ? Int(exactly: $0.rounded()) : nil }
    }
    var parts = levels.map { _ in [String]() }
    func add(_ given: [Int?], of all: [Int?], _ what: String) {
      for level in levels.indices {
        guard level < given.count, level < all.count, let some = given[level], let every = all[level],
          some < every
        else { continue }
        parts[level].append("\(some) of \(every) \(what)")
      }
    }
    if let models, let own = self.name(of: .models(of: name)) {
      add(try counts(own, dimensions, at: place), of: levels.map { _ in models }, "models")
    }
    if let own = self.name(of: .sampleSize(of: name)), find("count") != nil {
      add(try counts(own, dimensions, at: place), of: try counts("count", [], at: []), "members")
    }
    return parts.map { $0.isEmpty ? "" : " (\($0.joined(separator: ", ")))" }
  }

  /// The number of models that means are over: `5 models`, or `3 to 5 of 5 models` if some gave no value.
  ///
  /// - Parameter names: Variables over levels and time.
  func modelsText(_ all: Int, _ names: [String], levels: [Int]) throws -> String {
    var counts: [Double] = []
    for name in names {
      guard let models = self.name(of: .models(of: name)) else { continue }
      for level in levels { counts += try row(models, ["time"], level: level).filter { $0 > 0 } }
    }
    guard let low = counts.min(), let high = counts.max(), low < Double(all) else { return "\(all) models" }
    return (low == high ? short(low) : "\(short(low)) to \(short(high))") + " of \(all) models"
  }
}
