"""`explain`: what a measure, a plan key, an error, a field, a rule or a standard is, as plain text."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from evalkit import errors, schema
from evalkit.errors import EvalkitError
from evalkit.planfile import plan_schema
from evalkit.standards import CITED, Citation, Standard, known_standards, load_standard
from evalkit.text import LANGUAGES, Text
from evalkit.topics import ADVICE, HAPPENS, SEE, TO_DO, WORDS
from evalkit.yamlfile import did_you_mean, resolve

_WORDS = {
    "plan": Text(en="plan key", zh="方案设置项"),
    "default": Text(en="default", zh="默认值"),
    "required": Text(en="required", zh="必填"),
    "choices": Text(en="one of", zh="可选值"),
    "keys": Text(en="keys", zh="下级设置项"),
    "field": Text(en="field of the codebook", zh="数据字典字段"),
    "kind": Text(en="kind", zh="类型"),
    "tables": Text(en="tables", zh="所在表"),
    "headers": Text(en="headers recognised", zh="可识别的表头"),
    "error": Text(en="error", zh="错误"),
    "exit_code": Text(en="exit code", zh="退出码"),
    "rule": Text(en="rule of cleaning", zh="清洗规则"),
    "why": Text(en="why", zh="原因"),
    "happens": Text(en="what happens", zh="处理"),
    "reads": Text(en="reads", zh="所读字段"),
    "off": Text(en="switched off by", zh="关闭方式"),
    "source": Text(en="source", zh="依据"),
    "to_do": Text(en="what to do", zh="应对"),
    "word": Text(en="word of reports and messages", zh="报告用词"),
    "name": Text(en="public name", zh="公开名称"),
    "write": Text(en="write one of", zh="可写"),
    "standard": Text(en="standard", zh="标准"),
    "verified": Text(en="verified", zh="已核实"),
    "unverified": Text(en="NOT verified", zh="未核实"),
    "undefined": Text(en="left undefined by the rules", zh="规则未界定"),
    "extends": Text(en="extends", zh="扩展自"),
    "documents": Text(en="documents, with their dates", zh="文件及日期"),
    "undated": Text(en="date not known", zh="日期未知"),
}


def explain(name: str = "", language: str = "en") -> str:
    """Explain a name; without one, list what can be asked.

    Parameters
    ----------
    name : str
        A verb or noun of the package (``"headcount"``, ``"impact.att_gt"``), a plan key
        (``"plan"``, ``"plan.design"``, ``"design.single_psu"``), an error or its exit code, a field of
        the codebook, a rule of cleaning, a word of the reports (``"auc"``, ``"open case"``),
        ``"standard cn-2017"``; or one of the lists ``"fields"``, ``"rules"``, ``"words"``.
    language : {"en", "zh"}
        Language of labels; texts that exist in English only stay English.

    Returns
    -------
    str
        Everything known by that name, one block each.

    Raises
    ------
    EvalkitError
        Nothing is known by that name; the message has the nearest one.
    """
    if language not in LANGUAGES:
        msg = f"language {language!r} is not one of {', '.join(LANGUAGES)}"
        raise EvalkitError(msg)
    wanted = " ".join(name.split())
    if not wanted:
        return _overview(language)
    if wanted in _LISTS:
        return "\n".join(_LISTS[wanted](language))
    first, _, rest = wanted.partition(" ")
    if wanted in ("standard", "standards"):
        packs = [load_standard(n) for n in known_standards()]
        listed = [f"  {p.id}: {p.title.zh if language == 'zh' else p.title.en}" for p in packs]
        return "\n".join([f"{_word('standard', language)} (evalkit explain standard NAME)", *listed])
    if first == "standard" and rest:
        return _standard(load_standard(rest.strip()), language)
    if wanted in known_standards():
        return _standard(load_standard(wanted), language)
    blocks = list(_blocks(wanted, language))
    for other in SEE.get(wanted.casefold(), ()):
        blocks += _blocks(other, language)
    if not blocks:
        ending = did_you_mean(wanted, _known()) or "."
        msg = (
            f"nothing is called {wanted!r}{ending} Known are public functions, plan keys (plan.design), "
            "errors, fields of the codebook, rules of cleaning, words and standards (standard cn-2017); "
            "`evalkit explain` lists them."
        )
        raise EvalkitError(msg)
    return "\n\n".join(dict.fromkeys(blocks))


def _blocks(wanted: str, language: str) -> Iterator[str]:
    """Yield what is known by exactly this name."""
    yield from _word_blocks(wanted, language)
    yield from _plan_blocks(wanted, language)
    yield from _error_blocks(wanted, language)
    yield from _public_blocks(wanted)
    yield from _field_blocks(wanted, language)
    yield from _rule_blocks(wanted, language)


def _word(key: str, language: str) -> str:
    return _WORDS[key].zh if language == "zh" else _WORDS[key].en


def _known() -> list[str]:
    """Return every name that `explain` knows."""
    keys = [key for key in _plan_keys() if key]
    fields = [f.name for f in schema.FIELDS] + [f.zh for f in schema.FIELDS]
    rules = [str(rule.id) for rule in _rules()]
    keys += [f"plan.{key}" for key in keys]
    words = [*WORDS, *SEE, *_LISTS]
    return [
        *_public_names(),
        *keys,
        "plan",
        *_errors(),
        *fields,
        *rules,
        *known_standards(),
        "standard",
        *words,
    ]


def _plan_keys() -> dict[str, list[dict[str, Any]]]:
    """Return the parts of the plan's JSON Schema by dotted key, without names of union branches."""
    whole = plan_schema()
    out: dict[str, list[dict[str, Any]]] = {}

    def collect(node: dict[str, Any], key: str) -> None:
        full = resolve(whole, node)
        out.setdefault(key, []).append(full)
        for name, child in full.get("properties", {}).items():
            collect(child, f"{key}.{name}" if key else name)
        inner = [*full.get("oneOf", []), *full.get("anyOf", [])]
        inner += [full[k] for k in ("items", "additionalProperties") if isinstance(full.get(k), dict)]
        for child in inner:
            if resolve(whole, child).get("properties") or resolve(whole, child).get("oneOf"):
                collect(child, key)

    collect(whole, "")
    return out


def _plan_blocks(wanted: str, language: str) -> Iterator[str]:
    """Yield a block when the name is a plan key."""
    keys = _plan_keys()
    dotted = re.sub(r"\.\d+", "", wanted.removeprefix("plan.") if wanted != "plan" else "")
    matches = [dotted] if dotted in keys else [k for k in keys if k.endswith(f".{dotted}")]
    for key in matches:
        head, *branches = keys[key]
        lines = [f"{'plan.' + key if key else 'plan'} ({_word('plan', language)})"]
        if branches and all("const" in n for n in keys[key]):
            lines += [f"  {_word('write', language)}:"]
            lines += [f"  - {n['const']}: {_one_line(n.get('description', ''))}" for n in keys[key]]
            yield "\n".join(lines)
            continue
        lines += [f"  {_one_line(head['description'])}"] if head.get("description") else []
        lines += dict.fromkeys(
            f"  - {_kind(n)}{_one_line(n.get('description', ''))}" for n in branches if n.get("description")
        )
        lines += [f"  {text}" for text in _facts(head, language)]
        prefix = f"{key}." if key else ""
        children = [k for k in keys if k.startswith(prefix) and k != key and "." not in k[len(prefix) :]]
        if children:
            lines.append(f"  {_word('keys', language)}:")
            lines += [
                f"    {k[len(prefix) :]}: {_one_line(keys[k][0].get('description', ''))}" for k in children
            ]
        yield "\n".join(lines)


def _kind(branch: dict[str, Any]) -> str:
    """Return ``kind table: `` for a branch of a union."""
    kind = branch.get("properties", {}).get("kind", {}).get("const")
    return f"kind {kind}: " if kind else ""


def _facts(node: dict[str, Any], language: str) -> Iterator[str]:
    """Yield choices and default of a plan key."""
    choices = node.get("enum") or list(node.get("discriminator", {}).get("mapping", {}))
    if choices:
        yield f"{_word('choices', language)}: {', '.join(map(str, choices))}"
    if "default" in node:
        default = node["default"]
        if not isinstance(default, (dict, list)):
            yield f"{_word('default', language)}: {'-' if default in ('', None) else default}"
    elif node.get("properties") is None or node.get("required"):
        required = node.get("required")
        yield f"{_word('required', language)}{': ' + ', '.join(required) if required else ''}"


def _errors() -> dict[str, type[EvalkitError]]:
    """Return the error classes by name."""
    found = {n: e for n, e in vars(errors).items() if isinstance(e, type) and issubclass(e, EvalkitError)}
    return dict(sorted(found.items()))


def _error_blocks(wanted: str, language: str) -> Iterator[str]:
    """Yield a block when the name is an error or an exit code."""
    for name, error in _errors().items():
        if wanted in (name, str(error.exit_code)):
            head = f"{name} ({_word('error', language)}, {_word('exit_code', language)} {error.exit_code})"
            yield f"{head}\n{_indented(_opening(error))}"


def _public_names() -> list[str]:
    """Return the public names of the package, without opening the modules behind them."""
    package = importlib.import_module("evalkit")
    return [n for n in package.__all__ if not n.startswith("_")]


def _public_blocks(wanted: str) -> Iterator[str]:
    """Yield a block when the name is a public function, class or module, possibly dotted."""
    if wanted in _errors():
        return
    first, *rest = wanted.removeprefix("ek.").split(".")
    if first not in _public_names():
        return
    found: Any = getattr(importlib.import_module("evalkit"), first)
    for part in rest:
        found = getattr(found, part, None)
        if found is None or part.startswith("_"):
            return
    signature = ""
    if inspect.isfunction(found):
        shown = inspect.signature(found)
        parameters = [p.replace(annotation=inspect.Parameter.empty) for p in shown.parameters.values()]
        signature = str(shown.replace(parameters=parameters, return_annotation=inspect.Signature.empty))
    gives = _returned(found) if signature else ""
    said = "\n".join(filter(None, [_opening(found), gives]))
    yield f"{'.'.join([first, *rest])}{signature}\n{_indented(said)}"


def _opening(thing: object) -> str:
    """Return the paragraphs of a docstring that stand before its first section."""
    whole = inspect.getdoc(thing) or ""
    return re.split(r"\n\n?(?=[A-Z][A-Za-z ]+\n-{3,})", whole, maxsplit=1)[0].strip()


def _returned(function: object) -> str:
    """Return what a docstring says about the result, with its formula, on one line."""
    whole = inspect.getdoc(function) or ""
    found = re.search(r"\nReturns\n-{3,}\n(.+?)(?=\n\n[A-Z][A-Za-z ]+\n-{3,}|\Z)", whole, flags=re.DOTALL)
    kind, _, said = found[1].partition("\n") if found else ("", "", "")
    return f"Returns {kind}: {_one_line(said)}" if said else ""


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())


def _one_line(text: str) -> str:
    return " ".join(str(text).split())


def _field_blocks(wanted: str, language: str) -> Iterator[str]:
    """Yield a block when the name is a field of the codebook, its label or one of its headers."""
    for f in schema.FIELDS:
        if wanted in (f.name, f.zh, f.en, *f.headers):
            yield "\n".join(
                [
                    f"{f.name} ({_word('field', language)}): {f.zh if language == 'zh' else f.en}",
                    f"  {_word('kind', language)}: {f.kind}",
                    f"  {_word('tables', language)}: {', '.join(f.tables)}",
                    f"  {_word('headers', language)}: {', '.join(f.headers)}",
                ]
            )


def _rules() -> tuple[Any, ...]:
    """Return the rules of cleaning, none when the module has no tuple ``RULES``."""
    if importlib.util.find_spec("evalkit.rules") is None:
        return ()
    return tuple(getattr(importlib.import_module("evalkit.rules"), "RULES", ()))


def _rule_blocks(wanted: str, language: str) -> Iterator[str]:
    """Yield a block when the name is the id of a rule of cleaning."""
    for rule in _rules():
        if wanted == rule.id:
            lines = [f"{rule.id} ({_word('rule', language)})"]
            lines.append(f"  {_word('why', language)}: {_in(rule.text, language)}")
            lines.append(f"  {_word('happens', language)}: {_in(HAPPENS[rule.severity], language)}")
            lines.append(
                f"  {_word('to_do', language)}: {_in(ADVICE.get(rule.id, TO_DO[rule.case]), language)}"
            )
            if rule.when is not None:
                read = ", ".join((*rule.needs, *rule.also))
                lines.append(f"  {_word('reads', language)} ({rule.table}): {read}")
            if rule.id in importlib.import_module("evalkit.rules").OPTIONAL:
                lines.append(f"  {_word('off', language)}: clean.rules_off: [{rule.id}]")
            if rule.source:
                lines.append(f"  {_word('source', language)}: {rule.source}")
            yield "\n".join(lines)


def _in(text: Text, language: str) -> str:
    return text.zh if language == "zh" else text.en


def _word_blocks(wanted: str, language: str) -> Iterator[str]:
    """Yield a block when the name is a word of the reports."""
    text = WORDS.get(wanted.casefold())
    if text is not None:
        yield f"{wanted.casefold()} ({_word('word', language)})\n  {_in(text, language)}"


def _field_list(language: str) -> Iterator[str]:
    """Yield the codebook: field, label, kind, tables, headers that are recognised."""
    yield f"{_word('field', language)} (evalkit explain FIELD)"
    for f in schema.FIELDS:
        label = f.zh if language == "zh" else f.en
        yield f"  {f.name}: {label} [{f.kind}; {', '.join(f.tables)}] {', '.join(f.headers)}"


def _rule_list(language: str) -> Iterator[str]:
    yield f"{_word('rule', language)} (evalkit explain RULE)"
    for rule in _rules():
        yield f"  {rule.id} [{rule.severity}]: {_in(rule.text, language)}"


def _word_list(language: str) -> Iterator[str]:
    yield f"{_word('word', language)} (evalkit explain WORD)"
    yield f"  {', '.join(sorted({*WORDS, *SEE}))}"


_LISTS: dict[str, Callable[[str], Iterator[str]]] = {
    "fields": _field_list,
    "rules": _rule_list,
    "words": _word_list,
}


def _overview(language: str) -> str:
    """Return what can be asked."""
    public = [n for n in _public_names() if n.islower()]
    rows = {
        "evalkit explain plan": f"{_word('plan', language)}: {', '.join(k for k in _plan_keys() if k and '.' not in k)}",
        "evalkit explain fields": _word("field", language),
        "evalkit explain rules": _word("rule", language),
        "evalkit explain words": f"{_word('word', language)}: {', '.join(WORDS)}",
        "evalkit explain standard": f"{_word('standard', language)}: {', '.join(known_standards())}",
        "evalkit explain NAME": f"{_word('name', language)}: {', '.join(public)}",
        "evalkit explain 11": f"{_word('error', language)}: {', '.join(_errors())}",
    }
    return "\n".join(f"{command}\n  {said}" for command, said in rows.items())


def _standard(pack: Standard, language: str) -> str:
    """Return a standard with every value, its source and whether it was seen in print, then its documents."""
    title = _in(pack.title, language)
    out = [f"{pack.id} ({_word('standard', language)}, {pack.digest}): {title}"]
    out += [f"  {_one_line(pack.pack.description)}"] if pack.pack.description else []
    if pack.pack.extends:
        out.append(f"  {_word('extends', language)}: {pack.pack.extends}")
    for kind in CITED:
        lines = [_cited_line(c, language) for c in pack.cited(kind)]
        out += ["", kind, *lines] if lines else []
    if pack.undefined:
        out += ["", _word("undefined", language)]
        out += [f"  {term}: {_one_line(said)}" for term, said in pack.undefined.items()]
    out += ["", _word("documents", language)]
    for key, known in pack.pack.sources.items():
        document = pack.pack.document(known.strip() if isinstance(known, str) else known.text.en)
        dated = document.date or _word("undated", language)
        out.append(f"  {key} [{dated}]: {_in(document.text, language)}")
    return "\n".join(out)


def _cited_line(cited: Citation, language: str) -> str:
    """Return one cited value with source, mark and note."""
    when = "" if cited.year is None else f" {cited.year}"
    shown = _in(cited.value, language) if isinstance(cited.value, Text) else f"{cited.value:g}"
    mark = _word("verified" if cited.verified else "unverified", language)
    note = _in(cited.note, language)
    said = f"  {cited.key}{when}: {shown} [{mark}] {_in(cited.source, language)}"
    return f"{said} ({note})" if note else said
