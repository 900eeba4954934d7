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
        texts = {str(c): table[c].map(_safe) for c in table if isinstance(table[c].dtype, pd.StringDtype)}
        out: str = table.assign(**texts).to_csv(index=False, lineterminator="\n")
        return out
    plain = table.astype(object).where(table.notna(), "")
    rows = [[str(v).replace("|", "\\|") for v in row] for row in plain.to_numpy().tolist()]
    lines = [[str(c) for c in table.columns], ["---"] * table.shape[1], *rows]
    return "".join(
        f"|{'|'.join(line)}|\n" if line[0] == "---" else f"| {' | '.join(line)} |\n" for line in lines
    )


def _safe(value: object) -> object:
    return safe_cell(value) if isinstance(value, str) else value
