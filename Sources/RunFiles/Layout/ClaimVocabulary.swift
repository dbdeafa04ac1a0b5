import Dynamics

/// The numbers of a run file that claims may name, with hyphens as scenarios write names.
package enum ClaimVocabulary {
  /// Single numbers of a model.
  package static let ofModel: [String] = {
    let facts = ModelFacts.Fact.Items.allCases.map {
      ModelFacts.Fact.negativeELBO(of: $0, mean: .nan, standardError: .nan)
    }
    return names(facts.map(\.name) + [ModelFacts.Fact.activeLatentVariables(0).name])
  }()

  /// Single numbers of a level.
  package static let ofLevel: [String] = {
    let closest = ClosestConceptVariables.ofRun
    // Fractions of members, which no member has, stand before the means of what each has.
    let (means, fractions) = (MemberScalar.recorded, MemberScalar.averaged.filter { !isRecorded($0) })
    func averages(_ scalars: [MemberScalar]) -> [String] {
      scalars.compactMap { $0.definition.average?.name }
    }
    return names(
      [closest.time.name, closest.distance.name] + averages(fractions)
        + RunLayout.specimen.counts.part.variables.map(\.name) + averages(means))
  }()

  /// The averages over time of an observable.
  ///
  /// - Parameter isSplit: Whether there are those over retained and lost members.
  package static func series(of observable: String, isSplit: Bool) -> [String] {
    followedSeries(of: observable, isSplit: isSplit).map(\.name)
  }

  /// The averages over time of an observable, each with the run file's variable that holds it.
  ///
  /// Functions over time compare times: of retained and lost members they take those that were so at t = 0, because the set
  /// of those that are so changes with t.
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
