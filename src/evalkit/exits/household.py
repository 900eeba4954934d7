"""The exit standard of a household: each requirement met, not met or not shown, with its evidence.

A household exits when its income is stably above the line, every guarantee is met, and the procedure was kept, down to its own
agreement (群众认账). What no column shows is not shown; it is never read as met.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import DataError, PlanError
from evalkit.estimate import Estimate
from evalkit.exits import readings as say
from evalkit.exits.readings import READINGS, Floats, Words
from evalkit.exits.shown import (
    ACCOUNT,
    SIGNED,
    Account,
    Asked,
    Shown,
    guarantees_shown,
    signed_account,
    stated,
)
from evalkit.exits.steady import Stability, stability_of, steady_income
from evalkit.measures.basic import proportion
from evalkit.panel import By, Panel
from evalkit.standards import Standard
from evalkit.standards.sections import Requirement
from evalkit.sums import stack
from evalkit.text import Text

Flags = NDArray[np.bool_]
RETURNED = ("返贫", "returned")
PRIOR_DEFF = 1.5
"""Design effect assumed for a share of 0 or 1, as verdicts on county exits do."""
SUBSTANCE = ("income", "guarantee")
"""Kinds of requirements that are about how the household lives; the others are about how its exit was decided."""
SUMMARIES: dict[str, Text] = {
    "substance": Text(en="income and guarantees", zh="收入与保障"),
    "procedure": Text(en="procedure and account", zh="程序与收入账"),
    "overall": Text(en="the whole standard", zh="退出标准总体"),
}
"""Readings over several requirements."""


@dataclass(frozen=True, eq=False)
class HouseholdStandard:
    """Exits held against the standard. `frame` holds household ids: not for publication.

    Parameters
    ----------
    frame : DataFrame
        One row a household: household, wave (the year judged), county and village where the panel has them, for each
        requirement a column of its name (``meets``, ``fails``, ``not_shown``) and ``<name>_evidence``, and `SUMMARIES`.
    requirements : tuple of Requirement
        In the order of the pack, the signed account last.
    shares : Estimate
        Keys `by`, ``requirement`` (summaries included) and ``reading``: share of the exits with that reading. The share
        that meets a requirement lies between that of ``meets`` and one less that of ``fails``.
    stable : Stability
    notes : tuple of Text
    """

    key_columns: ClassVar[tuple[str, ...]] = ("requirement", "reading")

    frame: pd.DataFrame
    requirements: tuple[Requirement, ...]
    shares: Estimate
    stable: Stability
    notes: tuple[Text, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)

    def tidy(self) -> pd.DataFrame:
        """Return the shares, one row a requirement and reading."""
        return self.shares.tidy()

    def counts(self) -> pd.DataFrame:
        """Return one row a requirement: households that meet it, fail it, do not show it (not weighted)."""
        return say.counted(self.frame, [*(r.id for r in self.requirements), *SUMMARIES])

    def problems(self) -> pd.DataFrame:
        """Return one row a household and requirement that is not met: place, household, item, title, evidence."""
        keys = [c for c in ("county", "village", "household", "wave") if c in self.frame]
        parts = []
        failed = [r for r in self.requirements if (self.frame[r.id] == "fails").any()]
        for r in failed or self.requirements[:1]:
            rows = self.frame[self.frame[r.id] == "fails"]
            said = {
                "item": r.id,
                "problem_en": f"not met: {r.title.en}",
                "problem_zh": f"未达到：{r.title.zh}",
            }
            parts.append(rows[keys].assign(**said, evidence=rows[f"{r.id}_evidence"]))
        return pd.concat(parts, ignore_index=True).sort_values([*keys, "item"], ignore_index=True)


@dataclass(frozen=True, eq=False)
class ExitRows:
    """The row in which each exit is judged.

    Parameters
    ----------
    at : ndarray of int, shape (m,)
        Positions in the panel, one a household, ascending.
    unseen : ndarray of bool, shape (m,)
        The household has no row of the year of its exit; the nearest one stands for it.
    notes : tuple of Text
    """

    at: NDArray[np.intp]
    unseen: Flags
    notes: tuple[Text, ...] = ()


def household_standard(
    panel: Panel,
    standard: Standard,
    *,
    at: int | None = None,
    stable: Stability | None = None,
    columns: Mapping[str, str] | None = None,
    evidence: Mapping[str, str] | None = None,
    account: Account | None = SIGNED,
    by: By = None,
) -> HouseholdStandard:
    """Hold every exit of the registry against the exit standard of a household.

    Parameters
    ----------
    panel : Panel
        Household-waves with ``exit_year`` and poverty lines.
    standard : Standard
        Its `household_requirements` and what it takes stable income to mean (``plan.rule_pack()``).
    at : int, optional
        The wave in which households that had exited by then are judged (those returned to poverty are left out); by
        default each is judged in the year of its exit, the last one where it exited twice.
    stable : Stability, optional
        Another reading of stable income than the pack's.
    columns : mapping of str to str, optional
        Requirement → yes/no column that is 1 where it is met (days for publicity). By default guarantees are read as in
        `evalkit.measures.guarantees` and the others from the column of their own name (``publicity_days``).
    evidence : mapping of str to str, optional
        Requirement → column with the document or source that shows it. A requirement said to be met without its
        evidence is not shown.
    account : Account or None
        The signed income account; None leaves it out of the standard.
    by : str or sequence of str, optional
        Domains of `HouseholdStandard.shares`.

    Returns
    -------
    HouseholdStandard
        Shares count households, with the panel's design; their limits are Korn & Graubard's. What is not shown is neither met
        nor failed: the share of exits that meet a requirement is at least that of ``meets``.

    Raises
    ------
    DataError
        No ``exit_year``, no exit in the waves, a named column that is not there, values that are neither yes nor no.
    PlanError
        The pack has no household standard, or a name is none of its requirements.

    References
    ----------
    Korn & Graubard (1998), Survey Methodology 24, 193-201.
    """
    wanted = standard.household_requirements
    if not wanted:
        msg = f"standard {standard.id} has no household_exit section; name a standard that has (standard: cn-2017)"
        raise PlanError(msg)
    asked = Asked(columns or {}, evidence or {})
    say.check_ids([*asked.columns, *asked.evidence], wanted, "household_standard")
    lost = [c for c in (*asked.columns.values(), *asked.evidence.values()) if c not in panel.frame]
    if lost:
        msg = f"the panel has no column {', '.join(lost)}, which was named for a requirement; map it in plan.data"
        raise DataError(msg)
    reading = stability_of(standard) if stable is None else stable
    exits = exit_rows(panel, at)
    shown = guarantees_shown(panel, wanted, asked)
    for one in wanted:
        if one.kind == "income":
            income = steady_income(panel, reading)
            shown[one.id] = Shown(income.steady, income.evidence)
        elif one.id not in shown:
            shown[one.id] = stated(panel.frame, one, asked)
    if account is not None:
        wanted, shown["account"] = (*wanted, ACCOUNT), signed_account(panel, account)
    frame = _frame(panel, exits, wanted, shown)
    notes = (*exits.notes, reading.text, *_notes(frame, wanted), *say.unseen_requirements(wanted))
    names = [*(r.id for r in wanted), *SUMMARIES]
    shares = _shares(panel, exits, frame, names, by).with_notes(*notes)
    keys = [c for c in ("county", "village", "household") if c in frame]
    return HouseholdStandard(frame.sort_values(keys, ignore_index=True), wanted, shares, reading, notes)


def exit_rows(panel: Panel, at: int | None) -> ExitRows:
    """Return the row in which each exit is judged; see `household_standard`.

    Raises
    ------
    DataError
        No column ``exit_year``, or no exit.
    """
    if "exit_year" not in panel.frame:
        msg = "exits are found by the column exit_year (脱贫年度), which the panel does not have; map it in plan.data"
        raise DataError(msg)
    frame = pd.DataFrame(
        {
            "unit": pd.factorize(panel.frame[panel.household])[0],
            "wave": panel.frame[panel.wave].to_numpy(dtype=int),
            "exit": panel.values("exit_year") if panel.frame["exit_year"].notna().any() else np.nan,
        }
    )[panel.mask]
    if at is not None:
        status = panel.frame["status"] if "status" in panel.frame else pd.Series("", index=panel.frame.index)
        back = status.isin(RETURNED).to_numpy()[panel.mask]
        rows = frame[(frame["wave"] == at) & (frame["exit"] <= at) & ~back]
        unseen = np.zeros(len(rows), dtype=bool)
    else:
        inside = frame[frame["exit"].isin(panel.waves)]
        last = inside[inside["exit"] == inside.groupby("unit")["exit"].transform("max")]
        apart = (last["wave"] - last["exit"]).abs()
        nearest = last.assign(apart=apart, before=last["wave"] < last["exit"])
        ordered = nearest.sort_values(["unit", "before", "apart"])
        rows = ordered.drop_duplicates("unit").sort_index()
        unseen = (rows["wave"] != rows["exit"]).to_numpy()
    if rows.empty:
        msg = f"no household of the panel has exited {'by ' + str(at) if at else 'in its waves'} (column exit_year)"
        raise DataError(msg)
    outside = frame.loc[~frame["exit"].isin(panel.waves) & frame["exit"].notna(), "unit"].nunique()
    notes = _exit_notes(at, int(unseen.sum()), outside)
    return ExitRows(rows.index.to_numpy().astype(np.intp), unseen, notes)


def _exit_notes(at: int | None, unseen: int, outside: int) -> tuple[Text, ...]:
    """Say in which year exits are judged, and how many cannot be."""
    if at is not None:
        return (
            Text(
                en=f"households that had exited by {at} are judged as they were in {at}",
                zh=f"截至{at}年已脱贫的户，按{at}年情况核查",
            ),
        )
    out = [Text(en="each household is judged in the year of its exit", zh="各户按脱贫当年情况核查")]
    if unseen:
        out.append(
            Text(
                en=f"{unseen:,} exits have no record of the year of exit: nothing is shown about them",
                zh=f"{unseen:,}户没有脱贫当年的记录，各项均无法核实",
            )
        )
    if outside:
        out.append(
            Text(
                en=f"{outside:,} households exited in years that are no wave of the panel and are not judged",
                zh=f"{outside:,}户脱贫年度不在数据年度内，未纳入核查",
            )
        )
    return tuple(out)


def _frame(
    panel: Panel, exits: ExitRows, wanted: Sequence[Requirement], shown: Mapping[str, Shown]
) -> pd.DataFrame:
    """Return one row an exit, in the order of the panel's rows."""
    roles = {
        "county": panel.county,
        "village": panel.village,
        "household": panel.household,
        "wave": panel.wave,
    }
    rows = panel.frame.iloc[exits.at]
    out = pd.DataFrame({r: rows[c].to_numpy() for r, c in roles.items() if c is not None})
    read: dict[str, Words] = {}
    for one in wanted:
        met = np.where(exits.unseen, np.nan, shown[one.id].met[exits.at])
        read[one.id] = say.read(met)
        out[one.id] = pd.Series(read[one.id], dtype="str")
        words = np.where(exits.unseen, "", shown[one.id].evidence[exits.at])
        out[f"{one.id}_evidence"] = pd.Series(words, dtype="str")
    n = len(out)
    parts = {
        "substance": [read[r.id] for r in wanted if r.kind in SUBSTANCE],
        "procedure": [read[r.id] for r in wanted if r.kind not in SUBSTANCE],
        "overall": list(read.values()),
    }
    for name, these in parts.items():
        out[name] = pd.Series(say.combine(these, n), dtype="str")
    return out


def _shares(panel: Panel, exits: ExitRows, frame: pd.DataFrame, names: Sequence[str], by: By) -> Estimate:
    """Return the share of exits with each reading of each requirement, with their joint covariance."""
    judged = np.zeros(len(panel.frame), dtype=bool)
    judged[exits.at] = True
    target = panel.where(judged)
    found, answers = [], []
    known: dict[bytes, Estimate] = {}  # requirements that are shown for nobody have the same answers
    for name in names:
        for reading in READINGS:
            y = np.zeros(len(panel.frame), dtype=bool)
            y[exits.at] = (frame[name] == reading).to_numpy()
            marks = y.tobytes()
            if marks not in known:
                known[marks] = proportion(target, y, by=by, per="household")
            one = known[marks]
            keys = one.keys.assign(requirement=name, reading=reading)
            about = replace(
                one.about, estimand="exits by what is shown of the standard", prior_deff=PRIOR_DEFF
            )
            found.append(replace(one, keys=keys, about=about))
            answers.append(y)
    return joint(target, found, answers, by)


def joint(panel: Panel, shares: Sequence[Estimate], answers: Sequence[Flags], by: By) -> Estimate:
    """Return shares of households of one panel as one estimate, with the covariance between them.

    Parameters
    ----------
    panel : Panel
    shares : sequence of m Estimates, k values each
        What `proportion` gives for each answer, ``per="household"``.
    answers : sequence of m ndarrays of bool, shape (n,)
    by : str or sequence of str, optional
    """
    joined = stack(shares)
    if panel.sample.census:
        return joined
    domains = panel.domains(by)
    zs = [
        _influence(panel, domains.code, y.astype(float), p.values)
        for y, p in zip(answers, shares, strict=True)
    ]
    cov = panel.sample.covariance_of(zs, [domains.code] * len(zs), domains.k)
    void = np.isnan(np.diag(joined.cov))
    return replace(joined, cov=np.where(void[:, None] | void[None, :], np.nan, cov))


def _influence(panel: Panel, code: NDArray[np.intp], y: Floats, values: Floats) -> Floats:
    """Return (y - share) / Σw within each domain, 0 outside, shape (n,)."""
    inside = code >= 0
    size = np.bincount(code[inside], weights=panel.sample.weight[inside], minlength=len(values))
    out = np.zeros(len(y))
    out[inside] = (y[inside] - values[code[inside]]) / size[code[inside]]
    return out


def _notes(frame: pd.DataFrame, wanted: Sequence[Requirement]) -> tuple[Text, ...]:
    """Name the requirements that nothing shows, and those that rest on the registry's own marks."""
    dark = [r.title for r in wanted if (frame[r.id] == "not_shown").all()]
    own = [r.title for r in wanted if (frame[f"{r.id}_evidence"] == "registry").any()]
    out = []
    if dark:
        out.append(
            Text(
                en=f"shown for no household, hence never read as met: {', '.join(t.en for t in dark)}",
                zh=f"以下要求没有任何户的资料可以核实，一律不作达标处理：{'、'.join(t.zh for t in dark)}",
            )
        )
    if own:
        out.append(
            Text(
                en=f"rests on the registry's own marks, not on a visit: {', '.join(t.en for t in own)}",
                zh=f"以下要求仅依据系统登记，未经入户核实：{'、'.join(t.zh for t in own)}",
            )
        )
    return tuple(out)
