#!/usr/bin/env python3
"""Runs the claims of the paper and writes REPRODUCTION.md and docs/reproduction. `make reproduce` calls it.

    Scripts/reproduce.py                     Fashion-MNIST, patterns, memories as attractors, and starts that the model knows: under an
                                             hour on two cores
    Scripts/reproduce.py --data mnist        MNIST's digits, which `make mnist` fetches; several names, separated by commas
    Scripts/reproduce.py --quick             five models, fewer items and steps of training: five minutes; writes into
                                             runs/reproduction-quick and leaves REPRODUCTION.md as it is
    Scripts/reproduce.py --full              all data sets, more depths, numbers of latent variables and weights of the
                                             Kullback-Leibler term, and memories at twice the updates: about eleven hours; writes
                                             docs/reproduction/full and leaves REPRODUCTION.md as it is
    Scripts/reproduce.py --pages             writes the pages again, of the runs that are there

An interrupted reproduction goes on where it was: finished runs are kept in runs/reproduce (-quick, -full). Needs Python's own library
only. Scripts/claim_pages.py and former_page.py say what is on the pages.
"""
from __future__ import annotations

import argparse
import dataclasses
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import claim_pages  # noqa: E402
import former_page  # noqa: E402
from bits import netcdf  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SIMULATE = os.path.join(ROOT, ".build/release/simulate")


@dataclasses.dataclass
class Source:
    """A data set with its scenario."""

    name: str
    title: str
    scenario: str
    # Minutes on two cores, for the time that is left.
    minutes: float
    # Settings of --quick and --full.
    quick: list
    full: list = dataclasses.field(default_factory=list)
    # What is always set, for a second run of a scenario.
    settings: list = dataclasses.field(default_factory=list)
    # Figures at the top of its page: name, words, arguments of `simulate plot`.
    figures: list = dataclasses.field(default_factory=list)
    # Figures at its end.
    others: tuple = ("claims", "series", "sweep")
    is_only_full: bool = False

    @property
    def run(self) -> str:
        """The name of its run file."""
        return self.scenario if not self.settings else self.name

    def all_settings(self, kind: str) -> list:
        """What is set in a run of this kind: "quick", "full", or "" for neither."""
        return self.settings + {"quick": self.quick + QUICK, "full": self.full, "": []}[kind]

    def arguments(self, kind: str) -> str:
        """Those of `simulate run`, for readers."""
        return " ".join([f"scenarios/{self.scenario}.yaml"] + [f"--set '{text}'" for text in self.all_settings(kind)])

    def command(self, kind: str) -> str:
        """The command that makes its run, for readers."""
        return f"make reproduce {f'{kind.upper()}=1 ' if kind else ''}DATA={self.name}"


def memory_figures(items: str) -> list:
    """The headline and the phase diagram of memory runs, whose key of items per class is `items`."""
    regime = ["--figure", "series", "--at", f"{items}=20", "--at", "model.training.beta=0", "--at", "level=0.1",
              "--variables", "distance-own-centre-ending-at-memory,distance-reached-memory"]
    return [
        ("headline", "Distances to the own concept, and to the memory that is reached, of members that end at a memory: 20 items per class, "
         "beta = 0. Bands are wide because models have different scales; claims compare within a model.", regime),
        ("headline-model", "The same for the first of the models.", [*regime, "--at", "replica=0"]),
        ("phases", "The share of training items that lie at an attractor of their own, by items per class and beta.",
         ["--figure", "sweep", "--at", "level=0", "--common-scale", "--variables", "own-memory-fraction"]),
        ("ends", "Where members that start at p = 0.1 end.",
         ["--figure", "sweep", "--at", "level=0.1", "--common-scale", "--variables",
          "ends-at-own-memory,ends-at-memory-of-class,ends-at-memory-of-other-class,ends-at-no-memory"]),
    ]


SOURCES = [
    Source("fashion", "Fashion-MNIST", "fashion-claims", 28, [
        "dataset.train-items=100", "dataset.test-items=40", "model.training.epochs=10", "sweep.model.hidden=[[300]]"], [
        "sweep={model.hidden: [[300], [500, 500], [300, 300, 300]], model.latent: [2, 5, 20, 50, 100], "
        "model.training.beta: [0.5, 1]}"]),
    Source("patterns", "hierarchical patterns", "patterns-claims", 8, [
        "dataset.dimension=196", "model.training.epochs=30"], [
        "sweep={model.hidden: [[300], [500, 500]], model.latent: [2, 5, 20, 50, 100], model.training.beta: [0.5, 1]}"]),
    Source("starts", "patterns, two sorts of starts", "starts-patterns", 2, ["model.training.epochs=20"]),
    Source("memory", "patterns near capacity", "memory-patterns", 15, [
        "sweep={dataset.memories: [5, 20], model.training.beta: [0, 1]}", "model.training.updates=2000"], [
        "sweep={dataset.memories: [5, 10, 20, 40, 60], model.training.beta: [0, 0.1, 1]}"],
        figures=memory_figures("dataset.memories"), others=("claims",)),
    Source("memory-twice", "patterns near capacity, twice the updates", "memory-patterns", 30, [],
           settings=["model.training.updates=24000"], figures=memory_figures("dataset.memories"), others=("claims",),
           is_only_full=True),
    Source("mnist", "MNIST", "mnist-claims", 20, [
        "dataset.train-items=100", "dataset.test-items=40", "model.training.epochs=10"], [
        "sweep={model.hidden: [[300], [500, 500]], model.latent: [2, 5, 20, 50, 100], model.training.beta: [0.5, 1]}"]),
    Source("memory-mnist", "MNIST near capacity", "memory-mnist", 60, [
        "sweep={dataset.train-items: [5, 20], model.training.beta: [0, 1]}", "model.training.updates=1000",
        "model.hidden=[100, 100]"], figures=memory_figures("dataset.train-items"), others=("claims",)),
]
DEFAULT = ["fashion", "patterns", "starts", "memory"]
QUICK = ["model.replicas=5"]


def simulate(*arguments: str, output: str | None = None) -> None:
    """Runs the program; what it prints goes to a file, or nowhere."""
    with open(output or os.devnull, "w") as file:
        code = subprocess.call([SIMULATE, *arguments], cwd=ROOT, stdout=file)
    if code != 0:
        sys.exit(f"reproduce: simulate {' '.join(arguments[:2])} ended with exit code {code}; finished runs are kept, "
                 "and the same command goes on")


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def run_all(sources: list, work: str, kind: str) -> None:
    """Runs each scenario that has not run yet."""
    begin = time.monotonic()
    total, done = sum(source.minutes for source in sources), 0.0
    for number, source in enumerate(sources, 1):
        elapsed = time.monotonic() - begin
        left = f"about {clock(elapsed * (total - done) / done)} left" if done > 0 and total > 0 else "time left unknown"
        print(f"reproduce: {number} of {len(sources)}: {source.name}; {clock(elapsed)} so far, {left}", file=sys.stderr)
        settings = [word for text in source.all_settings(kind) for word in ("--set", text)]
        simulate("run", f"scenarios/{source.scenario}.yaml", *settings, "-o", f"{work}/{source.run}.nc", "--resume")
        done += source.minutes


def write_page(source: Source, work: str, folder: str, kind: str) -> None:
    """The page of one data set: its figures, and the program's report."""
    run = f"{work}/{source.run}.nc"
    pictures = f"{folder}/pictures"
    os.makedirs(pictures, exist_ok=True)
    page = f"{folder}/{source.name}.md"
    if os.path.exists(page):
        os.remove(page)
    simulate("report", run, "-o", page)
    listed = subprocess.run([SIMULATE, "plot", run, "--list"], cwd=ROOT, capture_output=True, text=True).stdout
    given = {line.split()[0] for line in listed.splitlines() if line.split()[1:2] == ["yes"]}
    figures = source.figures + [(name, f"{name} of {source.scenario}", ["--figure", name])
                                for name in source.others if name in given]
    texts = []
    for name, words, arguments in figures:
        picture = f"{source.name}-{name}.svg"
        simulate("plot", run, *arguments, "-o", f"{pictures}/{picture}", "--overwrite")
        texts.append(f"![{words.split(':')[0].rstrip('.')}](pictures/{picture})\n")
    with open(page) as file:
        heading, rest = file.read().split("\n", 1)
    # A page's only heading of the first level, then what a reader looks for first.
    top = [f"# {source.title[0].upper()}{source.title[1:]}", "", 
           f"`{source.command(kind)}`, or `simulate run {source.arguments(kind)}`.", ""]
    for (_, words, _), text in zip(source.figures, texts):
        top += [words, "", text]
    with open(page, "w") as file:
        file.write("\n".join(top + [heading]) + "\n" + rest + "\n".join(texts[len(source.figures):]))


def write(path: str, text: str) -> None:
    with open(f"{path}.partial", "w") as file:
        file.write(text)
    os.replace(f"{path}.partial", path)


def write_overview(known: list, work: str, kind: str) -> str:
    """REPRODUCTION.md, and what changed against the former page; returns where the overview is."""
    library = netcdf.Library()
    files = {source.name: library.read(f"{work}/{source.run}.nc") for source in known}
    version = subprocess.run([SIMULATE, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    page, pages, prefix = {
        "": ("REPRODUCTION.md", "docs/reproduction/", ""), "full": ("docs/reproduction/full/README.md", "", "../../../"),
        "quick": ("runs/reproduction-quick/README.md", "", "../../")}[kind]
    heading = [f"`make reproduce{f' {kind.upper()}=1' if kind else ''}` wrote this page on {time.strftime('%Y-%m-%d', time.gmtime())}, "
               f"with {version}."]
    if kind == "quick":
        heading += ["", "**A quick run**: five models, few items and little training. Other networks than the full run's, and "
                    "preliminary answers: with five models no sign test reaches 0.05."]
    write(page, claim_pages.overview(known, files, pages, heading, prefix, kind))
    former = former_page.former(known, files)
    write(f"{os.path.dirname(page) if kind else 'docs/reproduction'}/former.md", former)
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names = [source.name for source in SOURCES]
    parser.add_argument("--data", help=f"of {', '.join(names)}; default: {','.join(DEFAULT)}, all with --full")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true", help="more depths, latent variables, beta; all data sets")
    parser.add_argument("--pages", action="store_true", help="run nothing")
    options = parser.parse_args()
    if options.quick and options.full:
        parser.error("--quick or --full, not both")
    chosen = options.data.split(",") if options.data else names if options.full else DEFAULT
    unknown = [name for name in chosen if name not in names]
    if unknown:
        parser.error(f"--data {unknown[0]}: expected some of {', '.join(names)}")
    kind = "quick" if options.quick else "full" if options.full else ""
    os.chdir(ROOT)
    sources = [source for source in SOURCES if source.name in chosen]
    if kind != "full" and any(source.is_only_full for source in sources):
        parser.error("--data memory-twice: only with --full")
    work = f"runs/reproduce-{kind}" if kind else "runs/reproduce"
    os.makedirs(work, exist_ok=True)
    if not options.pages:
        run_all(sources, work, kind)
    # Pages of data sets that ran before stay, and so do their rows.
    known = [source for source in SOURCES if os.path.exists(f"{work}/{source.run}.nc")]
    folder = {"": "docs/reproduction", "full": "docs/reproduction/full", "quick": "runs/reproduction-quick"}[kind]
    os.makedirs(folder, exist_ok=True)
    for source in sources:
        if source in known:
            write_page(source, work, folder, kind)
    print(f"reproduce: wrote {write_overview(known, work, kind)}", file=sys.stderr)


if __name__ == "__main__":
    main()
