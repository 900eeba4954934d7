"""What a build did to the data of all counties, put together for the data audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.decisions import BETWEEN
from evalkit.ledger import Ledger
from evalkit.pipeline.case import read_manifest
from evalkit.pipeline.intake import Intake, read_intake
from evalkit.pipeline.results import CountyResult
from evalkit.plan import Plan
from evalkit.store import UNPLACED, Store

AUDITED: tuple[str, ...] = (
    "rows", "rules", "open_cases", "decided", "money", "checks", "sample",
    "events", "event_cases", "events_stated", "stock", "rosters", "structures",
)  # fmt: skip
"""Tables of a county's results that the audit puts together."""
FATES: tuple[str, ...] = ("clean", "quarantined", "merged", "not_data")


@dataclass(frozen=True, eq=False)
class AuditCase:
    """Everything a data audit may speak of.

    Parameters
    ----------
    plan : Plan
    names : mapping
        County code → name, of the counties that were built.
    failed : mapping
        County code → why it was not.
    tables : mapping of str to DataFrame
        By `AUDITED`, each with a ``county`` column; those no county has are absent.
    intake : Intake
        What was read.
    unplaced : DataFrame
        What cleaning did to rows that name no county: table, action, rule, reason_en, reason_zh, n.
    across : DataFrame
        Open cases found by comparing counties: table, rule, what_en, what_zh, cases.
    across_decided : DataFrame
        Decided ones, by the rule that a decision is recorded under: rule, n.
    unplaced_cases : DataFrame
        Open cases of rows that name no county: table, rule, what_en, what_zh, cases.
    inputs : mapping
        File → SHA-256.
    """

    plan: Plan
    names: Mapping[str, str]
    failed: Mapping[str, str]
    tables: Mapping[str, pd.DataFrame]
    intake: Intake
    unplaced: pd.DataFrame
    across: pd.DataFrame
    across_decided: pd.DataFrame
    unplaced_cases: pd.DataFrame
    inputs: Mapping[str, str]

    def table(self, name: str) -> pd.DataFrame | None:
        """Return a table with at least one row, or None."""
        found = self.tables.get(name)
        return None if found is None or found.empty else found

    def row_balance(self) -> pd.DataFrame:
        """Return, for each raw table, where its rows went.

        Returns
        -------
        DataFrame
            table; rows (in the files); clean, quarantined, merged, not_data (of the counties built); unplaced (name no
            county); failed (of counties that could not be built); unaccounted = rows − all others.
        """
        read = pd.DataFrame({"table": list(self.intake.rows), "rows": list(self.intake.rows.values())})
        built = self.tables.get("rows")
        none = pd.DataFrame(
            {"table": pd.Series(dtype="str"), **dict.fromkeys(FATES, pd.Series(dtype="int64"))}
        )
        fates = (none if built is None else built).groupby("table")[list(FATES)].sum()
        out = read.join(fates, on="table")
        out["unplaced"] = out["table"].map(_sums(self.intake.unplaced, "in"))
        out["failed"] = out["table"].map(_sums(self.intake.failed, "rows"))
        counted = [*FATES, "unplaced", "failed"]
        out[counted] = out[counted].fillna(0).astype("int64")
        out["unaccounted"] = out["rows"] - out[counted].sum(axis=1)
        return out

    def money_balance(self) -> pd.DataFrame:
        """Return how the sums of household amounts in the files and in the clean tables reconcile.

        Returns
        -------
        DataFrame
            column; read (all files, without counties that could not be built); unplaced (in rows that name no county);
            changed (by rules); set_aside (in rows taken out); after (clean); difference = read − unplaced + changed −
            set_aside − after, zero up to rounding.
        """
        numbers = ["before", "changed", "set_aside", "after", "difference"]
        out = self.tables["money"].groupby("column", sort=False)[numbers].sum().reset_index()
        out["unplaced"] = out["column"].map(_sums(self.intake.money, "before", "column")).fillna(0.0)
        out["read"] = out["before"] + out["unplaced"]
        return out[["column", "read", "unplaced", "changed", "set_aside", "after", "difference"]]


def _sums(table: pd.DataFrame, value: str, key: str = "table") -> dict[str, float]:
    if table.empty:
        return {}
    return {str(k): v for k, v in table.groupby(key)[value].sum().items()}


def load_audit(plan: Plan) -> AuditCase:
    """Return what the plan's build did to the data.

    Raises
    ------
    ReportError
        If nothing has been built, or with other settings or by another version.
    """
    manifest: Mapping[str, Any] = read_manifest(plan)
    store = Store(plan.processed)
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in AUDITED}
    for county in manifest["counties"]:
        result = CountyResult.from_dict(store.read_json(store.result_path(county)))
        for name in AUDITED:
            table = result.tables.get(name)
            if table is not None and len(table):
                parts[name].append(table.assign(county=county))
    tables = {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items() if frames}
    cases, entries = _crossing(store, "open_cases"), _crossing(store, "ledger")
    between = cases["rule"].isin(BETWEEN)
    made = entries.loc[entries["file"].isna()]  # decisions about cases between counties name no row
    return AuditCase(
        plan=plan,
        names={c: str(e["name"]) for c, e in manifest["counties"].items()},
        failed=manifest["failed"],
        tables=tables,
        intake=read_intake(store),
        unplaced=Ledger(entries.drop(made.index).reset_index(drop=True)).counts(),
        across=_counted(cases.loc[between]),
        across_decided=made.groupby("rule").size().rename("n").reset_index(),
        unplaced_cases=_counted(cases.loc[~between]),
        inputs=manifest["inputs"],
    )


def _crossing(store: Store, kind: str) -> pd.DataFrame:
    return store.read(kind, UNPLACED)


def _counted(cases: pd.DataFrame) -> pd.DataFrame:
    keys = ["table", "rule", "what_en", "what_zh"]
    return cases.groupby(keys, sort=True).size().rename("cases").reset_index()
