"""Rules on months and waves: order, haste, everything in one month, gaps in the series."""

from __future__ import annotations

import numpy as np

from evalkit.rules.amounts import over
from evalkit.rules.conditions import known
from evalkit.rules.rule import Rule
from evalkit.rules.status import ELIMINATION, watched
from evalkit.rules.view import Flags, Floats, View
from evalkit.text import Text

CONVENTION = "convention"
ORDER = "order of the registry's events"
TIMING = "domain practice: timing"
MONTHS = ("exit_month", "identified_month", "monitored_month", "eliminated_month")


def _year_of(months: Floats) -> Floats:
    return np.floor(months / 12)


def _other_year(view: View, month: str, year: str) -> Flags:
    return np.asarray(np.abs(_year_of(view.month(month)) - view.number(year)) > 0, dtype=bool)


def _in_future(view: View, month: str) -> Flags:
    return np.asarray(_year_of(view.month(month)) > view.number("wave"), dtype=bool)


def _no_month(view: View, month: str) -> Flags:
    return known(view, month) & np.isnan(view.month(month))


def _all_at_once(
    view: View, event: Flags, month: str, within: tuple[str, ...], least: float, share: float
) -> Flags:
    """Return events of a group in one month, when they are at least so many and such a share of its base.

    The base are the households of the group's wave for which the event is known or still possible: all rows.
    """
    happened = event.astype(np.float64)
    same = view.sum_of_group(happened, *within, month)
    return np.asarray(
        event & (same >= least) & (over(same, view.size_of_group(*within)) >= share), dtype=bool
    )


def _mass_exit(view: View) -> Flags:
    event = (view.number("exit_year") == view.number("wave")) & ~np.isnan(view.month("exit_month"))
    settings = view.settings
    return _all_at_once(
        view,
        np.asarray(event),
        "exit_month",
        ("village", "wave"),
        settings["mass_households"],
        settings["mass_exit_share"],
    )


def _batch(view: View, month: str) -> Flags:
    """Return monitored households of a township whose month is that of nearly all others there."""
    event = (
        watched(view) & ~np.isnan(view.month(month)) & (_year_of(view.month(month)) == view.number("wave"))
    )
    happened = event.astype(np.float64)
    same = view.sum_of_group(happened, "township", "wave", month)
    every = view.sum_of_group(happened, "township", "wave")
    many = same >= view.settings["batch_households"]
    return np.asarray(event & many & (over(same, every) >= view.settings["batch_share"]), dtype=bool)


def _lasted(view: View) -> Floats:
    """Return the months from monitoring to elimination."""
    return view.month("eliminated_month") - view.month("monitored_month")


def _gap(view: View) -> Flags:
    """Return rows whose household lacks waves since its row before that the county has."""
    waves = view.number("wave")
    years = np.unique(waves[~np.isnan(waves)])
    place = np.searchsorted(years, waves)
    before = view.earlier(place.astype(np.float64))
    return np.asarray((place - before > 1) & ~np.isnan(waves), dtype=bool)


def _late_entry(view: View) -> Flags:
    """Return first rows after the county's first wave of households identified in an earlier year."""
    waves = view.number("wave")
    first = np.isnan(view.earlier(waves)) & (waves > np.nanmin(waves, initial=np.inf))
    return np.asarray(first & (view.number("identified_year") < waves), dtype=bool)


def _hasty_exit(view: View) -> Flags:
    months = view.month("exit_month") - view.month("identified_month")
    return np.asarray((months >= 0) & (months < view.settings["exit_after_months"]), dtype=bool)


def _exit_without_support(view: View) -> Flags:
    exits = view.number("exit_year") == view.number("wave")
    return np.asarray(exits & view.unsupported(), dtype=bool)


TIMING_RULES: tuple[Rule, ...] = (
    Rule("W01", Text(en="month of exit lies in another year than the year of exit", zh="脱贫年月与脱贫年度不一致"), "flag", "household", case=True,
         once=True, needs=("exit_month", "exit_year"), source=ORDER, when=lambda v: _other_year(v, "exit_month", "exit_year")),
    Rule("W02", Text(en="month identified lies in another year than the year identified", zh="首次识别年月与识别年度不一致"), "flag", "household", case=True,
         once=True, needs=("identified_month", "identified_year"), source=ORDER, when=lambda v: _other_year(v, "identified_month", "identified_year")),
    Rule("W03", Text(en="month of exit after the year of the record", zh="脱贫年月晚于数据年度"), "flag", "household", case=True,
         needs=("exit_month", "wave"), source=ORDER, when=lambda v: _in_future(v, "exit_month")),
    Rule("W04", Text(en="monitoring began after the year of the record", zh="识别监测时间晚于数据年度"), "flag", "household", case=True,
         needs=("monitored_month", "wave"), source=ORDER, when=lambda v: _in_future(v, "monitored_month")),
    Rule("W05", Text(en="risk eliminated after the year of the record", zh="消除监测时间晚于数据年度"), "flag", "household", case=True,
         needs=("eliminated_month", "wave"), source=ORDER, when=lambda v: _in_future(v, "eliminated_month")),
    Rule("W06", Text(en="month of exit cannot be read as a month", zh="脱贫年月无法识别"), "flag", "household", case=True,
         once=True, needs=("exit_month",), source="registry form: months as YYYYMM", when=lambda v: _no_month(v, "exit_month")),
    Rule("W07", Text(en="month identified cannot be read as a month", zh="首次识别年月无法识别"), "flag", "household", case=True,
         once=True, needs=("identified_month",), source="registry form: months as YYYYMM", when=lambda v: _no_month(v, "identified_month")),
    Rule("W08", Text(en="month of monitoring cannot be read as a month", zh="识别监测时间无法识别"), "flag", "household", case=True,
         once=True, needs=("monitored_month",), source="registry form: months as YYYYMM", when=lambda v: _no_month(v, "monitored_month")),
    Rule("W09", Text(en="month of elimination cannot be read as a month", zh="消除监测时间无法识别"), "flag", "household", case=True,
         once=True, needs=("eliminated_month",), source="registry form: months as YYYYMM", when=lambda v: _no_month(v, "eliminated_month")),
    Rule("W10", Text(en="risk eliminated before monitoring began", zh="消除监测时间早于识别监测时间"), "flag", "household", case=True,
         once=True, needs=("eliminated_month", "monitored_month"), source=ORDER, when=lambda v: _lasted(v) < 0),
    Rule("W11", Text(en="risk eliminated almost as soon as monitoring began", zh="纳入监测后极短时间内即消除风险"), "flag", "household", case=True,
         once=True, needs=("eliminated_month", "monitored_month"), source=TIMING, when=lambda v: (_lasted(v) >= 0) & (_lasted(v) <= v.settings["eliminated_fast_months"])),
    Rule("W12", Text(en="risk eliminated before it was stable for long enough", zh="纳入监测后未达规定稳定期即消除风险"), "flag", "household", case=True,
         once=True, needs=("eliminated_month", "monitored_month"), source=ELIMINATION,
         when=lambda v: (_lasted(v) > v.settings["eliminated_fast_months"]) & (_lasted(v) < v.settings["eliminated_least_months"])),
    Rule("W13", Text(en="most households of the village exited in this one month", zh="本村多数户同月脱贫"), "flag", "household",
         needs=("exit_month", "exit_year", "village", "wave"), source=TIMING, when=_mass_exit),
    Rule("W14", Text(en="nearly all risks of the township were eliminated in this one month", zh="本乡镇风险几乎全部同月消除（疑批量）"), "flag", "household",
         needs=("eliminated_month", "monitored", "township", "wave"), source=TIMING, when=lambda v: _batch(v, "eliminated_month")),
    Rule("W15", Text(en="nearly all monitored households of the township were taken in in this one month", zh="本乡镇监测对象几乎全部同月纳入（疑批量）"), "flag", "household",
         needs=("monitored_month", "monitored", "township", "wave"), source=TIMING, when=lambda v: _batch(v, "monitored_month")),
    Rule("W16", Text(en="exit without any support before it", zh="脱贫前无任何帮扶措施"), "flag", "household",
         needs=("exit_year", "wave", "program.program", "program.program_start"), source=TIMING, when=_exit_without_support),
    Rule("W17", Text(en="exit very soon after identification", zh="识别后极短时间内即脱贫"), "flag", "household", case=True,
         once=True, needs=("exit_month", "identified_month"), source=TIMING, when=_hasty_exit),
    Rule("W18", Text(en="the household lacks a wave that the county has", zh="中间缺少年度记录"), "flag", "household",
         needs=("wave",), source=CONVENTION, when=_gap),
    Rule("W19", Text(en="first record later than the year identified, though the county has earlier waves", zh="首条记录晚于识别年度"), "flag", "household",
         needs=("identified_year", "wave"), source="domain practice: household splits and late entries", when=_late_entry),
    Rule("W20", Text(en="identified before the registry existed", zh="识别年度早于建档立卡启动"), "flag", "household", case=True,
         once=True, needs=("identified_year",), source="national registration of 2014 (files from 2013)", when=lambda v: v.number("identified_year") < v.settings["registration_began"]),
    Rule("W21", Text(en="monitored before monitoring existed", zh="识别监测时间早于防返贫监测启动"), "flag", "household", case=True,
         once=True, needs=("monitored_month",), source="monitoring of households at risk began in 2020", when=lambda v: _year_of(v.month("monitored_month")) < v.settings["monitoring_began"]),
    Rule("W22", Text(en="month in which monitoring began differs from the wave before", zh="识别监测时间与上年记录不同"), "flag", "household", case=True,
         needs=("monitored_month", "monitored", "wave"), source=ORDER,
         when=lambda v: np.abs(v.month("monitored_month") - v.earlier(v.month("monitored_month"))) > 0),
)  # fmt: skip
"""Rules on time, in the order of their numbers."""
