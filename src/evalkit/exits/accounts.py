"""Accounts of support: causes against members, measures against needs, programs that overlap, funds per household and exit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.errors import DataError
from evalkit.exits import readings as say
from evalkit.exits.readings import READINGS, Floats, Words, amounts, words_of
from evalkit.measures.basic import proportion
from evalkit.panel import Panel
from evalkit.rules.conditions import ABLE, OUT_OF_SCHOOL
from evalkit.schema import PROGRAMS
from evalkit.text import Text

Flags = NDArray[np.bool_]
ILL, DISABLED = ("慢性病", "大病"), ("残疾",)
"""Parts of the words for ill health."""
NO_LABOUR = ("缺劳力", "缺劳动力")
HALF = 0.5
"""Lack of labour is contradicted where this share of the household is able-bodied, or more."""
CHECKED_CAUSES: Mapping[str, str] = {
    "因病": "ill",
    "因残": "disabled",
    "因学": "pupil",
    **dict.fromkeys(NO_LABOUR, "labour"),
}
"""Cause → what its members must show; other causes cannot be held against members."""
NEEDS: Mapping[str, tuple[str, ...]] = {
    "因病": ("health", "safety_net"),
    "因残": ("health", "safety_net"),
    "因学": ("education", "schooling"),
    "因灾": ("housing", "relocation", "safety_net", "social"),
    "缺劳力": ("safety_net", "asset_income", "solar", "public_post"),
    "缺劳动力": ("safety_net", "asset_income", "solar", "public_post"),
    "缺技术": ("industry", "employment"),
    "缺资金": ("finance", "industry"),
    "缺土地": ("employment", "relocation", "asset_income", "solar"),
    "缺水": ("water", "infrastructure", "relocation"),
    "交通条件落后": ("infrastructure", "relocation"),
    "自身发展动力不足": ("industry", "employment", "public_post"),
}
"""Cause → programs that answer it. A convention of this package, not verified in print; pass your own."""


@dataclass(frozen=True, eq=False)
class CauseTable:
    """Causes of poverty and whether members bear them out.

    Parameters
    ----------
    table : DataFrame
        One row a cause: cause, households, persons, estimate (share of households, weighted), std_error, conf_low, conf_high,
        meets, fails, not_shown (households whose members bear it out, contradict it, do not show it), checked (whether members
        could contradict it at all).
    frame : DataFrame
        One row a household: household, cause, reading. Not for publication.
    notes : tuple of Text
    """

    key_columns: ClassVar[tuple[str, ...]] = ("cause",)

    table: pd.DataFrame
    frame: pd.DataFrame
    notes: tuple[Text, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()


def cause_table(panel: Panel, *, wave: int | None = None, members: pd.DataFrame | None = None) -> CauseTable:
    """Return the main causes of poverty, and how many of them the household's members contradict.

    Parameters
    ----------
    panel : Panel
        With the column ``cause``.
    wave : int, optional
        The last one by default.
    members : DataFrame, optional
        Member table: household, health, student, labour (and wave, of which that of the table is taken). Without it the
        household's own counts are used: ill_members (ill or disabled), pupils, labourers.

    Returns
    -------
    CauseTable
        Illness without an ill member, disability without a disabled one, schooling without a pupil, and lack of labour with half
        of the household able-bodied or more are contradicted.

    Raises
    ------
    DataError
        No column ``cause``, or no household with a cause in the wave.
    """
    if "cause" not in panel.frame:
        msg = "the panel has no column cause (主要致贫原因); map it in plan.data"
        raise DataError(msg)
    at = panel.waves[-1] if wave is None else wave
    cause = words_of(panel.frame, "cause")
    rows = panel.mask & (panel.frame[panel.wave].astype(int) == at).to_numpy() & (cause != "")
    if not rows.any():
        msg = f"no household of wave {at} has a cause; the panel has waves {', '.join(map(str, panel.waves))}"
        raise DataError(msg)
    facts = _from_counts(panel) if members is None else _from_members(panel, members, at)
    met = np.full(len(panel.frame), np.nan)
    for word, fact in CHECKED_CAUSES.items():
        met = np.where(cause == word, facts[fact], met)
    reading = say.read(met)
    among = panel.where(rows)
    lines = []
    for name in sorted(set(cause[rows])):
        here = rows & (cause == name)
        share = proportion(among, cause == name, per="household").tidy().iloc[0]
        line = {"cause": name, "households": int(here.sum()), "persons": float(panel.persons()[here].sum())}
        line |= {c: share[c] for c in ("estimate", "std_error", "conf_low", "conf_high")}
        line |= {r: int((reading[here] == r).sum()) for r in READINGS}
        lines.append(line | {"checked": name in CHECKED_CAUSES})
    table = pd.DataFrame(lines).sort_values(
        ["households", "cause"], ascending=[False, True], ignore_index=True
    )
    frame = pd.DataFrame(
        {
            "household": panel.frame.loc[rows, panel.household].to_numpy(),
            "cause": pd.Series(cause[rows], dtype="str"),
            "reading": pd.Series(reading[rows], dtype="str"),
        }
    ).sort_values("household", ignore_index=True)
    return CauseTable(table, frame, _cause_notes(by_members=members is not None))


def _from_counts(panel: Panel) -> dict[str, Floats]:
    """Return what the household's own counts show of each fact: 1 yes, 0 no, NaN unknown."""

    def some(column: str) -> Floats:
        if column not in panel.frame:
            return np.full(len(panel.frame), np.nan)
        count = amounts(panel.frame[column], column)
        return np.where(np.isnan(count), np.nan, (count > 0).astype(float))

    ill = some("ill_members")
    labour = np.full(len(panel.frame), np.nan)
    if "labourers" in panel.frame and panel.size is not None:
        share = amounts(panel.frame["labourers"], "labourers") / panel.persons()
        labour = np.where(np.isnan(share), np.nan, (share < HALF).astype(float))
    # the count holds the ill and the disabled together: none of either contradicts both causes, one bears out neither alone
    either = np.where(ill == 0, 0.0, np.nan)
    return {"ill": either, "disabled": either, "pupil": some("pupils"), "labour": labour}


def _from_members(panel: Panel, members: pd.DataFrame, wave: int) -> dict[str, Floats]:
    """Return what the members show of each fact of their household; a blank word leaves it open unless another shows it."""
    absent = [c for c in ("household", "health", "student", "labour") if c not in members]
    if absent:
        msg = f"the member table lacks {', '.join(absent)}; map them in plan.data, or leave members out"
        raise DataError(msg)
    now = members[members["wave"].astype(int) == wave] if "wave" in members else members
    said = {c: words_of(now, c) for c in ("health", "student", "labour")}
    house = now["household"].astype("str").to_numpy()
    names = panel.frame[panel.household].astype("str").to_numpy()

    def any_of(mark: Flags, known: Flags) -> Floats:
        value = pd.Series(np.where(mark, 1.0, np.where(known, 0.0, np.nan)))
        groups = value.groupby(house)
        out = groups.max().where((groups.max() == 1) | (groups.count() == groups.size()))
        return np.asarray(out.reindex(names), dtype=np.float64)

    def says(words: Words, parts: Sequence[str]) -> Flags:
        return np.array([any(p in w for p in parts) for w in words], dtype=bool)

    able = pd.Series(np.where(said["labour"] == "", np.nan, np.isin(said["labour"], ABLE).astype(float)))
    groups = able.groupby(house)
    share = groups.mean().where(groups.count() == groups.size()).reindex(names).to_numpy(dtype=float)
    at_school = (said["student"] != "") & ~np.isin(said["student"], OUT_OF_SCHOOL)
    return {
        "ill": any_of(says(said["health"], ILL), said["health"] != ""),
        "disabled": any_of(says(said["health"], DISABLED), said["health"] != ""),
        "pupil": any_of(at_school, said["student"] != ""),
        "labour": np.where(np.isnan(share), np.nan, (share < HALF).astype(float)),
    }


def _cause_notes(*, by_members: bool) -> tuple[Text, ...]:
    words = "、".join(CHECKED_CAUSES)
    out = [
        Text(
            en=f"members can bear out or contradict {', '.join(CHECKED_CAUSES)} only",
            zh=f"成员信息只能印证或否定以下原因：{words}",
        )
    ]
    if not by_members:
        out.append(
            Text(
                en="ill and disabled members are one count in the household table: it can contradict illness or disability, not "
                "bear it out",
                zh="户表中患病与残疾合为一数，只能否定、不能印证因病或因残",
            )
        )
    return tuple(out)


@dataclass(frozen=True, eq=False)
class NeedMatrix:
    """Needs against measures.

    Parameters
    ----------
    matrix : DataFrame
        One row a need, one column a program: households with that need that have the program (not weighted).
    answered : DataFrame
        One row a need: need, fitting (programs that answer it), households, answered, estimate (weighted share answered),
        std_error, conf_low, conf_high.
    frame : DataFrame
        Households with a need that no program answers: household, need. Not for publication.
    notes : tuple of Text
    """

    key_columns: ClassVar[tuple[str, ...]] = ("need",)

    matrix: pd.DataFrame
    answered: pd.DataFrame
    frame: pd.DataFrame
    notes: tuple[Text, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """Return the shares answered."""
        return self.answered.copy()


def need_matrix(
    panel: Panel,
    programs: pd.DataFrame,
    *,
    wave: int | None = None,
    needs: Mapping[str, Sequence[str]] | None = None,
    column: str = "cause",
) -> NeedMatrix:
    """Hold the measures that households receive against what they need (措施精准).

    Parameters
    ----------
    panel : Panel
        With the column of needs.
    programs : DataFrame
        Program table: household, program (word or code), program_start, optionally program_end.
    wave : int, optional
        Support that has begun by then, and has not ended before, counts. The last wave by default.
    needs : mapping of str to sequence of str, optional
        Word of the need → codes of the programs that answer it; `NEEDS` by default.
    column : str
        Column of the need (``cause``, ``risk_1`` …).

    Raises
    ------
    DataError
        Columns absent, program words that are not known, no household with one of the needs in the wave.
    """
    if column not in panel.frame:
        msg = f"the panel has no column {column!r} with the need of the household"
        raise DataError(msg)
    wanted = NEEDS if needs is None else needs
    at = panel.waves[-1] if wave is None else wave
    have = received(programs, at)
    names = panel.frame[panel.household].astype("str")
    now = panel.mask & (panel.frame[panel.wave].astype(int) == at).to_numpy()
    word = words_of(panel.frame, column)
    known = [n for n in wanted if (now & (word == n)).any()]
    if not known:
        msg = f"no household of wave {at} has one of the needs {', '.join(wanted)} in {column!r}"
        raise DataError(msg)
    got = have.reindex(names, fill_value=False).to_numpy(dtype=bool)
    codes = list(have.columns)
    matrix, lines, open_ = [], [], []
    for need in known:
        rows = now & (word == need)
        these = got[:, [codes.index(p) for p in wanted[need] if p in codes]]
        fits = np.asarray(these.any(axis=1), dtype=bool)
        matrix.append([need, *got[rows].sum(axis=0)])
        share = proportion(panel.where(rows), fits, per="household").tidy().iloc[0]
        line = {
            "need": need,
            "fitting": ", ".join(wanted[need]),
            "households": int(rows.sum()),
            "answered": int((rows & fits).sum()),
        }
        lines.append(line | {c: share[c] for c in ("estimate", "std_error", "conf_low", "conf_high")})
        open_.append(
            pd.DataFrame(
                {"household": panel.frame.loc[rows & ~fits, panel.household].to_numpy(), "need": need}
            )
        )
    unanswered = pd.concat(open_).sort_values(["need", "household"], ignore_index=True)
    notes = () if needs is not None else (_convention(),)
    return NeedMatrix(pd.DataFrame(matrix, columns=["need", *codes]), pd.DataFrame(lines), unanswered, notes)


def _convention() -> Text:
    return Text(
        en="which programs answer which need is a convention of this package, not verified in print",
        zh="致贫原因与帮扶措施的对应关系为本软件约定，未经文献核实",
    )


def received(programs: pd.DataFrame, wave: int) -> pd.DataFrame:
    """Return which households have which programs in a wave.

    Parameters
    ----------
    programs : DataFrame
        household, program (word or code of `evalkit.schema.PROGRAMS`), program_start, optionally program_end.
    wave : int

    Returns
    -------
    DataFrame of bool
        One row a household (text), one column a program code, both sorted.

    Raises
    ------
    DataError
        Columns absent, or words that are no program, with their number and the first.
    """
    absent = [c for c in ("household", "program", "program_start") if c not in programs]
    if absent:
        msg = f"the program table lacks {', '.join(absent)}; map them in plan.data"
        raise DataError(msg)
    codes = {**PROGRAMS, **{c: c for c in PROGRAMS.values()}}
    word = pd.Series(words_of(programs, "program"), index=programs.index)
    code = word.map(codes)
    if code.isna().any():
        msg = (
            f"{int(code.isna().sum())} of {len(programs)} rows have a program that is not known (first: "
            f"{word[code.isna()].iloc[0]!r}); known: {', '.join(PROGRAMS)}"
        )
        raise DataError(msg, rows=programs[code.isna()])
    start = amounts(programs["program_start"], "program_start")
    end = (
        amounts(programs["program_end"], "program_end")
        if "program_end" in programs
        else np.full(len(programs), np.nan)
    )
    runs = (start <= wave) & (np.isnan(end) | (end >= wave))
    named = np.asarray(runs, dtype=bool) & programs["household"].notna().to_numpy()
    house, households = pd.factorize(programs["household"].astype("str").to_numpy()[named], sort=True)
    kind, kinds = pd.factorize(code.to_numpy()[named], sort=True)
    flags = np.zeros((len(households), len(kinds)), dtype=bool)
    flags[house, kind] = True
    return pd.DataFrame(flags, index=pd.Index(households, dtype="str"), columns=pd.Index(kinds, dtype="str"))
