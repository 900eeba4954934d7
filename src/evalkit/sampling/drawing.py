"""Villages and households drawn from a roster: PPS systematic, then systematic within groups, with weights."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from evalkit.errors import DesignError
from evalkit.sampling.roster import CARRIED, GROUP_LABELS, Roster, read_roster
from evalkit.sampling.selecting import Selected, proportional, shared, systematic, uniform
from evalkit.standards import FieldDesign, GroupRule
from evalkit.text import Text

HOUSEHOLD_COLUMNS = (
    "county",
    "stratum",
    "village",
    "number",
    "household",
    "survey_group",
    "part",
    "probability_village",
    "probability_household",
    "weight",
)
VILLAGE_COLUMNS = (
    "county",
    "stratum",
    "village",
    "households",
    "cumulated",
    "certain",
    "probability",
    "selected",
    "take",
)
REPLACEMENT_COLUMNS = ("county", "stratum", "village", "part", "rank", "household", "survey_group", "weight")


@dataclass(frozen=True, eq=False)
class Draw:
    """The sample of one county, and everything needed to draw it again by hand.

    Parameters
    ----------
    county : str
    design : FieldDesign
    seed : int
    households : DataFrame
        The sample: `HOUSEHOLD_COLUMNS` and what the roster carries. `part` counts the groups of the design from 1;
        `weight` is 1 / (probability_village × probability_household).
    replacements : DataFrame
        `REPLACEMENT_COLUMNS`: households to go to, in the order of `rank`, when one of the same village and
        part cannot be interviewed; they take its weight.
    villages : DataFrame
        All villages of the roster in the order of selection: `VILLAGE_COLUMNS`. `cumulated` counts households of
        villages that are not certain; a village is taken when a selection point falls below it first.
    starts : DataFrame
        One row a stratum: villages to take, interval, start (both in households).
    roster : Roster
    outside : int
        Households of the roster that belong to no group of the design.
    notes : tuple of Text
    """

    county: str
    design: FieldDesign
    seed: int
    households: pd.DataFrame
    replacements: pd.DataFrame
    villages: pd.DataFrame
    starts: pd.DataFrame
    roster: Roster
    outside: int
    notes: tuple[Text, ...] = ()

    @property
    def population(self) -> int:
        """Households of the roster that the sample stands for."""
        return len(self.roster) - self.outside

    def tidy(self) -> pd.DataFrame:
        """Return the households of the sample with their weights."""
        return self.households.copy()

    def totals(self) -> pd.DataFrame:
        """Return households by group: on the roster, in the sample, and as the weights estimate them.

        Over all groups the weights reproduce the roster exactly; within one they estimate it.
        """
        roster = self.roster.frame[_part_of(self.roster.frame, self.design.groups) > 0]
        there = roster["survey_group"].value_counts()
        drawn = self.households.groupby("survey_group")["weight"].agg(["size", "sum"])
        rows = [
            (g, int(there[g]), int(drawn["size"].get(g, 0)), float(drawn["sum"].get(g, 0.0)))
            for g in GROUP_LABELS
            if g in there.index
        ]
        rows.append(("all", len(roster), len(self.households), float(self.households["weight"].sum())))
        return pd.DataFrame(rows, columns=["survey_group", "roster", "sample", "weighted"])


def draw_sample(
    roster: pd.DataFrame | Roster,
    design: FieldDesign,
    *,
    seed: int,
    strata: bool = False,
    replacements: int = 2,
) -> tuple[Draw, ...]:
    """Draw villages and households in every county of a roster.

    Villages are taken with probability proportional to their households (of the groups of the design),
    systematically in the order of their codes; in each, every group gives its households systematically in
    the order of the roster. The same seed gives the same sample for any order of rows, and a county's sample does
    not depend on the other counties.

    Parameters
    ----------
    roster : DataFrame or Roster
        See `evalkit.sampling.read_roster`.
    design : FieldDesign
        From a rule pack (``load_standard("cn-2017").field_design("cohort-2017")``), or one of your own.
    seed : int
    strata : bool
        Divide the villages among the strata of the roster in proportion to their households, two at least
        where a stratum has two.
    replacements : int
        Spare households for each village and group.

    Returns
    -------
    tuple of Draw
        One a county, in county order.

    Raises
    ------
    DataError
        The roster is not fit for a draw (see `read_roster`).
    DesignError
        The design does not say how many households, asks for more villages than there are, or for fewer households a
        village than it has groups; the message says what to set.
    """
    checked = roster if isinstance(roster, Roster) else read_roster(roster)
    if replacements < 0:
        msg = f"replacements are a number of spare households, 0 or more, got {replacements}"
        raise DesignError(msg)
    if strata and "stratum" not in checked.frame:
        msg = "the draw is stratified, but the roster has no column stratum; add it, or leave strata out"
        raise DesignError(msg)
    _check_design(design, checked)
    return tuple(
        _draw_county(checked.county(c), design, seed=seed, strata=strata, spare=replacements)
        for c in checked.counties
    )


def _check_design(design: FieldDesign, roster: Roster) -> None:
    by_share = any(g.share is not None for g in design.groups)
    if by_share and design.take is None:
        msg = (
            f"the design {design.title.en!r} does not say how many households a village gives; set per_village, or "
            "villages with households"
        )
        raise DesignError(msg)
    if any(g.labour is not None for g in design.groups):
        if "labour" not in roster.frame:
            msg = (
                f"the design {design.title.en!r} tells households with labour from those without; add a column labour "
                "(yes or no) or labourers (a number) to the roster"
            )
            raise DesignError(msg)
        unknown = int(
            (roster.frame["labour"].isna() & (roster.frame["survey_group"] != "unregistered")).sum()
        )
        if unknown:
            msg = f"{unknown} registered households of the roster do not say whether they have labour; fill it in"
            raise DesignError(msg)


def _draw_county(roster: Roster, design: FieldDesign, *, seed: int, strata: bool, spare: int) -> Draw:
    frame = roster.frame.assign(_part=_part_of(roster.frame, design.groups))
    inside = frame[frame["_part"] > 0]
    county = str(frame["county"].iloc[0])
    if inside.empty:
        msg = f"county {county}: no household of the roster belongs to a group of the design"
        raise DesignError(msg)
    column = inside["stratum"] if strata else pd.Series("", index=inside.index)
    sizes = inside.groupby([column.rename("_stratum"), "village"], sort=True).size()
    numbers = _villages_by_stratum(county, sizes, design.villages)
    villages, starts = _choose_villages(county, sizes, numbers, seed)
    taken, spares = _draw_households(inside, villages, design, seed=seed, spare=spare)
    took = taken["village"].value_counts()
    villages["take"] = villages["village"].map(took).fillna(0).astype(int)
    carried = [c for c in CARRIED if c in frame and c != "stratum"]
    return Draw(
        county=county,
        design=design,
        seed=seed,
        households=taken[[*HOUSEHOLD_COLUMNS, *carried]],
        replacements=spares[[*REPLACEMENT_COLUMNS, *carried]],
        villages=villages[list(VILLAGE_COLUMNS)].reset_index(drop=True),
        starts=starts,
        roster=roster,
        outside=len(frame) - len(inside),
        notes=_notes(design, taken, len(frame) - len(inside)),
    )


def _part_of(frame: pd.DataFrame, rules: Sequence[GroupRule]) -> np.ndarray[Any, Any]:
    """Return which group of the design each household belongs to, counted from 1; 0: none, shape (n,)."""
    out = np.zeros(len(frame), dtype=np.int64)
    for number, rule in enumerate(rules, 1):
        fits = frame["survey_group"].isin(rule.groups).to_numpy(dtype=bool)
        if rule.labour is not None:
            fits = fits & (frame["labour"] == rule.labour).fillna(value=False).to_numpy(dtype=bool)
        if (out[fits] > 0).any():
            msg = (
                "two groups of the design hold the same households; tell them apart by survey group or labour"
            )
            raise DesignError(msg)
        out[fits] = number
    return out


def _villages_by_stratum(county: str, sizes: pd.Series, wanted: int | None) -> dict[str, int]:
    """Return the villages to take in each stratum."""
    there = sizes.groupby(level=0, sort=True).size()
    if wanted is None:
        return {str(s): int(n) for s, n in there.items()}
    if wanted > len(sizes):
        msg = (
            f"county {county}: the design takes {wanted} villages, the roster has {len(sizes)} with households of its "
            f"groups; set villages to {len(sizes)} or fewer"
        )
        raise DesignError(msg)
    least = 2 if wanted >= sum(min(2, int(n)) for n in there) else 1
    if wanted < len(there):
        msg = f"county {county}: {wanted} villages cannot be divided among {len(there)} strata; merge strata or take more"
        raise DesignError(msg)
    weights = [Fraction(int(n)) for n in sizes.groupby(level=0, sort=True).sum()]
    numbers = shared(wanted, weights, [int(n) for n in there], least)
    return {str(s): n for s, n in zip(there.index, numbers, strict=True)}


def _choose_villages(
    county: str, sizes: pd.Series, numbers: dict[str, int], seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return all villages with their chances and which are taken, and the random starts."""
    tables, starts = [], []
    for stratum, take in numbers.items():
        inside = sizes.loc[[stratum]]
        counts = [int(n) for n in inside]
        found = proportional(counts, take, uniform(seed, county, stratum, "villages"))
        tables.append(_village_table(county, stratum, [str(v) for _, v in inside.index], counts, found))
        starts.append((county, stratum, take, float(found.interval), float(found.start)))
    columns = ["county", "stratum", "villages", "interval", "start"]
    return pd.concat(tables, ignore_index=True), pd.DataFrame(starts, columns=columns)


def _village_table(
    county: str, stratum: str, names: Sequence[str], counts: Sequence[int], found: Selected
) -> pd.DataFrame:
    random = np.where(found.certain, 0, counts)
    return pd.DataFrame(
        {
            "county": county,
            "stratum": stratum,
            "village": names,
            "households": list(counts),
            "cumulated": np.where(found.certain, 0, np.cumsum(random)),
            "certain": list(found.certain),
            "probability": [float(p) for p in found.probabilities],
            "_chance": list(found.probabilities),
            "selected": np.isin(np.arange(len(counts)), found.chosen),
        }
    )


@dataclass(frozen=True)
class _Pick:
    """One household taken (or spare): its position, group of the design, number (or rank), chance in the village."""

    at: int
    part: int
    number: int
    within: Fraction
    village: Fraction
    stratum: str


def _draw_households(
    inside: pd.DataFrame, villages: pd.DataFrame, design: FieldDesign, *, seed: int, spare: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the households of the sampled villages that are taken, and the spare ones."""
    places = inside.groupby("village", sort=True).indices
    names = inside["household"].to_numpy(dtype=object)
    codes = inside["_part"].to_numpy()
    county = str(inside["county"].iloc[0])
    taken: list[_Pick] = []
    spares: list[_Pick] = []
    for row in villages[villages["selected"]].to_dict("records"):
        village, where = str(row["village"]), places[row["village"]]
        number = 0
        for part, take in _takes(codes[where], design, village).items():
            at = where[codes[where] == part]
            chosen = systematic(len(at), take, uniform(seed, county, village, str(part), "households"))
            rest = sorted(set(range(len(at))) - set(chosen), key=lambda i: _mixed(seed, county, names[at[i]]))
            chances = (Fraction(take, len(at)), row["_chance"], str(row["stratum"]))
            taken += [_Pick(int(at[i]), part, number + k, *chances) for k, i in enumerate(chosen, 1)]
            spares += [_Pick(int(at[i]), part, k, *chances) for k, i in enumerate(rest[:spare], 1)]
            number += len(chosen)
    return _listed(inside, taken, "number"), _listed(inside, spares, "rank")


def _listed(inside: pd.DataFrame, picks: Sequence[_Pick], counted: str) -> pd.DataFrame:
    """Return the rows of the roster that were picked, with the chances of selection and the weight."""
    rows = inside.iloc[[p.at for p in picks]].reset_index(drop=True)
    added = pd.DataFrame(
        {
            "stratum": [p.stratum for p in picks],
            "part": [p.part for p in picks],
            counted: [p.number for p in picks],
            "probability_village": [float(p.village) for p in picks],
            "probability_household": [float(p.within) for p in picks],
            "weight": [float(1 / (p.village * p.within)) for p in picks],
        }
    )
    return pd.concat([rows.drop(columns="stratum", errors="ignore"), added], axis=1)


def _mixed(seed: int, county: str, household: str) -> str:
    """Return what spare households are ordered by: a number nobody chose."""
    return hashlib.sha256(f"{seed}|{county}|{household}|spare".encode()).hexdigest()


def _takes(parts: np.ndarray[Any, Any], design: FieldDesign, village: str) -> dict[int, int]:
    """Return households to take in a village, by group of the design; groups without households are absent."""
    found, counts = np.unique(parts, return_counts=True)
    there = {int(p): int(n) for p, n in zip(found, counts, strict=True)}
    out: dict[int, int] = {}
    for part, count in there.items():
        rule = design.groups[part - 1]
        if rule.rate is not None:
            wanted = -(-(Fraction(str(rule.rate)) * count) // 1)
            out[part] = max(min(int(wanted), rule.at_most or count, count), 1)
    shares = {p: Fraction(str(design.groups[p - 1].share)) for p in there if p not in out}
    if shares and design.take is not None:
        if design.take < len(shares):
            msg = (
                f"village {village} has households of {len(shares)} groups, but gives only {design.take} households; "
                "set per_village to the number of groups at least"
            )
            raise DesignError(msg)
        numbers = shared(design.take, list(shares.values()), [there[p] for p in shares])
        out.update(zip(shares, numbers, strict=True))
    return dict(sorted(out.items()))


def _notes(design: FieldDesign, taken: pd.DataFrame, outside: int) -> tuple[Text, ...]:
    out = []
    if outside:
        said = Text(
            en=f"{outside:,} households of the roster belong to no group of the design; the sample says nothing about them.",
            zh=f"名单中有{outside:,}户不属于本设计的任何一类，样本不代表这些户。",
        )
        out.append(said)
    if design.take is not None:
        shares = [n for n, g in enumerate(design.groups, 1) if g.share is not None]
        drawn = taken[taken["part"].isin(shares)].groupby("village").size()
        short = int((drawn < design.take).sum())
        if short:
            said = Text(
                en=f"{short} sampled villages have fewer than {design.take} households; all of theirs are taken.",
                zh=f"{short}个样本村不足{design.take}户，已全部抽取。",
            )
            out.append(said)
    return tuple(out)
