"""What is run: cases of a few commands each, in a folder and with a model cache of their own.

Each case is small, and says in `covers` what of the program it exercises. Together they take about three minutes on two
idle cores. A recording is compared case by case, so that cases can be added without recording the others again.
"""
from __future__ import annotations

import gzip
import os
import struct

from bits.wrong_scenarios import SCENARIOS

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FASHION = "/usr/share/datasets/fashion-mnist"
# Where `make mnist` puts its files.
MNIST = os.path.join(os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share"), "repeated-inference", "mnist")

# 160 items in 2 x 2 classes; a network that is trained within a tenth of a second, and well enough for several
# attractors and averages that change with level and time.
HEAD = """name: small
description: a small ensemble
seed: 7
dataset: {kind: hierarchical-patterns, dimension: 36, superclasses: 2, classes: 2, memories: 40, test: 8}
"""
MODEL = """model:
  latent: 4
  hidden: [16]
  training: {epochs: 20, batch: 10, learning-rate: 0.01}
"""
SMALL = HEAD + MODEL + "dynamics: {steps: 8}\ninitial: {levels: [0, 0.3, 0.6]}\n"

WITHOUT_ITEM = (
    "overlap-root distance-root distance-nearest-memory distance-nearest-concept step-length reconstruction-error"
    " displacement distance-training-sample distance-held-out principal-component-1 principal-component-3"
).split()
POSTERIOR = "energy input-entropy reconstruction-excess kullback-leibler".split()
WITH_LABEL = WITHOUT_ITEM + (
    "overlap-memory overlap-concept distance-memory distance-concept distance-superconcept concept-accuracy"
    " abstraction-level data-overlap distance-sibling-concept data-distance-memory data-distance-concept"
    " data-distance-sibling-concept"
).split()
WITH_ITEM = WITH_LABEL + ["memory-recovered"]
MEMBERS = "{members: true, latents: true}"


def names(observables: list) -> str:
    return "[" + ", ".join(observables) + "]"


GROUPS = {"group-by": "[class, superclass]", "split-by": "[retention]"}
FULL = f"""observables: {names(WITH_ITEM + POSTERIOR)}
group-by: [class, superclass]
split-by: [retention]
output: {MEMBERS}
"""
PATHS = f"""observables: [distance-root, distance-own-centre, log-ratio-others-to-own, log-ratio-own-to-root,
  overlap-about-root-own-centre, overlap-about-root-siblings, chord-excess-contrast, distance-reached-memory,
  ends-at-own-memory, interior-concept-minimum, closest-memory-later, class-spread, common-motion]
split-by: [end-state]
output: {MEMBERS}
"""
CONTRASTS = """observables: [log-ratio-others-to-own, common-motion]
attractors: {}
claims:
  beyond: {statement: a, estimate: "beyond(linear, beyond(common-motion, change(2, log-ratio-others-to-own)))", over: each,
    smallest-effect: 0.05}
  memories: {statement: b, estimate: "both(beyond(held-out, own-memory-fraction), own-memory-fraction)", smallest-effect: 0.1}
"""
# Less, where other things than observables and groups are in question: files of a few hundred variables take a while.
LIGHT = f"""observables: [distance-concept, overlap-memory, abstraction-level, step-length, energy, data-overlap]
split-by: [retention]
output: {MEMBERS}
"""
LIGHT_SETTINGS = {"observables": "[distance-concept, overlap-memory, step-length]", "group-by": "null", "split-by": "null"}


class Case:
    """Input files and commands, in this order."""

    def __init__(self, name: str, covers: str, needs: str = "") -> None:
        self.name, self.covers, self.needs = name, covers, needs
        self.files: dict = {}
        self.steps: list = []
        ALL.append(self)

    def file(self, name: str, content) -> "Case":
        self.files[name] = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        return self

    def simulate(self, *arguments: str, settings=None, **options) -> "Case":
        """A command. Options: texts=False where messages depend on the moment of an interruption; unordered=True
        where several runs say things at the same time."""
        words = [str(a) for a in arguments]
        for key, value in (settings or {}).items():
            words += ["--set", f"{key}={value}"]
        self.steps.append({"do": "simulate", "arguments": words, **options})
        return self

    def interrupted(self, *arguments: str, until: str, settings=None) -> "Case":
        """The same, interrupted (SIGTERM) as soon as a file of this pattern is there."""
        self.simulate(*arguments, settings=settings, texts=False, until=until)
        return self

    def do(self, what: str, *names: str) -> "Case":
        """copy FROM TO, move FROM TO, remove NAME, folder NAME, flip NAME (one bit in the middle), cut NAME (by half)."""
        self.steps.append({"do": what, "arguments": list(names)})
        return self


ALL: list = []


# MARK: - Input files


def idx(shape: list, values: bytes) -> bytes:
    return struct.pack(">BBBB", 0, 0, 8, len(shape)) + struct.pack(f">{len(shape)}I", *shape) + values


def pictures(count: int, start: int) -> tuple:
    """6 x 6 pictures in four classes, bright stripes whose place tells the class on a ground of noise; labels."""
    state, values, labels = start, bytearray(), bytearray()
    for item in range(count):
        label = item * 7 % 4
        labels.append(label)
        for pixel in range(36):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            noise = state >> 33
            values.append(250 - noise % 40 if pixel % 4 == label and noise % 11 else noise % 90)
    return idx([count, 6, 6], bytes(values)), idx([count], bytes(labels))


def put_pictures(case: Case, compressed: bool = False, train: int = 60, test: int = 24) -> Case:
    for name, count, start in [("train", train, 1), ("test", test, 2)]:
        for kind, content in zip(["images", "labels"], pictures(count, start)):
            packed = gzip.compress(content, mtime=0) if compressed else content
            case.file(f"{name}-{kind}.idx" + (".gz" if compressed else ""), packed)
    return case


def pictures_scenario(suffix: str = "") -> str:
    return f"""name: pictures
dataset:
  kind: idx
  train-images: train-images.idx{suffix}
  train-labels: train-labels.idx{suffix}
  test-images: test-images.idx{suffix}
  test-labels: test-labels.idx{suffix}
  superclasses: {{even: [0, 2], odd: [1, 3]}}
model: {{latent: 4, hidden: [16], training: {{epochs: 12, batch: 6, learning-rate: 0.01}}}}
dynamics: {{steps: 6}}
initial: {{levels: [0, 0.4]}}
"""


def safetensors(tensors: dict, metadata: dict) -> bytes:
    """A model file; tensors are nested lists."""
    import json

    header, data = {"__metadata__": metadata}, b""
    for name, rows in sorted(tensors.items()):
        is_matrix = isinstance(rows[0], list)
        flat = [x for row in rows for x in row] if is_matrix else rows
        values = struct.pack(f"<{len(flat)}f", *flat)
        shape = [len(rows), len(rows[0])] if is_matrix else [len(rows)]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def two_units(gain: list) -> bytes:
    """z -> gain tanh(1.5 tanh(z)), of two latent variables and four pixels: gain is a matrix."""
    zeros = [[0.0] * 4, [0.0] * 4]
    return safetensors(
        {
            "encoder.0.weight": [[1.5, 0, 0, 0], [0, 1.5, 0, 0]], "encoder.0.bias": [0.0, 0.0],
            "encoder.mean.weight": gain, "encoder.mean.bias": [0.0, 0.0],
            "encoder.log_variance.weight": [row[:2] for row in zeros], "encoder.log_variance.bias": [-2.0, -2.0],
            "decoder.0.weight": [[1.0, 0], [0, 1.0]], "decoder.0.bias": [0.0, 0.0],
            "decoder.output.weight": [[1.0, 0], [0, 1.0], [0.25, 0], [0, 0.25]],
            "decoder.output.bias": [0.0] * 4,
        },
        {"activation": "tanh", "likelihood": "gaussian", "format": "pt"})


def linear_map(factor: float) -> bytes:
    """z -> factor z, of two latent variables and four pixels: it diverges, or contracts."""
    return safetensors(
        {
            "encoder.mean.weight": [[factor, 0, 0, 0], [0, factor, 0, 0]], "encoder.mean.bias": [0.0, 0.0],
            "encoder.log_variance.weight": [[0.0] * 4, [0.0] * 4], "encoder.log_variance.bias": [-2.0, -2.0],
            "decoder.output.weight": [[1.0, 0], [0, 1.0], [0.5, 0.5], [0.5, -0.5]],
            "decoder.output.bias": [0.0] * 4,
        },
        {"activation": "tanh", "likelihood": "gaussian", "format": "pt"})


FOUR_PIXELS = """name: four
seed: 3
dataset: {kind: hierarchical-patterns, dimension: 4, superclasses: 2, classes: 2, memories: 10, test: 2}
model: {file: model.safetensors}
dynamics: {steps: 5}
initial: {corruption: latent-gaussian, levels: [0.5, 2]}
output: {members: true, latents: true}
"""


# MARK: - What the program says about itself


def lists() -> None:
    case = Case("lists", "list (all kinds), --version, --help of every command")
    case.simulate("list")
    for kind in ["observables", "corruptions", "datasets", "maps", "keys", "controls", "functions"]:
        case.simulate("list", kind)
    case.simulate("--version").simulate("--help")
    for command in ["run", "merge", "train", "validate", "inspect", "list", "export", "plot", "report"]:
        case.simulate(command, "--help")


# MARK: - scenarios/


def small_settings(name: str) -> dict:
    """Settings that make one of the checked-in scenarios a matter of seconds."""
    swept = name == "latent-dimension"
    claims = name.endswith("-claims") or name.startswith(("memory-", "starts-"))
    if name.startswith("hopfield"):
        model = {}
    else:
        model = {"model.hidden": "[24]", "model.training.batch": 16, "model.training.learning-rate": 0.01}
        model |= {"model.training.updates": 60} if name.startswith("memory-") else {"model.training.epochs": 8}
    if "mnist" in name or name.startswith("fashion"):
        data = {"dataset.train-items": 25, "dataset.test-items": 10, "initial.items": "{random: 30}"}
    else:
        data = {"dataset.dimension": 64, "dataset.memories": 14, "dataset.test": 6}
    if not swept and not claims:
        model["model.latent"] = 6
    settings = data | model
    if swept:
        settings |= {"sweep.model.latent": "[2, 6]"}
    # Verdicts need five models; two show the averages over models.
    if claims or name in ("denoising", "noise-and-abstraction"):
        settings |= {"model.replicas": 2}
    if name == "attractors":
        settings |= {"attractors.items": 100}
    return settings


def scenarios() -> None:
    folder = os.path.join(REPOSITORY, "scenarios")
    for file in sorted(os.listdir(folder)):
        name, ending = os.path.splitext(file)
        if ending != ".yaml":
            continue
        case = Case("scenario-" + name, f"scenarios/{file} with its claims, controls and sweep, made small",
                    needs=FASHION if name.startswith("fashion") else MNIST if "mnist" in name else "")
        with open(os.path.join(folder, file), "rb") as text:
            case.file(file, text.read())
        settings = small_settings(name)
        case.simulate("validate", file)
        case.simulate("run", file, "-o", "run.nc", settings=settings, unordered=True)
        case.simulate("plot", "run.nc", "--list").simulate("report", "run.nc", "-o", "run.md")
        case.simulate("plot", "run.nc", "-o", "run.svg")


# MARK: - Modes, precisions, corruptions


def corruptions() -> None:
    levels = {"gaussian": "[0, 0.25, 1]", "latent-gaussian": "[0, 0.5, 2]"}
    of_items = ["uniform-replacement", "flip", "flip-exact", "occlusion", "gaussian", "latent-gaussian"]
    for name in of_items + ["prior", "latent-box"]:
        has_item = name in of_items
        modes = ["mean", "sample"] + (["clamped"] if has_item and name not in levels else [])
        case = Case("corruption-" + name, f"initial.corruption: {name} in the modes {', '.join(modes)}, both precisions,"
                    " all observables that apply, groups, members, latent states")
        initial = f"{{corruption: {name}, levels: {levels.get(name, '[0, 0.3, 0.6]')}, items: {{random: 60}}}}"
        if name == "prior":
            initial = "{corruption: prior, items: 150}"
        elif name == "latent-box":
            initial = "{corruption: latent-box, levels: [0.5, 3], items: 130}"
        text = HEAD + MODEL + f"dynamics: {{steps: 6}}\ninitial: {initial}\n"
        text += f"observables: {names((WITH_ITEM if has_item else WITHOUT_ITEM) + POSTERIOR)}\noutput: {MEMBERS}\n"
        case.file("small.yaml", text).simulate("validate", "small.yaml")
        for mode in modes:
            for precision in ["single", "double"]:
                settings = {"dynamics.mode": mode, "dynamics.precision": precision}
                if mode == "sample":
                    settings |= {"dynamics.sample-decoder": "true", "dynamics.temperature": 0.7}
                if has_item and (mode, precision) in [("mean", "single"), ("sample", "double")]:
                    settings |= GROUPS
                case.simulate("run", "small.yaml", "-o", f"{mode}-{precision}.nc", settings=settings)
        if has_item:
            case.simulate("run", "small.yaml", "-o", "held-out.nc",
                          settings={"initial.split": "test", "observables": names(WITH_LABEL + POSTERIOR),
                                    "initial.items": "all", "dynamics.mode": "sample"})


def states_of_files() -> None:
    case = Case("states-of-files", "initial.corruption: file: IDX and NetCDF, data and latent states, with and without"
                " labels, both precisions, items of the file")
    images, labels = pictures(17, 5)
    case.file("states.idx", images).file("labels.idx", labels).file("small.yaml", SMALL + f"output: {MEMBERS}\n")
    case.simulate("run", "small.yaml", "-o", "starts.nc",
                  settings={"dynamics.steps": 0, "attractors": "{items: 60}", "initial.items": 30})
    files = {
        "latent": "{path: starts.nc, variable: members/latent_state}",
        "latent-labels": "{path: starts.nc, variable: members/latent_state, labels: members/class}",
        "concepts": "{path: starts.nc, variable: geometry/concept_position, labels: geometry/concept_parent}",
        "attractors": "{path: starts.nc, variable: attractors/picture}",
        "idx": "{path: states.idx}", "idx-labels": "{path: states.idx, labels: labels.idx}",
    }
    for name, file in files.items():
        labelled = "label" in name or name == "concepts"
        observables = (WITH_LABEL if labelled else WITHOUT_ITEM) + POSTERIOR
        if labelled and "idx" not in name:  # latent states have no picture of their own
            observables = [o for o in observables if not o.startswith("data-")]
        settings = {"initial": f"{{corruption: file, file: {file}}}", "observables": names(observables)}
        case.simulate("run", "small.yaml", "-o", f"from-{name}.nc", settings=settings | (GROUPS if labelled else {}))
        case.simulate("run", "small.yaml", "-o", f"from-{name}-double.nc",
                      settings=settings | {"dynamics.precision": "double", "dynamics.mode": "sample"})
    first = {"initial": "{corruption: file, file: " + files["idx-labels"] + ", items: 5, realizations: 3}"}
    case.simulate("run", "small.yaml", "-o", "first.nc", settings=first | {"dynamics.mode": "sample"})
    case.simulate("run", "small.yaml", "-o", "drawn.nc",
                  settings={"initial": "{corruption: file, file: " + files["latent"] + ", items: {random: 9}}"})
    case.simulate("run", "small.yaml", "-o", "default.nc",
                  settings={"initial": "{corruption: file, file: " + files["latent-labels"] + "}"})
    case.simulate("run", "small.yaml", "-o", "wrong.nc", settings={
        "initial": "{corruption: file, file: " + files["latent-labels"] + "}", "observables": "[data-overlap]"})


# MARK: - Models and training


def models() -> None:
    for activation in ["tanh", "relu", "gelu", "softplus"]:
        case = Case("model-" + activation, f"model.activation: {activation}, both likelihoods, two hidden layers; run,"
                    " train, model.file in both precisions, attractors")
        case.file("small.yaml", SMALL + LIGHT)
        for likelihood in ["bernoulli", "gaussian"]:
            kind = {"model.activation": activation, "model.likelihood": likelihood, "model.hidden": "[16, 9]"}
            case.simulate("train", "small.yaml", "-o", f"{likelihood}.safetensors", settings=kind)
            case.simulate("inspect", f"{likelihood}.safetensors")
            case.simulate("run", "small.yaml", "-o", f"{likelihood}.nc", settings=kind)
            given = {"model.file": f"{likelihood}.safetensors", "attractors": "{items: 20}"}
            for precision in ["single", "double"]:
                case.simulate("run", "small.yaml", "-o", f"{likelihood}-{precision}.nc",
                              settings=given | {"dynamics.precision": precision})
    case = Case("model-linear", "model.hidden: [] with both likelihoods and precisions, all modes")
    case.file("small.yaml", SMALL + LIGHT)
    for likelihood in ["bernoulli", "gaussian"]:
        for precision in ["single", "double"]:
            for mode in ["mean", "sample", "clamped"]:
                case.simulate("run", "small.yaml", "-o", f"{likelihood}-{precision}-{mode}.nc",
                              settings={"model.hidden": "[]", "model.likelihood": likelihood, "dynamics.mode": mode,
                                        "dynamics.precision": precision})
        case.simulate("train", "small.yaml", "-o", f"{likelihood}.safetensors",
                      settings={"model.hidden": "[]", "model.likelihood": likelihood})
    case = Case("paths", "class-spread, common-motion, split-by: [end-state], observables of whole paths; train and test; shards;"
                " claims with contrasts")
    case.file("paths.yaml", SMALL + PATHS).file("claims.yaml", SMALL + CONTRASTS)
    for split in ["train", "test"]:
        case.simulate("run", "paths.yaml", "-o", f"{split}.nc", settings={"initial.split": split})
    for shard in ["1/2", "2/2"]:
        case.simulate("run", "paths.yaml", "-o", "part.nc", "--shard", shard)
    case.simulate("merge", "part.1-of-2.shard", "part.2-of-2.shard", "-o", "merged.nc")
    case.simulate("run", "claims.yaml", "-o", "claims.nc", unordered=True, settings={"model.replicas": 2})
    case = Case("model-files", "model.file: of another program, without metadata, as the cache keeps it; a model file"
                " without a data set; rules beside it")
    case.file("small.yaml", SMALL).file("four.yaml", FOUR_PIXELS).file("model.safetensors", linear_map(0.5))
    bare = linear_map(0.5)
    case.file("bare.safetensors", bare.replace(b'"activation"', b'"_ctivation"').replace(b'"likelihood"', b'"_ikelihood"'))
    case.file("default.yaml", "name: default\ndynamics: {steps: 1}\ninitial: {items: 5}\nmodel: {file: m.safetensors}\n")
    case.file("training.yaml", "name: training\nmodel: {latent: 2, hidden: [], training: {epochs: 0}}\n")
    case.simulate("run", "four.yaml").simulate("inspect", "bare.safetensors").simulate("inspect", "model.safetensors")
    case.simulate("run", "four.yaml", "-o", "bare.nc", settings={"model.file": "bare.safetensors"})
    case.simulate("run", "four.yaml", "-o", "bare-sweep.nc", unordered=True,
                  settings={"model.file": "bare.safetensors", "sweep.dynamics.steps": "[1, 2]"})
    case.simulate("train", "training.yaml", "-o", "m.safetensors").simulate("run", "default.yaml")
    case.simulate("run", "default.yaml", "-o", "said.nc", settings={"dataset.memories": 80})


def training() -> None:
    case = Case("training", "simulate train: safetensors bit by bit; patience and validation, beta, batches, rates, no"
                " epochs, a loss that is not finite, shuffled labels; --resume of what is complete")
    case.file("small.yaml", SMALL)
    for name, settings in {
        "plain": {}, "untrained": {"model.training.epochs": 0}, "beta": {"model.training.beta": 0},
        "large-batch": {"model.training.batch": 1000}, "odd-batch": {"model.training.batch": 7},
        "deep": {"model.hidden": "[20, 12, 8]", "model.activation": "gelu"},
        "patience": {"dataset.validation": 0.25, "model.training.patience": 2, "model.training.epochs": 100},
        "not-finite": {"model.training.learning-rate": 900, "model.likelihood": "gaussian", "model.hidden": "[]"},
    }.items():
        case.simulate("train", "small.yaml", "-o", f"{name}.safetensors", settings=settings)
        case.simulate("inspect", f"{name}.safetensors")
        case.simulate("run", "small.yaml", "-o", f"{name}.nc", settings=settings)
    case.simulate("train", "small.yaml", "-o", "seed.safetensors", "--seed", 18446744073709551615)
    case.simulate("train", "small.yaml", "-o", "one-thread.safetensors", "--threads", 1, settings={"seed": 8})
    case.simulate("train", "small.yaml", "-o", "plain.safetensors", "--resume")
    case.simulate("train", "small.yaml", "-o", "plain.safetensors", "--resume", "--seed", 8)
    case.simulate("train", "small.yaml", "-o", "plain.safetensors")
    case.simulate("train", "small.yaml", settings={"model.kind": "hopfield"})
    case.simulate("train", "small.yaml", settings={"model.file": "plain.safetensors"})
    case.simulate("run", "small.yaml", "-o", "shuffled.nc", settings={"dataset.shuffle-labels": "true"})

    case = Case("training-interrupted", "a training interrupted after a checkpoint and resumed; refused resumes")
    case.file("small.yaml", SMALL)
    long = {"model.training.epochs": 2000, "model.hidden": "[64]"}
    case.simulate("train", "small.yaml", "-o", "whole.safetensors", "-q", settings=long)
    case.do("remove", "cache")
    cut = ("train", "small.yaml", "-o", "cut.safetensors", "--checkpoint-interval", "0.02")
    case.interrupted(*cut, until="cut.safetensors.checkpoint", settings=long)
    case.simulate(*cut, "--resume", settings=long | {"model.latent": 5})
    case.simulate(*cut, settings=long)
    case.interrupted(*cut, "--resume", until="cut.safetensors.checkpoint", settings=long)
    case.simulate(*cut, "--resume", texts=False, settings=long)


# MARK: - Data sets


def datasets() -> None:
    for compressed in [False, True]:
        suffix = ".gz" if compressed else ""
        case = Case("data-idx" + ("-gzip" if compressed else ""), "dataset.kind: idx" + (", gzip" if compressed else "")
                    + ": superclasses, train-items, test-items, validation, shuffled labels, both splits, groups")
        put_pictures(case, compressed).file("pictures.yaml", pictures_scenario(suffix) + FULL)
        flat = "".join(line for line in pictures_scenario(suffix).splitlines(True) if "superclasses" not in line)
        case.file("flat.yaml", flat)
        case.simulate("validate", "pictures.yaml").simulate("run", "pictures.yaml").simulate("run", "flat.yaml", "-o", "flat.nc")
        if compressed:
            continue
        for name, settings in {
            "few": {"dataset.train-items": 9, "dataset.test-items": 3},
            "validation": {"dataset.validation": 0.2, "model.training.patience": 1, "model.training.epochs": 40},
            "shuffled": {"dataset.shuffle-labels": "true"},
            "test": {"initial.split": "test", "observables": names(WITH_LABEL + POSTERIOR)},
            "random": {"initial.items": "{random: 13}", "dynamics.mode": "sample", "initial.realizations": 3},
            "hopfield": {"model.kind": "hopfield", "observables": names(WITH_ITEM)},
            "one-superclass": {"dataset.superclasses": "{all: [0, 1, 2, 3]}", "group-by": "superclass"},
            "wrong-superclass": {"dataset.superclasses": "{even: [0, 2]}"},
            "films": {"output": "{members: true, films: {items: 3, times: [0, 1, 6]}}", "initial.corruption": "occlusion"},
            "attractors": {"attractors": "{}"},
        }.items():
            light = {} if "observables" in settings else LIGHT_SETTINGS
            case.simulate("run", "pictures.yaml", "-o", f"{name}.nc", settings=light | settings)
            case.simulate("validate", "pictures.yaml", "-q", settings=light | settings)

    case = Case("data-fashion", "dataset.kind: fashion-mnist: superclasses, items, directory, validation, clamped mode",
                needs=FASHION)
    case.file("fashion.yaml", "name: fashion\ndataset: {kind: fashion-mnist, train-items: 20, test-items: 8}\nmodel: {latent: 3,"
              " hidden: [20], training: {epochs: 3}}\ndynamics: {steps: 4}\ninitial: {levels: [0, 0.5], items: {random: 30}}\n")
    tree = "{tops: [0, 2, 3, 4, 6], trousers: [1], footwear: [5, 7, 9], bags: [8]}"
    for name, settings in {
        "flat": {}, "tree": {"dataset.superclasses": tree, "group-by": "[class, superclass]"},
        "directory": {"dataset.directory": FASHION}, "clamped": {"dynamics.mode": "clamped"},
        "validation": {"dataset.validation": 0.1, "model.training.patience": 1},
        "test": {"initial.split": "test", "dataset.shuffle-labels": "true"},
        "all-items": {"dataset.train-items": "null", "dataset.test-items": "null", "model.training.epochs": 0},
        "hopfield": {"model.kind": "hopfield"},
        "films": {"output.films": "{}", "initial.corruption": "occlusion"},
    }.items():
        case.simulate("run", "fashion.yaml", "-o", f"{name}.nc", settings=settings)

    case = Case("data-degenerate", "one item, one class, one latent variable, equal items, no steps, no picture, no"
                " held-out items")
    case.file("small.yaml", SMALL + FULL)
    plain = {"observables": "[distance-concept, abstraction-level, step-length, energy]", "group-by": "class"}
    for name, settings in {
        "equal": {"dataset.correlation": "[1, 1]", "dataset.superclasses": 1},
        "one": {"dataset.superclasses": 1, "dataset.classes": 1, "dataset.memories": 1, "dataset.test": 0,
                "model.latent": 1, "dataset.dimension": 1},
        "one-latent": {"model.latent": 1}, "one-pixel": {"dataset.dimension": 1}, "no-steps": {"dynamics.steps": 0},
        "no-picture": {"dataset.dimension": 35}, "no-test": {"dataset.test": 0},
        "one-superclass": {"dataset.superclasses": 1}, "many-levels": {"initial.levels": str([k / 20 for k in range(21)])},
    }.items():
        case.simulate("run", "small.yaml", "-o", f"{name}.nc", settings=plain | settings)


# MARK: - Hopfield networks


def hopfield() -> None:
    text = HEAD.replace("small", "memory", 1) + f"""model: {{kind: hopfield}}
dynamics: {{steps: 5}}
initial: {{levels: [0, 0.3, 0.6]}}
observables: {names(WITH_ITEM)}
group-by: [class, superclass]
split-by: [retention]
output: {{members: true, latents: true, films: {{items: 2}}}}
"""
    case = Case("hopfield", "model.kind: hopfield: both precisions, corruptions, starts without items, overlaps from the"
                " root, replicas and controls, estimate, figures")
    case.file("memory.yaml", text).simulate("validate", "memory.yaml").simulate("validate", "memory.yaml", "--estimate")
    free = {"group-by": "null", "split-by": "null", "observables": names(WITHOUT_ITEM), "output": MEMBERS}
    for name, settings in {
        "single": {}, "double": {"dynamics.precision": "double"}, "root": {"overlap-origin": "root"},
        "flip": {"initial.corruption": "flip"}, "flip-exact": {"initial.corruption": "flip-exact"},
        "gaussian": {"initial.corruption": "gaussian"}, "occlusion": {"initial.corruption": "occlusion"},
        "latent-gaussian": {"initial.corruption": "latent-gaussian"},
        "prior": free | {"initial": "{corruption: prior, items: 80}"},
        "latent-box": free | {"initial": "{corruption: latent-box, levels: [3], items: 80}"},
        "test": {"initial.split": "test", "observables": names(WITH_LABEL)},
        "shuffled": {"dataset.shuffle-labels": "true"}, "defaults": {"observables": "null"},
    }.items():
        light = {} if name in ("single", "double", "test") else LIGHT_SETTINGS
        case.simulate("run", "memory.yaml", "-o", f"{name}.nc", settings=light | settings)
    case.simulate("run", "memory.yaml", "-o", "replicas.nc", unordered=True, settings=LIGHT_SETTINGS | {
        "model.replicas": 3, "controls": "[shuffled-labels]", "output": "{}"})
    case.simulate("run", "memory.yaml", "-o", "sweep.nc", unordered=True, settings=LIGHT_SETTINGS | {
        "sweep.initial.corruption": "[flip, occlusion]", "output": "{members: true}"})
    case.simulate("inspect", "--scenario", "single.nc").simulate("report", "single.nc", "-o", "memory.html")
    case.simulate("plot", "single.nc", "-o", "memory.svg")
    for setting in ["dynamics.mode=sample", "dynamics.mode=clamped", "attractors={}", "model.latent=3",
                    "model.training.epochs=3", "observables=[principal-component-37]", "observables=[energy]",
                    "controls=[untrained]", "controls=[linear]", "model.file=none.safetensors", "model.kind=vae"]:
        case.simulate("validate", "memory.yaml", "--set", setting)
    case.simulate("train", "memory.yaml")


# MARK: - Ensembles and what they write


def ensembles() -> None:
    case = Case("ensemble", "default observables, numbers of threads, realizations below and above the engine's unit of"
                " 126 members, items drawn and first, seeds, overlaps from the root, temperatures")
    case.file("small.yaml", SMALL).file("full.yaml", SMALL + LIGHT)
    for name, settings in {
        "defaults": {}, "root": {"overlap-origin": "root"}, "realizations": {"initial.realizations": 7},
        "above-unit": {"initial.realizations": 300, "initial.items": "{random: 9}"},
        "first": {"initial.items": 11}, "temperature": {"dynamics.mode": "sample", "dynamics.temperature": 0},
        "hot": {"dynamics.mode": "sample", "dynamics.temperature": 3},
        "decoder": {"dynamics.mode": "sample", "dynamics.sample-decoder": "true", "model.likelihood": "gaussian"},
        "long": {"dynamics.steps": 400, "initial.items": 5, "dynamics.precision": "double"},
        "class": {"group-by": "class", "observables": "[energy, concept-accuracy]"},
        "retention": {"split-by": "retention", "observables": "[distance-root, memory-recovered]"},
    }.items():
        case.simulate("run", "small.yaml", "-o", f"{name}.nc", settings=settings)
    for threads in [1, 2, 3]:
        case.simulate("run", "full.yaml", "-o", f"threads-{threads}.nc", "--threads", threads,
                      settings={"initial.realizations": 3, "dynamics.mode": "sample"})
    case.simulate("run", "full.yaml", "-o", "seed.nc", "--seed", 9007199254740993)
    case.simulate("run", "full.yaml", "-o", "root.nc", "--overwrite",
                  settings=GROUPS | {"overlap-origin": "root", "observables": names(WITH_ITEM)})
    case.simulate("run", "full.yaml", "-o", "realizations-full.nc",
                  settings={"initial.realizations": 140, "initial.items": 3, "initial.corruption": "occlusion"})

    case = Case("output", "members, latent states, films (times, items, starts without x(0)), figures and exports of them")
    case.file("small.yaml", SMALL + LIGHT + "group-by: [class, superclass]\n")
    for name, value in {
        "nothing": "{}", "members": "{members: true}", "latents": MEMBERS, "films": "{films: {}}",
        "all": "{members: true, latents: true, films: {items: 3, times: [0, 1, 8]}}",
    }.items():
        case.simulate("run", "small.yaml", "-o", f"{name}.nc", settings={"output": value})
    case.simulate("run", "small.yaml", "-o", "prior.nc", settings={
        "output": "{films: {items: 500}}", "initial": "{corruption: prior, items: 5}", "observables": "null",
        "group-by": "null", "split-by": "null"})
    case.simulate("plot", "all.nc", "--list")
    for figure in ["series", "approach", "trajectories", "film"]:
        case.simulate("plot", "all.nc", "--figure", figure, "-o", f"{figure}.svg")
    case.simulate("plot", "prior.nc", "-o", "prior.svg")
    case.simulate("plot", "all.nc", "--figure", "series", "--variables", "distance-concept,energy", "--narrow", "-o", "narrow.svg")
    case.simulate("report", "all.nc", "-o", "all.html").simulate("report", "all.nc", "-o", "all.md")
    exports(case, "all.nc")


def exports(case: Case, file: str) -> None:
    for variables in [
        "step_length,distance-concept", "members/level_index,members/class,members/distance_concept", "members/latent_state",
        "members/outcome,members/convergence_time,members/chord_excess", "approach,approach_lower,approach_upper",
        "distance_concept_by_class", "energy_by_superclass", "geometry/concept_position", "level_fraction",
        "geometry/principal_axis", "films/picture", "negative_elbo_test,active_latent_variables",
        "concept_name,superconcept_name", "distance_concept_retained_count", "closest_concept_time",
    ]:
        case.simulate("export", file, "--variables", variables)
    case.simulate("export", file, "--format", "json").simulate("export", file, "--format", "records")
    case.simulate("export", file, "-o", "table.csv").simulate("export", file, "-o", "table.csv")
    case.simulate("export", file, "--format", "json", "--variables", "members/item,members/energy")
    for wrong in ["distance_concpet", "members/itme", "member/item", "step_length,members/item", "", " ,"]:
        case.simulate("export", file, "--variables", wrong)


# MARK: - Attractors


def attractors() -> None:
    case = Case("attractors", "searches in both precisions: census, trapping, until, realizations, splits, starts without"
                " items and of a file, slow and undecided starts, figures")
    case.file("small.yaml", SMALL)
    for name, settings in {
        "plain": {"attractors": "{}"}, "double": {"attractors": "{items: 60}", "dynamics.precision": "double"},
        "census-0": {"attractors": "{items: 40, census: 0}"},
        "no-trapping": {"attractors": "{items: 40, trapping: false}"},
        "random": {"attractors": "{items: {random: 33}, max-period: 3}"},
        "until": {"attractors": "{items: 10, until: {half-width: 0.05, at-most: 400}}"},
        "until-wide": {"attractors": "{items: 10, until: {half-width: 1, at-most: 400}}"},
        "realizations": {"attractors": "{items: 12}", "initial.realizations": 3},
        "test": {"attractors": "{}", "initial.split": "test", "observables": "[distance-concept]"},
        "slow": {"attractors": "{items: 3, max-steps: 2, tolerance: 1.0e-300}"},
        "one-step": {"attractors": "{items: 3, max-steps: 1, census: 40, tolerance: 1.0e-300}"},
        "unsettled": {"attractors": "{items: 1, max-steps: 1, trapping: false, census: 400}"},
        "prior": {"attractors": "{items: 200}", "initial": "{corruption: prior}"},
        "latent-box": {"attractors": "{items: 200}", "initial": "{corruption: latent-box, levels: [3]}"},
        "latent-gaussian": {"attractors": "{items: 50}", "initial.corruption": "latent-gaussian"},
        "no-picture": {"attractors": "{items: 20}", "dataset.dimension": 35},
        "linear": {"attractors": "{items: 20}", "model.hidden": "[]", "model.likelihood": "gaussian"},
        "shuffled": {"attractors": "{items: 20}", "dataset.shuffle-labels": "true"},
        "many": {"attractors": "{items: 80}", "model.training.epochs": 300},
    }.items():
        case.simulate("run", "small.yaml", "-o", f"{name}.nc", settings=settings)
    states = "{corruption: file, file: {path: prior.nc, variable: attractors/position}}"
    case.simulate("run", "small.yaml", "-o", "file.nc", settings={"attractors": "{}", "initial": states})
    for threads in [1, 3]:
        case.simulate("run", "small.yaml", "-o", f"threads-{threads}.nc", "--threads", threads,
                      settings={"attractors": "{items: 60}"})
    case.simulate("plot", "many.nc", "-o", "many.svg").simulate("plot", "many.nc", "--list")
    case.simulate("plot", "many.nc", "--figure", "attractors", "-o", "attractors.svg")
    case.simulate("plot", "many.nc", "--figure", "attractor-pictures", "-o", "pictures.svg")
    case.simulate("report", "many.nc", "-o", "many.html").simulate("report", "many.nc", "-o", "many.md")
    for variables in ["attractors/basin_fraction", "attractors/position", "attractors/initial_attractor",
                      "attractors/kind,attractors/spectral_radius", "attractors/confusion", "attractors/eigenvalue_real"]:
        case.simulate("export", "many.nc", "--variables", variables)
    case.simulate("validate", "small.yaml", "--estimate", settings={"attractors": "{}"})

    for name, model in {
        "cycles": two_units([[-2.0, 0], [0, 2.0]]), "rotation": two_units([[0, -2.0], [2.0, 0]]),
        "diverging": linear_map(1.5), "contracting": linear_map(0.5),
    }.items():
        case = Case("attractors-" + name, f"a map by hand ({name}): outcomes, convergence, attractors, both precisions")
        case.file("four.yaml", FOUR_PIXELS).file("model.safetensors", model)
        for precision in ["single", "double"]:
            settings = {"dynamics.precision": precision}
            case.simulate("run", "four.yaml", "-o", f"long-{precision}.nc", settings=settings | {"dynamics.steps": 400})
            case.simulate("run", "four.yaml", "-o", f"search-{precision}.nc",
                          settings=settings | {"attractors": "{max-steps: 3000}"})
            case.simulate("run", "four.yaml", "-o", f"short-{precision}.nc",
                          settings=settings | {"attractors": "{max-period: 1, census: 0, max-steps: 100}"})
        case.simulate("run", "four.yaml", "-o", "sample.nc", settings={"dynamics.mode": "sample", "dynamics.steps": 300})


# MARK: - Interruptions and shards


def interruptions() -> None:
    # 10,000 members with all their series, in many units.
    case = Case("interrupted", "a run of many units, interrupted after a checkpoint (twice) and resumed; refused resumes;"
                " commands that are given a checkpoint")
    case.file("small.yaml", SMALL + FULL)
    many = {"initial.realizations": 25, "dynamics.steps": 12, "output": "{members: true, films: {items: 2}}",
            "observables": "[distance-concept, abstraction-level, step-length, energy, overlap-memory]"}
    case.simulate("run", "small.yaml", "-o", "whole.nc", settings=many)
    cut = ("run", "small.yaml", "-o", "cut.nc", "--checkpoint-interval", "0.02")
    case.interrupted(*cut, until="cut.nc.checkpoint", settings=many)
    for command in ["inspect", "export", "plot", "report"]:
        case.simulate(command, "cut.nc.checkpoint")
    case.simulate(*cut, settings=many)
    for changed in [{"dynamics.steps": 13}, {"initial.levels": "[0.25]"}, {"seed": 9}, {"dataset.memories": 41},
                    {"model.training.beta": 2}, {"group-by": "null"}, {"output.members": "false"}]:
        case.simulate(*cut, "--resume", settings=many | changed)
    case.interrupted(*cut, "--resume", "--threads", 1, until="cut.nc.checkpoint", settings=many)
    case.simulate(*cut, "--resume", texts=False, settings=many)
    case.simulate(*cut, "--resume", settings=many)
    case.simulate(*cut, "--resume", settings=many | {"dynamics.steps": 13})

    for name, settings in {
        "mean": {}, "sample": {"dynamics.mode": "sample", "dynamics.sample-decoder": "true"},
        "clamped": {"dynamics.mode": "clamped", "initial.corruption": "occlusion"},
        "double": {"dynamics.precision": "double", "initial.corruption": "latent-gaussian"},
    }.items():
        case = Case("interrupted-" + name, f"few members for many steps ({name}), interrupted within their trajectories")
        case.file("small.yaml", SMALL)
        few = settings | {
            "initial.items": 20, "initial.levels": "[0.5]", "dynamics.steps": 4000, "model.hidden": "[150]",
            "model.training.epochs": 1, "output.members": "true",
            "observables": "[energy, reconstruction-error, data-overlap, step-length, distance-concept]"}
        case.simulate("run", "small.yaml", "-o", "whole.nc", settings=few)
        cut = ("run", "small.yaml", "-o", "cut.nc", "--checkpoint-interval", "0.05")
        case.interrupted(*cut, until="cut.nc.checkpoint", settings=few)
        case.simulate(*cut, "--resume", texts=False, settings=few)

    case = Case("interrupted-hopfield", "a Hopfield network, interrupted and resumed, and in shards")
    case.file("memory.yaml", HEAD + "model: {kind: hopfield}\ndynamics: {steps: 30}\ninitial: {levels: [0, 0.5],"
              " realizations: 25}\nobservables: [overlap-memory, step-length, abstraction-level]\noutput: {members: true}\n")
    cut = ("run", "memory.yaml", "-o", "cut.nc", "--checkpoint-interval", "0.02")
    case.simulate("run", "memory.yaml", "-o", "whole.nc").interrupted(*cut, until="cut.nc.checkpoint")
    case.simulate(*cut, "--resume", texts=False)
    for number in [1, 2]:
        case.simulate("run", "memory.yaml", "-o", "part.nc", "--shard", f"{number}/2")
    case.simulate("merge", "part.2-of-2.shard", "part.1-of-2.shard", "-o", "merged.nc")

    case = Case("interrupted-attractors", "a search interrupted after the ensemble and resumed; shards of a search")
    case.file("small.yaml", SMALL + "attractors: {max-steps: 3000, census: 4000, items: all, trapping: false,"
              " tolerance: 1.0e-12}\n")
    epochs = {"model.training.epochs": 300}
    case.simulate("run", "small.yaml", "-o", "whole.nc", settings=epochs)
    cut = ("run", "small.yaml", "-o", "cut.nc", "--checkpoint-interval", "0.02")
    case.interrupted(*cut, until="cut.nc.checkpoint", settings=epochs)
    case.simulate(*cut, "--resume", texts=False, settings=epochs)
    for number in [1, 2, 3]:
        case.simulate("run", "small.yaml", "-o", "part.nc", "--shard", f"{number}/3", settings=epochs)
    case.simulate("merge", "part.1-of-3.shard", "part.3-of-3.shard", "part.2-of-3.shard", "-o", "merged.nc")

    case = Case("interrupted-moved", "data and model files that were moved, or changed, between interruption and resume")
    put_pictures(case).file("pictures.yaml", pictures_scenario())
    case.simulate("train", "pictures.yaml", "-o", "model.safetensors")
    many = {"model.file": "model.safetensors", "initial.realizations": 60, "dynamics.steps": 60, "output.members": "true"}
    case.simulate("run", "pictures.yaml", "-o", "whole.nc", settings=many)
    cut = ("run", "pictures.yaml", "-o", "cut.nc", "--checkpoint-interval", "0.02")
    case.interrupted(*cut, until="cut.nc.checkpoint", settings=many)
    case.do("copy", "train-images.idx", "kept.idx").do("flip", "train-images.idx")
    case.simulate(*cut, "--resume", settings=many)
    case.do("move", "kept.idx", "train-images.idx").do("folder", "moved")
    moved = {}
    for key in ["train-images", "train-labels", "test-images", "test-labels"]:
        case.do("move", f"{key}.idx", f"moved/{key}.idx")
        moved[f"dataset.{key}"] = f"moved/{key}.idx"
    case.do("move", "model.safetensors", "moved/model.safetensors")
    case.simulate(*cut, "--resume", settings=many)
    case.simulate(*cut, "--resume", texts=False, settings=many | moved | {"model.file": "moved/model.safetensors"})


def shards() -> None:
    case = Case("shards", "a run in shards, of whole items and of items cut into units, merged; errors of merging")
    case.file("small.yaml", SMALL + LIGHT)
    for name, realizations, count in [("few", 3, 2), ("many", 130, 5)]:
        settings = {"initial.realizations": realizations, "initial.items": "{random: 9}"}
        case.simulate("run", "small.yaml", "-o", f"{name}-whole.nc", settings=settings)
        for number in range(1, count + 1):
            case.simulate("run", "small.yaml", "-o", f"{name}.nc", "--shard", f"{number}/{count}", settings=settings)
        case.simulate("merge", *[f"{name}.{k}-of-{count}.shard" for k in range(count, 0, -1)], "-o", f"{name}-merged.nc")
        case.simulate("run", "small.yaml", "-o", f"{name}.nc", "--shard", f"1/{count}", settings=settings)
        case.simulate("run", "small.yaml", "-o", f"{name}.nc", "--shard", f"1/{count}", "--resume", settings=settings)
    case.simulate("run", "small.yaml", "--shard", "2/2", "-o", "foreign.shard", "--seed", 8)
    case.simulate("run", "small.yaml", "--shard", "1/900", "-o", "small.nc")
    case.simulate("merge", "few.1-of-2.shard").simulate("merge", "few.1-of-2.shard", "few.1-of-2.shard")
    case.simulate("merge", "few.1-of-2.shard", "foreign.shard").simulate("merge", "few.1-of-2.shard", "many.2-of-5.shard")
    case.simulate("merge", "few.1-of-2.shard", "none.shard").simulate("merge", "small.yaml").simulate("merge", ".")
    for command in ["inspect", "export", "plot", "report"]:
        case.simulate(command, "few.1-of-2.shard")
    case.do("flip", "few.2-of-2.shard").simulate("merge", "few.1-of-2.shard", "few.2-of-2.shard")
    for text in ["0/3", "4/3", "1", "a/b", "1/2/3"]:
        case.simulate("run", "small.yaml", "--shard", text)


# MARK: - Sweeps, replicas, controls, claims

CLAIMS = HEAD + """model:
  latent: 4
  hidden: [16]
  training: {epochs: 10, batch: 10, learning-rate: 0.01}
  replicas: 5
dynamics: {steps: 5}
initial: {levels: [0, 0.5], items: 60}
observables: [distance-concept, distance-root]
claims:
  near:
    statement: It comes near.
    estimate: approach(distance-concept) - approach(distance-root)
    levels: [0.5]
    threshold: -10
    controls: [untrained]
    compare: [linear]
  far:
    statement: Nothing exceeds 10.
    estimate: final(distance-concept)
    over: each
    threshold: 10
  with-noise:
    statement: The slope.
    estimate: initial(distance-concept)
    against: level
    threshold: 0
"""


def campaigns() -> None:
    case = Case("campaign-claims", "replicas, controls and claims: all kinds of estimates and controls; figures, page and"
                " tables; exports; wrong claims; shards of it and what a resume says")
    case.file("claims.yaml", CLAIMS).simulate("validate", "claims.yaml")
    case.simulate("run", "claims.yaml", "-o", "whole.nc", unordered=True)
    case.simulate("plot", "whole.nc", "-o", "whole.svg").simulate("plot", "whole.nc", "--figure", "claims", "-o", "claims.svg")
    case.simulate("plot", "whole.nc", "--at", "replica=2", "-o", "replica.svg")
    case.simulate("report", "whole.nc", "-o", "whole.html").simulate("report", "whole.nc", "-o", "whole.md")
    case.simulate("report", "whole.nc", "--at", "replica=1", "-o", "replica.md")
    for variables in ["claims/near/estimate", "claims/far/mean,claims/far/lower,claims/far/upper,claims/far/verdict",
                      "replicas/distance_concept", "claims/near/control_mean", "controls/untrained/distance_concept"]:
        case.simulate("export", "whole.nc", "--variables", variables)
    case.simulate("run", "claims.yaml", "-o", "part.nc", "--shard", "1/3", unordered=True)
    case.simulate("run", "claims.yaml", "-o", "part.nc", "-q")
    case.simulate("run", "claims.yaml", "-o", "part.nc", "-q", "--resume", "--seed", 3)
    case.simulate("run", "claims.yaml", "-o", "part.nc", "--shard", "2/3", unordered=True)
    case.simulate("run", "claims.yaml", "-o", "part.nc", "--resume", unordered=True)
    case.simulate("run", "claims.yaml", "-o", "part.nc", "--resume")
    case.simulate("run", "claims.yaml", "-o", "part.nc", "--resume", settings={"claims.far.threshold": 9})
    case.simulate("run", "claims.yaml", "-o", "other.nc", "--shard", "1/3", unordered=True)
    case.simulate("run", "claims.yaml", "-o", "other.nc", "--resume", unordered=True, settings={"claims.far.threshold": 9})
    wide = {
        "claims": "{a: {statement: Arithmetic., estimate: ln(abs(final(overlap-root))) + sqrt(maximum(distance-concept))"
                  " - time-of-minimum(distance-concept) * level, threshold: 0, over: each,"
                  " controls: [untrained, shuffled-labels, linear, autoencoder], compare: [sibling]},"
                  " b: {statement: Path., estimate: approach(distance-concept), threshold: 0.5,"
                  " compare: [chord, data-space, sibling]},"
                  " c: {statement: Members., estimate: memory-after-concept - chord-excess-mean, threshold: 0, over: each},"
                  " d: {statement: ELBO., estimate: negative-elbo-test - negative-elbo-train, threshold: 0,"
                  " controls: [untrained]},"
                  " e: {statement: Noise., estimate: minimum(distance-concept) / initial(distance-concept), against: level,"
                  " threshold: 0, compare: [autoencoder]}}",
        "observables": "[distance-concept, distance-sibling-concept, distance-memory, overlap-root, data-distance-concept,"
                       " data-distance-sibling-concept]"}
    case.simulate("run", "claims.yaml", "-o", "wide.nc", unordered=True, settings=wide)
    for setting in [
        "claims.far.estimate=final(distance-memory)", "claims.far.estimate=distance-root",
        "claims.far.estimate=model.latent", "claims.near.levels=[0.4]", "claims.far.estimate='5'",
        "claims.far.estimate=final(distance_root)", "claims.with-noise.against=ln(level)",
        "claims.near.compare=[untrained]", "model.training.epochs=0", "claims.with-noise.over=each",
        "claims.with-noise.against=ln(negative-elbo-test)", "model.file=m.safetensors", "model.kind=hopfield",
        "claims.far.controls=[sibling]", "claims.far.controls=[chord]", "claims.far.compare=[data-space]",
        "controls=[sibling]", "model.replicas=1", "model.likelihood=gaussian", "model.training.beta=0",
        "dataset.shuffle-labels=true",
    ]:
        case.simulate("validate", "claims.yaml", "-q", "--set", setting)
    case.simulate("train", "claims.yaml")

    case = Case("campaign-interrupted", "replicas and controls, interrupted (twice) between and within runs, and resumed")
    case.file("claims.yaml", CLAIMS)
    long = {"dynamics.steps": 100, "initial.realizations": 8, "output.members": "true"}
    case.simulate("run", "claims.yaml", "-o", "whole.nc", settings=long, unordered=True)
    cut = ("run", "claims.yaml", "-o", "cut.nc", "--checkpoint-interval", "0.02")
    case.interrupted(*cut, until="cut.nc.points/*.nc", settings=long)
    case.interrupted(*cut, "--resume", until="cut.nc.points/*.checkpoint", settings=long)
    case.simulate(*cut[:4], "--resume", texts=False, settings=long)

    sweeps()
    failures()


def sweeps() -> None:
    case = Case("campaign-sweep", "sweeps: numbers, texts, several keys, steps, levels and latent sizes that differ, kinds,"
                " modes, precisions, seeds, files, with members, films and attractors; figures of them")
    case.file("small.yaml", SMALL).simulate("train", "small.yaml", "-o", "m.safetensors")
    case.simulate("train", "small.yaml", "-o", "n.safetensors", settings={"model.latent": 2, "model.hidden": "[]"})
    for name, settings in {
        "latent": {"sweep": "{model.latent: [2, 4], initial.split: [train, test]}"},
        "union": {"sweep": "{initial.levels: [[0, 0.5], [0.5, 0.7]], dynamics.steps: [2, 4]}", "output": MEMBERS},
        "corruption": {"sweep": "{initial.corruption: [flip, occlusion, gaussian], dynamics.steps: [3, 5]}"},
        "mode": {"sweep": "{dynamics.mode: [mean, sample, clamped], dynamics.precision: [single, double]}"},
        "temperature": {"sweep": "{dynamics.temperature: [0.5, 1]}", "dynamics.mode": "sample"},
        "kind": {"sweep": "{model.kind: [vae, hopfield]}", "observables": "[distance-concept, step-length]"},
        "activation": {"sweep": "{model.activation: [relu, tanh], model.hidden: [[], [9]], model.likelihood: [gaussian]}"},
        "seeds": {"sweep": "{seed: [2, 9007199254740993]}"},
        "large-seeds": {"sweep": "{seed: [18446744073709551614, 18446744073709551615]}"},
        "superclasses": {"sweep": "{dataset.superclasses: [2, 3], dataset.memories: [20]}"},
        "beta": {"sweep": "{model.training.beta: [0, 1]}", "group-by": "class", "split-by": "retention"},
        "files": {"sweep": "{model.file: [m.safetensors, n.safetensors]}"},
        "items": {"sweep": "{initial.items: [all, 3, {random: 5}], dataset.shuffle-labels: [true, false]}"},
        "replicas": {"sweep": "{model.latent: [2, 4], model.training.epochs: [2, 3]}", "model.replicas": 2,
                     "attractors": "{max-steps: 2000, items: 12}",
                     "output": "{members: true, latents: true, films: {items: 3}}"},
        "controls": {"controls": "[untrained, autoencoder, shuffled-labels, linear, sibling, chord]",
                     "observables": "[distance-concept, distance-sibling-concept]"},
        "replicas-only": {"model.replicas": 2, "attractors": "{items: 5}", "group-by": "[class, superclass]"},
        "no-items": {"sweep": "{dynamics.steps: [1, 2]}", "initial": "{corruption: prior, items: 20}"},
    }.items():
        case.simulate("run", "small.yaml", "-o", f"{name}.nc", settings=settings, unordered=True)
    case.simulate("validate", "small.yaml", "--estimate", settings={"sweep": "{model.latent: [4, 2]}"})
    case.simulate("plot", "replicas.nc", "--list").simulate("plot", "replicas.nc", "-o", "replicas.svg")
    case.simulate("plot", "replicas.nc", "--at", "replica=1", "--at", "model.latent=2", "-o", "chosen.svg")
    case.simulate("plot", "replicas.nc", "--figure", "sweep", "-o", "sweep.svg")
    case.simulate("report", "replicas.nc", "--at", "replica=1", "-o", "chosen.html")
    case.simulate("report", "replicas.nc", "-o", "replicas.md").simulate("report", "corruption.nc", "-o", "corruption.md")
    case.simulate("plot", "corruption.nc", "-o", "corruption.svg")
    for choice in ["replica=5", "model.latnt=2", "model.latent", "model.latent=", "=2", "model.latent=7"]:
        case.simulate("plot", "replicas.nc", "--at", choice, "-o", "wrong.svg")
    case.simulate("export", "union.nc", "--variables", "distance_concept")
    case.simulate("export", "union.nc", "--variables", "members/distance_concept")
    case.simulate("export", "replicas.nc", "--variables", "replicas/distance_concept,replicas/approach")
    case.simulate("run", "small.yaml", "-o", "beta.nc", "--resume", settings={
        "sweep": "{model.training.beta: [0, 1]}", "group-by": "class", "split-by": "retention"})
    case.simulate("run", "small.yaml", "-o", "shards.nc", "--shard", "1/2", settings={"sweep.dynamics.steps": "[1, 2]"},
                  unordered=True)
    case.simulate("merge", "shards.nc.points")
    case.simulate("run", "small.yaml", "-o", "shards.nc", "--shard", "2/2", settings={"sweep.dynamics.steps": "[1, 2]"},
                  unordered=True)
    case.simulate("run", "small.yaml", "-o", "shards.nc", "--resume", settings={"sweep.dynamics.steps": "[1, 2]"},
                  unordered=True)

    case = Case("campaign-idx", "a sweep with replicas and controls on IDX files: hashes of all data sets")
    put_pictures(case).file("pictures.yaml", pictures_scenario())
    case.simulate("run", "pictures.yaml", unordered=True, settings={
        "sweep": "{dataset.train-items: [8, 12], dataset.validation: [0, 0.25]}", "model.replicas": 2,
        "controls": "[shuffled-labels, untrained]", "group-by": "superclass"})


def failures() -> None:
    case = Case("campaign-failed", "a run that fails, is missing in the file, and is made once its cause is mended")
    case.file("small.yaml", SMALL).simulate("train", "small.yaml", "-o", "m.safetensors")
    case.file("files.yaml", HEAD.replace("small", "files", 1) + "initial: {levels: [0.5]}\ndynamics: {steps: 2}\n"
              "sweep: {model.file: [missing.safetensors, m.safetensors]}\n")
    case.simulate("run", "files.yaml", unordered=True).do("copy", "files.nc", "failed.nc").do("copy", "files.nc", "alone.nc")
    for setting in ["dynamics.steps=3", "dataset.test=6"]:
        case.simulate("run", "files.yaml", "-o", "alone.nc", "--resume", "-q", "--set", setting)
    for threshold in [10, 1]:
        claim = "{approach: {statement: Near., estimate: approach(distance-concept), threshold: %d}}" % threshold
        case.simulate("run", "files.yaml", "-o", "alone.nc", "--resume", settings={"claims": claim}, unordered=True)
    case.do("copy", "m.safetensors", "missing.safetensors").simulate("run", "files.yaml", "--resume", unordered=True)
    case.simulate("run", "files.yaml", "--resume")
    case.simulate("run", "files.yaml", "-o", "none.nc", "-q", settings={"sweep.model.file": "[a.safetensors, b.safetensors]"},
                  unordered=True)
    case.simulate("report", "failed.nc", "-o", "failed.md").simulate("plot", "failed.nc", "-o", "failed.svg")


# MARK: - Errors

# The design's example: what --set replaces in it.
EXAMPLE = HEAD.replace("small", "example", 1) + MODEL + """initial: {levels: [0, 0.2, 0.4], items: all, split: train, realizations: 1}
observables: [overlap-concept, overlap-memory, distance-concept, distance-nearest-memory, abstraction-level]
group-by: [class]
attractors: {items: 90, tolerance: 1.0e-10, max-steps: 100000}
output: {file: example.nc, members: false, latents: false}
sweep: {model.latent: [5, 20, 100]}
"""
# Scenarios that are right, of every kind; their resolved text is compared.
RIGHT = [
    "name: a", "name: \"off\"\ndescription: \"a \\\"b\\\" \\\\ # : \\t \\n \\0 \\x7f \\u2028 \\U0001F600\"",
    "name: a\nseed: 18446744073709551615\ninitial: {levels: [0.1, 0.30000000000000004, 5e-324, 1]}",
    "name: a\nseed: 1e3", "name: a\nseed: +5", "name: a\nseed: 12.0", "\ufeffname: a\r\nseed: 3\r\n",
    "name: a\ndynamics: {mode: sample, temperature: 1e-7, sample-decoder: true, steps: 0}\nmodel: {hidden: []}",
    "name: a\ndynamics: {mode: clamped}\ninitial: {corruption: occlusion, items: {random: 5}, split: test}",
    "name: a\nmodel: {file: 'a b: #c.safetensors'}\ngroup-by: [superclass, class]\nsplit-by: retention",
    "name: a\nmodel: {kind: hopfield}", "name: a\nmodel: {kind: hopfield, replicas: 3}\ncontrols: [shuffled-labels]",
    "name: a\nattractors: {until: {half-width: 0.01, at-most: 9}, items: {random: 3}}",
    "name: a\ninitial: {corruption: prior, items: 5000}\nattractors: {}", "name: a\ninitial: {corruption: prior}",
    "name: a\ninitial: {corruption: latent-box}", "name: a\noutput: {films: {}}",
    "name: a\noutput: {members: true, films: {items: 7, times: [0, 3, 20]}}",
    "name: a\nmodel: {latent: 7, training: {epochs: 3}}\nsweep: {model.file: [a.st, b.st]}",
    "name: a\nobservables: [energy]\nsweep: {initial.corruption: [flip, prior], dynamics.mode: [mean, sample]}",
    "name: a\nsweep: {model.hidden: [[], [5], [5, 6]], model.training.learning-rate: [1e-10, 0.1]}",
    "name: a\nsweep: {model.kind: [vae, hopfield], dynamics.steps: [0]}",
    "name: a\ndataset: {kind: idx, train-images: a, train-labels: b, test-images: c, test-labels: d}",
    "name: a\ndataset: {kind: fashion-mnist, directory: none, superclasses: {'yes': [1], \"b c\": [2, 3], 5: [0]}}",
    "name: a\ninitial: {corruption: file, file: {path: s.nc, variable: 'null', labels: 'y z'}}",
    "name: a\nclaims: {b: {statement: s, estimate: final(overlap-memory), threshold: 0}}",
]
OVERRIDES = [
    ["initial.levels=[0,0.5]", "dynamics.steps=7", "dynamics.steps=8", "sweep=null", "attractors=~"],
    ["model.file=/m", "sweep=null"], ["model.file=/m"], ["model.kind=hopfield"], ["model.kind=hopfield", "sweep=null"],
    ["model.kind=hopfield", "sweep=null", "attractors=null"], ["dataset.kind=fashion-mnist", "dataset.directory=none"],
    ["dataset.kind=idx"], ["dataset={kind: idx, train-images: a, train-labels: b, test-images: c, test-labels: d}"],
    ["dataset.kind=fashion-mnist", "dataset.superclasses=4"], ["dataset.superclasses={a: [1]}"],
    ["dynamics={mode: sample, temperature: 2}", "attractors=null"], ["dynamics.mode=sample"],
    ["dynamics.mode=sample", "attractors=null", "dynamics.temperature=2"], ["dynamics.temperature=2"],
    ["dynamics.mode=clamped", "attractors=null", "initial.corruption=gaussian"], ["initial.levels=1.5"],
    ["initial.levels=[1.5]"], ["initial.level=[1]"], ["model.latent"], ["=3"], ["model.latent="], ["model.latent=["],
    ["model.latent=*a"], ["model.latent=5"], ["model.lutent.x=5"], ["name=A B"], ["model=7"], ["model={latent: 3}"],
    ["model.latent={a: 1, a: 2}"], ["sweep.model.latent=[7]"], ["sweep={model.file: [x, /y]}", "initial.items=3"],
    ["sweep={dataset.kind: [hierarchical-patterns, fashion-mnist]}"], ["sweep={dataset.superclasses: [2, 3]}"],
    ["sweep={dataset.superclasses: [2, 3]}", "dataset.kind=fashion-mnist"], ["sweep={model.kind: [vae, hopfield]}"],
    ["sweep={model.kind: [vae, hopfield]}", "attractors=null"], ["sweep={model.training.beta: [0, 1]}", "model.file=/m"],
    ["sweep={dynamics.mode: [mean, sample]}"], ["sweep={dynamics.temperature: [1, 2]}", "dynamics.mode=mean"],
    ["sweep={dynamics.temperature: [1, 2]}", "dynamics.mode=sample", "attractors=null"], ["output.file=b.nc", "sweep=null"],
    ["model.replicas=3", "model.file=/m", "sweep=null"], ["controls=[untrained]", "model.file=/m", "sweep=null"],
    ["model.training.patience=3", "sweep=null"], ["model.training.patience=3", "dataset.validation=0.001", "sweep=null"],
    ["dataset.test=0", "observables=[distance-held-out]"], ["initial.split=test", "observables=[memory-recovered]"],
    ["initial={corruption: prior}", "observables=[data-distance-concept]"], ["initial={corruption: prior}"],
    ["initial={corruption: prior}", "observables=null", "group-by=null", "sweep=null"],
    ["initial.corruption=file"], ["initial.corruption=file", "initial.file.path=none.nc", "group-by=null"],
    ["output.films={times: [0, 4]}", "dynamics.steps=3"], ["output.films={times: [0, 2, 1]}"], ["output.films={times: []}"],
    ["output.films={items: 0}"], ["output.films={}", "dataset.dimension=37"], ["observables=[principal-component-5]"],
    ["initial.items=161"], ["initial.split=test", "initial.items={random: 33}"], ["initial.corruption=occlusion", "dataset.dimension=35"],
    ["dataset.kind=fashion-mnist", "dataset.directory=/none", "group-by=null"], ["model.file=none.safetensors", "sweep=null"],
]


def errors() -> None:
    case = Case("errors-scenarios", f"{len(SCENARIOS)} scenarios that are wrong in one way each: line, exit code")
    for number, text in enumerate(SCENARIOS):
        case.file(f"wrong-{number:03}.yaml", text).simulate("validate", f"wrong-{number:03}.yaml")
    case.file("binary.yaml", bytes([0x6E, 0xFF, 0xFE, 0x00])).simulate("validate", "binary.yaml")
    case.file("long.yaml", "#" * (2**20 + 1)).simulate("validate", "long.yaml").simulate("run", "wrong-001.yaml")

    case = Case("right-scenarios", f"the resolved text of {len(RIGHT)} scenarios, and that it resolves to itself")
    for number, text in enumerate(RIGHT):
        case.file(f"right-{number:02}.yaml", text).simulate("validate", f"right-{number:02}.yaml")

    case = Case("errors-overrides", f"{len(OVERRIDES)} combinations of --set, right and wrong: kinds that are replaced,"
                " sweeps over kinds, rules between keys")
    case.file("example.yaml", EXAMPLE)
    for settings in OVERRIDES:
        case.simulate("validate", "example.yaml", *[word for setting in settings for word in ("--set", setting)])
    for settings in OVERRIDES[-20:]:
        case.simulate("run", "example.yaml", "-q", *[word for setting in settings for word in ("--set", setting)],
                      "--set", "dynamics.steps=-1")

    case = Case("errors-commands", "wrong usage, missing and existing files, damaged models, data sets and run files,"
                " outputs without a folder, states that do not fit")
    put_pictures(case).file("small.yaml", SMALL).file("pictures.yaml", pictures_scenario()).file("text.nc", "AB")
    for arguments in [
        ["run"], ["rnu"], ["run", "small.yaml", "--stpes", "3"], ["run", "small.yaml", "--threads", "0"],
        ["run", "small.yaml", "--threads", "two"], ["run", "small.yaml", "--seed", "1.5"],
        ["run", "small.yaml", "--set", "dynamics.steps"], ["run", "small.yaml", "other.yaml"], ["list", "observabels"],
        ["export", "small.nc", "--format", "xml"], ["inspect"], ["run", "small.yaml", "--checkpoint-interval", "-1"],
        ["plot", "small.nc", "-o", "a.gif"], ["plot", "small.nc", "--figure", "pie"], ["report", "small.nc", "-o", "a.pdf"],
        ["run", "none.yaml"], ["train", "none.yaml"], ["validate", "nowhere/none"], ["inspect", "none.nc"], ["export", "none.nc"],
        ["plot", "none.nc"], ["report", "none.nc"], ["merge", "none.shard"], ["inspect", "text.nc"], ["export", "text.nc"],
        ["run", "small.yaml", "-o", "none/a.nc"], ["train", "small.yaml", "-o", "none/a.safetensors"],
        ["run", "small.yaml", "-o", ".", "--overwrite"], ["run", "small.yaml", "-o", "small.yaml/a.nc"],
        ["run", "small.yaml", "-o", "small.yaml", "--overwrite"], ["train", "small.yaml", "-o", "./small.yaml", "--overwrite"],
        ["run", "small.yaml", "-o", "n" * 240 + ".nc"], ["train", "small.yaml", "-o", "n" * 240 + ".nc"],
        ["run", "pictures.yaml", "-o", "train-images.idx", "--overwrite"], ["run", "."],
    ]:
        case.simulate(*arguments)
    case.simulate("run", "small.yaml", "-q").simulate("run", "small.yaml").simulate("run", "small.yaml", "--overwrite", "-q")
    case.simulate("train", "small.yaml", "-o", "good.safetensors", "-q").simulate("train", "small.yaml", "-o", "good.safetensors")
    for name, change in [("cut", "cut"), ("flipped", "flip")]:
        case.do("copy", "good.safetensors", f"{name}.safetensors").do(change, f"{name}.safetensors")
        case.do("copy", "train-images.idx", f"{name}.idx").do(change, f"{name}.idx")
    case.do("copy", "small.nc", "cut-run.nc").do("cut", "cut-run.nc").simulate("inspect", "cut-run.nc")
    case.simulate("export", "cut-run.nc").do("remove", "cut-run.nc").simulate("inspect", "flipped.safetensors")
    # Which tensor is named is another each time: Swift's dictionaries have no order.
    case.simulate("inspect", "cut.safetensors", texts=False)
    case.simulate("run", "small.yaml", texts=False, settings={"model.file": "cut.safetensors"})
    case.simulate("run", "small.yaml", settings={"model.file": "small.yaml"})
    case.simulate("run", "small.yaml", settings={"model.file": "good.safetensors", "dataset.dimension": 25})
    case.simulate("run", "small.yaml", settings={"model.file": "good.safetensors", "observables": "[principal-component-5]"})
    for key, file in [("train-images", "cut.idx"), ("train-images", "none.idx"), ("train-images", "small.yaml"),
                      ("train-labels", "test-labels.idx"), ("test-images", "test-labels.idx"), ("test-labels", "none.idx")]:
        case.simulate("run", "pictures.yaml", settings={f"dataset.{key}": file})
        case.simulate("validate", "pictures.yaml", "-q", settings={f"dataset.{key}": file})
    for settings in [{"dataset.superclasses": 4}, {"dataset.superclasses": "{a: [7]}"}, {"dataset.superclasses": "{a: [0], b: [0]}"},
                     {"dataset.train-items": 1000}, {"initial.items": 61}, {"dataset.validation": 0.9, "initial.items": 20},
                     {"dataset.dimension": 4}, {"dataset.directory": "x"}, {"dataset.superclasses": "null", "group-by": "superclass"},
                     {"dataset.superclasses": "null", "observables": "[distance-superconcept]"}]:
        case.simulate("run", "pictures.yaml", "-q", "-o", "p.nc", "--overwrite", settings=settings)
    for file in ["{path: none.nc, variable: data}", "{path: small.nc}", "{path: small.nc, variable: distance_concpt}",
                 "{path: small.nc, variable: distance_concept}", "{path: small.nc, variable: concept_name}",
                 "{path: train-images.idx, labels: none.idx}", "{path: train-images.idx, labels: test-labels.idx}",
                 "{path: train-labels.idx}", "{path: cut.idx}", "{path: text.nc, variable: a}"]:
        case.simulate("run", "small.yaml", "-q", "-o", "s.nc", settings={"initial": f"{{corruption: file, file: {file}}}"})
    case.simulate("run", "small.yaml", "-q", "-o", "s.nc", settings={
        "initial": "{corruption: file, items: 100, file: {path: train-images.idx}}"})
    case.simulate("plot", "small.nc", "--figure", "film", "-o", "a.svg")
    case.simulate("plot", "small.nc", "--variables", "entropy", "-o", "a.svg")
    case.simulate("plot", "small.nc", "--at", "model.latent=5", "-o", "a.svg")
    case.simulate("inspect", "--scenario", "good.safetensors").simulate("export", "good.safetensors")
    case.simulate("export", "small.nc", "-o", "none/a.csv").simulate("validate", "pictures.yaml", "--estimate")
    case.simulate("validate", "small.yaml", "--estimate").simulate("validate", "small.yaml", "--quiet")


def all_cases() -> list:
    ALL.clear()
    # The longest first, so that no core waits at the end.
    for area in [campaigns, scenarios, attractors, interruptions, errors, corruptions, datasets, models, training, hopfield,
                 ensembles, states_of_files, shards, lists]:
        area()
    return list(ALL)
