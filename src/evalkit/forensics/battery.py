"""All tests that the data allow, one after the other; what they do not allow says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from evalkit.errors import DataError, EstimationError
from evalkit.forensics.accounts import copied_households, frozen_accounts, identical_growth, terminal_digits
from evalkit.forensics.crossing import padding, short_lived_households
from evalkit.forensics.density import heaping
from evalkit.forensics.people import interviewer_effects, survey_differences
from evalkit.forensics.signal import Signal
from evalkit.forensics.timing import early_elimination, exits_without_support, same_month
from evalkit.panel import Panel
from evalkit.reasons import reason
from evalkit.text import Text


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
        """Return one row a test: units tested, units to look at, cases behind them, overall share, largest effect."""
        rows = [
            {
                "kind": kind,
                "units": int(s.units["p_value"].notna().sum()),
                "flagged": int(s.units["flagged"].sum()),
                "cases": len(s.cases),
                "largest_effect": float(s.flagged["effect"].max()) if len(s.flagged) else float("nan"),
                "smallest_q": float(s.units["q_value"].min()),
            }
            for kind, s in self.signals.items()
        ]
        return pd.DataFrame(rows)


def examine(
    panel: Panel,
    *,
    programs: pd.DataFrame | None = None,
    survey: pd.DataFrame | None = None,
    monitoring_line: Mapping[int, float] | None = None,
    level: float = 0.05,
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

    Returns
    -------
    Examination
    """
    signals: dict[str, Signal] = {}
    omitted: dict[str, Text] = {}
    for name, test in _tests(panel, programs, survey, monitoring_line, level).items():
        try:
            signals[name] = replace(test(), kind=name)
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
    frame = panel.frame.loc[panel.mask]
    last = frame[frame[panel.wave] == frame[panel.wave].max()]
    home, village = panel.household, panel.village or "village"

    def near_monitoring() -> Signal:
        if not monitoring_line:
            msg = "no monitoring line is given"
            raise DataError(msg)
        waves = panel.frame[panel.wave].isin(list(monitoring_line)).to_numpy()
        out = panel.frame["exit_year"].notna().to_numpy() if "exit_year" in panel.frame else waves
        return heaping(panel.where(waves & out), dict(monitoring_line), rows="all", level=level)

    def unsupported() -> Signal:
        return exits_without_support(
            frame, _given(programs, "support"), unit=village, household=home, level=level
        )

    def second_look() -> Signal:
        return survey_differences(
            last, _given(survey, "survey"), registered=panel.size or "size", household=home, level=level
        )

    return {
        "heaping_village": lambda: heaping(panel, unit=village, level=level),
        "heaping_interviewer": lambda: heaping(panel, unit="interviewer", level=level),
        "heaping_monitoring": near_monitoring,
        "terminal_digits": lambda: terminal_digits(panel, level=level),
        "copied_households": lambda: copied_households(panel, level=level),
        "identical_growth": lambda: identical_growth(panel, level=level),
        "frozen_accounts": lambda: frozen_accounts(panel, level=level),
        "padding": lambda: padding(panel, level=level),
        "short_lived_households": lambda: short_lived_households(panel, level=level),
        "mass_exits": lambda: same_month(frame, "exit_month", unit=(village,), household=home, level=level),
        "batch_updates": lambda: same_month(
            frame, "monitored_month", unit=(village,), household=home, level=level
        ),
        "early_elimination": lambda: early_elimination(frame, unit=village, household=home, level=level),
        "exits_without_support": unsupported,
        "interviewer_effects": lambda: interviewer_effects(panel, level=level),
        "survey_differences": second_look,
    }


def _given(table: pd.DataFrame | None, what: str) -> pd.DataFrame:
    if table is None or table.empty:
        msg = f"the data have no {what} table"
        raise DataError(msg)
    return table
