"""Look-back, dated cases and scorecards of one small county through the build's functions and the report; counted by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import report_case
import standing_case as made
from evalkit.errors import DataError, EvalkitError
from evalkit.exits import ExitJudgement, pooled_errors
from evalkit.pipeline.gathered import County, Gathered
from evalkit.pipeline.looking_back import gather_look_back
from evalkit.pipeline.province import CountyLine, OverviewCase
from evalkit.pipeline.results import CountyCase, CountyResult
from evalkit.pipeline.standing import Standing, county_standing
from evalkit.pipeline.visits import judged_exit, judged_visit, survey_panel
from evalkit.plan import Plan
from evalkit.reasons import reason
from evalkit.report import accounts, look_back, province_look_back
from evalkit.report.document import Interval, Omitted, Prose, Section, Suppressed, Table
from evalkit.text import Text

PLACES = ("A", "B", "C", "D")
PLAN = made.PLAN.replace('files: ["*.csv"]}}', 'files: ["*.csv"]}, cases: {files: ["cases.xlsx"]}}')
VISITS = "  look_back: {revisit: {}}\n"
TOTALS = pd.DataFrame(
    {
        "county": [made.COUNTY],
        "registered_persons": [100],
        "exited_persons": [1000],
        "unregistered_persons": [5000],
        "agricultural_persons": [6100],
        "sampled_village_unregistered": [400],
        "assessed_year": [2020],
    }
)
STEPS = [
    # the wrong exit of village A is dismissed, the missed household of B upheld, a household of C is only suspected
    ("A-exited-0", "wrong_exit", "flagged", "2021-07-02", "", ""),
    ("A-exited-0", "wrong_exit", "checked", "2021-07-03", "", ""),
    ("A-exited-0", "wrong_exit", "appealed", "2021-07-20", "letter 1", ""),
    ("A-exited-0", "wrong_exit", "adjudicated", "2021-08-01", "", "dismissed"),
    ("B-unregistered-0", "missed", "flagged", "2021-07-05", "", ""),
    ("B-unregistered-0", "missed", "checked", "2021-07-06", "", ""),
    ("B-unregistered-0", "missed", "adjudicated", "2021-08-15", "", "upheld"),
    ("C-exited-1", "wrong_exit", "flagged", "2021-07-09", "", ""),
]


def survey() -> pd.DataFrame:
    """Return two visits to four villages: 6 exited, 3 registered and 6 unregistered households of two persons in each.

    In 2020 one exited household of A and one unregistered one of B are poor, and one registered one of A is not; in 2021 only the
    exited household of A is still poor.
    """
    rows = [
        {
            "county": made.COUNTY, "village": place, "household": f"{place}-{group}-{i}", "wave": wave,
            "survey_group": group, "persons": 2.0, "weight": 1.0, "approves": 1.0, "case_stage": "none",
        }
        for wave in (2020, 2021)
        for place in PLACES
        for group, count in (("exited", 6), ("registered", 3), ("unregistered", 6))
        for i in range(count)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    first = frame["wave"] == 2020
    wrong = frame["household"] == "A-exited-0"
    missed = (frame["household"] == "B-unregistered-0") & first
    richer = (frame["household"] == "A-registered-0") & first
    poor = ((frame["survey_group"] == "registered") & ~richer) | wrong | missed
    return frame.assign(wrongly_exited=wrong * 1.0, missed=missed * 1.0, found_poor=poor * 1.0)


def steps(rows: list[tuple[str, ...]] | None = None) -> pd.DataFrame:
    columns = ["household", "finding", "case_stage", "case_date", "case_evidence", "case_outcome"]
    return pd.DataFrame(STEPS if rows is None else rows, columns=columns).assign(county=made.COUNTY)


def tables(**changes: pd.DataFrame | None) -> dict[str, pd.DataFrame]:
    given = {
        "village": made.villages(),
        "program": made.programs(),
        "survey": survey(),
        "totals": TOTALS,
        "cases": steps(),
    }
    return {n: t for n, t in (given | changes).items() if t is not None}


def plan_in(folder: Path, more: str = VISITS) -> Plan:
    from evalkit.planfile import load_plan

    path = folder / "plan.yaml"
    path.write_text(PLAN + more, encoding="utf-8")
    return load_plan(path)


def verdict_of(plan: Plan, given: dict[str, pd.DataFrame]) -> tuple[ExitJudgement | None, dict[str, Text]]:
    """Return the verdict, or why there is none, as the build keeps them."""
    if "survey" not in given:
        return None, {"verdicts": reason("the survey has no rows")}
    try:
        return judged_exit(given, plan, made.COUNTY), {}
    except EvalkitError as error:
        return None, {"verdicts": reason(error)}


def standing_of(plan: Plan, given: dict[str, pd.DataFrame]) -> Standing:
    """Return what the build keeps of the county."""
    judgement, why = verdict_of(plan, given)
    start = replace(report_case.county_result(made.COUNTY), judgement=judgement, omitted=why)
    return county_standing(start, made.panel_of(made.households()), given, plan)


def gathered(plan: Plan, given: dict[str, pd.DataFrame]) -> Gathered:
    """Return the part of it that looks back, with the reason for the verdict among the others."""
    judgement, why = verdict_of(plan, given)
    out = Gathered()
    here = County(made.COUNTY, made.panel_of(made.households()), given, plan, None)
    gather_look_back(out, here, judgement, why)
    out.omitted |= why
    return out


def section_of(plan: Plan, standing: Standing) -> Section:
    kept = CountyResult.from_dict(json.loads(json.dumps(standing.result.to_dict())))
    return look_back(CountyCase(plan, kept, report_case.pooled_result()))


def table(section: Section, title: str) -> Table:
    return next(b for b in section.blocks if isinstance(b, Table) and b.title.en == title)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_in(tmp_path_factory.mktemp("plan"))


@pytest.fixture(scope="module")
def standing(plan: Plan) -> Standing:
    return standing_of(plan, tables())


@pytest.fixture(scope="module")
def section(plan: Plan, standing: Standing) -> Section:
    return section_of(plan, standing)


def test_the_verdict_takes_the_outcomes_and_the_visit_of_the_year_assessed(standing: Standing) -> None:
    judgement = standing.result.judgement
    assert judgement is not None
    counted = judgement.counted.set_index(["criterion", "counted"])
    # 24 exited households of 2020 with one finding, which was dismissed; 2 missed persons of 400 in the sampled villages
    assert counted.loc[("wrong_exit", "found"), "estimate"] == pytest.approx(1 / 24)
    assert judgement.verdict("wrong_exit").value == 0
    assert judgement.verdict("missed").value == pytest.approx(2 / 400)
    assert judgement.verdict("wrong_exit").estimate.n[0] == 24  # not 48: the second visit is not judged
    assert any("adjudicated and dismissed: 1;" in n.en for n in judgement.notes)
    problems = standing.problems[["item", "household"]].to_numpy().tolist()
    assert ["missed", "B-unregistered-0"] in problems
    assert not [p for p in problems if p[1] == "A-exited-0"]  # dismissed: nobody's problem


def test_cases_stand_by_stage_and_outcome_with_their_days(standing: Standing, section: Section) -> None:
    found = standing.result.tables["case_steps"].set_index(["stage", "outcome"])
    assert found["cases"].tolist() == [1, 0, 0, 1, 1]
    assert found.loc[("adjudicated", "dismissed"), ["wrong_exit", "missed", "first", "last"]].tolist() == [
        1, 0, "2021-07-02", "2021-08-01",
    ]  # fmt: skip
    printed = table(section, "Suspected cases, step by step")
    assert [c for c in printed.rows[3] if isinstance(c, (float, str))] == [
        0.0,
        1.0,
        1.0,
        "2021-07-05",
        "2021-08-15",
    ]
    ways = table(section, "Rates by what became of the cases").rows
    assert [r[2] for r in ways if r[0].en == "Wrong-exit rate"] == [1.0, 0.0, 0.0]  # type: ignore[union-attr]


def test_errors_of_identification_have_their_own_denominators(standing: Standing, section: Section) -> None:
    found = standing.result.tables["identification"].set_index("error")
    assert found["found_households"].tolist() == [1, 1, 1, 2]
    # 12 registered, 24 exited, 24 unregistered; poor are 11 + 1 + 1
    assert found["households"].tolist() == [12, 24, 24, 13]
    assert found["estimate"].tolist() == pytest.approx([1 / 12, 1 / 24, 1 / 24, 2 / 13])
    assert found["known"].iloc[:3].tolist() == [100, 1000, 5000]
    rows = table(section, "Errors of identification in both directions").rows
    assert rows[0][1:6] == (1.0, 12.0, 2.0, 24.0, pytest.approx(1 / 12))
    assert isinstance(rows[0][6], Interval)
    listed = standing.problems.set_index("item")["household"]
    assert listed["registered_not_poor"] == "A-registered-0"
    assert "unregistered_poor" not in listed  # it is a suspected case already


def test_the_second_visit_is_held_against_the_first(standing: Standing, section: Section) -> None:
    found = standing.result.tables["revisit"].set_index("rate")
    assert found.loc["wrong_exit", ["first", "second", "change"]].tolist() == pytest.approx(
        [1 / 24, 1 / 24, 0]
    )
    assert found.loc["missed", ["first", "second"]].tolist() == pytest.approx([1 / 24, 0])
    # none of 24 is no proof of none: the limits reach above zero
    assert found.loc["missed", "conf_low"] < -1 / 24 < 0 < found.loc["missed", "conf_high"]
    printed = table(section, "The same villages visited again")
    assert [c.label.zh for c in printed.columns[1:4:2]] == ["2020年", "2021年"]
    assert any("missed / unregistered" in n.en and "漏评/非建档立卡" in n.zh for n in printed.notes)


def test_scorecards_name_what_is_lacking(standing: Standing, section: Section) -> None:
    rows = standing.result.tables["precisions"]
    assert rows["list"].drop_duplicates().tolist() == ["national", "gansu"]
    card = rows[rows["list"] == "national"].set_index("measure")
    assert card.loc["registered_not_poor", ["found", "among", "n"]].tolist() == [2, 24, 12]
    # 8 of 24 households have support, all on the register
    assert card.loc["registered_supported", ["found", "among"]].tolist() == [8, 24]
    assert card.loc["wrong_exit", "reading"] in ("meets", "not_shown")
    lacking = {r[0].en: r[1].en for r in table(section, "Figures that the data do not give").rows}  # type: ignore[union-attr]
    posts = lacking["Poor villages known to have a resident team / poor villages"]
    assert posts.startswith("The village table does not state: ")
    assert "Targets are held against all counties" in lacking["Targets that the data bear out / targets"]
    assert lacking["Exits to which the household is shown to have agreed / exits"].startswith(
        "No record shows"
    )
    shown = {r[1].en: r[2] for r in table(section, "Six precisions").rows}  # type: ignore[union-attr]
    # nobody but households on the register has support: the row of nobody's counts neither way, and 8 of 24 may be printed
    assert "Registered and supported / registered" in shown


def test_no_household_is_named_and_both_languages_are_there(
    plan: Plan, standing: Standing, section: Section
) -> None:
    said = json.dumps(section.to_dict(), ensure_ascii=False)
    assert "A-exited" not in said
    assert "B-unregistered" not in said
    texts = [t for b in section.blocks if isinstance(b, Prose) for t in (b.text.en, b.text.zh)]
    assert all(texts)
    whole = CountyCase(plan, standing.result, report_case.pooled_result())
    pointer = [
        b.text.en
        for b in accounts(whole).blocks
        if isinstance(b, Prose) and "steps and outcomes" in b.text.en
    ]
    assert pointer == [
        f"The survey raised suspected cases; their steps and outcomes stand in section {section.number}."
    ]


def test_small_groups_are_withheld_and_cannot_be_had_from_the_others(plan: Plan, standing: Standing) -> None:
    strict = plan.model_copy(update={"disclosure": plan.disclosure.model_copy(update={"minimum_cell": 13})})
    section = section_of(strict, standing)
    rows = table(section, "Errors of identification in both directions").rows
    assert [isinstance(r[1], Suppressed) for r in rows] == [True, False, False, True]
    cards = {r[1].en: r[2] for r in table(section, "Six precisions").rows}  # type: ignore[union-attr]
    assert isinstance(cards["Registered and not poor / registered"], Suppressed)
    assert isinstance(cards["Poor and not registered / poor"], Suppressed)
    assert not isinstance(cards["Unregistered and poor / unregistered"], Suppressed)


# --- what cannot be used says why ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([*STEPS, STEPS[0]], "are there twice"),
        ([STEPS[0], STEPS[3], *STEPS[4:]], "come before the step they follow from"),
        ([*STEPS[:2], ("A-exited-0", "wrong_exit", "appealed", "2021-07-20", "", ""), *STEPS[4:]], "without a document"),
        ([*STEPS[:7], ("C-exited-1", "wrong_exit", "flagged", "9/7/2021", "", "")], "have no date"),
        ([*STEPS[:7], ("C-exited-1", "rumour", "flagged", "2021-07-09", "", "")], "a word that is not known"),
    ],
)  # fmt: skip
def test_contradictory_steps_stop_the_verdict(plan: Plan, rows: list[tuple[str, ...]], said: str) -> None:
    omitted = gathered(plan, tables(cases=steps(rows))).omitted
    for part in ("verdicts", "case_steps"):
        assert said in omitted[part].en
        assert "程序给出的原文" not in omitted[part].zh  # told in Chinese too


def test_a_case_about_nobody_surveyed_stops_the_verdict_and_names_no_household(plan: Plan) -> None:
    stranger = [("Z-exited-9", "wrong_exit", "flagged", "2021-07-09", "", "")]
    result = gathered(plan, tables(cases=steps([*STEPS, *stranger])))
    assert result.omitted["verdicts"].en == "1 of 4 suspected cases are about no household of the survey."
    assert "Z-exited" not in json.dumps({k: t.to_dict() for k, t in result.omitted.items()})
    assert result.tables["case_steps"]["cases"].sum() == 4  # the cases themselves are told


def test_without_steps_the_stages_are_those_of_the_survey(plan: Plan) -> None:
    staged = survey()
    found = (staged["wrongly_exited"] == 1) | (staged["missed"] == 1)
    staged["case_stage"] = np.where(found, "adjudicated", "none")
    for none in (None, steps().iloc[:0]):
        given = tables(survey=staged, cases=none)
        judgement, _ = verdict_of(plan, given)
        assert judgement is not None
        assert judgement.verdict("wrong_exit").value == pytest.approx(1 / 24)
        assert "no case of this county" in gathered(plan, given).omitted["case_steps"].en
    bare = plan.model_copy(update={"data": plan.data.model_copy(update={"cases": None})})
    told = gathered(bare, tables(survey=staged, cases=None)).omitted["case_steps"].en
    assert "names no table of the steps" in told


def test_a_county_without_a_survey_says_so_everywhere(plan: Plan) -> None:
    standing = standing_of(plan, tables(survey=None, cases=None))
    omitted = standing.result.omitted
    assert omitted["identification"] == omitted["revisit"]
    assert "no third-party survey" in omitted["identification"].en
    card = standing.result.tables["precisions"].set_index("measure")
    assert set(card.loc["registered_not_poor", "lacks_en"]) == {omitted["identification"].en}
    assert len(section_of(plan, standing).blocks) > 5


def test_surveys_that_cannot_tell(plan: Plan) -> None:
    def why(part: str, found: pd.DataFrame) -> str:
        return gathered(plan, tables(survey=found)).omitted[part].en

    assert "neither whom it found poor" in why("identification", survey().drop(columns="found_poor"))
    assert "a group that is not known" in why(
        "identification", survey().assign(survey_group=["rich", *survey()["survey_group"][1:]])
    )
    assert "have no year" in why("revisit", survey().assign(wave=[np.nan, *survey()["wave"][1:]]))
    assert "visited this county once" in why("revisit", survey().query("wave == 2020"))
    assert "None of 8 villages was visited twice" in why(
        "revisit", survey().assign(village=lambda d: d["village"] + d["wave"].astype("str"))
    )
    only = survey().query("survey_group != 'registered'")
    found = gathered(plan, tables(survey=only)).tables["identification"]
    assert found["error"].tolist() == ["exited_poor", "unregistered_poor", "poor_not_registered"]


def test_income_of_the_survey_stands_in_for_its_finding(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    told = survey().drop(columns="found_poor").assign(surveyed_income_pc=5000.0)
    told.loc[told["household"] == "C-registered-1", "surveyed_income_pc"] = (
        3999.0  # the line of 2020 is 4,000
    )
    found = gathered(plan, tables(survey=told))
    rows = found.tables["identification"].set_index("error")
    assert rows.loc["registered_not_poor", ["found_households", "households"]].tolist() == [11, 12]
    assert found.facts["identification"]["by"] == "income"
    own = plan_in(tmp_path, "  look_back: {poor: \"wrongly_exited == 1 or survey_group == 'registered'\"}\n")
    rows = (
        gathered(own, tables(survey=told.query("wave == 2020"))).tables["identification"].set_index("error")
    )
    assert rows["found_households"].to_dict() == {
        "registered_not_poor": 0, "exited_poor": 1, "unregistered_poor": 0, "poor_not_registered": 1,
    }  # fmt: skip


def test_a_survey_without_persons_or_weights_speaks_of_households(plan: Plan, standing: Standing) -> None:
    out = gathered(plan, tables(survey=survey().drop(columns=["persons", "weight"]), cases=None))
    rows = out.tables["identification"]
    assert (rows["unit"] == "household").all()
    assert rows["known"].isna().all()  # no sum over counties is made of it
    assert any("no weights" in n["en"] for n in out.notes["identification"])
    card = out.tables["precisions"].set_index("measure")
    assert set(card.loc["registered_not_poor", "lacks_en"]) == {
        "The survey does not state the persons of each household."
    }
    changed = replace(
        standing.result,
        tables={**standing.result.tables, **out.tables},
        facts={**standing.result.facts, "accounts": {**out.facts, "notes": out.notes}},
    )
    section = section_of(plan, replace(standing, result=changed))
    printed = table(section, "Errors of identification in both directions")
    assert printed.columns[5].label.en == "Share of households"
    assert [c is None for c in printed.rows[0][1:6]] == [False, False, True, True, False]


def test_the_visit_that_is_judged(plan: Plan) -> None:
    def years(given: dict[str, pd.DataFrame], asked: Plan = plan) -> list[int]:
        found = judged_visit(given, asked)
        assert found is not None
        return sorted(set(found["wave"]))

    assert years(tables()) == [2020]
    assert years(tables(totals=TOTALS.assign(assessed_year=2021))) == [2021]
    assert years(tables(totals=TOTALS.assign(assessed_year=2015))) == [2020]
    once = plan.model_copy(
        update={"accounts": plan.accounts.model_copy(update={"look_back": type(plan.accounts.look_back)()})}
    )
    assert years(tables(), once) == [2020, 2021]
    with pytest.raises(DataError, match="lacks village, survey_group"):
        survey_panel(survey().drop(columns=["village", "survey_group"]), plan, wave=2020)


# --- over counties ---------------------------------------------------------------------------------


def test_counties_are_strata_weighted_with_their_persons() -> None:
    table = pd.DataFrame(
        {
            "county": ["990101", "990102", "990103"], "error": "exited_poor", "estimate": [0.04, 0.0, 0.5],
            "conf_low": [0.01, 0.0, 0.4], "conf_high": [0.10, 0.06, 0.6], "households": 50, "found_households": 2,
            "known": [1000, 3000, None],
        }
    )  # fmt: skip
    found = pooled_errors(table)
    row = found.tidy().iloc[0]
    assert row[["counties", "persons", "households"]].tolist() == [2, 4000, 100]
    # .25 · .04; upwards √((.25 · .06)² + (.75 · .06)²), downwards .25 · .03
    assert row["estimate"] == pytest.approx(0.01)
    assert row["conf_high"] == pytest.approx(0.01 + np.hypot(0.015, 0.045))
    assert row["conf_low"] == pytest.approx(0.01 - 0.0075)
    assert found.left_out == {"exited_poor": ("990103",)}
    assert len(pooled_errors(table.iloc[:0])) == 0
    with pytest.raises(DataError, match="lacks known"):
        pooled_errors(table.drop(columns="known"))


def test_the_limits_over_counties_cover() -> None:
    """Twelve counties of unequal size, true shares 0 to 6 %: the sum's two-sided 95 % limits cover at least 93 % of 150 draws."""
    from evalkit.intervals import interval

    rng = np.random.default_rng(5)
    known, truth, n = rng.uniform(500, 5000, 12), rng.choice([0.0, 0.01, 0.03, 0.06], 12), np.full(12, 90.0)
    whole, hit = known @ truth / known.sum(), 0
    for _ in range(150):
        p = rng.binomial(90, truth) / 90
        ends = interval("kg", p, np.sqrt(p * (1 - p) / n), n - 1, n, level=0.95, side="two", prior_deff=1.0)
        rows = pd.DataFrame({"estimate": p, "conf_low": ends.low, "conf_high": ends.high, "known": known})
        rows = rows.assign(
            county=[str(i) for i in range(12)], error="exited_poor", households=90, found_households=90 * p
        )
        found = pooled_errors(rows).table.iloc[0]
        hit += bool(found["conf_low"] <= whole <= found["conf_high"])
    assert hit >= 0.93 * 150


def test_the_overview_adds_up_cases_and_errors(plan: Plan, standing: Standing) -> None:
    silent = standing_of(plan, tables(survey=None, cases=None)).result

    def line(code: str, name: str, result: CountyResult) -> CountyLine:
        return CountyLine(code, name, (2020,), {}, result.tables, result.judgement, result.omitted)

    lines = (
        line("990101", "岚屏县", standing.result),
        line("990102", "霁渡县", standing.result),
        line("990103", "云汀县", silent),
    )
    case = OverviewCase(plan, lines, {}, report_case.pooled_result(), (), None, None, {}, "")
    section = province_look_back(case)
    own = table(section, "Exited, poor / exited")
    assert [r[:3] for r in own.rows] == [("岚屏县", "990101", 24.0), ("霁渡县", "990102", 24.0)]
    assert [r[3] for r in own.rows] == [pytest.approx(1 / 24)] * 2
    assert any("1 counties have no survey that tells it of persons: 云汀县" in n.en for n in own.notes)
    together = table(section, "Errors of identification, all counties together").rows
    assert together[1][1:5] == (2.0, 48.0, 2.0, pytest.approx(1 / 24))
    cases = table(section, "Suspected cases by stage and outcome")
    assert [r[4] for r in cases.rows] == [2.0, 0.0, 0.0, 2.0, 2.0]
    assert cases.rows[0][5:] == ("2021-07-09", "2021-07-09")
    assert any(
        "2 counties that have a table of steps and a sample large enough to print, of 3" in n.en
        for n in cases.notes
    )
    assert section.facts["cases"] == 6
    strict = plan.model_copy(update={"disclosure": plan.disclosure.model_copy(update={"minimum_cell": 13})})
    strictly = province_look_back(replace(case, plan=strict))
    hidden = {
        title: [isinstance(c, Suppressed) for c in table(strictly, title).rows[0][2:]]
        for title in ("Registered, not poor / registered", "Exited, poor / exited", "Unregistered, poor / unregistered",
                      "Poor, exited or unregistered / poor")
    }  # fmt: skip
    assert list(hidden.values()) == [[True] * 3, [False] * 3, [False] * 3, [True] * 3]
    nobody = province_look_back(replace(case, counties=lines[2:]))
    assert sum(isinstance(b, Omitted) for b in nobody.blocks) == 2


def test_check_names_the_county_whose_cases_stop_the_verdict() -> None:
    from evalkit.cli.problems import _cases

    bad = pd.concat([steps(), steps([*STEPS, STEPS[0]]).assign(county="990102")])
    said = list(_cases(SimpleNamespace(tables={"cases": bad, "survey": survey()})))  # type: ignore[arg-type]
    assert [s.split(":")[0] for s in said] == ["data.cases leaves county 990102 without exit verdict"]
    alone = list(_cases(SimpleNamespace(tables={"cases": steps()})))  # type: ignore[arg-type]
    assert len(alone) == 1
    assert "without data.survey" in alone[0]
    assert not list(_cases(SimpleNamespace(tables={})))  # type: ignore[arg-type]
