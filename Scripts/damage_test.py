#!/usr/bin/env python3
"""Damages run files at random and gives them to every command that reads NetCDF files.

    Scripts/damage_test.py [ROUNDS] [SIMULATE]

Each round changes bits or bytes of a run file, or overwrites pieces of it, and sometimes cuts it; then inspect, export,
a run that starts from its states and, in every tenth round, plot read it. Every command must end within a minute, with
exit code 0, 65 or 66. One that fails must print a single line (unless the C library crashed) and leave an earlier
result as it was. Prints how often each command ended in which way, and how often the C library crashed in the child
process that reads files first. Exits 1 if there were problems. Needs Python's own library only.
"""
import collections
import os
import random
import subprocess
import sys
import tempfile

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 300
here = os.path.dirname(os.path.abspath(__file__))
simulate = os.path.abspath(sys.argv[2] if len(sys.argv) > 2 else here + "/../.build/release/simulate")
folder = tempfile.mkdtemp()
os.chdir(folder)
os.environ["REPEATED_INFERENCE_CACHE"] = folder + "/cache"
start = """name: run
dataset: {kind: hierarchical-patterns, dimension: 36, superclasses: 2, classes: 2, memories: 40, test: 5}
model: {latent: 4, hidden: [16], training: {epochs: 2, batch: 10}}
dynamics: {steps: 3}
"""
open("run.yaml", "w").write(start + "initial: {levels: [0, 0.5]}\noutput: {members: true}\ngroup-by: [class]\n")
open("states.yaml", "w").write(
    start + "initial: {corruption: file, file: {path: damaged.nc, variable: geometry/concept_position}}\n")
subprocess.run([simulate, "run", "run.yaml", "-q"], check=True)
good = open("run.nc", "rb").read()
open("earlier.nc", "wb").write(b"precious")
commands = {
    "inspect": ["inspect", "damaged.nc"],
    "export": ["export", "damaged.nc"],
    "plot": ["plot", "damaged.nc", "-o", "a.svg", "--overwrite"],
    "run": ["run", "states.yaml", "-o", "earlier.nc", "--overwrite", "-q"],
}
counts = collections.Counter()
bad = 0
generator = random.Random(20171204)
for number in range(rounds):
    damaged = bytearray(good)
    for _ in range(generator.choice([1, 1, 2, 8])):
        place = generator.randrange(len(good))
        kind = generator.randrange(4)
        if kind == 0:
            damaged[place] ^= 1 << generator.randrange(8)
        elif kind == 1:
            damaged[place] = generator.choice([0, 1, 0x7F, 0x80, 0xFF])
        elif kind == 2:
            piece = bytes(generator.choice([0, 0xFF]) for _ in range(8))
            damaged[place:place + 8] = piece
        else:
            other = generator.randrange(len(good))
            damaged[place:place + 64] = good[other:other + 64]
    if generator.random() < 0.05:
        del damaged[generator.randrange(len(good)):]
    open("damaged.nc", "wb").write(damaged)
    for name, arguments in commands.items():
        if name == "plot" and number % 10:
            continue
        try:
            done = subprocess.run([simulate] + arguments, capture_output=True, timeout=60)
            code, errors = done.returncode, done.stderr.decode(errors="replace")
        except subprocess.TimeoutExpired:
            code, errors = "time-out", ""
        earlier = open("earlier.nc", "rb").read()
        crashed = "crashed on it" in errors
        lines = len(errors.splitlines())
        problem = code not in (0, 65, 66) or (code != 0 and earlier != b"precious") or (
            code != 0 and lines != 1 and not crashed)
        counts[name, code, "crash of the library" if crashed else ""] += 1
        if crashed and lines > 1:
            counts[name, "lines of the C library beside ours", ""] += 1
        if problem:
            bad += 1
            print(f"round {number}: {name}: {code}: {errors[:400]}")
            open(f"problem-{number}-{name}.nc", "wb").write(damaged)
        if earlier != b"precious":
            open("earlier.nc", "wb").write(b"precious")
for key, count in sorted(counts.items(), key=str):
    print(f"{count:6d}  {' '.join(str(part) for part in key)}")
print(f"{rounds} damaged files in {folder}: {bad} problems")
sys.exit(1 if bad else 0)
