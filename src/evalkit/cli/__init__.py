"""The command line: ``evalkit init | example | check | build | report | explain``.

Exit codes: 0 all done, 1 some counties failed (the others are written), 2 usage, 10-15 as drawn in
`evalkit.errors`, 130 interrupted.
"""

from evalkit.cli.main import main

__all__ = ["main"]
