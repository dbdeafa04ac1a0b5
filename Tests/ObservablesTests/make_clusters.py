#!/usr/bin/env python3
"""Makes Tests/Fixtures/clusters: sets of points, and what scikit-learn's KMeans makes of them.

The inertia is that of its best of ten starts. Points of the set `uniform` have no clusters, and the best of ten differs by
1 % between seeds: there it is the median over 24 seeds.
"""

import json
import os

import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.metrics import silhouette_score

os.chdir(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Fixtures", "clusters"))
random = np.random.default_rng(11)
centres = random.normal(size=(5, 3)) * 8
sets = {
    "separate": (np.concatenate([c + random.normal(size=(40 + 10 * k, 3)) for k, c in enumerate(centres)]), 5),
    "digits": (load_digits().data[:500].astype("u1"), 10),
    "uniform": (random.random((400, 6)), 7),
}
overlapping = random.normal(size=(4, 6)) * 1.5
sets["overlapping"] = (np.concatenate([c + random.normal(size=(90, 6)) for c in overlapping]), 4)
goldens = []
for name, (points, count) in sets.items():
    np.save(name + ".npy", points)
    x = points.astype("f8")
    model = KMeans(count, n_init=10, random_state=0, tol=0, max_iter=1000).fit(x)
    inertia = float(((x - model.cluster_centers_[model.labels_]) ** 2).sum())
    if name == "uniform":
        seeds = [KMeans(count, n_init=10, random_state=seed, tol=0, max_iter=1000).fit(x) for seed in range(24)]
        inertia = float(np.median([model.inertia_ for model in seeds]))
    goldens.append({
        "name": name, "count": count, "inertia": inertia,
        "silhouette": float(silhouette_score(x, model.labels_)), "labels": model.labels_.tolist(),
    })
with open("goldens.json", "w") as file:
    json.dump(goldens, file)
