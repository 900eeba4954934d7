"""A pack that begins from another: only what differs is written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.yamlfile import Fault, YamlFile, did_you_mean, dotted

KEYED = {
    "lines": ("purpose", "province"),
    "variants": ("id",),
    "household_exit": ("id",),
    "village_exit": ("id",),
    "risk_elimination": ("id",),
    "regimes": ("id",),
}
"""Lists whose items are told apart by these keys."""


def written_out(node: Any, sources: Mapping[str, Any]) -> Any:
    """Return a copy in which the names of sources are replaced by their (English) texts."""
    if isinstance(node, dict):
        return {
            key: english(sources.get(value, value))
            if key == "source" and isinstance(value, str)
            else written_out(value, sources)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [written_out(value, sources) for value in node]
    return node


def english(source: Any) -> str:
    """Return the text of a source, in English where it is given in two languages."""
    return str(source.get("en", "") if isinstance(source, dict) else source).strip()


def unknown_sources(file: YamlFile, sources: Mapping[str, Any]) -> list[Fault]:
    """Return a fault for every source of a file that is not among the known ones."""
    faults = []
    for path, name in _named(file.data, ()):
        if name not in sources:
            what = f"{name!r} is not a key of sources{did_you_mean(name, sources)}"
            faults.append(Fault(file.line(path), dotted(path), what))
    return faults


def _named(node: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the place and the name of every source below a node."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "source" and isinstance(value, str):
                yield (*path, key), value
            else:
                yield from _named(value, (*path, key))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from _named(value, (*path, i))


def sources_of(data: Mapping[str, Any], base: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the sources of a file and of the pack it extends; the file's own win.

    A source of the base whose name the file uses for something else is kept under ``<id of the base>:<name>``.

    >>> sources_of({"sources": {"book": "Mine"}}, {"id": "b", "sources": {"book": "Theirs", "law": "Law"}})
    {'b:book': 'Theirs', 'law': 'Law', 'book': 'Mine'}
    """
    given = data.get("sources")
    own: dict[str, Any] = given if isinstance(given, dict) else {}
    if base is None:
        return own
    inherited = {
        f"{base['id']}:{k}" if k in own and own[k] != v else k: v for k, v in base["sources"].items()
    }
    return {**inherited, **own}


def merged(base: Any, own: Any, name: str = "") -> Any:
    """Return what a file says over what the pack it extends says.

    Sections are merged key by key, lists whose items have names (`KEYED`) item by item, everything else (a
    cited figure with its source, too) is replaced; a key with the value null is removed. Items of the file come first,
    at the places they have in it.

    >>> merged({"a": {"x": 1, "y": 2}, "b": [1, 2]}, {"a": {"y": 3, "x": None}, "b": [4]})
    {'a': {'y': 3}, 'b': [4]}
    """
    if isinstance(base, dict) and isinstance(own, dict):
        if "source" in base:  # a cited figure is replaced as a whole: no new value under an old citation
            return own
        kept = {k: v for k, v in base.items() if k not in own}
        changed = {k: merged(base.get(k), v, k) for k, v in own.items() if v is not None}
        return {**kept, **changed}
    if name in KEYED and isinstance(base, list) and isinstance(own, list):
        keys = KEYED[name]
        there = {_key(item, keys): item for item in base}
        changed_items = [
            merged(there.get(_key(item, keys)), item) if isinstance(item, dict) else item for item in own
        ]
        given = {_key(item, keys) for item in own}
        return [*changed_items, *(item for item in base if _key(item, keys) not in given)]
    return own


def _key(item: Any, keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(item.get(k)) for k in keys) if isinstance(item, dict) else (repr(item),)
