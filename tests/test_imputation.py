"""Multiple imputation: identities by hand, what is refused, donors, determinism, coverage."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evalkit import measures as ek
from evalkit.design import SurveyDesign
from evalkit.errors import DataError, EstimationError
from evalkit.imputation import NEVER, county_imputation, impute
from evalkit.imputation.identities import Identity, deduce, identities_of, reconcile
from evalkit.panel import Panel

NAN = np.nan
NET = Identity("income_net", ("wage_income", "transfer_income"), ("operating_expense",))
SOURCES = ["wage_income", "operating_income", "property_income", "transfer_income"]


def marks(cells: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.isnan(values) for name, values in cells.items()}


def simulated(seed: int, *, n: int = 300, villages: int = 15) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two waves, villages that differ; richer-in-land households answer less often. Returns with and without holes."""
    rng = np.random.default_rng(seed)
    village = np.arange(n) % villages
    land, own, town = rng.normal(0, 1, n), rng.normal(0, 1, n), rng.normal(0, 1, villages)[village]
    waves = []
    for t in range(2):
        income = 10 + t + land + own + town + rng.normal(0, 1, n)
        well = rng.uniform(size=n) < 1 / (1 + np.exp(-(0.5 * land + town)))
        columns = {"village": village, "land": land, "income_pc": income, "well": well.astype(float)}
        waves.append(
            pd.DataFrame({"household": [f"h{i:04d}" for i in range(n)], "wave": 2014 + 2 * t} | columns)
        )
    whole = pd.concat(waves, ignore_index=True)
    silent = rng.uniform(size=(2, len(whole))) < 1 / (1 + np.exp(1 - whole["land"].to_numpy()))
    return whole.assign(
        income_pc=whole["income_pc"].mask(silent[0]), well=whole["well"].mask(silent[1])
    ), whole


def panel_of(frame: pd.DataFrame, **more) -> Panel:
    return Panel(
        frame, county=None, village="village", design=SurveyDesign(psu="village"), synthetic=True, **more
    )


def registry(seed: int = 1, n: int = 120, counties: int = 2) -> Panel:
    """Household forms with whole-yuan sources, the identity exact, some sources missing."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "household": [f"h{i:04d}" for i in range(n)] * 2,
            "wave": np.repeat([2014, 2016], n),
            "county": [f"99000{i % counties}" for i in range(n)] * 2,
            "village": [f"99000{i % counties}{i % 6:06d}" for i in range(n)] * 2,
            "size": np.tile(rng.integers(1, 6, n), 2).astype(float),
        }
    )
    scale = np.exp(rng.normal(0, 0.5, n))[np.arange(2 * n) % n]
    for name, level in zip(SOURCES, (6000, 3000, 400, 1500), strict=True):
        frame[name] = np.round(level * scale * np.exp(rng.normal(0, 0.4, 2 * n)))
    frame["operating_expense"] = np.round(frame["operating_income"] * rng.uniform(0.1, 0.4, 2 * n))
    frame["income_net"] = frame[SOURCES].sum(axis=1) - frame["operating_expense"]
    frame["income_pc"] = (frame["income_net"] / frame["size"]).round(2)
    frame["welfare"] = frame["income_pc"]
    gone = rng.uniform(size=(2 * n, 2)) < 0.15
    frame.loc[gone[:, 0], "wage_income"] = NAN
    frame.loc[gone[:, 1], "transfer_income"] = NAN
    lost = gone.any(axis=1) & (rng.uniform(size=2 * n) < 0.6)
    frame.loc[lost, ["income_net", "income_pc", "welfare"]] = NAN
    return Panel(frame, welfare="welfare", size="size", village="village", synthetic=True)


# identities


def test_what_follows_exactly_is_deduced():
    cells = {
        "income_net": np.array([NAN, 900.0, 900, NAN]),
        "wage_income": np.array([700.0, NAN, NAN, NAN]),
        "transfer_income": np.array([300.0, 300, NAN, 300]),
        "operating_expense": np.array([50.0, 100, 100, 100]),
    }
    found = deduce(cells, (NET,), {"income_net", "wage_income"})
    assert cells["income_net"][0] == 950  # 700 + 300 - 50
    assert cells["wage_income"][1] == 700  # 900 + 100 - 300
    assert np.isnan(cells["wage_income"][[2, 3]]).all()
    assert found["wage_income"].tolist() == [False, True, False, False]


def test_drawn_parts_meet_a_known_total_by_scaling():
    """Known net 900, expense 100: wage and transfer, drawn 300 and 100, must make 1000: 750 and 250."""
    cells = {
        "income_net": np.array([900.0, 900.0, NAN]),
        "wage_income": np.array([NAN, 800.0, NAN]),
        "transfer_income": np.array([NAN, NAN, 50.0]),
        "operating_expense": np.array([100.0, NAN, 10.0]),
    }
    drawn = marks(cells)
    for name, values in {
        "wage_income": [300, 0, 70],
        "transfer_income": [100, 20, 0],
        "operating_expense": [0, 10, 0],
    }.items():
        cells[name] = np.where(drawn[name], values, cells[name])
    cells["income_net"] = np.where(drawn["income_net"], 0.0, cells["income_net"])
    assert reconcile(cells, drawn, (NET,)) == 0
    assert cells["wage_income"].tolist() == [750, 800, 70]
    assert cells["transfer_income"].tolist() == [250, 110, 50]  # 900 = 800 + t - 10
    assert cells["income_net"].tolist() == [900, 900, 110]


def test_a_remainder_that_no_scaling_meets_is_shared_and_counted():
    """Net 100 with known wage 500 and no expense: the transfer has to be -400."""
    cells = {
        "income_net": np.array([100.0]),
        "wage_income": np.array([500.0]),
        "transfer_income": np.array([40.0]),
        "operating_expense": np.array([0.0]),
    }
    drawn = {name: np.array([name == "transfer_income"]) for name in cells}
    assert reconcile(cells, drawn, (NET,)) == 1
    assert cells["transfer_income"].tolist() == [-400]


def test_identities_are_used_only_where_the_rows_obey_them():
    panel = registry()
    cells = {
        c: panel.frame[c].to_numpy(dtype=float).copy()
        for c in [*SOURCES, "operating_expense", "income_net", "income_pc", "welfare", "size"]
    }
    assert [i.total for i in identities_of(cells, "welfare", "size")] == [
        "income_net",
        "income_pc",
        "welfare",
    ]
    cells["income_net"] = cells["income_net"] * 1.3  # the file's net income is something else
    assert [i.total for i in identities_of(cells, "welfare", "size")] == ["welfare"]
    monthly = cells | {"welfare": cells["income_pc"] * 12}
    assert identities_of(monthly, "welfare", "size")[0].scale == pytest.approx(12)


def test_sums_are_made_of_their_parts():
    panel = registry()
    done = impute(panel, ["wage_income", "transfer_income"], seed=5)
    assert done.columns == ("income_net", "income_pc", "transfer_income", "wage_income", "welfare")
    for j in (0, 19):
        frame = done.completed(j).frame
        assert frame[[*SOURCES, "income_net", "welfare"]].notna().all().all()
        made = frame[SOURCES].sum(axis=1) - frame["operating_expense"]
        assert np.abs(made - frame["income_net"]).max() < 0.05  # net deduced from rounded income per head
        assert np.abs(frame["income_net"] / frame["size"] - frame["welfare"]).max() < 0.02
        known = panel.frame.notna()
        pd.testing.assert_frame_equal(frame.where(known), panel.frame.where(known))
    assert done.deduced["wage_income"].any()
    assert "sums are made of their parts" in done.notes()[1].en


def test_a_sum_alone_is_refused_when_its_parts_are_missing():
    with pytest.raises(
        EstimationError, match=r"'income_net' is the sum of .*'wage_income' is missing in .* add it"
    ):
        impute(registry(), ["welfare", "transfer_income"], seed=1)
    found = impute(registry(), ["welfare", "wage_income", "transfer_income"], seed=1)
    assert "welfare" in found.columns


def test_totals_stay_missing_where_a_part_that_was_not_asked_for_is():
    panel = registry()
    done = impute(panel, ["wage_income"], seed=5)
    frame = done.completed(0).frame
    assert frame["wage_income"].notna().all()
    both = panel.frame["transfer_income"].isna() & panel.frame["income_net"].isna()
    assert both.any()
    assert frame.loc[both, "income_net"].isna().all()
    assert not done.imputed.loc[both, "income_net"].any()


# what is never imputed


@pytest.mark.parametrize("column", NEVER)
def test_decisions_and_findings_are_never_imputed(column):
    frame, _ = simulated(1)
    with pytest.raises(
        EstimationError, match=f"'{column}' is never imputed: it records a decision or a finding"
    ):
        impute(panel_of(frame.assign(**{column: 1.0})), ["income_pc", column], seed=1)


REFUSED = [
    (["income_pc"], {"m": 19}, EstimationError, "m = 19 imputations are too few.*at least 20"),
    (["income_pc"], {"iterations": 0}, EstimationError, "at least one round"),
    (["income_pc"], {"method": "mean"}, EstimationError, "'pmm' or 'normal'"),
    (["income_pc"], {"group": "hamlet"}, DataError, "no role or column 'hamlet'"),
    (
        ["income_pc"],
        {"predictors": ["well"]},
        DataError,
        "predictor 'well' is missing in .* add it to the columns",
    ),
    (["village"], {}, EstimationError, "identifies or weights households"),
    (["household"], {}, EstimationError, "identifies or weights households"),
    (["words"], {}, DataError, "only numbers and yes/no marks"),
    (["rare"], {}, EstimationError, "observed in 3 of 600 rows of the data; fewer than 20"),
    (["nothing"], {}, DataError, "no role or column 'nothing'"),
    ("income_pc", {}, EstimationError, "as a list"),
]


@pytest.mark.parametrize(("columns", "how", "error", "said"), REFUSED)
def test_refusals(columns, how, error, said):
    frame, _ = simulated(1)
    rare = pd.Series(np.where(np.arange(len(frame)) < 3, 1.5, NAN))
    with pytest.raises(error, match=said):
        impute(panel_of(frame.assign(words="a", rare=rare)), columns, **({"seed": 1} | how))


# draws


def test_donors_come_from_the_own_village_when_five_are_near():
    """Village b's incomes are 1000 above a's and the predictor is the same: nobody borrows across."""
    rng = np.random.default_rng(2)
    village = np.repeat(["a", "b"], 100)
    income = 100 + 1000.0 * (village == "b") + rng.normal(0, 5, 200)
    income[::10] = NAN
    frame = pd.DataFrame({"household": range(200), "wave": 2016, "village": village, "income_pc": income})
    done = impute(panel_of(frame), ["income_pc"], seed=1)
    for panel in list(done)[:5]:
        drawn = panel.frame.loc[frame["income_pc"].isna()]
        for name, part in drawn.groupby("village"):
            known = frame.loc[frame["village"] == name, "income_pc"].dropna()
            assert part["income_pc"].isin(known).all()


def test_marks_are_marks_and_follow_the_model():
    frame, whole = simulated(4)
    done = impute(panel_of(frame), ["well", "income_pc"], seed=9, predictors=["land"])
    assert set(done.completed(0).frame["well"].unique()) == {0.0, 1.0}
    lost = frame["well"].isna()
    chance = np.mean([p.frame.loc[lost, "well"].to_numpy() for p in done], axis=0)
    truth = whole.loc[lost, "well"]
    assert chance[truth == 1].mean() > chance[truth == 0].mean() + 0.1


def test_types_of_columns_are_kept():
    frame, _ = simulated(5)
    frame["well"] = frame["well"].astype("boolean")
    frame["rooms"] = pd.Series(np.arange(len(frame)) % 5, dtype="Int64").mask(frame["well"].isna())
    out = impute(panel_of(frame), ["well", "rooms", "income_pc"], seed=1).completed(3).frame
    assert (out["well"].dtype, out["rooms"].dtype) == (frame["well"].dtype, frame["rooms"].dtype)
    assert out[["well", "rooms"]].notna().all().all()


def test_nothing_missing_gives_the_panel_back():
    _, whole = simulated(6)
    panel = panel_of(whole)
    done = impute(panel, ["income_pc"], seed=1)
    pd.testing.assert_frame_equal(done.completed(7).frame, whole)
    plain = ek.mean(panel)
    pooled = done.over(ek.mean)
    assert pooled.std_error == pytest.approx(plain.std_error, rel=1e-12)
    assert pooled.df == pytest.approx(plain.df)


# determinism


def test_the_same_bits_for_any_order_of_rows_and_columns_and_county_by_county():
    panel = registry()
    columns = ["wage_income", "transfer_income"]
    whole = impute(panel, columns, seed=5)
    key = ["household", "wave"]
    want = whole.completed(11).frame.sort_values(key, ignore_index=True)
    shuffled = replace(panel, frame=panel.frame.sample(frac=1, random_state=3)[panel.frame.columns[::-1]])
    other = impute(shuffled, columns[::-1], seed=5).completed(11).frame
    got = other.sort_values(key, ignore_index=True)[want.columns]
    pd.testing.assert_frame_equal(got, want, check_exact=True)
    for code in panel.counties:
        alone = impute(panel.in_county(code), columns, seed=5).completed(11).frame
        part = want[want["county"] == code].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone.sort_values(key, ignore_index=True), part, check_exact=True)
    assert not impute(panel, columns, seed=6).completed(11).frame.equals(whole.completed(11).frame)


def test_the_same_bits_for_any_hash_seed():
    code = (
        "import hashlib, sys; sys.path.insert(0, 'tests'); from test_imputation import registry\n"
        "from evalkit.imputation import impute\n"
        "f = impute(registry(), ['wage_income', 'transfer_income'], seed=5).completed(2).frame\n"
        "sys.stdout.write(hashlib.sha256(f.to_csv().encode()).hexdigest())"
    )
    root = __file__.rsplit("/tests/", 1)[0]
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True, text=True, check=True, cwd=root, env={"PYTHONHASHSEED": s, "OMP_NUM_THREADS": "1"},
        ).stdout
        for s in ("0", "1", "77")
    }  # fmt: skip
    assert len(found) == 1


def test_copies_differ_and_do_not_depend_on_what_was_asked_before():
    frame, _ = simulated(7)
    done = impute(panel_of(frame), ["income_pc"], seed=1)
    late = done.completed(19).frame["income_pc"]
    assert len(list(done)) == 20
    again = impute(panel_of(frame), ["income_pc"], seed=1).completed(19).frame["income_pc"]
    assert late.equals(again)
    assert not late.equals(done.completed(18).frame["income_pc"])
    with pytest.raises(EstimationError, match="no imputation 20; they are numbered 0 to 19"):
        done.completed(20)


# reporting


def test_shares_notes_and_tables():
    panel = registry()
    done = impute(panel, ["wage_income", "transfer_income"], seed=5)
    shares = done.shares()
    wage = shares[shares["column"] == "wage_income"]
    assert wage["rows"].sum() == len(panel.frame)
    assert wage["missing"].sum() == panel.frame["wage_income"].isna().sum()
    assert (wage["imputed"] + wage["deduced"] == wage["missing"]).all()
    found = done.over(lambda p: ek.mean(p, by="county"))
    share = wage["imputed"].sum() / len(panel.frame)
    assert any(f"wage_income {share:.1%}" in n.en for n in found.about.notes)
    assert any("20 completed data sets" in n.en for n in found.about.notes)
    assert done.information(ek.mean)["fmi"][0] > 0
    tables = county_imputation(panel, ["wage_income", "transfer_income"], {"mean": ek.mean}, seed=5).tables
    assert set(tables) == {"imputed_shares", "imputation_diagnostics", "imputation_compared"}
    assert tables["imputation_compared"]["after"].notna().all()


@pytest.mark.slow
def test_coverage_when_missing_depends_on_what_is_observed() -> None:
    """100 panels × 2 waves, 28 % of incomes missing, more among the rich: 95 % limits cover in 95 %.

    Within three Monte Carlo errors; the limits of those who answer cover less often.
    """
    hits = {"whole": [], "answered": [], "imputed": []}

    def covers(found) -> list[bool]:
        t = found.tidy()
        return list((t["conf_low"] <= [10, 11]) & (t["conf_high"] >= [10, 11]))

    def verb(p: Panel):
        return ek.mean(p, by="wave")

    bias = []
    for seed in range(100):
        frame, whole = simulated(20_000 + seed)
        hits["whole"] += covers(verb(panel_of(whole)))
        hits["answered"] += covers(verb(panel_of(frame)))
        done = impute(panel_of(frame), ["income_pc"], seed=seed, predictors=["land"], iterations=3)
        pooled = done.over(verb)
        hits["imputed"] += covers(pooled)
        bias.append(pooled.values - verb(panel_of(whole)).values)
    error = np.sqrt(0.95 * 0.05 / 100)  # the two waves of a panel are one draw of its villages
    assert abs(np.mean(hits["imputed"]) - 0.95) < 3 * error
    assert np.mean(hits["answered"]) < np.mean(hits["imputed"])
    assert (
        np.abs(np.mean(bias, axis=0)).max() < 0.05
    )  # of a standard deviation of 2; those who answer are off by 0.3
