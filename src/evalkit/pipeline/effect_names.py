"""Words that tell two specifications of one program and kind apart, and the keys of those that failed."""

from __future__ import annotations

from evalkit import schema
from evalkit.plan import Impact, MeanDifference, Plan, TwoByTwo
from evalkit.text import Text

_ALREADY = {
    "keep": Text(en="already supported households kept", zh="保留首期已受帮扶户"),
    "exclude": Text(en="already supported households left out", zh="剔除首期已受帮扶户"),
}
_SCALE = {
    "level": Text(en="in levels", zh="水平值"),
    "log": Text(en="in logs", zh="对数"),
    "log1p": Text(en="log of one plus the outcome", zh="加一取对数"),
}
_CONTROL = {
    "never_treated": Text(en="compared with the never supported", zh="以始终未受帮扶户为对照"),
    "not_yet_treated": Text(en="compared with the not yet supported", zh="以尚未受帮扶户为对照"),
}


def variant(spec: Impact, plan: Plan) -> Text | None:
    """Return what distinguishes a specification from others of the same program and kind.

    Parameters
    ----------
    spec : Impact
    plan : Plan

    Returns
    -------
    Text or None
        None when nothing has to be said; households kept although they were supported already are always named.
    """
    same = [*twins(spec, plan), spec]
    found = [
        _word(spec, name, plan)
        for name in type(spec).model_fields
        if name not in ("program", "kind", "wave", "randomised")
        and (
            len({str(getattr(s, name)) for s in same}) > 1
            or (name == "already_treated" and getattr(spec, name) == "keep")
        )
    ]
    if not found:
        return None
    return Text(en=", ".join(t.en for t in found), zh="，".join(t.zh for t in found))


def twins(spec: Impact, plan: Plan) -> list[Impact]:
    """Return the plan's specifications of the same program and kind."""
    return [s for s in plan.impact if (s.program, s.kind) == (spec.program, spec.kind)]


def omitted_key(index: int, plan: Plan) -> str:
    """Return the key under which a failed specification keeps its reason.

    ``impact:<program>:<kind>``; where the plan has several of them, followed by ``:<index>``, the position in
    ``plan.impact`` counted from 0.
    """
    spec = plan.impact[index]
    key = f"impact:{spec.program}:{spec.kind}"
    return f"{key}:{index}" if len(twins(spec, plan)) > 1 else key


def spec_of(key: str, plan: Plan) -> Impact | None:
    """Return the specification behind a key of `omitted_key`, or None for another key."""
    for index, spec in enumerate(plan.impact):
        if omitted_key(index, plan) == key:
            return spec
    return None


def wave_of(spec: Impact) -> int | None:
    """Return the wave that a comparison within one wave names."""
    return spec.wave if isinstance(spec, MeanDifference) else None


def _word(spec: Impact, name: str, plan: Plan) -> Text:
    value = getattr(spec, name)
    if name == "already_treated" and isinstance(spec, TwoByTwo):
        return _ALREADY[spec.already_treated]
    if name == "outcome":
        return plan.welfare.label.text if value == "welfare" else _column(value)
    if name == "scale":
        return _SCALE[value]
    if name == "control":
        return _CONTROL[value]
    if name == "weights":
        return Text(en="weighted", zh="加权") if value else Text(en="unweighted", zh="未加权")
    if name == "cluster":
        by = Text(en="household", zh="户") if value is None else _column(value)
        return Text(en=f"clustered by {by.en}", zh=f"按{by.zh}聚类")
    if name == "anticipation":
        return Text(en=f"{value} waves of anticipation", zh=f"预期效应{value}期")
    count = len(value)
    if not count:
        return Text(en="not adjusted", zh="未调整")
    return Text(en=f"adjusted for {count} covariates", zh=f"按{count}个协变量调整")


def _column(name: str) -> Text:
    return Text(en=schema.label(name, "en"), zh=schema.label(name, "zh"))
