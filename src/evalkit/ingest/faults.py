"""When one file cannot be read: what is wrong with all of them, told at once."""

from __future__ import annotations

from evalkit.errors import DataError
from evalkit.ingest.blocks import read_blocks
from evalkit.ingest.plans import table_files
from evalkit.plan import Plan


def all_faults(plan: Plan, error: DataError) -> DataError:
    """Return one error that names every file that cannot be read; the error itself when it is the only one.

    Parameters
    ----------
    plan : Plan
    error : DataError
        What stopped the reading.
    """
    sources = plan.data.tables()
    faults: list[str] = []
    try:
        files = table_files(plan, plan.raw)
    except DataError:
        return error
    for name, paths in files.items():
        for path in paths:
            try:
                for _ in read_blocks(path, table=name, source=sources[name], root=plan.raw):
                    pass
            except DataError as one:
                faults.append(f"[{name}] {one}")
    if len(faults) < 2:
        return error
    lines = "\n".join(f"  {f}" for f in faults)
    return DataError(f"{len(faults)} files cannot be read:\n{lines}")
