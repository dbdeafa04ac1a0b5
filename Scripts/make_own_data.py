#!/usr/bin/env python3
"""Makes scenarios/data, the small data sets of the scenarios own-*.yaml. Needs numpy, scikit-learn and Pillow.

    digits.npz    scikit-learn's digits: images (1797, 8, 8) of numbers from 0 to 16, labels (UCI, CC BY 4.0,
                  doi:10.24432/C50P49)
    wine.npz      twelve of the thirteen measurements of 178 wines, and their cultivars (UCI, CC BY 4.0,
                  doi:10.24432/C5PC7J)
    shapes/       pictures of 10 x 10 pixels in colour: discs, crosses and stripes at random places, made here
"""

import os

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits, load_wine

folder = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scenarios", "data")
os.makedirs(folder, exist_ok=True)
os.chdir(folder)
digits = load_digits()
np.savez_compressed("digits.npz", images=digits.images.astype("u1"), labels=digits.target)
wine = load_wine()
names = np.array(["first cultivar", "second cultivar", "third cultivar"])
np.savez_compressed("wine.npz", measurements=wine.data[:, :12], cultivar=names[wine.target])
random = np.random.default_rng(1)
y, x = np.mgrid[:10, :10]
for split, count in [("train", 12), ("test", 3)]:
    for name in ["cross", "disc", "stripe"]:
        os.makedirs(f"shapes/{split}/{name}", exist_ok=True)
        for k in range(count):
            row, column = random.integers(3, 7, 2)
            inside = {
                "cross": (x == column) | (y == row),
                "disc": (x - column) ** 2 + (y - row) ** 2 <= 7,
                "stripe": (x + y - row - column) % 10 < 3,
            }[name]
            colour = {"cross": [220, 60, 40], "disc": [40, 180, 80], "stripe": [60, 80, 220]}[name]
            picture = random.integers(0, 40, (10, 10, 3))
            picture[inside] = np.array(colour) + random.integers(-30, 30, 3)
            Image.fromarray(picture.clip(0, 255).astype("u1")).save(f"shapes/{split}/{name}/{k:02}.png")
