"""Why the coverage of some intervals lies outside 93-97 %: printed in docs/coverage.md, checked by test_coverage.py."""

from __future__ import annotations

REASONS: dict[str, str] = {}
