"""`VillageRules`: what a village of one county is held against, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalkit.errors import PlanError
from evalkit.standards.pack import Pack, Value
from evalkit.standards.rules import exit_rules_of
from evalkit.text import Text, text_from

INCIDENCE = "incidence"
"""Name of the incidence threshold among a province's exceptions for villages, whatever its zone."""


@dataclass(frozen=True)
class VillageRules:
    """The figures of the village standard that hold in one county.

    Parameters
    ----------
    zone : {"centre", "west"}
    threshold : float
        Incidence of poverty must lie below it.
    values : mapping of str to float
        Requirement → the figure that meets it, where the rules give one.
    notes : tuple of Text
        Exceptions of the province that were applied.
    """

    zone: str
    threshold: float
    values: Mapping[str, float]
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class VillageFigure:
    """The figure of one requirement in a province, and the note that says where it comes from."""

    value: float
    note: Text


def village_figure_of(pack: Pack, name: str, *, province: str) -> VillageFigure | None:
    """Return the figure that meets a requirement of a village in a province; None where the pack gives none."""
    own = pack.village_overrides.get(province, {}).get(name)
    if own is not None:
        return VillageFigure(own.value, _note(pack, province, name, own))
    for r in pack.village_exit:
        if r.id == name and r.value is not None:
            return VillageFigure(
                r.value, _note(pack, province, name, Value(r.value, r.source, r.verified, r.note))
            )
    return None


def village_rules_of(pack: Pack, *, province: str, zone: str | None) -> VillageRules:
    """Return the village rules of a pack for a province; see `Standard.village_rules`."""
    if not pack.village_exit:
        msg = f"standard {pack.id} has no village_exit section; name a standard that has (standard: cn-2017)"
        raise PlanError(msg)
    own = dict(pack.village_overrides.get(province, {}))
    exception = own.pop(INCIDENCE, None)
    at = zone or _zone(pack, province)
    values = {r.id: r.value for r in pack.village_exit if r.kind != "rate" and r.value is not None}
    notes = [_note(pack, province, name, value) for name, value in own.items()]
    if exception is not None and zone is None:
        threshold = exception.value
        notes.insert(0, _note(pack, province, INCIDENCE, exception))
    else:
        threshold = _threshold(pack, at)
    values.update({name: value.value for name, value in own.items()})
    return VillageRules(at, threshold, values, tuple(notes))


def _zone(pack: Pack, province: str) -> str:
    rules = exit_rules_of(
        pack,
        province=province,
        zone=None,
        confidence=0.95,
        missed_denominator="" if pack.exits is None else pack.exits.missed.denominators[0],
        approval_unit="" if pack.exits is None else pack.exits.approval.denominators[0],
        prior_deff=1.0,
    )
    return rules.zone


def _threshold(pack: Pack, zone: str) -> float:
    for r in pack.village_exit:
        if r.id == f"{INCIDENCE}_{zone}" and r.value is not None:
            return r.value
    msg = (
        f"standard {pack.id} gives no {INCIDENCE}_{zone} under village_exit; add it to a pack that extends it"
    )
    raise PlanError(msg)


def _note(pack: Pack, province: str, name: str, value: Value) -> Text:
    """Say which exception of a province was applied, from which document, and whether it was seen in print."""
    titles = {r.id: r.title for r in pack.village_exit}
    title = titles.get(name, Text(en="incidence of poverty below", zh="贫困发生率低于"))
    document, said = pack.cited(value.source), text_from(value.note)
    figure = f"{value.value:.0%}" if name == INCIDENCE else f"{value.value:,.10g}"
    seen = Text(en="", zh="") if value.verified else Text(en="; not verified in print", zh="；未经文献核实")
    more = Text(en=f"; {said.en}" if said.en else "", zh=f"；{said.zh}" if said.zh else "")
    return Text(
        en=f"villages of province {province}: {title.en} {figure} ({document.en}{more.en}{seen.en})",
        zh=f"省级代码{province}的村：{title.zh}{figure}（{document.zh}{more.zh}{seen.zh}）",
    )
