"""After 2020: who is watched, from what income, and when a risk may be called eliminated, as checks on a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.errors import DataError, PlanError
from evalkit.exits import readings as say
from evalkit.exits.readings import READINGS
from evalkit.exits.watching import CHECKS, Watch, run_checks
from evalkit.exits.window import monthly_income
from evalkit.standards import Standard
from evalkit.text import Text

NEEDED = ("household", "wave", "monitored")


@dataclass(frozen=True, eq=False)
class MonitoringChecks:
    """What the checks found. `frame` holds household ids: not for publication.

    Parameters
    ----------
    frame : DataFrame
        One row a household, wave and check that applies to it: county and village (where the table has them), household,
        wave, check, reading (``meets``, ``fails``, ``not_shown``), evidence.
    quota : DataFrame
        One row a county (or one in all) and wave: households, watched, share, quota and quota_deep_poverty (of the pack: what
        is usual, no rule).
    notes : tuple of Text
    """

    key_columns: ClassVar[tuple[str, ...]] = ("check",)

    frame: pd.DataFrame
    quota: pd.DataFrame
    notes: tuple[Text, ...] = ()

    def counts(self) -> pd.DataFrame:
        """Return one row a check: its title, households it applies to, and how many meet it, fail it, do not show it."""
        rows = []
        for check, title in CHECKS.items():
            here = self.frame.loc[self.frame["check"] == check, "reading"]
            rows.append([check, title.en, title.zh, len(here), *(int((here == r).sum()) for r in READINGS)])
        return pd.DataFrame(rows, columns=["check", "en", "zh", "applies", *READINGS])

    def tidy(self) -> pd.DataFrame:
        """Return the counts."""
        return self.counts()

    def problems(self) -> pd.DataFrame:
        """Return one row a failed check: place, household, wave, item, title in both languages, evidence."""
        rows = self.frame[self.frame["reading"] == "fails"]
        keys = [c for c in ("county", "village", "household", "wave") if c in rows]
        titles = {
            f"problem_{lang}": rows["check"].map({c: t.get(lang) for c, t in CHECKS.items()})
            for lang in ("en", "zh")
        }
        out = rows[keys].assign(item=rows["check"], **titles, evidence=rows["evidence"])
        return out.sort_values([*keys, "item"], ignore_index=True)


def monitoring_checks(
    households: pd.DataFrame,
    standard: Standard,
    *,
    lines: Mapping[int, float] | None = None,
    province: str = "*",
    monthly: pd.DataFrame | None = None,
    rigid_multiple: float = 1.0,
) -> MonitoringChecks:
    """Check the records of monitored households against the rules of the years after 2020.

    Parameters
    ----------
    households : DataFrame
        One row a household and year, canonical columns: household, wave, monitored (class), and as far as they are there
        status, exit_year, income_pc, income_net, rigid_expense, monitored_month, risk_eliminated, eliminated_month, labourers,
        household_type, minimum_allowance, destitute_allowance, education_secure, medical_secure, housing_secure or
        unsafe_housing, rigid_solved. What is absent is not shown.
    standard : Standard
        Classes, window, quota and the rules on elimination.
    lines : mapping of int to float, optional
        Monitoring line per head by year; the pack's of `province` by default. Checks of years without a line are not shown.
    province : str
        Two digits, or ``"*"``: whose monitoring line the pack is asked for.
    monthly : DataFrame, optional
        household, month (YYYYMM), income_pc of the month: income is then counted over the pack's window, which ends with the
        month before identification (or elimination, where each window ending in the half year before must be above the
        line). Without it the yearly income of the record is used, and a note says so.
    rigid_multiple : float
        Rigid expenses at or above this multiple of net income are far above it.

    Returns
    -------
    MonitoringChecks

    Raises
    ------
    DataError
        The keys are absent, blank or repeated; flags, months or amounts that are none.
    PlanError
        The pack has no rules on monitoring.
    """
    if not standard.pack.monitored_classes or not standard.pack.risk_elimination:
        msg = f"standard {standard.id} has no monitored_classes or risk_elimination; name a standard that has (standard: cn-2017)"
        raise PlanError(msg)
    frame = _read(households)
    years = sorted(set(frame["wave"]))
    known = (
        dict(lines)
        if lines is not None
        else standard.lines(purpose="monitoring", province=province, years=years)
    )
    watch = Watch(
        frame=frame,
        pack=standard.pack,
        lines=known,
        monthly=None if monthly is None else monthly_income(monthly),
        rigid_multiple=rigid_multiple,
    )
    found = run_checks(watch)
    keys = [c for c in ("county", "village", "household", "wave") if c in frame]
    parts = [
        frame.loc[f.applies, keys].assign(
            check=f.check,
            reading=pd.Series(say.read(f.met), index=frame.index, dtype="str")[f.applies],
            evidence=pd.Series(f.evidence, index=frame.index, dtype="str")[f.applies],
        )
        for f in found
    ]
    table = pd.concat(parts, ignore_index=True)
    return MonitoringChecks(table, _quota(watch), _notes(watch, standard, years))


def _read(households: pd.DataFrame) -> pd.DataFrame:
    absent = [c for c in NEEDED if c not in households]
    if absent:
        msg = f"the household table lacks {', '.join(absent)}, without which nothing can be checked; map them in plan.data"
        raise DataError(msg)
    frame = households.reset_index(drop=True)
    bad = frame[["household", "wave"]].isna().any(axis=1) | frame.duplicated(
        ["household", "wave"], keep=False
    )
    if bad.any():
        msg = (
            f"{int(bad.sum())} of {len(frame)} rows have no household or wave, or repeat both (first: household "
            f"{frame.loc[bad, 'household'].iloc[0]}); keep one row a household and wave"
        )
        raise DataError(msg, rows=frame.loc[bad])
    frame = frame.assign(household=frame["household"].astype("str"), wave=frame["wave"].astype(int))
    return frame.sort_values(["household", "wave"], ignore_index=True)


def _quota(watch: Watch) -> pd.DataFrame:
    """Return the share of households that are watched, beside what is usual."""
    frame = watch.frame
    keys = [*(["county"] if "county" in frame else []), "wave"]
    table = frame[keys].assign(households=1, watched=watch.watched.astype(int))
    out = table.groupby(keys, sort=True)[["households", "watched"]].sum().reset_index()
    out["share"] = out["watched"] / out["households"]
    for name in ("quota", "quota_deep_poverty"):
        known = watch.pack.monitoring.get(name)
        out[name] = np.nan if known is None else known.value
    return out


def _notes(watch: Watch, standard: Standard, years: list[int]) -> tuple[Text, ...]:
    out = []
    if watch.monthly is None:
        out.append(
            Text(
                en="no monthly incomes were given: the yearly income of the record is used, not that of the rolling months",
                zh="未提供分月收入，按当年登记收入核查，未按滚动12个月核算",
            )
        )
    dark = [y for y in years if y not in watch.lines]
    if dark:
        said = ", ".join(map(str, dark))
        out.append(
            Text(
                en=f"no monitoring line for {said}: what needs it is not shown",
                zh=f"{said}年没有监测标准，相关事项无法核实",
            )
        )
    regime = next((r for r in standard.regimes if r.id == "monitoring"), None)
    if regime is not None:
        last = regime.last or max(years)
        outside = [y for y in years if not regime.first <= y <= last]
        if outside:
            said = ", ".join(map(str, outside))
            out.append(
                Text(
                    en=f"{said} lie outside the years {regime.first}-{last} of monitoring; the rules are applied to them as well",
                    zh=f"{said}年不在{regime.first}—{last}年监测期内，仍按同一规则核查",
                )
            )
    unseen = [r for r in watch.pack.risk_elimination if not r.verified]
    return (*out, *say.unseen_requirements(unseen))
