"""The official guarantees of exit, 两不愁三保障 and safe water, as a preset of deprivations with their evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.errors import DataError, EstimationError
from evalkit.measures.deprivation import Deprivations, Indicator, Missing, deprived
from evalkit.panel import Panel
from evalkit.text import Text


@dataclass(frozen=True)
class Finding:
    """A way to see that a guarantee is not met: columns needed, condition of the deprived, a key of `SOURCES`."""

    columns: tuple[str, ...]
    unmet: str
    source: str


@dataclass(frozen=True)
class Guarantee:
    """One guarantee: its name, its label, the findings that can show it, best first."""

    name: str
    label: Text
    findings: tuple[Finding, ...]


SOURCES: dict[str, Text] = {
    "visit": Text(en="finding of the visit", zh="入户核查结论"),
    "registry": Text(en="registry mark", zh="建档立卡登记"),
    "roster": Text(en="counted from the member roster", zh="由成员名册汇总"),
    "not_stated": Text(en="not stated", zh="未注明"),
}
"""Labels of the sources that are not a column's own words."""


def _stated(column: str) -> Finding:
    return Finding((column,), f"{column} == 0", "visit")


GUARANTEES: tuple[Guarantee, ...] = (
    Guarantee("food", Text(en="food", zh="不愁吃"), (_stated("food_secure"),)),
    Guarantee("clothing", Text(en="clothing", zh="不愁穿"), (_stated("clothing_secure"),)),
    Guarantee(
        "education", Text(en="compulsory education", zh="义务教育有保障"), (_stated("education_secure"),)
    ),
    Guarantee(
        "medical",
        Text(en="basic medical care", zh="基本医疗有保障"),
        (_stated("medical_secure"), Finding(("insured", "size"), "insured < size", "roster")),
    ),
    Guarantee(
        "housing",
        Text(en="safe housing", zh="住房安全有保障"),
        (_stated("housing_secure"), Finding(("unsafe_housing",), "unsafe_housing == 1", "registry")),
    ),
    Guarantee(
        "water",
        Text(en="safe water", zh="饮水安全有保障"),
        (_stated("water_secure"), Finding(("safe_water",), "safe_water == 0", "registry")),
    ),
)
"""The two assurances (food, clothing), the three guarantees, and safe water."""


@dataclass(frozen=True, eq=False)
class EvidenceTable:
    """Where findings come from.

    Parameters
    ----------
    table : DataFrame
        One row an indicator and source: ``indicator``, ``source`` (the column's own words, or a key
        of `SOURCES`), ``rows`` (household-waves with a finding), ``unmet``
        (of them deprived), ``unknown`` (household-waves without a finding, whatever their source).
    notes : tuple of Text
    """

    table: pd.DataFrame
    notes: tuple[Text, ...]

    def tidy(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()


def guarantees(
    panel: Panel,
    *,
    findings: Mapping[str, str] | None = None,
    weights: Mapping[str, float] | None = None,
    cutoff: float | None = None,
    missing: Missing = "drop",
    evidence: Mapping[str, str] | None = None,
) -> Deprivations:
    """Return the guarantees that the panel's columns can show, as deprivations.

    Parameters
    ----------
    panel : Panel
        ``food_secure``, ``clothing_secure``, ``education_secure``, ``medical_secure``, ``housing_secure``, ``water_secure``
        (yes/no: the guarantee is met) are findings of a visit; else the registry's ``unsafe_housing`` and ``safe_water``,
        and the roster's ``insured`` against ``size``. A column in which nothing is recorded shows nothing.
    findings : mapping of str to str, optional
        By guarantee, the condition of those who lack it in the panel's own columns (``{"food": "q17 == 2"}``); it
        goes before the columns above.
    weights : mapping of str to float, optional
        By guarantee; equal by default.
    cutoff : float, optional
        By default a household that lacks any one guarantee is deprived (each of them is a condition of exit).
    missing : {"error", "drop", "not_deprived"}
    evidence : mapping of str to str, optional
        By guarantee, the column that says where each finding comes from (registry, inspection, survey …).

    Raises
    ------
    DataError
        The panel shows none of the guarantees.
    PlanError
        Weights or a cutoff that do not fit.
    EstimationError
        A finding for something that is no guarantee, evidence for a guarantee that is not shown, or a column above
        that holds something else than yes and no (1 and 0).

    Notes
    -----
    Guarantees that no column shows are not counted as met: they are left out, and a note names them.
    """
    strange = [n for n in findings or {} if n not in {g.name for g in GUARANTEES}]
    if strange:
        known = ", ".join(g.name for g in GUARANTEES)
        msg = f"no guarantee {', '.join(strange)}; the guarantees are {known}"
        raise EstimationError(msg)
    have = {str(c) for c in panel.frame.columns if panel.frame.loc[panel.mask, c].notna().any()}
    found: dict[str, Indicator] = {}
    absent: list[Text] = []
    for one in GUARANTEES:
        own = (findings or {}).get(one.name)
        named = [] if own is None else [Finding((), own, "visit")]
        finding = next((f for f in (*named, *one.findings) if set(f.columns) <= have), None)
        if finding is not None:
            _refuse_words(panel, one.name, finding)
        if finding is None:
            absent.append(one.label)
            continue
        source = (evidence or {}).get(one.name, finding.source)
        found[one.name] = Indicator(finding.unmet, label=one.label, evidence=source)
    if not found:
        columns = ", ".join(c for g in GUARANTEES for f in g.findings for c in f.columns)
        msg = f"the panel shows none of the guarantees; they are read from the columns {columns}"
        raise DataError(msg)
    lost = [n for n in evidence or {} if n not in found]
    if lost:
        msg = f"evidence is given for {', '.join(lost)}, but the panel shows {', '.join(found)} only"
        raise EstimationError(msg)
    stated = Deprivations(found, weights, missing=missing)
    least = min(stated.shares.values()) if cutoff is None else cutoff
    notes = (_absent(absent),) if absent else ()
    return Deprivations(found, weights, cutoff=least, missing=missing, notes=notes)


def deprivation_evidence(panel: Panel, deprivations: Deprivations) -> EvidenceTable:
    """Return how many findings of each indicator come from each source.

    Parameters
    ----------
    panel : Panel
    deprivations : Deprivations
        `Indicator.evidence` names a column, or the one source of all findings.

    Notes
    -----
    Rows are counted, not weighted: it is a table of the evidence, not an estimate. It counts a finding without a
    source under ``not_stated``.
    """
    rows = []
    for name in deprivations.names:
        one = deprivations.indicator(name)
        y = deprived(panel, one)[panel.mask]
        source = _sources(panel, one)[panel.mask]
        table = pd.DataFrame({"source": source, "unmet": y}).dropna(subset="unmet")
        counts = table.groupby("source", sort=True)["unmet"].agg(["size", "sum"])
        rows += [
            [name, str(label), int(row["size"]), int(row["sum"]), int(np.isnan(y).sum())]
            for label, row in counts.iterrows()
        ]
    columns = ["indicator", "source", "rows", "unmet", "unknown"]
    return EvidenceTable(pd.DataFrame(rows, columns=columns), (*deprivations.notes, _counted()))


def _refuse_words(panel: Panel, name: str, finding: Finding) -> None:
    """Refuse a column that would compare unequal to 0 and 1 in every row, and so count every guarantee as met."""
    for column in finding.columns:
        values = panel.frame.loc[panel.mask, column].dropna()
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        typed = not pd.api.types.is_string_dtype(values.infer_objects())
        if (
            typed
            and (len(finding.columns) > 1 or np.isin(numbers, (0, 1)).all())
            and np.isfinite(numbers).all()
        ):
            continue
        some = ", ".join(repr(v) for v in sorted(map(str, values.unique()))[:3])
        msg = (
            f"{column!r} ({name}) holds {some}, not yes/no as 1/0; clean the data first, or say who lacks it: "
            f'findings={{{name!r}: "{column} == …"}}'
        )
        raise EstimationError(msg)


def _sources(panel: Panel, one: Indicator) -> pd.Series:
    if one.evidence is not None and one.evidence in panel.frame:
        return panel.frame[one.evidence].astype("str").where(panel.frame[one.evidence].notna(), "not_stated")
    return pd.Series(one.evidence or "not_stated", index=panel.frame.index, dtype="str")


def _absent(labels: list[Text]) -> Text:
    return Text(
        en=f"no column shows these guarantees, which are left out: {', '.join(t.en for t in labels)}",
        zh=f"数据中没有以下保障的信息，未纳入：{'、'.join(t.zh for t in labels)}",
    )


def _counted() -> Text:
    return Text(en="household-waves counted, not weighted", zh="按户年记录计数，未加权")
