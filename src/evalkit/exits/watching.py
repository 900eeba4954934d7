"""The checks on monitored households, each on the rows it applies to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.exits.readings import Floats, Words, amounts, figure, words_of, yes_no
from evalkit.exits.window import MonthlyIncome, month_number, month_text
from evalkit.rules.income import DESTITUTE, ON_ALLOWANCE
from evalkit.rules.status import EXITED, REGISTERED, RETURNED
from evalkit.schema import NOT_MONITORED
from evalkit.standards.pack import Pack
from evalkit.text import Text

Flags = NDArray[np.bool_]

CHECKS: dict[str, Text] = {
    "class_known": Text(en="the class is one of the rules", zh="监测对象类别符合规定"),
    "class_fits": Text(en="the class fits the registry's status", zh="监测对象类别与登记状态相符"),
    "identified_poor": Text(
        en="identified with income below the monitoring line or rigid expenses far above income",
        zh="识别时收入低于监测标准或刚性支出明显超过收入",
    ),
    "watched_when_poor": Text(
        en="not watched, and income not below the monitoring line", zh="未纳入监测的户，收入不低于监测标准"
    ),
    "eliminated_income": Text(
        en="eliminated with income above the monitoring line", zh="风险消除时收入高于当年监测标准"
    ),
    "eliminated_months": Text(en="eliminated after months enough", zh="风险消除前稳定月数达到规定"),
    "eliminated_rigid": Text(en="eliminated with rigid expenses solved", zh="风险消除时刚性支出问题已解决"),
    "eliminated_guarantees": Text(en="eliminated with the guarantees met", zh="风险消除时“三保障”已落实"),
    "eliminated_labour": Text(
        en="not eliminated without labour and on social protection", zh="无劳动力的综合保障户未标注风险消除"
    ),
}
"""Check → what it asks, in the order of the tables."""


@dataclass(frozen=True, eq=False)
class Checked:
    """One check: the rows it applies to, 1 met, 0 not met, NaN not shown, and the evidence; shape (n,) each."""

    check: str
    applies: Flags
    met: Floats
    evidence: Words


@dataclass(frozen=True, eq=False)
class Watch:
    """Household-years, sorted by household and wave, and the rules they are held against."""

    frame: pd.DataFrame
    pack: Pack
    lines: Mapping[int, float]
    monthly: MonthlyIncome | None
    rigid_multiple: float

    def __len__(self) -> int:
        return len(self.frame)

    def number(self, column: str) -> Floats:
        """Return amounts, NaN where blank or absent."""
        return amounts(self.frame[column], column) if column in self.frame else np.full(len(self), np.nan)

    def flag(self, column: str) -> Floats:
        """Return yes as 1, no as 0, NaN where blank or absent."""
        return yes_no(self.frame[column], column) if column in self.frame else np.full(len(self), np.nan)

    def month(self, column: str) -> Floats:
        """Return month numbers, NaN where blank or absent."""
        return (
            month_number(self.frame[column], column) if column in self.frame else np.full(len(self), np.nan)
        )

    def among(self, column: str, words: tuple[str, ...]) -> Flags:
        """Return rows whose word is one of several."""
        return np.asarray(np.isin(words_of(self.frame, column), words), dtype=bool)

    def line(self, year: Floats) -> Floats:
        """Return the monitoring line of each row's year, NaN without one."""
        return np.array(
            [self.lines.get(int(y), np.nan) if np.isfinite(y) else np.nan for y in year], dtype=float
        )

    @cached_property
    def wave(self) -> Floats:
        """Years of the rows."""
        return self.frame["wave"].to_numpy(dtype=float)

    @cached_property
    def watched(self) -> Flags:
        """Rows in a class of monitored households: any word but one of no."""
        return np.array(
            [w.casefold() not in NOT_MONITORED for w in words_of(self.frame, "monitored")], dtype=bool
        )

    @cached_property
    def began(self) -> Flags:
        """Rows of the year in which monitoring began; without its month, the first watched row."""
        return self._of_the_year(self.watched, self.month("monitored_month"))

    @cached_property
    def ended(self) -> Flags:
        """Rows of the year in which the risk was eliminated; without its month, the first row so marked."""
        return self._of_the_year(self.flag("risk_eliminated") == 1, self.month("eliminated_month"))

    def _of_the_year(self, marked: Flags, month: Floats) -> Flags:
        year = np.floor(month / 12)
        before = pd.Series(marked).groupby(self.frame["household"].to_numpy()).cumsum().to_numpy() - marked
        dated = ~np.isnan(year)
        return np.asarray(marked & np.where(dated, year == self.wave, before == 0), dtype=bool)

    @property
    def months(self) -> int:
        """Months over which income is counted."""
        known = self.pack.monitoring.get("income_window_months")
        return 12 if known is None else int(known.value)

    def stable_months(self) -> float:
        """Return the months that elimination must wait for, NaN where the pack does not say."""
        values = [r.value for r in self.pack.risk_elimination if r.id == "months" and r.value is not None]
        return values[0] if values else np.nan

    def income(self, month: Floats, windows: int = 1) -> Floats:
        """Return income per head before a month: of the rolling months (the least of several windows), or of the record."""
        if self.monthly is None:
            return self.number("income_pc")
        return self.monthly.least(self.frame["household"], month, self.months, windows)


def run_checks(watch: Watch) -> list[Checked]:
    """Return every check, in the order of `CHECKS`."""
    return [_BY_NAME[name](watch) for name in CHECKS]


def _truth(known: Flags, met: Flags) -> Floats:
    return np.where(known, met.astype(float), np.nan)


def _told(*parts: Floats) -> Words:
    """Return amounts as evidence, separated by slashes."""
    return np.array(["/".join(figure(v) for v in row) for row in zip(*parts, strict=True)], dtype=object)


def _classes(watch: Watch) -> Words:
    """Return the code of each row's class, empty for none and for words that the rules do not know."""
    names = {
        w: code for code, t in watch.pack.monitored_classes.items() for w in (code, t.title.en, t.title.zh)
    }
    return np.array([names.get(w, "") for w in words_of(watch.frame, "monitored")], dtype=object)


def _class_known(watch: Watch) -> Checked:
    return Checked(
        "class_known",
        watch.watched,
        (_classes(watch) != "").astype(float),
        words_of(watch.frame, "monitored"),
    )


def _class_fits(watch: Watch) -> Checked:
    """Unstable: has exited. Marginal: was never registered. Hardship: anybody."""
    code, status = _classes(watch), words_of(watch.frame, "status")
    exits = watch.number("exit_year")
    out = watch.among("status", (*EXITED, *RETURNED)) | (exits <= watch.wave)
    listed = out | watch.among("status", REGISTERED)
    told = (status != "") | ~np.isnan(exits)
    unstable, marginal = code == "unstable", code == "marginal"
    # a household without any status is unregistered only where the table has that column
    shown = told | (marginal & ("status" in watch.frame))
    met = np.where(unstable, out, ~listed)
    evidence = np.array(
        [f"{c}: {s}" for c, s in zip(words_of(watch.frame, "monitored"), status, strict=True)], dtype=object
    )
    return Checked("class_fits", unstable | marginal, _truth(shown, met.astype(bool)), evidence)


def _identified_poor(watch: Watch) -> Checked:
    month = watch.month("monitored_month")
    income = watch.income(month)
    year = np.where(np.isnan(month), watch.wave, np.floor(month / 12))
    line, rigid = watch.line(year), _rigid(watch)
    poor = np.where(np.isnan(income) | np.isnan(line), np.nan, (income < line).astype(float))
    met = np.where((poor == 1) | (rigid == 1), 1.0, np.where((poor == 0) & (rigid == 0), 0.0, np.nan))
    applies = watch.began & (_classes(watch) != "hardship")
    return Checked("identified_poor", applies, met, _told(income, line))


def _watched_when_poor(watch: Watch) -> Checked:
    """Households that are not watched, at the end of the year."""
    income, line = watch.income(12 * (watch.wave + 1)), watch.line(watch.wave)
    known = ~np.isnan(income) & ~np.isnan(line)
    return Checked("watched_when_poor", ~watch.watched, _truth(known, ~(income < line)), _told(income, line))


def _rigid(watch: Watch) -> Floats:
    """Return 1 where rigid expenses are far above net income, 0 where not, NaN where unknown."""
    spent, net = watch.number("rigid_expense"), watch.number("income_net")
    return _truth(~np.isnan(spent) & ~np.isnan(net), spent >= watch.rigid_multiple * net)


def _eliminated_income(watch: Watch) -> Checked:
    month = watch.month("eliminated_month")
    wait = watch.stable_months()
    income = watch.income(month, 1 if np.isnan(wait) else int(wait))
    year = np.where(np.isnan(month), watch.wave, np.floor(month / 12))
    line = watch.line(year)
    known = ~np.isnan(income) & ~np.isnan(line)
    return Checked("eliminated_income", watch.ended, _truth(known, income > line), _told(income, line))


def _eliminated_months(watch: Watch) -> Checked:
    first, last = watch.month("monitored_month"), watch.month("eliminated_month")
    gap, wait = last - first, watch.stable_months()
    words = [f"{month_text(a)}-{month_text(b)}" for a, b in zip(first, last, strict=True)]
    known = ~np.isnan(gap) & (not np.isnan(wait))
    return Checked(
        "eliminated_months", watch.ended, _truth(known, gap >= wait), np.array(words, dtype=object)
    )


def _eliminated_rigid(watch: Watch) -> Checked:
    """Stated as solved, or still far above income; expenses that are lower do not show that they were solved."""
    stated, rigid = watch.flag("rigid_solved"), _rigid(watch)
    met = np.where((rigid == 1) | (stated == 0), 0.0, stated)
    return Checked(
        "eliminated_rigid", watch.ended, met, _told(watch.number("rigid_expense"), watch.number("income_net"))
    )


def _eliminated_guarantees(watch: Watch) -> Checked:
    housing = watch.flag("housing_secure")
    housing = np.where(np.isnan(housing), 1 - watch.flag("unsafe_housing"), housing)
    parts = {
        "education": watch.flag("education_secure"),
        "medical": watch.flag("medical_secure"),
        "housing": housing,
    }
    table = np.stack(list(parts.values()))
    met = np.where((table == 0).any(axis=0), 0.0, np.where((table == 1).all(axis=0), 1.0, np.nan))
    words = [", ".join(name for name, v in zip(parts, column, strict=True) if v == 0) for column in table.T]
    return Checked("eliminated_guarantees", watch.ended, met, np.array(words, dtype=object))


def _eliminated_labour(watch: Watch) -> Checked:
    labour = watch.number("labourers")
    paid = [watch.number(c) for c in ("minimum_allowance", "destitute_allowance")]
    kind = words_of(watch.frame, "household_type")
    aided = watch.among("household_type", (*DESTITUTE, *ON_ALLOWANCE)) | (paid[0] > 0) | (paid[1] > 0)
    told = aided | (kind != "") | ~np.isnan(paid[0]) | ~np.isnan(paid[1])
    met = np.where(labour > 0, 1.0, _truth((labour == 0) & told, ~aided))
    evidence = np.array([f"{figure(n)}; {k}" for n, k in zip(labour, kind, strict=True)], dtype=object)
    return Checked("eliminated_labour", watch.ended, met, evidence)


_BY_NAME: dict[str, Callable[[Watch], Checked]] = {
    "class_known": _class_known,
    "class_fits": _class_fits,
    "identified_poor": _identified_poor,
    "watched_when_poor": _watched_when_poor,
    "eliminated_income": _eliminated_income,
    "eliminated_months": _eliminated_months,
    "eliminated_rigid": _eliminated_rigid,
    "eliminated_guarantees": _eliminated_guarantees,
    "eliminated_labour": _eliminated_labour,
}
