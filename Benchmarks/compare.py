"""Runs our engine and its peers in turn on the same work, checks that they agree, and prints a table.

    make benchmark                  JAX
    make benchmark PEERS=all        JAX and PyTorch
    make benchmark QUICK=1          fewer cases and repeats: while developing
    make benchmark ONLY="a c"       some of the parts a...f
    make benchmark WRITE=1          puts these parts into README.md, in the place of their last run

Every number is a median over repeats in which the programs take turns (ABCABC...); beside it stand the
quartiles. Nothing is measured whose results were not compared in the same run.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

import problem
from problem import NEAREST, OBSERVABLES

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SIMULATE = ROOT / ".build/release/simulate"
ENGINE = ROOT / ".build/benchmarks/release/engine"
WORK = ROOT / ".build/benchmarks/work"
ENVIRONMENT = os.environ | {"REPEATED_INFERENCE_CACHE": str(WORK / "cache")}

# Averages of single-precision trajectories, whose rounding differs between programs: agreement to
# this, relative to the larger of 1 and the average. Reference: single against double precision in our
# own engine differs by 1e-6 per member and step (README), amplified by the map over the steps.
TOLERANCE = 5e-4
# Members whose nearest tree level may differ because two distances are equal but for rounding.
LEVEL_MEMBERS = 4
# Mean losses of an epoch from the same start, in other random orders and with other noise.
LOSS_TOLERANCE = 0.01


class Failure(Exception):
    """The comparison cannot go on."""


class Program:
    """One of the programs, started once, asked in turn."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT, cwd=HERE
        )

    def ask(self, command: str, **arguments: object) -> dict:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"command": command, **arguments}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"{self.name} ended unexpectedly")
        reply = json.loads(line)
        if reply.get("failure"):
            raise Failure(f"{self.name}: {reply['failure']}")
        return reply

    def stop(self) -> None:
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait()


@dataclass
class Sample:
    """Repeated measurements of one number."""

    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        if len(self.values) < 2:
            return self.median, self.median
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high


class Report:
    """What is printed, and kept for the README: part by part."""

    def __init__(self) -> None:
        self.parts: dict[str, list[str]] = {}
        self.lines: list[str] = []
        self.targets: list[tuple[str, str, bool]] = []
        self.failures: list[str] = []

    def begin(self, part: str) -> None:
        self.lines = self.parts[part] = []
        self.targets = []

    def line(self, text: str = "") -> None:
        self.lines.append(text)
        print(text, flush=True)

    def table(self, header: list[str], rows: list[list[str]]) -> None:
        self.line("| " + " | ".join(header) + " |")
        self.line("| --- |" + " ---: |" * (len(header) - 1))
        for row in rows:
            self.line("| " + " | ".join(row) + " |")
        self.line()

    def target(self, text: str, found: str, reached: bool) -> None:
        self.targets.append((text, found, reached))

    def check(self, reached: bool, what: str) -> None:
        if not reached:
            self.failures.append(what)
            self.line(f"**DISAGREEMENT** {what}")


def number(x: float) -> str:
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def spread(sample: Sample, scale: float = 1) -> str:
    """Median and quartiles of `scale / value` (a rate), or of the value where scale is 0."""
    low, high = sample.quartiles
    if scale:
        return f"{number(scale / sample.median)} [{number(scale / high)}, {number(scale / low)}]"
    return f"{number(sample.median)} [{number(low)}, {number(high)}]"


class Comparison:
    def __init__(self, options: argparse.Namespace, peers: dict[str, list[str]]) -> None:
        self.quick: bool = options.quick
        self.repeats: int = options.repeats or (3 if options.quick else 7)
        self.lock: str | None = options.lock
        self.report = Report()
        self.peaks = Sample()
        self.ours = Program("ours", [str(ENGINE)])
        self.peers = {name: Program(name, command) for name, command in peers.items()}

    @property
    def programs(self) -> list[Program]:
        return [self.ours, *self.peers.values()]

    def stop(self) -> None:
        for program in self.programs:
            program.stop()

    @contextlib.contextmanager
    def alone(self):
        """Holds the lock file that others on this machine honour, if there is one, while something is measured."""
        if not self.lock:
            yield
            return
        with open(self.lock, "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def peak(self) -> float:
        """The machine's limit on all cores, once more."""
        reply = self.ours.ask("peak")
        self.peaks.values.append(reply["gigaflops"])
        self.instruction_set = reply["instructionSet"]
        return reply["gigaflops"]

    def in_turn(self, measures: dict[str, object]) -> tuple[dict[str, Sample], Sample]:
        """Seconds of each, and the machine's limit meanwhile."""
        samples = {name: Sample() for name in measures}
        peaks = Sample()
        for _ in range(self.repeats):
            with self.alone():
                peaks.values.append(self.peak())
                for name, measure in measures.items():
                    samples[name].values.append(measure())
                    time.sleep(0.5)  # for threads that spin a while after their work
        return samples, peaks

    # (a) and (c)

    def ensemble(self, label: str, model: str, members: int, steps: int, nearest: bool) -> dict[str, float]:
        """One case in all programs; returns the ratio of the peers' times to ours."""
        names = OBSERVABLES + ([NEAREST] if nearest else [])
        request = {
            "model": str(WORK / f"{model}.safetensors"),
            "start": str(WORK / "start.f32"),
            "members": members,
            "steps": steps,
            "observables": names,
        }
        first = {p.name: p.ask("ensemble", **request) for p in self.programs}
        worst = self.agreement(label, first, names, members)
        samples, peaks = self.in_turn(
            {p.name: lambda p=p: p.ask("ensemble", **request)["seconds"] for p in self.programs}
        )
        operations = members * self.operations(model, steps, nearest)
        rows = []
        ours = samples["ours"].median
        for name, sample in samples.items():
            gigaflops = operations / sample.median * 1e-9
            rows.append(
                [
                    name + (f" ({first[name]['variant']})" if "variant" in first[name] else ""),
                    spread(sample, members * steps),
                    f"{gigaflops:.0f}",
                    f"{100 * gigaflops / peaks.median:.0f} %",
                    "" if name == "ours" else f"{sample.median / ours:.2f}",
                ]
            )
        self.report.line(f"**{label}** (largest difference of an average {worst:.1e})")
        self.report.line()
        self.report.table(["program", "member-steps/s", "GFLOP/s", "of the peak", "ours is faster by"], rows)
        return {name: sample.median / ours for name, sample in samples.items()} | {
            "share": operations / ours * 1e-9 / peaks.median
        }

    @staticmethod
    def operations(model: str, steps: int, nearest: bool) -> float:
        """Floating-point operations of matrix products per member: encoding at t = 0, then steps."""
        widths = [int(w) for w in model.split("-")]
        encoder = 2.0 * sum(a * b for a, b in zip(widths, widths[1:]))
        search = 2.0 * 60000 * widths[-1] * (steps + 1) if nearest else 0
        return encoder * (1 + 2 * steps) + search

    def agreement(self, label: str, replies: dict[str, dict], names: list[str], members: int) -> float:
        ours = replies["ours"]
        worst = 0.0
        for peer, reply in replies.items():
            for name in names:
                for kind in ("mean", "standardDeviation"):
                    a, b = (np.array(r[kind][name]) for r in (ours, reply))
                    error = np.abs(a - b) / np.maximum(1, np.abs(a))
                    allowed = TOLERANCE
                    if name == "abstraction-level":
                        allowed = LEVEL_MEMBERS * 2 / members
                    else:
                        worst = max(worst, float(error.max()))
                    self.report.check(
                        a.shape == b.shape and bool(np.all(error <= allowed)),
                        f"{label}, {peer}: {kind} of {name} differs by {error.max():.2e}"
                        f" at t = {error.argmax()}",
                    )
        return worst

    def part_a(self) -> None:
        self.report.line("### (a) Repeated inference with four observables")
        self.report.line()
        cases = [("784-500-500-20", 1024, 20), ("784-500-500-20", 16384, 20)]
        if not self.quick:
            cases += [("784-1000-1000-100", 1024, 20), ("784-1000-1000-100", 16384, 20)]
        results = {}
        for model, members, steps in cases:
            results[model, members] = self.ensemble(
                f"{model}, {members:,} members, {steps} steps", model, members, steps, False
            )
        for peer, least in (("JAX", 1.3), ("PyTorch", 3.0)):
            if peer in self.peers:
                lowest = min(r[peer] for r in results.values())
                text = ", ".join(f"{r[peer]:.2f}" for r in results.values())
                self.report.target(f"(a) at least {least} times {peer}", text, lowest >= least)
        shares = [r["share"] for (model, _), r in results.items() if model == "784-500-500-20"]
        self.report.target(
            "(a) at least 85 % of the peak with 500/500/20",
            ", ".join(f"{100 * s:.0f} %" for s in shares),
            min(shares) >= 0.85,
        )

    def part_c(self) -> None:
        self.report.line("### (c) With the nearest of 60,000 memories")
        self.report.line()
        models = ["784-500-500-20"] if self.quick else ["784-500-500-20", "784-1000-1000-100"]
        ratios = []
        for model in models:
            members, steps = 1024, 10 if self.quick else 20
            result = self.ensemble(
                f"{model}, {members:,} members, {steps} steps, 60,000 memories", model, members, steps, True
            )
            if "JAX" in result:
                ratios.append(result["JAX"])
        if ratios:
            self.report.target(
                "(c) at least 1.2 times JAX", ", ".join(f"{r:.2f}" for r in ratios), min(ratios) >= 1.2
            )

    # (b)

    def part_b(self) -> None:
        self.report.line("### (b) One epoch of training, Fashion-MNIST, 784-500-500-20")
        self.report.line()
        model = str(WORK / "untrained.safetensors")
        self.ours.ask("initialize", hidden=[500, 500], latent=20, seed=1, output=model)
        weights = 784 * 500 + 500 * 500 + 2 * 500 * 20 + 20 * 500 + 500 * 500 + 500 * 784
        operations = 60000 * 2.0 * (3 * weights - 784 * 500)
        targets = {100: {"JAX": 1.3, "PyTorch": 2.5}, 500: {"JAX": 1.1, "PyTorch": 2.0}}
        programs = [p for p in self.programs if p.name != "JAX on two devices"]
        for batch in (100, 500):
            request = {"model": model, "batch": batch}
            first = {p.name: p.ask("epoch", **request) for p in programs}
            losses = {name: reply["loss"] for name, reply in first.items()}
            for name, loss in losses.items():
                self.report.check(
                    abs(loss / losses["ours"] - 1) < LOSS_TOLERANCE,
                    f"batch {batch}: mean loss {loss:.2f} in {name}, {losses['ours']:.2f} in ours",
                )
            samples, peaks = self.in_turn(
                {p.name: lambda p=p: p.ask("epoch", **request)["seconds"] for p in programs}
            )
            ours = samples["ours"].median
            rows = []
            for name, sample in samples.items():
                gigaflops = operations / sample.median * 1e-9
                rows.append(
                    [
                        name + (f" ({first[name]['variant']})" if "variant" in first[name] else ""),
                        spread(sample, 0),
                        f"{gigaflops:.0f}",
                        f"{100 * gigaflops / peaks.median:.0f} %",
                        f"{losses[name]:.2f}",
                        "" if name == "ours" else f"{sample.median / ours:.2f}",
                    ]
                )
            self.report.line(f"**Batch {batch}**")
            self.report.line()
            self.report.table(
                ["program", "seconds", "GFLOP/s", "of the peak", "mean loss (nats)", "ours is faster by"], rows
            )
            for peer, least in targets[batch].items():
                if peer in samples:
                    ratio = samples[peer].median / ours
                    self.report.target(
                        f"(b) batch {batch}: at least {least} times {peer}", f"{ratio:.2f}", ratio >= least
                    )

    # (d)

    def part_d(self) -> None:
        self.report.line("### (d) Start-up: whole processes")
        self.report.line()
        tiny = WORK / "tiny.yaml"
        tiny.write_text(TINY)
        patterns = WORK / "patterns.yaml"
        patterns.write_text(PATTERNS.format(model=WORK / "784-500-500-20.safetensors", steps=1, realizations=1))

        def run(scenario: Path, empty_cache: bool = False) -> float:
            if empty_cache:
                shutil.rmtree(WORK / "cache", ignore_errors=True)
            return self.simulate(scenario)[0]

        measures = {
            "`simulate run`, tiny scenario, model trained before": lambda: run(tiny),
            "`simulate run`, tiny scenario, trained now": lambda: run(tiny, True),
            "`simulate run`, model file 784-500-500-20, 504 members, 1 step": lambda: run(patterns),
        }
        if "JAX" in self.peers:
            script = "import jax, jax.numpy as n; jax.jit(lambda x: n.tanh(x @ x).sum())(n.ones((8, 8))).item()"
            measures["Python: import jax, one jitted product"] = lambda: timed([sys.executable, "-c", script])
        run(tiny)
        samples = {name: Sample() for name in measures}
        for _ in range(max(self.repeats, 5)):
            with self.alone():
                for name, measure in measures.items():
                    samples[name].values.append(measure())
        self.report.table(
            ["process", "seconds"], [[name, spread(sample, 0)] for name, sample in samples.items()]
        )
        seconds = next(iter(samples.values())).median
        self.report.target("(d) tiny scenario in less than 0.3 s", f"{seconds:.3f} s", seconds < 0.3)

    def simulate(self, scenario: Path, *options: str) -> tuple[float, float, int]:
        """Seconds of a whole `simulate run`, its member-steps per second, and its peak resident bytes."""
        command = [str(SIMULATE), "run", str(scenario), "-o", str(WORK / "run.nc"), "--overwrite", *options]
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=ENVIRONMENT
        )
        assert process.stdout
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        rate = re.search(r"\((\d+) member-steps per second\)", text)
        if status != 0 or not rate:
            raise Failure(f"{' '.join(command)} failed: {text}")
        return seconds, float(rate[1]), usage.ru_maxrss * 1024

    # (e)

    def part_e(self) -> None:
        self.report.line("### (e) Scaling of `simulate run`, 784-500-500-20, observables of the demo")
        self.report.line()
        model = WORK / "784-500-500-20.safetensors"
        cores = len(os.sched_getaffinity(0))
        factors = [1, 10] if self.quick else [1, 10, 100]
        cases = [(1, 1, cores)] + [(1, 1, 1)]
        cases += [(f, 1, cores) for f in factors[1:]] + [(1, f, cores) for f in factors[1:]]
        cases += [(10, 1, 1)]
        costs: dict[tuple[int, int, int], Sample] = {case: Sample() for case in cases}
        memory: dict[tuple[int, int, int], Sample] = {case: Sample() for case in cases}
        for repeat in range(self.repeats):
            for case in cases:
                members, steps, threads = case
                if max(members, steps) == 100 and repeat >= 2:
                    continue
                if max(members, steps) == 10 and repeat >= 5:
                    continue
                path = WORK / "scaling.yaml"
                path.write_text(
                    PATTERNS.format(model=model, steps=50 * steps, realizations=2 * members)
                )
                with self.alone():
                    _, rate, resident = self.simulate(path, "--threads", str(threads))
                # Microseconds per member-step: what should not depend on the number of either.
                costs[case].values.append(1e6 / rate)
                memory[case].values.append(resident / 2**20)
        base = costs[1, 1, cores].median
        rows = [
            [
                f"members x {members}, steps x {steps}, {threads} thread{'s' * (threads > 1)}",
                f"{504 * 2 * members:,}",
                f"{50 * steps:,}",
                spread(costs[members, steps, threads], 0),
                f"{costs[members, steps, threads].median / base:.3f}",
                f"{memory[members, steps, threads].median:.0f}",
            ]
            for members, steps, threads in cases
        ]
        self.report.table(
            ["run", "members", "steps", "µs per member-step", "against the first", "resident MiB (peak)"], rows
        )
        same = [c for c in cases if c[2] == cores]
        deviation = max(abs(costs[c].median / base - 1) for c in same)
        self.report.target(
            "(e) cost linear in members and steps within 10 %", f"{100 * deviation:.1f} %", deviation <= 0.1
        )
        speedup = costs[10, 1, 1].median / costs[10, 1, cores].median
        self.report.target(f"(e) {cores} threads at least 1.85 times 1", f"{speedup:.2f}", speedup >= 1.85)
        over_steps = {c[1]: memory[c].median for c in same if c[0] == 1}
        # What is averaged at each time: five observables and the fractions of four tree levels (mean and variance over
        # members, and over items), and twelve distances (sum and count); for the level, its segment, each worker
        # and a result that waits.
        averages = {factor: (9 * 2 * 24 + 12 * 16) * (3 + cores) * (50 * factor + 1) / 2**20 for factor in over_steps}
        rest = [over_steps[factor] - averages[factor] for factor in over_steps]
        self.report.target(
            "(e) resident memory independent of the steps, but for the averages at each time",
            f"{' to '.join(f'{m:.0f}' for m in (min(over_steps.values()), max(over_steps.values())))} MiB; "
            f"without {max(averages.values()):.0f} MiB of averages {min(rest):.0f} to {max(rest):.0f}",
            0 < max(rest) <= 1.1 * min(rest),
        )
        self.bits()

    def bits(self) -> None:
        """The averages' bits for several numbers of threads and block sizes."""
        request = {
            "model": str(WORK / "784-500-500-20.safetensors"),
            "start": str(WORK / "start.f32"),
            "members": 1000,
            "steps": 5,
            "observables": OBSERVABLES + [NEAREST],
        }
        digests = {
            self.ours.ask("ensemble", **request, threads=threads, block=block)["digest"]
            for threads, block in ((1, 126), (2, 126), (3, 1), (2, 42), (1, 7), (2, 1000))
        }
        self.report.target(
            "(e) the same bits for any threads and blocks", f"{len(digests)} result of 6 runs", len(digests) == 1
        )

    # (f)

    def part_f(self) -> None:
        members = 1000 if self.quick else 10000
        self.report.line(f"### (f) Attractors of {members:,} test pictures, 784-96-48-8, double precision")
        self.report.line()
        request = {
            "model": str(ROOT / "Tests/Fixtures/fashion-small/model.safetensors"),
            "members": members,
            "tolerance": 1e-10,
            "maximum": 100_000,
        }
        asks = {
            "ours": lambda: self.ours.ask("attractors", **request),
            "ours, every member to the tolerance": lambda: self.ours.ask(
                "attractors", measures=False, **request
            ),
        }
        if "JAX" in self.peers:
            asks["JAX, every member to the tolerance"] = lambda: self.peers["JAX"].ask("attractors", **request)
        first = {name: ask() for name, ask in asks.items()}
        ours = np.array(first["ours"]["positions"])
        for name, reply in first.items():
            # Plain iteration stops a distance of about step / (1 - rho) before the point.
            worst = float(np.linalg.norm(np.array(reply["positions"]) - ours, axis=1).max())
            self.report.check(worst < 1e-6, f"(f) {name}: a member ends {worst:.1e} from where ours does")
        samples = {name: Sample() for name in asks}
        for _ in range(min(self.repeats, 3)):
            for name, ask in asks.items():
                with self.alone():
                    samples[name].values.append(ask()["seconds"])
                time.sleep(0.1)
        base = samples["ours"].median
        self.report.table(
            ["program", "seconds", "ours is faster by"],
            [
                [
                    name + (f" ({first[name]['variant']})" if "variant" in first[name] else ""),
                    spread(sample, 0),
                    "" if name == "ours" else f"{sample.median / base:.2f}",
                ]
                for name, sample in samples.items()
            ],
        )
        for name, least in (("ours, every", 5.0), ("JAX, every", 8.0)):
            for key, sample in samples.items():
                if key.startswith(name):
                    ratio = sample.median / base
                    self.report.target(f"(f) at least {least:.0f} times {key}", f"{ratio:.2f}", ratio >= least)


TINY = """
name: tiny
seed: 1
dataset: {kind: hierarchical-patterns, dimension: 64, superclasses: 2, classes: 2, memories: 10, test: 2,
  correlation: [0.6, 0.8]}
model: {latent: 2, hidden: [16], activation: tanh, likelihood: bernoulli, training: {epochs: 5, batch: 10,
  learning-rate: 0.001, beta: 1.0}}
dynamics: {mode: mean, steps: 5}
initial: {corruption: uniform-replacement, levels: [0, 0.4], items: all, split: train}
observables: [overlap-concept, distance-concept, distance-nearest-memory, abstraction-level]
output: {file: tiny.nc}
"""

PATTERNS = """
name: scaling
seed: 1
dataset: {{kind: hierarchical-patterns, dimension: 784, superclasses: 4, classes: 3, memories: 21, test: 2,
  correlation: [0.6, 0.8]}}
model: {{file: {model}}}
dynamics: {{mode: mean, steps: {steps}}}
initial: {{corruption: uniform-replacement, levels: [0.2, 0.4], items: all, split: train,
  realizations: {realizations}}}
observables: [overlap-concept, overlap-memory, distance-concept, distance-nearest-memory, abstraction-level]
output: {{file: scaling.nc}}
"""

FASHION = """
name: benchmark
seed: 1
dataset: {{kind: fashion-mnist}}
model: {{latent: {latent}, hidden: [{hidden}, {hidden}], activation: tanh, likelihood: bernoulli,
  training: {{epochs: 2, batch: 200, learning-rate: 0.001, beta: 1.0}}}}
dynamics: {{mode: mean, steps: 1}}
initial: {{corruption: uniform-replacement, levels: [0.4], items: all}}
observables: [distance-concept]
output: {{file: benchmark.nc}}
"""


def timed(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


def prepare(quick: bool) -> None:
    """Models trained by us, for all programs, and the members' initial states."""
    WORK.mkdir(parents=True, exist_ok=True)
    for hidden, latent in [(500, 20)] + ([] if quick else [(1000, 100)]):
        path = WORK / f"784-{hidden}-{hidden}-{latent}.safetensors"
        if path.exists():
            continue
        print(f"training {path.stem} for two epochs ...", file=sys.stderr)
        scenario = path.with_suffix(".yaml")
        scenario.write_text(FASHION.format(hidden=hidden, latent=latent))
        subprocess.run(
            [SIMULATE, "train", scenario, "-o", path, "--quiet"], check=True, env=ENVIRONMENT
        )
    start = WORK / "start.f32"
    if not start.exists():
        # Each pixel, with probability 0.4, replaced by a uniform number.
        x = problem.training_set()[0][:16384]
        random = np.random.default_rng(1)
        replaced = random.random(x.shape) < 0.4
        np.where(replaced, random.random(x.shape), x).astype(np.float32).tofile(start)


def machine(comparison: Comparison) -> str:
    name = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            name = line.split(":", 1)[1].strip()
            break
    versions = [f"Python {platform.python_version()}"]
    from importlib.metadata import version

    versions += [f"{package} {version(package)}" for package in ("jax", "numpy")]
    if any("PyTorch" in name for name in comparison.peers):
        versions.append(f"torch {version('torch')}")
    return f"{name}, {len(os.sched_getaffinity(0))} processors; {', '.join(versions)}."


def revision() -> str:
    # What the programs are made of: a change of this folder's text alone is none.
    command = ["git", "describe", "--always", "--dirty", "--abbrev=7"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()


def run_part(comparison: Comparison, part: str) -> None:
    """One part, with what it was measured on and its targets."""
    report = comparison.report
    report.begin(part)
    comparison.peaks = Sample()
    begin, load = datetime.now(timezone.utc), os.getloadavg()[0]
    comparison.peak()
    getattr(comparison, f"part_{part}")()
    low, high = comparison.peaks.quartiles
    report.line(
        f"{begin:%Y-%m-%d %H:%M} UTC, revision {revision()}. Medians of up to {comparison.repeats} repeats in turn,"
        f" [quartiles]{', the quick cases only' if comparison.quick else ''}. Load average {load:.1f} before,"
        f" {os.getloadavg()[0]:.1f} after. Peak of fused multiply-adds in registers"
        f" ({comparison.instruction_set}, all processors): {comparison.peaks.median:.0f} GFLOP/s"
        f" [{low:.0f}, {high:.0f}]."
    )
    report.line()
    report.table(
        ["target", "found", ""],
        [[text, found, "reached" if reached else "missed"] for text, found, reached in report.targets],
    )


def write(report: Report, machine: str) -> None:
    """Puts the parts that were run into README.md; the others stay as they are."""
    path = HERE / "README.md"
    before, rest = path.read_text().split("<!-- table -->\n", 1)
    table, after = rest.split("<!-- end of table -->\n", 1)
    found = re.findall(r"<!-- part (\w+) -->\n(.*?)\n<!-- end of part -->\n", table, re.DOTALL)
    parts = dict(found) | {part: "\n".join(lines).rstrip() for part, lines in report.parts.items()}
    text = "\n".join(f"<!-- part {part} -->\n{parts[part]}\n<!-- end of part -->\n" for part in sorted(parts))
    path.write_text(f"{before}<!-- table -->\n{machine}\n\n{text}<!-- end of table -->\n{after}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", choices=["none", "jax", "all"], default="jax")
    parser.add_argument("--quick", action="store_true", help="fewer cases and repeats")
    parser.add_argument("--only", default="a b c d e f", help="parts, e.g. 'a c'")
    parser.add_argument("--repeats", type=int, help="instead of 7, or 3 with --quick")
    parser.add_argument("--write", action="store_true", help="puts the parts that are run into README.md")
    parser.add_argument("--lock", metavar="FILE", help="flock to hold exclusively during each round of measurements")
    options = parser.parse_args()

    python = sys.executable
    peers: dict[str, list[str]] = {}
    if options.peers != "none":
        peers["JAX"] = [python, "peer_jax.py"]
        peers["JAX on two devices"] = [python, "peer_jax.py", "2"]
    if options.peers == "all":
        peers["PyTorch"] = [python, "peer_torch.py"]
        peers["PyTorch compiled"] = [python, "peer_torch.py", "compiled"]
    prepare(options.quick)
    comparison = Comparison(options, peers)
    report = comparison.report
    begin = time.perf_counter()
    try:
        print(machine(comparison), end="\n\n")
        for part in "abcdef":
            if part in options.only:
                run_part(comparison, part)
    except Failure as failure:
        print(f"benchmark: {failure}", file=sys.stderr)
        return 1
    finally:
        comparison.stop()
    print(f"{time.perf_counter() - begin:.0f} s in all", file=sys.stderr)
    if report.failures:
        print(f"benchmark: {len(report.failures)} disagreements; the table says nothing", file=sys.stderr)
        return 1
    if options.write:
        write(report, machine(comparison))
    return 0


if __name__ == "__main__":
    sys.exit(main())
