"""Sentences in both languages. No sentence says more than its interval supports.

``rose``, ``fell``, ``above`` and ``below`` are written only when the interval excludes zero; with an
interval that covers zero the sentence says that no change can be shown, and without an interval that
nothing is shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evalkit.errors import ReportError
from evalkit.report import display
from evalkit.report.display import Format
from evalkit.report.document import Number, Prose, finite
from evalkit.report.labels import in_words
from evalkit.text import Text, text_from

Reading = Literal["up", "down", "open", "unknown", "same"]
Style = Literal["plain", "finding", "note", "heading", "warning"]


@dataclass(frozen=True)
class Measure:
    """One value with its limits; `counted` when it is a full count without sampling error."""

    value: float | None
    low: float | None = None
    high: float | None = None
    counted: bool = False

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return finite(self.value) is not None

    def negated(self) -> Measure:
        """Return the same measure with the sign turned."""
        flip = [None if finite(v) is None else -float(v or 0.0) for v in (self.value, self.high, self.low)]
        return Measure(flip[0], flip[1], flip[2], self.counted)


def reading(change: Measure) -> Reading:
    """Return what a change allows to be said.

    Examples
    --------
    >>> reading(Measure(0.03, 0.01, 0.05)), reading(Measure(0.03, -0.01, 0.07)), reading(Measure(0.03))
    ('up', 'open', 'unknown')
    >>> reading(Measure(-0.03, counted=True))
    'down'
    """
    value, low, high = finite(change.value), finite(change.low), finite(change.high)
    if value is None:
        return "unknown"
    if change.counted:
        return "same" if value == 0 else ("up" if value > 0 else "down")
    if low is None or high is None:
        return "unknown"
    if low > 0:
        return "up"
    return "down" if high < 0 else "open"


def figure(name: str, at: Measure, form: Format) -> Number:
    """Return a measure as a number of a sentence: ``12.3 % (10.1–14.5)``."""
    value, low, high = finite(at.value), finite(at.low), finite(at.high)
    en, zh = (display.with_interval(value, low, high, form, lang) for lang in ("en", "zh"))
    return Number(name, value, Text(en=en, zh=zh), low, high)


def plain_number(name: str, value: float | None, form: Format) -> Number:
    """Return a figure without interval (a count, a year, a threshold)."""
    known = finite(value)
    return Number(name, known, display.both(known, form))


def p_number(name: str, p: float | None) -> Number:
    """Return a p value: ``p = 0.012`` or ``p < 0.001``."""
    known = finite(p)
    return Number(name, known, Text(en=display.p_value(known, "en"), zh=display.p_value(known, "zh")))


def say(
    template: Text,
    numbers: Sequence[Number] = (),
    *,
    names: Mapping[str, Text | str] | None = None,
    style: Style = "plain",
) -> Prose:
    """Return a sentence whose ``{name}`` places are filled with numbers and names in each language.

    Raises
    ------
    ReportError
        If a place has no number or name, or a number has no place in one of the languages.
    """
    fill = {n.name: n.shown for n in numbers} | {k: text_from(v) for k, v in (names or {}).items()}
    out = {}
    for lang, pattern in (("en", template.en), ("zh", template.zh)):
        try:
            out[lang] = pattern.format_map({k: t.en if lang == "en" else t.zh for k, t in fill.items()})
        except KeyError as error:
            msg = f"the sentence {pattern!r} has a place {error} and nothing to put there"
            raise ReportError(msg) from error
        unused = [n.name for n in numbers if "{" + n.name + "}" not in pattern]
        if unused:
            msg = f"the sentence {pattern!r} has no place for {', '.join(unused)}"
            raise ReportError(msg)
    return Prose(Text(en=_start(out["en"]), zh=out["zh"]), tuple(numbers), style)


_CHANGE: dict[Reading, Text] = {
    "up": Text(en="{what} rose from {frm} to {to} by {change}.", zh="{frm}年至{to}年，{what}上升{change}。"),
    "down": Text(
        en="{what} fell from {frm} to {to} by {change}.", zh="{frm}年至{to}年，{what}下降{change}。"
    ),
    "same": Text(
        en="{what} was the same in {frm} and {to} (difference {change}).",
        zh="{frm}年与{to}年{what}相同（差为{change}）。",
    ),
    "open": Text(
        en="No change of {what} from {frm} to {to} can be shown: the estimated change is {change}, and its interval "
        "covers zero.",
        zh="不能表明{frm}年至{to}年{what}有变化：估计变化为{change}，区间包含零。",
    ),
    "unknown": Text(
        en="The estimated change of {what} from {frm} to {to} is {change}; there is no interval, so nothing is shown "
        "about it.",
        zh="{frm}年至{to}年{what}的估计变化为{change}；无法给出区间，因此不能据此作出判断。",
    ),
}


def change(what: Text, at: Measure, form: Format, *, frm: int, to: int) -> Prose:
    """Say how a quantity changed between two waves, no more than the interval of the change supports.

    Parameters
    ----------
    what : Text
        The quantity, as it reads inside a sentence.
    at : Measure
        Later minus earlier (or relative growth).
    form : str
        How the change is printed (``points`` for differences of shares, ``share`` for growth).
    frm, to : int
    """
    told = reading(at)
    shown = at
    if told == "down":
        shown = at.negated()
    printed: Format = "share" if form == "points" and told in ("up", "down") else form
    moved = figure("change", shown, printed)
    if form == "points" and told in ("up", "down"):
        moved = _as_points(moved)
    return say(
        _CHANGE[told],
        [plain_number("frm", frm, "code"), plain_number("to", to, "code"), moved],
        names={"what": what},
        style="plain",
    )


def _as_points(moved: Number) -> Number:
    """Print an amount of percentage points without its sign, which the verb already says."""
    words = {"en": "\u202f%", "zh": "%"}
    to = {"en": " percentage points", "zh": "个百分点"}
    en = moved.shown.en.replace(words["en"], to["en"], 1)
    zh = moved.shown.zh.replace(words["zh"], to["zh"], 1)
    return Number(moved.name, moved.value, Text(en=en, zh=zh), moved.low, moved.high)


def level(what: Text, at: Measure, form: Format, *, wave: int) -> Prose:
    """State a value in a wave, with its interval if there is one."""
    return say(
        Text(en="{what} in {wave}: {value}.", zh="{wave}年{what}：{value}。"),
        [plain_number("wave", wave, "code"), figure("value", at, form)],
        names={"what": what},
    )


def benchmark(at: Measure, p: float | None, *, alpha: float, cohort: Text, area: Text) -> Prose:
    """Say what the one-sided benchmark test shows: growth above the benchmark, or nothing.

    Parameters
    ----------
    at : Measure
        Growth minus benchmark, a share.
    p : float or None
        One-sided p value of "not above the benchmark".
    alpha : float
        Level of the test.
    cohort, area : Text
        Which households are meant, and whose growth is the benchmark.
    """
    known = finite(p)
    shown = known is not None and known < alpha and (finite(at.value) or 0) > 0
    if shown:
        said = Text(
            en="Growth above the benchmark of {area} is shown for {cohort}: the difference is {gap}, one-sided {p}.",
            zh="{cohort}：检验表明增速高于{area}，差值为{gap}，单侧{p}。",
        )
    elif known is None:
        said = Text(
            en="Growth of {cohort} less the benchmark of {area} is {gap}; there is no test ({p}), so nothing is shown.",
            zh="{cohort}：增速与{area}之差为{gap}；无法检验（{p}），不能作出判断。",
        )
    else:
        said = Text(
            en="Growth above the benchmark of {area} is not shown for {cohort}: the difference is {gap}, one-sided {p}.",
            zh="{cohort}：检验不能表明增速高于{area}，差值为{gap}，单侧{p}。",
        )
    return say(
        said, [figure("gap", at, "points"), p_number("p", known)], names={"cohort": cohort, "area": area}
    )


def effect(
    program: Text,
    at: Measure,
    *,
    percent: Measure | None,
    form: Format = "ratio",
    given: Text | None,
    why: Prose | None = None,
    changes: bool = True,
) -> Prose:
    """Say what is shown about a program: an effect where the design allows to say so, else a difference.

    Parameters
    ----------
    program : Text
    at : Measure
        Effect on the estimation scale.
    percent : Measure or None
        The same in percent of welfare (log scale only).
    form : str
        How the effect on the estimation scale is printed.
    given : Text or None
        The assumption under which the difference is the program's effect, as it reads inside a sentence; None
        where the data give no ground for it. Then no effect is claimed, whatever the interval.
    why : Prose, optional
        A sentence that says why there is no ground; printed after the difference.
    changes : bool
        Whether changes over waves are compared, not levels.
    """
    told = reading(at)
    numbers = [figure("value", at, form)]
    tail = Text(en="", zh="")
    if percent is not None:
        numbers.append(figure("percent", percent, "share"))
        tail = Text(en=", that is {percent}", zh="，折合{percent}")
    if given is not None:
        head = _EFFECT[told]
        said = Text(en=f"{head.en}{tail.en}.", zh=f"{head.zh}{tail.zh}。")
        return say(said, numbers, names={"program": program, "given": given}, style="finding")
    head = _APART[told]
    how = Text(en=" in how they changed", zh="的变化") if changes else Text(en="", zh="")
    said = Text(
        en=f"{head.en.replace('[how]', how.en).replace('[percent]', tail.en)}{_NOT_SHOWN.en}",
        zh=f"{head.zh.replace('[how]', how.zh).replace('[percent]', tail.zh)}{_NOT_SHOWN.zh}",
    )
    names = {"program": program}
    if why is not None:
        said = Text(en=f"{said.en} {{why}}", zh=f"{said.zh}{{why}}")
        names["why"] = why.text
    out = say(said, numbers, names=names, style="warning")
    return out if why is None else Prose(out.text, (*out.numbers, *why.numbers), out.style)


PARALLEL = Text(
    en="provided that supported and comparison households would have moved in parallel without support",
    zh="在无帮扶时受帮扶户与对照户走势平行的前提下",
)
RANDOM = Text(
    en="support having been assigned at random, as the plan states",
    zh="依方案所述，帮扶为随机分配",
)
"""Grounds of the designs, as they read inside a sentence."""

_EFFECT: dict[Reading, Text] = {
    "up": Text(
        en="{program}: a positive effect is shown, {given}: {value}",
        zh="{program}：{given}，可以表明存在正效果，为{value}",
    ),
    "down": Text(
        en="{program}: a negative effect is shown, {given}: {value}",
        zh="{program}：{given}，可以表明存在负效果，为{value}",
    ),
    "open": Text(
        en="{program}: no effect can be shown; the estimate, {given}, is {value}",
        zh="{program}：不能表明存在效果；{given}，估计值为{value}",
    ),
    "unknown": Text(
        en="{program}: the estimate, {given}, is {value} without an interval, so nothing is shown",
        zh="{program}：{given}，估计值为{value}，无区间，不能作出判断",
    ),
    "same": Text(en="{program}: no difference, {given}, {value}", zh="{program}：{given}，没有差异，{value}"),
}
_DIFFER = Text(
    en="{program}: supported and comparison households differ by {value}[how][percent]",
    zh="{program}：受帮扶户与对照户[how]相差{value}[percent]",
)
_APART: dict[Reading, Text] = {
    "up": _DIFFER,
    "down": _DIFFER,
    "same": _DIFFER,
    "open": Text(
        en="{program}: supported and comparison households are not shown to differ[how]; the estimated difference is "
        "{value}[percent], and its interval covers zero",
        zh="{program}：不能表明受帮扶户与对照户[how]存在差异；估计差异为{value}[percent]，区间包含零",
    ),
    "unknown": Text(
        en="{program}: the estimated difference between supported and comparison households[how] is "
        "{value}[percent], without an interval",
        zh="{program}：受帮扶户与对照户[how]差异的估计值为{value}[percent]，无区间",
    ),
}
_NOT_SHOWN = Text(
    en=". With these data it cannot be shown that this is the program's effect.",
    zh="。现有数据不能表明这是该措施的效果。",
)


def percent_of_log(at: Measure) -> Measure:
    """Return a log effect as a relative change: exp(effect) - 1, limits alike.

    >>> round(percent_of_log(Measure(0.1, 0.0, 0.2)).value, 4)
    0.1052
    """

    def grown(value: float | None) -> float | None:
        known = finite(value)
        return None if known is None else math.expm1(known)

    return Measure(grown(at.value), grown(at.low), grown(at.high), at.counted)


def listed(items: Sequence[Text]) -> Text:
    """Join words: ``a, b and c``; ``a、b和c``.

    >>> listed([Text("a", "甲"), Text("b", "乙"), Text("c", "丙")])
    Text(en='a, b and c', zh='甲、乙和丙')
    """
    if len(items) == 1:
        return items[0]
    return Text(
        en=", ".join(t.en for t in items[:-1]) + f" and {items[-1].en}",
        zh="、".join(t.zh for t in items[:-1]) + f"和{items[-1].zh}",
    )


def note(text: Text) -> Prose:
    """Return a caveat as a paragraph of its own."""
    said = in_words(text)
    return Prose(Text(en=_start(said.en), zh=said.zh), style="note")


def _start(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
