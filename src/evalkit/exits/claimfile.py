"""The file of claims: figures of a text or table, and how they should hang together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator

from evalkit.plansources import Section
from evalkit.yamlfile import YamlFile, model_faults, raise_faults, read_yaml


class Figure(Section):
    """A printed number, or one of the data."""

    value: str | None = Field(
        default=None, description="as printed, with its scale (3.8 million, 86.57 %, 1.2万)"
    )
    data: str | None = Field(
        default=None,
        description="SELECT over the build of a plan that gives one number, or a name given by the caller",
    )
    to: str | None = Field(default=None, description="rounded to multiples of this, not to its last digit")
    exact: bool = Field(default=False, description="true: not rounded")
    sentence: str = Field(default="", description="the sentence it stands in")


Operand = str | Figure
"""A name among the figures of the file, a printed number, or a figure written out."""


class Claim(Section):
    """Common to every claim."""

    id: str = Field(description="name of the claim")
    sentence: str = Field(default="", description="the sentence that makes it, as printed")
    exact: bool | None = Field(
        default=None,
        description="true: whole numbers without a scale are counts; false: they are rounded like all others; when not "
        "given, they are counts where a claim adds up or compares nothing but whole numbers",
    )


class Sum(Claim):
    """The stated number is the sum of others."""

    kind: Literal["sum"]
    stated: Operand
    of: tuple[Operand, ...] = Field(min_length=1)


class Difference(Claim):
    """The stated number is the first less the second."""

    kind: Literal["difference"]
    stated: Operand
    of: tuple[Operand, Operand]


class Product(Claim):
    """The stated number is the product of others."""

    kind: Literal["product"]
    stated: Operand
    of: tuple[Operand, ...] = Field(min_length=2)


class Share(Claim):
    """The stated share (or ratio) is part over whole."""

    kind: Literal["share"]
    stated: Operand
    part: Operand
    whole: Operand


class Growth(Claim):
    """The stated growth rate, a year."""

    kind: Literal["growth"]
    stated: Operand
    before: Operand
    after: Operand
    years: int = Field(default=1, ge=1)


class Equal(Claim):
    """The stated number is the same as another, or as the data."""

    kind: Literal["equal"]
    stated: Operand
    to: Operand


class Totals(Claim):
    """A table: the stated totals are the sums of the columns."""

    kind: Literal["totals"]
    rows: dict[str, tuple[Operand, ...]]
    stated: tuple[Operand, ...]
    columns: tuple[str, ...] = ()


class Significance(Claim):
    """A coefficient with its standard error is claimed to be significant, or not."""

    kind: Literal["significance"]
    coefficient: Operand
    std_error: Operand
    level: float | None = Field(default=None, gt=0, lt=1, description="claimed: significant at this level")
    stars: int | None = Field(default=None, ge=0, description="claimed by stars, see levels")
    levels: tuple[float, ...] = Field(default=(0.10, 0.05, 0.01), description="levels of one, two … stars")
    df: float | None = Field(default=None, gt=0, description="degrees of freedom; many when not given")

    @field_validator("levels")
    @classmethod
    def _falling(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or any(not 0 < v < 1 for v in value) or list(value) != sorted(set(value), reverse=True):
            msg = "levels of stars fall from the first to the last, each between 0 and 1"
            raise ValueError(msg)
        return value


AnyClaim = Annotated[
    Sum | Difference | Product | Share | Growth | Equal | Totals | Significance, Field(discriminator="kind")
]


class ClaimFile(Section):
    """Figures and claims of one text."""

    title: str = Field(default="", description="name of the reconciliation")
    source: str = Field(default="", description="the text or table: author, title, year, page")
    figures: dict[str, Figure] = Field(default={}, description="name → number as printed")
    claims: tuple[AnyClaim, ...] = Field(min_length=1)

    def questions(self) -> tuple[str, ...]:
        """Return what the file asks of the data, in the order of figures and claims, each once."""
        return tuple(dict.fromkeys(_questions(self.model_dump())))

    @field_validator("claims")
    @classmethod
    def _distinct(cls, value: tuple[AnyClaim, ...]) -> tuple[AnyClaim, ...]:
        names = [c.id for c in value]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            msg = f"two claims are called {', '.join(twice)}"
            raise ValueError(msg)
        return value


def read_claims(source: str | Path | Mapping[str, Any]) -> ClaimFile:
    """Read a file of claims; numbers are taken as they are written (2.390 has three decimals).

    Raises
    ------
    PlanError
        The file is absent, not readable, or has faults (all of them, with lines).
    """
    if isinstance(source, str | Path):
        file = read_yaml(Path(source), "claims")
    else:
        file = YamlFile(Path("(claims)"), dict(source))
    said = _as_written(file.data, (), file)
    try:
        found = ClaimFile.model_validate(said)
    except ValidationError as error:
        faults = [*file.faults, *model_faults(error, file, ClaimFile.model_json_schema())]
        raise_faults(file.path, faults, "claims")
        raise  # pragma: no cover - a validation error has faults
    raise_faults(file.path, file.faults, "claims")
    return found


def _questions(node: Any) -> Iterator[str]:
    """Yield the texts under every key ``data`` below a node."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "data" and isinstance(value, str):
                yield value
            else:
                yield from _questions(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _questions(value)


_NUMERIC = {"years", "level", "levels", "stars", "df"}


def _as_written(node: Any, path: tuple[str | int, ...], file: YamlFile) -> Any:
    """Return a copy in which printed numbers are the text of the file."""
    if isinstance(node, Mapping):
        return {k: v if k in _NUMERIC else _as_written(v, (*path, k), file) for k, v in node.items()}
    if isinstance(node, list | tuple):
        return [_as_written(v, (*path, i), file) for i, v in enumerate(node)]
    if isinstance(node, int | float) and not isinstance(node, bool):
        return file.written.get(path, str(node))
    return node
