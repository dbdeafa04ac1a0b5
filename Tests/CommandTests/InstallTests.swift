import Foundation
import Testing

extension CommandTests {
  /// `make install` with a program that is built already.
  @Suite struct InstallTests {
    private static func install(_ sandbox: Sandbox, _ settings: String...) throws -> Execution {
      try sandbox.start("/usr/bin/env", ["make", "-C", Checkout.root, "install"] + settings).end()
    }

    /// All that it installs, found and used where it is. The first time, argument-parser's tool is built (a minute).
    @Test func everythingIsInItsPlace() throws {
      let sandbox = try Sandbox()
      let settings = ["DESTDIR=" + sandbox("image"), "PREFIX=/opt/simulate", "PROGRAM=" + Checkout.program]
      let execution = try Self.install(sandbox, settings[0], settings[1], settings[2])
      try #require(execution.code == 0, "\(execution.output)\(execution.errors)")
      let root = sandbox("image/opt/simulate")
      let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
      for name in [
        "bin/simulate", "share/man/man1/simulate.1", "share/man/man1/simulate.run.1",
        "share/bash-completion/completions/simulate", "share/zsh/site-functions/_simulate",
        "share/fish/vendor_completions.d/simulate.fish",
        "share/repeated-inference/scenarios/concept-then-memory.yaml",
        "share/repeated-inference/scenarios/data/digits.npz",
      ] {
        #expect(names.contains(name), "\(name) in \(names.sorted())")
      }
      #expect(!names.contains { $0.contains("probe") }, "a command that users are not shown")
      // Nothing but the program can be executed, and nothing is outside the folder.
      #expect(try FileManager.default.contentsOfDirectory(atPath: sandbox("image")) == ["opt"])
      let version = try sandbox.start(root + "/bin/simulate", ["--version"]).end()
      #expect(version.output.hasPrefix("repeated-inference "))
      let manual = try String(contentsOfFile: root + "/share/man/man1/simulate.run.1", encoding: .utf8)
      #expect(manual.contains("checkpoint-interval") && manual.contains(".Nm \"simulate run\""), "\(manual)")
      let fish = try String(
        contentsOfFile: root + "/share/fish/vendor_completions.d/simulate.fish", encoding: .utf8)
      #expect(fish.contains("complete -c 'simulate'") || fish.contains("complete -c simulate"))
      let zsh = try String(contentsOfFile: root + "/share/zsh/site-functions/_simulate", encoding: .utf8)
      #expect(zsh.hasPrefix("#compdef simulate"))
    }

    /// In a shell, the word after `simulate va` is `validate`.
    @Test func bashCompletes() throws {
      let sandbox = try Sandbox()
      let script = try sandbox.succeed("--generate-completion-script", "bash").output
      try sandbox.put(script, at: "completion")
      let execution = try sandbox.start(
        "/usr/bin/env",
        [
          "bash", "-c",
          """
          source ./completion
          COMP_WORDS=(simulate va); COMP_CWORD=1; COMP_LINE="simulate va"; COMP_POINT=11
          _simulate simulate va simulate
          printf '%s\\n' "${COMPREPLY[@]}"
          """,
        ]
      ).end()
      #expect(execution.output == "validate\n", "\(execution.output)\(execution.errors)")
    }

    @Test func withoutAProgramItSaysWhatToDo() throws {
      let sandbox = try Sandbox()
      let execution = try Self.install(
        sandbox, "DESTDIR=" + sandbox("image"), "PREFIX=/usr", "PROGRAM=" + sandbox("missing"))
      #expect(execution.code != 0)
      #expect(execution.errors.contains("no such program; 'make build' builds it"), "\(execution.errors)")
      #expect(!FileManager.default.fileExists(atPath: sandbox("image")))
    }
  }
}
