import RunFiles

extension RunData {
  /// What a mean is over, where that is fewer than all: ` (222 of 300 members)`, ` (3 of 5 models)`; else nothing.
  ///
  /// - Parameters:
  ///   - name: A variable over levels and `dimensions`.
  ///   - place: Indices of `dimensions`.
  func partialText(_ name: String, _ dimensions: [String], level: Int, at place: [Int]) throws -> String {
    func count(_ name: String, _ dimensions: [String], at place: [Int]) throws -> Int? {
      let values = try column(name, dimensions, at: place)
      return level < values.count && values[level].isFinite ? Int(exactly: values[level].rounded()) : nil
    }
    var parts: [String] = []
    if let models, let own = self.name(of: .models(of: name)),
      let given = try count(own, dimensions, at: place), given < models
    {
      parts.append("\(given) of \(models) models")
    }
    if let own = self.name(of: .sampleSize(of: name)), find("count") != nil,
      let given = try count(own, dimensions, at: place), let all = try count("count", [], at: []), given < all
    {
      parts.append("\(given) of \(all) members")
    }
    return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
  }

  /// How many models means are over: `5 models`, or `3 to 5 of 5 models` where some gave none.
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
