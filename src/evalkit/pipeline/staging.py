"""Raw files to one folder of text per county, in bounded memory, so that a worker reads its county alone.

Layout below the folder given::

    county=<code>/<table>.arrow     the county's rows of a table, every cell as the text in the file
    county=<code>/part.json         headers and files behind them, and the hash of each table
    _unplaced/…                     rows that name no county
    staged.json                     written last: what was staged

A county's files depend on its own rows only, not on how many other rows were read between them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit import schema
from evalkit.divisions import DatedCodes, load_divisions
from evalkit.errors import DataError
from evalkit.ingest import RawData, RawTable, with_counties
from evalkit.ingest.blocks import about_blocks, read_blocks
from evalkit.ingest.faults import all_faults
from evalkit.ingest.plans import (
    CountyFrom,
    county_from,
    county_keys,
    county_pairs,
    raw_counties,
    single_counties,
    table_files,
)
from evalkit.pipeline.fingerprint import source_digest, versions
from evalkit.pipeline.intake import write_heads
from evalkit.pipeline.parts import Catalogue, Head, file_of, load_part, read_text, write_about
from evalkit.pipeline.splitter import BUDGET, Splitter
from evalkit.plan import Plan
from evalkit.store import UNPLACED, Store, file_hash, safe_name

MARK = "staged.json"
BLOCK = 200_000
"""Most rows read at once."""


@dataclass(frozen=True)
class Staged:
    """What was staged.

    Parameters
    ----------
    root : Path
        Folder of the parts.
    counties : tuple of str
        Codes, ascending.
    unplaced : bool
        Whether there are rows that name no county.
    inputs : mapping
        SHA-256 of each raw file.
    household_rows : int
    household_files : tuple of str
    """

    root: Path
    counties: tuple[str, ...]
    unplaced: bool
    inputs: Mapping[str, str]
    household_rows: int
    household_files: tuple[str, ...]

    def part(self, county: str) -> Path:
        """Return the folder of a county."""
        return part_folder(self.root, county)

    def lost(self) -> RawData | None:
        """Return the rows that name no county; None when there are none."""
        return load_part(part_folder(self.root, "")) if self.unplaced else None


def stage(plan: Plan, root: Path, *, fresh: bool = False, rows: int = BLOCK, budget: int = BUDGET) -> Staged:
    """Partition the raw files of a plan by county; nothing is done when the same files are staged already.

    Parameters
    ----------
    plan : Plan
    root : Path
        Folder to write; what is in it is replaced.
    fresh : bool
        Read the raw files in any case.
    rows : int
        Most rows of a file read at once.
    budget : int
        Bytes of rows held in memory before they are put aside on disk. Neither changes what is written.

    Raises
    ------
    DataError
        A folder or file is absent, or a file cannot be read.
    """
    files = table_files(plan, plan.raw)
    inputs = {p.relative_to(plan.raw).as_posix(): file_hash(p) for p in sorted(set().union(*files.values()))}
    mark = _mark(plan, inputs)
    known = None if fresh else _finished(root, mark)
    if known is not None:
        return known
    shutil.rmtree(root, ignore_errors=True)
    with _or_nothing(root):
        try:
            return _read_and_write(plan, root, files, inputs, mark=mark, rows=rows, budget=budget)
        except DataError as error:
            raise all_faults(plan, error) from error


@contextmanager
def _or_nothing(root: Path) -> Iterator[None]:
    """Make a folder, and take it away again, with those above it that were not there, when reading fails."""
    made = [p for p in (root, *root.parents) if not p.exists()]
    root.mkdir(parents=True)
    try:
        yield
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        for folder in made[1:]:
            folder.rmdir()
        raise


def _read_and_write(
    plan: Plan,
    root: Path,
    files: Mapping[schema.Table, Sequence[Path]],
    inputs: Mapping[str, str],
    *,
    mark: str,
    rows: int,
    budget: int,
) -> Staged:
    dated = load_divisions(plan)
    heads: dict[str, Head] = {}
    households: RawTable | None = None
    for table, paths in files.items():  # the household table comes first: others find their county in it
        places = _Places(root, households, dated, budget)
        source = plan.data.tables()[table]
        read = partial(read_blocks, paths, table=table, source=source, root=plan.raw, rows=rows)
        heads[table] = _staged_table(table, read, places)
        if table == "household":
            households = with_counties({table: heads[table].table}, dated)[table]
    placed = with_counties({name: head.table for name, head in heads.items()}, dated)
    return _finish(root, heads, placed, inputs, mark)


def part_folder(root: Path, county: str) -> Path:
    """Return the folder of a county's raw text; ``""`` are the rows without a county."""
    return root / (f"county={safe_name(county)}" if county else UNPLACED)


def _part_file(root: Path, table: str, county: str) -> Path:
    return file_of(part_folder(root, county), table)


@dataclass(frozen=True, eq=False)
class _Places:
    """Where parts are written, and what tells the county of a row."""

    root: Path
    households: RawTable | None
    dated: DatedCodes | None
    budget: int

    def known(self, link: str) -> pd.Series:
        """Return county by id over the staged household table."""
        files = sorted(self.root.glob(f"*/{file_of(Path(), 'household').name}"))
        frames = (read_text(f, [link, "county"]) for f in files)
        return single_counties(
            county_pairs(f, link, self.dated) for f in frames if {link, "county"} <= set(f.columns)
        )


def _staged_table(table: str, read: Callable[[], Iterator[RawTable]], places: _Places) -> Head:
    """Write one table by county; when later files show that counties are found otherwise, begin again."""
    guess: CountyFrom | None = None
    while True:
        splitter = Splitter(places.root / "_spill", partial(_part_file, places.root, table), places.budget)
        head, used = _split(read(), guess, places, splitter)
        right = county_from(head, places.households)
        if used == right:
            break
        splitter.abandon()
        guess = right
    splitter.finish()
    return Head(head, sum(splitter.rows.values()), {c: tuple(f) for c, f in splitter.files.items()})


def _split(
    parts: Iterator[RawTable], source: CountyFrom | None, places: _Places, splitter: Splitter
) -> tuple[RawTable, CountyFrom]:
    """Give the rows of all blocks to the splitter; return the table without rows, and how counties were found."""
    heads: list[RawTable] = []
    empty = _Empty()
    known: pd.Series | None = None
    for block in parts:
        source = source or county_from(block, places.households)
        if source.how == "household" and known is None:
            known = places.known(source.column)
        heads.append(block.with_frame(empty.of(block.frame)))
        county = _counties(block.frame, source, known)
        frame = block.frame if source.how == "own" else block.frame.assign(county=county)
        splitter.add(frame, county_keys(county, places.dated))
    return about_blocks(heads), source or CountyFrom("own", "county")


class _Empty:
    """Frames without rows, one for each set of columns; a slice would keep all of its cells in memory."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, str], ...], pd.DataFrame] = {}

    def of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the columns of a frame without its rows."""
        like = tuple((str(c), str(t)) for c, t in frame.dtypes.items())
        if like not in self._known:
            columns = {c: pd.Series(dtype=t) for c, t in frame.dtypes.items()}
            self._known[like] = pd.DataFrame(columns)
        return self._known[like]


def _counties(frame: pd.DataFrame, source: CountyFrom, known: pd.Series | None) -> pd.Series:
    """Return the county of each row of a block; NA where the block lacks the column that others have."""
    if source.column and source.column not in frame:
        return pd.Series(np.nan, index=frame.index, dtype="str")
    return raw_counties(frame, source, known)


def _finish(
    root: Path, heads: Mapping[str, Head], placed: RawData, inputs: Mapping[str, str], mark: str
) -> Staged:
    """Write what the parts came from, then the mark that says all is there."""
    catalogues = {name: Catalogue(table) for name, table in placed.tables.items()}
    counties = sorted(set().union(*(h.files for h in heads.values())))
    for county in counties:
        write_about(part_folder(root, county), county, heads, catalogues)
    write_heads(root, heads)
    named = list(dict.fromkeys(map(str, heads["household"].table.files["file"])))
    facts = Staged(
        root=root,
        counties=tuple(c for c in counties if c),
        unplaced="" in counties,
        inputs=dict(inputs),
        household_rows=heads["household"].rows,
        household_files=tuple(named),
    )
    kept = {k: v for k, v in asdict(facts).items() if k != "root"}
    Store(root).write_json(root / MARK, {**kept, "mark": mark})
    return facts


def _finished(root: Path, mark: str) -> Staged | None:
    """Return what is staged already, if it was made from the same files in the same way."""
    if not (root / MARK).is_file():
        return None
    found = Store(root).read_json(root / MARK)
    if found.pop("mark") != mark:
        return None
    for name in ("counties", "household_files"):
        found[name] = tuple(found[name])
    return Staged(root=root, **found)


def _mark(plan: Plan, inputs: Mapping[str, str]) -> str:
    """Return what staging depends on: the files, what the plan says about reading them, the code."""
    data = plan.data.model_dump(mode="json", exclude={"raw", "processed", "reports"})
    dated = load_divisions(plan)
    codes = "" if dated is None else dated.digest
    said = json.dumps(
        [data, dict(inputs), codes, source_digest(), versions()], sort_keys=True, ensure_ascii=False
    )
    return hashlib.sha256(said.encode()).hexdigest()
