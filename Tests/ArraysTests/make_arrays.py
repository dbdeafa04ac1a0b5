#!/usr/bin/env python3
"""Makes Tests/Fixtures/arrays: small arrays in numpy's, NetCDF's and HDF5's formats, and what numpy makes of them.

Needs numpy, h5py, netCDF4. The files are checked in; run it again only to add some:

    python3 Tests/ArraysTests/make_arrays.py

`goldens.json` has for each case the SHA-256 of the items as components, in single precision, as numpy computes it.
"""

import hashlib
import json
import os
import struct
import sys
import zipfile

import h5py
import netCDF4
import numpy as np

folder = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Fixtures", "arrays")
os.makedirs(folder, exist_ok=True)
os.chdir(folder)
random = np.random.default_rng(20171204)
goldens = []


def digest(components):
    return hashlib.sha256(np.ascontiguousarray(components).astype("<f4").tobytes()).hexdigest()


def scaled(array, lower, upper):
    return ((array.astype("f8") - lower) / (upper - lower)).astype("f4")


def golden(file, components, **keys):
    goldens.append({"file": file, "hash": digest(components), "shape": list(components.shape), **keys})


# Every type of number, both byte orders, both orders of indices.
for code in ["b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]:
    for order in "<>":
        if code[1] == "1" and order == ">":
            continue
        for layout in "CF":
            shape = (5, 3, 4)
            if code == "b1":
                array = random.random(shape) < 0.5
            elif code[0] == "f":
                array = random.random(shape)
            elif code == "i1":
                array = random.integers(-16, 17, shape)
            else:
                array = random.integers(0, 17, shape)
            array = np.asarray(array, dtype=order + code, order=layout)
            name = f"{code}-{'little' if order == '<' else 'big'}-{layout}.npy"
            np.save(name, array)
            if code == "u1":
                golden(name, array.astype("f4") / np.float32(255))
            elif code == "b1":
                golden(name, array.astype("f4"))
            elif code[0] == "f":
                golden(name, array.astype("f4"))
            else:
                lower = -16 if code == "i1" else 0
                golden(name, scaled(array, lower, 16), range=[lower, 16])

# Bytes with other bounds, and numbers that are kept.
array = random.integers(0, 17, (6, 4, 4)).astype("u1")
np.save("nibbles.npy", array)
golden("nibbles.npy", scaled(array, 0, 16), range=[0, 16])
array = random.normal(size=(6, 12))
np.save("normal.npy", array)
golden("normal.npy", array.astype("f4"), keeps=True)

# Colour: components are in the order channel, row, column.
array = random.integers(0, 256, (4, 3, 5, 3)).astype("u1")
for layout in "CF":
    np.save(f"colour-last-{layout}.npy", np.asarray(array, order=layout))
    golden(f"colour-last-{layout}.npy", array.transpose(0, 3, 1, 2).astype("f4") / np.float32(255), channels="last")
np.save("colour-first.npy", array.transpose(0, 3, 1, 2))
golden("colour-first.npy", array.transpose(0, 3, 1, 2).astype("f4") / np.float32(255), channels="first")

# Versions 2 and 3 of the format.
array = random.random((3, 7))
for version in [(2, 0), (3, 0)]:
    with open(f"version-{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, array, version=version)
    golden(f"version-{version[0]}.npy", array.astype("f4"))

# Archives: zip64 as savez writes it, deflated, with labels.
pictures = random.integers(0, 256, (40, 6, 6)).astype("u1")
labels = np.repeat(np.arange(4), 10)
names = np.array(["ash", "birch", "cedar", "ébène"])[labels]
table = np.stack([labels, np.arange(40) % 2, np.arange(40) % 5], axis=1)
np.savez("stored.npz", images=pictures, labels=labels, names=names, table=table,
         byte_names=np.array([b"a", b"b", b"c", b"d"])[labels])
np.savez_compressed("deflated.npz", images=pictures, labels=labels)
np.savez("single.npz", only=pictures)
golden("single.npz", pictures.astype("f4") / np.float32(255))
golden("stored.npz:images", pictures.astype("f4") / np.float32(255))
golden("deflated.npz:images", pictures.astype("f4") / np.float32(255))

# NetCDF and HDF5.
with netCDF4.Dataset("packed.nc", "w") as data:
    for name, size in [("item", 5), ("y", 3), ("x", 4)]:
        data.createDimension(name, size)
    numbers = random.random((5, 3, 4))
    packed = data.createVariable("packed", "i2", ("item", "y", "x"), fill_value=-32768)
    packed.scale_factor = 1 / 1000.0
    packed.add_offset = 0.5
    packed.set_auto_maskandscale(False)
    packed[:] = np.round((numbers - 0.5) * 1000).astype("i2")
    plain = data.createVariable("plain", "f4", ("item", "y", "x"))
    plain[:] = numbers
    holes = data.createVariable("holes", "f4", ("item", "y", "x"), fill_value=-1.0)
    holes.set_auto_maskandscale(False)
    some = numbers.astype("f4")
    some[3, 1, 2] = -1
    holes[:] = some
    stored = data.createVariable("bytes", "u1", ("item", "y", "x"))
    stored[:] = np.round(255 * numbers).astype("u1")
    classes = data.createVariable("labels", "i4", ("item",))
    classes[:] = [3, 1, 3, 1, 3]
with netCDF4.Dataset("packed.nc") as data:
    golden("packed.nc:packed", np.asarray(data["packed"][:]).astype("f4"))
    golden("packed.nc:plain", np.asarray(data["plain"][:]).astype("f4"))
    golden("packed.nc:bytes", np.asarray(data["bytes"][:]).astype("f4") / np.float32(255))
with h5py.File("foreign.h5", "w") as data:
    data["group/half"] = random.random((4, 6)).astype("f2")
    data["booleans"] = random.random((4, 6)) < 0.5
    data["complex"] = random.random((4, 6)).astype("c8")
    data.create_dataset("lzf", data=random.random((64, 64)), compression="lzf", chunks=(64, 64))
    data.create_dataset("gzip", data=random.integers(0, 255, (64, 64)).astype("u1"), compression="gzip", chunks=(64, 64))
    golden("foreign.h5:group/half", data["group/half"][:].astype("f4"))
    golden("foreign.h5:gzip", data["gzip"][:].astype("f4") / np.float32(255))
with h5py.File("target.h5", "w") as data:
    data["secret"] = random.random((4, 6))
with h5py.File("link.h5", "w") as data:
    data["own"] = random.random((4, 6))
    data["elsewhere"] = h5py.ExternalLink("target.h5", "secret")
with open("raw.bin", "wb") as file:
    file.write(random.random((4, 6)).tobytes())
with h5py.File("external.h5", "w") as data:
    data.create_dataset("outside", (4, 6), "f8", external=[("raw.bin", 0, 192)])
layout = h5py.VirtualLayout(shape=(4, 6), dtype="f8")
layout[:] = h5py.VirtualSource("target.h5", "secret", shape=(4, 6))
with h5py.File("virtual.h5", "w", libver=("v110", "v110")) as data:
    data.create_virtual_dataset("virtual", layout)


# What must be refused.
def raw(name, descr, shape, data=b"", fortran=False, text=None):
    header = text or "{'descr': %s, 'fortran_order': %s, 'shape': %s, }" % (descr, fortran, shape)
    header = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
    with open(name, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data)


raw("objects.npy", "'|O'", (3,), b"\x80\x03]q\x00.")
raw("complex.npy", "'<c16'", (3, 2), bytes(96))
raw("dates.npy", "'<M8[ns]'", (3, 2), bytes(48))
raw("records.npy", "[('a', '<f8'), ('b', '<f8')]", (3,), bytes(48))
raw("lying.npy", "'<f8'", (1000000000, 784), bytes(64))
raw("overflow.npy", "'<f8'", (4611686018427387904, 4611686018427387904), bytes(64))
raw("expression.npy", "", "", text="{'descr': '<f8', 'fortran_order': False, 'shape': (2*3,), }", data=bytes(48))
raw("extra-key.npy", "", "", text="{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), 'x': 1}", data=bytes(48))
raw("missing-key.npy", "", "", text="{'descr': '<f8', 'shape': (2, 3)}", data=bytes(48))
raw("long.npy", "'<f8'", (2, 3), bytes(56))
with open("truncated.npy", "wb") as file:
    file.write(open("normal.npy", "rb").read()[:-8])
array = random.random((3, 4))
array[1, 2] = np.nan
np.save("hole.npy", array)
np.save("beyond.npy", np.array([[0.0, 0.5], [0.25, 1.5]]))
np.save("one-size.npy", np.arange(5.0))
np.save("texts.npy", np.array([["a", "b"], ["c", "d"]]))
np.save("fractional-labels.npy", np.array([0.5, 1.0, 2.0]))
np.save("three.npy", random.random((3, 4)))
npy = open("three.npy", "rb").read()
with zipfile.ZipFile("duplicate.npz", "w") as archive:
    import warnings

    warnings.simplefilter("ignore")
    archive.writestr("a.npy", npy)
    archive.writestr("a.npy", npy)
with zipfile.ZipFile("absolute.npz", "w") as archive:
    archive.writestr("/etc/a.npy", npy)
with zipfile.ZipFile("climbing.npz", "w") as archive:
    archive.writestr("../a.npy", npy)
with zipfile.ZipFile("bzip2.npz", "w", zipfile.ZIP_BZIP2) as archive:
    archive.writestr("a.npy", npy)
with zipfile.ZipFile("object.npz", "w") as archive:
    archive.writestr("a.npy", open("objects.npy", "rb").read())
# A bomb: a header of a million small arrays' size over zeros, and a member whose declared size is a lie.
with zipfile.ZipFile("bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
    raw("bomb.npy", "'|u1'", (10, 1000000), bytes(1000))
    archive.writestr("a.npy", open("bomb.npy", "rb").read())
os.remove("bomb.npy")
bytes_ = bytearray(open("deflated.npz", "rb").read())
# The declared size of the first member, in local header and central directory: 2^31.
for signature, offset in [(b"PK\x03\x04", 22), (b"PK\x01\x02", 24)]:
    place = bytes_.find(signature)
    bytes_[place + offset : place + offset + 4] = struct.pack("<I", 1 << 31)
open("lying.npz", "wb").write(bytes_)

with open("goldens.json", "w") as file:
    json.dump(goldens, file, indent=1, ensure_ascii=False)
print(len(goldens), "cases in", folder, file=sys.stderr)
