"""Repeated inference and training in PyTorch, eager or compiled.

    python peer_torch.py [compiled]
"""

from __future__ import annotations

import os
import sys
import time
from functools import cache

import torch
from torch.nn import functional

import problem
from problem import NEAREST, OBSERVABLES

COMPILED = "compiled" in sys.argv[1:]
torch.set_num_threads(len(os.sched_getaffinity(0)))


def dense(layer, x):
    return functional.linear(x, layer[0], layer[1])


def encoder_features(network, x):
    for layer in network["encoder"]:
        x = torch.tanh(dense(layer, x))
    return x


def encode(network, x):
    return dense(network["mean"], encoder_features(network, x))


def decode_logits(network, z):
    for layer in network["decoder"]:
        z = torch.tanh(dense(layer, z))
    return dense(network["output"], z)


def observe(z, own, geometry, nearest: bool):
    """`[observables, members]`."""
    memory, concept = own
    distances = torch.stack([torch.linalg.vector_norm(z - c, dim=1) for c in (*own, geometry["root"])])
    values = [
        functional.cosine_similarity(z, concept),
        functional.cosine_similarity(z, memory),
        distances[1],
        distances.argmin(0).to(z.dtype),
    ]
    if nearest:
        scores = torch.addmm(geometry["squares"], z, geometry["memories"].T, alpha=-2)
        values.append((scores.amin(1) + z.square().sum(1)).clamp_min(0).sqrt())
    return torch.stack(values)


def advance(network, own, geometry, z, nearest: bool):
    """The observables at t, and z(t + 1)."""
    observed = observe(z, own, geometry, nearest)
    return observed, encode(network, torch.sigmoid(decode_logits(network, z)))


@cache
def advancing():
    return torch.compile(advance, dynamic=False) if COMPILED else advance


@torch.inference_mode()
def run(network, geometry, own, x, steps: int, nearest: bool, batch: int):
    step = advancing()
    names = len(OBSERVABLES) + nearest
    series = torch.empty(names, steps + 1, len(x))
    for first in range(0, len(x), batch):
        rows = slice(first, first + batch)
        mine = tuple(centre[rows] for centre in own)
        z = encode(network, x[rows])
        for time_index in range(steps):
            series[:, time_index, rows], z = step(network, mine, geometry, z, nearest)
        series[:, steps, rows] = observe(z, mine, geometry, nearest)
    return series.mean(-1), series.std(-1)


def tensors(model: str):
    """Weights as PyTorch has them, `[outputs, inputs]`."""

    def layer(pair):
        return torch.from_numpy(pair[0].T.copy()), torch.from_numpy(pair[1].copy())

    return {
        name: [layer(p) for p in value] if isinstance(value, list) else layer(value)
        for name, value in vars(problem.load_network(model)).items()
    }


@cache
def prepared(model: str):
    network = tensors(model)
    pictures, classes = (torch.from_numpy(a) for a in problem.training_set())
    with torch.inference_mode():
        memories = torch.cat([encode(network, part) for part in pictures.split(5000)])
        concepts = torch.stack([memories[classes == k].mean(0) for k in range(10)])
        geometry = {
            "root": memories.mean(0),
            "memories": memories,
            "squares": memories.square().sum(1),
        }
        return network, geometry, concepts[classes.long()]


@cache
def case(model: str, start: str, members: int, steps: int, nearest: bool):
    network, geometry, concept_of_item = prepared(model)
    own = geometry["memories"][:members], concept_of_item[:members]
    x = torch.from_numpy(problem.initial_states(start, members))
    sizes = [64, 256, 1024] if nearest else [256, 1024, 4096]
    sizes = [b for b in sizes if b < members] + [members]
    few = min(steps, 2)
    batch, seconds = problem.fastest(
        {str(b): lambda b=b: run(network, geometry, own, x, few, nearest, b) for b in sizes}
    )
    return (network, geometry, own, x), int(batch), seconds


def ensemble(model: str, start: str, members: int, steps: int, observables: list[str], **_) -> dict:
    nearest = NEAREST in observables
    arguments, batch, choice = case(model, start, members, steps, nearest)
    begin = time.perf_counter()
    mean, deviation = run(*arguments, steps, nearest, batch)
    seconds = time.perf_counter() - begin
    names = OBSERVABLES + ([NEAREST] if nearest else [])
    return {
        "seconds": seconds,
        "mean": dict(zip(names, mean.double().tolist())),
        "standardDeviation": dict(zip(names, deviation.double().tolist())),
        "variant": f"batch {batch}",
        "choice": choice,
    }


def negative_elbo(network, x, noise):
    features = encoder_features(network, x)
    mean, log_variance = dense(network["mean"], features), dense(network["log_variance"], features)
    logits = decode_logits(network, mean + torch.exp(0.5 * log_variance) * noise)
    cross_entropy = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
    return (cross_entropy + divergence) / len(x)


def train(model: str, data, batch: int, fused: bool, batches: int | None = None) -> dict[str, float]:
    """Seconds of the epoch alone, without the making of model and optimizer, and its mean loss."""
    network = tensors(model)
    layers = [*network["encoder"], network["mean"], network["log_variance"]]
    layers += [*network["decoder"], network["output"]]
    parameters = [tensor.requires_grad_() for layer in layers for tensor in layer]
    optimizer = torch.optim.Adam(parameters, lr=0.001, fused=fused)
    loss_of = torch.compile(negative_elbo, dynamic=False) if COMPILED else negative_elbo
    latent = len(network["mean"][1])
    total = torch.zeros(())
    begin = time.perf_counter()
    for rows in torch.randperm(len(data)).split(batch)[:batches]:
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(network, data[rows], torch.randn(len(rows), latent))
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(rows)
    loss = float(total / len(data))
    return {"seconds": time.perf_counter() - begin, "loss": loss}


@cache
def training_case(model: str, batch: int):
    data = torch.from_numpy(problem.training_set()[0])
    # A few minibatches tell which optimizer is faster.
    fused, seconds = problem.fastest(
        {str(f): lambda f=f: train(model, data, batch, f, 5000 // batch) for f in (False, True)}
    )
    return data, fused == "True", seconds


def epoch(model: str, batch: int, **_) -> dict:
    data, fused, choice = training_case(model, batch)
    return {
        **train(model, data, batch, fused),
        "variant": "fused Adam" if fused else "default Adam",
        "choice": choice,
    }


if __name__ == "__main__":
    problem.serve({"ensemble": ensemble, "epoch": epoch})
