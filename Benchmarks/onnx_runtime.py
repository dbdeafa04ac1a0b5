"""Repeated inference in models of ONNX files: `simulate run` and ONNX Runtime in turn, on the same work.

    make benchmark-onnx                                         the model of scenarios/onnx-fashion.yaml
    make benchmark-onnx MODELS="conv=encoder.onnx,decoder.onnx" models of your own
    make benchmark-onnx WRITE=1                                 puts the table into README.md

20 steps of 1,024 members in single precision on all processors: pictures of Fashion-MNIST, padded with 0 to the size
that the encoder takes. ONNX Runtime runs encoder and decoder in batches, of which the fastest is chosen before, with as
many threads, which do not spin while they wait (in turn, spinning would cost the other program's time). States must
agree at t = 1, 2, 5 and 10; else the run fails. Work per second is a median over repeats that go ABAB...; beside it
stand the quartiles.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import netCDF4
import numpy as np
import onnx
import onnxruntime

import problem

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SIMULATE = Path(os.environ.get("SIMULATE", ROOT / ".build/release/simulate"))
WORK = ROOT / ".build/benchmarks/onnx"
MEMBERS, STEPS = 1024, 20
COMPARED = [1, 2, 5, 10]
# Rounding errors of single precision after 10 steps of maps that do not contract, relative to the larger of 1 and z:
# the median over members.
TOLERANCE = 1e-5

SCENARIO = """
name: onnx-benchmark
dataset: {{kind: array, train: {{items: {items}}}, channels: first}}
model: {{kind: onnx, encoder: {{file: {encoder}}}, decoder: {{file: {decoder}}}, likelihood: none}}
dynamics: {{steps: {steps}}}
initial: {{levels: [0], items: all}}
observables: [step-length]
output: {{members: {latents}, latents: {latents}}}
"""


class Model:
    """One model in both programs."""

    def __init__(self, name: str, encoder: Path, decoder: Path) -> None:
        self.name, self.encoder, self.decoder = name, encoder.resolve(), decoder.resolve()
        graph = onnx.load(self.encoder, load_external_data=False).graph
        known = {tensor.name for tensor in graph.initializer}
        port = next(i for i in graph.input if i.name not in known)
        self.shape = [d.dim_value for d in port.type.tensor_type.shape.dim][1:]
        self.pictures = pictures(self.shape)
        self.items = WORK / f"{name}.npy"
        np.save(self.items, self.pictures)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.sessions = [
            onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            for path in (self.encoder, self.decoder)]
        self.batch = min(
            [b for b in (32, 64, 128, 256, 512, 1024)], key=lambda b: min(self.theirs(b, 2)[0] for _ in range(2)))

    def theirs(self, batch: int, steps: int = STEPS) -> tuple[float, np.ndarray]:
        """Seconds in ONNX Runtime, and z(t), `[steps + 1, members, N]`."""
        x = (self.pictures / np.float32(255)).astype(np.float32)
        encode, decode = self.sessions
        inputs = [session.get_inputs()[0].name for session in self.sessions]
        outputs = [session.get_outputs()[0].name for session in self.sessions]
        latents = []
        begin = time.perf_counter()
        for t in range(steps + 1):
            parts = []
            for first in range(0, MEMBERS, batch):
                z = encode.run(outputs[:1], {inputs[0]: x[first : first + batch]})[0]
                parts.append(z)
                if t < steps:
                    x[first : first + batch] = decode.run(outputs[1:], {inputs[1]: z})[0]
            latents.append(np.concatenate(parts))
        return time.perf_counter() - begin, np.stack(latents)

    def ours(self, latents: bool = False, steps: int = STEPS) -> float:
        """Seconds in `simulate run`, of the ensemble alone, as it says itself."""
        scenario = WORK / f"{self.name}.yaml"
        scenario.write_text(
            SCENARIO.format(
                items=self.items, encoder=self.encoder, decoder=self.decoder, steps=steps,
                latents=str(latents).lower()))
        command = [SIMULATE, "run", scenario, "-o", WORK / f"{self.name}.nc", "--overwrite"]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        rate = re.search(r"\((\d+) member-steps per second\)", text)
        assert rate, text
        return MEMBERS * steps / float(rate[1])

    def difference(self) -> float:
        """How much the programs' states differ: the median over members of the largest component, at worst."""
        self.ours(latents=True, steps=max(COMPARED))
        with netCDF4.Dataset(WORK / f"{self.name}.nc") as file:
            ours = latent_states(file)
        theirs = self.theirs(self.batch, max(COMPARED))[1]
        worst = 0.0
        for t in COMPARED:
            error = np.abs(ours[t] - theirs[t]) / np.maximum(1, np.abs(theirs[t]))
            worst = max(worst, float(np.median(error.max(axis=1))))
        return worst


def latent_states(file: netCDF4.Dataset) -> np.ndarray:
    """z(t), `[steps + 1, members, N]`."""
    return np.asarray(file["members/latent_state"][:], np.float64).transpose(1, 0, 2)


def pictures(shape: list[int]) -> np.ndarray:
    """Bytes, `[members, channels, rows, columns]`."""
    channels, rows, columns = shape
    small = problem.read_idx("t10k-images-idx3-ubyte")[:MEMBERS]
    top, left = (rows - 28) // 2, (columns - 28) // 2
    large = np.pad(small, ((0, 0), (top, rows - 28 - top), (left, columns - 28 - left)))
    return np.ascontiguousarray(np.repeat(large[:, None], channels, axis=1))


def spread(seconds: list[float]) -> str:
    rates = [MEMBERS * STEPS / s for s in seconds]
    low, middle, high = statistics.quantiles(rates, n=4, method="inclusive")
    return f"{middle:,.0f} [{low:,.0f}, {high:,.0f}]"


def measure(model: Model, repeats: int) -> tuple[list[list[str]], float]:
    difference = model.difference()
    if not difference <= TOLERANCE:
        raise SystemExit(f"benchmark: {model.name}: the programs' states differ by {difference:.1e}")
    times: dict[str, list[float]] = {"ours": [], f"ONNX Runtime (batch {model.batch})": []}
    for _ in range(repeats):
        for name, seconds in times.items():
            seconds.append(model.ours() if name == "ours" else model.theirs(model.batch)[0])
    ours, theirs = (statistics.median(seconds) for seconds in times.values())
    rows = [[name, spread(seconds), ""] for name, seconds in times.items()]
    rows[1][2] = f"{theirs / ours:.2f}"
    return rows, difference


def revision() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=7"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="NAME=ENCODER,DECODER")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    folder = ROOT / "scenarios/models"
    models = options.models or [f"fashion={folder}/fashion-encoder.onnx,{folder}/fashion-decoder.onnx"]
    lines = []
    for text in models:
        name, _, files = text.partition("=")
        model = Model(name, *map(Path, files.split(",")))
        load = os.getloadavg()[0]
        rows, difference = measure(model, options.repeats)
        lines += [
            f"**{name}, {MEMBERS:,} members, {STEPS} steps** (median difference of states {difference:.0e})", "",
            "| program | member-steps/s | ours is faster by |", "| --- | ---: | ---: |",
            *("| " + " | ".join(row) + " |" for row in rows), "",
            f"Load average {load:.1f} before, {os.getloadavg()[0]:.1f} after.", ""]
        print("\n".join(lines[-9:]), flush=True)
    lines.append(
        f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC, revision {revision()}, onnxruntime"
        f" {onnxruntime.__version__}, {len(os.sched_getaffinity(0))} processors. Medians of {options.repeats} repeats in"
        " turn, [quartiles].")
    print(lines[-1])
    if options.write:
        path = HERE / "README.md"
        before, rest = path.read_text().split("<!-- onnx -->\n", 1)
        _, after = rest.split("<!-- end of onnx -->\n", 1)
        path.write_text(before + "<!-- onnx -->\n" + "\n".join(lines) + "\n<!-- end of onnx -->\n" + after)


if __name__ == "__main__":
    sys.exit(main())
