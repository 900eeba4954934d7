"""Accounts of support in one county: causes against members, measures against needs, overlap, funds, the cliff."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit import exits
from evalkit.errors import DataError
from evalkit.exits.accounts import CHECKED_CAUSES
from evalkit.exits.funds import ALL
from evalkit.measures.basic import answers
from evalkit.pipeline.gathered import NO_PROGRAMS, County, Gathered
from evalkit.text import Text

MEMBER_FACTS = ("health", "student", "labour")
"""Columns of the member table that bear out or contradict a cause of poverty."""


def gather_support(out: Gathered, here: County) -> None:
    """Add causes, needs, overlap, funds and the cliff to what was gathered, each with its reason where it cannot be had."""
    out.attempt("causes", lambda: _causes(out, here))
    out.attempt("needs", lambda: _needs(out, here))
    out.attempt("overlap", lambda: _overlap(out, here))
    out.attempt("funds", lambda: _funds(out, here))
    out.attempt("cliff", lambda: _cliff(out, here))


def _cause_given(here: County) -> bool:
    frame = here.panel.frame
    return "cause" in frame and bool(frame.loc[here.panel.mask, "cause"].notna().any())


NO_CAUSE = Text(en="The data carry no main cause of poverty (cause).", zh="数据中没有主要致贫原因。")


def _causes(out: Gathered, here: County) -> None:
    if not _cause_given(here):
        out.omitted["causes"] = NO_CAUSE
        return
    at, members = here.wave, _members(here)
    found = exits.cause_table(here.panel, wave=at, members=members)
    out.kept["causes"] = found
    out.tables["causes"] = found.table
    out.facts["causes"] = {"wave": at, "by_members": members is not None}
    out.note("causes", found.notes)
    read = found.frame[found.frame["cause"].isin(list(CHECKED_CAUSES))]
    if read["reading"].isin(["meets", "fails"]).any():
        out.examined.append("cause")
    for reading in ("fails", "not_shown"):
        rows = _placed(read[read["reading"] == reading], here, at)
        said = rows.assign(
            item="cause",
            problem_en="members do not bear out the cause on record: " + rows["cause"],
            problem_zh="成员信息与登记的主要致贫原因不符：" + rows["cause"],
            evidence=rows["cause"],
        )
        out.add_problems(said, here.code, reading=reading)


def _members(here: County) -> pd.DataFrame | None:
    """Return the member table where it describes the year and has what causes are held against, else None."""
    members = here.table("member")
    if members is None or not {"household", *MEMBER_FACTS} <= set(members):
        return None
    if "wave" in members and not (members["wave"].astype("Float64") == here.wave).any():
        return None
    return members[members["household"].notna()]


def _placed(rows: pd.DataFrame, here: County, at: int) -> pd.DataFrame:
    """Return rows by household with their village and year."""
    places = here.places(at)
    house = rows["household"].astype("str")
    return rows.assign(household=house, village=house.map(places["village"]), wave=at)


def _supported(here: County) -> pd.DataFrame:
    """Return the program rows of the households of the year."""
    programs = here.table("program")
    if programs is None:
        return pd.DataFrame(columns=["household", "program", "program_start"])
    return programs[programs["household"].astype("str").isin(here.places(here.wave).index)]


def _needs(out: Gathered, here: County) -> None:
    programs = here.table("program")
    if not _cause_given(here) or programs is None:
        out.omitted["needs"] = NO_CAUSE if programs is not None else NO_PROGRAMS
        return
    at, own = here.wave, here.plan.accounts.needs
    found = exits.need_matrix(here.panel, _supported(here), wave=at, needs=own or None)
    out.kept["needs"] = found
    out.tables["needs"] = found.answered
    out.tables["need_matrix"] = found.matrix
    out.facts["needs"] = {"wave": at, "convention": not own}
    out.note("needs", found.notes)
    if not own:  # what answers a need is a convention of the package: counted, and nobody's problem
        return
    out.examined.append("need")
    rows = _placed(found.frame, here, at)
    said = rows.assign(
        item="need",
        problem_en="no measure in force answers the cause on record: " + rows["need"],
        problem_zh="没有与登记的主要致贫原因相对应的在享措施：" + rows["need"],
        evidence=rows["need"],
    )
    out.add_problems(said, here.code)


def _overlap(out: Gathered, here: County) -> None:
    programs = here.table("program")
    if programs is None:
        out.omitted["overlap"] = NO_PROGRAMS
        return
    at, panel = here.wave, here.panel
    rows = _supported(here)
    now = panel.mask & (panel.frame[panel.wave].astype(int) == at).to_numpy()
    sizes = None
    if panel.size is not None and panel.frame.loc[now, panel.size].notna().all():
        house = panel.frame.loc[now, panel.household].astype("str")
        sizes = dict(zip(house, panel.frame.loc[now, panel.size].astype(float), strict=True))
    found = exits.program_overlap(rows, at, sizes=sizes)
    out.kept["overlap"] = found
    out.tables["overlap"] = found.tidy()
    out.tables["programs_held"] = found.by_number.reset_index()
    out.facts["overlap"] = {
        "wave": at,
        "households": found.households,
        "receipts": found.receipts,
        "persons": _number(found.persons),
        "receipt_persons": _number(found.receipt_persons),
        "all_households": int(now.sum()),
        "elsewhere": len(programs) - len(rows),
    }


def _funds(out: Gathered, here: County) -> None:
    programs, frame = here.table("program"), here.panel.frame[here.panel.mask]
    if programs is None:
        out.omitted["funds"] = NO_PROGRAMS
        return
    if "amount" not in programs or programs["amount"].isna().all():
        out.omitted["funds"] = Text(en="The program table has no amounts.", zh="帮扶措施表中没有金额。")
        return
    if "exit_year" not in frame:
        out.omitted["funds"] = Text(
            en="The data carry no registry year of exit (exit_year).", zh="数据中没有登记的脱贫年度。"
        )
        return
    first, last = here.panel.waves[0], here.panel.waves[-1]
    budget = here.plan.accounts.budget.get(here.code)
    found = exits.funds_account(programs, frame, first=first, last=last, budget=budget)
    out.kept["funds"] = found
    out.tables["funds"] = found.table
    out.facts["funds"] = {"first": first, "last": last, "budget": budget is not None, "all": ALL}
    out.note("funds", found.notes)


def _cliff(out: Gathered, here: County) -> None:
    asked = here.plan.accounts.cliff
    if asked is None:
        out.omitted["cliff"] = Text(
            en="The plan names no groups on both sides of a threshold of support (accounts.cliff).",
            zh="方案未指定受帮扶与临界两组农户。",
        )
        return
    lost = [c for c in asked.support if c not in here.panel.frame]
    if lost:
        msg = f"the household table has no column {', '.join(lost)} of accounts.cliff.support; map it in plan.data.household"
        raise DataError(msg)
    found = exits.cliff_effect(
        here.panel,
        registered=asked.registered,
        marginal=asked.marginal,
        support=asked.support,
        wave=here.wave,
        labels=(asked.registered_label.text, asked.marginal_label.text),
    )
    out.estimates["cliff_gaps"] = found.gaps
    out.estimates["cliff_overtaken"] = found.overtaken
    now = here.panel.mask & (here.panel.frame[here.panel.wave].astype(int) == here.wave).to_numpy()
    groups = {"registered": asked.registered, "marginal": asked.marginal}
    sizes = {f"{g}_n": int((now & (answers(here.panel, c)[1] == 1)).sum()) for g, c in groups.items()}
    out.facts["cliff"] = {
        **sizes,
        "wave": here.wave,
        "registered": asked.registered_label.text.to_dict(),
        "marginal": asked.marginal_label.text.to_dict(),
    }
    out.note("cliff", found.notes)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
