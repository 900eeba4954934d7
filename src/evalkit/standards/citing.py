"""Every cited value of a rule pack in one shape: key, year, value, source, date, whether it was seen in print."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.standards.pack import ExitSection, IncomeConcept, LineSeries, Pack, Regime, Value, ZoneOf
from evalkit.standards.sections import Choice, FieldDesign, Requirement, Term, Variant
from evalkit.text import Text, text_from

CITED = (
    "lines",
    "prices",
    "benchmarks",
    "national",
    "exits",
    "variants",
    "household_exit",
    "village_exit",
    "village_overrides",
    "stable",
    "designs",
    "monitoring",
    "monitored_classes",
    "risk_elimination",
    "income_concepts",
    "regimes",
)
"""Parts of a pack that `Standard.citations` lists."""

_Cited = Value | ZoneOf | Requirement | Variant | Choice | FieldDesign | Term | IncomeConcept | Regime


@dataclass(frozen=True)
class Citation:
    """One cited value.

    Parameters
    ----------
    key : str
        ``"statistical"``, ``"monitoring:52"``, ``"missed.province.99"`` …
    year : int or None
    value : float or Text
        A figure, or in words what a requirement, a variant or a design says.
    source : Text
    date : str
        Of the document; empty where it is not known.
    verified : bool
        True when it was seen in a published source.
    note : Text
    """

    key: str
    year: int | None
    value: float | Text
    source: Text
    date: str
    verified: bool
    note: Text

    @property
    def plain(self) -> float | str:
        """The figure, or the English words."""
        return self.value.en if isinstance(self.value, Text) else self.value


def cited(pack: Pack, kind: str) -> tuple[Citation, ...]:
    """Return every cited value of a part of a pack, in the order of the file; `kind` is one of `CITED`."""
    return tuple(_citation(pack, key, year, value) for key, year, value in _parts(pack, kind))


def _citation(pack: Pack, key: str, year: int | None, value: _Cited) -> Citation:
    document = pack.document(value.source)
    note = text_from(getattr(value, "note", ""))
    return Citation(key, year, _shown(value), document.text, document.date, value.verified, note)


def _shown(value: _Cited) -> float | Text:
    """Return the figure of a value, or its words."""
    if isinstance(value, Value | Choice):
        return value.value
    if isinstance(value, ZoneOf):
        return text_from(value.value)
    if isinstance(value, IncomeConcept):
        return text_from(value.concept)
    number = getattr(value, "value", None)
    if number is None:
        return value.title
    return Text(en=f"{value.title.en}: {number:g}", zh=f"{value.title.zh}：{number:g}")


def _parts(pack: Pack, kind: str) -> Iterator[tuple[str, int | None, _Cited]]:
    """Yield key, year and value of one part of the pack."""
    series: dict[str, dict[int, Value]] = {}
    if kind == "lines":
        series = {_line_key(s): s.values for s in pack.lines}
    elif kind == "prices" and pack.prices is not None:
        series = {"prices": pack.prices.values}
    elif kind in ("benchmarks", "national"):
        series = {k: s.values for k, s in getattr(pack, kind).items()}
    for key, values in series.items():
        for year in sorted(values):
            yield key, year, values[year]
    if kind in ("monitoring", "monitored_classes", "designs"):
        for key, value in getattr(pack, kind).items():
            yield key, None, value
    if kind in ("variants", "household_exit", "village_exit", "risk_elimination"):
        for item in getattr(pack, kind):
            yield item.id, None, item
    if kind == "village_overrides":
        for province, figures in pack.village_overrides.items():
            for name, figure in figures.items():
                yield f"{name}.province.{province}", None, figure
    if kind == "stable" and pack.stable is not None:
        yield "years", None, pack.stable.years
        yield "margin", None, pack.stable.margin
    if kind == "exits" and pack.exits is not None:
        yield from _rules(pack.exits)
    if kind in ("income_concepts", "regimes"):
        for span in getattr(pack, kind):
            yield f"{span.first}-{span.last or ''}", None, span


def _line_key(series: LineSeries) -> str:
    return series.purpose if series.province == "*" else f"{series.purpose}:{series.province}"


def _rules(exits: ExitSection) -> Iterator[tuple[str, int | None, _Cited]]:
    """Yield every cited value of the exit rules."""
    for zone, value in exits.incidence.zones.items():
        yield f"incidence.{zone}", None, value
    for province, value in exits.incidence.overrides.items():
        yield f"incidence.province.{province}", None, value
    for name, criterion in (
        ("wrong_exit", exits.wrong_exit),
        ("missed", exits.missed),
        ("approval", exits.approval),
    ):
        yield name, None, criterion.threshold
        for province, value in criterion.overrides.items():
            yield f"{name}.province.{province}", None, value
    for province, assigned in exits.zones.items():
        yield f"zone.{province}", None, assigned
    for name, term in exits.not_judged.items():
        yield f"not_judged.{name}", None, term
