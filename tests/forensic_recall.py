"""How well forensic tests find what `simulate.distort` forges: units touched, units flagged, on synthetic registries.

Shared by ``tests/test_forensics.py`` (a small run) and ``benchmarks/forensics.py`` (the page).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit import forensics, simulate
from evalkit.panel import Panel
from evalkit.simulate.incomes import LINE
from evalkit.simulate.monitoring import MONITORING_LINE
from evalkit.simulate.people import WAVES

LINES = {int(w): float(z) for w, z in zip(WAVES, LINE, strict=True)}
KEYS = ("county", "village", "interviewer", "wave", "year")
STRENGTHS = (0.25, 0.5, 1.0)


@dataclass(frozen=True)
class Case:
    """A forgery, a test that should find it, and from which size on.

    Parameters
    ----------
    kind : str
        Of `simulate.distort`.
    test : str
        Of `forensics.examine`.
    least, share : float
        Size from which four in five are to be found: forged households in a unit, and their share of the households
        that the test counts there.
    shift : float
        The same for forgeries of amounts: absolute mean change of log income in the unit.
    """

    kind: str
    test: str
    least: int = 1
    share: float = 0.0
    shift: float = 0.0

    @property
    def size(self) -> str:
        """The stated size in words."""
        if self.shift:
            return f"mean change of at least {self.shift:g} log points"
        return f"at least {self.least} households, {self.share:.0%} of those counted"


CASES = (
    Case("heaping_line", "heaping_county", 15, 0.05),
    Case("heaping_line", "heaping_interviewer", 2, 0.5),
    Case("heaping_monitoring", "heaping_monitoring", 3, 0.3),
    Case("terminal_digits", "terminal_digits", 6, 0.12),
    Case("copied_households", "copied_households", 6, 0.12),
    Case("identical_growth", "identical_growth", 5, 0.1),
    Case("frozen_fields", "frozen_accounts", 6, 0.12),
    Case("padding", "padding", 10, 0.3),
    Case("interviewer_effects", "interviewer_effects", shift=0.25),
    Case("split_lookback", "short_lived_households", 15, 0.012),
    Case("mass_exits", "mass_exits", 5, 0.8),
    Case("batch_updates", "batch_updates", 6, 0.8),
    Case("early_elimination", "early_elimination", 2, 0.5),
    Case("no_support", "exits_without_support_county", 40, 0.035),
    Case("survey_differences", "survey_differences", 5, 0.25),
)
"""What is measured. Forgeries that rules of cleaning find (double, over-aged, deceased) are on docs/rule-recall.md."""


def examined(made: simulate.SyntheticRegistry, *tests: str) -> forensics.Examination:
    """Return what the tests (all of them by default) show of a synthetic registry."""
    frame = made.households.reset_index(drop=True)
    panel = Panel(frame, size="size", village="village", lines=LINES, synthetic=True)
    return forensics.examine(
        panel,
        programs=made.programs,
        survey=made.survey,
        monitoring_line={WAVES[-1]: MONITORING_LINE},
        only=tests,
    )


def measured(clean: simulate.SyntheticRegistry, case: Case, strength: float, seed: int) -> pd.DataFrame:
    """Forge a clean registry and return the units of the test.

    Returns
    -------
    DataFrame
        One row a unit: ``n, effect, flagged``, ``injected`` (forged households), ``shift`` (mean change of log income),
        ``touched`` and ``large`` (of the stated size).
    """
    forged = simulate.distort(clean, {case.kind: strength}, seed=seed)
    units = examined(forged.registry, case.test).signals[case.test].units
    key = [c for c in units.columns if c in KEYS]
    count = _forged_by(clean, forged, key)
    units = units.astype(dict.fromkeys(key, "str"))
    out = units.merge(count, on=key, how="left").fillna({"injected": 0, "shift": 0.0})
    out["touched"] = out["injected"] > 0
    out["large"] = (
        out["touched"] & (out["injected"] >= case.least) & (out["injected"] >= case.share * out["n"])
    )
    out["large"] &= out["shift"].abs() >= case.shift
    return out[["n", "effect", "flagged", "injected", "shift", "touched", "large"]].assign(
        kind=case.kind, test=case.test, strength=strength, seed=seed
    )


def _forged_by(clean: simulate.SyntheticRegistry, forged: simulate.Distorted, key: list[str]) -> pd.DataFrame:
    """Count forged households by unit."""
    after = forged.registry.households.reset_index(drop=True)
    before = clean.households.reset_index(drop=True)
    truth = forged.truth[forged.truth["table"] != "member"]
    own = truth["table"] == "household"
    at = truth["row"].to_numpy(dtype=int)
    rows = pd.DataFrame({"household": truth["household"].to_numpy(), "shift": 0.0})
    homes = after.drop_duplicates("household").set_index("household")
    for name in key:
        if own.all():
            source = after["exit_month" if name == "year" else name].astype("str")
            if name == "year" and not truth["column"].str.contains("exit_month").any():
                source = after["monitored_month"].astype("str")
            value = source.to_numpy()[at]
            rows[name] = [v[:4] for v in value] if name == "year" else value
        else:
            rows[name] = homes[name].reindex(truth["household"]).to_numpy()
        rows[name] = rows[name].astype("str")
    if own.all() and len(after) == len(before):
        ratio = after["income_pc"].to_numpy()[at] / before["income_pc"].to_numpy()[at]
        rows["shift"] = np.log(ratio)
    total = after.assign(year="").astype({k: "str" for k in key if k in after}) if "year" not in key else None
    count = rows.groupby(key)["household"].nunique().rename("injected").reset_index()
    moved = rows.groupby(key)["shift"].sum().rename("moved").reset_index()
    out = count.merge(moved, on=key)
    if total is not None:
        out = out.merge(total.groupby(key).size().rename("rows").reset_index(), on=key, how="left")
        out["shift"] = out["moved"] / out["rows"]
    else:
        out["shift"] = 0.0
    return out[[*key, "injected", "shift"]]


def recalls(units: pd.DataFrame) -> pd.DataFrame:
    """Sum measured units up: one row a kind, test and strength.

    Returns
    -------
    DataFrame
        ``touched, large`` (units), ``found`` and ``found_large`` (share flagged), ``untouched`` and ``false_alarms``
        (share flagged).
    """
    rows = []
    for (kind, test, strength), part in units.groupby(["kind", "test", "strength"], sort=False):
        flagged = part["flagged"].to_numpy(dtype=bool)
        touched, large = (part[c].to_numpy(dtype=bool) for c in ("touched", "large"))
        rows.append(
            {
                "kind": kind, "test": test, "strength": strength, "touched": int(touched.sum()),
                "found": _share(flagged[touched]), "large": int(large.sum()), "found_large": _share(flagged[large]),
                "untouched": int((~touched).sum()), "false_alarms": _share(flagged[~touched]),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _share(flags: np.ndarray) -> float:
    return float(flags.mean()) if len(flags) else float("nan")
