"""The habits of the project, held by tests."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import evalkit as ek

MAX_FILE, MAX_FUNCTION, MAX_PARAMETERS = 400, 60, 8

# Public signatures fixed by the contract of the package; docs/decisions says why.
LONG_SIGNATURES = {"att_gt", "event_study", "twfe", "did_2x2"}

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_functions_and_signatures_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MAX_FILE
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef):
            continue
        doc = node.body[0] if ast.get_docstring(node) else None
        doc_lines = 0 if doc is None else (doc.end_lineno or 0) - doc.lineno + 1
        length = (node.end_lineno or 0) - node.lineno + 1 - doc_lines
        assert length <= MAX_FUNCTION, f"{node.name} has {length} lines of code"
        args = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        count = len([a for a in args if a.arg not in ("self", "cls")])
        assert count <= MAX_PARAMETERS or node.name in LONG_SIGNATURES, (
            f"{node.name} takes {count} parameters"
        )


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_catch_all_modules_and_no_print(path: Path) -> None:
    assert path.stem not in {"utils", "helpers", "common", "misc"}
    assert not re.search(r"^\s*print\(", path.read_text(encoding="utf-8"), flags=re.M)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebooks_are_stripped(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [c for c in cells if c["cell_type"] == "code"]
    assert code
    assert all(not c["outputs"] and c["execution_count"] is None for c in code)
    assert not any(re.search(r"^\s*def ", "".join(c["source"]), flags=re.M) for c in code)


def test_there_is_a_county_report_notebook() -> None:
    assert "county_report.ipynb" in {p.name for p in NOTEBOOKS}


def test_environment_is_the_conda_view_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    from_pip = [
        d for entry in conda if isinstance(entry, dict) for d in entry["pip"] if not d.startswith("--")
    ]
    named = {d for d in conda if isinstance(d, str)} | set(from_pip)
    renamed = {d.replace("matplotlib-base", "matplotlib") for d in named}
    tests_only = {d for d in renamed if d.startswith("pytest")}
    assert tests_only <= set(project["optional-dependencies"]["dev"])
    assert renamed - tests_only - {"pip", f"python{project['requires-python']}"} == set(
        project["dependencies"]
    )


def test_lock_file_pins_every_dependency_and_names_no_host() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    pinned = {m.lower() for m in re.findall(r"^([A-Za-z0-9._-]+)==", lock, flags=re.M)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {
        re.sub(r"[-_.]+", "-", re.split(r"[<>=]", w)[0]).lower() for w in wanted
    }  # as PEP 503 writes them
    assert names <= pinned


def test_public_names_exist() -> None:
    for name in ek.__all__:
        assert getattr(ek, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        ek.no_such_name  # noqa: B018


def test_import_is_light() -> None:
    code = "import sys, evalkit; print(','.join(m for m in ('pandas','scipy','statsmodels','sklearn','matplotlib') if m in sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == ""


def test_the_version_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert ek.__version__ == project["version"] == citation["version"]
    assert f"## [{project['version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
