"""Poverty lines, prices, reference incomes and exit rules as cited data.

Law is data: figures live in ``standards/*.yaml``, each with its source and whether it was seen in
print. A plan names a packaged pack (``standard: cn-2017``) or the path of its own file, which may say
``extends: cn-2017`` and then holds only what differs (the rules of a province, say).
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from evalkit.errors import PlanError
from evalkit.standards.citing import CITED, Citation
from evalkit.standards.pack import Pack, Series, Value, parse_pack
from evalkit.standards.rules import ExitRules
from evalkit.standards.sections import (
    Choice,
    Document,
    FieldDesign,
    GroupRule,
    Requirement,
    Stable,
    Term,
    Variant,
)
from evalkit.standards.standard import Standard
from evalkit.standards.villages import VillageRules
from evalkit.yamlfile import did_you_mean, raise_faults, read_yaml

__all__ = [
    "CITED",
    "Choice",
    "Citation",
    "Document",
    "ExitRules",
    "FieldDesign",
    "GroupRule",
    "Pack",
    "Requirement",
    "Series",
    "Stable",
    "Standard",
    "Term",
    "Value",
    "Variant",
    "VillageRules",
    "known_standards",
    "load_standard",
]


def _folder() -> Path:
    return Path(str(files("evalkit.standards")))


def known_standards() -> tuple[str, ...]:
    """Return the names of the packaged standards."""
    return tuple(sorted(p.stem for p in _folder().glob("*.yaml")))


def load_standard(name: str | Path) -> Standard:
    """Load a rule pack.

    Parameters
    ----------
    name : str or Path
        A packaged name (see `standards`), or the path of a YAML file in the same shape (recognised by
        its ending ``.yaml``/``.yml`` or a folder in it).

    Returns
    -------
    Standard
        The same object on a second call, unless the file has changed in between.

    Raises
    ------
    PlanError
        Unknown name (with the known ones), a file with faults (all of them, with lines), or packs that extend each
        other in a circle.
    """
    return _load(_chain(_path_of(str(name), Path()), ()))


_Link = tuple[Path, int]
"""A file and when it was changed, so that a changed file is read again."""


def _chain(path: Path, below: tuple[_Link, ...]) -> tuple[_Link, ...]:
    """Return a pack and what it extends, in turn; `below` are the packs that extend it."""
    names = [p for p, _ in below]
    if path in names:
        circle = " → ".join(p.name for p in (*names, path))
        msg = f"{names[0]}: standards extend each other in a circle ({circle}); remove one `extends`"
        raise PlanError(msg)
    link = (path, path.stat().st_mtime_ns if path.is_file() else 0)
    extended = _extended(*link)
    return (link,) if extended is None else (link, *_chain(_path_of(extended, path.parent), (*below, link)))


def _path_of(name: str, folder: Path) -> Path:
    """Return the file of a standard: packaged, or beside a folder."""
    if re.search(r"\.ya?ml$|[/\\]", name):
        return (folder / name).resolve()
    if name in known_standards():
        return (_folder() / f"{name}.yaml").resolve()
    ending = did_you_mean(name, known_standards())
    msg = (
        f"there is no standard {name!r}{ending} Known: {', '.join(known_standards())}; "
        "a standard of your own is named by the path of its .yaml file."
    )
    raise PlanError(msg)


@cache
def _extended(path: Path, stamp: int) -> str | None:  # noqa: ARG001  (the stamp renews the cache)
    """Return the name of the pack that a file extends, or None."""
    name = read_yaml(path, "standard").data.get("extends")
    return name if isinstance(name, str) and name else None


@cache
def _load(chain: tuple[_Link, ...]) -> Standard:
    """Return the first pack of a chain, over those that it extends."""
    path = chain[0][0]
    base = _load(chain[1:]) if len(chain) > 1 else None
    parsed = parse_pack(read_yaml(path, "standard"), None if base is None else base.data)
    raise_faults(path, parsed.faults, "standard")
    if parsed.pack is None:  # pragma: no cover - parse_pack gives a pack or faults
        msg = f"{path} could not be read as a standard"
        raise PlanError(msg)
    content = path.read_bytes() if base is None else base.digest.encode() + path.read_bytes()
    return Standard(parsed.pack, hashlib.sha256(content).hexdigest()[:16], parsed.data)
