#!/usr/bin/env python3
"""Runs the examples in Markdown pages, and compares what they print with what the pages show.

    Scripts/documents.py                            checks README.md, docs/tutorials/*.md and docs/how-to/*.md
    Scripts/documents.py docs/tutorials/first-run.md      checks this page
    Scripts/documents.py --rewrite                  writes the outputs and docs/pictures again (`make figures`)

Needs Python's own library only. Exit code 0: every page is right; 1: a page is wrong; 64: wrong usage.

How a page is written

A page runs from top to bottom in one fresh folder. `simulate` is on the PATH, and the repository's `scenarios/` and
`examples/` are in the folder. The cache of models is empty at the beginning of each page.

    ```yaml file=my.yaml        A block of any language with `file=NAME` writes the file NAME.

    ```console                  A block of this language holds commands, each followed by all that it prints
    $ simulate list models \\   (standard output and standard error together). A backslash continues a command.
        | head -1
    vae  variational autoencoder
    ```

    ```console no-run           Shown, and not run.

Each command runs in a shell (bash) of its own, with the folder and the exported variables that the one before left. A
status other than 0 is an error. Where a page shows how something fails, its command ends in `; echo $?`.

How outputs are compared

- A line `...` stands for any number of lines, none included.
- Whole numbers are equal. Other numbers differ by at most 2 %, by one unit in the last place that the page shows, or by
  0.000001: quantiles and attractors come from libraries, which round as they like. All others are the same on every
  processor.
- A number before a unit of time or memory (`2.4 s`, `3 min`, `7.1 MiB`, `member-steps per second`) is different on
  each machine, and is not compared; nor are words of 12 or more hexadecimal digits, dates and times of day.
- Several spaces are like one, and blank lines at the end do not count. All other text is equal.
- The folder is shown as `~/work`, the cache of models as `~/.cache/repeated-inference`.

Pictures

A picture `![...](.../pictures/NAME)` must be a file NAME in the folder (or one below) when the page has run.
`--rewrite` copies it to docs/pictures.

Rewriting keeps each `...` where it is: the lines that the page shows are looked for in the new output by their words.
"""

import argparse
import difflib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELATIVE_TOLERANCE = 2e-2
ABSOLUTE_TOLERANCE = 1e-6
ELLIPSIS = "..."
SECONDS_PER_COMMAND = 300

UNITS = r"(?:ns|us|ms|s|min|h|seconds|minutes|hours|bytes|KiB|MiB|GiB|member-steps per second)\b"
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
# What is different on each machine, in each run.
UNCOMPARED = re.compile(
    rf"(?P<measured>{NUMBER}(?= {UNITS}))"
    r"|(?P<date>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?)"
    r"|(?P<hash>\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b)"
)
NUMBERS = re.compile(NUMBER)


class PageError(Exception):
    """What is wrong with a page, and where."""

    def __init__(self, page, line, text):
        super().__init__(f"{shown(page)}:{line}: {text}")


def shown(path):
    """A path as people write it: relative to the repository where it is in there."""
    try:
        return str(pathlib.Path(path).resolve().relative_to(ROOT))
    except ValueError:
        return str(path)


# --- Pages


class Command:
    """A command, and the output that the page shows of it."""

    def __init__(self, line, first, text):
        self.line = line  # number of the line with `$`, from 1
        self.first = first  # index of the first line of output in the page
        self.text = text
        self.output = []  # as the page has it, without the block's indentation
        self.indentation = ""


class File:
    """A file that the page writes."""

    def __init__(self, line, name, text):
        self.line, self.name, self.text = line, name, text


def read(page, lines):
    """The commands and files of a page, in their order."""
    result = []
    fence = None
    for index, line in enumerate(lines):
        if fence is None:
            opening = re.match(r"^( *)(`{3,}|~{3,})(.*)$", line)
            if opening:
                fence = opening
                begin = index
            continue
        indentation, mark, words = fence[1], fence[2], fence[3].split()
        if re.fullmatch(rf" *{re.escape(mark[0])}{{{len(mark)},}} *", line):
            inside = [text.removeprefix(indentation) for text in lines[begin + 1 : index]]
            result += block(page, begin, indentation, words, inside)
            fence = None
    if fence is not None:
        raise PageError(page, begin + 1, "this block is never closed")
    return result


def block(page, begin, indentation, words, lines):
    """What a fenced block asks for."""
    names = [word.removeprefix("file=") for word in words if word.startswith("file=")]
    if names:
        path = pathlib.PurePosixPath(names[0])
        if path.is_absolute() or ".." in path.parts or not path.name:
            raise PageError(page, begin + 1, f"file={names[0]}: expected a name within the page's folder")
        return [File(begin + 1, names[0], "".join(line + "\n" for line in lines))]
    if not words or words[0] != "console" or "no-run" in words[1:]:
        return []
    for word in words[1:]:
        raise PageError(page, begin + 1, f"'{word}' after console: expected nothing, or no-run")
    return commands(page, begin, indentation, lines)


def commands(page, begin, indentation, lines):
    """The commands of a console block."""
    result = []
    k = 0
    while k < len(lines):
        line = lines[k]
        if line.startswith("$ "):
            text = line[2:]
            number = begin + 2 + k
            while text.endswith("\\") and k + 1 < len(lines):
                k += 1
                text += "\n" + lines[k]
            result.append(Command(number, begin + 2 + k, text))
            result[-1].indentation = indentation
        elif result:
            result[-1].output.append(line)
        elif line.strip():
            raise PageError(page, begin + 2 + k, "expected '$ COMMAND' before any output")
        k += 1
    return result


def pictures(lines):
    """The names of the pictures that a page shows, with their lines. Their descriptions may go over several lines."""
    text = "\n".join(lines)
    result = []
    for pattern in (
        r"!\[[^\]]*\]\(\s*(?:[^)\s]*/)?pictures/([^)\s/]+)",
        r"<img\b[^>]*\bsrc=\"(?:[^\"]*/)?pictures/([^\"/]+)\"",
    ):
        for match in re.finditer(pattern, text):
            result.append((text.count("\n", 0, match.start(1)) + 1, match[1]))
    return result


# --- Running


class Folder:
    """A page's folder, removed at the end."""

    def __init__(self, program):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="documents-")).resolve()
        self.work = self.base / "work"
        self.cache = self.base / "cache"
        self.state = self.base / "state"
        tools = self.base / "bin"
        for folder in (self.work, tools):
            folder.mkdir()
        (tools / "simulate").symlink_to(program)
        self.add_python(tools)
        for name in ("scenarios", "examples"):
            if (ROOT / name).is_dir():
                (self.work / name).symlink_to(ROOT / name)
        self.environment = os.environ | {
            "PATH": f"{tools}:{os.environ.get('PATH', '/usr/bin:/bin')}",
            "REPEATED_INFERENCE_CACHE": str(self.cache),
            "REPOSITORY": str(ROOT),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "COLUMNS": "120",
            "MPLBACKEND": "agg",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.state.write_text(f"cd '{self.work}'\n")

    @staticmethod
    def add_python(tools):
        """Makes `python3` the one that has what users of run files are told to install, if any has."""
        for python in ("python3", "/usr/bin/python3"):
            found = shutil.which(python)
            trial = [found, "-c", "import xarray, netCDF4, matplotlib"]
            if found and subprocess.run(trial, stderr=subprocess.DEVNULL).returncode == 0:
                for name in ("python3", "python"):
                    (tools / name).write_text(f'#!/bin/sh\nexec {found} "$@"\n')
                    (tools / name).chmod(0o755)
                return

    def run(self, text):
        """Runs a command; returns its status (None: it took too long) and its output's lines."""
        script = (
            f". '{self.state}'\n{text}\n__status=$?\n"
            f"{{ export -p; printf 'cd %q\\n' \"$PWD\"; }} >'{self.state}'\nexit $__status\n"
        )
        with open(self.base / "output", "w+b") as output:
            process = subprocess.Popen(
                ["bash", "-c", script],
                cwd=self.work,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                status = process.wait(SECONDS_PER_COMMAND)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                status = None
            output.seek(0)
            printed = output.read().decode(errors="replace")
        for path, name in ((self.work, "~/work"), (self.cache, "~/.cache/repeated-inference")):
            printed = printed.replace(str(path), name)
        return status, trimmed(printed.split("\n"))

    def made(self, name):
        """The file of a picture; None where the page did not make it."""
        direct = self.work / name
        if direct.is_file():
            return direct
        found = []
        for folder, _, files in os.walk(self.work):  # does not follow the links to the repository
            if name in files:
                found.append(pathlib.Path(folder) / name)
        return found[0] if len(found) == 1 else None

    def remove(self):
        shutil.rmtree(self.base, ignore_errors=True)


def trimmed(lines):
    """Lines without white space at their ends, and without blank ones at the end."""
    lines = [line.rstrip() for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    return lines


# --- Comparing


def agree(first, second):
    """Whether a number of the page is that of the output."""
    if first == second:
        return True
    if not re.search(r"[.eE]", first) and not re.search(r"[.eE]", second):
        return int(first) == int(second)
    a, b = float(first), float(second)
    mantissa = first.lower().split("e")
    places = len(mantissa[0].partition(".")[2])
    unit = 10.0 ** ((int(mantissa[1]) if len(mantissa) > 1 else 0) - places)
    places = unit * (1 + 1e-9) if unit < 1 else 0
    return abs(a - b) <= max(RELATIVE_TOLERANCE * max(abs(a), abs(b)), places, ABSOLUTE_TOLERANCE)


def parts(line):
    """A line as its text with a mark for each number, and the numbers; None for those that are not compared."""
    numbers = []

    def keep(value):
        def replaced(match):
            numbers.append((match.start(), value(match)))
            return "\0" * len(match[0])

        return replaced

    line = re.sub(r"\s+", " ", line.strip())
    line = UNCOMPARED.sub(keep(lambda match: None), line)
    line = NUMBERS.sub(keep(lambda match: match[0]), line)
    return re.sub(r"\0+", "\0", line), [value for _, value in sorted(numbers, key=lambda pair: pair[0])]


def alike(first, second):
    """Whether a line of the page is one of the output."""
    (text, numbers), (other_text, other_numbers) = parts(first), parts(second)
    return (
        text == other_text
        and len(numbers) == len(other_numbers)
        and all(a is None or b is None or agree(a, b) for a, b in zip(numbers, other_numbers))
    )


def segments(lines):
    """The page's lines between those that stand for any number of lines."""
    result = [[]]
    for line in lines:
        if line.strip() == ELLIPSIS:
            result.append([])
        else:
            result[-1].append(line)
    return result


def difference(expected, output):
    """What is different, in words; None where nothing is."""
    groups = segments(expected)

    def fits(group, position):
        return position >= 0 and position + len(group) <= len(output) and all(
            alike(line, output[position + k]) for k, line in enumerate(group)
        )

    def at(group, position):
        for k, line in enumerate(group):
            actual = output[position + k] if 0 <= position + k < len(output) else None
            if actual is None or not alike(line, actual):
                return f"expected: {line}\n  printed:  {'(nothing more)' if actual is None else actual}"
        return None

    if len(groups) == 1:
        if len(output) > len(expected) and fits(expected, 0):
            return f"expected: (nothing more)\n  printed:  {output[len(expected)]}"
        return at(expected, 0)
    first, *middle, last = groups
    if not fits(first, 0):
        return at(first, 0)
    position = len(first)
    for group in middle:
        found = next((p for p in range(position, len(output) + 1) if fits(group, p)), None)
        if found is None:
            return nearest(group, output, position)
        position = found + len(group)
    begin = len(output) - len(last)
    if begin < position or not fits(last, begin):
        return nearest(last, output, position) if begin < position else at(last, begin)
    return None


def nearest(group, output, position):
    """Where the output comes nearest to lines that it does not have."""
    place = best(group, output, position)[0]
    lines = output[place : place + len(group)]
    for line, actual in zip(group, lines):
        if not alike(line, actual):
            return f"expected, after '...': {line}\n  the nearest printed:   {actual}"
    return f"expected, after '...': {group[len(lines)] if len(lines) < len(group) else group[0]}\n  printed: nothing like it"


# --- Rewriting


def likeness(first, second):
    """How alike the words of two lines are, from 0 to 1."""
    a, b = parts(first)[0], parts(second)[0]
    return 1.0 if a == b else 0.99 * difflib.SequenceMatcher(None, a, b).ratio()


def best(group, output, position, end=None):
    """The place of the lines in the output that are most like those of the group, and how alike they are."""
    end = len(output) if end is None else end
    result = (position, 0.0)
    for p in range(position, end - len(group) + 1):
        score = sum(likeness(line, output[p + k]) for k, line in enumerate(group)) / max(len(group), 1)
        if score > result[1] + 1e-12:
            result = (p, score)
    return result


def rewritten(expected, output):
    """The output as the page is to show it: with `...` where the page had it. None where its lines are not found."""
    groups = segments(expected)
    if len(groups) == 1:
        return output
    result = []
    position = 0
    for k, group in enumerate(groups):
        remaining = sum(map(len, groups[k + 1 :]))
        if k > 0:
            result.append(ELLIPSIS)
        if not group:
            continue
        if k == 0:
            place, score = 0, best(group, output, 0, len(group))[1]
        elif k == len(groups) - 1:
            place = len(output) - len(group)
            score = best(group, output, place)[1] if place >= position else 0
        else:
            place, score = best(group, output, position, len(output) - remaining)
        if score < 0.5:
            return None
        result += output[place : place + len(group)]
        position = place + len(group)
    return result


# --- Pages, all together


def run_page(page, program, rewrite, store):
    """Runs a page; returns what is wrong with it, and the number of its commands."""
    text = page.read_text(encoding="utf-8")
    lines = text.split("\n")
    items = read(page, lines)
    shown_pictures = pictures(lines)
    runnable = [item for item in items if isinstance(item, Command)]
    if not runnable:
        return [], 0
    problems = []
    replacements = []
    folder = Folder(program)
    try:
        for item in items:
            if isinstance(item, File):
                path = folder.work / item.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(item.text, encoding="utf-8")
                continue
            status, output = folder.run(item.text)
            where = f"{shown(page)}:{item.line}: $ {item.text.splitlines()[0]}"
            if status != 0:
                how = f"took over {SECONDS_PER_COMMAND} s" if status is None else f"exit code {status}"
                problems.append(f"{where}\n  {how}; it printed:\n" + "\n".join("    " + x for x in output[-20:]))
                break  # what follows needs what this should have left
            expected = trimmed(item.output)
            if rewrite:
                new = rewritten(expected, output)
                if new is None:
                    print(f"{where}\n  its lines between '...' are not in the new output: all of it is shown now")
                    new = output
                blank = len(item.output) - len(trimmed(item.output))
                new += [""] * blank
                replacements.append((item, [(item.indentation + line).rstrip() for line in new]))
            else:
                wrong = difference(expected, output)
                if wrong:
                    problems.append(f"{where}\n  {wrong}")
        if not problems:
            problems += keep_pictures(page, folder, shown_pictures, store if rewrite else None)
    finally:
        folder.remove()
    if rewrite:
        for item, new in reversed(replacements):
            lines[item.first : item.first + len(item.output)] = new
        if "\n".join(lines) != text:
            page.write_text("\n".join(lines), encoding="utf-8")
            print(f"wrote {shown(page)}")
    return problems, len(runnable)


def keep_pictures(page, folder, names, store):
    """Copies the pictures that the page made to `store` (None: to no place), or says which it did not make."""
    problems = []
    for line, name in names:
        made = folder.made(name)
        if made is None:
            problems.append(f"{shown(page)}:{line}: the page's commands make no picture {name}")
        elif store:
            store.mkdir(parents=True, exist_ok=True)
            target = store / name
            if not target.exists() or target.read_bytes() != made.read_bytes():
                shutil.copyfile(made, target)
                print(f"wrote {shown(target)}")
    return problems


def default_pages():
    pages = [ROOT / "README.md"]
    for folder in ("tutorials", "how-to"):
        pages += sorted((ROOT / "docs" / folder).glob("*.md"))
    return [page for page in pages if page.is_file()]


def main():
    parser = argparse.ArgumentParser(
        description="Runs the examples in Markdown pages, and compares what they print with what the pages show.",
        epilog="The beginning of this script says how pages are written and compared.",
    )
    parser.error = lambda message: (print(f"documents.py: {message}", file=sys.stderr), sys.exit(64))
    parser.add_argument("pages", nargs="*", type=pathlib.Path, metavar="PAGE", help="by default README and docs/")
    parser.add_argument("--rewrite", action="store_true", help="write outputs and pictures instead of comparing")
    parser.add_argument("--list", action="store_true", help="print the pages that have commands, and run nothing")
    parser.add_argument(
        "--program", type=pathlib.Path, default=ROOT / ".build/release/simulate", help="the program under test"
    )
    parser.add_argument(
        "--pictures", type=pathlib.Path, default=ROOT / "docs/pictures", help="where --rewrite leaves pictures"
    )
    arguments = parser.parse_args()
    for page in arguments.pages:
        if not page.is_file():
            parser.error(f"{page}: no such page")
    program = arguments.program.resolve()
    if not os.access(program, os.X_OK) and not arguments.list:
        parser.error(f"{program}: no such program; 'make build' builds it")
    problems = []
    for page in arguments.pages or default_pages():
        begin = time.monotonic()
        try:
            if arguments.list:
                lines = page.read_text(encoding="utf-8").split("\n")
                if any(isinstance(item, Command) for item in read(page, lines)):
                    print(shown(page))
                continue
            found, count = run_page(page, program, arguments.rewrite, arguments.pictures)
        except PageError as error:
            found, count = [str(error)], 0
        if count or found:
            print(f"{shown(page)}: {count} commands, {time.monotonic() - begin:.0f} s" + (", WRONG" if found else ""))
            sys.stdout.flush()
        problems += found
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems and not arguments.rewrite:
        print("if the page is to change: Scripts/documents.py --rewrite PAGE", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
