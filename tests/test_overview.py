"""The province overview: verdicts over counties, sums up to the province, hundreds of counties on a page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import report_case
from evalkit.cleaning import panel_from
from evalkit.errors import ReportError
from evalkit.exits import CRITERIA, ExitJudgement, count_verdicts
from evalkit.exits.many import doubt
from evalkit.exits.rollup import ROLLED_UP
from evalkit.pipeline.adding import county_sums
from evalkit.pipeline.held_papers import checked_claims, held_targets
from evalkit.pipeline.province import CountyLine, OverviewCase, load_overview
from evalkit.pipeline.upper_levels import upper_levels
from evalkit.plan import Plan, TableSource
from evalkit.report import (
    index,
    manifest,
    province_failed,
    province_look_back,
    province_moves,
    province_papers,
    province_poverty,
    province_provenance,
    province_quality,
    province_signals,
    province_sums,
    province_verdicts,
)
from evalkit.report.document import Figure, Omitted, Prose, Section, Table
from evalkit.report.html import fragment
from evalkit.report.sections.overview_opening import TITLES
from evalkit.report.sections.stated_sums import ROLL_UP
from evalkit.store import Store, dump_json
from evalkit.text import Text

COUNTIES = {"990101": "岚屏县", "990102": "霁渡县", "990201": "云汀县", "990202": "松坪县"}
SECTIONS: dict[str, Callable[..., Section]] = {
    f.__name__: f
    for f in (
        province_verdicts, province_sums, province_poverty, province_moves, province_look_back, province_signals,
        province_quality, province_failed, province_papers, province_provenance,
    )
}  # fmt: skip


def households(county: str) -> pd.DataFrame:
    """Return twelve households of a county in two waves; every third is below the line."""
    rows = [
        {
            "household": f"{county}-{h}", "wave": wave, "county": county, "village": f"{county}{h % 3}", "size": 2,
            "welfare": 2000.0 + 400.0 * (h % 6) + (wave - 2014) * 100, "weight": 1.0, "prefecture": f"市{county[:4]}",
        }
        for h in range(12)
        for wave in report_case.WAVES
    ]  # fmt: skip
    return pd.DataFrame(rows)


def store_of(folder: Path, counties: dict[str, str], *, sums: bool = False) -> Plan:
    """Write a build of several counties, with their sums where places are to be measured."""
    plan = report_case.store_in(folder, counties)
    store = Store(plan.processed)
    sample = pd.DataFrame({"wave": list(report_case.WAVES), "households": [12, 12], "persons": [24, 24]})
    for county, name in counties.items():
        frame = households(county)
        store.write("panel", county, frame)
        if sums:
            added = county_sums(panel_from(frame, plan), county)
            assert added is not None
            store.write("sums", county, added)
        result = report_case.county_result(county, name)
        result = replace(result, tables={**result.tables, "sample": sample})
        store.write_json(store.result_path(county), result.to_dict())
    return plan


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return store_of(tmp_path_factory.mktemp("built"), COUNTIES, sums=True)


@pytest.fixture(scope="module")
def case(built: Plan) -> OverviewCase:
    return load_overview(built)


def judged(value: float, n: float = 600, *, approval: float = 0.99) -> ExitJudgement:
    """Return the judgement of a county on wrong exits and approval."""
    verdicts = (
        report_case.rate("wrong_exit", value, n, threshold=0.02),
        report_case.rate("approval", approval, 900, threshold=0.90, direction="above"),
    )
    found = {v.conclusion for v in verdicts}
    whole = "fails" if "fails" in found else "meets" if found == {"meets"} else "not_shown"
    return replace(report_case.judgement(), verdicts=verdicts, conclusion=whole, point_rule=value < 0.02)


def many(case: OverviewCase, count: int) -> OverviewCase:
    """Return a case of many made-up counties."""
    rng = np.random.default_rng(7)
    like = case.counties[0]
    some = [judged(float(v)) for v in rng.beta(1, 80, 12)]
    lines = [
        replace(
            like,
            county=f"99{i // 60 + 1:02d}{i % 60 + 1:02d}",
            name=f"第{i + 1}县",
            judgement=some[i % 12],
            estimates={
                **like.estimates,
                "headcount": report_case.by_wave("headcount", [0.5, float(rng.uniform(0, 0.1))], 0.02),
            },
        )
        for i in range(count)
    ]
    return replace(case, counties=tuple(lines), places=())


def text_of(section: Section) -> str:
    return " ".join(b.text.en for b in section.blocks if isinstance(b, Prose))


def table_of(section: Section, title: str) -> Table:
    return next(b for b in section.blocks if isinstance(b, Table) and b.title.en == title)


def test_meets_is_the_same_as_little_doubt() -> None:
    verdicts = [v for x in (0.0, 0.005, 0.01, 0.02, 0.05) for v in judged(x).verdicts]
    verdicts += [
        report_case.rate("approval", x, 900, threshold=0.9, direction="above") for x in (0.85, 0.9, 0.95)
    ]
    for v in verdicts:
        assert (doubt(v) < 0.05) == (v.conclusion == "meets")
    assert {v.conclusion for v in verdicts} == {"meets", "not_shown", "fails"}


def test_wrong_conclusions_are_expected_among_many_counties() -> None:
    """Forty counties at 5 %: up to two wrong "meets"; one clear county stays when error is held over all."""
    low, high = 0.0, 0.02
    for _ in range(9):  # the largest share that is still shown to meet
        middle = (low + high) / 2
        low, high = (middle, high) if judged(middle).verdicts[0].conclusion == "meets" else (low, middle)
    border, clear, open_ = judged(low), judged(0.0, 5000), judged(0.019)
    assert 0.04 < doubt(border.verdicts[0]) < 0.05
    counts = {c.code: c for c in count_verdicts([border, clear, *[open_] * 38])}
    wrong = counts["wrong_exit"]
    assert (wrong.judged, wrong.meets, wrong.not_shown, wrong.fails) == (40, 2, 38, 0)
    assert wrong.wrong_meets == pytest.approx(40 * 0.05)
    assert (wrong.controlled, counts["overall"].controlled) == (1, 1)
    assert (wrong.points, wrong.points_unshown) == (40, 38)
    assert counts["overall"].label.en == "All criteria"


def test_a_full_count_has_no_error() -> None:
    one = judged(0.01)
    whole = replace(one.verdicts[0].estimate, about=replace(one.verdicts[0].estimate.about, interval="none"))
    counted = replace(
        one, verdicts=(replace(one.verdicts[0], estimate=whole, conclusion="meets"),), conclusion="meets"
    )
    (overall, wrong) = count_verdicts([counted])
    assert (wrong.sampled, wrong.wrong_meets, wrong.controlled) == (0, 0, 1)
    assert overall.wrong_meets == 0


def test_counties_add_up_to_prefectures_and_provinces(case: OverviewCase) -> None:
    assert [(p.level, p.code, p.name, len(p.counties)) for p in case.places] == [
        ("prefecture", "9901", "市9901", 2), ("prefecture", "9902", "市9902", 2), ("province", "99", "99", 4),
    ]  # fmt: skip
    poor = case.places[2].estimates["headcount"].where(wave=2014).values[0]
    frame = pd.concat([households(c) for c in COUNTIES])
    first = frame[frame["wave"] == 2014]
    assert poor == pytest.approx(float((first["welfare"] < 2800).mean()))
    assert case.counted is not None
    assert case.counted.reconciles
    assert len(case.counted) == (2 + 1) * 2 * 2
    section = province_sums(case)
    assert section.facts == {
        "places": 3, "compared": 12, "mismatches": 0, "stated": {"agrees": 0, "differs": 0},
    }  # fmt: skip
    assert "0 do not agree" in text_of(section)


def test_a_sum_that_does_not_agree_is_listed(built: Plan, tmp_path: Path) -> None:
    """A county's results speak of 13 households, its panel holds 12; and one household is in two prefectures."""
    plan = store_of(tmp_path, COUNTIES)
    store = Store(plan.processed)
    path = store.result_path("990101")
    result = store.read_json(path)
    result["tables"]["sample"]["rows"] = [[2014, 13, 26], [2016, 12, 24]]
    store.write_json(path, result)
    moved = households("990201")
    moved.loc[moved["household"] == "990201-0", "household"] = "990101-0"
    store.write("panel", "990201", moved)
    section = province_sums(load_overview(plan))
    rows = table_of(section, "Sums that do not agree").rows
    listed = {(r[0].en, str(r[1].en), r[2], r[3].en, r[4], r[5]) for r in rows}  # type: ignore[union-attr]
    assert listed == {
        ("prefecture", "9901", 2014, "households", 24, 25),
        ("prefecture", "9901", 2014, "persons", 48, 50),
        ("province", "99", 2014, "households", 47, 48),
        ("province", "99", 2016, "households", 47, 48),
    }


STATED = (
    "层级,代码,年度,户数,当年脱贫户数,计划脱贫户数\n县,990101,2016,12,12,12\n县,990102,2016,12,15,14\n县,990201,2016,12,20,20\n"
    "县,990202,2016,12,30,30\n市,990100,2016,24,27,26\n市,990200,2016,29,50,50\n省,990000,2016,53,,\n"
)


def test_stated_figures_stand_level_by_level(case: OverviewCase, tmp_path: Path) -> None:
    """The second prefecture states 29 households for twice 12; three of four counties exit exactly as planned."""
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    (raw / "stated.csv").write_text(STATED, encoding="gb18030")
    data = case.plan.data.model_copy(update={"stated": TableSource(files=("stated.csv",))})
    plan = case.plan.model_copy(update={"data": data}).at(tmp_path)
    own = pd.DataFrame(
        [
            {
                "level": "village",
                "below": "household",
                "figure": "households",
                "agrees": 3,
                **dict.fromkeys(list(ROLLED_UP)[1:], 0),
            }
        ]
    )
    upper = upper_levels(plan, {c: {"roll_up": own} for c in COUNTIES}, [])
    section = province_sums(replace(case, upper=upper))
    assert section.facts["stated"] == {"agrees": 16, "differs": 1}
    assert "17 stated figures of all levels" in text_of(section)
    counts = {(r[0].en, r[2].en): r[3:5] for r in table_of(section, ROLL_UP.en).rows}  # type: ignore[union-attr]
    assert counts["Village", "households"] == (12, 0)
    assert counts["Prefecture", "households"] == (1, 1)
    wrong = table_of(section, "Figures that do not add up").rows
    assert [(r[1], r[2], *r[5:]) for r in wrong] == [("9902", 2016, 29, 24, 5)]
    papers = province_papers(replace(case, upper=upper))
    assert "Of 4 plans of a county and year 3 were met exactly" in text_of(papers)
    for section_ in (section, papers):
        page = fragment(section_, "zh")
        assert not re.search(
            r"\bnan\b|fraud|造假", re.sub(r"data:image[^\"]*", "", page.split("</style>")[1])
        )
    gone = upper_levels(plan.at(tmp_path / "elsewhere"), {}, [])
    assert gone.why is not None
    assert "stated.csv" in gone.why.en


def test_codes_that_are_no_division_codes_have_no_prefecture(tmp_path: Path) -> None:
    case = load_overview(store_of(tmp_path, {"N1": "Norte", "S2": "Sur"}))
    assert (case.places, case.counted) == ((), None)
    section = province_sums(case)
    assert [b.what.en for b in section.blocks if isinstance(b, Omitted)] == [
        "Prefectures and provinces", "Stated figures of prefectures and provinces",
        "Sums of counties against counts of the whole store",
    ]  # fmt: skip
    assert "no division codes" in fragment(section, "en")


def test_one_county_has_no_overview(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="the build has one"):
        load_overview(store_of(tmp_path, {"990101": "岚屏县"}))


def test_counties_without_verdict_or_results_are_named_with_the_reason(case: OverviewCase) -> None:
    lacking = replace(
        case.counties[0], judgement=None, omitted={"verdicts": Text(en="No survey table.", zh="没有抽查表。")}
    )
    some = replace(case, counties=(lacking, case.counties[1]), failed={"990299": "DataError: no rows"})
    section = province_verdicts(some)
    assert "Of 3 counties 1 were judged" in text_of(section)
    listed = {r[1]: r[2].en for r in table_of(section, "Counties without a verdict").rows}  # type: ignore[union-attr]
    assert listed["990101"] == "No survey table."
    assert set(listed) == {"990101", "990299"}
    failed = province_failed(some)
    assert table_of(failed, "Counties that could not be built").rows == (
        ("990299", "990299", "DataError: no rows"),
    )
    nobody = replace(case, counties=(lacking,))
    assert "No county has a verdict" in fragment(province_verdicts(nobody), "en")


@pytest.fixture(scope="module")
def crowd(case: OverviewCase) -> OverviewCase:
    return many(case, 200)


@pytest.fixture(scope="module")
def sections(crowd: OverviewCase) -> dict[str, Section]:
    """Return every section of two hundred counties."""
    return {name: make(crowd) for name, make in SECTIONS.items()}


def test_every_section_is_there_in_both_languages(sections: dict[str, Section]) -> None:
    assert list(sections) == list(TITLES)
    for number, (name, section) in enumerate(sections.items(), 1):
        assert (section.id, section.number) == (name, number)
        assert Section.from_dict(json.loads(json.dumps(section.to_dict()))) == section
        for language in ("en", "zh"):
            page = fragment(section, language)  # type: ignore[arg-type]
            plain = re.sub(r"data:image[^\"]*", "", page.split("</style>")[1])
            assert not re.search(r"\bnan\b", plain)
            assert not re.search("fraud|造假", plain)


def test_two_hundred_counties_fit(sections: dict[str, Section]) -> None:
    section = sections["province_verdicts"]
    counts = section.facts["criteria"]
    assert counts["wrong_exit"]["judged"] == 200
    assert counts["wrong_exit"]["wrong_meets"] == pytest.approx(10)
    assert counts["wrong_exit"]["controlled"] < counts["wrong_exit"]["meets"]
    table = table_of(section, f"{CRITERIA['wrong_exit'].en}: all counties")
    upper = [r[5].high for r in table.rows]  # type: ignore[union-attr]
    assert upper == sorted(upper)
    assert [r[0] for r in table.rows] == list(range(1, 201))
    assert fragment(section, "zh").count('class="ek-scroll"') == 3  # conclusions, and both criteria
    pictures = [b for s in sections.values() for b in s.blocks if isinstance(b, Figure)]
    assert len(pictures) == 4  # both criteria, headcount, growth
    for picture in pictures:
        size = re.search(r'height="([\d.]+)pt"', picture.images["zh"])
        assert size is not None
        assert float(size[1]) <= 9.2 * 72 + 1
        assert len(picture.images["zh"]) < 250_000


def test_a_county_with_few_households_is_withheld_and_cannot_be_derived(case: OverviewCase) -> None:
    small = report_case.by_wave("headcount", [0.5, 0.1], 0.02)
    small = replace(small, n=np.full(2, 4.0))
    first = replace(case.counties[0], estimates={**case.counties[0].estimates, "headcount": small})
    others = [
        replace(line, estimates={"headcount": line.estimates["headcount"]}) for line in case.counties[1:3]
    ]
    section = province_poverty(replace(case, counties=(first, *others)))
    table = table_of(section, "Poverty by county, 2016")
    hidden = [r[1] for r in table.rows if type(r[2]).__name__ == "Suppressed"]
    assert hidden[0] == "990101"
    assert len(hidden) == 2  # the other one protects it: the value of all counties is printed too


def test_an_overview_of_an_earlier_build_is_marked_stale(built: Plan, tmp_path: Path) -> None:
    plan = built.at(tmp_path)
    folder = plan.reports / index.OVERVIEW
    folder.mkdir(parents=True)
    (folder / "report.zh.html").write_text("<p>", encoding="utf-8")
    now: dict[str, Any] = json.loads((built.processed / "manifest.json").read_text(encoding="utf-8"))
    entry = manifest.overview_entry(plan, now, folder, "")
    manifest.write(plan.reports, plan, {}, overview=entry)
    assert manifest.aged_overview(plan.reports, now) == entry
    page = index.write(plan, {}, overview=entry).read_text(encoding="utf-8")
    assert 'href="overview/report.zh.html"' in page
    assert "ek-mark ek-fails" not in page.split("</style>")[1]
    later = {**now, "failed": {"990299": "DataError"}}
    aged = manifest.aged_overview(plan.reports, later)
    assert aged is not None
    assert aged["stale"]
    assert "旧版" in index.write(plan, {}, overview=aged).read_text(encoding="utf-8")
    after = manifest.overview_entry(plan, now, folder, "cell 3 failed")
    assert (after["stale"], after["error"], after["build"]) == (True, "cell 3 failed", entry["build"])
    assert dump_json(after)


def test_lines_are_made_of_results_alone(case: OverviewCase) -> None:
    line: CountyLine = case.counties[0]
    assert set(line.estimates) >= {"headcount", "mean_welfare", "growth_mean"}
    assert "files" not in line.tables


# ---- targets and claims that the plan names ------------------------------------------------------

TARGET = {"years": [2016], "source": "invented", "measure": {"kind": "exits"}}
PAPERS = {
    "title": "invented targets",
    "targets": [
        {"id": "mean", "title": "income", "threshold": 2500, **TARGET, "measure": {"kind": "mean"}},
        {"id": "large", "title": "income of the large", "threshold": 9000, **TARGET}
        | {
            "measure": {"kind": "mean", "where": "rooms > 3"},
            "reported": {2016: {"value": 9500, "source": "report"}},
        },
        {"id": "few", "title": "persons out", "threshold": 10, **TARGET},
        {"id": "many", "title": "persons out, all", "threshold": 10**6, **TARGET},
        {"id": "told", "title": "told", "threshold": 1, **TARGET, "measure": {"kind": "stated"}},
    ],
}
TOLD = {
    "title": "bulletin",
    "claims": [
        {
            "id": "sum",
            "kind": "sum",
            "stated": "3.8 million",
            "of": ["1.5 million", "1.2 million", "3.709 million"],
        },
        {"id": "product", "kind": "product", "stated": "1.328 billion", "of": ["300", "4.425 million"]},
        {"id": "rows", "kind": "equal", "stated": "96", "to": "rows"},
    ],
    "figures": {"rows": {"value": "96", "data": "SELECT count(*) FROM household"}},
}


@pytest.fixture
def papers(case: OverviewCase, tmp_path: Path) -> OverviewCase:
    """Return the case with targets and claims held against a store whose households have rooms and years of exit."""
    plan = store_of(tmp_path, COUNTIES)
    store = Store(plan.processed)
    for county in COUNTIES:
        frame = households(county)
        frame["rooms"], frame["exit_year"] = frame.index % 6, 2016.0
        store.write("panel", county, frame)
    (tmp_path / "targets.yaml").write_text(yaml.safe_dump(PAPERS), encoding="utf-8")
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump(TOLD), encoding="utf-8")
    asked = plan.model_copy(update={"targets": ("targets.yaml",), "claims": ("claims.yaml",)})
    held, checked = held_targets(asked, list(COUNTIES)), checked_claims(asked)
    return replace(case, plan=asked, targets=held, claims=checked)


def test_a_total_of_some_counties_never_shows_that_the_whole_falls_short(papers: OverviewCase) -> None:
    section = province_papers(papers, "en")
    table = table_of(section, "invented targets")
    shown = {str(f["target"]): f["conclusion"] for f in section.facts["targets"]}
    verdicts = {m.target.id: m.conclusion for m in papers.targets[0].found.items}
    assert (verdicts["few"], verdicts["many"]) == ("meets", "fails")
    assert (shown["few"], shown["many"], shown["told"]) == ("meets", "not_shown", "not_shown")
    assert any("never show that the whole place does not" in n.en for n in table.notes)
    assert [r[2].en if isinstance(r[2], Text) else r[2] for r in table.rows][3] == "≥\u00a01,000,000"


def test_targets_read_the_columns_that_they_name(papers: OverviewCase) -> None:
    """A condition may use a column that nothing else in the plan names."""
    frame = pd.concat([households(c).assign(rooms=lambda f: f.index % 6) for c in COUNTIES])
    large = frame[(frame["wave"] == 2016) & (frame["rooms"] > 3)]
    (fact,) = [f for f in province_papers(papers).facts["targets"] if f["target"] == "large"]
    assert fact["value"] == pytest.approx(large["welfare"].mean())
    assert fact["conclusion"] == "fails"
    row = table_of(province_papers(papers), "invented targets").rows[1]
    assert (row[3], row[6].en) == ("9,500", "above the limits of the estimate")


def test_claims_are_held_against_each_other_and_the_store(papers: OverviewCase) -> None:
    section = province_papers(papers, "en")
    found = {f["claim"]: f["verdict"] for f in section.facts["claims"]}
    assert found == {"sum": "contradicts", "product": "agrees", "rows": "agrees"}
    assert (
        "2 claims agree with the other figures or the data, 1 contradict them, 0 cannot be checked."
        in text_of(section)
    )
    assert "目标与所引数字" in fragment(section, "zh")


def test_a_target_that_names_an_absent_column_is_left_out_alone(papers: OverviewCase) -> None:
    """The others of its file keep their verdicts; its own row says why it has none."""
    for county in COUNTIES:
        Store(papers.plan.processed).write("panel", county, households(county).assign(exit_year=2016.0))
    (held,) = held_targets(papers.plan, list(COUNTIES))
    section = province_papers(replace(papers, targets=(held,)), "en")
    rows = {r[0].en: r for r in table_of(section, "invented targets").rows}  # type: ignore[union-attr]
    assert "'rooms > 3'" in rows["income of the large"][4].en  # type: ignore[union-attr]
    assert "rooms" in rows["income of the large"][4].zh  # type: ignore[union-attr]
    shown = {str(f["target"]): f["conclusion"] for f in section.facts["targets"]}
    assert (shown["mean"], shown["large"], shown["few"]) == ("meets", "not_shown", "meets")


def test_each_county_is_held_against_a_target_that_asks_for_it(papers: OverviewCase) -> None:
    """Four counties alike: each is judged by itself; one with fewer than the smallest cell is withheld, and one beside it."""
    asked = {**PAPERS, "targets": [{**PAPERS["targets"][0], "each": "county"}, PAPERS["targets"][2]]}  # type: ignore[dict-item]
    (papers.plan.folder / "targets.yaml").write_text(yaml.safe_dump(asked), encoding="utf-8")
    (held,) = held_targets(papers.plan, list(COUNTIES))
    assert held.found is not None
    assert [m.county for m in held.found.items] == ["", *COUNTIES, ""]
    frame = households("990102")
    mean = frame.loc[frame["wave"] == 2016, "welfare"].mean()
    assert held.found.item("mean", 2016, "990102").verdict.value == pytest.approx(mean)  # type: ignore[union-attr]
    section = province_papers(replace(papers, targets=(held,)), "en")
    counts = table_of(section, "invented targets: counties").rows
    assert counts[0][3:7] == (4, 4, 0, 0)
    assert counts[0][7] == pytest.approx(4 * 0.05)
    rows = table_of(section, "invented targets: county by county").rows
    assert [(r[2], r[3]) for r in rows] == [(COUNTIES[c], c) for c in COUNTIES]
    assert len(table_of(section, "invented targets").rows) == 2
    few = report_case.plan_in(papers.plan.folder).disclosure.model_copy(update={"minimum_cell": 13})
    plan = papers.plan.model_copy(update={"disclosure": few})
    hidden = table_of(
        province_papers(replace(papers, plan=plan, targets=(held,)), "en"),
        "invented targets: county by county",
    )
    assert {type(c).__name__ for r in hidden.rows for c in r[4:]} == {"Suppressed"}


def test_without_targets_and_claims_the_overview_says_so(case: OverviewCase) -> None:
    said = [b.reason.en for b in province_papers(case).blocks if isinstance(b, Omitted)]
    assert said == [
        "The plan names no targets (plan.targets).",
        "No table carries the numbers of households planned to exit (planned_exits of data.stated).",
        "The plan names no claims (plan.claims).",
    ]
