"""Income of village collectives (村集体经济收入) by wave: its amount, where it comes from, and the province's figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.errors import DataError, PlanError
from evalkit.exits import readings as say
from evalkit.exits.readings import Floats, Words
from evalkit.standards import Standard
from evalkit.text import Text

AMOUNT = "collective_income"
"""Column of the amount, and name of the requirement."""
PARTS: dict[str, Text] = {
    "lease": Text(en="leases", zh="租赁承包"),
    "dividend": Text(en="dividends", zh="入股分红"),
    "subsidy": Text(en="subsidies", zh="财政补助"),
    "operation": Text(en="own operation", zh="自主经营"),
    "other": Text(en="other", zh="其他"),
}
"""Sources of collective income."""
TOLERANCE = 1.0
"""Currency units by which the sum of the parts may differ from the amount."""


@dataclass(frozen=True, eq=False)
class CollectiveIncome:
    """Collective income of villages.

    Parameters
    ----------
    frame : DataFrame
        One row a village and wave: county, village, wave (where the table has one), amount, limit (the province's figure; missing
        where the rules give none), reading (meets, fails, not_shown), evidence (the amount as printed), for each part given
        ``<part>`` (currency) and ``<part>_share`` of the amount, and, with subsidies, earned (amount less subsidies) and
        reading_earned (the same figure held against that); adds_up (whether the parts sum to the amount; missing where a part
        is).
    by_wave : DataFrame
        One row a wave: villages, known, none (villages whose amount is 0), meets, fails, not_shown, total, median, and for each
        part ``<part>_share`` of the total of the villages that state every part.
    notes : tuple of Text
    """

    key_columns: ClassVar[tuple[str, ...]] = ("county", "village", "wave")

    frame: pd.DataFrame
    by_wave: pd.DataFrame
    notes: tuple[Text, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)

    def tidy(self) -> pd.DataFrame:
        """Return the frame."""
        return self.frame.copy()


def collective_income(
    villages: pd.DataFrame,
    standard: Standard | None = None,
    *,
    limits: Mapping[str, float] | None = None,
    parts: Mapping[str, str] | None = None,
) -> CollectiveIncome:
    """Return villages' collective income against the figure of their province.

    Parameters
    ----------
    villages : DataFrame
        One row a village (and wave): county, village, optionally wave, collective_income (0 where there is none, blank where
        it is not known) and the columns of `parts`.
    standard : Standard, optional
        Its figure for ``collective_income``: of the province (``village_overrides``), else of ``village_exit``.
    limits : mapping of str to float, optional
        Province (two digits) → figure, before that of the standard.
    parts : mapping of str to str, optional
        Part (`PARTS`) → column. Subsidies are support, not income that the village earns: the amount without them is held
        against the figure, too, and printed beside.

    Returns
    -------
    CollectiveIncome
        Counted in the table as it is, not weighted. A village without a figure of its province shows nothing.

    Raises
    ------
    DataError
        Columns absent, villages repeated within a wave, negative amounts.
    PlanError
        A part that is not known.
    """
    given = dict(parts or {})
    odd = [p for p in given if p not in PARTS]
    if odd:
        msg = f"collective income has no part {', '.join(odd)}; known: {', '.join(PARTS)}"
        raise PlanError(msg)
    frame = _read(villages, list(given.values()))
    amount = _amount(frame, AMOUNT)
    limit, sources = _limits(frame["county"], standard, limits or {})
    keys = ["county", "village", *(["wave"] if "wave" in frame else [])]
    out = frame[keys].copy()
    out["amount"], out["limit"] = amount, limit
    out["reading"] = pd.Series(_reading(amount, limit), dtype="str")
    out["evidence"] = pd.Series([say.figure(a) for a in amount], dtype="str")
    _add_parts(out, {p: _amount(frame, c) for p, c in given.items()})
    notes = (*_notes(out, given), *sources)
    return CollectiveIncome(out, _by_wave(out, list(given)), notes)


def _read(villages: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    absent = [c for c in ("county", "village", AMOUNT, *columns) if c not in villages]
    if absent:
        msg = f"the village table lacks {', '.join(absent)}; rename the columns or map them in plan.data"
        raise DataError(msg)
    keys = ["village", *(["wave"] if "wave" in villages else [])]
    frame = villages.reset_index(drop=True)
    bad = frame[["county", *keys]].isna().any(axis=1) | frame.duplicated(keys, keep=False)
    if bad.any():
        first = frame.loc[bad, "village"].iloc[0]
        msg = (
            f"{int(bad.sum())} of {len(frame)} rows of the village table have no code or wave, or repeat a village (first: "
            f"{first}); keep one row a village and wave"
        )
        raise DataError(msg, rows=frame.loc[bad])
    frame = frame.assign(county=frame["county"].astype("str"), village=frame["village"].astype("str"))
    return frame.sort_values(["county", *keys], ignore_index=True)


def _amount(frame: pd.DataFrame, column: str) -> Floats:
    out = say.amounts(frame[column], column)
    bad = out < 0
    if bad.any():
        first = frame.loc[bad, "village"].iloc[0]
        msg = f"{int(bad.sum())} of {len(frame)} rows have a negative {column} (first: village {first}); mend the data"
        raise DataError(msg, rows=frame.loc[bad])
    return out


def _limits(
    counties: pd.Series, standard: Standard | None, limits: Mapping[str, float]
) -> tuple[Floats, tuple[Text, ...]]:
    """Return the figure of each row's province, and where figures of the standard come from."""
    found: dict[str, float] = {}
    notes: list[Text] = []
    for province in sorted({c[:2] for c in counties}):
        value, said = (limits[province], ()) if province in limits else _of_standard(standard, province)
        found[province] = value
        notes.extend(said)
    return np.array([found[c[:2]] for c in counties], dtype=float), tuple(notes)


def _of_standard(standard: Standard | None, province: str) -> tuple[float, tuple[Text, ...]]:
    if standard is None:
        return np.nan, ()
    value = standard.village_figure(AMOUNT, province=province)
    return (np.nan, ()) if value is None else (value.value, (value.note,))


def _reading(amount: Floats, limit: Floats) -> Words:
    unknown = np.isnan(amount) | np.isnan(limit)
    return say.read(np.where(unknown, np.nan, (amount >= limit).astype(float)))


def _add_parts(out: pd.DataFrame, parts: Mapping[str, Floats]) -> None:
    """Add what each part gives, and whether the parts add up to the amount."""
    if not parts:
        return
    amount = out["amount"].to_numpy(dtype=float)
    for name, value in parts.items():
        out[name] = value
        out[f"{name}_share"] = np.divide(value, amount, out=np.full(len(out), np.nan), where=amount > 0)
    gap = np.abs(np.sum(list(parts.values()), axis=0) - amount)
    out["adds_up"] = pd.array([None if np.isnan(g) else bool(g <= TOLERANCE) for g in gap], dtype="boolean")
    if "subsidy" in parts:
        out["earned"] = amount - parts["subsidy"]
        earned = _reading(out["earned"].to_numpy(dtype=float), out["limit"].to_numpy(dtype=float))
        out["reading_earned"] = pd.Series(earned, dtype="str")


def _by_wave(frame: pd.DataFrame, parts: list[str]) -> pd.DataFrame:
    rows = []
    groups = frame.groupby("wave", sort=True) if "wave" in frame else [("", frame)]
    for wave, part in groups:
        amount = part["amount"]
        row: dict[str, object] = {"wave": wave} if "wave" in frame else {}
        row |= {"villages": len(part), "known": int(amount.notna().sum()), "none": int((amount == 0).sum())}
        row |= {r: int((part["reading"] == r).sum()) for r in say.READINGS}
        row |= {"total": float(amount.sum()), "median": float(amount.median())}
        whole = part[[*parts, "amount"]].notna().all(axis=1)
        total = float(amount[whole].sum())
        row |= {f"{p}_share": float(part.loc[whole, p].sum()) / total if total > 0 else np.nan for p in parts}
        rows.append(row)
    return pd.DataFrame(rows)


def _notes(frame: pd.DataFrame, parts: Mapping[str, str]) -> tuple[Text, ...]:
    out = [Text(en="counted in the village table, not weighted", zh="按村表登记数计，未加权")]
    without = int(frame["limit"].isna().sum())
    if without:
        out.append(
            Text(
                en=f"the rules give no figure for {without:,} of {len(frame):,} villages (village-years): amounts are printed, "
                "nothing is judged",
                zh=f"{len(frame):,}个村（年）中有{without:,}个没有数值标准，只列数额、不作判定",
            )
        )
    if not parts:
        out.append(
            Text(
                en="where the income comes from is not in the data: leases, dividends and subsidies cannot be told apart",
                zh="数据未区分收入来源：租赁、分红与财政补助无法分开",
            )
        )
        return tuple(out)
    wrong = int((~frame["adds_up"].fillna(value=True).astype(bool)).sum())
    if wrong:
        out.append(
            Text(
                en=f"in {wrong:,} of {len(frame):,} village-years the stated parts do not add up to the amount",
                zh=f"{len(frame):,}个村年中有{wrong:,}个各项来源之和与总额不符",
            )
        )
    return tuple(out)
