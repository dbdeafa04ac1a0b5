#!/usr/bin/env python3
"""Makes Tests/Fixtures/onnx/digits-*.onnx, a small convolutional autoencoder of the digits in scenarios/data, and
digits-attractors.json: where its orbits go, by Scripts/onnx_attractors.py (PyTorch in double precision).

    python -m venv /tmp/torch && /tmp/torch/bin/pip install torch onnx numpy
    /tmp/torch/bin/python Tests/ONNXTests/make_attractors.py
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "Tests" / "Fixtures" / "onnx"
LATENT, STARTS = 6, 100


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 3, 2, 1), nn.BatchNorm2d(6), nn.LeakyReLU(0.1), nn.Conv2d(6, 10, 3, 2, 1),
            nn.BatchNorm2d(10), nn.LeakyReLU(0.1), nn.Flatten())
        self.mean, self.log_variance = nn.Linear(40, LATENT), nn.Linear(40, LATENT)

    def forward(self, x):
        h = self.features(x)
        return self.mean(h), self.log_variance(h)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(LATENT, 40)
        self.upward = nn.Sequential(
            nn.LeakyReLU(0.1), nn.ConvTranspose2d(10, 6, 4, 2, 1), nn.BatchNorm2d(6), nn.LeakyReLU(0.1),
            nn.ConvTranspose2d(6, 1, 4, 2, 1))

    def logits(self, z):
        return self.upward(self.dense(z).view(-1, 10, 2, 2))

    def forward(self, z):
        return torch.sigmoid(self.logits(z))


def main():
    torch.manual_seed(20171204)
    torch.set_num_threads(1)
    digits = np.load(ROOT / "scenarios/data/digits.npz")["images"]
    x = torch.tensor(digits[:, None] / np.float32(16))
    encoder, decoder = Encoder(), Decoder()
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=3e-3)
    for epoch in range(60):
        for items in torch.randperm(len(x)).split(60):
            optimizer.zero_grad()
            mean, log_variance = encoder(x[items])
            z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
            entropy = functional.binary_cross_entropy_with_logits(decoder.logits(z), x[items], reduction="sum")
            divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum()
            loss = (entropy + 0.3 * divergence) / len(items)
            loss.backward()
            optimizer.step()
    print(f"last loss {float(loss):.2f}")
    encoder.eval(), decoder.eval()
    paths = [FOLDER / f"digits-{part}.onnx" for part in ["encoder", "decoder"]]
    torch.onnx.export(
        encoder, torch.zeros(1, 1, 8, 8), paths[0], input_names=["x"], output_names=["mean", "log_variance"],
        dynamic_axes={"x": {0: "batch"}}, dynamo=False, opset_version=17)
    torch.onnx.export(
        decoder, torch.zeros(1, LATENT), paths[1], input_names=["z"], output_names=["y"],
        dynamic_axes={"z": {0: "batch"}}, dynamo=False, opset_version=17)
    with tempfile.TemporaryDirectory() as folder:
        np.save(folder + "/pictures.npy", digits[:STARTS, None])
        subprocess.run(
            [sys.executable, ROOT / "Scripts/onnx_attractors.py", "find", *paths, folder + "/pictures.npy",
             FOLDER / "digits-attractors.json", "--largest", "16"], check=True)


if __name__ == "__main__":
    main()
