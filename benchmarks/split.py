"""CPU seconds per county of each part of a report, in one warm process: ``split.py PLAN CODE …`` prints JSON."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from evalkit import report
from evalkit.pipeline import load_case
from evalkit.planfile import load_plan
from evalkit.report import figures
from evalkit.report.publish import masthead, write_pages

SECTIONS = ("summary", "quality", "income", "poverty", "dynamics", "risk", "impact", "methods")


def main() -> None:
    """Time reading, sections without pictures, pictures, and pages."""
    plan, codes = load_plan(Path(sys.argv[1])), sys.argv[2:]
    spent = {"reading the results": 0.0, "sections (tables, sentences)": 0.0, "figures, both languages": 0.0}
    drawing = figures._draw

    def timed(*args: object, **keywords: object) -> object:
        start = time.process_time()
        try:
            return drawing(*args, **keywords)  # type: ignore[arg-type]
        finally:
            spent["figures, both languages"] += time.process_time() - start

    figures._draw = timed  # type: ignore[assignment]
    load_case(plan, codes[0])
    [getattr(report, name)(load_case(plan, codes[0])) for name in SECTIONS]
    spent = dict.fromkeys(spent, 0.0)
    export = 0.0
    for code in codes:
        start = time.process_time()
        case = load_case(plan, code)
        spent["reading the results"] += time.process_time() - start
        start, drawn = time.process_time(), spent["figures, both languages"]
        sections = [getattr(report, name)(case) for name in SECTIONS]
        drawn = spent["figures, both languages"] - drawn
        spent["sections (tables, sentences)"] += time.process_time() - start - drawn
        start = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            write_pages(Path(folder), plan, masthead(plan, code, case.name, sections), sections)
        export += time.process_time() - start
    out = {
        name: value / len(codes) for name, value in {**spent, "export (HTML, summary.json)": export}.items()
    }
    sys.stdout.write(json.dumps(out))


if __name__ == "__main__":
    main()
