"""How commands end: what they say last, and their exit code."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from evalkit.pipeline import BuildResult
    from evalkit.plan import Plan


def told(lines: Generator[str, None, int]) -> int:
    """Print lines as they come; return what they end with."""
    while True:
        try:
            click.echo(next(lines))
        except StopIteration as end:
            return int(end.value)


def finish_build(result: BuildResult) -> None:
    """Say what a build did.

    Raises
    ------
    SystemExit
        With 1 when a county failed or there are no results over all counties.
    """
    rows = sum(r.rows_in for r in result.done)
    kept = sum(r.rows_clean for r in result.done)
    aside = sum(r.rows_set_aside for r in result.done)
    rest = rows - kept - aside
    click.echo(
        f"{len(result.done)} counties built: {rows} household rows read, {kept} clean, {aside} quarantined, "
        f"{rest} repetitions or no data; {result.unplaced} rows name no county. Results in {result.root}"
    )
    if result.reused:
        click.echo(f"{result.reused} of these counties had not changed and were taken as they were")
    if result.moved:
        click.echo(
            f"{result.moved} open cases between counties: households and persons in several (or ids used in several); "
            "see decisions.xlsx or `evalkit decisions`"
        )
    if result.unpooled is not None:
        what = "no results over all counties (pooled measures, return risk, effects)"
        click.echo(f"{what}: {result.unpooled.en}", err=True)
    fail_some([(r.county, r.error) for r in result.failed])
    if result.unpooled is not None:
        raise SystemExit(1)


def several(plan: Plan) -> bool:
    """Tell whether the build has several counties, so that there is something to set side by side."""
    from evalkit.pipeline import read_manifest
    from evalkit.pipeline.province import spans_counties

    return spans_counties(read_manifest(plan))


def written_overview(plan: Plan) -> list[tuple[str, str]]:
    """Write the overview over all counties and say where; return why that failed, if it did."""
    from evalkit.report import render_overview

    done = render_overview(plan)
    if done.error:
        return [("overview", done.error)]
    for language in plan.report.languages:
        click.echo(f"overview: {done.folder / f'report.{language}.html'}")
    return []


def finish_overview(plan: Plan, *, dry_run: bool) -> None:
    """Write the overview, or say where it would be.

    Raises
    ------
    SystemExit
        With 1 when it failed.
    """
    if dry_run:
        from evalkit.pipeline.province import check_overview
        from evalkit.report.index import OVERVIEW

        check_overview(plan)
        click.echo(f"would write {plan.reports / OVERVIEW}")
        return
    fail_some(written_overview(plan))


def fail_some(failed: list[tuple[str, str]]) -> None:
    """Name what failed and end with 1; do nothing when nothing did."""
    for county, reason in failed:
        click.echo(f"failed: {county}: {reason}", err=True)
    if failed:
        raise SystemExit(1)
