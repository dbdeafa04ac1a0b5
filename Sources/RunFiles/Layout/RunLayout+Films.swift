extension RunLayout {
  /// The group of films. Its dimension of times has another name than the run's, because some readers merge groups.
  func films(_ films: Films) -> RunSection<RunFiles.Films> {
    let labels = hierarchy.classLabels
    var columns: [RunColumn<RunFiles.Films>] = [
      .integers(RunVariable("item", .integer, ["item"], .coordinate, "index of the source item in its split"))
      {
        $0.items
      }
    ]
    if hasOwnItems, hierarchy.hasClasses {
      columns.append(
        .integers(RunVariable("class", .integer, ["item"], .address, "class label of the source item")) {
          ($0.classes ?? []).map { labels[Int($0)] }
        })
    }
    var picture = RunVariable(
      "picture", .single, ["level", "item", "film_time", "pixel"], .value,
      "data-space state x(t) of the item's first realization, row by row")
    picture.more = imageSize
    columns += [
      .integers(RunVariable("film_time", .integer, ["film_time"], .coordinate, "number of inference steps")) {
        $0.times
      },
      RunColumn(picture) { .singles($0.pictures) },
    ]
    return RunSection(
      group: "films",
      dimensions: [
        RunDimension("item", films.items), RunDimension("film_time", films.times),
        RunDimension("pixel", dataDimension),
      ], columns: columns)
  }
}
