"""Words that are missing for some rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def or_missing(known: npt.NDArray[np.bool_], words: npt.ArrayLike) -> npt.NDArray[np.object_]:
    """Return words where they are known, None elsewhere.

    Parameters
    ----------
    known : bool array, shape (n,)
    words : str or array of str, shape (n,)

    Returns
    -------
    object array, shape (n,)

    Examples
    --------
    >>> or_missing(np.array([True, False]), "a").tolist()
    ['a', None]
    """
    out = np.full(known.shape, None, dtype=object)
    out[known] = np.broadcast_to(np.asarray(words, dtype=object), known.shape)[known]
    return out
