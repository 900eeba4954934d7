"""From the rules to docs/rules.md: ``python -m tests.rule_examples.render`` writes it."""

from __future__ import annotations

from pathlib import Path

from evalkit.rules import LIMITS, RULES, Rule

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rules.md"
HEAD = """# What cleaning looks for

{n} rules, {conditional} of them conditions on whole columns ({cases} of all rules open a case for somebody to settle).
Nothing is dropped: a *fix* changes a cell and the ledger keeps the old one, a *flag* marks, a *quarantine* sets a row aside,
a *merge* points to the row it repeats. A rule whose columns a file does not have is listed as not checked.
`clean.rules_off` in the plan switches conditional rules off, `clean.limits` moves their limits (at the end of this page).
`evalkit explain I07` tells the same about one rule. This page is written by `python -m tests.rule_examples.render`.
"""
FAMILIES: dict[str, str] = {
    "R": "Rows that are no data",
    "T": "Text of cells",
    "K": "Keys and places",
    "D": "Rows that repeat others",
    "A": "Division codes",
    "C": "Code words",
    "H": "What people decided",
    "I": "Income account",
    "N": "Patterns: copies, frozen records, heaps, padding",
    "L": "Facts and logic of the household",
    "S": "Status: identification, exit, return, monitoring",
    "W": "Waves and months",
    "P": "Persons",
    "F": "Histories that contradict themselves",
    "M": "Household structures that deserve a question",
    "G": "Programs",
    "V": "Villages",
    "O": "County totals",
    "Q": "Third-party survey",
    "Y": "County series",
}
"""Letter of a family → heading, in the order of the page."""
COLUMNS = ("rule", "what", "中文", "then", "table", "reads", "source")


def row(rule: Rule) -> str:
    """Return one line of a family's table."""
    then = rule.severity + (", case" if rule.case else "")
    reads = ", ".join(f"`{c}`" for c in (*rule.needs, *rule.also))
    cells = (rule.id, rule.text.en, rule.text.zh, then, rule.table, reads, rule.source)
    return "| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |"


def family(letter: str) -> str:
    """Return the section of a family."""
    mine = sorted((r for r in RULES if r.id[0] == letter), key=lambda r: r.id)
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS), *(row(r) for r in mine)]
    return f"## {FAMILIES[letter]}\n\n" + "\n".join(lines) + "\n"


def limits() -> str:
    """Return the section on limits."""
    lines = ["| limit | value |", "|---|---:|", *(f"| `{k}` | {v:g} |" for k, v in LIMITS.items())]
    return "## Limits\n\nMoney in yuan a year, shares between 0 and 1.\n\n" + "\n".join(lines) + "\n"


def page() -> str:
    """Return the whole page."""
    letters = [f for f in FAMILIES if any(r.id[0] == f for r in RULES)]
    head = HEAD.format(
        n=len(RULES),
        conditional=sum(r.when is not None for r in RULES),
        cases=sum(r.case for r in RULES),
    )
    return "\n".join([head, *(family(f) for f in letters), limits()])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
