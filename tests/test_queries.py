"""SQL over the finished store: the same figures as the county tables, read only, nothing outside the store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cli_case
import evalkit as ek
import store_case
from evalkit import idnumber, measures, queries
from evalkit.cleaning import moved_households, panel_from
from evalkit.errors import DataError
from evalkit.pipeline import build, load_case
from evalkit.plan import Plan
from evalkit.store import Store

EXACT = 1e-9


@pytest.fixture(scope="module")
def plan(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    plan = store_case.synthetic(root, tmp_path_factory.mktemp("queries"), counties=4, scale=0.1)
    build(plan)
    return plan


@pytest.fixture(scope="module")
def counties(plan: Plan) -> list[str]:
    return Store(plan.processed).counties()


def estimates(plan: Plan, counties: list[str], name: str) -> pd.Series:
    """Return a stored estimate of every county, by county and wave."""
    parts = [load_case(plan, c).result.estimates[name].tidy().assign(county=c) for c in counties]
    return pd.concat(parts).set_index(["county", "wave"])["estimate"].sort_index()


# ---- a second answer to the county tables --------------------------------------------------------


def lined(plan: Plan) -> str:
    lines = plan.lines(list(plan.waves)) or {}
    return "CASE wave " + " ".join(f"WHEN {w} THEN {v}" for w, v in lines.items()) + " END"


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("headcount", "CASE WHEN welfare < line THEN 1.0 ELSE 0.0 END"),
        ("gap", "CASE WHEN welfare < line THEN (line - welfare) / line ELSE 0.0 END"),
        ("severity", "CASE WHEN welfare < line THEN ((line - welfare) / line) ** 2 ELSE 0.0 END"),
    ],
)
def test_poverty_of_every_county(plan: Plan, counties: list[str], name: str, score: str) -> None:
    found = ek.query(
        plan,
        f"WITH rows AS (SELECT *, {lined(plan)} AS line, weight * size AS w FROM household WHERE welfare IS NOT NULL) "
        f"SELECT county, wave, sum(w * {score}) / sum(w) AS value FROM rows GROUP BY ALL ORDER BY ALL",
    )
    stored = estimates(plan, counties, name)
    assert len(stored) == 4 * 7
    np.testing.assert_allclose(found["value"], stored, rtol=0, atol=EXACT)


def test_mean_income_of_every_county(plan: Plan, counties: list[str]) -> None:
    index = plan.deflators(list(plan.waves)) or {}
    factor = "CASE wave " + " ".join(f"WHEN {w} THEN {index[2020] / v!r}" for w, v in index.items()) + " END"
    found = ek.query(
        plan,
        f"SELECT county, wave, sum(weight * size * welfare * {factor}) / sum(weight * size) AS value "
        "FROM household WHERE welfare IS NOT NULL GROUP BY ALL ORDER BY ALL",
    )
    np.testing.assert_allclose(found["value"], estimates(plan, counties, "mean_welfare"), rtol=EXACT)


@pytest.mark.parametrize(
    ("name", "before", "now"), [("exit_rate", "was", "NOT poor"), ("entry_rate", "NOT was", "poor")]
)
def test_transitions_of_every_county(
    plan: Plan, counties: list[str], name: str, before: str, now: str
) -> None:
    found = ek.query(
        plan,
        f"WITH rows AS (SELECT *, welfare < {lined(plan)} AS poor, weight * size AS w FROM household), "
        "pairs AS (SELECT b.county, b.wave, a.poor AS was, b.poor, a.w FROM rows a JOIN rows b "
        "ON a.household = b.household AND a.county = b.county AND b.wave = a.wave + 1) "
        f"SELECT county, wave, sum(CASE WHEN {now} THEN w ELSE 0 END) / sum(w) AS value FROM pairs "
        f"WHERE was IS NOT NULL AND poor IS NOT NULL AND {before} GROUP BY ALL ORDER BY ALL",
    )
    np.testing.assert_allclose(found["value"], estimates(plan, counties, name), rtol=0, atol=EXACT)


def test_rows_reconcile_in_every_county(plan: Plan, counties: list[str]) -> None:
    clean = ek.query(plan, "SELECT county, count(*) AS n FROM household GROUP BY ALL ORDER BY ALL").set_index(
        "county"
    )
    for county in counties:
        rows = load_case(plan, county).result.tables["rows"].set_index("table").loc["household"]
        path = Store(plan.processed).path("ledger", county).as_posix()
        aside = ek.query(
            plan,
            "SELECT action, count(*) AS n FROM read_parquet(?) WHERE \"table\" = 'household' "
            "AND action IN ('quarantine', 'merge', 'not_data') GROUP BY ALL",
            [path],
        ).set_index("action")["n"]
        assert rows["clean"] == clean.loc[county, "n"]
        assert rows["in"] == clean.loc[county, "n"] + aside.sum()
        assert rows["quarantined"] == aside.get("quarantine", 0)
        assert rows["merged"] == aside.get("merge", 0)


# ---- ready questions -----------------------------------------------------------------------------


def test_headcounts_add_up_over_counties(plan: Plan, counties: list[str]) -> None:
    panel = panel_from(Store(plan.processed).read_all("panel", counties), plan)
    for by, name in ((("wave",), "wave"), (("county", "wave"), ["county", "wave"])):
        found = queries.headcounts(plan, by)
        np.testing.assert_allclose(found["headcount"], measures.headcount(panel, by=name).values, atol=EXACT)
        np.testing.assert_allclose(found["gap"], measures.gap(panel, by=name).values, atol=EXACT)
        np.testing.assert_allclose(found["mean"], measures.mean(panel, by=name).values, rtol=EXACT)
    province = queries.headcounts(plan, ("province", "wave"))
    assert set(province["province"]) == {"99"}
    assert province["rows"].sum() == panel.frame["welfare"].notna().sum()


def test_national_quantiles_are_those_of_the_joined_panel(plan: Plan, counties: list[str]) -> None:
    panel = panel_from(Store(plan.processed).read_all("panel", counties), plan)
    found = queries.national_quantiles(plan, (0.1, 0.5, 0.9)).pivot_table(
        index="wave", columns="q", values="quantile"
    )
    for q in (0.1, 0.5, 0.9):
        assert found[q].tolist() == measures.quantile(panel, q=q, by="wave").values.tolist()
    with pytest.raises(DataError, match="0 < q < 1"):
        queries.national_quantiles(plan, (1.5,))


def moving(folder: Path) -> Plan:
    """Lay out the tiny panel with one household that changes its region and one that is in two at once."""
    frame = cli_case.panel()
    frame.loc[(frame["hid"] == "N1-1-01") & (frame["round"] == "3"), "region"] = "S2"
    twice = frame[(frame["hid"] == "E3-2-02") & (frame["round"] == "2")].assign(region="N1")
    return ek.load_plan(cli_case.lay(folder, pd.concat([frame, twice])))


def test_moves_are_those_of_the_joined_panel(tmp_path: Path) -> None:
    plan = moving(tmp_path)
    build(plan)
    found = queries.moves(plan)
    assert found.to_numpy().tolist() == [
        ["E3-2-02", 2013, "E3", 2013, "N1"],
        ["E3-2-02", 2013, "N1", 2016, "E3"],
        ["N1-1-01", 2013, "N1", 2016, "S2"],
    ]
    assert queries.households_in_two_counties(plan).to_numpy().tolist() == [["E3-2-02", 2013, "E3, N1"]]
    store = Store(plan.processed)
    expected = moved_households(store.read_all("panel", store.counties()))
    kept = queries.cases_between_counties(plan.processed)
    assert kept[["household", "wave", "county", "evidence"]].to_numpy().tolist() == [
        ["E3-2-02", "2013", "E3", "E3 = N1 (2013)"],
        ["E3-2-02", "2013", "N1", "E3 = N1 (2013)"],
        ["N1-1-01", "2016", "S2", "N1 (2013) → S2 (2016)"],
    ]
    pd.testing.assert_frame_equal(kept.drop(columns="id_number"), expected)


MEMBERS = """\
  member:
    files: [members.csv]
    columns: {household: hid, wave: round, county: region, person: pid, id_number: idno}
    wave_labels: {"1": 2011, "2": 2013, "3": 2016}
county_names:"""


def number(serial: str) -> str:
    body = f"99010119800101{serial}"
    return body + str(idnumber.check_digit(pd.Series([body], dtype="str")).iloc[0])


def test_persons_in_two_counties(tmp_path: Path) -> None:
    plan = cli_case.lay(tmp_path, plan=cli_case.PLAN.replace("county_names:", MEMBERS, 1))
    same, moved, own, wrong = number("001"), number("002"), number("003"), number("004")[:-1] + "?"
    rows = [
        ("N1-1-01", "1", "N1", "a", same), ("S2-1-01", "1", "S2", "b", same),
        ("N1-1-02", "1", "N1", "c", moved), ("S2-1-02", "2", "S2", "d", moved),
        ("N1-1-03", "1", "N1", "e", own), ("N1-1-04", "1", "N1", "f", own),
        ("N1-1-05", "1", "N1", "g", wrong), ("S2-1-05", "1", "S2", "h", wrong),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["hid", "round", "region", "pid", "idno"])
    frame.to_csv(tmp_path / "data" / "raw" / "members.csv", index=False)
    settings = ek.load_plan(plan)
    result = build(settings)
    assert result.moved == 2
    found = queries.persons_in_two_counties(settings)
    assert found[["wave", "county", "household"]].to_numpy().tolist() == [
        [2011, "N1", "N1-1-01"],
        [2011, "S2", "S2-1-01"],
    ]
    assert set(found["id_number"]) == {same}
    cases = Store(settings.processed).read("open_cases", "_unplaced")
    columns = ["table", "rule", "household", "wave", "county", "file", "row"]
    assert cases[columns].to_numpy().tolist() == [
        ["member", "K09", "N1-1-01", "2011", "N1", "members.csv", 2],
        ["member", "K09", "S2-1-01", "2011", "S2", "members.csv", 3],
    ]
    assert set(cases["evidence"]) == {f"990101…{same[-4:]}: N1 (N1-1-01) = S2 (S2-1-01)"}
    assert "id_number" not in cases


def test_a_store_without_members_has_nobody_in_two_counties(tmp_path: Path) -> None:
    plan = ek.load_plan(cli_case.lay(tmp_path))
    build(plan)
    assert queries.persons_in_two_counties(plan).empty
    assert queries.moves(plan).empty


# ---- what a query may do -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "COPY household TO '/tmp/stolen.csv'",
        "CREATE TABLE t AS SELECT 1",
        "SELECT 1; SELECT 2",
        "SET threads = 8",
        "INSTALL httpfs",
        "ATTACH '/tmp/x.db'",
        "",
    ],
)
def test_a_query_is_one_select(plan: Plan, sql: str) -> None:
    before = store_case.hashes(plan.processed)
    with pytest.raises(DataError, match="a query is one SELECT"):
        ek.query(plan, sql)
    assert store_case.hashes(plan.processed) == before


@pytest.mark.parametrize("path", ["/etc/passwd", "../../plan.yaml", "https://example.org/a.csv"])
def test_a_query_reads_the_store_only(plan: Plan, path: str) -> None:
    with pytest.raises(DataError, match="cannot be answered"):
        ek.query(plan, f"SELECT * FROM read_csv('{path}')")


def test_an_unknown_view_is_answered_with_those_there_are(plan: Plan) -> None:
    with pytest.raises(
        DataError, match=r"Table with name households does not exist.* Views: .*household, ledger, member"
    ):
        ek.query(plan, "SELECT * FROM households")


def test_nothing_built_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no finished build"):
        ek.query(tmp_path, "SELECT 1")


def test_a_folder_with_signs_that_stand_for_other_files(tmp_path: Path) -> None:
    folder = tmp_path / "year [2020] it's*?"
    folder.mkdir()
    plan = ek.load_plan(cli_case.lay(folder))
    build(plan)
    assert ek.query(plan, "SELECT count(*) AS n FROM household")["n"].tolist() == [180]


def test_the_same_question_has_the_same_bits(plan: Plan) -> None:
    sql = "SELECT county, sum(weight * size * welfare) AS total, avg(welfare) AS m FROM household GROUP BY county ORDER BY county"
    first, second = ek.query(plan, sql), ek.query(plan, sql)
    assert first["total"].map(float.hex).tolist() == second["total"].map(float.hex).tolist()
    assert first["m"].map(float.hex).tolist() == second["m"].map(float.hex).tolist()


def test_the_command_line_prints_csv_and_markdown(tmp_path: Path) -> None:
    plan = cli_case.lay(tmp_path)
    sql = "SELECT county, count(*) AS n FROM household GROUP BY ALL ORDER BY ALL"
    early = cli_case.run("query", plan, sql)
    assert (early.code, "no finished build" in early.err) == (15, True)
    assert cli_case.run("build", plan).code == 0
    assert cli_case.run("query", plan, sql).out == "county,n\nE3,60\nN1,60\nS2,60\n"
    table = cli_case.run("query", plan, sql, "--out", "markdown").out
    assert table == "| county | n |\n|---|---|\n| E3 | 60 |\n| N1 | 60 |\n| S2 | 60 |\n"
    formula = cli_case.run("query", plan, "SELECT '=1+1' AS x")
    assert formula.out == "x\n'=1+1\n"
    assert cli_case.run("query", plan, "DROP VIEW household").code == 11


def test_two_columns_of_one_name_are_printed() -> None:
    from evalkit.cli.answering import shown

    twice = pd.DataFrame([["1", "=2"]], columns=["household", "household"], dtype="str")
    assert shown(twice, "csv") == "household,household\n1,'=2\n"
    assert shown(twice, "markdown").splitlines()[2] == "| 1 | =2 |"
