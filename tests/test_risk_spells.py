"""Person-years at risk: eight small histories worked by hand, and a published life table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evalkit.risk as risk
from evalkit.design import SurveyDesign
from evalkit.errors import DataError, EstimationError
from evalkit.measures.dynamics import return_rate
from evalkit.panel import Panel
from risk_truth import simulated

# Welfare by wave; the line is 100 in every wave, "-" is a wave without an interview.
HISTORIES = {
    "a": "90 120 130 80 110",  # exit 2015: at risk 2016 (no), 2017 (return); exit 2018: pending
    "b": "120 120 120 120 120",  # never poor: no known start, never at risk
    "c": "90 80 150 160 170",  # exit 2016: at risk 2017, 2018; pending at duration 3
    "d": "90 120 - 130 60",  # exit 2015, unseen 2016: censored; start unknown afterwards
    "e": "90 120 60 110 70",  # exit 2015: returns 2016; exit 2017: returns 2018 (second spell)
    "f": "90 90 90 90 90",  # always poor
    "g": "90 120 125 - -",  # exit 2015: at risk 2016; then lost
    "h": "120 90 130 140 100",  # exit 2016: at risk 2017, 2018 (at the line is not poor); pending
}
WAVES = range(2014, 2019)


def frame_of(histories: dict[str, str]) -> pd.DataFrame:
    rows = [
        {"household": hh, "wave": wave, "income_pc": float(cell), "pupils": wave - 2014, "county": "01"}
        for hh, cells in histories.items()
        for wave, cell in zip(WAVES, cells.split(), strict=True)
        if cell != "-"
    ]
    return pd.DataFrame(rows)


def panel_of(frame: pd.DataFrame, **changes: object) -> Panel:
    return replace(Panel(frame, lines=dict.fromkeys(WAVES, 100.0)), **changes)


@pytest.fixture
def panel() -> Panel:
    return panel_of(frame_of(HISTORIES))


@pytest.fixture
def teen(shared_data: Path) -> Panel:
    wide = pd.read_csv(shared_data / "return" / "teen_poverty_wide.csv")
    long = pd.wide_to_long(
        wide, ["pov", "mother", "spouse", "inschool", "hours"], i="id", j="wave"
    ).reset_index()
    long["welfare"] = 1.5 - long["pov"]
    return Panel(long, household="id", county=None, welfare="welfare", lines=dict.fromkeys(range(1, 6), 1.0))


def test_person_years_are_those_worked_by_hand(panel: Panel) -> None:
    got = risk.spells(panel).frame
    expected = [
        ("a", 2016, 1, 1, 0.0),
        ("a", 2017, 1, 2, 1.0),
        ("c", 2017, 1, 1, 0.0),
        ("c", 2018, 1, 2, 0.0),
        ("e", 2016, 1, 1, 1.0),
        ("e", 2018, 2, 1, 1.0),
        ("g", 2016, 1, 1, 0.0),
        ("h", 2017, 1, 1, 0.0),
        ("h", 2018, 1, 2, 0.0),
    ]
    columns = ["household", "wave", "spell", "duration", "event"]
    assert list(got[columns].itertuples(index=False, name=None)) == expected


def test_features_are_those_of_the_wave_before(panel: Panel) -> None:
    got = risk.spells(panel, features=["pupils"])
    assert got.features == ("log_welfare_ratio", "pupils")
    assert (got.frame["feature_wave"] == got.frame["wave"] - 1).all()
    assert (got.frame["pupils"] == got.frame["feature_wave"] - 2014).all()
    one = got.frame.query("household == 'a' and wave == 2017")
    assert one["log_welfare_ratio"].item() == pytest.approx(np.log(1.30))


def test_households_at_risk_of_the_next_wave(panel: Panel) -> None:
    got = risk.spells(panel, features=["pupils"]).upcoming()
    assert got.frame[["household", "spell", "duration"]].to_numpy().tolist() == [
        ["a", 2, 1],
        ["c", 1, 3],
        ["h", 1, 3],
    ]
    assert set(got.frame["wave"]) == {2019}
    assert set(got.frame["feature_wave"]) == {2018}
    assert (got.frame["pupils"] == 4).all()
    assert got.frame["event"].isna().all()


def test_censoring_and_unknown_starts_are_counted(panel: Panel) -> None:
    notes = " ".join(n.en for n in risk.spells(panel).notes)
    assert "2 spells are censored" in notes  # d after a gap, g for good
    assert "1 never again, 1 after a gap" in notes
    # b: 2014-2017 followed (4), h: 2014 (1), d: 2017 → 2018 (1)
    assert "6 household-waves are outside the risk set" in notes
    assert all(n.zh != n.en for n in risk.spells(panel).notes)


def test_missing_welfare_is_a_wave_without_observation() -> None:
    missing = frame_of(HISTORIES)
    extra = pd.DataFrame(
        {"household": ["d"], "wave": [2016], "income_pc": [np.nan], "pupils": [2], "county": ["01"]}
    )
    got = risk.spells(panel_of(pd.concat([missing, extra], ignore_index=True)))
    pd.testing.assert_frame_equal(
        got.frame.drop(columns=["row", "feature_row"]),
        risk.spells(panel_of(missing)).frame.drop(columns=["row", "feature_row"]),
    )
    assert any(n.en.startswith("1 household-waves have no welfare or status") for n in got.notes)


def test_a_household_at_the_line_counts_as_the_panel_says(panel: Panel) -> None:
    strict, weak = risk.spells(panel), risk.spells(replace(panel, poor_at_line=True))
    assert strict.events == 3
    assert weak.events == 4  # h in 2018


def test_row_order_does_not_matter(panel: Panel) -> None:
    shuffled = panel_of(panel.frame.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(risk.spells(panel).frame, risk.spells(shuffled).frame)


def test_a_subpopulation_keeps_its_label_rows_and_the_history(panel: Panel) -> None:
    got = risk.spells(panel.where("wave >= 2016"))
    assert got.frame["wave"].min() == 2016
    assert len(got) == len(risk.spells(panel))  # exits before 2016 are still known
    assert len(risk.spells(panel.where("household != 'e'"))) == 7


def test_waves_without_a_line_are_left_aside_where_the_panel_is_restricted_to_the_others(
    panel: Panel,
) -> None:
    waves = [2014, 2016, 2017, 2018]
    lined = replace(panel, lines=dict.fromkeys(waves, 100.0))
    got = risk.spells(lined.where(panel.frame["wave"].isin(waves)), features=["pupils"])
    dropped = panel_of(panel.frame[panel.frame["wave"] != 2015])
    expected = risk.spells(dropped, features=["pupils"])
    rows = ["row", "feature_row"]
    pd.testing.assert_frame_equal(got.frame.drop(columns=rows), expected.frame.drop(columns=rows))
    pd.testing.assert_frame_equal(got.pending.drop(columns=rows), expected.pending.drop(columns=rows))
    assert [n.en for n in got.notes] == [n.en for n in expected.notes]


def test_registry_returns_follow_status_and_mark() -> None:
    frame = frame_of(HISTORIES)
    frame["status"] = np.where(frame["wave"] < 2015, "未脱贫", "已脱贫")
    frame.loc[(frame["household"] == "a") & (frame["wave"] == 2017), "status"] = "返贫"
    frame["returned"] = (frame["household"] == "b") & (frame["wave"] == 2016)
    got = risk.spells(panel_of(frame), outcome="registry").frame
    back = got.loc[got["event"] == 1, ["household", "wave", "duration"]]
    assert back.to_numpy().tolist() == [["a", 2017, 2], ["b", 2016, 1]]
    measured = risk.spells(panel_of(frame)).frame
    assert set(measured.loc[measured["event"] == 1, "household"]) == {"a", "e"}


def test_recorded_exit_year_gives_a_late_entry_its_duration() -> None:
    frame = frame_of({"x": "- - 120 120 120", "y": "90 120 120 120 120", "z": "120 120 120 120 120"})
    frame["status"] = np.where(frame["income_pc"] < 100, "registered", "exited")
    frame["exit_year"] = frame["household"].map({"x": 2015, "y": 2015, "z": 2012})
    got = risk.spells(panel_of(frame), outcome="registry").frame
    assert got.query("household == 'x'")[["wave", "duration"]].to_numpy().tolist() == [[2017, 2], [2018, 3]]
    assert got.query("household == 'y'")["duration"].tolist() == [1, 2, 3]
    assert "z" not in set(got["household"])  # exited before the first wave: duration unknown


def test_published_life_tables_of_teen_poverty(teen: Panel) -> None:
    back = risk.life_table(teen, state="exited")
    assert back.keys["events"].tolist() == [168, 49, 16]
    assert back.n.tolist() == [533, 241, 76]
    assert back.values == pytest.approx([168 / 533, 49 / 241, 16 / 76], abs=1e-15)
    out = risk.life_table(teen, state="poor")
    assert out.keys["events"].tolist() == [332, 73, 14]
    assert out.n.tolist() == [580, 169, 55]
    assert out.about.estimand == "exit_rate"


def test_rate_has_the_binomial_error_when_households_are_independent() -> None:
    # 40 households exit in 2015, ten return in 2016: 10/40, se² = n/(n-1) p(1-p)/n
    histories = {f"h{i:02d}": "90 120 " + ("80" if i < 10 else "120") + " - -" for i in range(40)}
    got = risk.life_table(panel_of(frame_of(histories)))
    assert got.values == pytest.approx([0.25])
    assert got.std_error == pytest.approx([np.sqrt(0.25 * 0.75 / 39)])
    assert got.confint().low[0] < 0.25 < got.confint().high[0]


def test_rates_are_weighted_and_do_not_change_when_weights_are_rescaled(panel: Panel) -> None:
    frame = panel.frame.assign(w=np.where(panel.frame["household"] == "e", 3.0, 1.0))
    design = SurveyDesign(weight="w")
    got = risk.life_table(panel_of(frame, design=design))
    # duration 1: a, c, g, h (weight 1), e twice (weight 3, returns both times): 6/10
    assert got.values[0] == pytest.approx(0.6)
    big = risk.life_table(panel_of(frame.assign(w=frame["w"] * 1e6), design=design))
    assert big.values == pytest.approx(got.values)
    assert big.cov == pytest.approx(got.cov)


def test_rates_agree_with_the_measure_of_movements() -> None:
    panel = simulated(5, 800, village_sd=0.5)
    weights = panel.frame["w"] * (1 + 0.1 * (panel.frame["wave"] - 2014))  # they may change between waves
    moving = replace(panel, frame=panel.frame.assign(w=weights))
    ours, theirs = risk.life_table(moving), return_rate(moving, by_duration=True)
    assert ours.keys["duration"].tolist() == theirs.keys["duration"].tolist()
    assert ours.values == pytest.approx(theirs.values, rel=1e-12)
    assert ours.cov == pytest.approx(theirs.cov, rel=1e-9, abs=1e-15)
    assert ours.df.tolist() == theirs.df.tolist()


def test_census_has_no_interval(panel: Panel) -> None:
    got = risk.life_table(replace(panel, design=SurveyDesign(census=True)))
    assert np.isnan(got.confint().low).all()
    assert got.std_error == pytest.approx(np.zeros(len(got)))


def test_a_feature_of_the_label_wave_is_refused(panel: Panel) -> None:
    got = risk.spells(panel)
    late = got.frame.assign(feature_wave=got.frame["wave"])
    with pytest.raises(
        EstimationError, match="9 of 9 person-years carry features of wave 2016 to predict wave 2016"
    ):
        replace(got, frame=late)


def test_refusals_say_what_is_missing(panel: Panel) -> None:
    with pytest.raises(EstimationError, match=r"three waves at least .* the panel has 2"):
        risk.spells(panel.where("wave < 2016"))
    with pytest.raises(EstimationError, match="needs a poverty line"):
        risk.spells(replace(panel, lines=None))
    with pytest.raises(EstimationError, match="column 'status'"):
        risk.spells(panel, outcome="registry")
    with pytest.raises(EstimationError, match="no outcome 'guess'"):
        risk.spells(panel, outcome="guess")  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="cannot be used: duration"):
        risk.spells(panel, features=["duration"])
    with pytest.raises(DataError, match="no role or column 'absent'"):
        risk.spells(panel, features=["absent"])
    with pytest.raises(DataError, match="no poverty line for 2018"):
        risk.spells(panel, line=dict.fromkeys(range(2014, 2018), 100.0))
    nobody = panel_of(frame_of({"b": HISTORIES["b"], "f": HISTORIES["f"]}))
    with pytest.raises(EstimationError, match="no household is observed in the wave after an exit"):
        risk.spells(nobody)
    with pytest.raises(EstimationError, match="no state 'rich'"):
        risk.life_table(panel, state="rich")  # type: ignore[arg-type]
