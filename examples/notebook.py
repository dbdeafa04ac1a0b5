# %% [markdown]
# # From a run file to three figures of a paper
#
#     simulate run my.yaml -o run.nc            (with `output: {members: true}` for all of the third figure)
#     python3 examples/notebook.py run.nc --output figures
#
# Needs xarray, netCDF4 and matplotlib. The cells (`# %%`) run one by one in VS Code, Spyder or, through jupytext, in
# Jupyter; there, set `run_file` in the next cell. As a script it writes a PDF and a PNG of each figure.
#
# 1. the mean distance to the own concept against time, with its interval;
# 2. the approach to the own concept against the noise level, beside both controls;
# 3. how the members are spread around the mean: quantiles, which are something else than the interval of the mean.

# %%
import argparse
import sys
from pathlib import Path

import matplotlib

in_notebook = "ipykernel" in sys.modules or hasattr(sys, "ps1")
if not in_notebook:
    matplotlib.use("Agg")  # a script opens no window
import matplotlib.pyplot as plt
import xarray

run_file, folder = Path("run.nc"), Path("figures")
if not in_notebook:
    parser = argparse.ArgumentParser(description="Draws three figures of a run file.")
    parser.add_argument("run", type=Path, help="the run file (NetCDF)")
    parser.add_argument("--output", type=Path, default=folder, help="the folder of the figures (default: figures)")
    arguments = parser.parse_args()
    run_file, folder = arguments.run, arguments.output
folder.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## What the file holds
#
# A run file is a netCDF-4 file with groups. Every variable says in the attribute `role` what it is, so that you need not
# guess from names: all averages have the role "mean", and the interval of one average are the variables whose
# `role_of` is that average.

# %%
run = xarray.open_dataset(run_file)
print(run.attrs["title"] or run.attrs["scenario_name"])
print("averages:", ", ".join(run.filter_by_attrs(role="mean", role_of=None)))
print("of distance_concept:", ", ".join(run.filter_by_attrs(role_of="distance_concept")))

# In a file of several runs there is a leading dimension per swept key: this takes the first point.
swept = {d: 0 for d in run["distance_concept"].dims if d not in ("level", "time")}
if swept:
    print("a sweep; these figures show its first point:", ", ".join(swept))
    run = run.isel(swept)
models = int(run.attrs.get("models", 1))
over = f"{models} models" if models > 1 else "items, for one model"

# %% [markdown]
# ## Style
#
# A column of a journal is 3.5 inches wide. Colours are Okabe and Ito's, which people with any colour vision can tell
# apart; markers help those who print in grey.

# %%
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#000000"]
MARKERS = "osD^vP*"
COLUMN = 3.5
plt.rcParams.update({
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.markersize": 3.5,
    "lines.linewidth": 1.2,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "pdf.fonttype": 42,  # text stays text
})
levels = run["level"].values
style = {p: dict(color=COLOURS[k % 7], marker=MARKERS[k % 7]) for k, p in enumerate(levels)}


def save(figure, name):
    for ending in ("pdf", "png"):
        path = folder / f"{name}.{ending}"
        figure.savefig(path, dpi=300)
        print("wrote", path)


# %% [markdown]
# ## Figure 1: the mean distance against time
#
# `NAME_lower` and `NAME_upper` are the ends of a 95 % interval: over items where there is one model, over models where
# there are replicas.

# %%
figure, axes = plt.subplots(figsize=(COLUMN, 2.4))
for p in levels:
    mean = run["distance_concept"].sel(level=p)
    lower, upper = (run[f"distance_concept_{end}"].sel(level=p) for end in ("lower", "upper"))
    axes.fill_between(run["time"], lower, upper, color=style[p]["color"], alpha=0.25, linewidth=0)
    axes.plot(run["time"], mean, label=f"{p:g}", markevery=max(1, len(run["time"]) // 6), **style[p])
axes.xaxis.get_major_locator().set_params(integer=True)
axes.set(xlabel="time $t$", ylabel="distance to the own concept", ylim=(0, None))
axes.legend(title="noise level", fontsize=7, title_fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))
save(figure, "1-distance")
print(f"1-distance: means over members; bands: 95 % interval over {over}")

# %% [markdown]
# ## Figure 2: the approach, beside its controls
#
# The approach is `1 - min_t <d(t)> / <d(0)>`. It cannot be negative, so that a small positive value means little; what
# counts is whether the own approach lies above those to a sibling's concept and to concepts of shuffled labels. Where the
# minimum is at the first or last time (`approach_censored`) there is no interval.

# %%
concept = dict(tree_level=1)
figure, axes = plt.subplots(figsize=(COLUMN, 2.4))
for k, (name, label) in enumerate(
    [("approach", "own concept"), ("approach_sibling", "sibling's"), ("approach_shuffled", "shuffled labels")]
):
    value = run[name].sel(concept)
    axes.plot(levels, value, label=label, color=COLOURS[k], marker=MARKERS[k], linestyle="-" if k == 0 else "--")
    if f"{name}_lower" in run:
        lower, upper = (run[f"{name}_{end}"].sel(concept) for end in ("lower", "upper"))
        axes.vlines(levels, lower, upper, color=COLOURS[k])  # a missing interval draws nothing
axes.set(xlabel="noise level $p$", ylabel="approach", ylim=(-0.02, None))
axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))
save(figure, "2-approach")
print(f"2-approach: bars: 95 % interval over {over}")

# %% [markdown]
# ## Figure 3: how members are spread
#
# The interval of figure 1 says how well the *mean* is known. How different the members are is another question, which
# the quantiles over `/members` answer. A member's noise level is `corruption_level`.

# %%
figure, panels = plt.subplots(
    1, len(levels), figsize=(min(7.0, 0.6 + 1.6 * len(levels)), 1.9), sharey=True, squeeze=False
)
try:
    members = xarray.open_dataset(run_file, group="members").load()
    series = members["distance_concept"]
except (OSError, KeyError):  # the group, or the series of the members, is not in the file
    members = None
for axes, p in zip(panels[0], levels):
    if members is not None:
        chosen = series.isel(member=(members["corruption_level"] == p).values)
        lower, middle, upper = chosen.quantile([0.1, 0.5, 0.9], dim="member").values
        what = "median, and 10 to 90 % of the members"
    else:
        middle = run["distance_concept"].sel(level=p)
        spread = run["distance_concept_standard_deviation"].sel(level=p)
        lower, upper = middle - spread, middle + spread
        what = "mean, and one standard deviation over members to either side"
    axes.fill_between(run["time"], lower, upper, color=style[p]["color"], alpha=0.25, linewidth=0)
    axes.plot(run["time"], middle, color=style[p]["color"])
    axes.set(title=f"$p$ = {p:g}", xlabel="time $t$")
    axes.title.set_fontsize(8)
panels[0][0].set(ylabel="distance to the own concept", ylim=(0, None))
save(figure, "3-members")
print(f"3-members: {what}")
