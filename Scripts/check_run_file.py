"""Checks a run file against the layout of NOTATION.md ("Run files"), as a user of xarray sees it.

Run:
    python Scripts/check_run_file.py RUN.nc            # exits 1 and lists what is wrong

Opens the file with netCDF4 (raw attributes), xarray.open_dataset (root and every group) and
xarray.open_datatree. Checks names, dimensions, coordinates, units, ancillary variables, fill values,
counts and global attributes. Numbers that follow from others in the file are computed again and must agree:
averages and intervals from the members, the closest concept and the approach from the averaged series, basin
fractions from the labels of the initial conditions, spectral radii and stability indices from the eigenvalues.
Findings marked `note` are remarks, not violations.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator

import netCDF4
import numpy as np
import scipy.stats
import xarray as xr

ATTRIBUTES = ("Conventions", "title", "history", "source", "scenario", "seed", "model_sha256")
OBSERVABLES = (
    "overlap_memory overlap_concept overlap_root distance_memory distance_concept"
    " distance_superconcept distance_root distance_nearest_memory distance_nearest_concept"
    " concept_accuracy abstraction_level step_length data_overlap reconstruction_error energy"
    " input_entropy reconstruction_excess kullback_leibler displacement distance_sibling_concept"
    " memory_recovered distance_training_sample distance_held_out data_distance_memory"
    " data_distance_concept data_distance_sibling_concept distance_own_centre distance_other_centres"
    " log_ratio_others_to_own log_ratio_own_to_root log_distance_own_centre overlap_about_root_own_centre"
    " overlap_about_root_siblings chord_excess_contrast distance_reached_memory ends_at_own_memory"
    " ends_at_memory_of_class ends_at_memory_of_other_class ends_at_no_memory interior_concept_minimum"
    " closest_memory_later closest_memory_earlier closest_memory_tied"
).split()
FRACTIONS = (
    "concept_accuracy memory_recovered memory_after_concept ends_at_own_memory ends_at_memory_of_class"
    " ends_at_memory_of_other_class ends_at_no_memory interior_concept_minimum closest_memory_later"
    " closest_memory_earlier closest_memory_tied"
).split()
IN_NATS = ("energy", "input_entropy", "reconstruction_excess", "kullback_leibler")
OBSERVABLE = re.compile(
    rf"^({'|'.join(OBSERVABLES)}|principal_component_\d+)"
    r"(_ending_at_(own_memory|memory_of_class|memory_of_other_class|no_memory|memory))?(_on_common_motion)?"
    r"(_(initially_)?(retained|lost))?(_by_class|_by_superclass)?$"
)


def is_fraction(name: str) -> bool:
    """Whether an average, over whichever members, is a fraction of them."""
    return re.sub(r"_(ending_at|on_common_motion).*", "", name) in FRACTIONS


AVERAGED_SCALARS = (
    "time_of_closest_concept closest_concept_distance time_of_closest_memory"
    " closest_memory_distance chord_concept_distance chord_excess"
).split()
MEMBER_SCALARS = [*AVERAGED_SCALARS, "convergence_time", "outcome"]
KINDS = (
    "stable_fixed_point saddle repeller stable_cycle unstable_cycle non_smooth_fixed_point"
    " non_smooth_cycle"
).split()
ATTRACTOR_VARIABLES = {
    "position": ("attractor", "latent"),
    "residual": ("attractor",),
    "kind": ("attractor",),
    "period": ("attractor",),
    "stability_index": ("attractor",),
    "eigenvalue_real": ("attractor", "latent"),
    "eigenvalue_imaginary": ("attractor", "latent"),
    "spectral_radius": ("attractor",),
    "nearest_concept": ("attractor",),
    "distance_nearest_concept": ("attractor",),
    "distance_nearest_memory": ("attractor",),
    "basin_fraction": ("level", "attractor"),
    "basin_fraction_lower": ("level", "attractor"),
    "basin_fraction_upper": ("level", "attractor"),
    "initial_attractor": ("level", "initial"),
    "initial_outcome": ("level", "initial"),
}


class Check:
    """Counts assertions, and collects the messages of those that fail, and remarks."""

    def __init__(self) -> None:
        self.assertions = 0
        self.failures: list[str] = []
        self.notes: list[str] = []

    def that(self, holds: bool, message: str) -> bool:
        self.assertions += 1
        if not holds:
            self.failures.append(message)
        return bool(holds)

    def close(self, a: np.ndarray, b: np.ndarray, relative: float, message: str) -> None:
        """Asserts |a - b| <= relative max(1, |b|), with missing values (NaN) in the same places."""
        a, b = np.asarray(a, float), np.asarray(b, float)
        if not self.that(a.shape == b.shape, f"{message}: shapes {a.shape} and {b.shape}"):
            return
        same_places = np.array_equal(np.isnan(a), np.isnan(b))
        if not self.that(same_places, f"{message}: missing values differ"):
            return
        apart = np.abs(a - b) / np.maximum(1, np.abs(b))
        worst = np.fmax.reduce(apart, axis=None, initial=0.0)
        self.that(worst <= relative, f"{message}: apart by {worst:.2e} (allowed {relative:.0e})")

    def note(self, message: str) -> None:
        self.notes.append(message)


def groups(group: netCDF4.Dataset) -> Iterator[netCDF4.Dataset]:
    yield group
    for child in group.groups.values():
        yield from groups(child)


def visible_dimensions(group: netCDF4.Dataset | None) -> dict[str, int]:
    found: dict[str, int] = {}
    while group is not None:
        found = {name: len(d) for name, d in group.dimensions.items()} | found
        group = group.parent
    return found


def check_raw(root: netCDF4.Dataset, check: Check) -> None:
    """Checks what xarray hides: fill values, types, names of dimensions, and attributes of all variables."""
    check.that(root.data_model == "NETCDF4", f"data model {root.data_model}, expected NETCDF4")
    for group in groups(root):
        visible = visible_dimensions(group)
        for name, variable in group.variables.items():
            path = f"{group.path.rstrip('/')}/{name}"
            attributes = variable.ncattrs()
            text = variable.dtype is str or variable.dtype.kind in "SU"
            if not text and variable.dtype.kind in "iu":
                for unwanted in ("_FillValue", "missing_value"):
                    check.that(unwanted not in attributes, f"{path}: integers with {unwanted}")
                raw = np.ma.getmaskarray(variable[...])
                check.that(not raw.any(), f"{path}: unwritten integers")
            if name in group.dimensions:
                check.that(
                    variable.dimensions == (name,),
                    f"{path}{variable.dimensions}: bears a dimension's name, is not its coordinate",
                )
                check.that("_FillValue" not in attributes, f"{path}: coordinate with _FillValue")
                if check.that(not text, f"{path}: coordinate of texts"):
                    missing = np.ma.getmaskarray(variable[...]).any()
                    check.that(not missing, f"{path}: coordinate with missing values")
                    ascends = bool((np.diff(np.ma.getdata(variable[...])) > 0).all())
                    check.that(ascends, f"{path}: coordinate that does not ascend strictly")
            elif name in visible:
                check.that(
                    variable.dimensions == (name,),
                    f"{path}: bears the name of a dimension of a group above",
                )
            if not text and variable.dtype.kind == "f" and name not in group.dimensions:
                values = np.ma.getdata(variable[...])
                default = netCDF4.default_fillvals[variable.dtype.str[1:]]
                fill = variable.getncattr("_FillValue") if "_FillValue" in attributes else None
                unset = (values == default) & (fill is None or fill != default)
                check.that(not unset.any(), f"{path}: values never written, or no _FillValue")
                present = values[values != fill] if fill is not None else values
                check.that(
                    not np.isnan(present).any() or (fill is not None and np.isnan(fill)),
                    f"{path}: bare NaN beside a _FillValue",
                )
                check.that(not np.isinf(present).any(), f"{path}: infinite values")
            check.that("long_name" in attributes, f"{path}: no long_name")
            if not text and "flag_values" not in attributes and "units" not in attributes:
                if variable.dtype.kind == "f":
                    check.that(False, f"{path}: no units")
                else:
                    check.note(f"{path}: no units (integers)")
            if "units" in attributes:
                units = variable.getncattr("units")
                check.that(units == "1", f"{path}: units {units!r}, expected '1'")
                nats = str(variable.getncattr("long_name")).endswith(", in nats")
                stated = "unit_of_information" in attributes
                check.that(nats == stated, f"{path}: long_name and unit_of_information differ")
            if "flag_values" in attributes or "flag_meanings" in attributes:
                both = {"flag_values", "flag_meanings"} <= set(attributes)
                if check.that(both, f"{path}: flag_values and flag_meanings go together"):
                    flags = np.atleast_1d(variable.getncattr("flag_values"))
                    meanings = str(variable.getncattr("flag_meanings")).split()
                    check.that(len(flags) == len(meanings), f"{path}: flags without a meaning")
                    check.that(flags.dtype == variable.dtype, f"{path}: flag_values' type")
                    used = set(np.unique(variable[...]).tolist()) - {-1}
                    check.that(used <= set(flags.tolist()), f"{path}: values without a meaning")
            if "ancillary_variables" in attributes:
                for other in str(variable.getncattr("ancillary_variables")).split():
                    check.that(other in group.variables, f"{path}: ancillary {other} is not there")


def check_attributes(dataset: xr.Dataset, check: Check) -> None:
    for name in (*ATTRIBUTES, "format_version"):
        check.that(name in dataset.attrs, f"no global attribute {name}")
    conventions = dataset.attrs.get("Conventions")
    check.that(conventions == "CF-1.10", f"Conventions {conventions!r}, expected 'CF-1.10'")
    digests = str(dataset.attrs.get("model_sha256", "")).replace(",", " ").split()
    valid = bool(digests) and all(re.fullmatch("[0-9a-f]{64}", d) for d in digests)
    check.that(valid, f"model_sha256 {dataset.attrs.get('model_sha256')!r}")
    scenario = str(dataset.attrs.get("scenario", ""))
    for key in ("name:", "dataset:", "model:", "dynamics:", "initial:"):
        check.that(key in scenario, f"scenario attribute without {key}")
    if "seed" in dataset.attrs:
        check.that(str(dataset.attrs["seed"]).isdigit(), f"seed {dataset.attrs['seed']!r}")


def sweep_dimensions(dataset: xr.Dataset) -> list[str]:
    """The dimensions of a sweep: those before `level` in the first observable that has `level`."""
    for name, variable in dataset.data_vars.items():
        if OBSERVABLE.match(str(name)) and "level" in variable.dims:
            return [str(d) for d in variable.dims[: variable.dims.index("level")]]
    return []


def check_root(dataset: xr.Dataset, check: Check) -> list[str]:
    """Checks averages, their errors and counts, and derived series. Returns the names of the observables."""
    for name in ("level", "time"):
        if check.that(name in dataset.sizes, f"no dimension {name}"):
            check.that(name in dataset.indexes, f"no coordinate {name}({name})")
    if "level" not in dataset.indexes or "time" not in dataset.indexes:
        return []
    check.that(dataset["time"].attrs.get("units") == "1", "time: units are not '1'")
    steps = dataset.sizes["time"] - 1
    check.that(
        np.array_equal(dataset["time"].values, np.arange(steps + 1)), "time is not 0...steps"
    )
    sweep = sweep_dimensions(dataset)
    for name in sweep:
        check.that(name in dataset.coords, f"sweep dimension {name} has no coordinate")
    lead = tuple(sweep)
    observables = [str(n) for n in dataset.data_vars if OBSERVABLE.match(str(n))]
    check.that(bool(observables), "no observables")

    if check.that("count" in dataset, "no count(level)"):
        count = dataset["count"]
        check.that(count.dims in (("level",), (*lead, "level")), f"count has {count.dims}")
        check.that(count.dtype.kind in "iu", f"count is {count.dtype}")
    for name in observables:
        variable = dataset[name]
        by = next((b for b in ("class", "superclass") if name.endswith(f"_by_{b}")), None)
        middle = {"class": ("concept",), "superclass": ("superconcept",), None: ()}[by]
        expected = (*lead, "level", *middle, "time")
        if by == "superclass":
            same = len(variable.dims) == len(expected)
        else:
            same = variable.dims == expected
        if not check.that(same, f"{name}{variable.dims}, expected {expected}"):
            continue
        ancillary = str(variable.attrs.get("ancillary_variables", "")).split()
        for suffix in ("standard_deviation", "standard_error"):
            other = f"{name}_{suffix}"
            if check.that(other in dataset, f"no {other}"):
                check.that(dataset[other].dims == variable.dims, f"{other}{dataset[other].dims}")
                check.that(other in ancillary, f"{name}: {other} is not among its ancillaries")
                check.that(
                    dataset[other].attrs.get("units") == variable.attrs.get("units"),
                    f"{other}: units differ from {name}'s",
                )
                values = dataset[other].values
                check.that(not (values < 0).any(), f"{other}: negative")
        nats = variable.attrs.get("unit_of_information") == "nat"
        check.that(nats == name.startswith(IN_NATS), f"{name}: in nats, or not: {nats}")
        counted = f"{name}_count"
        if counted not in dataset:
            check.that(by is not None, f"no {counted}")
            continue
        counts = dataset[counted]
        check.that(counts.dims == variable.dims, f"{counted}{counts.dims}")
        check.that(counts.dtype.kind in "iu", f"{counted} is {counts.dtype}")
        if "count" in dataset:
            check.that(bool((counts <= dataset["count"]).all()), f"{counted} exceeds count")
        check.that(
            bool((variable.isnull() == (counts == 0)).all()),
            f"{name}: missing where {counted} > 0, or present where it is 0",
        )
    if "step_length_count" in dataset:
        check.that(
            bool((dataset["step_length_count"].isel(time=0) == 0).all()),
            "step_length at t = 0 is not missing",
        )
    check_derived(dataset, lead, check)
    return observables


def check_derived(dataset: xr.Dataset, lead: tuple[str, ...], check: Check) -> None:
    """Checks closest_concept_*, approach and level_fraction against the averaged series; bounds the negative ELBOs."""
    distance = dataset.get("distance_concept")
    for name in ("closest_concept_time", "closest_concept_distance"):
        if distance is not None:
            if not check.that(name in dataset, f"no {name}"):
                continue
            check.that(dataset[name].dims == (*lead, "level"), f"{name}{dataset[name].dims}")
    if distance is not None and not distance.isnull().any():
        if "closest_concept_time" in dataset:
            check.that(
                bool((dataset["closest_concept_time"] == distance.argmin("time")).all()),
                "closest_concept_time is not where the averaged distance_concept is least",
            )
        if "closest_concept_distance" in dataset:
            check.close(
                dataset["closest_concept_distance"].values,
                distance.min("time").values,
                1e-12,
                "closest_concept_distance against distance_concept",
            )
    if "approach" in dataset:
        approach = dataset["approach"]
        check.that(approach.dims == (*lead, "level", "tree_level"), f"approach{approach.dims}")
        for suffix in ("lower", "upper", "sibling", "shuffled"):
            name = f"approach_{suffix}"
            if check.that(name in dataset, f"no {name}"):
                check.that(dataset[name].dims == approach.dims, f"{name}{dataset[name].dims}")
        if {"approach_lower", "approach_upper"} <= set(dataset.data_vars):
            ordered = dataset["approach_lower"] <= dataset["approach_upper"]
            missing = dataset["approach_lower"].isnull() | dataset["approach_upper"].isnull()
            check.that(bool((ordered | missing).all()), "approach_lower above approach_upper")
        levels = dataset.sizes.get("tree_level", 0)
        names = ["distance_memory", "distance_concept", "distance_superconcept", "distance_root"]
        if levels == 3:
            del names[2]
        for index, name in enumerate(names[:levels]):
            # Over several models, the approach is the mean of the models' approaches, not that of the averaged
            # series.
            if "models" not in dataset.attrs and name in dataset and not dataset[name].isnull().any():
                series = dataset[name]
                start = series.isel(time=0)
                defined = (start > 0).values
                mine = approach.isel(tree_level=index).values
                theirs = (1 - series.min("time") / start.where(start > 0)).values
                check.close(
                    np.where(defined, mine, 0),
                    np.where(defined, theirs, 0),
                    1e-9,
                    f"approach at tree level {index} against {name}",
                )
    elif distance is not None:
        check.note("no approach(level, tree_level)")
    if "level_fraction" in dataset:
        fraction = dataset["level_fraction"]
        expected = (*lead, "level", "time", "tree_level")
        check.that(fraction.dims == expected, f"level_fraction{fraction.dims}")
        total = fraction.sum("tree_level", skipna=False).values
        total = total[~np.isnan(total)]
        check.that(bool((np.abs(total - 1) < 1e-12).all()), "level_fraction does not add up to 1")
        if "abstraction_level" in dataset and "tree_level" in dataset.sizes:
            # The mean tree level, weighted by the fractions, is the averaged abstraction level.
            weights = xr.DataArray(np.arange(dataset.sizes["tree_level"]), dims="tree_level")
            check.close(
                (fraction * weights).sum("tree_level", skipna=False).values,
                dataset["abstraction_level"].values,
                1e-9,
                "level_fraction against abstraction_level",
            )
    elif "abstraction_level" in dataset:
        check.note("no level_fraction")
    for name in ("negative_elbo_train", "negative_elbo_test"):
        if name in dataset:
            finite = dataset[name].values
            check.that(bool((np.isnan(finite) | (finite > -1e6)).all()), f"{name} is wild")
            check.that(
                set(dataset[name].dims) <= {*lead, "replica"}, f"{name}{dataset[name].dims}"
            )
        else:
            check.note(f"no {name}")


def check_geometry(geometry: xr.Dataset, root: xr.Dataset, check: Check) -> None:
    if check.that("latent_activity" in geometry, "/geometry: no latent_activity"):
        active = (geometry["latent_activity"].values > 0.01).sum(-1)
        same = np.array_equal(root["active_latent_variables"].values, active)
        check.that(same, "active_latent_variables against latent_activity")
    if check.that("concept_size" in geometry, "/geometry: no concept_size"):
        check.that(bool((geometry["concept_size"].values > 0).all()), "/geometry/concept_size: an empty class")
    for name, dims in {
        "concept_position": ("concept", "latent"),
        "root_position": ("latent",),
    }.items():
        if check.that(name in geometry, f"/geometry: no {name}"):
            mine = geometry[name].dims
            check.that(mine[len(mine) - len(dims) :] == dims, f"/geometry/{name}{mine}")
    if "superconcept_position" in geometry:
        check.that("concept_parent" in geometry, "/geometry: superconcepts without concept_parent")
    for name in [n for n in geometry.data_vars if "parent" in str(n)]:
        check.that(geometry[name].dtype.kind in "iu", f"/geometry/{name} is no integer")


def check_members(members: xr.Dataset, root: xr.Dataset, path: str, check: Check) -> None:
    """Checks the layout of members and, in a run without a sweep, the averages of the root against the members."""
    for name in ("corruption_level", "item", "realization", "class"):
        if not check.that(name in members, f"{path}: no {name}(member)"):
            return
        check.that(members[name].dims == ("member",), f"{path}/{name}{members[name].dims}")
        if name != "corruption_level":
            check.that(members[name].dtype.kind in "iu", f"{path}/{name} is {members[name].dtype}")
    level = members["corruption_level"].values
    check.that(bool(np.isin(level, root["level"].values).all()), f"{path}: levels not in the root's")
    series = [str(n) for n in members.data_vars if OBSERVABLE.match(str(n))]
    check.that(bool(series), f"{path}: no observables")
    for name in series:
        check.that(members[name].dims == ("member", "time"), f"{path}/{name}{members[name].dims}")
        check.that(name in root, f"{path}/{name} has no average in the root")
    for name in MEMBER_SCALARS:
        if name in members:
            check.that(members[name].dims == ("member",), f"{path}/{name}{members[name].dims}")
        else:
            check.note(f"{path}: no {name}")
    if "outcome" in members:
        meanings = str(members["outcome"].attrs.get("flag_meanings", "")).split()
        wanted = {"converged", "cycle", "slow", "diverged", "undecided"}
        check.that(wanted <= set(meanings), f"{path}/outcome: flag_meanings {meanings}")
    if "latent_state" in members:
        dims = members["latent_state"].dims
        check.that(dims == ("member", "time", "latent"), f"{path}/latent_state{dims}")
        if "step_length" in members and members.sizes["time"] > 1:
            z = members["latent_state"].values.astype(float)
            single = members["latent_state"].dtype == np.float32
            check.close(
                members["step_length"].values[:, 1:],
                np.linalg.norm(np.diff(z, axis=1), axis=2),
                1e-5 if single else 1e-6,  # the run itself may have been in single precision
                f"{path}: step_length against latent_state",
            )
    if "count" not in root or root["count"].dims != ("level",):
        return
    for k, value in enumerate(root["level"].values):
        of_level = members.isel(member=np.flatnonzero(level == value))
        size = of_level.sizes["member"]
        stated = int(root["count"].values[k])
        if not check.that(size == stated, f"{path}: {size} members at {value:g}, count {stated}"):
            continue
        items = of_level["item"].values
        pairs = set(zip(items.tolist(), of_level["realization"].values.tolist()))
        check.that(len(pairs) == size, f"{path}: (item, realization) repeats at level {value:g}")
        if "chord_excess" in of_level and "class" in of_level:
            check_scalars(of_level, root, k, f"level {value:g}", check)
        for name in series:
            if name not in root or root[name].dims != ("level", "time"):
                continue
            values = of_level[name].values.astype(float)
            # Members may be stored in single precision; averages never are.
            tolerance = 1e-6 if of_level[name].dtype == np.float32 else 1e-10
            at = f"level {value:g}"
            finite = np.isfinite(values)
            number = finite.sum(0)
            if f"{name}_count" in root:
                same = np.array_equal(root[f"{name}_count"].values[k], number)
                check.that(same, f"{name}_count against the members, {at}")
            with np.errstate(all="ignore"):
                mean = np.nansum(values, 0) / number
                squares = np.nansum((values - mean) ** 2, 0)
                deviation = np.sqrt(squares / (number - 1))
            check.close(root[name].values[k], mean, tolerance, f"{name} against the members, {at}")
            if f"{name}_standard_deviation" in root:
                check.close(
                    root[f"{name}_standard_deviation"].values[k],
                    np.where(number > 1, deviation, np.nan),
                    max(tolerance, 1e-9),
                    f"{name}_standard_deviation against the members, {at}",
                )
            if f"{name}_standard_error" in root:
                columns = [interval(values[:, t], items, is_fraction(name)) for t in range(values.shape[1])]
                for ending, expected in zip(("standard_error", "lower", "upper"), np.array(columns).T):
                    check.close(
                        root[f"{name}_{ending}"].values[k],
                        expected,
                        max(tolerance, 1e-7 if is_fraction(name) else 1e-9),
                        f"{name}_{ending} against the members, {at}",
                    )


def ratio_error(values: np.ndarray, items: np.ndarray) -> tuple[float, int]:
    """The standard error over items of the mean of the finite values, and the number of items that have a finite value.

    The mean is a ratio of sums over items; its error is linearized (Cochran, Sampling Techniques, section 6.3).
    """
    distinct, inverse = np.unique(items, return_inverse=True)
    finite = np.isfinite(values)
    sums = np.bincount(inverse, np.where(finite, values, 0), len(distinct))
    numbers = np.bincount(inverse, finite, len(distinct))
    n, present = len(distinct), int((numbers > 0).sum())
    if present < 2:
        return np.nan, present
    residuals = sums - sums.sum() / numbers.sum() * numbers
    return float(np.sqrt(n / (n - 1) * (residuals**2).sum()) / numbers.sum()), present


def interval(values: np.ndarray, items: np.ndarray, is_fraction: bool) -> tuple[float, float, float]:
    """The standard error over items of the mean of the finite values, and the ends of the mean's 95 % interval.

    Student's interval; for fractions that of Korn and Graubard (1998, Survey Methodology 24, 193).
    """
    error, n = ratio_error(values, items)
    if n < 2:
        return np.nan, np.nan, np.nan
    members, mean = int(np.isfinite(values).sum()), float(np.nanmean(values))
    student = scipy.stats.t.ppf(0.975, n - 1)
    if not is_fraction:
        return error, mean - student * error, mean + student * error
    # With one member for each item, Korn and Graubard's interval is that of Clopper and Pearson.
    trials = float(members if members == n else n)
    if members > n and error > 1e-12:
        effective = mean * (1 - mean) / error**2 * (scipy.stats.t.ppf(0.975, members - 1) / student) ** 2
        trials = min(effective, members)
    beta = scipy.stats.beta.ppf
    lower = 0.0 if mean == 0 else float(beta(0.025, trials * mean, trials * (1 - mean) + 1))
    upper = 1.0 if mean == 1 else float(beta(0.975, trials * mean + 1, trials * (1 - mean)))
    return error, lower, upper


def check_scalars(of_level: xr.Dataset, root: xr.Dataset, k: int, at: str, check: Check) -> None:
    """Checks the averages of the members' scalars, and the scalars that follow from the members' series."""
    items = of_level["item"].values
    scalars = {}
    for name in AVERAGED_SCALARS:
        values = of_level[name].values.astype(float)
        if name.startswith("time_of"):
            values = np.where(values < 0, np.nan, values)
        scalars[f"{name}_mean"] = values
    concept, memory = scalars["time_of_closest_concept_mean"], scalars["time_of_closest_memory_mean"]
    both = np.isfinite(concept) & np.isfinite(memory)
    scalars["memory_after_concept"] = np.where(both, memory > concept, np.nan)
    for name, values in scalars.items():
        if not check.that(name in root, f"no {name}"):
            continue
        finite = np.isfinite(values)
        number = int(finite.sum())
        check.that(int(root[f"{name}_count"].values[k]) == number, f"{name}_count, {at}")
        mean = values[finite].mean() if number else np.nan
        check.close(root[name].values[k], mean, 1e-10, f"{name} against the members, {at}")
        columns = interval(values, items, is_fraction(name))
        for ending, expected in zip(("standard_error", "lower", "upper"), columns):
            check.close(
                root[f"{name}_{ending}"].values[k],
                expected,
                1e-7 if is_fraction(name) else 1e-9,
                f"{name}_{ending}, {at}",
            )
    for centre in ("concept", "memory"):
        if f"distance_{centre}" in of_level and np.isfinite(scalars[f"closest_{centre}_distance_mean"]).all():
            series = of_level[f"distance_{centre}"].values
            smallest = of_level[f"closest_{centre}_distance"].values
            check.close(smallest, series.min(1), 1e-12, f"closest_{centre}_distance, {at}")
            times = of_level[f"time_of_closest_{centre}"].values
            check.that(np.array_equal(times, series.argmin(1)), f"time_of_closest_{centre}, {at}")
    chord = scalars["chord_concept_distance_mean"]
    if "latent_state" in of_level and "distance_concept" in of_level and np.isfinite(chord).all():
        # The distance of the concept from the chord between the first and the last state: the foot of its
        # perpendicular divides the chord in a ratio that follows from the sides of the triangle.
        z = of_level["latent_state"].values
        start, end = of_level["distance_concept"].values[:, 0], of_level["distance_concept"].values[:, -1]
        length = np.linalg.norm(z[:, -1] - z[:, 0], axis=1)
        with np.errstate(all="ignore"):
            foot = np.clip((start**2 + length**2 - end**2) / (2 * length**2), 0, 1)
        foot = np.where(length > 0, foot, 0)
        square = (1 - foot) * start**2 + foot * end**2 - foot * (1 - foot) * length**2
        scale = np.maximum(1, start**2)
        check.close(chord**2 / scale, square / scale, 1e-12, f"chord_concept_distance, {at}")


def check_attractors(found: xr.Dataset, path: str, check: Check) -> None:
    for name, dims in ATTRACTOR_VARIABLES.items():
        if check.that(name in found, f"{path}: no {name}"):
            mine = found[name].dims
            check.that(mine == dims, f"{path}/{name}{mine}, expected {dims}")
    for name in ("unseen_attractors_estimate", "unseen_attractors_estimate_standard_error"):
        check.that(name in found, f"{path}: no {name}")
    if not set(ATTRACTOR_VARIABLES) <= set(found.variables):
        return
    for name in ("kind", "period", "stability_index", "nearest_concept", "initial_attractor"):
        check.that(found[name].dtype.kind in "iu", f"{path}/{name} is {found[name].dtype}")
    meanings = str(found["kind"].attrs.get("flag_meanings", "")).split()
    check.that(meanings == KINDS, f"{path}/kind: flag_meanings {meanings}")
    modulus = np.hypot(found["eigenvalue_real"].values, found["eigenvalue_imaginary"].values)
    number = found.sizes["attractor"]
    if number:
        check.close(
            found["spectral_radius"].values, modulus.max(1), 1e-12, f"{path}: spectral radius"
        )
        outside = (modulus > 1).sum(1)
        same = np.array_equal(found["stability_index"].values, outside)
        check.that(same, f"{path}: stability_index against the eigenvalues")
        flags = np.atleast_1d(found["kind"].attrs.get("flag_values", np.arange(len(KINDS))))
        names = dict(zip(flags.tolist(), meanings))
        for k in range(number):
            kind = names.get(int(found["kind"].values[k]), "?")
            period = int(found["period"].values[k])
            check.that(
                ("cycle" in kind) == (period > 1) and period >= 1,
                f"{path}: attractor {k} is a {kind} of period {period}",
            )
            check.that(
                kind.startswith("stable") == (outside[k] == 0),
                f"{path}: attractor {k} is a {kind}, {outside[k]} eigenvalues outside",
            )
    label = found["initial_attractor"].values
    check.that(bool(((label >= -1) & (label < number)).all()), f"{path}: initial_attractor's range")
    if label.size and number:
        fraction = np.stack([(label == k).mean(1) for k in range(number)], 1)
        check.close(
            found["basin_fraction"].values,
            fraction,
            1e-12,
            f"{path}: basin_fraction against initial_attractor",
        )
        basin = np.bincount(label[label >= 0].ravel(), minlength=number)
        check.that(bool((np.diff(basin) <= 0).all()), f"{path}: attractors not by basin size")
    lower, upper = found["basin_fraction_lower"].values, found["basin_fraction_upper"].values
    share = found["basin_fraction"].values
    inside = (lower <= share) & (share <= upper) | np.isnan(lower) | np.isnan(upper)
    check.that(bool(inside.all()), f"{path}: basin_fraction outside its interval")


def check_films(found: xr.Dataset, root: xr.Dataset, path: str, check: Check) -> None:
    if not check.that("picture" in found, f"{path}: no picture"):
        return
    picture = found["picture"]
    dims = ("level", "item", "film_time", "pixel")
    check.that(picture.dims[-4:] == dims, f"{path}/picture{picture.dims}, expected {dims}")
    size = int(picture.attrs.get("image_height", 0)) * int(picture.attrs.get("image_width", 0))
    check.that(size == picture.sizes["pixel"], f"{path}/picture: {size} pixels by its attributes")
    times = found["film_time"].values
    inside = set(times.tolist()) <= set(root["time"].values.tolist())
    check.that(inside and bool((np.diff(times) > 0).all()), f"{path}: times {times.tolist()}")
    check.that(len(set(found["item"].values.tolist())) == found.sizes["item"], f"{path}: items twice")
    later = picture.isel(film_time=times > 0)
    check.that(bool(np.isfinite(later.values).all()), f"{path}/picture: missing after t = 0")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", help="run file")
    options = parser.parse_args()
    check = Check()
    with netCDF4.Dataset(options.run) as raw:
        check_raw(raw, check)
    # The file is opened once at a time, because some versions of the NetCDF library crash if it is open several
    # times.
    with xr.open_datatree(options.run) as opened:
        tree = opened.load()
    root = xr.load_dataset(options.run)
    check_attributes(root, check)
    observables = check_root(root, check)
    paths = [path for path in tree.groups if path != "/"]
    for path in paths:
        alone = xr.load_dataset(options.run, group=path)
        dataset = tree[path].to_dataset(inherit=False)
        check.that(dataset.identical(alone), f"{path}: open_dataset and open_datatree differ")
        if not dataset.variables or not dataset.data_vars:
            continue  # a group that only holds subgroups
        section = path.split("/")[1]
        if section == "geometry":
            check_geometry(dataset, root, check)
        elif section == "members":
            # If the run has no sweep, members are also compared with the averages of the root.
            check_members(dataset, root, path, check)
        elif section == "attractors":
            check_attractors(dataset, path, check)
        elif section == "films":
            check_films(dataset, root, path, check)
        else:
            check.note(f"unexpected group {path}")
    is_vae = "hopfield" not in str(root.attrs.get("scenario", ""))
    has_geometry = any(p.startswith("/geometry") for p in paths)
    if not has_geometry:
        check.note("no group /geometry")
    if "members: true" in str(root.attrs.get("scenario", "")):
        check.that(any(p.startswith("/members") for p in paths), "no group /members")

    print(f"{options.run}: {root.attrs.get('title', '')} [{root.attrs.get('source', '')}]")
    print("  dimensions " + ", ".join(f"{k} {v}" for k, v in root.sizes.items()))
    if "level" in root.coords:
        print(f"  levels {root['level'].values.tolist()}")
    print(f"  observables {', '.join(observables)}")
    for path in paths:
        sizes = ", ".join(f"{k} {v}" for k, v in tree[path].sizes.items())
        print(f"  group {path}: {len(tree[path].data_vars)} variables; {sizes}")
    if is_vae and "negative_elbo_test" in root:
        print(f"  negative_elbo_test {np.round(root['negative_elbo_test'].values, 4)}")
    for message in check.notes:
        print(f"  note: {message}")
    for message in check.failures:
        print(f"  WRONG: {message}")
    print(f"  {check.assertions} assertions, {len(check.failures)} failed")
    sys.exit(1 if check.failures else 0)


if __name__ == "__main__":
    main()
