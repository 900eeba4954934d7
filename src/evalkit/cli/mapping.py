"""`evalkit check --write-mapping`: what was found about files goes into the plan, comments and order kept."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.errors import PlanError
from evalkit.ingest import read
from evalkit.ingest.plans import table_files
from evalkit.ingest.stored import PlanMapping, mapping_for_plan
from evalkit.planfile import load_plan
from evalkit.store import atomic

if TYPE_CHECKING:
    from evalkit.plan import Plan

_MARK = "not recognised, not used: "
_ASK = "to be decided: "
_WRITTEN = re.compile(rf"^\s*# ({re.escape(_MARK)}|{re.escape(_ASK)}).*\n", re.MULTILINE)
_DASH = re.compile(r"^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*( *)- ", re.MULTILINE)


def find_mappings(plan: Plan) -> dict[str, PlanMapping]:
    """Read the raw files and return what was found, by table.

    Raises
    ------
    DataError
        A file cannot be read.
    """
    sources = plan.data.tables()
    out: dict[str, PlanMapping] = {}
    for name, files in table_files(plan, plan.raw).items():
        raw = read(files, table=name, source=sources[name], root=plan.raw)
        out[name] = mapping_for_plan(raw, sources[name])
    return out


def write_mapping(path: Path, found: Mapping[str, PlanMapping]) -> list[str]:
    """Write what was found into a plan, in one step; what the plan says already stays.

    Parameters
    ----------
    path : Path
        The plan; it must be one that can be read.
    found : mapping of str to PlanMapping
        By table.

    Returns
    -------
    list of str
        The keys that were added.

    Raises
    ------
    PlanError
        The plan with the mapping would be no valid plan; the file is as it was.
    """
    text = path.read_text(encoding="utf-8")
    new, added = with_mapping(text, found)
    if new == text:
        return added
    try:
        with atomic(path) as part:
            part.write_text(new, encoding="utf-8")
            load_plan(part)
    except PlanError as e:
        msg = f"{path} was not changed: with the mapping it would be no valid plan ({e}); write the mapping by hand"
        raise PlanError(msg, e.faults) from e
    return added


def with_mapping(text: str, found: Mapping[str, PlanMapping]) -> tuple[str, list[str]]:
    """Return the text of a plan with what was found, and the keys that were added."""
    from ruamel.yaml.comments import CommentedMap

    yaml = _yaml(text)
    plan = yaml.load(_WRITTEN.sub("", text))
    added: list[str] = []
    for name, mapping in found.items():
        section = plan["data"][name]
        following = _cut_following(plan["data"], name)
        section.fa.set_block_style()
        for key, value in mapping.settings().items():
            where = f"data.{name}.{key}"
            if key == "columns" and isinstance(value, dict):
                there = section.setdefault("columns", CommentedMap())
                there.fa.set_block_style()
                new = {k: v for k, v in value.items() if k not in there}
                there.update({k: _quoted(v) for k, v in new.items()})
                added += [f"{where}.{k}" for k in new]
            elif key not in section:
                section[key] = _quoted(value)
                added.append(where)
        _comment(section, mapping)
        _append_following(plan["data"], name, following)
    out = io.StringIO()
    yaml.dump(plan, out)
    return out.getvalue(), added


def _yaml(text: str) -> Any:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 1_000_000
    yaml.preserve_quotes = True
    yaml.allow_unicode = True
    indented = [len(m[2]) - len(m[1]) for m in _DASH.finditer(text)]
    offset = max(indented, default=0)
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    return yaml


def _last_leaf(container: Any, key: Any) -> tuple[Any, Any]:
    """Return the container and key of the last line below a key."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    value = container[key]
    while isinstance(value, CommentedMap | CommentedSeq) and len(value) and not value.fa.flow_style():
        last = next(reversed(value)) if isinstance(value, CommentedMap) else len(value) - 1
        container, key, value = value, last, value[last]
    return container, key


def _cut_following(container: Any, key: Any) -> str:
    """Take the lines that follow a section off the comment of its last line, where the parser puts them."""
    holder, last = _last_leaf(container, key)
    slot = 0 if isinstance(last, int) else 2
    tokens = holder.ca.items.get(last)
    if not tokens or tokens[slot] is None:
        return ""
    token = tokens[slot]
    first, end, rest = token.value.partition("\n")
    if not rest:
        return ""
    token.value = first + end
    return str(rest)


def _append_following(container: Any, key: Any, following: str) -> None:
    """Put the lines behind the section, behind whatever was added to it."""
    from ruamel.yaml.error import CommentMark
    from ruamel.yaml.tokens import CommentToken

    if not following:
        return
    holder, last = _last_leaf(container, key)
    slot = 0 if isinstance(last, int) else 2
    tokens = holder.ca.items.setdefault(last, [None, None, None, None])
    if tokens[slot] is None:
        tokens[slot] = CommentToken("\n" + following, CommentMark(0), None)
    else:
        tokens[slot].value = tokens[slot].value.rstrip("\n") + "\n" + following


def _quoted(value: object) -> Any:
    """Return a value for the plan; file names and headers in quotes, so that none is taken for a number."""
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, dict):
        out = CommentedMap({DoubleQuotedScalarString(k): _quoted(v) for k, v in value.items()})
        out.fa.set_flow_style()
        return out
    return DoubleQuotedScalarString(value) if isinstance(value, str) else value


def _comment(section: Any, mapping: PlanMapping) -> None:
    """Say above the first setting of a table what was not recognised and what a person has to state."""
    lines = [_ASK + one_line(q) for q in mapping.open_questions]
    if mapping.unrecognised:
        lines.insert(0, _MARK + one_line(", ".join(mapping.unrecognised)))
    if lines:
        first = "columns" if "columns" in section else next(iter(section))
        section.yaml_set_comment_before_after_key(first, before="\n".join(lines), indent=4)


def one_line(text: str) -> str:
    """Return text without line ends and other control characters, so that it stays in its comment."""
    return "".join(c if c.isprintable() else " " for c in text)
