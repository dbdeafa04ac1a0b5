import ArgumentParser
import Dynamics
import Observables
import Scenarios

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists what scenarios can name.")

  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case observables, corruptions, datasets, maps, keys, controls, functions
  }

  @Argument(
    help: "What to list; functions are those of claims. (default: all but keys, controls, functions)")
  var kind: Kind?

  func run() {
    let kinds = kind.map { [$0] } ?? [.observables, .corruptions, .datasets, .maps]
    for (k, kind) in kinds.enumerated() {
      if kinds.count > 1 { printResult("\(k > 0 ? "\n" : "")\(kind.rawValue):") }
      printResult(TextTable.rows(rows(kind)))
    }
  }

  private func rows(_ kind: Kind) -> [[String]] {
    switch kind {
    case .observables:
      return ObservableRegistry.all.map { observable in
        var needs: [String] = []
        if observable.needs.contains(.trainingItem) {
          needs.append("an own training item")
        } else if observable.needs.contains(.ownItem) {
          needs.append("an own item")
        }
        if observable.needs.contains(.superclass) { needs.append("superclasses") }
        if observable.needs.contains(.heldOutItems) { needs.append("held-out items") }
        if observable.needs.contains(.posterior) { needs.append("model.kind: vae") }
        return [
          observable.name, observable.units, observable.longName,
          needs.isEmpty ? "" : "needs " + needs.joined(separator: " and "),
        ]
      } + [["principal-component-1..N", "1", "projection on a principal axis of the memories", ""]]
    case .corruptions:
      return CorruptionRegistry.all.map { [$0.name, $0.summary, $0.hasRegion ? "has a region" : ""] }
        + [["file", "initial states from a NetCDF variable or an IDX file (initial.file)", ""]]
    case .datasets:
      return [
        ["hierarchical-patterns", "binary patterns on a tree: root, superclass, class, memory"],
        ["idx", "IDX files of images and labels, plain or gzip"],
        ["fashion-mnist", "60,000 + 10,000 pictures of clothes, from Debian's dataset-fashion-mnist"],
      ]
    case .maps:
      return [
        ["mean", "z(t) = m(x(t)), x(t+1) = g(z(t))"],
        [
          "sample",
          "z(t) drawn from q(z|x(t)) with dynamics.temperature; dynamics.sample-decoder draws x as well",
        ],
        ["clamped", "as mean, with pixels outside the corrupted region reset to the input"],
        [
          "hopfield",
          "with model.kind: hopfield (and dynamics.mode: mean): z(t+1) = sgn(J z(t)), z of +-1, Hebb's J",
        ],
      ]
    case .controls: return Control.allCases.map { [$0.rawValue, $0.meaning] }
    case .functions:
      return ClaimExpression.SeriesFunction.allCases.map { ["\($0.rawValue)(OBSERVABLE)", $0.meaning] }
        + ClaimExpression.NumberFunction.allCases.map { ["\($0.rawValue)(NUMBER)", $0.meaning] }
    case .keys:
      // One line per key, for grep; only the names are padded, since some values and defaults are long.
      return ScenarioKeys.all.map { key in
        if key.type == .section { return [key.name, key.meaning] }
        let fallback =
          key.defaultValue.map { "default \($0)" } ?? (key.isRequired ? "required" : "no default")
        return [key.name, "\(key.meaning): \(key.type.description) (\(fallback))"]
      }
    }
  }
}
