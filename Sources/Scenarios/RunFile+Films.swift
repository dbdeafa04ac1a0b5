import Output

extension RunFile {
  /// The group `/films`. Its times are a dimension of another name than the run's, for readers that merge
  /// groups.
  func write(_ films: Films) throws {
    guard let shape = dataset.imageShape else { preconditionFailure("checked before the run") }
    let group = try writer.root.defineGroup("films")
    try group.defineDimension("item", length: films.items.count)
    try group.defineDimension("film_time", length: films.times.count)
    try group.defineDimension("pixel", length: dataset.dimension)
    func column(_ name: String, _ dimension: String, _ longName: String, _ values: [Int]) throws {
      try group.defineVariable(
        name, type: .int32, dimensions: [dimension],
        attributes: [("long_name", .text(longName)), ("units", "1")]
      ).write(values)
    }
    try column("item", "item", "index of the source item in its split", films.items.map(Int.init))
    if let classes = films.classes {
      let labels = dataset.hierarchy.classLabels
      try column("class", "item", "class label of the source item", classes.map { labels[Int($0)] })
    }
    try column("film_time", "film_time", "number of inference steps", films.times)
    try group.defineVariable(
      "picture", type: .float, dimensions: ["level", "item", "film_time", "pixel"],
      attributes: [
        ("long_name", "data-space state x(t) of the item's first realization, row by row"), ("units", "1"),
        ("image_height", .int(shape.rows)), ("image_width", .int(shape.columns)),
      ], fillValue: NetCDFWriter.missing
    ).write(films.pictures)
  }
}
