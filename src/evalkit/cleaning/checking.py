"""Conditional rules: each looked up in the table of rules, run on whole columns, noted with its evidence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evalkit.cleaning.views import TableView, views
from evalkit.cleaning.work import Objects, Work
from evalkit.errors import PlanError
from evalkit.rules import CHECKS, OPTIONAL, RULES, Rule
from evalkit.rules.limits import LIMITS
from evalkit.rules.view import Flags

CHECKED_COLUMNS: tuple[str, ...] = ("rule", "table", "checked", "lacks", "rows", "hits")
"""Columns of the list of checks."""


def check_rules(works: Mapping[str, Work]) -> pd.DataFrame:
    """Run every conditional rule on the tables of a county.

    Rules that set rows aside run first, so that the others see what stays.

    Parameters
    ----------
    works : mapping of str to Work
        Tidied tables by kind; hits are noted in them.

    Returns
    -------
    DataFrame
        One row a rule: rule, table, checked (bool), lacks (columns it needs and the tables have not), rows
        (looked at), hits.

    Raises
    ------
    PlanError
        ``plan.clean.rules_off`` or ``plan.clean.limits`` names what does not exist.
    """
    plan = next(iter(works.values())).plan
    _check_names(plan.clean.rules_off, plan.clean.limits)
    rows = []
    seen: dict[str, TableView] = {}
    for severity in ("quarantine", "flag"):
        if not seen or any((seen[n].stays != work.stays).any() for n, work in works.items()):
            seen.clear()
            seen = views(works)
        for rule in CHECKS:
            if rule.severity == severity and rule.table in works and rule.id not in plan.clean.rules_off:
                rows.append(_run(rule, works[rule.table], seen[rule.table]))
    seen.clear()  # each view knows all of them: memory would wait for the collector of circles
    rows.sort(key=lambda row: str(row["rule"]))
    kinds = dict(zip(CHECKED_COLUMNS, ("str", "str", "bool", "str", "int64", "int64"), strict=True))
    return pd.DataFrame({c: pd.Series([row[c] for row in rows], dtype=kind) for c, kind in kinds.items()})


def _run(rule: Rule, work: Work, view: TableView) -> dict[str, object]:
    lacks = [name for name in rule.needs if not view.has(name)]
    row: dict[str, object] = {
        "rule": rule.id,
        "table": rule.table,
        "checked": not lacks,
        "lacks": ", ".join(lacks),
    }
    if lacks or rule.when is None:
        return {**row, "rows": 0, "hits": 0}
    hits = rule.when(view) & view.stays
    if not hits.any():
        return {**row, "rows": view.size, "hits": 0}
    if rule.once:
        hits &= ~view.ever(hits)
    own = [n for n in (*rule.needs, *rule.also) if "." not in n and n in work.used]
    if hits.any():
        said = _evidence(work, own, hits)
        if rule.severity == "quarantine":
            work.take_out(hits, rule.id, own[0], said)
        else:
            work.flag(hits, rule.id, own[0], said)
    return {**row, "rows": view.size, "hits": int(hits.sum())}


def _evidence(work: Work, columns: list[str], hits: Flags) -> Objects:
    """Return ``column=value; …`` of the rows that were hit, missing elsewhere."""
    at = np.flatnonzero(hits)
    cells = [["" if c is None else c for c in work.coded(name).at(at).to_pylist()] for name in columns]
    out = np.full(len(hits), None, dtype=object)
    out[at] = [
        "; ".join(f"{name}={cell}" for name, cell in zip(columns, row, strict=True))
        for row in zip(*cells, strict=True)
    ]
    return out


def _check_names(off: tuple[str, ...], limits: Mapping[str, float]) -> None:
    unknown = [r for r in off if r not in OPTIONAL]
    if unknown:
        fixed = [r for r in unknown if r in {r.id for r in RULES}]
        why = " (rules applied by the code of cleaning have their own settings)" if fixed else ""
        msg = f"plan.clean.rules_off names {', '.join(unknown)}, which cannot be switched off{why}"
        raise PlanError(msg)
    odd = sorted(set(limits) - set(LIMITS))
    if odd:
        msg = f"plan.clean.limits names {', '.join(odd)}; known: {', '.join(sorted(LIMITS))}"
        raise PlanError(msg)
