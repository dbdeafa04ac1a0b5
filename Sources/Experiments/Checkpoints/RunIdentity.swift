import Foundation
import Kinds
import Numerics
import Output
import Preparation
import Scenarios

/// Everything that a run's numbers depend on. Work is continued, and shards are merged, only if all of it is
/// the same.
package struct RunIdentity: Codable, Sendable, Equatable {
  /// Program and version.
  var program: String
  /// SHA-256 of the program's executable.
  var build: String
  /// The keys of the resolved scenario that matter, with their values as YAML text.
  package var scenario: [String: String]
  /// SHA-256 of the data set.
  var dataset: String
  /// SHA-256 of the files of initial states, where there are any.
  var initialStates: String
  /// SHA-256 of each file that the model is made of, in the order of the kind's keys.
  var modelFiles: [String]
  /// SHA-256 of the model; nil before it is known.
  var model: String?

  /// The keys of a scenario that change its numbers. Paths of files whose contents are hashed are not among them.
  ///
  /// - Parameters:
  ///   - scenario: The scenario.
  ///   - keys: The table of the program's keys.
  ///   - withClaims: Whether claims count. They change no run, but they change what is said of it.
  package static func keys(
    _ scenario: Scenario, _ keys: ScenarioKeys, withClaims: Bool = false
  ) -> [String: String] {
    var result: [String: String] = [:]
    if withClaims {
      for claim in scenario.claims {
        for (field, value) in claim.assignments { result["claims.\(claim.name).\(field)"] = value }
      }
    }
    for (name, value) in scenario.assignments {
      let key = keys.declaration(of: name, in: scenario)
      switch key?.influence {
      case .nothing: break
      // It counts that a file tells the kind; it does not count which file.
      case .fileContents: if key?.isExclusive ?? false { result[name] = "" }
      default: result[name] = value
      }
    }
    for swept in scenario.sweep {
      result["sweep." + swept.key] = "[" + swept.values.joined(separator: ", ") + "]"
    }
    return result
  }

  /// What differs, in words; empty if nothing does.
  ///
  /// - Parameter training: Whether only what training depends on counts.
  package func differences(from now: RunIdentity, training: Bool = false) -> [String] {
    func relevant(_ keys: [String: String]) -> [String: String] {
      training
        ? keys.filter { $0.key == "seed" || $0.key.hasPrefix("dataset") || $0.key.hasPrefix("model") } : keys
    }
    var result = Differences.between(relevant(scenario), relevant(now.scenario))
    if dataset != now.dataset { result.append("the data set has other contents") }
    if initialStates != now.initialStates, !training {
      result.append("the file of initial states has other contents")
    }
    if !Self.areSame(modelFiles, now.modelFiles) { result.append("a file of the model has other contents") }
    if let model, let other = now.model, model != other { result.append("the model is another") }
    if program != now.program {
      result.append("the program was \(program), now \(now.program)")
    } else if build != now.build {
      result.append("the program is another build of \(program)")
    }
    return result
  }

  /// How it differs from the run or campaign of a run file, in words, leaving models out; nil if the file has
  /// no scenario.
  package func differences(from file: NetCDFReader, _ vocabulary: ScenarioVocabulary) -> [String]? {
    guard let text = try? file.attribute("scenario").text,
      let other = try? ScenarioLoader.parse(text: text, path: file.path, vocabulary: vocabulary)
    else { return nil }
    var result = Differences.between(
      Self.keys(other, vocabulary.keys, withClaims: other.isCampaign), scenario)
    // A file of several runs has the hashes of all; the first run's is first.
    let hashes = (try? file.attribute("dataset_sha256").text)?.split(separator: " ")
    if hashes?.first.map(String.init) != dataset {
      result.append("the data set has other contents")
    }
    let former = (try? file.attribute("source").text) ?? "unknown"
    if former != program { result.append("the program was \(former), now \(program)") }
    return result
  }

  /// Whether hashes of files are the same. A file that could not be read counts as the same: it gave no
  /// number, and may be mended.
  private static func areSame(_ former: [String], _ now: [String]) -> Bool {
    former.count == now.count
      && zip(former, now).allSatisfy { $0 == $1 || $0 == unreadable || $1 == unreadable }
  }

  /// Stands for the hash of a file that cannot be read.
  static let unreadable = "unreadable"

  /// SHA-256 of the running program.
  static let executable: String = {
    let path =
      FileManager.default.fileExists(atPath: "/proc/self/exe")
      ? "/proc/self/exe" : Bundle.main.executablePath ?? CommandLine.arguments[0]
    return hash(ofFile: path) ?? "unknown"
  }()

  /// SHA-256 of a file; nil where it cannot be read.
  static func hash(ofFile path: String) -> String? {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) else {
      return nil
    }
    var hash = ContentHash()
    data.withUnsafeBytes { hash.update($0) }
    return hash.hexadecimal()
  }
}

extension Experiment {
  /// SHA-256 of each file that the model is made of.
  var modelFileHashes: [String] {
    scenario.model.inputPaths.map { RunIdentity.hash(ofFile: $0) ?? RunIdentity.unreadable }
  }

  /// What this run's numbers depend on; without the model.
  package func identity() -> RunIdentity {
    var initial = ""
    if let file = scenario.initial.file {
      initial = RunIdentity.hash(ofFile: file.path) ?? RunIdentity.unreadable
      if file.variable == nil {
        for other in [file.labels, file.items].compactMap({ $0 }) {
          initial += RunIdentity.hash(ofFile: other) ?? RunIdentity.unreadable
        }
      }
    }
    return RunIdentity(
      program: options.source, build: RunIdentity.executable,
      scenario: RunIdentity.keys(scenario, options.registry.vocabulary.keys),
      dataset: dataset.contentHash, initialStates: initial, modelFiles: modelFileHashes)
  }
}
