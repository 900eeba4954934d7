"""YAML files written by people: read strictly, every fault with its line.

A settings file is composed first, so that each key has a line, then built with duplicate keys
refused, and what a pydantic model objects to is said in the words of the file: line, key, what is
wrong, which key or word was probably meant.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from evalkit.errors import PlanError

Key = str | int
Path_ = tuple[Key, ...]
_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a settings file: where and what."""

    line: int | None
    key: str
    what: str

    def __str__(self) -> str:
        """Return ``line 12: design.weigth: unknown key; did you mean 'weight'?``."""
        where = [f"line {self.line}"] if self.line is not None else []
        return ": ".join([*where, *([self.key] if self.key else []), self.what])


@dataclass(frozen=True)
class YamlFile:
    """A settings file as read.

    Parameters
    ----------
    path : Path
    data : dict
        What the file says, as plain Python.
    lines : mapping of path to int
        1-based line of every key and list item; a path is a tuple of keys and positions.
    written : mapping of path to str
        Every key and every scalar value as it is written (``010203`` is read as the number 4227).
        The path of a key ends with ``"[key]"``.
    faults : tuple of Fault
        Duplicate keys.
    """

    path: Path
    data: dict[str, Any]
    lines: Mapping[Path_, int] = field(default_factory=dict)
    written: Mapping[Path_, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    def line(self, path: Path_) -> int | None:
        """Return the line of a key, or of the nearest section around it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return None


def dotted(path: Iterable[Key]) -> str:
    """Return a path as text.

    >>> dotted(("impact", 0, "control"))
    'impact.0.control'
    """
    return ".".join(str(p) for p in path)


def is_yaml(name: str) -> bool:
    """Return whether a name is that of a YAML file, by its ending.

    >>> is_yaml("standards/mine.yaml"), is_yaml("cn-2017")
    (True, False)
    """
    return name.endswith((".yaml", ".yml"))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"``, or nothing when no known word is near.

    >>> did_you_mean("weigth", ["weight", "strata"])
    "; did you mean 'weight'?"
    """
    words = {w.lower(): w for w in known}
    near = difflib.get_close_matches(name.lower(), list(words), n=1, cutoff=0.6)
    return f"; did you mean '{words[near[0]]}'?" if near else ""


def raise_faults(path: Path, faults: Iterable[Fault], kind: str) -> None:
    """Raise one `PlanError` that lists every fault in the order of the file; nothing when there is none."""
    ordered = sorted(faults, key=lambda f: (f.line or 0, f.key))
    texts = tuple(dict.fromkeys(str(f) for f in ordered))
    if texts:
        noun = "fault" if len(texts) == 1 else "faults"
        listed = "\n".join(f"  {t}" for t in texts)
        msg = f"{path}: {len(texts)} {noun} in the {kind}; nothing was run.\n{listed}"
        raise PlanError(msg, texts)


def read_yaml(path: Path, kind: str) -> YamlFile:
    """Read a YAML mapping.

    Parameters
    ----------
    path : Path
    kind : str
        What the file is, as messages call it (``"plan"``, ``"standard"``).

    Returns
    -------
    YamlFile
        With duplicate keys listed as faults (the later value is in `data`).

    Raises
    ------
    PlanError
        Not there, a folder, empty, not UTF-8, broken YAML (line and column), not a mapping.
    """
    text = _text(path, kind)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            msg = f"{path} is empty; a {kind} needs at least its required keys (see `evalkit explain {kind}`)"
            raise PlanError(msg)
        lines: dict[Path_, int] = {}
        written: dict[Path_, str] = {}
        faults: list[Fault] = []
        _walk(node, (), lines, written, faults)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        msg = f"{path} is not readable as YAML: {where}{problem}"
        raise PlanError(msg) from error
    if not isinstance(data, dict):
        msg = f"{path}: a {kind} is a list of `key: value` lines; this file holds a {type(data).__name__}"
        raise PlanError(msg)
    return YamlFile(path, data, lines, written, tuple(faults))


def _text(path: Path, kind: str) -> str:
    """Return the text of a settings file, or say why there is none."""
    if path.is_dir():
        msg = f"{path} is a folder; name the {kind} file in it (for example {path / (kind + '.yaml')})"
        raise PlanError(msg)
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        near = sorted(p.name for p in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        there = f"; the folder has {', '.join(near)}" if near else ""
        msg = f"{kind} file {path} does not exist{there}"
        raise PlanError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path} is not UTF-8 (byte {error.start + 1}); save it as UTF-8"
        raise PlanError(msg) from error
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise PlanError(msg) from error


def _walk(
    node: yaml.Node, path: Path_, lines: dict[Path_, int], written: dict[Path_, str], faults: list[Fault]
) -> None:
    """Note the line and the wording of every key below a node, and keys that are given twice."""
    if isinstance(node, yaml.ScalarNode):
        written[path] = node.value
    elif isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            lines[(*path, i)] = item.start_mark.line + 1
            _walk(item, (*path, i), lines, written, faults)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[Key, int] = {}
        for key_node, value in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == _MERGE:
                continue
            key = yaml.SafeLoader("").construct_object(key_node)
            here = key_node.start_mark.line + 1
            if key in seen:
                faults.append(Fault(here, dotted((*path, key)), f"given twice (first on line {seen[key]})"))
            seen.setdefault(key, here)
            lines[(*path, key)] = here
            written[(*path, key, "[key]")] = key_node.value
            _walk(value, (*path, key), lines, written, faults)


def model_faults(error: ValidationError, file: YamlFile, schema: dict[str, Any]) -> list[Fault]:
    """Return what a model objects to, in the words of the file.

    Parameters
    ----------
    error : ValidationError
    file : YamlFile
    schema : dict
        JSON Schema of the model, for the keys that are allowed where an unknown one stands.
    """
    merged: dict[tuple[Path_, bool], list[str]] = {}
    for detail in error.errors(include_url=False):
        loc: Path_ = detail["loc"]
        key_fault = bool(loc) and loc[-1] == "[key]"
        path = _in_file(loc[:-1] if key_fault else loc, file.data, missing=detail["type"] == "missing")
        what = _what(dict(detail), path, file, schema)
        merged.setdefault((path, key_fault), []).append(what)
    return [
        Fault(file.line(path), _as_written(path, file), " or ".join(dict.fromkeys(whats)))
        for (path, _), whats in merged.items()
    ]


def _as_written(path: Path_, file: YamlFile) -> str:
    """Return a path as text, its last key as the file has it (``010203``, not 4227)."""
    return dotted((*path[:-1], file.written.get((*path, "[key]"), path[-1]))) if path else ""


def _in_file(loc: Path_, data: object, *, missing: bool) -> Path_:
    """Return an error's location without the names of union branches, which the file does not contain."""
    path: list[Key] = []
    for i, part in enumerate(loc):
        if _has(data, part):
            data = data[part]  # type: ignore[index]
        elif not (missing and i == len(loc) - 1):
            continue
        path.append(part)
    return tuple(path)


def _has(data: object, part: Key) -> bool:
    """Tell whether a mapping has a key, or a list a position."""
    if isinstance(data, dict):
        return part in data
    return isinstance(data, (list, tuple)) and isinstance(part, int) and part < len(data)


def _what(detail: dict[str, Any], path: Path_, file: YamlFile, schema: dict[str, Any]) -> str:
    """Say what is wrong at one place."""
    kind, given, loc = detail["type"], detail["input"], detail["loc"]
    if kind == "missing":
        return "is missing"
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        allowed = allowed_at(schema, loc[:-1])
        return f"unknown key{did_you_mean(str(loc[-1]), allowed) or '; allowed here: ' + ', '.join(allowed)}"
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", detail["ctx"]["expected"]) or [detail["ctx"]["expected"]]
        return f"{given!r} is not one of {', '.join(choices)}{did_you_mean(str(given), choices)}"
    if kind == "union_tag_invalid":
        tag, kinds = detail["ctx"]["tag"], allowed_at(schema, loc)
        return f"kind {tag!r} is not one of {', '.join(kinds)}{did_you_mean(tag, kinds)}"
    if kind == "union_tag_not_found":
        return f"needs a line `kind:` with one of {', '.join(allowed_at(schema, loc))}"
    if kind in ("model_type", "model_attributes_type", "dataclass_type"):
        nothing = "it is empty" if given is None else f"given: {given!r}"
        hint = f"; write {{kind: {given}}}" if given in allowed_at(schema, loc) else ""
        return f"must be a section of `key: value` lines ({nothing}){hint}"
    if kind == "string_type" and isinstance(given, (int, float)):
        is_key = loc[-1] == "[key]"
        text = file.written.get((*path, "[key]") if is_key else path, str(given))
        noun = "the key" if is_key else "the value"
        return f'{noun} {text} is read as {given!r}, not as text; put it in quotes: "{text}"'
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    message = str(detail["msg"]).replace("Input should be", "should be")
    return f"{message} (given: {given!r})"


def allowed_at(schema: dict[str, Any], loc: Path_) -> list[str]:
    """Return the keys (or the kinds of a union) that a JSON Schema allows at a location."""
    node = locate(schema, loc)
    if node is None:
        return []
    mapping = node.get("discriminator", {}).get("mapping")
    return list(mapping) if mapping else list(node.get("properties", {}))


def locate(schema: dict[str, Any], loc: Path_) -> dict[str, Any] | None:
    """Return the part of a JSON Schema at a location (keys, positions, kinds of unions), or None."""
    node: dict[str, Any] | None = resolve(schema, schema)
    for part in loc:
        if node is None:
            return None
        node = _step(schema, node, part)
    return node


def _step(schema: dict[str, Any], node: dict[str, Any], part: Key) -> dict[str, Any] | None:
    """Go one key, position or union branch down."""
    mapping = node.get("discriminator", {}).get("mapping", {})
    if part in mapping:
        return resolve(schema, {"$ref": mapping[part]})
    if part in node.get("properties", {}):
        return resolve(schema, node["properties"][part])
    if isinstance(node.get("additionalProperties"), dict):
        return resolve(schema, node["additionalProperties"])
    if isinstance(part, int) and "items" in node:
        return resolve(schema, node["items"])
    branches = [resolve(schema, b) for b in node.get("anyOf", []) + node.get("oneOf", [])]
    for branch in branches:
        found = _step(schema, branch, part)
        if found is not None:
            return found
    return node if str(part).startswith(("dict[", "tuple[", "str")) else None


def resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Return a part of a JSON Schema with its references followed, keeping what stands beside them."""
    while "$ref" in node:
        target = schema["$defs"][str(node["$ref"]).rsplit("/", 1)[-1]]
        node = {**target, **{k: v for k, v in node.items() if k != "$ref"}}
    options = [b for b in node.get("anyOf", []) if b.get("type") != "null"]
    if "anyOf" in node and len(options) == 1 and len(node["anyOf"]) > 1:
        beside = {k: v for k, v in node.items() if k != "anyOf"}
        return resolve(schema, {**resolve(schema, options[0]), **beside})
    return node
