"""Tables of the register of events and of rosters, as the county report and the data audit print them."""

from __future__ import annotations

import pandas as pd

from evalkit.disclose import release
from evalkit.events.kinds import COUNTED_KINDS
from evalkit.report.document import Column, Suppressed, Table, finite
from evalkit.report.labels import column
from evalkit.report.tables import WITHHELD, frame_table
from evalkit.text import Text

NO_REGISTRY = Text(
    en="The data carry no registry status, year of identification or year of exit.",
    zh="数据中没有脱贫属性、首次识别时间或脱贫年度。",
)
YEAR = Column("year", Text(en="Year", zh="年度"), "code")


def event_table(events: pd.DataFrame, minimum_cell: int) -> Table:
    """Return households by year and kind of event, small cells withheld.

    Parameters
    ----------
    events : DataFrame
        year, kind, households: one row a year and kind.
    minimum_cell : int
        Smallest count of households that is printed.
    """
    kinds = [k for k in COUNTED_KINDS if (events["kind"] == k).any()]
    gate = release(
        events[["year", "kind", "households"]].assign(n=events["households"]),
        minimum_cell=minimum_cell,
        keys=("year", "kind"),
    )
    found = {
        (int(y), str(k)): Suppressed() if withheld else finite(n)
        for y, k, n, withheld in zip(
            *(gate.frame[c] for c in ("year", "kind", "households", "suppressed")), strict=True
        )
    }
    years = sorted(int(y) for y in events["year"].unique())
    rows = tuple((float(year), *(found.get((year, k), 0.0) for k in kinds)) for year in years)
    note = Text(
        en="households of the data by year and kind of event, each counted once a year and kind, without weights; an "
        "event is dated by the registry where it states a date, else by the wave in which it shows",
        zh="数据中的户数，按变动年度与类型统计（同年同类每户计一次），未加权；登记载明日期的按登记日期，否则按首次显示的年度",
    )
    notes = (note, WITHHELD) if gate.suppressed else (note,)
    columns = (YEAR, *(Column(k, COUNTED_KINDS[k], "count") for k in kinds))
    return Table(
        Text(en="Events of households by year", zh="农户变动（按年度）"), columns, tuple(rows), notes
    )


def stated_table(stated: pd.DataFrame, minimum_cell: int) -> Table:
    """Return persons identified, exited and returned as stated, beside those counted from the rows.

    Parameters
    ----------
    stated : DataFrame
        year, kind, stated (persons), counted (persons), households.
    minimum_cell : int
        Smallest count of households behind a counted figure that is printed.
    """
    table = stated.reset_index(drop=True)
    gate = release(
        table.assign(n=table["households"]), minimum_cell=minimum_cell, keys=("year", "kind", "stated")
    )
    shown = gate.frame.astype({"year": int})
    shown["event"] = pd.Series([COUNTED_KINDS[str(k)] for k in shown["kind"]], dtype=object)
    note = Text(
        en="persons; the counted ones are those of the data, so that data of a sample count less than a whole registry",
        zh="单位：人；“计得”为数据中的人数，抽样数据少于全部登记人数",
    )
    few = Text(
        en=f"—: fewer than {minimum_cell} households, or nothing stated",
        zh=f"—：不足{minimum_cell}户，或未载明",
    )
    return frame_table(
        Text(en="Stated yearly figures against those counted", zh="载明的年度数与计得数"),
        shown,
        columns=["year", "event", "stated", "counted"],
        notes=(note, few),
    )


def few_events(events: pd.DataFrame, minimum_cell: int) -> bool:
    """Return whether some count of `event_table` is withheld, which levels of the stock could give away."""
    return bool(events["households"].between(1, minimum_cell - 1).any())


def stock_lines(stock: pd.DataFrame, *, levels: bool) -> Table:
    """Return the equation of the stock of the registered poor by wave.

    Parameters
    ----------
    stock : DataFrame
        wave, opening, closing, stock, residual, persons.
    levels : bool
        Whether the stock itself is printed beside the difference.
    """
    notes = [
        Text(
            en="households registered and not exited; by the events = stock of the wave before and what entered and left; a "
            "difference means that statuses and stated dates do not agree",
            zh="未脱贫的建档立卡户数；“按变动推算”＝上年度存量加减当年变动；差额表示登记状态与登记日期不一致",
        )
    ]
    shown = ["wave", "opening", "closing", "stock", "residual", "persons"]
    if not levels:
        shown = ["wave", "residual"]
        notes.append(
            Text(
                en="the stock itself is not printed, because its change would give away the counts withheld above",
                zh="存量本身不予列出，因其变化可推算上表未列出的数字",
            )
        )
    title = Text(en="Stock of the registered poor", zh="未脱贫户存量")
    return frame_table(title, stock, columns=shown, notes=notes)


def roster_table(rosters: pd.DataFrame) -> Table:
    """Return how often what households state differs from what their rosters count.

    Parameters
    ----------
    rosters : DataFrame
        column, compared, differ, share.
    """
    form = Column("share", Text(en="Share", zh="占比"), "share")
    heads = (column("column"), column("compared"), column("differ"), form)
    rows = tuple(
        (_label(str(r["column"])), finite(r["compared"]), finite(r["differ"]), finite(r["share"]))
        for r in rosters.to_dict("records")
    )
    return Table(Text(en="Household rows against rosters", zh="户表与成员名册的比对"), heads, rows)


def _label(name: str) -> Text:
    return column(name).label
