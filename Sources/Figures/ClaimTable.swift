import Drawing
import Output
import RunFiles
import Vocabulary

/// A claim in words: the verdict, interval and controls of each entry.
struct ClaimTable {
  /// One entry.
  struct Row {
    /// A label for each of the claim's dimensions.
    var labels: [String]
    /// The verdict's flag.
    var verdict: Double
    /// The verdict, the estimate, and the controls' estimates.
    var cells: [String]
  }
  var name: String
  var caption: String
  /// The names of the entries' dimensions.
  var axes: [String]
  /// The headings of the rows' cells.
  var columns: [String]
  /// The rows that are shown.
  var rows: [Row]
  /// The number of all entries, shown or not.
  var size: Int
  /// All verdicts. Entries that are parts of one estimate share one.
  var verdicts: [Double]

  /// How often each verdict was given, in the order of `RunData.verdictWords`.
  static func counts(_ verdicts: [Double]) -> [Int] {
    RunData.verdictWords.indices.map { word in verdicts.count { $0 == Double(word) } }
  }

  /// The rows for each combination of values of all dimensions but the last.
  var groups: [(title: String, rows: [Row])] {
    var result: [(title: String, rows: [Row])] = []
    for row in rows {
      let title = zip(axes, row.labels).dropLast().map { "\($0) = \($1)" }.joined(separator: ", ")
      if result.last?.title == title {
        result[result.count - 1].rows.append(row)
      } else {
        result.append((title, [row]))
      }
    }
    return result
  }

  /// A command that writes all entries; nil if all are shown.
  func command(_ path: String) -> String? {
    guard rows.count < size else { return nil }
    let mean = ClaimLayout.Estimates(isControl: false, [])
    let names = ["verdict", mean.mean.name, mean.lower.name, mean.upper.name]
      .map { "claims/\(name)/\($0)" }.joined(separator: ",")
    return "simulate export \(path) --variables \(names)"
  }
}

extension RunData {
  /// One table per claim.
  ///
  /// - Parameter limit: The largest number of rows of a table. If there are more entries, some are evenly chosen.
  func claimTables(limit: Int) throws -> [ClaimTable] {
    try claims.map { group in
      let mean = try checked(group, ClaimLayout.Estimates(isControl: false, []).mean.name)
      let size = try claimSize(group)
      let verdicts = try checked(group, "verdict").readDoubles()
      guard verdicts.count >= size else { throw invalid(group.path, "is too short") }
      let controls = controls(of: group)
      let isListed = (1...(1 << 16)).contains(size)
      let axes = isListed ? try claimAxes(mean) : []
      let parts = Self.partCount(mean)
      func text(_ name: String) -> String { (try? group.attribute(name))?.text ?? "" }
      let (number, words) = claimNumber(group)
      let slope = text("against").isEmpty ? "" : ", slope against \(text("against"))"
      return ClaimTable(
        name: group.name,
        caption: "Claim \(group.name): \(text("statement")) Estimate: \(text("estimate"))\(slope); \(words)"
          + " \(short(number)); means over models with Student's 95 % intervals"
          + (words == "threshold" ? "." : ", corrected for the number of entries (Bonferroni)."),
        axes: axes.map(\.key),
        columns: ["verdict", "estimate"] + controls.map(Self.label),
        rows: isListed
          ? try claimRows(
            group, axes, controls.count, size: size, verdicts: verdicts, shown: evenly(size, limit),
            arePartsOfOne: parts > 1) : [],
        size: size, verdicts: stride(from: 0, to: size, by: parts).map { verdicts[$0] })
    }
  }

  /// The number of parts of an estimate, all of which have to hold. Their dimension is the last.
  private static func partCount(_ mean: NetCDFReaderVariable) -> Int {
    guard let last = mean.dimensions.last, last.name == ClaimLayout.part.name else { return 1 }
    return max(1, last.length)
  }

  private func claimRows(
    _ group: NetCDFReaderGroup, _ axes: [ClaimAxis], _ controls: Int, size: Int, verdicts: [Double],
    shown: [Int], arePartsOfOne: Bool
  ) throws -> [ClaimTable.Row] {
    func intervals(isControl: Bool, _ offset: Int = 0) throws -> [String] {
      let (mean, lower, upper) = try interval(group, isControl: isControl, offset, count: size)
      let models = try modelCounts(group, isControl: isControl, offset, count: size)
      return shown.map { k in
        let count = models.map { $0.given[k] < $0.all ? ", \($0.given[k]) of \($0.all) models" : "" } ?? ""
        return "\(short(mean[k])) (\(short(lower[k])) to \(short(upper[k]))\(count))"
      }
    }
    let own = try intervals(isControl: false)
    let others = try (0..<controls).map { try intervals(isControl: true, $0 * size) }
    let reasons = (try? group.variable("reason").readStrings()) ?? []
    let shape = RowMajorShape(axes.map(\.labels.count))
    return shown.indices.map { n in
      let k = shown[n]
      let verdict = word(verdicts[k])
      let isExplained = verdict != "supported" || group.variables.contains { $0.name == "sign" }
      let whole = arePartsOfOne ? "all parts together: " : ""
      let reason = reasons.count == size && isExplained ? " (\(whole)\(reasons[k]))" : ""
      return ClaimTable.Row(
        labels: zip(axes, shape.indices(of: k)).map { $0.labels[$1] }, verdict: verdicts[k],
        cells: [verdict + reason, own[n]] + others.map { $0[n] })
    }
  }
}
