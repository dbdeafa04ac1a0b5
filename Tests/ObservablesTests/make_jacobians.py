#!/usr/bin/env python3
"""Makes Tests/Fixtures/jacobians/goldens.json: numbers of J = dF/dz of the tiny networks, by numpy and scipy alone.

J is taken by complex steps, J e_k = Im F(z + i h e_k) / h with h = 1e-30, which needs no derivative of the network and
loses no digits (doi:10.1145/838250.838251). F(z) = m(g(z)): encoder mean of decoder mean. LAPACK's eigenvalues and
singular values. The states are also the memories of the gains; state k belongs to class k mod 3.
"""

import json
import struct
from pathlib import Path

import numpy as np
from scipy.special import erf

FIXTURES = Path(__file__).resolve().parent.parent / "Fixtures"
ACTIVATIONS = {
    "tanh": np.tanh,
    "relu": lambda x: np.where(x.real > 0, x, 0),
    "gelu": lambda x: 0.5 * x * (1 + erf(x / np.sqrt(2))),
    "softplus": lambda x: np.log1p(np.exp(x)),
}
NETWORKS = {  # name: activation, likelihood
    "tiny-tanh": ("tanh", "bernoulli"), "tiny-relu": ("relu", "bernoulli"), "tiny-gelu": ("gelu", "bernoulli"),
    "tiny-softplus": ("softplus", "bernoulli"), "tiny-gaussian": ("tanh", "gaussian"),
    "tiny-linear": ("tanh", "gaussian"),
}


def tensors(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    result = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            assert entry["dtype"] == "F32"
            values = np.frombuffer(data[8 + size + begin:8 + size + end], "<f4")
            result[name] = values.reshape(entry["shape"]).astype("f8")
    return result


def layers(weights, side, values, activation, last):
    k = 0
    while f"{side}.{k}.weight" in weights:
        values = activation(weights[f"{side}.{k}.weight"] @ values + weights[f"{side}.{k}.bias"])
        k += 1
    return weights[f"{side}.{last}.weight"] @ values + weights[f"{side}.{last}.bias"]


def image(weights, activation, likelihood, z):
    x = layers(weights, "decoder", z, activation, "output")
    if likelihood == "bernoulli":
        x = 1 / (1 + np.exp(-x))
    return layers(weights, "encoder", x, activation, "mean")


def gain(jacobian, directions):
    return np.sqrt(sum(np.sum((jacobian @ u) ** 2) for u in directions) / sum(np.sum(u**2) for u in directions))


random = np.random.default_rng(22)
goldens = []
for name, (activation, likelihood) in NETWORKS.items():
    weights = tensors(FIXTURES / f"{name}.safetensors")
    n = weights["encoder.mean.bias"].size
    states = random.normal(size=(12, n))
    classes = np.arange(len(states)) % 3
    concepts = np.array([states[classes == k].mean(0) for k in range(3)])
    within = states - concepts[classes]
    between = concepts[classes] - states.mean(0)
    entries = []
    for z in states:
        step = 1e-30
        columns = []
        for k in range(n):
            moved = z.astype(complex)
            moved[k] += 1j * step
            columns.append(image(weights, ACTIVATIONS[activation], likelihood, moved).imag / step)
        jacobian = np.array(columns).T
        singular = np.linalg.svd(jacobian, compute_uv=False)
        entries.append({
            "spectral-radius": np.abs(np.linalg.eigvals(jacobian)).max(),
            "largest-singular-value": singular[0],
            "second-singular-value": singular[1],
            "jacobian-asymmetry": np.linalg.norm(jacobian - jacobian.T) / np.linalg.norm(jacobian),
            "gain-within-classes": gain(jacobian, within),
            "gain-between-classes": gain(jacobian, between),
        })
    goldens.append({"name": name, "states": states.tolist(), "numbers": entries})
with open(FIXTURES / "jacobians" / "goldens.json", "w") as file:
    json.dump(goldens, file)
