import Foundation
import Output
import Testing

extension CommandTests {
  /// NetCDF files that were not written by us, or not for this: one line and exit code 65 from every command.
  @Suite struct HostileFileTests {
    private static func commands(_ file: String) -> [[String]] {
      [
        ["export", file], ["inspect", file], ["plot", file, "-o", "a.svg"], ["report", file, "-o", "a.html"],
        ["run", "states.yaml", "--set", "initial.file.path=" + file],
      ]
    }

    private static func sandbox() throws -> Sandbox {
      let sandbox = try Sandbox()
      let start = smallScenario.components(separatedBy: "initial:")[0]
      try sandbox.put(
        start + "initial: {corruption: file, file: {path: a.nc, variable: distance_concept}}\n",
        at: "states.yaml")
      try sandbox.put("precious", at: "states.nc")
      return sandbox
    }

    @Test func whatIsNoNetCDFFileIsRefused() throws {
      let sandbox = try Self.sandbox()
      try sandbox.put("a text that poses as a NetCDF file\n", at: "text.nc")
      try sandbox.put([0x89] + Array("HDF\r\n\u{1a}\n".utf8), at: "signature.nc")
      try sandbox.put(Array("CDF\u{1}".utf8) + [UInt8](repeating: 0, count: 28), at: "classic.nc")
      for file in ["text.nc", "signature.nc", "classic.nc"] {
        for command in Self.commands(file) { try sandbox.fail(65, command, parts: [file]) }
      }
      #expect(try sandbox.bytes("states.nc") == Array("precious".utf8))
      #expect(
        try sandbox.names == ["classic.nc", "signature.nc", "states.nc", "states.yaml", "text.nc"])
    }

    /// A terminal that is told to fill the clipboard, or to turn the text around, does so.
    @Test func textsOfFilesDoNotReachTheTerminalRaw() throws {
      let attack = "\u{1B}]52;c;aGk=\u{7}\u{9B}31m\u{202E}"
      func isClean(_ execution: Execution) -> Bool {
        !(execution.output + execution.errors).unicodeScalars.contains {
          $0 != "\n" && $0.properties.generalCategory == .control || $0.properties.isBidiControl
        }
      }
      let sandbox = try Self.sandbox()
      let writer = try NetCDFWriter(path: sandbox("foreign.nc"))
      try writer.root.setAttribute("title", .text(attack))
      try writer.root.defineDimension("level", length: 1)
      try writer.root.defineVariable(
        "a\u{202E}b", type: .double, dimensions: ["level"],
        attributes: [("long_name", .text(attack)), ("units", .text("1"))])
      let words = try writer.root.defineVariable("words", type: .string, dimensions: ["level"])
      try words.write([attack])
      try writer.commit()
      for arguments in [
        ["inspect", "foreign.nc"], ["export", "foreign.nc", "--variables", "words"],
        ["export", "foreign.nc", "--variables", "words", "--format", "json"],
        ["export", "foreign.nc", "--variables", "a\u{202E}b"],
      ] {
        let execution = try sandbox.simulate(arguments)
        #expect(isClean(execution), "\(arguments): \(execution)")
        #expect(execution.code == 0, "\(arguments): \(execution.errors)")
        #expect(
          execution.output.contains("u{202e}") || execution.output.contains("u202e"), "\(execution.output)")
      }
      let text = "\"\\e]52;c;aGk=\\a\\u202E\""
      try sandbox.put(smallScenario.replacing("a small ensemble", with: text), at: "hostile.yaml")
      for arguments in [
        ["run", "hostile.yaml", "-o", "run.nc"], ["inspect", "run.nc"], ["validate", "hostile.yaml"],
        ["inspect", "--scenario", "run.nc"],
      ] {
        #expect(isClean(try sandbox.simulate(arguments)), "\(arguments)")
      }
    }

    @Test func vastDimensionsAreNotAllocated() throws {
      let sandbox = try Self.sandbox()
      let writer = try NetCDFWriter(path: sandbox("vast.nc"))
      try writer.root.setAttribute("format_version", .int(1))
      for name in ["level", "time"] { try writer.root.defineDimension(name, length: 1 << 40) }
      for name in ["level", "time"] {
        try writer.root.defineVariable(name, type: .double, dimensions: [name], chunks: [64])
      }
      for name in ["distance_concept", "distance_concept_standard_error", "distance_concept_count"] {
        try writer.root.defineVariable(
          name, type: .double, dimensions: ["level", "time"],
          attributes: [("ancillary_variables", "distance_concept_standard_error")], chunks: [64, 64])
      }
      try writer.commit()
      #expect(try sandbox.bytes("vast.nc").count < 100_000)
      for command in Self.commands("vast.nc") where command[0] != "inspect" {
        // Less address space than one of the arrays would take; the libraries alone take some hundred megabytes.
        let line = command.map { "'\($0)'" }.joined(separator: " ")
        let execution = try sandbox.shell("ulimit -v 4000000; exec \"$SIMULATE\" \(line)")
        #expect(execution.code == 65, "\(command): \(execution.errors)")
        #expect(execution.errorLines.count == 1, "\(execution.errors)")
      }
      #expect(try sandbox.succeed("inspect", "vast.nc").output.contains("level=1099511627776"))
    }

    @Test func indicesOfVastDimensionsAreNotAllocated() throws {
      // A table of one row per index of a dimension without a coordinate, 2^32 of them.
      let sandbox = try Self.sandbox()
      let writer = try NetCDFWriter(path: sandbox("vast.nc"))
      try writer.root.defineDimension("n", length: 1 << 32)
      try writer.root.defineVariable("v", type: .double, dimensions: ["n"], chunks: [64])
      try writer.commit()
      try sandbox.fail(65, ["export", "vast.nc", "--variables", "v"], parts: ["vast.nc", "4294967296"])
    }

    @Test func foreignContentsAreInspectedAndOtherwiseRefused() throws {
      let sandbox = try Self.sandbox()
      func write(_ name: String, _ body: (NetCDFGroup) throws -> Void) throws {
        let writer = try NetCDFWriter(path: sandbox(name))
        try body(writer.root)
        try writer.commit()
      }
      try write("empty.nc") { _ in }
      // The names of a run file, with other types and shapes.
      try write("types.nc") { root in
        try root.setAttribute("format_version", .int(1))
        for name in ["level", "time"] { try root.defineDimension(name, length: 2) }
        for name in ["level", "time", "distance_concept"] {
          try root.defineVariable(name, type: .string, dimensions: [name == "time" ? "time" : "level"])
            .write(["a", "b"])
        }
      }
      // More attributes than anybody needs; those of a group are read at once.
      try write("attributes.nc") { root in
        for k in 0..<3000 { try root.setAttribute("attribute_\(k)", .text("text \(k)")) }
      }
      for file in ["empty.nc", "types.nc", "attributes.nc"] {
        for command in Self.commands(file) where command[0] != "inspect" {
          try sandbox.fail(65, command, parts: [file])
        }
        #expect(try sandbox.succeed("inspect", file).errors == "")
      }
    }

    /// Bytes of a run file's structure changed, one place at a time: no command dies of it.
    @Test func damagedRunFilesKillNoCommand() throws {
      let sandbox = try Self.sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-q")
      let good = try sandbox.bytes("small.nc")
      for place in stride(from: 3, to: good.count, by: good.count / 40) {
        var bytes = good
        for k in place..<min(place + 4, good.count) { bytes[k] ^= 0xFF }
        try sandbox.put(bytes, at: "damaged.nc")
        for command in [["inspect", "damaged.nc"], ["export", "damaged.nc"]] {
          let execution = try sandbox.simulate(command)
          #expect(
            execution.code == 0 || execution.code == 65, "\(place): \(execution.code) \(execution.errors)")
          #expect(execution.code == 0 || execution.errors.contains("damaged.nc"), "\(execution.errors)")
        }
      }
    }
  }

  /// Files are read in a child; here it dies as it does of a file that crashes the C library.
  @Suite struct IsolationTests {
    @Test func aCrashOfTheReaderIsOneLine() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml")
      // The child waits, for nobody reads its table, which is longer than the 64 KiB of a pipe: 320 members, 4 times,
      // three columns.
      let execution = try sandbox.shell(
        """
        mkfifo table
        "$SIMULATE" export small.nc --format json --variables members/energy >table &
        parent=$!
        exec 3<table
        while child=$(cat /proc/$parent/task/$parent/children) && [ -z "$child" ]; do sleep 0.05; done
        sleep 0.2
        kill -SEGV $child
        wait $parent
        echo "code $?"
        """)
      #expect(execution.output == "code 65\n", "\(execution.errors)")
      #expect(execution.errorLines.count == 1, "\(execution.errors)")
      #expect(
        execution.errors.contains("small.nc: the NetCDF library crashed on it (signal 11)"),
        "\(execution.errors)")
    }

    @Test func signalsReachTheChild() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario + fullSettings, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml")
      // The first asks it to stop, the second ends it: 143 is a shell's word for SIGTERM.
      let execution = try sandbox.shell(
        """
        mkfifo table
        "$SIMULATE" export small.nc --format json --variables members/energy >table &
        parent=$!
        exec 3<table
        while child=$(cat /proc/$parent/task/$parent/children) && [ -z "$child" ]; do sleep 0.05; done
        sleep 0.3
        kill -TERM $parent
        sleep 0.1
        kill -TERM $parent
        wait $parent
        echo "code $?"
        """)
      #expect(execution.output == "code 143\n", "\(execution.output) \(execution.errors)")
    }
  }

  /// A file on which the C library runs for ever: here a library that is loaded before it does, on any file.
  ///
  /// The limit is 1 s of processor time; a shell's word for a process that a signal ended is 128 + its number.
  @Suite struct EndlessFileTests {
    private static let limit = "export REPEATED_INFERENCE_STRUCTURE_SECONDS=1"

    /// A run file, a scenario that starts from its concepts, and the library.
    ///
    /// `BURN_OPEN` seconds of processor time go by when a file is opened, `BURN_READ` when values are read.
    /// What `REFUSE` names, `open` or `read`, is refused in a child, and crashes a process that tries by itself.
    private static func sandbox() throws -> Sandbox {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-q")
      let lines = smallScenario.split(separator: "\n").dropLast().joined(separator: "\n")
      let states = "initial: {corruption: file, file: {path: small.nc, variable: geometry/concept_position}}"
      try sandbox.put(lines + "\n" + states + "\n", at: "states.yaml")
      try sandbox.put(
        """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stddef.h>
        #include <stdlib.h>
        #include <string.h>
        #include <time.h>

        static void burn(const char *name) {
          const char *text = getenv(name);
          double seconds = text ? atof(text) : 0;
          while ((double)clock() / CLOCKS_PER_SEC < seconds) {}
        }

        static int refuses(const char *what) {
          const char *text = getenv("REFUSE");
          if (!text || strcmp(text, what)) return 0;
          if (!getenv("SIMULATE_ISOLATED")) abort();
          return 1;
        }

        int nc_open(const char *path, int mode, int *file) {
          burn("BURN_OPEN");
          if (refuses("open")) return getenv("REFUSAL") ? atoi(getenv("REFUSAL")) : -101;
          int (*next)(const char *, int, int *) = dlsym(RTLD_NEXT, "nc_open");
          return next(path, mode, file);
        }

        int nc_get_vara_double(int f, int v, const size_t *start, const size_t *count, double *values) {
          burn("BURN_READ");
          if (refuses("read")) return -101;
          int (*next)(int, int, const size_t *, const size_t *, double *) = dlsym(RTLD_NEXT, "nc_get_vara_double");
          return next(f, v, start, count, values);
        }
        """, at: "slow.c")
      let compiled = try sandbox.shell(
        "$(command -v clang || command -v cc) -shared -fPIC -o slow.so slow.c -ldl")
      try #require(compiled.code == 0, "\(compiled.errors)")
      return sandbox
    }

    @Test func anEndlessStructureIsOneLine() throws {
      let sandbox = try Self.sandbox()
      for command in [
        "inspect small.nc", "export small.nc", "plot small.nc -o a.svg", "report small.nc -o a.html",
        "run states.yaml -o b.nc", "validate states.yaml",
      ] {
        let execution = try sandbox.shell(
          "\(Self.limit) BURN_OPEN=1000; LD_PRELOAD=$PWD/slow.so exec timeout -s KILL 60 \"$SIMULATE\" \(command)"
        )
        #expect(execution.code == 65, "\(command): \(execution.code) \(execution.errors)")
        #expect(execution.errorLines.count == 1, "\(execution.errors)")
        #expect(
          execution.errors.contains("small.nc: the NetCDF library did not get through its structure in 1 s"),
          "\(execution.errors)")
        #expect(execution.output == "")
      }
      #expect(try sandbox.names == ["slow.c", "slow.so", "small.nc", "small.yaml", "states.yaml"])
    }

    /// What the child that reads first was refused, the run does not try again: it might crash it.
    @Test func whatWasRefusedIsNotTriedAgain() throws {
      let sandbox = try Self.sandbox()
      let sweep = "--set sweep.initial.file.variable=[geometry/root_position,geometry/concept_position]"
      let before = try sandbox.bytes("small.nc")
      for (settings, command, code) in [
        ("REFUSE=open", "run states.yaml -o b.nc", 65), ("REFUSE=read", "run states.yaml -o b.nc", 65),
        // NC_EBADTYPE.
        ("REFUSE=open REFUSAL=-45", "run states.yaml -o b.nc", 65),
        ("REFUSE=read", "run states.yaml -o b.nc \(sweep)", 65), ("REFUSE=open", "validate states.yaml", 65),
        // A file in the output's place that cannot be read is in the way.
        ("REFUSE=open", "run small.yaml --resume", 73),
      ] {
        let execution = try sandbox.shell(
          "export \(settings); LD_PRELOAD=$PWD/slow.so \"$SIMULATE\" \(command)")
        #expect(execution.code == code, "\(settings), \(command): \(execution.code) \(execution.errors)")
        #expect(execution.errorLines.count == 1, "\(execution.errors)")
        #expect(execution.errors.contains("small.nc"), "\(execution.errors)")
      }
      #expect(try sandbox.names == ["slow.c", "slow.so", "small.nc", "small.yaml", "states.yaml"])
      #expect(try sandbox.bytes("small.nc") == before)
      // It is replaced where that was asked for.
      try sandbox.put("damaged", at: "small.nc")
      let replaced = try sandbox.shell(
        "export REFUSE=open; LD_PRELOAD=$PWD/slow.so \"$SIMULATE\" run small.yaml --resume --overwrite -q")
      #expect(replaced.code == 0, "\(replaced.errors)")
      #expect(try sandbox.reader("small.nc").variable("distance_concept").readDoubles().count > 0)
    }

    @Test func longReadingOfValuesHasNoLimit() throws {
      let sandbox = try Self.sandbox()
      for (command, expected) in [
        ("export small.nc --variables distance_concept -o slow.csv", "slow.csv"),
        ("run states.yaml -o slow.nc -q", "slow.nc"),
      ] {
        let execution = try sandbox.shell(
          "\(Self.limit) BURN_READ=2.5; LD_PRELOAD=$PWD/slow.so \"$SIMULATE\" \(command) && times")
        #expect(execution.code == 0, "\(command): \(execution.errors)")
        #expect(try sandbox.names.contains(expected))
        // The second line of `times`: user and system time of the shell's children, as 0m1.20s 0m1.30s.
        let used = (execution.output.split(separator: "\n").last ?? "").split(separator: " ").map { time in
          time.hasPrefix("0m") ? Double(time.dropFirst(2).dropLast()) ?? 0 : 60
        }
        #expect(used.reduce(0, +) > 2, "\(execution.output)")
      }
    }

    @Test(arguments: ["inspect small.nc", "export small.nc", "run states.yaml -o b.nc"])
    func noOrphanIsLeft(command: String) throws {
      let sandbox = try Self.sandbox()
      for (signal, code) in [("TERM", command.hasPrefix("run") ? 130 : 143), ("KILL", 137)] {
        let execution = try sandbox.shell(
          """
          export BURN_OPEN=1000
          LD_PRELOAD=$PWD/slow.so "$SIMULATE" \(command) &
          parent=$!
          while child=$(cat /proc/$parent/task/*/children) && [ -z "$child" ]; do sleep 0.05; done
          sleep 0.3
          kill -\(signal) $parent
          wait $parent
          echo "code $?"
          for wait in 1 2 3 4 5 6 7 8 9 10; do
            grep -q '^State:.[RSD]' /proc/$child/status 2>/dev/null || { echo gone; exit; }
            sleep 0.1
          done
          kill -KILL $child
          echo "still there"
          """)
        #expect(
          execution.output == "code \(code)\ngone\n", "\(signal): \(execution.output) \(execution.errors)")
      }
    }

    @Test func theLimitIsANumber() throws {
      let sandbox = try Self.sandbox()
      for value in ["0", "-1", "many", "1.5", "1000001"] {
        let execution = try sandbox.shell(
          "REPEATED_INFERENCE_STRUCTURE_SECONDS=\(value) exec \"$SIMULATE\" inspect small.nc")
        #expect(execution.code == 64, "\(value): \(execution.code)")
        #expect(
          execution.errors.contains("REPEATED_INFERENCE_STRUCTURE_SECONDS=\(value)"), "\(execution.errors)")
      }
    }
  }

  /// What happens when whoever reads the output has gone.
  @Suite struct ClosedPipeTests {
    @Test func resultsEndQuietly() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml")
      // More than a pipe holds (64 KiB); 141 is a shell's word for SIGPIPE.
      for arguments in ["export small.nc --format json", "list keys", "inspect small.nc"] {
        let line =
          "while :; do \"$SIMULATE\" \(arguments) || { echo $? >code; break; }; done | true; cat code"
        let execution = try sandbox.shell(line)
        #expect(execution.output == "141\n", "\(arguments): \(execution.output)")
        #expect(execution.errors == "", "\(execution.errors)")
      }
    }

    @Test func aRunIsWrittenAllTheSame() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      try sandbox.succeed("run", "small.yaml", "-o", "whole.nc")
      try FileManager.default.removeItem(atPath: sandbox.cache)
      // Messages of each epoch, and the summary, into a pipe that nobody reads.
      _ = try sandbox.shell("\"$SIMULATE\" run small.yaml 2>&1 | true")
      try expectIdentical(sandbox.reader("whole.nc"), sandbox.reader("small.nc"))
      #expect(try sandbox.names == ["small.nc", "small.yaml", "whole.nc"])
    }
  }

  @Suite struct CacheFolderTests {
    @Test func theEnvironmentDecidesWhereModelsAreKept() throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      func models(_ folder: String) -> Int {
        ((try? FileManager.default.contentsOfDirectory(atPath: sandbox(folder))) ?? []).count {
          $0.hasSuffix(".safetensors")
        }
      }
      let run = "exec \"$SIMULATE\" run small.yaml -q --overwrite"
      let unset = "unset REPEATED_INFERENCE_CACHE XDG_CACHE_HOME; export HOME=$PWD/home; "
      #expect(try sandbox.shell(unset + "export XDG_CACHE_HOME=$PWD/xdg; " + run).code == 0)
      #expect(models("xdg/repeated-inference") == 1)
      #expect(models("home/.cache/repeated-inference") == 0)
      #expect(try sandbox.shell(unset + run).code == 0)
      #expect(models("home/.cache/repeated-inference") == 1)
      // A relative path is to be ignored (XDG Base Directory Specification).
      try FileManager.default.removeItem(atPath: sandbox("home"))
      #expect(try sandbox.shell(unset + "export XDG_CACHE_HOME=relative; " + run).code == 0)
      #expect(models("home/.cache/repeated-inference") == 1)
      #expect(models("relative/repeated-inference") == 0)
      // Our own comes first.
      let own = "export XDG_CACHE_HOME=$PWD/other REPEATED_INFERENCE_CACHE=$PWD/own; "
      #expect(try sandbox.shell(own + run).code == 0)
      #expect(models("own") == 1 && models("other/repeated-inference") == 0)
    }
  }

  /// Training whose numbers leave the range: the last good epoch's model is kept, and said so.
  @Suite struct DivergingTrainingTests {
    @Test(arguments: [(1000.0, 40), (1e-3, 40)])
    func trainingStopsOnlyWhereNumbersDiverge(rate: Double, epochs: Int) throws {
      let sandbox = try Sandbox()
      try sandbox.put(smallScenario, at: "small.yaml")
      let execution = try sandbox.simulate(
        "train", "small.yaml", "--set", "model.training.learning-rate=\(rate)", "--set",
        "model.training.epochs=\(epochs)")
      #expect(execution.code == 0, "\(execution.errors)")
      #expect(
        execution.errors.contains("warning: training stopped: loss or weights not finite") == (rate > 1))
      let model = try sandbox.succeed("inspect", "small.safetensors").output
      #expect(model.contains("not_finite_in_epoch") == (rate > 1))
    }
  }
}
