"""Decisions matched with the cases they are about, round by round.

A decision belongs to a case as a person saw it: number and state must be those of a case that cleaning finds.
The first round cleans without decisions; what they change may raise cases that were decided later, so cleaning is
repeated with the decisions that found their case until no further one does. What is left over is stale.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.cleaning.amending import changes_of, merge_target, refused
from evalkit.cleaning.cases import cases_of, short_hash
from evalkit.cleaning.histories import Told
from evalkit.cleaning.moves import shown_person
from evalkit.cleaning.orders import Order
from evalkit.cleaning.rows import key_of
from evalkit.cleaning.work import CASE_COLUMNS, Work
from evalkit.decisions import Decision, Decisions, block_size, refuse

Orders = Mapping[str, Sequence[Order]]
DECIDED_COLUMNS: tuple[str, ...] = ("case", "table", "rule", "county", "action")
"""Columns of the list of decided cases."""


@dataclass(frozen=True, eq=False)
class Pass:
    """One run of the rules over all tables: the tables, the list of checks, what households' histories tell (if there are any)."""

    works: Mapping[str, Work]
    checks: pd.DataFrame
    told: Told | None = None


@dataclass(frozen=True)
class Fault:
    """A decision that cannot be carried out: number of its case, and why, with its row of the workbook."""

    case: str
    text: str


@dataclass(frozen=True, eq=False)
class Settled:
    """Cleaning with every decision carried out.

    Parameters
    ----------
    last : Pass
    cases : DataFrame
        Open cases, `evalkit.cleaning.CASE_COLUMNS`.
    decided : DataFrame
        Decided cases, `DECIDED_COLUMNS`.
    faults : tuple of Fault
    """

    last: Pass
    cases: pd.DataFrame
    decided: pd.DataFrame
    faults: tuple[Fault, ...]


def settle(run: Callable[[Orders], Pass], decisions: Decisions) -> Settled:
    """Clean, carrying out decisions.

    Parameters
    ----------
    run : callable
        Cleans the tables with some orders, from the raw text.
    decisions : Decisions
        About rows of these tables.
    """
    waiting = {d.case: d for d in decisions if not d.across}
    met: dict[str, pd.Series] = {}
    between = [d for d in decisions if d.across]
    first = [left_out(d, works) for works in [run({}).works if between else {}] for d in between]
    orders: list[Order] = [o for o in first if isinstance(o, Order)]
    faults: list[Fault] = [*(f for f in first if isinstance(f, Fault)), *_contradictions(orders)]
    while True:
        last = run(_by_table(orders))
        cases = _open(last.works, orders)
        if waiting:
            met |= {str(c["case"]): c for _, c in cases.loc[cases["case"].isin(list(waiting))].iterrows()}
        hits = _matching(cases, waiting) if waiting else []
        if not hits:
            break
        own = [(waiting.pop(str(c["case"])), c) for c in hits]
        rest = cases.loc[~cases["case"].isin([d.case for d, _ in own] + list(waiting))]
        found = [o for d, c in own for o in _orders(d, c, last.works, cases, orders, rest)]
        good = [f for f in found if isinstance(f, Order)]
        faults += [f for f in found if isinstance(f, Fault)]
        faults += _contradictions(good)
        orders += good
    faults += [_stale(d, met.get(d.case), after=bool(faults)) for d in waiting.values()]
    if not faults:
        faults += _undone(last.works, orders)
    decided = [
        (o.decision.case, o.decision.table, o.decision.rule, o.decision.county, o.decision.action)
        for o in orders
    ]
    frame = (
        pd.DataFrame(decided, columns=list(DECIDED_COLUMNS))
        .astype("str")
        .sort_values("case", ignore_index=True)
    )
    return Settled(last, cases[list(CASE_COLUMNS)], frame, tuple(faults))


def left_out(decision: Decision, works: Mapping[str, Work]) -> Order | Fault:
    """Return the order that leaves out or corrects the row of a case between counties, or why there is none.

    The row is that of the household, the wave and, among members, the person; which file it is in makes no difference.
    """
    household, wave, person = decision.home
    told = f"{decision.where}: case {decision.case} ({decision.rule}, county {decision.county or '(none)'})"
    work = works.get(decision.table)
    rows = np.array([], dtype=np.intp)
    if work is not None and "household" in work.frame:
        here = work.stays & (work.frame["household"].fillna("") == household).to_numpy(dtype=bool)
        here &= (work.frame["county"].fillna("") == decision.county).to_numpy(dtype=bool)
        if "wave" in work.frame:
            here &= (work.frame["wave"].fillna("") == wave).to_numpy(dtype=bool)
        if decision.table == "member":
            here &= (shown_person(work.cells("id_number")).fillna("") == person).to_numpy(dtype=bool)
        rows = np.flatnonzero(here)
    if len(rows) != 1:
        what = "no row" if not len(rows) else f"{len(rows)} rows"
        return Fault(
            decision.case,
            f"{told} is stale: the {decision.table} table of the county has {what} of {' '.join(decision.home).strip()}",
        )
    column = "county" if decision.table == "household" else "id_number"
    if work is None or decision.action != "correct":
        return Order(decision, int(rows[0]), column)
    return _corrected(decision, work, int(rows[0]), column, {})


def settled(run: Callable[[Orders], Pass], decisions: Decisions) -> Settled:
    """Clean, carrying out decisions; see `settle`.

    Raises
    ------
    DataError
        A decision is stale, contradicts another or cannot be carried out; all of them are listed.
    """
    out = settle(run, decisions)
    refuse([f.text for f in out.faults])
    return out


def _by_table(orders: Sequence[Order]) -> dict[str, list[Order]]:
    out: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        out[order.decision.table].append(order)
    return out


def _matching(cases: pd.DataFrame, waiting: Mapping[str, Decision]) -> list[pd.Series]:
    rows = cases.loc[cases["case"].isin(list(waiting))]
    return [row for _, row in rows.iterrows() if waiting[str(row["case"])].state == row["state"]]


def _open(works: Mapping[str, Work], orders: Sequence[Order]) -> pd.DataFrame:
    """Return the cases that are open after some orders, with their place in the raw table."""
    by_table = _by_table(orders)
    parts = [_left(cases_of(work), by_table.get(name, [])) for name, work in works.items()]
    return pd.concat(parts, ignore_index=True)


def _left(cases: pd.DataFrame, orders: Sequence[Order]) -> pd.DataFrame:
    """Leave out what is decided; a case that a decision did not settle is a new one, with a number of its own."""
    if not orders or cases.empty:
        return cases
    out_of_table = {o.pos for o in orders if o.decision.action in ("exclude", "merge")}
    times = Counter(o.about for o in orders)
    kept = {(*o.about, o.decision.state) for o in orders if o.decision.action in ("keep", "restore")}
    stays, numbers = [], []
    about = zip(
        cases["rule"], cases["pos"], cases["column"].fillna(""), cases["state"], cases["case"], strict=True
    )
    for rule_id, pos, column, state, number in about:
        key = (rule_id, pos, column)
        stays.append(pos not in out_of_table and (*key, state) not in kept)
        numbers.append(short_hash((number, times[key], state)) if key in times else number)
    renamed = cases.assign(case=pd.Series(numbers, index=cases.index, dtype="str"))
    return renamed.loc[np.array(stays, dtype=bool)].reset_index(drop=True)


def _orders(
    decision: Decision,
    case: pd.Series,
    works: Mapping[str, Work],
    cases: pd.DataFrame,
    before: Sequence[Order],
    rest: pd.DataFrame,
) -> list[Order | Fault]:
    """Return the orders that carry out a decision: one, or one for each case of a block (`rest` has those not decided)."""
    first = _order(decision, case, works, cases, before)
    size = block_size(decision.value)
    if size is None or isinstance(first, Fault):
        return [first]
    block = cases.loc[_like(cases, case)]
    if len(block) != size:
        said = (
            f"{decision.where}: case {decision.case} ({decision.rule}) is decided for a block of {size} cases; there are "
            f"{len(block)} of this rule, column and file in the county: look at them and write (block {len(block)})"
        )
        return [Fault(decision.case, said)]
    others = rest.loc[_like(rest, case)]
    about = zip(others["case"], others["state"], others["pos"], strict=True)
    return [first, *(Order(replace(decision, case=c, state=s), int(p), first.column) for c, s, p in about)]


def _like(cases: pd.DataFrame, case: pd.Series) -> npt.NDArray[np.bool_]:
    """Return the cases of the block of a case: same rule, table, county, file, sheet and column; shape (n,)."""
    out = np.ones(len(cases), dtype=bool)
    for name in ("rule", "table", "county", "file", "sheet", "column"):
        mine = case[name]
        known = isinstance(mine, str)
        out &= ((cases[name] == mine) if known else cases[name].isna()).to_numpy(dtype=bool)
    return out


def _order(
    decision: Decision,
    case: pd.Series,
    works: Mapping[str, Work],
    cases: pd.DataFrame,
    before: Sequence[Order],
) -> Order | Fault:
    """Return the order that carries out a decision, or why there is none."""
    work, pos = works[str(case["table"])], int(case["pos"])
    column = str(case["column"]) if case["column"] == case["column"] else ""
    told = f"{decision.where}: case {decision.case} ({decision.rule})"
    if decision.rule != case["rule"] or decision.table != case["table"]:
        what = f"{told} is about rule {case['rule']}, table {case['table']}; leave these columns as they were"
        return Fault(decision.case, what)
    if decision.action == "merge":
        target = merge_target(decision.value, case, work, cases)
        if isinstance(target, str):
            return Fault(decision.case, f"{told}: {target}")
        return Order(decision, pos, column, into=target)
    if decision.action not in ("correct", "restore"):
        return Order(decision, pos, column)
    now = {(o.pos, c): new for o in before if o.decision.table == case["table"] for c, new in o.changes}
    return _corrected(decision, work, pos, column, now)


def _corrected(
    decision: Decision, work: Work, pos: int, column: str, now: Mapping[tuple[int, str], str | None]
) -> Order | Fault:
    """Return the order that puts new values into a row, or what is wrong with them; `now` are cells corrected before."""
    told = f"{decision.where}: case {decision.case} ({decision.rule})"
    changes = changes_of(decision.value, column, work, homeless=decision.rule == "K03")
    if isinstance(changes, str):
        return Fault(decision.case, f"{told}: {changes}")
    wrong = [w for c, new in changes for w in refused(work, pos, c, new, now)]
    return (
        Fault(decision.case, f"{told}: {'; '.join(wrong)}")
        if wrong
        else Order(decision, pos, column, changes)
    )


def _contradictions(orders: Sequence[Order]) -> Iterator[Fault]:
    """Yield orders of one round that cannot both be right."""
    fates: dict[tuple[str, int], Order] = {}
    values: dict[tuple[str, int, str], tuple[str | None, Order]] = {}
    for order in orders:
        place = (order.decision.table, order.pos)
        other = fates.setdefault(place, order)
        if _fate(other) != _fate(order) and "keep" not in (other.decision.action, order.decision.action):
            yield _against(order, other, f"{order.decision.action} and {other.decision.action} the same row")
        if other.decision.action == "keep":
            fates[place] = order
        for column, new in order.changes:
            value, first = values.setdefault((*place, column), (new, order))
            if value != new:
                yield _against(order, first, f"{column} becomes {new!r} here and {value!r} there")


def _fate(order: Order) -> tuple[str, int]:
    action = order.decision.action
    return ("stays", -1) if action in ("correct", "restore") else (action, order.into)


def _against(order: Order, other: Order, what: str) -> Fault:
    d = order.decision
    said = f"{d.where}: case {d.case} contradicts {other.decision.where} (case {other.decision.case}): {what}"
    return Fault(d.case, said)


def _stale(decision: Decision, case: pd.Series | None, *, after: bool) -> Fault:
    told = f"{decision.where}: case {decision.case} ({decision.rule}, county {decision.county or '(none)'})"
    if case is None:
        hint = " (it may follow from a decision above)" if after else ""
        return Fault(decision.case, f"{told} is stale: the data no longer have this case{hint}")
    was, now = [
        _seen(c, e) for c, e in ((decision.current, decision.evidence), (case["current"], case["evidence"]))
    ]
    what = f"when it was decided there was {was}, now there is {now}; decide it anew (delete the row first)"
    return Fault(decision.case, f"{told} is stale: {what}")


def _seen(current: object, evidence: object) -> str:
    said = [str(x) for x in (current, evidence) if x == x and x not in (None, "")]
    return repr(" | ".join(dict.fromkeys(said)))


def _undone(works: Mapping[str, Work], orders: Sequence[Order]) -> Iterator[Fault]:
    """Yield merges into rows that do not stay, and restored rows with the same key."""
    for order in orders:
        if order.into >= 0 and not works[order.decision.table].stays[order.into]:
            what = f"{order.decision.where}: the row to merge into is itself not in the clean table"
            yield Fault(order.decision.case, what)
    for name, work in works.items():
        restored = {o.pos: o for o in orders if o.decision.table == name and o.decision.action == "restore"}
        key = key_of(work)
        if restored and key is not None:
            rows = work.frame.loc[work.stays]
            rows = rows.loc[rows[key].notna().all(axis=1)]
            for pos in rows.index[rows.duplicated(key, keep=False)].intersection(list(restored)):
                one = restored[pos].decision
                what = "another row with the same key is in the clean table too; exclude or merge one"
                yield Fault(one.case, f"{one.where}: {what}")
