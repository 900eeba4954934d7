"""How `evalkit query` prints its answer: CSV or a Markdown table."""

from __future__ import annotations

import pandas as pd

from evalkit.spreadsheet import safe_cell


def shown(table: pd.DataFrame, form: str) -> str:
    r"""Return a table as text; cells that a spreadsheet would take for a formula are marked as text.

    Parameters
    ----------
    table : DataFrame
    form : str
        ``csv`` or ``markdown``.

    Examples
    --------
    >>> shown(pd.DataFrame({"county": ["990101"], "n": [3]}), "markdown")
    '| county | n |\n|---|---|\n| 990101 | 3 |\n'
    """
    if form == "csv":
        columns = [table.iloc[:, i] for i in range(table.shape[1])]  # two columns may have one name
        safe = [c.map(_safe) if isinstance(c.dtype, pd.StringDtype) else c for c in columns]
        out: str = pd.concat(safe, axis=1).to_csv(index=False, lineterminator="\n") if safe else "\n"
        return out
    plain = table.astype(object).where(table.notna(), "")
    rows = [[str(v).replace("|", "\\|") for v in row] for row in plain.to_numpy().tolist()]
    lines = [[str(c) for c in table.columns], ["---"] * table.shape[1], *rows]
    return "".join(
        f"|{'|'.join(line)}|\n" if line[0] == "---" else f"| {' | '.join(line)} |\n" for line in lines
    )


def _safe(value: object) -> object:
    return safe_cell(value) if isinstance(value, str) else value
