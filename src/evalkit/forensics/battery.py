"""All tests that the data allow, one after the other; what they do not allow says why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from evalkit.errors import DataError, EstimationError
from evalkit.forensics.accounts import copied_households, frozen_accounts, identical_growth, terminal_digits
from evalkit.forensics.crossing import padding, short_lived_households
from evalkit.forensics.density import heaping
from evalkit.forensics.people import interviewer_effects, survey_differences
from evalkit.forensics.signal import Signal, key_of
from evalkit.forensics.timing import early_elimination, exits_without_support, same_month
from evalkit.panel import Panel
from evalkit.reasons import reason
from evalkit.text import Text

SUMMARY = ("kind", "units", "flagged", "cases", "share", "largest_effect", "smallest_q")
"""Columns of `Examination.summary`."""


@dataclass(frozen=True, eq=False)
class Examination:
    """What a battery of tests shows of one panel.

    Parameters
    ----------
    signals : mapping of str to Signal
    omitted : mapping of str to Text
        Tests that the data do not allow, and why.
    level : float
        False-discovery level within each test.
    """

    signals: Mapping[str, Signal]
    omitted: Mapping[str, Text] = field(default_factory=dict)
    level: float = 0.05

    def summary(self) -> pd.DataFrame:
        """Return one row a test: units tested, units to look at, cases behind them, overall share, largest effect.

        `largest_effect` is that of the flagged unit farthest from what is expected; NaN where none is flagged.
        """
        rows = [
            (
                kind,
                int(s.units["p_value"].notna().sum()),
                int(s.units["flagged"].sum()),
                len(s.cases),
                s.share,
                _farthest(s.units.loc[s.units["flagged"], "effect"]),
                float(s.units["q_value"].min()),
            )
            for kind, s in self.signals.items()
        ]
        return pd.DataFrame(rows, columns=list(SUMMARY))


def examine(
    panel: Panel,
    *,
    programs: pd.DataFrame | None = None,
    survey: pd.DataFrame | None = None,
    monitoring_line: Mapping[int, float] | None = None,
    level: float = 0.05,
    only: Collection[str] = (),
) -> Examination:
    """Run every test that the data allow.

    Parameters
    ----------
    panel : Panel
        With whatever registry fields it has: year and month of exit, interviewer, account, monitoring.
    programs : DataFrame, optional
        Support by household, with ``program_start``.
    survey : DataFrame, optional
        The third-party survey: household, village and ``persons``.
    monitoring_line : mapping, optional
        Monitoring line by wave, in currency of the wave.
    level : float
        Share of false discoveries among flagged units that is tolerated, within each test.
    only : collection of str, optional
        Names of the tests to run; all of them by default.

    Returns
    -------
    Examination

    Raises
    ------
    DataError
        A name in `only` that no test has.
    """
    tests = _tests(panel, programs, survey, monitoring_line, level)
    unknown = sorted(set(only) - set(tests))
    if unknown:
        msg = f"no forensic test called {', '.join(unknown)}; there are: {', '.join(tests)}"
        raise DataError(msg)
    signals: dict[str, Signal] = {}
    omitted: dict[str, Text] = {}
    for name in tests if not only else (t for t in tests if t in set(only)):
        try:
            signals[name] = replace(tests[name](), kind=name)
        except (DataError, EstimationError) as error:
            omitted[name] = reason(error)
    return Examination(signals, omitted, level)


def _tests(
    panel: Panel,
    programs: pd.DataFrame | None,
    survey: pd.DataFrame | None,
    monitoring_line: Mapping[int, float] | None,
    level: float,
) -> dict[str, Callable[[], Signal]]:
    frame = panel.frame if panel.mask.all() else panel.frame.loc[panel.mask]
    home, village, county = panel.household, panel.village or "village", panel.county or "county"
    place = tuple(key_of(panel, village))
    lined, apart = _lined(panel)

    def near_line(unit: str) -> Signal:
        return heaping(lined, unit=unit, level=level).with_notes(*apart)

    def near_monitoring() -> Signal:
        if not monitoring_line:
            msg = "no monitoring line is given"
            raise DataError(msg)
        waves = panel.frame[panel.wave].isin(list(monitoring_line)).to_numpy()
        out = panel.frame["exit_year"].notna().to_numpy() if "exit_year" in panel.frame else waves
        return heaping(panel.where(waves & out), dict(monitoring_line), rows="all", level=level)

    def unsupported(unit: tuple[str, ...]) -> Signal:
        return exits_without_support(
            frame, _given(programs, "support"), unit=unit, household=home, level=level
        )

    def second_look() -> Signal:
        last = frame[frame[panel.wave] == frame[panel.wave].max()]
        return survey_differences(
            last, _given(survey, "survey"), registered=panel.size or "size", household=home, level=level
        )

    return {
        "heaping_county": lambda: near_line(county),
        "heaping_village": lambda: near_line(village),
        "heaping_interviewer": lambda: near_line("interviewer"),
        "heaping_monitoring": near_monitoring,
        "terminal_digits": lambda: terminal_digits(panel, level=level),
        "copied_households": lambda: copied_households(panel, level=level),
        "identical_growth": lambda: identical_growth(panel, level=level),
        "frozen_accounts": lambda: frozen_accounts(panel, level=level),
        "padding": lambda: padding(lined, level=level).with_notes(*apart),
        "short_lived_households": lambda: short_lived_households(panel, level=level),
        "mass_exits": lambda: same_month(frame, "exit_month", unit=place, household=home, level=level),
        "batch_updates": lambda: same_month(
            frame, "monitored_month", unit=place, household=home, level=level
        ),
        "early_elimination": lambda: early_elimination(frame, unit=place, household=home, level=level),
        "exits_without_support": lambda: unsupported(place),
        "exits_without_support_county": lambda: unsupported((county,)),
        "interviewer_effects": lambda: interviewer_effects(panel, level=level),
        "survey_differences": second_look,
    }


def _lined(panel: Panel) -> tuple[Panel, tuple[Text, ...]]:
    """Return the waves that have a poverty line, and a note on the others; the whole panel where it has no line at all."""
    without = [w for w in panel.waves if w not in (panel.lines or {})]
    if not panel.lines or not without:
        return panel, ()
    years = ", ".join(map(str, without))
    note = Text(
        en=f"no poverty line is known for {years}: left out",
        zh=f"{years.replace(', ', '、')}年没有贫困线，未计入",
    )
    return panel.where(panel.frame[panel.wave].isin(list(panel.lines))), (note,)


def _farthest(effect: pd.Series) -> float:
    values = effect.to_numpy(dtype=float)
    return float(values[np.abs(values).argmax()]) if len(values) else float("nan")


def _given(table: pd.DataFrame | None, what: str) -> pd.DataFrame:
    if table is None or table.empty:
        msg = f"the data have no {what} table"
        raise DataError(msg)
    return table
