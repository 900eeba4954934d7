"""Person-years at risk: spells out of poverty (or in it), one row per household and wave at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from evalkit.design import Floats, Ints, Sample
from evalkit.errors import EstimationError
from evalkit.panel import Panel
from evalkit.risk.histories import Bools, Line, Outcome, State, ages, codes, recorded_exits, states
from evalkit.text import Text

WELFARE_RATIO = "log_welfare_ratio"
"""The built-in feature: log(max(welfare, 1) / line) of the wave before the label."""

COLUMNS = (
    "household",
    "county",
    "village",
    "wave",
    "feature_wave",
    "spell",
    "duration",
    "event",
    "weight",
    "row",
    "feature_row",
)
"""Columns of `Spells.frame` before the features."""


@dataclass(frozen=True, eq=False)
class Spells:
    """Households at risk, wave by wave, with what was known one wave earlier.

    Parameters
    ----------
    frame : DataFrame
        One row per household and label wave: `COLUMNS`, then one column per feature. `wave` is the wave
        of the label, `feature_wave` the wave the features were known in, `county` is empty without one, `duration` the number of waves
        since the exit (1, 2, …), `spell` numbers a household's spells, `event` is 1.0 for a return,
        `weight` is the household weight of the feature wave (when the household was drawn into the risk set), `row` and
        `feature_row` point into `sample`.
    features : tuple of str
    outcome : {"measured", "registry"}
        Poor again by the line, or marked again in the registry; the two are never mixed.
    waves : tuple of int
        Label waves that occur, ascending.
    sample : Sample
        Design of all panel rows sorted by household and wave, for design-based rates.
    pending : DataFrame
        The households at risk of the wave after the last, without a label; columns as `frame`.
    cluster_unit : str
        What the column `village` holds: ``village``, ``psu`` or ``household``.
    synthetic : bool
    notes : tuple of Text

    Raises
    ------
    EstimationError
        If a feature is not older than its label, or the frame lacks columns.
    """

    frame: pd.DataFrame
    features: tuple[str, ...]
    outcome: Outcome
    waves: tuple[int, ...]
    sample: Sample = field(repr=False)
    pending: pd.DataFrame = field(repr=False)
    cluster_unit: str = "village"
    synthetic: bool = False
    notes: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        absent = [c for c in (*COLUMNS, *self.features) if c not in self.frame]
        if absent:
            msg = f"the person-years lack the columns {', '.join(absent)}; make them with evalkit.risk.spells"
            raise EstimationError(msg)
        check_asof(self.frame)

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def event(self) -> Floats:
        """Labels, shape (n,)."""
        return self.frame["event"].to_numpy(dtype=float)

    @property
    def weight(self) -> Floats:
        """Household weights, shape (n,)."""
        return self.frame["weight"].to_numpy(dtype=float)

    @property
    def duration(self) -> Ints:
        """Waves since exit, shape (n,)."""
        return self.frame["duration"].to_numpy(dtype=np.intp)

    @property
    def events(self) -> int:
        """Number of events, unweighted."""
        return int(np.nansum(self.event))

    def before(self, wave: int) -> Spells:
        """Return the person-years labelled before a wave."""
        return self._part((self.frame["wave"] < wave).to_numpy())

    def at(self, wave: int) -> Spells:
        """Return the person-years labelled in a wave."""
        return self._part((self.frame["wave"] == wave).to_numpy())

    def upcoming(self) -> Spells:
        """Return the households at risk of the next wave as person-years without a label."""
        return replace(self, frame=self.pending, waves=_waves(self.pending))

    def clusters(self, by: str = "village") -> Ints:
        """Return cluster codes from 0, shape (n,); villages are nested in counties.

        Raises
        ------
        EstimationError
            If `by` is none of ``village``, ``county``, ``household``.
        """
        if by not in ("village", "county", "household"):
            msg = f"no cluster {by!r}; choose village, county or household"
            raise EstimationError(msg)
        names = ["county", "village"] if by == "village" else [by]
        if self.frame.empty:
            return np.zeros(0, dtype=np.intp)
        groups = self.frame.groupby(names, sort=True, dropna=False, observed=True)
        return np.asarray(groups.ngroup(), dtype=np.intp)

    def _part(self, keep: Bools) -> Spells:
        frame = self.frame.loc[keep].reset_index(drop=True)
        return replace(self, frame=frame, waves=_waves(frame))


def check_asof(frame: pd.DataFrame) -> None:
    """Refuse features that were not known before the wave they are to predict.

    Raises
    ------
    EstimationError
        If any row has ``feature_wave >= wave``.
    """
    late = ~(frame["feature_wave"] < frame["wave"])
    if late.any():
        first = frame.loc[late].iloc[0]
        msg = (
            f"{int(late.sum())} of {len(frame)} person-years carry features of wave {first['feature_wave']} to "
            f"predict wave {first['wave']}: a leak. Features must be from an earlier wave than the label"
        )
        raise EstimationError(msg)


def spells(
    panel: Panel, *, line: Line = None, outcome: Outcome = "measured", features: Sequence[str] = ()
) -> Spells:
    """Return the person-years at risk of return to poverty.

    A household enters the risk set in the wave after its exit: poor in one wave, not poor in the
    next, at risk from the one after. It leaves at its return, and may re-enter after another exit.
    Households never seen poor, and those first seen out of poverty, have no known start and are
    left out (left truncation); a wave without an observation ends the spell (censored, never
    counted as "no return").

    Parameters
    ----------
    panel : Panel
    line : float, str or mapping, optional
        Poverty line as in `Panel.line`; the panel's own by default.
    outcome : {"measured", "registry"}
        ``measured``: welfare below the line. ``registry``: the column `status` (or the mark
        `returned`) of the register; a spell first seen in progress starts in `exit_year` where that is one
        of the panel's waves (delayed entry).
    features : sequence of str
        Numeric columns or roles, used with their value one wave before the label.

    Returns
    -------
    Spells

    Raises
    ------
    EstimationError
        Fewer than three waves, no line, no status, no exit followed by another wave.
    DataError
        A feature that does not exist or is not numeric; a wave without line.
    """
    _check_arguments(panel, outcome, features, line)
    order = np.lexsort((panel.frame[panel.wave].to_numpy(dtype=int), codes(panel.frame[panel.household])))
    sorted_panel = _sorted(panel, order)
    built = _build(
        sorted_panel, states(sorted_panel, outcome, line), "exited", outcome, registry=outcome == "registry"
    )
    table, notes = _feature_table(sorted_panel, line, features)
    frame, pending = (_attach(part, table) for part in (built.frame, built.pending))
    out = replace(
        built, frame=frame, pending=pending, features=tuple(table.columns), notes=(*built.notes, *notes)
    )
    if out.frame.empty:
        waves = ", ".join(map(str, panel.waves))
        msg = (
            f"no household is observed in the wave after an exit from poverty ({len(panel)} household-waves, waves "
            f"{waves}): return risk needs households that were poor, exited, and were seen again"
        )
        raise EstimationError(msg)
    return out


def state_spells(panel: Panel, *, state: State, line: Line = None) -> Spells:
    """Return measured spells in a state without features: out of poverty, or in poverty (event: exit).

    Raises
    ------
    EstimationError
        Fewer than three waves, no line, an unknown state.
    """
    if state not in ("exited", "poor"):
        msg = f"no state {state!r}; choose 'exited' (event: return) or 'poor' (event: exit)"
        raise EstimationError(msg)
    _check_arguments(panel, "measured", (), line)
    order = np.lexsort((panel.frame[panel.wave].to_numpy(dtype=int), codes(panel.frame[panel.household])))
    sorted_panel = _sorted(panel, order)
    return _build(sorted_panel, states(sorted_panel, "measured", line), state, "measured", registry=False)


def _check_arguments(panel: Panel, outcome: str, features: Sequence[str], line: Line) -> None:
    if outcome not in ("measured", "registry"):
        msg = f"no outcome {outcome!r}; choose 'measured' or 'registry'"
        raise EstimationError(msg)
    if len(panel.waves) < 3:
        msg = (
            f"return risk needs three waves at least (poor, exited, seen again); the panel has {len(panel.waves)}: "
            f"{', '.join(map(str, panel.waves))}"
        )
        raise EstimationError(msg)
    if outcome == "measured" and line is None and panel.lines is None:
        msg = "a measured return needs a poverty line: pass line=…, or give the plan a poverty.line"
        raise EstimationError(msg)
    taken = [f for f in features if f in (*COLUMNS, WELFARE_RATIO) and f not in ("size", "welfare")]
    if taken or len(set(features)) < len(features):
        what = ", ".join(taken) or "a name given twice"
        msg = (
            f"these features cannot be used: {what}; mend return_risk.features ({WELFARE_RATIO} is built in)"
        )
        raise EstimationError(msg)


def _sorted(panel: Panel, order: Ints) -> Panel:
    inside = None if panel.inside is None else panel.inside[order]
    return replace(panel, frame=panel.frame.iloc[order].reset_index(drop=True), inside=inside)


def _build(panel: Panel, poor: Floats, state: State, outcome: Outcome, *, registry: bool) -> Spells:
    """Return the person-years of a state from a sorted panel; no features yet."""
    at = np.flatnonzero(np.isfinite(poor))
    waves = np.unique(panel.frame[panel.wave].to_numpy(dtype=int)[at])
    household = codes(panel.frame[panel.household])[at]
    wave = np.searchsorted(waves, panel.frame[panel.wave].to_numpy(dtype=int)[at]).astype(np.intp)
    inside = (poor[at] == 0) if state == "exited" else (poor[at] == 1)
    since = recorded_exits(panel, waves)[at] if registry else None
    found = ages(household, wave, inside, since)
    known, last = found.age >= 0, wave == len(waves) - 1
    use = np.flatnonzero(known & found.followed)
    use = use[panel.mask[at[use + 1]]]
    label = use + 1
    sample = panel.design.sample(panel.frame, unit=panel.household)
    step = int(waves[-1] - waves[-2]) if len(waves) > 1 else 1
    rows = _rows(panel, sample, at[label], at[use])
    frame = rows.assign(
        spell=found.spell[use], duration=found.age[use] + 1, event=(~inside[label]).astype(float)
    )
    open_ = np.flatnonzero(known & last & panel.mask[at])
    pending = _rows(panel, sample, at[open_], at[open_])
    pending = pending.assign(
        wave=pending["wave"] + step, spell=found.spell[open_], duration=found.age[open_] + 1, event=np.nan
    )
    counted = panel.mask[at]
    ends = known & ~found.followed & ~last & counted
    later = np.append(household[1:] == household[:-1], np.zeros(min(len(at), 1), dtype=bool))
    unknown = inside & ~known & found.followed & counted
    missing = ~np.isfinite(poor) & panel.mask
    notes = _spell_notes(
        gaps=int((ends & later).sum()),
        lost=int((ends & ~later).sum()),
        unknown=int(unknown.sum()),
        missing=int(missing.sum()),
    )
    unit = "village" if panel.village else ("psu" if panel.design.stages else "household")
    frame = frame[list(COLUMNS)]
    return Spells(
        frame, (), outcome, _waves(frame), sample, pending[list(COLUMNS)], unit, panel.synthetic, notes
    )


def _rows(panel: Panel, sample: Sample, at: Ints, before: Ints) -> pd.DataFrame:
    """Return label rows `at` with the wave and weight of the rows `before` them."""
    frame = panel.frame
    county = frame[panel.county].to_numpy()[at] if panel.county else np.full(len(at), "")
    village = frame[panel.village].to_numpy()[at] if panel.village else sample.units[0][at]
    return pd.DataFrame(
        {
            "household": frame[panel.household].to_numpy()[at],
            "county": county,
            "village": village,
            "wave": frame[panel.wave].to_numpy(dtype=int)[at],
            "feature_wave": frame[panel.wave].to_numpy(dtype=int)[before],
            "weight": sample.weight[before],
            "row": at,
            "feature_row": before,
        }
    )


def _feature_table(panel: Panel, line: Line, features: Sequence[str]) -> tuple[pd.DataFrame, list[Text]]:
    """Return features of every sorted row, and what there is to say about them."""
    table: dict[str, Floats] = {}
    notes: list[Text] = []
    if line is None and panel.lines is None:
        notes.append(
            Text(
                en="Without a poverty line the welfare ratio is not among the features.",
                zh="无贫困线，变量中不含收入与贫困线之比。",
            )
        )
    else:
        welfare, limit = panel.values("welfare"), panel.line(line)
        low = int(((welfare < 1) & panel.mask).sum())
        table[WELFARE_RATIO] = np.log(np.maximum(welfare, 1.0) / limit)
        if low:
            notes.append(
                Text(
                    en=f"In {low:,} household-waves welfare below 1 was set to 1 before taking logarithms.",
                    zh=f"{low:,}个户年的测算指标低于1，取对数前按1计。",
                )
            )
    for name in features:
        table[name] = panel.values(name)
    return pd.DataFrame(table, index=range(len(panel.frame))), notes


def _attach(part: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Add the features known in `feature_wave`."""
    values = table.iloc[part["feature_row"].to_numpy(dtype=np.intp)].reset_index(drop=True)
    return pd.concat([part.reset_index(drop=True), values], axis=1)


def _waves(frame: pd.DataFrame) -> tuple[int, ...]:
    return tuple(sorted(int(w) for w in frame["wave"].unique()))


def _spell_notes(*, gaps: int, lost: int, unknown: int, missing: int) -> tuple[Text, ...]:
    notes = []
    if gaps + lost:
        notes.append(
            Text(
                en=f"{gaps + lost:,} spells are censored because the household was not observed in the next wave "
                f"({lost:,} never again, {gaps:,} after a gap); they are not counted as without event.",
                zh=f"{gaps + lost:,}个观察期因下一年度未观测到该户而删失（其中{lost:,}个此后再未出现，{gaps:,}个为中断），不视为未返贫。",
            )
        )
    if unknown:
        notes.append(
            Text(
                en=f"{unknown:,} household-waves are outside the risk set because the start of their state was not seen.",
                zh=f"{unknown:,}个户年因状态起点未观测到，未列入风险户。",
            )
        )
    if missing:
        notes.append(
            Text(
                en=f"{missing:,} household-waves have no welfare or status and count as not observed.",
                zh=f"{missing:,}个户年缺少测算指标或状态，视为未观测。",
            )
        )
    return tuple(notes)
