#!/usr/bin/env python3
"""Finds attractors of a model in ONNX files with PyTorch in double precision, and compares a run file with them.

    python -m venv /tmp/torch && /tmp/torch/bin/pip install torch onnx numpy netCDF4
    /tmp/torch/bin/python Scripts/onnx_attractors.py find encoder.onnx decoder.onnx pictures.npy attractors.json
    simulate run scenario.yaml -o run.nc     # model.kind: onnx, dataset.kind: array with pictures.npy, attractors: {}
    /tmp/torch/bin/python Scripts/onnx_attractors.py compare attractors.json run.nc

`pictures` makes such an array of IDX files: `pictures t10k-images-idx3-ubyte.gz 500 32 pad pictures.npy` pads digits to
32 x 32, and `resize` interpolates. It restates the definitions independently of the Swift sources: the graph's operators
are PyTorch's, orbits are iterated plainly from each picture's code, and Newton's method (I - J)^-1 (F - z) begins where
an orbit moves by less than 1e-3, or where it comes back to less than that after p <= 8 steps. An orbit belongs to a set
when it is within 1e-3 of it, and 50 p steps later nearer by as much as the set's spectral radius says, within a factor
of 4, or within 1e-9. Orbits without such a set after all steps have the label -1.

With glibc, MALLOC_MMAP_THRESHOLD_=8000000000 MALLOC_TRIM_THRESHOLD_=8000000000 in the environment makes `find` half as
fast again: PyTorch's intermediate tensors then keep their memory.
"""

import argparse
import gzip
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch.nn import functional

PERIODS, NEAR, SAME = 8, 1e-3, 1e-6


class Graph:
    """A graph of the operators that convolutional autoencoders have, in double precision."""

    def __init__(self, path, outputs=None):
        graph = onnx.load(path).graph
        self.tensors = {t.name: self.tensor(t) for t in graph.initializer}
        self.nodes = graph.node
        self.input = next(i.name for i in graph.input if i.name not in self.tensors)
        self.output = (outputs or [o.name for o in graph.output])[0]

    @staticmethod
    def tensor(tensor):
        array = torch.tensor(numpy_helper.to_array(tensor))
        return array.double() if array.is_floating_point() else array

    def __call__(self, x):
        values = {**self.tensors, self.input: x}
        for node in self.nodes:
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            results = getattr(self, node.op_type)(attributes, *(values[n] if n else None for n in node.input))
            values.update(zip(node.output, results if isinstance(results, (tuple, list)) else [results]))
        return values[self.output]

    def Constant(self, a):
        return self.tensor(a["value"])

    def Conv(self, a, x, w, b=None):
        self.symmetric(a)
        return functional.conv2d(x, w, b, a["strides"], a["pads"][:2], a.get("dilations", 1), a.get("group", 1))

    def ConvTranspose(self, a, x, w, b=None):
        self.symmetric(a)
        return functional.conv_transpose2d(
            x, w, b, a["strides"], a["pads"][:2], a.get("output_padding", 0), a.get("group", 1), a.get("dilations", 1))

    @staticmethod
    def symmetric(a):
        assert a["pads"][:2] == a["pads"][2:] and a.get("auto_pad", b"NOTSET") == b"NOTSET"

    def BatchNormalization(self, a, x, scale, shift, mean, variance):
        return functional.batch_norm(x, mean, variance, scale, shift, eps=a.get("epsilon", 1e-5))

    def Gemm(self, a, x, w, b=None):
        y = a.get("alpha", 1) * x @ (w.T if a.get("transB") else w)
        return y if b is None else y + a.get("beta", 1) * b

    def Relu(self, a, x):
        return functional.relu(x)

    def LeakyRelu(self, a, x):
        return functional.leaky_relu(x, a.get("alpha", 0.01))

    def Sigmoid(self, a, x):
        return torch.sigmoid(x)

    def Flatten(self, a, x):
        return x.reshape(x.shape[0], -1)

    def Reshape(self, a, x, shape):
        sizes = [x.shape[k] if n == 0 else n for k, n in enumerate(shape.tolist())]
        return x.reshape([x.shape[0]] + sizes[1:])

    def Split(self, a, x, sizes=None):
        count = x.shape[a.get("axis", 0)]
        return x.split(sizes.tolist() if sizes is not None else count // 2, a.get("axis", 0))

    def Slice(self, a, x, starts, ends, axes, steps=None):
        index = [slice(None)] * x.dim()
        for k, axis in enumerate(axes.tolist()):
            index[axis] = slice(starts[k].item(), ends[k].item(), 1 if steps is None else steps[k].item())
        return x[tuple(index)]

    def Squeeze(self, a, x, axes):
        return x.squeeze(axes.item())


class Map:
    """F = m . g, its iterates, and their Jacobians."""

    def __init__(self, encoder, decoder):
        self.encoder, self.decoder = Graph(encoder), Graph(decoder)

    def __call__(self, z):
        return self.encoder(self.decoder(z))

    def power(self, z, period):
        for _ in range(period):
            z = self(z)
        return z

    def advance(self, z, steps):
        """The same of many members, `[members, N]`, in parts that stay in the cache."""
        return torch.cat([self.power(part, steps) for part in z.split(100)])

    def jacobian(self, z, period):
        return torch.func.jacfwd(lambda v: self.power(v[None], period)[0])(z)

    def newton(self, z, period):
        """The fixed point of F^p near z; None where Newton's method does not end near it."""
        begin = z
        for _ in range(30):
            change = torch.linalg.solve(
                torch.eye(len(z), dtype=z.dtype) - self.jacobian(z, period), self.power(z[None], period)[0] - z)
            z = z + change
            if (z - begin).norm() > 100 * NEAR or not bool(change.isfinite().all()):
                return None
            if change.norm() < 1e-13 * (1 + z.norm()):
                return z
        return z if change.norm() < 1e-10 else None


class Search:
    def __init__(self, model):
        self.model, self.sets = model, []

    def index(self, points):
        for k, known in enumerate(self.sets):
            if known["period"] == len(points) and min((p - points[0]).norm() for p in known["points"]) < SAME:
                return k
        period = len(points)
        eigenvalues = torch.linalg.eigvals(self.model.jacobian(points[0], period)).numpy()
        eigenvalues = eigenvalues[np.lexsort((-eigenvalues.imag, -eigenvalues.real, -abs(eigenvalues).round(12)))]
        self.sets.append({"period": period, "points": points, "eigenvalues": eigenvalues})
        print(f"set {len(self.sets) - 1}: period {period}, spectral radius {abs(eigenvalues[0]):.6f}", flush=True)
        return len(self.sets) - 1

    def candidate(self, states):
        """The set that an orbit, `[PERIODS + 1, N]`, may be near to; None where it is near to none yet."""
        z = states[0]
        for k, known in enumerate(self.sets):
            if abs(known["eigenvalues"][0]) < 1 and min((p - z).norm() for p in known["points"]) < NEAR:
                return k
        for period in range(1, PERIODS + 1):
            if (states[period] - z).norm() < NEAR:
                point = self.model.newton(z, period)
                if point is None or (point - z).norm() > 10 * NEAR:
                    return None
                points = [point]
                for _ in range(period - 1):
                    points.append(self.model(points[-1][None])[0])
                k = self.index(points)
                return k if abs(self.sets[k]["eigenvalues"][0]) < 1 else None
        return None

    def distance(self, z, k):
        return min(float((p - z).norm()) for p in self.sets[k]["points"])

    def arrivals(self, z, candidates):
        """The candidates of those orbits that get nearer as fast as the spectral radius says; None for others."""
        result = [None] * len(z)
        for period in range(1, PERIODS + 1):
            rows = [r for r, k in enumerate(candidates) if k is not None and self.sets[k]["period"] == period]
            ends = self.model.advance(z[rows], 50 * period) if rows else []
            for row, end in zip(rows, ends):
                k = candidates[row]
                before, after = self.distance(z[row], k), self.distance(end, k)
                slow = 4 * before * abs(self.sets[k]["eigenvalues"][0]) ** 50
                if before < NEAR and (after < 1e-9 or after < slow):
                    result[row] = k
        return result


def find(options):
    torch.set_num_threads(options.threads)
    pictures = np.load(options.pictures)
    x = torch.tensor((pictures.astype(np.float64) / options.largest).astype(np.float32)).double()
    model = Map(options.encoder, options.decoder)
    search = Search(model)
    labels = np.full(len(x), -1)
    with torch.no_grad():
        z = torch.cat([model.encoder(part) for part in x.split(100)])
        going = np.arange(len(x))
        for t in range(options.every, options.steps + 1, options.every):
            # The last checks went PERIODS steps ahead of z.
            z = model.advance(z, options.every if t == options.every else options.every - PERIODS)
            states = [z]
            for _ in range(PERIODS):
                states.append(model.advance(states[-1], 1))
            candidates = [search.candidate(orbit) for orbit in torch.stack(states, dim=1)]
            found = search.arrivals(z, candidates)
            labels[going] = [-1 if k is None else k for k in found]
            stays = [row for row, k in enumerate(found) if k is None]
            z = states[PERIODS]
            z, going = z[stays], going[stays]
            print(f"t = {t}: {len(going)} orbits go on", flush=True)
            if len(going) == 0:
                break
    counts = [int((labels == k).sum()) for k in range(len(search.sets))]
    order = [k for k in sorted(range(len(counts)), key=lambda k: -counts[k]) if counts[k]]
    place = {k: i for i, k in enumerate(order)} | {-1: -1}
    sets = [
        {
            "period": search.sets[k]["period"], "starts": counts[k],
            "points": [p.tolist() for p in search.sets[k]["points"]],
            "eigenvalues": [[v.real, v.imag] for v in search.sets[k]["eigenvalues"]],
        } for k in order]
    lines = ",\n".join(json.dumps(entry) for entry in sets)
    Path(options.output).write_text(
        f'{{"steps": {options.steps}, "labels": {[place[int(k)] for k in labels]},\n"attractors": [\n{lines}\n]}}\n')


def compare(options):
    """Fails where the run file tells other sets, other labels or other eigenvalues."""
    import netCDF4

    golden = json.loads(Path(options.golden).read_text())
    file = netCDF4.Dataset(options.run)["attractors"]
    position = np.ma.filled(file["position"][:], np.nan)
    eigenvalues = np.ma.filled(file["eigenvalue_real"][:], np.nan) + 1j * np.ma.filled(file["eigenvalue_imaginary"][:], np.nan)
    labels = np.asarray(file["initial_attractor"][0])
    worst = {"position": 0.0, "eigenvalue": 0.0}
    places = {}
    for k, known in enumerate(golden["attractors"]):
        points = np.array(known["points"])
        distances = np.array([np.linalg.norm(points - p, axis=1).min() for p in position])
        distances[file["period"][:] != known["period"]] = np.inf
        place = int(distances.argmin())
        places[k] = place
        worst["position"] = max(worst["position"], distances[place])
        ours = eigenvalues[place]
        for value in known["eigenvalues"]:
            difference = abs(ours - complex(*value)).min()
            worst["eigenvalue"] = max(worst["eigenvalue"], difference)
    both = differ = only_ours = only_theirs = 0
    for ours, theirs in zip(labels, golden["labels"]):
        if theirs >= 0 and ours >= 0:
            both += 1
            differ += ours != places[theirs]
        only_ours += ours >= 0 > theirs
        only_theirs += theirs >= 0 > ours
    reached = {int(k) for k in labels if k >= 0}
    print(
        f"{len(golden['attractors'])} sets here, {len(reached)} reached there; largest differences: position"
        f" {worst['position']:.1e}, eigenvalue {worst['eigenvalue']:.1e}; {both} starts with both labels, {differ} differ;"
        f" {only_ours} decided there alone, {only_theirs} here alone, {len(labels) - both - only_ours - only_theirs} nowhere")
    assert worst["position"] < 1e-9 and worst["eigenvalue"] < 1e-8 and differ == 0, "they differ"


def pictures(options):
    with gzip.open(options.idx) as file:
        data = file.read()
    size = np.frombuffer(data, ">u4", 4)
    digits = np.frombuffer(data, np.uint8, offset=16).reshape(size[1], size[2], size[3])[: options.count]
    if options.fit == "pad":
        margin = (options.side - size[2]) // 2
        digits = np.pad(digits, ((0, 0), (margin, margin), (margin, margin)))
    else:
        x = torch.tensor(digits.astype(np.float64))[:, None]
        side = (options.side, options.side)
        digits = functional.interpolate(x, side, mode="bilinear")[:, 0].round().numpy().astype(np.uint8)
    np.save(options.output, digits[:, None])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("find")
    for name in ["encoder", "decoder", "pictures", "output"]:
        command.add_argument(name)
    command.add_argument("--steps", type=int, default=4000)
    command.add_argument("--every", type=int, default=100)
    command.add_argument("--threads", type=int, default=1)
    command.add_argument("--largest", type=int, default=255, help="the number that becomes 1")
    command.set_defaults(action=find)
    command = commands.add_parser("compare")
    command.add_argument("golden")
    command.add_argument("run")
    command.set_defaults(action=compare)
    command = commands.add_parser("pictures")
    command.add_argument("idx")
    command.add_argument("count", type=int)
    command.add_argument("side", type=int)
    command.add_argument("fit", choices=["pad", "resize"])
    command.add_argument("output")
    command.set_defaults(action=pictures)
    options = parser.parse_args()
    options.action(options)


if __name__ == "__main__":
    main()
