"""Commands and exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from evalkit.cli.endings import fail_some, finish_build, finish_overview, several, told, written_overview
from evalkit.cli.settings import load, of_households
from evalkit.errors import EvalkitError, PlanError

if TYPE_CHECKING:
    from evalkit.pipeline import BuildResult, Engine
    from evalkit.plan import Plan
    from evalkit.text import Language

PLAN = click.argument("plan", type=click.Path(path_type=Path))
JOBS = click.option(
    "--jobs", "-j", default=1, show_default=True, type=click.IntRange(1), help="Worker processes."
)
SET = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change one setting of the plan; it is recorded as a deviation and printed in the reports.",
)


class Commands(click.Group):
    """A group whose commands end with the error's exit code and no traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; user errors, unusable paths and interruption become exit codes."""
        try:
            return super().invoke(ctx)
        except EvalkitError as error:
            click.echo(f"{type(error).__name__}: {error}", err=True)
            ctx.exit(error.exit_code)
        except OSError as error:
            if error.filename is None:
                raise
            click.echo(f"{error.filename}: {error.strerror}", err=True)
            ctx.exit(EvalkitError.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted; what was finished is kept", err=True)
            ctx.exit(130)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="evalkit")
def main() -> None:
    """Evaluate poverty exits from household panels: one finished report per county.

    Start with `evalkit init DIR`, put your file into DIR/data/raw, name its columns in DIR/plan.yaml,
    then `evalkit check`, `evalkit build`, `evalkit report --all`.
    """


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--example", is_flag=True, help="Also write the synthetic example data and its plan.")
def init(folder: Path, *, example: bool) -> None:
    """Lay out a new evaluation in FOLDER: plan.yaml, data/, notebooks/, reports/."""
    from evalkit.cli.scaffold import lay_out

    written = lay_out(folder, example=example)
    for path in written:
        click.echo(f"wrote {path}")
    click.echo(f"next: evalkit check {folder / 'plan.yaml'}")


@main.command()
@PLAN
def example(plan: Path) -> None:
    """Write the synthetic registry export into the raw folder of PLAN (all figures are made up)."""
    from evalkit import simulate

    settings = load(plan)
    if not settings.synthetic:
        msg = f"{plan} is not marked `synthetic: true`; synthetic files are not written beside real data"
        raise PlanError(msg)
    export = simulate.write_export(simulate.registry(seed=settings.seed), settings.raw)
    click.echo(f"wrote {len(export.files)} synthetic files to {settings.raw}")


@main.command()
@PLAN
@click.option(
    "--write-mapping",
    is_flag=True,
    help="Store what was found (columns, unit, encoding, header row) in PLAN; its comments and order stay.",
)
@SET
def check(plan: Path, *, write_mapping: bool, overrides: tuple[str, ...]) -> None:
    """Read the raw files as PLAN says and tell what is wrong with them; without options nothing is written."""
    from evalkit.cli.checking import check_lines

    settings = load(plan, overrides)
    if write_mapping:
        from evalkit.cli.mapping import find_mappings, write_mapping as write

        for key in write(plan, find_mappings(settings)):
            click.echo(f"stored in {plan}: {key}")
        settings = load(plan, overrides)
    raise SystemExit(told(check_lines(settings)))


@main.command()
@PLAN
@JOBS
@click.option(
    "--engine",
    default="local",
    show_default=True,
    type=click.Choice(["local", "dask", "spark"]),
    help="Who builds the counties: this computer, dask.distributed, Spark. The files are the same.",
)
@click.option(
    "--cluster", metavar="ADDRESS", help="Dask scheduler (tcp://…) or Spark master; started here without."
)
@click.option(
    "--only-changed/--fresh",
    "only_changed",
    default=True,
    show_default=True,
    help="Build the counties whose rows or settings changed, or read and build everything again.",
)
@SET
def build(
    plan: Path, jobs: int, engine: str, cluster: str | None, *, only_changed: bool, overrides: tuple[str, ...]
) -> None:
    """Clean the raw files and compute everything the reports need."""
    from evalkit.pipeline import Engine

    who = Engine(kind=engine, jobs=jobs, cluster=cluster)
    finish_build(_build(of_households(plan, overrides), who, fresh=not only_changed))


@main.command()
@PLAN
@click.option(
    "--county", "counties", multiple=True, metavar="CODE", help="A county; may be given several times."
)
@click.option(
    "--all", "everything", is_flag=True, help="Every county of the build, then the overview over all of them."
)
@click.option("--overview", is_flag=True, help="Only the overview over all counties.")
@JOBS
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@SET
def report(
    plan: Path,
    counties: tuple[str, ...],
    *,
    everything: bool,
    overview: bool,
    jobs: int,
    dry_run: bool,
    overrides: tuple[str, ...],
) -> None:
    """Write the reports of one county or of all, and the overview over all counties (folder overview/)."""
    if [bool(counties), everything, overview].count(True) != 1:
        msg = "give one of --county CODE, --all, --overview"
        raise click.UsageError(msg)
    from evalkit.pipeline import built_counties, check_inputs, load_case, read_manifest

    settings = of_households(plan, overrides)
    check_inputs(settings)
    if overview:
        finish_overview(settings, dry_run=dry_run)
        return
    unbuilt = read_manifest(settings)["failed"] if everything else {}
    wanted = sorted({*built_counties(settings), *unbuilt}) if everything else list(dict.fromkeys(counties))
    for county in wanted:
        if county not in unbuilt:
            load_case(settings, county)
    if dry_run:
        _foretell(settings, wanted, unbuilt, overview=everything and several(settings))
    else:
        _render(settings, wanted, jobs, overview=everything)


@main.command()
@PLAN
@SET
def audit(plan: Path, overrides: tuple[str, ...]) -> None:
    """Write the data audit of the build: read, changed, quarantined, still open, totals before and after."""
    from evalkit.pipeline import check_inputs
    from evalkit.report import render_audit

    settings = of_households(plan, overrides)
    check_inputs(settings)
    folder = render_audit(settings)
    for language in settings.report.languages:
        click.echo(f"wrote {folder / f'report.{language}.html'}")


@main.command()
@PLAN
@click.argument("sql")
@click.option("--out", type=click.Choice(["csv", "markdown"]), default="csv", show_default=True)
@SET
def query(plan: Path, sql: str, out: str, overrides: tuple[str, ...]) -> None:
    """Answer one SELECT over all counties of the build; views are household, member, ledger, open_cases.

    Example: evalkit query plan.yaml "SELECT county, wave, count(*) AS n FROM household GROUP BY ALL ORDER BY ALL"
    """
    from evalkit.cli.answering import shown
    from evalkit.pipeline import read_manifest
    from evalkit.queries import query as answer

    settings = load(plan, overrides)
    read_manifest(settings)
    click.echo(shown(answer(settings, sql), out), nl=False)


@main.command()
@PLAN
@click.option("--county", metavar="CODE", help="Only the cases of this county.")
@SET
def decisions(plan: Path, county: str | None, overrides: tuple[str, ...]) -> None:
    """Count the cases of decisions.xlsx that are open, decided and stale, by rule; nothing is written."""
    from evalkit.cli.deciding import decision_lines

    for line in decision_lines(load(plan, overrides), county):
        click.echo(line)


@main.command()
@PLAN
@click.option(
    "--county", "counties", multiple=True, metavar="CODE", help="Only this county; may be repeated."
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder; that of plan.sampling without."
)
@SET
def sample(plan: Path, counties: tuple[str, ...], out: Path | None, overrides: tuple[str, ...]) -> None:
    """Draw villages and households from the roster of PLAN and write the lists of the field team."""
    from evalkit.cli.fieldwork import write_samples

    for line in write_samples(load(plan, overrides), counties, out):
        click.echo(line)


@main.command()
@PLAN
@click.option(
    "--county", "counties", multiple=True, metavar="CODE", help="Only this county; may be repeated."
)
@click.option("--day", metavar="YYYY-MM-DD", help="Day of the lists; today without.")
@SET
def lists(plan: Path, counties: tuple[str, ...], day: str | None, overrides: tuple[str, ...]) -> None:
    """Write the lists of problems, rectification and responsibility of the build, keeping what was filled in.

    They hold household ids and are no part of the reports.
    """
    from evalkit.cli.listing import write_county_lists

    for line in write_county_lists(of_households(plan, overrides), counties, day):
        click.echo(line)


@main.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--plan", type=click.Path(path_type=Path), help="A plan that was built, for claims about its data."
)
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@SET
def claims(file: Path | None, plan: Path | None, language: Language, overrides: tuple[str, ...]) -> None:
    """Check the figures that FILE (YAML) takes from a text against each other and against the data.

    Without FILE, the files that plan.claims names are checked.
    """
    from evalkit.cli.reconciling import claim_lines

    if file is None and plan is None:
        msg = "give a FILE of claims, or --plan with a section claims"
        raise click.UsageError(msg)
    for line in claim_lines(file, None if plan is None else load(plan, overrides), language):
        click.echo(line)


@main.command()
@click.argument("name", nargs=-1)
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
def explain(name: tuple[str, ...], language: str) -> None:
    """Explain a measure, a plan key, a field, a rule or a standard; without NAME, list what there is."""
    from evalkit.explanations import explain as text_of

    try:
        click.echo(text_of(" ".join(name), language=language))
    except EvalkitError as error:
        raise click.UsageError(str(error)) from error


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def schema(file: Path) -> None:
    """Write the JSON Schema of plan.yaml to FILE, for editors that complete and check it."""
    from evalkit.planfile import plan_schema

    file.write_text(json.dumps(plan_schema(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    click.echo(f"wrote {file}")


def _bar(what: str, total: int | None = None) -> tuple[tqdm[Any], Callable[[str, int], None]]:
    """Return a progress bar on stderr (none where that is no terminal) and the call that moves it."""
    bar = tqdm(total=total, desc=what, unit="county", file=sys.stderr, disable=None)

    def step(county: str, total: int) -> None:
        bar.total = total
        bar.set_postfix_str(county)
        bar.update(1)

    return bar, step


def _build(plan: Plan, engine: Engine, *, fresh: bool) -> BuildResult:
    from evalkit.pipeline import build as run

    bar, step = _bar("build")
    with bar:
        return run(plan, engine=engine, progress=step, fresh=fresh)


def _foretell(plan: Plan, counties: list[str], unbuilt: dict[str, str], *, overview: bool) -> None:
    """Say which reports would be written and which cannot; write nothing."""
    from evalkit.report import render
    from evalkit.store import safe_name

    render(plan, counties, dry_run=True)
    for county in counties:
        if county not in unbuilt:
            click.echo(f"would write {plan.reports / safe_name(county)}")
    if overview:
        finish_overview(plan, dry_run=True)
    fail_some([(c, f"failed in the build: {e}") for c, e in unbuilt.items()])


def _render(plan: Plan, counties: list[str], jobs: int, *, overview: bool) -> None:
    from evalkit.report import render

    bar, step = _bar("report", len(counties))
    with bar:
        done = render(plan, counties, jobs=jobs, progress=lambda county: step(county, len(counties)))
    click.echo(f"{len(done.done)} of {len(counties)} reports written")
    click.echo(f"index: {done.index}")
    failed = list(done.failed.items())
    if overview and several(plan):
        failed += written_overview(plan)
    fail_some(failed)


__all__ = ["main"]
