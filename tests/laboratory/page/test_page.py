"""What the browser gets: columns that read back, texts that stay texts, four languages alike."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from pathlib import Path
from string import Formatter

import numpy as np
import pytest

from laboratory.figures.overview import overview
from laboratory.page.document import SCRIPTS, document, in_script
from laboratory.page.payload import payload
from laboratory.page.words import LANGUAGES, words_for
from laboratory.table.facts import NUMBERS
from laboratory.table.filters import CHOICES, OF_VOTER
from tests.laboratory.runs import MISSING, drawn, everyone, said, table

STATIC = Path(document.__code__.co_filename).with_name("static")


def test_columns_read_back() -> None:
    made = drawn(50, missing=0.2)
    sent = payload(made, title="t")["columns"]
    assert np.frombuffer(b64decode(sent["label"]), "i1").tolist() == made.labels.tolist()
    for name, voter in made.voters.items():
        assert np.frombuffer(b64decode(sent["said"][name]), "i1").tolist() == voter.said.tolist()
        got = np.frombuffer(b64decode(sent["margin"][name]), "<f4")
        assert np.array_equal(got, voter.margin, equal_nan=True)
    words = sent["words"]["source"]
    place = np.frombuffer(b64decode(words["place"]), "<i4")
    assert [words["names"][p] for p in place] == made.facts["source"].tolist()


def test_figures_are_those_of_the_laboratory() -> None:
    made = drawn(60)
    sent = payload(made, title="t")["figures"]
    found = overview(made, np.ones(60, dtype=bool))
    for name, figures in found.items():
        mean = figures.mean_class_accuracy
        expected = pytest.approx([mean.value, mean.low, mean.high], abs=1e-6)
        assert sent[name]["mean_class_accuracy"] == expected


@pytest.mark.parametrize(
    "made",
    [
        table([-1], {"net": [MISSING]}),
        table([3], everyone([said(3)])),
        table([3, 3, 5], everyone([said(1), said(1), MISSING])),
    ],
)
def test_runs_of_hardly_anything_have_a_page(made: object) -> None:
    text = document(payload(made, title="t"))  # type: ignore[arg-type]
    assert "NaN" not in text.partition('id="run">')[2].partition("</script>")[0]


def test_no_text_becomes_a_script() -> None:
    evil = "</script><script>alert(1)</script><!--\u2028&"
    made = table([3], {evil: [said(3)]}, stems=[evil])
    text = document(payload(made, title=evil))
    assert text.count("<script") == 2
    assert text.count("</script>") == 2
    inside = text.partition('id="run">')[2].partition("</script>")[0]
    sent = json.loads(inside)["run"]
    assert (sent["title"], sent["columns"]["stem"], sent["voters"]) == (evil, [evil], [evil])
    assert json.loads(in_script(evil)) == evil


def fields(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything(language: str) -> None:
    english, here = words_for("en"), words_for(language)
    assert list(here) == list(english)
    for key, text in here.items():
        assert fields(text) == fields(english[key]), key
        assert text.strip(), key


def test_scripts_say_only_what_the_tables_hold_and_all_of_it() -> None:
    script = "".join((STATIC / name).read_text(encoding="utf-8") for name in SCRIPTS)
    assert sorted(SCRIPTS) == sorted(path.name for path in STATIC.glob("*.js"))
    known = words_for("en")
    literal = set(re.findall(r'"([a-z0-9_]+)"', script))
    said_keys = set(re.findall(r'say\("([a-z0-9_]+)"', script))
    assert said_keys <= set(known)
    made_up = tuple(f"{name}_" for name in ("problem", "voter", "group", "queue", "order", "by"))
    columns = {*NUMBERS, *CHOICES, *OF_VOTER, "agreement"}
    unused = [k for k in known if k not in literal | columns and not k.startswith(made_up)]
    assert unused == []
    assert columns <= set(known)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(KeyError):
        words_for("../en")
