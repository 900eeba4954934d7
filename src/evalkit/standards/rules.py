"""`ExitRules`: the thresholds and denominators that hold for one county, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.errors import PlanError
from evalkit.standards.pack import Criterion, ExitSection, Pack, Value, ZoneOf
from evalkit.standards.sections import Term
from evalkit.text import Text, text_from
from evalkit.yamlfile import did_you_mean

ZONES = {
    "centre": Text(en="centre", zh="中部"),
    "west": Text(en="west", zh="西部"),
}
"""Zones of the county-exit rule."""


@dataclass(frozen=True)
class ExitRules:
    """Thresholds and denominators that hold for one county.

    Parameters
    ----------
    incidence_threshold, wrong_exit_threshold, missed_threshold, approval_threshold : float
        Shares. The first three are upper limits, approval is a lower limit.
    missed_denominator : {"sampled_villages", "interviewed"}
    approval_unit : {"person", "household"}
    composite_denominator : {"agricultural", "resident"}
    confidence : float
        One-sided.
    prior_deff : float
        Design effect assumed where a count of zero gives none.
    zone : {"centre", "west"}
    source : Text
        Rule pack and documents, as printed under a verdict.
    unverified : tuple of Text
        Values used that were not verified in print, one phrase each.
    incidence_strict, wrong_exit_strict, missed_strict, approval_strict : bool
        True: a rate equal to the threshold does not pass.
    notes : tuple of Text
        Exceptions that were applied.
    not_judged : tuple of Text
        Criteria that the rules name and no source defines: without a judgement on them a county does not meet the rules.
    """

    incidence_threshold: float
    wrong_exit_threshold: float
    missed_threshold: float
    approval_threshold: float
    missed_denominator: str
    approval_unit: str
    composite_denominator: str
    confidence: float
    prior_deff: float
    zone: str
    source: Text
    unverified: tuple[Text, ...] = ()
    incidence_strict: bool = True
    wrong_exit_strict: bool = False
    missed_strict: bool = False
    approval_strict: bool = False
    notes: tuple[Text, ...] = ()
    not_judged: tuple[Text, ...] = ()


@dataclass(frozen=True)
class RateRule:
    """The threshold of one rate in a province; ``strict``: a rate equal to it does not pass."""

    threshold: float
    strict: bool


def rate_rule_of(pack: Pack, name: str, *, province: str) -> RateRule:
    """Return the threshold of ``wrong_exit``, ``missed`` or ``approval``, which no zone changes; see `Standard.rate_rule`."""
    if pack.exits is None:
        msg = f"standard {pack.id} has no exit rules; name a standard that has them (standard: cn-2017)"
        raise PlanError(msg)
    known = {
        "wrong_exit": pack.exits.wrong_exit,
        "missed": pack.exits.missed,
        "approval": pack.exits.approval,
    }
    check_variant("rate", name, tuple(known))
    used = _own(known[name], province, Text(en=name, zh=name))
    return RateRule(float(used.value.value), known[name].strict)


@dataclass(frozen=True)
class _Used:
    """A value under the name that reports give it."""

    name: Text
    value: Value | ZoneOf
    exception: bool = False


@dataclass(frozen=True)
class _Incidence:
    """The zone, the values that decide the incidence threshold (threshold first), and notes."""

    zone: str
    used: tuple[_Used, ...]
    notes: tuple[Text, ...]


def exit_rules_of(
    pack: Pack,
    *,
    province: str,
    zone: str | None,
    confidence: float,
    missed_denominator: str,
    approval_unit: str,
    prior_deff: float,
) -> ExitRules:
    """Return the exit rules of a pack for a province; see `Standard.exit_rules`."""
    exits = pack.exits
    if exits is None:
        msg = f"standard {pack.id} has no exit rules; name a standard that has them (standard: cn-2017)"
        raise PlanError(msg)
    check_variant("exits.missed_rate_denominator", missed_denominator, exits.missed.denominators)
    check_variant("exits.approval_unit", approval_unit, exits.approval.denominators)
    incidence = _planned(exits, province, zone) if zone else _assigned(exits, province, pack.id)
    used = (
        *incidence.used,
        _own(exits.wrong_exit, province, Text(en="wrong-exit threshold", zh="错退率标准")),
        _own(exits.missed, province, Text(en="missed threshold", zh="漏评率标准")),
        _own(exits.approval, province, Text(en="approval threshold", zh="群众认可度标准")),
    )
    wrong_exit, missed, approval = (float(u.value.value) for u in used[-3:])
    return ExitRules(
        incidence_threshold=float(incidence.used[0].value.value),
        wrong_exit_threshold=wrong_exit,
        missed_threshold=missed,
        approval_threshold=approval,
        missed_denominator=missed_denominator,
        approval_unit=approval_unit,
        composite_denominator=exits.incidence.denominators[0],
        confidence=confidence,
        prior_deff=prior_deff,
        zone=incidence.zone,
        source=_sources(pack, used),
        unverified=tuple(_phrase(u) for u in used if not u.value.verified),
        incidence_strict=exits.incidence.strict,
        wrong_exit_strict=exits.wrong_exit.strict,
        missed_strict=exits.missed.strict,
        approval_strict=exits.approval.strict,
        notes=(
            *incidence.notes,
            *(text_from(u.value.note) for u in used[-3:] if u.value.note and u.exception),
            *(_unjudged(term) for term in exits.not_judged.values()),
        ),
        not_judged=tuple(term.title for term in exits.not_judged.values()),
    )


def _unjudged(term: Term) -> Text:
    """Say that a criterion is named by the rules and defined by no source."""
    note = text_from(term.note)
    return Text(en=f"{term.title.en}: {note.en}", zh=f"{term.title.zh}：{note.zh}")


def _own(criterion: Criterion, province: str, name: Text) -> _Used:
    """Return the threshold of a rate: the exception of the province, else that of all."""
    exception = criterion.overrides.get(province)
    if exception is None:
        return _Used(name, criterion.threshold)
    of = Text(en=f"{name.en} of province {province}", zh=f"省级代码{province}的{name.zh}")
    return _Used(of, exception, exception=True)


def _planned(exits: ExitSection, province: str, zone: str) -> _Incidence:
    """Return the threshold of the zone that the plan names."""
    zones = {str(name): value for name, value in exits.incidence.zones.items()}
    check_variant("exits.zone", zone, tuple(zones))
    where = ZONES[zone]
    notes: tuple[Text, ...] = (
        Text(en=f"zone {where.en} is taken from the plan", zh=f"所属区域（{where.zh}）由方案指定"),
    )
    exception = exits.incidence.overrides.get(province)
    if exception is not None and exception.value != zones[zone].value:
        said = Text(
            en=f"the standard would use {exception.value:.0%} in province {province}",
            zh=f"按规则包，省级代码{province}的地区应适用{exception.value:.0%}",
        )
        notes = (*notes, said)
    return _Incidence(zone, (_Used(_threshold_name(zone), zones[zone]),), notes)


def _assigned(exits: ExitSection, province: str, pack_id: str) -> _Incidence:
    """Return the pack's exception of a province, else the threshold of its zone."""
    assigned = exits.zones.get(province)
    if assigned is None:
        msg = (
            f"standard {pack_id} does not say in which zone province {province!r} lies; add "
            f"`zone: {' | '.join(exits.incidence.zones)}` to plan.exits, or the county to plan.exits.county_zones"
        )
        raise PlanError(msg)
    zone = assigned.value
    exception = exits.incidence.overrides.get(province)
    if exception is not None:
        used: tuple[_Used, ...] = (
            _Used(
                Text(
                    en=f"incidence threshold of province {province}",
                    zh=f"省级代码{province}的综合贫困发生率标准",
                ),
                exception,
            ),
        )
    else:
        threshold = _Used(_threshold_name(zone), exits.incidence.zones[zone])
        used = (
            threshold,
            _Used(Text(en=f"zone of province {province}", zh=f"省级代码{province}所属区域"), assigned),
        )
    return _Incidence(zone, used, tuple(text_from(u.value.note) for u in used if u.value.note))


def _threshold_name(zone: str) -> Text:
    return Text(
        en=f"incidence threshold, zone {ZONES[zone].en}", zh=f"{ZONES[zone].zh}地区综合贫困发生率标准"
    )


def _sources(pack: Pack, used: tuple[_Used, ...]) -> Text:
    """Return the pack and the documents that the values rest on."""
    cited = [pack.cited(source) for source in dict.fromkeys(u.value.source for u in used)]
    return Text(
        en="; ".join([pack.id, *(c.en for c in cited)]), zh="；".join([pack.id, *(c.zh for c in cited)])
    )


def _phrase(used: _Used) -> Text:
    value = used.value.value
    zone = ZONES.get(str(value)) if isinstance(value, str) else None
    said = text_from(f"{value:.10g}") if isinstance(value, float) else zone or text_from(str(value))
    if isinstance(value, float) and 0 < value < 1:
        said = Text(en=f"{value * 100:g} %", zh=f"{value * 100:g}%")
    return Text(en=f"{used.name.en} = {said.en}", zh=f"{used.name.zh}＝{said.zh}")


def check_variant(what: str, given: str, known: tuple[str, ...]) -> None:
    """Raise a `PlanError` unless a word is among those known."""
    if given not in known:
        ending = did_you_mean(given, known)
        msg = f"{what}: {given!r} is not one of {', '.join(known) or '(nothing)'}{ending}"
        raise PlanError(msg)
