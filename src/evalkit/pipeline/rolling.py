"""Figures that villages, townships and the county state, held against the sums of the level below, year by year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit import exits
from evalkit.exits import RollUp, StatedFigures
from evalkit.exits.readings import amounts
from evalkit.exits.rollup import WAVE
from evalkit.pipeline.gathered import County, Gathered, complete_in
from evalkit.pipeline.papers import stated_of
from evalkit.text import Text

FIGURES = (
    "households", "persons", "registered_persons", "exited_persons", "returned_persons", "exit_households",
)  # fmt: skip
"""What is added up from households to higher levels, where a higher level states it."""
LEVELS = ("village", "township", "county")
TOTALS, VILLAGES = "totals", "village_table"
"""What stands under ``below`` where two tables state a figure of one unit: the one held against the stated figures."""

NOTHING = Text(
    en="The plan does not say that the household table holds all registered households of a village or of the county "
    "(accounts.complete), and names no table of stated figures (data.stated); counts of a sample do not add up to stated figures.",
    zh="方案未说明户表包含村或县的全部建档立卡户，也未指定各级上报数表；抽样户数与上报数不能相加比对。",
)
UNSTATED = Text(
    en=f"No table above the households states, for a year of the data, any of the figures that can be added up ({', '.join(FIGURES)}).",
    zh="户表以上各级数据在有数据的年度均未载明可汇总的数字（户数、人数、未脱贫、已脱贫、返贫人口、当年脱贫户数）。",
)
NO_TOWNSHIPS = Text(
    en="the township of some villages is not known (their codes have no twelve digits and no table names it): townships are not compared",
    zh="部分村所属乡镇不明（村代码不是十二位且各表未载明乡镇）：乡镇一级不作比对",
)


@dataclass(frozen=True, eq=False)
class _Stated:
    """What the levels of a county state, one row a unit and year, by level.

    `listed` are the villages of the table of stated figures, `doubles` what two tables state of one unit.
    """

    levels: Mapping[str, pd.DataFrame]
    listed: pd.DataFrame
    doubles: pd.DataFrame

    @property
    def figures(self) -> list[str]:
        tables = self.levels.values()
        return [f for f in FIGURES if any(f in t and t[f].notna().any() for t in tables)]


def gather_roll_up(out: Gathered, here: County) -> None:
    """Add the roll-up of one county: counts by level and figure, what does not agree, and its problems.

    Households are added up only where the plan says that they are held in full: of each village of the data
    (``accounts.complete: village``), or of the county. The table of stated figures (``data.stated``) is added up in any case,
    from villages to townships and the county: it speaks of all of them.
    """
    complete, whole = complete_in(here.plan), stated_of(here.plan)
    file = None if whole is None else whole.of_county(here.code)
    if complete == "nothing" and (file is None or not len(file)):
        out.omitted["roll_up"] = NOTHING
        return
    own = None if complete == "nothing" else _households(here)
    stated = _stated(here, file, own)
    parts = [stated.doubles] if len(stated.doubles) else []
    for tables in _chains(out, stated, own, complete):
        comparable = exits.roll_up_years(tables, stated.figures) if _meet(tables, stated.figures) else None
        parts += [] if comparable is None else [comparable.frame]
    if not parts:
        out.omitted["roll_up"] = UNSTATED
        return
    found = RollUp(pd.concat(parts, ignore_index=True))
    rows = _with_households(found.mismatches(), own)
    out.tables["roll_up"], out.tables["roll_up_mismatches"] = found.counts(), rows
    out.facts["roll_up"] = {
        "years": sorted({int(w) for w in found.frame[WAVE]}),
        "complete": complete,
        "stated": file is not None and len(file) > 0,
        "levels": [level for level in LEVELS if level in set(found.frame["level"])],
    }
    out.examined += [f"{_item(level, below)}_{f}" for level, below, f in _kinds(found.frame)]
    out.add_problems(_problems(rows), here.code)


def _kinds(frame: pd.DataFrame) -> list[tuple[str, str, str]]:
    kinds = frame[["level", "below", "figure"]].drop_duplicates()
    return list(kinds.itertuples(index=False, name=None))


def _households(here: County) -> pd.DataFrame:
    """Return the county's households as the lowest level, with county and township (nine digits of a village code, or its name)."""
    own = exits.household_figures(here.panel).assign(county=here.code)
    return own.assign(township=_townships(own)) if "village" in own else own


def _townships(rows: pd.DataFrame) -> pd.Series:
    """Return the township of villages: the first nine digits of a division code, else the township that the table names."""
    village = rows["village"].astype("str")
    coded = village.str.fullmatch(r"[0-9]{12}").fillna(value=False).astype(bool)
    named = (
        rows["township"].astype("str") if "township" in rows else pd.Series(np.nan, rows.index, dtype="str")
    )
    return village.str[:9].where(coded, named)


def _stated(here: County, file: StatedFigures | None, own: pd.DataFrame | None) -> _Stated:
    """Put what the table of stated figures, the village table and the county totals state together, by level."""
    levels = {level: _of_file(file, level) for level in LEVELS}
    totals, villages = here.table("totals"), here.table("village")
    year = _counted_year(here, totals)
    doubles = []
    if villages is not None:
        dated = WAVE in villages and villages[WAVE].notna().any()
        rows = villages[villages[WAVE].notna()] if dated else villages.assign(**{WAVE: year})
        levels["village"], twice = _joined(levels["village"], rows, "village", VILLAGES)
        doubles.append(twice)
    if totals is not None and complete_in(here.plan) == "county":
        rows = totals.assign(county=here.code, **{WAVE: year})
        levels["county"], twice = _joined(levels["county"], rows, "county", TOTALS)
        doubles.append(twice)
    levels["village"] = _with_townships(levels["village"], own)
    levels["township"] = _by_code(levels["township"], here)
    levels = {level: t.assign(county=here.code) for level, t in levels.items()}
    if own is not None and "village" in own:
        levels["village"] = _with_silent(levels["village"], own, "village")
    levels["township"] = _with_silent(levels["township"], levels["village"], "township")
    found = [d for d in doubles if len(d)]
    return _Stated(
        levels,
        listed=_of_file(file, "village"),
        doubles=pd.concat(found, ignore_index=True) if found else pd.DataFrame(),
    )


def _of_file(file: StatedFigures | None, level: str) -> pd.DataFrame:
    rows = pd.DataFrame() if file is None else file.at(level)
    if rows.empty:
        return pd.DataFrame({level: pd.Series(dtype="str"), WAVE: pd.Series(dtype="int64")})
    return rows[[level, WAVE, *[f for f in FIGURES if f in rows]]].astype({WAVE: "int64"})


def _counted_year(here: County, totals: pd.DataFrame | None) -> int:
    """Return the year of tables without years: that of the county's totals where they count, else that of the plan."""
    if complete_in(here.plan) != "county" or totals is None or "assessed_year" not in totals:
        return here.wave
    known = totals["assessed_year"].dropna()
    return int(known.iloc[0]) if len(known) else here.wave


def _joined(
    file: pd.DataFrame, table: pd.DataFrame, level: str, name: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the stated figures with those of another table where they are blank, and what both state, side by side."""
    keys, given = [level, WAVE], [f for f in FIGURES if f in table]
    more = [c for c in ("township",) if c in table and c != level]
    other = table[[*keys, *more]].assign(**{f: amounts(table[f], f) for f in given})
    other = other.astype({level: "str", WAVE: "int64"})
    both = file.merge(other, on=keys, how="outer", suffixes=("", "_other"))
    rows = []
    for figure in given:
        if f"{figure}_other" not in both:
            continue
        second = both.pop(f"{figure}_other")
        twice = both[figure].notna() & second.notna()
        rows.append(
            pd.DataFrame(
                {"unit": both.loc[twice, level], WAVE: both.loc[twice, WAVE], "figure": figure,
                 "stated": both.loc[twice, figure], "summed": second[twice]}
            )
        )  # fmt: skip
        both[figure] = both[figure].where(both[figure].notna(), second)
    if not any(len(r) for r in rows):
        return both, pd.DataFrame()
    found = pd.concat(rows, ignore_index=True)
    apart = found["stated"] - found["summed"]
    verdict = pd.Series(np.where(apart == 0, "agrees", "differs"), index=found.index, dtype="str")
    return both, found.assign(level=level, below=name, difference=apart, parts=1, blank=0, verdict=verdict)


def _with_silent(table: pd.DataFrame, known: pd.DataFrame, level: str) -> pd.DataFrame:
    """Return stated units with those that others name in the same year and that state nothing: sums over them are incomplete."""
    keys = [level, WAVE]
    places = [c for c in ("township", "county") if c in known and c in table and c != level]
    units = known[[*keys, *places]].dropna(subset=keys).drop_duplicates(keys)
    units = units[units[WAVE].isin(set(table[WAVE]))].astype({level: "str", WAVE: "int64"})
    there = pd.MultiIndex.from_frame(table[keys])
    silent = units[~pd.MultiIndex.from_frame(units[keys]).isin(there)]
    return table if silent.empty else pd.concat([table, silent], ignore_index=True)


def _with_townships(villages: pd.DataFrame, own: pd.DataFrame | None) -> pd.DataFrame:
    """Return stated villages with their township: by code, by the village table, by the households in them."""
    if villages.empty:
        return villages.assign(township=pd.Series(dtype="str"))
    township = _townships(villages)
    if own is not None and "township" in own:
        places = own.dropna(subset=["village", "township"]).drop_duplicates("village").set_index("village")
        township = township.where(township.notna(), villages["village"].map(places["township"]))
    return villages.assign(township=township)


def _by_code(townships: pd.DataFrame, here: County) -> pd.DataFrame:
    """Return stated townships under the code of their villages where they are stated by name."""
    frame, village = here.panel.frame, here.panel.village
    if townships.empty or village is None or "township" not in frame:
        return townships
    pairs = frame[[village, "township"]].dropna().drop_duplicates().rename(columns={village: "village"})
    pairs = pd.DataFrame(
        {"name": pairs["township"].astype("str"), "code": _townships(pairs.drop(columns="township"))}
    )
    single = pairs.dropna().drop_duplicates().drop_duplicates("name", keep=False)
    codes = dict(zip(single["name"], single["code"], strict=True))
    return townships.assign(township=[codes.get(t, t) for t in townships["township"]])


def _chains(
    out: Gathered, stated: _Stated, own: pd.DataFrame | None, complete: str
) -> list[dict[str, pd.DataFrame]]:
    """Return the tables that may be added up to one another, lowest level first."""
    levels = {level: t for level, t in stated.levels.items() if len(t)}
    if complete == "county" and own is not None:
        return [_without_unknown(out, {"household": own, **levels})]
    chains = []
    if own is not None and "village" in own and "village" in levels:
        villages = levels["village"]
        of_file = set(stated.listed["village"]) - set(own["village"])  # of villages that are not in the data
        chains.append({"household": own, "village": villages[~villages["village"].isin(of_file)]})
    if len(stated.listed):
        rows = levels["village"]
        levels["village"] = rows[rows[WAVE].isin(set(stated.listed[WAVE]))]
    else:
        levels.pop("village", None)  # the village table of a sample does not add up to townships
    return [*chains, _without_unknown(out, levels)]


def _without_unknown(out: Gathered, tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables without townships where the township of a village or household is not known."""
    lower = [t for level, t in tables.items() if level in ("household", "village")]
    if "township" not in tables or all("township" in t and t["township"].notna().all() for t in lower):
        return tables
    out.note("roll_up", [NO_TOWNSHIPS])
    return {level: t for level, t in tables.items() if level != "township"}


def _meet(tables: Mapping[str, pd.DataFrame], figures: list[str]) -> bool:
    """Tell whether a figure stands at two levels in one year."""
    for figure in figures:
        years = [set(t.loc[t[figure].notna(), WAVE].astype(int)) for t in tables.values() if figure in t]
        if any(a & b for i, a in enumerate(years) for b in years[:i]):
            return True
    return False


def _with_households(rows: pd.DataFrame, own: pd.DataFrame | None) -> pd.DataFrame:
    """Add how many households stand behind a row: those of the data, else the smaller of the two figures."""
    rows = rows.assign(unit=rows["unit"].str.rsplit("/", n=1).str[-1])
    behind: dict[tuple[Any, ...], int] = {}
    for level in LEVELS if own is not None else ():
        if own is not None and level in own:
            counts = own.groupby([level, WAVE])["household"].nunique().reset_index()
            places = zip(counts[level], counts[WAVE], counts["household"], strict=True)
            behind |= {(level, str(u), int(w)): int(n) for u, w, n in places}
    least = rows[["stated", "summed"]].min(axis=1).fillna(0)
    keys = zip(rows["level"], rows["unit"], rows[WAVE].astype(int), least, strict=True)
    return rows.assign(
        n=[behind.get((level, unit, wave), max(0, int(few))) for level, unit, wave, few in keys]
    )


def _item(level: str, below: str) -> str:
    """Return the beginning of the name that a kind of mismatch has in the lists of problems."""
    if below in (TOTALS, VILLAGES):
        return f"roll_up_{below}"
    return "roll_up_township" if level == "township" else "roll_up"


def _problems(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the stated figures that are not the sum of the level below; townships of one year and figure in one row."""
    rows = rows[rows["verdict"] == "differs"]
    pairs = [f"{s:g} / {t:g}" for s, t in zip(rows["stated"], rows["summed"], strict=True)]
    town = rows["level"] == "township"
    told = [f"{u}: {p}" if t else p for u, p, t in zip(rows["unit"], pairs, town, strict=True)]
    items = [
        f"{_item(str(level), str(below))}_{f}"
        for level, below, f in zip(rows["level"], rows["below"], rows["figure"], strict=True)
    ]
    table = pd.DataFrame(
        {
            "village": rows["unit"].where(rows["level"] == "village", ""),
            "wave": rows[WAVE].astype("int64"),
            "item": pd.Series(items, index=rows.index, dtype="str"),
            "problem_en": "stated figure is not the sum of the level below: " + rows["figure"],
            "problem_zh": "上报数与下级汇总不一致：" + rows["figure"],
            "evidence": pd.Series(told, index=rows.index, dtype="str"),
        }
    )
    twice = rows["below"].isin([TOTALS, VILLAGES])
    table.loc[twice, "problem_en"] = "two tables state different figures: " + rows["figure"]
    table.loc[twice, "problem_zh"] = "两表所载数字不一致：" + rows["figure"]
    keys = [c for c in table if c != "evidence"]
    return table.groupby(keys, sort=False)["evidence"].agg("; ".join).reset_index() if len(table) else table


__all__ = ["gather_roll_up"]
