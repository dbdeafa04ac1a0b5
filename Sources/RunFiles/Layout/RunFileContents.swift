import Observables

/// Numbers of variables and sizes of a run file's parts.
package struct RunFileContents: Sendable {
  /// Variables of the root.
  package var variables = 0.0
  /// Their values, uncompressed.
  package var bytes = 0.0
  /// Variables of the root of several models' averages.
  package var summaryVariables = 0.0
  /// Their values.
  package var summaryBytes = 0.0
  /// Variables of the groups.
  package var groupVariables = 0.0
  /// Their values.
  package var groupBytes = 0.0

  /// Of a file without variables.
  package init() {}

  /// What a variable takes beside its values: names, attributes, fill value, and where they are.
  package static let bytesPerVariable = 900.0

  /// Seconds of processor time to define and write a variable.
  package static let secondsPerVariable = 6e-4

  /// Memory of the NetCDF library while a file of so many variables is written: measured, about 12 MiB and
  /// 40 KiB per variable.
  package static func writingMemory(variables: Double) -> Double { 12 * 0x1p20 + 40 * 1024 * variables }

  /// The file's size.
  package var fileBytes: Double { bytes + groupBytes + Self.bytesPerVariable * (variables + groupVariables) }
}

extension RunLayout {
  /// What the file holds, by its sections.
  package var contents: RunFileContents {
    var result = RunFileContents()
    let parts = parts
    let root = parts.filter(\.group.isEmpty)
    let roles = Dictionary(root.flatMap(\.variables).map { ($0.name, $0.role) }) { first, _ in first }
    for part in parts {
      // Groups see the root's dimensions.
      let visible = (root + parts.filter { $0.group == part.group }).flatMap(\.dimensions)
      let lengths = Dictionary(visible.map { ($0.name, $0.length) }) { _, own in own }
      for variable in part.variables {
        let count = variable.dimensions.reduce(1.0) { $0 * Double(lengths[$1] ?? 0) }
        if part.group.isEmpty {
          let rule = SummaryRule(variable.role) { roles[$0] ?? .value }
          let hasSeries = rule.series.map { roles[$0] != nil } ?? true
          result.addToRoot(variable, count, hasSeries ? rule.variables(of: variable) : [])
        } else {
          result.groupVariables += 1
          result.groupBytes += count * variable.kind.bytes
        }
      }
    }
    return result
  }
}

extension RunLayout {
  /// Bytes of what is kept of the members during the run; 0 without the group. Initial states are made when the file is
  /// written.
  package var recordBytes: Double {
    var alone = self
    guard members != nil else { return 0 }
    alone.members?.initialStates = nil
    let all = alone.contents.groupBytes
    alone.members = nil
    return all - alone.contents.groupBytes
  }

  /// How many principal axes a run's file has: the first two or as many as observables ask for, where one does or
  /// latent states are written.
  package static func principalAxes(
    of observables: [String], hasLatentStates: Bool, latentDimension: Int
  ) -> Int {
    let components = observables.compactMap { PrincipalComponent.number(in: $0) }
    guard !components.isEmpty || hasLatentStates else { return 0 }
    return min(latentDimension, max(2, components.max() ?? 0))
  }
}

extension RunFileContents {
  fileprivate mutating func addToRoot(_ variable: RunVariable, _ count: Double, _ summary: [RunVariable]) {
    variables += 1
    bytes += count * variable.kind.bytes
    summaryVariables += Double(summary.count)
    summaryBytes += count * summary.reduce(0) { $0 + $1.kind.bytes }
  }
}

extension RunVariable.Kind {
  /// Bytes of a value; a text is a reference to about as many bytes again.
  var bytes: Double {
    switch self {
    case .real, .wide: 8
    case .single, .integer: 4
    case .text: 16
    }
  }
}
