"""The rows an estimator of program effects takes, and what had to be decided to make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.panel import Panel
from evalkit.plan import GroupTime, Impact, MeanDifference, Plan, TwoByTwo
from evalkit.text import Text

OUTCOME = "outcome (as analysed)"
TREATED = "_treated"
COHORT = "_cohort"


@dataclass(frozen=True, eq=False)
class EffectData:
    """Rows for an estimator.

    Attributes
    ----------
    frame : DataFrame
        Panel rows with the outcome on its scale, ``_treated`` (0/1 in that wave; for the two-period design, in the
        last wave) and ``_cohort`` (first wave at or after the start of support; NaN = never within the data).
    notes : tuple of Text
        Who was left out or counted how.
    anticipation : float
        In years.
    """

    frame: pd.DataFrame
    notes: tuple[Text, ...]
    anticipation: float = 0.0


def effect_data(panel: Panel, spec: Impact, plan: Plan) -> EffectData:
    """Return the rows that a specification of ``plan.impact`` is estimated from.

    Raises
    ------
    EstimationError
        One wave only; support begins for nobody within the data; anticipation over waves of unequal spacing;
        a weight asked for that the plan does not name; an outcome without logarithm.
    DataError
        The outcome or the program is not in the panel.
    """
    start, now = panel.column(f"cohort_{spec.program}"), panel.column(f"treated_{spec.program}")
    _check(panel, spec)
    waves = panel.waves
    ahead = anticipation_in_years(spec.anticipation, waves) if isinstance(spec, GroupTime) else 0.0
    data = panel.frame.loc[panel.mask].copy()
    data[TREATED] = data[now].astype(float)
    begun = data[start].astype(float)
    data[COHORT] = first_wave(begun, waves, beyond=ahead > 0)
    if not isinstance(spec, MeanDifference):
        _check_begins(data.assign(**{COHORT: begun}), panel, spec, plan)
    notes: list[Text] = []
    if isinstance(spec, MeanDifference):
        data = data[data[panel.wave] == (spec.wave or waves[-1])]
    elif isinstance(spec, TwoByTwo):
        data, told = _two_waves(data, panel, spec)
        notes += told
    else:
        notes += _between(data.assign(_begun=begun), panel, events=isinstance(spec, GroupTime))
    if isinstance(spec, GroupTime):
        notes += _stopped(data, panel)
    else:
        data, told = _known(data)
        notes += told
    outcome, lost = _scaled(data[panel.column(spec.outcome)].astype(float), spec.scale)
    data = data.assign(**{OUTCOME: outcome})
    return EffectData(data, (*notes, *lost), ahead)


def first_wave(start: pd.Series, waves: Sequence[int], *, beyond: bool = False) -> pd.Series:
    """Return the first wave at or after each start; NaN where support starts after the last wave or never.

    Parameters
    ----------
    start : Series
        Year in which support began, NaN for never.
    waves : sequence of int
    beyond : bool
        Continue equally spaced waves after the last one instead of NaN: with anticipation, support that is about
        to begin already counts.

    >>> first_wave(pd.Series([2015.0, 2021.0, np.nan]), [2014, 2016, 2020]).tolist()
    [2016.0, nan, nan]
    >>> first_wave(pd.Series([2015.0, 2021.0]), [2014, 2016, 2018, 2020], beyond=True).tolist()
    [2016.0, 2022.0]
    """
    order = np.array(sorted(waves), dtype=float)
    year = start.to_numpy(dtype=float)
    padded = np.append(order, np.nan)
    found = padded[np.minimum(np.searchsorted(order, year, side="left"), len(order))]
    if beyond:
        gap = order[1] - order[0]
        later = order[-1] + gap * np.ceil((year - order[-1]) / gap)
        found = np.where(year > order[-1], later, found)
    return pd.Series(np.where(start.isna(), np.nan, found), index=start.index)


def anticipation_in_years(count: int, waves: Sequence[int]) -> float:
    """Return the length of `count` waves.

    Raises
    ------
    EstimationError
        `count` is positive and the waves are not equally spaced.

    >>> anticipation_in_years(1, [2014, 2016, 2018]), anticipation_in_years(0, [2014, 2016, 2020])
    (2.0, 0.0)
    """
    if not count:
        return 0.0
    gaps = set(np.diff(sorted(waves)).tolist())
    if len(gaps) != 1:
        msg = (
            f"anticipation is counted in waves, but the waves {', '.join(map(str, waves))} are not equally spaced, so that "
            f"{count} before support is no fixed time; set anticipation: 0, or use equally spaced waves (plan.waves)"
        )
        raise EstimationError(msg)
    return float(count * gaps.pop())


def _check(panel: Panel, spec: Impact) -> None:
    if len(panel.waves) < 2 and not isinstance(spec, MeanDifference):
        msg = f"effects over time need at least two waves; the data have {len(panel.waves)}"
        raise EstimationError(msg)
    if spec.weights and panel.design.weight is None:
        msg = "the effect is to be weighted, but plan.design.weight names no weight; name it, or set weights: false"
        raise EstimationError(msg)


def _check_begins(data: pd.DataFrame, panel: Panel, spec: Impact, plan: Plan) -> None:
    """Refuse a yes/no column that never turns from 0 to 1 within the data.

    A group of the two-period design need not: ``already_treated: keep`` takes it as it is.
    """
    column = plan.programs[spec.program].column
    if column is None or (isinstance(spec, TwoByTwo) and spec.already_treated == "keep"):
        return
    begun = data.groupby(panel.household)[COHORT].first().dropna()
    first = panel.waves[0]
    if len(begun) and bool((begun == first).all()):
        msg = (
            f"column {column!r} of program {spec.program!r} is 1 in the first wave ({first}) for all {len(begun)} households "
            "that ever have it: it marks a group, or support began before the data, so that nobody is seen before "
            "support; give a column that is 1 from the wave in which support began, or compare groups with "
            "kind: difference_in_means, or did_2x2 with already_treated: keep"
        )
        raise EstimationError(msg)


@dataclass(frozen=True, eq=False)
class _Status:
    """Support of each household in the first and the last wave (NaN: unknown)."""

    first: int
    last: int
    before: pd.Series
    after: pd.Series

    def count(self, before: int, after: int) -> int:
        """Count households by their support in both waves."""
        return int(((self.before == before) & (self.after == after)).sum())

    def said(self) -> Text:
        """Return the counts of the four groups."""
        never, new, always, stopped = (self.count(*pair) for pair in ((0, 0), (0, 1), (1, 1), (1, 0)))
        return Text(
            en=f"Support in {self.first} and {self.last}: {never:,} households in neither, {new:,} in {self.last} only "
            f"(newly supported), {always:,} in both (always), {stopped:,} in {self.first} only (stopped)",
            zh=f"{self.first}年与{self.last}年的帮扶状况：两期均无{never:,}户，仅{self.last}年有{new:,}户（新受帮扶），"
            f"两期均有{always:,}户（一直受帮扶），仅{self.first}年有{stopped:,}户（已停止）",
        )


def _status(data: pd.DataFrame, panel: Panel) -> _Status:
    first, last = panel.waves[0], panel.waves[-1]
    seen = {w: data.loc[data[panel.wave] == w].set_index(panel.household)[TREATED] for w in (first, last)}
    both = pd.DataFrame(seen)
    return _Status(first, last, both[first], both[last])


def _two_waves(data: pd.DataFrame, panel: Panel, spec: TwoByTwo) -> tuple[pd.DataFrame, list[Text]]:
    """Return the rows of the first and the last wave, ``_treated`` being support in the last."""
    status = _status(data, panel)
    first, last = status.first, status.last
    data = data[data[panel.wave].isin([first, last])]
    who = data[panel.household]
    data = data.assign(**{TREATED: who.map(status.after)})
    said = status.said()
    if spec.already_treated == "keep":
        kept = Text(
            en=f"{said.en}. Supported means supported in {last}: households supported in both waves count as supported, "
            "those whose support stopped as comparison.",
            zh=f"{said.zh}。“受帮扶”按{last}年的状况划分：一直受帮扶的计入受帮扶户，已停止的计入对照户。",
        )
        return data, [kept]
    if not status.count(0, 1):
        msg = (
            f"support began for no household between {first} and {last}: nobody is seen both before and after the start; "
            "an earlier wave is needed"
        )
        raise EstimationError(msg)
    told = [
        Text(
            en=f"{said.en}. The last two groups are left out: their support did not begin between the waves.",
            zh=f"{said.zh}。后两类的帮扶并非在两期之间开始，未纳入比较。",
        )
    ]
    unseen = int((status.before.isna() & status.after.notna()).sum())
    if unseen:
        told.append(
            Text(
                en=f"{unseen:,} households whose support in {first} is not known are left out.",
                zh=f"{unseen:,}户在{first}年的帮扶状况不明，未纳入。",
            )
        )
    return data[(who.map(status.before) == 0).to_numpy()], told


def _known(data: pd.DataFrame) -> tuple[pd.DataFrame, list[Text]]:
    """Leave out rows whose support is not known, and count them."""
    unknown = data[TREATED].isna()
    count = int(unknown.sum())
    if not count:
        return data, []
    note = Text(
        en=f"{count:,} household-waves of households whose support is not known are left out.",
        zh=f"{count:,}条户年记录的帮扶状况不明，未纳入。",
    )
    return data[~unknown], [note]


def _between(data: pd.DataFrame, panel: Panel, *, events: bool) -> list[Text]:
    """Say how many households began between waves and are counted from the next one."""
    waves = panel.waves
    each = data.groupby(panel.household)[["_begun", COHORT]].first().dropna()
    moved = each[(each["_begun"] > waves[0]) & (each["_begun"] < each[COHORT]) & (each[COHORT] <= waves[-1])]
    if moved.empty:
        return []
    most = float((moved[COHORT] - moved["_begun"]).max())
    tail = Text(
        en="; event time is years since the first wave with support", zh="；时期自首个有帮扶的调查年度起算"
    )
    return [
        Text(
            en=f"Support that began between waves counts from the next wave: {len(moved):,} households, at most {most:g} "
            f"{'year' if most == 1 else 'years'} later than it began{tail.en if events else ''}.",
            zh=f"在两期之间开始的帮扶自下一期起计：共{len(moved):,}户，最多比实际晚{most:g}年{tail.zh if events else ''}。",
        )
    ]


def _stopped(data: pd.DataFrame, panel: Panel) -> list[Text]:
    """Say how many households stay in their cohort although their support ended."""
    ended = data[(data[TREATED] == 0) & (data[panel.wave] >= data[COHORT])]
    count = int(ended[panel.household].nunique())
    if not count:
        return []
    return [
        Text(
            en=f"The support of {count:,} households ended within the data; they count as supported from its start on.",
            zh=f"{count:,}户的帮扶在数据期内终止，仍自开始之时起计为受帮扶户。",
        )
    ]


def _scaled(values: pd.Series, scale: str) -> tuple[pd.Series, list[Text]]:
    if scale == "level":
        return values, []
    if scale == "log1p":
        if (values <= -1).any():
            msg = f"log(1 + outcome) is not defined for {int((values <= -1).sum())} values at or below -1"
            raise EstimationError(msg)
        return np.log1p(values), []
    lost = int((values <= 0).sum())
    note = Text(
        en=f"{lost:,} household-waves with an outcome of zero or less have no logarithm and are left out.",
        zh=f"{lost:,}条户年记录的结果变量不大于零，无法取对数，未纳入。",
    )
    return np.log(values.where(values > 0)), [note] if lost else []
