"""Equivalised welfare: a household's resources over the needs of its members, where living together saves."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from evalkit.design import Floats
from evalkit.errors import DataError, EstimationError
from evalkit.panel import Panel

Scale = Literal["square_root", "oecd_modified", "power"]


def equivalised(
    panel: Panel, *, scale: Scale = "square_root", children: str | None = None, elasticity: float = 0.5
) -> Panel:
    """Return the panel with welfare per equivalent adult in place of welfare per head.

    Parameters
    ----------
    panel : Panel
        With welfare per head and the household size.
    scale : {"square_root", "oecd_modified", "power"}
        Equivalent adults of a household of size m: √m; 1 + 0.5 (further adults) + 0.3 (children); m to the power
        `elasticity`.
    children : str, optional
        ``oecd_modified``: column of members under 14.
    elasticity : float
        ``power``: 1 is per head, 0 the whole household's income.

    Returns
    -------
    Panel
        Its welfare is the column ``<welfare>_equivalised``: welfare per head × m / equivalent adults. Persons are still
        counted by size. Poverty lines per head do not belong to it: pass a line for a one-adult household.

    Raises
    ------
    DataError
        No household size, the column of children is absent, or children are not fewer than members.
    EstimationError
        An unknown scale, ``oecd_modified`` without children, or an elasticity outside 0 to 1.

    References
    ----------
    Buhmann, Rainwater, Schmaus & Smeeding (1988), Review of Income and Wealth 34, 115-142; Hagenaars, de Vos & Zaidi
    (1994), Poverty Statistics in the Late 1980s (OECD-modified scale).
    """
    if panel.size is None:
        msg = "equivalised welfare needs the household size; give the panel its size column"
        raise DataError(msg)
    size = panel.values("size")
    column = f"{panel.welfare}_equivalised"
    value = panel.values("welfare") * size / _adults(panel, size, scale, children, elasticity)
    return replace(panel, frame=panel.frame.assign(**{column: value}), welfare=column, lines=None)


def _adults(panel: Panel, size: Floats, scale: Scale, children: str | None, elasticity: float) -> Floats:
    if scale == "square_root":
        return np.asarray(np.sqrt(size), dtype=float)
    if scale == "power":
        if not 0 <= elasticity <= 1:
            msg = f"the elasticity of the scale lies between 0 and 1, got {elasticity:g}"
            raise EstimationError(msg)
        return np.asarray(size**elasticity, dtype=float)
    if scale != "oecd_modified":
        msg = f"scale is 'square_root', 'oecd_modified' or 'power', not {scale!r}"
        raise EstimationError(msg)
    if children is None:
        msg = "the OECD-modified scale needs children=, the column of members under 14"
        raise EstimationError(msg)
    young = panel.values(children)
    odd = panel.mask & ((young < 0) | (young >= size))
    if odd.any():
        msg = (
            f"{int(odd.sum())} of {int(panel.mask.sum())} household-waves have as many children ({children!r}) as members, or "
            "fewer than none; mend the column"
        )
        raise DataError(msg, panel.frame.loc[odd])
    return np.asarray(1 + 0.5 * (size - young - 1) + 0.3 * young, dtype=float)
