import Observables

extension RunLayout {
  /// What all members of a level have together.
  var collectiveAverages: [RunSection<RunResults>] {
    (collective.hasClassSpread ? [classSpread] : [])
      + (collective.hasCommonMotion ? [commonMotionScale] + averagesOnCommonMotion : [])
  }

  private var classSpread: RunSection<RunResults> {
    func columns(
      _ name: String, _ words: String, _ values: @escaping (StateMoments) -> [Double]
    ) -> [RunColumn<RunResults>] {
      let variable = RunVariable(name, .real, ["level", "time"], .value, words)
      return [
        .reals(variable) { $0.moments.flatMap(values) },
        .integers(variable.sampleSize) { $0.moments.flatMap(\.counts) },
      ]
    }
    return RunSection(
      columns: columns(
        "between_class_spread", "mean squared distance of classes' mean states from that of all, TrB"
      ) { $0.betweenClasses }
        + columns("within_class_spread", "mean squared distance of states from their class's mean state, TrW")
      {
        $0.withinClasses
      }
        + columns("class_separation", "ln(TrB/TrW)/2 of between_class_spread and within_class_spread") {
          $0.classSeparation
        } + [participationRatio])
  }

  private var participationRatio: RunColumn<RunResults> {
    .reals(
      RunVariable(
        "participation_ratio", .real, [], .value,
        "(tr C)^2 / tr C^2 of the training memories' covariance C: how many directions they fill")
    ) { [$0.geometry.participationRatio] }
  }

  private var commonMotionScale: RunSection<RunResults> {
    RunSection(columns: [
      .reals(
        RunVariable(
          "common_motion_scale", .real, ["level", "time"], .value,
          "root mean square distance of states from their mean, over that at t = 0")
      ) { $0.moments.flatMap(\.scale) }
    ])
  }

  /// The averages of each observable on the common motion.
  private var averagesOnCommonMotion: [RunSection<RunResults>] {
    observables.enumerated().map { o, observable in
      RunSection(
        columns: AverageVariables(observable.onCommonMotion, among: .part(.all)).columns {
          $0.collective?.onCommonMotion.map { $0.overall[o] } ?? []
        })
    }
  }
}

extension AveragedObservable {
  /// This observable's average on the common motion.
  var onCommonMotion: AveragedObservable {
    var result = self
    result.name += "_on_common_motion"
    result.longName += ", if each state moved as all do"
    return result
  }
}

extension RunResults {
  fileprivate var moments: [StateMoments] { collective?.moments ?? [] }
}
