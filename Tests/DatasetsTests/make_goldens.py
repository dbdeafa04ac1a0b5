#!/usr/bin/env python3
"""Writes PatternGolden.swift: a tiny hierarchical data set computed without the library.

Follows the published Philox4x32-10 and the documentation of RandomField, HierarchicalPatterns and
Dataset.contentHash. Run in this folder: python3 make_goldens.py
"""

import hashlib
import struct

MASK = 0xFFFFFFFF
SEED, DIMENSION, SUPERCLASSES, CLASSES, MEMORIES, TEST = 20171204, 9, 2, 2, 2, 1
CORRELATION = (0.6, 0.8)


def philox(key, counter):
    c, (k0, k1) = list(counter), key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & MASK, (p0 >> 32) ^ c[3] ^ k1, p0 & MASK]
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c


# A known answer of Random123 (kat_vectors), so that this script is not its own judge.
assert philox((0, 0), (0, 0, 0, 0)) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]


def words(kind, a, b, c):
    """DIMENSION words of purpose `patterns` (1), context `kind`."""
    root = philox((SEED & MASK, SEED >> 32), (1, kind, 0, 0))
    result = []
    for draw in range((DIMENSION + 3) // 4):
        result += philox(root[:2], (a, b, c, draw))
    return result[:DIMENSION]


def flipped(parent, b, address):
    return [
        bit ^ ((word + 0.5) / 2**32 < (1 - b) / 2) for bit, word in zip(parent, words(*address))
    ]


train, test = [], []
for s in range(SUPERCLASSES):
    superclass = [word >> 31 for word in words(0, s, 0, 0)]
    for c in range(CLASSES):
        center = flipped(superclass, CORRELATION[0], (1, s, c, 0))
        train += [flipped(center, CORRELATION[1], (2, s, c, m)) for m in range(MEMORIES)]
        test += [flipped(center, CORRELATION[1], (3, s, c, m)) for m in range(TEST)]


def integers(*numbers):
    return struct.pack(f"<{len(numbers)}q", *numbers)


def texts(names):
    return b"".join(integers(len(n.encode())) + n.encode() for n in names)


n = SUPERCLASSES * CLASSES
data = b"dataset 1\n" + integers(DIMENSION, 3, 3)
for items, count in ((train, MEMORIES), (test, TEST)):
    data += integers(len(items)) + struct.pack("<256f", 0.0, *[1.0] * 255)
    data += bytes(bit for item in items for bit in item)
    data += struct.pack(f"<{len(items)}i", *[k for k in range(n) for _ in range(count)])
data += integers(n) + texts(f"class {s}.{c}" for s in range(SUPERCLASSES) for c in range(CLASSES))
data += integers(*range(n)) + integers(SUPERCLASSES)
data += texts(f"superclass {s}" for s in range(SUPERCLASSES))
data += integers(*[s for s in range(SUPERCLASSES) for _ in range(CLASSES)])


def swift(items):
    return "[\n" + "".join(f'    "{"".join(str(int(b)) for b in item)}",\n' for item in items) + "  ]"


with open("PatternGolden.swift", "w") as file:
    file.write(f"""// Made by make_goldens.py; do not edit.

/// Hierarchical patterns of seed {SEED}, computed in Python.
enum PatternGolden {{
  static let train = {swift(train)}
  static let test = {swift(test)}
  static let contentHash = "{hashlib.sha256(data).hexdigest()}"
}}
""")
