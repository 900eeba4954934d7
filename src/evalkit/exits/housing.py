"""Debt taken for housing or relocation (因房负债) against the household's income."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from evalkit.errors import DataError, PlanError
from evalkit.estimate import Estimate
from evalkit.exits.household import joint
from evalkit.exits.readings import Floats, amounts
from evalkit.exits.survey import Flags
from evalkit.measures.basic import proportion
from evalkit.panel import By, Panel
from evalkit.text import Text

ANY = "any_debt"
"""Name of the share of households with any such debt."""
PRIOR_DEFF = 1.5
"""Design effect assumed for a share of 0 or 1, as verdicts on county exits do."""


@dataclass(frozen=True)
class DebtLimit:
    """A figure that a document sets for debt taken for housing; the package has none of its own.

    Parameters
    ----------
    value : float
        Times the household's yearly income (``of="income"``), or an amount in currency (``of="amount"``).
    source : str
        Document that sets it.
    of : {"income", "amount"}
    verified : bool
        True when it was seen in print.

    Raises
    ------
    PlanError
        A figure of 0 or less, another reference, no source.
    """

    value: float
    source: str
    of: Literal["income", "amount"] = "income"
    verified: bool = False

    def __post_init__(self) -> None:
        if not self.value > 0 or self.of not in ("income", "amount") or not self.source.strip():
            msg = f"a limit of debt has a figure above 0, of income or amount, and a source; got {self}"
            raise PlanError(msg)


@dataclass(frozen=True, eq=False)
class HousingDebt:
    """Households' debt for housing. `frame` holds household ids: not for publication.

    Parameters
    ----------
    frame : DataFrame
        One row a household of the wave: household, wave, county and village where the panel has them, debt and income (of
        the household, currency a year), ratio (debt over income; NaN without debt figure, infinite where there is debt and
        no income above 0), and for each limit a column ``above_<name>`` (true, false, missing).
    shares : Estimate
        Keys of `by` and ``share`` (`ANY` and the limits): weighted share of households, with their covariance.
    totals : DataFrame
        One row: households, known (with a debt figure), indebted, debt (sum), median_debt, median_ratio (of the indebted
        with income above 0), no_income (indebted without income above 0); counted, not weighted.
    limits : mapping of str to DebtLimit
    notes : tuple of Text
    """

    key_columns: ClassVar[tuple[str, ...]] = ("share",)

    frame: pd.DataFrame
    shares: Estimate
    totals: pd.DataFrame
    limits: Mapping[str, DebtLimit]
    notes: tuple[Text, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)

    def tidy(self) -> pd.DataFrame:
        """Return the shares, one row a domain and share."""
        return self.shares.tidy()


def housing_debt(
    panel: Panel,
    *,
    debt: str = "housing_debt",
    limits: Mapping[str, DebtLimit] | None = None,
    wave: int | None = None,
    by: By = None,
) -> HousingDebt:
    """Hold the debt that households took for housing or relocation against their income.

    Parameters
    ----------
    panel : Panel
        With a column of that debt, an amount of the household (0 where there is none, blank where nobody asked).
    debt : str
        That column; keep it in plan.data.
    limits : mapping of str to DebtLimit, optional
        Limits of the documents that apply. Without any, debt is counted and nothing is held against a limit.
    wave : int, optional
        The last one by default.
    by : str or sequence of str, optional
        Domains of the shares.

    Returns
    -------
    HousingDebt
        Household income is welfare per head times size (welfare itself where the panel has no size). A household with debt and
        no income above 0 is above every limit of income. Shares rest on households with a debt figure and, if they owe
        anything, with an income; their limits are Korn & Graubard's.

    Raises
    ------
    DataError
        No such column, negative amounts, no household with a figure in the wave.

    References
    ----------
    Korn & Graubard (1998), Survey Methodology 24, 193-201.
    """
    if debt not in panel.frame:
        msg = f"the panel has no column {debt!r} with debt for housing; keep it in plan.data.household.keep, or name it (debt=…)"
        raise DataError(msg)
    at = panel.waves[-1] if wave is None else wave
    rows = panel.mask & (panel.frame[panel.wave].astype(int) == at).to_numpy()
    owed = amounts(panel.frame[debt], debt)
    bad = rows & (owed < 0)
    if bad.any():
        first = panel.frame.loc[bad, panel.household].iloc[0]
        msg = f"{int(bad.sum())} of {int(rows.sum())} households have a negative {debt} (first: {first}); mend the data"
        raise DataError(msg, rows=panel.frame.loc[bad])
    income = panel.values("welfare") * panel.persons()
    known = rows & np.isfinite(owed) & (np.isfinite(income) | (owed == 0))
    if not known.any():
        msg = f"no household of wave {at} has a figure in {debt!r}; blank means that nobody asked, 0 that there is none"
        raise DataError(msg)
    above = {name: _above(limit, owed, income) for name, limit in (limits or {}).items()}
    frame = _frame(panel, rows, owed, income, above)
    shares = _shares(panel, known, {ANY: owed > 0, **{n: a == 1 for n, a in above.items()}}, by)
    notes = _notes(frame, limits or {}, debt)
    return HousingDebt(frame, shares, _totals(frame), limits or {}, notes)


def _above(limit: DebtLimit, owed: Floats, income: Floats) -> Floats:
    """Return 1 above a limit, 0 at it or below, NaN where it cannot be said; shape (n,)."""
    if limit.of == "amount":
        return np.where(np.isnan(owed), np.nan, (owed > limit.value).astype(float))
    most = np.where(income > 0, limit.value * income, 0.0)
    out = np.where(np.isnan(owed) | np.isnan(income), np.nan, (owed > most).astype(float))
    return np.where(owed == 0, 0.0, out)


def _ratio(owed: Floats, income: Floats) -> Floats:
    """Return debt over income, 0 without debt, infinite where there is debt and no income above 0; shape (n,)."""
    known = np.isfinite(owed) & np.isfinite(income)
    share = np.divide(owed, income, out=np.full(len(owed), np.inf), where=known & (income > 0))
    return np.where(owed == 0, 0.0, np.where(known, share, np.nan))


def _frame(
    panel: Panel, rows: Flags, owed: Floats, income: Floats, above: Mapping[str, Floats]
) -> pd.DataFrame:
    roles = {
        "county": panel.county,
        "village": panel.village,
        "household": panel.household,
        "wave": panel.wave,
    }
    part = panel.frame.loc[rows]
    out = pd.DataFrame({r: part[c].to_numpy() for r, c in roles.items() if c is not None})
    out["debt"], out["income"] = owed[rows], income[rows]
    out["ratio"] = _ratio(owed, income)[rows]
    for name, value in above.items():
        out[f"above_{name}"] = pd.array(
            [None if np.isnan(v) else bool(v) for v in value[rows]], dtype="boolean"
        )
    return out.sort_values([r for r in roles if r in out], ignore_index=True)


def _shares(panel: Panel, known: Flags, answers: Mapping[str, Flags], by: By) -> Estimate:
    """Return the share of the known households with each answer, with their joint covariance."""
    among, found = panel.where(known), []
    for name, answer in answers.items():
        one = proportion(among, answer, by=by, per="household")
        about = replace(one.about, estimand="households by debt for housing", prior_deff=PRIOR_DEFF)
        found.append(replace(one, keys=one.keys.assign(share=name), about=about))
    return joint(among, found, list(answers.values()), by)


def _totals(frame: pd.DataFrame) -> pd.DataFrame:
    owed = frame["debt"]
    indebted = frame[owed > 0]
    ratio = indebted["ratio"][np.isfinite(indebted["ratio"])]
    row = {
        "households": len(frame),
        "known": int(owed.notna().sum()),
        "indebted": len(indebted),
        "debt": float(owed.sum()),
        "median_debt": float(indebted["debt"].median()),
        "median_ratio": float(ratio.median()),
        "no_income": int((indebted["income"] <= 0).sum()),
    }
    return pd.DataFrame([row])


def _notes(frame: pd.DataFrame, limits: Mapping[str, DebtLimit], debt: str) -> tuple[Text, ...]:
    out = []
    blank = frame["debt"].isna() | ((frame["debt"] > 0) & frame["income"].isna())
    silent, poor = int(blank.sum()), int(((frame["debt"] > 0) & (frame["income"] <= 0)).sum())
    if silent:
        out.append(
            Text(
                en=f"{silent:,} of {len(frame):,} households have no figure in {debt}, or owe and have no income figure: left out",
                zh=f"{len(frame):,}户中有{silent:,}户缺因房负债数据（或有负债而缺收入数据），未计入",
            )
        )
    if poor:
        out.append(
            Text(
                en=f"{poor:,} households owe money and have no income above 0: they count as above every limit of income",
                zh=f"{poor:,}户有负债而收入不大于0，计为超过各收入倍数界限",
            )
        )
    if not limits:
        out.append(
            Text(
                en="no limit was given, and none is known to this package: debt is counted, nothing is held against a limit",
                zh="未给出负债界限，本软件亦无内置界限：只列数额，不作判定",
            )
        )
    for name, limit in limits.items():
        unit = (
            Text(en="times the yearly income", zh="倍年收入")
            if limit.of == "income"
            else Text(en="", zh="元")
        )
        seen = (
            Text(en="", zh="") if limit.verified else Text(en="; not verified in print", zh="；未经文献核实")
        )
        out.append(
            Text(
                en=f"{name}: debt above {f'{limit.value:,.10g} {unit.en}'.rstrip()} ({limit.source}{seen.en})",
                zh=f"{name}：负债超过{limit.value:,.10g}{unit.zh}（{limit.source}{seen.zh}）",
            )
        )
    return tuple(out)
