import Datasets
import Foundation
import Numerics
import Output

/// Everything that a run's numbers depend on: work is continued, and shards are merged, only where all of
/// it is the same.
struct RunIdentity: Codable, Sendable, Equatable {
  /// Program and version.
  var program: String
  /// SHA-256 of the program's executable.
  var build: String
  /// The vector instructions of the kernels: others round differently.
  var instructions: String
  /// The keys of the resolved scenario that matter, with their values as YAML text.
  var scenario: [String: String]
  /// SHA-256 of the data set.
  var dataset: String
  /// SHA-256 of the files of initial states, where there are any.
  var initialStates: String
  /// SHA-256 of the model; nil before it is known.
  var model: String?

  /// Keys that change no number, and paths of files whose contents are hashed.
  private static let ignored: Set<String> = [
    "name", "description", "output.file", "dataset.train-images", "dataset.train-labels",
    "dataset.test-images", "dataset.test-labels", "dataset.directory", "model.file", "initial.file.path",
    "initial.file.labels",
  ]

  /// The keys of a scenario that matter.
  ///
  /// - Parameter withClaims: Whether claims count, which change no run but what is said of it.
  static func keys(_ scenario: Scenario, withClaims: Bool = false) -> [String: String] {
    var result: [String: String] = [:]
    if withClaims {
      for claim in scenario.claims {
        for (field, value) in ScenarioYAML.claim(claim) { result["claims.\(claim.name).\(field)"] = value }
      }
    }
    for (key, value) in ScenarioYAML.assignments(scenario) where !ignored.contains(key) {
      result[key] = value
    }
    for swept in scenario.sweep {
      result["sweep." + swept.key] = "[" + swept.values.joined(separator: ", ") + "]"
    }
    if case .file = scenario.model { result["model.file"] = "" }
    return result
  }

  /// What differs, in words; empty where all is the same.
  ///
  /// - Parameter training: Whether only what training depends on counts.
  func differences(from now: RunIdentity, training: Bool = false) -> [String] {
    var result = Self.differences(scenario, now.scenario, training: training)
    if dataset != now.dataset { result.append("the data set has other contents") }
    if initialStates != now.initialStates, !training {
      result.append("the file of initial states has other contents")
    }
    if let model, let other = now.model, model != other { result.append("the model is another") }
    if program != now.program {
      result.append("the program was \(program), now \(now.program)")
    } else if build != now.build {
      result.append("the program is another build of \(program)")
    }
    if instructions != now.instructions {
      result.append("the processor's vector instructions were \(instructions), now \(now.instructions)")
    }
    return result
  }

  /// What differs from the run or campaign that a run file is of, in words, models apart; nil where the file has no
  /// scenario.
  func differences(from file: NetCDFReader) -> [String]? {
    guard let text = try? file.attribute("scenario").text,
      let other = try? ScenarioLoader.parse(text: text, path: file.path, vocabulary: .standard)
    else { return nil }
    var result = Self.differences(Self.keys(other, withClaims: other.isCampaign), scenario)
    // A file of several runs has the hashes of all; the first run's is first.
    let hashes = (try? file.attribute("dataset_sha256").text)?.split(separator: " ")
    if hashes?.first.map(String.init) != dataset {
      result.append("the data set has other contents")
    }
    let former = (try? file.attribute("source").text) ?? "unknown"
    if former != program { result.append("the program was \(former), now \(program)") }
    return result
  }

  /// Keys whose values differ, in words.
  static func differences(
    _ then: [String: String], _ now: [String: String], training: Bool = false
  ) -> [String] {
    var keys = Set(then.keys).union(now.keys).sorted()
    if training { keys = keys.filter { $0 == "seed" || $0.hasPrefix("dataset") || $0.hasPrefix("model") } }
    return keys.compactMap { key in
      guard then[key] != now[key] else { return nil }
      func excerpt(_ value: String?) -> String { value.map { ScenarioError.excerpt($0) } ?? "none" }
      return "\(key) was \(excerpt(then[key])), now \(excerpt(now[key]))"
    }
  }

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
  /// What this run's numbers depend on; without the model.
  func identity() -> RunIdentity {
    var initial = ""
    if let file = scenario.initial.file {
      initial = RunIdentity.hash(ofFile: file.path) ?? "unreadable"
      if file.variable == nil, let labels = file.labels {
        initial += RunIdentity.hash(ofFile: labels) ?? "unreadable"
      }
    }
    return RunIdentity(
      program: options.source, build: RunIdentity.executable,
      instructions: "\(KernelInstructionSet.select(.automatic))", scenario: RunIdentity.keys(scenario),
      dataset: dataset.contentHash, initialStates: initial)
  }
}
