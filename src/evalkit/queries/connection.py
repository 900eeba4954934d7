"""A read-only connection to the store: one SELECT at a time, in bounded memory, on the views of its kinds."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

from evalkit.errors import DataError
from evalkit.plan import Plan
from evalkit.store import KINDS, Store

MEMORY = "1GB"
"""Memory a query may use; what needs more goes to a temporary folder."""
_PROVINCE = "CASE WHEN regexp_full_match(county, '[0-9]{6,}') THEN left(county, 2) ELSE '_' END"


class StoreQueries:
    """An open connection to a store; close it, or use it in a ``with`` statement.

    Parameters
    ----------
    root : Path
        Root of the store.
    memory : str
        Most memory, as DuckDB reads it (``1GB``).
    threads : int
        With one thread sums are made in one order, so that the same question has the same bits as its answer.

    Raises
    ------
    DataError
        Nothing has been built there.
    """

    def __init__(self, root: Path, *, memory: str = MEMORY, threads: int = 1) -> None:
        import duckdb

        found = {kind: Store(root).tables(kind) for kind in KINDS}
        self.views = tuple(sorted(_view(kind) for kind, paths in found.items() if paths))
        if not found["panel"]:
            raise _unbuilt(root)
        self._folder = tempfile.TemporaryDirectory(prefix="evalkit-")
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": threads,
            "memory_limit": memory,
            "temp_directory": self._folder.name,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
        }
        self._base: Any = duckdb.connect(":memory:", config=settings)
        for kind, paths in found.items():
            if paths:
                files = ", ".join(_quoted(_literal(p)) for p in paths)
                self._base.execute(
                    f"CREATE VIEW {_view(kind)} AS SELECT * FROM "
                    f"read_parquet([{files}], union_by_name = true, hive_partitioning = false)"
                )
        self._base.execute(f"CREATE MACRO province_of(county) AS {_PROVINCE}")
        allowed = ", ".join({_quoted(str(root.resolve())): 0, _quoted(_literal(root)): 0})
        self._base.execute(f"SET allowed_directories = [{allowed}]")
        self._base.execute("SET enable_external_access = false")
        self._base.execute("SET lock_configuration = true")

    def query(self, sql: str, parameters: Sequence[object] | None = None) -> pd.DataFrame:
        """Return the answer to one SELECT.

        Parameters
        ----------
        sql : str
        parameters : sequence, optional
            Values for the ``?`` in it.

        Raises
        ------
        DataError
            It is not one SELECT, or cannot be answered (unknown view or column …).
        """
        import duckdb

        try:
            kinds = [s.type.name for s in self._base.extract_statements(sql)]
            if kinds != ["SELECT"]:
                msg = (
                    f"a query is one SELECT; this is {', '.join(kinds) or 'nothing'}. The store is read only"
                )
                raise DataError(msg)
            found = self._base.sql(sql, params=parameters).to_arrow_table()
        except duckdb.Error as error:
            first = " ".join(str(error).split("\n\n")[0].split())
            msg = f"the query cannot be answered: {first} Views: {', '.join(self.views)}"
            raise DataError(msg) from error
        frame: pd.DataFrame = found.to_pandas()
        return frame

    def columns(self, view: str) -> tuple[str, ...]:
        """Return the columns of a view; none when it is absent."""
        return tuple(self.query(f"DESCRIBE {view}")["column_name"]) if view in self.views else ()

    def close(self) -> None:
        """End the connection and remove its temporary folder."""
        self._base.close()
        self._folder.cleanup()

    def __enter__(self) -> StoreQueries:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(source: Plan | str | Path, *, memory: str = MEMORY) -> StoreQueries:
    """Open the store of a plan (or the store below a folder) for questions.

    Parameters
    ----------
    source : Plan or path
    memory : str

    Raises
    ------
    DataError
        Nothing has been built there.
    """
    root = source.processed if isinstance(source, Plan) else Path(source)
    if not Store(root).manifest_path.is_file():
        raise _unbuilt(root)
    return StoreQueries(root, memory=memory)


def query(
    source: Plan | str | Path, sql: str, parameters: Sequence[object] | None = None, *, memory: str = MEMORY
) -> pd.DataFrame:
    """Answer one SELECT over the finished store of a plan.

    Parameters
    ----------
    source : Plan or path
    sql : str
        On the views of the module's docstring.
    parameters : sequence, optional
        Values for the ``?`` in it.
    memory : str

    Raises
    ------
    DataError
        Nothing has been built; it is not one SELECT; it cannot be answered.
    """
    with open_store(source, memory=memory) as store:
        return store.query(sql, parameters)


def _unbuilt(root: Path) -> DataError:
    return DataError(f"no finished build is in {str(root)!r}; run `evalkit build` first")


def _view(kind: str) -> str:
    return "household" if kind == "panel" else kind


def _literal(path: Path) -> str:
    """Return a path in which nothing stands for other files."""
    return re.sub(r"([*?\[])", r"[\1]", str(path.resolve()))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a column name as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'
