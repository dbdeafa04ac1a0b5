import Foundation
import Testing

/// The checks of pages that `make lint` runs: that they pass here, and that they can fail.
@Suite struct PagesTests {
  /// A folder of pages, removed afterwards.
  private final class Folder: Sendable {
    let path = NSTemporaryDirectory() + "pages-tests-" + UUID().uuidString

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func put(_ text: String, at name: String) throws -> String {
      try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
      return path + "/" + name
    }
  }

  /// Runs a script of the checkout; returns its exit code and all that it printed.
  private static func run(_ script: String, _ arguments: [String]) throws -> (code: Int32, output: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: Checkout.root + "/Scripts/" + script)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  private static let page = """
    # A `page`: its *title*

    A [page](other.md), a [place](other.md#two-words), [here](#a-page-its-title), [again](#again-1), and
    `[no link](nowhere.md)`; <a href="other.md#mark">HTML</a>, ![picture](picture.svg), [web](https://example.org/x#y).

    ```
    [no link](nowhere.md)
    ```

    ## Again
    ## Again

    [reference]: other.md#again_here

    """

  private static let other = "# Two words\n\n<a id=\"mark\"></a>\n\nagain_here\n----------\n"

  @Test func linksThatLeadSomewherePass() throws {
    let folder = try Folder()
    let page = try folder.put(Self.page, at: "page.md")
    _ = try folder.put(Self.other, at: "other.md")
    _ = try folder.put("<svg/>", at: "picture.svg")
    let result = try Self.run("check_pages.py", [page])
    #expect(result.code == 0 && result.output.isEmpty, "\(result.output)")
  }

  @Test(arguments: [
    ("(other.md)", "(nowhere.md)", "'nowhere.md' leads to no file"),
    ("(other.md)", "(Other.md)", "'Other.md' leads to no file"),
    ("#two-words", "#three-words", "leads to no heading of other.md"),
    ("(#a-page-its-title)", "(#a-page)", "leads to no heading of page.md"),
    ("(#again-1)", "(#again-2)", "leads to no heading of page.md"),
    ("other.md#mark", "other.md#marks", "leads to no heading of other.md"),
    ("(picture.svg)", "(pictures.svg)", "'pictures.svg' leads to no file"),
    ("#again_here", "#againhere", "leads to no heading of other.md"),
  ])
  func linksThatLeadNowhereFail(text: String, wrong: String, message: String) throws {
    let folder = try Folder()
    let changed = Self.page.replacing(text, with: wrong)
    #expect(changed != Self.page)
    let page = try folder.put(changed, at: "page.md")
    _ = try folder.put(Self.other, at: "other.md")
    _ = try folder.put("<svg/>", at: "picture.svg")
    let result = try Self.run("check_pages.py", [page])
    #expect(result.code == 1 && result.output.contains(message), "\(result.output)")
    #expect(result.output.contains("page.md:") && result.output.split(separator: "\n").count == 1)
  }

  @Test func longLinesOfTheReadmeFail() throws {
    let folder = try Folder()
    let line = String(repeating: "a", count: 120)
    let page = try folder.put("# Title\n\n\(line)\n\n```\n\(line)b\n```\n", at: "README.md")
    let result = try Self.run("check_pages.py", ["--readme", page])
    #expect(result.code == 1 && result.output.contains("README.md:6: 121 characters"), "\(result.output)")
    #expect(result.output.split(separator: "\n").count == 1)
    #expect(try Self.run("check_pages.py", [page]).code == 0, "only README has a width")
  }

  private static let hasCodespell = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .contains { FileManager.default.isExecutableFile(atPath: $0 + "/codespell") }

  @Test(.enabled(if: hasCodespell, "needs codespell: make test-deps"))
  func misspelledWordsFail() throws {
    let folder = try Folder()
    let right = try folder.put("We receive the inout argument.\n", at: "right.md")
    #expect(try Self.run("check_spelling.sh", [right]).code == 0)
    let wrong = try folder.put("// We recieve\nlet message = \"seperate\"\n", at: "Wrong.swift")
    let result = try Self.run("check_spelling.sh", [wrong])
    #expect(result.code != 0 && result.output.contains("receive") && result.output.contains("separate"))
  }

  /// Links and anchors of all pages of the checkout.
  @Test func pagesOfTheCheckoutPass() throws {
    let result = try Self.run("check_pages.py", [])
    #expect(result.code == 0, "\(result.output)")
  }
}
