# %% [markdown]
# # Two figures from a run file
#
#     make demo
#     python examples/read_run.py runs/concept-then-memory.nc
#
# Needs xarray, netCDF4 (or h5netcdf) and matplotlib. The cells (`# %%`) run one by one in VS Code, Spyder
# or, through jupytext, in Jupyter. PNG files are put beside the run file.

# %%
import sys
from pathlib import Path

import matplotlib

if not hasattr(sys, "ps1") and "ipykernel" not in sys.modules:
    matplotlib.use("Agg")  # no window where a script just writes files
import matplotlib.pyplot as plt
import xarray as xr

is_notebook = "ipykernel" in sys.modules
run_file = Path("runs/concept-then-memory.nc" if is_notebook or len(sys.argv) < 2 else sys.argv[1])
run = xr.open_dataset(run_file)
print(run.attrs["title"])
print(run)

# %% [markdown]
# Colours that people with any colour vision can tell apart (Okabe and Ito 2008, https://jfly.uni-koeln.de/color/),
# and markers for those who print in grey.

# %%
OKABE_ITO = ["#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"]
COLOURS = [c for c in OKABE_ITO if c != "#F0E442"]  # yellow lines are too faint on white
MARKERS = "osD^vP*X"
plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "lines.markersize": 4})


def save(figure, name, caption):
    """Writes the figure with its caption below it."""
    figure.text(0.02, -0.02, caption, ha="left", va="top", fontsize=8, wrap=True)
    path = run_file.with_name(f"{run_file.stem}-{name}.png")
    figure.savefig(path, dpi=200, bbox_inches="tight")
    print("wrote", path)


# %% [markdown]
# Distance to the own concept against time
#
# A mean and its standard error are two variables; the mean names the other as `ancillary_variables`.

# %%
mean, error = run["distance_concept"], run["distance_concept_standard_error"]
figure, axes = plt.subplots(figsize=(6.0, 3.8), layout="constrained")
for k, level in enumerate(run["level"].values):
    m, e = mean.sel(level=level), error.sel(level=level)
    colour = COLOURS[k % len(COLOURS)]
    axes.fill_between(run["time"], m - 1.96 * e, m + 1.96 * e, color=colour, alpha=0.25, linewidth=0)
    axes.plot(run["time"], m, color=colour, marker=MARKERS[k % len(MARKERS)], markevery=2, label=f"{level:g}")
axes.xaxis.get_major_locator().set_params(integer=True)
axes.set_xlabel(f"time t, {run['time'].attrs['long_name']}")
axes.set_ylabel("distance to the own concept, latent units (1)")
axes.set_ylim(bottom=0)
axes.legend(title="corruption level", frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))

n = run["distance_concept_count"].values
members = f"n = {n.min()}" if n.min() == n.max() else f"n = {n.min()} to {n.max()}"
save(
    figure,
    "distance",
    f"Euclidean distance between latent state and own concept: mean over {members} members per level.\n"
    "Bands: 95 % confidence, 1.96 standard errors over items, for this one model and data set\n"
    f"(model {run.attrs['model_sha256'][:12]}, seed {run.attrs['seed']}).",
)

# %% [markdown]
# Which level of the concept tree is nearest, for one corruption level

# %%
level = run["level"].values[len(run["level"]) // 2]
fraction = run["level_fraction"].sel(level=level)
error = run["level_fraction_standard_error"].sel(level=level)
names = run["tree_level"].attrs["flag_meanings"].split()
figure, axes = plt.subplots(figsize=(6.0, 3.8), layout="constrained")
for k, name in enumerate(names):
    f, e = fraction.isel(tree_level=k), error.isel(tree_level=k)
    axes.fill_between(
        run["time"], (f - 1.96 * e).clip(0, 1), (f + 1.96 * e).clip(0, 1), color=COLOURS[k], alpha=0.25, linewidth=0
    )
    axes.plot(run["time"], f, color=COLOURS[k], marker=MARKERS[k], markevery=2, label=name)
axes.xaxis.get_major_locator().set_params(integer=True)
axes.set_xlabel(f"time t, {run['time'].attrs['long_name']}")
axes.set_ylabel("fraction of members (1)")
axes.set_ylim(-0.02, 1.02)
axes.legend(title="nearest level", frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
save(
    figure,
    "levels",
    f"Members whose nearest centre on their own branch is the memory, class, superclass or root, at corruption\n"
    f"level {level:g}: fraction of n = {int(run['count'].sel(level=level))} members. Bands: 95 % confidence, 1.96 "
    "standard errors over items,\nfor this one model and data set; a band of no width where all members agree.",
)
