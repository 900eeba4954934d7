"""What conditions of several families share: words of a column, ages, counts by household."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.rules.view import Codes, Flags, Floats, View

OUT_OF_SCHOOL = ("非在校生", "学龄前儿童", "学前教育", "学前", "无", "否", "不在校", "辍学", "失学")
"""Words of school attendance that do not mean a school."""
ABLE = ("普通劳动力", "技能劳动力")
"""Labour capacity of the able-bodied."""
UNABLE = ("丧失劳动力", "无劳动力")
"""No labour capacity."""


def among(view: View, name: str, *words: str) -> Flags:
    """Return rows whose word is one of some; missing is none.

    Parameters
    ----------
    view : View
    name : str
    *words : str
    """
    return view.among(name, *words)


def holding(view: View, name: str, *parts: str) -> Flags:
    """Return rows whose word contains one of some parts (several causes, several kinds of ill health)."""
    return view.says(name, *parts)


def known(view: View, name: str) -> Flags:
    """Return rows in which a cell is there."""
    return view.known(name)


def in_school(view: View) -> Flags:
    """Return members at school."""
    return known(view, "student") & ~among(view, "student", *OUT_OF_SCHOOL)


def out_of_compulsory_school(members: View) -> Flags:
    """Return members of the ages of compulsory school (7 to 15 at the end of the year) with a reason for being out of it."""
    reason = known(members, "dropout") & ~among(members, "dropout", "无", "否", "-")
    return reason & of_compulsory_age(members)


def of_compulsory_age(members: View) -> Flags:
    """Return members of 7 to 15 years at the end of the year: six-year-olds may begin a year later."""
    years = age(members)
    return np.asarray((years >= 7) & (years <= 15), dtype=bool)


def year_of(view: View) -> Floats:
    """Return the year each row describes: its wave, or the county's last wave for tables without one."""
    if view.has("wave"):
        return view.number("wave")
    waves = view.table("household").number("wave")
    last = np.nanmax(waves) if (~np.isnan(waves)).any() else np.nan
    return np.where(view.stays, last, np.nan)


def age(view: View) -> Floats:
    """Return completed years at the end of the year, from the date of birth; NaN where that is not known."""
    return np.floor((12 * year_of(view) + 11 - view.month("birth_date")) / 12)


def house(view: View) -> Codes:
    """Return the household (of the year, where the table has waves) of each member."""
    return view.group("household", "wave") if view.has("wave") else view.group("household")


def count_by(code: Codes, marks: Flags) -> Floats:
    """Return on every row how many marked rows its group has; 0 for rows without a group.

    >>> count_by(np.array([0, 0, 1, -1]), np.array([True, True, False, True])).tolist()
    [2.0, 2.0, 0.0, 0.0]
    """
    size = int(code.max(initial=-1)) + 1
    total = np.bincount(code[marks & (code >= 0)], minlength=max(size, 1)).astype(np.float64)
    return np.where(code >= 0, total[code], 0.0)


def first_of(code: Codes, marks: Flags) -> Flags:
    """Return the first marked row of each group.

    >>> first_of(np.array([0, 0, 1]), np.array([True, True, True])).tolist()
    [True, False, True]
    """
    out = np.zeros(len(code), dtype=bool)
    at = np.flatnonzero(marks & (code >= 0))
    out[at[np.unique(code[at], return_index=True)[1]]] = True
    return out


def several(view: View, outer: Codes, inner: Codes) -> Flags:
    """Return rows whose outer group holds more than one inner group; rows without either never.

    Parameters
    ----------
    view : View
        Only for its length.
    outer, inner : ndarray of int, shape (n,)
        −1 for none.
    """
    use = (outer >= 0) & (inner >= 0)
    width = int(inner.max(initial=0)) + 1
    pairs = pd.unique(outer[use] * width + inner[use])
    counts = np.bincount(pairs // width, minlength=max(int(outer.max(initial=-1)) + 1, 1))
    return np.asarray(use & (counts[outer] > 1) & view.stays, dtype=bool)


def largest(view: View, values: Floats) -> Floats:
    """Return on the rows of a table by household the largest value the household table ever has for it; NaN if none.

    Parameters
    ----------
    view : View
        A table with ``household``.
    values : ndarray, shape (household rows,)
    """
    return view.largest_of_household(values)
