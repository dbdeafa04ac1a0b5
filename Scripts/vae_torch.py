"""The variational autoencoder of NOTATION.md in PyTorch, its model file, and its data sets.

The other Python scripts import this module; it is not run by itself. It restates the definitions without
using the Swift sources, so that the two can be compared.

Conventions: arrays are [items, D] or [members, N], row-major; information is in nats; a Gaussian
decoder has one standard deviation for all components, `likelihood_scale`, by default 1, and its negative
log-likelihood includes the constant (D / 2) ln(2 pi).
"""

from __future__ import annotations

import gzip
import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

ACTIVATIONS = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "gelu": functional.gelu,  # exact: x Phi(x), by erf
    "softplus": functional.softplus,
}
LIKELIHOODS = ("bernoulli", "gaussian")
FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")


class VariationalAutoencoder(nn.Module):
    """The encoder's hidden layers have the widths `hidden`; the decoder mirrors them.

    Parameters have the names that they have in a model file.
    """

    def __init__(
        self,
        dimension: int,
        hidden: list[int],
        latent: int,
        activation: str = "tanh",
        likelihood: str = "bernoulli",
        likelihood_scale: float = 1.0,
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation {activation!r}: expected one of {sorted(ACTIVATIONS)}")
        if likelihood not in LIKELIHOODS:
            raise ValueError(f"likelihood {likelihood!r}: expected one of {LIKELIHOODS}")
        self.dimension, self.hidden, self.latent = dimension, list(hidden), latent
        self.activation, self.likelihood = activation, likelihood
        self.likelihood_scale = likelihood_scale
        down = [dimension, *hidden]
        up = [latent, *reversed(hidden)]
        self.encoder = nn.ModuleDict(
            {str(i): nn.Linear(down[i], down[i + 1]) for i in range(len(hidden))}
            | {"mean": nn.Linear(down[-1], latent), "log_variance": nn.Linear(down[-1], latent)}
        )
        self.decoder = nn.ModuleDict(
            {str(i): nn.Linear(up[i], up[i + 1]) for i in range(len(hidden))}
            | {"output": nn.Linear(up[-1], dimension)}
        )

    def _hidden_layers(self, layers: nn.ModuleDict, values: Tensor) -> Tensor:
        for i in range(len(self.hidden)):
            values = ACTIVATIONS[self.activation](layers[str(i)](values))
        return values

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The mean m(x) and the log variance ln s^2(x) of q(z|x)."""
        h = self._hidden_layers(self.encoder, x)
        return self.encoder["mean"](h), self.encoder["log_variance"](h)

    def encoder_mean(self, x: Tensor) -> Tensor:
        return self.encoder["mean"](self._hidden_layers(self.encoder, x))

    def decoder_output(self, z: Tensor) -> Tensor:
        """Logits of a Bernoulli decoder, the mean of a Gaussian one."""
        return self.decoder["output"](self._hidden_layers(self.decoder, z))

    def decoder_mean(self, z: Tensor) -> Tensor:
        """The decoder mean g(z)."""
        output = self.decoder_output(z)
        return torch.sigmoid(output) if self.likelihood == "bernoulli" else output

    def latent_map(self, z: Tensor) -> Tensor:
        """F(z) = m(g(z))."""
        return self.encoder_mean(self.decoder_mean(z))

    def negative_log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """-ln p(x|z) per row, nats; for a Bernoulli decoder the cross-entropy of x against g(z)."""
        output = self.decoder_output(z)
        if self.likelihood == "bernoulli":
            # softplus(a) - x a, written so that it neither overflows nor cancels.
            terms = functional.binary_cross_entropy_with_logits(output, x, reduction="none")
            return terms.sum(-1)
        squares = ((x - output) / self.likelihood_scale).square().sum(-1)
        return 0.5 * squares + self.dimension * (
            math.log(self.likelihood_scale) + 0.5 * math.log(2 * math.pi)
        )

    def negative_elbo(self, x: Tensor, noise: Tensor, beta: float = 1.0) -> Tensor:
        """The negative ELBO per row, nats, with one reparametrized sample z = m(x) + s(x) * noise."""
        mean, log_variance = self.encode(x)
        z = mean + torch.exp(0.5 * log_variance) * noise
        return self.negative_log_likelihood(x, z) + beta * kullback_leibler(mean, log_variance)


def kullback_leibler(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(Normal(m, diag s^2) || Normal(0, I)) per row, nats."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(-1)


def save_model(
    model: VariationalAutoencoder, path: Path | str, metadata: dict[str, str] | None = None
) -> None:
    """Writes the model file: float32 tensors and string metadata."""
    tensors = {k: v.detach().to(torch.float32).contiguous() for k, v in model.state_dict().items()}
    described = {"format": "pt", "activation": model.activation, "likelihood": model.likelihood}
    serialized = save(tensors, metadata=described | (metadata or {}))
    # The library writes the metadata in random order; sorted, equal models give equal files.
    length = int.from_bytes(serialized[:8], "little")
    header = json.loads(serialized[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(len(text).to_bytes(8, "little") + text + serialized[8 + length :])


def load_model(
    path: Path | str, dtype: torch.dtype = torch.float64
) -> tuple[VariationalAutoencoder, dict[str, str]]:
    """The model of a file, and the file's metadata. The widths are those of the tensors.

    Raises ValueError if the metadata lack the activation or the likelihood or name an unknown one, and for a
    missing, superfluous or wrongly shaped tensor, or one that is not float32.
    """
    with safe_open(str(path), "pt") as file:
        metadata = dict(file.metadata() or {})
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    for key in ("activation", "likelihood"):
        if key not in metadata:
            raise ValueError(f"{path}: no {key!r} in __metadata__")
    if "encoder.mean.weight" not in tensors:
        raise ValueError(f"{path}: no tensor encoder.mean.weight")
    depth = 0
    while f"encoder.{depth}.weight" in tensors:
        depth += 1
    hidden = [tensors[f"encoder.{i}.weight"].shape[0] for i in range(depth)]
    first = tensors["encoder.0.weight" if depth else "encoder.mean.weight"]
    model = VariationalAutoencoder(
        dimension=first.shape[1],
        hidden=hidden,
        latent=tensors["encoder.mean.weight"].shape[0],
        activation=metadata["activation"],
        likelihood=metadata["likelihood"],
        likelihood_scale=float(metadata.get("likelihood_scale", 1)),
    )
    for name, tensor in tensors.items():
        if tensor.dtype != torch.float32:
            raise ValueError(f"{path}: {name} is {tensor.dtype}, expected torch.float32")
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise ValueError(f"{path}: {error}") from error
    return model.to(dtype).requires_grad_(False), metadata


@dataclass
class Dataset:
    """Items as float32 rows in [0, 1] with class labels; the superclass of each class, if there are any."""

    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray
    superclass: np.ndarray | None = None
    name: str = field(default="")

    @property
    def classes(self) -> int:
        return int(self.train_labels.max()) + 1


def read_idx(path: Path | str) -> np.ndarray:
    """The array in an IDX file of unsigned bytes, gzipped or not. Raises ValueError for other files."""
    raw = Path(path).read_bytes()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    if raw[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path}: not an IDX file of unsigned bytes")
    rank = raw[3]
    shape = np.frombuffer(raw, ">u4", rank, 4).astype(int)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)


def fashion_mnist(directory: Path | str = FASHION_MNIST) -> Dataset:
    """Fashion-MNIST from Debian's package dataset-fashion-mnist: float32(pixel / 255)."""

    def images(name: str) -> np.ndarray:
        pixels = read_idx(Path(directory) / f"{name}-images-idx3-ubyte.gz")
        return pixels.reshape(len(pixels), -1).astype(np.float32) / np.float32(255)

    def labels(name: str) -> np.ndarray:
        return read_idx(Path(directory) / f"{name}-labels-idx1-ubyte.gz").astype(np.int32)

    return Dataset(
        images("train"), labels("train"), images("t10k"), labels("t10k"), name="fashion-mnist"
    )


def hierarchical_patterns(
    seed: int,
    dimension: int = 784,
    superclasses: int = 4,
    classes: int = 3,
    memories: int = 80,
    test: int = 20,
    correlation: tuple[float, float] = (0.6, 0.8),
) -> Dataset:
    """Binary patterns on a tree: a child differs from its parent in each bit with probability (1 - b) / 2.

    `correlation` holds b for concepts in a superclass and for items in a class. The distribution is that of the
    Swift program; the numbers are not, because numpy draws them.
    """
    generator = np.random.default_rng(seed)

    def children(parents: np.ndarray, count: int, overlap: float) -> np.ndarray:
        repeated = np.repeat(parents, count, axis=0)
        return repeated ^ (generator.random(repeated.shape) < (1 - overlap) / 2)

    tops = generator.random((superclasses, dimension)) < 0.5
    concepts = children(tops, classes, correlation[0])
    label = np.arange(superclasses * classes, dtype=np.int32)
    return Dataset(
        children(concepts, memories, correlation[1]).astype(np.float32),
        np.repeat(label, memories),
        children(concepts, test, correlation[1]).astype(np.float32),
        np.repeat(label, test),
        superclass=label // classes,
        name="hierarchical-patterns",
    )


def uniform_replacement(x: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    """Replaces each pixel, with probability `level`, by a uniform random number in [0, 1]."""
    chosen = generator.random(x.shape) < level
    return np.where(chosen, generator.random(x.shape), x).astype(x.dtype)


def encode_in_blocks(
    model: VariationalAutoencoder, x: np.ndarray, block: int = 2000
) -> Tensor:
    """m(x) for many items, in the model's precision."""
    dtype = next(model.parameters()).dtype
    with torch.no_grad():
        parts = [
            model.encoder_mean(torch.from_numpy(x[i : i + block]).to(dtype))
            for i in range(0, len(x), block)
        ]
    return torch.cat(parts)


@dataclass
class ConceptTree:
    """The centres of the tree memory -> class -> (superclass ->) root, which are means of the memories below them."""

    memory: Tensor  # [items, N], the training memories
    label: Tensor  # [items]
    concept: Tensor  # [classes, N]
    superclass: Tensor | None  # [classes]
    superconcept: Tensor | None  # [superclasses, N]
    root: Tensor  # [N]

    @classmethod
    def build(cls, model: VariationalAutoencoder, data: Dataset) -> "ConceptTree":
        memory = encode_in_blocks(model, data.train)
        label = torch.from_numpy(data.train_labels.astype(np.int64))
        concept = torch.stack([memory[label == k].mean(0) for k in range(data.classes)])
        superclass = superconcept = None
        if data.superclass is not None:
            superclass = torch.from_numpy(data.superclass.astype(np.int64))
            count = int(superclass.max()) + 1
            above = superclass[label]
            superconcept = torch.stack([memory[above == s].mean(0) for s in range(count)])
        return cls(memory, label, concept, superclass, superconcept, memory.mean(0))


def distances(states: Tensor, centres: Tensor) -> Tensor:
    """Euclidean distances [rows of states, centres], by differences (no cancellation)."""
    return torch.cdist(states, centres, compute_mode="donot_use_mm_for_euclid_dist")


def nearest_distance(states: Tensor, centres: Tensor, block: int = 256) -> Tensor:
    """The distance of each row of `states` to the nearest of many centres, in blocks of rows to save memory."""
    return torch.cat([distances(part, centres).min(1).values for part in states.split(block)])
