"""From the cases to docs/spec.md: ``python -m tests.spec.render`` writes it."""

from __future__ import annotations

from pathlib import Path

from .every import CASES, Case

PAGE = Path(__file__).resolve().parents[2] / "docs" / "spec.md"
HEAD = """# What the measures mean

Each answer below was worked by hand; the test suite computes it and compares. This page is written by
`python -m tests.spec.render` from the cases in `tests/spec`.
"""


def cells(rows: str) -> list[list[str]]:
    """Return the table's cells, header first."""
    return [[c.strip() for c in line.strip()[1:-1].split("|")] for line in rows.strip().splitlines()]


def markdown(case: Case) -> str:
    """Return one case as a section."""
    head, *body = cells(case.rows)
    lines = [head, ["---:"] * len(head), *body]
    table = "\n".join("| " + " | ".join(c) + " |" for c in lines)
    answer = ", ".join(case.answer)
    error = f" Standard error: **{', '.join(case.std_error)}**." if case.std_error else ""
    return (
        f"## {case.title}\n\n{case.question}\n\n{table}\n\n"
        f"```python\npanel = {case.panel}\n{case.call}\n```\n\n"
        f"Answer: **{answer}**.{error}\n\n{case.working}\n"
    )


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *(markdown(c) for c in CASES)])


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
