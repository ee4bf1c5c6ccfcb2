"""Rules and base values come out of files alone, which name season and source (issue 17, 2)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.programme.element_code import ElementCode, parse_code
from pipeline.sheet.rules import check_rules
from pipeline.sheet.season import RULES, BaseValue, base_value, load_season, season_names
from pipeline.sheet.words import finding_in_words
from tests.conftest import SHARED

LISTS = SHARED / "data" / "real_programmes" / "element_lists_2016_17_singles.csv"
SHORT = "3Lz+3T 3F 2A FCSp4 CCoSp4 LSp4 StSq4"
FREE = "3Lz+3T 3F+2T+2Lo 2A+3T 3Lo 3S 3Lz 2A FCSp4 CCoSp4 LSp4 StSq3 ChSq1"


def codes(text: str) -> list[ElementCode]:
    return [parse_code(word) for word in text.split()]


def said(text: str, segment: str, season: str = "2016-17") -> list[str]:
    rules = load_season(season).segments[segment]
    return [finding_in_words(finding) for finding in check_rules(codes(text), rules)]


@pytest.mark.parametrize("name", season_names())
def test_every_season_names_its_source_and_knows_four_segments(name: str) -> None:
    season = load_season(name)
    assert season.name == name
    assert "ISU" in season.source
    assert set(season.segments) == {"men_short", "women_short", "men_free", "women_free"}
    assert bool(season.base_values) == bool(season.base_values_source)
    assert said(SHORT, "women_short", name) == said(FREE, "women_free", name) == []


@pytest.mark.parametrize(
    ("text", "segment", "sentence"),
    [
        (SHORT + " CSSp3", "women_short", "spins: 4 (limit 3)"),
        (SHORT.replace("LSp4", ""), "women_short", "spins: 2 (required 3)"),
        (SHORT + " ChSq1", "men_short", "choreographic sequences: 1 (limit 0)"),
        (SHORT.replace("2A", "3A+2T"), "men_short", "jump combinations: 2 (limit 1)"),
        (SHORT.replace("2A", "3Lo"), "men_short", "no jump element has an Axel"),
        (SHORT.replace("FCSp4", "CSp4"), "men_short", "no spin has a flying entry"),
        (SHORT.replace("CCoSp4", "CSp4"), "men_short", "no spin is a combination spin"),
        (SHORT.replace("3F", "3Lz"), "men_short", "3Lz stands in 2 jump elements"),
        (SHORT.replace("LSp4", "FCSp3"), "men_short", "more than one spin is FCSp"),
        (FREE + " 3T", "women_free", "jump elements: 8 (limit 7)"),
        (FREE + " 3T", "women_free", "3T is skated 3 times; at most 2 count"),
        (FREE.replace("3Lo", "3F+1Eu+3S"), "women_free", "jump combinations: 4 (limit 3)"),
        (FREE.replace("2A+3T", "2A+1Eu+3S"), "women_free", "2A+1Eu+3S has more than 2 jumps"),
        (FREE.replace("3Lo", "3F"), "women_free", "3 triple or quadruple jumps are repeated"),
        (FREE.replace("3Lo", "2A"), "women_free", "2A is skated 3 times; at most 2 count"),
        (FREE + " StSq2", "women_free", "step sequences: 2 (limit 1)"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(text: str, segment: str, sentence: str) -> None:
    found = said(text, segment)
    assert any(line.startswith(sentence) for line in found), found


def test_repeated_quadruples_count_in_newer_seasons() -> None:
    text = "4T+3T 4S 4T 4S+2T 3A 3Lz 3Lo FCSp4 CCoSp4 CSSp4 StSq3 ChSq1"
    assert said(text, "men_free", "2016-17") == []
    assert said(text, "men_free", "2024-25") == [
        "2 quadruple jumps are repeated (4T, 4S); at most 1 may be"
    ]


def test_base_values_are_those_of_the_season_s_file() -> None:
    season = load_season("2016-17")
    assert base_value(season, "3Lz+3T") == BaseValue(10.3, 10.3)
    assert base_value(season, "3T+2A+SEQ") == BaseValue(6.08, 6.08)
    assert base_value(season, "3Lz!+3T*") == BaseValue(6.0, 6.0)
    assert base_value(season, "3F+1Eu+3S") == BaseValue(10.2, 10.2)
    assert base_value(season, "CCoSp4V") == BaseValue(3.0, 3.0)
    assert str(base_value(season, "StSq")) == "1.80\N{EN DASH}3.90"
    assert base_value(season, "FCoSp") is None  # one level of it is known
    assert base_value(season, "4A") is None
    assert base_value(load_season("2024-25"), "3Lz") is None


def test_base_values_are_those_of_the_protocols() -> None:
    if not LISTS.exists():
        pytest.skip("the protocols of real programmes are not here")
    season, wrong, counted = load_season("2016-17"), [], 0
    with LISTS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            told = float(row["base_value"])
            ours = base_value(season, row["element"])
            # A whole element without value (a wrong element, a repeated one), which no code tells.
            if told == 0 or ours is None or ours.low != ours.high:
                continue
            bonus = 1.1 if row["credit_flag"] else 1.0
            counted += 1
            if abs(ours.low * bonus - told) > 0.011:
                wrong.append((row["element"], ours.low * bonus, told))
    assert counted > 9000
    assert len(wrong) < 0.002 * counted, wrong[:20]


@pytest.mark.parametrize("name", ["", "1999-00", "../../pyproject", "2016-17.toml"])
def test_a_season_that_is_not_there_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(ConfigError, match="choose one of 2024-25, 2016-17"):
        load_season(name)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("spins = 3", 'spins = "three"', "spins: expected"),
        ("spins = 3", "spinz = 3", r"men_short\.spin"),
        ("source = ", "sources = ", "sourc"),
        ("[men_short]", "[men_short", "2016-17.toml"),
    ],
)
def test_a_wrong_file_is_told_by_its_field(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    text = (RULES / "2016-17.toml").read_text(encoding="utf-8")
    (tmp_path / "2016-17.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    values = (RULES / "2016-17_base_values.csv").read_bytes()
    (tmp_path / "2016-17_base_values.csv").write_bytes(values)
    with pytest.raises(ConfigError, match=sentence):
        load_season("2016-17", tmp_path)


def test_a_wrong_table_of_base_values_is_told_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "2016-17.toml").write_bytes((RULES / "2016-17.toml").read_bytes())
    (tmp_path / "2016-17_base_values.csv").write_text("code,base_value\n3Lz,6.0\n3Zz,1\n")
    with pytest.raises(ConfigError, match="line 3"):
        load_season("2016-17", tmp_path)
