import Dynamics

/// The numbers of a run file that claims may name. Names have hyphens, as in scenarios.
package enum ClaimVocabulary {
  /// Numbers of which a model has one.
  package static let ofModel: [String] = {
    let facts = ModelFacts.Fact.Items.allCases.map {
      ModelFacts.Fact.negativeELBO(of: $0, mean: .nan, standardError: .nan)
    }
    return names(facts.map(\.name) + [ModelFacts.Fact.activeLatentVariables(0).name])
  }()

  /// Numbers of which a level has one.
  package static let ofLevel: [String] = {
    let closest = ClosestConceptVariables.ofRun
    // Fractions of members, which no single member has, come before the means of what each member has.
    let (means, fractions) = (MemberScalar.recorded, MemberScalar.averaged.filter { !isRecorded($0) })
    func averages(_ scalars: [MemberScalar]) -> [String] {
      scalars.compactMap { $0.definition.average?.name }
    }
    return names(
      [closest.time.name, closest.distance.name] + averages(fractions)
        + RunLayout.specimen.counts.part.variables.map(\.name) + averages(means))
  }()

  /// Numbers of the search for attractors, of which a level or a model has one.
  package static let ofAttractors: [String] = names(
    RunLayout.specimen.attractorNumbers.part.variables.filter { $0.role == .value }.map(\.name))

  /// The averages over time of an observable.
  ///
  /// - Parameter isSplit: Whether there are averages over retained and lost members.
  package static func series(of observable: String, isSplit: Bool) -> [String] {
    followedSeries(of: observable, isSplit: isSplit).map(\.name)
  }

  /// The averages over time of an observable, each with the run file's variable that holds it.
  ///
  /// Functions over time follow the members that were retained or lost at t = 0, because these sets change with t.
  package static func followedSeries(
    of observable: String, isSplit: Bool
  ) -> [(name: String, variable: String)] {
    let name = AveragedObservable.variableName(observable)
    let parts = AveragedMembers.parts(isSplit: isSplit)
    return zip(names(parts.map { $0.name(of: name) }), parts).map { ($0, $1.followed.name(of: name)) }
  }

  private static func isRecorded(_ scalar: MemberScalar) -> Bool { MemberScalar.recorded.contains(scalar) }

  private static func names(_ variables: [String]) -> [String] {
    variables.map { $0.replacing("_", with: "-") }
  }
}
