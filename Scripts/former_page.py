"""What changed against the REPRODUCTION.md of version 0.1, claim by claim, with the answers of now from the run files of
Scripts/reproduce.py. Imported, not run. Needs Python's own library only."""
from __future__ import annotations

import dataclasses

from claim_pages import answers, places, span, tally, verdict_words

FORMER = """\
# What changed against the former page

Until November 2026, REPRODUCTION.md was a page of version 0.1: "F1 refuted, F2 and F3 undecided" on Fashion-MNIST. Everything on it was computed
again from the states by a second program, and the arithmetic was right. The questions and the rule were not. This page goes through the
former answers one by one. Numbers in brackets are 95 % intervals over five models, as they stood there.

## The rule

- **"Refuted" meant "below the threshold".** An interval from 0.021 to 0.028 with a threshold of 0.05 was refuted, and read as "does not happen". Now
  sign and size are two answers, and only a negative sign contradicts.
- **Controls were compared by significance.** A control of equal effect let "supported" stand in a quarter to half of the cases, and one of a quarter of
  the effect vetoed it. Now a control is subtracted, model by model (`beyond`). Class labels that are shuffled gave zero by construction and
  are gone.
- **Levels were not corrected for their number**: by chance alone, 12 % of claims with five levels, and 20 % with nine, have a level whose
  interval lies on the wrong side. Now all places of a claim share 5 %.
- **Five models** cannot reach 0.05 in a sign test. Now there are ten.

## Claim by claim

{entries}
The question of the former page that is not the paper's, whether repeated inference cleans a picture, is still asked on patterns
(`scenarios/denoising.yaml`).
"""


@dataclasses.dataclass
class FormerAnswer:
    title: str
    # What the page said.
    said: str
    # What was wrong with it.
    why: str
    # What is asked now, and where: (claim, name of the source).
    now: str
    claims: list


FORMER_ANSWERS = [
    FormerAnswer(
        "F1, the concept is approached (`approaches-concept`)",
        "Refuted at every level: 0.0248 [0.0213, 0.0283] without noise, 0.0080 [-0.0018, 0.0179] at p = 0.2, then -0.003, -0.006, -0.007.",
        "0.0248 meant *positive, and below 0.05*. The estimate was the difference of two approaches, to the own and to one sibling's concept, "
        "each at the time of its own minimum; a latent norm that grows in the meantime hides the motion, and one sibling, the next label, is "
        "arbitrary. Depth and noise levels decide: there was one network, 500-500, and no level between 0 and 0.2.",
        "Distances to the own and to all other classes at one time, t = 2, without the member's own item, beyond the motion that all states "
        "share; two networks; p = 0, 0.05, 0.1, 0.2.",
        [("approach", "fashion"), ("overlap", "fashion"), ("clusters", "fashion"), ("approach", "patterns")]),
    FormerAnswer(
        "F1, paths bend towards the concept (`bends-towards-concept`)",
        "Undecided up to p = 0.4, refuted at 0.6 and 0.8: 0.0054 [0.0014, 0.0095] at the latter.",
        "\"Refuted\" was again a positive number below its threshold, 0.01. Whether the path also bends towards other classes was not asked.",
        "The bend towards the own class less the mean over all others, beyond a linear model, where memories are attractors.",
        [("paths-bend", "memory")]),
    FormerAnswer(
        "F1, then a memory (`then-a-memory`, `recovers-own-memory`)",
        "Undecided at all levels; and refuted at all levels, -0.999 [-1, -0.998] without noise.",
        "Without noise a member starts on its memory and can only lose it. And with six thousand items per class, 500-500 units and ten epochs hardly any "
        "memory is an attractor: the preprint's regime had not been visited. It is near capacity, with few items per class or little "
        "Kullback-Leibler weight.",
        "How many training items lie at an attractor of their own, less the same for held-out items, for 5, 20 and 60 items per class with "
        "and without the Kullback-Leibler term.",
        [("memories-attract", "memory"), ("memories-attract", "memory-mnist")]),
    FormerAnswer(
        "F1, the memory comes after the concept (`memory-after-concept`)",
        "Refuted at all levels: 0 without noise, 0.24 to 0.32 with it, of a threshold of one half.",
        "The count took ties as \"not later\", which were up to 88 % of the members, and took end points as minima.",
        "Of members that end at a memory: the distance to the concept falls until t = 4 *and* rises from there to the end.",
        [("concept-then-memory", "memory"), ("concept-then-memory", "memory-mnist")]),
    FormerAnswer(
        "F2, more noise, more abstract (`approaches-root`, `approaches-superconcept`, `root-with-noise`, `superconcept-with-noise`)",
        "Undecided at all levels and for all slopes: 0.0020 [-0.0522, 0.0561] for the root, 0.0029 [-0.0170, 0.0228] for superclasses.",
        "A linear model approaches the root more, and so vetoed every level, whatever the size. Minima of two distances at different times "
        "were subtracted, and a slope over nine levels is one number for what rises at one end only.",
        "How near states are to the root in relation to their own class at t = 2, with p = 0.4 less p = 0.05; and the same for the change from "
        "t = 0, which leaves out what the encoder alone did.",
        [("noise-state", "fashion"), ("noise-dynamics", "fashion"), ("noise-state", "patterns"), ("noise-dynamics", "patterns")]),
    FormerAnswer(
        "F2, more levels climbed (`abstraction-with-noise`)",
        "Refuted: a slope of -0.72 [-1.09, -0.35].",
        "The estimate has a ceiling: with much noise the encoder itself puts a state at a high level, and what starts high cannot climb.",
        "State and change are two claims, as above.",
        []),
    FormerAnswer(
        "F3, the approach grows with N (`approach-grows-with-n`, `-with-active`)",
        "Undecided: a slope of 0.0003 [-0.0019, 0.0025] per unit of ln N.",
        "The estimate was the one of F1, with its faults, at levels from 0.2 on: p = 0, where the effect was largest, was left out.",
        "F1's approach, N = 20 less N = 2 and N = 100 less N = 20, mean over p = 0 and 0.1; both have to hold.",
        [("more-variables-approach", "fashion"), ("more-variables-approach", "patterns")]),
    FormerAnswer(
        "F3, it generalizes better (`generalizes-with-n`, `-with-active`)",
        "Supported: 2.98 [2.90, 3.06] nats per unit of ln N.",
        "All of the slope came from N = 2 and 5. From N = 20 to 100 the test ELBO became worse, by about 1.1 nats, as the table of models on the "
        "same page showed.",
        "The same two contrasts; both have to hold, by 1 nat.",
        [("more-variables-generalize", "fashion"), ("more-variables-generalize", "patterns")]),
]


def former(sources: list, files: dict) -> str:
    """The page about the former one. Claims that have not run are said to be missing."""
    titles = {source.name: source for source in sources}
    entries = []
    for entry in FORMER_ANSWERS:
        lines = [f"### {entry.title}", "", f"*The page said*: {entry.said}", "", f"*What was wrong*: {entry.why}", "",
                 f"*Now*: {entry.now}", ""]
        for claim, name in entry.claims:
            source = titles.get(name)
            found = answers(files[name], claim) if source else []
            if not found:
                continue
            lines.append(f"- `{claim}` on [{source.title}]({name}.md): {verdict_words(found)}; sign "
                         f"{tally([answer.sign for answer in places(found)])}; {span(found)}.")
        entries.append("\n".join(lines).rstrip() + "\n")
    return FORMER.format(entries="\n".join(entries))
