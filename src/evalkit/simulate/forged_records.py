"""Forged records: households split or entered twice, the dead and the very old, events all at once, lost support."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.errors import DataError
from evalkit.idnumber import check_digit
from evalkit.simulate.errors.framework import Tables
from evalkit.simulate.forged_incomes import ACCOUNT, Flags, exit_rows, part_of, touched
from evalkit.simulate.people import LAST_WAVE

RARE = 1 / 50
"""Share of households that can be double, over-aged or split, at full strength."""
LOOK_BACK = 2016
"""Registry year of the look-back (August 2015 to June 2016)."""
EXIT_MONTH, BATCH_MONTH, BATCH_END = "12", "202006", "202012"
ABLE = ("普通劳动力", "技能劳动力")
ADDRESS = (
    "county", "county_name", "prefecture", "township", "village", "village_name",
)  # fmt: skip
SAMPLE = ("weight", "stratum", "villages_in_stratum")


def _some(rng: np.random.Generator, names: pd.Series, strength: float, share: float = RARE) -> list[str]:
    """Draw households (or persons) by name."""
    every = np.sort(names.unique().astype(str))
    return sorted(rng.permutation(every)[: max(1, round(strength * share * len(every)))].tolist())


def _all_rosters(tables: Tables, kind: str) -> pd.DataFrame:
    members = tables.frames["member"]
    if members["wave"].nunique() < 2:
        msg = f"{kind} needs the rosters of all waves: make the registry with rosters='all'"
        raise DataError(msg)
    return members


def split_for_look_back(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """A parent of the head is a household of his or her own in the year of the look-back, and back the year after."""
    members = _all_rosters(tables, "split_lookback")
    parents = members[(members["wave"] == LOOK_BACK) & members["relation"].isin(["之父", "之母"])]
    parents = parents.drop_duplicates("household")
    chosen = parents[parents["household"].isin(_some(rng, parents["household"], strength, 1 / 10))]
    frame = tables.frames["household"]
    own = frame[(frame["wave"] == LOOK_BACK) & frame["household"].isin(chosen["household"])]
    new_code = own["household"].str[:12] + "8" + own["household"].str[-3:]
    by_old = pd.Series(new_code.to_numpy(), index=own["household"].to_numpy())
    tables.write("member", chosen.index, "household", by_old.loc[chosen["household"]].to_numpy())
    tables.write("member", chosen.index, "relation", "户主")
    single = _alone(
        own.assign(household=new_code.to_numpy()), chosen.set_index("household").loc[own["household"]]
    )
    rest = _without(own, single)
    for name in (*ACCOUNT, "size", "labourers", "ill_members"):
        tables.write("household", own.index, name, rest[name])
    tables.add("household", single)


def _alone(rows: pd.DataFrame, person: pd.DataFrame) -> pd.DataFrame:
    """Make one-person households out of their rows: a share of the account, the person's age, health, sex."""
    out = rows.copy()
    for name in ACCOUNT:
        out[name] = rows[name] // rows["size"] if name != "income_pc" else 0.0
    out = _added_up(out)
    out["size"] = 1
    out["labourers"] = person["labour"].isin(ABLE).to_numpy().astype(np.int64)
    out["pupils"] = 0
    out["ill_members"] = (person["health"] != "健康").to_numpy().astype(np.int64)
    out["head_age"] = out["wave"].to_numpy() - person["birth_date"].str[:4].astype("int64").to_numpy()
    out["female_head"] = (person["sex"] == "女").to_numpy()
    out["income_pc"] = out["income_net"].astype(float)
    return out


def _without(rows: pd.DataFrame, single: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the remaining households: everything less what the single one took along."""
    out = rows.copy()
    for name in (*ACCOUNT, "size", "labourers", "ill_members"):
        if name != "income_pc":
            out[name] = rows[name].to_numpy() - single[name].to_numpy()
    out["income_pc"] = np.round(out["income_net"] / out["size"], 2)
    return out


def _added_up(rows: pd.DataFrame) -> pd.DataFrame:
    """Let sums follow from their parts."""
    out = rows.copy()
    out["property_income"] = out["dividend_income"] + out["other_property_income"]
    transfers = (
        "family_planning_grant", "minimum_allowance", "destitute_allowance", "pension", "ecological_compensation",
        "other_transfer_income",
    )  # fmt: skip
    out["transfer_income"] = out[list(transfers)].sum(axis=1)
    four = ["wage_income", "operating_income", "property_income", "transfer_income"]
    out["income_gross"] = out[four].sum(axis=1)
    out["income_net"] = out["income_gross"] - out["operating_expense"]
    return out


def duplicate_within(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """Households are in the registry twice, under two codes, with the same persons."""
    chosen = _some(rng, tables.frames["household"]["household"], strength)
    for table in ("household", "member", "program"):
        frame = tables.frames[table]
        rows = frame[frame["household"].isin(chosen)]
        tables.add(table, _recoded(rows, chosen))


def duplicate_between(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """Households are in the registry of another county too, with the same persons."""
    frame = tables.frames["household"]
    places = frame.drop_duplicates("village").set_index("village")
    if places["county"].nunique() < 2:
        msg = "duplicates_between needs a registry of two counties or more"
        raise DataError(msg)
    chosen = _some(rng, frame["household"], strength)
    homes = frame.drop_duplicates("household").set_index("household").loc[chosen]
    order = places.sort_index()
    starts = order["county"].drop_duplicates()
    following = dict(zip(starts, [*starts.iloc[1:], starts.iloc[0]], strict=True))
    first_village = {c: order.index[order["county"] == c][0] for c in starts}
    target = homes["county"].map(following).map(first_village)
    for table in ("household", "member", "program"):
        rows = tables.frames[table]
        rows = rows[rows["household"].isin(chosen)]
        there = places.loc[target.loc[rows["household"]]]
        moved = rows.copy()
        for name in (*ADDRESS, *SAMPLE):
            if name in moved:
                value = there.index if name == "village" else there[name]
                moved[name] = np.asarray(value)
        tables.add(table, _recoded(moved, chosen))


def _recoded(rows: pd.DataFrame, chosen: list[str]) -> pd.DataFrame:
    """Give rows of households a second code in their village, counted from 9000; persons too."""
    number = pd.Series([f"9{k:03d}" for k in range(len(chosen))], index=chosen, dtype="str")
    code = rows["village"] + number.loc[rows["household"]].to_numpy()
    out = rows.assign(household=code)
    if "person" in rows:
        out = out.assign(person=code + rows["person"].str[-2:])
    return out


def make_old(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """Persons above 100 are on the roll; their ids are valid."""
    members = tables.frames["member"]
    old = members[members["birth_date"] < "1955"]
    chosen = _some(rng, old["person"], strength)
    year = pd.Series(rng.integers(1898, 1915, len(chosen)), index=chosen).astype("str")
    rows = members[members["person"].isin(chosen)]
    birth = year.loc[rows["person"]].to_numpy() + rows["birth_date"].str[4:].replace("0229", "0228")
    head = rows["id_number"].str[:6] + birth + rows["id_number"].str[14:17]
    tables.write("member", rows.index, "birth_date", birth)
    tables.write("member", rows.index, "id_number", head + check_digit(head))


def keep_the_dead(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """Persons marked dead stay on the roll for the years after."""
    members = _all_rosters(tables, "deceased")
    waves = members.groupby("person")["wave"].agg(["min", "max"])
    may = waves.index[(waves["max"] == LAST_WAVE) & (waves["max"] - waves["min"] >= 3)]
    old = members[members["person"].isin(may) & (members["birth_date"] < "1960")]
    chosen = _some(rng, old["person"], strength)
    rows = members[members["person"].isin(chosen) & (members["wave"] == LAST_WAVE - 3)]
    month = pd.Series(rng.integers(1, 13, len(rows))).astype("str").str.zfill(2).to_numpy()
    tables.write("member", rows.index, "change", "死亡")
    tables.write("member", rows.index, "change_month", str(LAST_WAVE - 2) + month)


def exit_together(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """Exits of some villages fall into one month of their year."""
    frame = tables.frames["household"]
    cell = frame["village"] + " " + frame["exit_year"].astype("str")
    known = frame["exit_month"].notna().to_numpy()
    homes = frame.loc[known & touched(rng, cell.where(known)), "household"]
    every = np.sort(homes.unique().astype(str))
    chosen = rng.permutation(every)[: round(strength * len(every))]
    rows = frame.index[known & frame["household"].isin(chosen).to_numpy()]
    tables.write("household", rows, "exit_month", frame.loc[rows, "exit_month"].str[:4] + EXIT_MONTH)


def update_together(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """Monitoring of some villages begins, and ends, in one month."""
    frame = tables.frames["household"]
    watched = frame["monitored"].notna().to_numpy()
    rows = part_of(rng, watched & touched(rng, frame["village"]), strength)
    at = frame.index[rows]
    tables.write("household", at, "monitored_month", BATCH_MONTH)
    tables.write("household", at[frame.loc[at, "eliminated_month"].notna()], "eliminated_month", BATCH_END)


def eliminate_early(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """Risks count as eliminated within two months."""
    frame = tables.frames["household"]
    open_case = _false(frame["risk_eliminated"]) & frame["monitored"].notna().to_numpy()
    rows = part_of(rng, open_case & touched(rng, frame["village"]), strength)
    at = frame.index[rows]
    month = frame.loc[at, "monitored_month"].astype("int64") + rng.integers(1, 3, len(at))
    tables.write("household", at, "risk_eliminated", True)  # noqa: FBT003 — a cell
    tables.write("household", at, "eliminated_month", month.astype("str"))
    tables.write("household", at, "elimination", "自然消除")


def _false(marks: pd.Series) -> Flags:
    return (marks == False).fillna(value=False).to_numpy(dtype=bool)  # noqa: E712 — nullable


def drop_support(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """Households exit without any support before."""
    frame = tables.frames["household"]
    out = frame.loc[exit_rows(frame)].drop_duplicates("household").set_index("household")["exit_year"]
    chosen = _some(rng, out.index.to_series(), strength, 1 / 10)
    programs = tables.frames["program"]
    year = out.reindex(programs["household"]).to_numpy(dtype=float, na_value=np.nan)
    early = programs["household"].isin(chosen).to_numpy() & (programs["program_start"].to_numpy() <= year)
    tables.drop("program", programs.index[early])


def disagree_with_survey(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """The household's own account differs from the registry: other persons than registered, in some villages."""
    survey = tables.frames["survey"]
    registered = (survey["survey_group"] != "非建档立卡户").to_numpy()
    rows = part_of(rng, registered & touched(rng, survey["village"]), strength)
    at = survey.index[rows]
    change = rng.choice([-2, -1, 1, 2], len(at))
    old = survey.loc[at, "persons"].to_numpy()
    tables.write("survey", at, "persons", np.where(old + change < 1, old + 1, old + change))
