"""Forged registries: what forensics must find, put into clean tables with a strength and a record.

A distortion keeps what a careful forger keeps: accounts add up, ids are valid, months fit their years. Only the
pattern is wrong. Which places are touched is drawn; within them, `strength` says how much.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.simulate import forged_incomes as incomes, forged_records as records
from evalkit.simulate.errors.framework import FRAMES, Tables, as_registry
from evalkit.simulate.prefecture import SyntheticRegistry

TRUTH_COLUMNS: tuple[str, ...] = (
    "kind", "table", "row", "county", "village", "household", "person", "wave", "column",
)  # fmt: skip
"""Columns of `Distorted.truth`."""
NO_DISTORTION = pd.DataFrame(columns=list(TRUTH_COLUMNS))

DISTORTIONS: dict[str, Callable[[np.random.Generator, Tables, float], None]] = {
    "heaping_line": incomes.heap_above_line,
    "heaping_monitoring": incomes.heap_above_monitoring_line,
    "terminal_digits": incomes.round_incomes,
    "copied_households": incomes.copy_accounts,
    "identical_growth": incomes.grow_alike,
    "frozen_fields": incomes.freeze,
    "padding": incomes.pad,
    "interviewer_effects": incomes.shade,
    "split_lookback": records.split_for_look_back,
    "duplicates_within": records.duplicate_within,
    "duplicates_between": records.duplicate_between,
    "over_100": records.make_old,
    "deceased": records.keep_the_dead,
    "mass_exits": records.exit_together,
    "batch_updates": records.update_together,
    "early_elimination": records.eliminate_early,
    "no_support": records.drop_support,
    "survey_differences": records.disagree_with_survey,
}
"""Kind → what is done; see the functions."""


@dataclass(frozen=True)
class Distorted:
    """A forged registry and what was forged.

    Parameters
    ----------
    registry : SyntheticRegistry
    truth : DataFrame
        ``kind, table, row`` (position in the forged table, from 0; −1 for rows taken out), ``county, village,
        household, person, wave, column`` (changed cells, joined by commas; empty for rows added or taken out). A row
        that several kinds touched is listed under each.
    """

    registry: SyntheticRegistry
    truth: pd.DataFrame


def distort(registry: SyntheticRegistry, kinds: Mapping[str, float], *, seed: int = 1) -> Distorted:
    """Forge a clean registry.

    Parameters
    ----------
    registry : SyntheticRegistry
        Stays as it is.
    kinds : mapping of str to float
        Kind → strength, above 0 up to 1: the share of the rows (households, persons) that can be touched in the
        places drawn. One village, interviewer or household in three is drawn for patterns, one household in fifty for
        double, over-aged and split ones.
    seed : int
        Each kind draws from a stream of its own.

    Returns
    -------
    Distorted

    Raises
    ------
    DataError
        A kind that does not exist, a strength out of range, a kind that needs rosters of all waves.
    """
    unknown = sorted(set(kinds) - set(DISTORTIONS))
    if unknown:
        msg = f"no distortion called {', '.join(unknown)}; there are: {', '.join(DISTORTIONS)}"
        raise DataError(msg)
    wild = [k for k, strength in kinds.items() if not 0 < strength <= 1]
    if wild:
        msg = f"strength of {', '.join(wild)}: give a number above 0 up to 1"
        raise DataError(msg)
    before = {t: getattr(registry, name).reset_index(drop=True) for t, name in FRAMES.items()}
    tables = Tables(dict(before))
    parts = []
    for kind in DISTORTIONS:
        if kind in kinds:
            old = dict(tables.frames)
            rng = np.random.default_rng([seed, zlib.crc32(kind.encode())])
            DISTORTIONS[kind](rng, tables, kinds[kind])
            parts += [
                _changes(kind, t, old[t], tables.frames[t]) for t in FRAMES if old[t] is not tables.frames[t]
            ]
    truth = pd.concat([NO_DISTORTION, *parts], ignore_index=True)
    place = truth["row"].to_numpy(dtype=np.int64, copy=True)
    for table, frame in tables.frames.items():
        rows = (truth["table"] == table).to_numpy(dtype=bool)
        place[rows] = frame.index.get_indexer(pd.Index(place[rows]))
    return Distorted(as_registry(registry, tables.frames), truth.assign(row=place))


def _changes(kind: str, table: str, old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """List the rows that differ between two states of a table, by label."""
    both = old.index.intersection(new.index)
    a, b = old.loc[both], new.loc[both]
    columns = pd.Series("", index=both, dtype="str")
    for name in new.columns:
        if a[name] is b[name]:
            continue
        differs = ~(
            (a[name] == b[name]).fillna(value=False).to_numpy(dtype=bool)
            | (a[name].isna() & b[name].isna()).to_numpy()
        )
        columns = columns.mask(differs, columns + "," + name)
    changed = columns.index[columns != ""]
    added, gone = new.index.difference(old.index), old.index.difference(new.index)
    rows = pd.concat([new.loc[changed], new.loc[added], old.loc[gone]])
    out = pd.DataFrame({"kind": kind, "table": table, "row": rows.index.to_numpy()}, index=rows.index)
    for name in ("county", "village", "household", "person", "wave"):
        out[name] = rows[name].astype("str") if name in rows else ""
    out["column"] = columns.str.lstrip(",").reindex(rows.index).fillna("")
    return out[list(TRUTH_COLUMNS)]
