"""The same villages visited again: rates of both visits, and their change with the covariance between the visits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.errors import DataError, DesignError
from evalkit.estimate import Estimate
from evalkit.exits.identifying import PRIOR_DEFF
from evalkit.measures.basic import proportion
from evalkit.panel import Panel
from evalkit.text import Text


@dataclass(frozen=True)
class Followed:
    """A rate that is followed from visit to visit.

    Parameters
    ----------
    condition : str
        Yes/no column or condition.
    among : str
        Condition of those who count (``"survey_group == 'exited'"``); everybody when empty.
    """

    condition: str
    among: str = ""


@dataclass(frozen=True, eq=False)
class Revisit:
    """Two visits to the same villages.

    Parameters
    ----------
    table : DataFrame
        One row a rate: rate, first and second (the rate at each visit), change, std_error, conf_low, conf_high, p_value (two-sided,
        for no change; missing for `edges`), df, first_households, second_households, villages, correlation (of the two visits'
        errors).
    rates : mapping of str to Estimate
        Rate → both visits, key ``wave``, with their covariance.
    changes : mapping of str to Estimate
        Rate → second less first.
    villages : DataFrame
        One row a village: village, first and second (households at each visit), visited (both, first, second).
    notes : tuple of Text
    edges : tuple of str
        Rates that are 0 or 1 at a visit, whose change has limits from those of the visits.
    """

    key_columns: ClassVar[tuple[str, ...]] = ("rate",)

    table: pd.DataFrame
    rates: Mapping[str, Estimate]
    changes: Mapping[str, Estimate]
    villages: pd.DataFrame
    notes: tuple[Text, ...] = ()
    edges: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.table)

    def tidy(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()


def revisit(panel: Panel, rates: Mapping[str, Followed], *, first: int, second: int) -> Revisit:
    """Return how rates changed between two visits to the same villages.

    Parameters
    ----------
    panel : Panel
        Households of both visits (waves), whose design has the village (or a larger unit) as its first stage. The households
        need not be the same ones.
    rates : mapping of str to Followed
    first, second : int
        Waves of the visits.

    Returns
    -------
    Revisit
        Shares of persons (of households where the panel has no size) in the villages that both visits saw. Var(change) =
        Var(first) + Var(second) - 2 Cov, the covariance being that of the villages' totals at the two visits. A rate of 0
        or 1 has no variance to estimate: the limits of its change come from Korn & Graubard's limits of the two visits by
        MOVER, without correlation, and no test is given.

    Raises
    ------
    DataError
        The panel has no village, no wave of a visit, or no village that both visits saw.
    DesignError
        The sampling units are finer than villages: two visits to one village would count as independent.

    References
    ----------
    Kish (1965), Survey Sampling, 12.4; Korn & Graubard (1998), Survey Methodology 24, 193-201; Zou & Donner (2008), Statistics in
    Medicine 27, 1693-1702.
    """
    if not rates:
        msg = "revisit needs at least one rate, {'missed': Followed(\"missed\", \"survey_group == 'unregistered'\")}"
        raise DataError(msg)
    villages = _villages(panel, first, second)
    both = villages.loc[villages["visited"] == "both", "village"]
    _coarse_enough(panel)
    rows = panel.mask & panel.frame[panel.wave].astype(int).isin([first, second]).to_numpy()
    rows &= panel.frame[panel.village].astype("str").isin(both).to_numpy()
    here = replace(panel, frame=panel.frame.loc[rows], inside=None)
    found, changes, lines, edges = {}, {}, [], []
    for name, rate in rates.items():
        among = here.where(rate.among) if rate.among else here
        estimate = proportion(among, rate.condition, by="wave")
        seen = set(estimate.keys["wave"].astype(int))
        if not {first, second} <= seen:
            msg = f"rate {name!r} has no household to count among in {', '.join(str(w) for w in (first, second) if w not in seen)}"
            raise DataError(msg)
        found[name] = estimate
        changes[name] = estimate.difference("wave", first, second)
        lines.append(_line(name, estimate, changes[name], len(both)))
        if not panel.design.census and np.isin(estimate.values, (0.0, 1.0)).any():
            edges.append(name)
            lines[-1] |= _edge_limits(estimate)
    notes = _notes(panel, villages, edges, (first, second), _repeated(here, first, second))
    return Revisit(pd.DataFrame(lines), found, changes, villages, notes, tuple(edges))


def _villages(panel: Panel, first: int, second: int) -> pd.DataFrame:
    """Return the villages of either visit, and in which they were seen."""
    if panel.village is None:
        msg = "revisit needs the village of each household; give the panel its village column"
        raise DataError(msg)
    absent = [w for w in (first, second) if w not in panel.waves]
    if absent or first >= second:
        msg = f"revisit compares two waves of the panel in their order, got {first} and {second}; it has {', '.join(map(str, panel.waves))}"
        raise DataError(msg)
    rows = panel.frame[panel.mask]
    waves = rows[panel.wave].astype(int)
    count = pd.crosstab(rows[panel.village].astype("str"), waves).reindex(
        columns=[first, second], fill_value=0
    )
    count = count[(count > 0).any(axis=1)]
    out = pd.DataFrame(
        {
            "village": count.index.astype("str"),
            "first": count[first].to_numpy(),
            "second": count[second].to_numpy(),
        }
    )
    out["visited"] = np.select([out["second"] == 0, out["first"] == 0], ["first", "second"], "both")
    out = out.astype({"visited": "str"}).sort_values("village", ignore_index=True)
    if not (out["visited"] == "both").any():
        msg = f"none of {len(out)} villages was seen at both visits ({first}, {second}); check the village codes"
        raise DataError(msg)
    return out


def _coarse_enough(panel: Panel) -> None:
    """Raise where a village holds several sampling units."""
    stages = panel.design.stages
    unit = stages[0] if stages else panel.household
    within = panel.frame.groupby(panel.village)[unit].nunique()
    split = int((within > 1).sum())
    if split and not panel.design.census:
        msg = (
            f"the first sampling unit is {unit!r}, of which {split} of {len(within)} villages hold several: two visits to one "
            "village would count as independent. Declare the village as sampling unit (design.psu: village)"
        )
        raise DesignError(msg)


def _repeated(panel: Panel, first: int, second: int) -> int:
    """Return the number of households seen at both visits."""
    waves = panel.frame[panel.wave].astype(int)
    names = panel.frame[panel.household].astype("str")
    return len(set(names[waves == first]) & set(names[waves == second]))


def _line(name: str, rates: Estimate, change: Estimate, villages: int) -> dict[str, object]:
    told = change.tidy().iloc[0]
    errors = rates.std_error
    scale = float(errors[0] * errors[1])
    return (
        {"rate": name, "first": float(rates.values[0]), "second": float(rates.values[1])}
        | {"change": told["estimate"]}
        | {c: told[c] for c in ("std_error", "conf_low", "conf_high", "p_value", "df")}
        | {"first_households": int(rates.n[0]), "second_households": int(rates.n[1]), "villages": villages}
        | {"correlation": float(rates.cov[0, 1]) / scale if scale > 0 else np.nan}
    )


def _edge_limits(rates: Estimate) -> dict[str, float]:
    """Return limits of the change from those of both visits, as if these were independent.

    (l, u) = d - √((p₂ - l₂)² + (u₁ - p₁)²), d + √((u₂ - p₂)² + (p₁ - l₁)²) with d = p₂ - p₁.
    """
    ends = replace(rates, about=replace(rates.about, prior_deff=PRIOR_DEFF)).confint()
    p, low, high = rates.values, ends.low, ends.high
    change = float(p[1] - p[0])
    down, up = np.hypot(p[1] - low[1], high[0] - p[0]), np.hypot(high[1] - p[1], p[0] - low[0])
    return {"conf_low": change - float(down), "conf_high": change + float(up), "p_value": np.nan}


def edge_note(names: Sequence[Text]) -> Text:
    """Say how limits come about where a rate is 0 or 1."""
    return Text(
        en="a rate of 0 or 1 has no sampling variance to estimate: the limits of its change come from those of the two visits, as if these were "
        f"independent (MOVER), and no test is given: {', '.join(n.en for n in names)}",
        zh="比率为0或1时无法估计抽样方差，其变化的区间由两次走访各自的置信限合成（MOVER，视两次为独立），不作检验："
        f"{'、'.join(n.zh for n in names)}",
    )


def _notes(
    panel: Panel, villages: pd.DataFrame, edges: list[str], visits: tuple[int, int], repeated: int
) -> tuple[Text, ...]:
    count = villages["visited"].value_counts()
    both, once, later = (int(count.get(k, 0)) for k in ("both", "first", "second"))
    out = [
        Text(
            en=f"{both:,} villages seen in {visits[0]} and in {visits[1]}; {repeated:,} households are the same",
            zh=f"{visits[0]}年与{visits[1]}年均走访的村{both:,}个，其中同一户{repeated:,}户",
        )
    ]
    if once or later:
        out.append(
            Text(
                en=f"{once:,} villages were seen at the first visit only and {later:,} at the second only; they are left out, and the "
                "change is that of the others",
                zh=f"仅首次走访的村{once:,}个、仅第二次走访的村{later:,}个未纳入，所列变化仅代表其余村",
            )
        )
    if edges:
        out.append(edge_note([Text(en=e, zh=e) for e in edges]))
    if panel.design.census:
        out.append(Text(en="no sampling error: a full count", zh="全数调查，无抽样误差"))
    return tuple(out)
