"""Patterns across households and years: copies, frozen records, heaps of amounts, padded incomes."""

from __future__ import annotations

import numpy as np

from evalkit.rules.amounts import alike, count_of, known_total, over, positive_count, row_code, same_as_before
from evalkit.rules.income import FOUR
from evalkit.rules.rule import Rule
from evalkit.rules.view import Flags, Floats, View
from evalkit.text import Text

PATTERNS_NOTE = "domain practice: digit patterns and copies"
HEAPING = "domain practice: heaping at the line"
AUDIT = "audit of 105 counties, 2017: incomes padded to declare exits"
ACCOUNT = (*FOUR, "operating_expense")
FACTS = ("cultivated_land", "forest_land", "housing_area", "road_distance")
VILLAGE_WAVE = ("village", "wave")


def _alike(view: View, columns: tuple[str, ...], within: tuple[str, ...], least: float) -> Flags:
    """Return rows whose columns equal those of at least `least` − 1 other rows of the same group."""
    return alike(view.group(*within), [view.number(c) for c in columns], least)


def _copied_account(view: View) -> Flags:
    rich = positive_count(view, *ACCOUNT) >= view.settings["copied_amounts"]
    return rich & _alike(view, ACCOUNT, VILLAGE_WAVE, 2)


def _copied_facts(view: View) -> Flags:
    rich = positive_count(view, *FACTS) >= view.settings["copied_facts"]
    return rich & _alike(view, FACTS, VILLAGE_WAVE, view.settings["copied_households"])


def _same_per_head(view: View) -> Flags:
    above = view.number("income_pc") > 0
    return np.asarray(
        above & _alike(view, ("income_pc",), VILLAGE_WAVE, view.settings["copied_households"]), dtype=bool
    )


def _frozen_account(view: View) -> Flags:
    rich = positive_count(view, *ACCOUNT) >= view.settings["frozen_amounts"]
    return rich & same_as_before(view, *ACCOUNT)


def _frozen_record(view: View) -> Flags:
    columns = ("income_pc", "cultivated_land", "housing_area")
    return (
        same_as_before(view, *columns)
        & same_as_before(view, *columns, back=2)
        & (view.number("income_pc") > 0)
    )


def _frozen_age(view: View) -> Flags:
    waves = view.number("wave")
    spread = waves - view.earlier(waves, 2)
    return same_as_before(view, "head_age") & same_as_before(view, "head_age", back=2) & (spread >= 2)


def _same_growth(view: View) -> Flags:
    """Return rows whose growth of income, to four digits, is that of many households of the village and year."""
    growth = np.round(over(view.number("income_pc"), view.earlier(view.number("income_pc"))), 4)
    village = view.group(*VILLAGE_WAVE)
    many = alike(village, [growth], max(view.settings["same_growth_households"], 1))
    if not many.any():
        return many
    equal = count_of(row_code(np.where(many, village, -1), growth))
    known = view.sum_of_group((~np.isnan(growth)).astype(np.float64), *VILLAGE_WAVE)
    return np.asarray(many & (over(equal, known) >= view.settings["same_growth_share"]), dtype=bool)


def heaped(view: View, purpose: str, *within: str) -> Flags:
    """Return rows just above a line, where a group has far more there than its neighbourhood lets expect.

    The window reaches from the line to `heap_width` (a share of it) above; expected is the mean of the windows of
    the same width in the neighbourhood, one below and four above. A window with at least `heap_households`
    households, `heap_ratio` times what is expected, is a heap.

    Parameters
    ----------
    view : View
    purpose : str
        Which line; see `View.line`.
    *within : str
        Columns of the group.
    """
    ratio = over(view.number("income_pc"), view.line(purpose))
    width = view.settings["heap_width"]
    window = np.floor(np.round((ratio - 1) / width, 9))
    inside = window == 0
    near = (window >= -1) & (window <= 4)
    count = view.sum_of_group(inside.astype(np.float64), *within)
    others = view.sum_of_group((near & ~inside).astype(np.float64), *within)
    heap = (count >= view.settings["heap_households"]) & (count > view.settings["heap_ratio"] * others / 5)
    return np.asarray(inside & heap, dtype=bool)


def _round_amounts(view: View) -> Flags:
    """Return rows with a net income in full hundreds, in villages where such amounts are the rule."""
    net = view.number("income_net")
    round_net = (net > 0) & (net % 100 == 0)
    known = view.sum_of_group((net > 0).astype(np.float64), *VILLAGE_WAVE)
    share = over(view.sum_of_group(round_net.astype(np.float64), *VILLAGE_WAVE), known)
    wide = known >= view.settings["digits_households"]
    return np.asarray(round_net & wide & (share > view.settings["digits_share"]), dtype=bool)


def _soft(view: View) -> Floats:
    """Transfers and asset dividends: what can be paid out, or written down, to lift an income."""
    return known_total(view, "transfer_income", "dividend_income")


def _carried_by_transfers(view: View) -> Flags:
    """Return exits in which income less the year's rise of transfers and dividends stays below the line."""
    line, income = view.line(), view.number("income_pc")
    rise = over(_soft(view) - view.earlier(_soft(view)), view.number("size"))
    exits = view.number("exit_year") == view.number("wave")
    was_poor = view.earlier(income) < view.earlier(line)
    alone = (income - rise < line) & (
        rise >= view.settings["padding_share"] * (income - view.earlier(income))
    )
    return np.asarray(exits & was_poor & (income >= line) & alone, dtype=bool)


def _reversed_jump(view: View) -> Flags:
    """Return exits whose jump is gone in the next year, without a return on record."""
    income, line = view.number("income_pc"), view.line()
    before, after = view.earlier(income), view.later(income)
    exits = (
        (view.number("exit_year") == view.number("wave")) & (before < view.earlier(line)) & (income >= line)
    )
    gone = (after < view.later(line)) & (after - before < view.settings["reversal_left"] * (income - before))
    unmarked = ~(view.later(_returned(view)) == 1)
    return np.asarray(exits & gone & unmarked, dtype=bool)


def _returned(view: View) -> Floats:
    marked = (view.mark("returned") == 1) | view.among("status", "返贫", "returned")
    return np.asarray(marked, dtype=np.float64)


PATTERNS: tuple[Rule, ...] = (
    Rule("N01", Text(en="the whole income account equals that of another household of the village", zh="各项收入与本村另一户完全相同（疑复制）"), "flag", "household", case=True,
         needs=("wage_income", "operating_income", "property_income", "transfer_income", "operating_expense", "village", "wave"), source=PATTERNS_NOTE, when=_copied_account),
    Rule("N02", Text(en="land, housing area and road distance equal those of several households of the village", zh="耕地、林地、住房面积和道路距离与本村多户完全相同（疑复制）"), "flag", "household",
         needs=("housing_area", "cultivated_land", "forest_land", "road_distance", "village", "wave"), source=PATTERNS_NOTE, when=_copied_facts),
    Rule("N03", Text(en="income per head equals that of several households of the village to the cent", zh="人均纯收入与本村多户分毫不差"), "flag", "household",
         needs=("income_pc", "village", "wave"), source=PATTERNS_NOTE, when=_same_per_head),
    Rule("N04", Text(en="the whole income account is that of the year before", zh="各项收入与上年完全相同（未更新）"), "flag", "household", case=True,
         needs=("wage_income", "operating_income", "property_income", "transfer_income", "operating_expense", "wave"), source="domain practice: frozen fields", when=_frozen_account),
    Rule("N05", Text(en="income, land and housing area stand unchanged for three waves", zh="收入、耕地和住房面积连续三年不变（未更新）"), "flag", "household", case=True,
         needs=("income_pc", "cultivated_land", "housing_area", "wave"), source="domain practice: frozen fields", when=_frozen_record),
    Rule("N06", Text(en="age of the head stands unchanged for three waves", zh="户主年龄连续三年不变（未更新）"), "flag", "household",
         needs=("head_age", "wave"), source="domain practice: frozen fields", when=_frozen_age),
    Rule("N07", Text(en="many incomes of the village grew at the same rate to four digits", zh="本村多户收入增长率四位数字相同"), "flag", "household",
         needs=("income_pc", "village", "wave"), source=PATTERNS_NOTE, when=_same_growth),
    Rule("N08", Text(en="net incomes of the village are mostly in full hundreds", zh="本村纯收入多为整百数"), "flag", "household",
         needs=("income_net", "village", "wave"), source=PATTERNS_NOTE, when=_round_amounts),
    Rule("N09", Text(en="income is exactly the poverty line", zh="人均纯收入恰等于贫困线"), "flag", "household", case=True,
         needs=("income_pc", "wave", "line"), source=HEAPING, when=lambda v: np.abs(v.number("income_pc") - v.line()) < 0.5),
    Rule("N10", Text(en="incomes of the village heap just above the poverty line", zh="本村人均纯收入在贫困线之上聚集"), "flag", "household",
         needs=("income_pc", "village", "wave", "line"), source=HEAPING, when=lambda v: heaped(v, "plan", "village", "wave")),
    Rule("N11", Text(en="incomes taken down by the same interviewer heap just above the poverty line", zh="同一调查员采集的人均纯收入在贫困线之上聚集"), "flag", "household",
         needs=("income_pc", "interviewer", "wave", "line"), source=HEAPING, when=lambda v: heaped(v, "plan", "interviewer", "wave")),
    Rule("N12", Text(en="incomes of the village heap just above the monitoring line", zh="本村人均纯收入在监测线之上聚集"), "flag", "household",
         needs=("income_pc", "village", "wave", "line.monitoring"), source=HEAPING, when=lambda v: heaped(v, "monitoring", "village", "wave")),
    Rule("N13", Text(en="the rise of transfers and dividends alone carries the income over the line in the year of exit", zh="脱贫年度仅靠转移性收入和分红的增加越过贫困线"), "flag", "household",
         needs=("transfer_income", "income_pc", "size", "exit_year", "wave", "line"), also=("dividend_income",), source=AUDIT, when=_carried_by_transfers),
    Rule("N14", Text(en="income jumped in the year of exit and fell back in the next, and no return is recorded", zh="脱贫年度收入跃升而次年回落，未记录返贫"), "flag", "household", case=True,
         needs=("income_pc", "exit_year", "wave", "line"), also=("status", "returned"), source=AUDIT, when=_reversed_jump),
)  # fmt: skip
"""Rules on patterns, in the order of their numbers."""
