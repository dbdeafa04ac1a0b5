#!/usr/bin/env python3
"""Checks run files against the CF conventions 1.10, group by group, with two checkers that are not ours.

Run, in the environment that `make test-deps` makes:
    .build/checkers/bin/python Scripts/check_conventions.py RUN.nc ...     # exits 1 and lists what is wrong

compliance-checker (IOOS, `-t cf:1.10`) and cfchecks (NCAS, `-v auto`) read a file's root only. Each further group is
therefore copied into a file of its own, with the dimensions, coordinates and names that it inherits. The errors and
warnings of both count, except those in EXCEPTIONS. Moreover, coordinates must be strictly ascending numbers; a group
may not hide a coordinate or a dimension of a group above by a different one; and xarray.open_datatree, which aligns
groups, must open the file.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import os
import re
import sys
import tempfile
import types
from collections.abc import Iterator

import compliance_checker.cf.util
import netCDF4
import numpy as np
import xarray
from cfchecker import cfchecks
from compliance_checker.runner import CheckSuite

CHECKERS = ("compliance-checker", "cfchecks")
# Findings that cannot be avoided: the checker, a pattern of its message, and the reason.
EXCEPTIONS = (
    (
        "compliance-checker",
        r"Coordinate variable 'time' should have standard_name='time', found: 'None'",
        "the standard name is that of physical time since a date; here time counts applications of a map",
    ),
    (
        "compliance-checker",
        r"check_invalid_same_named_dimension_across_groups failed: KeyError\('time'\)",
        "compliance-checker 6.1.0 looks for a dimension of this name in each of several groups, and finds none",
    ),
    (
        "cfchecks",
        r"This netCDF file does not appear to contain CF Convention data\.",
        "cfchecks 4.1.0 knows the conventions up to 1.8, and the file says CF-1.10",
    ),
    (
        "cfchecks",
        r"Cannot determine CF version from the Conventions attribute; checking against latest CF version: CF-1\.8",
        "likewise",
    ),
    (
        "cfchecks",
        r"""Invalid variable type: "<class 'netCDF4\.[\w.]*VLType'>": string type \(vlen types not supported\)""",
        "the conventions allow strings since 1.8; cfchecks 4.1.0 does not know them",
    ),
    (
        "cfchecks",
        r"Could not get typecode of variable\.  Variable types supported are: .*",
        "likewise: it stands beside the line above",
    ),
)
# Takes the place of the official tables, which are on the network: no variable names an area type or a region.
EMPTY_TABLE = "<{0}><version_number>0</version_number><date>none</date></{0}>"


def groups(group: netCDF4.Dataset) -> Iterator[netCDF4.Dataset]:
    yield group
    for child in group.groups.values():
        yield from groups(child)


def above(group: netCDF4.Dataset) -> Iterator[netCDF4.Dataset]:
    while group.parent is not None:
        group = group.parent
        yield group


def find(group: netCDF4.Dataset, name: str) -> netCDF4.Variable | None:
    """The variable of that name in a group, or in the nearest group above that has one."""
    for place in (group, *above(group)):
        if name in place.variables:
            return place.variables[name]
    return None


# MARK: - Groups


def is_coordinate(variable: netCDF4.Variable) -> bool:
    return variable.dimensions == (variable.name,)


def clashes(root: netCDF4.Dataset) -> Iterator[str]:
    """Yields what groups must not hide of those above, and coordinates that are not strictly ascending numbers."""
    for group in groups(root):
        for name, variable in group.variables.items():
            path = f"{group.path.rstrip('/')}/{name}"
            if is_coordinate(variable):
                if variable.dtype is str or variable.dtype.kind not in "iuf":
                    yield f"{path}: a coordinate of texts"
                elif not (np.diff(np.ma.getdata(variable[...])) > 0).all():
                    yield f"{path}: a coordinate that does not ascend strictly"
            for place in above(group):
                other = place.variables.get(name)
                if other is None or not (is_coordinate(other) or is_coordinate(variable)):
                    continue
                same = variable.dimensions == other.dimensions and variable.shape == other.shape
                if not same or not np.array_equal(variable[...], other[...]):
                    yield f"{path}{variable.dimensions}: hides {other.dimensions} of the group above"
        for name, dimension in group.dimensions.items():
            for place in above(group):
                if name in place.dimensions and len(place.dimensions[name]) != len(dimension):
                    yield f"{group.path}: dimension {name} of {len(dimension)} hides one of {len(place.dimensions[name])}"


# MARK: - Copies


def copy_group(group: netCDF4.Dataset, path: str) -> None:
    """Writes a group as a file of its own, with the variables and dimensions that it inherits."""
    chosen = dict(group.variables)
    pending = list(chosen.values())
    while pending:
        variable = pending.pop()
        names = list(variable.dimensions)
        for attribute in ("coordinates", "ancillary_variables"):
            if attribute in variable.ncattrs():
                names += str(variable.getncattr(attribute)).split()
        for name in names:
            other = find(group, name)
            if other is not None and name not in chosen:
                chosen[name] = other
                pending.append(other)
    with netCDF4.Dataset(path, "w") as file:
        root = group
        for root in (group, *above(group)):
            pass
        file.setncatts({name: root.getncattr(name) for name in ("Conventions", "title", "history", "source")})
        for variable in chosen.values():
            for dimension in variable.get_dims():
                if dimension.name not in file.dimensions:
                    file.createDimension(dimension.name, len(dimension))
        for name, variable in chosen.items():
            variable.set_auto_maskandscale(False)
            attributes = {key: variable.getncattr(key) for key in variable.ncattrs()}
            fill = attributes.pop("_FillValue", None)
            made = file.createVariable(name, variable.dtype, variable.dimensions, fill_value=fill)
            made.set_auto_maskandscale(False)
            made.setncatts(attributes)
            if 0 not in variable.shape:
                made[...] = variable[...]


# MARK: - Checkers


def remember_lists() -> None:
    """Makes compliance-checker keep its lists of a file's variables: otherwise it makes them anew for each variable."""
    module = compliance_checker.cf.util
    cache: dict = {}

    def remembering(function):
        def call(nc, *others, **named):
            if others or named:
                return function(nc, *others, **named)
            key = (function.__name__, id(nc))
            if key not in cache:
                # The file is kept as well, so that no other object gets its `id`.
                cache[key] = (function(nc), nc)
            return copy.copy(cache[key][0])

        return call

    for name in [name for name in vars(module) if re.fullmatch(r"get_\w*variables?|get_axis_map", name)]:
        function = getattr(module, name)
        if isinstance(function, types.FunctionType) and function.__code__.co_varnames[0] in ("nc", "ds"):
            setattr(module, name, remembering(function))


def remember_names() -> None:
    """Makes cfchecks read its table of standard names once: otherwise it reads it anew for each group."""
    construct = cfchecks.ConstructDict
    kept: list = []

    def constructed(**named):
        if kept:
            kept[0].current = True
        else:
            kept.append(construct(**named))
        return kept[0]

    cfchecks.ConstructDict = constructed


def complaints(results: list) -> Iterator[str]:
    """Yields the messages of the checks that failed; checks that passed have messages, too."""
    for result in results:
        points = result.value
        if points[0] != points[1] if isinstance(points, tuple) else not points:
            yield from result.msgs or []
            yield from complaints(result.children or [])


def by_compliance_checker(path: str) -> Iterator[str]:
    suite = CheckSuite()
    dataset = suite.load_dataset(path)
    try:
        for results, errors in suite.run_all(dataset, ["cf:1.10"], []).values():
            for name, (error, _) in errors.items():
                yield f"{name} failed: {error!r}"
            yield from complaints(results)
    finally:
        dataset.close()


def by_cfchecks(path: str, checker: cfchecks.CFChecker) -> Iterator[str]:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            results = checker.checker(path)
    except Exception as error:  # a checker that fails has checked nothing
        yield f"failed: {error!r}"
        return
    for place, found in [("", results["global"]), *results["variables"].items()]:
        for kind in ("FATAL", "ERROR", "WARN"):
            for message in found[kind]:
                yield re.sub(r"^\([\d.]+\): ", "", message) if place == "" else f"{place}: {message}"


def is_excepted(checker: str, message: str) -> bool:
    words = re.sub(r"^(\w+: )?(\([\d.]+\): )?", "", message) if checker == "cfchecks" else message
    return any(checker == name and re.fullmatch(pattern, words) for name, pattern, _ in EXCEPTIONS)


class Checkers:
    """Both checkers, with the tables of names that cfchecks reads."""

    def __init__(self, folder: str) -> None:
        CheckSuite.load_all_available_checkers()
        remember_lists()
        remember_names()
        tables = {}
        for name in ("area_type_table", "standardized_region_list"):
            tables[name] = os.path.join(folder, name + ".xml")
            with open(tables[name], "w", encoding="utf-8") as file:
                file.write(EMPTY_TABLE.format(name))
        package = os.path.dirname(compliance_checker.__file__)
        self.cfchecks = cfchecks.CFChecker(
            cfStandardNamesXML=os.path.join(package, "data", "cf-standard-name-table.xml"),
            cfAreaTypesXML=tables["area_type_table"],
            cfRegionNamesXML=tables["standardized_region_list"],
            version=None,
            silent=True,
        )

    def messages(self, path: str) -> Iterator[str]:
        """Yields what the checkers find in a file, without the exceptions; each message once per checker."""
        for checker, found in (
            ("compliance-checker", by_compliance_checker(path)),
            ("cfchecks", by_cfchecks(path, self.cfchecks)),
        ):
            for message in dict.fromkeys(found):
                if not is_excepted(checker, message):
                    yield f"{checker}: {message}"


def findings(path: str, folder: str, checkers: Checkers) -> Iterator[str]:
    with netCDF4.Dataset(path) as root:
        yield from clashes(root)
        yield from (f"/: {message}" for message in checkers.messages(path))
        for number, group in enumerate(groups(root)):
            if group.parent is None or not group.variables:
                continue
            own = os.path.join(folder, f"group-{number}.nc")
            copy_group(group, own)
            yield from (f"{group.path}: {message}" for message in checkers.messages(own))
            os.remove(own)
    try:
        with xarray.open_datatree(path) as tree:
            tree.load()
    except Exception as error:  # whatever the error is, the file cannot be opened
        yield f"xarray.open_datatree: {error!r}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="+", metavar="RUN.nc", help="run file")
    options = parser.parse_args()
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        checkers = Checkers(folder)
        for path in options.files:
            lines = list(findings(path, folder, checkers))
            print(f"{path}: " + (f"{len(lines)} findings" if lines else "nothing found"))
            print("".join(f"  {line}\n" for line in lines), end="")
            count += len(lines)
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
