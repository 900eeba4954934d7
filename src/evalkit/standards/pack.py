"""The shape of a rule pack file: every figure carries its source and whether it was seen in print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from evalkit.standards.extending import merged, sources_of, unknown_sources, written_out
from evalkit.standards.sections import (
    STRICT as _STRICT,
    Document,
    FieldDesign,
    Requirement,
    Stable,
    Term,
    Variant,
)
from evalkit.text import Text
from evalkit.yamlfile import Fault, YamlFile, did_you_mean, model_faults

Purpose = Literal["statistical", "work", "monitoring"]
Zone = Literal["centre", "west"]


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
    """One rate of the exit evaluation: a threshold, with exceptions by province; the first denominator is the default."""

    __pydantic_config__ = _STRICT
    strict: bool
    threshold: Value
    denominators: tuple[str, ...]
    note: str = ""
    overrides: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class ExitSection:
    """The rules of the county exit evaluation; `not_judged` holds criteria that some documents name and no source defines."""

    __pydantic_config__ = _STRICT
    incidence: Incidence
    wrong_exit: Criterion
    missed: Criterion
    approval: Criterion
    zones: dict[str, ZoneOf] = field(default_factory=dict)
    not_judged: dict[str, Term] = field(default_factory=dict)


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
    """A rule pack as read and checked; only `id`, `title` and `sources` are required.

    A file with ``extends: cn-2017`` says only what differs from that pack (see `evalkit.standards.extending`).
    `village_overrides` holds, by province, the figures of the village standard that differ there: requirement → value, and
    ``incidence`` for the threshold, whatever the zone.
    """

    __pydantic_config__ = _STRICT
    id: str
    title: Text
    sources: dict[str, str | Document]
    extends: str = ""
    as_of: int | None = None
    description: str = ""
    lines: tuple[LineSeries, ...] = ()
    prices: Series | None = None
    benchmarks: dict[str, Series] = field(default_factory=dict)
    national: dict[str, Series] = field(default_factory=dict)
    exits: ExitSection | None = None
    variants: tuple[Variant, ...] = ()
    household_exit: tuple[Requirement, ...] = ()
    village_exit: tuple[Requirement, ...] = ()
    village_overrides: dict[str, dict[str, Value]] = field(default_factory=dict)
    stable: Stable | None = None
    designs: dict[str, FieldDesign] = field(default_factory=dict)
    monitoring: dict[str, Value] = field(default_factory=dict)
    monitored_classes: dict[str, Term] = field(default_factory=dict)
    risk_elimination: tuple[Requirement, ...] = ()
    income_concepts: tuple[IncomeConcept, ...] = ()
    regimes: tuple[Regime, ...] = ()
    undefined: dict[str, str] = field(default_factory=dict)

    def document(self, source: str) -> Document:
        """Return the document whose English citation a value carries; one without a date where there is none."""
        for known in self.sources.values():
            found = known if isinstance(known, Document) else Document(known)
            if found.text.en == source:
                return found
        return Document(source)

    def cited(self, source: str) -> Text:
        """Return the two forms of a source of this pack; one that has a single form is used for both languages."""
        return self.document(source).text


@dataclass(frozen=True)
class Parsed:
    """A pack, or None and what is wrong with its file; `data` is what the file says over what it extends."""

    pack: Pack | None
    faults: tuple[Fault, ...]
    data: Mapping[str, Any]


def parse_pack(file: YamlFile, base: Mapping[str, Any] | None = None) -> Parsed:
    """Check a rule pack file and write out its sources.

    Parameters
    ----------
    file : YamlFile
    base : mapping, optional
        `Parsed.data` of the pack that the file extends.
    """
    sources = sources_of(file.data, base)
    own = written_out(file.data, sources)
    data: dict[str, Any] = {**(own if base is None else merged(base, own)), "sources": sources}
    if base is None and "sources" not in file.data:
        del data["sources"]
    whole = replace(file, data=data)
    faults = [*file.faults, *_gaps(whole), *_lost_overrides(whole), *unknown_sources(file, sources)]
    adapter = TypeAdapter(Pack)
    try:
        pack = adapter.validate_python(data)
    except ValidationError as error:
        return Parsed(None, (*faults, *model_faults(error, whole, adapter.json_schema())), data)
    return Parsed(None if faults else pack, tuple(faults), data)


def _lost_overrides(file: YamlFile) -> list[Fault]:
    """Return a fault for every exception on villages that is about no requirement of the pack."""
    given, listed = file.data.get("village_overrides"), file.data.get("village_exit")
    items = [r for r in listed if isinstance(r, dict)] if isinstance(listed, list) else []
    known = ["incidence", *(str(r.get("id")) for r in items if r.get("kind") != "rate")]
    faults = []
    for province, values in given.items() if isinstance(given, dict) else ():
        for name in values if isinstance(values, dict) else ():
            if name not in known:
                where = ("village_overrides", province, name)
                what = f"is no requirement of village_exit{did_you_mean(str(name), known)}"
                faults.append(Fault(file.line(where), ".".join(map(str, where)), what))
    return faults


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
