#!/usr/bin/env python3
"""Runs the claims of the paper and writes REPRODUCTION.md and docs/reproduction. `make reproduce` calls it.

    Scripts/reproduce.py                     Fashion-MNIST, patterns, and memories as attractors: under an hour on two cores
    Scripts/reproduce.py --data mnist        MNIST's digits, which `make mnist` fetches; several names, separated by commas
    Scripts/reproduce.py --quick             five models, fewer items and steps of training: five minutes; writes into
                                             runs/reproduction-quick and leaves REPRODUCTION.md as it is
    Scripts/reproduce.py --pages             writes the pages again, of the runs that are there

An interrupted reproduction goes on where it was: finished runs are kept in runs/reproduce. Needs Python's own library only.
"""
from __future__ import annotations

import argparse
import dataclasses
import math
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bits import netcdf  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SIMULATE = os.path.join(ROOT, ".build/release/simulate")


@dataclasses.dataclass
class Source:
    """A data set with its scenario."""

    name: str
    title: str
    scenario: str
    # Of the time of all that run by default.
    share: float
    quick: list


SOURCES = [
    Source("fashion", "Fashion-MNIST", "fashion-claims", 0.5, [
        "dataset.train-items=100", "dataset.test-items=40", "model.training.epochs=10",
        "sweep.model.hidden=[[300]]"]),
    Source("patterns", "hierarchical patterns", "patterns-claims", 0.2, [
        "dataset.dimension=196", "model.training.epochs=30"]),
    Source("memory", "patterns near capacity", "memory-patterns", 0.3, [
        "sweep={dataset.memories: [5, 20], model.training.beta: [0, 1]}", "model.training.updates=2000"]),
    Source("mnist", "MNIST", "mnist-claims", 0, [
        "dataset.train-items=100", "dataset.test-items=40", "model.training.epochs=10"]),
]
DEFAULT = ["fashion", "patterns", "memory"]
QUICK = ["model.replicas=5"]

# What the paper says, and which claims ask about it.
QUESTIONS = [
    ("F1", "Trajectories rapidly approach the centre of a cluster.", "the abstract of each text",
     ["approach", "overlap", "overlap-of-siblings", "clusters", "beyond-linear"]),
    ("F2", "The larger the noise, the more global the cluster that is approached.", "the abstract of each text",
     ["noise-state", "noise-dynamics"]),
    ("F3", "More latent variables strengthen this, and improve generalization.", "the abstract of each text",
     ["more-variables-approach", "more-variables-generalize"]),
    ("M", "Then a memory is approached.", "the abstract of the preprint alone",
     ["memories-attract", "paths-bend", "concept-then-memory"]),
]


def simulate(*arguments: str, output: str | None = None) -> None:
    """Runs the program; what it prints goes to a file, or nowhere."""
    with open(output or os.devnull, "w") as file:
        code = subprocess.call([SIMULATE, *arguments], cwd=ROOT, stdout=file)
    if code != 0:
        sys.exit(f"reproduce: simulate {' '.join(arguments[:2])} ended with exit code {code}; finished runs are kept, "
                 "and the same command goes on")


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def run_all(sources: list, work: str, is_quick: bool) -> None:
    """Runs each scenario that has not run yet."""
    begin = time.monotonic()
    total, done = sum(source.share for source in sources), 0.0
    for number, source in enumerate(sources, 1):
        elapsed = time.monotonic() - begin
        left = f"about {clock(elapsed * (total - done) / done)} left" if done > 0 and total > 0 else "time left unknown"
        print(f"reproduce: {number} of {len(sources)}: {source.scenario}; {clock(elapsed)} so far, {left}", file=sys.stderr)
        settings = [word for text in (source.quick + QUICK if is_quick else []) for word in ("--set", text)]
        simulate("run", f"scenarios/{source.scenario}.yaml", *settings, "-o", f"{work}/{source.scenario}.nc", "--resume")
        done += source.share


# MARK: - Reading verdicts


@dataclasses.dataclass
class Answer:
    """What a claim says in one place: at a level, at a point of a sweep."""

    place: str
    sign: str
    size: str
    verdict: str
    mean: float
    lower: float
    upper: float
    models: int
    exceeding: int
    detectable: float

    def text(self) -> str:
        number = f"{self.mean:.3g} [{self.lower:.3g}, {self.upper:.3g}]" if math.isfinite(self.mean) else "no value"
        words = f"**{self.verdict}** ({self.sign}; {self.size})"
        known = "" if self.size != "undetermined" or not math.isfinite(self.detectable) else \
            f"; ten models would show {self.detectable:.2g}"
        return f"{number}: {words}{known}; {self.exceeding} of {self.models} models exceed it"


def attribute(variable, name: str) -> list:
    return netcdf.unpacked(*variable.attributes[name])


FLAGS = ("sign", "size", "verdict")


def flag(variable, value: int) -> str:
    """The word of a flag variable's value."""
    words = attribute(variable, "flag_meanings")[0].split()
    values = attribute(variable, "flag_values")
    return words[values.index(value)].replace("_", " ") if value in values else ""


def answers(groups: dict, claim: str) -> list:
    """The answers of a claim, one per place; an empty list where the file has no such claim."""
    group = groups.get(f"/claims/{claim}")
    if group is None:
        return []
    own = group.variables
    # Unpacked once, not once per place.
    values = {name: own[name].list() for name in (
        "mean", "lower", "upper", "count", "exceeding_count", "detectable_effect", *FLAGS) if name in own}
    axes = [name for name, _ in own["mean"].dimensions]
    sizes = [coordinate_texts(groups, group, axis) for axis in axes]
    found = []
    for index in range(math.prod(len(texts) for texts in sizes)):
        rest, place = index, []
        for axis, texts in reversed(list(zip(axes, sizes))):
            place.insert(0, f"{label(axis)} = {texts[rest % len(texts)]}")
            rest //= len(texts)

        def number(name: str) -> float:
            return values[name][index] if name in values else math.nan

        count = number("count")
        found.append(Answer(
            ", ".join(place) or "all", *(flag(own[name], values[name][index]) if name in own else "" for name in FLAGS),
            number("mean"), number("lower"), number("upper"), int(count) if count == count else 0,
            int(number("exceeding_count")) if "exceeding_count" in own else 0, number("detectable_effect")))
    return found


def label(axis: str) -> str:
    return {"claim_level": "p", "model_latent": "N", "model_hidden": "hidden", "dataset_memories": "items per class",
            "model_training_beta": "beta"}.get(axis, axis)


def coordinate_texts(groups: dict, group, axis: str) -> list:
    """The values along an axis as texts; of the root where the group has none."""
    for place in (group, groups["/"]):
        for name in (f"{axis}_label", axis):
            if name in place.variables:
                values = place.variables[name].list()
                return [value if isinstance(value, str) else f"{value:g}" for value in values]
    for place in (group, groups["/"]):
        if axis in place.dimensions:
            return [str(k) for k in range(place.dimensions[axis][0])]
    sys.exit(f"reproduce: no coordinate {axis}")


# MARK: - Pages


def write_page(source: Source, work: str, folder: str) -> None:
    """The page of one data set: the program's report, with figures."""
    run = f"{work}/{source.scenario}.nc"
    pictures = f"{folder}/pictures"
    os.makedirs(pictures, exist_ok=True)
    page = f"{folder}/{source.name}.md"
    if os.path.exists(page):
        os.remove(page)
    simulate("report", run, "-o", page)
    listed = subprocess.run([SIMULATE, "plot", run, "--list"], cwd=ROOT, capture_output=True, text=True).stdout
    with open(page, "a") as file:
        for figure in ("claims", "series", "sweep"):
            if not any(line.startswith(f"{figure} ") and " yes" in line for line in listed.splitlines()):
                continue
            name = f"{source.name}-{figure}.svg"
            simulate("plot", run, "--figure", figure, "-o", f"{pictures}/{name}", "--overwrite")
            file.write(f"![{figure} of {source.scenario}](pictures/{name})\n\n")


def overview(sources: list, work: str, folder: str, is_quick: bool) -> str:
    """REPRODUCTION.md."""
    library = netcdf.Library()
    files = {source.name: library.read(f"{work}/{source.scenario}.nc") for source in sources}
    version = subprocess.run([SIMULATE, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    lines = [
        "# Reproduction: the paper's claims", "",
        "Nagano, Karakida and Okada study repeated inference in variational autoencoders: a preprint (arXiv:1712.04195) and a",
        "journal version (doi:10.1038/s41598-020-72593-4). Their networks, data and noise are not public knowledge here, so the",
        "choices are ours ([NOTATION](NOTATION.md)), and this page says what holds for them. `make reproduce` wrote it.", "",
        "An answer is a mean over models with a simultaneous 95 % interval, its *sign*, and its *size* against the smallest effect",
        "that matters, both fixed in the scenario before the runs. [Claims](docs/reference/claims.md) has the rule,",
        "[the science](docs/explanation/science.md#what-moves-and-what-only-moves-along) the reasons for the estimands.", "",
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, {version}.", "",
    ]
    if is_quick:
        lines += ["**A quick run**: five models, few items and little training. Other networks than the full run's.", ""]
    for code, statement, where, claims in QUESTIONS:
        rows = []
        for claim in claims:
            for source in sources:
                found = answers(files[source.name], claim)
                if found:
                    texts = "<br>".join(f"{answer.place}: {answer.text()}" for answer in found)
                    rows.append(f"| `{claim}` | [{source.title}]({folder}/{source.name}.md) | {texts} |")
        if rows:
            lines += [f"## {code}: {statement}", "", f"So says {where}.", "",
                      "| claim | data | where: mean over models [interval]: verdict (sign; size) |", "| --- | --- | --- |",
                      *rows, ""]
    lines += ["## Commands", ""]
    lines += [f"- {source.title}: `simulate run scenarios/{source.scenario}.yaml`" for source in sources]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names = [source.name for source in SOURCES]
    parser.add_argument("--data", default=",".join(DEFAULT), help=f"of {', '.join(names)}; default: %(default)s")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--pages", action="store_true", help="run nothing")
    options = parser.parse_args()
    chosen = options.data.split(",")
    unknown = [name for name in chosen if name not in names]
    if unknown:
        parser.error(f"--data {unknown[0]}: expected some of {', '.join(names)}")
    os.chdir(ROOT)
    sources = [source for source in SOURCES if source.name in chosen]
    work = "runs/reproduce-quick" if options.quick else "runs/reproduce"
    os.makedirs(work, exist_ok=True)
    if not options.pages:
        run_all(sources, work, options.quick)
    # Pages of data sets that ran before stay, and so do their rows.
    known = [source for source in SOURCES if os.path.exists(f"{work}/{source.scenario}.nc")]
    folder = "runs/reproduction-quick" if options.quick else "docs/reproduction"
    os.makedirs(folder, exist_ok=True)
    for source in sources:
        write_page(source, work, folder)
    page = "runs/reproduction-quick/README.md" if options.quick else "REPRODUCTION.md"
    text = overview(known, work, "." if options.quick else folder, options.quick)
    with open(f"{page}.partial", "w") as file:
        file.write(text)
    os.replace(f"{page}.partial", page)
    print(f"reproduce: wrote {page}", file=sys.stderr)


if __name__ == "__main__":
    main()
