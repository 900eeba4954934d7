"""Files a build leaves: Parquet and JSON by county, written whole or not at all.

Layout below the store's root::

    panel/province=<xx>/county=<code>/part-0.parquet   clean household-waves, all waves in one file
    member|program|village|survey|totals/…             the other clean tables
    ledger|quarantine|open_cases/…                     what cleaning did, set aside, left open
    structures/…                                       household structures that deserve a question, if the plan asks
    problems/…                                         requirements and checks that households and villages do not meet
    signal_cases/…                                     rows behind flagged units of the tests of patterns
    events|event_cases/…                               what happened to households, and histories that contradict themselves
    sums/…                                             sums by sampling unit and wave, which add up to a nation
    results/county=<code>.json                         estimates and tables of the county
    results/pooled.json                                return risk and program effects over all counties
    results/intake.json                                files read, headers recognised, rows that name no county
    state/county=<code>.json                           what a county was built from; written when it is done
    _staged/county=<code>/…                            raw text of the county, as read
    manifest.json                                      written last: plan digest, versions, hashes

``province`` is the first two digits of a code of six digits or more, else ``_``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evalkit.errors import DataError

KINDS = (
    "panel", "member", "program", "village", "survey", "totals", "cases",
    "ledger", "quarantine", "open_cases", "events", "event_cases", "structures", "problems", "sums", "signal_cases",
)  # fmt: skip
"""Tables that a build keeps by county."""
LOOKED_UP = ("county", "wave", "household")
"""Columns by which rows are looked up: their smallest and largest value stand in the files, those of others cost more than they save."""
UNPLACED = "_unplaced"
"""Folder name of rows that name no county."""
LONGEST = 200
"""Most bytes of a code in a file name; file systems take 255 with what stands before and after."""
PARTIAL = ".part-"
"""Beginning of the names of files that are being written."""


@dataclass(frozen=True)
class Store:
    """The processed files below one root folder."""

    root: Path

    def path(self, kind: str, county: str) -> Path:
        """Return the Parquet file of a county; codes are made safe as folder names."""
        place = self.root / kind / f"province={province_of(county)}"
        return place / f"county={safe_name(county)}" / "part-0.parquet"

    def write(self, kind: str, county: str, frame: pd.DataFrame) -> Path:
        """Write one county's table atomically and return its path."""
        target = self.path(kind, county)
        table = pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)
        floats = [f.name for f in table.schema if pa.types.is_floating(f.type)]
        encodings = dict.fromkeys(floats, "BYTE_STREAM_SPLIT")
        others = [f.name for f in table.schema if f.name not in encodings]
        with atomic(target) as part:
            pq.write_table(
                table,
                part,
                compression="zstd",
                use_dictionary=others,
                column_encoding=encodings or None,
                write_statistics=[c for c in LOOKED_UP if c in table.column_names],
            )
        return target

    def read(self, kind: str, county: str) -> pd.DataFrame:
        """Return one county's table.

        Raises
        ------
        DataError
            If it has not been built.
        """
        path = self.path(kind, county)
        if not path.is_file():
            msg = f"no {kind} for county {county!r} in the processed folder; run `evalkit build` first"
            raise DataError(msg)
        frame: pd.DataFrame = pq.read_table(path, partitioning=None).to_pandas()
        return frame

    def read_all(self, kind: str, counties: list[str]) -> pd.DataFrame:
        """Return the tables of several counties below each other, in the order given."""
        return pd.concat([self.read(kind, c) for c in counties], ignore_index=True)

    def tables(self, kind: str) -> list[Path]:
        """Return the files of a kind, ascending by province and county."""
        return sorted((self.root / kind).glob("province=*/county=*/part-0.parquet"))

    def counties(self, kind: str = "panel") -> list[str]:
        """Return the codes of the counties that have a table, in ascending order; long codes as they are cut."""
        codes = (unquote(p.parent.name.removeprefix("county=")) for p in self.tables(kind))
        return sorted(c for c in codes if c != UNPLACED)

    def files(self, county: str) -> dict[str, str]:
        """Return the SHA-256 of every table of a county, by path below the root."""
        paths = (self.path(kind, county) for kind in KINDS)
        return {p.relative_to(self.root).as_posix(): file_hash(p) for p in paths if p.is_file()}

    def forget(self, county: str) -> None:
        """Remove every table and result of a county, so that nothing older than the build in hand stays."""
        self.state_path(county).unlink(missing_ok=True)
        for kind in KINDS:
            self.drop(kind, county)
        self.result_path(county).unlink(missing_ok=True)

    def drop(self, kind: str, county: str) -> None:
        """Remove one table of a county, if it is there."""
        folder = self.path(kind, county).parent
        shutil.rmtree(folder, ignore_errors=True)
        _remove_empty(folder.parent)

    def start_over(self, counties: Collection[str]) -> None:
        """Remove the manifest, what killed builds left half written, and all about counties not among `counties`.

        The manifest says which results belong together; without it nothing is reported.
        """
        self.manifest_path.unlink(missing_ok=True)
        for part in sorted(self.root.rglob(f"{PARTIAL}*")):
            part.unlink(missing_ok=True)
        for kind in KINDS:
            for old in (self.root / kind).glob("county=*"):  # layout of version 0.1
                shutil.rmtree(old, ignore_errors=True)
            for folder in (self.root / kind).glob("province=*"):
                _remove_empty(folder)
        kept = {safe_name(c) for c in counties}
        for county in self._known():
            if safe_name(county) not in kept:
                self.forget(county)

    def _known(self) -> set[str]:
        """Return the counties of which there is any table, result or state."""
        folders = [p.name for k in KINDS for p in (self.root / k).glob("province=*/county=*")]
        files = [p.stem for k in ("results", "state") for p in (self.root / k).glob("county=*.json")]
        return {unquote(name.removeprefix("county=")) for name in [*folders, *files]}

    @property
    def pooled_path(self) -> Path:
        """Path of the pooled results."""
        return self.root / "results" / "pooled.json"

    @property
    def manifest_path(self) -> Path:
        """Path of the manifest."""
        return self.root / "manifest.json"

    def result_path(self, county: str) -> Path:
        """Return the path of a county's results."""
        return self.root / "results" / f"county={safe_name(county)}.json"

    def state_path(self, county: str) -> Path:
        """Return the path of what a county was built from."""
        return self.root / "state" / f"county={safe_name(county)}.json"

    @property
    def staged(self) -> Path:
        """Folder of the raw text by county."""
        return self.root / "_staged"

    def write_json(self, path: Path, data: Mapping[str, Any]) -> Path:
        """Write a mapping atomically as UTF-8 JSON."""
        with atomic(path) as part:
            part.write_text(dump_json(data), encoding="utf-8")
        return path

    def read_json(self, path: Path) -> dict[str, Any]:
        """Return a mapping written by `write_json`."""
        out: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return out


class atomic:  # noqa: N801  (reads as a statement: with atomic(path) as part)
    """Give a temporary path; on success fsync it and put it in the place of `target`."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __enter__(self) -> Path:
        self.target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.target.parent, prefix=PARTIAL)
        os.close(handle)
        self.part = Path(name)
        return self.part

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.part.unlink(missing_ok=True)
            return
        with self.part.open("rb") as done:
            os.fsync(done.fileno())
        self.part.chmod(0o644)
        self.part.replace(self.target)


def safe_name(code: str) -> str:
    """Return a code as one file name that cannot leave its folder; long ones are cut and end in a hash.

    >>> safe_name("990101"), safe_name("../x"), safe_name("..")
    ('990101', '..%2Fx', '%2E%2E')
    """
    name = quote(code, safe="")
    if len(name) > LONGEST:
        digest = hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        begin = code[:LONGEST]
        while len(quote(begin, safe="")) > LONGEST - len(digest) - 1:
            begin = begin[:-1]
        return f"{quote(begin, safe='')}~{digest}"
    return name.replace(".", "%2E") if set(name) <= {"."} else name


def province_of(county: str) -> str:
    """Return the province of a division code, ``_`` of anything else.

    >>> province_of("530621"), province_of("530621104"), province_of("N1"), province_of("12")
    ('53', '53', '_', '_')
    """
    return county[:2] if len(county) >= 6 and county.isascii() and county.isdigit() else "_"


def _remove_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def dump_json(data: Mapping[str, Any]) -> str:
    """Return JSON text that is the same for the same content (no NaN: they must be None)."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1) + "\n"


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
