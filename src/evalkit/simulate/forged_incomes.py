"""Forged incomes: heaped, rounded, copied, frozen, padded. Accounts go on adding up; wages are never touched,
except where a whole account is copied or frozen.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.simulate.errors.framework import Tables
from evalkit.simulate.incomes import LINE
from evalkit.simulate.monitoring import MONITORING_LINE
from evalkit.simulate.people import LAST_WAVE, WAVES

PLACES_TOUCHED = 1 / 3
WINDOW = 1.35
"""Incomes up to this multiple of a line are pulled down to it."""
HEAP = 0.02
"""Width of the heap above a line."""
ACCOUNT: tuple[str, ...] = (
    "wage_income", "operating_income", "property_income", "dividend_income", "other_property_income",
    "transfer_income", "family_planning_grant", "minimum_allowance", "destitute_allowance", "pension",
    "ecological_compensation", "other_transfer_income", "operating_expense", "income_gross", "income_net", "income_pc",
)  # fmt: skip
"""The whole account of a household-year."""
WATCH: tuple[str, ...] = (
    "monitored", "risk_1", "risk_2", "risk_3", "risk_4", "risk_5", "monitored_month", "risk_eliminated",
    "eliminated_month", "elimination",
)  # fmt: skip

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def touched(rng: np.random.Generator, values: pd.Series, share: float = PLACES_TOUCHED) -> Flags:
    """Draw places (villages, interviewers …) and tell which rows are theirs."""
    names = np.sort(values.dropna().unique().astype(str))
    chosen = rng.permutation(names)[: max(1, round(share * len(names)))]
    return values.isin(chosen).to_numpy(dtype=bool)


def part_of(rng: np.random.Generator, mask: Flags, strength: float) -> npt.NDArray[np.int64]:
    """Draw a share of the rows that can be touched; positions, ascending."""
    rows = np.flatnonzero(mask)
    return np.sort(rng.permutation(rows)[: round(strength * len(rows))])


def line_of(frame: pd.DataFrame) -> Floats:
    """Return the poverty line of each row's year."""
    line: Floats = np.asarray(LINE, dtype=np.float64)[frame["wave"].to_numpy(dtype=np.int64) - WAVES[0]]
    return line


def exit_rows(frame: pd.DataFrame) -> Flags:
    """Tell which rows are those of the year of exit."""
    return (frame["wave"] == frame["exit_year"]).fillna(value=False).to_numpy(dtype=bool)


def set_income(tables: Tables, rows: npt.NDArray[np.int64], target: Floats) -> None:
    """Give household-years another income per head, as near as whole yuan allow.

    More comes as other transfers; less is taken from operating income. Rows whose operating income does not allow it
    stay.
    """
    frame = tables.frames["household"]
    old = frame.iloc[rows]
    more = np.round(target * old["size"].to_numpy(dtype=float)) - old["income_net"].to_numpy(dtype=float)
    spare = (old["operating_income"] - old["operating_expense"]).to_numpy(dtype=float)
    may = (more >= 0) | (spare + more > 0)
    rows, more = rows[may], more[may].astype(np.int64)
    gain, loss = np.maximum(more, 0), np.minimum(more, 0)
    change = {
        "other_transfer_income": gain, "transfer_income": gain, "operating_income": loss, "income_gross": more,
        "income_net": more,
    }  # fmt: skip
    at = frame.index[rows]
    new = frame.copy()
    for name, amount in change.items():
        new.loc[at, name] = frame.loc[at, name].to_numpy() + amount
    new.loc[at, "income_pc"] = np.round(new.loc[at, "income_net"] / new.loc[at, "size"], 2)
    tables.frames["household"] = new


def heap_above_line(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """Incomes of the year of exit lie just above the line, with some interviewers."""
    frame = tables.frames["household"]
    ratio = frame["income_pc"].to_numpy() / line_of(frame)
    mask = touched(rng, frame["interviewer"]) & exit_rows(frame) & (ratio >= 1) & (ratio < WINDOW)
    rows = part_of(rng, mask, strength)
    set_income(tables, rows, line_of(frame)[rows] * (1 + rng.uniform(0.001, HEAP, len(rows))))


def heap_above_monitoring_line(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """Incomes of 2020 lie just above the monitoring line in some villages; who was below is watched no more."""
    frame = tables.frames["household"]
    ratio = frame["income_pc"].to_numpy() / MONITORING_LINE
    out = frame["exit_year"].notna().to_numpy() & (frame["wave"] == LAST_WAVE).to_numpy()
    mask = touched(rng, frame["village"]) & out & (ratio > 0.8) & (ratio < WINDOW)
    rows = part_of(rng, mask, strength)
    set_income(tables, rows, MONITORING_LINE * (1 + rng.uniform(0.001, HEAP, len(rows))))
    was_below = frame.index[rows[ratio[rows] < 1]]
    for name in WATCH:
        tables.write("household", was_below, name, None)


def round_incomes(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """Incomes per head are whole hundreds, with some interviewers."""
    frame = tables.frames["household"]
    rows = part_of(rng, touched(rng, frame["interviewer"]), strength)
    near = np.round(frame["income_pc"].to_numpy()[rows], -2)
    # rounding stays on the side of the line where the household was
    line = line_of(frame)[rows]
    poor = frame["income_pc"].to_numpy()[rows] < line
    near = np.where(
        poor, np.minimum(near, np.ceil(line / 100) * 100 - 100), np.maximum(near, np.ceil(line / 100) * 100)
    )
    set_income(tables, rows, near)


def copy_accounts(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """Households of the same size in a village have one account, in some villages and years."""
    frame = tables.frames["household"]
    cell = frame["village"] + " " + frame["wave"].astype("str")
    mask = touched(rng, cell, PLACES_TOUCHED / 4)
    labels = pd.Series(frame.index[mask], index=frame.index[mask])
    first = labels.groupby([cell[mask], frame.loc[mask, "size"]], sort=False).transform("first")
    rows = part_of(rng, mask, strength)
    _take_over(tables, frame.index[rows], pd.Index(first.loc[frame.index[rows]]))


def grow_alike(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """All incomes of a village grow by the same rate from one year to the next."""
    frame = tables.frames["household"]
    before = _before(frame, 1)
    village = touched(rng, frame["village"])
    year = pd.Series(
        rng.integers(WAVES[1], WAVES[-1] + 1, frame["village"].nunique()), frame["village"].unique()
    )
    rate = pd.Series(rng.uniform(0.05, 0.15, len(year)), index=year.index)
    mask = (
        village
        & (frame["wave"].to_numpy() == year.loc[frame["village"]].to_numpy())
        & before.notna().to_numpy()
    )
    rows = part_of(rng, mask, strength)
    earlier = frame["income_pc"].loc[before.iloc[rows].astype("int64")].to_numpy()
    set_income(tables, rows, earlier * (1 + rate.loc[frame["village"].iloc[rows]].to_numpy()))


def freeze(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """The account stands still for three years, and so do the grades of the pupils (rosters of all waves)."""
    frame = tables.frames["household"]
    one, two = _before(frame, 1), _before(frame, 2)
    size = frame["size"]
    known = (one.notna() & two.notna()).to_numpy()
    same = np.zeros(len(frame), dtype=np.bool_)
    at = np.flatnonzero(known)
    sizes = size.to_numpy()
    label = frame.index
    first, second = (label.get_indexer(pd.Index(b.iloc[at].astype("int64"))) for b in (one, two))
    same[at] = (sizes[first] == sizes[at]) & (sizes[second] == sizes[at])
    last = same & touched(rng, frame["village"], PLACES_TOUCHED / 2)
    rows = part_of(rng, last, strength)
    rows = rows[~pd.Series(frame["household"].to_numpy()[rows]).duplicated().to_numpy()]
    source = pd.Index(two.iloc[rows].astype("int64"))
    _take_over(tables, pd.Index(one.iloc[rows].astype("int64")), source)
    _take_over(tables, label[rows], source)
    _freeze_grades(tables, frame.iloc[rows])


def pad(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """Transfers alone lift the household over the line in the year of exit, and fall back the year after."""
    frame = tables.frames["household"]
    own = (frame["income_net"] - frame["transfer_income"]).to_numpy(dtype=float)
    wanted = 0.85 * line_of(frame) * frame["size"].to_numpy(dtype=float)
    spare = (frame["operating_income"] - frame["operating_expense"]).to_numpy(dtype=float)
    move = np.round(own - wanted)
    mask = touched(rng, frame["village"]) & exit_rows(frame) & (move > 0) & (move < spare)
    rows = part_of(rng, mask, strength)
    at, amount = frame.index[rows], move[rows].astype(np.int64)
    new = frame.copy()
    for name, sign in (("operating_income", -1), ("transfer_income", 1), ("other_transfer_income", 1)):
        new.loc[at, name] = frame.loc[at, name].to_numpy() + sign * amount
    tables.frames["household"] = new


def shade(rng: np.random.Generator, tables: Tables, strength: float) -> None:
    """Some interviewers write incomes higher, others lower, by up to 30 % at full strength."""
    frame = tables.frames["household"]
    names = np.sort(frame["interviewer"].unique().astype(str))
    effect = pd.Series(0.3 * strength * rng.choice([-1.0, 1.0], len(names)), index=names)
    rows = np.flatnonzero(touched(rng, frame["interviewer"]))
    factor = np.exp(effect.loc[frame["interviewer"].iloc[rows]].to_numpy())
    set_income(tables, rows, frame["income_pc"].to_numpy()[rows] * factor)


def _before(frame: pd.DataFrame, years: int) -> pd.Series:
    """Return the label of the same household's row some years before; missing when there is none."""
    at = pd.Series(frame.index, index=pd.MultiIndex.from_frame(frame[["household", "wave"]]))
    keys = pd.MultiIndex.from_arrays([frame["household"], frame["wave"] - years])
    return pd.Series(at.reindex(keys).to_numpy(), index=frame.index)


def _take_over(tables: Tables, rows: pd.Index, source: pd.Index) -> None:
    """Write the account of other rows."""
    frame = tables.frames["household"]
    new = frame.copy()
    for name in ACCOUNT:
        new.loc[rows, name] = frame.loc[source, name].to_numpy()
    tables.frames["household"] = new


def _freeze_grades(tables: Tables, last: pd.DataFrame) -> None:
    members = tables.frames["member"]
    if members["wave"].nunique() < 3:
        return
    until = pd.Series(last["wave"].to_numpy(), index=last["household"].to_numpy())
    end = until.reindex(members["household"]).to_numpy()
    first = members["wave"].to_numpy() == end - 2
    start = members.loc[first].set_index("person")
    for name in ("grade", "student"):
        frozen = start[name].reindex(members["person"]).to_numpy()
        later = (
            (members["wave"] > end - 2)
            & (members["wave"] <= end)
            & pd.notna(frozen)
            & members["grade"].notna()
        )
        tables.write("member", members.index[later], name, frozen[later.to_numpy()])
