"""Errors of logic for the synthetic registry, one injector a rule, with the rows that have to be found."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.errors import DataError
from evalkit.simulate.errors import histories, household, member, program, records, timing
from evalkit.simulate.errors.framework import Injected, Injector, Tables, inject_with
from evalkit.simulate.errors.series import SERIES_INJECTORS, InjectedSeries, inject_series
from evalkit.simulate.prefecture import SyntheticRegistry

__all__ = [
    "INJECTORS",
    "SERIES_INJECTORS",
    "Injected",
    "InjectedSeries",
    "Injector",
    "Tables",
    "inject",
    "inject_series",
]

INJECTORS: tuple[Injector, ...] = (
    *household.INJECTORS,
    *timing.INJECTORS,
    *histories.INJECTORS,
    *member.INJECTORS,
    *program.INJECTORS,
    *records.INJECTORS,
)
"""Every injector, by family."""


def inject(
    registry: SyntheticRegistry, *, rules: Sequence[str] | None = None, n: int = 30, seed: int = 1
) -> Injected:
    """Put errors of logic into a clean registry.

    Parameters
    ----------
    registry : SyntheticRegistry
        Stays as it is.
    rules : sequence of str, optional
        Ids of the rules whose errors are wanted; all by default.
    n : int
        Households (villages, counties) damaged for each rule; fewer where fewer will do.
    seed : int
        The same registry, rules, n and seed give the same bits.

    Returns
    -------
    Injected

    Raises
    ------
    DataError
        A rule has no injector.
    """
    if rules is None:
        return inject_with(INJECTORS, registry, n=n, seed=seed)
    known = {i.rule for i in INJECTORS}
    unknown = sorted(set(rules) - known)
    if unknown:
        msg = f"no injector for the rules {', '.join(unknown)}; there are: {', '.join(sorted(known))}"
        raise DataError(msg)
    return inject_with([i for i in INJECTORS if i.rule in set(rules)], registry, n=n, seed=seed)
