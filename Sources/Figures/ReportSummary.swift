import Drawing
import Output

/// The tables of a report.
extension Report {
  /// The largest number of rows of a table, except for averages.
  private static let mostRows = 2000
  /// The largest number of cells of all tables of averages.
  private static let mostCells = 12_000
  /// The largest number of levels in a table of averages.
  private static let mostLevels = 12

  mutating func addSummary() throws {
    page.section("summary", "Summary")
    page.definitions(facts())
    try addVerdicts()
    try addModels()
    try addApproaches()
    try addChanges()
    try addAttractorNumbers()
    try addAverages()
    page.add("</section>")
  }

  /// What the run is, in a few lines.
  private func facts() -> [(String, String)] {
    let counts = (try? data.values("count", ["level"])) ?? []
    var facts: [(String, String)] = []
    let members = counts.reduce(0, +)
    let place = data.sweep.isEmpty ? "" : ", at \(data.pointText)"
    if members > 0 {
      facts.append(("Members", "\(short(members)) in all, \(countText(counts)) per level\(place)"))
    }
    if let last = ((try? data.times()) ?? []).last { facts.append(("Steps", short(last))) }
    facts.append((data.longName("level").capitalizedFirst, Self.list(data.levels.map(short))))
    // For a sweep, a table shows these numbers at every point.
    for (name, words) in [("negative_elbo_train", "training"), ("negative_elbo_test", "test")] {
      guard data.sweep.isEmpty, data.find(name) != nil, let value = try? data.values(name, []),
        let mean = value.first
      else {
        continue
      }
      let error = data.name(of: .standardError(of: name)).flatMap { try? data.values($0, []) }
      facts.append(
        ("Negative ELBO, \(words) set", "\(meanText(mean, error?.first ?? .nan)) nats per item"))
    }
    if let clusters = try? data.clusterText() { facts.append(("Concepts", clusters)) }
    let diverged = ((try? data.values("diverged_count", ["level"])) ?? []).reduce(0, +)
    if diverged > 0 {
      facts.append(
        (
          "Diverged members",
          "\(short(diverged))\(place); averages leave them out from then on, approaches at all times"
        ))
    }
    for axis in data.sweep { facts.append(("Swept: \(axis.key)", Self.list(axis.labels))) }
    if !data.sweep.isEmpty { facts.append(("Figures of one point show", data.pointText)) }
    if let models = data.models {
      facts.append(
        ("Models", "\(models), trained from different seeds: tables and figures show averages over them"))
    }
    if !data.replicas.isEmpty {
      facts.append((data.replica == nil ? "Shown, where one model is" : "Shown", data.replicaText))
    }
    return facts
  }

  /// Values one after another. If there are many, only some are listed, with the number of all.
  private static func list(_ values: [String]) -> String {
    let most = 50
    let shown = values.prefix(most).joined(separator: ", ")
    return values.count > most ? "\(shown) and \(values.count - most) more (\(values.count) in all)" : shown
  }

  // MARK: Claims

  /// Adds the claims' verdicts: first counts over all entries, then all entries, folded by group.
  private mutating func addVerdicts() throws {
    let claims = try data.claimTables(limit: Self.mostRows)
    guard !claims.isEmpty else { return }
    page.heading("Verdicts")
    let counts = claims.map { ClaimTable.counts($0.verdicts) }
    var rows = zip(claims, counts).map { claim, counts in
      HTMLPage.Row(cells: [claim.name] + counts.map(String.init) + [String(claim.verdicts.count)])
    }
    if claims.count > 1 {
      let sums = RunData.verdictWords.indices.map { k in counts.map { $0[k] }.reduce(0, +) }
      rows.append(
        HTMLPage.Row(
          cells: ["all claims"] + (sums + [claims.map(\.verdicts.count).reduce(0, +)]).map(String.init),
          style: "sum"))
    }
    page.table("Verdicts, counted", ["claim"] + RunData.verdictWords + ["verdicts"], rows)
    for claim in claims { add(claim) }
  }

  private mutating func add(_ claim: ClaimTable) {
    page.heading("Claim \(claim.name)")
    // The heading already contains the name.
    page.paragraph(claim.caption)
    if let command = claim.command(data.fileName) {
      page.paragraph("\(claim.rows.count) of \(claim.size) entries are shown, evenly chosen; all: \(command)")
    }
    let header = [claim.axes.last ?? "entry"] + claim.columns
    let groups = claim.groups
    for group in groups {
      let rows = group.rows.map { row in
        HTMLPage.Row(cells: [row.labels.last ?? "all"] + row.cells)
      }
      let name = "Claim \(claim.name)\(group.title.isEmpty ? "" : ", \(group.title)")"
      if groups.count == 1, rows.count <= 12 {
        page.table(name, header, rows)
        continue
      }
      let counts = Self.words(ClaimTable.counts(group.rows.map(\.verdict)))
      let title = group.title.isEmpty ? "All entries" : group.title
      page.fold("\(title): \(counts), of \(rows.count)", isOpen: false) { $0.table(name, header, rows) }
    }
  }

  /// Counts of verdicts in words: `12 supported, 3 refuted, 21 undecided`.
  private static func words(_ counts: [Int]) -> String {
    zip(counts, RunData.verdictWords).map { "\($0) \($1)" }.joined(separator: ", ")
  }

  /// Adds a table of the models of a sweep, with one row per point.
  private mutating func addModels() throws {
    guard !data.sweep.isEmpty, let models = try data.modelTable(limit: Self.mostRows) else { return }
    page.heading("Models")
    page.paragraph("\(models.errors.capitalizedFirst).\(models.note.isEmpty ? "" : " ")\(models.note)")
    let keys = data.sweep.count
    let header = [models.header.prefix(keys).joined(separator: ", ")] + models.header.dropFirst(keys)
    page.table(
      "Models", header,
      models.rows.map { row in
        HTMLPage.Row(cells: [row.prefix(keys).joined(separator: ", ")] + row.dropFirst(keys))
      })
  }

  // MARK: Approaches

  /// Adds a table per point of the sweep. If there are several, they are folded.
  private mutating func addPoints(
    _ heading: String, _ caption: String, _ header: [String], _ variables: [String], limit: Int,
    rows: (RunData) throws -> [HTMLPage.Row]?
  ) throws {
    let (points, all) = data.sweepPoints(limit: limit)
    let read = try points.compactMap { point in try rows(point.data).map { (point: point, rows: $0) } }
    guard !read.isEmpty else { return }
    page.heading(heading)
    page.paragraph(caption + data.pointsNote(points.count, of: all, variables))
    for (point, rows) in read {
      let place = point.data.pointText
      let name = place.isEmpty ? heading : "\(heading), \(place)"
      if read.count == 1 {
        page.table(name, header, rows)
      } else {
        page.fold(place, isOpen: false) { $0.table(name, header, rows) }
      }
    }
  }

  private mutating func addApproaches() throws {
    try addPoints(
      "Approach to the own concept",
      "1 - closest / start of the mean distance."
        + " \(data.errorText("Intervals", items: RunData.approachBars)). An effect that the controls show too is no approach to the concept.",
      ["level", "approach", "95 %", "sibling's (control)", "shuffled (control)"],
      ["approach", "approach_sibling", "approach_shuffled"],
      limit: max(Self.mostRows / max(data.levels.count, 1), 1)
    ) { point in
      guard let approaches = try point.conceptApproaches() else { return nil }
      return point.levels.indices.map { l in
        HTMLPage.Row(cells: [
          short(point.levels[l]), threeDecimals(approaches.own[l]) + approaches.partial[l],
          intervalText(approaches.lower[l], approaches.upper[l]),
          threeDecimals(approaches.sibling[l]), threeDecimals(approaches.shuffled[l]),
        ])
      }
    }
  }

  private mutating func addChanges() throws {
    guard let times = try data.conceptChanges()?.times else { return }
    try addPoints(
      "Change of the distance to the own concept", data.changeCaption, ["level"] + times, ["approach_change"],
      limit: max(Self.mostRows / max(data.levels.count, 1), 1)
    ) { point in
      try point.conceptChanges().map { changes in
        zip(point.levels, changes.rows).map { HTMLPage.Row(cells: [short($0)] + $1) }
      }
    }
  }

  private mutating func addAttractorNumbers() throws {
    let header = data.attractorNumbers.map(\.words)
    guard !header.isEmpty else { return }
    try addPoints(
      "Attractors in numbers", data.attractorNumberCaption, ["level"] + header, ["attracting_sets"],
      limit: max(Self.mostRows / max(data.levels.count, 1), 1)
    ) { point in
      try point.attractorNumberRows().map { HTMLPage.Row(cells: $0) }
    }
  }

  // MARK: Averages

  private mutating func addAverages() throws {
    let times = try data.times()
    let last = times.count - 1
    let shown = data.shownLevels(Self.mostLevels)
    let most = 60
    let names = Array(data.averages.prefix(most))
    guard !names.isEmpty else { return }
    var left = ""
    if names.count < data.averages.count {
      left += " \(names.count) of \(data.averages.count) observables are shown (simulate inspect lists all)."
    }
    if shown.count < data.levels.count {
      left += " \(shown.count) of \(data.levels.count) levels are shown, evenly chosen."
    }
    let moments = last > 0 ? [0, last] : [0]
    let whose =
      data.models == nil
      ? "over members ± standard error over items" : "over models ± standard error between models"
    try addPoints(
      "Averages", "Mean \(whose), at the first and the last time, per corruption level.\(left)",
      ["observable"] + shown.map { "level " + short(data.levels[$0]) }, names,
      limit: max(Self.mostCells / (names.count * moments.count * max(shown.count, 1)), 1)
    ) { point in
      var rows: [HTMLPage.Row] = []
      for name in names {
        let error = try point.existingName(of: .standardError(of: name))
        for time in moments {
          let mean = try point.column(name, ["time"], at: [time])
          let errors = try point.column(error, ["time"], at: [time])
          let partial = try point.partialTexts(name, ["time"], at: [time])
          rows.append(
            HTMLPage.Row(
              cells: ["\(point.spoken(name)) [\(point.units(name))], t = \(short(times[time]))"]
                + shown.map { meanText(mean[$0], errors[$0]) + partial[$0] }))
        }
      }
      return rows
    }
  }
}
