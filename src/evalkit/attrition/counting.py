"""The attrition table: households at baseline, still there, away, returned, left and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.attrition.presence import REASONS, Presence, presence
from evalkit.auxiliary import as_text
from evalkit.errors import EstimationError
from evalkit.measures.poverty import is_poor
from evalkit.panel import Panel

ALL = "all"
POOR = "poor"
"""Key of `attrition_table` that is no column: poor or not at baseline."""
COUNTS = ("baseline", "present", "returned", "away", "left", *(f"left_{r}" for r in REASONS), "left_unknown")


@dataclass(frozen=True)
class Pattern:
    """How households come and go.

    Attributes
    ----------
    baseline : int
        First wave.
    households : int
        Seen at baseline.
    complete : int
        Of these, seen in every wave.
    left : int
        Of these, seen without a gap until they left for good.
    with_gaps : int
        Of these, unseen in some wave and seen again later.
    joined : int
        First seen after baseline.
    joined_with_gaps : int
    """

    baseline: int
    households: int
    complete: int
    left: int
    with_gaps: int
    joined: int
    joined_with_gaps: int

    @property
    def monotone(self) -> bool:
        """Whether nobody ever returns: who is gone stays gone."""
        return self.with_gaps + self.joined_with_gaps == 0


def attrition_pattern(panel: Panel) -> Pattern:
    """Return how households come and go.

    Raises
    ------
    EstimationError
        The panel has one wave.

    Examples
    --------
    >>> frame = pd.DataFrame({"household": list("aabbc"), "wave": [1, 2, 1, 3, 3], "income_pc": 1.0})
    >>> p = attrition_pattern(Panel(frame, county=None))
    >>> p.households, p.complete, p.left, p.with_gaps, p.joined, p.monotone
    (2, 0, 1, 1, 1, False)
    """
    there = presence(panel)
    base = there.seen[:, 0]
    steps = np.arange(len(there.waves))
    inside = (steps >= there.first[:, None]) & (steps <= there.last[:, None])
    gaps = (inside & ~there.seen).any(axis=1)
    complete = there.seen.all(axis=1)
    return Pattern(
        baseline=there.waves[0],
        households=int(base.sum()),
        complete=int(complete.sum()),
        left=int((base & ~gaps & ~complete).sum()),
        with_gaps=int((base & gaps).sum()),
        joined=int((~base).sum()),
        joined_with_gaps=int((~base & gaps).sum()),
    )


def attrition_table(
    panel: Panel, by: str | Sequence[str] | None = None, *, events: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return what became of the households of the first wave, wave by wave.

    Parameters
    ----------
    panel : Panel
    by : str or sequence of str, optional
        Roles or columns read at baseline, or ``poor`` (below the line at baseline). By default the registry
        status where the panel has one (column ``status``), else ``poor`` where it has lines, else nothing; an empty
        sequence asks for nothing. A row ``all`` stands first in any case.
    events : DataFrame, optional
        Why households left: ``household``, ``kind`` (``died``, ``moved``, ``merged``, ``refused``), ``date``.

    Returns
    -------
    DataFrame
        Keys ``wave`` and `by`; counts of households ``baseline``, ``present`` (of these ``returned``: unseen in between),
        ``away`` (unseen, seen again later), ``left`` (never seen again, by reason ``left_…``), and the persons of the
        same households at baseline (``…_persons``); ``share_present`` of the households. baseline = present +
        away + left. Counts are of the sample, without weights.

    Raises
    ------
    EstimationError
        The panel has one wave.
    DataError
        A column is absent.

    Examples
    --------
    >>> frame = pd.DataFrame({"household": list("aabbc"), "wave": [1, 2, 1, 3, 1], "income_pc": 1.0})
    >>> table = attrition_table(Panel(frame, county=None))
    >>> table[["wave", "baseline", "present", "returned", "away", "left"]].to_numpy(dtype=int).tolist()
    [[1, 3, 3, 0, 0, 0], [2, 3, 1, 0, 1, 1], [3, 3, 1, 1, 0, 2]]
    """
    names = _keys(panel, by)
    there = presence(panel, events)
    base = np.flatnonzero(there.seen[:, 0])
    rows = there.row[base, 0]
    persons = panel.persons()[rows]
    groups = _groups(panel, rows, names)
    parts = []
    for t, wave in enumerate(there.waves):
        marks = _marks(there, base, t)
        households = pd.DataFrame({n: marks[n].astype("int64") for n in COUNTS})
        heads = pd.DataFrame({f"{n}_persons": marks[n] * persons for n in ("baseline", "present", "left")})
        counts = pd.concat([households, heads], axis=1)
        total = counts.sum().to_frame().T
        for name in reversed(names):
            total.insert(0, name, ALL)
        if names:
            total = pd.concat([total, _by_group(counts, groups, names)], ignore_index=True)
        total.insert(0, "wave", wave)
        parts.append(total)
    out = pd.concat(parts, ignore_index=True)
    whole = panel.size is None or bool((persons == np.round(persons)).all())
    kinds: dict[str, str] = dict.fromkeys(COUNTS, "int64")
    kinds |= {c: "int64" if whole else "float64" for c in out.columns if str(c).endswith("_persons")}
    out = out.astype(kinds)
    out["share_present"] = out["present"] / out["baseline"]
    return out


def _keys(panel: Panel, by: str | Sequence[str] | None) -> list[str]:
    if by is not None:
        return [by] if isinstance(by, str) else list(by)
    if "status" in panel.frame and panel.frame["status"].notna().any():
        return ["status"]
    return [POOR] if panel.lines else []


def _groups(panel: Panel, rows: NDArray[np.intp], names: list[str]) -> pd.DataFrame:
    out = {}
    for name in names:
        if name == POOR and POOR not in panel.frame:
            out[name] = _poor(panel, rows)
        else:
            values = as_text(panel.frame[panel.column(name)].iloc[rows])
            out[name] = values.replace("", "unknown").to_numpy()
    return pd.DataFrame(out, index=range(len(rows)))


def _poor(panel: Panel, rows: NDArray[np.intp]) -> NDArray[np.object_]:
    if not panel.lines:
        msg = "by='poor' needs a poverty line; give the panel its lines, or name a column"
        raise EstimationError(msg)
    welfare = panel.values("welfare")[rows]
    line = np.array([panel.lines[w] for w in panel.frame[panel.wave].iloc[rows].astype(int)], dtype=float)
    poor = is_poor(welfare, line, at_line=panel.poor_at_line)
    return np.where(np.isnan(poor), "unknown", np.where(poor == 1, "poor", "not_poor")).astype(object)


def _marks(there: Presence, base: NDArray[np.intp], t: int) -> dict[str, NDArray[np.bool_]]:
    seen = there.seen[base, t]
    left = there.last[base] < t
    out = {
        "baseline": np.ones(len(base), dtype=bool),
        "present": seen,
        "returned": seen & there.gap_before[base, t],
        "away": ~seen & ~left,
        "left": left,
    }
    for reason in (*REASONS, "unknown"):
        out[f"left_{reason}"] = left & (there.reason[base] == reason)
    return out


def _by_group(counts: pd.DataFrame, groups: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    joined = pd.concat([groups, counts], axis=1)
    return joined.groupby(names, sort=True, as_index=False).sum()
