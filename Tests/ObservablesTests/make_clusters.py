#!/usr/bin/env python3
"""Makes Tests/Fixtures/clusters: three sets of points, and what scikit-learn's KMeans makes of them."""

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
goldens = []
for name, (points, count) in sets.items():
    np.save(name + ".npy", points)
    x = points.astype("f8")
    model = KMeans(count, n_init=10, random_state=0, tol=0, max_iter=1000).fit(x)
    goldens.append({
        "name": name, "count": count, "inertia": float(((x - model.cluster_centers_[model.labels_]) ** 2).sum()),
        "silhouette": float(silhouette_score(x, model.labels_)), "labels": model.labels_.tolist(),
    })
with open("goldens.json", "w") as file:
    json.dump(goldens, file)
