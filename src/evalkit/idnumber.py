"""Resident id numbers (GB 11643-1999): check digit, validity, sex and date of birth, on whole columns.

Numbers are text. Accepted shapes: 18 characters; 15 digits (before 1999: two-digit year, no check
digit); 20 or 22 characters (a disability card: the resident number, then type, level and reissue).
Everything else, and everything with an impossible date, is not a number.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

WEIGHTS: tuple[int, ...] = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""Weights of the first 17 digits (GB 11643-1999, from ISO 7064 MOD 11-2)."""
CHECK: str = "10X98765432"
"""Check characters by the weighted sum modulo 11."""


def check_index(digits: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the weighted sum modulo 11 of rows of 17 digits; an index into `CHECK`.

    Parameters
    ----------
    digits : int array, shape (n, 17)

    Returns
    -------
    int array, shape (n,)

    Examples
    --------
    A number of an unassigned area:

    >>> CHECK[check_index(np.array([[int(c) for c in "99010619491231002"]]))[0]]
    'X'
    """
    return np.asarray(digits @ np.asarray(WEIGHTS, dtype=np.int64) % 11, dtype=np.int64)


def check_digit(first17: pd.Series[str]) -> pd.Series[str]:
    """Return the check character of numbers given by their first 17 digits.

    Parameters
    ----------
    first17 : Series of str, shape (n,)
        Longer text is cut to its first 17 characters.

    Returns
    -------
    Series of str, shape (n,)
        ``0``-``9`` or ``X``; missing where the first 17 characters are not 17 ASCII digits.

    Examples
    --------
    >>> check_digit(pd.Series(["99010619491231002", "99021918800101001", "1101"])).tolist()
    ['X', '4', nan]
    """
    head = first17.astype("str").str.slice(0, 17)
    good = head.str.fullmatch(r"[0-9]{17}").fillna(value=False).to_numpy(dtype=bool)
    out = np.full(len(head), None, dtype=object)
    if good.any():
        out[good] = np.array(list(CHECK), dtype=object)[check_index(_digits(head[good]))]
    return pd.Series(out, index=first17.index, dtype="str", name=first17.name)


def resident_number(ids: pd.Series[str]) -> pd.Series[str]:
    """Return the 18-character form: 15-digit numbers expanded, disability cards cut, ``x`` raised.

    Parameters
    ----------
    ids : Series of str, shape (n,)

    Returns
    -------
    Series of str, shape (n,)
        Text of any other shape is missing. The check character is not examined.

    Examples
    --------
    >>> resident_number(pd.Series(["990106491231002", "99010619491231002x44", "7"])).tolist()
    ['99010619491231002X', '99010619491231002X', nan]
    """
    text = ids.astype("str").str.upper()
    old = text.str.fullmatch(r"[0-9]{15}").fillna(value=False)
    new = text.str.fullmatch(r"[0-9]{17}[0-9X](?:[0-9]{2}|[0-9]{4})?").fillna(value=False)
    first17 = text.str.slice(0, 6) + "19" + text.str.slice(6, 15)
    expanded = first17 + check_digit(first17.where(old))
    return text.str.slice(0, 18).where(new, expanded.where(old))


def birth_of(ids: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    """Return the date of birth in digits 7-14.

    Parameters
    ----------
    ids : Series of str, shape (n,)

    Returns
    -------
    Series of datetime64, shape (n,)
        Missing where the text is not a number or the date does not exist.

    Examples
    --------
    >>> birth_of(pd.Series(["99010619491231002X", "990106194902310025"])).dt.strftime("%Y-%m-%d").tolist()
    ['1949-12-31', nan]
    """
    digits = resident_number(ids).str.slice(6, 14)
    return pd.to_datetime(digits, format="%Y%m%d", errors="coerce")


def sex_of(ids: pd.Series[str]) -> pd.Series[str]:
    """Return 男 (digit 17 odd) or 女 (even).

    Parameters
    ----------
    ids : Series of str, shape (n,)

    Returns
    -------
    Series of str, shape (n,)
        Missing where the text is not a number.

    Examples
    --------
    >>> sex_of(pd.Series(["99010619491231002X", "990106491231003", ""])).tolist()
    ['女', '男', nan]
    """
    digit = pd.to_numeric(resident_number(ids).str.slice(16, 17))
    return (digit % 2).map({0.0: "女", 1.0: "男"}).astype("str")


def is_valid(ids: pd.Series[str]) -> pd.Series[bool]:
    """Tell whether the number has a legal shape, an existing date and the right check character.

    The area code is not looked up: codes are those in force when the number was issued, so a retired
    or unassigned area code does not make a number wrong.

    Parameters
    ----------
    ids : Series of str, shape (n,)

    Returns
    -------
    Series of bool, shape (n,)
        Missing text is not valid.

    Examples
    --------
    >>> is_valid(pd.Series(["99010619491231002X", "990219188001010014", "990106194912310021", None])).tolist()
    [True, True, False, False]
    """
    number = resident_number(ids)
    right = (number.str.slice(17, 18) == check_digit(number)).fillna(value=False)
    return (right & birth_of(number).notna()).astype(bool)


def _digits(text: pd.Series[str]) -> npt.NDArray[np.int64]:
    """Split a column of 17-digit text into an (n, 17) array."""
    codes = np.ascontiguousarray(text.to_numpy(dtype="U17")).view(np.uint32).reshape(len(text), 17)
    return codes.astype(np.int64) - ord("0")
