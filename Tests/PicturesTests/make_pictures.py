#!/usr/bin/env python3
"""Makes Tests/Fixtures/pictures: small PNG files, and what Pillow and numpy make of them. Needs numpy and Pillow.

`goldens.json` has for each picture the SHA-256 of its pixels as Pillow decodes them (palettes expanded, no gamma), and
of its mean over areas in another size, computed by numpy from the exact integral.
"""

import hashlib
import json
import os
from fractions import Fraction

import numpy as np
from PIL import Image, PngImagePlugin

os.chdir(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Fixtures", "pictures"))
random = np.random.default_rng(5)
goldens = []


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).astype("u1").tobytes()).hexdigest()


def weights(old, new):
    """[new, old]: the share of each new pixel that an old one covers, exactly."""
    rows = []
    for k in range(new):
        lower, upper = Fraction(k * old, new), Fraction((k + 1) * old, new)
        rows.append([max(Fraction(0), min(upper, i + 1) - max(lower, i)) * Fraction(new, old) for i in range(old)])
    return np.array(rows, dtype=object)


def resized(array, height, width):
    rows, columns = weights(array.shape[0], height), weights(array.shape[1], width)
    exact = np.einsum("ij,jkc,lk->ilc", rows, array.astype(object), columns)
    return np.vectorize(lambda x: int(x + Fraction(1, 2)))(exact)


def save(name, image, **keys):
    image.save(name, **keys)
    array = np.asarray(Image.open(name).convert("L" if image.mode in ("L", "1") else "RGB"))
    array = array.reshape(array.shape[0], array.shape[1], -1)
    goldens.append({
        "file": name, "shape": list(array.shape), "hash": digest(array),
        "resized": [[h, w, digest(resized(array, h, w))] for h, w in [(4, 3), (7, 5), (9, 13)]],
    })


colour = random.integers(0, 256, (6, 8, 3)).astype("u1")
grey = random.integers(0, 256, (6, 8)).astype("u1")
save("colour.png", Image.fromarray(colour))
save("grey.png", Image.fromarray(grey))
save("palette.png", Image.fromarray(colour).quantize(6))
save("bits.png", Image.fromarray(grey > 128))
gamma = PngImagePlugin.PngInfo()
gamma.add(b"gAMA", (45455).to_bytes(4, "big"))
save("gamma.png", Image.fromarray(colour), pnginfo=gamma)
save("odd.png", Image.fromarray(random.integers(0, 256, (9, 11)).astype("u1")))
# What is refused.
Image.fromarray(np.dstack([colour, colour[..., :1]])).save("alpha.png")
Image.fromarray(grey.astype("u2") * 257).save("sixteen.png")
with open("truncated.png", "wb") as file:
    file.write(open("colour.png", "rb").read()[:90])
# A folder of classes, in colour.
folder = []
for split, count in [("train", 6), ("test", 2)]:
    for label, name in enumerate(["blue", "red"]):
        os.makedirs(f"folder/{split}/{name}", exist_ok=True)
        for k in range(count):
            picture = random.integers(0, 80, (5, 4, 3)).astype("u1")
            picture[..., 2 - 2 * label] += 150
            Image.fromarray(picture).save(f"folder/{split}/{name}/{k}.png")
            folder.append((split, label, picture))
components = {
    split: np.stack([p.transpose(2, 0, 1) for s, _, p in folder if s == split]).astype("f4") / np.float32(255)
    for split in ["train", "test"]
}
with open("goldens.json", "w") as file:
    json.dump({
        "pictures": goldens,
        "train": hashlib.sha256(components["train"].astype("<f4").tobytes()).hexdigest(),
        "test": hashlib.sha256(components["test"].astype("<f4").tobytes()).hexdigest(),
    }, file, indent=1)
