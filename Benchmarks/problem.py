"""What the programs under comparison share: the data, our model files, and the dialogue with compare.py.

A peer is started once and then answers requests, one line of JSON each; see `serve`.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Callable

import numpy as np
from safetensors.numpy import load_file

FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
OBSERVABLES = ["overlap-concept", "overlap-memory", "distance-concept", "abstraction-level"]
NEAREST = "distance-nearest-memory"


def read_idx(name: str) -> np.ndarray:
    """One of Debian's Fashion-MNIST files."""
    raw = gzip.decompress((FASHION_MNIST / f"{name}.gz").read_bytes())
    shape = np.frombuffer(raw, ">u4", raw[3], 4).astype(int)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


@cache
def training_set() -> tuple[np.ndarray, np.ndarray]:
    """Pictures `[60000, 784]`, float32(code) / 255, and classes `[60000]`."""
    pictures = read_idx("train-images-idx3-ubyte").reshape(60000, 784)
    return (
        pictures.astype(np.float32) / np.float32(255),
        read_idx("train-labels-idx1-ubyte").astype(np.int32),
    )


def initial_states(path: str, members: int) -> np.ndarray:
    """x(0), `[members, 784]`; member i comes from training item i."""
    return np.fromfile(path, np.float32, members * 784).reshape(members, 784)


Layer = tuple[np.ndarray, np.ndarray]


@dataclass
class Network:
    """Layers as (weights `[inputs, outputs]`, bias) in the order of computation; tanh, Bernoulli."""

    encoder: list[Layer]
    mean: Layer
    log_variance: Layer
    decoder: list[Layer]
    output: Layer


def load_network(path: str) -> Network:
    """A model of ours, from its safetensors file."""
    tensors = load_file(path)

    def layer(name: str) -> Layer:
        return np.ascontiguousarray(tensors[f"{name}.weight"].T), tensors[f"{name}.bias"]

    depth = sum(f"encoder.{i}.weight" in tensors for i in range(10))
    return Network(
        encoder=[layer(f"encoder.{i}") for i in range(depth)],
        mean=layer("encoder.mean"),
        log_variance=layer("encoder.log_variance"),
        decoder=[layer(f"decoder.{i}") for i in range(depth)],
        output=layer("decoder.output"),
    )


def fastest(variants: dict[str, Callable[[], object]], repeats: int = 2) -> tuple[str, dict[str, float]]:
    """Which of some ways to do the same is the fastest, each run once before it is timed."""
    seconds = {}
    for name, run in variants.items():
        run()
        times = []
        for _ in range(repeats):
            begin = time.perf_counter()
            run()
            times.append(time.perf_counter() - begin)
        seconds[name] = min(times)
    return min(seconds, key=seconds.__getitem__), seconds


def serve(commands: dict[str, Callable[..., dict]]) -> None:
    """Answers requests: {"command": name, arguments...}, with {"seconds": ..., ...} or {"failure": ...}."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = commands[request.pop("command")](**request)
        except Exception as error:  # the driver reports it and goes on
            reply = {"failure": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)
