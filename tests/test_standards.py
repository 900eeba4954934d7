"""The rule pack: figures, sources, what is verified, and what happens when something is not in it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from evalkit.errors import PlanError
from evalkit.standards import CITED, known_standards, load_standard

YEARS = range(2010, 2021)

OWN = """
id: mine
title: {en: mine, zh: 我的}
sources: {book: "Yearbook 2001, table 4"}
lines:
  - purpose: statistical
    province: "*"
    unit: {en: taka per month, zh: 塔卡/月}
    values:
      1991: {value: 420, source: book, verified: true}
prices:
  title: {en: prices, zh: 价格}
  unit: {en: previous year = 100, zh: 上年=100}
  values:
    2000: {value: 150, source: book, verified: true}
    2001: {value: 110, source: book, verified: false}
    2002: {value: 120, source: book, verified: true}
"""


def own(tmp_path: Path, text: str = OWN) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_line_is_a_table_and_not_the_2010_line_times_prices():
    pack = load_standard("cn-2017")
    lines = pack.lines(purpose="statistical", province="*", years=YEARS)
    assert list(lines.values()) == [2300, 2536, 2625, 2736, 2800, 2855, 2952, 2952, 2995, 3218, 4000]
    indexed = 2300 * pack.price_index(years=[2019])[2019] / 100
    assert indexed == pytest.approx(2876, abs=0.5)
    assert lines[2019] - indexed > 340


def test_the_price_index_is_chained():
    index = load_standard("cn-2017").price_index(years=[2010, 2014, 2020])
    assert index[2010] == 100
    by_hand = 1.013 * 1.019 * 1.013 * 1.021 * 1.032 * 1.030
    assert index[2020] / index[2014] == pytest.approx(by_hand, rel=1e-12)
    assert by_hand == pytest.approx(1.13484, abs=5e-6)


def test_own_pack_by_path(tmp_path):
    pack = load_standard(own(tmp_path))
    assert pack.price_index(years=[2000, 2001, 2002, 2003]) == pytest.approx(
        {2000: 100, 2001: 110, 2002: 132}
    )
    assert pack.lines(years=[1991, 1998]) == {1991: 420}
    assert pack.citations("lines")["source"].tolist() == ["Yearbook 2001, table 4"]
    with pytest.raises(PlanError, match="standard mine has no exit rules"):
        pack.exit_rules(province="53")


def test_a_changed_pack_is_read_again_and_has_another_digest(tmp_path):
    path = own(tmp_path)
    before = load_standard(path)
    assert load_standard(path) is before
    own(tmp_path, OWN.replace("value: 420", "value: 421"))
    after = load_standard(path)
    assert after.lines(years=[1991]) == {1991: 421}
    assert after.digest != before.digest


def test_an_index_uses_the_yearly_changes_after_its_first_year(tmp_path):
    pack = load_standard(own(tmp_path))
    assert pack.unverified("prices", [2000, 2002]) == ("prices 2001 = 110.0: Yearbook 2001, table 4",)
    assert pack.unverified("prices", [2001, 2002]) == ()


def test_every_figure_of_every_pack_has_a_source_and_a_mark():
    for name in known_standards():
        pack = load_standard(name)
        for kind in CITED:
            table = pack.citations(kind)
            assert len(table) > 0
            assert table["source"].str.len().min() > 10
            assert table["verified"].isin([True, False]).all()
            claimed = table[table["verified"]]["source"]
            assert not claimed.str.contains("not verified|computed").any()
            assert table.loc[table["source"].str.startswith("computed"), "note"].str.len().gt(0).all()


def test_values_of_the_file_all_carry_value_source_and_verified(root):
    def leaves(node):
        if isinstance(node, dict) and "value" in node:
            yield node
        elif isinstance(node, (dict, list)):
            for child in node.values() if isinstance(node, dict) else node:
                yield from leaves(child)

    text = (root / "src/evalkit/standards/cn-2017.yaml").read_text(encoding="utf-8")
    found = list(leaves(yaml.safe_load(text)))
    assert len(found) > 140
    assert all({"value", "source", "verified"} <= set(leaf) for leaf in found)


@pytest.mark.parametrize(
    ("kind", "key", "verified"),
    [
        ("lines", "statistical", [*range(2010, 2017)]),
        ("prices", "prices", [2011, 2017]),
        ("benchmarks", "poor_areas", [2016, 2020]),
        ("benchmarks", "yunnan", []),
        ("national", "poor", [2011, 2012, 2016, 2018, 2019]),
    ],
)
def test_only_what_was_seen_in_print_is_verified(kind, key, verified):
    table = load_standard("cn-2017").citations(kind, key=key)
    assert table.loc[table["verified"], "year"].tolist() == verified


def test_unverified_figures_can_be_named():
    pack = load_standard("cn-2017")
    said = pack.unverified("lines", [2014, 2017], key="statistical")
    assert said == ("statistical 2017 = 2952.0: believed right, not verified in print",)


@pytest.mark.parametrize(
    ("province", "zone", "threshold"),
    [
        ("53", "west", 0.03),  # Yunnan
        ("34", "centre", 0.02),  # Anhui
        ("13", "centre", 0.02),  # Hebei takes the 2 % rule
        ("46", "centre", 0.02),  # Hainan too
        ("50", "west", 0.02),  # Chongqing is western and applied 2 %
        ("15", "west", 0.03),  # Inner Mongolia
    ],
)
def test_incidence_threshold_by_province(province, zone, threshold):
    rules = load_standard("cn-2017").exit_rules(province=province)
    assert (rules.zone, rules.incidence_threshold) == (zone, threshold)
    assert (rules.wrong_exit_threshold, rules.missed_threshold, rules.approval_threshold) == (
        0.02,
        0.02,
        0.90,
    )
    assert (rules.composite_denominator, rules.missed_denominator) == ("agricultural", "sampled_villages")
    assert (rules.incidence_strict, rules.wrong_exit_strict, rules.approval_strict) == (True, False, False)
    assert "cn-2017" in rules.source.en
    assert "（出处待注明，未经文献核实）" in rules.source.zh
    assert any(said.en.startswith("missed threshold = 2 %") for said in rules.unverified)


def test_an_unassigned_province_takes_the_zone_of_the_plan():
    pack = load_standard("cn-2017")
    assert pack.exit_rules(province="99", zone="west").incidence_threshold == 0.03
    assert pack.exit_rules(province="99", zone="centre").incidence_threshold == 0.02
    with pytest.raises(
        PlanError, match=r"in which zone province '99' lies; add `zone: centre \| west` to plan\.exits"
    ):
        pack.exit_rules(province="99")


def test_a_zone_of_the_plan_that_overrules_an_exception_is_noted():
    rules = load_standard("cn-2017").exit_rules(province="50", zone="west")
    assert rules.incidence_threshold == 0.03
    assert tuple(n.en for n in rules.notes) == (
        "zone west is taken from the plan",
        "the standard would use 2% in province 50",
    )


def test_an_eastern_province_says_that_the_rules_name_no_threshold():
    rules = load_standard("cn-2017").exit_rules(province="44")
    assert tuple(n.en for n in rules.notes) == ("eastern province; the rules name no threshold for the East",)
    assert rules.unverified[0].en.startswith("zone of province 44 = centre")


def test_work_and_monitoring_lines_are_never_borrowed_from_the_nation():
    pack = load_standard("cn-2017")
    assert pack.lines(purpose="statistical", province="53", years=[2014]) == {2014: 2800}
    assert pack.lines(purpose="monitoring", province="52", years=[2021, 2023]) == {2023: 7300}
    with pytest.raises(PlanError, match="no work line of province '53'; it has: statistical of province"):
        pack.lines(purpose="work", province="53", years=[2020])


def test_benchmarks():
    pack = load_standard("cn-2017")
    assert pack.benchmark(area="yunnan", years=[2012, 2014, 2020]) == {2014: 7456, 2020: 12842}
    assert pack.benchmark_title("yunnan").zh == "云南"
    with pytest.raises(PlanError, match="no benchmark of area 'yunan'; did you mean 'yunnan'"):
        pack.benchmark(area="yunan", years=[2014])


def test_unknown_names():
    with pytest.raises(PlanError, match="no standard 'cn2017'; did you mean 'cn-2017'\\? Known: cn-2017"):
        load_standard("cn2017")
    pack = load_standard("cn-2017")
    with pytest.raises(PlanError, match=r"'line' is not one of lines, prices"):
        pack.citations("line")
    with pytest.raises(PlanError, match=r"exits\.approval_unit: 'persons' is not one of person, household"):
        pack.exit_rules(province="53", approval_unit="persons")
    with pytest.raises(
        PlanError, match=r"exits\.zone: 'west3' is not one of centre, west; did you mean 'west'"
    ):
        pack.exit_rules(province="53", zone="west3")


def test_all_faults_of_a_pack_at_once_with_lines(tmp_path):
    text = (
        OWN.replace("source: book, verified: true}\nprices", "source: bok, verified: true}\nprices")
        .replace("    2001: {value: 110, source: book, verified: false}\n", "")
        .replace("value: 150, source: book, verified: true", "value: many, source: book")
        .replace("sources:", "sorces: 1\nsources:")
    )
    with pytest.raises(PlanError) as caught:
        load_standard(own(tmp_path, text))
    assert list(caught.value.faults) == [
        "line 4: sorces: unknown key; did you mean 'sources'?",
        "line 11: lines.0.values.1991.source: 'bok' is not a key of sources; did you mean 'book'?",
        "line 15: prices.values: years 2001 are missing; yearly changes cannot be chained across a gap",
        "line 16: prices.values.2000.value: should be a valid number, unable to parse string as a number "
        "(given: 'many')",
        "line 16: prices.values.2000.verified: is missing",
    ]
    assert caught.value.exit_code == 10


def test_a_missing_file_of_ones_own(tmp_path):
    with pytest.raises(PlanError, match=r"standard file .*none\.yaml does not exist"):
        load_standard(tmp_path / "none.yaml")
