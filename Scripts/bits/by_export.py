"""Reads run files through the program itself, where the C library is not to be had: names, dimensions, units and long
names as `inspect` prints them, values as `export` does."""
from __future__ import annotations

import os
import re
import subprocess

from bits.netcdf import Group, NetCDFFailure, Variable

LINE = re.compile(r"^  ([^\s(]+)(?:\(([^)]*)\))?(.*)$")


def _ask(program: str, *arguments: str):
    result = subprocess.run([os.path.abspath(program), *arguments], capture_output=True, text=True, errors="replace")
    return result.stdout if result.returncode == 0 else None


def read_by_export(program: str, path: str) -> dict:
    text = _ask(program, "inspect", path)
    if text is None:
        raise NetCDFFailure(f"{path} cannot be inspected")
    groups, current = {}, None
    attributes = {}
    for line in text.split("\n")[1:]:
        if line.startswith("group "):
            current = groups.setdefault(line[6:].strip(), Group({}, {}, {}))
            continue
        match = LINE.match(line)
        if current is None and line and not line.startswith(" "):
            name, _, value = line.partition(" ")
            attributes[name] = ("text", value.strip())
        elif current is not None and match:
            name, dimensions, rest = match.groups()
            current.variables[name] = Variable("", tuple((dimensions or "").split(", ")), (),
                                               {"inspected": ("text", rest.split())}, ())
    for place, group in groups.items():
        prefix = place.strip("/") + "/" if place != "/" else ""
        together: dict = {}
        for name, variable in group.variables.items():
            together.setdefault(variable.dimensions, []).append(name)
        for variables in together.values():
            table = _ask(program, "export", path, "--variables", ",".join(prefix + name for name in variables))
            if table is not None:
                group.variables[variables[0]].values = tuple(table.split("\n"))
                continue
            for name in variables:
                table = _ask(program, "export", path, "--variables", prefix + name)
                group.variables[name].values = tuple((table or "not exported").split("\n"))
    if "/" in groups:
        groups["/"].attributes = attributes
    return groups
