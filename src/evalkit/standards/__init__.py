"""Poverty lines, prices, reference incomes and exit rules as cited data.

Law is data: figures live in ``standards/*.yaml``, each with its source and whether it was seen in
print. A plan names a packaged pack (``standard: cn-2017``) or the path of its own file.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from evalkit.errors import PlanError
from evalkit.standards.pack import Pack, Series, Value, parse_pack
from evalkit.standards.rules import ExitRules
from evalkit.standards.standard import CITED, Standard
from evalkit.yamlfile import did_you_mean, raise_faults, read_yaml

__all__ = ["CITED", "ExitRules", "Pack", "Series", "Standard", "Value", "known_standards", "load_standard"]


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
        Unknown name (with the known ones), or a file with faults (all of them, with lines).
    """
    text = str(name)
    if re.search(r"\.ya?ml$|[/\\]", text):
        path = Path(text)
    elif text in known_standards():
        path = _folder() / f"{text}.yaml"
    else:
        ending = did_you_mean(text, known_standards())
        msg = (
            f"there is no standard {text!r}{ending} Known: {', '.join(known_standards())}; "
            "a standard of your own is named by the path of its .yaml file."
        )
        raise PlanError(msg)
    stamp = path.stat().st_mtime_ns if path.is_file() else 0
    return _load(path.resolve(), stamp)


@cache
def _load(path: Path, stamp: int) -> Standard:  # noqa: ARG001  (the stamp renews the cache)
    file = read_yaml(path, "standard")
    parsed = parse_pack(file)
    raise_faults(path, parsed.faults, "standard")
    if parsed.pack is None:  # pragma: no cover - parse_pack gives a pack or faults
        msg = f"{path} could not be read as a standard"
        raise PlanError(msg)
    return Standard(parsed.pack, hashlib.sha256(path.read_bytes()).hexdigest()[:16])
