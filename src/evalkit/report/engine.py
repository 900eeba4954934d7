"""Execute one notebook with papermill and take the sections out of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import ReportError
from evalkit.report.document import MIME, Section
from evalkit.report.params import check

KERNEL = "python3"
TIMEOUT = 600
"""Seconds a cell may take."""
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "MPLBACKEND": "agg",
}


@dataclass(frozen=True)
class Executed:
    """An executed notebook: its sections in order, and the lines of its log."""

    sections: tuple[Section, ...]
    log: tuple[str, ...]


def execute(notebook: Path, target: Path, parameters: Mapping[str, Any]) -> Executed:
    """Execute a notebook in its own kernel and write it, outputs included.

    Parameters
    ----------
    notebook : Path
        The stripped source.
    target : Path
        Where the executed notebook is written; its folder is the working folder of the kernel.
    parameters : mapping
        Checked against the notebook's parameters cell.

    Raises
    ------
    ReportError
        If a parameter does not fit, a cell fails (its error is in the message), the executed notebook
        does not carry the parameters that were asked for, or it holds no section.
    """
    import nbformat
    import papermill
    from papermill.exceptions import PapermillExecutionError

    asked = check(notebook, parameters)
    try:
        with _single_threaded():
            papermill.execute_notebook(
                notebook,
                target,
                parameters=asked,
                kernel_name=KERNEL,
                cwd=target.parent,
                progress_bar=False,
                execution_timeout=TIMEOUT,
                config=_transport(),
                extra_arguments=["--log-level=CRITICAL"],
            )
    except PapermillExecutionError as error:
        msg = f"{error.ename}: {error.evalue}"
        raise ReportError(msg) from error
    done = nbformat.read(target, as_version=4)  # type: ignore[no-untyped-call]
    _check_parameters(done, asked)
    _forget_paths(done)
    nbformat.write(done, target)  # type: ignore[no-untyped-call]
    return Executed(sections_of(done), tuple(_log(done)))


def sections_of(notebook: Any) -> tuple[Section, ...]:
    """Return the sections that an executed notebook carries.

    Raises
    ------
    ReportError
        If there is none.
    """
    found = [
        Section.from_dict(output["data"][MIME])
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if MIME in output.get("data", {})
    ]
    if not found:
        msg = "the executed notebook holds no section; its cells must end with report.summary(case) and the like"
        raise ReportError(msg)
    return tuple(found)


def check_county(sections: Sequence[Section], county: str) -> None:
    """Check that every section speaks of the county that was asked for.

    Raises
    ------
    ReportError
        If one does not.
    """
    other = {s.county for s in sections} - {county}
    if other:
        msg = f"asked for county {county}, but the notebook reports on {', '.join(sorted(map(repr, other)))}"
        raise ReportError(msg)


def _check_parameters(notebook: Any, asked: Mapping[str, Any]) -> None:
    carried = dict(notebook.metadata.get("papermill", {}).get("parameters", {}))
    injected = [c for c in notebook.cells if "injected-parameters" in c.metadata.get("tags", [])]
    if carried != dict(asked) or len(injected) != 1:
        msg = (
            f"the executed notebook carries other parameters ({carried}) than were asked for ({dict(asked)})"
        )
        raise ReportError(msg)


def _forget_paths(notebook: Any) -> None:
    """Keep file names only: a published notebook should not tell where it was made."""
    meta = notebook.metadata.get("papermill", {})
    for key in ("input_path", "output_path"):
        if meta.get(key):
            meta[key] = Path(str(meta[key])).name


def _log(notebook: Any) -> Iterator[str]:
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        took = cell.metadata.get("papermill", {}).get("duration")
        yield f"cell {i}: {took if took is None else format(took, '.2f')} s"
        for output in cell.outputs:
            if output.output_type == "stream":
                yield from (f"cell {i} {output.name}: {line}" for line in output.text.splitlines())


def _transport() -> Any:
    """Return the settings of the kernel's channels: files of this user instead of open ports, where there are such."""
    from traitlets.config import Config

    return Config() if sys.platform == "win32" else Config(KernelManager={"transport": "ipc"})


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Let the kernel inherit one thread a library and no drawing backend of its own; restore afterwards."""
    before = {k: os.environ.get(k) for k in _ONE_THREAD}
    os.environ.update(_ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
