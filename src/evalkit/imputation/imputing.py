"""`impute`: m completed panels, made when they are asked for, and one pooled estimate from them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.auxiliary import as_text
from evalkit.errors import EstimationError
from evalkit.estimate import Estimate
from evalkit.imputation.chain import Setting, complete, setting_of
from evalkit.imputation.drawing import Method
from evalkit.imputation.requests import FEWEST, Request, check_columns, request_of
from evalkit.panel import Panel
from evalkit.pooling import missing_information, pool
from evalkit.text import Text

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

CITATION = "van Buuren & Groothuis-Oudshoorn (2011), J. Statistical Software 45(3)"


@dataclass(frozen=True, eq=False)
class Part:
    """One county: its rows of the panel in the order of household and wave, request and setting."""

    county: str
    rows: Ints
    request: Request
    setting: Setting


@dataclass(frozen=True, eq=False)
class Imputations:
    """m completed panels; each is computed when asked for and then kept as its drawn values only.

    Attributes
    ----------
    panel : Panel
        With its missing values.
    columns : tuple of str
        Columns that are complete in every copy: those asked for and the sums that follow from them.
    m, seed, iterations : int
    method : {"pmm", "normal"}
    imputed, deduced : DataFrame of bool, n rows
        Cells that are drawn (or made of drawn parts), and cells that follow exactly from known ones.
    parts : tuple of Part
    """

    panel: Panel
    columns: tuple[str, ...]
    m: int
    seed: int
    iterations: int
    method: Method
    imputed: pd.DataFrame
    deduced: pd.DataFrame
    parts: tuple[Part, ...] = field(repr=False)
    _kept: dict[int, dict[str, Floats]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return self.m

    def __iter__(self) -> Iterator[Panel]:
        return (self.completed(j) for j in range(self.m))

    def completed(self, which: int) -> Panel:
        """Return one completed panel; the same bits whatever else was asked for before.

        Parameters
        ----------
        which : int
            0 … m - 1.

        Raises
        ------
        EstimationError
            There is no such imputation.
        """
        if not 0 <= which < self.m:
            msg = f"there is no imputation {which}; they are numbered 0 to {self.m - 1}"
            raise EstimationError(msg)
        if which not in self._kept:
            self._kept[which] = self._drawn(which)
        frame = self.panel.frame.copy(deep=False)
        for name, values in self._kept[which].items():
            change = (self.imputed[name] | self.deduced[name]).to_numpy()
            if change.any():
                frame[name] = _filled(frame[name], change, values)
        return replace(self.panel, frame=frame)

    def over(self, verb: Callable[[Panel], Estimate]) -> Estimate:
        """Return a figure pooled over the m panels by Rubin's rules, the imputed share among its notes.

        Parameters
        ----------
        verb : callable
            From a panel to an estimate: ``lambda p: mean(p, by="wave")``.

        Raises
        ------
        EstimationError
            The m estimates do not match (`evalkit.pooling.pool`).
        """
        return pool([verb(panel) for panel in self]).with_notes(*self.notes())

    def information(self, verb: Callable[[Panel], Estimate]) -> pd.DataFrame:
        """Return the fraction of missing information of a figure (`evalkit.pooling.missing_information`)."""
        return missing_information([verb(panel) for panel in self])

    def shares(self) -> pd.DataFrame:
        """Return by column, wave and county: ``rows, missing, deduced, imputed`` and ``share`` (imputed of rows)."""
        panel = self.panel
        keys = pd.DataFrame({"wave": panel.frame[panel.wave].to_numpy()})
        keys["county"] = as_text(panel.frame[panel.county]).to_numpy() if panel.county else "all"
        tables = []
        for name in self.columns:
            counts = keys.assign(
                rows=1, deduced=self.deduced[name].to_numpy(), imputed=self.imputed[name].to_numpy()
            )
            table = counts.groupby(["wave", "county"], as_index=False, sort=True).sum()
            table.insert(0, "column", name)
            table.insert(4, "missing", table["deduced"] + table["imputed"])
            tables.append(table.astype(dict.fromkeys(("rows", "missing", "deduced", "imputed"), "int64")))
        out = pd.concat(tables, ignore_index=True)
        return out.assign(share=out["imputed"] / out["rows"])

    def diagnostics(self) -> pd.DataFrame:
        """Return means and quartiles of observed values, and of values imputed in the first panel, by column."""
        first = self.completed(0).frame
        rows = []
        for name in self.columns:
            known = self.panel.frame[name].to_numpy(dtype=float, na_value=np.nan)
            new = first[name].to_numpy(dtype=float)[self.imputed[name].to_numpy()]
            for what, values in (("observed", known[~np.isnan(known)]), ("imputed", new)):
                if len(values):
                    rows.append(
                        [name, what, len(values), values.mean(), *np.quantile(values, [0.25, 0.5, 0.75])]
                    )
        return pd.DataFrame(rows, columns=["column", "values", "n", "mean", "p25", "median", "p75"])

    def notes(self) -> tuple[Text, ...]:
        """Return what tables print: how much is imputed, how, and what follows from what."""
        n = len(self.panel.frame)
        drawn = [c for c in self.columns if self.imputed[c].any()]
        en = ", ".join(f"{c} {self.imputed[c].sum() / n:.1%}" for c in drawn) or "nothing"
        zh = "、".join(f"{c} {self.imputed[c].sum() / n:.1%}" for c in drawn) or "无"
        notes = [
            Text(
                en=f"imputed share of {n:,} household-waves: {en}; {self.m} imputations by chained equations within "
                "counties, valid if what is missing depends on what is observed only",
                zh=f"{n:,}条户年记录的插补比例：{zh}；县内链式方程插补{self.m}次，前提是缺失仅取决于已观测信息",
            )
        ]
        sums = sorted({i.total for p in self.parts for i in p.request.identities})
        if sums:
            notes.append(
                Text(
                    en=f"sums are made of their parts, not imputed beside them: {', '.join(sums)}",
                    zh=f"合计项由分项推算，不单独插补：{'、'.join(sums)}",
                )
            )
        return tuple(notes)

    def _drawn(self, which: int) -> dict[str, Floats]:
        out = {c: np.full(len(self.panel.frame), np.nan) for c in self.columns}
        for part in self.parts:
            rng = np.random.default_rng([self.seed, which, _number(part.county)])
            cells, _ = complete(part.request, part.setting, rng, self.iterations, self.method)
            for name in self.columns:
                if name in part.request.filled:
                    out[name][part.rows] = cells[name]
        return out


def impute(
    panel: Panel,
    columns: Sequence[str],
    *,
    m: int = 20,
    seed: int,
    group: str | None = "village",
    iterations: int = 10,
    predictors: Sequence[str] = (),
    method: Method = "pmm",
) -> Imputations:
    """Impute missing items m times by chained equations, county by county.

    Numbers are drawn by predictive mean matching (a value observed in a similar household, of the same village
    where there are five near ones), yes/no marks from a Bayesian logit. Predictors are the other columns, the
    wave, size, log weight, the household's other waves, and those named. Amounts enter on the scale asinh(y / median).

    Parameters
    ----------
    panel : Panel
    columns : sequence of str
        Roles or columns with missing values. Income totals whose parts the panel has are made of the parts
        (`evalkit.imputation.identities`): the parts must then be asked for.
    m : int
        At least 20.
    seed : int
        The same seed gives the same bits for any order of rows and columns, and county by county.
    group : str, optional
        Role or column of the village; None for none.
    iterations : int
    predictors : sequence of str
        Complete numeric columns to predict from; name what the analysis will use.
    method : {"pmm", "normal"}
        ``normal`` draws from the linear model instead (amounts as they are).

    Returns
    -------
    Imputations

    Raises
    ------
    EstimationError
        m below 20, a column that is never imputed (registry status, exit, return, survey findings), a key or weight, a
        sum whose missing parts are not asked for, fewer than 20 observed values in a county.
    DataError
        A column is absent or holds text, or a predictor has missing values.

    Examples
    --------
    >>> frame = pd.DataFrame({"household": range(60), "wave": 2016, "income_pc": np.arange(60.0)})
    >>> frame.loc[[3, 7], "income_pc"] = np.nan
    >>> done = impute(Panel(frame, county=None), ["income_pc"], seed=1, group=None)
    >>> len(done), int(done.imputed["income_pc"].sum()), done.completed(0).frame["income_pc"].isna().any().item()
    (20, 2, False)
    """
    _check_numbers(m, iterations, method)
    asked = check_columns(panel, columns)
    if group == "village" and panel.village is None and "village" not in panel.frame:
        msg = "the panel has no village to look for donors in; name a column as group, or group=None"
        raise EstimationError(msg)
    more = tuple(sorted({panel.column(p) for p in predictors} - set(asked)))
    parts = tuple(_part(panel, asked, group, more, code) for code in panel_counties(panel))
    names = tuple(sorted({c for p in parts for c in p.request.filled}))
    blank = {name: np.zeros(len(panel.frame), dtype=bool) for name in names}
    imputed, deduced = (pd.DataFrame(blank, index=panel.frame.index) for _ in range(2))
    for part in parts:
        for name in part.request.filled:
            lacks = panel.frame[name].isna().to_numpy()[part.rows]
            exact = part.request.deduced[name]
            for table, marks in ((deduced, exact), (imputed, lacks & ~exact & ~part.request.stays[name])):
                column = table[name].to_numpy(copy=True)
                column[part.rows] = marks
                table[name] = column
    return Imputations(panel, names, m, seed, iterations, method, imputed, deduced, parts)


def panel_counties(panel: Panel) -> list[str]:
    """Return the counties of all rows in ascending order, ``all`` where the panel has none."""
    return sorted(set(as_text(panel.frame[panel.county]))) if panel.county else ["all"]


def _part(
    panel: Panel, asked: tuple[str, ...], group: str | None, predictors: tuple[str, ...], code: str
) -> Part:
    frame = panel.frame
    inside = (
        (as_text(frame[panel.county]) == code).to_numpy() if panel.county else np.ones(len(frame), dtype=bool)
    )
    rows = np.flatnonzero(inside)
    household = as_text(frame[panel.household]).to_numpy()[rows]
    order = np.lexsort((frame[panel.wave].to_numpy(dtype=float)[rows], household.astype(str)))
    rows = rows[order]
    own = frame.iloc[rows]
    where = f"county {code}" if panel.county else "the data"
    return Part(code, rows, request_of(panel, own, asked, where), setting_of(panel, own, group, predictors))


def _check_numbers(m: int, iterations: int, method: Method) -> None:
    if m < FEWEST:
        msg = f"m = {m} imputations are too few for stable intervals; at least {FEWEST} (imputation.m in the plan)"
        raise EstimationError(msg)
    if iterations < 1:
        msg = f"chained equations need at least one round, got iterations={iterations}"
        raise EstimationError(msg)
    if method not in ("pmm", "normal"):
        msg = f"method is 'pmm' or 'normal', not {method!r}"
        raise EstimationError(msg)


def _number(code: str) -> int:
    return int.from_bytes(hashlib.sha256(code.encode()).digest()[:8], "big")


def _filled(column: pd.Series, change: NDArray[np.bool_], values: Floats) -> pd.Series:
    """Return the column with new values, of its own type where that can hold them."""
    out = column.copy()
    new = values[change]
    if pd.api.types.is_bool_dtype(column.dtype):
        out[change] = new.astype(bool)
    elif pd.api.types.is_integer_dtype(column.dtype):
        whole = bool((new == np.round(new)).all())
        out = out if whole else out.astype("Float64")
        out[change] = new.astype("int64") if whole else new
    elif pd.api.types.is_numeric_dtype(column.dtype):
        out[change] = new
    else:
        out = pd.Series(np.where(change, values, pd.to_numeric(column)), index=column.index, name=column.name)
    return out
