import Expressions
import ArgumentParser
import Dynamics
import Kinds
import Observables
import RunFiles
import Scenarios
import Vocabulary

struct ListCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "list", abstract: "Lists what scenarios can name.",
      discussion: """
          \(Program.command) list observables
          \(Program.command) list keys | grep dynamics
          \(Program.command) list keys --format markdown > keys.md

        functions and controls are those of claims. run-file lists the variables of run files.
        """)
  }

  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case observables, corruptions, datasets, models, maps, keys, controls, functions
    case runFile = "run-file"
    case exitCodes = "exit-codes"
    case commands

    /// The page of the reference that has it.
    var page: ReferencePage {
      switch self {
      case .observables: .observables
      case .corruptions: .corruptions
      case .datasets: .datasets
      case .models, .maps: .models
      case .keys: .keys
      case .controls, .functions: .claims
      case .runFile: .runFile
      case .exitCodes: .exitCodes
      case .commands: .commands
      }
    }
  }

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, markdown
  }

  @Argument(
    help: "What to list. (default: observables, corruptions, datasets, models, maps)")
  var kind: Kind?

  @Option(help: "text: one line each; markdown: a page of the reference, with formulas and examples.")
  var format: Format = .text

  func run() {
    if format == .markdown {
      let page = kind.map { $0.page.markdown(Program.registry) } ?? ReferencePage.index
      return printResult(page, terminator: "")
    }
    let kinds = kind.map { [$0] } ?? [.observables, .corruptions, .datasets, .models, .maps]
    for (k, kind) in kinds.enumerated() {
      if kinds.count > 1 { printResult("\(k > 0 ? "\n" : "")\(kind.rawValue):") }
      printResult(TextTable.rows(rows(kind)))
    }
  }

  private func rows(_ kind: Kind) -> [[String]] {
    let registry = Program.registry
    switch kind {
    case .observables:
      return registry.observables.map { observable in
        let needs = Self.needs(observable.needs)
        return [
          observable.name, observable.units, observable.longName,
          needs.isEmpty ? "" : "needs " + needs.joined(separator: " and "),
        ]
      } + [
        [
          "\(PrincipalComponent.familyName)-1..N", "1", "projection on a principal axis of the memories", "",
        ]
      ]
    case .corruptions:
      return registry.corruptions.map { [$0.name, $0.summary, $0.hasRegion ? "has a region" : ""] }
        + [
          [
            "file", "initial states from a NetCDF variable, an array of numpy or an IDX file (initial.file)",
            "",
          ]
        ]
    case .datasets: return registry.datasets.map { [$0.name, $0.summary] }
    case .models: return registry.models.map { [$0.name, $0.summary] }
    case .maps:
      return InferenceMode.Kind.allCases.map { [$0.rawValue, $0.summary] }
        + registry.models.filter { !$0.iteration.isEmpty }.map {
          [$0.name, "with model.kind: \($0.name), \($0.iteration)"]
        }
    case .controls: return Control.allCases.map { [$0.rawValue, $0.meaning] }
    case .functions:
      return ClaimExpression.SeriesFunction.allCases.map { ["\($0.rawValue)(OBSERVABLE)", $0.meaning] }
        + ClaimExpression.NumberFunction.allCases.map { ["\($0.rawValue)(NUMBER)", $0.meaning] }
    case .runFile: return VariableTable.rows
    case .exitCodes: return ExitCodesPage.all.map { ["\($0.code)", $0.meaning, $0.remedy] }
    case .commands: return CommandsPage.commands.map { [CommandsPage.name($0), $0.configuration.abstract] }
    case .keys:
      // One line per key, for grep; only the names are padded, since some values and defaults are long.
      return registry.vocabulary.keys.all.map { key in
        if key.type == .section { return [key.name, key.meaning] }
        let fallback =
          key.defaultValue.map { "default \($0)" } ?? (key.isRequired ? "required" : "no default")
        // The condition, if kinds give a name different types.
        let isShared = registry.vocabulary.keys.declarations(of: key.name).count > 1
        let kinds = isShared ? key.condition.map { " (\($0.description))" } ?? "" : ""
        return [key.name, "\(key.meaning): \(key.type.description) (\(fallback))\(kinds)"]
      }
    }
  }

  private static func needs(_ needs: ObservableNeeds) -> [String] {
    var words: [String] = []
    if needs.contains(.trainingItem) {
      words.append("an own training item")
    } else if needs.contains(.ownItem) {
      words.append("an own item")
    }
    if needs.contains(.classes) { words.append("labels or clusters") }
    if needs.contains(.superclass) { words.append("superclasses") }
    if needs.contains(.heldOutItems) { words.append("held-out items") }
    if needs.contains(.posterior) { words.append("model.kind: \(Program.registry.models[0].name)") }
    if needs.contains(.derivative) { words.append("a model with a derivative") }
    return words
  }
}
