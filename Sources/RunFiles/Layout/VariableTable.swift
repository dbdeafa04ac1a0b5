import Vocabulary
import Datasets
import Dynamics
import Numerics
import Output

extension RunLayout {
  /// The layout of a run that has everything, with one observable named `FormerNames.placeholder`.
  static let specimen: RunLayout = {
    let name = FormerNames.placeholder
    var result = RunLayout(
      corruption: "its name", levels: 1, times: 4,
      observables: [
        AveragedObservable(name: name, longName: name, units: "its unit")
      ],
      groupings: Grouping.allCases, isSplit: true, hasOwnItems: true,
      hierarchy: ConceptHierarchy(
        classNames: ["class"], classLabels: [0], superclassNames: ["superclass"], superclassOfClass: [0]),
      dataDimension: 1, imageShape: ImageShape(rows: 1, columns: 1), latentDimension: 1, principalAxes: 1,
      facts: ModelFacts.Fact.specimen)
    result.nearestConcepts = NearestConcepts(hasRadii: true)
    result.collective = Collective(hasClassSpread: true, hasCommonMotion: true)
    result.clusteredItems = 1
    result.standardization = Standardization(of: ItemSplit(dimension: 1, numbers: [0], classes: [0]))
    result.members = Members(count: 1, hasSeries: true, hasLatentStates: true, tolerance: 0)
    result.members?.initialStates = InitialStates(isLatent: false, isSingle: true)
    result.attractors = Attractors(sets: 1, starts: 1, realizations: 1, unsettled: 1, exponents: 1)
    result.films = Films(items: 1, times: 1)
    return result
  }()
}

extension ModelFacts.Fact {
  /// All facts that this program's models state.
  static let specimen: [ModelFacts.Fact] =
    [.bestEpoch(1)] + Items.allCases.map { .negativeELBO(of: $0, mean: .nan, standardError: .nan) }
    + [.activeLatentVariables(0)]
}

/// The table of the run file's variables as Markdown, for docs/reference/run-file.md, and as plain rows.
package enum VariableTable {
  /// Variables under one heading.
  private struct Chapter {
    let title: String
    /// When the variables occur, and what else must be said.
    let note: String
    let parts: [RunPart]
  }

  /// The tables of a run's file.
  package static let markdown: String = text(chaptersOfRun)

  /// The tables of the further variables in files of several runs.
  package static let campaignMarkdown: String = text(chaptersOfCampaign)

  /// One row per variable: group and name, dimensions, type and unit, meaning.
  package static let rows: [[String]] = (chaptersOfRun + chaptersOfCampaign).flatMap { chapter in
    chapter.parts.flatMap { part in
      part.variables.map { variable in
        let isOfRoot = part.group.isEmpty || part.group == "/"
        return [
          (isOfRoot ? "" : part.group + "/") + variable.name,
          "(\(variable.dimensions.joined(separator: ", ")))",
          variable.kind.rawValue + (variable.units.map { ", \($0)" } ?? ""), variable.longName,
        ]
      }
    }
  }

  private static let chaptersOfRun: [Chapter] = {
    let run = RunLayout.specimen
    guard let members = run.members, let attractors = run.attractors, let films = run.films,
      let concepts = run.nearestConcepts
    else {
      preconditionFailure("the specimen has everything")
    }
    return [
      Chapter(
        title: "Coordinates",
        note:
          "`tree_level` with own items; the others with `group-by`, else in `/geometry`. `concept` holds class"
          + " *labels*, as the data's files have them.", parts: [run.coordinates.part]),
      Chapter(
        title: "Averages",
        note:
          "`_by_class`, `_by_superclass` with `group-by`; `_retained`, `_lost`, `_initially_retained`,"
          + " `_initially_lost` with `split-by: [retention]`.",
        parts: run.averages.map(\.part) + [run.counts.part]),
      Chapter(
        title: "Of all members together",
        note: "With the observables `class-spread` and `common-motion`.",
        parts: run.collectiveAverages.map(\.part)),
      Chapter(
        title: "Of own items",
        note:
          "Absent where members have none. The closest concept is that of the *averaged* distance, of which"
          + " `distance_concept` is the average where the observable is asked for.",
        parts: [run.fractions.part, run.approaches.part, run.changes.part, run.scalars.part]),
      Chapter(
        title: "Nearest concepts",
        note:
          "With the observable `nearest-concept`. Sums over `nearest_class` are the members that have not diverged. Labels"
          + " that are negative in the data put what stands for none below the smallest.",
        parts: [run.nearestConceptCounts(concepts).part]),
      Chapter(
        title: "The model",
        note:
          "Not for Hopfield networks. `negative_elbo_validation` with `dataset.validation`, `best_epoch` with"
          + " `model.training.patience`.", parts: [run.modelFacts.part]),
      Chapter(
        title: "Numbers of the search for attractors",
        note: "With `attractors`. Sets are counted if starts of the level reach them.",
        parts: [run.attractorNumbers.part]),
      Chapter(
        title: "`/geometry`",
        note:
          "`principal_axis` with principal components or `output.latents`: the first two, or as many as observables"
          + " ask for. Superconcepts where the data set has them.", parts: run.geometry.map(\.part)),
      Chapter(
        title: "`/members`",
        note:
          "With `output.members`; `latent_state` with `output.latents`, `initial_state` with `output.initial-states`"
          + " (double where `dynamics.precision` is; of latent starts `initial_latent_state` (`member`, `latent`), double)."
          + " Ordered by level, then item, then realization. `class` is a label; the scalars are defined above.",
        parts: [run.members(members).part]),
      Chapter(
        title: "`/attractors`",
        note:
          "With `attractors`. Those reached come first, largest basin first. Starts are ordered by item, then"
          + " realization. `picture`, for data sets of pictures, has the attributes `image_height`, `image_width`;"
          + " exponents where starts did not settle; with own items also `source_class`, where the root does not have it.",
        parts: run.attractors(attractors).map(\.part)),
      Chapter(
        title: "`/films`",
        note:
          "With `output.films`. Items are evenly chosen from the run's; pictures are missing at t = 0 of latent starts"
          + " and have the attributes `image_height`, `image_width`.", parts: [run.films(films).part]),
    ]
  }()

  private static let chaptersOfCampaign: [Chapter] = {
    let notes = [
      (
        "Sweeps",
        "One coordinate per swept key: whole numbers are `int64`; texts have their numbers as `int32`, and `KEY_label`."
          + " Failures where runs were swept or failed."
      ),
      ("`/replicas`", "With replicas."),
      (
        "`/claims/NAME`",
        "`KEY` stands for the dimensions that are left; `claim_level` where `over: each`; what begins with `control` where"
          + " a claim has controls."
      ),
    ]
    return zip(notes, CampaignLayout.specimen).map { Chapter(title: $0.0, note: $0.1, parts: [$1]) }
  }()

  private static func text(_ chapters: [Chapter]) -> String {
    chapters.map { chapter in
      let variables = chapter.parts.flatMap(\.variables)
      let names = Set(variables.map(\.name))
      // A variable that belongs to another one is listed beside that one.
      let own = variables.filter { $0.role.subject.map { !names.contains($0) } ?? true }
      return ["### \(chapter.title)", "", chapter.note, "", header].joined(separator: "\n") + "\n"
        + own.map { row($0, among: variables) }.joined(separator: "\n") + "\n"
    }.joined(separator: "\n")
  }

  private static let header = """
    | variable | belonging to it | dimensions | role | type, unit | meaning |
    | --- | --- | --- | --- | --- | --- |
    """

  private static func row(_ variable: RunVariable, among all: [RunVariable]) -> String {
    let others = all.filter { $0.role.subject == variable.name }
    let cells = [
      "`\(variable.name)`", others.map { "`\($0.name)`" }.joined(separator: ", "),
      variable.dimensions.map(short).joined(separator: ", "), variable.role.word,
      variable.kind.rawValue + (variable.units.map { ", \($0)" } ?? ""), variable.longName,
    ]
    return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
  }

  /// A dimension as the letter that NOTATION.md has for it, if there is one.
  private static func short(_ dimension: String) -> String {
    switch dimension {
    case "level": "L"
    case "time": "T"
    case "tree_level": "K"
    default: "`\(dimension)`"
    }
  }
}
