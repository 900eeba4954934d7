"""Matrices, spells, chronic poverty and mobility: worked by hand, published figures, known truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit import measures as ek
from evalkit.design import SurveyDesign
from evalkit.errors import EstimationError
from evalkit.measures.chronic import Kind, chronic_scores, transient_scores
from evalkit.panel import Panel
from measure_cases import LINE, make_panel


def panel_of(table: dict[str, list[float]], first: int = 2014) -> Panel:
    """Households by name, their incomes wave by wave; NaN leaves the row out."""
    rows = [(name, first + t, y) for name, ys in table.items() for t, y in enumerate(ys) if not np.isnan(y)]
    return Panel(pd.DataFrame(rows, columns=["household", "wave", "income_pc"]), county=None)


@pytest.fixture(scope="module")
def girls(shared_data: Path) -> Panel:
    """Return 1,151 girls with five yearly poverty states (Allison 2009)."""
    wide = pd.read_csv(shared_data / "return" / "teen_poverty_wide.csv")
    long = wide.melt("id", [f"pov{t}" for t in range(1, 6)], var_name="wave", value_name="poor")
    long = long.assign(wave=long["wave"].str[3:].astype(int), income=np.where(long["poor"] == 1, 50, 150))
    return Panel(long, household="id", county=None, welfare="income")


# matrices


def test_bands_of_the_line_by_hand() -> None:
    panel = panel_of({"a": [50, 120], "b": [90, 160], "c": [120, 50], "d": [100, 100], "e": [200, 300]})
    found = ek.transition_matrix(panel, 100, multiples=(1, 1.5))
    assert found.keys["to_state"].tolist()[:3] == ["<1", "1-1.5", "1.5+"]
    # a, b leave poverty, one for each band; c falls, d at the line stays; e stays rich
    np.testing.assert_allclose(found.values, [0, 0.5, 0.5, 0.5, 0.5, 0, 0, 0, 1])
    at_line = ek.transition_matrix(replace(panel, poor_at_line=True), 100, multiples=(1, 1.5))
    np.testing.assert_allclose(at_line.values[:3], [1 / 3, 1 / 3, 1 / 3])


def test_two_states_are_the_transitions() -> None:
    bands = ek.transition_matrix(make_panel(), 1000, multiples=(1,), by="county")
    pairs = ek.transitions(make_panel(), 1000, by="county")
    np.testing.assert_allclose(bands.values, pairs.values, rtol=1e-12)
    np.testing.assert_allclose(bands.cov, pairs.cov, rtol=1e-9, atol=1e-18)


def test_states_of_a_column() -> None:
    frame = panel_of({"a": [1, 1, 1], "b": [1, 1, 1]}).frame.assign(
        status=["registered", "exited", "returned", "registered", "registered", "exited"]
    )
    found = ek.transition_matrix(Panel(frame, county=None), state="status")
    table = found.keys.assign(v=found.values).pivot_table(
        index="frm_state", columns="to_state", values="v", dropna=False
    )
    assert table.loc["registered", "exited"] == pytest.approx(2 / 3)
    assert table.loc["exited", "returned"] == 1
    assert np.isnan(found.where(frm_state="returned").values).all()


def test_groups_by_hand() -> None:
    panel = panel_of({"a": [1, 2], "b": [2, 1], "c": [3, 9], "d": [4, 3], "e": [5, 4], "f": [6, 5]})
    found = ek.transition_matrix(panel, groups=3)
    # first wave ab|cd|ef, second ba|de|fc (1 2|3 4|5 9): c jumps to the top, e steps down
    np.testing.assert_allclose(found.values, [1, 0, 0, 0, 0.5, 0.5, 0, 0.5, 0.5])
    index = ek.trace_mobility(found)
    assert index.values[0] == pytest.approx((3 - 2) / 2)
    assert index.n[0] == 6


def test_nobody_moves_and_all_is_chance() -> None:
    still = ek.transition_matrix(panel_of({str(i): [i, i] for i in range(12)}), groups=3)
    assert ek.trace_mobility(still).values[0] == pytest.approx(0)
    mixed = ek.transition_matrix(
        panel_of({f"{i}{j}": [3 * i + j, 3 * j + i] for i in range(3) for j in range(3)}), groups=3
    )
    np.testing.assert_allclose(mixed.values, 1 / 3)
    assert ek.trace_mobility(mixed).values[0] == pytest.approx(1)


def halves(rng: np.random.Generator, n: int, *, link: float) -> Panel:
    """Two waves of independent households whose log incomes share a level."""
    level = rng.normal(0, 1, n)
    waves = [np.exp(link * level + rng.normal(size=n)) for _ in range(2)]
    frame = pd.DataFrame({"household": [*range(n)] * 2, "wave": [1] * n + [2] * n})
    return Panel(frame.assign(income_pc=np.concatenate(waves)), county=None)


def test_the_error_of_halves_of_unrelated_incomes_is_hypergeometric() -> None:
    """Who is below both medians is drawn without replacement: sd of p(1→1) is 0.5 / √(n - 1), not √(1/2 / n)."""
    rng, n = np.random.default_rng(5), 400
    errors = [ek.transition_matrix(halves(rng, n, link=0), groups=2).std_error[0] for _ in range(25)]
    assert np.mean(errors) == pytest.approx(0.5 / np.sqrt(n - 1), rel=0.03)
    assert np.mean(errors) < 0.8 * np.sqrt(0.5 / n)


def test_the_error_of_groups_is_the_spread_over_samples() -> None:
    rng = np.random.default_rng(6)
    found = [ek.transition_matrix(halves(rng, 200, link=2), groups=3) for _ in range(150)]
    spread = np.std([e.values for e in found], axis=0, ddof=1)
    stated = np.mean([e.std_error for e in found], axis=0)
    seen = spread > 0.01  # nobody falls from the top third to the bottom third in most samples
    assert seen.sum() >= 7
    np.testing.assert_allclose(stated[seen], spread[seen], rtol=0.2)  # 150 samples know a spread to 6 %


def test_matrices_that_make_no_sense_are_refused() -> None:
    panel = panel_of({"a": [1, 2], "b": [2, 1]})
    with pytest.raises(EstimationError, match="choose the states by one of"):
        ek.transition_matrix(panel, groups=2, multiples=(1,))
    with pytest.raises(EstimationError, match="positive and ascending"):
        ek.transition_matrix(panel, 100, multiples=(2, 1))
    with pytest.raises(EstimationError, match="at least 2"):
        ek.transition_matrix(panel, groups=1)
    with pytest.raises(EstimationError, match="no transition matrix"):
        ek.trace_mobility(ek.mean(panel))


# spells


def test_spells_by_hand() -> None:
    nan = np.nan
    panel = panel_of({"a": [5, 5, 15, 5], "b": [15, nan, 5, 15], "c": [5, 15, nan, nan]})
    table = ek.poverty_spells(panel, 10).table
    rows = [
        ("a", "poor", 2014, 2015, 2, True, False, False, False),
        ("a", "not_poor", 2016, 2016, 1, False, False, False, False),
        ("a", "poor", 2017, 2017, 1, False, True, False, False),
        ("b", "not_poor", 2014, 2014, 1, True, True, False, True),
        ("b", "poor", 2016, 2016, 1, True, False, True, False),
        ("b", "not_poor", 2017, 2017, 1, False, True, False, False),
        ("c", "poor", 2014, 2014, 1, True, False, False, False),
        ("c", "not_poor", 2015, 2015, 1, False, True, False, False),
    ]
    expected = pd.DataFrame(rows, columns=table.columns)
    pd.testing.assert_frame_equal(table, expected, check_dtype=False)
    notes = [n.en for n in ek.poverty_spells(panel, 10).notes]
    assert any("8 spells; the beginning of 4 and the end of 4 were not seen" in n for n in notes)
    assert len(ek.poverty_spells(panel, 10).where("poor").table) == 4


def test_life_tables_of_a_published_panel(girls: Panel) -> None:
    """Exits 332/580, 73/169, 14/55 and returns 168/533, 49/241, 16/76 one to three waves after the change."""
    exits = ek.exit_rate(girls, 100, by_duration=True)
    np.testing.assert_allclose(exits.values, [332 / 580, 73 / 169, 14 / 55])
    assert exits.n.tolist() == [580, 169, 55]
    alive = ek.spell_survival(girls, 100)
    np.testing.assert_allclose(alive.values, np.cumprod([1 - 332 / 580, 1 - 73 / 169, 1 - 14 / 55]))
    back = ek.spell_survival(girls, 100, spell="not_poor")
    np.testing.assert_allclose(back.values, np.cumprod([1 - 168 / 533, 1 - 49 / 241, 1 - 16 / 76]))
    spells = ek.poverty_spells(girls, 100).where("not_poor").table
    ended = spells[~spells["left_censored"] & ~spells["right_censored"]]
    assert ended["length"].value_counts().sort_index().tolist() == [168, 49, 16]


def test_survival_has_greenwoods_standard_error_when_households_are_independent(girls: Panel) -> None:
    """Greenwood (1926): S² Σ d/(n (n - d)); ours also centres and knows that a girl may have two spells."""
    found = ek.spell_survival(girls, 100)
    d, n = np.array([332, 73, 14]), np.array([580, 169, 55])
    greenwood = found.values * np.sqrt(np.cumsum(d / (n * (n - d))))
    np.testing.assert_allclose(found.std_error, greenwood, rtol=0.03)


def test_durations_need_a_beginning() -> None:
    with pytest.raises(EstimationError, match="at least three waves"):
        ek.spell_survival(panel_of({"a": [5, 15], "b": [15, 5]}), 10)
    with pytest.raises(EstimationError, match="spell is"):
        ek.spell_survival(panel_of({"a": [5, 15, 5]}), 10, spell="rich")  # type: ignore[arg-type]


# chronic and transient poverty

TWO = {"a": [40, 120], "b": [50, 170], "c": [60, 80], "d": [200, 150]}


def test_jalan_and_ravallion_by_hand() -> None:
    found = ek.chronic_poverty(panel_of(TWO), 100, alpha=1)
    total = (0.6 + 0 + 0.5 + 0 + 0.4 + 0.2) / 8
    chronic = (0.2 + 0 + 0.3) / 4  # mean incomes 80, 110, 70, 175
    np.testing.assert_allclose(found.values, [total, chronic, total - chronic, chronic / total])
    assert found.keys["component"].tolist() == ["total", "chronic", "transient", "chronic_share"]
    yearly = ek.gap(panel_of(TWO), 100, by="wave").values
    assert found.values[0] == pytest.approx(yearly.mean())


def test_equivalent_gaps_by_hand() -> None:
    found = ek.chronic_poverty(panel_of(TWO), 100, method="ede", alpha=2)
    equivalent = np.sqrt([0.36 / 2, 0.25 / 2, (0.16 + 0.04) / 2, 0])
    mean_gap = np.array([0.3, 0.25, 0.3, 0])
    total, transient = np.sqrt((equivalent**2).mean()), (equivalent - mean_gap).mean()
    np.testing.assert_allclose(found.values[:3], [total, total - transient, transient])
    severity = ek.severity(panel_of(TWO), 100).values[0]
    assert total == pytest.approx(np.sqrt(severity))


def test_poverty_that_never_changes_is_chronic() -> None:
    still = panel_of({"a": [40, 40, 40], "b": [90, 90, 90], "c": [300, 300, 300]})
    for method in ("jalan_ravallion", "ede"):
        found = ek.chronic_poverty(still, 100, method=method)
        assert found.where(component="transient").values[0] == pytest.approx(0, abs=1e-15)
        assert found.where(component="chronic_share").values[0] == pytest.approx(1)


def test_the_line_of_each_wave_counts() -> None:
    found = ek.chronic_poverty(panel_of({"a": [50, 100], "b": [300, 300]}), {2014: 100, 2015: 200}, alpha=1)
    np.testing.assert_allclose(found.values[:3], [0.25, 0.25, 0], atol=1e-15)


def test_few_waves_are_biased_and_the_jackknife_takes_most_of_it_off() -> None:
    """Known truth: incomes of 0.6 to 1.3 lines for good, with independent yearly shocks of 0.3 lines."""
    rng = np.random.default_rng(11)
    level = rng.uniform(0.6, 1.3, 40_000)
    x = level[:, None] + rng.normal(0, 0.3, (len(level), 4))
    truth = (np.clip(1 - level, 0, None) ** 2).mean()
    plain, corrected = (
        chronic_scores(x, Kind("jalan_ravallion", 2.0, at_line=False, corrected=c)).mean()
        for c in (False, True)
    )
    assert plain > 1.2 * truth
    assert abs(corrected - truth) < 0.25 * abs(plain - truth)
    many = level[:, None] + rng.normal(0, 0.3, (len(level), 200))
    limit = transient_scores(many, Kind("ede", 2.0, at_line=False, corrected=False)).mean()
    few, mended = (
        transient_scores(x, Kind("ede", 2.0, at_line=False, corrected=c)).mean() for c in (False, True)
    )
    assert few < limit
    assert abs(mended - limit) < 0.5 * abs(few - limit)


def test_households_seen_in_only_some_waves_are_left_out_and_counted() -> None:
    table = {**TWO, "e": [10, np.nan], "f": [np.nan, 10]}
    found = ek.chronic_poverty(panel_of(table), 100, alpha=1)
    np.testing.assert_allclose(found.values, ek.chronic_poverty(panel_of(TWO), 100, alpha=1).values)
    assert any("4 households" in n.en and "2 with it in only some" in n.en for n in found.about.notes)


def test_chronic_poverty_refuses_what_it_cannot_do() -> None:
    with pytest.raises(EstimationError, match="at least two waves"):
        ek.chronic_poverty(panel_of({"a": [1.0]}), 100)
    with pytest.raises(EstimationError, match="alpha of at least 1"):
        ek.chronic_poverty(panel_of(TWO), 100, method="ede", alpha=0)
    with pytest.raises(EstimationError, match="needs three waves"):
        ek.chronic_poverty(panel_of(TWO), 100, method="ede", corrected=True)
    with pytest.raises(EstimationError, match="take the wave out of by"):
        ek.chronic_poverty(panel_of(TWO), 100, by="wave")


# mobility

PAIR = {"a": [100, 150], "b": [200, 100], "c": [400, 500], "d": [300, 450]}


def test_fields_and_ok_by_hand() -> None:
    found = ek.mobility(panel_of(PAIR), frm=2014, to=2015, measure="fields_ok_currency")
    # +50, -100, +100, +150: mean absolute change 100, mean change 50, transfer twice the loss of b over four
    np.testing.assert_allclose(found.values, [100, 50, 2 * 100 / 4])
    logs = ek.mobility(panel_of(PAIR), frm=2014, to=2015)
    change = np.log([1.5, 0.5, 1.25, 1.5])
    np.testing.assert_allclose(logs.values, [np.abs(change).mean(), change.mean(), 2 * -change.min() / 4])


def test_growth_alone_moves_nobody_past_another() -> None:
    grown = panel_of({k: [v[0], 1.5 * v[0]] for k, v in PAIR.items()})
    found = ek.mobility(grown, frm=2014, to=2015)
    np.testing.assert_allclose(found.values, [np.log(1.5), np.log(1.5), 0], atol=1e-15)
    for index in ("gini", "theil", "mld"):
        rigid = ek.mobility(grown, frm=2014, to=2015, measure=f"shorrocks_{index}")  # type: ignore[arg-type]
        np.testing.assert_allclose(rigid.values, [1, 0], atol=1e-12)
    for name in ("spearman", "log_correlation"):
        assert ek.mobility(grown, frm=2014, to=2015, measure=name).values[0] == pytest.approx(1)


def test_incomes_that_change_places_are_wholly_mobile() -> None:
    swapped = panel_of({"a": [100, 300], "b": [300, 100]})
    for index in ("gini", "theil", "mld"):
        found = ek.mobility(swapped, frm=2014, to=2015, measure=f"shorrocks_{index}")  # type: ignore[arg-type]
        np.testing.assert_allclose(found.values, [0, 1], atol=1e-15)
    assert ek.mobility(swapped, frm=2014, to=2015, measure="spearman").values[0] == pytest.approx(-1)


def test_shorrocks_uses_all_waves_between() -> None:
    panel = panel_of({"a": [1, 2, 6], "b": [3, 1, 2], "c": [5, 9, 4]})
    waves = np.array([[1, 2, 6], [3, 1, 2], [5, 9, 4]], dtype=float)

    def gini(y: np.ndarray) -> float:
        return float(np.abs(y[:, None] - y).mean() / 2 / y.mean())

    low = sum(waves[:, t].mean() * gini(waves[:, t]) for t in range(3)) / 3
    found = ek.mobility(panel, frm=2014, to=2016, measure="shorrocks_gini")
    assert found.values[0] == pytest.approx(waves.mean() * gini(waves.mean(axis=1)) / low)


def test_correlations_are_those_of_scipy_without_weights() -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(1, 30, 200).astype(float)  # with ties
    y = x + rng.integers(0, 25, 200)
    panel = panel_of({str(i): [a, b] for i, (a, b) in enumerate(zip(x, y, strict=True))})
    rank = ek.mobility(panel, frm=2014, to=2015, measure="spearman")
    assert rank.values[0] == pytest.approx(stats.spearmanr(x, y).statistic)
    log = ek.mobility(panel, frm=2014, to=2015, measure="log_correlation")
    assert log.values[0] == pytest.approx(stats.pearsonr(np.log(x), np.log(y)).statistic)


def test_weights_count_households() -> None:
    """A household of weight 2 is two households."""
    frame = panel_of(PAIR).frame.assign(w=lambda t: np.where(t["household"] == "b", 2.0, 1.0))
    weighted = Panel(frame, county=None, design=SurveyDesign(weight="w"))
    twice = panel_of({**PAIR, "b2": PAIR["b"]})
    for name in ("shorrocks_gini", "shorrocks_theil", "fields_ok", "spearman", "log_correlation"):
        one, other = (ek.mobility(p, frm=2014, to=2015, measure=name) for p in (weighted, twice))
        np.testing.assert_allclose(one.values, other.values, rtol=1e-12)


def test_prices_concepts_and_nonpositive_incomes() -> None:
    panel = replace(panel_of(PAIR), deflators={2014: 1.0, 2015: 1.25})
    real = ek.mobility(panel, frm=2014, to=2015, real=True)
    change = np.log([1.5, 0.5, 1.25, 1.5]) - np.log(1.25)
    assert real.values[0] == pytest.approx(np.abs(change).mean())
    assert any("prices of 2015" in n.en for n in real.about.notes)
    mixed = replace(panel, concept={2014: "net", 2015: "disposable"})
    with pytest.raises(EstimationError, match="net in 2014, disposable in 2015"):
        ek.mobility(mixed, frm=2014, to=2015)
    broke = panel_of({**PAIR, "e": [0, 50]})
    with pytest.raises(EstimationError, match="1 of 10 household-waves"):
        ek.mobility(broke, frm=2014, to=2015)
    dropped = ek.mobility(broke, frm=2014, to=2015, nonpositive="drop")
    np.testing.assert_allclose(dropped.values, ek.mobility(panel_of(PAIR), frm=2014, to=2015).values)
    floored = ek.mobility(broke, frm=2014, to=2015, nonpositive="floor", floor=50)
    assert floored.values[0] == pytest.approx(np.abs(np.log([1.5, 0.5, 1.25, 1.5, 1])).mean())
    ek.mobility(broke, frm=2014, to=2015, measure="shorrocks_gini")
    with pytest.raises(EstimationError, match="measure is one of"):
        ek.mobility(panel, frm=2014, to=2015, measure="hart")  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="frm before to"):
        ek.mobility(panel, frm=2015, to=2014)


def test_later_weights_on_request() -> None:
    """Where weights make up for attrition, the last wave's weight counts."""
    frame = panel_of(PAIR).frame.assign(
        w=lambda t: np.where((t["household"] == "b") & (t["wave"] == 2015), 3.0, 1.0)
    )
    design = SurveyDesign(weight="w", pair_weight="later")
    found = ek.mobility(
        Panel(frame, county=None, design=design), frm=2014, to=2015, measure="fields_ok_currency"
    )
    assert found.values[0] == pytest.approx((50 + 3 * 100 + 100 + 150) / 6)
    assert any("last wave's weight" in n.en for n in found.about.notes)


def test_states_that_nobody_starts_from_are_named() -> None:
    frame = pd.DataFrame(
        {
            "household": [1, 2] * 2,
            "wave": [2016] * 2 + [2017] * 2,
            "income_pc": [500.0, 2000.0, 1200.0, 2000.0],
        }
    )
    found = ek.transition_matrix(Panel(frame, county=None), 1000, multiples=(1, 1.5))
    assert any(n.en == "no observations in: 1-1.5" for n in found.about.notes)


def test_chronic_poverty_is_not_split_across_income_concepts() -> None:
    panel = replace(make_panel(), concept={2016: "net", 2017: "net", 2018: "disposable"})
    with pytest.raises(EstimationError, match="income concept changes"):
        ek.chronic_poverty(panel, LINE)
    assert len(ek.chronic_poverty(panel, LINE, waves=[2016, 2017])) == 4
