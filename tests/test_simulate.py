"""The synthetic registry: its truth is true and its samples represent it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit import idnumber, schema, simulate
from evalkit.errors import DataError
from evalkit.exits import case_stages

LINE = {2014: 2800, 2015: 2855, 2016: 2952, 2017: 2952, 2018: 2995, 2019: 3218, 2020: 4000}
TABLES = ("households", "members", "programs", "villages", "survey", "totals", "cases")


@pytest.fixture(scope="module")
def made():
    return simulate.registry(scale=0.1)


@pytest.fixture(scope="module")
def full():
    return simulate.registry()


def cluster_z(values: pd.Series, weights: pd.Series, frame: pd.DataFrame, truth: float) -> float:
    """Return (weighted mean - truth) / standard error; villages in strata, finite population correction."""
    mean = np.average(values, weights=weights)
    score = weights * (values - mean) / weights.sum()
    keys = ["stratum", "villages_in_stratum", "village"]
    psu = score.groupby([frame[k] for k in keys]).sum().reset_index(name="u")
    variance = 0.0
    for (_, population), u in psu.groupby(["stratum", "villages_in_stratum"])["u"]:
        variance += (1 - len(u) / population) * len(u) * u.var(ddof=1)
    return float((mean - truth) / np.sqrt(variance))


# the same seed, the same bits


def test_same_seed_same_bits(made):
    again = simulate.registry(scale=0.1)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(made, name), getattr(again, name), check_exact=True)
    pd.testing.assert_frame_equal(made.truth.population, again.truth.population, check_exact=True)


def test_another_seed_other_incomes(made):
    other = simulate.registry(7, scale=0.1)
    assert other.households["income_pc"].mean() != made.households["income_pc"].mean()


@pytest.mark.parametrize(("counties", "scale"), [(0, 1.0), (201, 1.0), (12, 0.0)])
def test_out_of_range_is_refused(counties, scale):
    with pytest.raises(DataError, match=r"counties=|scale="):
        simulate.registry(counties=counties, scale=scale)


# nobody is described


def test_codes_are_unassigned_and_names_do_not_exist(made, shared_data):
    known = pd.read_csv(
        shared_data / "codes" / "division_codes_1981_2024.csv", dtype="str", encoding="utf-8-sig"
    )
    assert not known["代码"].str.startswith("99").any()
    names = {name for column in ("一级行政区", "二级行政区", "名称") for name in known[column].dropna()}
    many = simulate.registry(counties=200, scale=0.01)
    ours = (
        set(many.totals["county_name"])
        | set(many.households["province"])
        | set(many.households["prefecture"])
    )
    assert len(ours) == 200 + 1 + 4
    assert many.totals["county"].is_unique
    assert not ours & names


def test_id_numbers_are_valid_unique_and_consistent(made):
    members = made.members
    assert idnumber.is_valid(members["id_number"]).all()
    assert members["id_number"].is_unique
    assert members["id_number"].str.startswith("99").all()
    assert (idnumber.sex_of(members["id_number"]) == members["sex"]).all()
    assert (idnumber.birth_of(members["id_number"]).dt.strftime("%Y%m%d") == members["birth_date"]).all()


# the tables hang together


def test_columns_and_keys_are_those_of_the_codebook(made):
    kinds = tuple(t for t in schema.TABLES if t != "county")  # aggregate series have no households
    for name, table in zip(TABLES, kinds, strict=True):
        frame = getattr(made, name)
        fields = {f.name for f in schema.fields_of(table)}
        assert set(frame.columns) <= fields, name
        assert not frame.duplicated(list(schema.KEYS[table])).any(), name


def test_income_identity(made):
    h = made.households
    gross = h["wage_income"] + h["operating_income"] + h["property_income"] + h["transfer_income"]
    assert (gross == h["income_gross"]).all()
    assert (gross - h["operating_expense"] == h["income_net"]).all()
    assert (h["income_pc"] == np.round(h["income_net"] / h["size"], 2)).all()
    transfers = (
        "family_planning_grant", "minimum_allowance", "destitute_allowance", "pension", "ecological_compensation",
        "other_transfer_income",
    )  # fmt: skip
    assert (h[list(transfers)].sum(axis=1) == h["transfer_income"]).all()
    assert (h["dividend_income"] + h["other_property_income"] == h["property_income"]).all()
    assert (h.filter(like="income") >= 0).all(axis=None)
    assert not (h["wage_income"] > 0)[h["labourers"] == 0].any()


def test_roster_agrees_with_the_household(made):
    h = made.households.query("wave == 2020").set_index("household")
    m = made.members
    assert set(m["household"]) == set(h.index)
    able = m["labour"].isin(["普通劳动力", "技能劳动力"])
    for flags, column in (
        (m["household"].notna(), "size"),
        (able, "labourers"),
        (~m["student"].isin(["非在校生", "学龄前儿童"]), "pupils"),
        (m["health"] != "健康", "ill_members"),
    ):
        assert (flags.groupby(m["household"]).sum().reindex(h.index) == h[column]).all(), column
    heads = m[m["relation"] == "户主"].set_index("household").reindex(h.index)
    assert ((heads["sex"] == "女") == h["female_head"]).all()
    working = (m["work_months"] > 0).groupby(m["household"]).any().reindex(h.index)
    assert (working == (h["wage_income"] > 0)).all()


def test_status_and_exit_year(made):
    h = made.households
    out = h["wave"] >= h["exit_year"].fillna(9999)
    assert (out == (h["status"] != "未脱贫")).all()
    assert (h["returned"] == (h["status"] == "返贫")).all()
    assert (h["identified_year"] < h["exit_year"].fillna(9999)).all()
    p = made.truth.population
    returns = p[p["at_risk"] & p["below_line"]]
    assert 0.05 < (returns["status"] == "返贫").mean() < 0.15
    assert not (p["status"] == "返贫")[~p["below_line"]].any()


# the truth


def test_below_the_line_does_not_depend_on_programs(made):
    p = made.truth.population
    line = p["wave"].map(LINE)
    assert ((p["income_pc"] < line) == p["below_line"]).all()
    assert ((p["income_pc_untreated"] < line) == p["below_line"]).all()


def test_effects_are_what_the_table_says(made):
    p = made.truth.population
    expected = np.zeros(len(p))
    for program, rows in made.truth.effects[made.truth.effects["effect"] > 0].groupby("program"):
        path = rows.set_index("event_time")["effect"]
        event_time = p["wave"] - p[program]
        on = (p[program] > 0) & (event_time >= 0)
        expected += np.where(on, event_time.clip(upper=path.index.max()).map(path).fillna(0), 0)
    found = np.log(p["income_pc"] / p["income_pc_untreated"])
    assert expected.max() == pytest.approx(0.19)
    # net income is rounded to a yuan: at most 0.5/900 on the poorest single person's log income
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_hazard_is_the_logit_of_the_table(made):
    p = made.truth.population.sort_values(["household", "wave"])
    b = made.truth.hazard.set_index("term")["value"]
    before = p.groupby("household")[
        ["years_since_exit", "income_pc_untreated", "wave", "no_labour", "ill_members", "female_head"]
    ].shift()
    rows = p["at_risk"]
    before = before[rows].astype(float)
    duration = (before["years_since_exit"] + 1).clip(1, 6).astype(int)
    linear = duration.map(lambda k: b[f"years_since_exit_{k}"])
    ratio = before["income_pc_untreated"] / before["wave"].map(LINE)
    linear += b["log_income_line_ratio"] * np.log(ratio)
    linear += (
        before[["no_labour", "ill_members", "female_head"]] @ b[["no_labour", "ill_members", "female_head"]]
    )
    probability = 1 / (1 + np.exp(-linear))
    np.testing.assert_allclose(p.loc[rows, "return_probability"], probability, rtol=1e-12)
    event = p.loc[rows, "below_line"]
    for k, group in probability.groupby(duration):
        z = (event[group.index].sum() - group.sum()) / np.sqrt((group * (1 - group)).sum())
        assert abs(z) < 4, k


def test_proportions_of_the_prefecture():
    p = simulate.registry(scale=0.3).truth.population
    end = p[p["wave"] == 2020]
    for program, share in (("relocation", 200_000 / 1_336_700), ("industry", 375_700 / 1_336_700)):
        assert np.average(end[program] > 0, weights=end["size"]) == pytest.approx(share, abs=0.03)
    head = {w: np.average(g["below_line"], weights=g["size"]) for w, g in p.groupby("wave")}
    assert 0.80 < head[2014] < 0.90
    assert 0.04 < head[2020] < 0.065
    assert all(head[w] > head[w + 1] for w in range(2014, 2020))
    first = p["at_risk"] & (p.groupby("household")["years_since_exit"].shift() == 0)
    assert 0.055 < p.loc[first, "below_line"].mean() < 0.085
    mean = {w: np.average(g["income_pc"], weights=g["size"]) for w, g in p.groupby("wave")}
    assert 2200 < mean[2014] < 2700
    assert 8300 < mean[2020] < 10_000


@pytest.mark.slow
def test_difference_in_differences_recovers_the_effect(full):
    p = full.truth.population.assign(log=lambda f: np.log(f["income_pc"]))
    effects = full.truth.effects.set_index(["program", "event_time"])["effect"]
    for program in ("relocation", "industry"):
        village = p.groupby(["village", program, "wave"])["log"].mean().unstack()  # noqa: PD010
        for cohort in (2016, 2017, 2018):
            for event_time in range(-2, 3):
                if event_time == -1:
                    continue
                change = village[cohort + event_time] - village[cohort - 1]
                treated, control = (change.xs(g, level=program) for g in (cohort, 0))
                se = np.sqrt(treated.var() / len(treated) + control.var() / len(control))
                truth = effects.get((program, event_time), 0.0)
                assert abs(treated.mean() - control.mean() - truth) < 4 * se, (program, cohort, event_time)
                assert se < 0.04


# the samples represent it


def test_village_weights_sum_to_the_villages_of_the_population(made):
    h = made.households.drop_duplicates("village")
    every = made.truth.population.groupby("county")["village"].nunique()
    assert (h.groupby("county")["weight"].sum().round(9) == every).all()
    sampled = h.groupby("stratum")["village"].nunique()
    first = h.drop_duplicates("stratum").set_index("stratum")
    np.testing.assert_allclose(first["weight"], first["villages_in_stratum"] / sampled.reindex(first.index))


@pytest.mark.parametrize("wave", [2014, 2017, 2020])
def test_weighted_headcount_is_within_four_standard_errors(made, wave):
    h = made.households.query("wave == @wave")
    p = made.truth.population.query("wave == @wave")
    truth = np.average(p["below_line"], weights=p["size"])
    poor = (h["income_pc"] < LINE[wave]).astype(float)
    assert abs(cluster_z(poor, h["weight"] * h["size"], h, truth)) < 4


def test_sample_is_part_of_the_population(made):
    keys = ["household", "wave"]
    both = made.households.merge(made.truth.population, on=keys, suffixes=("", "_p"), validate="one_to_one")
    assert len(both) == len(made.households)
    assert (both["income_pc"] == both["income_pc_p"]).all()
    assert (both["status"] == both["status_p"]).all()


@pytest.mark.parametrize(
    ("group", "flag", "rate", "persons"),
    [
        ("已脱贫户", "wrongly_exited", "wrong_exit", "exited_persons"),
        ("非建档立卡户", "missed", "missed", "unregistered_persons"),
        (None, "approves", "approval", "agricultural_persons"),
    ],
)
def test_survey_recovers_the_true_rates(made, group, flag, rate, persons):
    s = made.survey
    rows = s if group is None else s[s["survey_group"] == group]
    truth = np.average(made.truth.exits[rate], weights=made.totals[persons])
    assert 0 < truth < 1
    assert abs(cluster_z(rows[flag].astype(float), rows["weight"] * rows["persons"], rows, truth)) < 4


def test_findings_belong_to_their_group_and_have_a_stage(made):
    s = made.survey
    assert not s.loc[s["survey_group"] != "已脱贫户", "wrongly_exited"].any()
    assert not s.loc[s["survey_group"] != "非建档立卡户", "missed"].any()
    clean = made.truth.exits.query("wrong_exit == 0")["county"]
    assert not s.loc[s["county"].isin(clean), "wrongly_exited"].any()
    finding = s["wrongly_exited"] | s["missed"]
    assert finding.sum() > 5
    assert ((s["case_stage"] == "无") == ~finding).all()
    assert set(s["case_stage"]) <= set(schema.CASE_STAGES)


def test_cases_end_as_the_truth_has_it(full):
    s = full.survey.set_index("household")
    cases = case_stages(
        full.cases.rename(
            columns={
                "case_stage": "stage",
                "case_date": "date",
                "case_evidence": "evidence",
                "case_outcome": "outcome",
            }
        )
    ).frame.set_index("household")
    true = (s["wrongly_exited"] | s["missed"]).reindex(cases.index)
    ended = cases["stage"] == "adjudicated"
    assert ((cases["outcome"] == "upheld") == (ended & true)).all()
    assert (cases.loc[~true, "outcome"] == "dismissed").all()  # false alarms are all settled
    stated = s["case_stage"].map(schema.CASE_STAGES)
    assert (stated.reindex(cases.index)[true] == cases["stage"][true]).all()
    assert set(s.index[s["wrongly_exited"] | s["missed"]]) <= set(cases.index)
    assert (~true).sum() >= 3 * 12


def test_the_survey_finds_the_errors_of_identification(full):
    s = full.survey
    poor = s["found_poor"]
    assert (poor == s["wrongly_exited"])[s["survey_group"] == "已脱贫户"].all()
    assert (poor == s["missed"])[s["survey_group"] == "非建档立卡户"].all()
    rows = s[s["survey_group"] == "未脱贫户"]
    truth = np.average(full.truth.exits["registered_not_poor"], weights=full.totals["registered_persons"])
    assert 0.02 < truth < 0.12
    assert abs(cluster_z(~rows["found_poor"] * 1.0, rows["weight"] * rows["persons"], rows, truth)) < 4


def test_the_second_visit_sees_the_same_villages_a_year_later(full):
    first, second = full.survey, full.revisits
    assert set(first["village"]) == set(second["village"])
    assert (second["wave"] == second["county"].map(first.groupby("county")["wave"].first()) + 1).all()
    t = full.truth.exits
    assert (t["wrong_exit_later"] <= t["wrong_exit"]).all()
    truth = np.average(t["missed_later"], weights=full.totals["unregistered_persons"])
    rows = second[second["survey_group"] == "非建档立卡户"]
    assert abs(cluster_z(rows["missed"] * 1.0, rows["weight"] * rows["persons"], rows, truth)) < 4


def test_true_rates_make_a_pass_a_fail_and_doubts(full):
    t = full.truth.exits
    assert (t["wrong_exit"] == 0).sum() >= 4
    assert (t["wrong_exit"] > 0.025).sum() == 1
    assert t["wrong_exit"].between(0.014, 0.022).sum() == 2
    assert (t["approval"] < 0.88).sum() == 1
    assert t["approval"].between(0.895, 0.925).sum() == 2


def test_totals_add_up(made):
    t = made.totals
    parts = t["registered_persons"] + t["exited_persons"] + t["unregistered_persons"]
    assert (parts == t["agricultural_persons"]).all()
    assert (t["sampled_village_unregistered"] <= t["unregistered_persons"]).all()
    p = made.truth.population.merge(t[["county", "assessed_year"]], on="county")
    then = p[p["wave"] == p["assessed_year"]]
    out = then[then["status"] == "已脱贫"].groupby("county")["size"].sum()
    assert (out.reindex(t["county"]).to_numpy() == t["exited_persons"].to_numpy()).all()
