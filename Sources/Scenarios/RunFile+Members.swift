import Dynamics
import Observables
import Output

extension RunFile {
  /// The variables of the group `/members`.
  struct MemberVariables {
    var level: NetCDFVariable
    var levelIndex: NetCDFVariable
    var item: NetCDFVariable
    var realization: NetCDFVariable
    var label: NetCDFVariable?
    var series: [NetCDFVariable]
    var latentState: NetCDFVariable?
    /// Per scalar of `MemberScalar.recorded`.
    var scalars: [NetCDFVariable]
    var outcome: NetCDFVariable
  }

  /// Defines the group `/members`.
  func defineMembers(
    plan: EnsemblePlan, visibleObservables: Int, own: OwnItems?, latentDimension: Int
  ) throws {
    let group = try writer.root.defineGroup("members")
    try group.defineDimension("member", length: plan.memberCount)
    func variable(
      _ name: String, _ type: NetCDFType, _ longName: String, units: String? = "1", fill: Double? = nil,
      more: [(String, NetCDFAttribute)] = []
    ) throws -> NetCDFVariable {
      try group.defineVariable(
        name, type: type, dimensions: ["member"],
        attributes: [("long_name", .text(longName))] + (units.map { [("units", .text($0))] } ?? []) + more,
        fillValue: fill, compression: false)
    }
    let level = try variable("level", .double, "corruption level of the member")
    // For readers that merge groups: there the root's coordinate `level` hides the member's level.
    let levelIndex = try variable("level_index", .int32, "index of the member's level in the dimension level")
    let item = try variable("item", .int32, "index of the source item in its split")
    let realization = try variable("realization", .int32, "number of the item's noisy copy")
    let label = try own.map { _ in try variable("class", .int32, "class label of the source item") }
    var series: [NetCDFVariable] = []
    if plan.recordsMembers {
      series = try plan.observables.prefix(visibleObservables).map { observable in
        try group.defineVariable(
          observable.variableName, type: .double, dimensions: ["member", "time"],
          attributes: [("long_name", .text(observable.longName)), ("units", .text(observable.units))],
          fillValue: NetCDFWriter.missing, compression: false)
      }
    }
    var latentState: NetCDFVariable?
    if plan.recordsLatentStates {
      try group.defineDimension("latent", length: latentDimension)
      latentState = try group.defineVariable(
        "latent_state", type: .double, dimensions: ["member", "time", "latent"],
        attributes: [("long_name", "latent state z(t)"), ("units", "1")], fillValue: NetCDFWriter.missing,
        compression: false)
    }
    let scalars = try MemberScalar.recorded.map { scalar in
      let definition = scalar.definition
      return try variable(
        definition.name, definition.kind == .time ? .int32 : .double, definition.membersLongName ?? "",
        fill: definition.kind == .time ? nil : NetCDFWriter.missing,
        more: scalar == .convergenceTime
          ? plan.convergence.tolerance.map { [("tolerance", .double($0))] } ?? [] : [])
    }
    members = MemberVariables(
      level: level, levelIndex: levelIndex, item: item, realization: realization, label: label,
      series: series,
      latentState: latentState,
      scalars: scalars,
      outcome: try variable(
        "outcome", .int32, "how the member ended, -1 where it is not asked (mode sample)", units: nil,
        more: [
          ("flag_values", .ints(Outcome.allCases.map(\.rawValue))),
          ("flag_meanings", .text(Outcome.allCases.map { "\($0)" }.joined(separator: " "))),
        ]))
  }

  /// Appends one unit's members.
  func write(_ records: borrowing MemberRecords, plan: EnsemblePlan, own: OwnItems?) throws {
    guard let members else { return }
    let start = [records.firstMember]
    let count = [records.members.count]
    let addresses = records.members
    try members.level.write(addresses.map(\.level), start: start, count: count)
    try members.levelIndex.write(
      addresses.map { address in Int32(plan.levels.firstIndex(of: address.level) ?? -1) }, start: start,
      count: count)
    try members.item.write(addresses.map(\.item), start: start, count: count)
    try members.realization.write(addresses.map(\.realization), start: start, count: count)
    if let own, let label = members.label {
      let labels = dataset.hierarchy.classLabels
      try label.write(
        addresses.map { Int32(labels[Int(own.classes[Int($0.item)])]) }, start: start, count: count)
    }
    for (variable, values) in zip(members.series, records.series) {
      try variable.write(values, start: start + [0], count: count + [plan.times])
    }
    if let latentState = members.latentState {
      let width = records.latentStates.count / (count[0] * plan.times)
      try latentState.write(
        records.latentStates, start: start + [0, 0], count: count + [plan.times, width])
    }
    for (variable, scalar) in zip(members.scalars, MemberScalar.recorded) {
      let values = records.scalars[scalar]
      switch scalar.definition.kind {
      case .time: try variable.write(values.map { $0.isNaN ? -1 : Int32($0) }, start: start, count: count)
      case .real: try variable.write(values, start: start, count: count)
      }
    }
    try members.outcome.write(
      plan.convergence.tolerance == nil
        ? records.outcomes.map { _ in Int32(-1) } : records.outcomes.map(\.rawValue),
      start: start, count: count)
  }
}
