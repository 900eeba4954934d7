"""Parameters of a notebook: what its parameters cell declares, and whether what is given fits."""

from __future__ import annotations

import ast
import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import ReportError

TAG = "parameters"
_TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}


@dataclass(frozen=True)
class Parameter:
    """A declared parameter: name, type (``str``, ``int``, ``float`` or ``bool``) and default."""

    name: str
    type: str
    default: Any


def check(notebook: Path, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters if every one is declared in the notebook and of its declared type.

    Nothing is converted: a code such as ``010203`` is text, and the number 10203 is refused.

    Raises
    ------
    ReportError
        An unknown name (with the nearest known one), a value of the wrong type, or a notebook without
        a parameters cell.
    """
    known = {p.name: p for p in declared(notebook)}
    for name, value in parameters.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else "."
            msg = f"{notebook.name} has no parameter {name!r}{hint} It has {', '.join(known)}"
            raise ReportError(msg)
        _check_type(notebook, known[name], value)
    return dict(parameters)


def declared(notebook: Path) -> tuple[Parameter, ...]:
    """Return the parameters that a notebook declares as ``name: type = default``.

    Raises
    ------
    ReportError
        If the file is no notebook, has no cell tagged ``parameters``, or a line of the cell is not a
        typed assignment.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    except (OSError, json.JSONDecodeError, KeyError, UnicodeDecodeError) as error:
        msg = f"{notebook} cannot be read as a notebook: {error}"
        raise ReportError(msg) from error
    tagged = [c for c in cells if TAG in c.get("metadata", {}).get("tags", [])]
    if len(tagged) != 1:
        msg = f"{notebook.name} has {len(tagged)} cells tagged {TAG!r}; it needs exactly one"
        raise ReportError(msg)
    return tuple(_parameter(notebook, line) for line in ast.parse("".join(tagged[0]["source"])).body)


def _parameter(notebook: Path, line: ast.stmt) -> Parameter:
    typed = isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value is not None
    if typed:
        name, kind = line.target.id, ast.unparse(line.annotation)  # type: ignore[attr-defined]
        if kind in _TYPES:
            return Parameter(name, kind, ast.literal_eval(line.value))  # type: ignore[attr-defined]
    msg = (
        f"{notebook.name}: the parameters cell holds {ast.unparse(line)!r}; each line must read "
        f"name: type = default, with a type among {', '.join(_TYPES)}"
    )
    raise ReportError(msg)


def _check_type(notebook: Path, parameter: Parameter, value: Any) -> None:
    wanted = _TYPES[parameter.type]
    fits = isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        fits = True
    if fits:
        return
    hint = " (codes are text: leading zeros would be lost)" if wanted is str else ""
    msg = f"{notebook.name}: {parameter.name} must be {parameter.type}, got {type(value).__name__} {value!r}{hint}"
    raise ReportError(msg)
