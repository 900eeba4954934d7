"""Exits that came too early or too late, against the year in which they were predicted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import DataError
from evalkit.estimate import Estimate
from evalkit.exits.household import PRIOR_DEFF, exit_rows, joint
from evalkit.exits.readings import Floats, Words, amounts
from evalkit.exits.steady import Stability, steady_income
from evalkit.measures.basic import proportion
from evalkit.panel import By, Panel
from evalkit.text import Text

Flags = NDArray[np.bool_]
Positions = NDArray[np.intp]
REGISTERED = ("未脱贫", "registered")
TIMES: dict[str, Text] = {
    "too_early": Text(en="too early", zh="提前退出"),
    "on_time": Text(en="on time", zh="按期退出"),
    "too_late": Text(en="too late", zh="延后退出"),
    "unknown": Text(en="no prediction", zh="无预计年度"),
}


@dataclass(frozen=True, eq=False)
class ExitTiming:
    """Exits against their predicted year. `frame` and `overdue` hold household ids: not for publication.

    Parameters
    ----------
    frame : DataFrame
        One row an exit: household, exit_year, predicted, years (exit less predicted), time (a code of `TIMES`).
    overdue : DataFrame
        Households that have not exited although their predicted year has passed: household, predicted.
    shares : Estimate
        Keys `by` and ``time``: share of the exits with a prediction (households).
    notes : tuple of Text
    """

    key_columns: ClassVar[tuple[str, ...]] = ("time",)

    frame: pd.DataFrame
    overdue: pd.DataFrame
    shares: Estimate
    notes: tuple[Text, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """Return the shares."""
        return self.shares.tidy()

    def counts(self) -> pd.Series:
        """Return the number of exits by time (not weighted)."""
        return self.frame["time"].value_counts().reindex(list(TIMES), fill_value=0)


def exit_timing(
    panel: Panel,
    *,
    predicted: str | None = None,
    stable: Stability | None = None,
    tolerance: int = 0,
    by: By = None,
) -> ExitTiming:
    """Compare the year of each exit with the year in which it was predicted.

    Parameters
    ----------
    panel : Panel
        With ``exit_year``.
    predicted : str, optional
        Column with the predicted (planned) year of exit. By default the first year in which the household's income was stably
        above the line, as the panel shows it.
    stable : Stability, optional
        For the default prediction; one year above the line.
    tolerance : int
        Years by which exit and prediction may differ.
    by : str or sequence of str, optional

    Returns
    -------
    ExitTiming
        Without `predicted`, an exit of a household whose income was never stably above the line up to its last record is too
        early; where a year is missing that could have been the first, there is no prediction.

    Raises
    ------
    DataError
        The column is not there, or the panel has no exit.
    """
    if predicted is not None and predicted not in panel.frame:
        msg = f"the panel has no column {predicted!r} with the predicted year of exit"
        raise DataError(msg)
    exits = exit_rows(panel, None)
    found = _predicted(panel, predicted, stable or Stability())
    year, never = found.year, found.never
    code = pd.factorize(panel.frame[panel.household])[0]
    gap = panel.values("exit_year") - year[code]
    known = [np.isnan(gap) & ~never[code], np.isnan(gap) | (gap < -tolerance), gap > tolerance]
    words = pd.Series(np.select(known, ["unknown", "too_early", "too_late"], default="on_time"), dtype="str")
    rows = panel.frame.iloc[exits.at]
    frame = pd.DataFrame(
        {"household": rows[panel.household].to_numpy(), "exit_year": rows["exit_year"].to_numpy(dtype=int)}
    )
    frame["predicted"] = pd.array(year[code][exits.at], dtype="Float64").astype("Int64")
    frame["years"] = pd.array(gap[exits.at], dtype="Float64").astype("Int64")
    frame["time"] = words.to_numpy()[exits.at]
    shares = _shares(panel, exits.at, words.to_numpy(dtype=object), by)
    notes = (*exits.notes[1:], *_notes(predicted, stable or Stability()))
    return ExitTiming(
        frame.sort_values("household", ignore_index=True),
        _overdue(panel, year[code], tolerance),
        shares.with_notes(*notes),
        notes,
    )


@dataclass(frozen=True, eq=False)
class _Predicted:
    """By household: the predicted year (NaN without one), and whether the panel shows that it has not come yet."""

    year: Floats
    never: Flags


def _predicted(panel: Panel, column: str | None, stable: Stability) -> _Predicted:
    """Return the predicted year of each household, in the order in which they first appear."""
    code, names = pd.factorize(panel.frame[panel.household])
    wave = panel.frame[panel.wave].to_numpy(dtype=float)
    inside = panel.mask
    if column is not None:
        said = amounts(panel.frame[column], column)
        rows = pd.DataFrame({"code": code, "wave": wave, "year": said})[inside & ~np.isnan(said)]
        last = (
            rows.sort_values(["code", "wave"]).drop_duplicates("code", keep="last").set_index("code")["year"]
        )
        year = last.reindex(range(len(names))).to_numpy(dtype=float)
        return _Predicted(year, np.zeros(len(names), dtype=bool))
    steady = steady_income(panel, stable, evidence=False).steady
    # the first wave in which income is stably above the line, unless an unknown wave stands before it
    table = pd.DataFrame({"code": code, "first": np.where(steady == 1, wave, np.inf)})
    table["gap"] = np.where(np.isnan(steady) & _could_be_first(panel, stable), wave, np.inf)
    least = table[inside].groupby("code").min().reindex(range(len(names)), fill_value=np.inf)
    first, gap = least["first"].to_numpy(), least["gap"].to_numpy()
    year = np.where(np.isfinite(first) & (first < gap), first, np.nan)
    return _Predicted(year, np.asarray(np.isinf(first) & np.isinf(gap), dtype=bool))


def _could_be_first(panel: Panel, stable: Stability) -> Flags:
    """Return rows whose unknown steadiness is about their own years, not about years before the panel began."""
    wave = panel.frame[panel.wave].to_numpy(dtype=float)
    return np.asarray(wave >= min(panel.waves) + stable.years - 1, dtype=bool)


def _shares(panel: Panel, at: Positions, words: Words, by: By) -> Estimate:
    """Return the share of exits with a prediction that came at each time."""
    judged = np.zeros(len(panel.frame), dtype=bool)
    judged[at] = True
    target = panel.where(judged & (words != "unknown"))
    found = []
    for time in ("too_early", "on_time", "too_late"):
        one = proportion(target, words == time, by=by, per="household")
        about = replace(one.about, estimand="exits by the time they came", prior_deff=PRIOR_DEFF)
        found.append(replace(one, keys=one.keys.assign(time=time), about=about))
    return joint(target, found, [words == t for t in ("too_early", "on_time", "too_late")], by)


def _overdue(panel: Panel, year: Floats, tolerance: int) -> pd.DataFrame:
    """Return households without an exit whose predicted year lies before the last wave."""
    exited = (
        pd.Series(panel.values("exit_year"))
        .notna()
        .groupby(panel.frame[panel.household].to_numpy())
        .transform("any")
    )
    last = max(panel.waves)
    late = panel.mask & ~exited.to_numpy() & (year + tolerance < last)
    if "status" in panel.frame:
        late &= panel.frame["status"].isin(REGISTERED).to_numpy()
    late &= (panel.frame[panel.wave].astype(int) == last).to_numpy()
    out = pd.DataFrame(
        {"household": panel.frame.loc[late, panel.household].to_numpy(), "predicted": year[late].astype(int)}
    )
    return out.sort_values("household", ignore_index=True)


def _notes(predicted: str | None, stable: Stability) -> tuple[Text, ...]:
    if predicted is not None:
        return (Text(en=f"predicted year: column {predicted}", zh=f"预计年度取自“{predicted}”列"),)
    first = Text(
        en="predicted year: the first in which income was stably above the line; households above it when the panel begins "
        "may have been so before",
        zh="预计年度为收入首次稳定达标的年度；数据起始即达标的户，实际达标可能更早",
    )
    return (first, stable.text)
