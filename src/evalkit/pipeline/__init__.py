"""From raw files to everything a report needs: once per plan, county by county."""

from evalkit.pipeline.case import built_counties, check_inputs, load_case, read_manifest
from evalkit.pipeline.county import CountyDone, CountyTask, build_county
from evalkit.pipeline.deciding import county_faults
from evalkit.pipeline.engines import ENGINES, Engine
from evalkit.pipeline.results import CountyCase, CountyResult, ImpactResult, PooledResult
from evalkit.pipeline.run import BuildResult, build

__all__ = [
    "ENGINES",
    "BuildResult",
    "CountyCase",
    "CountyDone",
    "CountyResult",
    "CountyTask",
    "Engine",
    "ImpactResult",
    "PooledResult",
    "build",
    "build_county",
    "built_counties",
    "check_inputs",
    "county_faults",
    "load_case",
    "read_manifest",
]
