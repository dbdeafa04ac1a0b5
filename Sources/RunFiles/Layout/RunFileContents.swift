import Observables

/// The numbers of variables in a run file's parts, and the parts' sizes.
package struct RunFileContents: Sendable {
  /// The number of variables of the root.
  package var variables = 0.0
  /// The bytes of their values, uncompressed.
  package var bytes = 0.0
  /// The number of variables of the root of a file with several models' averages.
  package var summaryVariables = 0.0
  /// The bytes of their values.
  package var summaryBytes = 0.0
  /// The number of variables of the groups.
  package var groupVariables = 0.0
  /// The bytes of their values.
  package var groupBytes = 0.0

  /// The contents of a file without variables.
  package init() {}

  /// The bytes that a variable takes besides its values, for names, attributes, the fill value, and their places.
  package static let bytesPerVariable = 1200.0

  /// The seconds of processor time that it takes to define and write a variable.
  package static let secondsPerVariable = 6e-4

  /// The memory in bytes that the NetCDF library takes while a file with this number of variables is written. It was
  /// measured: about 12 MiB and 40 KiB per variable.
  package static func writingMemory(variables: Double) -> Double { 12 * 0x1p20 + 40 * 1024 * variables }

  /// The file's size in bytes.
  package var fileBytes: Double { bytes + groupBytes + Self.bytesPerVariable * (variables + groupVariables) }
}

extension RunLayout {
  /// The contents of the file, by its sections.
  package var contents: RunFileContents {
    var result = RunFileContents()
    let parts = parts
    let root = parts.filter(\.group.isEmpty)
    let roles = Dictionary(root.flatMap(\.variables).map { ($0.name, $0.role) }) { first, _ in first }
    for part in parts {
      // Groups can use the root's dimensions.
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
  /// The bytes of what is kept of the members during the run; 0 without the group. Initial states are not kept, because
  /// they are made again when the file is written.
  package var recordBytes: Double {
    var alone = self
    guard members != nil else { return 0 }
    alone.members?.initialStates = nil
    let all = alone.contents.groupBytes
    alone.members = nil
    return all - alone.contents.groupBytes
  }

  /// The number of principal axes in a run's file: two, or more if observables ask for more, but N at most. There are
  /// none if no observable asks for any and latent states are not written.
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
  /// The bytes of a value. A text is a reference to roughly as many bytes again.
  var bytes: Double {
    switch self {
    case .real, .wide: 8
    case .single, .integer: 4
    case .text: 16
    }
  }
}
