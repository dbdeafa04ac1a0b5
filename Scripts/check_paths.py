"""Computes what states do together, and where paths go, from the latent states in a run file, and compares.

Run:
    python Scripts/check_paths.py RUN.nc            # exits 1 and lists what differs

RUN.nc is a run in mode mean with `output: {members: true, latents: true}`. Where its members start from all training items, one
realization each, with 0 among the levels, their own memories are z(0) at level 0, and everything is compared; of other runs,
what needs no memories. Everything is computed from the definitions in NOTATION.md with numpy alone: L, E, distances and
overlaps with the own centre, spreads, the common motion and averages on it, bends, end states, reached memories, order of
minima, averages by end state. Distances of centres from chords are computed by projection, where the program uses
Heron's formula.

Expected error: 1e-10 of a number's size (at least 1). Sums over some thousand members of double-precision numbers, and Heron's
formula where a chord nearly meets a centre.
"""

from __future__ import annotations

import argparse
import sys

import netCDF4
import numpy as np

TOLERANCE = 1e-10
SMALLEST = 1e-12


class Run:
    """The states of a run: `z[level, member, time, latent]`, and what members come from."""

    def __init__(self, path: str) -> None:
        with netCDF4.Dataset(path) as file:
            members, geometry = file["members"], file["geometry"]
            states = np.ma.filled(members["latent_state"][:], np.nan)
            levels = np.asarray(members["level_index"][:])
            count = levels.max() + 1
            self.z = np.stack([states[levels == level] for level in range(count)])
            first = levels == 0
            self.item = np.asarray(members["item"][:])[first]
            labels = list(np.asarray((file["concept"] if "concept" in file.variables else geometry["concept"])[:]))
            self.own = np.array([labels.index(label) for label in np.asarray(members["class"][:])[first]])
            self.concepts = np.asarray(geometry["concept_position"][:])
            self.sizes = np.asarray(geometry["concept_size"][:])
            self.root = np.asarray(geometry["root_position"][:])
            self.parents = np.asarray(geometry["concept_parent"][:]) if "concept_parent" in geometry.variables else None
            self.values = {
                name: np.ma.filled(variable[:], np.nan)
                for name, variable in file.variables.items()
                if variable.dtype != str and set(variable.dimensions) <= {"level", "time"}
            }
            level = np.asarray(file["level"][:])
        steps_from_memories = level[0] == 0 and len(self.item) == self.sizes.sum()
        # Items are numbered within their class's split: all training items, each once.
        self.memories = None
        if steps_from_memories and np.array_equal(self.item, np.arange(len(self.item))):
            memories = self.z[0, :, 0]
            centres = np.array([memories[self.own == k].mean(axis=0) for k in range(len(self.sizes))])
            if np.allclose(centres, self.concepts, rtol=0, atol=1e-9):
                self.memories = memories

    def centres(self) -> np.ndarray:
        """The own centre of each member, `[member, latent]`: without its own item where that is a training item."""
        if self.memories is None:
            return self.concepts[self.own]
        result = np.full_like(self.memories, np.nan)
        for member in range(len(self.own)):
            others = (self.own == self.own[member]) & (np.arange(len(self.own)) != member)
            if others.any():
                result[member] = self.memories[others].mean(axis=0)
        return result


def norm(x: np.ndarray) -> np.ndarray:
    return np.sqrt((x**2).sum(axis=-1))


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    lengths = norm(a) * norm(b)
    return np.where((norm(a) >= SMALLEST) & (norm(b) >= SMALLEST), (a * b).sum(axis=-1) / lengths, np.nan)


def log_ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.where((a >= SMALLEST) & (b >= SMALLEST), np.log(a / b), np.nan)


def observables(run: Run, z: np.ndarray) -> dict[str, np.ndarray]:
    """Those of z(t) alone, `[level, member, time]`."""
    own = run.centres()[None, :, None]
    to_all = norm(z[..., None, :] - run.concepts)
    classes = len(run.sizes)
    others = np.ones((len(run.own), classes), bool)
    others[np.arange(len(run.own)), run.own] = False
    to_others = (to_all * others[None, :, None]).sum(axis=-1) / max(classes - 1, 1)
    if classes < 2:
        to_others[:] = np.nan
    siblings = others.copy()
    if run.parents is not None:
        siblings &= run.parents[run.own][:, None] == run.parents[None]
    about = cosine(z[..., None, :] - run.root, run.concepts - run.root)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (about * siblings[None, :, None]).sum(axis=-1) / siblings.sum(axis=-1)[None, :, None]
        to_own, to_root = norm(z - own), norm(z - run.root)
        return {
            "distance_own_centre": to_own,
            "distance_other_centres": to_others,
            "distance_root": to_root,
            "distance_concept": norm(z - run.concepts[run.own][None, :, None]),
            "log_ratio_others_to_own": log_ratio(to_others, to_own),
            "log_ratio_own_to_root": log_ratio(to_own, to_root),
            "log_distance_own_centre": np.where(to_own >= SMALLEST, np.log(to_own), np.nan),
            "overlap_about_root_own_centre": cosine(z - run.root, own - run.root),
            "overlap_about_root_siblings": mean,
        }


def common_motion(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The states of the null, and b(t) `[level, time]`."""
    mean = z.mean(axis=1, keepdims=True)
    scale = np.sqrt(((z - mean) ** 2).sum(axis=(1, 3)))
    scale = scale / scale[:, :1]
    return mean + scale[:, None, :, None] * (z[:, :, :1] - mean[:, :, :1]), scale


def spreads(run: Run) -> tuple[np.ndarray, np.ndarray]:
    mean = run.z.mean(axis=1, keepdims=True)
    between, within = 0.0, 0.0
    for k in np.unique(run.own):
        own = run.z[:, run.own == k]
        centre = own.mean(axis=1, keepdims=True)
        between = between + own.shape[1] * ((centre - mean) ** 2).sum(axis=(1, 3))
        within = within + ((own - centre) ** 2).sum(axis=(1, 3))
    return between / run.z.shape[1], within / run.z.shape[1]


def from_segment(point: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    along = end - start
    square = (along**2).sum(axis=-1)
    share = ((point - start) * along).sum(axis=-1) / np.where(square > 0, square, 1)
    return norm(point - start - np.clip(share, 0, 1)[..., None] * along)


def paths(run: Run) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What is known of whole paths, `[level, member, time]`; and the end state of each member, 0 to 3."""
    z, own, memories = run.z, run.centres(), run.memories
    steps = z.shape[2] - 1

    def excess(centre: np.ndarray) -> np.ndarray:
        chord = from_segment(centre, z[:, :, 0], z[:, :, -1])
        return chord - norm(z - centre[..., None, :]).min(axis=-1)

    all_classes = np.stack([excess(np.broadcast_to(c, z[:, :, 0].shape)) for c in run.concepts])
    sums = all_classes.sum(axis=0) - np.take_along_axis(all_classes, run.own[None, None], axis=0)[0]
    first = norm(z[:, :, 0] - own)
    contrast = (excess(np.broadcast_to(own, z[:, :, 0].shape)) - sums / (len(run.sizes) - 1)) / first
    result = {"chord_excess_contrast": np.where(first >= SMALLEST, contrast, np.nan)}

    between = norm(memories[:, None] - memories[None])
    radius = 0.5 * np.where(between > 0, between, np.inf).min(axis=1)
    to_memories = norm(z[:, :, -1, None] - memories)
    nearest = to_memories.argmin(axis=-1)
    reached = to_memories.min(axis=-1) <= radius[nearest]
    to_reached = norm(z - memories[nearest][:, :, None])
    result["distance_reached_memory"] = np.where(reached[..., None], to_reached, np.nan)
    is_own = norm(memories[nearest] - memories) == 0
    state = np.where(~reached, 3, np.where(is_own, 0, np.where(run.own[nearest] == run.own, 1, 2)))
    names = ["own_memory", "memory_of_class", "memory_of_other_class", "no_memory"]
    result |= {f"ends_at_{name}": (state == k).astype(float) for k, name in enumerate(names)}

    with np.errstate(invalid="ignore"):
        concept = norm(z - own[:, None]).argmin(axis=-1)
    memory = norm(z - memories[:, None]).argmin(axis=-1)
    interior = (concept > 0) & (concept < steps)
    result["interior_concept_minimum"] = interior.astype(float)
    for name, holds in [("later", memory > concept), ("earlier", memory < concept), ("tied", memory == concept)]:
        result[f"closest_memory_{name}"] = np.where(interior, holds.astype(float), np.nan)
    spread = {name: x if x.ndim == 3 else np.repeat(x[..., None], steps + 1, axis=2) for name, x in result.items()}
    return spread, state


def expected(run: Run) -> dict[str, np.ndarray]:
    """All numbers by the names of the file, `[level, time]`."""

    def mean(x: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            known = np.isfinite(x)
            return np.where(known, x, 0).sum(axis=1) / known.sum(axis=1)

    series = observables(run, run.z)
    null, scale = common_motion(run.z)
    result = {f"{name}_on_common_motion": mean(x) for name, x in observables(run, null).items()}
    result["common_motion_scale"] = scale
    between, within = spreads(run)
    result |= {"between_class_spread": between, "within_class_spread": within}
    result["class_separation"] = np.log(between / within) / 2
    if run.memories is not None:
        of_paths, state = paths(run)
        series |= of_paths
        parts = [("own_memory", 0), ("memory_of_class", 1), ("memory_of_other_class", 2), ("no_memory", 3)]
        for name, x in series.items():
            for part, number in parts:
                chosen = np.where((state == number)[..., None], x, np.nan)
                result[f"{name}_ending_at_{part}"] = mean(chosen)
            result[f"{name}_ending_at_memory"] = mean(np.where((state < 3)[..., None], x, np.nan))
    return result | {name: mean(x) for name, x in series.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    run = Run(parser.parse_args().run)
    if not np.isfinite(run.z).all():
        print("some members diverge; this script compares runs in which none does")
        return 1
    largest, compared, wrong = 0.0, 0, []
    for name, numbers in sorted(expected(run).items()):
        if name not in run.values:
            continue
        found = run.values[name]
        error = np.abs(found - numbers) / np.maximum(np.abs(numbers), 1)
        is_alike = (error <= TOLERANCE) | (np.isnan(found) & np.isnan(numbers))
        compared += numbers.size
        largest = max(largest, float(np.nanmax(np.where(np.isnan(error), 0, error))))
        if not is_alike.all():
            place = np.argwhere(~is_alike)[0]
            wrong.append(f"{name}[{', '.join(map(str, place))}]: {found[tuple(place)]}, expected {numbers[tuple(place)]}")
    for line in wrong:
        print(line)
    kind = "with memories" if run.memories is not None else "without memories"
    names = len([name for name in expected(run) if name in run.values])
    print(f"{names} variables, {compared} numbers ({kind}): largest error {largest:.1e}, {len(wrong)} variables differ")
    return 1 if wrong or compared == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
