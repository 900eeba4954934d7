"""Claims reconciled: figures stated in a text against each other and against the data.

A claim contradicts only if no numbers that round to what is printed could satisfy it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from evalkit.errors import DataError
from evalkit.exits import printed as arithmetic, starred
from evalkit.exits.claimfile import (
    AnyClaim,
    ClaimFile,
    Difference,
    Equal,
    Figure,
    Growth,
    Operand,
    Product,
    Share,
    Significance,
    Sum,
    Totals,
    read_claims,
)
from evalkit.exits.printed import Span
from evalkit.text import Language, Text

if TYPE_CHECKING:
    from evalkit.plan import Plan

Reconciled = Literal["agrees", "contradicts", "unchecked"]
RECONCILED: dict[str, Text] = {
    "agrees": Text(en="agrees", zh="相符"),
    "contradicts": Text(en="contradicts", zh="矛盾"),
    "unchecked": Text(en="cannot be checked", zh="无法核对"),
}
"""Verdict on a claim → the word of a report."""


@dataclass(frozen=True)
class Finding:
    """What became of one claim.

    Parameters
    ----------
    claim, kind : str
    verdict : {"agrees", "contradicts", "unchecked"}
    stated : str
        As printed.
    computed : float or None
        From the other printed numbers or the data; the p-value of a claim of significance.
    low, high : float or None
        What the computed number can be, given how its parts were rounded.
    difference : float or None
        Stated minus computed.
    reason : Text
        Why it contradicts or cannot be checked; what agrees within rounding.
    sentence : str
        The sentence that makes the claim.
    """

    claim: str
    kind: str
    verdict: Reconciled
    stated: str
    computed: float | None
    low: float | None
    high: float | None
    difference: float | None
    reason: Text
    sentence: str


@dataclass(frozen=True)
class Reconciliation:
    """All claims of a text and what became of them, in the order of the text."""

    title: str
    source: str
    findings: tuple[Finding, ...]

    def __len__(self) -> int:
        return len(self.findings)

    def finding(self, claim: str) -> Finding:
        """Return the finding on one claim.

        Raises
        ------
        DataError
            There is no such claim.
        """
        for f in self.findings:
            if f.claim == claim:
                return f
        msg = f"there is no claim {claim!r}; there are {', '.join(f.claim for f in self.findings)}"
        raise DataError(msg)

    def tidy(self) -> pd.DataFrame:
        """Return one row a claim: claim, kind, stated, computed, low, high, difference, verdict, reason, sentence."""
        columns = ("claim", "kind", "stated", "computed", "low", "high", "difference", "verdict")
        rows = [(*(getattr(f, c) for c in columns), f.reason.en, f.sentence) for f in self.findings]
        frame = pd.DataFrame(rows, columns=[*columns, "reason", "sentence"])
        return frame.astype(dict.fromkeys(("computed", "low", "high", "difference"), float))

    def count(self, verdict: Reconciled) -> int:
        """Return the number of claims with a verdict."""
        return sum(f.verdict == verdict for f in self.findings)

    def explain(self, language: Language = "en") -> str:
        """Return one line a claim, and the counts."""
        sep = "：" if language == "zh" else ": "
        lines = [
            f"{f.claim}{sep}{RECONCILED[f.verdict].get(language)}{sep}{f.reason.get(language)}"
            + (f" [{f.sentence}]" if f.sentence else "")
            for f in self.findings
        ]
        counts = {v: self.count(v) for v in ("agrees", "contradicts", "unchecked")}
        joined = ("，" if language == "zh" else ", ").join(
            f"{n} {RECONCILED[v].get(language)}" for v, n in counts.items()
        )
        return "\n".join([*lines, joined])


def reconcile_claims(
    source: str | Path | Mapping[str, Any],
    *,
    plan: Plan | None = None,
    values: Mapping[str, float] | None = None,
) -> Reconciliation:
    """Check figures stated in a text against each other and against the data.

    Parameters
    ----------
    source : str, Path or mapping
        A YAML file of claims, or its content: ``figures`` (name → value as printed) and ``claims`` of kind sum,
        difference, product, share, growth, equal, totals or significance.
    plan : Plan, optional
        A plan that was built: figures given as ``data: SELECT …`` are asked of it.
    values : mapping of str to float, optional
        Numbers by the name that ``data:`` gives.

    Returns
    -------
    Reconciliation

    Raises
    ------
    PlanError
        The file cannot be read or has faults.
    DataError
        A question to the data does not give one number.

    Examples
    --------
    >>> found = reconcile_claims({"claims": [{"id": "value", "kind": "product", "stated": "1.328 billion",
    ...     "of": ["300", "4.425 million"]}]})
    >>> found.findings[0].verdict, found.findings[0].computed
    ('agrees', 1327500000.0)
    """
    file = read_claims(source)
    look_up = _Figures(file, _asker(plan, values or {}))
    found: list[Finding] = []
    for claim in file.claims:
        found.extend(_checked(claim, look_up))
    return Reconciliation(file.title, file.source, tuple(found))


def _asker(plan: Plan | None, values: Mapping[str, float]) -> Callable[[str], float | None]:
    """Return what answers a question to the data; None where nothing can."""

    def ask(question: str) -> float | None:
        if question in values:
            return float(values[question])
        if plan is None:
            return None
        from evalkit.queries import query

        answer = query(plan, question)
        cell = answer.iloc[0, 0] if answer.shape == (1, 1) else None
        number = None if cell is None else pd.to_numeric(pd.Series([cell]), errors="coerce").iloc[0]
        if number is None or pd.isna(number):
            msg = f"a claim needs one number from the data, {question!r} gives {answer.shape[0]} rows × {answer.shape[1]} columns"
            raise DataError(msg)
        return float(number)

    return ask


class _Missing(Exception):  # noqa: N818  (never leaves this module)
    """A number that a claim needs is not there."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True)
class _Number:
    """An operand: as printed, what it can be, and whether it is a whole number without a scale."""

    text: str
    span: Span
    whole: bool = False

    def counted(self) -> _Number:
        """Return the same number as a count."""
        return _Number(self.text, arithmetic.known(self.span.value), whole=True) if self.whole else self


class _Figures:
    """Numbers by name or as printed."""

    def __init__(self, file: ClaimFile, ask: Callable[[str], float | None]) -> None:
        self._named = file.figures
        self._ask = ask

    def number(self, operand: Operand) -> _Number:
        """Return a number, or raise `_Missing`."""
        if isinstance(operand, str):
            return self._figure(self._named.get(operand, Figure(value=operand)))
        return self._figure(operand)

    def numbers(self, operands: Sequence[Operand], *, exact: bool | None, adds: bool) -> list[_Number]:
        """Return the numbers of a claim; whole ones as counts where `exact`, or where all are and the claim adds."""
        found = [self.number(o) for o in operands]
        counts = exact if exact is not None else adds and all(n.whole for n in found)
        return [n.counted() for n in found] if counts else found

    def _figure(self, figure: Figure) -> _Number:
        if figure.data is not None:
            answer = self._ask(figure.data)
            if answer is None:
                raise _Missing(_no_data(figure.data))
            return _Number(f"{answer:,.12g}", arithmetic.known(answer), whole=answer == int(answer))
        text = figure.value or ""
        span = arithmetic.printed(text, to=figure.to, exact=figure.exact)
        if span is None:
            raise _Missing(_no_number(text))
        whole = figure.to is None and (figure.exact or span.high - span.low == 1)
        return _Number(text, span, whole=whole)


def _checked(claim: AnyClaim, figures: _Figures) -> list[Finding]:
    if isinstance(claim, Totals):
        return _columns(claim, figures)
    try:
        if isinstance(claim, Significance):
            return [_significance(claim, figures)]
        operands = [claim.stated, *_operands(claim)]
        stated, *of = figures.numbers(operands, exact=claim.exact, adds=claim.kind in _ADDING)
        computed = _computed(claim, [n.span for n in of])
        return [_compared(claim.id, claim.kind, claim.sentence, stated, computed)]
    except _Missing as missing:
        return [_unchecked(claim.id, claim.kind, claim.sentence, missing.reason)]


_ADDING = ("sum", "difference", "equal")
"""Kinds of claims that whole numbers must satisfy exactly."""


def _operands(claim: AnyClaim) -> tuple[Operand, ...]:
    """Return what the stated number should follow from."""
    if isinstance(claim, Sum | Difference | Product):
        return claim.of
    if isinstance(claim, Share):
        return (claim.part, claim.whole)
    if isinstance(claim, Growth):
        return (claim.before, claim.after)
    return (claim.to,) if isinstance(claim, Equal) else ()


def _computed(claim: AnyClaim, of: Sequence[Span]) -> Span:
    """Return what the stated number should be."""
    found: Span | None
    if isinstance(claim, Sum | Equal):
        found = arithmetic.plus(of)
    elif isinstance(claim, Difference):
        found = arithmetic.minus(of[0], of[1])
    elif isinstance(claim, Product):
        found = arithmetic.times(of)
    elif isinstance(claim, Share):
        found = arithmetic.over(of[0], of[1])
    else:
        years = claim.years if isinstance(claim, Growth) else 1
        found = arithmetic.grown(of[0], of[1], years)
    if found is None:
        raise _Missing(
            Text(en="it would divide by a number that may be zero or negative", zh="除数可能为零或负数")
        )
    return found


def _compared(claim: str, kind: str, sentence: str, stated: _Number, computed: Span) -> Finding:
    verdict: Reconciled = "agrees" if stated.span.meets(computed) else "contradicts"
    value, low, high = (float(v) for v in (computed.value, computed.low, computed.high))
    gap = float(stated.span.value - computed.value)
    spread = Text(
        en="" if low == high else f" (rounding allows {low:,.10g} to {high:,.10g})",
        zh="" if low == high else f"（按印刷位数可为{low:,.10g}至{high:,.10g}）",
    )
    reason = Text(
        en=f"stated {stated.text}, computed {value:,.10g}{spread.en}, difference {gap:+,.10g}",
        zh=f"所述为{stated.text}，推算为{value:,.10g}{spread.zh}，相差{gap:+,.10g}",
    )
    return Finding(claim, kind, verdict, stated.text, value, low, high, gap, reason, sentence)


def _columns(claim: Totals, figures: _Figures) -> list[Finding]:
    """Check every column of a table."""
    out = []
    for k, total in enumerate(claim.stated):
        name = f"{claim.id}: {claim.columns[k] if k < len(claim.columns) else k + 1}"
        try:
            short = [row for row, cells in claim.rows.items() if k >= len(cells)]
            if short:
                raise _Missing(
                    Text(en=f"row {short[0]} has no column {k + 1}", zh=f"“{short[0]}”行没有第{k + 1}列")
                )
            stated, *terms = figures.numbers(
                [total, *(cells[k] for cells in claim.rows.values())], exact=claim.exact, adds=True
            )
            added = arithmetic.plus([t.span for t in terms])
            found = _compared(name, claim.kind, claim.sentence, stated, added)
        except _Missing as missing:
            found = _unchecked(name, claim.kind, claim.sentence, missing.reason)
        out.append(found)
    return out


def _significance(claim: Significance, figures: _Figures) -> Finding:
    coefficient, error = figures.number(claim.coefficient), figures.number(claim.std_error)
    if (claim.level is None) == (claim.stars is None) or (claim.stars or 0) > len(claim.levels):
        raise _Missing(
            Text(en="it gives neither a level nor known stars, or both", zh="须给出显著性水平或星号之一")
        )
    if error.span.value <= 0:
        raise _Missing(Text(en="the standard error is not positive", zh="标准误不为正"))
    found = starred.judge(coefficient.span, error.span, claim)
    printed = f"{coefficient.text} ({error.text}), {found.claimed}"
    return Finding(
        claim.id, claim.kind, found.verdict, printed, found.p, found.low, found.high, None, found.reason,
        claim.sentence,
    )  # fmt: skip


def _unchecked(claim: str, kind: str, sentence: str, reason: Text) -> Finding:
    return Finding(claim, kind, "unchecked", "", None, None, None, None, reason, sentence)


def _no_number(text: str) -> Text:
    return Text(
        en=f"{text!r} is neither a number nor a figure of the file",
        zh=f"“{text}”既不是数字，也不是文件中的指标",
    )


def _no_data(question: str) -> Text:
    return Text(
        en=f"the data are not there to answer {question!r}; give a plan that was built",
        zh=f"没有可回答“{question}”的数据；请给出已构建的方案",
    )
