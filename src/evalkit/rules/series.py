"""Rules on aggregate county series: jumps, slips of the unit, frozen and missing years, shares, stocks, breaks.

Each county is judged by its own series. Logs are natural unless said otherwise; a change is per year.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from evalkit.rules.rule import Rule
from evalkit.rules.view import Codes, Flags, Floats, View
from evalkit.text import Text

YEARBOOK = "county statistical yearbook"
REGISTRY = "registry statistics of the county (县有档)"
SERIES: tuple[tuple[str, Text], ...] = (
    ("rural_income", Text(en="rural income per head", zh="农村居民人均可支配收入")),
    ("rural_net_income", Text(en="rural net income per head", zh="农村居民人均纯收入")),
    ("gdp", Text(en="gross domestic product", zh="地区生产总值")),
    ("fiscal_revenue", Text(en="budget revenue", zh="一般公共预算收入")),
    ("fiscal_expenditure", Text(en="budget expenditure", zh="一般公共预算支出")),
    ("population", Text(en="registered population", zh="户籍人口数")),
    ("rural_population", Text(en="rural population", zh="乡村人口数")),
    ("poor_persons", Text(en="poor persons", zh="贫困人口数")),
)
"""Series that are followed over the years; the last digit of a rule's id is the place here."""
INCOMES = ("rural_income", "rural_net_income")
POWERS = (1.0, 2.0, 4.0)
"""Powers of ten by which units are mistaken: 10, 100, 万."""
LEAST_CHANGES = 4


@dataclass(frozen=True)
class _Run:
    """One county's observed values in order of years: positions of the rows, years, values, each shape (m,)."""

    rows: Codes
    years: Floats
    values: Floats


def _runs(view: View, name: str) -> Iterator[_Run]:
    """Yield the series of each county; rows without a year or a value are left out."""
    county, years, values = view.group("county"), view.number("wave"), view.number(name)
    use = np.flatnonzero((county >= 0) & ~np.isnan(years) & ~np.isnan(values))
    order = use[np.lexsort((years[use], county[use]))]
    for rows in np.split(order, np.flatnonzero(np.diff(county[order])) + 1):
        if len(rows):
            yield _Run(rows, years[rows], values[rows])


def _where(view: View, name: str, test: Callable[[_Run], Flags]) -> Flags:
    """Return the rows of each county's series that meet a test of the series."""
    out = np.zeros(len(view.stays), dtype=bool)
    for run in _runs(view, name):
        out[run.rows] = test(run)
    return out


def slip_powers(values: Floats, factor: float) -> Floats:
    """Return the power of ten by which each value of a series is off the unit of most of them, shape (m,).

    A change between neighbours that is within `factor` of 10, 100 or 10,000 (or their inverses) moves the level;
    the commonest level is right, the first of equally common ones.

    >>> slip_powers(np.array([5000.0, 5400.0, 0.59, 6300.0]), 2.5).tolist()
    [0.0, 0.0, -4.0, 0.0]
    >>> slip_powers(np.array([50.0, 540.0, 590.0, 630.0]), 2.5).tolist()
    [-1.0, 0.0, 0.0, 0.0]
    """
    if (values <= 0).any() or len(values) < LEAST_CHANGES - 1:
        return np.zeros(len(values))
    change = np.diff(np.log10(values))
    power = np.zeros(len(change))
    for p in POWERS:
        near = np.abs(np.abs(change) - p) <= np.log10(factor)
        power = np.where(near, np.sign(change) * p, power)
    level = np.concatenate(([0.0], np.cumsum(power)))
    known, first, count = np.unique(level, return_index=True, return_counts=True)
    usual = known[np.lexsort((first, -count))[0]]
    return np.asarray(level - usual, dtype=np.float64)


def jumps(years: Floats, values: Floats, spread: float, least: float) -> Flags:
    """Return the values of a series whose yearly log change is far from the usual one, shape (m,).

    Far is beyond `spread` robust standard deviations (1.4826 × median absolute deviation) of the changes from
    their median, and beyond `least`. A value that comes back the year after is marked alone.

    >>> jumps(np.arange(2010.0, 2017), np.array([100.0, 108, 118, 240, 140, 151, 163]), 5.0, 0.25).tolist()
    [False, False, False, True, False, False, False]
    """
    out = np.zeros(len(values), dtype=bool)
    if len(values) <= LEAST_CHANGES or (values <= 0).any():
        return out
    change = np.diff(np.log(values)) / np.diff(years)
    away = change - np.median(change)
    limit = max(spread * 1.4826 * float(np.median(np.abs(away))), least)
    far = np.abs(away) > limit
    back = np.zeros(len(far), dtype=bool)
    for i in range(1, len(far)):
        back[i] = far[i] and far[i - 1] and not back[i - 1] and away[i] * away[i - 1] < 0
    out[1:] = far & ~back
    return out


def _slipped(name: str) -> Callable[[View], Flags]:
    def when(view: View) -> Flags:
        factor = view.settings["series_slip_factor"]
        return _where(view, name, lambda run: slip_powers(run.values, factor) != 0)

    return when


def _jumped(name: str) -> Callable[[View], Flags]:
    def when(view: View) -> Flags:
        s = view.settings
        concept = view.word("income_concept").fillna("") if name in INCOMES else None

        def test(run: _Run) -> Flags:
            scaled = run.values / 10 ** slip_powers(run.values, s["series_slip_factor"])
            far = jumps(run.years, scaled, s["series_jump_spread"], s["series_jump_log"])
            if concept is None:
                return far
            words = concept.iloc[run.rows].to_numpy(dtype=object)
            return far & np.concatenate(([True], words[1:] == words[:-1]))

        return _where(view, name, test)

    return when


def _frozen(name: str) -> Callable[[View], Flags]:
    def test(run: _Run) -> Flags:
        same = (np.diff(run.values) == 0) & (run.values[1:] != 0)
        return np.concatenate(([False], same))

    return lambda view: _where(view, name, test)


def _not_positive(name: str) -> Callable[[View], Flags]:
    return lambda view: view.number(name) <= 0


def _blank_between(name: str) -> Callable[[View], Flags]:
    def when(view: View) -> Flags:
        out = np.zeros(len(view.stays), dtype=bool)
        county, years = view.group("county"), view.number("wave")
        for run in _runs(view, name):
            mine = (county == county[run.rows[0]]) & np.isnan(view.number(name))
            out |= mine & (years > run.years[0]) & (years < run.years[-1])
        return out

    return when


def _positive(view: View, name: str) -> Floats:
    values = view.number(name)
    return np.where(values > 0, values, np.nan)


def _rate_differs(view: View) -> Flags:
    """Return rows whose stated rate is not the one of the counts, beyond the rounding of the rate as written."""
    made = 100 * view.number("poor_persons") / _positive(view, "rural_population")
    texts = view.word("headcount_stated").fillna("")
    digits = texts.str.extract(r"\.([0-9]+)$")[0].str.len().fillna(0).to_numpy(dtype=np.float64)
    allowed = 0.5 * 10.0**-digits + view.settings["stated_rate_slack"]
    return np.asarray(np.abs(view.number("headcount_stated") - made) > allowed + 1e-9, dtype=bool)


def _next_year(view: View) -> Flags:
    years = view.number("wave")
    return np.asarray(view.earlier(years) == years - 1, dtype=bool)


def _stock_differs(view: View) -> Flags:
    before = view.earlier(view.number("poor_persons"))
    flow = view.number("identified_in_year") + view.number("returned_in_year") - view.number("exited_in_year")
    off = np.abs(view.number("poor_persons") - before - flow)
    return np.asarray(_next_year(view) & (off > view.settings["stock_slack"] * before + 0.5), dtype=bool)


def _too_many_exits(view: View) -> Flags:
    stock = view.earlier(view.number("poor_persons"))
    for name in ("identified_in_year", "returned_in_year"):
        stock = stock + view.number(name)
    return np.asarray(_next_year(view) & (view.number("exited_in_year") > stock), dtype=bool)


def _year_skipped(view: View) -> Flags:
    """Return rows that follow their county's row before by more than the usual step."""
    years = view.number("wave")
    step = years - view.earlier(years)
    known = step[~np.isnan(step)]
    return np.asarray(step > known.min(), dtype=bool) if len(known) else np.zeros(len(step), dtype=bool)


def _concept_changes(view: View) -> Flags:
    now = view.word("income_concept")
    before = view.earlier_word(now)
    return np.asarray((now != before) & now.notna() & before.notna(), dtype=bool)


def _takes_over(view: View) -> Flags:
    """Return first years of disposable income that follow a year with net income only."""
    new, old = ~np.isnan(view.number("rural_income")), ~np.isnan(view.number("rural_net_income"))
    only_old = view.earlier((old & ~new).astype(np.float64))
    return np.asarray(new & (only_old == 1), dtype=bool)


def _before_disposable(view: View) -> Flags:
    there = ~np.isnan(view.number("rural_income")) & ~view.says("income_concept", "纯收入", "net")
    there &= ~view.concept_stated("rural_income")
    return np.asarray(there & (view.number("wave") < view.settings["disposable_first_year"]), dtype=bool)


def _each(
    family: str, names: tuple[str, ...], about: Text, case: str, make: Callable[[str], Callable[[View], Flags]]
) -> tuple[Rule, ...]:  # fmt: skip
    """Return one rule for each of some series; ``case`` is ``case`` or empty."""
    labels = {name: (i, label) for i, (name, label) in enumerate(SERIES)}
    return tuple(
        Rule(
            f"{family}{labels[n][0]}",
            Text(en=f"{labels[n][1].en}: {about.en}", zh=f"{labels[n][1].zh}{about.zh}"),
            "flag",
            "county",
            case=bool(case),
            needs=(n, "wave"),
            when=make(n),
            source=YEARBOOK,
        )
        for n in names
    )


_NAMES = tuple(name for name, _ in SERIES)
COUNTY_SERIES: tuple[Rule, ...] = (
    *_each("Y1", _NAMES[:7], Text(en="implausible jump against the county's own changes", zh="较本县历年变化出现异常跳变"), "case", _jumped),
    *_each("Y2", _NAMES[:7], Text(en="off by a power of ten: a mistaken unit", zh="相差十倍、百倍或万倍，疑为单位错误"), "case", _slipped),
    *_each("Y3", _NAMES[:5], Text(en="same value as in the last observed year", zh="与上一有值年份数值完全相同"), "case", _frozen),
    *_each("Y4", _NAMES[:7], Text(en="zero or negative", zh="为零或为负"), "case", _not_positive),
    *_each("Y5", _NAMES, Text(en="missing between years that have it", zh="前后年份均有而该年缺失"), "", _blank_between),
    Rule("Y60", Text(en="stated poverty rate is not between 0 and 100", zh="贫困发生率不在0至100之间"), "flag", "county", case=True,
         needs=("headcount_stated",), when=lambda v: (v.number("headcount_stated") < 0) | (v.number("headcount_stated") > 100), source=REGISTRY),
    Rule("Y61", Text(en="more poor persons than rural population, or fewer than none", zh="贫困人口多于乡村人口或为负"), "flag", "county", case=True,
         needs=("poor_persons", "rural_population"),
         when=lambda v: (v.number("poor_persons") > v.number("rural_population")) | (v.number("poor_persons") < 0), source=REGISTRY),
    Rule("Y62", Text(en="stated poverty rate is not poor persons over rural population", zh="贫困发生率不等于贫困人口除以乡村人口"), "flag", "county", case=True,
         needs=("headcount_stated", "poor_persons", "rural_population"), when=_rate_differs, source=REGISTRY),
    Rule("Y63", Text(en="poor persons are not those of the year before plus identified and returned less exited", zh="贫困人口不等于上年数加新识别与返贫减脱贫"), "flag", "county", case=True,
         needs=("poor_persons", "exited_in_year", "identified_in_year", "returned_in_year", "wave"), when=_stock_differs, source=REGISTRY),
    Rule("Y64", Text(en="more persons exited than could: the poor of the year before, identified and returned", zh="脱贫人口多于上年贫困人口与新识别、返贫人口之和"), "flag", "county", case=True,
         needs=("exited_in_year", "poor_persons", "identified_in_year", "returned_in_year", "wave"), when=_too_many_exits, source=REGISTRY),
    Rule("Y65", Text(en="a year is skipped before this one", zh="此前有年份缺行"), "flag", "county", needs=("wave",), when=_year_skipped, source=YEARBOOK),
    Rule("Y66", Text(en="rural population is above registered population", zh="乡村人口多于户籍人口"), "flag", "county", case=True,
         needs=("rural_population", "population"), when=lambda v: v.number("rural_population") > v.number("population"), source=YEARBOOK),
    Rule("Y67", Text(en="income concept changes: the series breaks", zh="收入口径变化，序列断裂"), "flag", "county",
         needs=("income_concept", "wave"), when=_concept_changes, source="change of the rural income concept from net to disposable"),
    Rule("Y68", Text(en="disposable income takes over from net income: the series breaks", zh="可支配收入接续纯收入，序列断裂"), "flag", "county",
         needs=("rural_income", "rural_net_income", "wave"), when=_takes_over, source="change of the rural income concept from net to disposable"),
    Rule("Y69", Text(en="disposable income stated for a year in which net income was published", zh="该年度公布的是纯收入而填报为可支配收入"), "flag", "county", case=True,
         needs=("rural_income", "wave"), when=_before_disposable, source="change of the rural income concept from net to disposable"),
)  # fmt: skip
"""Rules on county series: Y1 jumps, Y2 units, Y3 frozen, Y4 not positive, Y5 missing, Y6 shares, stocks and breaks."""
