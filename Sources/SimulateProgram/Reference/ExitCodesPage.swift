import ReferencePages

/// What exit codes mean, for docs/reference/exit-codes.md and the program's help.
enum ExitCodesPage {
  /// One exit code.
  struct Meaning {
    let code: Int32
    let meaning: String
    let remedy: String
    /// A command of a POSIX shell that ends so, after `my.yaml` was run with the output `my.nc`.
    let command: String
    /// The message that it prints; empty: none.
    let message: String
  }

  static let all = [
    Meaning(
      code: Exit.done, meaning: "done", remedy: "Nothing is left to do.",
      command: "simulate validate my.yaml --quiet",
      message: ""),
    Meaning(
      code: Exit.different, meaning: "a run file differs from what --verify expects",
      remedy:
        "The message names the variables. Another scenario, seed or model gives other numbers, another processor does not.",
      command:
        "simulate hash my.nc --verify 0000000000000000000000000000000000000000000000000000000000000000",
      message: ""),
    Meaning(
      code: Exit.usage, meaning: "wrong usage",
      remedy: "Look at the command's help: the command line is wrong, no file was read.",
      command: "simulate run my.yaml --threads 0",
      message: "simulate: --threads 0: expected a number from 1 to 4096; see 'simulate run --help'"),
    Meaning(
      code: Exit.data, meaning: "a scenario, data or model file that is wrong in itself",
      remedy: "Mend the file. The message names file, line, key, value, and what was expected.",
      command: "simulate run my.yaml --set dynamics.steps=many",
      message:
        "simulate: --set dynamics.steps=many: dynamics.steps: many: expected an integer between 0 and 1000000000;"
        + " write a number"),
    Meaning(
      code: Exit.noInput, meaning: "an input that is not there", remedy: "Check the path.",
      command: "simulate run missing.yaml", message: "simulate: missing.yaml: no such file; check the path"),
    Meaning(
      code: Exit.unavailable, meaning: "gnuplot is not installed",
      remedy: "Install it (Debian: `apt-get install gnuplot-nox`). Only `plot` and `report` need it.",
      command: "PATH=/nowhere simulate plot my.nc",
      message: "simulate: gnuplot: it draws the figures and is not installed; apt-get install gnuplot-nox"),
    Meaning(
      code: Exit.cannotCreate, meaning: "the output cannot be created, or exists",
      remedy: "Choose another place with `-o`, or replace the file with `--overwrite`.",
      command: "simulate run my.yaml -o my.nc",
      message:
        "simulate: cannot write my.nc: the file exists; choose another name, or replace it with --overwrite"),
    Meaning(
      code: Exit.inputOutput, meaning: "input or output failed",
      remedy: "Look at the disk: it may be full, slow or gone. A run goes on with `--resume`.",
      command: "simulate list > /dev/full",
      message: "simulate: cannot write to standard output; check where it goes, and the space there"),
    Meaning(
      code: Exit.interrupted, meaning: "interrupted",
      remedy:
        "Ctrl-C or a signal ended the run; the message gives the command that continues it (`--resume`).",
      command: "", message: ""),
  ]

  /// All of them in one sentence, for the help.
  static var sentence: String {
    "Exit codes: " + all.map { "\($0.code) \($0.meaning)" }.joined(separator: "; ") + "."
  }

  static func markdown() -> String {
    Markdown.joined(
      [
        """
        # Exit codes

        An error is one line on standard error: what is wrong, where, what was expected, and what to do. The exit code tells scripts
        what kind of error it was; the numbers are those of BSD's `sysexits.h`.

        """,
        Markdown.table(
          ["code", "meaning", "what to do"], all.map { ["\($0.code)", $0.meaning, $0.remedy] }),
        """
        Where several runs make one file and some of them fail, the others are written, and the exit code is that of the first
        failure. A program that a signal kills at once (`SIGKILL`) has the code that the shell gives it, such as 137.

        ## Examples

        `my.yaml` is a scenario that was run before with `-o my.nc`.

        """,
      ]
        + all.filter { !$0.command.isEmpty }.map { example in
          // Wrong usage also shows the usage.
          let rest = example.code == Exit.usage ? ["..."] : []
          let lines =
            ["$ \(example.command); echo $?"] + (example.message.isEmpty ? [] : [example.message]) + rest
          return Markdown.joined([
            "### \(example.code): \(example.meaning)",
            Markdown.block("console no-run", (lines + ["\(example.code)"]).joined(separator: "\n")),
          ])
        })
  }
}
