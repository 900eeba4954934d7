"""Figures of all counties from sums over their rows: headcounts, quantiles."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from evalkit.errors import DataError
from evalkit.plan import Plan
from evalkit.queries.connection import MEMORY, StoreQueries, identifier, open_store


def headcounts(plan: Plan, by: Sequence[str] = ("wave",), *, memory: str = MEMORY) -> pd.DataFrame:
    """Return the share of persons below the line over the whole store, from sums.

    Parameters
    ----------
    plan : Plan
    by : sequence of str
        Columns of the panel, or ``province``.
    memory : str

    Returns
    -------
    DataFrame
        Keys, ``headcount``, ``gap``, ``mean`` (nominal welfare), ``persons`` (weighted), ``rows``. Waves without a
        line and rows without welfare are left out.

    Raises
    ------
    DataError
        The plan has no line for any wave.
    """
    with open_store(plan, memory=memory) as store:
        keys = _keys(store, by)
        poor = "welfare <= line" if plan.poverty.poor_at_line else "welfare < line"
        names = ", ".join(name for name, _ in keys)
        own = dict(("county", "county") if n == "province" else (n, e) for n, e in keys)
        inner = ", ".join(own)
        outer = ", ".join(f"{e} AS {n}" if n == "province" else n for n, e in keys)
        return store.query(  # by county first: its province is then asked once a county, not once a row
            f"WITH rows AS ({_lined(store, plan, list(own.items()))}), parts AS (SELECT {inner}, "
            f"sum(w * CAST({poor} AS DOUBLE)) AS _poor, "
            f"sum(CASE WHEN {poor} THEN w * (line - welfare) / line ELSE 0 END) AS _short, "
            f"sum(w * welfare) AS _welfare, sum(w) AS _w, count(*) AS _n FROM rows GROUP BY {inner}) "
            f"SELECT {outer}, sum(_poor) / sum(_w) AS headcount, sum(_short) / sum(_w) AS gap, "
            "sum(_welfare) / sum(_w) AS mean, sum(_w) AS persons, CAST(sum(_n) AS BIGINT) AS rows "
            f"FROM parts GROUP BY {names} ORDER BY {names}"
        )


def national_quantiles(
    plan: Plan,
    probs: Sequence[float] = (0.1, 0.5, 0.9),
    by: Sequence[str] = ("wave",),
    *,
    memory: str = MEMORY,
) -> pd.DataFrame:
    """Return quantiles of nominal welfare over the whole store by running sums of weights.

    Parameters
    ----------
    plan : Plan
    probs : sequence of float
        Strictly between 0 and 1; a quantile is the smallest value y with F(y) ≥ q, as `evalkit.measures.quantile`.
    by : sequence of str
        Columns of the panel, or ``province``.
    memory : str

    Returns
    -------
    DataFrame
        Keys, ``q``, ``quantile``.

    Raises
    ------
    DataError
        A probability is not strictly between 0 and 1.
    """
    if not all(0 < q < 1 for q in probs):
        msg = f"a quantile needs 0 < q < 1, got {', '.join(f'{q:g}' for q in probs)}"
        raise DataError(msg)
    with open_store(plan, memory=memory) as store:
        keys = _keys(store, by)
        names = ", ".join(name for name, _ in keys)
        wanted = ", ".join(f"({float(q)!r}::DOUBLE)" for q in probs)
        return store.query(
            f"WITH rows AS ({_weighted(store, plan, keys)}), "
            f"cells AS (SELECT {names}, welfare, sum(w) AS w FROM rows GROUP BY {names}, welfare), "
            f"run AS (SELECT {names}, welfare, sum(w) OVER (PARTITION BY {names} ORDER BY welfare) "
            f"/ sum(w) OVER (PARTITION BY {names}) AS share FROM cells) "
            f"SELECT {names}, q, min(welfare) AS quantile FROM run, (VALUES {wanted}) AS wanted(q) "
            f"WHERE share >= q - 1e-12 GROUP BY {names}, q ORDER BY {names}, q"
        )


def _keys(store: StoreQueries, by: Sequence[str]) -> list[tuple[str, str]]:
    """Return (name, expression) of each key of a breakdown."""
    columns = store.columns("household")
    out = []
    for name in by:
        if name == "province":
            out.append(("province", "province_of(county)"))
        elif name in columns:
            out.append((identifier(name), identifier(name)))
        else:
            msg = f"the panel has no column {name!r} to break down by; it has: province, {', '.join(columns)}"
            raise DataError(msg)
    return out


def _weighted(store: StoreQueries, plan: Plan, keys: list[tuple[str, str]], line: str = "") -> str:
    """Return the SELECT of keys, welfare and weight in persons, rows without welfare left out."""
    weight = [] if plan.design.weight is None else [identifier(plan.design.weight)]
    size = ["size"] if "size" in store.columns("household") else []
    product = " * ".join([*weight, *size]) or "1.0"
    shown = ", ".join(f"{expression} AS {name}" for name, expression in keys)
    return f"SELECT {shown}, welfare, {product} AS w{line} FROM household WHERE welfare IS NOT NULL AND NOT isnan(welfare)"


def _lined(store: StoreQueries, plan: Plan, keys: list[tuple[str, str]]) -> str:
    waves = [int(w) for w in store.query("SELECT DISTINCT wave FROM household ORDER BY wave")["wave"]]
    lines = plan.lines(waves)
    if not lines:
        msg = "the plan gives no poverty line for these waves (plan.poverty.line)"
        raise DataError(msg)
    cases = " ".join(f"WHEN {wave} THEN {float(line)!r}" for wave, line in sorted(lines.items()))
    known = ", ".join(map(str, sorted(lines)))
    return f"{_weighted(store, plan, keys, f', CASE wave {cases} END AS line')} AND wave IN ({known})"
