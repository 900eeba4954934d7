"""What `evalkit lists` writes: one workbook a county, with what people wrote into the one before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from evalkit.decisions.files import refuse_open, replace_book
from evalkit.errors import DataError, PlanError
from evalkit.exits import Duty, Examined, Relisted, lists_workbook, read_lists, relist
from evalkit.pipeline import built_counties, check_inputs, load_case
from evalkit.plan import Plan
from evalkit.planaccounts import DutySection
from evalkit.store import Store, safe_name


def write_county_lists(plan: Plan, counties: tuple[str, ...], day: str | None) -> Iterator[str]:
    """Write the workbook of lists of each county and say what is in it.

    Parameters
    ----------
    plan : Plan
    counties : tuple of str
        All counties of the build when empty.
    day : str or None
        ``YYYY-MM-DD``; today when not given.

    Raises
    ------
    ReportError
        Nothing was built, or a county is unknown.
    DataError
        A workbook is open or cannot be read; it is then left as it is.
    PlanError
        The folder lies among the raw or the processed files, or among the reports.
    """
    check_inputs(plan)
    folder = _folder(plan)
    today = dt.date.today().isoformat() if day is None else day
    for county in counties or tuple(built_counties(plan)):
        path = folder / f"{safe_name(county)}.xlsx"
        refuse_open([path])
        before = path.read_bytes() if path.is_file() else None
        found = _relisted(plan, county, today, before, path)
        if not len(found.lists):
            yield f"{county}: no problem in what the data show, so no list"
            continue
        content = lists_workbook(
            found.lists, language=plan.report.languages[0], present=found.present, day=today
        )
        if before is not None and path.read_bytes() != before:
            msg = (
                f"{path} was changed while the lists were made; it was left as it is. Run evalkit lists again"
            )
            raise DataError(msg)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_book(path, content)
        yield _told(found, path)


def _relisted(plan: Plan, county: str, day: str, before: bytes | None, path: Path) -> Relisted:
    """Return the lists of a county from its build and the workbook that lies there."""
    store, case = Store(plan.processed), load_case(plan, county)
    table = store.read("problems", county)
    fails = (table["reading"] == "fails").to_numpy()
    facts = case.result.facts.get("accounts") or {}
    return relist(
        table[fails].drop(columns="reading"),
        found=day,
        duties={item: _duty(d) for item, d in plan.lists.duties.items()},
        otherwise=_duty(plan.lists.otherwise),
        written=None if before is None else read_lists(before, str(path)),
        examined=Examined(
            items=frozenset(facts.get("examined", ())),
            not_shown=table[~fails],
            places=frozenset(_places(store, county)),
        ),
    )


def _places(store: Store, county: str) -> Iterator[str]:
    """Yield the households and villages that the county's data hold."""
    for kind in ("panel", "survey", "village"):
        if store.path(kind, county).is_file():
            frame: pd.DataFrame = store.read(kind, county)
            for column in ("household", "village"):
                if column in frame:
                    yield from frame[column].dropna().astype("str").unique()


def _duty(section: DutySection) -> Duty:
    return Duty(section.owner, section.days, section.recheck, section.measure)


def _folder(plan: Plan) -> Path:
    folder = plan.folder / plan.lists.folder
    for key, other in (
        ("data.raw", plan.raw),
        ("data.processed", plan.processed),
        ("data.reports", plan.reports),
    ):
        if folder.resolve().is_relative_to(other.resolve()):
            msg = f"lists.folder: {plan.lists.folder!r} lies in {key}; the lists hold household ids, put them beside the plan"
            raise PlanError(msg)
    return folder


def _told(found: Relisted, path: Path) -> str:
    counts = found.present.value_counts()
    words = {
        "new": "new",
        "still_there": "still in the data",
        "gone": "no longer in the data",
        "cannot_tell": "cannot be told",
    }
    parts = ", ".join(f"{int(counts.get(code, 0))} {word}" for code, word in words.items())
    mended = len(found.contradicted())
    more = f"; {mended} called done or mended are still in the data" if mended else ""
    return f"wrote {path}: {len(found.lists)} problems ({parts}){more}"
