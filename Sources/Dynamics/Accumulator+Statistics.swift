import Numerics

/// Averages with their errors, computed from the sums of a level.
extension Accumulator {
  /// The average of one observable over one set of members.
  func statistics(observable: Int, series: Int) -> SeriesStatistics {
    var result = SeriesStatistics(
      count: [], mean: [], standardDeviation: [], standardError: [], itemCount: [])
    let itemsInAll = layout.items(ofSeries: series)
    for time in 0..<layout.times {
      let slot = layout.slot(observable: observable, series: series, time: time)
      let moments = members[slot]
      result.count.append(moments.count)
      result.mean.append(moments.mean ?? .nan)
      result.standardDeviation.append(moments.standardDeviation ?? .nan)
      let ofItems = hasRealizations ? items[slot] : ItemMoments(moments)
      result.standardError.append(
        ofItems.standardError(of: moments, items: itemsInAll, realizations: layout.realizations) ?? .nan)
      result.itemCount.append(ofItems.count)
    }
    return result
  }

  /// The averages of one scalar of `MemberScalar.averaged`.
  private func scalarStatistics(_ k: Int) -> ScalarStatistics {
    let ofItems = hasRealizations ? itemScalars[k] : ItemMoments(scalars[k])
    let error = ofItems.standardError(
      of: scalars[k], items: layout.items(ofSeries: layout.series(of: .all)),
      realizations: layout.realizations)
    return ScalarStatistics(
      count: scalars[k].count, mean: scalars[k].mean ?? .nan, standardError: error ?? .nan,
      itemCount: ofItems.count)
  }

  /// All averages of a level.
  ///
  /// - Parameters:
  ///   - level: The corruption level's value.
  ///   - memberCount: The number of members of the level.
  ///   - approaches: The approaches that the bootstrap has computed.
  func levelStatistics(
    level: Double, memberCount: Int, approaches: ApproachTable<Approach>
  ) -> LevelStatistics {
    let observables = 0..<layout.observables
    return LevelStatistics(
      level: level, memberCount: memberCount, divergedCount: diverged,
      parts: layout.parts.map { part in
        observables.map { statistics(observable: $0, series: layout.series(of: part)) }
      },
      grouped: layout.groupCounts.indices.map { g in
        observables.map { observable in
          (0..<layout.groupCounts[g]).map {
            statistics(observable: observable, series: layout.series(ofGroup: Int32($0), of: g))
          }
        }
      },
      approaches: approaches,
      scalars: ScalarColumns(MemberScalar.averaged, entries: scalars.indices.map(scalarStatistics)),
      labelCounts: labelCounts)
  }
}
