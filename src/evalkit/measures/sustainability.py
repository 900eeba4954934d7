"""What exits rest on: who would be below the line without transfers, dividends or the public-post wage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.design import Floats
from evalkit.errors import DataError, EstimationError
from evalkit.estimate import About, Estimate
from evalkit.measures import _notes
from evalkit.measures._influence import mean_of, several
from evalkit.measures._linear import Cells, cells, resting_on
from evalkit.measures.basic import DEVILLE, answers
from evalkit.measures.poverty import Line, is_poor, welfare_and_line
from evalkit.panel import By, Panel
from evalkit.text import Text

PARTS: Mapping[str, tuple[str, ...]] = {
    "transfers": ("transfer_income",),
    "dividends": ("dividend_income",),
    "public_post": ("public_post_wage",),
}
"""Income whose end is in the hands of the programs, as household amounts of the codebook."""

WHOLE = {
    "dividend_income": "property_income",
    "other_property_income": "property_income",
    "public_post_wage": "wage_income",
    "minimum_allowance": "transfer_income",
    "destitute_allowance": "transfer_income",
    "family_planning_grant": "transfer_income",
    "pension": "transfer_income",
    "ecological_compensation": "transfer_income",
    "other_transfer_income": "transfer_income",
}
"""Column → the column it is a part of, so that it is not taken away twice."""

ALL = "all"
WORDS: Mapping[str, Text] = {
    "transfers": Text(en="transfers", zh="转移性收入"),
    "dividends": Text(en="dividends", zh="资产收益分红"),
    "public_post": Text(en="the public-post wage", zh="公益性岗位工资"),
    ALL: Text(en="one of the parts", zh="其中某一项"),
}
"""Parts as the notes name them."""


def exit_sustainability(
    panel: Panel,
    line: Line = None,
    *,
    parts: Mapping[str, Sequence[str]] | None = None,
    by: By = None,
    among: str | pd.Series | NDArray[np.bool_] | None = None,
    per_head: bool = False,
    missing: Literal["drop", "zero"] = "drop",
) -> Estimate:
    """Return the share of those above the line who would be below it without a part of their income.

    Parameters
    ----------
    panel : Panel
    line : float, str, mapping or None
        See `Panel.line`.
    parts : mapping of str to sequence of str, optional
        Name → columns that are taken away together. By default those of transfers (``transfer_income``), dividends
        (``dividend_income``) and public post (``public_post_wage``, see `with_public_post`) of which the panel has
        amounts; a note names the others.
    by : str or sequence of str, optional
    among : str, or array of bool (n,), optional
        Only these household-waves: an expression such as ``"status == 'exited'"``; all by default. Rows for which it
        is not known are left out and counted in a note.
    per_head : bool
        The columns are per head; by default they are amounts of the household, divided by its size.
    missing : {"drop", "zero"}
        A part that is not known: the row is left out of the shares that need it (n and df are those of each share)
        and counted in a note, or the part counts as nothing.

    Returns
    -------
    Estimate
        Keys `by` and ``without``: the parts, then ``all`` of them together (where there are several; a column that is
        contained in another is taken away once). Share of persons (households without a size) at or above the line, by
        the panel's line rule, whose welfare less the part is below it; ratio of totals, joint covariance. The arithmetic
        holds behaviour fixed: it says on what an exit rests, not what a household would do.

    Raises
    ------
    DataError
        A named column is absent or not numeric, none of the default columns exists, rows without a line.
    EstimationError
        Household amounts without a household size, a line that is not positive, an unknown policy.
    """
    if missing not in ("drop", "zero"):
        msg = f"missing is 'drop' or 'zero', not {missing!r}"
        raise EstimationError(msg)
    chosen, notes = _chosen(panel, parts)
    if not per_head and panel.size is None:
        msg = (
            "household amounts need the household size; give the panel its size column, or pass per_head=True"
        )
        raise EstimationError(msg)
    part_of = panel
    if among is not None:
        _, chosen_rows = answers(panel, among)
        part_of = panel.where(chosen_rows == 1)
        notes = [*notes, *_among_unknown(panel, np.isnan(chosen_rows))]
    amounts = {name: _amount(panel, columns, missing=missing) for name, columns in chosen.items()}
    if not per_head:
        amounts = {name: x / panel.persons() for name, x in amounts.items()}
    if missing == "zero":
        unknown = np.any([panel.frame[c].isna() for some in chosen.values() for c in some], axis=0)
        notes = [*notes, _counted_as_nothing(int((unknown & part_of.mask).sum()), len(part_of))]
    y, z, _ = welfare_and_line(part_of, line, by)
    at_line = panel.poor_at_line
    poor = is_poor(y, z, at_line=at_line)
    group = cells(part_of, by, {panel.welfare: y})
    group = replace(group, code=np.where(poor == 0, group.code, -1).astype(np.intp))
    known = {name: group.inside & ~np.isnan(x) for name, x in amounts.items()}
    shares = {
        name: mean_of(group, is_poor(y - x, z, at_line=at_line), known[name]) for name, x in amounts.items()
    }
    about = About(
        estimand="exit_sustainability",
        method="share of those above the line who are below it without the part, ratio of totals, linearised",
        citation=DEVILLE,
        unit="share",
        interval="kg",
        notes=(
            _notes.line_rule(at_line=at_line),
            _arithmetic(),
            _amounts_of(per_head=per_head),
            *notes,
            *(note for name, rows in known.items() for note in _not_stated(group, name, rows)),
            *_notes.concepts(part_of, part_of.waves),
        ),
    )
    return resting_on(several(shares, "without", about), group, list(known.values()))


def with_public_post(panel: Panel, members: pd.DataFrame) -> Panel:
    """Return the panel with ``public_post_wage``, the yearly wage from public posts of each household.

    Parameters
    ----------
    panel : Panel
    members : DataFrame
        Member table with the panel's household and wave columns and ``public_post``, ``monthly_wage``, ``work_months``.

    Returns
    -------
    Panel
        With Σ monthly wage × months worked over the members in a public post: 0 for a household with members but
        no post, missing where the wave lists no member of the household or the wage of a post is not stated.

    Raises
    ------
    DataError
        A column is absent.
    """
    needed = [panel.household, panel.wave, "public_post", "monthly_wage", "work_months"]
    absent = [c for c in needed if c not in members]
    if absent:
        msg = f"the member table has no column {', '.join(absent)}; it needs {', '.join(needed)}"
        raise DataError(msg)
    keys = [panel.household, panel.wave]
    wage = (members["monthly_wage"].astype(float) * members["work_months"].astype(float)).to_numpy()
    post = members["public_post"].astype(float).fillna(0).to_numpy() == 1
    table = members[keys].assign(
        public_post_wage=np.where(post, np.nan_to_num(wage), 0.0), _unknown=post & np.isnan(wage)
    )
    sums = table.groupby(keys, as_index=False)[["public_post_wage", "_unknown"]].sum()
    sums.loc[sums["_unknown"] > 0, "public_post_wage"] = np.nan
    found = panel.frame[keys].merge(sums, how="left", on=keys, validate="one_to_one")
    return replace(panel, frame=panel.frame.assign(public_post_wage=found["public_post_wage"].to_numpy()))


def _chosen(
    panel: Panel, parts: Mapping[str, Sequence[str]] | None
) -> tuple[dict[str, tuple[str, ...]], list[Text]]:
    """Return the columns of each part, and of all together, with notes on default parts that are absent."""
    if parts is None:
        have = {name: columns for name, columns in PARTS.items() if all(c in panel.frame for c in columns)}
        lacking = [name for name in PARTS if name not in have]
        blank = [name for name, some in have.items() if any(panel.frame[c].isna().all() for c in some)]
        have = {name: columns for name, columns in have.items() if name not in blank}
        if not have:
            columns = ", ".join(c for some in PARTS.values() for c in some)
            msg = f"the panel has none of {columns} with an amount; name the income parts: parts={{'transfers': ['…']}}"
            raise DataError(msg)
        notes = [_not_tried(lacking)] if lacking else []
        notes += [_nothing_in(blank)] if blank else []
    else:
        have, notes = {name: _listed(columns) for name, columns in parts.items()}, []
        absent = {c: name for name, columns in have.items() for c in columns if c not in panel.frame}
        if absent:
            what = ", ".join(f"{c!r} (of {name})" for c, name in absent.items())
            msg = f"the panel has no column {what}; columns: {', '.join(map(str, panel.frame.columns[:30]))}"
            raise DataError(msg)
        if not have or ALL in have or not all(have.values()):
            msg = f"parts name at least one column each, and none is called {ALL!r}; got {parts}"
            raise EstimationError(msg)
    if len(have) > 1:
        union = dict.fromkeys(c for columns in have.values() for c in columns)
        have = {**have, ALL: tuple(union)}
    return {name: _without_contained(columns) for name, columns in have.items()}, notes


def _listed(columns: Sequence[str]) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else tuple(columns)


def _without_contained(columns: tuple[str, ...]) -> tuple[str, ...]:
    """Drop columns that are contained in another one.

    >>> _without_contained(("transfer_income", "pension", "dividend_income"))
    ('transfer_income', 'dividend_income')
    """
    return tuple(c for c in columns if WHOLE.get(c) not in columns)


def _amount(panel: Panel, columns: tuple[str, ...], *, missing: str) -> Floats:
    values = [panel.values(c) for c in columns]
    if missing == "zero":
        values = [np.nan_to_num(v) for v in values]
    return np.asarray(np.sum(values, axis=0), dtype=float)


def _not_tried(names: list[str]) -> Text:
    return Text(
        en=f"not examined, the panel has no such column: {', '.join(WORDS[n].en for n in names)}",
        zh=f"数据无相应字段，未考察：{'、'.join(WORDS[n].zh for n in names)}",
    )


def _nothing_in(names: list[str]) -> Text:
    return Text(
        en=f"not examined, no amount is recorded: {', '.join(WORDS[n].en for n in names)}",
        zh=f"字段全部缺失，未考察：{'、'.join(WORDS[n].zh for n in names)}",
    )


def _not_stated(group: Cells, name: str, known: NDArray[np.bool_]) -> tuple[Text, ...]:
    """Say how many of those above the line do not state a part, and in which domains nobody does."""
    lacking, total = int((group.inside & ~known).sum()), int(group.inside.sum())
    if not lacking:
        return ()
    word = WORDS.get(name, Text(en=name, zh=name))
    none = (group.rows() > 0) & (replace(group, code=np.where(known, group.code, -1)).rows() == 0)
    where = _notes.listed(group.keys.loc[none]) if none.any() else ""
    return (
        Text(
            en=f"{lacking:,} of {total:,} household-waves above the line do not state {word.en} and are left out of that share"
            + (f"; nobody does in: {where}" if where else ""),
            zh=f"贫困线以上{total:,}条户年记录中有{lacking:,}条未填报{word.zh}，不计入该项比例"
            + (f"；以下分组均未填报：{where}" if where else ""),
        ),
    )


def _among_unknown(panel: Panel, unknown: NDArray[np.bool_]) -> tuple[Text, ...]:
    count = int((unknown & panel.mask).sum())
    if not count:
        return ()
    return (
        Text(
            en=f"of {count:,} household-waves it is not known whether they belong to those examined: left out",
            zh=f"{count:,}条户年记录无法判断是否属于考察对象，未计入",
        ),
    )


def _counted_as_nothing(count: int, total: int) -> Text:
    return Text(
        en=f"{count:,} of {total:,} household-waves do not state a part of income: it counts as nothing, as asked",
        zh=f"{total:,}条户年记录中有{count:,}条未填报某项收入，按要求按零计",
    )


def _amounts_of(*, per_head: bool) -> Text:
    if per_head:
        return Text(en="parts of income are amounts per head", zh="各项收入按人均数计")
    return Text(
        en="parts of income are amounts of the household, divided by its size",
        zh="各项收入为户数额，按家庭人口数折算为人均",
    )


def _arithmetic() -> Text:
    return Text(
        en="arithmetic only: behaviour is held fixed; the share says on what an exit rests",
        zh="仅作算术剔除，不考虑行为反应；反映脱贫对该项收入的依赖",
    )
