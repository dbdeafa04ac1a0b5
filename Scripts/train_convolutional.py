#!/usr/bin/env python3
"""Trains the convolutional variational autoencoder of scenarios/onnx-fashion.yaml with PyTorch, and exports it to ONNX.

    python -m venv /tmp/torch && /tmp/torch/bin/pip install torch onnx numpy
    /tmp/torch/bin/python Scripts/train_convolutional.py scenarios/models

writes fashion-encoder.onnx and fashion-decoder.onnx there, 260 kB in all. The data are Fashion-MNIST as Debian's
dataset-fashion-mnist puts it. Numbers of another processor or another version of PyTorch differ.
"""

import argparse
import gzip
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

DATA = Path("/usr/share/datasets/fashion-mnist")
LATENT = 10


def pictures(name):
    with gzip.open(DATA / name) as file:
        return torch.tensor(np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28).astype(np.float32) / 255)


class Encoder(nn.Module):
    """Two convolutions of stride 2 with batch normalization, and two heads."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 4, 2, 1), nn.BatchNorm2d(16), nn.LeakyReLU(0.1),
            nn.Conv2d(16, 32, 4, 2, 1), nn.BatchNorm2d(32), nn.LeakyReLU(0.1), nn.Flatten())
        self.mean = nn.Linear(32 * 7 * 7, LATENT)
        self.log_variance = nn.Linear(32 * 7 * 7, LATENT)

    def forward(self, x):
        h = self.features(x)
        return self.mean(h), self.log_variance(h)


class Decoder(nn.Module):
    """A dense layer and two transposed convolutions; the output are means."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(LATENT, 32 * 7 * 7)
        self.upward = nn.Sequential(
            nn.LeakyReLU(0.1), nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.BatchNorm2d(16), nn.LeakyReLU(0.1),
            nn.ConvTranspose2d(16, 1, 4, 2, 1))

    def logits(self, z):
        return self.upward(self.dense(z).view(-1, 32, 7, 7))

    def forward(self, z):
        return torch.sigmoid(self.logits(z))


def negative_elbo(encoder, decoder, x):
    """In nats, the mean over items, with one sample of each."""
    mean, log_variance = encoder(x)
    z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
    entropy = functional.binary_cross_entropy_with_logits(decoder.logits(z), x, reduction="sum")
    divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum()
    return (entropy + divergence) / len(x)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(20171204)
    torch.set_num_threads(options.threads)
    train, test = pictures("train-images-idx3-ubyte.gz"), pictures("t10k-images-idx3-ubyte.gz")
    encoder, decoder = Encoder(), Decoder()
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=2e-3)
    for epoch in range(options.epochs):
        encoder.train(), decoder.train()
        if epoch == options.epochs - 2:
            optimizer.param_groups[0]["lr"] = 4e-4
        for items in torch.randperm(len(train)).split(100):
            optimizer.zero_grad()
            negative_elbo(encoder, decoder, train[items]).backward()
            optimizer.step()
        encoder.eval(), decoder.eval()
        with torch.no_grad():
            bound = sum(float(negative_elbo(encoder, decoder, part)) * len(part) for part in test.split(1000)) / len(test)
        print(f"epoch {epoch + 1}: test negative ELBO {bound:.2f} nats", flush=True)
    options.folder.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        encoder, torch.zeros(1, 1, 28, 28), options.folder / "fashion-encoder.onnx", input_names=["x"],
        output_names=["mean", "log_variance"], dynamic_axes={"x": {0: "batch"}}, dynamo=False, opset_version=17)
    torch.onnx.export(
        decoder, torch.zeros(1, LATENT), options.folder / "fashion-decoder.onnx", input_names=["z"], output_names=["x"],
        dynamic_axes={"z": {0: "batch"}}, dynamo=False, opset_version=17)


if __name__ == "__main__":
    main()
