import Kinds
import Scenarios

// Bytes after the first 0x1F are values for --set, one each; what is before is the scenario's text.
//
// Anything but a scenario or a ScenarioError of one line is a crash, and so is a resolved scenario that reads
// back differently.

private let vocabulary = Registry.standard.vocabulary

private func test(_ bytes: UnsafeBufferPointer<UInt8>) {
  let parts = bytes.split(separator: 0x1F, omittingEmptySubsequences: false)
  let texts = parts.compactMap { String(validating: $0, as: UTF8.self) }
  guard texts.count == parts.count, let text = texts.first else { return }
  do {
    let scenario = try ScenarioLoader.parse(
      text: text, path: "/folder/fuzz.yaml", overrides: Array(texts.dropFirst()), vocabulary: vocabulary)
    do {
      let again = try ScenarioLoader.parse(
        text: scenario.resolvedYAML, path: "/folder/fuzz.yaml", vocabulary: vocabulary)
      guard again.resolvedYAML == scenario.resolvedYAML else {
        fatalError("read back:\n\(again.resolvedYAML)\ninstead of:\n\(scenario.resolvedYAML)")
      }
      let points = try ScenarioLoader.points(of: scenario, vocabulary: vocabulary)
      guard scenario.sweep.isEmpty == (points.count == 1 && points[0].resolvedYAML == scenario.resolvedYAML)
      else { fatalError("\(points.count) points of the sweep \(scenario.sweep)") }
    } catch {
      fatalError("\(error) for the resolved scenario:\n\(scenario.resolvedYAML)")
    }
  } catch let error as ScenarioError {
    guard !error.description.contains(where: \.isNewline) else { fatalError("lines: \(error)") }
  } catch {
    fatalError("no ScenarioError: \(error)")
  }
}

@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  test(UnsafeBufferPointer(start: data, count: size))
  return 0
}
