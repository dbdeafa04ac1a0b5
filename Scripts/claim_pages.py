"""What the run files of Scripts/reproduce.py say of the paper's claims, as text: REPRODUCTION.md. Imported, not run. Needs Python's own
library only."""
from __future__ import annotations

import collections
import dataclasses
import math
import sys

from bits import netcdf


@dataclasses.dataclass
class Claim:
    """A claim of the scenarios."""

    name: str
    # What it says, short enough for a table.
    words: str
    # "+" where the paper says that it holds, else a word; only claims with a plus are counted for or against the paper.
    paper: str = "+"
    # The parts of an estimate both of whose parts have to hold.
    parts: tuple = ()


@dataclasses.dataclass
class Question:
    code: str
    statement: str
    source: str
    claims: list


QUESTIONS = [
    Question("F1", "Trajectories rapidly approach the centre of a cluster.", "the abstracts of both texts", [
        Claim("approach", "states come nearer to their own class than to others"),
        Claim("approach-posterior", "the same in posterior standard deviations"),
        Claim("overlap", "states turn towards their own class"),
        Claim("clusters", "classes become more distinct"),
        Claim("overlap-of-siblings", "states turn towards their siblings' classes", "silent"),
        Claim("beyond-linear", "states come nearer than in a linear model", "silent"),
    ]),
    Question("F2", "The larger the noise, the more global the cluster that is approached.", "the abstracts of both texts", [
        Claim("noise-state", "with more noise, states at t = 2 are more global"),
        Claim("noise-dynamics", "with more noise, the change from t = 0 to 2 is more global", "+ (our reading)"),
    ]),
    Question("F3", "More latent variables strengthen this, and improve generalization.", "the abstracts of both texts", [
        Claim("more-variables-approach", "the approach grows from N = 2 to 20 and from 20 to 100",
              parts=("N = 2 to 20", "N = 20 to 100")),
        Claim("more-variables-generalize", "test negative ELBO falls from N = 2 to 20 and from 20 to 100",
              parts=("N = 2 to 20", "N = 20 to 100")),
    ]),
    Question("M", "After the concept, a memory is approached.", "the abstract of the preprint alone", [
        Claim("memories-attract", "training items are attractors, more often than held-out ones"),
        Claim("paths-bend", "paths bend towards the own class, more than in a linear model"),
        Claim("concept-then-memory", "the concept comes nearer until t = 4, then recedes",
              parts=("until t = 4", "after t = 4")),
    ]),
]

CLAIMS = {claim.name: claim for question in QUESTIONS for claim in question.claims}
WORDS = {name: claim.words for name, claim in CLAIMS.items()}

# MARK: - Reading verdicts

FLAGS = ("sign", "size", "verdict")
NUMBERS = ("mean", "lower", "upper", "count", "exceeding_count")


@dataclasses.dataclass
class Answer:
    """What a claim says in one place: at a level, at a point of a sweep. A place with two parts has one for each."""

    place: str
    # The part of the estimate in words; empty where there is one only.
    part: str
    sign: str
    size: str
    verdict: str
    mean: float
    lower: float
    upper: float
    # The models that gave the estimate.
    count: int
    exceeding: int
    # Estimates of the models.
    models: list
    # The parts whose interval lies below zero, which contradict.
    below: tuple = ()

    @property
    def number(self) -> str:
        if not math.isfinite(self.mean):
            return "no value"
        return f"{self.mean:.2g} [{self.lower:.2g}, {self.upper:.2g}]"


def label(axis: str) -> str:
    return {"claim_level": "p", "model_latent": "N", "model_hidden": "layers", "dataset_memories": "items",
            "dataset_train_items": "items", "model_training_beta": "beta", "initial_corruption": "starts"}.get(axis, axis)


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


def words_of_flags(variable) -> list:
    """The word of each value of a flag variable."""
    meanings = netcdf.unpacked(*variable.attributes["flag_meanings"])[0].split()
    words = dict(zip(netcdf.unpacked(*variable.attributes["flag_values"]), meanings))
    return [words.get(value, "").replace("_", " ") for value in variable.list()]


def answers(groups: dict, claim: str) -> list:
    """The answers of a claim, one per place and part; an empty list where the file has no such claim."""
    group = groups.get(f"/claims/{claim}")
    if group is None:
        return []
    own = group.variables
    axes = [name for name, _ in own["mean"].dimensions]
    texts = [coordinate_texts(groups, group, axis) for axis in axes]
    count = math.prod(len(text) for text in texts)
    flags = {name: words_of_flags(own[name]) if name in own else [""] * count for name in FLAGS}
    values = {name: own[name].list() if name in own else [math.nan] * count for name in NUMBERS}
    estimates = own["estimate"].list()
    replicas = len(estimates) // count
    found = []
    for index in range(count):
        rest, place, part = index, [], ""
        for axis, text in reversed(list(zip(axes, texts))):
            if axis == "part":
                part = CLAIMS[claim].parts[rest % len(text)]
            else:
                place.insert(0, f"{label(axis)} = {text[rest % len(text)]}")
            rest //= len(text)
        mean, lower, upper, models, exceeding = (values[name][index] for name in NUMBERS)
        found.append(Answer(
            ", ".join(place), part, *(flags[name][index] for name in FLAGS), mean, lower, upper,
            int(models) if models == models else 0, int(exceeding) if exceeding == exceeding else 0,
            estimates[index * replicas:(index + 1) * replicas]))
    return found


def smallest_effect(groups: dict, claim: str) -> float:
    found = groups[f"/claims/{claim}"].attributes.get("smallest_effect")
    return netcdf.unpacked(*found)[0] if found else math.nan


def places(found: list) -> list:
    """One answer per place, with the estimates of all its parts: sign, size and verdict belong to them together."""
    result = {}
    for answer in found:
        before = result.get(answer.place)
        below = (answer.part,) if answer.part and answer.upper < 0 else ()
        result[answer.place] = dataclasses.replace(
            answer, models=(before.models if before else []) + answer.models, below=(before.below if before else ()) + below)
    return list(result.values())


# MARK: - Words

NUMERALS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def numeral(count: int) -> str:
    return NUMERALS[count] if count < len(NUMERALS) else str(count)


def tally(words: list) -> str:
    """`positive` where all are, else `positive in 6, undetermined in 2`."""
    counts = collections.Counter(words).most_common()
    return counts[0][0] if len(counts) == 1 else ", ".join(f"{word} in {count}" for word, count in counts)


def verdict_words(found: list) -> str:
    names = {"refuted": "contradicted", "undecided": "open"}
    return tally([names.get(answer.verdict, answer.verdict) for answer in places(found)])


def size_words(found: list, d: float) -> str:
    names = {"above": f"above {d:g}", "equivalent": f"less than {d:g}", "undetermined": "undetermined"}
    return tally([names.get(answer.size, answer.size) for answer in places(found)])


def span(found: list) -> str:
    """The estimate, or the least and the largest with their places."""
    known = sorted((answer for answer in found if math.isfinite(answer.mean)), key=lambda answer: answer.mean)
    if not known:
        return "no value"
    if len(known) == 1:
        return known[0].number
    least, most = known[0], known[-1]
    texts = [", ".join(text for text in (end.part, end.place) if text) for end in (least, most)]
    return " to ".join(f"{end.number} ({text})" if text else end.number for end, text in zip((least, most), texts))


def models_words(found: list) -> str:
    counts = {answer.count for answer in found}
    return str(min(counts)) if len(counts) == 1 else f"{min(counts)} to {max(counts)}"


def open_words(answer: Answer) -> str:
    """Why an answer neither supports nor contradicts."""
    if answer.sign == "positive":
        return "positive but too small to matter" if answer.size == "equivalent" else "positive and of open size"
    if answer.sign == "negative":
        return "not beyond the null model"
    if answer.size == "equivalent":
        return "too small to matter in either direction"
    if not all(map(math.isfinite, answer.models)):
        return "undetermined because some models give no value"
    for word, agrees in (("positive", lambda x: x > 0), ("negative", lambda x: x < 0)):
        if answer.models and all(map(agrees, answer.models)):
            return f"undetermined though {word} in all {numeral(answer.count)} models"
    return "undetermined"


def verdict_of(found: dict) -> str:
    """One phrase about the answers to a question on one data set, by claim; those of claims with a plus."""
    every = [answer.verdict for answers in found.values() for answer in answers]
    supported, refuted = every.count("supported"), every.count("refuted")
    if supported == len(every):
        return "supported"
    if supported and refuted:
        return "mixed"
    if refuted:
        return "contradicted" if refuted == len(every) else "contradicted in part"
    return "supported in part" if supported else "open"


class Names:
    """Claims by words and name where they come first, later by name alone."""

    def __init__(self) -> None:
        self.known: set = set()

    def of(self, claim: str) -> str:
        if claim in self.known:
            return f"`{claim}`"
        self.known.add(claim)
        return f"{WORDS[claim]} (`{claim}`)"


def shares(count: int, own: list) -> str:
    return "" if len(own) == 1 else " everywhere" if count == len(own) else f" in {count} of {len(own)} places"


def where(chosen: list) -> str:
    """Places in words, those that differ in the noise level alone together: `layers = [300], p = 0, 0.1`."""
    levels: dict = {}
    for answer in chosen:
        rest, _, level = answer.place.rpartition("p = ")
        levels.setdefault(rest, []).append(level)
    return "; ".join(f"{rest}p = {', '.join(own)}" if "p = " in chosen[0].place else ", ".join(own)
                     for rest, own in levels.items())


def counted(found: dict, verdict: str, names: Names) -> str:
    """Which claims have the verdict, and where."""
    parts = []
    for claim, own in found.items():
        chosen = [answer for answer in own if answer.verdict == verdict]
        if chosen:
            places = f" ({where(chosen)})" if len(chosen) < len(own) else ""
            below = sorted({part for answer in chosen for part in answer.below}, key=CLAIMS[claim].parts.index)
            reason = f", because of {' and '.join(below)}" if below and verdict == "refuted" else ""
            parts.append(f"{names.of(claim)}{shares(len(chosen), own)}{places}{reason}")
    return "; ".join(parts)


def open_list(found: dict, names: Names) -> str:
    """Which claims are open, and why."""
    parts = []
    for claim, own in found.items():
        reasons = collections.Counter(
            open_words(answer) for answer in own if answer.verdict not in ("supported", "refuted"))
        if reasons:
            texts = [f"{reason}{shares(count, own)}" for reason, count in reasons.most_common()]
            parts.append(f"{names.of(claim)} is {', '.join(texts)}")
    return "; ".join(parts)


def silent_list(found: dict, d: dict, names: Names) -> str:
    """What claims say about which the paper is silent."""
    return "; ".join(
        f"{names.of(claim)}: sign {tally([answer.sign for answer in own])}, size {size_words(own, d[claim])}"
        for claim, own in found.items())


def in_short(question: Question, sources: list, files: dict) -> list:
    """What supports, contradicts and leaves open a statement of the paper, as lines of a list."""
    lines = [f"- **{question.code}. {question.statement}**"]
    for source in sources:
        every = [(claim, places(answers(files[source.name], claim.name))) for claim in question.claims]
        found = {claim.name: own for claim, own in every if own and claim.paper.startswith("+")}
        silent = {claim.name: own for claim, own in every if own and claim.name not in found}
        if not found:
            continue
        d = {claim: smallest_effect(files[source.name], claim) for claim in silent}
        lines.append(f"  - {source.title}: **{verdict_of(found)}**")
        names = Names()
        for verb, text in (("Supports it", counted(found, "supported", names)),
                           ("Contradicts it", counted(found, "refuted", names)), ("Open", open_list(found, names)),
                           ("The paper is silent", silent_list(silent, d, names))):
            if text:
                lines.append(f"    - {verb}: {text}.")
    return lines if len(lines) > 1 else []


# MARK: - Pages

INTRODUCTION = """\
Nagano, Karakida and Okada study repeated inference in variational autoencoders: a preprint (arXiv:1712.04195) and a journal version
(doi:10.1038/s41598-020-72593-4). **Their own set-up, that is networks, data, noise and normalization, is not public knowledge here**: only
the abstracts were at hand, and what they say is paraphrased below. The choices are ours ([NOTATION](NOTATION.md)), and a "contradicted"
is about these choices."""

READING = """\
An answer is a mean over models with a simultaneous 95 % interval. Its *sign* is positive, negative or undetermined; its *size* is above the
smallest effect that matters, less than that, or undetermined. *Supported*: positive, and above. *Contradicted*: negative. Everything else is
open. There is one answer per place, that is per noise level p and point of a sweep, and all places of a claim are corrected together.
[Claims](docs/reference/claims.md#verdicts) has the rule, [statistics](docs/explanation/statistics.md#sign-and-size-measured) how often it
errs, [the science](docs/explanation/science.md#what-moves-and-what-only-moves-along) the reasons for the estimates. t = 2 is "rapidly"."""

CONFIRMATORY = """\
**Confirmatory** is what stands on this page for Fashion-MNIST and patterns: estimates, levels, smallest effects and the number of models were
written into the scenarios before the runs, and the seeds are new. Patterns are drawn from the seed, so that all items are new. Of Fashion-MNIST and
MNIST, members are held-out items that had never been starting states; the training items are the files' first ones, the same in all
models, and had been trained on before. **Exploratory** is what led to the questions: some sixty models with other seeds, which showed that depth
and noise levels decide, and that memories attract near capacity. The regime of the memory runs (network, correlation, few items per class,
beta) was chosen there; their seeds and items are new for patterns, their digits are not for MNIST. Nothing of it is counted here."""


def overview(sources: list, files: dict, folder: str, heading: list, prefix: str = "", kind: str = "") -> str:
    """REPRODUCTION.md.

    `folder` leads from the page to those of the data sets, with a slash at its end; `heading` are lines about the run; `prefix` leads from
    the page to the repository's root; `kind` is that of the runs.
    """
    lines = ["# Reproduction: the paper's claims", "", INTRODUCTION, "", *heading, "", "## In short", ""]
    for question in QUESTIONS:
        lines += in_short(question, sources, files)
    lines += ["", READING, ""]
    for question in QUESTIONS:
        rows = [row(claim, source, files[source.name], folder, kind) for claim in question.claims for source in sources]
        rows = [text for text in rows if text]
        if rows:
            lines += [
                f"## {question.code}: {question.statement}", "", f"So say {question.source}, in our words." if
                question.source.startswith("the abstracts") else f"So says {question.source}, in our words.", "",
                "| claim | data | verdict | sign | size | mean over models [interval] | models | paper | command |",
                "| --- | --- | --- | --- | --- | --- | --- | --- | --- |", *rows, ""]
    lines += ["## New or known", "", CONFIRMATORY, "", "## Pages", ""]
    lines += [f"- [{source.title}]({folder}{source.name}.md): every level and point, controls, figures; "
              f"`simulate run {source.arguments(kind)}`" for source in sources]
    lines += [f"- [What changed against the former page]({folder}former.md), and why"]
    return "\n".join(lines).replace("](docs/", f"]({prefix}docs/").replace("](NOTATION", f"]({prefix}NOTATION") + "\n"


def row(claim: Claim, source, groups: dict, folder: str, kind: str) -> str:
    """A row of the table of a question; empty where the data set does not ask."""
    found = answers(groups, claim.name)
    if not found:
        return ""
    own = places(found)
    several = f" ({len(own)} places)" if len(own) > 1 else ""
    verdicts = verdict_words(own)
    if not claim.paper.startswith("+"):
        verdicts = "-"
    cells = [f"`{claim.name}`: {claim.words}", f"[{source.title}]({folder}{source.name}.md){several}", verdicts,
             tally([answer.sign for answer in own]), size_words(found, smallest_effect(groups, claim.name)), span(found),
             models_words(found), claim.paper, f"`{source.command(kind)}`"]
    return "| " + " | ".join(cells) + " |"
