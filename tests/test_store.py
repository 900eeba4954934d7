"""The store: its layout, whole files or none, nothing outside its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from evalkit.errors import DataError
from evalkit.store import KINDS, PARTIAL, UNPLACED, Store, atomic


def frame(n: int = 3) -> pd.DataFrame:
    return pd.DataFrame({"household": [f"h{i}" for i in range(n)], "welfare": np.arange(n) + 0.5})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "processed")


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("530621", "province=53/county=530621"),
        ("530621104", "province=53/county=530621104"),
        ("N1", "province=_/county=N1"),
        ("../../etc", "province=_/county=..%2F..%2Fetc"),
        ("..", "province=_/county=%2E%2E"),
        (UNPLACED, "province=_/county=_unplaced"),
    ],
)
def test_a_county_has_one_folder_below_its_province(store: Store, code: str, place: str) -> None:
    path = store.write("panel", code, frame())
    assert path == store.root / "panel" / place / "part-0.parquet"
    assert path.resolve().is_relative_to(store.root.resolve())
    pd.testing.assert_frame_equal(store.read("panel", code), frame())
    assert store.counties() == ([] if code == UNPLACED else [code])


def test_files_are_zstd_with_split_floats(store: Store) -> None:
    about = pq.ParquetFile(store.write("panel", "990101", frame())).metadata.row_group(0)
    text, number = about.column(0), about.column(1)
    assert (text.compression, number.compression) == ("ZSTD", "ZSTD")
    assert "BYTE_STREAM_SPLIT" in number.encodings


def test_files_state_the_range_of_what_is_looked_up(store: Store) -> None:
    """Ranges of other columns prune nothing and cost a third of the writing."""
    rows = frame().assign(county="990101", wave=[2014, 2016, 2018])
    about = pq.ParquetFile(store.write("panel", "990101", rows)).metadata.row_group(0)
    known = {about.column(i).path_in_schema: about.column(i).statistics for i in range(about.num_columns)}
    assert (known["wave"].min, known["wave"].max) == (2014, 2018)
    assert (known["household"].min, known["county"].max) == ("h0", "990101")
    assert known["welfare"] is None


def test_the_same_rows_give_the_same_bytes(store: Store) -> None:
    first = store.write("panel", "990101", frame(500)).read_bytes()
    assert store.write("panel", "990101", frame(500)).read_bytes() == first


def half_way(path: Path) -> None:
    with atomic(path) as part:
        part.write_bytes(b"half")
        raise RuntimeError


def test_a_file_is_replaced_whole_or_stays(store: Store) -> None:
    path = store.write("panel", "990101", frame())
    before = path.read_bytes()
    with pytest.raises(RuntimeError):
        half_way(path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_what_has_not_been_built_is_an_error(store: Store) -> None:
    with pytest.raises(DataError, match="no panel for county '990101'"):
        store.read("panel", "990101")


def test_starting_over_leaves_the_counties_there_are_and_nothing_else(store: Store) -> None:
    for code in ("990101", "990102"):
        for kind in KINDS:
            store.write(kind, code, frame())
        store.write_json(store.result_path(code), {})
        store.write_json(store.state_path(code), {})
    store.write_json(store.manifest_path, {})
    old = store.root / "panel" / "county=990101"
    old.mkdir()
    (old / "part-0.parquet").write_bytes(b"layout of before")
    torn = store.path("panel", "990101").parent / f"{PARTIAL}x1"
    torn.write_bytes(b"half")
    store.start_over(["990102"])
    left = sorted(p.relative_to(store.root).as_posix() for p in store.root.rglob("*") if p.is_file())
    assert left == sorted(
        [f"{kind}/province=99/county=990102/part-0.parquet" for kind in KINDS]
        + ["results/county=990102.json", "state/county=990102.json"]
    )
    assert not old.exists()
    store.forget("990102")
    assert not [p for p in store.root.rglob("*") if p.is_file()]
