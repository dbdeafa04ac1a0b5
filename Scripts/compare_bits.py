#!/usr/bin/env python3
"""Shows that two builds of the program leave the same numbers.

    Scripts/compare_bits.py BEFORE AFTER [--keep FOLDER] [--only NAME ...] [--strict]
    Scripts/compare_bits.py --record FOLDER BEFORE       # once; then FOLDER takes the place of BEFORE:
    Scripts/compare_bits.py FOLDER AFTER
    Scripts/compare_bits.py --list                       # the cases, and what each covers

BEFORE and AFTER are `simulate` executables. Both run the same commands (Scripts/bits/cases.py) with the same
arguments in the same folder, one after the other, each case with a model cache of its own; on two idle cores each
takes about three minutes. Then are compared:

- numbers: every variable of every group of every run file (values bit by bit, type, dimensions, storage); model
  files, also those in the cache, with their names; tables of `simulate export`; which files are left;
- attributes, but `history`, `source` and `program_commit` (others may be added, and are counted), and exit codes;
- texts: what is printed (times and speeds masked), figures, reports, the order of variables.

Exit code 0: all these are the same (texts that differ are listed; with --strict they count, too); 1: they are not;
2: something could not be compared. Needs Python's own library only. Run files are read by the C library libnetcdf,
which the program itself needs; where it is not found, by the program's own `export`, which is a weaker check.
"""
from __future__ import annotations

import argparse
import collections
import concurrent.futures
import contextlib
import difflib
import fcntl
import fnmatch
import glob
import hashlib
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bits import netcdf  # noqa: E402
from bits.by_export import read_by_export  # noqa: E402
from bits.cases import Case, all_cases  # noqa: E402

# The folder in which commands run whose results are recorded. It is always the same, because files and messages
# contain paths.
RECORDED_WORK = f"/tmp/compare-bits-{os.getuid()}"
SECONDS = 300
SAVED = "results.json"
# Files in which the program keeps unfinished work. Their contents are not compared: no other program needs to read
# them.
PRIVATE = ("*.shard", "*.checkpoint", "*.checkpoint-data-*", "campaign.json")


# MARK: - Running


def definition(case: Case) -> str:
    """A hash of a case's files and commands; results are compared only if their hashes are the same."""
    content = json.dumps(case.steps, sort_keys=True).encode()
    for name, data in sorted(case.files.items()):
        content += name.encode() + b"\0" + hashlib.sha256(data).digest()
    return hashlib.sha256(content).hexdigest()


def lacks(step: dict) -> str:
    """The name of what a command needs and is not installed; empty if nothing is missing."""
    words = step["arguments"]
    draws = words[:1] in (["plot"], ["report"]) and "--help" not in words and "--list" not in words
    if draws and not any(word.lower().endswith(".md") for word in words) and not shutil.which("gnuplot"):
        return "gnuplot"
    return ""


def stamps(pattern: str) -> dict:
    found = {}
    for path in glob.glob(pattern):
        try:
            found[path] = os.stat(path).st_mtime_ns
        except FileNotFoundError:
            pass
    return found


def interrupt_when(process: subprocess.Popen, pattern: str, before: dict) -> bool:
    """Sends SIGTERM as soon as a file of the pattern is new or changed; false if the program ended before."""
    end = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < end:
        if any(before.get(path) != stamp for path, stamp in stamps(pattern).items()):
            process.send_signal(signal.SIGTERM)
            return True
        time.sleep(0.002)
    return False


def run_command(folder: str, step: dict) -> dict:
    environment = dict(os.environ)
    environment.pop("XDG_CACHE_HOME", None)
    environment.update(REPEATED_INFERENCE_CACHE=os.path.join(folder, "cache"), HOME=folder, LC_ALL="C.UTF-8", COLUMNS="80",
                       TZ="UTC")
    result = {"command": "simulate " + " ".join(step["arguments"])}
    for option in ("texts", "unordered"):
        if option in step:
            result[option] = step[option]
    if lacks(step):
        return result | {"skipped": lacks(step)}
    pattern = os.path.join(folder, step["until"]) if "until" in step else ""
    before, begin = stamps(pattern), time.monotonic()
    process = subprocess.Popen(["../simulate"] + step["arguments"], cwd=folder, env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    interrupter = None
    if pattern:
        interrupter = concurrent.futures.ThreadPoolExecutor(1).submit(interrupt_when, process, pattern, before)
    try:
        output, errors = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        result["late"] = True
    result["seconds"] = round(time.monotonic() - begin, 2)
    code = process.returncode
    if interrupter:
        # A program that ended just before the signal (with exit code 0) has left nothing to resume, which is no
        # difference: its code counts as 130, that of an interruption.
        result["interrupted"] = interrupter.result() and code == 130
        code = 130 if code == 0 else code
    return result | {"code": code, "output": output.decode("utf-8", "replace"), "errors": errors.decode("utf-8", "replace")}


def prepare(folder: str, what: str, names: list) -> None:
    """Carries out a step that is no command of the program: changes a file or makes a folder."""
    paths = [os.path.join(folder, name) for name in names]
    if not os.path.exists(paths[0]) and what != "folder":
        return  # no earlier command wrote the file, which the comparison of files reports
    if what == "copy":
        shutil.copyfile(*paths)
    elif what == "move":
        os.replace(*paths)
    elif what == "remove":
        shutil.rmtree(paths[0]) if os.path.isdir(paths[0]) else os.remove(paths[0])
    elif what == "folder":
        os.mkdir(paths[0])
    else:
        with open(paths[0], "rb") as file:
            data = bytearray(file.read())
        if what == "flip":
            data[len(data) // 2] ^= 1
        else:
            del data[len(data) // 2 :]
        with open(paths[0], "wb") as file:
            file.write(data)


def run_case(case: Case, work: str) -> None:
    """Runs a case in a new folder of its name inside `work`, and leaves its files and results there."""
    folder = os.path.join(work, case.name)
    os.makedirs(folder)
    for name, data in case.files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    begin = time.monotonic()
    results = []
    for step in case.steps:
        if step["do"] == "simulate":
            results.append(run_command(folder, step))
        else:
            prepare(folder, step["do"], step["arguments"])
    # Two of the run files are also given to `inspect` and `export`. All of them are compared as files.
    left = sorted(os.path.basename(path) for path in glob.glob(os.path.join(folder, "*.nc")))
    for name in sorted({*left[:1], *left[-1:]}):
        for command in ["inspect", "export"]:
            results.append(run_command(folder, {"arguments": [command, name]}))
    with open(os.path.join(folder, SAVED), "w") as file:
        json.dump({"definition": definition(case), "seconds": round(time.monotonic() - begin, 1), "results": results}, file,
                  indent=1)


def run_program(program: str, cases: list, work: str, destination: str) -> float:
    """Runs all cases with a program, several at a time, and moves what they leave to a folder. Returns the seconds."""
    if not os.access(program, os.X_OK) or os.path.isdir(program):
        stop(f"{program}: no executable")
    shutil.rmtree(work, ignore_errors=True)
    os.mkdir(work)
    os.symlink(os.path.abspath(program), os.path.join(work, "simulate"))
    begin = time.monotonic()
    print(f"{program}: {len(cases)} cases", flush=True)
    lock, done = threading.Lock(), [0]

    def one(case: Case) -> None:
        run_case(case, work)
        target = os.path.join(destination, case.name)
        shutil.rmtree(target, ignore_errors=True)
        os.makedirs(destination, exist_ok=True)
        shutil.move(os.path.join(work, case.name), target)
        with lock:
            done[0] += 1
            if sys.stderr.isatty():
                print(f"\r\033[K{done[0]} of {len(cases)}: {case.name}", end="", file=sys.stderr, flush=True)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for finished in [pool.submit(one, case) for case in cases]:
            finished.result()
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    shutil.rmtree(work)
    seconds = time.monotonic() - begin
    print(f"{program}: done in {seconds:.0f} s", flush=True)
    return seconds


# MARK: - Comparing


MASKS = [
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?( UTC)?", "DATE"),
    (r"\(\d+ member-steps per second\)", "(# member-steps per second)"),
    (r"(?<![\w.])\d+(\.\d+)? (s|min|h)\b", "# s"),
    (r"\bcommit ([0-9a-f]{7,40}|unknown)\b", "commit #"),
    (r"(?m)^(program_commit +|history +|source +).*$", r"\1#"),
    (r"repeated-inference \d+(\.\d+)+", "repeated-inference #"),
    (r"(?m)^.*run \d+ of \d+ done( after|, ).*\n?", ""),
    (r"continuing at \d+ %", "continuing at # %"),
    (r"(?m)^# memory: .*$", "# memory: #"),
    # The estimate for the attractor search tries starts until a time has passed, so their number varies.
    (r", from \d+ of \d+ starts", ", from # starts"),
    (r"(?<=<dt>Program</dt><dd>)[^<]*", "#"), (r"(?<=<dt>Command</dt><dd>)[^<]*", "#"),
]


def masked(text: str, unordered: bool = False) -> list:
    for pattern, replacement in MASKS:
        text = re.sub(pattern, replacement, text)
    lines = text.split("\n")
    return sorted(lines) if unordered else lines


READ = {}  # in each process of the pool: "file" is its function that reads a run file


def start_reading(program: str) -> None:
    READ["file"] = (lambda path: read_by_export(program, path)) if program else netcdf.Library().read


def difference_of(paths: tuple):
    try:
        return netcdf.compare(*[READ["file"](path) for path in paths])
    except netcdf.NetCDFFailure as failure:
        return failure


class Comparison:
    def __init__(self) -> None:
        self.run_files: list = []
        self.numbers: list = []
        self.attributes: list = []
        self.codes: list = []
        self.problems: list = []
        self.texts: dict = {}  # from each changed passage to the places where it stands
        self.counts: collections.Counter = collections.Counter()
        self.added: collections.Counter = collections.Counter()

    def text(self, place: str, before: list, after: list) -> None:
        self.counts["texts"] += 1
        if before == after:
            return
        passage: list = []
        passages: list = []
        for line in list(difflib.unified_diff(before, after, n=0, lineterm=""))[2:] + ["@@"]:
            if line.startswith("@@"):
                if passage:
                    passages.append("\n".join(passage))
                passage = []
            else:
                passage.append(line if len(line) <= 400 else line[:400] + "...")
        for part in passages:
            self.texts.setdefault(part, []).append(place)

    def results(self, name: str, before: list, after: list) -> None:
        for mine, theirs in zip(before, after):
            place = f"{name}: {mine['command']}"
            if "skipped" in mine or "skipped" in theirs:
                self.problems.append(f"{place}: skipped, needs {mine.get('skipped') or theirs.get('skipped')}")
                continue
            self.counts["commands"] += 1
            if "late" in mine or "late" in theirs:
                self.problems.append(f"{place}: took more than {SECONDS} s")
            if "interrupted" in mine:
                self.counts["interruptions"] += 1
                if not (mine["interrupted"] and theirs["interrupted"]):
                    self.problems.append(f"{place}: it ended before it was interrupted")
            if mine["code"] != theirs["code"]:
                self.codes.append(f"{place}: exit code {mine['code']} and {theirs['code']}: {theirs['errors'][-300:]}")
            elif mine["code"] not in (0, 64, 65, 66, 69, 73, 74, 130):
                self.problems.append(f"{place}: exit code {mine['code']}")
            if mine.get("texts", True) is False:
                continue
            unordered = mine.get("unordered", False)
            self.text(place + " (errors)", masked(mine["errors"], unordered), masked(theirs["errors"], unordered))
            if mine["command"].startswith("simulate export"):
                self.table(place, mine["output"], theirs["output"])
            else:
                self.text(place, masked(mine["output"]), masked(theirs["output"]))
        if len(before) != len(after):
            self.numbers.append(f"{name}: {len(before)} and {len(after)} commands, for other run files are left")

    def table(self, place: str, mine: str, theirs: str) -> None:
        """Compares exported tables as numbers. Attributes in JSON may differ as those of run files may."""
        self.counts["tables"] += 1
        if mine.startswith("{") and theirs.startswith("{"):
            a, b = json.loads(mine), json.loads(theirs)
            for name in netcdf.ALLOWED:
                a.get("attributes", {}).pop(name, None), b.get("attributes", {}).pop(name, None)
            for name in set(b.get("attributes", {})) - set(a.get("attributes", {})):
                del b["attributes"][name]
            mine, theirs = (json.dumps(x) for x in (a, b))
        if mine != theirs:
            first = next(((x, y) for x, y in zip(mine.split("\n"), theirs.split("\n")) if x != y), ("", ""))
            self.numbers.append(f"{place}: other table: {first[0][:200]} and {first[1][:200]}")

    def files(self, name: str, before: str, after: str) -> None:
        mine, theirs = names_below(before), names_below(after)
        if mine != theirs:
            self.numbers.append(f"{name}: files missing: {sorted(mine - theirs)}, new: {sorted(theirs - mine)}")
        for file in sorted(mine & theirs):
            self.file(f"{name}: {file}", os.path.join(before, file), os.path.join(after, file))

    def file(self, place: str, before: str, after: str) -> None:
        if any(fnmatch.fnmatch(os.path.basename(before), pattern) for pattern in PRIVATE) or before.endswith(SAVED):
            return
        self.counts["files"] += 1
        contents = []
        for path in (before, after):
            with open(path, "rb") as file:
                contents.append(file.read())
        mine, theirs = contents
        if mine == theirs:
            return
        if before.endswith(".nc"):
            self.run_files.append((place, before, after))
        elif before.endswith((".svg", ".html", ".md", ".yaml")):
            self.text(place, *[masked(data.decode("utf-8", "replace")) for data in contents])
        elif before.endswith((".csv", ".json")):
            self.table(place, *[data.decode("utf-8", "replace") for data in contents])
        else:
            size = next((k for k, (a, b) in enumerate(zip(mine, theirs)) if a != b), min(len(mine), len(theirs)))
            self.numbers.append(f"{place}: {len(mine)} and {len(theirs)} bytes, which differ from byte {size} on")

    def read_run_files(self, program: str) -> None:
        """Compares the run files, read by libnetcdf, or by the export of `program` if that is not empty."""
        paths = [file[1:] for file in self.run_files]
        context = multiprocessing.get_context("spawn")  # fork is not safe after threads have run
        with concurrent.futures.ProcessPoolExecutor(mp_context=context, initializer=start_reading, initargs=(program,)) as pool:
            for (place, *_), difference in zip(self.run_files, pool.map(difference_of, paths)):
                if isinstance(difference, netcdf.NetCDFFailure):
                    self.problems.append(f"{place}: {difference}")
                    continue
                self.counts["run files"] += 1
                self.counts["variables"] += difference.variables
                self.numbers += [f"{place}: {line}" for line in difference.numbers]
                self.attributes += [f"{place}: {line}" for line in difference.attributes]
                for line in difference.texts:
                    self.texts.setdefault(line, []).append(place)
                self.added += difference.added

    def report(self, strict: bool, keep: str) -> int:
        print("compared: " + ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items())))
        if self.added:
            print("attributes added: " + ", ".join(f"{name} ({count} times)" for name, count in self.added.most_common()))
        if self.problems:
            print(f"\nnot compared, or not as meant ({len(self.problems)}):")
            print("\n".join(f"  {line}" for line in short(self.problems)))
        if self.texts:
            print(f"\ntexts that differ ({len(self.texts)}):")
            lines = []
            for passage, places in sorted(self.texts.items(), key=lambda item: -len(item[1])):
                more = f", and {len(places) - 1} more" if len(places) > 1 else ""
                lines.append(f"  {places[0]}{more}\n    " + passage.replace("\n", "\n    "))
            print("\n".join(short(lines)))
            if keep:
                with open(os.path.join(keep, "texts.txt"), "w") as file:
                    file.write("\n".join(lines) + "\n")
        wrong = [("exit codes", self.codes), ("attributes", self.attributes), ("numbers, or what holds them,", self.numbers)]
        for what, lines in wrong:
            if lines:
                print(f"\n{what.upper()} THAT DIFFER ({len(lines)}):")
                print("\n".join(f"  {line}" for line in short(lines)))
        if keep:
            with open(os.path.join(keep, "numbers.txt"), "w") as file:
                file.writelines(line + "\n" for _, lines in wrong for line in lines)
        if any(lines for _, lines in wrong):
            print("" if self.numbers else "\nthe numbers themselves are the same")
            return 1
        what = "the numbers that were compared are the same" if self.problems else "the numbers are the same"
        print("\n" + what + ("" if self.texts else ", and so are the texts"))
        return 1 if strict and self.texts else 2 if self.problems else 0


def short(lines: list) -> list:
    return lines if len(lines) <= 60 else lines[:60] + [f"  ... and {len(lines) - 60} more (--keep FOLDER writes all)"]


def names_below(folder: str) -> set:
    """The paths of the files below a folder, without results and checkpoints' data (whose names are random)."""
    found = set()
    for root, _, files in os.walk(folder):
        for name in files:
            path = os.path.relpath(os.path.join(root, name), folder)
            if path != SAVED and ".checkpoint-data-" not in path:
                found.add(path)
    return found


def compare_case(comparison: Comparison, name: str, before: str, after: str, expected: str) -> None:
    saved = []
    for folder in (before, after):
        try:
            with open(os.path.join(folder, name, SAVED)) as file:
                saved.append(json.load(file))
        except FileNotFoundError:
            comparison.problems.append(f"{name}: not in {folder}")
            return
    if {result["definition"] for result in saved} != {expected}:
        comparison.problems.append(f"{name}: the case was changed since it was recorded; record it again (--only {name})")
        return
    comparison.counts["cases"] += 1
    comparison.results(name, *[result["results"] for result in saved])
    comparison.files(name, os.path.join(before, name), os.path.join(after, name))


# MARK: - Commands


def stop(message: str) -> None:
    print(message, file=sys.stderr)
    sys.exit(2)


def chosen_cases(only: list) -> list:
    cases = []
    for case in all_cases():
        if only and not any(word in case.name or fnmatch.fnmatch(case.name, word) for word in only):
            continue
        if case.needs and not os.path.exists(case.needs):
            print(f"skipped: {case.name}: no {case.needs}")
            continue
        cases.append(case)
    if not cases:
        stop("no such case; --list names them")
    return cases


@contextlib.contextmanager
def only_one():
    """Keeps other comparisons out of RECORDED_WORK while commands run there."""
    with open(RECORDED_WORK + ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another comparison to leave {RECORDED_WORK}", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def reader(program: str, by_export: bool) -> tuple:
    """The program whose export reads run files (empty: libnetcdf reads them), and a description of the reader."""
    if by_export:
        return program, "the program's export"
    try:
        return "", netcdf.Library().description
    except netcdf.NetCDFFailure as failure:
        return program, f"the program's export ({failure}): values as they are printed only"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*", metavar="BEFORE AFTER")
    parser.add_argument("--record", metavar="FOLDER", help="runs BEFORE only, and keeps what it leaves")
    parser.add_argument("--keep", metavar="FOLDER", help="keeps what both leave, and the whole lists of differences")
    parser.add_argument("--only", action="append", default=[], metavar="NAME",
                        help="cases with this in their name (or a pattern); may be repeated")
    parser.add_argument("--strict", action="store_true", help="exit code 1 for other texts as well")
    parser.add_argument("--list", action="store_true", help="lists the cases")
    parser.add_argument("--export", action="store_true",
                        help="reads run files by the program's export, although libnetcdf is there")
    options = parser.parse_args()
    if options.list:
        for case in all_cases():
            print(f"{case.name:28} {sum(s['do'] == 'simulate' for s in case.steps):4} commands  {case.covers}")
        return 0
    if len(options.programs) != (1 if options.record else 2):
        parser.error("BEFORE and AFTER, or --record FOLDER BEFORE")
    cases = chosen_cases(options.only)
    if options.record:
        os.makedirs(options.record, exist_ok=True)
        with only_one():
            run_program(options.programs[0], cases, RECORDED_WORK, os.path.abspath(options.record))
        with open(options.programs[0], "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        with open(os.path.join(options.record, "programs.txt"), "a") as file:
            names = " ".join(options.only) or "all cases"
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {names}: {options.programs[0]} {digest}\n")
        return 0
    temporary = tempfile.mkdtemp(prefix="compare-bits-")
    try:
        keep = os.path.abspath(options.keep or temporary)
        before, after = (os.path.join(keep, name) for name in ("before", "after"))
        if os.path.isdir(options.programs[0]):
            before = os.path.abspath(options.programs[0])
            with only_one():
                run_program(options.programs[1], cases, RECORDED_WORK, after)
        else:
            for program, destination in zip(options.programs, (before, after)):
                run_program(program, cases, os.path.join(temporary, "work"), destination)
        comparison = Comparison()
        for case in cases:
            compare_case(comparison, case.name, before, after, definition(case))
        program, description = reader(options.programs[1], options.export)
        print("run files are read by " + description, flush=True)
        comparison.read_run_files(program)
        return comparison.report(options.strict, options.keep and keep)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
