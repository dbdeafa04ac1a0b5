"""Makes the Swift tests' golden fixtures: tiny random networks, and PyTorch's numbers for them.

Run:
    python Scripts/make_fixtures.py                                # writes Tests/Fixtures
    python Scripts/make_fixtures.py --fashion-small DIRECTORY      # and copies that reference

For each network, it writes NAME.safetensors (float32) and NAME.nc (double precision from the float32 weights) with

    input(member, data)            x(0); exactly representable in single precision, some pixels 0 or 1
    latent_state(member, time, latent), output(member, data)     z(0..5) and x(6), mean mode
    encoder_log_variance, reconstruction_negative_log_likelihood, kullback_leibler       at t = 0
    step_length, data_overlap, reconstruction_error, energy, ...(member, time)           as in reference.py
    eps(member, latent), negative_elbo(member)   -ln p(x|z) + beta KL, z = m(x) + s(x) eps, beta = 0.7
    gradient_TENSOR                              of the mean of negative_elbo over members, by autograd

where TENSOR is the tensor's name with dots replaced by underscores. All of it is deterministic: the
same PyTorch version writes the same numbers.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import xarray as xr

from reference import Variables, posterior_mean_terms, trajectories
from vae_torch import VariationalAutoencoder, load_model, save_model

DIMENSION, LATENT, MEMBERS, STEPS, BETA = 36, 4, 7, 5, 0.7
FIXTURES = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures"


@dataclass(frozen=True)
class Fixture:
    """A network; `gain` multiplies PyTorch's initial weights, so that trajectories neither die out nor diverge."""

    name: str
    hidden: tuple[int, ...]
    activation: str
    likelihood: str
    seed: int
    gain: float


FIXTURES_MADE = (
    Fixture("tiny-tanh", (16, 8), "tanh", "bernoulli", 101, 3.0),
    Fixture("tiny-relu", (16, 8), "relu", "bernoulli", 102, 3.0),
    Fixture("tiny-gelu", (16, 8), "gelu", "bernoulli", 103, 3.0),
    Fixture("tiny-softplus", (16, 8), "softplus", "bernoulli", 104, 3.0),
    Fixture("tiny-gaussian", (16, 8), "tanh", "gaussian", 105, 2.0),
    Fixture("tiny-linear", (), "tanh", "gaussian", 106, 1.5),
)


def make(fixture: Fixture, directory: Path) -> xr.Dataset:
    """Writes both files of a fixture; returns what the NetCDF file holds."""
    torch.manual_seed(fixture.seed)
    drawn = VariationalAutoencoder(
        DIMENSION, list(fixture.hidden), LATENT, fixture.activation, fixture.likelihood
    )
    with torch.no_grad():
        for name, parameter in drawn.named_parameters():
            # The log variance keeps its scale, because its exponential would make the gradients huge.
            if name.endswith("weight") and "log_variance" not in name:
                parameter *= fixture.gain
    path = directory / f"{fixture.name}.safetensors"
    save_model(drawn, path)
    model, _ = load_model(path)

    x32 = torch.rand(MEMBERS, DIMENSION)
    x32[x32 < 0.15] = 0
    x32[x32 > 0.85] = 1
    x, eps = x32.double(), torch.randn(MEMBERS, LATENT).double()
    states, output, series = trajectories(model, x, x, STEPS)
    variables: Variables = {
        "input": (("member", "data"), x.numpy(), {"long_name": "x(0)"}),
        "latent_state": (("member", "time", "latent"), states.numpy(), {"long_name": "z(t)"}),
        "output": (("member", "data"), output.numpy(), {"long_name": "x(T+1)"}),
    }
    variables |= posterior_mean_terms(model, x)
    variables |= {name: (("member", "time"), v.numpy(), {}) for name, v in series.items()}
    model.requires_grad_(True)
    loss = model.negative_elbo(x, eps, BETA)
    loss.mean().backward()
    variables["eps"] = (("member", "latent"), eps.numpy(), {"long_name": "standard normal noise"})
    variables["negative_elbo"] = (
        ("member",),
        loss.detach().numpy(),
        {"long_name": "one sample with the noise eps, nats"},
    )
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None
        flat = name.replace(".", "_")
        dimensions = tuple(f"{flat}_{axis}" for axis in ("out", "in")[: parameter.dim()])
        variables[f"gradient_{flat}"] = (dimensions, parameter.grad.numpy(), {})
    attributes = {
        "source": f"Scripts/make_fixtures.py, PyTorch {torch.__version__} float64",
        "beta": BETA,
        "activation": fixture.activation,
        "likelihood": fixture.likelihood,
        "hidden": np.array(fixture.hidden, np.int32),
    }
    if not fixture.hidden:
        del attributes["hidden"]  # NetCDF has no empty arrays of integers
    dataset = xr.Dataset(variables, attrs=attributes)
    plain = {name: {"_FillValue": None} for name in dataset.variables}
    dataset.to_netcdf(directory / f"{fixture.name}.nc", encoding=plain)
    return dataset


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--directory", type=Path, default=FIXTURES)
    parser.add_argument("--fashion-small", type=Path, help="directory to copy as fashion-small")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.directory.mkdir(parents=True, exist_ok=True)
    for fixture in FIXTURES_MADE:
        dataset = make(fixture, options.directory)
        steps = dataset["step_length"].mean("member").values
        print(
            f"{fixture.name:14s} negative ELBO {float(dataset['negative_elbo'].mean()):9.4f}"
            f"  |z(0)| {float((dataset['latent_state'][:, 0] ** 2).sum('latent').mean() ** 0.5):6.3f}"
            "  step lengths " + " ".join(f"{value:7.4f}" for value in steps[1:])
        )
    if options.fashion_small:
        target = options.directory / "fashion-small"
        target.mkdir(exist_ok=True)
        for file in ("model.safetensors", "expected.nc"):
            shutil.copyfile(options.fashion_small / file, target / file)
    size = sum(f.stat().st_size for f in options.directory.glob("tiny-*"))
    print(f"{size} bytes in tiny-*")


if __name__ == "__main__":
    main()
