"""The shape of a rule pack file: every figure carries its source and whether it was seen in print."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from evalkit.text import Text, text_from
from evalkit.yamlfile import Fault, YamlFile, did_you_mean, dotted, model_faults

Purpose = Literal["statistical", "work", "monitoring"]
Zone = Literal["centre", "west"]
_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Value:
    """One cited figure.

    Parameters
    ----------
    value : float
    source : str
        Document, or the statement that the document is still to be cited.
    verified : bool
        True when the figure was seen in a published source.
    note : str or Text
    """

    __pydantic_config__ = _STRICT
    value: float
    source: str
    verified: bool
    note: str | Text = ""


@dataclass(frozen=True)
class ZoneOf:
    """The cited assignment of a province to a zone."""

    __pydantic_config__ = _STRICT
    value: Zone
    source: str
    verified: bool
    note: str | Text = ""


@dataclass(frozen=True)
class LineSeries:
    """Poverty lines of one purpose in one province (``"*"`` is the whole country), by year."""

    __pydantic_config__ = _STRICT
    purpose: Purpose
    province: str
    unit: Text
    values: dict[int, Value]
    note: str = ""


@dataclass(frozen=True)
class Series:
    """A cited series by year."""

    __pydantic_config__ = _STRICT
    title: Text
    unit: Text
    values: dict[int, Value]
    note: str = ""


@dataclass(frozen=True)
class Incidence:
    """Composite incidence: a threshold by zone, with exceptions by province."""

    __pydantic_config__ = _STRICT
    strict: bool
    zones: dict[Zone, Value]
    denominators: tuple[Literal["agricultural", "resident"], ...]
    overrides: dict[str, Value] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Criterion:
    """One rate of the exit evaluation; the first denominator is the default."""

    __pydantic_config__ = _STRICT
    strict: bool
    threshold: Value
    denominators: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class ExitSection:
    """The rules of the county exit evaluation."""

    __pydantic_config__ = _STRICT
    incidence: Incidence
    wrong_exit: Criterion
    missed: Criterion
    approval: Criterion
    zones: dict[str, ZoneOf] = field(default_factory=dict)


@dataclass(frozen=True)
class IncomeConcept:
    """The income concept of official figures in a span of years; `last` None is open."""

    __pydantic_config__ = _STRICT
    first: int
    concept: Literal["net", "disposable"]
    source: str
    verified: bool
    last: int | None = None


@dataclass(frozen=True)
class Regime:
    """A period of policy; `last` None is open."""

    __pydantic_config__ = _STRICT
    id: str
    first: int
    title: Text
    source: str
    verified: bool
    last: int | None = None


@dataclass(frozen=True)
class Pack:
    """A rule pack file as read and checked; only `id`, `title` and `sources` are required."""

    __pydantic_config__ = _STRICT
    id: str
    title: Text
    sources: dict[str, str | Text]
    description: str = ""
    lines: tuple[LineSeries, ...] = ()
    prices: Series | None = None
    benchmarks: dict[str, Series] = field(default_factory=dict)
    national: dict[str, Series] = field(default_factory=dict)
    exits: ExitSection | None = None
    monitoring: dict[str, Value] = field(default_factory=dict)
    income_concepts: tuple[IncomeConcept, ...] = ()
    regimes: tuple[Regime, ...] = ()
    undefined: dict[str, str] = field(default_factory=dict)

    def cited(self, source: str) -> Text:
        """Return the two forms of a source of this pack; one that has a single form is used for both languages."""
        for known in self.sources.values():
            said = text_from(known)
            if said.en.strip() == source:
                return Text(en=said.en.strip(), zh=said.zh.strip())
        return text_from(source)


@dataclass(frozen=True)
class Parsed:
    """A pack, or None and what is wrong with its file."""

    pack: Pack | None
    faults: tuple[Fault, ...]


def parse_pack(file: YamlFile) -> Parsed:
    """Check a rule pack file and write out its sources."""
    known = file.data.get("sources")
    sources: dict[str, Any] = known if isinstance(known, dict) else {}
    faults = [*file.faults, *_gaps(file)]
    for path, name in _named_sources(file.data, ()):
        if name not in sources:
            ending = did_you_mean(name, sources)
            faults.append(Fault(file.line(path), dotted(path), f"{name!r} is not a key of sources{ending}"))
    adapter = TypeAdapter(Pack)
    try:
        pack = adapter.validate_python(_written_out(file.data, sources))
    except ValidationError as error:
        return Parsed(None, (*faults, *model_faults(error, file, adapter.json_schema())))
    return Parsed(None if faults else pack, tuple(faults))


def _english(source: Any) -> str:
    """Return the text of a source, in English where it is given in two languages."""
    return str(source.get("en", "") if isinstance(source, dict) else source).strip()


def _gaps(file: YamlFile) -> list[Fault]:
    """Return a fault when the chain of price changes has a missing year."""
    prices = file.data.get("prices")
    values = prices.get("values") if isinstance(prices, dict) else None
    years = sorted(y for y in values if isinstance(y, int)) if isinstance(values, dict) else []
    absent = sorted(set(range(years[0], years[-1])) - set(years)) if years else []
    if not absent:
        return []
    what = f"years {', '.join(map(str, absent))} are missing; yearly changes cannot be chained across a gap"
    return [Fault(file.line(("prices", "values")), "prices.values", what)]


def _named_sources(node: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the place and the name of every source below a node."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "source" and isinstance(value, str):
                yield (*path, key), value
            else:
                yield from _named_sources(value, (*path, key))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from _named_sources(value, (*path, i))


def _written_out(node: Any, sources: dict[str, Any]) -> Any:
    """Return a copy in which the names of sources are replaced by their (English) texts."""
    if isinstance(node, dict):
        return {
            key: _english(sources.get(value, value))
            if key == "source" and isinstance(value, str)
            else _written_out(value, sources)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_written_out(value, sources) for value in node]
    return node
