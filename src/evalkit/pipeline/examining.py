"""Patterns that honest records do not show, in one county's build: tables for the report, rows for the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from evalkit.cleaning import CleanResult
from evalkit.errors import DataError, PlanError
from evalkit.forensics import Examination, Signal, examine
from evalkit.pipeline.results import CountyResult
from evalkit.pipeline.visits import judged_visit
from evalkit.plan import NoForensics, Plan
from evalkit.reasons import reason
from evalkit.store import Store
from evalkit.text import Text

KEYS = ("village", "interviewer", "wave", "year", "month")
"""Columns that tell units of a county apart."""
UNIT_COLUMNS = (
    "kind", "number", "village", "village_name", "year", "month",
    "n", "observed", "share", "expected", "effect", "p_value", "q_value",
)  # fmt: skip
CASE_COLUMNS = ("kind", "number", "village", "interviewer", "year", "month", "household", "wave", "detail")
WORDING = ("n", "question_en", "question_zh", "notes_en", "notes_zh", "method", "citation")

NOT_ASKED = Text(
    en="The plan asks for no tests of patterns (forensics: none).",
    zh="方案未要求查看数据特征（forensics: none）。",
)
NO_UNIT = Text(en="No unit has a case that could show the pattern.", zh="没有任何单位存在可供检验的情形。")


@dataclass(frozen=True, eq=False)
class Examined:
    """What the tests show of one county.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``signals``: one row a test, `Examination.summary` with `WORDING` (``n``: cases that could show the pattern); ``signal_units``: one row a flagged unit,
        `UNIT_COLUMNS`. Interviewers are numbered within their test, the clearest first, and never named.
    facts : mapping
        ``level`` of false discoveries, ``monitoring_line`` by wave and ``monitoring_province``, whose series that is.
    omitted : mapping
        ``patterns``: why there is no test at all; ``patterns:<test>``: why one was not made.
    cases : DataFrame
        Rows behind the flagged units (`CASE_COLUMNS`): household codes and interviewers, not for publication.
    """

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    omitted: Mapping[str, Text] = field(default_factory=dict)
    cases: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(CASE_COLUMNS)))


def examine_county(cleaned: CleanResult, plan: Plan, county: str) -> Examined:
    """Return what `evalkit.forensics.examine` shows of a county's clean panel.

    Parameters
    ----------
    cleaned : CleanResult
    plan : Plan
        Its section ``forensics``; the monitoring line is that of its standard.
    county : str
        Code of the county; its province has a monitoring line of its own, or the national series holds.
    """
    section = plan.forensics
    if isinstance(section, NoForensics):
        return Examined(omitted={"patterns": NOT_ASKED})
    panel = cleaned.panel
    place, line = monitoring_line(plan, county, panel.waves)
    survey, why = _survey(cleaned, plan)
    found = examine(
        panel,
        programs=cleaned.tables.get("program"),
        survey=survey,
        monitoring_line=line,
        level=section.level,
        only=section.only,
    )
    empty = {k for k, s in found.signals.items() if not s.units["p_value"].notna().any()}
    omitted = {**found.omitted, **dict.fromkeys(sorted(empty), NO_UNIT), **why}
    found = replace(found, signals={k: s for k, s in found.signals.items() if k not in empty})
    names = _village_names(panel.frame, panel.village)
    return Examined(
        tables={"signals": signal_table(found), "signal_units": unit_table(found, names)},
        facts={
            "level": section.level,
            "monitoring_province": place,
            "monitoring_line": {str(w): z for w, z in sorted(line.items())},
        },
        omitted={f"patterns:{k}": t for k, t in omitted.items()},
        cases=case_table(found, panel.household, panel.wave),
    )


def _survey(cleaned: CleanResult, plan: Plan) -> tuple[pd.DataFrame | None, dict[str, Text]]:
    """Return the visit that is compared with the registry, or why there is none."""
    try:
        return judged_visit(cleaned.tables, plan), {}
    except DataError as error:
        return None, {"survey_differences": reason(error)}


class MonitoringLine(NamedTuple):
    """Whose series it is (two digits of a province, ``*`` for the national one), and the line by wave."""

    province: str
    line: dict[int, float]


def monitoring_line(plan: Plan, county: str, waves: list[int]) -> MonitoringLine:
    """Return the monitoring line of the county's province, or else the national series; no wave where none is known."""
    pack = plan.rule_pack()
    if pack is None:
        return MonitoringLine("*", {})
    for province in (county[:2], "*"):
        try:
            found = pack.lines(purpose="monitoring", province=province, years=waves)
        except PlanError:
            continue
        return MonitoringLine(province, found)
    return MonitoringLine("*", {})


def signal_table(found: Examination) -> pd.DataFrame:
    """Return one row a test: the columns of `Examination.summary`, and what is counted, how, after whom."""
    said = [
        {
            "n": int(s.units["n"].sum()),
            "question_en": s.question.en,
            "question_zh": s.question.zh,
            "notes_en": "; ".join(n.en for n in s.notes),
            "notes_zh": "；".join(n.zh for n in s.notes),
            "method": s.method,
            "citation": s.citation,
        }
        for s in found.signals.values()
    ]
    return pd.concat([found.summary(), pd.DataFrame(said, columns=list(WORDING))], axis=1)


def unit_table(found: Examination, names: Mapping[str, str]) -> pd.DataFrame:
    """Return one row a flagged unit, numbered within its test; `names` are those of villages, by code."""
    parts = [_dated(_numbered(s)).assign(kind=kind) for kind, s in _flagging(found)]
    if not parts:
        return pd.DataFrame(columns=list(UNIT_COLUMNS))
    table = pd.concat(parts, ignore_index=True)
    village = table["village"] if "village" in table else pd.Series(None, index=table.index, dtype="str")
    return table.assign(village_name=village.map(names)).reindex(columns=list(UNIT_COLUMNS))


def case_table(found: Examination, household: str, wave: str) -> pd.DataFrame:
    """Return the rows behind the flagged units, all tests in one table; what is peculiar stands in ``detail``."""
    parts = list(_cases(found, household, wave))
    if not parts:
        return pd.DataFrame(columns=list(CASE_COLUMNS)).astype("str")
    table = pd.concat(parts, ignore_index=True).reindex(columns=list(CASE_COLUMNS))
    texts = [c for c in CASE_COLUMNS if c not in ("number", "year", "wave")]
    return table.astype({**dict.fromkeys(texts, "str"), **dict.fromkeys(("number", "year", "wave"), "Int64")})


def with_patterns(result: CountyResult, found: Examined) -> CountyResult:
    """Return a county's results with what the tests show, without household codes and interviewers."""
    facts = {**result.facts, "patterns": dict(found.facts)} if found.facts else result.facts
    return replace(
        result,
        tables={**result.tables, **found.tables},
        facts=facts,
        omitted={**result.omitted, **found.omitted},
    )


def write_patterns(store: Store, county: str, found: Examined) -> None:
    """Write the rows behind flagged units as a table of the store; nothing where no unit is flagged."""
    if len(found.cases):
        store.write("signal_cases", county, found.cases)


def _flagging(found: Examination) -> list[tuple[str, Signal]]:
    """Return the tests that flag a unit."""
    return [(kind, s) for kind, s in found.signals.items() if s.units["flagged"].any()]


def _numbered(signal: Signal) -> pd.DataFrame:
    """Return the flagged units, the clearest first, numbered from 1."""
    units = signal.flagged
    return units.assign(number=np.arange(1, len(units) + 1))


def _dated(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the ``year`` of its waves or events as a whole number; without one where it has neither."""
    own = next((c for c in ("year", "wave") if c in table), None)
    return table if own is None else table.assign(year=pd.to_numeric(table[own]).astype("Int64"))


def _cases(found: Examination, household: str, wave: str) -> Iterator[pd.DataFrame]:
    for kind, signal in _flagging(found):
        units, rows = _numbered(signal), signal.cases
        keys = [k for k in KEYS if k in units and k in rows]
        table = rows.merge(units[[*keys, "number"]], on=keys) if keys else rows.assign(number=1)
        rest = [str(c) for c in rows if c not in {*keys, household, wave, "county", "_of", "_shows"}]
        table["detail"] = _detail(table, rest)
        table = _dated(table) if {"year", "wave"} & set(keys) else table
        renamed = table.rename(columns={household: "household", wave: "wave"})
        yield renamed.assign(kind=kind).reindex(columns=list(CASE_COLUMNS))


def _detail(table: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Return what is peculiar of each row as text: ``name=value; …``.

    >>> _detail(pd.DataFrame({"a": [1.5], "b": ["x"]}), ["a", "b"]).tolist()
    ['a=1.5; b=x']
    """
    said = [
        [f"{c}={v:g}" if isinstance(v, float) else f"{c}={v}" for v in table[c].tolist()] for c in columns
    ]
    joined = ["; ".join(cells) for cells in zip(*said, strict=True)] if said else [""] * len(table)
    return pd.Series(joined, index=table.index, dtype="str")


def _village_names(frame: pd.DataFrame, village: str | None) -> dict[str, str]:
    """Return the most frequent name of each village code; none where the data have no names."""
    if village is None or "village_name" not in frame or village == "village_name":
        return {}
    pairs = frame[[village, "village_name"]].dropna()
    counts = pairs.value_counts(sort=False).reset_index(name="_n")
    best = counts.sort_values(["_n", "village_name"], ascending=[False, True]).drop_duplicates(village)
    return {str(v): str(n) for v, n in zip(best[village], best["village_name"], strict=True)}
