"""How commands end: what they say last, and their exit code."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from evalkit.pipeline import BuildResult


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


def fail_some(failed: list[tuple[str, str]]) -> None:
    """Name what failed and end with 1; do nothing when nothing did."""
    for county, reason in failed:
        click.echo(f"failed: {county}: {reason}", err=True)
    if failed:
        raise SystemExit(1)
