"""What `evalkit decisions` says: how many cases are open, deferred, decided and stale, by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pandas as pd

from evalkit.decisions import Workbooks, read_action, read_workbooks
from evalkit.pipeline import county_faults
from evalkit.plan import Plan
from evalkit.rules import RULES


def decision_lines(plan: Plan, county: str | None = None) -> Iterator[str]:
    """Yield a table of the cases in the workbooks of a plan, then the decisions that cannot be followed.

    Parameters
    ----------
    plan : Plan
    county : str, optional
        Only this one.

    Raises
    ------
    DataError
        A workbook or the raw files cannot be read.
    """
    books = read_workbooks(plan)
    if books.book is None:
        yield "the plan wants no workbook (clean.decisions: null)"
        return
    if not books.hashes:
        yield f"there is no {books.book.name} yet; evalkit build writes it"
        return
    stale = county_faults(plan, books.decisions, county)
    table = _table(books, {case for case, _ in stale}, county)
    yield f"{', '.join(sorted(p.name for p in books.hashes))}: {int(table['open'].sum())} cases open, {int(table['decided'].sum())} decided"
    yield table.to_string(index=False)
    if stale:
        yield ""
        yield f"{len(stale)} decisions cannot be followed; a build would stop"
        yield from (text for _, text in stale)


def _table(books: Workbooks, stale: set[str], county: str | None) -> pd.DataFrame:
    counts: dict[str, Counter[str]] = {}
    seen = set()
    for row in sorted(books.rows, key=lambda r: not r.get("action")):
        case = row.get("case")
        if case in seen or (county is not None and row.get("county") != county):
            continue
        seen.add(case)
        action = read_action(row.get("action"))
        kinds = ["open"] if action is None or action == "defer" else ["decided"]
        kinds += ["deferred"] if action == "defer" else []
        kinds += ["stale"] if case in stale else []
        counts.setdefault(row.get("rule"), Counter()).update(kinds)
    texts = {r.id: r.text.en for r in RULES}
    rows = [
        {
            "rule": rule,
            **{k: n[k] for k in ("open", "deferred", "decided", "stale")},
            "what": texts.get(rule, ""),
        }
        for rule, n in sorted(counts.items())
    ]
    return pd.DataFrame(rows, columns=["rule", "open", "deferred", "decided", "stale", "what"])
