import Foundation
import Testing

extension CommandTests {
  /// The examples of README.md, the tutorials and the how-tos, run by Scripts/documents.py.
  @Suite(.serialized) struct PageTests {
    private static let script = Checkout.root + "/Scripts/documents.py"

    private static func run(_ arguments: [String], in sandbox: Sandbox) throws -> Execution {
      try sandbox.start(
        "/usr/bin/env", ["python3", script, "--program", Checkout.program] + arguments
      ).end()
    }

    /// The pages that have commands.
    static let pages: [String] = {
      guard let sandbox = try? Sandbox(), let list = try? run(["--list"], in: sandbox), list.code == 0 else {
        return []
      }
      return list.output.split(separator: "\n").map(String.init)
    }()

    @Test(arguments: pages)
    func pagesShowWhatTheProgramPrints(page: String) throws {
      let path = Checkout.root + "/" + page
      let text = try String(contentsOfFile: path, encoding: .utf8)
      // Commands in Python need what `make test-deps` installs.
      if CommandTests.python == nil, text.contains("$ python") { return }
      let execution = try Self.run([path], in: Sandbox())
      #expect(execution.code == 0, "\(execution.output)\n\(execution.errors)")
    }

    /// A page whose commands are quick.
    private static let page = """
      # A page

      ```yaml file=scenarios.d/my.yaml
      name: my
      dataset: {dimension: 40, superclasses: 2, classes: 2, memories: 5, test: 2}
      model: {latent: 3, hidden: [6], training: {epochs: 1}}
      initial: {levels: [0, 0.5]}
      dynamics: {steps: 2}
      ```

      ```console
      $ cd scenarios.d
      $ export NAME=my
      $ simulate validate $NAME.yaml \\
          | tail -1
      # valid: 40 members x 2 steps; data set hierarchical-patterns, 20 + 8 items
      $ simulate run my.yaml | head -4 | tail -3
      model: 40-6-3, tanh, bernoulli, trained now; negative ELBO ...
      ```

      1. In a list:

         ```console
         $ simulate list functions
         ...
         maximum(OBSERVABLE)          max_t <x(t)>
         ...
         ln(NUMBER)                   the natural logarithm
         ...
         $ simulate run missing.yaml; echo $?
         simulate: missing.yaml: no such file; check the path
         66
         ```

      ```console no-run
      $ simulate run enormous.yaml
      ```

      ![The figure, with a description that
      goes over two lines](../pictures/my.svg)

      """

    /// The page with its outputs as they are here, and a picture.
    private static func right(_ sandbox: Sandbox) throws -> String {
      let text = page.replacing(
        "negative ELBO ...\n", with: "negative ELBO ...\n$ simulate plot my.nc -o my.svg\n")
      try sandbox.put(text, at: "page.md")
      let execution = try run(
        ["--rewrite", "--pictures", sandbox("pictures"), sandbox("page.md")], in: sandbox)
      try #require(execution.code == 0, "\(execution.output)\(execution.errors)")
      return try String(contentsOfFile: sandbox("page.md"), encoding: .utf8)
    }

    @Test func rewritingLeavesAPageThatIsRight() throws {
      let sandbox = try Sandbox()
      let text = try Self.right(sandbox)
      #expect(text.contains("wrote my.svg") && text.contains("negative ELBO 2"), "\(text)")
      // Lines that were left out stay left out, and the rest of the page stays as it is.
      #expect(text.contains("   ...\n   maximum(OBSERVABLE)          max_t <x(t)>\n   ...\n"), "\(text)")
      #expect(!text.contains("minimum(OBSERVABLE)") && text.contains("$ simulate run enormous.yaml\n"))
      #expect(try sandbox.bytes("pictures/my.svg").starts(with: Array("<?xml".utf8)))
      let execution = try Self.run([sandbox("page.md")], in: sandbox)
      #expect(execution.code == 0, "\(execution.output)\(execution.errors)")
      #expect(execution.output.contains("7 commands"), "\(execution.output)")
    }

    /// What is wrong with a page is found, and said with page, line, command, and both texts.
    @Test func aPageThatIsWrongFails() throws {
      let sandbox = try Sandbox()
      let text = try Self.right(sandbox)
      let number = try #require(text.firstMatch(of: /negative ELBO (\d+)\.(\d+)/))
      let changes: [(what: String, text: String, message: String)] = [
        (
          "a number", text.replacing(number.0, with: "negative ELBO \(number.1)9.\(number.2)"),
          "expected: epoch 1 of 1: negative ELBO \(number.1)9.\(number.2)"
        ),
        (
          "a whole number", text.replacing("# valid: 40 members", with: "# valid: 41 members"),
          "40 members x 2"
        ),
        ("a word", text.replacing("the natural logarithm", with: "the unnatural logarithm"), "unnatural"),
        ("a line too few", text.replacing("   66\n", with: ""), "printed:  66"),
        ("a line too many", text.replacing("   66\n", with: "   66\n   67\n"), "(nothing more)"),
        (
          "an order",
          text.replacing("   maximum(", with: "   ln(NUMBER)  the natural logarithm\n   maximum("), "..."
        ),
        ("a failing command", text.replacing("missing.yaml; echo $?", with: "missing.yaml"), "exit code 66"),
        (
          "an unknown command", text.replacing("simulate list functions", with: "simulate enlist"),
          "exit code 64"
        ),
        ("a picture", text.replacing("pictures/my.svg", with: "pictures/other.svg"), "no picture other.svg"),
        ("a block", text + "\n```console\n$ simulate list\n", "never closed"),
        ("a place", text.replacing("file=scenarios.d/my.yaml", with: "file=../my.yaml"), "file=../my.yaml"),
      ]
      for change in changes {
        #expect(change.text != text, "\(change.what) changes the page")
        try sandbox.put(change.text, at: "wrong.md")
        let execution = try Self.run([sandbox("wrong.md")], in: sandbox)
        #expect(execution.code == 1, "\(change.what): \(execution.output)\(execution.errors)")
        #expect(execution.errors.contains("wrong.md:"), "\(change.what): \(execution.errors)")
        #expect(execution.errors.contains(change.message), "\(change.what): \(execution.errors)")
      }
    }

    /// What is different on each machine is not compared, and roundings are forgiven.
    @Test func timesAndRoundingsAreForgiven() throws {
      let sandbox = try Sandbox()
      let page = """
        ```console
        $ echo "3.000 in 2.4 s (48149 member-steps per second), 7.1 MiB, $PWD, 0123456789abcdef"
        2.99 in 9 s (1 member-steps per second),   100 MiB, ~/work, fedcba9876543210
        $ echo "0.0004 -1.5e-3 1e-9"
        0.0005 -1.51e-3 2e-9
        ```

        """
      try sandbox.put(page, at: "page.md")
      let execution = try Self.run([sandbox("page.md")], in: sandbox)
      #expect(execution.code == 0, "\(execution.output)\(execution.errors)")
      try sandbox.put(page.replacing("2.99 in", with: "2.8 in"), at: "page.md")
      #expect(try Self.run([sandbox("page.md")], in: sandbox).code == 1)
      try sandbox.put(page.replacing("-1.51e-3", with: "1.51e-3"), at: "page.md")
      #expect(try Self.run([sandbox("page.md")], in: sandbox).code == 1)
    }

    @Test func wrongUsageIsOneLine() throws {
      let sandbox = try Sandbox()
      let execution = try Self.run(["missing.md"], in: sandbox)
      #expect(execution.code == 64 && execution.errorLines.count == 1, "\(execution.errors)")
    }
  }
}
