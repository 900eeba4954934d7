"""Small tables with the answer worked by hand; they test the measures and make docs/spec.md."""
