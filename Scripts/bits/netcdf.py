"""Reads whole NetCDF-4 files with the C library that the program itself is linked to, by ctypes, so that Python's
own library is enough; and compares two of them, bit by bit."""
from __future__ import annotations

import collections
import ctypes
import ctypes.util
import dataclasses
import struct

CHARACTER, TEXT = 2, 12
# The external types of netcdf.h: name, bytes, letter of the struct module.
TYPES = {
    1: ("int8", 1, "b"), 2: ("char", 1, "c"), 3: ("int16", 2, "h"), 4: ("int32", 4, "i"), 5: ("float32", 4, "f"),
    6: ("float64", 8, "d"), 7: ("uint8", 1, "B"), 8: ("uint16", 2, "H"), 9: ("uint32", 4, "I"),
    10: ("int64", 8, "q"), 11: ("uint64", 8, "Q"), 12: ("string", 8, ""),
}
# What differs between two runs of one program: the date and command, and which program it was.
ALLOWED = {"history", "source", "program_commit"}
# Attributes that change how values are read: these must not be added.
MEANINGFUL = {"_FillValue", "missing_value", "scale_factor", "add_offset", "valid_min", "valid_max", "valid_range"}


class NetCDFFailure(Exception):
    """A file that cannot be read, or a library that cannot be used."""


def unpacked(name: str, values) -> list:
    """The values of an external type, as Variable and attributes have them."""
    if not isinstance(values, bytes):
        return list(values)
    letter = next(letter for known, _, letter in TYPES.values() if known == name)
    if letter == "c":
        return [values.decode("utf-8", "surrogateescape").rstrip("\0")]
    return [value for (value,) in struct.iter_unpack("=" + letter, values)]


@dataclasses.dataclass
class Variable:
    type: str
    dimensions: tuple
    storage: tuple
    attributes: dict
    values: object  # bytes in the machine's order, or a tuple of texts

    def list(self) -> list:
        """The values as numbers, or as texts."""
        return unpacked(self.type, self.values)


@dataclasses.dataclass
class Group:
    dimensions: dict
    attributes: dict
    variables: dict


class Library:
    """The C library; reads a file into a mapping from the paths of groups to groups."""

    def __init__(self) -> None:
        found = ctypes.util.find_library("netcdf")
        for name in ([found] if found else []) + ["libnetcdf.so", "libnetcdf.so.19", "libnetcdf.so.22", "libnetcdf.dylib"]:
            try:
                self.c = ctypes.CDLL(name)
                break
            except OSError:
                continue
        else:
            raise NetCDFFailure("no library libnetcdf")
        self.c.nc_strerror.restype = ctypes.c_char_p
        self.c.nc_inq_libvers.restype = ctypes.c_char_p
        self.dimensions: dict = {}
        self.name, self.identifiers_of_dimensions = ctypes.create_string_buffer(257), (ctypes.c_int * 1024)()
        self.description = "libnetcdf " + self.c.nc_inq_libvers().decode().split()[0] + " (by ctypes)"

    def call(self, name: str, *arguments) -> None:
        code = getattr(self.c, "nc_" + name)(*arguments)
        if code != 0:
            raise NetCDFFailure(f"nc_{name}: {self.c.nc_strerror(code).decode()}")

    def integer(self, name: str, *arguments) -> int:
        result = ctypes.c_int()
        self.call(name, *arguments, ctypes.byref(result))
        return result.value

    def read(self, path: str) -> dict:
        file = ctypes.c_int()
        self.dimensions.clear()
        self.call("open", path.encode(), 0, ctypes.byref(file))
        try:
            groups: dict = {}
            self.visit(file.value, "/", groups)
            return groups
        finally:
            self.call("close", file)

    def visit(self, group: int, path: str, groups: dict) -> None:
        if self.identifiers("inq_typeids", group):
            raise NetCDFFailure(f"{path}: types of its own, which this reader does not know")
        unlimited = set(self.identifiers("inq_unlimdims", group))
        dimensions = {}
        for identifier in self.identifiers("inq_dimids", group, 0):
            name, length = self.dimension(group, identifier)
            dimensions[name] = (length, identifier in unlimited)
        variables = {}
        for identifier in self.identifiers("inq_varids", group):
            name, variable = self.variable(group, identifier)
            variables[name] = variable
        count = self.integer("inq_natts", group)
        groups[path] = Group(dimensions, self.attributes(group, -1, count), variables)
        for child in self.identifiers("inq_grps", group):
            self.call("inq_grpname", child, self.name)
            self.visit(child, path.rstrip("/") + "/" + self.name.value.decode(), groups)

    def identifiers(self, name: str, group: int, *more) -> list:
        count = ctypes.c_int()
        self.call(name, group, ctypes.byref(count), None, *more)
        result = (ctypes.c_int * max(1, count.value))()
        self.call(name, group, ctypes.byref(count), result, *more)
        return list(result)[: count.value]

    def dimension(self, group: int, identifier: int) -> tuple:
        # Identifiers of dimensions are those of the whole file.
        if identifier not in self.dimensions:
            length = ctypes.c_size_t()
            self.call("inq_dim", group, identifier, self.name, ctypes.byref(length))
            self.dimensions[identifier] = (self.name.value.decode(), length.value)
        return self.dimensions[identifier]

    def variable(self, group: int, identifier: int) -> tuple:
        kind, rank, count = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
        identifiers = self.identifiers_of_dimensions
        self.call("inq_var", group, identifier, self.name, ctypes.byref(kind), ctypes.byref(rank), identifiers,
                  ctypes.byref(count))
        name = self.name.value.decode()
        dimensions = [self.dimension(group, identifiers[k]) for k in range(rank.value)]
        shape = [length for _, length in dimensions]
        total = 1
        for length in shape:
            total *= length
        layout, chunks = ctypes.c_int(), (ctypes.c_size_t * max(1, rank.value))()
        self.call("inq_var_chunking", group, identifier, ctypes.byref(layout), chunks)
        shuffle, deflate, level = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
        self.call("inq_var_deflate", group, identifier, ctypes.byref(shuffle), ctypes.byref(deflate),
                  ctypes.byref(level))
        storage = (layout.value, tuple(chunks) if layout.value == 0 else (), shuffle.value, deflate.value, level.value,
                   self.integer("inq_var_endian", group, identifier))
        values = self.values("get_var", kind.value, total, group, identifier)
        attributes = self.attributes(group, identifier, count.value)
        return name, Variable(TYPES[kind.value][0], tuple(dimensions), storage, attributes, values)

    def values(self, function: str, kind: int, count: int, *place):
        if kind not in TYPES:
            raise NetCDFFailure(f"type {kind}, which this reader does not know")
        if count == 0:
            return () if kind == TEXT else b""
        if kind == TEXT:
            texts = (ctypes.c_char_p * count)()
            self.call(function + "_string", *place, texts)
            result = tuple((text or b"").decode("utf-8", "surrogateescape") for text in texts)
            self.call("free_string", ctypes.c_size_t(count), texts)
            return result
        buffer = ctypes.create_string_buffer(count * TYPES[kind][1])
        self.call(function, *place, buffer)
        return buffer.raw

    def attributes(self, group: int, variable: int, count: int) -> dict:
        result = {}
        for number in range(count):
            kind, length = ctypes.c_int(), ctypes.c_size_t()
            self.call("inq_attname", group, variable, number, self.name)
            self.call("inq_att", group, variable, self.name, ctypes.byref(kind), ctypes.byref(length))
            values = self.values("get_att", kind.value, length.value, group, variable, self.name)
            result[self.name.value.decode()] = (TYPES[kind.value][0], values)
        return result


class Difference:
    """What two files differ in: numbers (values, types, layout), attributes, texts (order), and what was added."""

    def __init__(self) -> None:
        self.numbers: list = []
        self.attributes: list = []
        self.texts: list = []
        self.added: collections.Counter = collections.Counter()
        self.variables = 0


def _version(groups: dict) -> int:
    kind, value = groups["/"].attributes.get("format_version", ("", b"")) if "/" in groups else ("", b"")
    return int.from_bytes(value, "little") if kind == "int32" else 0


def _text(text: str) -> tuple:
    return "char", text.encode()


def _in_version_2(before: dict, after: dict) -> dict:
    """A file of version 1 of the layout as version 2 has it: other names, units and coordinates, the same numbers.

    How a new variable is stored is taken from the file of version 2."""
    result = {}
    for path, group in before.items():
        variables = {}
        theirs = after[path].variables if path in after else {}
        for name, variable in group.variables.items():
            attributes = dict(variable.attributes)
            if attributes.get("units") == _text("nats"):
                attributes["units"] = _text("1")
                kind, value = attributes["long_name"]
                attributes["long_name"] = (kind, value + b", in nats")
            own = [dimension for dimension, _ in variable.dimensions]
            if name == "level" and own[-1:] == ["member"]:
                name = "corruption_level"
            if variable.type == "string" and own == [name]:
                words = name + "_label"
                key = attributes["long_name"][1].split(b":")[0]
                number = b"number of the control" if name == "control" else key + b": number of the value in " + words.encode()
                numbers = struct.pack(f"={len(variable.values)}i", *range(len(variable.values)))
                storage = {n: theirs[n].storage if n in theirs else variable.storage for n in (name, words)}
                variables[name] = Variable(
                    "int32", variable.dimensions, storage[name],
                    attributes | {"long_name": ("char", number)}, numbers)
                name, variable = words, dataclasses.replace(variable, storage=storage[words])
                attributes |= {"role": _text("label")}
            variables[name] = dataclasses.replace(variable, attributes=attributes)
        root = {"format_version": after["/"].attributes["format_version"]} if path == "/" else {}
        result[path] = Group(group.dimensions, group.attributes | root, variables)
    return result


def compare(before: dict, after: dict) -> Difference:
    difference = Difference()
    if _version(before) == 1 and _version(after) == 2:
        before = _in_version_2(before, after)
    _names("groups", "", before, after, difference)
    for path, mine in before.items():
        theirs = after.get(path)
        if theirs is None:
            continue
        place = "" if path == "/" else path + "/"
        _names("dimensions", path, mine.dimensions, theirs.dimensions, difference)
        for name, extent in mine.dimensions.items():
            if theirs.dimensions.get(name, extent) != extent:
                difference.numbers.append(f"dimension {place}{name}: {extent} and {theirs.dimensions[name]}")
        _attributes(path, mine.attributes, theirs.attributes, difference)
        _names("variables", path, mine.variables, theirs.variables, difference)
        for name, variable in mine.variables.items():
            if name in theirs.variables:
                _variable(place + name, variable, theirs.variables[name], difference)
    return difference


def _names(what: str, path: str, before: dict, after: dict, difference: Difference) -> None:
    missing, new = [n for n in before if n not in after], [n for n in after if n not in before]
    if missing or new:
        difference.numbers.append(f"{path}: {what} missing: {missing}, new: {new}")
    elif list(before) != list(after):
        difference.texts.append(f"{path}: another order of {what}")


def _variable(path: str, mine: Variable, theirs: Variable, difference: Difference) -> None:
    difference.variables += 1
    for what in ("type", "dimensions", "storage"):
        if getattr(mine, what) != getattr(theirs, what):
            difference.numbers.append(f"{path}: {what} {getattr(mine, what)} and {getattr(theirs, what)}")
    if mine.values != theirs.values and mine.type == theirs.type:
        difference.numbers.append(f"{path}: " + _values(mine.type, mine.values, theirs.values))
    _attributes(path, mine.attributes, theirs.attributes, difference)


def _attributes(path: str, before: dict, after: dict, difference: Difference) -> None:
    for name, value in before.items():
        if name in ALLOWED:
            continue
        if name not in after:
            difference.attributes.append(f"{path}: attribute {name} is missing")
        elif after[name] != value:
            (mine, old), (theirs, new) = value, after[name]
            same = mine == theirs
            words = _values(mine, old, new) if same else f"type {mine} and {theirs}"
            difference.attributes.append(f"{path}: attribute {name}: {words}")
    for name in after:
        if name in before or name in ALLOWED:
            continue
        if name in MEANINGFUL:
            difference.attributes.append(f"{path}: attribute {name} was added")
        else:
            difference.added[name] += 1
    kept = [name for name in after if name in before]
    if kept != [name for name in before if name in after]:
        difference.texts.append(f"{path}: another order of attributes")


def _values(kind: str, before, after) -> str:
    if kind == "char":
        return _texts(*[text.decode("utf-8", "replace") for text in (before, after)])
    if isinstance(before, bytes):
        letter = next(letter for name, _, letter in TYPES.values() if name == kind)
        size = struct.calcsize(letter)
        before, after = ([b[k : k + size] for k in range(0, len(b), size)] for b in (before, after))
        show = lambda part: repr(struct.unpack(letter, part)[0])  # noqa: E731
    else:
        show = repr
    if len(before) != len(after):
        return f"{len(before)} and {len(after)} values"
    places = [k for k in range(len(before)) if before[k] != after[k]]
    first = places[0]
    return f"{len(places)} of {len(before)} values differ, the first at {first}: {show(before[first])} and {show(after[first])}"


def _texts(before: str, after: str) -> str:
    first = next((k for k, (a, b) in enumerate(zip(before, after)) if a != b), min(len(before), len(after)))
    start = max(0, first - 30)
    lead = "..." if start else ""
    return " and ".join(repr(lead + text[start : start + 100]) for text in (before, after))
