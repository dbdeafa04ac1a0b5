"""Trains our variational autoencoder in PyTorch: the baseline for the Swift training.

Run:
    python Scripts/train_reference.py --seed 1 -o model.safetensors              # Fashion-MNIST
    python Scripts/train_reference.py --dataset hierarchical-patterns --latent 100 \
        --epochs 150 --batch 50 --seed 1

The training: Adam, PyTorch's default initialization (nn.Linear), one reparametrized sample per item; the loss is
summed over pixels and latent variables, and averaged over the batch; every epoch uses all items, shuffled anew.
Single precision.

Prints the negative ELBO of both splits after every epoch, or every --report-every epochs (train: mean of the losses
during the epoch; test: one sample per item), and at the end both with the final weights and beta = 1. With
hierarchical patterns it also prints a table of overlaps and distances for orientation.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch

from vae_torch import (
    ConceptTree,
    Dataset,
    VariationalAutoencoder,
    distances,
    fashion_mnist,
    hierarchical_patterns,
    nearest_distance,
    save_model,
    uniform_replacement,
)


def mean_negative_elbo(
    model: VariationalAutoencoder, x: torch.Tensor, generator: torch.Generator
) -> tuple[float, float]:
    """The negative ELBO (beta = 1, nats), one sample per item: its mean over items, and the mean's standard error."""
    with torch.no_grad():
        values = torch.cat(
            [
                model.negative_elbo(part, torch.randn(len(part), model.latent, generator=generator))
                for part in x.split(1000)
            ]
        ).double()
    return values.mean().item(), (values.std() / len(values) ** 0.5).item()


def train(
    model: VariationalAutoencoder, data: Dataset, options: argparse.Namespace
) -> dict[str, float]:
    """Trains the model in place. Returns the final negative ELBO (beta = 1, nats) of both splits."""
    # A stream of its own: the initialization draws from the default generator, which has the seed itself.
    generator = torch.Generator().manual_seed(1_000_003 * options.seed + 1)
    x_train, x_test = torch.from_numpy(data.train), torch.from_numpy(data.test)
    optimizer = torch.optim.Adam(model.parameters(), lr=options.learning_rate)
    start = time.perf_counter()
    for epoch in range(1, options.epochs + 1):
        total = 0.0
        for rows in torch.randperm(len(x_train), generator=generator).split(options.batch):
            x = x_train[rows]
            noise = torch.randn(len(x), model.latent, generator=generator)
            optimizer.zero_grad(set_to_none=True)
            loss = model.negative_elbo(x, noise, options.beta).mean()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        if epoch % options.report_every == 0 or epoch == options.epochs:
            test, _ = mean_negative_elbo(model, x_test, generator)
            print(
                f"epoch {epoch:3d}  train {total / len(x_train):9.3f}  test {test:9.3f}"
                f"  {time.perf_counter() - start:7.1f} s",
                flush=True,
            )
    train_value, _ = mean_negative_elbo(model, x_train, generator)
    test_value, test_error = mean_negative_elbo(model, x_test, generator)
    print(f"final train negative ELBO {train_value:.4f} nats (one sample per item, beta = 1)")
    print(
        f"final test negative ELBO {test_value:.4f} nats"
        f" (one sample per item, beta = 1; standard error over items {test_error:.4f})",
        flush=True,
    )
    return {"train": train_value, "test": test_value}


def orientation_table(
    model: VariationalAutoencoder, data: Dataset, levels: list[float], times: list[int], seed: int
) -> None:
    """Prints means over all training items, one realization each, in mean mode, for each level at the given times."""
    generator = np.random.default_rng([seed, 1])
    tree = ConceptTree.build(model, data)
    own_class = tree.label
    centres = [tree.memory, tree.concept[own_class]]
    if tree.superclass is not None and tree.superconcept is not None:
        centres.append(tree.superconcept[tree.superclass[own_class]])
    centres.append(tree.root.expand_as(tree.memory))
    print(f"means over {len(tree.memory)} training items at t = {times}")
    with torch.no_grad():
        for level in levels:
            x = torch.from_numpy(uniform_replacement(data.train, level, generator))
            z = model.encoder_mean(x)
            concept, nearest, abstraction, accuracy, series = [], [], [], [], []
            for t in range(max(times) + 1):
                branch = torch.stack([(z - c).norm(dim=1) for c in centres])
                series.append(branch[1].mean().item())
                if t in times:
                    concept.append(series[-1])
                    nearest.append(nearest_distance(z, tree.memory).mean().item())
                    abstraction.append(branch.argmin(0).double().mean().item())
                    right = distances(z, tree.concept).argmin(1) == own_class
                    accuracy.append(right.double().mean().item())
                z = model.latent_map(z)
            rows = {
                "distance to own concept": concept,
                "distance to nearest memory": nearest,
                "abstraction level": abstraction,
                "concept accuracy": accuracy,
            }
            for name, values in rows.items():
                print(f"p = {level:<4g} {name:28s}" + " ".join(f"{v:8.4f}" for v in values))
            print(f"p = {level:<4g} time of closest concept (averaged series) {np.argmin(series)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--dataset", choices=["fashion-mnist", "hierarchical-patterns"], default="fashion-mnist"
    )
    parser.add_argument("--hidden", type=int, nargs="*", default=[500, 500], help="encoder widths")
    parser.add_argument("--latent", type=int, default=20)
    parser.add_argument("--activation", default="tanh")
    parser.add_argument("--likelihood", default="bernoulli")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch", type=int, default=200)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--beta", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1, help="of training, and of the patterns")
    parser.add_argument("--report-every", type=int, default=1, help="epochs between reports")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--levels", type=float, nargs="*", default=[0, 0.4, 0.6, 0.8, 0.9])
    parser.add_argument("--times", type=int, nargs="*", default=[0, 1, 2, 5, 20])
    parser.add_argument("-o", "--output", help="model file to write (safetensors)")
    options = parser.parse_args()
    print("options " + " ".join(f"{k}={v}" for k, v in sorted(vars(options).items())), flush=True)

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    patterns = options.dataset == "hierarchical-patterns"
    data = hierarchical_patterns(options.seed) if patterns else fashion_mnist()
    model = VariationalAutoencoder(
        data.train.shape[1], options.hidden, options.latent, options.activation, options.likelihood
    )
    final = train(model, data, options)
    if options.output:
        metadata = {f"negative_elbo_{split}": repr(value) for split, value in final.items()}
        save_model(model, options.output, metadata | {"seed": str(options.seed)})
    if patterns:
        orientation_table(model, data, options.levels, options.times, options.seed)


if __name__ == "__main__":
    main()
