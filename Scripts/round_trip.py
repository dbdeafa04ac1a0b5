"""Checks a model file that the Swift program trained: the same test negative ELBO in PyTorch?

Run:
    python Scripts/round_trip.py MODEL.safetensors                       # Fashion-MNIST
    python Scripts/round_trip.py MODEL.safetensors --data FILE.nc        # variable test(item, data)
    python Scripts/round_trip.py MODEL.safetensors --run RUN.nc          # any data set; RUN.nc is made by
        simulate run SCENARIO -o RUN.nc --set initial.split=test --set initial.items=all \
          --set 'initial.levels=[0]' --set initial.realizations=1 \
          --set output.members=true --set output.initial-states=true

Works for both decoders and for a Gaussian one's scale (`likelihood_scale`), given or learned. Loads the model into PyTorch (double precision), averages the negative ELBO (beta = 1, nats per item) of
the test items over several draws of the noise, and compares it with `negative_elbo_test` of the file's
metadata, which is an average over the same items with one draw each. Because the items are the same, only the
noise makes a difference: with w the variance over draws within an item, averaged over n items, and K
draws here, the standard error of the difference is sqrt(w / n (1 + 1 / K)). Exits 1 when the two differ
by more than 4 standard errors, 0 when they agree or the file records nothing.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import torch
import xarray as xr

from vae_torch import VariationalAutoencoder, fashion_mnist, load_model

STANDARD_ERRORS = 4.0


def negative_elbo_draws(
    model: VariationalAutoencoder, x: np.ndarray, draws: int, seed: int
) -> np.ndarray:
    """The negative ELBO per item and draw, [items, draws], nats."""
    generator = torch.Generator().manual_seed(seed)
    blocks = []
    with torch.no_grad():
        for start in range(0, len(x), 1000):
            block = torch.from_numpy(x[start : start + 1000]).double()
            noise_shape = (len(block), model.latent)
            values = [
                model.negative_elbo(
                    block, torch.randn(noise_shape, generator=generator, dtype=torch.float64)
                )
                for _ in range(draws)
            ]
            blocks.append(torch.stack(values, 1))
    return torch.cat(blocks).numpy()


def uncorrupted_test_items(path: str) -> np.ndarray:
    """The initial states of a run that starts from each test item as it is, [items, data]."""
    with xr.open_dataset(path, group="members") as members:
        if "initial_state" not in members:
            raise SystemExit(f"{path}: no members/initial_state; run it with output.initial-states")
        if members["corruption_level"].values.any():
            raise SystemExit(f"{path}: corrupted items; run it with initial.levels=[0]")
        if len(np.unique(members["item"].values)) != members.sizes["member"]:
            raise SystemExit(f"{path}: items repeat; run it with initial.realizations=1")
        return members["initial_state"].values.astype(np.float64)


def items(options: argparse.Namespace) -> np.ndarray:
    """The test items, [items, data]."""
    if options.run is not None:
        return uncorrupted_test_items(options.run)
    if options.data is None:
        return fashion_mnist().test
    with xr.open_dataset(options.data) as file:
        names = [options.variable] if options.variable else ["test", "input"]
        for name in names:
            if name in file:
                values = file[name].values
                return values.reshape(len(values), -1)
    raise SystemExit(f"{options.data}: no variable {' or '.join(names)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--dataset", choices=["fashion-mnist"], default="fashion-mnist")
    source.add_argument("--data", metavar="FILE.nc", help="NetCDF file with the test items")
    source.add_argument("--run", metavar="RUN.nc", help="run file that has them as its members")
    parser.add_argument("--variable", help="its variable (default: test, else input)")
    parser.add_argument("--draws", type=int, default=8, help="noise draws per item, at least 2")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.draws < 2:
        parser.error("--draws: at least 2, for the variance within an item")
    torch.set_num_threads(options.threads)
    model, metadata = load_model(options.model)
    x = items(options)
    if x.shape[1] != model.dimension:
        raise SystemExit(f"items have {x.shape[1]} components, the model {model.dimension}")
    values = negative_elbo_draws(model, x, options.draws, options.seed)
    mean = values.mean()
    within = values.var(axis=1, ddof=1).mean() / len(x)
    between = values.mean(1).std(ddof=1) / np.sqrt(len(x))
    widths = "-".join(str(w) for w in [model.dimension, *model.hidden, model.latent])
    print(f"model {widths} {model.activation} {model.likelihood}; {len(x)} items")
    for key, value in sorted(metadata.items()):
        print(f"  {key}: {value if len(value) <= 100 else value[:97] + '...'}")
    print(
        f"PyTorch: test negative ELBO {mean:.4f} nats, {options.draws} draws per item;"
        f" standard error {np.sqrt(within / options.draws):.4f} (noise), {between:.4f} (items)"
    )
    if "negative_elbo_test" not in metadata:
        print("the file records no negative_elbo_test: nothing to compare")
        return
    recorded = float(metadata["negative_elbo_test"])
    error = np.sqrt(within * (1 + 1 / options.draws))
    ratio = (recorded - mean) / error
    print(
        f"recorded: {recorded:.4f} nats; difference {recorded - mean:+.4f}"
        f" = {ratio:+.2f} standard errors of {error:.4f}"
    )
    if not abs(ratio) <= STANDARD_ERRORS:  # written so that NaN disagrees, too
        print(f"DISAGREES by more than {STANDARD_ERRORS:g} standard errors", file=sys.stderr)
        sys.exit(1)
    print("agrees")


if __name__ == "__main__":
    main()
