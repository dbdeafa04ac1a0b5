#!/usr/bin/env python3
"""Checks the Markdown pages of the repository: links within it, anchors, and the length of README's lines.

    Scripts/check_pages.py             all pages that git knows or would add
    Scripts/check_pages.py PAGE...     these pages

Opens no network: links with a scheme, such as https, are not followed. Anchors are those that GitHub makes of headings.
Needs Python's own library only. Exit code 0: nothing is wrong; 1: something is, a line each.
"""

import os
import pathlib
import re
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
README_WIDTH = 120


def pages():
    """The pages of the repository."""
    names = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        check=True, capture_output=True, text=True,
    ).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def prose(path):
    """The lines of a page without fenced blocks and code; each is as long as in the page."""
    result = []
    fence = None
    for line in path.read_text(encoding="utf-8").split("\n"):
        mark = re.match(r"^ *(`{3,}|~{3,})", line)
        if mark and fence is None:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
            fence = None
        elif fence is None:
            result.append(line)
            continue
        result.append("")
    return result


def without_code(line):
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", lambda match: " " * len(match[0]), line)


def slug(heading):
    """The anchor that GitHub makes of a heading, without a number."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    text = re.sub(r"<[^>]*>", "", text)
    text = re.sub(r"[*`]|(?<!\w)_|_(?!\w)", "", text).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(path):
    """All anchors of a page."""
    result = set()
    seen = {}
    lines = prose(path)
    for k, line in enumerate(lines):
        heading = re.match(r"^ {0,3}#{1,6} +(.*?)(?: +#+)? *$", line)
        text = heading[1] if heading else None
        if text is None and k and re.fullmatch(r"(=+|-+) *", line) and lines[k - 1].strip():
            text = lines[k - 1]
        if text is not None:
            name = slug(text)
            count = seen.get(name, 0)
            seen[name] = count + 1
            result.add(f"{name}-{count}" if count else name)
        result.update(re.findall(r"<[^>]*\b(?:id|name)=\"([^\"]+)\"", line))
    return result


def targets(lines):
    """The targets of all links and pictures, with their lines."""
    for number, line in enumerate(lines, 1):
        line = without_code(line)
        for match in re.finditer(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)", line):
            yield number, match[1]
        for match in re.finditer(r"<(?:a|img|source)\b[^>]*\b(?:href|src|srcset)=\"([^\"\s]+)", line):
            yield number, match[1]
        definition = re.match(r"^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)", line)
        if definition:
            yield number, definition[1]


def exists(path):
    """Whether a path is there, in exactly these letters: some file systems take others."""
    path = pathlib.Path(os.path.normpath(path))
    if not path.exists():
        return False
    while path != ROOT and path.parent != path:
        if path.name not in os.listdir(path.parent):
            return False
        path = path.parent
    return True


def check(page):
    """What is wrong with a page, a line each."""
    lines = prose(page)
    for number, target in targets(lines):
        if re.match(r"^[a-zA-Z][a-zA-Z0-9+.-]*:", target) or target.startswith("//"):
            continue
        path, _, anchor = target.partition("#")
        path = urllib.parse.unquote(path)
        file = ROOT / path[1:] if path.startswith("/") else page.parent / path if path else page
        if not exists(file):
            yield number, f"the link to '{target}' leads to no file; write one that is there"
        elif anchor and file.suffix == ".md" and urllib.parse.unquote(anchor) not in anchors(file):
            yield number, f"the link to '{target}' leads to no heading of {file.name}; look at its headings"
    if page.name == "README.md" and page.parent == ROOT or "--readme" in sys.argv:
        for number, line in enumerate(page.read_text(encoding="utf-8").split("\n"), 1):
            if len(line) > README_WIDTH:
                yield number, f"{len(line)} characters; README's lines have at most {README_WIDTH}"


def main():
    names = [name for name in sys.argv[1:] if name != "--readme"]
    count = 0
    for page in [pathlib.Path(name).resolve() for name in names] or pages():
        for number, problem in check(page):
            count += 1
            shown = os.path.relpath(page, ROOT) if page.is_relative_to(ROOT) else page
            print(f"{shown}:{number}: {problem}", file=sys.stderr)
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
