import Dynamics
import Observables

/// Members' records, with what is needed to write them.
struct MemberPage {
  let records: MemberRecords
  let plan: EnsemblePlan
  /// The class label of each item; empty for starts without items.
  let labels: [Int32]
  /// Makes initial states again; nil if nobody asks for them.
  let starts: InitialStateSource?
}

extension RunLayout {
  /// The variable with each member's level. It must not be called `level`, which is a coordinate of the root.
  static let memberLevel = "corruption_level"

  /// The variable with each member's level in a group of members of any version; nil if the group has none.
  package static func memberLevel(in names: [String]) -> String? {
    [memberLevel, FormerNames.memberLevel].first(where: names.contains)
  }

  /// The group of members. They are appended page by page.
  func members(_ members: Members) -> RunSection<MemberPage> {
    var columns = addresses
    if members.hasSeries {
      columns += observables.enumerated().map { o, observable -> RunColumn<MemberPage> in
        var variable = RunVariable(
          observable.name, .real, ["member", "time"], .value, observable.longName, units: observable.units)
        variable.reproducibility = observable.reproducibility
        return .reals(variable) { $0.records.series[o] }
      }
    }
    if members.hasSeries, nearestConcepts != nil { columns.append(nearestConceptColumn) }
    var dimensions = [RunDimension("member", members.count)]
    if members.hasLatentStates {
      dimensions.append(RunDimension("latent", latentDimension))
      columns.append(
        .reals(
          RunVariable(
            "latent_state", .real, ["member", "time", "latent"], .value, "latent state z(t)",
            more: members.startsAtMemories
              ? [(Members.memoryStart.name, .text(Members.memoryStart.value))] : [])
        ) { $0.records.latentStates })
    }
    if let states = members.initialStates {
      if !states.isLatent {
        dimensions.append(RunDimension("pixel", dataDimension))
      } else if !members.hasLatentStates {
        dimensions.append(RunDimension("latent", latentDimension))
      }
      let variable = initialState(states)
      columns.append(
        RunColumn(variable) { page in
          let numbers = page.starts?.states(of: page.records.members) ?? []
          return variable.kind == .single ? .singles(numbers.map { Float($0) }) : .reals(numbers)
        })
    }
    columns += memberScalars(tolerance: members.tolerance)
    return RunSection(
      group: "members", dimensions: dimensions,
      columns: columns.map { column in
        var variable = column.variable
        // Compression is off, because chunks that are appended to piece by piece would be compressed again and again.
        variable.isCompressed = false
        return RunColumn(variable, column.values)
      })
  }

  /// The variable of x(0) or z(0) of each member. x(0) has the precision in which the networks see it.
  package func initialState(_ states: InitialStates, of dimension: String = "member") -> RunVariable {
    guard !states.isLatent else {
      return RunVariable(
        "initial_latent_state", .real, [dimension, "latent"], .value, "latent state z(0) that it starts from")
    }
    return RunVariable(
      "initial_state", states.isSingle ? .single : .real, [dimension, "pixel"], .value,
      "data-space state x(0), row by row", more: imageSize)
  }

  /// The members' addresses.
  private var addresses: [RunColumn<MemberPage>] {
    func address(_ name: String, _ kind: RunVariable.Kind, _ longName: String) -> RunVariable {
      var result = RunVariable(name, kind, ["member"], .address, longName)
      result.mayBeMissing = false
      return result
    }
    var result: [RunColumn<MemberPage>] = [
      .reals(address(Self.memberLevel, .real, "corruption level of the member")) {
        $0.records.members.map(\.level)
      },
      .integers(address("level_index", .integer, "index of the member's level in the dimension level")) {
        page in page.records.members.map { page.plan.levels.firstIndex(of: $0.level) ?? -1 }
      },
      .integers(address("item", .integer, "index of the source item in its split")) {
        $0.records.members.map(\.item)
      },
      .integers(address("realization", .integer, "number of the item's noisy copy")) {
        $0.records.members.map(\.realization)
      },
    ]
    if hasOwnItems, hierarchy.hasClasses {
      result.append(
        .integers(address("class", .integer, "class label of the source item")) { page in
          page.records.members.map { page.labels[Int($0.item)] }
        })
    }
    return result
  }

  /// The numbers that describe whole trajectories, and how these ended.
  private func memberScalars(tolerance: Double?) -> [RunColumn<MemberPage>] {
    let scalars = MemberScalar.recorded.filter(isKnown).map { scalar -> RunColumn<MemberPage> in
      let definition = scalar.definition
      var variable = RunVariable(
        definition.name, definition.kind == .time ? .integer : .real, ["member"], .value,
        definition.membersLongName ?? "")
      if scalar == .convergenceTime {
        // Newton's method, which GSL solves, may have confirmed it.
        variable = variable.toTolerance()
        if let tolerance { variable.more.append(("tolerance", .double(tolerance))) }
      }
      switch definition.kind {
      case .time:
        return .integers(variable) { $0.records.scalars[scalar].map { $0.isNaN ? -1 : Int32($0) } }
      case .real: return .reals(variable) { $0.records.scalars[scalar] }
      }
    }
    let outcome = RunVariable.flag(
      "outcome", ["member"], "how the member ended, -1 where it is not asked (mode sample)",
      words: Outcome.allCases.map { ("\($0)", $0.rawValue) }
    ).toTolerance()
    return scalars + [
      .integers(outcome) { page in
        page.records.outcomes.map { tolerance == nil ? -1 : $0.rawValue }
      }
    ]
  }
}
