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
import textwrap
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

# A sweep has a leading dimension per swept key: the first combination of values is shown here. `.sel` chooses others.
swept = [str(d) for d in run["distance_concept"].dims if d not in ("level", "time")]
run = run.isel({d: 0 for d in swept})
# Words are numbered 0, 1, 2...; the coordinate `KEY_label` beside has them.
point = ", ".join(
    f"{run[d].attrs['long_name'].split(':')[0]} = {run.get(f'{d}_label', run[d]).item()}" for d in swept
)
if swept:
    print(f"a sweep: only its first point is shown, {point}")
    run = run.isel(level=run["count"].values > 0)  # levels that other points have
print(run)

# With replicas, the root holds means over models, and Student's interval between them; else it is one model.
models = int(run.attrs.get("models", 1))
if models > 1:
    bands = f"Bands: Student's 95 % interval over {models} models"
    source = f"{models} models, seeds {run.attrs['seed']} and following"
else:
    bands = "Bands: 95 % interval over items, for one model and data set"
    # With a sweep, there is a hash per model.
    model = "" if swept else f"model {run.attrs['model_sha256'][:12]}, "
    source = f"{model}seed {run.attrs['seed']}"
source += f"; {point}" if point else ""

# %% [markdown]
# Colours that people with any colour vision can tell apart (Okabe and Ito 2008, https://jfly.uni-koeln.de/color/),
# and markers for those who print in grey.

# %%
OKABE_ITO = ["#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"]
COLOURS = [c for c in OKABE_ITO if c != "#F0E442"]  # yellow lines are too faint on white
MARKERS = "osD^vP*X"
plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "lines.markersize": 4})


def interval(name, **place):
    """The ends of the band around a mean: over models where there are several, else over items."""
    return run[name + "_lower"].sel(place), run[name + "_upper"].sel(place)


def count_text(counts):
    """What means are over; -1 stands for none, at times that other points of a sweep have."""
    n = counts.values[counts.values >= 0]
    text = (f"n = {n.min()}" if n.min() == n.max() else f"n = {n.min()} to {n.max()}") + " members"
    return f"{models} models ({text} in all)" if models > 1 else text


def save(figure, name, caption):
    """Writes the figure with its caption below it."""
    figure.text(0.02, -0.02, textwrap.fill(caption, 108), ha="left", va="top", fontsize=8)
    path = run_file.with_name(f"{run_file.stem}-{name}.png")
    figure.savefig(path, dpi=200, bbox_inches="tight")
    print("wrote", path)


# %% [markdown]
# Distance to the own concept against time
#
# A mean, its standard error and the ends of its interval are variables; the mean names the others as `ancillary_variables`.

# %%
figure, axes = plt.subplots(figsize=(6.0, 3.8), layout="constrained")
for k, level in enumerate(run["level"].values):
    mean, (lower, upper) = run["distance_concept"].sel(level=level), interval("distance_concept", level=level)
    colour = COLOURS[k % len(COLOURS)]
    axes.fill_between(run["time"], lower, upper, color=colour, alpha=0.25, linewidth=0)
    axes.plot(run["time"], mean, color=colour, marker=MARKERS[k % len(MARKERS)], markevery=2, label=f"{level:g}")
axes.xaxis.get_major_locator().set_params(integer=True)
axes.set_xlabel(f"time t, {run['time'].attrs['long_name']}")
axes.set_ylabel("distance to the own concept, latent units (1)")
axes.set_ylim(bottom=0)
axes.legend(title="corruption level", frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))

save(
    figure,
    "distance",
    f"Euclidean distance between latent state and own concept: mean over "
    f"{count_text(run['distance_concept_count'])} per level and time. {bands} ({source}).",
)

# %% [markdown]
# Which level of the concept tree is nearest, for one corruption level

# %%
level = run["level"].values[len(run["level"]) // 2]
fraction = run["level_fraction"].sel(level=level)
lower, upper = interval("level_fraction", level=level)
names = run["tree_level"].attrs["flag_meanings"].split()
figure, axes = plt.subplots(figsize=(6.0, 3.8), layout="constrained")
for k, name in enumerate(names):
    f, low, high = fraction.isel(tree_level=k), lower.isel(tree_level=k), upper.isel(tree_level=k)
    axes.fill_between(
        run["time"], low.clip(0, 1), high.clip(0, 1), color=COLOURS[k], alpha=0.25, linewidth=0
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
    f"Members whose nearest centre on their own branch is the memory, class, superclass or root, at corruption "
    f"level {level:g}: fraction, mean over {count_text(run['count'].sel(level=level))}. {bands}, cut at 0 and 1; "
    f"a band of no width where all {'models' if models > 1 else 'members'} agree ({source}).",
)
