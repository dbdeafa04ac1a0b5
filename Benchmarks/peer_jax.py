"""Repeated inference and training in JAX: jit, lax.scan over time, members in batches.

    python peer_jax.py [DEVICES]

With DEVICES > 1 the processor is presented to JAX as so many devices, and members are sharded over them.
"""

from __future__ import annotations

import os
import sys
import time
from functools import cache, partial

DEVICES = int(sys.argv[1]) if len(sys.argv) > 1 else 1
if DEVICES > 1:
    flag = f"--xla_force_host_platform_device_count={DEVICES}"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flag}"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

import problem
from problem import NEAREST, OBSERVABLES


def dense(layer, x):
    return x @ layer[0] + layer[1]


def encoder_features(network, x):
    for layer in network["encoder"]:
        x = jnp.tanh(dense(layer, x))
    return x


def encode(network, x):
    return dense(network["mean"], encoder_features(network, x))


def decode_logits(network, z):
    for layer in network["decoder"]:
        z = jnp.tanh(dense(layer, z))
    return dense(network["output"], z)


def decode(network, z):
    return jax.nn.sigmoid(decode_logits(network, z))


def cosine(a, b):
    return jnp.sum(a * b, -1) / (jnp.linalg.norm(a, axis=-1) * jnp.linalg.norm(b, axis=-1))


def observe(z, own, geometry, nearest: bool):
    """`[observables, members]`; own: memory and concept of each member."""
    memory, concept = own
    centres = (memory, concept, geometry["root"])
    distances = [jnp.linalg.norm(z - centre, axis=-1) for centre in centres]
    values = [
        cosine(z, concept),
        cosine(z, memory),
        distances[1],
        jnp.argmin(jnp.stack(distances), 0).astype(z.dtype),
    ]
    if nearest:
        scores = geometry["squares"] - 2 * (z @ geometry["memories"].T)
        squares = jnp.min(scores, -1) + jnp.sum(z * z, -1)
        values.append(jnp.sqrt(jnp.maximum(squares, 0)))
    return jnp.stack(values)


def trajectories(network, geometry, own, x, steps: int, nearest: bool):
    """`[observables, steps + 1, members]` of one batch."""

    def step(z, _):
        return encode(network, decode(network, z)), observe(z, own, geometry, nearest)

    z, observed = jax.lax.scan(step, encode(network, x), None, length=steps)
    last = observe(z, own, geometry, nearest)
    return jnp.moveaxis(jnp.concatenate([observed, last[None]]), 0, 1)


def batched(network, geometry, own, x, steps: int, nearest: bool, batch: int):
    """All members, `batch` at a time: `[observables, steps + 1, members]`."""
    members = x.shape[0]
    if batch >= members:
        series = trajectories(network, geometry, own, x, steps, nearest)
    else:
        parts = jax.tree.map(lambda a: a.reshape(-1, batch, a.shape[1]), (own, x))
        series = jax.lax.map(
            lambda part: trajectories(network, geometry, part[0], part[1], steps, nearest), parts
        )
        series = jnp.moveaxis(series, 0, 2).reshape(series.shape[1], steps + 1, members)
    return series


@partial(jax.jit, static_argnames=("steps", "nearest", "batch"))
def run(network, geometry, own, x, steps: int, nearest: bool, batch: int):
    if DEVICES == 1:
        series = batched(network, geometry, own, x, steps, nearest, batch)
    else:
        split, whole = PartitionSpec("members"), PartitionSpec()
        series = jax.shard_map(
            lambda n, g, o, s: batched(n, g, o, s, steps, nearest, batch),
            mesh=mesh(),
            in_specs=(whole, whole, split, split),
            out_specs=PartitionSpec(None, None, "members"),
            check_vma=False,
        )(network, geometry, own, x)
    return jnp.mean(series, -1), jnp.std(series, -1, ddof=1)


@cache
def mesh() -> Mesh:
    return Mesh(np.array(jax.devices()), ("members",))


def placed(tree, spec):
    return jax.tree.map(
        lambda a: jax.device_put(a, NamedSharding(mesh(), spec) if DEVICES > 1 else None), tree
    )


@cache
def prepared(model: str):
    """The network, and the geometry of the memories."""
    network = jax.tree.map(jnp.asarray, dict(vars(problem.load_network(model))))
    pictures, classes = problem.training_set()
    memories = jnp.concatenate([jax.jit(encode)(network, part) for part in np.split(pictures, 12)])
    concepts = jnp.stack([memories[classes == k].mean(0) for k in range(10)])
    geometry = {"root": memories.mean(0), "memories": memories, "squares": jnp.sum(memories**2, -1)}
    return network, geometry, concepts[classes]


@cache
def case(model: str, start: str, members: int, steps: int, nearest: bool):
    """The arguments of `run` and the fastest batch for them."""
    network, geometry, concept_of_item = prepared(model)
    own = geometry["memories"][:members], concept_of_item[:members]
    x = problem.initial_states(start, members)
    whole = PartitionSpec()
    arguments = (
        placed(network, whole),
        placed(geometry, whole),
        placed(own, PartitionSpec("members")),
        placed(x, PartitionSpec("members")),
    )
    share = members // DEVICES
    sizes = [16, 64, 256, 1024] if nearest else [128, 256, 512, 1024, 4096]
    sizes = [b for b in sizes if b < share and share % b == 0] + [share]
    # Chosen with fewer steps, which does not change what a step costs.
    few = min(steps, 4)
    batch, seconds = problem.fastest(
        {
            str(b): lambda b=b: jax.block_until_ready(run(*arguments, few, nearest, b))
            for b in sizes
        }
    )
    jax.block_until_ready(run(*arguments, steps, nearest, int(batch)))
    return arguments, int(batch), seconds


def ensemble(model: str, start: str, members: int, steps: int, observables: list[str], **_) -> dict:
    nearest = NEAREST in observables
    arguments, batch, choice = case(model, start, members, steps, nearest)
    begin = time.perf_counter()
    mean, deviation = jax.block_until_ready(run(*arguments, steps, nearest, batch))
    seconds = time.perf_counter() - begin
    names = OBSERVABLES + ([NEAREST] if nearest else [])
    return {
        "seconds": seconds,
        "mean": dict(zip(names, np.asarray(mean, float).tolist())),
        "standardDeviation": dict(zip(names, np.asarray(deviation, float).tolist())),
        "variant": f"batch {batch}",
        "choice": choice,
    }


def negative_elbo(network, x, noise):
    features = encoder_features(network, x)
    mean, log_variance = dense(network["mean"], features), dense(network["log_variance"], features)
    logits = decode_logits(network, mean + jnp.exp(0.5 * log_variance) * noise)
    cross_entropy = jnp.sum(jax.nn.softplus(logits) - x * logits, -1)
    divergence = 0.5 * jnp.sum(mean**2 + jnp.exp(log_variance) - 1 - log_variance, -1)
    return jnp.mean(cross_entropy + divergence)


@partial(jax.jit, static_argnames=("batch",), donate_argnums=(0,))
def train_epoch(state, data, key, batch: int):
    """One epoch of Adam (rate 0.001) in random order; the mean loss."""
    order_key, noise_key = jax.random.split(key)
    count = data.shape[0] // batch
    order = jax.random.permutation(order_key, data.shape[0])[: count * batch].reshape(count, batch)

    def update(state, item):
        network, first, second, step = state
        rows, key = item
        latent = network["mean"][1].shape[0]
        loss, gradient = jax.value_and_grad(negative_elbo)(
            network, data[rows], jax.random.normal(key, (batch, latent))
        )
        step = step + 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        rate, correction = 0.001 / (1 - 0.9**step), 1 / jnp.sqrt(1 - 0.999**step)
        network = jax.tree.map(
            lambda p, m, v: p - rate * m / (jnp.sqrt(v) * correction + 1e-8), network, first, second
        )
        return (network, first, second, step), loss

    state, losses = jax.lax.scan(update, state, (order, jax.random.split(noise_key, count)))
    return state, jnp.mean(losses)


def initial_state(model: str):
    network = jax.tree.map(jnp.asarray, dict(vars(problem.load_network(model))))
    zeros = jax.tree.map(jnp.zeros_like, network)
    return network, zeros, jax.tree.map(jnp.copy, zeros), jnp.zeros((), jnp.float32)


@cache
def training_case(model: str, batch: int):
    data = jnp.asarray(problem.training_set()[0])
    compiled = train_epoch.lower(initial_state(model), data, jax.random.key(0), batch).compile()
    return data, compiled


def epoch(model: str, batch: int, **_) -> dict:
    data, compiled = training_case(model, batch)
    state = jax.block_until_ready(initial_state(model))
    begin = time.perf_counter()
    _, loss = jax.block_until_ready(compiled(state, data, jax.random.key(1)))
    return {"seconds": time.perf_counter() - begin, "loss": float(loss)}


def settle(network, x, tolerance: float, maximum: int, batch: int):
    """z(t) of all starts when every step of their batch is below the tolerance, in double precision."""

    def encode(x):
        return dense(network["mean"], encoder_features(network, x))

    def iterate(rows):
        def goes_on(state):
            _, step, time = state
            return (time < maximum) & jnp.any(step >= tolerance)

        def advance(state):
            z, _, time = state
            image = encode(jax.nn.sigmoid(decode_logits(network, z)))
            return image, jnp.linalg.norm(image - z, axis=1), time + 1

        z = encode(rows)
        return jax.lax.while_loop(goes_on, advance, (z, jnp.full(len(rows), jnp.inf), 0))[0]

    return jax.lax.map(iterate, x.reshape(-1, batch, x.shape[1])).reshape(len(x), -1)


def attractors(model: str, members: int, tolerance: float, maximum: int, **_) -> dict:
    """The states at which the test pictures settle."""
    with jax.enable_x64(True):
        network = jax.tree.map(
            lambda a: jnp.asarray(a, jnp.float64), dict(vars(problem.load_network(model)))
        )
        pictures = problem.read_idx("t10k-images-idx3-ubyte").reshape(-1, 784)[:members]
        x = jnp.asarray((pictures.astype(np.float32) / np.float32(255)).astype(np.float64))
        run = jax.jit(settle, static_argnames=("maximum", "batch"))
        sizes = [b for b in (50, 100, 250, 1000, members) if members % b == 0]
        few = x[: members // 10]
        batch, _ = problem.fastest(
            {
                str(b): lambda b=b: jax.block_until_ready(run(network, few, tolerance, maximum, b))
                for b in sizes
                if len(few) % b == 0
            },
            repeats=1,
        )
        compiled = run.lower(network, x, tolerance, maximum=maximum, batch=int(batch)).compile()
        begin = time.perf_counter()
        z = jax.block_until_ready(compiled(network, x, tolerance))
        return {
            "seconds": time.perf_counter() - begin,
            "positions": np.asarray(z).tolist(),
            "variant": f"batch {batch}",
        }


if __name__ == "__main__":
    problem.serve({"ensemble": ensemble, "epoch": epoch, "attractors": attractors})
