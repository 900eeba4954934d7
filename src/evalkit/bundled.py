"""Files that come with the package: the report notebook, the example's plan, the plan to start from."""

from __future__ import annotations

from pathlib import Path

from evalkit.errors import EvalkitError

_SOURCES = {
    "county_report.ipynb": "notebooks/county_report.ipynb",
    "data_audit.ipynb": "notebooks/data_audit.ipynb",
    "province_overview.ipynb": "notebooks/province_overview.ipynb",
    "plan_example.yaml": "plan.yaml",
}
"""File of an installed package → its one source in a checkout (see pyproject.toml, force-include)."""


def bundled_file(name: str) -> Path:
    """Return the path of a file that comes with the package.

    Raises
    ------
    EvalkitError
        If the installation is incomplete.
    """
    package = Path(__file__).parent
    candidates = [package / "templates" / name]
    if name in _SOURCES:
        candidates.append(package.parents[1] / _SOURCES[name])
    for path in candidates:
        if path.is_file():
            return path
    msg = f"the installation lacks {name}; install evalkit again"
    raise EvalkitError(msg)
