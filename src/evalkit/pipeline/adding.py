"""Counties added up to a province or a nation: measures from their sums, without reading a row again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evalkit.cleaning import panel_from
from evalkit.errors import DataError
from evalkit.estimate import Estimate
from evalkit.measures.unit_sums import MEASURES, RATES, additive_measures, columns_for, unit_sums
from evalkit.panel import Panel
from evalkit.pipeline.measuring import Reasons
from evalkit.plan import Plan
from evalkit.store import Store
from evalkit.text import Text

TOGETHER = 50
"""Counties whose sums are read at a time."""
NAMES = {"mean": "mean_welfare"}
"""Names of measures among the results, where they differ."""


def county_sums(panel: Panel, county: str) -> pd.DataFrame | None:
    """Return the sums of a county under its code; None where its data do not allow its measures, which give the reason."""
    try:
        table = unit_sums(panel)
    except Reasons:
        return None
    if "county" not in table:
        table.insert(0, "county", county)
    return table


def added_measures(store: Store, counties: Sequence[str], like: Panel) -> dict[str, Estimate]:
    """Return the measures that rest on sums, of all counties together, under the names of their results.

    Parameters
    ----------
    store : Store
    counties : sequence of str
    like : Panel
        Of any of them, or of all: design, lines, prices and columns.

    Returns
    -------
    dict of str to Estimate
        Empty when a county has no sums. Rates do not follow households from one county to another; a note says so.
    """
    paths = [store.path("sums", c) for c in counties]
    if not all(p.is_file() for p in paths):
        return {}
    found: dict[str, Estimate] = {}
    schema = pa.unify_schemas([pq.read_schema(p) for p in paths], promote_options="permissive")
    for name in MEASURES:  # one at a time: memory is that of its columns
        columns = [c for c in columns_for(name, like) if c in schema.names]
        table = _units(paths, schema, columns)
        found |= additive_measures(table, like, real=like.deflators is not None, names=(name,))
    if len(counties) > 1:
        found = {n: e.with_notes(_WITHIN) if n in RATES else e for n, e in found.items()}
    return {NAMES.get(name, name): e for name, e in found.items()}


def _units(paths: Sequence[Path], schema: pa.Schema, columns: list[str]) -> pd.DataFrame:
    """Return the units of all counties below each other, names as numbers: the names of a nation's villages take most of the room."""
    from pyarrow import dataset

    numbers: dict[str, dict[object, int]] = {
        c: {} for c in columns if pa.types.is_large_string(schema.field(c).type)
    }
    parts = []
    for start in range(0, len(paths), TOGETHER):
        files = [str(p) for p in paths[start : start + TOGETHER]]
        read = dataset.dataset(files, schema=schema, format="parquet", partitioning=None)
        pool = pa.system_memory_pool()  # gives back what was read
        table = read.to_table(columns=columns, use_threads=False, memory_pool=pool)
        part = {c: table.column(c).to_numpy() for c in columns}
        for name, known in numbers.items():
            own, names = pd.factorize(part[name], use_na_sentinel=False)
            part[name] = np.array([known.setdefault(n, len(known)) for n in names], dtype=np.int32)[own]
        parts.append(part)
    return pd.DataFrame({c: np.concatenate([p.pop(c) for p in parts]) for c in columns}, copy=False)


def national_measures(plan: Plan, counties: Sequence[str] | None = None) -> dict[str, Estimate]:
    """Return mean welfare, poverty and movements of all counties of a finished build, from their sums alone.

    Memory is that of a table of villages and waves; no household is read but those of one county.

    Parameters
    ----------
    plan : Plan
    counties : sequence of str, optional
        Those of a province, say; all by default.

    Returns
    -------
    dict of str to Estimate
        ``mean_welfare``, ``headcount``, ``gap``, ``severity``, ``exit_rate``, ``entry_rate``, ``return_rate`` by wave,
        with the covariance of the design also where strata cross counties.

    Raises
    ------
    DataError
        Nothing was built, or a county has no sums.
    """
    store = Store(plan.processed)
    wanted = list(store.counties() if counties is None else counties)
    absent = [c for c in wanted if not store.path("sums", c).is_file()]
    if not store.manifest_path.is_file() or not wanted or absent:
        named = f" has no sums of {', '.join(absent[:5])}" if absent else " has no finished build"
        msg = f"the store in {str(store.root)!r}{named}; run `evalkit build` first"
        raise DataError(msg)
    like = panel_from(store.read("panel", wanted[0]), plan)
    like = replace(like, frame=like.frame.head(1).copy())  # its rows are not needed
    pa.default_memory_pool().release_unused()
    return added_measures(store, wanted, like)


_WITHIN = Text(
    en="pairs within counties: a household that moves to another county makes no pair",
    zh="只计县内前后期配对：迁往他县的户不形成配对",
)
