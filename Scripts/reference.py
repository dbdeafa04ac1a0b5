"""Reference values: repeated inference of a model file in PyTorch, in double precision.

Run:
    python Scripts/reference.py MODEL.safetensors -o expected.nc --items 32 --steps 30 --attractors 500
    python Scripts/reference.py MODEL.safetensors --compare expected.nc     # exits 1 on a difference

The inputs are the first items of a split of Fashion-MNIST, or the variables input(member, data),
label(member) and, where the input is corrupted, source(member, data) of a NetCDF file (--input).
Concepts, root and memories are computed from all 60,000 training images. NOTATION.md defines every quantity
("States and maps", "Observables"); each is written per (member, time). A member's own memory is the encoder mean
of its clean item. kullback_leibler(member) is at t = 0, as in fashion-small; kullback_leibler_series has all times.
An undefined cosine and the step length at t = 0 are NaN. A Gaussian decoder has neither input_entropy nor
reconstruction_excess.

--compare computes whatever the given file holds (as many members, steps and initial conditions) and prints the
largest difference of each variable, in units of max(1, largest magnitude); of eigenvalues the largest absolute
difference.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from vae_torch import (
    ConceptTree,
    Dataset,
    VariationalAutoencoder,
    distances,
    fashion_mnist,
    kullback_leibler,
    load_model,
    nearest_distance,
)

Variables = dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, str]]]

NORM_FLOOR = 1e-12  # a cosine with a vector shorter than this is undefined (NaN)


def cosine(a: Tensor, b: Tensor) -> Tensor:
    """cos(a, b) along the last axis; NaN where a norm is below NORM_FLOOR."""
    norm_a, norm_b = a.norm(dim=-1), b.norm(dim=-1)
    value = (a * b).sum(-1) / (norm_a * norm_b)
    return torch.where((norm_a < NORM_FLOOR) | (norm_b < NORM_FLOOR), torch.nan, value)


def binary_entropy(x: Tensor) -> Tensor:
    """H(x) = -sum x ln x + (1-x) ln(1-x) along the last axis, 0 ln 0 = 0; nats."""
    return -(torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum(-1)


def trajectories(
    model: VariationalAutoencoder, x: Tensor, source: Tensor, steps: int
) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Repeats inference in mean mode from x(0) = x; `source` holds the clean items [members, D], for the data overlap.

    Returns z(0..steps) [members, time, N], x(steps + 1) [members, D], and observables by name, each [members, time].
    """
    states: list[Tensor] = []
    series: dict[str, list[Tensor]] = {}
    with torch.no_grad():
        for t in range(steps + 1):
            mean, log_variance = model.encode(x)
            following = model.decoder_mean(mean)
            cross_entropy = model.negative_log_likelihood(x, mean)
            divergence = kullback_leibler(mean, log_variance)
            now = {
                "step_length": (mean - states[-1]).norm(dim=1)
                if states
                else torch.full_like(divergence, torch.nan),
                "data_overlap": cosine(x, source),
                "reconstruction_error": (following - x).square().mean(1),
                "energy": cross_entropy + divergence,
                "kullback_leibler_series": divergence,
            }
            if model.likelihood == "bernoulli":
                entropy = binary_entropy(x)
                now["input_entropy"] = entropy
                now["reconstruction_excess"] = cross_entropy - entropy
            for name, value in now.items():
                series.setdefault(name, []).append(value)
            states.append(mean)
            x = following
    return torch.stack(states, 1), x, {k: torch.stack(v, 1) for k, v in series.items()}


def tree_observables(
    states: Tensor, own_memory: Tensor, label: Tensor, tree: ConceptTree
) -> dict[str, Tensor]:
    """Compares z(t) [members, time, N] with the concept tree. Returns observables by name, each [members, time]."""
    own_concept = tree.concept[label]
    branch = {"memory": own_memory, "concept": own_concept}
    if tree.superclass is not None and tree.superconcept is not None:
        branch["superconcept"] = tree.superconcept[tree.superclass[label]]
    branch["root"] = tree.root.expand_as(own_memory)
    result = {
        f"distance_{name}": (states - centre[:, None]).norm(dim=2)
        for name, centre in branch.items()
    }
    # argmin takes the first of equals: ties go to the lower level and to the lower class.
    levels = torch.stack([result[f"distance_{name}"] for name in branch])
    result["abstraction_level"] = levels.argmin(0).double()
    for name in ("memory", "concept", "root"):
        result[f"overlap_{name}"] = cosine(states, branch[name][:, None].expand_as(states))
    members, time, latent = states.shape
    flat = states.reshape(-1, latent)
    to_concepts = distances(flat, tree.concept)
    result["distance_nearest_concept"] = to_concepts.min(1).values.reshape(members, time)
    nearest = to_concepts.argmin(1).reshape(members, time)
    result["concept_accuracy"] = (nearest == label[:, None]).double()
    result["distance_nearest_memory"] = nearest_distance(flat, tree.memory).reshape(members, time)
    return result


def attractors(
    model: VariationalAutoencoder, x: Tensor, maximum_steps: int = 60_000
) -> dict[str, np.ndarray]:
    """Fixed points reached from x [starts, D] by plain iteration, refined by Newton's method; most frequent first.

    A trajectory counts as converged when |F(z) - z| < 1e-11 and Newton's method stays within 1e-4 of
    it; refined points closer than 1e-6 are one. Cycles and slow trajectories get the index -1.
    """
    step_tolerance, newton_reach, same_point = 1e-11, 1e-4, 1e-6
    with torch.no_grad():
        z = model.encoder_mean(x)
        active = torch.arange(len(z))
        for _ in range(maximum_steps):
            image = model.latent_map(z[active])
            moved = (image - z[active]).norm(dim=1)
            z[active] = image
            active = active[moved >= step_tolerance]
            if len(active) == 0:
                break
    unfinished = set(active.tolist())
    jacobian = torch.func.jacrev(lambda state: model.latent_map(state[None])[0])
    identity = torch.eye(model.latent, dtype=z.dtype)
    points: list[Tensor] = []
    index = np.full(len(z), -1, np.int64)
    for member in range(len(z)):
        if member in unfinished:
            continue
        for k, point in enumerate(points):
            if (z[member] - point).norm() < same_point:
                index[member] = k
                break
        else:
            point = z[member]
            for _ in range(20):
                residual = model.latent_map(point[None])[0] - point
                if residual.norm() < 1e-14:
                    break
                point = point - torch.linalg.solve(jacobian(point) - identity, residual)
            if (point - z[member]).norm() > newton_reach:
                continue
            close = [k for k, other in enumerate(points) if (point - other).norm() < same_point]
            index[member] = close[0] if close else len(points)
            if not close:
                points.append(point)
    count = np.bincount(index[index >= 0], minlength=len(points))
    order = np.argsort(-count, kind="stable")
    rank = np.empty(len(points), np.int64)
    rank[order] = np.arange(len(points))
    index = np.where(index >= 0, rank[index] if len(points) else -1, -1)
    position = (
        torch.stack([points[k] for k in order])
        if points
        else torch.empty(0, model.latent, dtype=z.dtype)
    )
    residual = (model.latent_map(position) - position).norm(dim=1)
    eigenvalue = np.array(
        [np.linalg.eigvals(jacobian(point).numpy()) for point in position], dtype=complex
    ).reshape(len(points), model.latent)
    # The order: largest modulus first, then largest real part, then largest imaginary part.
    for row in eigenvalue:
        row[:] = row[np.lexsort((-row.imag, -row.real, -np.round(np.abs(row), 12)))]
    return {
        "attractor_position": position.numpy(),
        "attractor_residual": residual.numpy(),
        "attractor_eigenvalue_real": eigenvalue.real,
        "attractor_eigenvalue_imaginary": eigenvalue.imag,
        "attractor_index": index.astype(np.int32),
    }


def posterior_mean_terms(model: VariationalAutoencoder, x: Tensor) -> Variables:
    """ln s^2(x), -ln p(x|m(x)) and KL(q(.|x)||p) of the inputs x(0) [members, D]."""
    with torch.no_grad():
        mean, log_variance = model.encode(x)
        likelihood = model.negative_log_likelihood(x, mean)
        divergence = kullback_leibler(mean, log_variance)
    name = "Bernoulli cross-entropy" if model.likelihood == "bernoulli" else "Gaussian"
    return {
        "encoder_log_variance": (
            ("member", "latent"),
            log_variance.numpy(),
            {"long_name": "ln s^2(x(0))"},
        ),
        "reconstruction_negative_log_likelihood": (
            ("member",),
            likelihood.numpy(),
            {"long_name": f"{name} at the posterior mean, summed over pixels, nats"},
        ),
        "kullback_leibler": (("member",), divergence.numpy(), {"long_name": "KL(q||p), nats"}),
    }


def reference(
    model: VariationalAutoencoder,
    data: Dataset,
    x: np.ndarray,
    label: np.ndarray,
    steps: int,
    source: np.ndarray | None = None,
    attractor_starts: np.ndarray | None = None,
) -> xr.Dataset:
    """The variables of fashion-small/expected.nc and all other observables, for inputs x [members, D]."""
    initial = torch.from_numpy(x).double()
    clean = initial if source is None else torch.from_numpy(source).double()
    tree = ConceptTree.build(model, data)
    states, output, series = trajectories(model, initial, clean, steps)
    with torch.no_grad():
        own_memory = model.encoder_mean(clean)
    series |= tree_observables(states, own_memory, torch.from_numpy(label.astype(np.int64)), tree)
    described = "x(0)" if source is not None else "x(0), clean"
    variables: Variables = {
        "input": (("member", "data"), initial.numpy(), {"long_name": described}),
        "label": (("member",), label.astype(np.int32), {}),
        "latent_state": (
            ("member", "time", "latent"),
            states.numpy(),
            {"long_name": "z(t), encoder mean"},
        ),
        "output": (
            ("member", "data"),
            output.numpy(),
            {"long_name": "x(T+1), decoder mean after the last latent state"},
        ),
        "concept": (
            ("concept", "latent"),
            tree.concept.numpy(),
            {"long_name": "mean encoder mean of each class over the training set"},
        ),
        "root": (
            ("latent",),
            tree.root.numpy(),
            {"long_name": "mean encoder mean over the training set"},
        ),
    }
    if source is not None:
        variables["source"] = (("member", "data"), clean.numpy(), {"long_name": "clean item"})
    variables |= {name: (("member", "time"), v.numpy(), {}) for name, v in series.items()}
    variables |= posterior_mean_terms(model, initial)
    if attractor_starts is not None:
        found = attractors(model, torch.from_numpy(attractor_starts).double())
        dimensions = {
            "attractor_position": ("attractor", "latent"),
            "attractor_residual": ("attractor",),
            "attractor_eigenvalue_real": ("attractor", "latent"),
            "attractor_eigenvalue_imaginary": ("attractor", "latent"),
            "attractor_index": ("initial_condition",),
        }
        variables |= {name: (dimensions[name], value, {}) for name, value in found.items()}
    return xr.Dataset(variables, attrs={"source": f"PyTorch {torch.__version__} float64"})


def matched_spectra(found: xr.Dataset, expected: xr.Dataset) -> float:
    """Largest difference of eigenvalues, whose order is arbitrary: each is paired with the nearest that is left."""

    def spectra(dataset: xr.Dataset) -> np.ndarray:
        real, imaginary = (dataset[f"attractor_eigenvalue_{p}"].values for p in ("real", "imaginary"))
        return real + 1j * imaginary

    worst = 0.0
    for mine, theirs in zip(spectra(found), spectra(expected)):
        left = list(mine)
        for value in theirs:
            nearest = int(np.argmin([abs(value - other) for other in left]))
            worst = max(worst, abs(value - left.pop(nearest)))
    return worst


def compare(found: xr.Dataset, expected: xr.Dataset, tolerance: float) -> bool:
    """Prints the differences. Returns whether all are within the tolerance."""
    agreed = True
    # All variables, not data_vars only, because xarray takes concept(concept, latent) for a coordinate.
    for name in expected.variables:
        if name not in found:
            print(f"{name:42s} not computed here")
            agreed = False
            continue
        mine, theirs = found[name].values, expected[name].values
        if mine.shape != theirs.shape:
            print(f"{name:42s} shape {mine.shape}, expected {theirs.shape}")
            agreed = False
            continue
        if str(name).startswith("attractor_eigenvalue"):
            difference = matched_spectra(found, expected)
        elif not np.array_equal(np.isnan(mine), np.isnan(theirs)):
            difference = np.inf
        elif mine.size == 0:
            difference = 0.0
        else:
            # fmax passes over NaN, so values that are missing in both count as equal.
            apart = np.fmax.reduce(np.abs(mine - theirs), axis=None, initial=0.0)
            difference = float(apart / max(1.0, np.nanmax(np.abs(theirs))))
        within = difference <= tolerance
        agreed &= within
        print(f"{name:42s} {difference:9.2e}  {'ok' if within else 'DIFFERS'}")
    return agreed


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", help="model file (safetensors)")
    parser.add_argument("-o", "--output", help="NetCDF file to write")
    parser.add_argument("--input", help="NetCDF file with input, label and perhaps source")
    parser.add_argument("--split", choices=["train", "test"], default="test")
    parser.add_argument("--items", type=int, default=32, help="the first items of the split")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--attractors", type=int, default=0, help="initial conditions, 0: none")
    parser.add_argument("--compare", metavar="EXPECTED.nc")
    parser.add_argument("--tolerance", type=float, default=1e-12)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model, _ = load_model(options.model)
    data = fashion_mnist()
    expected = xr.load_dataset(options.compare) if options.compare else None
    steps, starts = options.steps, options.attractors
    given = xr.load_dataset(options.input) if options.input else expected
    if expected is not None:
        steps = expected.sizes["time"] - 1
        starts = expected.sizes.get("initial_condition", 0)
    split = data.train if options.split == "train" else data.test
    labels = data.train_labels if options.split == "train" else data.test_labels
    source = None
    if given is not None:
        x, label = given["input"].values, given["label"].values
        source = given["source"].values if "source" in given else None
    else:
        x, label = split[: options.items], labels[: options.items]
    attractor_starts = split[:starts] if starts else None
    found = reference(model, data, x, label, steps, source, attractor_starts)
    if options.output:
        found.to_netcdf(options.output, encoding={n: {"zlib": True} for n in found.data_vars})
    if expected is not None:
        if "source" not in expected and options.input is None:
            # The stored inputs must be the data set's own items.
            items = split[: len(x)].astype(np.float64)
            if not np.array_equal(items, x):
                print("inputs are not the first items of the split", file=sys.stderr)
                sys.exit(1)
        sys.exit(0 if compare(found, expected, options.tolerance) else 1)


if __name__ == "__main__":
    main()
