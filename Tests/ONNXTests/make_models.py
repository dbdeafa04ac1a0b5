#!/usr/bin/env python3
"""Makes the models of Tests/Fixtures/onnx, untrained networks of a few kB, and what others compute with them.

    python -m venv /tmp/torch && /tmp/torch/bin/pip install torch onnx onnxscript numpy
    /tmp/torch/bin/python Tests/ONNXTests/make_models.py

Each model is exported by both of PyTorch's exporters. `models.json` holds, for each pair of files, x(0), the orbit
z(0)...z(10) by onnx's reference evaluator on the files cast to double, and the Jacobian dF/dz at z(3) of the first
member by PyTorch's automatic differentiation in double, from the module's own weights.
"""

import base64
import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn

from make_onnx import FOLDER, evaluator, numbers

STEPS, MEMBERS = 10, 4


class Heads(nn.Module):
    """An encoder's two outputs."""

    def __init__(self, features, width, latent):
        super().__init__()
        self.features, self.mean, self.log_variance = features, nn.Linear(width, latent), nn.Linear(width, latent)

    def forward(self, x):
        h = self.features(x)
        return self.mean(h), self.log_variance(h)


class Residual(nn.Module):
    """A residual block with group normalization and SiLU."""

    def __init__(self, channels):
        super().__init__()
        self.body = nn.Sequential(
            nn.GroupNorm(2, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1),
            nn.GroupNorm(4, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1))

    def forward(self, x):
        return x + self.body(x)


def reshape(*shape):
    return nn.Unflatten(1, shape)


def convolutional():
    """Strides of 2, batch normalization and LeakyReLU, mirrored by transposed convolutions; 1 channel, 8 x 8."""
    encoder = Heads(
        nn.Sequential(
            nn.Conv2d(1, 6, 3, 2, 1), nn.BatchNorm2d(6), nn.LeakyReLU(), nn.Conv2d(6, 8, 3, 2, 1), nn.BatchNorm2d(8),
            nn.LeakyReLU(), nn.Flatten()), 32, 3)
    decoder = nn.Sequential(
        nn.Linear(3, 32), reshape(8, 2, 2), nn.ConvTranspose2d(8, 6, 3, 2, 1, 1), nn.BatchNorm2d(6), nn.LeakyReLU(),
        nn.ConvTranspose2d(6, 4, 3, 2, 1, 1), nn.BatchNorm2d(4), nn.LeakyReLU(), nn.Conv2d(4, 1, 3, padding=1),
        nn.Sigmoid())
    return encoder, decoder, [1, 8, 8], 3


def residual():
    """Residual blocks with group normalization, SiLU and nearest upsampling; 3 channels, 8 x 8."""
    encoder = Heads(
        nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), Residual(8), nn.AvgPool2d(2), nn.Flatten()), 32, 4)
    decoder = nn.Sequential(
        nn.Linear(4, 32), reshape(8, 2, 2), Residual(8), nn.Upsample(scale_factor=2, mode="nearest"),
        nn.Conv2d(8, 8, 3, padding=1), nn.SiLU(), nn.Upsample(scale_factor=2, mode="nearest"),
        nn.Conv2d(8, 3, 3, padding=1), nn.Sigmoid())
    return encoder, decoder, [3, 8, 8], 4


def dense():
    """Different widths, batch normalization, ELU, Softplus and GELU; 16 components."""
    encoder = Heads(
        nn.Sequential(
            nn.Linear(16, 12), nn.BatchNorm1d(12), nn.ELU(), nn.Linear(12, 9), nn.Softplus(), nn.LayerNorm(9)), 9, 2)
    decoder = nn.Sequential(
        nn.Linear(2, 7), nn.GELU(), nn.Linear(7, 20), nn.BatchNorm1d(20), nn.ELU(0.5), nn.Linear(20, 16), nn.Sigmoid())
    return encoder, decoder, [16], 2


def settle(module, generator):
    """Weights and moments that are not those of a fresh module, and a map that contracts little."""
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if tensor.is_floating_point():
                noise = torch.randn(tensor.shape, generator=generator)
                if name.endswith("running_var"):
                    tensor.copy_(1 + 0.3 * noise.abs())
                elif tensor.dim() > 1:
                    tensor.copy_(1.4 * noise / np.sqrt(tensor[0].numel()))
                else:
                    tensor.add_(0.2 * noise)
    return module.eval()


def export(module, example, path, names, is_new):
    batch = {names[0][0]: {0: "batch"}}
    if is_new:
        program = torch.onnx.export(
            module, (torch.cat([example, example]),), input_names=names[0], output_names=names[1], dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("batch")},), verbose=False)
        program.save(path, external_data=False)
    else:
        torch.onnx.export(
            module, (example,), path, input_names=names[0], output_names=names[1], dynamic_axes=batch, dynamo=False,
            opset_version=17)
    model = onnx.load(path)
    # Names of scopes and traces of the stack take most of the file.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in list(model.graph.input) + list(model.graph.output) + list(model.graph.initializer):
        del value.metadata_props[:]
    del model.graph.value_info[:]
    onnx.save(model, path)


def text(array):
    return base64.b64encode(np.ascontiguousarray(array, "<f8").tobytes()).decode()


def main():
    entries = []
    for k, make in enumerate([convolutional, residual, dense]):
        generator = torch.Generator().manual_seed(k)
        torch.manual_seed(k)
        encoder, decoder, shape, latent = make()
        encoder, decoder = settle(encoder, generator), settle(decoder, generator)
        x0 = (numbers([MEMBERS] + shape) + 2) / 4
        for exporter in ["legacy", "dynamo"]:
            paths = [FOLDER / f"{make.__name__}-{exporter}-{part}.onnx" for part in ["encoder", "decoder"]]
            export(encoder, torch.zeros(1, *shape), paths[0], (["x"], ["mean", "log_variance"]), exporter == "dynamo")
            export(decoder, torch.zeros(1, latent), paths[1], (["z"], ["y"]), exporter == "dynamo")
            runs = [evaluator(onnx.load(path)) for path in paths]
            x, orbit = x0, []
            for _ in range(STEPS + 1):
                z, log_variance = runs[0].run(None, {"x": x})
                orbit.append(z)
                x = runs[1].run(None, {"z": z})[0]
            first = runs[0].run(None, {"x": x0})[1]
            with torch.no_grad():
                encoder.double(), decoder.double()
                torch_z = encoder(torch.tensor(x0))[0].numpy()
            at = torch.tensor(orbit[3][0])
            jacobian = torch.autograd.functional.jacobian(
                lambda z: encoder(decoder(z[None]))[0][0], at).numpy()
            encoder.float(), decoder.float()
            print(make.__name__, exporter, [p.stat().st_size for p in paths], "evaluator against PyTorch at t = 0:",
                  np.abs(torch_z - orbit[0]).max(), "eigenvalues", np.abs(np.linalg.eigvals(jacobian)).round(3))
            entries.append({
                "name": f"{make.__name__}-{exporter}", "shape": shape, "latent": latent, "x": text(x0),
                "orbit": text(np.stack(orbit)), "logVariance": text(first), "jacobian": text(jacobian),
            })
    (FOLDER / "models.json").write_text("[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]\n")


if __name__ == "__main__":
    main()
