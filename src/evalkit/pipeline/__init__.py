"""From raw files to everything a report needs: once per plan, county by county."""

from evalkit.pipeline.case import built_counties, check_inputs, load_case, read_manifest
from evalkit.pipeline.county import CountyDone, build_county
from evalkit.pipeline.results import CountyCase, CountyResult, ImpactResult, PooledResult
from evalkit.pipeline.run import BuildResult, build

__all__ = [
    "BuildResult",
    "CountyCase",
    "CountyDone",
    "CountyResult",
    "ImpactResult",
    "PooledResult",
    "build",
    "build_county",
    "built_counties",
    "check_inputs",
    "load_case",
    "read_manifest",
]
